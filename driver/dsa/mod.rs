// SPDX-License-Identifier: GPL-2.0

//! The first provider: the Intel Data Streaming Accelerator (DSA).
//!
//! Imports run downward only. In the order of this list, each module uses some of those before it, and
//! none of those after it.
//!
//! - The hardware: [`registers`] reaches the BARs, [`command`] runs commands, [`config`] divides the
//!   device into groups and work queues.
//! - Its work queues: [`submitter`] is what an engine needs of one, whoever owns it; [`scheduler`] says
//!   whose turn it is on it, and [`waker`] wakes whoever has it; [`slots`] keeps the account of what one
//!   has, [`port`] is how descriptors get there, and [`wq`] puts these together; [`own`] is one of ours.
//! - The device as a whole: [`device`] has the work queues and notices when it is lost, [`recovery`]
//!   ends descriptors that do not end by themselves and brings a device back that halted,
//!   [`configure`] changes what it is set up as, [`interrupts`] handles its vectors; [`accelerator`] is
//!   what virtual devices need of a device, [`hardware`] makes that of ours, and [`account`] is told by
//!   it what has ended.
//! - What tenants submit: [`ring`] and [`span`] are helpers, [`ranges`] has the account of what is
//!   pinned, [`unmaps`] keeps pins away from memory that is going, [`front`] has the registers that a tenant
//!   sees, [`bell`] wakes who takes descriptors from a portal, and [`engine`] carries out all
//!   descriptors of one subdev.
//! - What the framework sees: [`portal`] takes descriptors from memory that a tenant maps, [`resets`]
//!   brings a function to the state after power-on, [`function`] is a virtual device; [`limits`] are
//!   those that a subdev has of its own, and [`carve`] makes its function; [`work_queue`] and [`parent`].
//! - [`lent`] has what is different for work queues of a device that another driver owns.
//! - [`bring_up`] puts a device together, and [`driver`] binds to it.
//!
//! # Locks
//!
//! From the outermost to the innermost; whoever holds one takes only those below it. Above all of
//! them is the configuration lock of the framework, which does not call with any other lock held.
//!
//! | lock | guards | may wait for | taken by |
//! |---|---|---|---|
//! | `Resets::busy` | whether a reset is in progress, which is one at a time | nothing but itself | `resets` |
//! | `Engine::lanes` | what is being carried out | what is in flight, and so for the tenant | the engine's thread; open and close |
//! | `Device::handles` | interrupt handles | commands, bounded | enabling and disabling, renewal |
//! | `Device::recovery` | one recovery at a time, and how often a device is brought back | commands, bounded | `recovery` |
//! | `Device::commands` | the command register | one command, bounded | `Device::command` |
//! | `Device::setup` | what the device is set up as | nothing | `Device`, also under the registry's lock |
//! | `Function::halted` | whether the hardware below is lost, and that the registers agree | nothing | opening, halting, recovering |
//! | `Portal::worker` | the thread in the tenant's process | a thread that is ending, bounded | whoever asks for the region, closing |
//! | `Portal::progress` | what the thread has done | the thread, bounded, without the lock | `portal` |
//! | `Portal::rotations` | that what was found in a slot is accepted, before anything that discards | nothing | `portal` |
//! | `lent::Wq::recovery` | that what does not end is looked after by one | a drain, bounded | `lent` |
//! | `lent::Device::wqs` | which work queues are lent | nothing | `lent` |
//! | `Wq::state` | completion records and status | a recovery, bounded, without the lock | submission, interrupts |
//! | `lent::Device::notifier` | who is notified of a loss | nothing | `lent` |
//! | `Front::host` | who has the function open, and the order of what it is notified of | the framework's event lock | `Front` |
//! | `Front::registers` | what a tenant sees | nothing | `Front` |
//! | `Engine::state` | what was accepted | what is in flight, without the lock | all of `engine` |
//! | `Portal::pages` | which pages of a portal are mapped; also taken by faults, with the memory of the tenant's process locked | nothing | `portal` |
//! | `Engine::ranges` | what is pinned | nothing | `engine` |
//! | `Bell::task` | who is woken up | nothing | `bell` |
//! | `Unmaps::state` | memory that is going | nothing | `unmaps` |
//! | `Scheduler::state` | the order of those who share a work queue | nothing | engines, and whoever changes how one is served |
//! | `Front::flights` | how many descriptors the hardware has of a tenant | its end, bounded, without the lock | engines, whoever notices an end, removal |
//! | `Waker::news` | whether the engine's thread has something to look at | nothing | whoever has something for it |
//!
//! Facts about the hardware are from the Intel Data Streaming Accelerator Architecture
//! Specification (341204) as `drivers/dma/idxd` of the kernel has them.

mod accelerator;
mod account;
mod bell;
mod bring_up;
mod carve;
mod command;
mod config;
mod configure;
mod device;
mod driver;
mod engine;
mod front;
mod function;
mod hardware;
mod interrupts;
mod lent;
mod limits;
mod own;
mod parent;
mod port;
mod portal;
mod ranges;
mod recovery;
mod registers;
mod resets;
mod ring;
mod scheduler;
mod slots;
mod span;
mod submitter;
mod unmaps;
mod waker;
mod work_queue;
mod wq;

pub(crate) use driver::Driver;

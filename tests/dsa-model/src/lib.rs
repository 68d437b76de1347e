// SPDX-License-Identifier: MIT OR Apache-2.0
//! An Intel Data Streaming Accelerator (DSA 1.0 or 2.0) made of software.
//!
//! The device is served over vfio-user: QEMU attaches it with `vfio-user-pci`, and the guest finds
//! a PCI function 8086:0b25 whose registers, commands, portals, operations and interrupts behave
//! like those of the hardware. What is known of the hardware comes from public sources: the Linux
//! driver (`drivers/dma/idxd`, `include/uapi/linux/idxd.h`) and user libraries; where they are
//! silent, the choice that was made is said where it is made.
//!
//! | room | holds |
//! |-|-|
//! | [`server`], `socket` | the vfio-user front |
//! | `device` | the device as its bus sees it |
//! | [`profile`] | numbers of the device; capability registers and layout that follow from them |
//! | `pci` | configuration space |
//! | `registers` | BAR0: register map, tables, write rules |
//! | `portal` | BAR2: descriptors from stores |
//! | `state` | everything that changes, behind one lock; the state machine |
//! | `command` | the commands and their errors |
//! | `fixed` | the configuration that software cannot change |
//! | `wq` | a work queue at run time |
//! | `scheduler`, `engine` | whose turn it is; threads that take descriptors |
//! | `execution` | from check to completion record and interrupt; BATCH |
//! | `descriptor`, `check`, `operation`, `completion` | one descriptor: its fields, its errors, its work, its outcome |
//! | `software_error`, `event_log` | what no completion record can tell |
//! | `handles`, `interrupts` | which interrupt, and how it reaches the client |
//! | `memory` | the memory reached by DMA |
//! | [`control`], `faults` | what can be made to go wrong, and how it is asked for |
//! | [`bare`] | operations without a device, for tests of others |
//! | [`trace`] | what happened, for people to read |
//!
//! Not modelled: page requests that resolve a fault, address spaces behind PASIDs (all lead to the same
//! memory), IMS, performance counters, DSA 3.0.

pub mod bare;
mod check;
mod command;
mod completion;
pub mod control;
mod descriptor;
mod device;
mod engine;
mod event_log;
mod execution;
mod faults;
mod fixed;
mod handles;
mod interrupts;
mod memory;
mod operation;
mod pci;
mod portal;
pub mod profile;
mod registers;
mod scheduler;
pub mod server;
mod socket;
mod software_error;
mod state;
pub mod trace;
mod wq;

// SPDX-License-Identifier: GPL-2.0

//! Work queues of a device that another driver owns, which it lends.
//!
//! The lender is a module of its own, which calls [`exports`]; `driver/provider.h` joins the two. In
//! the order of this list, each module uses some of those before it, and none of those after it.
//!
//! - [`port`] is how descriptors get to the lender's work queue, and their completion records back.
//! - [`device`] has what is known of the device, and those of its work queues that are lent;
//!   [`submitter`] submits to one.
//! - [`refuse`] says whom to ask for another configuration; [`work_queue`] and [`parent`] are what the
//!   framework sees; [`exports`] registers them.
//!
//! The owner of the device configures and resets it, and sees its errors. What is noticed of that is
//! that it does not work any more: its parent is lost then, until the work queues are lent anew.

mod device;
mod exports;
mod parent;
mod port;
mod refuse;
mod submitter;
mod work_queue;

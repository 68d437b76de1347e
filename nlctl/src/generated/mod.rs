// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

//! Management of subdevices: virtual devices carved out of the hardware work
//! queues of an accelerator and handed to VFIO.
//!
//! A `parent` is a device that subdevices are carved from. It has work queues
//! (`wq`) and a catalogue of the subdevices that it could provide (`type`). A
//! `subdev` is created on one or more work queues with `subdev-new` and goes
//! away with `subdev-del`.
//!
//! Whoever may open a netlink socket can look; every operation that changes
//! something needs CAP_NET_ADMIN in the initial user namespace. A request is
//! carried out whole or refused whole. A refusal names the offending attribute
//! in the extended ACK and says what would be accepted.

mod command;
mod dsa_parent;
mod dsa_wq;
mod enums;
mod family;
mod notification;
mod parent;
mod subdev;
mod subdev_wq;
mod type_;
mod wq;
pub use command::*;
pub use dsa_parent::*;
pub use dsa_wq::*;
pub use enums::*;
pub use family::*;
pub use notification::*;
pub use parent::*;
pub use subdev::*;
pub use subdev_wq::*;
pub use type_::*;
pub use wq::*;
/// Name by which the kernel registers the family.
pub const FAMILY_NAME: &str = "subdev";
/// Version that a message of the family carries.
pub const FAMILY_VERSION: u8 = 1;
/// Name of the multicast group "monitor".
pub const GROUP_MONITOR: &str = "monitor";
/// Longest name of a parent, type or subdev, without the closing NUL.
pub const NAME_MAX_LEN: u32 = 31;
/// Length of a UUID in its text form, without the closing NUL.
pub const UUID_LEN: u32 = 36;

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
//! A request is carried out whole or refused whole. A refusal names the
//! offending attribute in the extended ACK and says what would be accepted. Every
//! operation that changes something replies with the object as it is now, or was
//! last.
//!
//! The family is for the initial network namespace: parents are hardware of the
//! host, and what is said of them and of who uses them is nobody's business in a
//! container. There, whoever may open a netlink socket can look and listen. Every
//! operation that changes something needs CAP_NET_ADMIN in the initial user
//! namespace, as it does for the virtual functions of a network device that are
//! handed to virtual machines, so that one privilege serves those who hand out
//! devices. Requests from other network namespaces are refused with EPERM, and no
//! events are sent there.
//!
//! The `generation` is a number of the state of all objects: each event adds one,
//! and nothing else does. So a listener that finds a gap has lost an event. A
//! reply shows at least what the generation in it covers. The dump of a state that
//! gains or loses an object meanwhile is marked with NLM_F_DUMP_INTR.
//!
//! Events go to the group `monitor`. They carry the object as it is now, or was
//! last; a `cause`, and the `port-id` of who made the request if one caused them.
//! Who sets NLM_F_ECHO in a request gets its events too, with the sequence number
//! of the request, without being in the group. Who loses an event, because a
//! socket is full or memory is short, is told by ENOBUFS.
//!
//! A socket gets all events of the group, or those that pass the filter that it
//! has set with `notify-filter-set`. What a filter keeps back is counted by the
//! `generation` as well, so that a listener with a filter finds gaps that are no
//! losses; what it loses it is told by ENOBUFS alone.

mod command;
mod operations;
mod notification;
mod enums;
mod family;
mod fault;
mod parent;
mod dsa_parent;
mod dsa_group;
mod wq;
mod dsa_wq;
mod type_;
mod subdev_wq;
mod subdev_created;
mod subdev;
mod dsa_subdev;
mod notify_filter;
mod stats_code;
mod stats;
mod parent_stats;
mod wq_stats;
mod subdev_stats;
mod handles;
mod nests;
mod family_get_request;
mod parent_get_request;
mod parent_set_request;
mod wq_get_request;
mod wq_set_request;
mod type_get_request;
mod subdev_get_request;
mod subdev_new_request;
mod subdev_set_request;
mod subdev_del_request;
mod subdev_reset_request;
mod subdev_drain_request;
mod parent_stats_get_request;
mod wq_stats_get_request;
mod subdev_stats_get_request;
pub use command::*;
pub use operations::*;
pub use notification::*;
pub use enums::*;
pub use family::*;
pub use fault::*;
pub use parent::*;
pub use dsa_parent::*;
pub use dsa_group::*;
pub use wq::*;
pub use dsa_wq::*;
pub use type_::*;
pub use subdev_wq::*;
pub use subdev_created::*;
pub use subdev::*;
pub use dsa_subdev::*;
pub use notify_filter::*;
pub use stats_code::*;
pub use stats::*;
pub use parent_stats::*;
pub use wq_stats::*;
pub use subdev_stats::*;
pub use handles::*;
pub use nests::*;
pub use family_get_request::*;
pub use parent_get_request::*;
pub use parent_set_request::*;
pub use wq_get_request::*;
pub use wq_set_request::*;
pub use type_get_request::*;
pub use subdev_get_request::*;
pub use subdev_new_request::*;
pub use subdev_set_request::*;
pub use subdev_del_request::*;
pub use subdev_reset_request::*;
pub use subdev_drain_request::*;
pub use parent_stats_get_request::*;
pub use wq_stats_get_request::*;
pub use subdev_stats_get_request::*;

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

/// Most subdevs that one request creates.
pub const MAX_COUNT: u32 = 256;

/// Most sockets that have a filter of notifications at a time, of those
/// without CAP_NET_ADMIN; and again of those with it.
pub const MAX_FILTERS: u32 = 4096;

/// Most sockets of one user that have a filter of notifications at a time, of
/// those without CAP_NET_ADMIN.
pub const MAX_FILTERS_PER_USER: u32 = 256;

/// Most parents that one filter of notifications names, and most subdevs.
pub const MAX_FILTER_OBJECTS: u32 = 16;

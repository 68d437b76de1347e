// SPDX-License-Identifier: MIT OR Apache-2.0

//! Manages subdevices through the generic netlink family `subdev`.
//!
//! A *parent* is a device that subdevices are carved from, a *wq* one of its
//! hardware work queues, a *type* an entry of its catalogue, and a *subdev* a
//! virtual device on one or more work queues. [`Handle`] has a handle for each.
//!
//! ```no_run
//! use futures::TryStreamExt;
//! use nlctl::PasidMode;
//!
//! # async fn example() -> Result<(), nlctl::Error> {
//! let (connection, handle) = nlctl::new_connection()?;
//! tokio::spawn(connection);
//!
//! let subdev = handle
//!     .subdev()
//!     .add()
//!     .wq(3)
//!     .pasid_mode(PasidMode::Shared)
//!     .name("net0")
//!     .execute()
//!     .await?;
//! println!("made {} at {:?}", subdev.name, subdev.vfio_group_path());
//!
//! let mut all = handle.subdev().dump().execute();
//! while let Some(subdev) = all.try_next().await? {
//!     println!("{} is {}", subdev.name, subdev.opstate);
//! }
//!
//! handle.subdev().del("net0").execute().await?;
//! # Ok(())
//! # }
//! ```
//!
//! [`Handle::watch`] gives the state of the family and what changes it in one
//! stream, which stays true over lost events and reloads of the module;
//! [`Handle::monitor`] gives the events alone.
//!
//! What the kernel refuses comes back as [`Error::Refused`] with all that its
//! extended ACK says. Attributes that the kernel did not send are `None`, and
//! those that this version does not know are kept in `unknown`.
//!
//! Everything that repeats the spec of the family is generated from
//! `spec/subdev.yaml`; `spec/FAMILY.md` documents it.

#![forbid(unsafe_code)]

mod answer;
mod attribute;
#[cfg(feature = "blocking")]
pub mod blocking;
mod connection;
mod error;
mod exchange;
mod ext_ack;
#[cfg(test)]
mod fake_kernel;
mod family;
mod fault;
mod filter;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
#[rustfmt::skip]
mod generated;
mod id;
mod message;
mod monitor;
mod named;
mod namespace;
mod object;
mod parent;
mod path;
mod request;
mod socket;
mod state;
mod subdev;
mod supports;
mod value;
mod watch;
pub mod wire;

pub use answer::{Answer, Warning};
pub use attribute::{
    Accepts, Attribute, AttributeInfo, AttributeSet, Kind, OperationInfo, UnknownAttribute,
};
pub use connection::{Connection, Handle, new_connection, new_connection_in};
pub use error::{Error, Refusal, RefusalKind};
pub use filter::Filter;
pub use generated::*;
pub use id::{Id, NotAWorkQueue, ParentRef, WqRef};
pub use monitor::{Event, Monitor, Subscribe};
pub use named::UnknownName;
pub use object::Object;
pub use request::Objects;
pub use state::State;
pub use value::{Binary, Defect, Malformed, U64, Value};
pub use watch::{Update, Watch};

/// Keeps the example in the README compiling.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

// SPDX-License-Identifier: MIT OR Apache-2.0
//! A VFIO client: what any VFIO program does to reach a device and give it memory.
//!
//! It goes the way of groups and containers (srctree
//! Documentation/driver-api/vfio.rst), which every kernel with VFIO has.

mod container;
mod device;
mod interrupt;
mod mapping;
mod taken;
mod withheld;

pub use container::{Access, Buffer, Container, Layout, PAGE};
pub use device::{Device, Location, Region, open_group};
pub use interrupt::Interrupt;
pub use mapping::{How, Mapping};
pub use taken::Taken;
pub use withheld::Withheld;

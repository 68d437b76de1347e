// SPDX-License-Identifier: GPL-2.0

//! Handing subdevs to VFIO: an auxiliary driver that binds to each active subdev and serves its
//! virtual function as an emulated VFIO PCI device.

mod device;
mod driver;
mod host;
mod ioctl;
mod irqs;
mod layout;
mod mdev;

pub(crate) use driver::Driver;

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Subdevs as mediated devices.

mod iommufd;
mod made;
mod open;
mod parents;
mod races;
mod unbound;

use anyhow::Result;

use crate::check;
use crate::mdev;
use crate::tool;

pub use self::iommufd::MDEV_IOMMUFD;
pub use self::made::MDEV;
pub use self::open::MDEV_OPEN;
pub use self::parents::MDEV_PARENTS;
pub use self::races::MDEV_RACES;
pub use self::unbound::MDEV_UNBOUND;

const FIRST: &str = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
const SECOND: &str = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1002";

/// Bytes of a copy.
const LEN: usize = 1 << 16;

/// Demands that there is no subdev.
fn none() -> Result<()> {
    check::equal("subdevs", tool::subdevs()?, vec![])?;
    mdev::agree()
}

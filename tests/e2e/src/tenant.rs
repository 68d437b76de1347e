// SPDX-License-Identifier: MIT OR Apache-2.0
//! A VFIO user of this process that copies.

use anyhow::Result;

use crate::check;
use crate::dsa::{Descriptor, Dsa};
use crate::model::Subdev;
use crate::vfio::Buffer;
use crate::{pattern, tool};

/// Where each tenant has the bytes to copy, and where they go.
pub const FROM: u64 = 0x1000_0000;
/// See [`FROM`].
pub const TO: u64 = 0x2000_0000;

/// An IOVA that is mapped to nothing, nor are its neighbours.
pub const NOWHERE: u64 = 0x7777_0000_0000;

/// A device that is open and enabled, and memory to copy.
pub struct Tenant {
    /// The device.
    pub dsa: Dsa,
    from: Buffer,
    to: Buffer,
}

impl Tenant {
    /// Opens a subdev, with `len` bytes to copy.
    pub fn open(subdev: &Subdev, len: usize) -> Result<Self> {
        let dsa = Dsa::open_enabled(&subdev.location()?)?;
        let (from, to) = (dsa.map(FROM, len)?, dsa.map(TO, len)?);
        from.write(0, &pattern::bytes(1, len))?;
        Ok(Self { dsa, from, to })
    }

    /// Adds a subdev with the words of `line` and opens it.
    pub fn add(line: &str, len: usize) -> Result<Self> {
        Self::open(&tool::add(line)?, len)
    }

    /// A copy of all bytes.
    pub fn copy(&self) -> Descriptor {
        Descriptor::memmove(FROM, TO, self.from.len() as u32)
    }

    /// Demands that a copy succeeds and is right.
    pub fn works(&self) -> Result<()> {
        self.clear()?;
        self.dsa.run(self.copy())?.success("MEMMOVE")?;
        self.holds()
    }

    /// Submits what is its own fault: a record at an address that is mapped to nothing.
    pub fn goes_astray(&self) -> Result<()> {
        self.dsa.store(&Descriptor::noop().recorded_at(NOWHERE))
    }

    /// What is where copies go.
    pub fn read(&self, offset: usize, len: usize) -> Result<Vec<u8>> {
        self.to.read(offset, len)
    }

    /// Clears where copies go.
    pub fn clear(&self) -> Result<()> {
        self.to.write(0, &vec![0; self.to.len()])
    }

    /// Demands that a copy of all bytes is there.
    pub fn holds(&self) -> Result<()> {
        let len = self.from.len();
        check::same_bytes("the copy", &self.to.read(0, len)?, &self.from.read(0, len)?)
    }
}

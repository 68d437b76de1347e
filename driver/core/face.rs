// SPDX-License-Identifier: GPL-2.0

//! As which kind of device a subdev is handed to VFIO.

/// The kind of device; numbers as `face` of the family.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Face {
    /// An auxiliary device, made by the framework.
    Auxiliary = 0,
    /// A mediated device, made by who writes to sysfs.
    Mdev = 1,
}

impl From<Face> for u32 {
    fn from(face: Face) -> u32 {
        // CAST: The representation is that of the enum.
        face as u32
    }
}

impl TryFrom<u32> for Face {
    type Error = u32;

    /// Returns a number that is not in the family as the error.
    fn try_from(number: u32) -> Result<Self, u32> {
        match number {
            0 => Ok(Face::Auxiliary),
            1 => Ok(Face::Mdev),
            _ => Err(number),
        }
    }
}

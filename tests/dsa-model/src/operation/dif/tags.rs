// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tags of consecutive fields.

use crate::descriptor::Descriptor;

/// Flag of source and destination: the application tag counts the blocks.
const INCREMENTING_APPLICATION: u8 = 1 << 4;
/// Flag of source and destination: the reference tag does not count the blocks.
const FIXED_REFERENCE: u8 = 1 << 7;

/// The tags of the next field.
pub(super) struct Tags {
    pub(super) reference: u32,
    pub(super) application: u16,
    /// The bits of the application tag that do not matter.
    pub(super) mask: u16,
    flags: u8,
}

impl Tags {
    /// Those of the source's first field.
    pub(super) fn source(descriptor: &Descriptor) -> Self {
        Self::new(descriptor.dif_source_tags(), descriptor.dif_source_flags())
    }

    /// Those of the destination's first field.
    pub(super) fn destination(descriptor: &Descriptor) -> Self {
        Self::new(
            descriptor.dif_destination_tags(),
            descriptor.dif_destination_flags(),
        )
    }

    fn new((reference, application, mask): (u32, u16, u16), flags: u8) -> Self {
        Self {
            reference,
            application,
            mask,
            flags,
        }
    }

    /// Goes on to the next field.
    pub(super) fn advance(&mut self) {
        if self.flags & FIXED_REFERENCE == 0 {
            self.reference = self.reference.wrapping_add(1);
        }
        if self.flags & INCREMENTING_APPLICATION != 0 {
            self.application = self.application.wrapping_add(1);
        }
    }

    /// As they are in a completion record.
    pub(super) fn to_bytes(&self) -> [u8; 8] {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&self.reference.to_le_bytes());
        bytes[4..6].copy_from_slice(&self.mask.to_le_bytes());
        bytes[6..].copy_from_slice(&self.application.to_le_bytes());
        bytes
    }
}

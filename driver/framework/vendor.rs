// SPDX-License-Identifier: GPL-2.0

//! What only a vendor's devices have: attributes with names and values, and what a subdev keeps of
//! them.

use kernel::prelude::*;

use super::refusal::Refusal;

/// The value of a vendor's attribute.
pub(crate) enum Value<'a> {
    U32(u32),
    Uint(u64),
    Binary(&'a [u8]),
    /// What is in a nest.
    Nest(&'a dyn Attributes),
}

/// A vendor's attributes, those of a request or those in a nest.
pub(crate) trait Attributes {
    /// Calls `visit` with the name and value of each, in their order, until it refuses one.
    fn each(
        &self,
        visit: &mut dyn FnMut(&'static str, Value<'_>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal>;
}

/// A vendor's attributes in a request: the name of the vendor, and what is in the nest.
pub(crate) type VendorNest<'a> = (&'static str, &'a dyn Attributes);

/// Takes a vendor's attributes, one after another.
pub(crate) trait Visitor {
    /// The attribute with this name in the vendor's set of the spec.
    fn attribute(&mut self, name: &'static str, value: Value<'_>) -> Result;
}

/// What a provider keeps of the limits of a subdev, in its own form.
pub(crate) type Words = [u64; 5];

/// What a provider makes of the vendor's attributes of a subdev. It is plain data: a subdev can be
/// looked at when its provider is gone.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    vendor: &'static str,
    words: Words,
    show: fn(&Words, &mut dyn Visitor) -> Result,
}

impl Limits {
    /// Those of `vendor`, which `show` reports.
    pub(crate) fn new(
        vendor: &'static str,
        words: Words,
        show: fn(&Words, &mut dyn Visitor) -> Result,
    ) -> Self {
        Self {
            vendor,
            words,
            show,
        }
    }

    /// Whose attributes they are.
    pub(crate) fn vendor(&self) -> &'static str {
        self.vendor
    }

    /// In the form of the provider.
    pub(crate) fn words(&self) -> &Words {
        &self.words
    }

    /// Reports the attributes that were asked for.
    pub(crate) fn show(&self, visitor: &mut dyn Visitor) -> Result {
        (self.show)(&self.words, visitor)
    }
}

/// There is one provider to a subdev.
impl PartialEq for Limits {
    fn eq(&self, other: &Self) -> bool {
        self.words == other.words
    }
}

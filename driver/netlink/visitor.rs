// SPDX-License-Identifier: GPL-2.0

//! A vendor's attributes, put into the vendor's nest of a message.

use kernel::prelude::*;

use super::vendor::Nest;
use crate::{
    ffi::genl::Writer,
    framework::{
        Value,
        Visitor, //
    }, //
};

/// Puts attributes by their names in the spec.
struct Put<'a, 'w> {
    nest: &'static Nest,
    writer: &'a mut Writer<'w>,
}

impl Visitor for Put<'_, '_> {
    fn attribute(&mut self, name: &'static str, value: Value<'_>) -> Result {
        let mut attrs = self.nest.attrs.iter();
        let found = attrs.find(|(known, _)| *known == name);
        let Some(&(_, number)) = found else {
            // The provider and the spec do not agree.
            kernel::warn_on!(true);
            return Err(EINVAL);
        };
        match value {
            Value::U32(value) => self.writer.u32(number, value),
            Value::Uint(value) => self.writer.uint(number, value),
            Value::Binary(value) => self.writer.binary(number, value),
        }
    }
}

/// Puts what `visit` visits into the nest of `vendor`, if `nests` has one.
pub(super) fn put_vendor(
    writer: &mut Writer<'_>,
    nests: &'static [Nest],
    vendor: &str,
    visit: impl FnOnce(&mut dyn Visitor) -> Result,
) -> Result {
    let mut nests = nests.iter();
    let Some(nest) = nests.find(|nest| nest.vendor == vendor) else {
        return Ok(());
    };
    writer.nest(nest.number, |writer| visit(&mut Put { nest, writer }))
}

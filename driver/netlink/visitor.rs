// SPDX-License-Identifier: GPL-2.0

//! A vendor's attributes, put into the vendor's nest of a message.

use kernel::prelude::*;

use super::vendor::{
    Attr,
    Kind,
    Nest, //
};
use crate::{
    ffi::genl::Writer,
    framework::{
        Refusal,
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
        put(self.writer, self.nest.attrs, name, value)
    }
}

/// Puts the attribute of `table` with this name.
fn put(
    writer: &mut Writer<'_>,
    table: &'static [Attr],
    name: &'static str,
    value: Value<'_>,
) -> Result {
    let mut attrs = table.iter();
    let found = attrs.find(|attr| attr.name == name);
    match (found, value) {
        (Some(attr), Value::U32(value)) => writer.u32(attr.number, value),
        (Some(attr), Value::Uint(value)) => writer.uint(attr.number, value),
        (Some(attr), Value::Binary(value)) => writer.binary(attr.number, value),
        (
            Some(Attr {
                number,
                kind: Kind::Nest(table),
                ..
            }),
            Value::Nest(inner),
        ) => writer.nest(*number, |writer| {
            let put = &mut |name, value: Value<'_>| Ok(put(writer, table, name, value)?);
            inner.each(put).map_err(|refusal: Refusal| refusal.error())
        }),
        _ => {
            // The provider and the spec do not agree.
            kernel::warn_on!(true);
            Err(EINVAL)
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

// SPDX-License-Identifier: GPL-2.0

//! A vendor's attributes in a request, for the provider; and which of them is to blame.

use kernel::prelude::*;

use super::{
    refuse::{
        refuse_because,
        Numbers, //
    },
    vendor::{
        self,
        Kind,
        Nest, //
    }, //
};
use crate::{
    ffi::genl::{
        Attr,
        Culprit,
        Request, //
    },
    framework::{
        Attributes,
        Field,
        Refusal,
        Value,
        VendorNest, //
    }, //
};

/// A nest in a request, whose attributes are those of `table`.
pub(super) struct Given<'a> {
    nest: Attr<'a>,
    table: &'static [vendor::Attr],
    /// Name of the vendor.
    vendor: &'static str,
}

impl<'a> Given<'a> {
    /// The vendor's nest in a request, if it has one.
    pub(super) fn find(request: &Request<'a>, nests: &'static [Nest]) -> Option<Self> {
        let mut nests = nests.iter();
        nests.find_map(|nest| {
            Some(Self {
                nest: request.attr(nest.number)?,
                table: nest.attrs,
                vendor: nest.vendor,
            })
        })
    }

    /// For the framework.
    pub(super) fn vendor(&self) -> VendorNest<'_> {
        (self.vendor, self)
    }

    /// The attribute with this name, the one at `place` if there are several.
    fn attr(&self, name: &str, place: usize) -> Option<Attr<'a>> {
        let number = number(self.table, name)?;
        let mut attrs = self.nest.attrs().filter(|attr| attr.number() == number);
        attrs.nth(place)
    }

    /// What is to blame for a refusal because of `field`.
    fn culprit(&self, field: Field, missing: bool) -> Option<Culprit<'a>> {
        Some(match field {
            Field::Vendor(name) => Culprit::Bad(self.attr(name, 0)?),
            Field::VendorIn(place, path) => {
                let (outer, name) = path.split_once('.')?;
                let nest = self.attr(outer, place.into())?;
                let mut table = self.table.iter();
                let table = table.find_map(|attr| match attr.kind {
                    Kind::Nest(table) if attr.name == outer => Some(table),
                    _ => None,
                });
                let number = number(table?, name)?;
                match nest.attr(number) {
                    Some(attr) => Culprit::Bad(attr),
                    None if missing => Culprit::MissingIn(nest, number),
                    None => Culprit::Bad(nest),
                }
            }
            _ => return None,
        })
    }
}

/// The number of the attribute with this name.
fn number(table: &'static [vendor::Attr], name: &str) -> Option<u32> {
    let mut attrs = table.iter();
    attrs.find(|attr| attr.name == name).map(|attr| attr.number)
}

impl Attributes for Given<'_> {
    fn each(
        &self,
        visit: &mut dyn FnMut(&'static str, Value<'_>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        for attr in self.nest.attrs() {
            let mut table = self.table.iter();
            // The policy knows no others.
            let known = table.find(|known| known.number == attr.number());
            let known = known.ok_or(EINVAL)?;
            match known.kind {
                Kind::U32 => visit(known.name, Value::U32(attr.u32().ok_or(EINVAL)?))?,
                Kind::Uint => visit(known.name, Value::Uint(attr.uint().ok_or(EINVAL)?))?,
                Kind::Binary => visit(known.name, Value::Binary(attr.bytes()))?,
                Kind::Nest(table) => {
                    let inner = Given {
                        nest: attr,
                        table,
                        vendor: self.vendor,
                    };
                    visit(known.name, Value::Nest(&inner))?;
                }
            }
        }
        Ok(())
    }
}

/// As [`refuse`](super::refuse::refuse), for a request that may have a vendor's nest.
pub(super) fn refuse(
    request: &Request<'_>,
    numbers: &Numbers,
    given: Option<&Given<'_>>,
    refusal: &Refusal,
) -> Error {
    let culprit = given.and_then(|given| given.culprit(refusal.field(), refusal.is_missing()));
    let culprit = culprit.unwrap_or_else(|| numbers.culprit_of(request, refusal));
    refuse_because(request, culprit, refusal)
}

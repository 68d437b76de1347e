// SPDX-License-Identifier: GPL-2.0

//! Attributes of a message, as they are read.

use kernel::{
    bindings,
    prelude::*, //
};

/// The part of an attribute's type that is its number.
const TYPE_MASK: u16 = bindings::NLA_TYPE_MASK as u16;

/// Bytes of an attribute's header.
pub(super) const HEADER: usize = size_of::<bindings::nlattr>();

/// An attribute of a request.
#[derive(Clone, Copy)]
pub(crate) struct Attr<'a> {
    pub(super) number: u32,
    pub(super) payload: &'a [u8],
    pub(super) raw: *const bindings::nlattr,
}

impl<'a> Attr<'a> {
    /// The number of the attribute in its set.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// The payload as a number, if it has the size of one.
    pub(crate) fn u32(&self) -> Option<u32> {
        Some(u32::from_ne_bytes(self.payload.try_into().ok()?))
    }

    /// The payload as a number of four or eight bytes.
    pub(crate) fn uint(&self) -> Option<u64> {
        match self.u32() {
            Some(small) => Some(small.into()),
            None => Some(u64::from_ne_bytes(self.payload.try_into().ok()?)),
        }
    }

    /// The payload.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.payload
    }

    /// The payload without the NUL that closes it. What has another one is the name of nothing.
    pub(crate) fn text(&self) -> &'a [u8] {
        self.payload.strip_suffix(&[0]).unwrap_or(self.payload)
    }

    /// The attributes in a nest.
    pub(crate) fn attrs(&self) -> impl Iterator<Item = Attr<'a>> {
        Attrs { rest: self.payload }
    }

    /// The attribute `number` in a nest; the last one, if there are several.
    pub(crate) fn attr(&self, number: u32) -> Option<Attr<'a>> {
        self.attrs().filter(|a| a.number == number).last()
    }
}

/// Iterates over attributes that the C side has validated, once more with all bounds checked.
pub(super) struct Attrs<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Iterator for Attrs<'a> {
    type Item = Attr<'a>;

    fn next(&mut self) -> Option<Attr<'a>> {
        let raw = self.rest.as_ptr().cast::<bindings::nlattr>();
        let len = usize::from(u16::from_ne_bytes(self.rest.get(0..2)?.try_into().ok()?));
        let kind = u16::from_ne_bytes(self.rest.get(2..4)?.try_into().ok()?);
        let payload = self.rest.get(HEADER..len)?;
        self.rest = self
            .rest
            .get(len.next_multiple_of(HEADER)..)
            .unwrap_or_default();
        Some(Attr {
            number: u32::from(kind & TYPE_MASK),
            payload,
            raw,
        })
    }
}

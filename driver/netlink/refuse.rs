// SPDX-License-Identifier: GPL-2.0

//! From a refusal of the framework to an extended ACK.

use kernel::prelude::*;

use crate::{
    ffi::genl::{
        Culprit,
        Request, //
    },
    framework::{
        Field,
        Refusal, //
    }, //
};

/// The numbers of the attributes that the fields of a refusal stand for in one attribute set.
pub(super) struct Numbers(pub(super) &'static [(Field, u32)]);

impl Numbers {
    fn of(&self, field: Field) -> Option<u32> {
        let same = |listed: Field| {
            listed == field || matches!((listed, field), (Field::Wq(_), Field::Wq(_)))
        };
        let mut listed = self.0.iter();
        listed.find(|(f, _)| same(*f)).map(|(_, number)| *number)
    }
}

/// Explains a refusal in the extended ACK, and gives its errno.
pub(super) fn refuse(request: &Request<'_>, numbers: &Numbers, refusal: &Refusal) -> Error {
    let field = refusal.field();
    let culprit = match numbers.of(field) {
        None => Culprit::Nothing,
        Some(number) if refusal.is_missing() => Culprit::Missing(number),
        Some(number) => {
            // Of several work queues the one that is meant.
            let which = match field {
                Field::Wq(Some(wq)) => request
                    .attrs()
                    .filter(|attr| attr.number() == number)
                    .find(|attr| attr.u32() == Some(wq)),
                _ => None,
            };
            which
                .or_else(|| request.attr(number))
                .map_or(Culprit::Nothing, Culprit::Bad)
        }
    };
    request.explain(culprit, refusal);
    refusal.error()
}

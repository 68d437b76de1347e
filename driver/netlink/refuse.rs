// SPDX-License-Identifier: GPL-2.0

//! From a refusal of the framework to an extended ACK.

use kernel::prelude::*;

use crate::{
    ffi::{
        bindings as uapi,
        genl::{
            Attr,
            Culprit,
            Request, //
        }, //
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
        let mut listed = self.0.iter();
        listed.find(|(f, _)| *f == field).map(|(_, number)| *number)
    }

    /// What is to blame for a refusal.
    pub(super) fn culprit_of<'a>(&self, request: &Request<'a>, refusal: &Refusal) -> Culprit<'a> {
        self.culprit(request, refusal.field(), refusal.is_missing())
    }

    /// What is to blame when it is `field`.
    fn culprit<'a>(&self, request: &Request<'a>, field: Field, missing: bool) -> Culprit<'a> {
        match field {
            Field::Wq(Some(id)) => self.wq(request, id),
            Field::WqId(place) => match self.nest(request, place) {
                Some(nest) => Culprit::MissingIn(nest, uapi::SUBDEV_A_SUBDEV_WQ_ID),
                None => Culprit::Nothing,
            },
            Field::WqSize(place) => self.in_nest(request, place, uapi::SUBDEV_A_SUBDEV_WQ_SIZE),
            Field::WqWeight(place) => self.in_nest(request, place, uapi::SUBDEV_A_SUBDEV_WQ_WEIGHT),
            Field::WqMaxRate(place) => {
                self.in_nest(request, place, uapi::SUBDEV_A_SUBDEV_WQ_MAX_RATE)
            }
            _ => match self.of(field) {
                Some(number) if missing => Culprit::Missing(number),
                Some(number) => match request.attr(number) {
                    Some(attr) => Culprit::Bad(attr),
                    // The parent may be named by its index instead.
                    None if field == Field::Parent => {
                        self.culprit(request, Field::ParentIndex, missing)
                    }
                    None => Culprit::Nothing,
                },
                None => Culprit::Nothing,
            },
        }
    }

    /// The number of a work queue: an attribute of the request, or in one of its nests.
    fn wq<'a>(&self, request: &Request<'a>, id: u32) -> Culprit<'a> {
        let Some(number) = self.of(Field::Wq(None)) else {
            return Culprit::Nothing;
        };
        let attrs = request.attrs().filter(|attr| attr.number() == number);
        let ids = attrs.filter_map(|attr| match attr.u32() {
            Some(_) => Some(attr),
            None => attr.attr(uapi::SUBDEV_A_SUBDEV_WQ_ID),
        });
        ids.filter(|attr| attr.u32() == Some(id))
            .last()
            .map_or(Culprit::Nothing, Culprit::Bad)
    }

    /// An attribute in one of the nests with work queues, or the nest if it has none.
    fn in_nest<'a>(&self, request: &Request<'a>, place: usize, number: u32) -> Culprit<'a> {
        match self.nest(request, place) {
            Some(nest) => Culprit::Bad(nest.attr(number).unwrap_or(nest)),
            None => Culprit::Nothing,
        }
    }

    /// One of the nests with work queues.
    fn nest<'a>(&self, request: &Request<'a>, place: usize) -> Option<Attr<'a>> {
        let number = self.of(Field::Wq(None))?;
        request
            .attrs()
            .filter(|attr| attr.number() == number)
            .nth(place)
    }
}

/// Explains a refusal in the extended ACK, and gives its errno.
pub(super) fn refuse(request: &Request<'_>, numbers: &Numbers, refusal: &Refusal) -> Error {
    refuse_because(request, numbers.culprit_of(request, refusal), refusal)
}

/// As [`refuse`], because of `culprit`.
pub(super) fn refuse_because(
    request: &Request<'_>,
    culprit: Culprit<'_>,
    refusal: &Refusal,
) -> Error {
    request.explain(culprit, refusal);
    refusal.error()
}

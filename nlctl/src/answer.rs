// SPDX-License-Identifier: MIT OR Apache-2.0

//! The answer to a request that was carried out.

use std::fmt;
use std::ops::Deref;

use crate::attribute::AttributeSet;
use crate::error::about;
use crate::ext_ack::ExtAck;
use crate::path;

/// What a request was answered with, and what the kernel warns of.
///
/// It can be used like the object itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer<T> {
    /// The object, or the objects.
    pub object: T,
    /// Something to know about the request, which was carried out all the same.
    pub warning: Option<Warning>,
}

impl<T> Answer<T> {
    /// An answer with another object and the same warning.
    pub fn map<U>(self, object: impl FnOnce(T) -> U) -> Answer<U> {
        Answer {
            object: object(self.object),
            warning: self.warning,
        }
    }
}

impl<T> Deref for Answer<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.object
    }
}

/// What the kernel warns of when it carries out a request: the extended ACK of
/// a success.
///
/// Shown, it is a sentence without the full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// The sentence of the extended ACK.
    pub message: String,
    /// Path of the attribute that it is about.
    pub attribute: Option<String>,
}

impl Warning {
    /// Puts an extended ACK in the terms of the request that it answers;
    /// `None` when it says nothing.
    ///
    /// `request` are the attributes of the request, which are of `set`.
    pub(crate) fn new(ext_ack: ExtAck, set: &'static AttributeSet, request: &[u8]) -> Option<Self> {
        let at = ext_ack.offset.and_then(|it| path::at(set, request, it));
        Some(Self {
            message: ext_ack.message?,
            attribute: at.map(|at| at.path),
        })
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.message.trim_end().trim_end_matches('.');
        f.write_str(&about(self.attribute.as_deref(), text))
    }
}

// SPDX-License-Identifier: GPL-2.0

//! Why a request is refused: an errno, the field that is to blame, and a sentence.

use core::fmt;
use kernel::prelude::*;

use crate::subdev_core::sentence::Sentence;

/// The field of a request that a refusal is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Index,
    Name,
    /// Another name for what there is.
    NewName,
    Uuid,
    ParentIndex,
    /// The name of the parent.
    Parent,
    /// The bus of the parent.
    Bus,
    /// The name of the parent on its bus.
    Device,
    /// A work queue; the number says which of several, if it was in the request.
    Wq(Option<u32>),
    /// The number of a work queue; the place says of which in the request.
    WqId(usize),
    /// The entries that are asked for; the place says of which work queue in the request.
    WqSize(usize),
    /// The share of bandwidth; the place says of which work queue in the request.
    WqWeight(usize),
    /// The cap on bytes per second; the place says of which work queue in the request.
    WqMaxRate(usize),
    Type,
    PasidMode,
    /// The state that the admin wants.
    State,
    /// The kind of device.
    Face,
    /// The size of a work queue that is configured.
    Size,
    /// The mode of a work queue that is configured.
    Mode,
    /// An attribute that only the vendor's devices have, by its name in the spec.
    Vendor(&'static str),
    /// One within a nest of the vendor's, which may be in the request several times: the place says
    /// in which. The names of the nest and of the attribute have a dot between them.
    VendorIn(u8, &'static str),
    Count,
    /// None in particular.
    Nothing,
}

/// Lists names for a sentence: "a, b", or "none".
pub(crate) struct Names<F>(pub(crate) F);

impl<'a, I: Iterator<Item = &'a str>, F: Fn() -> I> fmt::Display for Names<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = (self.0)();
        f.write_str(names.next().unwrap_or("none"))?;
        names.try_for_each(|name| write!(f, ", {name}"))
    }
}

/// Lists numbers for a sentence: "1, 3", or "none".
pub(super) struct Numbers<F>(pub(super) F);

impl<I: Iterator<Item = u32>, F: Fn() -> I> fmt::Display for Numbers<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut numbers = (self.0)();
        match numbers.next() {
            Some(first) => write!(f, "{first}")?,
            None => return f.write_str("none"),
        }
        numbers.try_for_each(|number| write!(f, ", {number}"))
    }
}

/// A request that is not carried out.
pub(crate) struct Refusal {
    error: Error,
    field: Field,
    missing: bool,
    text: Sentence,
}

impl Refusal {
    /// Refuses because of what `field` says.
    pub(crate) fn new(error: Error, field: Field, text: fmt::Arguments<'_>) -> Self {
        Self {
            error,
            field,
            missing: false,
            text: Sentence::new(text),
        }
    }

    /// Refuses because `field` is not there.
    pub(crate) fn missing(field: Field, text: fmt::Arguments<'_>) -> Self {
        Self {
            missing: true,
            ..Self::new(EINVAL, field, text)
        }
    }

    /// The refusal of one of several that are asked for at once, the first `n` of which are accepted.
    pub(super) fn of_number(self, n: usize) -> Self {
        // Nothing in the request is to blame for a failure, however many there are.
        if n == 0 || self.field == Field::Nothing {
            return self;
        }
        Self::new(
            ENOSPC,
            Field::Count,
            format_args!("{n} of them fit, then: {self}"),
        )
    }

    /// The errno.
    pub(crate) fn error(&self) -> Error {
        self.error
    }

    /// The field that is to blame.
    pub(crate) fn field(&self) -> Field {
        self.field
    }

    /// The sentence.
    pub(crate) fn text(&self) -> &str {
        let text = self.text.as_str();
        // Each refusal has one.
        kernel::warn_on!(text.is_empty());
        text
    }

    /// Whether the field is not there rather than wrong.
    pub(crate) fn is_missing(&self) -> bool {
        self.missing
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// A step failed for a reason that no field of the request is to blame for.
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let text = if error == ENOMEM {
            "out of memory"
        } else if error == EMSGSIZE {
            "the reply does not fit into a message"
        } else if error == EAGAIN || error == ECONNREFUSED {
            "the reply cannot be delivered: the socket is full or closed"
        } else if error == EOVERFLOW {
            "there is no index left; load the module anew"
        } else {
            "the device failed; the kernel log says more"
        };
        Self::new(error, Field::Nothing, format_args!("{text}"))
    }
}

impl From<kernel::alloc::AllocError> for Refusal {
    fn from(_: kernel::alloc::AllocError) -> Self {
        Self::from(ENOMEM)
    }
}

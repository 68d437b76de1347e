// SPDX-License-Identifier: MIT OR Apache-2.0

//! How requests name the parent of what they are about.

use std::fmt;

use crate::connection::Handle;
use crate::error::Error;
use crate::exchange;
use crate::generated::{Command, Parent};
use crate::id::ParentRef;

/// The parent of a request about something on a parent, and the attributes that
/// name it.
pub(crate) struct OnParent<A> {
    named: Option<ParentRef>,
    index: fn(u32) -> A,
    name: fn(String) -> A,
}

impl<A> OnParent<A> {
    pub(crate) fn new(
        named: Option<ParentRef>,
        index: fn(u32) -> A,
        name: fn(String) -> A,
    ) -> Self {
        Self { named, index, name }
    }

    /// The attribute that names the parent that was named, if one was.
    pub(crate) async fn named(self, handle: &Handle) -> Result<Option<A>, Error> {
        Ok(Some(match self.named {
            None => return Ok(None),
            Some(ParentRef::Index(index)) => (self.index)(index),
            Some(ParentRef::Name(name)) => (self.name)(name),
            Some(device) => {
                // Not executed as a whole: that would ask for parents in turn.
                let attributes = handle.parent().get(device).0.attributes;
                let found = exchange::object::<Parent>(handle, Command::ParentGet, attributes);
                (self.index)(found.await?.index)
            }
        }))
    }

    /// The attribute that names the parent that was named, or the only one. When
    /// there are several there is none, which the kernel refuses.
    pub(crate) async fn needed(self, handle: &Handle) -> Result<Option<A>, Error> {
        if self.named.is_some() {
            return self.named(handle).await;
        }
        let all: Vec<Parent> = exchange::each(handle, Command::ParentGet).await?;
        Ok(match all.as_slice() {
            [only] => Some((self.index)(only.index)),
            _ => None,
        })
    }
}

impl<A> Clone for OnParent<A> {
    fn clone(&self) -> Self {
        Self {
            named: self.named.clone(),
            ..*self
        }
    }
}

impl<A> fmt::Debug for OnParent<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.named.fmt(f)
    }
}

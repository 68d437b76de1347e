// SPDX-License-Identifier: MIT OR Apache-2.0

//! Requests about parents, and how other requests name theirs.

mod set;

use std::fmt;

use crate::connection::Handle;
use crate::error::Error;
use crate::exchange;
use crate::generated::{Parent, ParentAttr, ParentStats, ParentStatsAttr};
use crate::id::ParentRef;
use crate::object::Object;
use crate::request::{Dump, Get};

pub use self::set::ParentSet;

/// Requests about parents: the devices that subdevs are carved from.
#[derive(Debug, Clone)]
pub struct ParentHandle(Handle);

impl ParentHandle {
    pub(crate) fn new(handle: Handle) -> Self {
        Self(handle)
    }

    /// Gets one parent.
    pub fn get(&self, parent: impl Into<ParentRef>) -> Get<Parent> {
        Get::new(self.0.clone(), attributes(parent.into()))
    }

    /// Configures one parent.
    pub fn set(&self, parent: impl Into<ParentRef>) -> ParentSet {
        ParentSet::new(self.0.clone(), attributes(parent.into()))
    }

    /// Gets all parents.
    pub fn dump(&self) -> Dump<Parent> {
        Dump::new(self.0.clone())
    }

    /// Gets the statistics of one parent.
    pub fn stats(&self, parent: impl Into<ParentRef>) -> Get<ParentStats> {
        let attributes = match parent.into() {
            ParentRef::Index(index) => vec![ParentStatsAttr::Index(index)],
            ParentRef::Name(name) => vec![ParentStatsAttr::Name(name)],
            ParentRef::Device { bus, device } => {
                vec![ParentStatsAttr::Bus(bus), ParentStatsAttr::Device(device)]
            }
        };
        Get::new(self.0.clone(), attributes)
    }

    /// Gets the statistics of all parents.
    pub fn dump_stats(&self) -> Dump<ParentStats> {
        Dump::new(self.0.clone())
    }
}

fn attributes(parent: ParentRef) -> Vec<ParentAttr> {
    match parent {
        ParentRef::Index(index) => vec![ParentAttr::Index(index)],
        ParentRef::Name(name) => vec![ParentAttr::Name(name)],
        ParentRef::Device { bus, device } => {
            vec![ParentAttr::Bus(bus), ParentAttr::Device(device)]
        }
    }
}

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
                let attributes = attributes(device);
                let found = exchange::object::<Parent>(handle, Parent::GET, attributes).await?;
                match found.index {
                    Some(index) => (self.index)(index),
                    None => return Ok(None),
                }
            }
        }))
    }

    /// The attribute that names the parent that was named, or the only one. When
    /// there are several there is none, which the kernel refuses.
    pub(crate) async fn needed(self, handle: &Handle) -> Result<Option<A>, Error> {
        if self.named.is_some() {
            return self.named(handle).await;
        }
        Ok(match exchange::each::<Parent>(handle).await?.as_slice() {
            [only] => only.index.map(self.index),
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

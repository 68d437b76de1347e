// SPDX-License-Identifier: GPL-2.0

//! A queue of fixed capacity, so that adding to it does not allocate.

use kernel::prelude::*;

/// A queue for a number of items that does not change.
pub(super) struct Ring<T> {
    places: KVec<Option<T>>,
    head: usize,
    len: usize,
}

impl<T> Default for Ring<T> {
    /// A queue for nothing.
    fn default() -> Self {
        Self {
            places: KVec::new(),
            head: 0,
            len: 0,
        }
    }
}

impl<T> Ring<T> {
    /// Allocates a queue for `capacity` items.
    pub(super) fn new(capacity: usize) -> Result<Self> {
        let mut places = KVec::with_capacity(capacity, GFP_KERNEL)?;
        for _ in 0..capacity {
            places.push(None, GFP_KERNEL)?;
        }
        Ok(Self {
            places,
            head: 0,
            len: 0,
        })
    }

    pub(super) fn is_full(&self) -> bool {
        self.len == self.places.len()
    }

    /// Adds an item at the end; returns it if the queue is full.
    pub(super) fn push(&mut self, item: T) -> Result<(), T> {
        if self.is_full() {
            return Err(item);
        }
        let at = (self.head + self.len) % self.places.len();
        match self.places.get_mut(at) {
            Some(place) => *place = Some(item),
            None => return Err(item),
        }
        self.len += 1;
        Ok(())
    }

    /// Takes the item at the front.
    pub(super) fn pop(&mut self) -> Option<T> {
        if self.len == 0 {
            return None;
        }
        let item = self.places.get_mut(self.head)?.take();
        self.head = (self.head + 1) % self.places.len();
        self.len -= 1;
        item
    }

    /// The item at the front.
    pub(super) fn first(&self) -> Option<&T> {
        self.places.get(self.head)?.as_ref()
    }

    /// The items, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.places.iter().flatten()
    }

    /// Drops the items that `keep` does not want; the others stay in order.
    pub(super) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        for _ in 0..self.len {
            if let Some(item) = self.pop() {
                if keep(&item) {
                    // One was just taken out, so it is not full.
                    let _ = self.push(item);
                }
            }
        }
    }
}

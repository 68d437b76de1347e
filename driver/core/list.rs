// SPDX-License-Identifier: GPL-2.0

//! A list of bounded length that needs no memory of its own.

#[cfg(test)]
mod tests;

/// At most `N` items.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct List<T, const N: usize> {
    /// What is beyond `len` is the default, so that lists of the same items are equal.
    items: [T; N],
    /// Never exceeds the array.
    len: usize,
}

impl<T: Copy + Default, const N: usize> Default for List<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Copy + Default, const N: usize> List<T, N> {
    /// No items.
    pub fn new() -> Self {
        Self {
            items: [T::default(); N],
            len: 0,
        }
    }

    /// Adds an item, if there is room for one more.
    pub fn push(&mut self, item: T) -> Option<()> {
        *self.items.get_mut(self.len)? = item;
        self.len += 1;
        Some(())
    }
}

impl<T, const N: usize> List<T, N> {
    /// A list of what `change` makes of each item.
    pub fn map<U: Copy + Default>(&self, change: impl FnMut(&T) -> U) -> List<U, N> {
        let mut items = [U::default(); N];
        let made = self.as_slice().iter().map(change);
        items
            .iter_mut()
            .zip(made)
            .for_each(|(place, item)| *place = item);
        List {
            items,
            len: self.len,
        }
    }

    /// The items.
    pub fn as_slice(&self) -> &[T] {
        self.items.split_at(self.len.min(N)).0
    }

    /// The items, to be changed.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        self.items.split_at_mut(self.len.min(N)).0
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Interrupt handles: how a descriptor names the interrupt that it asks for.

/// The first handle that is ever granted; far from any vector number, so that software which
/// confuses the two is found out.
const FIRST: u16 = 0x100;

/// The handles that are valid at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handles {
    /// There are no handles to ask for: a handle is the number of an MSI-X vector.
    Vectors {
        /// Number of vectors.
        count: u16,
    },
    /// Handles are granted and released by command.
    Granted {
        /// The first of the handles that can be granted now.
        first: u16,
        /// The vector behind each handle from the first on, or `None` where it is free.
        vectors: Vec<Option<u16>>,
    },
}

impl Handles {
    /// As many handles as work queues, all of them free.
    pub fn granted(wqs: u8) -> Self {
        Self::Granted {
            first: FIRST,
            vectors: vec![None; wqs.into()],
        }
    }

    /// The vector that a handle stands for.
    pub fn vector(&self, handle: u16) -> Option<u16> {
        match self {
            Self::Vectors { count } => (handle < *count).then_some(handle),
            Self::Granted { first, vectors } => {
                let index = handle.checked_sub(*first)?;
                *vectors.get(usize::from(index))?
            }
        }
    }

    /// Grants a handle for the vector, or gives `None` when there is no more.
    pub fn grant(&mut self, vector: u16) -> Option<u16> {
        let Self::Granted { first, vectors } = self else {
            return None;
        };
        let index = vectors.iter().position(Option::is_none)?;
        vectors[index] = Some(vector);
        // As many as there are work queues, and `first` leaves room for them.
        Some(*first + index as u16)
    }

    /// Takes a handle back; `false` when it was not granted.
    pub fn release(&mut self, handle: u16) -> bool {
        let Self::Granted { first, vectors } = self else {
            return false;
        };
        handle
            .checked_sub(*first)
            .and_then(|index| vectors.get_mut(usize::from(index)))
            .is_some_and(|vector| vector.take().is_some())
    }

    /// Takes all handles back, and grants others from now on, so that software which keeps one is
    /// found out; `false` when there are no handles to take.
    pub fn revoke(&mut self) -> bool {
        let Self::Granted { first, vectors } = self else {
            return false;
        };
        vectors.fill(None);
        // At most 32, as there are work queues.
        let count = vectors.len() as u16;
        // After some thousand times the numbers begin anew.
        *first = if *first < u16::MAX - 2 * count {
            *first + count
        } else {
            FIRST
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_lives_from_grant_to_release() {
        let mut handles = Handles::granted(2);
        let first = handles.grant(1).expect("two are free");
        let second = handles.grant(1).expect("one is free");
        assert_ne!(first, second);
        assert_eq!(handles.grant(2), None);
        assert_eq!(handles.vector(first), Some(1));
        assert!(handles.release(first));
        assert_eq!(handles.vector(first), None);
        assert!(!handles.release(first));
        assert_eq!(handles.grant(2), Some(first));
        assert_eq!(handles.vector(first), Some(2));
        assert_eq!(handles.vector(second), Some(1));
    }

    #[test]
    fn a_revoked_handle_is_none_and_does_not_come_back() {
        let mut handles = Handles::granted(2);
        let old = [1, 2].map(|vector| handles.grant(vector).expect("two are free"));
        assert!(handles.revoke());
        assert_eq!(old.map(|handle| handles.vector(handle)), [None; 2]);
        assert!(!handles.release(old[0]));
        for _ in 0..100_000 {
            let new = [1, 2].map(|vector| handles.grant(vector).expect("two are free"));
            assert!(new.iter().all(|handle| *handle >= FIRST));
            assert_eq!(new.map(|handle| handles.vector(handle)), [Some(1), Some(2)]);
            assert!(handles.revoke());
            assert_eq!(new.map(|handle| handles.vector(handle)), [None; 2]);
        }
        assert!(!Handles::Vectors { count: 9 }.revoke());
    }

    #[test]
    fn without_grants_a_handle_is_a_vector() {
        let handles = Handles::Vectors { count: 9 };
        assert_eq!(handles.vector(8), Some(8));
        assert_eq!(handles.vector(9), None);
    }
}

// SPDX-License-Identifier: GPL-2.0

use std::cell::Cell;

use proptest::prelude::*;

use super::*;

/// A page whose tenant writes to it at a certain access.
struct Memory {
    words: Vec<Cell<u64>>,
    /// Accesses until `write` is done.
    countdown: Cell<usize>,
    write: Cell<Option<(usize, u64)>>,
}

impl Memory {
    fn new() -> Self {
        Self {
            words: vec![Cell::new(0); SLOTS * WORDS],
            countdown: Cell::new(0),
            write: Cell::new(None),
        }
    }

    /// Stores a descriptor, all of whose words are `value`.
    fn store(&self, slot: usize, value: u64) {
        for word in &self.words[slot * WORDS..][..WORDS] {
            word.set(value);
        }
    }

    /// Before the `n`th access from now on, the tenant writes a word.
    fn write_before(&self, n: usize, word: usize, value: u64) {
        self.countdown.set(n);
        self.write.set(Some((word, value)));
    }

    fn access(&self) {
        match self.countdown.get() {
            0 => {
                if let Some((word, value)) = self.write.take() {
                    self.words[word].set(value);
                }
            }
            n => self.countdown.set(n - 1),
        }
    }
}

impl Page for Memory {
    fn load(&self, word: usize) -> u64 {
        self.access();
        self.words[word].get()
    }

    fn clear(&self, word: usize, old: u64) -> bool {
        self.access();
        let is_old = self.words[word].get() == old;
        if is_old {
            self.words[word].set(0);
        }
        is_old
    }
}

/// Takes all that a sweep finds; the first words of it, and how many were torn.
fn sweep(rotation: &mut Rotation, page: &Memory) -> (Vec<u64>, usize) {
    let (mut taken, mut torn) = (Vec::new(), 0);
    let mut left = SLOTS;
    while let Some(stored) = rotation.find(page, &mut left) {
        match stored.take(page) {
            Some(raw) => taken.push(u64::from_le_bytes(raw[..8].try_into().unwrap())),
            None => torn += 1,
        }
    }
    (taken, torn)
}

#[test]
fn nothing_is_found_where_nothing_was_stored() {
    let page = Memory::new();
    let mut rotation = Rotation::default();
    assert_eq!(sweep(&mut rotation, &page), (vec![], 0));
    // What is not complete is not seen: the first word comes last.
    page.words[1].set(5);
    assert_eq!(sweep(&mut rotation, &page), (vec![], 0));
    page.words[0].set(6);
    assert_eq!(sweep(&mut rotation, &page), (vec![6], 0));
}

#[test]
fn a_descriptor_is_taken_once_with_all_its_bytes() {
    let page = Memory::new();
    for (word, value) in (3 * WORDS..).zip(1..9) {
        page.words[word].set(value * 0x0101_0101_0101_0101);
    }
    let mut rotation = Rotation::default();
    let mut left = SLOTS;
    let stored = rotation.find(&page, &mut left).expect("is there");
    assert_eq!(left, SLOTS - 4);
    let raw = stored.take(&page).expect("is whole");
    for (bytes, value) in raw.chunks(8).zip(1..) {
        assert_eq!(bytes, [value; 8]);
    }
    assert_eq!(stored.take(&page), None);
    assert_eq!(sweep(&mut rotation, &page), (vec![], 0));
}

#[test]
fn a_rotation_is_followed_over_the_end_of_the_page() {
    let page = Memory::new();
    let mut rotation = Rotation::default();
    page.store(61, 1);
    assert_eq!(sweep(&mut rotation, &page), (vec![1], 0));
    for (slot, value) in [(62, 2), (63, 3), (0, 4), (1, 5)] {
        page.store(slot, value);
    }
    assert_eq!(sweep(&mut rotation, &page), (vec![2, 3, 4, 5], 0));
}

#[test]
fn what_is_stored_behind_the_look_comes_before_what_is_stored_after_it() {
    // Slot 0 is filled after it was looked at, and slot 1 after that.
    let page = Memory::new();
    page.store(0, 1);
    page.store(1, 2);
    page.words[0].set(0);
    page.write_before(1, 0, 1);
    let mut rotation = Rotation::default();
    assert_eq!(sweep(&mut rotation, &page), (vec![1, 2], 0));
}

#[test]
fn what_there_is_no_entry_for_is_found_again_first() {
    let page = Memory::new();
    let mut rotation = Rotation::default();
    page.store(7, 1);
    page.store(8, 2);
    let mut left = SLOTS;
    let stored = rotation.find(&page, &mut left).expect("is there");
    rotation.put_back(&stored);
    assert_eq!(sweep(&mut rotation, &page), (vec![1, 2], 0));
}

#[test]
fn a_slot_that_is_written_again_before_it_is_empty_is_torn_and_what_is_there_is_kept() {
    // The slot is found by the first access, copied by the next eight, and looked at again by eight
    // more, before it is cleared.
    for at in 2..1 + 2 * WORDS {
        let page = Memory::new();
        page.store(0, 1);
        page.write_before(at, 1, 9);
        let mut rotation = Rotation::default();
        let mut left = SLOTS;
        let stored = rotation.find(&page, &mut left).expect("is there");
        // Before it is copied it counts, and after the second look it is not seen any more.
        let seen = (3..=2 + WORDS).contains(&at);
        assert_eq!(stored.take(&page).is_none(), seen, "at {at}");
        assert_eq!(page.words[0].get() != 0, seen, "at {at}");
    }
}

#[test]
fn a_slot_whose_first_word_changes_at_last_is_torn() {
    let page = Memory::new();
    page.store(0, 1);
    page.write_before(1 + 2 * WORDS, 0, 2);
    let mut rotation = Rotation::default();
    assert_eq!(sweep(&mut rotation, &page), (vec![], 1));
    page.store(0, 2);
    assert_eq!(sweep(&mut rotation, &page), (vec![2], 0));
}

#[test]
fn only_the_pages_of_wqs_are_live() {
    let live: Vec<_> = (0..PAGES + 4).map(|page| wq_of(page, 2)).collect();
    let expected = [Some(0), Some(0), None, None, Some(1), Some(1), None, None];
    assert_eq!(live[..8], expected);
    assert!(live[8..].iter().all(Option::is_none));
    assert_eq!(wq_of(usize::MAX, 8), None);
}

#[test]
fn the_worker_polls_while_something_comes() {
    let idle = Swept {
        open: true,
        ..Swept::default()
    };
    let patience = Patience::default();
    assert_eq!(
        Swept { found: 1, ..idle }.next(IDLE_US, patience),
        Next::Poll
    );
    assert_eq!(idle.next(IDLE_US - 1, patience), Next::Poll);
    assert_eq!(idle.next(IDLE_US, patience), Next::Park);
    // No page is in use.
    assert_eq!(Swept::default().next(0, patience), Next::Park);
}

#[test]
fn the_worker_does_not_poll_for_what_it_could_not_take() {
    let full = Swept {
        full: 0b10,
        ..Swept::default()
    };
    let patience = Patience::default();
    assert_eq!(full.next(0, patience), Next::Wait);
    // Another WQ has an entry free.
    assert_eq!(Swept { open: true, ..full }.next(0, patience), Next::Poll);
    assert_eq!(
        Swept { open: true, ..full }.next(IDLE_US, patience),
        Next::Park
    );
    assert_eq!(full.left(u32::MAX, 2), 0b11_0000);
    assert_eq!(full.left(0b10_1111, 2), 0b10_0000);
    assert_eq!(full.left(u32::MAX, 1), 0);
}

proptest! {
    #[test]
    fn whatever_is_stored_is_taken_once_and_in_order(
        starts in prop::collection::vec(0..SLOTS, 1..4),
        amounts in prop::collection::vec(0..=SLOTS, 1..50),
    ) {
        for start in starts {
            let page = Memory::new();
            let mut rotation = Rotation { first: start };
            let (mut slot, mut next, mut expected) = (start, 1, 1);
            for amount in &amounts {
                for _ in 0..*amount {
                    page.store(slot, next);
                    slot = (slot + 1) % SLOTS;
                    next += 1;
                }
                let (taken, torn) = sweep(&mut rotation, &page);
                prop_assert_eq!(torn, 0);
                for value in taken {
                    prop_assert_eq!(value, expected);
                    expected += 1;
                }
                prop_assert_eq!(expected, next);
            }
        }
    }
}

#[test]
fn a_tenant_that_takes_long_to_store_is_waited_for_longer_each_time() {
    let idle = Swept {
        open: true,
        ..Swept::default()
    };
    let mut patience = Patience::default();
    let mut us = IDLE_US;
    for _ in 0..20 {
        assert_eq!(idle.next(us - 1, patience), Next::Poll);
        assert_eq!(idle.next(us, patience), Next::Park);
        patience.ended();
        us = (2 * us).min(MOST_IDLE_US);
    }
    // One that stores is trusted to be quicker the next time, and not at once.
    patience.found();
    assert_eq!(idle.next(MOST_IDLE_US - 1, patience), Next::Poll);
    for _ in 0..20 {
        patience.found();
        patience.ended();
    }
    assert_eq!(patience, Patience::default());
}

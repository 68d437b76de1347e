// SPDX-License-Identifier: GPL-2.0

//! Memory of a tenant that is pinned, and mapped for the hardware: a bounded number of ranges, which
//! stay until the tenant takes the memory away, or others need the place.
//!
//! This only keeps the account. Pinning and unpinning take as long as the tenant likes, so the thread
//! of the engine does them without the lock that guards this, and a range is there meanwhile: whoever
//! takes memory away sees it.

use kernel::{
    page::PAGE_SIZE,
    prelude::*,
    time::{
        Delta,
        Instant,
        Monotonic, //
    }, //
};

use super::span::Span;
use crate::{
    ffi::mapped::Mapped,
    framework::PinnedPages, //
};

/// Most ranges of a tenant.
const RANGES: usize = 64;

/// Most pages of a tenant that stay: 128 MiB.
const PAGES: u64 = 1 << 15;

/// How long no more is pinned than when a limit of the tenant did not allow more: VFIO prints a line
/// whenever one does not.
const BACK_OFF: Delta = Delta::from_secs(60);

/// A range that is pinned and mapped.
pub(super) struct Held {
    /// Dropped first: then the pages are not pinned any more.
    pub(super) mapped: Mapped,
    pub(super) _counted: PinnedPages,
}

/// What there is of a range.
enum What {
    /// It is being pinned.
    Pinning,
    Held(Held),
    /// It is being unpinned.
    Unpinning,
}

struct Range {
    span: Span,
    /// Whether the hardware may write to it.
    write: bool,
    /// How many need it: pieces that the hardware has, and operations that go on there.
    users: u32,
    /// When it was used last.
    used: u64,
    /// It is not to be used again.
    stale: bool,
    what: What,
}

impl Range {
    fn is_idle(&self) -> bool {
        self.users == 0 && matches!(self.what, What::Held(_))
    }

    fn pages(&self) -> u64 {
        self.span.len / PAGE_SIZE as u64
    }
}

/// Whether another range can be pinned.
pub(super) enum Room {
    /// It can.
    Free,
    /// When this one is gone.
    Instead(usize),
    /// When something that is in use ends.
    Later,
    /// A limit of the tenant does not allow it, whatever else is unpinned.
    Limited,
}

/// The ranges of a tenant.
pub(super) struct Ranges {
    places: KVec<Option<Range>>,
    /// Counts uses.
    clock: u64,
    /// Most pages that a limit of the tenant allows, and since when that is known.
    limit: Option<(u64, Instant<Monotonic>)>,
    /// Nothing is mapped for the hardware any more.
    dead: bool,
    /// Counts what was pinned and unpinned, and calls that began or ended.
    progress: u64,
}

/// Room for the ranges of a tenant, or for none.
#[derive(Default)]
pub(super) struct Places(KVec<Option<Range>>);

impl Places {
    pub(super) fn new() -> Result<Self> {
        let mut places = KVec::with_capacity(RANGES, GFP_KERNEL)?;
        for _ in 0..RANGES {
            places.push(None, GFP_KERNEL)?;
        }
        Ok(Self(places))
    }
}

impl Ranges {
    /// With room for none.
    pub(super) fn new() -> Self {
        Self {
            places: KVec::new(),
            clock: 0,
            limit: None,
            dead: false,
            progress: 0,
        }
    }

    /// Has this room in place of what there was, which is returned. There are no ranges.
    pub(super) fn replace(&mut self, places: Places) -> Places {
        Places(core::mem::replace(&mut self.places, places.0))
    }

    fn ranges(&self) -> impl Iterator<Item = (usize, &Range)> {
        let all = self.places.iter().enumerate();
        all.filter_map(|(at, range)| Some((at, range.as_ref()?)))
    }

    fn get_mut(&mut self, at: usize) -> Option<&mut Range> {
        self.places.get_mut(at)?.as_mut()
    }

    fn place_of(&self, span: &Span, write: bool) -> Option<usize> {
        let fits = |range: &Range| {
            let is_held = matches!(range.what, What::Held(_)) && !range.stale;
            is_held && range.span.contains(span) && (range.write || !write)
        };
        self.ranges()
            .find(|(_, range)| fits(range))
            .map(|(at, _)| at)
    }

    /// A range that has all of `span`; it has a further user then.
    pub(super) fn find(&mut self, span: &Span, write: bool) -> Option<usize> {
        let at = self.place_of(span, write)?;
        self.enter(at);
        Some(at)
    }

    /// Whether all of `span` is there to be written to.
    pub(super) fn has(&self, span: &Span) -> bool {
        self.place_of(span, true).is_some()
    }

    /// A range has a further user.
    pub(super) fn enter(&mut self, at: usize) {
        self.clock += 1;
        let clock = self.clock;
        if let Some(range) = self.get_mut(at) {
            range.users += 1;
            range.used = clock;
        }
    }

    /// A range has a user less.
    pub(super) fn leave(&mut self, at: usize) {
        if let Some(range) = self.get_mut(at) {
            range.users = range.users.saturating_sub(1);
        }
    }

    /// Whether so many pages more can be pinned.
    pub(super) fn room(&mut self, pages: u64) -> Room {
        self.limit = self.limit.filter(|(_, since)| since.elapsed() < BACK_OFF);
        let limited = self.limit.map(|(most, _)| most);
        let held: u64 = self.ranges().map(|(_, range)| range.pages()).sum();
        let is_free = self.places.iter().any(Option::is_none);
        let most = limited.unwrap_or(u64::MAX).min(PAGES);
        if is_free && held.saturating_add(pages) <= most {
            return Room::Free;
        }
        if let Some(at) = self.idle() {
            return Room::Instead(at);
        }
        if limited.is_some_and(|limited| pages > limited) {
            Room::Limited
        } else {
            Room::Later
        }
    }

    /// A limit of the tenant does not allow more pages than there are now.
    pub(super) fn set_limited(&mut self) {
        let held = |(_, range): (_, &Range)| match range.what {
            What::Pinning => 0,
            What::Held(_) | What::Unpinning => range.pages(),
        };
        self.limit = Some((self.ranges().map(held).sum(), Instant::now()));
    }

    /// The range that nobody needs and that was used longest ago.
    pub(super) fn idle(&self) -> Option<usize> {
        let idle = self.ranges().filter(|(_, range)| range.is_idle());
        idle.min_by_key(|(_, range)| range.used).map(|(at, _)| at)
    }

    /// A range that is stale and that nobody needs.
    pub(super) fn idle_and_stale(&self) -> Option<usize> {
        let mut ranges = self.ranges();
        let found = ranges.find(|(_, range)| range.is_idle() && range.stale);
        found.map(|(at, _)| at)
    }

    /// A range that is about to be pinned; nothing if there is no place.
    pub(super) fn reserve(&mut self, span: Span, write: bool) -> Option<usize> {
        let at = self.places.iter().position(Option::is_none)?;
        *self.places.get_mut(at)? = Some(Range {
            span,
            write,
            users: 1,
            used: self.clock,
            stale: false,
            what: What::Pinning,
        });
        Some(at)
    }

    /// A range that was reserved is pinned and mapped, as far as `len` bytes. What is not all that
    /// was asked for is not used again: the rest may come.
    pub(super) fn fill(&mut self, at: usize, len: u64, held: Held) {
        self.note_progress();
        if let Some(range) = self.get_mut(at) {
            // Nor is what the CPU and the device see differently meanwhile.
            range.stale |= len < range.span.len || held.mapped.needs_sync();
            range.span.len = len;
            range.what = What::Held(held);
        }
    }

    /// There is nothing of a range any more.
    pub(super) fn forget(&mut self, at: usize) {
        self.note_progress();
        if let Some(place) = self.places.get_mut(at) {
            *place = None;
        }
    }

    /// Takes what nobody needs, which the hardware has no access to any more, to be unpinned; then it
    /// is forgotten.
    pub(super) fn take(&mut self, at: usize) -> Option<Held> {
        let range = self.get_mut(at)?;
        if !range.is_idle() {
            return None;
        }
        match core::mem::replace(&mut range.what, What::Unpinning) {
            What::Held(mut held) => {
                held.mapped.unmap();
                Some(held)
            }
            other => {
                range.what = other;
                None
            }
        }
    }

    /// Those that `concerned` applies to are not used again.
    pub(super) fn set_stale(&mut self, concerned: impl Fn(&Span) -> bool) {
        for range in self.places.iter_mut().flatten() {
            range.stale |= concerned(&range.span);
        }
    }

    /// Whether something in `span` is pinned, or is being pinned or unpinned.
    pub(super) fn pins(&self, span: &Span) -> bool {
        self.ranges().any(|(_, range)| range.span.overlaps(span))
    }

    /// Whether somebody needs one.
    pub(super) fn are_used(&self) -> bool {
        self.ranges().any(|(_, range)| range.users > 0)
    }

    /// Whether nothing is.
    pub(super) fn is_empty(&self) -> bool {
        self.places.iter().all(Option::is_none)
    }

    /// What a range is.
    pub(super) fn span(&self, at: usize) -> Option<Span> {
        Some(self.places.get(at)?.as_ref()?.span)
    }

    /// What is mapped of a range.
    pub(super) fn mapped(&self, at: usize) -> Option<&Mapped> {
        match &self.places.get(at)?.as_ref()?.what {
            What::Held(held) => Some(&held.mapped),
            What::Pinning | What::Unpinning => None,
        }
    }

    /// Nothing is mapped for the hardware any more, nor will be. The hardware has nothing.
    pub(super) fn kill(&mut self) {
        self.dead = true;
        for range in self.places.iter_mut().flatten() {
            range.stale = true;
            if let What::Held(held) = &mut range.what {
                held.mapped.unmap();
            }
        }
    }

    /// There is another tenant, with other limits.
    pub(super) fn forget_limit(&mut self) {
        self.limit = None;
    }

    /// Whether [`Self::kill`] was called.
    pub(super) fn is_dead(&self) -> bool {
        self.dead
    }

    /// What is being pinned.
    pub(super) fn being_pinned(&self) -> Option<Span> {
        let mut ranges = self.ranges();
        let found = ranges.find(|(_, range)| matches!(range.what, What::Pinning));
        found.map(|(_, range)| range.span)
    }

    /// Something went on that whoever takes memory away may wait for.
    pub(super) fn note_progress(&mut self) {
        self.progress = self.progress.wrapping_add(1);
    }

    /// Another number whenever something has gone on.
    pub(super) fn progress(&self) -> u64 {
        self.progress
    }
}

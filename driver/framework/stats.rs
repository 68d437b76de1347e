// SPDX-License-Identifier: GPL-2.0

//! Statistics: what became of the descriptors of a subdev, a work queue and a parent.
//!
//! Counters are relaxed atomics, which are read without waiting for anything. They belong to the
//! object and not to its [`Function`](super::Function), which comes and goes with activation.
//! A function counts with a [`Meter`] for each of its virtual work queues, at the subdev, the work
//! queue and the parent at the same time: so the work queue and the parent keep what subdevs had
//! that are gone, and nothing has to be added up when one goes.

use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Atomic,
            Relaxed,
            Release, //
        },
        Arc, //
    }, //
};

/// Codes from 0 on that are counted one by one: those of known accelerators. With as many the
/// counters of an object fit into a kilobyte.
const CODES: usize = 96;

/// The counters of one object.
pub(crate) struct Stats {
    submitted: Atomic<u64>,
    completed: Atomic<u64>,
    failed: Atomic<u64>,
    rejected: Atomic<u64>,
    aborted: Atomic<u64>,
    wq_full: Atomic<u64>,
    bytes: Atomic<u64>,
    hw_submitted: Atomic<u64>,
    interrupts: Atomic<u64>,
    lost_interrupts: Atomic<u64>,
    faults: Atomic<u64>,
    pin_limited: Atomic<u64>,
    pinned_pages: Atomic<u64>,
    pinned_pages_max: Atomic<u64>,
    codes: [Atomic<u64>; CODES],
}

/// The counters of one object at one time; what they mean is in the spec's set `stats`.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) submitted: u64,
    pub(crate) completed: u64,
    pub(crate) failed: u64,
    pub(crate) rejected: u64,
    pub(crate) aborted: u64,
    pub(crate) wq_full: u64,
    pub(crate) bytes: u64,
    pub(crate) hw_submitted: u64,
    pub(crate) interrupts: u64,
    pub(crate) lost_interrupts: u64,
    pub(crate) faults: u64,
    pub(crate) pin_limited: u64,
    pub(crate) pinned_pages: u64,
    pub(crate) pinned_pages_max: u64,
}

impl Counts {
    /// Descriptors that have not ended.
    pub(crate) fn in_flight(&self) -> u64 {
        // Ends are read before submissions, see `Stats::counts`, so there are no more of them.
        let ends = [self.completed, self.failed, self.rejected, self.aborted];
        ends.into_iter().fold(self.submitted, u64::saturating_sub)
    }
}

impl Stats {
    /// All zero.
    pub(super) fn new() -> Result<Arc<Self>> {
        let stats = Self {
            submitted: Atomic::new(0),
            completed: Atomic::new(0),
            failed: Atomic::new(0),
            rejected: Atomic::new(0),
            aborted: Atomic::new(0),
            wq_full: Atomic::new(0),
            bytes: Atomic::new(0),
            hw_submitted: Atomic::new(0),
            interrupts: Atomic::new(0),
            lost_interrupts: Atomic::new(0),
            faults: Atomic::new(0),
            pin_limited: Atomic::new(0),
            pinned_pages: Atomic::new(0),
            pinned_pages_max: Atomic::new(0),
            codes: [const { Atomic::new(0) }; CODES],
        };
        Ok(Arc::new(stats, GFP_KERNEL)?)
    }

    /// All counters but for those of codes.
    pub(crate) fn counts(&self) -> Counts {
        // Each end is a release that comes after its submission: who reads ends before submissions
        // finds no end whose submission it does not find.
        let [completed, failed, rejected, aborted] =
            [&self.completed, &self.failed, &self.rejected, &self.aborted]
                .map(|counter| counter.load(Acquire));
        Counts {
            submitted: self.submitted.load(Relaxed),
            completed,
            failed,
            rejected,
            aborted,
            wq_full: self.wq_full.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            hw_submitted: self.hw_submitted.load(Relaxed),
            interrupts: self.interrupts.load(Relaxed),
            lost_interrupts: self.lost_interrupts.load(Relaxed),
            faults: self.faults.load(Relaxed),
            pin_limited: self.pin_limited.load(Relaxed),
            pinned_pages: self.pinned_pages.load(Relaxed),
            pinned_pages_max: self.pinned_pages_max.load(Relaxed),
        }
    }

    /// How many descriptors ended with each code that there was.
    pub(crate) fn codes(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        let counts = self.codes.iter().map(|count| count.load(Relaxed));
        (0..).zip(counts).filter(|(_, count)| *count > 0)
    }

    fn count_code(&self, code: u8) {
        // One that is too high is counted without its code.
        if let Some(count) = self.codes.get(usize::from(code)) {
            count.add(1, Relaxed);
        }
    }

    fn pin(&self, pages: u64) {
        let before = self.pinned_pages.fetch_add(pages, Relaxed);
        let now = before.saturating_add(pages);
        let mut max = self.pinned_pages_max.load(Relaxed);
        while now > max {
            match self.pinned_pages_max.cmpxchg(max, now, Relaxed) {
                Ok(_) => return,
                Err(other) => max = other,
            }
        }
    }
}

/// Counts for one virtual work queue: at its subdev, its work queue and its parent.
#[derive(Clone)]
pub(crate) struct Meter {
    stats: [Arc<Stats>; 3],
}

impl Meter {
    /// Counts at all of these.
    pub(super) fn new(subdev: Arc<Stats>, wq: Arc<Stats>, parent: Arc<Stats>) -> Self {
        Self {
            stats: [subdev, wq, parent],
        }
    }

    fn each(&self, count: impl Fn(&Stats)) {
        self.stats.iter().for_each(|stats| count(stats));
    }

    /// A descriptor was submitted: to be called before its end can be counted.
    pub(crate) fn submitted(&self) {
        self.each(|stats| stats.submitted.add(1, Relaxed));
    }

    /// A descriptor that was submitted succeeded after it had processed `bytes`.
    pub(crate) fn completed(&self, bytes: u64) {
        self.each(|stats| {
            stats.bytes.add(bytes, Relaxed);
            stats.completed.fetch_add(1, Release);
        });
    }

    /// One failed with `code` after it had processed `bytes`.
    pub(crate) fn failed(&self, code: u8, bytes: u64) {
        self.each(|stats| {
            stats.bytes.add(bytes, Relaxed);
            stats.count_code(code);
            stats.failed.fetch_add(1, Release);
        });
    }

    /// One was refused with `code` before anything was done for it.
    pub(crate) fn rejected(&self, code: u8) {
        self.each(|stats| {
            stats.count_code(code);
            stats.rejected.fetch_add(1, Release);
        });
    }

    /// One was dropped.
    pub(crate) fn aborted(&self) {
        self.each(|stats| {
            stats.aborted.fetch_add(1, Release);
        });
    }

    /// A descriptor was not taken because all entries are in use; it does not count as submitted.
    pub(crate) fn wq_full(&self) {
        self.each(|stats| stats.wq_full.add(1, Relaxed));
    }

    /// The hardware was given a descriptor.
    pub(crate) fn hw_submitted(&self) {
        self.each(|stats| stats.hw_submitted.add(1, Relaxed));
    }

    /// The end of a descriptor raised an interrupt.
    pub(crate) fn interrupted(&self) {
        self.each(|stats| stats.interrupts.add(1, Relaxed));
    }

    /// The hardware was found to be done with something that no interrupt had told of.
    pub(crate) fn interrupt_lost(&self) {
        self.each(|stats| stats.lost_interrupts.add(1, Relaxed));
    }

    /// Memory of the VFIO user was not there.
    pub(crate) fn faulted(&self) {
        self.each(|stats| stats.faults.add(1, Relaxed));
    }

    /// A limit of the VFIO user did not allow to pin memory for a descriptor.
    pub(crate) fn pin_limited(&self) {
        self.each(|stats| stats.pin_limited.add(1, Relaxed));
    }

    /// Counts `pages` as pinned until what is returned is dropped.
    pub(crate) fn pin(&self, pages: usize) -> PinnedPages {
        let pages = pages as u64;
        self.each(|stats| stats.pin(pages));
        PinnedPages {
            meter: self.clone(),
            pages,
        }
    }
}

#[cfg(CONFIG_KUNIT = "y")]
impl Meter {
    /// Counts at the returned counters, and at others that nobody sees.
    pub(crate) fn kunit() -> Result<(Self, Arc<Stats>)> {
        let stats = Stats::new()?;
        Ok((
            Self::new(stats.clone(), Stats::new()?, Stats::new()?),
            stats,
        ))
    }
}

/// Pages that count as pinned.
pub(crate) struct PinnedPages {
    meter: Meter,
    pages: u64,
}

impl Drop for PinnedPages {
    fn drop(&mut self) {
        self.meter.each(|stats| {
            stats.pinned_pages.fetch_sub(self.pages, Relaxed);
        });
    }
}

// SPDX-License-Identifier: GPL-2.0

//! A portal that is memory: a tenant maps it and stores descriptors to it, and a thread in the
//! tenant's process takes them from there.
//!
//! While the tenant is busy neither of them enters the kernel for a descriptor, or leaves it. When
//! nothing came for a while the thread takes the mapping away, looks once more, and sleeps; the next
//! store is a fault, which maps the page and wakes the thread. Pages are put in and taken away under
//! one lock: a page that is there is looked at, and one that is not cannot be stored to.
//!
//! The thread polls only where it can take something: it sleeps while the tenant's entries are all in
//! flight, and what is stored meanwhile stays where it is.

use kernel::{
    new_condvar,
    new_mutex,
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            Full,
            Relaxed, //
        },
        Arc,
        CondVar,
        Mutex, //
    },
    time::{
        Delta,
        Instant,
        Monotonic, //
    }, //
};

use super::{
    engine::Engine,
    front::Front, //
};
use crate::{
    dsa_core::{
        portal::{
            self,
            Next,
            Patience,
            Rotation,
            Swept,
            PAGES,
            SLOTS, //
        },
        regs::{
            swerr,
            WQ_BAR, //
        },
        virt::{
            Submission,
            Swerr, //
        }, //
    },
    ffi::{
        mmap::{
            exclude_faults,
            Fault,
            SharedPage, //
        },
        task,
        vhost_task::{
            Thread,
            Worker, //
        }, //
    },
    framework::{
        wait_for,
        Host,
        Mappable,
        Region, //
    }, //
};

impl portal::Page for SharedPage {
    fn load(&self, word: usize) -> u64 {
        // There are as many words as a page has.
        self.words().get(word).map_or(0, |word| word.load(Acquire))
    }

    fn clear(&self, word: usize, old: u64) -> bool {
        let word = self.words().get(word);
        word.is_some_and(|word| word.cmpxchg(old, 0, Full).is_ok())
    }
}

/// Who takes what is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taker {
    /// The thread.
    Thread,
    /// Nobody, as the subdev is dead: what its user has mapped is memory, and nothing else.
    Nobody,
    /// Nobody, as there is no thread yet, or the process is gone that it was in: who has mapped the
    /// portal gets SIGBUS.
    Gone,
}

/// What is mapped.
struct Pages {
    /// There while the device is open.
    region: Option<Mappable>,
    taker: Taker,
    /// The pages that were mapped since the mapping was taken away last; bit n is page n.
    mapped: u32,
    /// The pages that are looked at: those that are mapped, and those that may have something left.
    used: u32,
    /// A page was mapped since the thread began to count how long nothing was found.
    fresh: bool,
}

impl Pages {
    /// Nothing is mapped any more.
    fn withdraw(&mut self) {
        if self.mapped != 0 {
            if let Some(region) = &mut self.region {
                region.withdraw();
            }
            self.mapped = 0;
        }
    }

    /// A page, if it was mapped since the device was opened.
    fn page(&self, n: usize) -> Option<Arc<SharedPage>> {
        self.region.as_ref()?.page(n)
    }
}

/// Where descriptors are looked for next.
struct Rotations {
    pages: [Rotation; PAGES],
    /// Whether anything is taken, also by a sweep that is under way: [`Pages::taker`] is the thread.
    is_taken: bool,
}

/// What becomes of a descriptor whose WQ has no entry free.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Surplus {
    /// It stays where it is until there is one.
    Stays,
    /// It is refused, as one that is written to the file.
    Refused,
}

/// What the thread has done.
struct Progress {
    /// When something was found last.
    busy: Option<Instant<Monotonic>>,
    patience: Patience,
    /// Number of sweeps that were begun.
    begun: u64,
    /// How many of these have ended.
    done: u64,
    /// How many wait for the end of one.
    waiting: u32,
    /// There will be no more.
    ended: bool,
}

/// The portal of a function, all of whose WQs it has.
#[pin_data]
pub(super) struct Portal {
    front: Arc<Front>,
    engine: Arc<Engine>,
    wqs: u8,
    /// Held while one descriptor is taken and accepted: whoever discards, or has nothing more taken, holds
    /// it, so that nothing that was found before is accepted, or refused, after that.
    #[pin]
    rotations: Mutex<Rotations>,
    #[pin]
    pages: Mutex<Pages>,
    #[pin]
    progress: Mutex<Progress>,
    /// A sweep has ended that somebody waits for.
    #[pin]
    swept: CondVar,
    /// Held while one is started, too.
    #[pin]
    worker: Mutex<Option<Thread<Portal>>>,
}

impl Portal {
    /// The portal of a function with `wqs` WQs. There is nothing to map until it is opened.
    pub(super) fn new(front: Arc<Front>, engine: Arc<Engine>, wqs: u8) -> Result<Arc<Self>> {
        let pages = Pages {
            region: None,
            taker: Taker::Gone,
            mapped: 0,
            used: 0,
            fresh: false,
        };
        let progress = Progress {
            busy: None,
            patience: Patience::default(),
            begun: 0,
            done: 0,
            waiting: 0,
            ended: false,
        };
        let rotations = Rotations {
            pages: [Rotation::default(); PAGES],
            is_taken: false,
        };
        Arc::pin_init(
            pin_init!(Self {
                front,
                engine,
                wqs,
                rotations <- new_mutex!(rotations, "Portal::rotations"),
                pages <- new_mutex!(pages, "Portal::pages"),
                progress <- new_mutex!(progress, "Portal::progress"),
                swept <- new_condvar!("Portal::swept"),
                worker <- new_mutex!(None, "Portal::worker"),
            }),
            GFP_KERNEL,
        )
    }

    /// The device is open. Nothing can be mapped before [`Self::prepare`].
    pub(super) fn open(&self, host: &dyn Host) -> Result {
        // CAST: A small constant.
        let region = host.mappable(Region::Bar(WQ_BAR as u8))?;
        let mut rotations = self.rotations.lock();
        rotations.pages = [Rotation::default(); PAGES];
        rotations.is_taken = false;
        let mut pages = self.pages.lock();
        pages.region = Some(region);
        // One that was killed stays so.
        if pages.taker == Taker::Thread {
            pages.taker = Taker::Gone;
        }
        pages.mapped = 0;
        pages.used = 0;
        Ok(())
    }

    /// Starts the thread, in the calling process, which is about to map the portal, unless there is
    /// one in a process that lives. Must not be called with the memory of the process locked.
    pub(super) fn prepare(self: &Arc<Self>) -> Result {
        let mut worker = self.worker.lock();
        // One that was killed needs none.
        if self.pages.lock().taker != Taker::Gone {
            return Ok(());
        }
        // That of a process that is gone, whose end is waited for.
        let old = worker.take();
        drop(old);
        {
            let mut progress = self.progress.lock();
            progress.patience = Patience::default();
            progress.ended = false;
            progress.busy = None;
        }
        self.engine.bell().reset();
        // Before there is one, as it may end at once.
        self.become_taken(Taker::Gone, Taker::Thread);
        let thread = Thread::start(c"subdev-portal", self.clone());
        let thread = thread.inspect_err(|_| self.become_taken(Taker::Thread, Taker::Gone))?;
        *worker = Some(thread);
        Ok(())
    }

    fn become_taken(&self, old: Taker, new: Taker) {
        let mut rotations = self.rotations.lock();
        let mut pages = self.pages.lock();
        if pages.taker == old {
            pages.taker = new;
        }
        rotations.is_taken = pages.taker == Taker::Thread;
    }

    /// Waits for the end of the thread, and frees the pages. Nothing is mapped any more: each mapping
    /// keeps the device open.
    ///
    /// Waits as long as the tenant likes.
    pub(super) fn close(&self) {
        let thread = self.worker.lock().take();
        drop(thread);
        let region = {
            let mut pages = self.pages.lock();
            pages.used = 0;
            pages.mapped = 0;
            pages.region.take()
        };
        drop(region);
    }

    /// Somebody accesses a page that is not mapped.
    pub(super) fn fault(&self, fault: &Fault<'_>) -> Result {
        if !self.put_in(fault, None)? {
            // Without the lock, as it may have to wait for memory.
            self.put_in(fault, Some(SharedPage::new()?))?;
        }
        Ok(())
    }

    /// Puts a page into its mapping, `spare` if there is none yet. Returns false if there is none and
    /// no spare one.
    fn put_in(&self, fault: &Fault<'_>, spare: Option<Arc<SharedPage>>) -> Result<bool> {
        let mut pages = self.pages.lock();
        if pages.taker == Taker::Gone {
            return Err(EFAULT);
        }
        let region = pages.region.as_mut().ok_or(EFAULT)?;
        let Some(page) = region.insert(fault, spare)? else {
            return Ok(false);
        };
        pages.mapped |= 1 << page;
        if pages.taker == Taker::Thread {
            pages.used |= 1 << page;
            pages.fresh = true;
            // Under the lock, so that who is about to sleep sees the page or is woken up.
            self.engine.bell().ring();
        }
        Ok(true)
    }

    /// The subdev is going away: on return nothing is taken from the portal any more, and what its user
    /// has mapped stays, as memory. Waits for one descriptor at most.
    pub(super) fn kill(&self) {
        self.retire(Taker::Nobody);
    }

    fn retire(&self, taker: Taker) {
        {
            // A sweep may be under way.
            let mut rotations = self.rotations.lock();
            rotations.is_taken = false;
            let mut pages = self.pages.lock();
            if pages.taker != Taker::Nobody {
                pages.taker = taker;
            }
            if pages.taker == Taker::Gone {
                pages.withdraw();
            }
            pages.used = 0;
        }
        self.progress.lock().ended = true;
        self.swept.notify_all();
        self.front.waker().leave();
    }

    /// A descriptor that was written to the file.
    pub(super) fn submit(&self, submission: &Submission) {
        // It must not take the entry of one that is being taken from memory.
        let _rotations = self.rotations.lock();
        self.engine.queue(submission);
    }

    /// Takes all that was stored before this call, and refuses what finds no entry free. Looks at each
    /// slot once.
    pub(super) fn take_all(&self) {
        self.sweep(Surplus::Refused);
    }

    /// Discards all that is stored, also in pages that are not looked at. On return nothing that was
    /// stored before is accepted, or refused.
    pub(super) fn discard(&self) {
        let rotations = self.rotations.lock();
        for n in 0..PAGES {
            let page = self.pages.lock().page(n);
            if let Some(page) = page {
                for word in page.words() {
                    word.store(0, Relaxed);
                }
            }
        }
        drop(rotations);
    }

    /// Looks at all pages that are in use, and takes what is stored there.
    fn sweep(&self, surplus: Surplus) -> Swept {
        let mut swept = Swept::default();
        let used = self.pages.lock().used;
        for n in (0..PAGES).filter(|n| used & 1 << n != 0) {
            let page = self.pages.lock().page(n);
            if let (Some(page), Some(wq)) = (page, portal::wq_of(n, self.wqs)) {
                self.sweep_page(n, &page, wq, surplus, &mut swept);
                if self.engine.has_room(wq) {
                    swept.open = true;
                } else {
                    swept.full |= 1 << wq;
                }
            }
        }
        swept
    }

    /// Takes what is stored in page `n`.
    fn sweep_page(&self, n: usize, page: &SharedPage, wq: u8, surplus: Surplus, swept: &mut Swept) {
        let mut left = SLOTS;
        while left > 0 {
            let mut rotations = self.rotations.lock();
            if !rotations.is_taken {
                return;
            }
            let Some(rotation) = rotations.pages.get_mut(n) else {
                return;
            };
            let Some(stored) = rotation.find(page, &mut left) else {
                return;
            };
            if surplus == Surplus::Stays && !self.engine.has_room(wq) {
                rotation.put_back(&stored);
                return;
            }
            swept.found += 1;
            match stored.take(page) {
                Some(raw) => self.engine.queue(&Submission { wq, raw }),
                None => self.front.software_error(Swerr {
                    code: swerr::TORN,
                    wq: Some(wq),
                    ..Swerr::default()
                }),
            }
        }
    }

    /// Waits until the thread has taken what was stored before this call and there are entries for; for
    /// `limit` at most. Returns false if it has not by then.
    pub(super) fn taken_within(&self, limit: Delta) -> bool {
        {
            let pages = self.pages.lock();
            if pages.region.is_none() || pages.taker != Taker::Thread || pages.used == 0 {
                // Nobody takes anything, or nothing was stored since the thread has looked last.
                return true;
            }
        }
        let next = {
            let mut progress = self.progress.lock();
            progress.waiting += 1;
            progress.begun + 1
        };
        self.engine.bell().ring();
        let taken = wait_for(&self.progress, &self.swept, limit, |progress| {
            (progress.done >= next || progress.ended).then_some(())
        });
        self.progress.lock().waiting -= 1;
        taken.is_some()
    }

    /// A sweep of the thread. Returns what it found, and what the thread does next.
    fn sweep_counted(&self) -> (Swept, Next) {
        self.progress.lock().begun += 1;
        let swept = self.sweep(Surplus::Stays);
        let mut progress = self.progress.lock();
        progress.done = progress.begun;
        if progress.waiting > 0 {
            self.swept.notify_all();
        }
        let since = progress.busy.filter(|_| swept.found == 0);
        let idle_us = if let Some(since) = since {
            since.elapsed().as_nanos() / 1000
        } else {
            progress.busy = Some(Instant::now());
            0
        };
        if swept.found > 0 {
            progress.patience.found();
        }
        (swept, swept.next(idle_us, progress.patience))
    }

    /// Whether somebody waits for a sweep. Whoever is about to sleep looks at it after
    /// [`Bell::sleep`](super::bell::Bell::sleep), as the bell may have rung before that.
    fn is_awaited(&self) -> bool {
        self.progress.lock().waiting > 0
    }

    /// From the next sweep on it counts anew how long nothing is found.
    fn restart(&self) {
        self.progress.lock().busy = None;
    }

    /// Sleeps until an entry is free, or a page is mapped. `used` are the pages that were looked at, and
    /// `full` the WQs that something may be left for.
    fn wait(&self, used: u32, full: u8) {
        let bell = self.engine.bell();
        self.restart();
        bell.sleep(task::current(), true);
        // What happened since the look may not have rung.
        let has_room = |wq| full >> wq & 1 != 0 && self.engine.has_room(wq);
        let is_used = self.pages.lock().used != used;
        if is_used || self.is_awaited() || (0..self.wqs).any(has_room) {
            bell.ring();
        }
    }

    /// Sleeps until a page is mapped, and, if something was left for want of an entry, until there is
    /// one.
    fn park(&self) {
        let withdrawn = exclude_faults(|| {
            let mut pages = self.pages.lock();
            if !pages.fresh {
                pages.withdraw();
            }
            !pages.fresh
        });
        if withdrawn != Some(true) {
            // Somebody who has a page since the last look is about to store, or it is the end.
            return;
        }
        // What was stored before that is seen now, and what is stored from now on is a fault.
        let swept = self.sweep(Surplus::Stays);
        {
            let mut progress = self.progress.lock();
            progress.busy = None;
            if swept.found > 0 {
                progress.patience.found();
                return;
            }
            progress.patience.ended();
        }
        let left = {
            let mut pages = self.pages.lock();
            if pages.mapped != 0 {
                return;
            }
            pages.used = swept.left(pages.used, self.wqs);
            if pages.used == 0 {
                // Under the lock, so that the next fault rings.
                self.engine.bell().sleep(task::current(), false);
            }
            pages.used
        };
        if left != 0 {
            self.wait(left, swept.full);
        } else if self.is_awaited() {
            self.engine.bell().ring();
        }
    }
}

impl Worker for Portal {
    fn has_work(&self) -> bool {
        self.engine.bell().is_awake()
    }

    fn work(&self) {
        let (used, fresh) = {
            let mut pages = self.pages.lock();
            (pages.used, core::mem::take(&mut pages.fresh))
        };
        if fresh {
            self.restart();
        }
        self.front.waker().attend();
        let (swept, next) = self.sweep_counted();
        let has_helped = self.engine.help();
        if has_helped {
            self.restart();
        }
        match next {
            Next::Poll => (),
            // There is an entry again, or the tenant is about to store what comes after.
            _ if has_helped => (),
            Next::Wait | Next::Park => {
                // What is in flight ends without this thread.
                self.front.waker().leave();
                match next {
                    Next::Wait => self.wait(used, swept.full),
                    _ => self.park(),
                }
            }
        }
    }

    fn killed(&self) {
        self.retire(Taker::Gone);
    }
}

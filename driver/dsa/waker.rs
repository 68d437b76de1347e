// SPDX-License-Identifier: GPL-2.0

//! Sleep of the thread of an engine, and what ends it.

use kernel::{
    new_condvar,
    new_mutex,
    prelude::*,
    sync::{
        atomic::{
            Acquire,
            AtomicFlag,
            Release, //
        },
        Arc,
        CondVar,
        Mutex, //
    },
    time::{
        delay::fsleep,
        msecs_to_jiffies,
        Delta, //
    }, //
};

/// What is shorter, in ns, is no time for a timer that counts jiffies.
const SHORT: u64 = 1_000_000;

/// The longest sleep, in ns, that does not end when something comes.
const STEP: u64 = 50_000;

/// The longest sleep, in ns, while another thread attends, or was to see the end of something: that one
/// may be stopped, or look no more.
pub(super) const WATCH: u64 = 4_000_000;

/// Wakes the thread of an engine: something came, ended or was granted.
#[pin_data]
pub(super) struct Waker {
    /// Whether there is something that the thread has not looked at. The lock is taken last.
    #[pin]
    news: Mutex<bool>,
    #[pin]
    woken: CondVar,
    /// Another thread looks as well, all the time.
    attended: AtomicFlag,
}

impl Waker {
    pub(super) fn new() -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                news <- new_mutex!(false, "Waker::news"),
                woken <- new_condvar!("Waker::woken"),
                attended: AtomicFlag::new(false),
            }),
            GFP_KERNEL,
        )
    }

    /// There is something to look at. May be called with other locks held.
    pub(super) fn wake(&self) {
        *self.news.lock() = true;
        self.woken.notify_one();
    }

    /// As [`Self::wake`], of something that another thread does if it is attending: the engine's looks
    /// now and then whether that is so.
    pub(super) fn note(&self) {
        *self.news.lock() = true;
        if !self.attended.load(Acquire) {
            self.woken.notify_one();
        }
    }

    /// Another thread looks all the time from now on, until [`Self::leave`].
    pub(super) fn attend(&self) {
        self.attended.store(true, Release);
    }

    /// It does not any more.
    pub(super) fn leave(&self) {
        self.attended.store(false, Release);
        self.woken.notify_one();
    }

    /// Whether another thread looks all the time.
    pub(super) fn is_attended(&self) -> bool {
        self.attended.load(Acquire)
    }

    /// Whether there is something to look at since [`Self::clear`].
    pub(super) fn has_news(&self) -> bool {
        *self.news.lock()
    }

    /// The thread is about to look at everything.
    pub(super) fn clear(&self) {
        *self.news.lock() = false;
    }

    /// Sleeps until there is something to look at since [`Self::clear`], for so many ns at most; what is
    /// longer than [`SHORT`] is rounded up to what the timer of the kernel counts. Returns whether there
    /// is something.
    pub(super) fn sleep(&self, ns: u64) -> bool {
        if ns < SHORT {
            // In steps, as this does not end when something comes.
            if !*self.news.lock() {
                let nanos = i64::try_from(ns.min(STEP)).unwrap_or(0);
                fsleep(Delta::from_nanos(nanos));
            }
            return *self.news.lock();
        }
        let ns = match self.attended.load(Acquire) {
            true => ns.min(WATCH),
            false => ns,
        };
        let ms = u32::try_from(ns.div_ceil(1_000_000)).unwrap_or(u32::MAX);
        let mut left = msecs_to_jiffies(ms);
        let mut news = self.news.lock();
        while !*news && left > 0 {
            use kernel::sync::CondVarTimeoutResult::*;
            left = match self.woken.wait_interruptible_timeout(&mut news, left) {
                // Engines run in kernel threads, which get no signals.
                Woken { jiffies } | Signal { jiffies } => jiffies,
                Timeout => 0,
            };
        }
        *news
    }
}

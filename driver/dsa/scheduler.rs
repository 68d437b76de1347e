// SPDX-License-Identifier: GPL-2.0

//! Turns on a hardware WQ: engines that share it wait here for theirs. The order is decided in
//! [`fair`], how fast one may be in [`rate`](crate::dsa_core::rate).
//!
//! An engine keeps to this order: it looks whether its cap allows more ([`Flow::pace`]); then it pins;
//! then it takes turns ([`Flow::take`]), which depend on other tenants' work in the hardware, and on
//! none of their memory. It returns each when the hardware is done. None of that waits: who cannot go
//! on is told when to look again, and is woken up when something was granted.

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    },
    time::{
        Instant,
        Monotonic, //
    }, //
};

use super::waker::Waker;
use crate::{
    dsa_core::{
        fair::{
            self,
            Fair,
            Next, //
        },
        rate::Rate, //
    },
    subdev_core::quality::Quality, //
};

/// How long to wait at most before looking again, in ns.
const LOOK: u64 = 100_000_000;

/// The order of those who share a hardware WQ.
#[pin_data]
pub(super) struct Scheduler {
    born: Instant<Monotonic>,
    #[pin]
    state: Mutex<State>,
}

struct State {
    fair: Fair,
    places: KVec<Option<Place>>,
    /// How many places are taken.
    flows: usize,
    /// The places of those that are busy; there is room for all.
    busy: KVec<usize>,
}

/// A flow as the scheduler has it.
struct Place {
    flow: fair::Flow,
    rate: Option<Rate>,
    /// Bytes of a turn that was granted and not taken yet.
    granted: Option<u32>,
    /// Bytes that it asks for.
    asked: u32,
    /// When it looks of itself, in ns.
    alarm: Option<u64>,
    waker: Arc<Waker>,
}

impl Scheduler {
    pub(super) fn new() -> Result<Arc<Self>> {
        let state = State {
            fair: Fair::new(),
            places: KVec::new(),
            flows: 0,
            busy: KVec::new(),
        };
        Arc::pin_init(
            pin_init!(Self {
                born: Instant::now(),
                state <- new_mutex!(state, "Scheduler::state"),
            }),
            GFP_KERNEL,
        )
    }

    /// A further user of the WQ, which is served like this, and woken up with `waker`.
    pub(super) fn flow(self: &Arc<Self>, quality: Quality, waker: Arc<Waker>) -> Result<Arc<Flow>> {
        let now = self.now();
        let place = Place {
            flow: fair::Flow::new(quality.weight),
            rate: quality.max_rate.map(|rate| Rate::new(rate, now / 1000)),
            granted: None,
            asked: 0,
            alarm: None,
            waker,
        };
        let mut state = self.state.lock();
        let missing = (state.flows + 1).saturating_sub(state.busy.len());
        state.busy.reserve(missing, GFP_KERNEL)?;
        let at = match state.places.iter().position(Option::is_none) {
            Some(at) => at,
            None => {
                state.places.push(None, GFP_KERNEL)?;
                state.places.len() - 1
            }
        };
        if let Some(free) = state.places.get_mut(at) {
            *free = Some(place);
        }
        state.flows += 1;
        drop(state);
        let flow = Flow {
            scheduler: self.clone(),
            at,
        };
        Ok(Arc::new(flow, GFP_KERNEL)?)
    }

    /// The time, in ns.
    fn now(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_nanos()).unwrap_or(0)
    }
}

impl State {
    fn place(&mut self, at: usize) -> Option<&mut Place> {
        self.places.get_mut(at)?.as_mut()
    }

    /// Whether there is nobody to share with.
    fn is_alone(&self) -> bool {
        self.flows <= 1
    }

    /// Who is next.
    fn next(&self, now: u64) -> Next<usize> {
        let flow = |at: &usize| Some((*at, &self.places.get(*at)?.as_ref()?.flow));
        self.fair.next(self.busy.iter().filter_map(flow), now)
    }

    /// Grants what can be granted now, and sees to it that whoever is next looks again in time.
    fn settle(&mut self, now: u64) {
        loop {
            match self.next(now) {
                Next::Now(at) => self.grant(at, now),
                Next::Later(at, Some(until)) => {
                    if let Some(place) = self.place(at) {
                        if place.alarm.is_none_or(|alarm| alarm > until) {
                            place.alarm = Some(until);
                            place.waker.wake();
                        }
                    }
                    return;
                }
                Next::Later(_, None) | Next::Nobody => return,
            }
        }
    }

    fn grant(&mut self, at: usize, now: u64) {
        let Some(place) = self.places.get_mut(at).and_then(Option::as_mut) else {
            return;
        };
        self.fair.grant(&mut place.flow, now);
        place.granted = Some(place.asked);
        place.waker.wake();
    }

    fn set_busy(&mut self, at: usize, busy: bool) {
        let Some(place) = self.place(at) else {
            return;
        };
        place.flow.set_busy(busy);
        if !busy {
            self.busy.retain(|other| *other != at);
        } else if !self.busy.contains(&at) {
            // There is room for all.
            let _ = self.busy.push_within_capacity(at);
        }
    }

    /// Takes back what was granted and not used, and asks for nothing any more.
    fn withdraw(&mut self, at: usize, now: u64) {
        let Some(place) = self.places.get_mut(at).and_then(Option::as_mut) else {
            return;
        };
        place.flow.withdraw();
        if let Some(bytes) = place.granted.take() {
            self.fair.give_back(&mut place.flow, bytes, now);
        }
    }
}

/// What an engine may do at a time.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// Bytes between two looks at the cap.
    pub(super) window: u32,
    /// Bytes of one turn.
    pub(super) turn: u32,
}

/// A user of a hardware WQ. It is used by one thread at a time, but for [`Self::set`] and
/// [`Self::give_back`].
pub(super) struct Flow {
    scheduler: Arc<Scheduler>,
    at: usize,
}

impl Flow {
    /// Changes weight and cap from now on.
    pub(super) fn set(&self, quality: Quality) {
        let now = self.scheduler.now();
        let mut state = self.scheduler.state.lock();
        let State { fair, places, .. } = &mut *state;
        if let Some(Some(place)) = places.get_mut(self.at) {
            fair.set_weight(&mut place.flow, quality.weight);
            // A cap that stays knows what was taken under it.
            if place.rate.map(|rate| rate.rate()) != quality.max_rate {
                place.rate = quality.max_rate.map(|rate| Rate::new(rate, now / 1000));
            }
            // Whoever waits for the old one looks again.
            place.waker.wake();
        }
    }

    /// There is work to do. Returns what may be done before the next call; if the cap allows nothing,
    /// fails with the time in ns until it is worth to call again.
    pub(super) fn pace(&self) -> Result<Bounds, u64> {
        let now = self.scheduler.now();
        let mut state = self.scheduler.state.lock();
        let turn = if state.is_alone() {
            u32::MAX
        } else {
            fair::TURN
        };
        let place = state.place(self.at).ok_or(LOOK)?;
        let checked = place.rate.as_mut().map(|rate| rate.check(now / 1000));
        if let Some(Err(us)) = checked {
            // Nobody is to wait for what may not be done.
            state.set_busy(self.at, false);
            state.settle(now);
            return Err(us.saturating_mul(1000).min(LOOK));
        }
        // What the cap saves up goes at once.
        let window = place.rate.map_or(u32::MAX, |rate| {
            u32::try_from(rate.burst())
                .unwrap_or(u32::MAX)
                .max(fair::TURN)
        });
        state.set_busy(self.at, true);
        Ok(Bounds { window, turn })
    }

    /// There is no work any more.
    pub(super) fn rest(&self) {
        let now = self.scheduler.now();
        let mut state = self.scheduler.state.lock();
        state.set_busy(self.at, false);
        state.settle(now);
    }

    /// Asks for a turn of so many bytes, or asks again. Returns whether it is granted; if not, the
    /// same has to be asked for until it is, or withdrawn.
    pub(super) fn take(&self, bytes: u32) -> bool {
        let now = self.scheduler.now();
        let mut state = self.scheduler.state.lock();
        let alone = state.is_alone();
        let State { fair, places, .. } = &mut *state;
        let Some(place) = places.get_mut(self.at).and_then(Option::as_mut) else {
            return true;
        };
        place.alarm = None;
        // What was asked for before was something else.
        if (place.granted.is_some() || place.flow.is_asking()) && place.asked != bytes {
            place.flow.withdraw();
            if let Some(granted) = place.granted.take() {
                fair.give_back(&mut place.flow, granted, now);
            }
        }
        if place.granted.is_none() {
            if !place.flow.is_asking() {
                fair.ask(&mut place.flow, bytes);
                place.asked = bytes;
            }
            if alone {
                state.grant(self.at, now);
            } else {
                state.settle(now);
            }
        }
        let Some(place) = state.place(self.at) else {
            return true;
        };
        let granted = place.granted.take();
        if let (Some(bytes), Some(rate)) = (granted, &mut place.rate) {
            rate.take(fair::cost(bytes));
        }
        granted.is_some()
    }

    /// After [`Self::take`] has granted nothing: the time in ns until it is worth to ask again, unless
    /// it is woken up before.
    pub(super) fn alarm(&self) -> u64 {
        let now = self.scheduler.now();
        let mut state = self.scheduler.state.lock();
        let until = match state.next(now) {
            Next::Later(at, Some(until)) if at == self.at => Some(until),
            _ => None,
        };
        if let Some(place) = state.place(self.at) {
            place.alarm = until;
        }
        until.map_or(LOOK, |until| until.saturating_sub(now))
    }

    /// Takes a turn that others do not have to grant: for what was submitted before, and has to be once
    /// more.
    pub(super) fn take_again(&self, bytes: u32) {
        let now = self.scheduler.now();
        let mut state = self.scheduler.state.lock();
        state.withdraw(self.at, now);
        let State { fair, places, .. } = &mut *state;
        if let Some(place) = places.get_mut(self.at).and_then(Option::as_mut) {
            fair.ask(&mut place.flow, bytes);
            fair.grant(&mut place.flow, now);
        }
    }

    /// The turn that was asked for is not wanted any more, if there is one.
    pub(super) fn withdraw(&self) {
        let now = self.scheduler.now();
        let mut state = self.scheduler.state.lock();
        state.withdraw(self.at, now);
        state.settle(now);
    }

    /// Returns a turn that was taken.
    pub(super) fn give_back(&self, bytes: u32) {
        let now = self.scheduler.now();
        let mut state = self.scheduler.state.lock();
        let State { fair, places, .. } = &mut *state;
        if let Some(place) = places.get_mut(self.at).and_then(Option::as_mut) {
            fair.give_back(&mut place.flow, bytes, now);
        }
        state.settle(now);
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        let now = self.scheduler.now();
        let mut state = self.scheduler.state.lock();
        state.set_busy(self.at, false);
        let place = state.places.get_mut(self.at).and_then(Option::take);
        if let Some(place) = &place {
            state.fair.end(&place.flow);
            state.flows -= 1;
        }
        state.settle(now);
        drop(state);
        drop(place);
    }
}

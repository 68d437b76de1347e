// SPDX-License-Identifier: GPL-2.0

//! Hardware that takes one thing after another, and tenants that keep it busy.

use std::collections::VecDeque;

use super::super::{Fair, Flow, Next, LEAST, TURN};

/// Pieces that a tenant has in flight at most.
const DEPTH: usize = 16;

/// How long the hardware takes for a descriptor, in ns, and how many bytes it moves in one.
const DESCRIPTOR: u64 = 100;
const SPEED: u64 = 30;

/// How long it takes to notice the end of a descriptor.
const NOTICE: u64 = 2_000;

/// When nothing happened in that time, nothing will.
const FOR_EVER: u64 = 3_600_000_000_000;

/// One that carries out one descriptor after another, its pieces at the same time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tenant {
    pub(super) weight: u32,
    size: u32,
    piece: u32,
    think: u64,
    idle: bool,
}

impl Tenant {
    pub(super) fn new(weight: u32, size: u32) -> Self {
        Self {
            weight,
            size,
            piece: TURN,
            think: 1_000,
            idle: false,
        }
    }

    /// Its memory lies in pieces.
    pub(super) fn in_pieces(self, piece: u32) -> Self {
        Self { piece, ..self }
    }

    /// It takes so long from one descriptor to the next.
    pub(super) fn thinking(self, think: u64) -> Self {
        Self { think, ..self }
    }

    /// It does nothing until it is woken.
    pub(super) fn idle(self) -> Self {
        Self { idle: true, ..self }
    }
}

/// How far a tenant is.
struct Progress {
    /// Bytes of the descriptor that have not been asked for; none after the last.
    left: Option<u32>,
    asked: Option<u32>,
    in_flight: usize,
    /// When it begins the descriptor.
    begins: u64,
    done: u64,
    operations: u64,
}

pub(super) struct Machine {
    fair: Fair,
    tenants: Vec<Tenant>,
    flows: Vec<Flow>,
    progress: Vec<Progress>,
    now: u64,
    /// When the hardware is done with what it has, and how long it worked.
    free: u64,
    busy: u64,
    /// Whose, how long, and when it ends.
    flying: VecDeque<(usize, u32, u64)>,
}

impl Machine {
    pub(super) fn new(tenants: Vec<Tenant>) -> Self {
        let mut flows: Vec<_> = tenants.iter().map(|it| Flow::new(it.weight)).collect();
        for (flow, tenant) in flows.iter_mut().zip(&tenants) {
            flow.set_busy(!tenant.idle);
        }
        let progress = tenants.iter().map(|tenant| Progress {
            left: Some(tenant.size),
            asked: None,
            in_flight: 0,
            begins: if tenant.idle { u64::MAX } else { 0 },
            done: 0,
            operations: 0,
        });
        Self {
            fair: Fair::new(),
            progress: progress.collect(),
            tenants,
            flows,
            now: 0,
            free: 0,
            busy: 0,
            flying: VecDeque::new(),
        }
    }

    pub(super) fn now(&self) -> u64 {
        self.now
    }

    /// For how long the hardware worked.
    pub(super) fn busy(&self) -> u64 {
        self.busy
    }

    /// Bytes, as they count.
    pub(super) fn done(&self) -> Vec<u64> {
        self.progress.iter().map(|it| it.done).collect()
    }

    pub(super) fn operations(&self) -> Vec<u64> {
        self.progress.iter().map(|it| it.operations).collect()
    }

    /// Has an idle tenant begin.
    pub(super) fn wake(&mut self, tenant: usize) {
        self.flows[tenant].set_busy(true);
        self.progress[tenant].begins = self.now;
    }

    pub(super) fn run_until(&mut self, so: impl Fn(&Self) -> bool) {
        while !so(self) {
            self.step();
            assert!(self.now < FOR_EVER, "this goes on for ever");
        }
    }

    fn step(&mut self) {
        let mut look = None;
        loop {
            self.ask();
            let asking = self.flows.iter().enumerate();
            match self.fair.next(asking, self.now) {
                Next::Now(who) => self.submit(who),
                Next::Later(_, until) => {
                    look = until;
                    break;
                }
                Next::Nobody => break,
            }
        }
        let begins = self.progress.iter().map(|it| it.begins);
        let begins = begins.filter(|begins| *begins > self.now);
        let ends = self.flying.front().map(|(_, _, end)| *end);
        let next = begins.chain(ends).chain(look).min();
        self.now = next.expect("something happens next");
        while let Some((who, len, end)) = self.flying.front().copied() {
            if end > self.now {
                break;
            }
            self.flying.pop_front();
            self.land(who, len);
        }
    }

    fn ask(&mut self) {
        for ((progress, flow), tenant) in self
            .progress
            .iter_mut()
            .zip(&mut self.flows)
            .zip(&self.tenants)
        {
            let Some(left) = progress.left else { continue };
            if progress.asked.is_some() || progress.in_flight == DEPTH || progress.begins > self.now
            {
                continue;
            }
            let len = left.min(tenant.piece);
            progress.asked = Some(len);
            progress.left = left.checked_sub(len).filter(|left| *left > 0);
            self.fair.ask(flow, len);
        }
    }

    fn submit(&mut self, who: usize) {
        self.fair.grant(&mut self.flows[who], self.now);
        let len = self.progress[who].asked.take().expect("it has asked");
        self.progress[who].in_flight += 1;
        let time = DESCRIPTOR + u64::from(len) / SPEED;
        self.free = self.free.max(self.now) + time;
        self.busy += time;
        self.flying.push_back((who, len, self.free + NOTICE));
    }

    fn land(&mut self, who: usize, len: u32) {
        self.fair.give_back(&mut self.flows[who], len, self.now);
        let progress = &mut self.progress[who];
        progress.in_flight -= 1;
        progress.done += u64::from(len.max(LEAST));
        let ended = progress.left.is_none() && progress.asked.is_none();
        if ended && progress.in_flight == 0 {
            progress.operations += 1;
            progress.left = Some(self.tenants[who].size);
            progress.begins = self.now + self.tenants[who].think;
        }
    }
}

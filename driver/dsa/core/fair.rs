// SPDX-License-Identifier: GPL-2.0

//! Who of those that share a hardware WQ is next: start-time fair queueing by bytes.
//!
//! Each user of the WQ is a flow. Before something goes to the hardware its flow asks for a turn,
//! and returns it when the hardware is done. Few bytes are lent at a time, so that the backlog waits
//! here, where it is put into order, and not in the hardware.
//!
//! The order is that of start tags: each turn moves the tag of its flow on by its cost over the
//! weight of the flow, so that flows whose tags keep together have had bytes in the ratio of their
//! weights. The smallest tag is next.
//!
//! That alone would not do, because a flow does not ask for its next turn before it is done with the
//! one before: it has to report the end of a descriptor and to pin the memory of the next. If there
//! is always somebody else waiting then, the two have turns in alternation, whatever their weights.
//! So, as BFQ does for processes that wait for the disk, the others are held back for a moment where
//! a flow with work to do is expected to ask again: they get no more than [`LEAD`] ahead of it. The
//! moment is bounded by a multiple of the time that the flow has used the hardware just before, so
//! that nobody can make the others idle for longer than that by being slow.
//!
//! A flow that does not ask for longer has [`CREDIT`] bytes at most to catch up on when it comes back,
//! whatever the others had meanwhile. So it comes first, and cannot save up more than that.

#[cfg(test)]
mod tests;

/// Most bytes of one turn, where several share a WQ: so much may be ahead of somebody who comes
/// back. It is enough for the hardware to be at full speed with a few of them.
pub const TURN: u32 = 64 << 10;

/// Bytes that a turn counts at least: what the hardware moves in about the time that a descriptor
/// takes it which moves nothing. So a flood of such is not for free.
pub const LEAST: u32 = 2 << 10;

/// Most bytes that are lent at a time. At 30 GB/s it is 8 us of work, more than it takes to notice
/// the end of a descriptor and submit another.
pub const LENT: u64 = 256 << 10;

/// Most bytes that a flow is ahead of one that is expected, by the weight of the heavier of the two.
pub const LEAD: u64 = 128 << 10;

/// Most bytes that a flow may catch up on when it comes late, or comes back. It is about 70 us of
/// work, for which the others wait then.
pub const CREDIT: u64 = 2 << 20;

/// By how much a byte of a flow with weight 1 moves its tag on.
const SCALE: u64 = 10_000;

/// A flow is expected for so many times the time that it has used the hardware in its last turns.
const PATIENCE: u64 = 2;

/// Bounds of that time, in ns. Noticing the end of a descriptor takes some µs, whatever it did, and
/// a system that is overloaded may take long for everything.
const EXPECTED: (u64, u64) = (50_000, 200_000_000);

/// A place in the order. It does not wrap: 128 bits are enough for ever.
type Tag = u128;

/// A user of a WQ.
#[derive(Clone, Debug)]
pub struct Flow {
    weight: u32,
    /// Start tag of its next turn, or of the one that it asks for.
    tag: Tag,
    /// What it asks for.
    asked: Option<u64>,
    /// What it was lent, in bytes and in turns.
    lent: u64,
    /// It has work to do, and nothing else but the hardware to wait for.
    busy: bool,
    /// Since when it was lent something.
    since: u64,
    /// Time for which it was lent something, what is long ago counting less.
    used: u64,
    /// Up to when it is expected to ask, while it is busy and does not.
    expected: u64,
}

impl Flow {
    /// One that has had nothing yet.
    pub fn new(weight: u32) -> Self {
        Self {
            weight: weight.max(1),
            tag: 0,
            asked: None,
            lent: 0,
            busy: false,
            since: 0,
            used: 0,
            expected: 0,
        }
    }

    /// It has work to do from now on, and will ask soon, or it has none.
    pub fn set_busy(&mut self, busy: bool) {
        self.busy = busy;
    }

    /// Whether it asks for a turn.
    pub fn is_asking(&self) -> bool {
        self.asked.is_some()
    }

    /// It does not ask any more.
    pub fn withdraw(&mut self) {
        self.asked = None;
    }

    /// By how much bytes move its tag on.
    fn distance(&self, bytes: u64) -> Tag {
        Tag::from(bytes.saturating_mul(SCALE) / u64::from(self.weight))
    }

    /// Whether others may have to wait for it, and until when if that has an end.
    fn is_expected(&self, now: u64) -> Option<Option<u64>> {
        if !self.busy || self.asked.is_some() {
            None
        } else if self.lent > 0 {
            Some(None)
        } else {
            (now < self.expected).then_some(Some(self.expected))
        }
    }
}

/// Who is next.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Next<K> {
    /// This one, now.
    Now(K),
    /// This one, when something is returned, or when somebody who is expected has asked; at that
    /// time at the latest if there is one.
    Later(K, Option<u64>),
    /// Nobody asks.
    Nobody,
}

/// What a turn costs.
pub fn cost(bytes: u32) -> u64 {
    u64::from(bytes.max(LEAST))
}

/// What flows share. Times are in ns of any clock that does not go backwards.
#[derive(Debug, Default)]
pub struct Fair {
    /// The largest start tag of a turn so far.
    tag: Tag,
    lent: u64,
}

impl Fair {
    /// A WQ that nobody has used yet.
    pub const fn new() -> Self {
        Self { tag: 0, lent: 0 }
    }

    /// Has a flow, which does not ask yet, ask for a turn of some bytes.
    pub fn ask(&self, flow: &mut Flow, bytes: u32) {
        let oldest = self.tag.saturating_sub(flow.distance(CREDIT));
        flow.tag = flow.tag.max(oldest);
        flow.asked = Some(cost(bytes));
    }

    /// Changes the weight of a flow. What it had beyond its part by the old weight counts by the new
    /// one, so that a flow whose weight is raised does not wait until the others have had as much.
    pub fn set_weight(&self, flow: &mut Flow, weight: u32) {
        let weight = weight.max(1);
        if let ahead @ 1.. = flow.tag.saturating_sub(self.tag) {
            // The kernel has no division of 128 bits, and nobody is that far ahead.
            let bytes = u64::try_from(ahead).unwrap_or(u64::MAX) / u64::from(weight);
            flow.tag = self.tag + Tag::from(bytes) * Tag::from(flow.weight);
        }
        flow.weight = weight;
    }

    /// Which of all flows that ask or are busy is next. Of two with the same tag, the first.
    pub fn next<'a, K: Copy>(
        &self,
        flows: impl Iterator<Item = (K, &'a Flow)>,
        now: u64,
    ) -> Next<K> {
        let mut first: Option<(K, &Flow, u64)> = None;
        // Of those who are expected, the one that is furthest behind, and the tag that nobody may be
        // beyond because of the weight of one of them; each with the time until when.
        let mut behind: Option<(Tag, Option<u64>)> = None;
        let mut bound: Option<(Tag, Option<u64>)> = None;
        for (key, flow) in flows {
            if let Some(asked) = flow.asked {
                if first.is_none_or(|(_, first, _)| flow.tag < first.tag) {
                    first = Some((key, flow, asked));
                }
            } else if let Some(until) = flow.is_expected(now) {
                let smallest = |place: &mut Option<(Tag, Option<u64>)>, tag| {
                    if place.is_none_or(|(other, _)| tag < other) {
                        *place = Some((tag, until));
                    }
                };
                smallest(&mut behind, flow.tag);
                smallest(&mut bound, flow.tag.saturating_add(flow.distance(LEAD)));
            }
        }
        let Some((key, flow, asked)) = first else {
            return Next::Nobody;
        };
        let lead = flow.distance(LEAD);
        let behind = behind.map(|(tag, until)| (tag.saturating_add(lead), until));
        for (most, until) in [behind, bound].into_iter().flatten() {
            if flow.tag > most {
                return Next::Later(key, until);
            }
        }
        if self.lent > 0 && self.lent.saturating_add(asked) > LENT {
            return Next::Later(key, None);
        }
        Next::Now(key)
    }

    /// Gives a flow what it asks for.
    pub fn grant(&mut self, flow: &mut Flow, now: u64) {
        let Some(cost) = flow.asked.take() else {
            return;
        };
        self.tag = self.tag.max(flow.tag);
        flow.tag = flow.tag.saturating_add(flow.distance(cost));
        self.lent = self.lent.saturating_add(cost);
        if flow.lent == 0 {
            flow.since = now;
        }
        flow.lent = flow.lent.saturating_add(cost);
    }

    /// Takes back what was granted for so many bytes.
    pub fn give_back(&mut self, flow: &mut Flow, bytes: u32, now: u64) {
        let cost = cost(bytes);
        self.lent = self.lent.saturating_sub(cost);
        flow.lent = flow.lent.saturating_sub(cost);
        if flow.lent == 0 {
            let used = now.saturating_sub(flow.since);
            flow.used = (flow.used - flow.used / 4).saturating_add(used);
            let (least, most) = EXPECTED;
            let time = flow.used.saturating_mul(PATIENCE).clamp(least, most);
            flow.expected = now.saturating_add(time);
        }
    }

    /// A flow ends; what it was lent is returned with it.
    pub fn end(&mut self, flow: &Flow) {
        self.lent = self.lent.saturating_sub(flow.lent);
    }
}

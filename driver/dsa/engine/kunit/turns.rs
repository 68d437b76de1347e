// SPDX-License-Identifier: GPL-2.0

//! What an engine does while it is not its turn.

use kernel::{
    prelude::*,
    sync::{
        atomic::Relaxed,
        Arc, //
    },
    time::{
        Instant,
        Monotonic, //
    }, //
};

use super::{
    super::super::{
        scheduler::{
            Flow,
            Scheduler, //
        },
        span::Span,
        unmaps::REST,
        waker::Waker, //
    },
    bench::{
        Bench,
        Descriptor,
        DST, //
    }, //
    beside,
};
use crate::{
    dsa_core::{
        desc::code::status,
        fair::LENT, //
    },
    subdev_core::quality::Quality, //
};

/// With this cap, in bytes per second.
fn capped(max_rate: Option<u64>) -> Quality {
    Quality {
        max_rate,
        ..Quality::default()
    }
}

/// A flow that has all that is lent at a time, and the scheduler that it has it of.
fn all_lent() -> Result<(Arc<Scheduler>, Arc<Flow>)> {
    let scheduler = Scheduler::new()?;
    let flow = scheduler.flow(Quality::default(), Waker::new()?)?;
    assert!(flow.pace().is_ok());
    assert!(flow.take(LENT as u32));
    Ok((scheduler, flow))
}

#[kunit_tests(subdev_turns)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_for_what_others_have() -> Result {
        let (scheduler, other) = all_lent()?;
        let bench = Bench::beside(4, &scheduler)?;
        bench.submit(Descriptor::memmove(64).record(0));
        bench.submit(Descriptor::noop().record(1));
        bench.pause();
        assert_eq!(bench.submitter.count(), 0);
        other.give_back(LENT as u32);
        assert_eq!(bench.wait_for_record(0)?, status::SUCCESS);
        assert_eq!(bench.wait_for_record(1)?, status::SUCCESS);
        Ok(())
    }

    #[test]
    fn one_that_goes_leaves_what_it_had() -> Result {
        let (scheduler, other) = all_lent()?;
        let bench = Bench::beside(4, &scheduler)?;
        bench.submit(Descriptor::memmove(64).record(0));
        bench.pause();
        assert_eq!(bench.submitter.count(), 0);
        drop(other);
        assert_eq!(bench.wait_for_record(0)?, status::SUCCESS);
        Ok(())
    }

    #[test]
    fn a_kill_ends_the_wait() -> Result {
        let (scheduler, _other) = all_lent()?;
        let bench = Bench::beside(4, &scheduler)?;
        bench.submit(Descriptor::memmove(64).record(0));
        assert!(bench.eventually(|| bench.memory.pinned() > 0));
        bench.engine.kill();
        bench.engine.quiesce();
        assert!(bench.eventually(|| bench.counts() == (1, [0, 0, 0, 1])));
        assert_eq!(bench.submitter.count(), 0);
        assert_eq!(bench.record(0)?, 0);
        Ok(())
    }

    #[test]
    fn an_abort_ends_the_wait_and_the_next_goes_on() -> Result {
        let (scheduler, other) = all_lent()?;
        let bench = Bench::beside(4, &scheduler)?;
        bench.submit(Descriptor::memmove(64).record(0));
        bench.submit(Descriptor::memmove(64).record(1));
        assert!(bench.eventually(|| bench.memory.pinned() > 0));
        bench.engine.abort(1);
        bench.submit(Descriptor::memmove(64).record(2));
        other.give_back(LENT as u32);
        assert_eq!(bench.wait_for_record(2)?, status::SUCCESS);
        assert_eq!(bench.record(0)?, 0);
        assert_eq!(bench.record(1)?, 0);
        assert_eq!(bench.submitter.count(), 1);
        Ok(())
    }

    #[test]
    fn memory_can_be_taken_away_meanwhile() -> Result {
        let (scheduler, other) = all_lent()?;
        let bench = Bench::beside(4, &scheduler)?;
        bench.submit(Descriptor::memmove(64).record(0));
        assert!(bench.eventually(|| bench.memory.pinned() > 0));
        let engine = bench.engine.clone();
        let since = Instant::<Monotonic>::now();
        let ended = beside(move || engine.unmap(Span { iova: DST, len: 1 }))?;
        assert!(bench.eventually(|| ended.load(Relaxed)));
        let pinned = bench.memory.pinned();
        // On a machine that is slow, it is left alone no longer by now.
        assert!(pinned == 1 || since.elapsed() >= REST);
        assert_eq!(bench.submitter.count(), 0);
        // It is pinned again when it is left alone no longer, and waits again.
        other.give_back(LENT as u32);
        assert_eq!(bench.wait_for_record(0)?, status::SUCCESS);
        Ok(())
    }

    #[test]
    fn a_cap_holds_until_it_is_lifted() -> Result {
        const RATE: u64 = 1 << 20;
        let bench = Bench::new(4)?;
        bench.engine.set_quality(0, capped(Some(RATE)));
        // More than is saved up, which is taken at once and then waited for.
        for n in 0..16 {
            bench.submit(Descriptor::memmove(8192).record(n % 4));
            assert_eq!(bench.wait_for_record(n % 4)?, status::SUCCESS);
            bench.clear_record(n % 4)?;
        }
        bench.engine.set_quality(0, capped(Some(1)));
        bench.submit(Descriptor::memmove(8192).record(0));
        assert_eq!(bench.wait_for_record(0)?, status::SUCCESS);
        // A byte per second: hours for these.
        bench.submit(Descriptor::memmove(8192).record(1));
        bench.submit(Descriptor::memmove(8192).record(2));
        bench.pause();
        assert_eq!(bench.record(1)?, 0);
        // It ends at once when it is lifted.
        bench.engine.set_quality(0, capped(None));
        assert_eq!(bench.wait_for_record(1)?, status::SUCCESS);
        assert_eq!(bench.wait_for_record(2)?, status::SUCCESS);
        // And with what it holds up.
        bench.engine.set_quality(0, capped(Some(1)));
        bench.submit(Descriptor::memmove(8192).record(3));
        assert_eq!(bench.wait_for_record(3)?, status::SUCCESS);
        bench.clear_record(3)?;
        bench.submit(Descriptor::memmove(8192).record(3));
        bench.pause();
        bench.engine.abort(1);
        assert_eq!(bench.record(3)?, 0);
        Ok(())
    }
}

// SPDX-License-Identifier: GPL-2.0

//! Batches.

use kernel::prelude::*;

use super::{
    bench::{
        Bench,
        Descriptor,
        END,
        LIST, //
    },
    BRIEF, //
};
use crate::dsa_core::desc::code::status;

/// The record of a batch; those of its descriptors come before.
const BATCH: u32 = 100;

#[kunit_tests(subdev_engine_batch)]
mod tests {
    use super::*;

    #[test]
    fn each_descriptor_has_its_record_and_interrupt_and_the_batch_one_of_its_own() -> Result {
        let bench = Bench::new(4)?;
        // More than are read at a time.
        for n in 0..20u32 {
            bench.list(n, Descriptor::memmove(64 + n).record(n).interrupt())?;
        }
        bench.submit(Descriptor::batch(LIST, 20).record(BATCH).interrupt());
        assert_eq!(bench.wait_for_record(BATCH)?, status::SUCCESS);
        assert_eq!(bench.bytes(BATCH)?, 20);
        for n in 0..20 {
            assert_eq!(
                (bench.record(n)?, bench.bytes(n)?),
                (status::SUCCESS, 64 + n)
            );
        }
        assert!(bench.eventually(|| bench.host.interrupts() == 21));
        // It is one descriptor that was submitted, with the bytes of all.
        assert_eq!(bench.counts(), (1, [1, 0, 0, 0]));
        assert_eq!(bench.stats.counts().bytes, (64..84).sum());
        assert_eq!(bench.submitter.count(), 20);
        Ok(())
    }

    #[test]
    fn a_share_of_one_entry_is_enough() -> Result {
        let bench = Bench::new(1)?;
        for n in 0..3 {
            bench.list(n, Descriptor::noop().record(n))?;
        }
        for _ in 0..2 {
            bench.submit(Descriptor::batch(LIST, 3).record(BATCH));
            assert_eq!(bench.wait_for_record(BATCH)?, status::SUCCESS);
            bench.clear_record(BATCH)?;
        }
        assert_eq!(bench.counts(), (2, [2, 0, 0, 0]));
        Ok(())
    }

    #[test]
    fn a_failure_is_one_of_the_batch_and_is_passed_by_no_fence() -> Result {
        let bench = Bench::new(4)?;
        bench.list(0, Descriptor::unknown().record(0))?;
        bench.list(1, Descriptor::noop().record(1))?;
        bench.list(2, Descriptor::noop().fence().record(2))?;
        bench.list(3, Descriptor::noop().record(3))?;
        bench.submit(Descriptor::batch(LIST, 4).record(BATCH));
        assert_eq!(bench.wait_for_record(BATCH)?, status::BATCH_FAIL);
        assert_eq!(bench.bytes(BATCH)?, 2);
        assert_eq!(bench.record(0)?, status::OPCODE);
        assert_eq!(bench.record(1)?, status::SUCCESS);
        assert_eq!((bench.record(2)?, bench.record(3)?), (0, 0));
        assert_eq!(bench.counts(), (1, [0, 1, 0, 0]));
        Ok(())
    }

    #[test]
    fn a_fence_waits_for_what_comes_before() -> Result {
        let bench = Bench::new(4)?;
        bench.submitter.hold();
        bench.list(0, Descriptor::noop().record(0))?;
        bench.list(1, Descriptor::noop().record(1))?;
        bench.list(2, Descriptor::noop().fence().record(2))?;
        bench.submit(Descriptor::batch(LIST, 3).record(BATCH));
        assert!(bench.eventually(|| bench.submitter.count() == 2));
        bench.pause();
        assert_eq!(bench.submitter.count(), 2);
        bench.submitter.release();
        assert_eq!(bench.wait_for_record(BATCH)?, status::SUCCESS);
        assert_eq!(bench.submitter.count(), 3);
        Ok(())
    }

    #[test]
    fn a_list_that_is_not_all_there_is_carried_out_up_to_there() -> Result {
        let bench = Bench::new(4)?;
        let list = END - 64;
        bench.put(list, Descriptor::noop().record(0))?;
        bench.submit(Descriptor::batch(list, 2).record(BATCH));
        assert_eq!(bench.wait_for_record(BATCH)?, status::BATCH_PAGE_FAULT);
        assert_eq!(bench.bytes(BATCH)?, 1);
        assert_eq!(bench.fault(BATCH)?, END);
        assert_eq!(bench.record(0)?, status::SUCCESS);
        Ok(())
    }

    #[test]
    fn what_is_written_to_the_list_later_does_not_count() -> Result {
        let bench = Bench::new(1)?;
        bench.submitter.hold();
        for n in 0..3 {
            bench.list(n, Descriptor::noop().record(n))?;
        }
        bench.submit(Descriptor::batch(LIST, 3).record(BATCH));
        assert!(bench.eventually(|| bench.submitter.count() == 1));
        for n in 0..3 {
            bench.list(n, Descriptor::unknown())?;
        }
        bench.submitter.release();
        assert_eq!(bench.wait_for_record(BATCH)?, status::SUCCESS);
        assert_eq!(bench.swerr(), None);
        Ok(())
    }

    #[test]
    fn an_abort_ends_a_batch_with_what_is_left_of_it() -> Result {
        let bench = Bench::new(2)?;
        bench.submitter.hold();
        for n in 0..5 {
            bench.list(n, Descriptor::noop().record(n))?;
        }
        bench.submit(Descriptor::batch(LIST, 5).record(BATCH));
        assert!(bench.eventually(|| bench.submitter.count() == 2));
        // What is in flight keeps it from ending.
        assert!(!bench.engine.abort_within(1, BRIEF));
        bench.submitter.release();
        bench.engine.abort(1);
        assert_eq!(bench.record(BATCH)?, 0);
        assert_eq!(bench.counts(), (1, [0, 0, 0, 1]));
        // It has left nothing behind.
        bench.submit(Descriptor::batch(LIST, 5).record(BATCH));
        assert_eq!(bench.wait_for_record(BATCH)?, status::SUCCESS);
        Ok(())
    }

    #[test]
    fn what_no_record_can_tell_is_told_with_the_place_in_the_list() -> Result {
        let bench = Bench::new(2)?;
        bench.list(0, Descriptor::noop())?;
        bench.list(1, Descriptor::unknown())?;
        bench.submit(Descriptor::batch(LIST, 2).record(BATCH));
        assert_eq!(bench.wait_for_record(BATCH)?, status::BATCH_FAIL);
        assert_eq!(bench.swerr(), Some(status::OPCODE));
        assert_eq!(bench.swerr_place(), Some(1));
        Ok(())
    }
}

// SPDX-License-Identifier: GPL-2.0

//! What is queued runs before a flush returns, and before the queue is gone.

use kernel::{
    impl_has_work,
    new_work,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    },
    time::{
        delay::fsleep,
        Delta, //
    },
    workqueue::{
        Work,
        WorkItem, //
    }, //
};

use super::*;

/// More than run at the same time.
const JOBS: u32 = 64;

/// Takes its time, then counts.
#[pin_data]
struct Job {
    done: Arc<Atomic<u32>>,
    #[pin]
    work: Work<Job>,
}

impl_has_work! {
    impl HasWork<Self> for Job { self.work }
}

impl WorkItem for Job {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        fsleep(Delta::from_millis(1));
        this.done.fetch_add(1, Relaxed);
    }
}

/// Queues [`JOBS`] jobs, and returns what counts them.
fn enqueue(queue: &Shared) -> Result<Arc<Atomic<u32>>> {
    let queue = queue.get().ok_or(ENODEV)?;
    let done = Arc::new(Atomic::new(0), GFP_KERNEL)?;
    for _ in 0..JOBS {
        let counter = done.clone();
        let job = Arc::pin_init(
            pin_init!(Job {
                done: counter,
                work <- new_work!("Job::work"),
            }),
            GFP_KERNEL,
        )?;
        queue.enqueue(job).map_err(|_| EBUSY)?;
    }
    Ok(done)
}

#[kunit_tests(subdev_workqueue)]
mod tests {
    use super::*;

    #[test]
    fn a_flush_waits_for_what_is_queued() -> Result {
        static QUEUE: Shared = Shared::new(c"subdev_kunit_flush");
        // SAFETY: Used in this function only, which flushes it.
        let running = unsafe { QUEUE.start()? };
        let done = enqueue(&QUEUE)?;
        QUEUE.flush();
        assert_eq!(done.load(Relaxed), JOBS);
        drop(running);
        Ok(())
    }

    #[test]
    fn a_queue_that_stops_runs_what_is_queued() -> Result {
        static QUEUE: Shared = Shared::new(c"subdev_kunit_stop");
        // SAFETY: Used in this function only, and not after it is dropped.
        let running = unsafe { QUEUE.start()? };
        let done = enqueue(&QUEUE)?;
        drop(running);
        assert_eq!(done.load(Relaxed), JOBS);
        assert!(QUEUE.get().is_none());
        Ok(())
    }
}

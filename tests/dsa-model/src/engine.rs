// SPDX-License-Identifier: MIT OR Apache-2.0
//! An engine: a thread that takes descriptors from the work queues of its group, one at a time.

use std::thread;

use parking_lot::MutexGuard;

use crate::device::Shared;
use crate::execution::Execution;

/// Works until the device is shut down.
pub(crate) fn run(shared: &Shared, engine: usize) {
    let mut state = shared.state.lock();
    while !state.shutdown {
        let Some(job) = state.take_work(engine) else {
            shared.work[engine].wait(&mut state);
            continue;
        };
        let delay = state.faults.delay;
        let errors = MutexGuard::unlocked(&mut state, || {
            thread::sleep(delay);
            Execution::run(shared, &job, engine)
        });
        state.finish(job.wq, job.sequence, &errors);
        if state.is_quiet() {
            shared.quiet.notify_all();
        }
    }
}

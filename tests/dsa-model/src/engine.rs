// SPDX-License-Identifier: MIT OR Apache-2.0
//! An engine: a thread that takes descriptors from the work queues of its group, one at a time.

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
        let errors = MutexGuard::unlocked(&mut state, || {
            Execution::run(
                &shared.memory,
                &shared.interrupts,
                &job.rules,
                job.wq,
                &job.descriptor,
            )
        });
        state.finish(job.wq, job.sequence, &errors);
        if state.is_quiet() {
            shared.quiet.notify_all();
        }
    }
}

// SPDX-License-Identifier: GPL-2.0

//! What a descriptor that is being carried out asks before it goes on.

use kernel::time::msecs_to_jiffies;

use super::{
    super::{
        span::Span,
        transfer::Gate, //
    },
    Engine, //
};
use crate::ffi::{
    pinned::Observer,
    task, //
};

impl Observer for Engine {
    fn begin_call(&self) {
        self.state.lock().begin_call(task::current());
    }

    fn end_call(&self) {
        let call = self.state.lock().call.take();
        drop(call);
    }

    fn stop(&self) -> bool {
        let pinned = self.state.lock().pinned;
        self.unmaps.concern(&pinned)
    }
}

impl Gate for Engine {
    fn observer(&self) -> &dyn Observer {
        self
    }

    fn may_pin(&self) -> bool {
        !self.state.lock().is_limited()
    }

    fn limited(&self) {
        self.state.lock().set_limited();
    }

    fn enter(&self, spans: [Option<Span>; 2]) -> bool {
        let mut state = self.state.lock();
        loop {
            if state.drops_running() {
                return false;
            }
            if !self.unmaps.concern(&spans) {
                // Whoever unmaps from now on sees this, and waits.
                state.pinned = spans;
                return true;
            }
            // Looked at again soon enough, and at once when something changes.
            let _ = self
                .changed
                .wait_interruptible_timeout(&mut state, msecs_to_jiffies(1));
        }
    }

    fn fly(&self) -> bool {
        let mut state = self.state.lock();
        state.flying = !state.drops_running();
        state.flying
    }

    fn is_dropped(&self) -> bool {
        self.state.lock().drops_running()
    }

    fn is_failed(&self) -> bool {
        self.state.lock().fails_running()
    }

    fn land(&self) {
        self.state.lock().flying = false;
        self.changed.notify_all();
    }

    fn leave(&self) {
        self.state.lock().pinned = [None; 2];
        self.changed.notify_all();
    }
}

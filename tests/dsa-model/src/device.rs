// SPDX-License-Identifier: MIT OR Apache-2.0
//! The device as its bus sees it: regions to read and write, memory to reach, resets, interrupts.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use parking_lot::{Condvar, Mutex};

use crate::engine;
use crate::interrupts::Interrupts;
use crate::memory::Memory;
use crate::pci::{ConfigSpace, Effect};
use crate::portal::Portals;
use crate::profile::Profile;
use crate::registers;
use crate::state::{Answer, State};
use crate::trace::Trace;

/// What the bus, the engines and the control socket share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) state: Mutex<State>,
    /// Wakes an engine.
    pub(crate) work: Vec<Condvar>,
    /// Notified when the last descriptor is done.
    pub(crate) quiet: Condvar,
    pub(crate) memory: Arc<Memory>,
    pub(crate) interrupts: Arc<Interrupts>,
    pub(crate) trace: Arc<Trace>,
    /// Cleared when the device has vanished from the bus.
    pub(crate) present: AtomicBool,
    /// Set when the device is back after it had vanished.
    pub(crate) power_on: AtomicBool,
}

impl Shared {
    /// Makes every engine look for work.
    pub(crate) fn wake_engines(&self) {
        self.work.iter().for_each(|engine| {
            engine.notify_all();
        });
    }
}

/// A DSA.
pub struct Device {
    profile: Profile,
    config: ConfigSpace,
    portals: Portals,
    shared: Arc<Shared>,
    engines: Vec<JoinHandle<()>>,
}

impl Device {
    /// A device after power-on, with its engines running.
    ///
    /// # Errors
    ///
    /// What the system says when it starts no more threads.
    pub fn new(profile: Profile, trace: Trace) -> io::Result<Self> {
        let trace = Arc::new(trace);
        let interrupts = Arc::new(Interrupts::new(profile.vectors(), Arc::clone(&trace)));
        let memory = Arc::<Memory>::default();
        let state = State::new(
            profile.clone(),
            Arc::clone(&interrupts),
            Arc::clone(&memory),
        );
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            work: (0..profile.engines).map(|_| Condvar::new()).collect(),
            quiet: Condvar::new(),
            memory,
            interrupts,
            trace,
            present: AtomicBool::new(true),
            power_on: AtomicBool::new(false),
        });
        let mut device = Self {
            config: ConfigSpace::new(&profile),
            portals: Portals::default(),
            shared,
            engines: Vec::new(),
            profile,
        };
        for index in 0..usize::from(device.profile.engines) {
            let shared = Arc::clone(&device.shared);
            let thread = thread::Builder::new()
                .name(format!("engine{index}"))
                .spawn(move || engine::run(&shared, index))?;
            device.engines.push(thread);
        }
        Ok(device)
    }

    /// What the device has.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The memory that the device reaches.
    pub fn memory(&self) -> &Memory {
        &self.shared.memory
    }

    /// The interrupts that the device raises.
    pub fn interrupts(&self) -> &Interrupts {
        &self.shared.interrupts
    }

    /// What the control socket acts on.
    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Reads from configuration space.
    pub fn config_read(&mut self, offset: u64, data: &mut [u8]) {
        if self.absent(data) {
            return;
        }
        self.config.read(index(offset), data);
        self.shared.trace.config("read", offset, data);
    }

    /// Writes to configuration space.
    pub fn config_write(&mut self, offset: u64, data: &[u8]) {
        if !self.is_present() {
            return;
        }
        self.shared.trace.config("write", offset, data);
        match self.config.write(index(offset), data) {
            Effect::None => {}
            Effect::BusMaster(enabled) => self.shared.state.lock().set_bus_master(enabled),
            Effect::FunctionLevelReset => self.reset(),
        }
        self.shared.state.lock().address_spaces = self.config.address_spaces();
    }

    /// Reads registers.
    pub fn register_read(&mut self, offset: u64, data: &mut [u8]) {
        if self.absent(data) {
            return;
        }
        registers::read(&self.shared.state.lock(), offset, data);
        self.shared
            .trace
            .register(&self.profile, "read", offset, data);
    }

    /// Writes registers.
    pub fn register_write(&mut self, offset: u64, data: &[u8]) {
        if !self.is_present() {
            return;
        }
        self.shared
            .trace
            .register(&self.profile, "write", offset, data);
        registers::write(&mut self.shared.state.lock(), offset, data);
    }

    /// Reads from a portal: all ones, or the answer to a deferrable write.
    pub fn portal_read(&mut self, offset: u64, data: &mut [u8]) {
        if !self.absent(data) {
            self.portals.read(offset, data);
        }
    }

    /// Writes to a portal.
    pub fn portal_write(&mut self, offset: u64, data: &[u8]) {
        if !self.is_present() {
            return;
        }
        let Some(arrival) = self.portals.write(offset, data) else {
            return;
        };
        let answer = {
            let mut state = self.shared.state.lock();
            if let Some(wq) = state.wqs.get_mut(usize::from(arrival.wq)) {
                wq.traffic.count(arrival.slot());
            }
            state.submit(arrival.wq, arrival.descriptor, arrival.write)
        };
        self.shared.trace.arrival(&arrival, answer);
        self.portals.answer(&arrival, answer != Answer::Refused);
        if let Answer::Accepted { wake: Some(engine) } = answer {
            self.shared.work[engine].notify_one();
        }
    }

    /// Returns the device to its state after power-on, as a function-level reset does: what waits
    /// is discarded, what runs is waited for. Memory and eventfds belong to the bus and stay.
    pub fn reset(&mut self) {
        self.shared.trace.note("function-level reset");
        let mut state = self.shared.state.lock();
        state.abandon();
        while !state.is_quiet() {
            self.shared.quiet.wait(&mut state);
        }
        state.function_level_reset();
        self.shared.interrupts.reset();
        self.config = ConfigSpace::new(&self.profile);
        self.portals.clear();
    }

    /// Whether the device is on the bus. What it had at its front before it vanished is gone.
    fn is_present(&mut self) -> bool {
        if self.shared.power_on.swap(false, Ordering::AcqRel) {
            self.config = ConfigSpace::new(&self.profile);
            self.portals.clear();
        }
        self.shared.present.load(Ordering::Acquire)
    }

    /// Whether the device has vanished, in which case nobody answers a read: all ones.
    fn absent(&mut self, data: &mut [u8]) -> bool {
        let absent = !self.is_present();
        if absent {
            data.fill(0xff);
        }
        absent
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.shared.state.lock().shutdown = true;
        self.shared.wake_engines();
        for engine in self.engines.drain(..) {
            // An engine that panicked has said so; there is nothing to add.
            let _ = engine.join();
        }
    }
}

/// An offset within a region, which the front checks, fits a `usize`.
fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

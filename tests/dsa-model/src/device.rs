// SPDX-License-Identifier: MIT OR Apache-2.0
//! The device as its bus sees it: regions to read and write, memory to reach, resets, interrupts.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use parking_lot::{Condvar, Mutex};

use crate::engine;
use crate::interrupts::Interrupts;
use crate::memory::Memory;
use crate::pci::{ConfigSpace, Effect};
use crate::portal::Portals;
use crate::profile::Profile;
use crate::registers;
use crate::state::State;

/// What the bus and the engines share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) state: Mutex<State>,
    /// Wakes an engine.
    pub(crate) work: Vec<Condvar>,
    /// Notified when the last descriptor is done.
    pub(crate) quiet: Condvar,
    pub(crate) memory: Memory,
    pub(crate) interrupts: Arc<Interrupts>,
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
    pub fn new(profile: Profile) -> io::Result<Self> {
        let interrupts = Arc::new(Interrupts::new(profile.vectors()));
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(profile.clone(), Arc::clone(&interrupts))),
            work: (0..profile.engines).map(|_| Condvar::new()).collect(),
            quiet: Condvar::new(),
            memory: Memory::default(),
            interrupts,
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

    /// Reads from configuration space.
    pub fn config_read(&self, offset: u64, data: &mut [u8]) {
        self.config.read(index(offset), data);
    }

    /// Writes to configuration space.
    pub fn config_write(&mut self, offset: u64, data: &[u8]) {
        match self.config.write(index(offset), data) {
            Effect::None => {}
            Effect::BusMaster(enabled) => self.shared.state.lock().set_bus_master(enabled),
            Effect::FunctionLevelReset => self.reset(),
        }
    }

    /// Reads registers.
    pub fn register_read(&self, offset: u64, data: &mut [u8]) {
        registers::read(&self.shared.state.lock(), offset, data);
    }

    /// Writes registers.
    pub fn register_write(&mut self, offset: u64, data: &[u8]) {
        registers::write(&mut self.shared.state.lock(), offset, data);
    }

    /// Reads from a portal: all ones.
    pub fn portal_read(&self, data: &mut [u8]) {
        data.fill(0xff);
    }

    /// Writes to a portal.
    pub fn portal_write(&mut self, offset: u64, data: &[u8]) {
        if let Some((wq, descriptor)) = self.portals.write(offset, data) {
            let engine = self.shared.state.lock().submit(wq, descriptor);
            if let Some(engine) = engine {
                self.shared.work[engine].notify_one();
            }
        }
    }

    /// Returns the device to its state after power-on, as a function-level reset does: what waits
    /// is discarded, what runs is waited for. Memory and eventfds belong to the bus and stay.
    pub fn reset(&mut self) {
        log::debug!("function-level reset");
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
}

impl Drop for Device {
    fn drop(&mut self) {
        self.shared.state.lock().shutdown = true;
        for engine in &self.shared.work {
            engine.notify_all();
        }
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

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The operations without the device around them: descriptors are carried out one by one, on memory
//! that the caller puts together. For tests of who makes descriptors, or carries them out.

use std::fs::File;
use std::io;
use std::sync::Arc;

use crate::check::Rules;
use crate::descriptor::{Descriptor, SIZE};
use crate::execution::Execution;
use crate::handles::Handles;
use crate::interrupts::Interrupts;
use crate::memory::{Cause, Memory, Permissions};
use crate::software_error::Register;
use crate::trace::Trace;

/// What descriptors may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The operations that there are, one bit each, as in OPCAP.
    pub operations: u64,
    /// The largest transfer, in bytes.
    pub max_transfer: u64,
    /// The largest batch, in descriptors.
    pub max_batch: u32,
    /// Number of MSI-X vectors. Interrupt handles are 1 to below that.
    pub vectors: u16,
}

/// Carries out descriptors, of a work queue that does not block on faults.
pub struct Bare {
    memory: Memory,
    interrupts: Arc<Interrupts>,
    trace: Arc<Trace>,
    rules: Rules,
}

impl Bare {
    /// Without any memory.
    pub fn new(limits: &Limits) -> Self {
        let trace = Arc::new(Trace::off());
        Self {
            memory: Memory::default(),
            interrupts: Arc::new(Interrupts::new(limits.vectors, Arc::clone(&trace))),
            trace,
            rules: Rules {
                operations: limits.operations,
                max_transfer: limits.max_transfer,
                max_batch: limits.max_batch,
                block_on_fault: false,
                interrupts: true,
                privilege: true,
                handles: Handles::Granted {
                    first: 1,
                    vectors: (1..limits.vectors).map(Some).collect(),
                },
                traffic_classes: [0; 2],
                event_log: false,
                records_logged: false,
                second_generation: false,
            },
        }
    }

    /// Makes `size` bytes of a file, from `offset` on, accessible at `address`.
    ///
    /// # Errors
    ///
    /// When they are not in the file, or something is there already.
    pub fn map(
        &self,
        address: u64,
        size: u64,
        file: &File,
        offset: u64,
        writable: bool,
    ) -> io::Result<()> {
        let permissions = Permissions {
            read: true,
            write: writable,
        };
        self.memory
            .map(address, size, file.try_clone()?, offset, permissions)
    }

    /// Takes away what lies within `size` bytes at `address`.
    ///
    /// # Errors
    ///
    /// When that would cut in two what was made accessible at once.
    pub fn unmap(&self, address: u64, size: u64) -> io::Result<()> {
        self.memory.unmap(address, size)
    }

    /// Has accesses to memory that is there fail with a page fault: all, or only writes.
    ///
    /// # Errors
    ///
    /// When the range is empty or wraps around.
    pub fn fail(&self, address: u64, size: u64, only_writes: bool) -> io::Result<()> {
        let failing = Permissions {
            read: !only_writes,
            write: true,
        };
        self.memory.fail(address, size, failing, Cause::PageFault)
    }

    /// Reads memory; `None` if it is not all there.
    pub fn read<const N: usize>(&self, address: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.memory.read(address, &mut bytes).ok()?;
        Some(bytes)
    }

    /// Takes the number of interrupts of an MSI-X vector that were raised since the last look.
    pub fn take_interrupts(&self, vector: u16) -> u64 {
        self.interrupts.take_raised(vector)
    }

    /// Carries out a descriptor: what it does to memory includes its completion record, and those of
    /// a batch's members. What no record can tell is given as SWERR would have it.
    pub fn execute(&self, descriptor: &[u8; SIZE]) -> Vec<[u64; 4]> {
        let errors = Execution::bare(
            &self.memory,
            &self.interrupts,
            &self.trace,
            &self.rules,
            &Descriptor(*descriptor),
        );
        let words = |error| {
            let mut register = Register::default();
            register.record(&error);
            std::array::from_fn(|index| register.word(index))
        };
        errors.into_iter().map(words).collect()
    }
}

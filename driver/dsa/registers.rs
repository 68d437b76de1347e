// SPDX-License-Identifier: GPL-2.0

//! The registers and portals of a DSA.

use kernel::{
    io::Io,
    pci::{
        self,
        DevresBar, //
    },
    prelude::*,
    sync::{
        aref::ARef,
        Arc, //
    }, //
};

use crate::{
    dsa_core::regs::{
        self,
        EngCap,
        GenCap,
        GrpCap,
        Offsets,
        WqCap, //
    },
    ffi::{
        bound::BoundDevice,
        portal, //
    }, //
};

/// What a device can do, as its capability registers say.
#[derive(Clone, Copy)]
pub(super) struct Capabilities {
    pub(super) version: u32,
    pub(super) general: GenCap,
    pub(super) wq: WqCap,
    pub(super) group: GrpCap,
    pub(super) engine: EngCap,
    /// Bit n of these 256 is operation n.
    pub(super) operations: [u64; 4],
    pub(super) offsets: Offsets,
    /// Bit n is command n.
    pub(super) commands: u32,
}

/// The mapped registers of a device. They can be reached for as long as it is bound.
pub(super) struct Registers {
    pdev: ARef<pci::Device>,
    bound: BoundDevice,
    mmio: DevresBar,
    portals: DevresBar,
}

impl Registers {
    /// Takes the mapped BARs of `pdev`, which is the same device as `bound`.
    pub(super) fn new(
        pdev: ARef<pci::Device>,
        bound: BoundDevice,
        mmio: DevresBar,
        portals: DevresBar,
    ) -> Self {
        Self {
            pdev,
            bound,
            mmio,
            portals,
        }
    }

    /// The device, for what needs it bound.
    pub(super) fn bound(&self) -> &BoundDevice {
        &self.bound
    }

    /// The device, for the log and what is known about it without asking.
    pub(super) fn pci(&self) -> &pci::Device {
        &self.pdev
    }

    pub(super) fn read32(&self, offset: usize) -> Result<u32> {
        let dev = self.bound.get().ok_or(ENODEV)?;
        self.mmio.access(&dev)?.try_read32(offset)
    }

    pub(super) fn read64(&self, offset: usize) -> Result<u64> {
        let dev = self.bound.get().ok_or(ENODEV)?;
        self.mmio.access(&dev)?.try_read64(offset)
    }

    pub(super) fn write32(&self, offset: usize, value: u32) -> Result {
        let dev = self.bound.get().ok_or(ENODEV)?;
        self.mmio.access(&dev)?.try_write32(value, offset)
    }

    pub(super) fn write64(&self, offset: usize, value: u64) -> Result {
        let dev = self.bound.get().ok_or(ENODEV)?;
        self.mmio.access(&dev)?.try_write64(value, offset)
    }

    /// Stores a descriptor to a portal. Calls for one portal must not overlap.
    pub(super) fn submit(&self, offset: usize, descriptor: &[u8; portal::DESCRIPTOR]) -> Result {
        let dev = self.bound.get().ok_or(ENODEV)?;
        portal::store(self.portals.access(&dev)?, offset, descriptor)
    }
}

/// Registers that can be read, whoever has mapped them.
pub(super) trait Read {
    fn read32(&self, offset: usize) -> Result<u32>;

    fn read64(&self, offset: usize) -> Result<u64>;

    /// Reads the capability registers.
    fn capabilities(&self) -> Result<Capabilities> {
        let general = GenCap(self.read64(regs::GENCAP)?);
        let mut operations = [0; 4];
        for (i, word) in operations.iter_mut().enumerate() {
            *word = self.read64(regs::OPCAP + i * 8)?;
        }
        Ok(Capabilities {
            version: self.read32(regs::VERSION)?,
            general,
            wq: WqCap(self.read64(regs::WQCAP)?),
            group: GrpCap(self.read64(regs::GRPCAP)?),
            engine: EngCap(self.read64(regs::ENGCAP)?),
            operations,
            offsets: Offsets([self.read64(regs::OFFSETS)?, self.read64(regs::OFFSETS + 8)?]),
            commands: if general.cmd_cap() {
                self.read32(regs::CMDCAP)?
            } else {
                0
            },
        })
    }
}

impl Read for Registers {
    fn read32(&self, offset: usize) -> Result<u32> {
        self.read32(offset)
    }

    fn read64(&self, offset: usize) -> Result<u64> {
        self.read64(offset)
    }
}

impl<T: Read> Read for Arc<T> {
    fn read32(&self, offset: usize) -> Result<u32> {
        T::read32(self, offset)
    }

    fn read64(&self, offset: usize) -> Result<u64> {
        T::read64(self, offset)
    }
}

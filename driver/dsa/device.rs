// SPDX-License-Identifier: GPL-2.0

//! A DSA: its registers, its capabilities, and commands.

use kernel::{
    io::{
        poll::read_poll_timeout,
        Io, //
    },
    new_mutex,
    pci::{
        self,
        DevresBar, //
    },
    prelude::*,
    sync::{
        aref::ARef,
        Arc,
        Mutex, //
    },
    time::Delta, //
};

use super::{
    config::MAX_TRANSFER_SHIFT,
    wq::Wq, //
};
use crate::{
    ffi::{
        device::{
            clear_master,
            BoundDevice, //
        },
        portal,
        workqueue::OwnedQueue, //
    },
    dsa_core::regs::{
        self,
        cmdsts,
        command_error_name,
        Command,
        EngCap,
        GenCap,
        GrpCap,
        Offsets,
        WqCap, //
    }, //
};

/// How long a command may take: a drain waits for all that is queued.
const COMMAND_TIMEOUT: Delta = Delta::from_secs(10);
/// How often a command's status is looked at.
const COMMAND_POLL: Delta = Delta::from_micros(50);

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

/// The mapped registers of a device.
pub(super) struct Registers {
    pdev: ARef<pci::Device>,
    bound: Arc<BoundDevice>,
    mmio: DevresBar,
    portals: DevresBar,
}

impl Registers {
    /// Takes the mapped BARs of `pdev`, which `bound` keeps bound.
    pub(super) fn new(
        pdev: ARef<pci::Device>,
        bound: Arc<BoundDevice>,
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

    /// The device, for DMA.
    pub(super) fn bound(&self) -> &BoundDevice {
        &self.bound
    }

    pub(super) fn pci(&self) -> &pci::Device {
        &self.pdev
    }

    pub(super) fn read32(&self, offset: usize) -> Result<u32> {
        self.mmio.access(self.bound.get())?.try_read32(offset)
    }

    pub(super) fn read64(&self, offset: usize) -> Result<u64> {
        self.mmio.access(self.bound.get())?.try_read64(offset)
    }

    pub(super) fn write32(&self, offset: usize, value: u32) -> Result {
        self.mmio
            .access(self.bound.get())?
            .try_write32(value, offset)
    }

    pub(super) fn write64(&self, offset: usize, value: u64) -> Result {
        self.mmio
            .access(self.bound.get())?
            .try_write64(value, offset)
    }

    /// Stores a descriptor to a portal. Calls for one portal must not overlap.
    pub(super) fn submit(&self, offset: usize, descriptor: &[u8; portal::DESCRIPTOR]) -> Result {
        portal::store(self.portals.access(self.bound.get())?, offset, descriptor)
    }

    /// Runs a command and waits for its end, without an interrupt. Returns its result.
    ///
    /// The caller sees to it that no other command is active.
    pub(super) fn command(&self, command: Command, operand: u32) -> Result<u16> {
        self.write32(regs::CMD, command.encode(operand, false))?;
        let status = read_poll_timeout(
            || self.read32(regs::CMDSTS),
            // All ones is what a device reads as that is no longer there.
            |status| status & cmdsts::ACTIVE == 0 || *status == u32::MAX,
            COMMAND_POLL,
            COMMAND_TIMEOUT,
        );
        let status = status.inspect_err(|_| {
            dev_err!(self.pdev, "command {:?} does not end\n", command);
        })?;
        if status == u32::MAX {
            return Err(ENODEV);
        }
        // CAST: Fields of 8 and 16 bits.
        let error = (status & cmdsts::ERROR_MASK) as u8;
        if error != 0 {
            dev_err!(
                self.pdev,
                "command {:?} with operand {:#x} failed: {} ({:#x})\n",
                command,
                operand,
                command_error_name(error),
                error
            );
            return Err(EIO);
        }
        Ok((status >> cmdsts::RESULT_SHIFT) as u16)
    }

    /// Reads the capability registers.
    pub(super) fn capabilities(&self) -> Result<Capabilities> {
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

/// A DSA that is up.
#[pin_data]
pub(super) struct Device {
    pub(super) regs: Registers,
    pub(super) caps: Capabilities,
    pub(super) wqs: KVec<Arc<Wq>>,
    /// Runs the engines of the subdevs.
    pub(super) queue: OwnedQueue,
    /// Held while a command is active.
    #[pin]
    commands: Mutex<()>,
    /// Held while descriptors that do not end are made to.
    #[pin]
    recovery: Mutex<()>,
}

impl Device {
    /// Puts a device together.
    pub(super) fn new(
        regs: Registers,
        caps: Capabilities,
        wqs: KVec<Arc<Wq>>,
    ) -> Result<Arc<Self>> {
        let queue = OwnedQueue::new(c"subdev_engine")?;
        Arc::pin_init(
            pin_init!(Self {
                regs,
                caps,
                wqs,
                queue,
                commands <- new_mutex!(()),
                recovery <- new_mutex!(()),
            }),
            GFP_KERNEL,
        )
    }

    /// Runs a command and waits for its end. Returns its result.
    pub(super) fn command(&self, command: Command, operand: u32) -> Result<u16> {
        let _one = self.commands.lock();
        self.regs.command(command, operand)
    }

    /// Largest transfer of one descriptor as a power of two.
    pub(super) fn max_transfer_shift(&self) -> u32 {
        self.caps.general.max_xfer_shift().min(MAX_TRANSFER_SHIFT)
    }

    /// The work queue `id`.
    pub(super) fn wq(&self, id: u32) -> Result<&Arc<Wq>> {
        self.wqs.get(id as usize).ok_or(EINVAL)
    }

    /// A descriptor on `wq` does not end: makes sure that the device no longer touches memory,
    /// and ends all descriptors on it.
    pub(super) fn recover(&self, wq: &Wq) {
        // One at a time, or one would give up on what another has just doomed.
        let _one = self.recovery.lock();
        wq.doom();
        dev_err!(
            self.regs.pci(),
            "wq {} does not complete its work, aborting\n",
            wq.id()
        );
        let operand = Command::wq_mask_operand(wq.id());
        if self.command(Command::AbortWq, operand).is_err() {
            // Nothing stops the engines any more: cut the device off from memory.
            dev_err!(self.regs.pci(), "abort failed, the device loses DMA\n");
            clear_master(self.regs.pci());
            self.lose();
            return;
        }
        wq.reap();
        wq.abandon();
    }

    /// The device does nothing any more until it is reset: ends all descriptors, and takes none.
    pub(super) fn lose(&self) {
        self.wqs.iter().for_each(|wq| wq.lose());
    }
}

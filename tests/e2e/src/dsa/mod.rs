// SPDX-License-Identifier: MIT OR Apache-2.0
//! A tiny userspace driver of the virtual DSA that a subdev is to its user.
//!
//! It takes the device as it is configured: one dedicated work queue, whose
//! configuration is read-only.

mod completion;
mod descriptor;
pub mod regs;

use std::ops::Range;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::mman::{MapFlags, ProtFlags};

pub use self::completion::{Completion, RECORD_LEN, status};
pub use self::descriptor::{Descriptor, Flags, opcode};
use self::regs::Command;
use crate::vfio::{
    Access, Buffer, Device, How, Interrupt, Layout, Location, Mapping, PAGE, Region,
};
use crate::wait::{self, SOON};

/// IOVA of the page with the completion records.
pub const RECORDS_IOVA: u64 = 0x00f0_0000_0000;

/// How many completion records there are: most descriptors in flight.
pub const RECORDS: usize = PAGE / RECORD_LEN;

/// Words of 8 bytes that a descriptor has.
pub const WORDS: usize = 8;

/// How the 64 bytes of a descriptor are stored to the portal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Store {
    /// At once, as MOVDIR64B does.
    #[default]
    Whole,
    /// As eight stores of 8 bytes in ascending order, as an emulated machine does.
    Words,
    /// As eight stores of 8 bytes to memory, the first of them last: see [`Dsa::map_portal`].
    Mapped,
}

/// How the end of a descriptor is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// By looking at its completion record.
    Record,
    /// By its interrupt, after which the record must be there.
    Interrupt,
}

/// What the device recorded of an error that it could not report otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoftwareError {
    /// Code.
    pub code: u8,
    /// Work queue, if known.
    pub wq: Option<u8>,
}

/// A virtual DSA in use.
pub struct Dsa {
    records: Buffer,
    device: Device,
    misc: Interrupt,
    done: Interrupt,
    /// Of the vectors from the third on, which are of further work queues.
    further: Vec<Interrupt>,
    handle: u16,
    /// Entries of each work queue.
    sizes: Vec<u32>,
    wqcfg: u64,
    /// The work queue that descriptors are submitted to.
    wq: usize,
    store: Store,
    /// All of BAR2, if it is mapped.
    portal: Option<Mapping>,
    /// Number of the next slot of the portal; locked while a slot is written.
    slot: Mutex<u64>,
}

impl Dsa {
    /// Opens the device and checks that it is what the documentation promises.
    ///
    /// Leaves it disabled: see [`Dsa::enable`].
    pub fn open(location: &Location) -> Result<Self> {
        let device = Device::open(location)?;
        let records =
            device
                .container()
                .map(RECORDS_IOVA, PAGE, Access::ReadWrite, Layout::Straight)?;
        let mut dsa = Self {
            records,
            device,
            misc: Interrupt::new("misc")?,
            done: Interrupt::new("completion")?,
            further: Vec::new(),
            handle: 0,
            sizes: Vec::new(),
            wqcfg: 0,
            wq: 0,
            store: Store::default(),
            portal: None,
            slot: Mutex::new(0),
        };
        dsa.identify()
            .context("this is not the virtual DSA that a subdev promises")?;
        let further = dsa.sizes.iter().skip(1);
        let further = further.map(|_| Interrupt::new("further completion"));
        dsa.further = further.collect::<Result<_>>()?;
        let all = [&dsa.misc, &dsa.done].into_iter().chain(&dsa.further);
        dsa.device.arm(&all.collect::<Vec<_>>())?;
        Ok(dsa)
    }

    /// Opens the device and enables it.
    pub fn open_enabled(location: &Location) -> Result<Self> {
        let mut dsa = Self::open(location)?;
        dsa.enable()?;
        Ok(dsa)
    }

    /// Checks identity and capabilities.
    fn identify(&mut self) -> Result<()> {
        let mut id = [0; 4];
        self.device.read(Region::Config, 0, &mut id)?;
        let id = u32::from_le_bytes(id);
        ensure!(
            id == regs::PCI_ID,
            "its PCI id is {:04x}:{:04x}, not 8086:0b25",
            id & 0xffff,
            id >> 16
        );
        let mut class = [0; 4];
        self.device
            .read(Region::Config, regs::PCI_CLASS_REVISION, &mut class)?;
        let class = u32::from_le_bytes(class) >> 8;
        ensure!(
            class == regs::PCI_CLASS,
            "its PCI class is {class:06x}, not {:06x}",
            regs::PCI_CLASS
        );
        let version = self.read32(regs::VERSION)?;
        ensure!(
            version == regs::VERSION_1,
            "VERSION is {version:#x}, not {:#x}",
            regs::VERSION_1
        );
        let gencap = self.read64(regs::GENCAP)?;
        ensure!(
            gencap & regs::GENCAP_CONFIG_EN == 0,
            "GENCAP {gencap:#x} says that the configuration can be written"
        );
        ensure!(
            gencap & regs::GENCAP_CMD_CAP != 0,
            "GENCAP {gencap:#x} says that there is no CMDCAP"
        );
        let wqcap = self.read64(regs::WQCAP)?;
        let wqs = wqcap >> 16 & 0xff;
        ensure!(
            wqs >= 1 && wqcap & regs::WQCAP_DEDICATED != 0,
            "WQCAP {wqcap:#x} does not say dedicated work queues"
        );
        let vectors = self.device.vectors()?;
        ensure!(
            u64::from(vectors) == wqs + 1,
            "there are {vectors} MSI-X vectors, not one for misc and one for each of {wqs} WQs"
        );
        let portals = self.device.region_len(Region::Bar2);
        ensure!(
            portals >= wqs * regs::PORTALS_PER_WQ,
            "BAR2 has {portals:#x} bytes, too few for the portals of {wqs} work queues"
        );
        let tables = self.read64(regs::OFFSETS)?;
        self.wqcfg = (tables >> 16 & 0xffff) * 0x100;
        self.sizes = (0..wqs)
            .map(|wq| Ok(self.read32(self.wqcfg_of(wq) + regs::WQCFG_SIZE)? & 0xffff))
            .collect::<Result<_>>()?;
        let total = u64::from(self.sizes.iter().sum::<u32>());
        ensure!(
            total == wqcap & 0xffff && !self.sizes.contains(&0),
            "the sizes {:?} of its work queues do not fit to WQCAP {wqcap:#x}",
            self.sizes
        );
        Ok(())
    }

    /// Where the configuration of a work queue is.
    fn wqcfg_of(&self, wq: u64) -> u64 {
        self.wqcfg + wq * regs::WQCFG_LEN
    }

    /// Enables the device and its work queues and gets an interrupt handle.
    pub fn enable(&mut self) -> Result<()> {
        self.device.write(
            Region::Config,
            regs::PCI_COMMAND,
            &regs::PCI_COMMAND_MEMORY_MASTER.to_le_bytes(),
        )?;
        self.write32(regs::GENCTRL, regs::GENCTRL_SOFTERR_HALT)?;
        self.command(Command::EnableDevice, 0)?;
        let commands = self.read32(regs::CMDCAP)?;
        let request = Command::RequestInterruptHandle;
        // Without the command, the handle is the number of the vector.
        self.handle = if commands & 1 << request as u32 != 0 {
            self.command(request, 1)?
        } else {
            1
        };
        for wq in 0..self.sizes.len() {
            self.command(Command::EnableWq, wq as u32)?;
        }
        Ok(())
    }

    /// Has the device carry out a command, waits for its interrupt and returns
    /// its result.
    pub fn command(&self, command: Command, operand: u32) -> Result<u16> {
        let status = self.command_status(command, operand)?;
        let code = status & 0xff;
        ensure!(
            code == 0,
            "the command {command:?} with operand {operand:#x} failed with error {code:#04x}"
        );
        Ok((status >> 8 & 0xffff) as u16)
    }

    /// Has the device carry out a command and returns CMDSTS.
    pub fn command_status(&self, command: Command, operand: u32) -> Result<u32> {
        // An interrupt that is left over from before would end the wait early.
        self.write32(regs::INTCAUSE, regs::INTCAUSE_CMD)?;
        self.write32(regs::CMD, operand | (command as u32) << 20 | regs::CMD_INT)?;
        let what = || format!("the command {command:?}");
        loop {
            self.misc.wait(SOON).with_context(what)?;
            if self.read32(regs::INTCAUSE)? & regs::INTCAUSE_CMD != 0 {
                break;
            }
        }
        self.write32(regs::INTCAUSE, regs::INTCAUSE_CMD)?;
        let status = self.read32(regs::CMDSTS)?;
        ensure!(
            status & regs::CMDSTS_ACTIVE == 0,
            "{} interrupted while still active (CMDSTS {status:#x})",
            what()
        );
        Ok(status)
    }

    /// Resets the device through VFIO; [`Dsa::enable`] revives it.
    pub fn reset(&self) -> Result<()> {
        self.device.reset()?;
        self.forget_interrupts()
    }

    /// Resets the device through PCI Express, as an operating system does; [`Dsa::enable`] revives
    /// it.
    pub fn function_level_reset(&self) -> Result<()> {
        let control = self.express()? + regs::PCI_EXP_DEVCTL;
        let mut value = [0; 2];
        self.device.read(Region::Config, control, &mut value)?;
        let value = u16::from_le_bytes(value) | regs::PCI_EXP_DEVCTL_FLR;
        self.device
            .write(Region::Config, control, &value.to_le_bytes())?;
        self.forget_interrupts()
    }

    /// What came before a reset is of no meaning after it.
    fn forget_interrupts(&self) -> Result<()> {
        self.misc.take()?;
        let mut completion = [&self.done].into_iter().chain(&self.further);
        completion.try_for_each(|interrupt| interrupt.take().map(drop))
    }

    /// Where in config space the PCI Express capability is.
    fn express(&self) -> Result<u64> {
        // No list is longer than config space has dwords.
        let mut place = regs::PCI_CAPABILITIES;
        for _ in 0..64 {
            let mut next = [0];
            self.device.read(Region::Config, place, &mut next)?;
            let at = u64::from(next[0]);
            ensure!(at != 0, "there is no PCI Express capability");
            let mut id = [0];
            self.device.read(Region::Config, at, &mut id)?;
            if id[0] == regs::PCI_CAP_EXPRESS {
                return Ok(at);
            }
            place = at + 1;
        }
        bail!("the list of capabilities has no end")
    }

    /// State of the device: one of `regs::STATE_*`.
    pub fn state(&self) -> Result<u32> {
        Ok(self.read32(regs::GENSTS)? & 0b11)
    }

    /// Whether the work queue is enabled.
    pub fn wq_enabled(&self) -> Result<bool> {
        Ok(self.read32(self.wqcfg + regs::WQCFG_STATE)? >> 30 == 1)
    }

    /// Entries of the first work queue: most descriptors in flight.
    pub fn size(&self) -> u32 {
        self.sizes.first().copied().unwrap_or(0)
    }

    /// Entries of each work queue.
    pub fn sizes(&self) -> &[u32] {
        &self.sizes
    }

    /// Chooses the work queue that descriptors are submitted to from now on.
    pub fn set_wq(&mut self, wq: usize) {
        self.wq = wq;
    }

    /// Most bytes that one descriptor may transfer.
    pub fn max_transfer(&self) -> Result<u64> {
        let gencap = self.read64(regs::GENCAP)?;
        Ok(1 << (gencap >> regs::GENCAP_MAX_TRANSFER_SHIFT & 0x1f))
    }

    /// Most bytes that one descriptor of the first work queue may transfer, and most descriptors of a
    /// batch.
    pub fn wq_limits(&self) -> Result<(u64, u32)> {
        let limits = self.read32(self.wqcfg + regs::WQCFG_LIMITS)?;
        Ok((1 << (limits & 0x1f), 1 << (limits >> 5 & 0xf)))
    }

    /// The operations that are offered, a bit for each operation code.
    pub fn operations(&self) -> Result<u64> {
        self.read64(regs::OPCAP)
    }

    /// Gets a handle for the interrupt of an MSI-X vector.
    pub fn interrupt_handle(&self, vector: u16) -> Result<u16> {
        self.command(Command::RequestInterruptHandle, vector.into())
    }

    /// The VFIO device.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Chooses how descriptors are stored to the portal from now on.
    pub fn set_store(&mut self, store: Store) {
        self.store = store;
    }

    /// Maps `len` bytes of fresh memory at `iova`.
    pub fn map(&self, iova: u64, len: usize) -> Result<Buffer> {
        self.map_as(iova, len, Access::ReadWrite, Layout::Straight)
    }

    /// Maps `len` bytes of fresh memory at `iova`, for a kind of access and in a layout.
    pub fn map_as(&self, iova: u64, len: usize, access: Access, layout: Layout) -> Result<Buffer> {
        self.device.container().map(iova, len, access, layout)
    }

    /// Stores a descriptor to the portal exactly as it is.
    pub fn store(&self, descriptor: &Descriptor) -> Result<()> {
        self.store_raw(&descriptor.encode())
    }

    /// Stores the 64 bytes of a descriptor to the portal.
    pub fn store_raw(&self, raw: &[u8; 64]) -> Result<()> {
        // The lock keeps the eight stores of two threads apart.
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        // Any 64-byte slot of the page will do; as drivers do, take the next one.
        let number = *slot;
        *slot += 1;
        match self.store {
            Store::Whole => self
                .device
                .write(Region::Bar2, self.slot_offset(number), raw),
            Store::Words => self.store_words(number, 0..WORDS, raw),
            Store::Mapped => {
                let at = self.slot_offset(number) as usize;
                store_to_empty(self.portal()?, at, raw)
            }
        }
    }

    /// Maps the portals, and submits by storing to them from now on.
    pub fn map_portal(&mut self) -> Result<()> {
        let how = How {
            start: 0,
            len: self.device.region_len(Region::Bar2) as usize,
            prot: ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
            flags: MapFlags::MAP_SHARED,
        };
        let mapping = self.device.map(Region::Bar2, how);
        self.portal = Some(mapping.context("mapping the portals")?);
        self.store = Store::Mapped;
        Ok(())
    }

    /// Gives the mapping of the portals away, and submits by writing to the device's file again.
    pub fn take_portal(&mut self) -> Result<Mapping> {
        self.store = Store::default();
        self.portal.take().context("the portals are not mapped")
    }

    /// Moves the mapping of the portals elsewhere in the memory of the process.
    pub fn move_portal(&mut self) -> Result<()> {
        let portal = self.portal.as_mut().context("the portals are not mapped")?;
        portal.move_away().context("moving the portals")
    }

    /// The portals, if they are mapped.
    pub fn portal(&self) -> Result<&Mapping> {
        self.portal.as_ref().context("the portals are not mapped")
    }

    /// Stores some of the [`WORDS`] of a descriptor, one by one, to a slot of the portal's page.
    pub fn store_words(&self, slot: u64, words: Range<usize>, raw: &[u8; 64]) -> Result<()> {
        (self.slot_offset(slot)..)
            .step_by(8)
            .zip(raw.chunks(8))
            .take(words.end)
            .skip(words.start)
            .try_for_each(|(offset, word)| self.device.write(Region::Bar2, offset, word))
    }

    /// Submits a descriptor whose end goes to completion record `record`
    /// (below [`RECORDS`]) and is noticed in the given way.
    pub fn submit(&self, record: usize, descriptor: Descriptor, notice: Notice) -> Result<()> {
        self.store_raw(&self.prepare(record, descriptor, notice)?)
    }

    /// Where in BAR2 slot number `slot` of the portal is; numbers beyond the page begin anew.
    pub fn slot_offset(&self, slot: u64) -> u64 {
        let portals = self.wq as u64 * regs::PORTALS_PER_WQ;
        portals + regs::LIMITED_PORTAL + slot * 64 % regs::PORTAL_LEN
    }

    /// Clears completion record `record` and lays a descriptor out that reports
    /// to it: what [`Dsa::submit`] would store.
    pub fn prepare(
        &self,
        record: usize,
        descriptor: Descriptor,
        notice: Notice,
    ) -> Result<[u8; 64]> {
        self.clear_completion(record)?;
        let mut descriptor = descriptor.recorded_at(record_iova(record));
        if notice == Notice::Interrupt {
            descriptor = self.noticed(descriptor);
        }
        Ok(descriptor.encode())
    }

    /// A descriptor whose end raises the completion interrupt.
    pub fn noticed(&self, mut descriptor: Descriptor) -> Descriptor {
        descriptor.flags |= Flags::REQUEST_INTERRUPT;
        descriptor.interrupt = self.handle;
        descriptor
    }

    /// The completion record `record`, if it is written.
    pub fn completion(&self, record: usize) -> Result<Option<Completion>> {
        if !self.has_completion(record)? {
            return Ok(None);
        }
        let record = self.records.read(record * RECORD_LEN, RECORD_LEN)?;
        Completion::decode(&record).map(Some)
    }

    /// Whether the completion record `record` is written.
    pub fn has_completion(&self, record: usize) -> Result<bool> {
        // The status is written last, and not zero.
        Ok(self.records.load(record * RECORD_LEN)? != 0)
    }

    /// The first word of the completion record `record`, whose lowest byte is the status.
    pub fn record(&self, record: usize) -> Result<&AtomicU64> {
        self.records.word(record * RECORD_LEN)
    }

    /// Clears the completion record `record`.
    pub fn clear_completion(&self, record: usize) -> Result<()> {
        self.records.write(record * RECORD_LEN, &[0; RECORD_LEN])
    }

    /// All completion records as they are.
    pub fn records(&self) -> Result<Vec<u8>> {
        self.records.read(0, RECORDS * RECORD_LEN)
    }

    /// Waits for the completion record `record`.
    pub fn wait(&self, record: usize, limit: Duration) -> Result<Completion> {
        wait::until(limit, &format!("completion record {record}"), || {
            self.completion(record)
        })
    }

    /// Waits for a completion interrupt.
    pub fn wait_interrupt(&self, limit: Duration) -> Result<u64> {
        self.done.wait(limit)
    }

    /// Takes the completion interrupts that came and returns their number.
    pub fn take_interrupts(&self) -> Result<u64> {
        self.done.take()
    }

    /// The same of an MSI-X vector, which is that of completions or a later one.
    pub fn take_interrupts_of(&self, vector: u16) -> Result<u64> {
        let mut completion = [&self.done].into_iter().chain(&self.further);
        let interrupt = completion.nth(usize::from(vector).saturating_sub(1));
        interrupt.context("there is no such vector")?.take()
    }

    /// Takes the interrupts that came of anything but completions and returns their number.
    pub fn take_misc_interrupts(&self) -> Result<u64> {
        self.misc.take()
    }

    /// Runs one descriptor to its end, noticed by interrupt.
    pub fn run(&self, descriptor: Descriptor) -> Result<Completion> {
        self.run_noticed(descriptor, Notice::Interrupt)
    }

    /// Runs one descriptor to its end, noticed in the given way.
    pub fn run_noticed(&self, descriptor: Descriptor, notice: Notice) -> Result<Completion> {
        if notice == Notice::Record {
            self.submit(0, descriptor, notice)?;
            return self.wait(0, SOON);
        }
        self.done.take()?;
        self.submit(0, descriptor, notice)?;
        self.done.wait(SOON).with_context(|| {
            let record = self.completion(0);
            format!("running {descriptor:x?}; its completion record is {record:x?}")
        })?;
        match self.completion(0)? {
            Some(completion) => Ok(completion),
            None => bail!("the interrupt came before the completion record of {descriptor:x?}"),
        }
    }

    /// Waits for a software error with its misc interrupt, and clears it.
    pub fn software_error(&self) -> Result<SoftwareError> {
        loop {
            self.misc
                .wait(SOON)
                .context("waiting for a software error")?;
            if self.read32(regs::INTCAUSE)? & regs::INTCAUSE_SWERR != 0 {
                break;
            }
        }
        self.write32(regs::INTCAUSE, regs::INTCAUSE_SWERR)?;
        match self.take_software_error()? {
            Some(error) => Ok(error),
            None => bail!("INTCAUSE tells of a software error, and SWERR is not valid"),
        }
    }

    /// Waits for the misc interrupt that tells of a halt, and clears its cause.
    pub fn halt(&self) -> Result<()> {
        while self.read32(regs::INTCAUSE)? & regs::INTCAUSE_HALT == 0 {
            self.misc.wait(SOON).context("waiting for a halt")?;
        }
        self.write32(regs::INTCAUSE, regs::INTCAUSE_HALT)
    }

    /// Submits a descriptor to a device that cannot do it, and waits within `limit` until its
    /// failure is told: by its record, or by a software error if it was not taken.
    pub fn fails(&self, descriptor: Descriptor, limit: Duration) -> Result<()> {
        self.take_software_error()?;
        self.submit(0, descriptor, Notice::Record)?;
        let what = format!("the failure of {descriptor:x?}");
        wait::until_true(limit, &what, || match self.completion(0)? {
            Some(completion) => completion.failure("on a dead device").map(|_| true),
            None => Ok(self.take_software_error()?.is_some()),
        })
    }

    /// The recorded software error, if there is one; clears it.
    pub fn take_software_error(&self) -> Result<Option<SoftwareError>> {
        let error = self.read64(regs::SWERR)?;
        if error & 1 == 0 {
            return Ok(None);
        }
        self.write64(regs::SWERR, error & regs::SWERR_VALID_OVERFLOW)?;
        Ok(Some(SoftwareError {
            code: (error >> 8) as u8,
            wq: (error & 1 << 3 != 0).then_some((error >> 16) as u8),
        }))
    }

    /// All of SWERR, which is cleared if it is valid, with its cause in INTCAUSE.
    pub fn take_swerr(&self) -> Result<[u64; 4]> {
        let mut words = [0; 4];
        for (word, offset) in words.iter_mut().zip((regs::SWERR..).step_by(8)) {
            *word = self.read64(offset)?;
        }
        if words[0] & 1 != 0 {
            self.write32(regs::INTCAUSE, regs::INTCAUSE_SWERR)?;
            self.write64(regs::SWERR, words[0] & regs::SWERR_VALID_OVERFLOW)?;
        }
        Ok(words)
    }

    /// Reads a register of 32 bits.
    pub fn read32(&self, offset: u64) -> Result<u32> {
        let mut bytes = [0; 4];
        self.device.read(Region::Bar0, offset, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// Reads a register of 64 bits.
    pub fn read64(&self, offset: u64) -> Result<u64> {
        let mut bytes = [0; 8];
        self.device.read(Region::Bar0, offset, &mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// Writes a register of 32 bits.
    pub fn write32(&self, offset: u64, value: u32) -> Result<()> {
        self.device
            .write(Region::Bar0, offset, &value.to_le_bytes())
    }

    /// Writes a register of 64 bits.
    pub fn write64(&self, offset: u64, value: u64) -> Result<()> {
        self.device
            .write(Region::Bar0, offset, &value.to_le_bytes())
    }
}

/// Stores a descriptor to a slot of a mapped portal, the first word last.
pub fn store_to(portal: &Mapping, slot: usize, raw: &[u8; 64]) -> Result<()> {
    let words = raw.chunks_exact(8).map(<[u8; 8]>::try_from);
    for (offset, word) in (slot..).step_by(8).zip(words).skip(1) {
        portal.store(offset, u64::from_le_bytes(word?))?;
    }
    let (first, _) = raw.split_at(8);
    portal.store(slot, u64::from_le_bytes(first.try_into()?))
}

/// Waits until a slot of a mapped portal is empty, and stores a descriptor to it.
pub fn store_to_empty(portal: &Mapping, slot: usize, raw: &[u8; 64]) -> Result<()> {
    wait::until_true(SOON, "an empty slot", || Ok(portal.load(slot)? == 0))?;
    store_to(portal, slot, raw)
}

/// Where the slots of the portal of the first work queue are.
pub fn slots() -> impl Iterator<Item = usize> {
    let first = regs::LIMITED_PORTAL as usize;
    (first..first + PAGE).step_by(64)
}

/// IOVA of completion record `record`.
pub fn record_iova(record: usize) -> u64 {
    RECORDS_IOVA + (record * RECORD_LEN) as u64
}

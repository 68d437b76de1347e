// SPDX-License-Identifier: GPL-2.0

//! Registers of the virtual function.
//!
//! Reads have no side effect and are made of aligned 64 bits, writes of aligned 32 bits, so that
//! an access of any size and place comes to something sane. What is not writable stays, without
//! any error: idxd rewrites tables that it knows to be read-only.

use super::{
    super::regs::{
        self,
        gencfg,
        genctrl,
        gensts,
        swerr,
        table::{
            grpcfg,
            msix_perm,
            wqcfg, //
        },
        GenCap,
        Offsets,
        WqCap, //
    },
    command::CMDCAP,
    places,
    Effect,
    Function,
    State,
    WqState,
    VECTORS,
    WQS, //
};

/// Size of BAR0 in bytes.
pub const BAR0_SIZE: u32 = 0x1_0000;

const OPCAP_END: usize = regs::OPCAP + 32;
const SWERR_END: usize = regs::SWERR + 32;

// The places of the tables, those of Intel's mediated device of 2021. There is no interrupt
// message storage and no performance monitor.
const MSIX_PERM: usize = 0x300;
const MSIX_PERM_END: usize = MSIX_PERM + VECTORS * msix_perm::STRIDE;
const GRPCFG: usize = 0x400;
const GRPCFG_END: usize = GRPCFG + grpcfg::STRIDE;
const WQCFG: usize = 0x500;
const WQCFG_END: usize = WQCFG + WQS * WQCFG_STRIDE;
/// Distance of two WQs in WQCFG, for WQCAP.wqcfg_size 0.
const WQCFG_STRIDE: usize = 32;
/// The first register OFFSETS; the second one is 0.
const OFFSETS: u64 = unit(GRPCFG) | unit(WQCFG) << 16 | unit(MSIX_PERM) << 32;

/// Place of the MSI-X table.
pub(super) const MSIX_TABLE: u32 = 0x2000;
/// Place of the pending bits of MSI-X. They read as 0: interrupts are VFIO's to hold back.
pub(super) const MSIX_PBA: u32 = 0x3000;
// CAST: Lossless; `From` is not usable in a constant.
const MSIX_TABLE_START: usize = MSIX_TABLE as usize;
const MSIX_TABLE_END: usize = MSIX_TABLE_START + VECTORS * 16;
/// An entry of the MSI-X table after reset: masked.
pub(super) const MSIX_ENTRY_RESET: [u32; 4] = [0, 0, 0, 1];
/// The bits of an entry of the MSI-X table that are not reserved.
const MSIX_MASK: [u32; 4] = [!3, u32::MAX, u32::MAX, 1];

/// Priority of all WQs; they differ in nothing.
const PRIORITY: u8 = 1;

/// What the virtual GENCAP has of the hardware's: what [`desc`](super::super::desc) carries out.
const GENCAP_KEPT: u64 = GenCap::CACHE_CTL_MEM
    | GenCap::OVERLAP_COPY
    | GenCap::MAX_XFER_SHIFT_MASK
    | GenCap::MAX_BATCH_SHIFT_MASK;

impl Function {
    /// Reads registers; zeroes where there is nothing.
    pub fn bar0_read(&self, off: u64, buf: &mut [u8]) {
        for (byte, at) in buf.iter_mut().zip(places(off)) {
            // CAST: Cut to the byte.
            *byte = (self.qword(at & !7) >> (at % 8 * 8)) as u8;
        }
    }

    /// Writes registers.
    pub fn bar0_write(&mut self, off: u64, data: &[u8]) -> Effect {
        let mut effect = Effect::None;
        let mut dword = Dword::default();
        let mut bytes = data.iter().zip(places(off)).peekable();
        while let Some((&byte, at)) = bytes.next() {
            dword.set(at, byte);
            if at % 4 == 3 || bytes.peek().is_none() {
                match self.write_dword(at & !3, dword) {
                    Effect::None => (),
                    // No access has two: only CMD has an effect.
                    new => effect = new,
                }
                dword = Dword::default();
            }
        }
        effect
    }

    /// The 64 bits at `at`, which is aligned.
    fn qword(&self, at: usize) -> u64 {
        let params = &self.params;
        match at {
            regs::VERSION => u64::from(params.version),
            regs::GENCAP => self.gencap().0,
            regs::WQCAP => {
                let wqs = u64::from(params.wqs);
                WqCap::DEDICATED_MODE | wqs << 16 | params.total_size()
            }
            // One group. The read buffers are the hardware's to distribute.
            regs::GRPCAP => 1,
            regs::ENGCAP => u64::from(params.engines),
            regs::OPCAP..OPCAP_END => element(&params.opcap, at - regs::OPCAP),
            regs::OFFSETS => OFFSETS,
            regs::GENCFG => u64::from(self.gencfg),
            regs::GENCTRL => u64::from(self.genctrl),
            regs::GENSTS => u64::from(self.gensts()),
            regs::INTCAUSE => u64::from(self.intcause),
            regs::CMDSTS => u64::from(self.cmdsts),
            regs::CMDCAP => u64::from(CMDCAP),
            regs::SWERR..SWERR_END => element(&self.swerr, at - regs::SWERR),
            MSIX_PERM..MSIX_PERM_END => u64::from(element(&self.msix_perm, at - MSIX_PERM)),
            GRPCFG..GRPCFG_END => self.grpcfg(at - GRPCFG),
            WQCFG..WQCFG_END => self.wqcfg(at - WQCFG),
            MSIX_TABLE_START..MSIX_TABLE_END => self.msix_entry(at - MSIX_TABLE_START),
            _ => 0,
        }
    }

    /// A write to the 32 bits at `at`, which is aligned.
    fn write_dword(&mut self, at: usize, new: Dword) -> Effect {
        let vectors = usize::from(self.vectors());
        match at {
            regs::GENCFG if self.state == State::Disabled => {
                self.gencfg = new.over(self.gencfg) & gencfg::USER_INT_EN;
            }
            regs::GENCTRL => {
                self.genctrl =
                    new.over(self.genctrl) & (genctrl::SOFTERR_INT_EN | genctrl::HALT_INT_EN);
            }
            regs::INTCAUSE => self.intcause &= !new.value,
            regs::CMD if new.is_whole() => return self.start(new.value),
            regs::SWERR => {
                let [first, ..] = &mut self.swerr;
                *first &= !(u64::from(new.value) & (swerr::VALID | swerr::OVERFLOW));
            }
            MSIX_PERM..MSIX_PERM_END if at % msix_perm::STRIDE == 0 => {
                let mut entries = self.msix_perm.iter_mut().take(vectors);
                if let Some(entry) = entries.nth((at - MSIX_PERM) / msix_perm::STRIDE) {
                    *entry = new.over(*entry) & msix_perm::MASK;
                }
            }
            MSIX_TABLE_START..MSIX_TABLE_END => {
                let mut fields = self.msix_table.iter_mut().take(vectors).flatten();
                let field = (at - MSIX_TABLE_START) / 4;
                if let (Some(value), Some(mask)) = (fields.nth(field), MSIX_MASK.get(field % 4)) {
                    *value = new.over(*value) & mask;
                }
            }
            _ => (),
        }
        Effect::None
    }

    /// The virtual GENCAP: read-only configuration and CMDCAP are its own.
    pub(super) fn gencap(&self) -> GenCap {
        GenCap(self.params.gencap & GENCAP_KEPT | GenCap::CMD_CAP)
    }

    /// The register GENSTS.
    fn gensts(&self) -> u32 {
        match self.state {
            State::Disabled => gensts::DISABLED,
            State::Enabled => gensts::ENABLED,
            State::Draining => gensts::DRAINING,
            State::Halted if self.lost => gensts::halted(gensts::RESET_COLD),
            State::Halted => gensts::halted(gensts::RESET_FLR),
        }
    }

    /// GRPCFG: the one group has all WQs and engines.
    fn grpcfg(&self, at: usize) -> u64 {
        match at {
            grpcfg::WQS => u64::MAX >> (64 - u32::from(self.params.wqs)),
            grpcfg::ENGINES => u64::MAX >> (64 - u32::from(self.params.engines)),
            _ => 0,
        }
    }

    /// WQCFG: dedicated, without PASID and block on fault. idxd takes no other with read-only
    /// configuration.
    fn wqcfg(&self, at: usize) -> u64 {
        let number = at / WQCFG_STRIDE;
        let mut wqs = self.wqs.iter().take(usize::from(self.params.wqs));
        let Some(wq) = wqs.nth(number) else {
            return 0;
        };
        let dword = |at| match at {
            wqcfg::SIZE => u32::from(self.params.size(number)),
            wqcfg::MODE => wqcfg::mode(true, PRIORITY),
            wqcfg::LIMITS => {
                let gencap = self.gencap();
                wqcfg::limits(gencap.max_xfer_shift(), gencap.max_batch_shift())
            }
            wqcfg::STATE => wqcfg::with_state(match wq {
                // The device on its way to disabled takes its WQs with it.
                WqState::Enabled if self.state == State::Draining => wqcfg::BUSY,
                WqState::Enabled => wqcfg::ENABLED,
                WqState::Busy => wqcfg::BUSY,
                WqState::Disabled => wqcfg::DISABLED,
            }),
            _ => 0,
        };
        let at = at % WQCFG_STRIDE;
        u64::from(dword(at + 4)) << 32 | u64::from(dword(at))
    }

    /// Half an entry of the MSI-X table.
    fn msix_entry(&self, at: usize) -> u64 {
        let entries = self.msix_table.iter().take(usize::from(self.vectors()));
        let mut fields = entries.flatten().skip(at / 4).copied().map(u64::from);
        let low = fields.next().unwrap_or(0);
        let high = fields.next().unwrap_or(0);
        high << 32 | low
    }
}

/// A write to 32 bits, or to some bytes of these.
#[derive(Copy, Clone, Default)]
struct Dword {
    /// The bytes written; the others are 0.
    value: u32,
    /// All ones in the bytes written.
    mask: u32,
}

impl Dword {
    /// Adds the byte at `at`.
    fn set(&mut self, at: usize, byte: u8) {
        let shift = at % 4 * 8;
        self.value |= u32::from(byte) << shift;
        self.mask |= 0xff << shift;
    }

    /// The value written over an old one.
    const fn over(self, old: u32) -> u32 {
        old & !self.mask | self.value
    }

    /// Whether all bytes were written.
    const fn is_whole(self) -> bool {
        self.mask == u32::MAX
    }
}

/// The element of registers of 64 bits that is `at` bytes after the first one.
fn element<T: Copy + Default>(registers: &[T], at: usize) -> T {
    registers.get(at / 8).copied().unwrap_or_default()
}

/// An offset as OFFSETS counts.
const fn unit(offset: usize) -> u64 {
    // CAST: Lossless; `From` is not usable in a const function.
    (offset / Offsets::UNIT) as u64
}

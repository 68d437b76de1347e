// SPDX-License-Identifier: GPL-2.0

//! The virtual DSA function that the VFIO user of a subdev sees.
//!
//! A [`Function`] is the whole state that the user can see: config space, the registers in BAR0
//! and the portals in BAR2. It decides nothing about memory or hardware. What the owner has to do
//! for it, it says with an [`Effect`].
//!
//! It is a DSA whose configuration is read-only (GENCAP.config_en is 0), so that upstream idxd takes
//! it as it is: one group with all WQs, which are dedicated. Where idxd expects something in
//! particular, the place says so.

mod bar0;
mod command;
mod config;
mod portal;
mod reset;
mod swerr;

#[cfg(test)]
mod tests;

pub use bar0::BAR0_SIZE;
pub use command::{
    Pending,
    Quiesce, //
};
pub use config::CONFIG_SIZE;
pub use portal::Submission;
pub use swerr::Swerr;

use super::{
    desc::{
        Limits,
        ALL_OPCAP, //
    },
    regs::table::portal::WQ_STRIDE, //
};

/// Most WQs of a function, as `max-wqs-per-subdev` of the family says.
pub const MAX_WQS: u8 = 8;
/// [`MAX_WQS`] as the length of an array.
pub const WQS: usize = 8;
/// Most MSI-X vectors of a function: one for what concerns the device and one for each WQ.
const VECTORS: usize = WQS + 1;

/// The vector for what concerns the device, idxd's "misc".
const MISC_VECTOR: u16 = 0;

/// What makes a virtual function.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Params {
    /// PCI device ID.
    pub device_id: u16,
    /// PCI revision.
    pub revision: u8,
    /// Register VERSION.
    pub version: u32,
    /// Register GENCAP of the hardware.
    pub gencap: u64,
    /// Operations that the user may use, as registers OPCAP; limited to [`ALL_OPCAP`].
    pub opcap: [u64; 4],
    /// Number of WQs, 1 to [`MAX_WQS`].
    pub wqs: u8,
    /// Entries of each WQ; of those that there are not, they mean nothing.
    pub sizes: [u16; WQS],
    /// Number of engines, 1 to 64.
    pub engines: u8,
}

impl Params {
    /// Number of MSI-X vectors: 0 for what concerns the device, n + 1 for WQ n. idxd wants exactly
    /// that many.
    pub fn vectors(&self) -> u16 {
        u16::from(self.wqs.clamp(1, MAX_WQS)) + 1
    }

    /// Size of BAR2 in bytes, a power of two.
    pub fn bar2_size(&self) -> u32 {
        let wqs = self.wqs.clamp(1, MAX_WQS);
        // CAST: Lossless; four pages for each of a few WQs.
        (u32::from(wqs) * WQ_STRIDE as u32).next_power_of_two()
    }

    /// The sizes of the WQs that there are.
    fn own_sizes(&self) -> impl Iterator<Item = u16> + '_ {
        let wqs = self.wqs.clamp(1, MAX_WQS);
        self.sizes.iter().take(usize::from(wqs)).copied()
    }

    /// Entries of a WQ.
    fn size(&self, wq: usize) -> u16 {
        self.own_sizes().nth(wq).unwrap_or(0)
    }

    /// Entries of all WQs together.
    fn total_size(&self) -> u64 {
        self.own_sizes().map(u64::from).sum()
    }
}

/// What the owner of a function has to do after an access.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[must_use]
pub enum Effect {
    /// Nothing.
    None,
    /// Raise the interrupt of this vector.
    Interrupt(u16),
    /// Bring the queues to rest as [`Pending::quiesce`] says, then call [`Function::finish`].
    Command(Pending),
    /// The function has begun a reset, as by [`Function::begin_reset`]. Bring the queues to rest,
    /// discarding all work, then call [`Function::reset`].
    Reset,
}

/// State of the device, as GENSTS tells.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum State {
    Disabled,
    Enabled,
    /// On the way to disabled.
    Draining,
    /// The hardware was lost.
    Halted,
}

/// State of a WQ, as WQCFG tells.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum WqState {
    Disabled,
    Enabled,
    /// On the way to disabled.
    Busy,
}

/// A virtual DSA function.
///
/// Plain data of less than four kilobytes that its owner keeps under a lock. Most of it are
/// descriptors that are partly written.
#[derive(Clone, Debug)]
pub struct Function {
    params: Params,
    config: config::Config,
    state: State,
    wqs: [WqState; WQS],
    portals: portal::Portals,
    /// The command that is not complete yet.
    pending: Option<Pending>,
    /// Number of commands accepted so far; distinguishes one from an equal one that a reset has
    /// ended.
    commands: u32,
    /// The hardware is lost, and no reset ends a halt.
    lost: bool,
    /// A reset has begun and is not complete.
    resetting: bool,
    /// See [`Function::epoch`].
    epochs: [u32; WQS],
    /// Granted interrupt handles; bit n is handle n.
    handles: u16,
    gencfg: u32,
    genctrl: u32,
    intcause: u32,
    cmdsts: u32,
    swerr: [u64; 4],
    /// See [`Function::take_reported`].
    reported: Option<Swerr>,
    msix_perm: [u32; VECTORS],
    msix_table: [[u32; 4]; VECTORS],
}

impl Function {
    /// A function as after power-on. Parameters out of range are brought into it.
    pub fn new(params: &Params) -> Self {
        let wqs = params.wqs.clamp(1, MAX_WQS);
        let mut opcap = params.opcap;
        for (operations, offered) in opcap.iter_mut().zip(ALL_OPCAP) {
            *operations &= offered;
        }
        // The register WQCAP has 16 bits for all WQs together.
        let mut left = u16::MAX;
        let mut sizes = [0; WQS];
        for (size, asked) in sizes.iter_mut().zip(params.own_sizes()) {
            *size = asked.min(left);
            left -= *size;
        }
        let params = Params {
            wqs,
            sizes,
            engines: params.engines.clamp(1, 64),
            opcap,
            ..*params
        };
        Self {
            config: config::Config::new(&params),
            params,
            state: State::Disabled,
            wqs: [WqState::Disabled; WQS],
            portals: portal::Portals::new(),
            pending: None,
            commands: 0,
            lost: false,
            resetting: false,
            epochs: [0; WQS],
            handles: 0,
            gencfg: 0,
            genctrl: 0,
            intcause: 0,
            cmdsts: 0,
            swerr: [0; 4],
            reported: None,
            msix_perm: [0; VECTORS],
            msix_table: [bar0::MSIX_ENTRY_RESET; VECTORS],
        }
    }

    /// Number of WQs.
    pub fn wqs(&self) -> u8 {
        self.params.wqs
    }

    /// As [`Params::vectors`].
    pub fn vectors(&self) -> u16 {
        self.params.vectors()
    }

    /// As [`Params::bar2_size`].
    pub fn bar2_size(&self) -> u32 {
        self.params.bar2_size()
    }

    /// Whether the device is enabled.
    pub fn is_enabled(&self) -> bool {
        self.state == State::Enabled
    }

    /// Whether the device halted; see [`Function::lose`] and [`Function::recover`].
    pub fn is_halted(&self) -> bool {
        self.state == State::Halted
    }

    /// Whether a WQ accepts work.
    pub fn wq_enabled(&self, wq: u8) -> bool {
        self.is_enabled() && self.wqs.get(usize::from(wq)) == Some(&WqState::Enabled)
    }

    /// A number that changes whenever a WQ stops to accept work, even if it does again by now.
    ///
    /// A descriptor may be accepted if it was found valid by [`Function::limits`] and the number is
    /// still [`Limits::epoch`]: then nothing disabled or reset the WQ in between. What is accepted
    /// before the number changes is work that the command or reset brings to rest.
    pub fn epoch(&self, wq: u8) -> u32 {
        self.epochs.get(usize::from(wq)).copied().unwrap_or(0)
    }

    /// What a descriptor that was submitted to a WQ is checked against.
    pub fn limits(&self, wq: u8) -> Limits {
        Limits {
            epoch: self.epoch(wq),
            opcap: self.params.opcap,
            max_transfer: self.gencap().max_transfer(),
            max_batch: self.gencap().max_batch(),
            overlapping_copy: self.gencap().overlap_copy(),
            cache_control: self.gencap().cache_control(),
            vectors: self.vectors(),
            bus_master: self.config.bus_master(),
            wq_enabled: self.wq_enabled(wq),
        }
    }

    /// Reads from config space; zeroes where there is nothing.
    pub fn config_read(&self, off: u64, buf: &mut [u8]) {
        self.config.read(off, buf);
    }

    /// Writes to config space; what is read-only stays.
    pub fn config_write(&mut self, off: u64, data: &[u8]) -> Effect {
        match self.config.write(off, data) {
            config::Written::Plain => Effect::None,
            config::Written::FunctionLevelReset => {
                self.begin_reset();
                Effect::Reset
            }
        }
    }

    /// Sets a bit of INTCAUSE and raises the misc interrupt if GENCTRL has it enabled.
    fn raise(&mut self, cause: u32, enable: u32) -> Effect {
        self.intcause |= cause;
        if self.genctrl & enable != 0 {
            Effect::Interrupt(MISC_VECTOR)
        } else {
            Effect::None
        }
    }
}

/// The places of the bytes of an access at `off`; one past the address space is the last place,
/// where there is nothing.
fn places(off: u64) -> impl Iterator<Item = usize> {
    let off = usize::try_from(off).unwrap_or(usize::MAX);
    (0..).map(move |at: usize| off.saturating_add(at))
}

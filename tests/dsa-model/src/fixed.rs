// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a device is configured as whose configuration is fixed (`--fixed-config`): after power-on and
//! after each reset. It is one that shows software what it must not take for granted.
//!
//! | | |
//! |-|-|
//! | group 0 | all work queues, all engines and all read buffers |
//! | each work queue | dedicated, with an even part of the capacity, priority 5, and the device's limits and operations |
//! | work queue 1 | transfers of at most 64 KiB |
//! | work queue 2 | a PASID, on a device with `--pasid` |
//! | the last work queue | shared, with the PASID that this takes, unless there is no shared mode |
//!
//! Unprivileged descriptors may ask for interrupts: software that cannot write GENCFG would have none.

use crate::profile::Profile;
use crate::registers::gencfg;
use crate::registers::grpcfg::Group;
use crate::registers::wqcfg::{Access, WqConfig};
use crate::state::State;

/// Neither what `idxd` sets nor what it is without configuration.
const PRIORITY: u32 = 5;
/// The largest transfer of [`SMALL_TRANSFERS`], as a power of two of bytes.
const SMALL_TRANSFER_SHIFT: u8 = 16;
const SMALL_TRANSFERS: u8 = 1;
const WITH_PASID: u8 = 2;
/// The PASID.
const PASID: u32 = 1;

/// Configures a device that has just been reset.
pub(crate) fn configure(state: &mut State) {
    state.gencfg = gencfg::USER_INTERRUPTS;
    if let Some(first) = state.groups.first_mut() {
        *first = group(&state.profile);
    }
    for (index, wq) in (0..).zip(&mut state.wqs) {
        wq.config = work_queue(&state.profile, index);
    }
}

fn group(profile: &Profile) -> Group {
    /// Class 1 for both kinds of traffic, as `idxd` has it.
    const CLASSES: u32 = 1 | 1 << 3;
    let mut group = Group::default();
    let buffers = u32::from(profile.read_buffers) << 20;
    // What there is not is masked.
    for (dword, value) in [(0, u32::MAX), (8, u32::MAX), (10, buffers | CLASSES)] {
        group.write(dword, value, profile.wqs, profile.engines);
    }
    group
}

fn work_queue(profile: &Profile, index: u8) -> WqConfig {
    const DEDICATED: u32 = 1;
    let modes = profile.modes;
    let last = index == profile.wqs - 1;
    let shared = modes.allow(false) && (last || !modes.allow(true));
    let pasid = profile.pasid && (shared || index == WITH_PASID);

    let size = u32::from(profile.wq_capacity / u16::from(profile.wqs));
    let threshold = if shared { size } else { 0 };
    let mut mode = PRIORITY << 4;
    if !shared {
        mode |= DEDICATED;
    }
    if pasid {
        mode |= PASID << 8 | 1 << 28;
    }
    let largest = profile.max_transfer_shift;
    let transfer = match index {
        SMALL_TRANSFERS => largest.min(SMALL_TRANSFER_SHIFT),
        _ => largest,
    };
    let limits = u32::from(transfer) | u32::from(profile.max_batch_shift) << 5;

    let access = Access {
        size: true,
        rest: true,
        operations: profile.maskable_operations(),
    };
    let mut config = WqConfig::default();
    for (dword, value) in [size, threshold, mode, limits].into_iter().enumerate() {
        config.write(dword, value, access);
    }
    for dword in [8, 9] {
        config.write(dword, u32::MAX, access);
    }
    config
}

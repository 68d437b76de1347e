// SPDX-License-Identifier: GPL-2.0

use super::{
    command::error,
    table::wqcfg,
    *, //
};

#[test]
fn a_wq_of_64_bytes_has_a_mask_of_operations() {
    let with = WqCap(1 << 54 | 1 << 24 | 1 << 49 | 8 << 16 | 128);
    assert!(with.op_config());
    assert_eq!(with.stride(), 64);
    assert_eq!(wqcfg::OP_CONFIG + wqcfg::OP_CONFIG_LEN, with.stride());
    let without = WqCap(0x003f_0000_0008_0080);
    assert!(!without.op_config());
    assert_eq!(without.stride(), 32);
}

#[test]
fn the_mode_of_a_wq() {
    let mode = wqcfg::mode(true, 9);
    assert!(wqcfg::is_dedicated(mode) && !wqcfg::has_pasid(mode));
    assert_eq!(wqcfg::priority(mode), 9);
    let mode = wqcfg::mode(false, 15) | wqcfg::PASID_EN | wqcfg::PRIV | 0xf_ffff << 8;
    assert!(!wqcfg::is_dedicated(mode) && wqcfg::has_pasid(mode));
    // The PASID itself is no bit of either.
    assert!(!wqcfg::has_pasid(0xf_ffff << 8));
}

#[test]
fn the_limits_of_a_wq() {
    let limits = wqcfg::limits(21, 5);
    assert_eq!(limits, 21 | 5 << 5);
    // Neither takes in a bit of what is above it.
    assert_eq!(wqcfg::max_xfer_shift(limits | !0x1ff), 21);
    assert_eq!(wqcfg::max_batch_shift(limits | !0x1ff), 5);
}

#[test]
fn what_it_takes_to_leave_a_halt() {
    for (reset_type, register) in [
        (gensts::RESET_SOFTWARE, 0x3),
        (gensts::RESET_FLR, 0x7),
        (gensts::RESET_WARM, 0xb),
        (gensts::RESET_COLD, 0xf),
    ] {
        assert_eq!(gensts::halted(reset_type), register);
        assert_eq!(gensts::state(register), gensts::HALTED);
        assert_eq!(gensts::reset_type(register | !0xf), reset_type);
    }
    assert_eq!(gensts::state(gensts::ENABLED | 0xc), gensts::ENABLED);
}

#[test]
fn errors_that_say_that_nothing_is_enabled() {
    let not_enabled = (0..=u8::MAX).filter(|code| error::is_not_enabled(*code));
    assert_eq!(not_enabled.collect::<Vec<u8>>(), [0x20, 0x31, 0x32]);
    assert_eq!(intcause::INT_HANDLE_REVOKED, 0x8000_0000);
}

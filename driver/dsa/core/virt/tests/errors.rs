// SPDX-License-Identifier: GPL-2.0

use super::*;

#[test]
fn an_error_is_told_with_what_is_known_of_it() {
    let mut f = enabled();
    let error = Swerr {
        code: 0x11,
        wq: Some(1),
        opcode: Some(3),
        batch_index: None,
        addr: Some(0x1234_5678_9abc),
        write: true,
        invalid_flags: 0x0800,
    };
    assert_eq!(f.report_swerr(error), Effect::None);
    let told = [0, 8, 16, 24].map(|at| read64(&f, regs::SWERR + at));
    assert_eq!(told, [0x3_0001_112d, 0x800 << 32, 0x1234_5678_9abc, 0]);
    assert_eq!(read32(&f, regs::INTCAUSE), intcause::SWERR);
}

#[test]
fn an_error_of_a_batch_is_told_with_the_place_in_it() {
    let mut f = enabled();
    let _ = f.report_swerr(Swerr {
        code: 0x11,
        wq: Some(1),
        opcode: Some(3),
        batch_index: Some(0x1234),
        invalid_flags: 0x80_0000,
        ..Swerr::default()
    });
    let told = [0, 8, 16].map(|at| read64(&f, regs::SWERR + at));
    assert_eq!(told, [0x3_0001_111d, 0x0080_0000_0000_1234, 0]);
}

#[test]
fn a_second_error_is_counted_not_told() {
    let mut f = enabled();
    let _ = write32(&mut f, regs::GENCTRL, 1);
    let error = |code| Swerr {
        code,
        ..Swerr::default()
    };
    assert_eq!(f.report_swerr(error(0x1a)), Effect::Interrupt(0));
    assert_eq!(f.report_swerr(error(0x1b)), Effect::Interrupt(0));
    assert_eq!(read64(&f, regs::SWERR), 0x1a03);

    // The owner is told of each.
    assert_eq!(f.take_reported(), Some(error(0x1b)));
    assert_eq!(f.take_reported(), None);

    // Valid and overflow are cleared by writing them, and by nothing else.
    let _ = write32(&mut f, regs::SWERR, !3);
    assert_eq!(read64(&f, regs::SWERR), 0x1a03);
    let _ = write32(&mut f, regs::SWERR, 3);
    assert_eq!(read64(&f, regs::SWERR) & 3, 0);
    let _ = f.report_swerr(error(0x1c));
    assert_eq!(read64(&f, regs::SWERR), 0x1c01);
}

#[test]
fn only_wqs_that_are_there_are_blamed() {
    let mut f = enabled();
    let _ = f.report_swerr(Swerr {
        wq: Some(2),
        ..Swerr::default()
    });
    assert_eq!(read64(&f, regs::SWERR), 1);
}

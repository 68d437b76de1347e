// SPDX-License-Identifier: GPL-2.0

//! Resets, and hardware that is lost.

use super::regs::{
    cmdsts,
    command::error,
    gensts, //
};
use super::*;

#[test]
fn a_reset_that_has_begun_accepts_nothing() {
    let mut f = enabled();
    let before = [0, 1].map(|wq| f.epoch(wq));
    f.begin_reset();
    for wq in 0..2 {
        assert!(!f.limits(wq).wq_enabled);
        assert_ne!(f.epoch(wq), before[usize::from(wq)]);
    }
    assert!(!f.is_enabled());
    assert_eq!(read32(&f, regs::GENSTS), gensts::DRAINING);

    // Nor can its user make it accept something.
    for (code, operand) in [
        (Command::EnableDevice, 0),
        (Command::EnableWq, 0),
        (Command::ResetDevice, 0),
    ] {
        assert_eq!(run(&mut f, code, operand), 0);
        assert!(!f.limits(0).wq_enabled);
    }
    assert_eq!(read64(&f, regs::SWERR), 0);

    f.reset();
    assert_eq!(read32(&f, regs::GENSTS), gensts::DISABLED);
    set_bus_master(&mut f);
    assert_eq!(run(&mut f, Command::EnableDevice, 0), 0);
    assert_eq!(run(&mut f, Command::EnableWq, 0), 0);
    assert!(f.limits(0).wq_enabled);
}

#[test]
fn a_disabled_device_cannot_be_enabled_during_a_reset() {
    let mut f = Function::new(&params());
    set_bus_master(&mut f);
    f.begin_reset();
    assert_eq!(run(&mut f, Command::EnableDevice, 0), 0);
    assert!(!f.is_enabled());
}

#[test]
fn a_reset_that_has_begun_forgets_the_active_command() {
    let mut f = enabled();
    let word = Command::EnableWq.encode(0, true);
    assert_eq!(run(&mut f, Command::DisableWq, 1), 0);
    let Effect::Command(pending) = write32(&mut f, regs::CMD, word) else {
        panic!("no command is active");
    };
    assert_eq!(read32(&f, regs::CMDSTS), cmdsts::ACTIVE);
    f.begin_reset();
    assert_eq!(read32(&f, regs::CMDSTS), 0);
    assert_eq!(f.finish(pending), Effect::None);
    assert!(!f.limits(0).wq_enabled);
}

#[test]
fn an_flr_begins_the_reset_that_it_asks_for() {
    let mut f = enabled();
    let flr = 0x8000_u16.to_le_bytes();
    assert_eq!(f.config_write(0x48, &flr), Effect::Reset);
    assert!(!f.limits(0).wq_enabled);
    // The owner may say so as well, and another FLR asks for another reset.
    f.begin_reset();
    assert_eq!(f.config_write(0x48, &flr), Effect::Reset);
    f.reset();
    assert!(!f.is_enabled());
    set_bus_master(&mut f);
    assert_eq!(run(&mut f, Command::EnableDevice, 0), 0);
}

#[test]
fn a_reset_restores_everything() {
    let mut f = enabled();
    let _ = write32(&mut f, 0x201c, 0);
    let _ = write32(&mut f, 0x308, 0xffff_ffff);
    let _ = write32(&mut f, regs::GENCTRL, 3);
    let _ = f.report_swerr(Swerr::default());
    let _ = f.portal_write(0, &[0; 8]);
    let _ = f.config_write(0x10, &[0xff; 8]);
    let _ = write32(&mut f, regs::CMD, 0);
    f.reset();

    let new = Function::new(&params());
    let bar0 = |function: &Function| {
        let mut registers = vec![0; 0x3000];
        function.bar0_read(0, &mut registers);
        registers
    };
    assert_eq!(bar0(&f), bar0(&new));
    let config = |function: &Function| {
        let mut bytes = vec![0; 256];
        function.config_read(0, &mut bytes);
        bytes
    };
    assert_eq!(config(&f), config(&new));
    let rest = f.portal_write(8, &[0; 56]);
    assert_eq!(rest, (None, Effect::None));
}

#[test]
fn an_epoch_is_never_had_again() {
    let mut f = enabled();
    let mut seen = vec![f.epoch(0)];
    for code in [Command::DisableWq, Command::ResetWq] {
        assert_eq!(run(&mut f, code, 1), 0);
        assert_eq!(run(&mut f, Command::EnableWq, 0), 0);
        seen.push(f.epoch(0));
    }
    assert_eq!(f.epoch(1), 0, "the other WQ went on");
    for code in [Command::DisableDevice, Command::ResetDevice] {
        assert_eq!(run(&mut f, code, 0), 0);
        assert_eq!(run(&mut f, Command::EnableDevice, 0), 0);
        assert_eq!(run(&mut f, Command::EnableWq, 0), 0);
        seen.push(f.epoch(0));
    }
    f.reset();
    seen.push(f.epoch(0));
    let _ = f.lose();
    seen.push(f.epoch(0));
    assert_eq!(f.limits(0).epoch, f.epoch(0));
    assert!(seen.is_sorted() && seen.windows(2).all(|pair| pair[0] != pair[1]));
    assert_eq!(f.epoch(MAX_WQS), 0);
}

#[test]
fn lost_hardware_halts_the_device() {
    let mut f = enabled();
    let _ = write32(&mut f, regs::GENCTRL, 2);
    let epoch = f.epoch(0);
    assert_eq!(f.lose(), Effect::Interrupt(0));
    assert!(f.is_halted() && !f.is_enabled());
    assert!(!f.limits(0).wq_enabled);
    assert_ne!(f.epoch(0), epoch);
    let status = read32(&f, regs::GENSTS);
    assert_eq!(gensts::state(status), gensts::HALTED);
    assert_eq!(gensts::reset_type(status), gensts::RESET_COLD);
    assert_eq!(read32(&f, regs::INTCAUSE), intcause::HALT);
    // It is told once.
    let _ = write32(&mut f, regs::INTCAUSE, intcause::HALT);
    assert_eq!(f.lose(), Effect::None);
    assert_eq!(read32(&f, regs::INTCAUSE), 0);
}

#[test]
fn no_reset_brings_lost_hardware_back() {
    let mut f = enabled();
    let _ = f.lose();
    let halted = |f: &mut Function| {
        assert_eq!(read32(f, regs::GENSTS), 0xf);
        assert_eq!(read32(f, regs::INTCAUSE) & intcause::HALT, intcause::HALT);
        set_bus_master(f);
        assert_eq!(run(f, Command::EnableDevice, 0), 0x03);
        assert!(!f.limits(0).wq_enabled);
    };
    halted(&mut f);
    let _ = write32(&mut f, regs::GENCTRL, 3);
    assert_eq!(run(&mut f, Command::ResetDevice, 0), 0x03);
    assert_eq!(
        read32(&f, regs::GENCTRL),
        0,
        "but for the halt it is a reset"
    );
    halted(&mut f);
    let flr = 0x8000_u16.to_le_bytes();
    assert_eq!(f.config_write(0x48, &flr), Effect::Reset);
    f.reset();
    halted(&mut f);

    // Nor does one that has begun before.
    let mut f = enabled();
    f.begin_reset();
    let _ = f.lose();
    f.reset();
    halted(&mut f);
}

#[test]
fn lost_hardware_fails_the_active_command() {
    for word in [0x8020_0000, 0x8050_0000] {
        let mut f = enabled();
        let Effect::Command(pending) = write32(&mut f, regs::CMD, word) else {
            panic!("no command is active");
        };
        let _ = f.lose();
        assert_eq!(f.finish(pending), Effect::Interrupt(0));
        assert_eq!(read32(&f, regs::CMDSTS), 3);
        assert!(f.is_halted());
    }
}

#[test]
fn what_has_halted_is_revived_by_a_reset_once_the_hardware_is_back() {
    let revive: [fn(&mut Function) -> u32; 3] = [
        |f| {
            f.reset();
            0
        },
        |f| {
            let flr = 0x8000_u16.to_le_bytes();
            assert_eq!(f.config_write(0x48, &flr), Effect::Reset);
            f.reset();
            0
        },
        |f| run(f, Command::ResetDevice, 0),
    ];
    for revive in revive {
        let mut f = enabled();
        let _ = write32(&mut f, regs::GENCTRL, 3);
        assert_eq!(f.lose(), Effect::Interrupt(0));
        let _ = write32(&mut f, regs::INTCAUSE, u32::MAX);
        assert_eq!(f.recover(), Effect::Interrupt(0));
        assert_eq!(read32(&f, regs::INTCAUSE), intcause::HALT);
        let halted = gensts::halted(gensts::RESET_FLR);
        assert_eq!(read32(&f, regs::GENSTS), halted);
        // Nothing else helps.
        assert_eq!(
            run(&mut f, Command::EnableDevice, 0),
            u32::from(error::HARDWARE)
        );
        assert_eq!(revive(&mut f), 0);
        assert_eq!(read32(&f, regs::GENSTS), gensts::DISABLED);
        assert_eq!(read32(&f, regs::INTCAUSE), 0);
        set_bus_master(&mut f);
        assert_eq!(run(&mut f, Command::EnableDevice, 0), 0);
        assert_eq!(run(&mut f, Command::EnableWq, 0), 0);
        assert!(f.limits(0).wq_enabled);
    }
}

#[test]
fn hardware_that_is_lost_again_before_the_reset_stays_lost() {
    let mut f = enabled();
    let _ = f.lose();
    let _ = f.recover();
    assert_eq!(f.lose(), Effect::None);
    f.reset();
    let halted = gensts::halted(gensts::RESET_COLD);
    assert_eq!(read32(&f, regs::GENSTS), halted);
    // One that nobody has open notices nothing.
    let mut f = Function::new(&params());
    assert_eq!(f.recover(), Effect::None);
    assert!(!f.is_halted());
}

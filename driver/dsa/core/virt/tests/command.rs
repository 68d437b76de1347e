// SPDX-License-Identifier: GPL-2.0

use super::regs::{
    cmdsts,
    command_error_name, //
};
use super::*;

/// CMDSTS of each refusal, as [`regs::command::error`] and `enum idxd_cmdsts_err` have it.
#[test]
fn refusals() {
    let mut disabled = Function::new(&params());
    set_bus_master(&mut disabled);
    let mut halted = enabled();
    let _ = halted.lose();

    for (name, function, code, operand, status) in [
        (
            "no bus master",
            Function::new(&params()),
            Command::EnableDevice,
            0,
            0x12,
        ),
        ("twice", enabled(), Command::EnableDevice, 0, 0x10),
        ("halted", halted.clone(), Command::EnableDevice, 0, 0x03),
        (
            "not enabled",
            disabled.clone(),
            Command::DisableDevice,
            0,
            0x31,
        ),
        ("not enabled", disabled.clone(), Command::DrainAll, 0, 0x31),
        ("not enabled", disabled.clone(), Command::AbortAll, 0, 0x31),
        (
            "not enabled",
            halted.clone(),
            Command::DisableDevice,
            0,
            0x31,
        ),
        ("device off", disabled.clone(), Command::EnableWq, 0, 0x20),
        ("twice", enabled(), Command::EnableWq, 1, 0x21),
        ("no such WQ", enabled(), Command::EnableWq, 2, 0x02),
        ("no such WQ", enabled(), Command::EnableWq, 256, 0x02),
        ("not enabled", disabled.clone(), Command::DrainWq, 1, 0x32),
        ("not enabled", halted.clone(), Command::DisableWq, 1, 0x32),
        ("no such WQ", enabled(), Command::DisableWq, 0b101, 0x02),
        (
            "other group",
            enabled(),
            Command::ResetWq,
            1 << 16 | 1,
            0x02,
        ),
        ("no WQ", enabled(), Command::AbortWq, 0, 0x02),
        ("misc vector", enabled(), Command::RequestIntHandle, 0, 0x41),
        (
            "no such vector",
            enabled(),
            Command::RequestIntHandle,
            3,
            0x41,
        ),
        (
            "IMS",
            enabled(),
            Command::RequestIntHandle,
            1 << 16 | 1,
            0x41,
        ),
        ("not granted", enabled(), Command::ReleaseIntHandle, 1, 0x41),
        ("no PASID", enabled(), Command::DrainPasid, 0, 0x01),
        ("no PASID", enabled(), Command::AbortPasid, 0, 0x01),
    ] {
        let mut function = function;
        let before = read32(&function, regs::GENSTS);
        let said = run(&mut function, code, operand);
        assert_eq!(said, status, "{name}: {code:?} {operand:#x}");
        assert_eq!(read32(&function, regs::GENSTS), before);
        assert_ne!(command_error_name(status as u8), "unknown error");
    }

    let mut function = enabled();
    for word in [0, 15 << 20, 31 << 20, 0x0010_0000 | 1 << 25] {
        assert_eq!(
            command(&mut function, word),
            (0x01, Effect::None),
            "{word:#x}"
        );
    }
    // Told by interrupt if asked to.
    assert_eq!(
        command(&mut function, 1 << 31),
        (0x01, Effect::Interrupt(0))
    );
    assert_eq!(read32(&function, regs::INTCAUSE), intcause::CMD);
}

#[test]
fn a_wq_without_entries_is_not_enabled() {
    let mut function = Function::new(&Params {
        sizes: [0, 1, 0, 0, 0, 0, 0, 0],
        ..params()
    });
    set_bus_master(&mut function);
    assert_eq!(run(&mut function, Command::EnableDevice, 0), 0);
    assert_eq!(run(&mut function, Command::EnableWq, 0), 0x22);
    assert_eq!(run(&mut function, Command::EnableWq, 1), 0);
}

#[test]
fn queues_come_to_rest_first() {
    for (code, operand, quiesce) in [
        (Command::DisableDevice, 0, Quiesce::Drain(0b11)),
        (Command::DrainAll, 0, Quiesce::Drain(0b11)),
        (Command::AbortAll, 0, Quiesce::Abort(0b11)),
        (Command::ResetDevice, 0, Quiesce::Abort(0b11)),
        (Command::DisableWq, 0b10, Quiesce::Drain(0b10)),
        (Command::DrainWq, 0b01, Quiesce::Drain(0b01)),
        (Command::AbortWq, 0b11, Quiesce::Abort(0b11)),
        (Command::ResetWq, 0b10, Quiesce::Abort(0b10)),
        (Command::RequestIntHandle, 1, Quiesce::None),
    ] {
        let mut function = enabled();
        let effect = write32(&mut function, regs::CMD, code.encode(operand, true));
        let Effect::Command(pending) = effect else {
            panic!("{code:?} is not active: {effect:?}");
        };
        assert_eq!(pending.command(), code);
        assert_eq!(pending.quiesce(), quiesce, "{code:?}");
        assert_eq!(read32(&function, regs::CMDSTS), cmdsts::ACTIVE);
        assert_eq!(read32(&function, regs::INTCAUSE), 0);
        assert_eq!(function.finish(pending), Effect::Interrupt(0));
        assert_eq!(read32(&function, regs::INTCAUSE), intcause::CMD);
    }
}

#[test]
fn nothing_is_accepted_on_the_way_to_disabled() {
    for (code, operand, wqs_after) in [
        (Command::DisableDevice, 0, [false, false]),
        (Command::ResetDevice, 0, [false, false]),
        (Command::DisableWq, 0b10, [true, false]),
        (Command::ResetWq, 0b01, [false, true]),
        (Command::DrainWq, 0b11, [true, true]),
        (Command::DrainAll, 0, [true, true]),
        (Command::AbortWq, 0b11, [true, true]),
        (Command::AbortAll, 0, [true, true]),
    ] {
        let mut function = enabled();
        let wqs = |function: &Function| {
            [0, 1].map(|wq| {
                let accepts = function.limits(wq).wq_enabled;
                assert_eq!(function.wq_enabled(wq), accepts);
                accepts
            })
        };
        let epochs = |function: &Function| [0, 1].map(|wq| function.limits(wq).epoch);
        let before = epochs(&function);
        let shown = |function: &Function| [0x518, 0x538].map(|at| read32(function, at) >> 30);
        let Effect::Command(pending) =
            write32(&mut function, regs::CMD, code.encode(operand, false))
        else {
            panic!("{code:?} is not active");
        };
        assert_eq!(wqs(&function), wqs_after, "{code:?}");
        assert_eq!(shown(&function), wqs_after.map(|on| if on { 1 } else { 2 }));
        // What was checked before is not to be accepted on those that stopped.
        let after = epochs(&function);
        for wq in 0..2 {
            assert_eq!(after[wq] == before[wq], wqs_after[wq], "{code:?}");
        }
        assert_eq!(function.finish(pending), Effect::None);
        assert_eq!(wqs(&function), wqs_after, "{code:?}");
        assert_eq!(shown(&function), wqs_after.map(u32::from));
    }
}

#[test]
fn the_device_takes_its_wqs_along() {
    let mut function = enabled();
    assert_eq!(run(&mut function, Command::DisableDevice, 0), 0);
    assert_eq!(run(&mut function, Command::EnableDevice, 0), 0);
    assert!(!function.wq_enabled(0) && !function.wq_enabled(1));
}

#[test]
fn handles_are_granted_and_released() {
    let mut function = enabled();
    for index in [1, 2] {
        let granted = run(&mut function, Command::RequestIntHandle, index);
        assert_eq!(granted, index << 8);
    }
    assert_eq!(run(&mut function, Command::ReleaseIntHandle, 2), 0);
    assert_eq!(run(&mut function, Command::ReleaseIntHandle, 2), 0x41);
    assert_eq!(run(&mut function, Command::ReleaseIntHandle, 1), 0);
}

#[test]
fn a_second_command_is_an_error_and_disturbs_nothing() {
    let mut function = enabled();
    let _ = write32(&mut function, regs::GENCTRL, 1);
    let Effect::Command(pending) = write32(&mut function, regs::CMD, 0x0020_0000) else {
        panic!("no command is active");
    };
    assert_eq!(
        write32(&mut function, regs::CMD, 0x8050_0000),
        Effect::Interrupt(0)
    );
    assert_eq!(read64(&function, regs::SWERR), 0x52 << 8 | 1);
    assert_eq!(read32(&function, regs::CMDSTS), cmdsts::ACTIVE);
    assert_eq!(function.finish(pending), Effect::None);
    assert_eq!(read32(&function, regs::CMDSTS), 0);
    assert_eq!(read32(&function, regs::GENSTS), 0);
}

#[test]
fn reset_device_restores_all_but_msix_and_config_space() {
    let mut function = enabled();
    let _ = write32(&mut function, 0x2010, 0xfee0_0000);
    let _ = write32(&mut function, 0x201c, 0);
    let _ = write32(&mut function, regs::GENCTRL, 3);
    let _ = write32(&mut function, 0x308, 0xffff_ffff);
    let _ = function.report_swerr(Swerr::default());
    assert_eq!(run(&mut function, Command::RequestIntHandle, 1), 1 << 8);

    // The interrupt that was asked for still comes.
    assert_eq!(
        command(&mut function, 0x8050_0000),
        (0, Effect::Interrupt(0))
    );
    assert_eq!(read32(&function, regs::INTCAUSE), intcause::CMD);
    let cleared = [
        regs::GENSTS,
        regs::GENCFG,
        regs::GENCTRL,
        regs::SWERR,
        0x308,
    ];
    assert_eq!(cleared.map(|off| read32(&function, off)), [0; 5]);
    assert_eq!(read32(&function, 0x2010), 0xfee0_0000);
    assert_eq!(read32(&function, 0x201c), 0);
    assert_eq!(run(&mut function, Command::ReleaseIntHandle, 1), 0x41);
    // Bus mastering is still on and the configuration is there.
    assert_eq!(run(&mut function, Command::EnableDevice, 0), 0);
    assert_eq!(read32(&function, 0x500), 16);
}

#[test]
fn a_reset_ends_the_active_command() {
    let mut function = enabled();
    let word = Command::DrainAll.encode(0, true);
    let Effect::Command(old) = write32(&mut function, regs::CMD, word) else {
        panic!("no command is active");
    };
    function.reset();
    assert_eq!(read32(&function, regs::CMDSTS), 0);
    assert_eq!(function.finish(old), Effect::None);

    // Nor does it pass for one that is equal to it.
    set_bus_master(&mut function);
    assert_eq!(run(&mut function, Command::EnableDevice, 0), 0);
    assert_eq!(run(&mut function, Command::EnableWq, 0), 0);
    assert_eq!(run(&mut function, Command::EnableWq, 1), 0);
    let Effect::Command(new) = write32(&mut function, regs::CMD, word) else {
        panic!("no command is active");
    };
    assert_eq!(function.finish(old), Effect::None);
    assert_eq!(read32(&function, regs::CMDSTS), cmdsts::ACTIVE);
    assert_eq!(function.finish(new), Effect::Interrupt(0));
}

#[test]
fn only_a_whole_write_is_a_command() {
    let mut function = enabled();
    for (off, data) in [
        (0xa0, &[0x00, 0x00, 0x20][..]),
        (0xa2, &[0x20, 0x00][..]),
        (0xa3, &[0x80][..]),
    ] {
        assert_eq!(function.bar0_write(off, data), Effect::None);
        assert!(function.is_enabled());
    }
    let effect = function.bar0_write(0xa0, &0x0020_0000_u64.to_le_bytes());
    assert!(matches!(effect, Effect::Command(_)));
}

#[test]
fn masks_of_wqs() {
    assert_eq!(Command::wq_mask_operand(0), 1);
    assert_eq!(Command::wq_mask_operand(15), 1 << 15);
    assert_eq!(Command::wq_mask_operand(18), 1 << 16 | 1 << 2);
    assert_eq!(
        Command::ResetWq.encode(Command::wq_mask_operand(3), true),
        0x80a0_0008
    );
}

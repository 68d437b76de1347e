// SPDX-License-Identifier: GPL-2.0

//! The registers in the order of `idxd_probe()` in
//! [`drivers/dma/idxd/init.c`](srctree/drivers/dma/idxd/init.c), with what it takes of them.

use super::regs::{
    EngCap,
    GenCap,
    GrpCap,
    Offsets,
    WqCap, //
};
use super::*;
use proptest::prelude::*;

#[test]
fn idxd_finds_a_device_with_read_only_configuration() {
    let mut function = Function::new(&params());
    set_bus_master(&mut function);
    let f = &mut function;

    assert_eq!(read32(f, regs::VERSION), 0x100);
    assert_eq!(read32(f, regs::GENSTS), 0);
    // idxd_device_init_reset() polls.
    assert_eq!(run(f, Command::ResetDevice, 0), 0);

    let gencap = GenCap(read64(f, regs::GENCAP));
    // Of the hardware's, without block on fault, IMS and configuration.
    assert_eq!(gencap.0, 0x15f_0016);
    assert!(gencap.cmd_cap() && !gencap.config_en() && gencap.overlap_copy());
    assert_eq!((gencap.evl_support(), gencap.ims_slots()), (0, 0));
    assert_eq!(
        (gencap.max_transfer(), gencap.max_batch()),
        (1 << 31, 1 << 10)
    );
    assert_eq!(read32(f, regs::CMDCAP), 0x67fe);

    let grpcap = GrpCap(read64(f, regs::GRPCAP));
    assert_eq!((grpcap.groups(), grpcap.read_buffers()), (1, 0));
    assert_eq!(EngCap(read64(f, regs::ENGCAP)).engines(), 4);
    let wqcap = WqCap(read64(f, regs::WQCAP));
    assert_eq!((wqcap.wqs(), wqcap.total_size()), (2, 32));
    assert_eq!(wqcap.stride(), 32);
    assert!(wqcap.dedicated_mode() && !wqcap.shared_mode());
    let opcap = [0, 8, 16, 24].map(|at| read64(f, regs::OPCAP + at));
    assert_eq!(opcap, ALL_OPCAP);

    let offsets = Offsets([0, 8].map(|at| read64(f, regs::OFFSETS + at)));
    assert_eq!(offsets.0, [0x0000_0003_0005_0004, 0]);
    assert_eq!(offsets.grpcfg(), 0x400);
    assert_eq!(offsets.wqcfg(), 0x500);
    assert_eq!(offsets.msix_perm(), 0x300);
    assert_eq!((offsets.ims(), offsets.perfmon()), (0, 0));

    // idxd_device_load_config()
    assert_eq!(read32(f, regs::GENCFG), 0);
    let group = [0, 8, 16, 24, 0x20, 0x28].map(|at| read64(f, 0x400 + at));
    assert_eq!(group, [0b11, 0, 0, 0, 0b1111, 0]);
    for wq in 0..2 {
        let dwords = [0, 1, 2, 3, 4, 5, 6, 7].map(|n| read32(f, 0x500 + wq * 32 + n * 4));
        // Size 16, dedicated with priority 1, transfers of 2^31, batches of 2^10.
        assert_eq!(dwords, [16, 0, 0x11, 31 | 10 << 5, 0, 0, 0, 0]);
    }
    assert_eq!(read32(f, 0x500 + 2 * 32), 0);

    // idxd_unmask_error_interrupts()
    assert_eq!(write32(f, regs::GENCTRL, 3), Effect::None);
    assert_eq!(read32(f, regs::GENCTRL), 3);
}

#[test]
fn idxd_enables_and_disables_it() {
    let mut function = Function::new(&params());
    set_bus_master(&mut function);
    let f = &mut function;

    // idxd_set_user_intr(), then idxd_device_enable(), which waits for the interrupt.
    let _ = write32(f, regs::GENCFG, 1 << 12);
    assert_eq!(read32(f, regs::GENCFG), 1 << 12);
    let (status, effect) = command(f, 0x8010_0000);
    assert_eq!((status, effect), (0, Effect::Interrupt(0)));
    assert_eq!(read32(f, regs::INTCAUSE), 2);
    let _ = write32(f, regs::INTCAUSE, 2);
    assert_eq!(read32(f, regs::INTCAUSE), 0);
    assert_eq!(read32(f, regs::GENSTS), 1);
    assert!(f.is_enabled() && !f.wq_enabled(1));

    // drv_enable_wq()
    assert_eq!(command(f, 0x8060_0001), (0, Effect::Interrupt(0)));
    assert!(f.wq_enabled(1) && !f.wq_enabled(0));
    assert_eq!(read32(f, 0x500 + 32 + 0x18) >> 30, 1);
    let handle = command(f, 0x80d0_0002);
    assert_eq!(handle, (2 << 8, Effect::Interrupt(0)));

    // drv_disable_wq(); the handle is released by polling.
    assert_eq!(command(f, 0x8080_0002), (0, Effect::Interrupt(0)));
    let _ = write32(f, regs::INTCAUSE, 2);
    assert_eq!(command(f, 0x00e0_0002), (0, Effect::None));
    assert_eq!(read32(f, regs::INTCAUSE), 0);
    let _ = write32(f, 0x300 + 16, 0);
    assert_eq!(command(f, 0x80a0_0002), (0, Effect::Interrupt(0)));
    assert!(!f.wq_enabled(1));

    // idxd_device_drv_remove()
    assert_eq!(command(f, 0x8020_0000), (0, Effect::Interrupt(0)));
    assert_eq!(read32(f, regs::GENSTS), 0);
}

#[test]
fn what_is_read_only_stays() {
    let mut f = enabled();
    let regions = [0x00..0x80, 0x90..0x98, 0xa8..0xb8, 0x400..0x600];
    for off in regions.into_iter().flatten().step_by(4) {
        let before = read32(&f, off);
        assert_eq!(write32(&mut f, off, !before), Effect::None, "{off:#x}");
        assert_eq!(read32(&f, off), before, "{off:#x}");
    }
    // While the device is enabled.
    assert_eq!(write32(&mut f, regs::GENCFG, u32::MAX), Effect::None);
    assert_eq!(read32(&f, regs::GENCFG), 0);
}

#[test]
fn reserved_bits_stay_clear() {
    let mut f = Function::new(&params());
    for (off, taken) in [
        (regs::GENCFG, 1 << 12),
        (regs::GENCTRL, 3),
        (0x300, 0xffff_f00c),
        (0x304, 0),
        (0x310, 0xffff_f00c),
        // There are three vectors.
        (0x318, 0),
        (0x2000, 0xffff_fffc),
        (0x2004, 0xffff_ffff),
        (0x2028, 0xffff_ffff),
        (0x202c, 1),
        (0x2030, 0),
        (0x3000, 0),
    ] {
        let _ = write32(&mut f, off, u32::MAX);
        assert_eq!(read32(&f, off), taken, "{off:#x}");
    }
}

#[test]
fn it_is_moderate_in_size() {
    assert!(size_of::<Function>() < 4096, "{}", size_of::<Function>());
}

#[test]
fn msix_vectors_are_masked_at_first() {
    let f = Function::new(&params());
    assert_eq!(
        [0, 1, 2, 3].map(|n| read32(&f, 0x200c + n * 16)),
        [1, 1, 1, 0]
    );
    assert_eq!(f.vectors(), 3);
}

#[test]
fn numbers_out_of_range_are_brought_into_it() {
    let f = Function::new(&Params {
        wqs: 200,
        sizes: [u16::MAX; WQS],
        engines: 0,
        opcap: [u64::MAX; 4],
        ..params()
    });
    let wqcap = WqCap(read64(&f, regs::WQCAP));
    assert_eq!((f.wqs(), wqcap.wqs(), wqcap.total_size()), (8, 8, 0xffff));
    assert_eq!(read64(&f, regs::ENGCAP), 1);
    assert_eq!(read64(&f, regs::OPCAP), ALL_OPCAP[0]);
    assert_eq!(read64(&f, regs::OPCAP + 8), 0);
}

#[test]
fn each_wq_has_a_size_of_its_own() {
    let f = Function::new(&Params {
        wqs: 3,
        sizes: [16, 1, 7, 99, 99, 99, 99, 99],
        ..params()
    });
    let wqcap = WqCap(read64(&f, regs::WQCAP));
    assert_eq!((wqcap.wqs(), wqcap.total_size()), (3, 24));
    let size = |wq: usize| read32(&f, 0x500 + wq * 32);
    assert_eq!([0, 1, 2, 3, 4].map(size), [16, 1, 7, 0, 0]);
}

proptest! {
    #[test]
    fn an_access_of_any_size_sees_the_same(off in 0..0x3100_u64, len in 1..=8_usize) {
        let f = enabled();
        let mut whole = [0; 0x3110];
        f.bar0_read(0, &mut whole);
        let mut part = vec![0xaa; len];
        f.bar0_read(off, &mut part);
        prop_assert_eq!(&part[..], &whole[off as usize..][..len]);
    }

    #[test]
    fn no_access_panics(
        accesses in prop::collection::vec(
            (
                prop_oneof![0..0x100_u64, 0..0x4000_u64, any::<u64>(), (u64::MAX - 16)..=u64::MAX],
                prop::collection::vec(any::<u8>(), 0..=16),
                0..4_u8,
            ),
            1..60,
        ),
    ) {
        let mut f = enabled();
        let mut active = None;
        for (off, mut data, what) in accesses {
            let effect = match what {
                0 => f.bar0_write(off, &data),
                1 => f.config_write(off, &data),
                2 => {
                    let (_, effect) = f.portal_write(off, &data);
                    f.bar0_read(off, &mut data);
                    f.config_read(off, &mut data);
                    effect
                }
                _ => active.take().map_or(Effect::None, |pending| f.finish(pending)),
            };
            match effect {
                Effect::Command(pending) => active = Some(pending),
                Effect::Reset => f.reset(),
                Effect::Interrupt(vector) => prop_assert!(vector < f.vectors()),
                Effect::None => (),
            }
            prop_assert!(f.is_enabled() || (0..8).all(|wq| !f.wq_enabled(wq)));
        }
    }
}

// SPDX-License-Identifier: GPL-2.0

use super::*;

fn cfg32(function: &Function, off: u64) -> u32 {
    let mut buf = [0xaa; 4];
    function.config_read(off, &mut buf);
    u32::from_le_bytes(buf)
}

fn cfg_write(function: &mut Function, off: u64, value: u32) -> Effect {
    function.config_write(off, &value.to_le_bytes())
}

#[test]
fn it_is_a_dsa() {
    let f = Function::new(&params());
    assert_eq!(cfg32(&f, 0x00), 0x0b25_8086);
    assert_eq!(cfg32(&f, 0x04), 0x0010_0000);
    assert_eq!(cfg32(&f, 0x08), 0x0880_0001);
    assert_eq!(cfg32(&f, 0x0c), 0);
    assert_eq!(cfg32(&f, 0x2c), 0x0000_8086);
    // No INTx pin.
    assert_eq!(cfg32(&f, 0x3c), 0);
}

#[test]
fn capabilities_form_a_chain() {
    let f = Function::new(&params());
    let mut chain = Vec::new();
    let mut at = cfg32(&f, 0x34) & 0xff;
    while at != 0 {
        let header = cfg32(&f, at.into());
        chain.push((at, header & 0xff));
        at = header >> 8 & 0xff;
    }
    assert_eq!(chain, [(0x40, 0x10), (0x80, 0x11), (0x90, 0x01)]);

    // Version 2, root complex integrated endpoint, FLR.
    assert_eq!(cfg32(&f, 0x40) >> 16, 0x0092);
    assert_eq!(cfg32(&f, 0x44), 0x1000_8020);
    // Three vectors; table and pending bits in BAR0.
    assert_eq!(cfg32(&f, 0x80) >> 16, 2);
    assert_eq!(cfg32(&f, 0x84), 0x2000);
    assert_eq!(cfg32(&f, 0x88), 0x3000);
    // No extended capability.
    assert_eq!(cfg32(&f, 0x100), 0);
    assert_eq!(cfg32(&f, CONFIG_SIZE - 4), 0);
    assert_eq!(cfg32(&f, u64::MAX - 1), 0);
}

#[test]
fn bars_tell_their_size() {
    let mut f = Function::new(&Params { wqs: 3, ..params() });
    for bar in 0..6 {
        let _ = cfg_write(&mut f, 0x10 + bar * 4, u32::MAX);
    }
    let sizes: Vec<u32> = (0..6).map(|bar| cfg32(&f, 0x10 + bar * 4)).collect();
    // 64 KiB, and 16 KiB for each of four WQs; 64 bits, prefetchable.
    let ones = u32::MAX;
    assert_eq!(sizes, [0xffff_000c, ones, 0xffff_000c, ones, 0, 0]);

    let _ = cfg_write(&mut f, 0x10, 0xfe00_0000);
    assert_eq!(cfg32(&f, 0x10), 0xfe00_000c);
    let mut one = Function::new(&Params { wqs: 1, ..params() });
    let _ = cfg_write(&mut one, 0x18, u32::MAX);
    assert_eq!(cfg32(&one, 0x18), 0xffff_c00c);
}

#[test]
fn only_what_is_writable_is_taken() {
    let mut f = Function::new(&params());
    for off in (0..256).step_by(4).filter(|off| *off != 0x48) {
        let _ = cfg_write(&mut f, off, u32::MAX);
    }
    assert!(f.limits(0).bus_master);
    for (off, value) in [
        (0x00, 0x0b25_8086),
        (0x04, 0x0010_0546),
        (0x08, 0x0880_0001),
        (0x0c, 0x0000_00ff),
        (0x34, 0x40),
        (0x3c, 0xff),
        (0x44, 0x1000_8020),
        (0x80, 0xc002_9011),
        (0x84, 0x2000),
        (0x94, 0x0000_000b),
    ] {
        assert_eq!(cfg32(&f, off), value, "{off:#x}");
    }
    // There is no power state D1.
    let _ = cfg_write(&mut f, 0x94, 1);
    assert_eq!(cfg32(&f, 0x94), 0xb);
    let _ = cfg_write(&mut f, 0x94, 0);
    assert_eq!(cfg32(&f, 0x94), 0x8);
}

#[test]
fn bus_mastering_follows_the_command_register() {
    let mut f = Function::new(&params());
    assert!(!f.limits(0).bus_master);
    set_bus_master(&mut f);
    assert!(f.limits(0).bus_master);
    assert_eq!(f.config_write(4, &[0x02]), Effect::None);
    assert!(!f.limits(0).bus_master);
}

#[test]
fn flr_asks_for_a_reset() {
    let mut f = enabled();
    // By a word, a byte and a dword.
    assert_eq!(
        f.config_write(0x48, &0xa810_u16.to_le_bytes()),
        Effect::Reset
    );
    assert_eq!(f.config_write(0x49, &[0x80]), Effect::Reset);
    assert_eq!(cfg32(&f, 0x48), 0x0010, "the bit reads as 0");
    assert_eq!(cfg_write(&mut f, 0x48, 0x2810), Effect::None);
    assert_eq!(cfg32(&f, 0x48), 0x2810);
    // The owner brings the queues to rest, to which nothing comes any more.
    assert!(!f.is_enabled() && !f.limits(0).wq_enabled);
    f.reset();
    assert!(!f.limits(0).bus_master);
    assert_eq!(cfg32(&f, 0x04), 0x0010_0000);
}

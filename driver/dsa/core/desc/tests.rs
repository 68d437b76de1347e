// SPDX-License-Identifier: GPL-2.0

use super::{
    code::{
        flag,
        opcode,
        status, //
    },
    *, //
};
use proptest::prelude::*;

mod batch;
mod operands;

const CR: u64 = 0x8000_0020;

const LIMITS: Limits = Limits {
    opcap: [u64::MAX, 0, 0, 0],
    max_transfer: 1 << 20,
    max_batch: 32,
    overlapping_copy: false,
    cache_control: true,
    vectors: 3,
    bus_master: true,
    wq_enabled: true,
    epoch: 0,
};

/// A descriptor field by field, in the order of the layout.
#[derive(Copy, Clone, Debug)]
struct Raw {
    identity: u32,
    flags: u32,
    opcode: u8,
    cr: u64,
    first: u64,
    second: u64,
    size: u32,
    handle: u16,
    reserved: u16,
    specific: [u8; 24],
}

impl Raw {
    /// A descriptor that is accepted, with a completion record.
    fn new(opcode: u8, first: u64, second: u64, size: u32) -> Self {
        Self {
            identity: 0,
            flags: flag::CR_VALID | flag::CR_REQUEST,
            opcode,
            cr: CR,
            first,
            second,
            size,
            handle: 0,
            reserved: 0,
            specific: [0; 24],
        }
    }

    fn memmove() -> Self {
        Self::new(opcode::MEMMOVE, 0x1000, 0x3000, 0x1000)
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn bytes(&self) -> [u8; 64] {
        let control = self.flags | u32::from(self.opcode) << 24;
        let bytes = [
            &self.identity.to_le_bytes()[..],
            &control.to_le_bytes(),
            &self.cr.to_le_bytes(),
            &self.first.to_le_bytes(),
            &self.second.to_le_bytes(),
            &self.size.to_le_bytes(),
            &self.handle.to_le_bytes(),
            &self.reserved.to_le_bytes(),
            &self.specific,
        ]
        .concat();
        bytes.try_into().unwrap()
    }

    fn parse(&self) -> Descriptor {
        Descriptor::parse(&self.bytes())
    }

    fn check(&self) -> Result<Work, Reject> {
        self.parse().check(&LIMITS)
    }

    fn op(&self) -> Op {
        self.check().expect("accepted").op
    }

    /// The status that a refusal leaves in the completion record.
    fn refused(&self) -> u8 {
        let reject = self.check().expect_err("refused");
        assert_eq!(reject.to, RejectTo::Record(CR));
        assert_eq!(reject.completion().status, reject.status);
        reject.status
    }
}

#[test]
fn fields_are_where_the_hardware_has_them() {
    let raw: [u8; 64] = core::array::from_fn(|n| n as u8);
    let descriptor = Descriptor::parse(&raw);
    let expected = Descriptor {
        identity: 0x0302_0100,
        flags: 0x06_0504,
        opcode: 0x07,
        cr: 0x0f0e_0d0c_0b0a_0908,
        first: 0x1716_1514_1312_1110,
        second: 0x1f1e_1d1c_1b1a_1918,
        size: 0x2322_2120,
        handle: 0x2524,
        reserved: 0x2726,
        specific: core::array::from_fn(|n| 0x28 + n as u8),
    };
    assert_eq!(descriptor, expected);
}

#[test]
fn operations_and_their_operands() {
    assert_eq!(Raw::new(opcode::NOOP, 0, 0, 0).op(), Op::Noop);
    assert_eq!(
        Raw::memmove().op(),
        Op::Memmove {
            src: 0x1000,
            dst: 0x3000,
            len: 0x1000
        }
    );
    assert_eq!(
        Raw::new(opcode::FILL, 0x0123_4567_89ab_cdef, 0x3000, 7).op(),
        Op::Fill {
            dst: 0x3000,
            len: 7,
            pattern: 0x0123_4567_89ab_cdef
        }
    );

    let compare = Raw::new(opcode::COMPARE, 0x1000, 0x1800, 0x1000);
    let op = |expect| Op::Compare {
        a: 0x1000,
        b: 0x1800,
        len: 0x1000,
        expect,
    };
    assert_eq!(compare.op(), op(None));
    let expecting = compare.with(|raw| {
        raw.flags |= flag::CHECK_RESULT;
        raw.specific[0] = 1;
    });
    assert_eq!(expecting.op(), op(Some(1)));
    assert_eq!(
        Raw::new(opcode::COMPVAL, 0x1000, 0xff, 16).op(),
        Op::ComparePattern {
            src: 0x1000,
            len: 16,
            pattern: 0xff,
            expect: None
        }
    );

    let crc = Raw::new(opcode::CRCGEN, 0x1000, 0, 9).with(|raw| {
        raw.specific[..4].copy_from_slice(&0xdead_beef_u32.to_le_bytes());
    });
    assert_eq!(
        crc.op(),
        Op::Crc {
            src: 0x1000,
            dst: None,
            len: 9,
            seed: 0xdead_beef,
            seed_addr: None,
            bypass_inversion: false,
            bypass_reflection: false,
        }
    );
    let bypassing = crc.with(|raw| {
        raw.flags |= 0x7_0000;
        raw.specific[8..16].copy_from_slice(&0x5000_u64.to_le_bytes());
    });
    assert_eq!(
        bypassing.op(),
        Op::Crc {
            src: 0x1000,
            dst: None,
            len: 9,
            seed: 0xdead_beef,
            seed_addr: Some(0x5000),
            bypass_inversion: true,
            bypass_reflection: true,
        }
    );
}

#[test]
fn records_and_interrupts_as_asked_for() {
    let work = |flags, handle| {
        Raw::memmove()
            .with(|raw| {
                raw.flags = flags;
                raw.handle = handle;
            })
            .check()
            .expect("accepted")
    };
    let told = |work: &Work| {
        [status::SUCCESS, status::PAGE_FAULT].map(|status| Completion::wants_record(work, status))
    };

    let silent = work(0, 0);
    assert_eq!((silent.cr, silent.interrupt), (None, None));
    assert_eq!(told(&silent), [false, false]);
    let failures_only = work(flag::CR_VALID, 0);
    assert_eq!(told(&failures_only), [false, true]);
    let all = work(flag::CR_VALID | flag::CR_REQUEST | flag::INT_REQUEST, 2);
    assert_eq!((all.cr, all.interrupt), (Some(CR), Some(2)));
    assert_eq!(told(&all), [true, true]);
    // The handle means nothing without a request.
    assert_eq!(work(flag::CR_VALID, 77).interrupt, None);
    // Nor does the address of a record that is not valid.
    let unaligned = Raw::memmove().with(|raw| {
        raw.flags = 0;
        raw.cr = 1;
    });
    assert_eq!(unaligned.check().map(|work| work.cr), Ok(None));
}

#[test]
fn hints_and_identity_change_nothing() {
    let hinted = Raw::memmove().with(|raw| {
        raw.flags |= 0xb721;
        raw.identity = 0x800f_ffff;
    });
    assert_eq!(hinted.op(), Raw::memmove().op());
}

#[test]
fn refusals_go_into_the_record() {
    for unknown in [0x0a, 0x0f, 0x16, 0x17, 0x1f, 0x21, 0x41, 0xff] {
        assert_eq!(Raw::new(unknown, 0, 0, 0).refused(), status::OPCODE);
    }

    type Change = fn(&mut Raw);
    let cases: [(u8, Change); 13] = [
        (status::FLAGS, |raw| raw.flags |= flag::BLOCK_ON_FAULT),
        (status::FLAGS, |raw| raw.flags |= 1 << 6),
        (status::FLAGS, |raw| raw.flags |= flag::CHECK_RESULT),
        (status::FLAGS, |raw| raw.flags |= 1 << 14),
        (status::FLAGS, |raw| raw.flags |= 1 << 16),
        (status::RESERVED, |raw| raw.reserved = 1),
        (status::RESERVED, |raw| raw.identity = 1 << 20),
        (status::RESERVED, |raw| raw.specific[23] = 1),
        (status::SIZE, |raw| raw.size = 0),
        (status::SIZE, |raw| raw.size = (1 << 20) + 1),
        (status::OVERLAP, |raw| raw.second = 0x1fff),
        (status::TRANSLATION, |raw| raw.second = u64::MAX - 0xffe),
        (status::INT_HANDLE, |raw| raw.flags |= flag::INT_REQUEST),
    ];
    for (status, change) in cases {
        assert_eq!(Raw::memmove().with(change).refused(), status);
    }

    // The end of the address space, and one buffer right behind the other.
    for (src, dst) in [
        (0x1000, u64::MAX - 0xfff),
        (0x1000, 0x2000),
        (0x2000, 0x1000),
    ] {
        assert!(Raw::new(opcode::MEMMOVE, src, dst, 0x1000).check().is_ok());
    }
    for dst in [0x1000, 0x1001, 0x0001] {
        let raw = Raw::new(opcode::MEMMOVE, 0x1000, dst, 0x1000);
        assert_eq!(raw.refused(), status::OVERLAP);
    }
}

#[test]
fn every_operation_has_its_reserved_fields() {
    let crc = Raw::new(opcode::CRCGEN, 0x1000, 0, 9);
    for raw in [
        Raw::new(opcode::NOOP, 1, 0, 0),
        Raw::new(opcode::NOOP, 0, 1, 0),
        Raw::new(opcode::NOOP, 0, 0, 1),
        Raw::new(opcode::FILL, 0, 0x1000, 8).with(|raw| raw.specific[0] = 1),
        Raw::new(opcode::COMPARE, 0, 0x1000, 8).with(|raw| raw.specific[1] = 1),
        Raw::new(opcode::COMPVAL, 0, 0x1000, 8).with(|raw| raw.specific[1] = 1),
        crc.with(|raw| raw.second = 1),
        crc.with(|raw| raw.specific[4] = 1),
        crc.with(|raw| raw.specific[16] = 1),
    ] {
        assert_eq!(raw.refused(), status::RESERVED, "{:#x}", raw.opcode);
    }
}

#[test]
fn operations_can_be_taken_away() {
    let limits = Limits {
        opcap: [1, 0, 0, 0],
        ..LIMITS
    };
    let reject = Raw::memmove().parse().check(&limits).expect_err("refused");
    assert_eq!(reject.status, status::OPCODE);
    assert!(Raw::new(opcode::NOOP, 0, 0, 0)
        .parse()
        .check(&limits)
        .is_ok());
}

#[test]
fn invalid_flags_are_named() {
    let raw = Raw::memmove().with(|raw| raw.flags |= flag::BLOCK_ON_FAULT | 1 << 20);
    let record = raw.check().expect_err("refused").completion().to_bytes();
    assert_eq!(record[0], 0x11);
    assert_eq!(record[16..20], [0x02, 0x00, 0x10, 0x00]);
}

#[test]
fn what_has_no_record_goes_to_swerr() {
    let swerr = |raw: Raw, limits: &Limits| {
        let reject = raw.parse().check(limits).expect_err("refused");
        assert_eq!(reject.to, RejectTo::Swerr);
        (reject.status, reject.invalid_flags, reject.interrupt)
    };
    let interrupting = Raw::memmove().with(|raw| {
        raw.flags |= flag::INT_REQUEST;
        raw.handle = 1;
    });

    let unaligned = interrupting.with(|raw| raw.cr = CR + 16);
    assert_eq!(swerr(unaligned, &LIMITS), (0x1b, 0, None));
    let unasked = interrupting.with(|raw| {
        raw.flags &= !flag::CR_VALID;
    });
    assert_eq!(swerr(unasked, &LIMITS), (0x11, flag::CR_REQUEST, Some(1)));
    let silent = interrupting.with(|raw| {
        raw.flags = 0;
        raw.opcode = 0xff;
    });
    assert_eq!(swerr(silent, &LIMITS), (0x10, 0, None));

    let stopped = Limits {
        bus_master: false,
        ..LIMITS
    };
    assert_eq!(swerr(interrupting, &stopped), (0x51, 0, None));
    let disabled = Limits {
        wq_enabled: false,
        ..LIMITS
    };
    assert_eq!(swerr(interrupting, &disabled), (0x53, 0, None));
}

#[test]
fn a_refusal_interrupts_by_a_valid_handle() {
    let raw = Raw::memmove().with(|raw| {
        raw.flags |= flag::INT_REQUEST;
        raw.size = 0;
    });
    for (handle, interrupt) in [(0, None), (1, Some(1)), (2, Some(2)), (3, None)] {
        let reject = raw.with(|raw| raw.handle = handle).check();
        let reject = reject.expect_err("refused");
        assert_eq!((reject.status, reject.interrupt), (status::SIZE, interrupt));
    }
}

#[test]
fn records_are_laid_out_as_the_hardware_does() {
    let record = Completion {
        status: 0x83,
        result: 1,
        bytes: 0x0403_0201,
        fault_addr: 0x1817_1615_1413_1211,
        tail: core::array::from_fn(|n| 0x20 + n as u8),
    };
    let bytes = record.to_bytes();
    assert_eq!(bytes[..4], [0x83, 1, 0, 0]);
    assert_eq!(bytes[4..8], [1, 2, 3, 4]);
    assert_eq!(
        bytes[8..16],
        [0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18]
    );
    assert_eq!(bytes[16..], record.tail);
    assert_eq!(Completion::from_bytes(&bytes), record);
    assert_eq!(record.crc(), 0x2322_2120);
}

#[test]
fn bytes_count_up_to_what_stops() {
    let compare = Raw::new(opcode::COMPARE, 0x1000, 0x3000, 64).op();
    let record = |status, result, bytes| Completion {
        status,
        result,
        bytes,
        ..Completion::default()
    };
    for (record, success, fault, bytes) in [
        // The hardware need not say how many on success.
        (record(status::SUCCESS, 0, 0), true, false, 64),
        (record(status::SUCCESS, 1, 9), true, false, 9),
        (record(status::SUCCESS_UNEXPECTED, 0, 0), true, false, 64),
        (record(status::SUCCESS_UNEXPECTED, 1, 9), true, false, 9),
        (record(status::PAGE_FAULT, 0, 7), false, true, 7),
        (
            record(status::PAGE_FAULT | status::WRITE, 0, 7),
            false,
            true,
            7,
        ),
        (record(status::HARDWARE, 0, 0), false, false, 0),
    ] {
        assert_eq!(record.is_success(), success, "{record:?}");
        assert_eq!(record.is_fault(), fault, "{record:?}");
        assert_eq!(record.processed(&compare), bytes, "{record:?}");
    }
}

/// The operations, and one that there is not.
const OPCODES: [u8; 18] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x0a, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x20,
];

prop_compose! {
    /// Descriptors of which many are accepted.
    fn raw()(
        bytes: [u8; 64],
        opcode in prop::sample::select(OPCODES.to_vec()),
        flags in prop_oneof![Just(0), Just(0x0c), Just(0x1c), any::<u32>()],
        size in prop_oneof![0..0x20_0000_u32, any::<u32>()],
        plain: bool,
    ) -> [u8; 64] {
        let mut bytes = bytes;
        if plain {
            bytes[..4].fill(0);
            bytes[0x26..].fill(0);
            bytes[8] &= !31;
        }
        bytes[4..7].copy_from_slice(&flags.to_le_bytes()[..3]);
        bytes[7] = opcode;
        bytes[0x20..0x24].copy_from_slice(&size.to_le_bytes());
        bytes
    }
}

proptest! {
    #[test]
    fn what_is_accepted_is_within_limits(raw in raw(), vectors: u16) {
        let limits = Limits { vectors, ..LIMITS };
        let descriptor = Descriptor::parse(&raw);
        match descriptor.check(&limits) {
            Ok(work) => {
                prop_assert_eq!(work.op.opcode(), descriptor.opcode);
                prop_assert!(u64::from(work.op.len()) <= limits.max_transfer);
                prop_assert!(work.interrupt.is_none_or(|handle| (1..vectors).contains(&handle)));
                prop_assert!(work.cr.is_none_or(|addr| addr % 32 == 0));
                for buffer in work.op.buffers().into_iter().flatten() {
                    prop_assert!(buffer.len > 0);
                    prop_assert!(!work.op.is_divisible() || buffer.len == work.op.len());
                    prop_assert!(buffer.iova.checked_add(u64::from(buffer.len) - 1).is_some());
                }
            }
            Err(reject) => {
                prop_assert!(reject.status >= 0x10);
                if let RejectTo::Record(addr) = reject.to {
                    prop_assert_eq!((addr, addr % 32), (descriptor.cr, 0));
                }
            }
        }
    }

    #[test]
    fn every_record_comes_back(raw: [u8; 32]) {
        let mut raw = raw;
        raw[2..4].fill(0);
        prop_assert_eq!(Completion::from_bytes(&raw).to_bytes(), raw);
    }
}

// SPDX-License-Identifier: GPL-2.0

//! The check of a descriptor.

use dsa_core::desc::{
    code::{
        flag,
        opcode,
        status, //
    },
    Descriptor,
    RejectTo, //
};
use proptest::prelude::*;

use super::{
    device,
    memory,
    Raw,
    LIMITS,
    PAGE, //
};

/// The page of completion records, and memory of which nothing is there.
const RECORDS: u64 = 0x8000_0000;
const NOWHERE: u64 = 0x10_0000;

/// Flags that are the same thing on the virtual function and on a device: all but destination
/// readback, which GENCAP of the virtual function does not have.
const COMPARABLE: u32 = 0xff_ffff & !(1 << 14);

/// The operations, and one that there is not.
const OPCODES: [u8; 18] = [
    opcode::NOOP,
    opcode::BATCH,
    opcode::DRAIN,
    opcode::MEMMOVE,
    opcode::FILL,
    opcode::COMPARE,
    opcode::COMPVAL,
    opcode::CREATE_DELTA,
    opcode::APPLY_DELTA,
    opcode::DUALCAST,
    0x0a,
    opcode::CRCGEN,
    opcode::COPY_CRC,
    opcode::DIF_CHECK,
    opcode::DIF_INSERT,
    opcode::DIF_STRIP,
    opcode::DIF_UPDATE,
    opcode::CFLUSH,
];

fn address() -> impl Strategy<Value = u64> {
    prop_oneof![
        // Close to each other, so that they often overlap, and often aligned.
        (0..0x40_u64).prop_map(|n| NOWHERE + n * 64),
        (0..0x1000_u64).prop_map(|n| NOWHERE + n),
        Just(0),
        any::<u64>(),
    ]
}

fn size() -> impl Strategy<Value = u32> {
    prop_oneof![
        (0..40_u32).prop_map(|n| n * 8),
        (0..6_u32).prop_map(|n| n * 520),
        0..40_u32,
        Just(0x8_0000),
        Just(0x8_0008),
        Just(1 << 20),
        any::<u32>(),
    ]
}

fn flags() -> impl Strategy<Value = u32> {
    let extra = prop_oneof![
        4 => Just(0),
        4 => (0..24_u32).prop_map(|bit| 1 << bit),
        1 => any::<u32>(),
    ];
    let base = prop_oneof![
        8 => Just(flag::CR_VALID | flag::CR_REQUEST),
        1 => Just(flag::CR_VALID),
        1 => Just(0),
    ];
    let seed = prop_oneof![3 => Just(0), 1 => Just(flag::CRC_READ_SEED)];
    (base, extra, seed).prop_map(|(base, extra, seed)| (base | extra | seed) & COMPARABLE)
}

/// The fields from 0x28 on.
fn specific() -> impl Strategy<Value = [u8; 24]> {
    let delta = (address(), (0..30_u32).prop_map(|n| n * 10), 0..8_u8);
    prop_oneof![
        3 => Just([0; 24]),
        // A second destination, or the record of a delta.
        3 => delta.prop_map(|(address, size, mask)| {
            let mut bytes = [0; 24];
            bytes[..8].copy_from_slice(&address.to_le_bytes());
            bytes[8..12].copy_from_slice(&size.to_le_bytes());
            bytes[16] = mask;
            bytes
        }),
        // A second destination alone, or an expected result, or the size of a delta's record.
        3 => prop_oneof![address(), (0..30_u64).prop_map(|n| n * 10)].prop_map(|value| {
            let mut bytes = [0; 24];
            bytes[..8].copy_from_slice(&value.to_le_bytes());
            bytes
        }),
        // Flags and tags of fields, or some byte that is not zero.
        2 => (any::<[u8; 3]>(), any::<[u8; 16]>()).prop_map(|(flags, tags)| {
            let mut bytes = [0; 24];
            bytes[..3].copy_from_slice(&flags);
            bytes[2] &= 0xf;
            bytes[1] &= 0xf8;
            bytes[8..].copy_from_slice(&tags);
            bytes
        }),
        2 => (0..24_usize, 1..=255_u8).prop_map(|(at, byte)| {
            let mut bytes = [0; 24];
            bytes[at] = byte;
            bytes
        }),
        1 => any::<[u8; 24]>(),
    ]
}

prop_compose! {
    fn descriptor()(
        opcode in prop::sample::select(OPCODES.to_vec()),
        flags in flags(),
        first in address(),
        second in address(),
        size in size(),
        handle in 0..4_u16,
        specific in specific(),
        reserved in prop_oneof![9 => Just(0), 1 => any::<u16>()],
        identity in prop_oneof![9 => Just(0), 1 => any::<u32>()],
        offset in prop_oneof![9 => Just(0), 1 => 0..64_u64],
    ) -> Raw {
        Raw {
            identity,
            flags,
            opcode,
            cr: RECORDS + offset,
            first,
            second,
            size,
            handle,
            reserved,
            specific,
        }
    }
}

/// What the device reports that it has not even begun with.
fn is_refusal(status: u8) -> bool {
    (0x10..=0x1e).contains(&status)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 20_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_a_device_refuses_is_refused_as_it_does(raw in descriptor()) {
        let bytes = raw.bytes();
        let checked = Descriptor::parse(&bytes).check(&LIMITS);
        if checked.is_err_and(|reject| reject.status == status::TRANSLATION) {
            // The device finds out later, and calls it a page fault.
            return Ok(());
        }
        let device = device();
        device.map(RECORDS, PAGE, &memory(1), 0, true).expect("mapped");
        let errors = device.execute(&bytes);
        let record = device.read::<32>(raw.cr & !31).unwrap_or_default();
        let wanted = checked.map_or_else(|reject| reject.interrupt, |work| work.interrupt);
        let came = (0..LIMITS.vectors).filter(|vector| device.take_interrupts(*vector) > 0);
        prop_assert_eq!(came.collect::<Vec<_>>(), Vec::from_iter(wanted));
        match checked {
            Ok(work) => {
                prop_assert!(!is_refusal(record[0]), "refused with {:#x}: {work:?}", record[0]);
                for error in errors {
                    prop_assert!(!is_refusal((error[0] >> 8) as u8), "{error:x?}: {work:?}");
                }
            }
            Err(reject) => match reject.to {
                RejectTo::Record(addr) => {
                    prop_assert_eq!(addr, raw.cr);
                    prop_assert_eq!(record, reject.completion().to_bytes());
                    prop_assert_eq!(errors.len(), 0);
                }
                RejectTo::Swerr => {
                    prop_assert_eq!(errors.len(), 1);
                    // All but the PASID and the privilege.
                    let told = errors[0][0] & !(0xfffff << 40 | 1 << 6);
                    let opcode = u64::from(raw.opcode) << 32;
                    prop_assert_eq!(told, opcode | u64::from(reject.status) << 8 | 0xd);
                    prop_assert_eq!(errors[0][1], u64::from(reject.invalid_flags) << 32);
                }
            },
        }
    }
}

// SPDX-License-Identifier: GPL-2.0

//! A batch, carried out one by one.

use dsa_core::{
    desc::{
        code::{
            flag,
            opcode,
            status, //
        },
        Completion,
        Descriptor,
        RejectTo, //
    },
    plan::{
        member,
        BatchOutcome, //
    },
};
use dsa_model::bare::Bare;
use proptest::prelude::*;

use super::{
    device,
    memory,
    Raw,
    LIMITS,
    PAGE, //
};

/// Two pages of descriptors, of which the second may not be there, and one of records.
const LIST: u64 = 0x1_0000;
const RECORDS: u64 = 0x2_0000;

/// What a descriptor of the list comes to.
#[derive(Copy, Clone, Debug)]
enum Fate {
    Success,
    /// Compares what differs, and expected something else.
    Unexpected,
    /// Copies from where nothing is.
    Fault,
    Refused,
    /// Its record goes where nothing is.
    Unrecorded,
    /// A batch in a batch.
    Nested,
}

fn raw(fate: Fate, fence: bool, silent: bool, index: u64) -> Raw {
    let record = RECORDS + 32 * (index + 1);
    let noop = Raw::new(opcode::NOOP, record, 0, 0, 0);
    let mut raw = match fate {
        Fate::Success => noop,
        Fate::Unexpected => Raw {
            flags: noop.flags | flag::CHECK_RESULT,
            ..Raw::new(opcode::COMPVAL, record, RECORDS + 2048, 1, 8)
        },
        Fate::Fault => Raw::new(opcode::MEMMOVE, record, 0x9000, RECORDS, 8),
        Fate::Refused => Raw { size: 1, ..noop },
        Fate::Unrecorded => Raw { cr: 0x9000, ..noop },
        Fate::Nested => Raw::new(opcode::BATCH, record, LIST, 0, 2),
    };
    if fence {
        raw.flags |= flag::FENCE;
    }
    if silent {
        raw.flags &= !flag::CR_REQUEST;
    }
    raw
}

/// Memory of a tenant with a list; the rest of it from the middle of the list on may be missing.
fn tenant(list: &[Raw], is_all_there: bool) -> Bare {
    let tenant = device();
    let pages = if is_all_there { 2 } else { 1 };
    let content: Vec<u8> = list.iter().flat_map(Raw::bytes).collect();
    let file = super::memory_of(&[&content[..], &[0; 8192]].concat());
    tenant
        .map(LIST, pages * PAGE, &file, 0, true)
        .expect("mapped");
    tenant
        .map(RECORDS, PAGE, &memory(1), 0, true)
        .expect("mapped");
    tenant
}

/// Carries out a batch descriptor by descriptor; gives its record, and those of what it has.
fn one_by_one(tenant: &Bare, list: u64, count: u32) -> Completion {
    let mut outcome = BatchOutcome::new(count);
    for index in 0..count {
        let addr = member(list, index);
        let Some(raw) = tenant.read::<64>(addr) else {
            outcome.list_fault(addr);
            break;
        };
        let checked = Descriptor::parse(&raw).check_member(&LIMITS);
        let fence = checked.map_or_else(|reject| reject.fence, |work| work.fence);
        if fence && !outcome.may_pass_fence() {
            break;
        }
        // The device is asked to carry it out on its own, if it may.
        match checked {
            Ok(work) => {
                let errors = tenant.execute(&raw);
                let record = tenant.read::<32>(work.cr.unwrap_or(0));
                // Without a record for its success it has none.
                let status = record.map_or(0, |record| record[0]).max(1);
                let is_recorded = errors.iter().all(|error| error[0] >> 8 & 0xff != 0x1a);
                outcome.member_done(status, is_recorded);
            }
            Err(reject) => outcome.member_done(reject.status, reject.to != RejectTo::Swerr),
        }
    }
    outcome.finish()
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        20 => Just(Fate::Success),
        1 => Just(Fate::Unexpected),
        1 => Just(Fate::Fault),
        1 => Just(Fate::Refused),
        1 => Just(Fate::Unrecorded),
        1 => Just(Fate::Nested),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_batch_one_by_one_equals_that_of_a_device(
        fates in prop::collection::vec((fate(), prop::bool::weighted(0.2), any::<bool>()), 2..=32),
        first in prop_oneof![Just(0_u64), 40..64_u64],
        is_all_there in prop::bool::weighted(0.7),
    ) {
        let list: Vec<Raw> = fates
            .iter()
            .zip(0..)
            .map(|((fate, fence, silent), index)| raw(*fate, *fence, *silent, index))
            .collect();
        // Often across the border of the pages.
        let padding = vec![Raw::default(); first as usize];
        let all = [padding, list.clone()].concat();
        let (start, count) = (LIST + 64 * first, list.len() as u32);

        let expected = tenant(&all, is_all_there);
        let batch = Raw::new(opcode::BATCH, RECORDS, start, 0, count);
        prop_assert!(Descriptor::parse(&batch.bytes()).check(&LIMITS).is_ok());
        let errors = expected.execute(&batch.bytes());
        let record = expected.read::<32>(RECORDS).expect("mapped");

        let here = tenant(&all, is_all_there);
        let folded = one_by_one(&here, start, count);
        prop_assert_eq!(folded.to_bytes(), record);
        prop_assert!(matches!(
            folded.status,
            status::SUCCESS | status::BATCH_FAIL | status::BATCH_PAGE_FAULT
        ));
        // SWERR tells of which it was; the driver adds that.
        prop_assert!(errors.iter().all(|error| error[0] & 1 << 4 != 0));
    }
}

// SPDX-License-Identifier: GPL-2.0

//! Descriptors from the list of a batch.

use super::*;

fn member(raw: &Raw) -> Result<Work, Reject> {
    raw.parse().check_member(&LIMITS)
}

#[test]
fn a_batch_is_a_list_of_some_descriptors() {
    let batch = |list, count| Raw::new(opcode::BATCH, list, 0, count);
    assert_eq!(
        batch(0x1040, 2).op(),
        Op::Batch {
            list: 0x1040,
            count: 2
        }
    );
    assert!(batch(0x1000, 32).check().is_ok());
    for count in [0, 1, 33, u32::MAX] {
        assert_eq!(batch(0x1000, count).refused(), status::COUNT);
    }
    assert_eq!(batch(0x1020, 2).refused(), status::LIST_ALIGN);
    // A fence is for what is in it.
    let fenced = batch(0x1000, 2).with(|raw| raw.flags |= flag::FENCE);
    assert_eq!(fenced.refused(), status::FLAGS);
}

#[test]
fn neither_batch_nor_drain_is_in_a_batch() {
    for opcode in [opcode::BATCH, opcode::DRAIN] {
        let size = if opcode == opcode::BATCH { 2 } else { 0 };
        let raw = Raw::new(opcode, 0, 0, size);
        assert!(raw.check().is_ok());
        assert_eq!(
            member(&raw).map_err(|reject| reject.status),
            Err(status::OPCODE)
        );
    }
}

#[test]
fn a_fence_holds_back_in_a_batch_only() {
    let fenced = Raw::memmove().with(|raw| raw.flags |= flag::FENCE);
    assert_eq!(fenced.check().map(|work| work.fence), Ok(false));
    assert_eq!(member(&fenced).map(|work| work.fence), Ok(true));
    assert_eq!(member(&Raw::memmove()).map(|work| work.fence), Ok(false));
    // Also what is not carried out waits for what is before it, or goes with it.
    for raw in [
        fenced.with(|raw| raw.opcode = 0xff),
        fenced.with(|raw| raw.size = 0),
        fenced.with(|raw| raw.cr = CR + 1),
    ] {
        assert_eq!(
            member(&raw).map_err(|reject| reject.fence).err(),
            Some(true)
        );
    }
}

#[test]
fn a_batch_that_was_accepted_is_carried_out() {
    let limits = Limits {
        wq_enabled: false,
        bus_master: false,
        ..LIMITS
    };
    assert!(Raw::memmove().parse().check_member(&limits).is_ok());
}

// SPDX-License-Identifier: GPL-2.0
//! A tenant's 64 bytes: decoded, checked, and cut into pieces for the hardware.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use dsa_core::desc::{Completion, DESC_LEN, Descriptor, Limits, Op, RejectTo, SUPPORTED_OPCAP, Work};
use dsa_core::plan::{self, Outcome, Segment, pieces};

#[derive(Debug, Arbitrary)]
struct Input {
    raw: [u8; DESC_LEN],
    /// The address that the record is made to have, so that it is often aligned.
    record: Option<u32>,
    opcap: u64,
    transfer_shift: u8,
    vectors: u16,
    bus_master: bool,
    wq_enabled: bool,
    /// Where the pages of the two buffers lie for the hardware.
    pages: [Vec<u16>; 2],
    /// What the hardware reports of each piece.
    records: Vec<[u8; 32]>,
}

fuzz_target!(|input: Input| {
    let mut raw = input.raw;
    if let Some(record) = input.record {
        raw[8..16].copy_from_slice(&(u64::from(record) * 32).to_le_bytes());
    }
    let limits = Limits {
        opcap: [input.opcap, 0, 0, 0],
        max_transfer: 1 << (input.transfer_shift % 32),
        vectors: input.vectors,
        bus_master: input.bus_master,
        wq_enabled: input.wq_enabled,
        epoch: 0,
    };
    match Descriptor::parse(&raw).check(&limits) {
        Ok(work) => {
            accepted(&work, &limits);
            carried_out(&work.op, &input);
        }
        Err(reject) => {
            assert_ne!(reject.status, 0, "a refusal without a reason");
            if let RejectTo::Record(address) = reject.to {
                assert_eq!(address % 32, 0, "a record that is not aligned");
            }
            if let Some(vector) = reject.interrupt {
                assert!((1..limits.vectors).contains(&vector));
            }
        }
    }
});

/// What a descriptor that is carried out may be.
fn accepted(work: &Work, limits: &Limits) {
    assert!(limits.wq_enabled && limits.bus_master);
    let opcode = work.op.opcode();
    let allowed = limits.opcap[0] & SUPPORTED_OPCAP[0];
    assert!(opcode < 64 && allowed & 1 << opcode != 0, "{opcode:#x} is not allowed");
    assert!(u64::from(work.op.len()) <= limits.max_transfer);
    assert!(work.cr.is_none_or(|address| address % 32 == 0));
    assert!(work.interrupt.is_none_or(|vector| (1..limits.vectors).contains(&vector)));
    for buffer in work.op.buffers().into_iter().flatten() {
        assert_eq!(buffer.len, work.op.len());
        let last = u64::from(buffer.len.saturating_sub(1));
        assert!(buffer.iova.checked_add(last).is_some(), "{buffer:x?} goes past the end");
    }
}

/// The pieces cover the operation in order, and their results make one.
fn carried_out(op: &Op, input: &Input) {
    const PAGE: u32 = 4096;
    let segments = |pages: &[u16]| -> Vec<Segment> {
        let segment = |page: &u16| Segment {
            dma: u64::from(*page) * u64::from(PAGE),
            len: PAGE,
        };
        pages.iter().map(segment).collect()
    };
    let [a, b] = input.pages.each_ref().map(|pages| segments(pages));
    let max = 1 << (input.transfer_shift % 32);
    let mut outcome = Outcome::new(op);
    let mut records = input.records.iter();
    let mut offset = 0;
    for piece in pieces(&a, &b, max) {
        assert_eq!(piece.offset, offset);
        assert!((1..=max).contains(&piece.len));
        offset += piece.len;
        let raw = plan::descriptor(&outcome.next_op(), &piece, 0x40, 1);
        assert_eq!(Descriptor::parse(&raw).size, piece.len);
        let Some(record) = records.next() else {
            outcome.piece_lost();
            break;
        };
        outcome.piece_done(&piece, &Completion::from_bytes(record));
        if outcome.is_stopped() {
            break;
        }
    }
    let end = outcome.finish();
    assert_eq!(Completion::from_bytes(&end.to_bytes()), end);
}

// SPDX-License-Identifier: GPL-2.0
//! A tenant's 64 bytes: decoded, checked, and cut into pieces for the hardware.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use dsa_core::desc::{
    BUFFERS, Completion, DESC_LEN, Descriptor, Limits, Op, Reject, RejectTo, SUPPORTED_OPCAP,
    WHOLE_OPCAP, Work,
};
use dsa_core::plan::{self, BatchOutcome, Outcome, Piece, Segment, pieces};

#[derive(Debug, Arbitrary)]
struct Input {
    raw: [u8; DESC_LEN],
    /// The address that the record is made to have, so that it is often aligned.
    record: Option<u32>,
    /// Whether it is from the list of a batch.
    member: bool,
    opcap: u64,
    transfer_shift: u8,
    max_batch: u32,
    overlapping_copy: bool,
    cache_control: bool,
    vectors: u16,
    bus_master: bool,
    wq_enabled: bool,
    /// Where the pages of the buffers lie for the hardware.
    pages: [Vec<u16>; BUFFERS],
    /// How much of which buffer is there.
    missing: Vec<(u8, u32)>,
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
        max_batch: input.max_batch,
        overlapping_copy: input.overlapping_copy,
        cache_control: input.cache_control,
        vectors: input.vectors,
        bus_master: input.bus_master,
        wq_enabled: input.wq_enabled,
        epoch: 0,
    };
    let descriptor = Descriptor::parse(&raw);
    let checked = if input.member {
        descriptor.check_member(&limits)
    } else {
        descriptor.check(&limits)
    };
    match checked {
        Ok(work) => {
            assert!(input.member || limits.wq_enabled && limits.bus_master);
            accepted(&work, &limits);
            carried_out(&work, &input);
        }
        Err(reject) => refused(&reject, &limits),
    }
});

/// What a descriptor that is not carried out may come to.
fn refused(reject: &Reject, limits: &Limits) {
    assert_ne!(reject.status, 0, "a refusal without a reason");
    if let RejectTo::Record(address) = reject.to {
        assert_eq!(address % 32, 0, "a record that is not aligned");
    }
    if let Some(vector) = reject.interrupt {
        assert!((1..limits.vectors).contains(&vector));
    }
}

/// What a descriptor that is carried out may be.
fn accepted(work: &Work, limits: &Limits) {
    let opcode = work.op.opcode();
    let allowed = limits.opcap[0] & (SUPPORTED_OPCAP[0] | WHOLE_OPCAP[0]);
    assert!(opcode < 64 && allowed & 1 << opcode != 0, "{opcode:#x} is not allowed");
    assert!(u64::from(work.op.len()) <= limits.max_transfer);
    assert!(work.cr.is_none_or(|address| address % 32 == 0));
    assert!(work.interrupt.is_none_or(|vector| (1..limits.vectors).contains(&vector)));
    assert!(work.op.overlap().is_none() || limits.overlapping_copy);
    for buffer in work.op.buffers().into_iter().flatten() {
        assert!(!work.op.is_divisible() || buffer.len == work.op.len());
        let last = u64::from(buffer.len.saturating_sub(1));
        assert!(buffer.iova.checked_add(last).is_some(), "{buffer:x?} goes past the end");
    }
}

/// The results of what the hardware does make one.
fn carried_out(work: &Work, input: &Input) {
    if let Op::Batch { list, count } = work.op {
        return batch(list, count, input);
    }
    let mut outcome = Outcome::new(&work.op);
    for (side, reached) in &input.missing {
        outcome.missing(usize::from(*side), *reached);
    }
    if work.op.is_divisible() {
        divided(&work.op, &mut outcome, work.hints, input);
    } else if let Some(piece) = outcome.whole_piece([1 << 32, 2 << 32, 3 << 32]) {
        assert!((1..=work.op.len()).contains(&piece.len));
        submit(&outcome, &piece, work.hints);
        match input.records.first() {
            Some(record) => outcome.piece_done(&piece, &Completion::from_bytes(record)),
            None => outcome.piece_lost(),
        }
    }
    let end = outcome.finish();
    assert_ne!(end.status, 0, "an end without a status");
    assert!(end.is_fault() || end.fault_addr == 0);
    assert_eq!(Completion::from_bytes(&end.to_bytes()), end);
}

/// The pieces cover the operation in order.
fn divided(op: &Op, outcome: &mut Outcome, hints: u32, input: &Input) {
    const PAGE: u32 = 4096;
    let segments = |pages: &[u16]| -> Vec<Segment> {
        let segment = |page: &u16| Segment {
            dma: u64::from(*page) * u64::from(PAGE),
            len: PAGE,
        };
        pages.iter().map(segment).collect()
    };
    let sides = input.pages.each_ref().map(|pages| segments(pages));
    let max = 1 << (input.transfer_shift % 32);
    let mut records = input.records.iter();
    let mut offset = 0;
    for piece in pieces(sides.each_ref().map(|side| &side[..]), op.order(), max) {
        assert_eq!(piece.offset, offset);
        assert!((1..=max).contains(&piece.len));
        offset += piece.len;
        submit(outcome, &piece, hints);
        let Some(record) = records.next() else {
            outcome.piece_lost();
            break;
        };
        outcome.piece_done(&piece, &Completion::from_bytes(record));
        if outcome.is_stopped() {
            break;
        }
    }
}

/// What the hardware is given of a piece.
fn submit(outcome: &Outcome, piece: &Piece, hints: u32) {
    let op = outcome.next_op();
    let raw = plan::with_hints(plan::descriptor(&op, piece, 0x40, Some(1)), hints);
    let told = Descriptor::parse(&raw);
    let is_nothing = matches!(op, Op::Noop | Op::Drain { .. });
    assert_eq!(told.size, if is_nothing { 0 } else { piece.len });
    assert_eq!((told.cr, told.handle), (0x40, 1));
}

/// The records are those of what the batch has.
fn batch(list: u64, count: u32, input: &Input) {
    let mut outcome = BatchOutcome::new(count);
    for (index, record) in (0..count).zip(&input.records) {
        outcome.member_done(record[0], record[1] & 1 == 0);
        if record[2] == 0 {
            outcome.list_fault(plan::member(list, index));
        }
    }
    let end = outcome.finish();
    assert_ne!(end.status, 0);
    assert!(end.bytes <= count);
    assert!(end.is_fault() || end.fault_addr == 0);
}

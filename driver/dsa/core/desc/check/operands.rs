// SPDX-License-Identifier: GPL-2.0

//! Size and place of what an operation works on.

use super::{
    super::{
        code::status,
        op::delta,
        Descriptor,
        Op,
        DESC_LEN, //
    },
    Limits, //
};

/// A buffer as the descriptor has it: address and length.
type Range = (u64, u32);

/// Checks the operands of `op`, which is what `descriptor` asks for. Gives the status if something is
/// wrong.
pub(super) fn check(descriptor: &Descriptor, op: &Op, limits: &Limits) -> Result<(), u8> {
    match *op {
        Op::Noop | Op::Drain { .. } => return Ok(()),
        Op::Batch { list, count } => {
            demand((2..=limits.max_batch).contains(&count), status::COUNT)?;
            return demand(list % DESC_LEN as u64 == 0, status::LIST_ALIGN);
        }
        _ => (),
    }
    let len = op.len();
    demand(
        (1..=limits.max_transfer).contains(&u64::from(len)),
        status::SIZE,
    )?;
    check_shape(descriptor, op)?;
    let buffers = op.buffers();
    let wraps = buffers.iter().flatten().any(|buffer| buffer.wraps());
    demand(!wraps, status::TRANSLATION)?;
    match *op {
        Op::Memmove { .. } => demand(
            op.overlap().is_none() || limits.overlapping_copy,
            status::OVERLAP,
        ),
        Op::CreateDelta { a, b, delta, .. } => {
            let record = (delta, descriptor.max_delta_size());
            apart(record, (a, len))?;
            apart(record, (b, len))
        }
        Op::ApplyDelta { delta, dst, .. } => apart((delta, descriptor.delta_size()), (dst, len)),
        Op::Dualcast {
            src,
            dst: [first, second],
            ..
        } => {
            apart((src, len), (first, len))?;
            apart((src, len), (second, len))?;
            apart((first, len), (second, len))
        }
        Op::Crc { .. } | Op::Dif(_) => match buffers {
            [Some(src), Some(dst), _] => apart((src.iova, src.len), (dst.iova, dst.len)),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Checks what an operation wants of sizes and addresses beyond what all do.
fn check_shape(descriptor: &Descriptor, op: &Op) -> Result<(), u8> {
    let delta_transfer = |len| {
        demand(
            len <= delta::MAX_TRANSFER && len % delta::UNIT == 0,
            status::SIZE,
        )
    };
    let aligned = |addrs: &[u64]| {
        let unit = u64::from(delta::UNIT);
        demand(
            addrs.iter().all(|addr| addr % unit == 0),
            status::ADDR_ALIGN,
        )
    };
    match *op {
        Op::CreateDelta {
            a, b, len, delta, ..
        } => {
            let room = descriptor.max_delta_size();
            delta_transfer(len)?;
            demand(
                room >= delta::MIN_ROOM && room % delta::ENTRY == 0,
                status::DELTA_SIZE,
            )?;
            aligned(&[a, b, delta])
        }
        Op::ApplyDelta {
            delta, dst, len, ..
        } => {
            let record = descriptor.delta_size();
            delta_transfer(len)?;
            demand(record > 0 && record % delta::ENTRY == 0, status::DELTA_SIZE)?;
            aligned(&[delta, dst])
        }
        Op::Dualcast {
            dst: [first, second],
            ..
        } => {
            const PAGE: u64 = 0x1000;
            demand(first % PAGE == second % PAGE, status::DUALCAST_ALIGN)
        }
        Op::Dif(dif) => demand(dif.len % dif.source_step() == 0, status::SIZE),
        _ => Ok(()),
    }
}

/// Whether two buffers have no byte in common; one that is empty has none.
fn apart((a, a_len): Range, (b, b_len): Range) -> Result<(), u8> {
    let overlaps = if a <= b {
        b - a < u64::from(a_len) && b_len > 0
    } else {
        a - b < u64::from(b_len) && a_len > 0
    };
    demand(!overlaps, status::OVERLAP)
}

fn demand(condition: bool, otherwise: u8) -> Result<(), u8> {
    if condition {
        Ok(())
    } else {
        Err(otherwise)
    }
}

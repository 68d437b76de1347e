// SPDX-License-Identifier: GPL-2.0

//! What can be done of an operation whose memory is not all there.

use super::{
    delta::{
        ENTRY,
        MIN_ROOM,
        UNIT, //
    },
    Dif,
    Op,
    BUFFERS, //
};

impl Op {
    /// The part of an operation that cannot be divided for which memory is there, when of each
    /// buffer so many bytes are: from the start on, in whole units. `None` if that is nothing.
    ///
    /// Divisible operations are as they are.
    pub const fn within(&self, reached: [u32; BUFFERS]) -> Option<Op> {
        let [first, second, third] = reached;
        match *self {
            Op::CreateDelta {
                a,
                b,
                len,
                delta,
                max,
                expect,
            } => {
                let len = round_down(min(len, min(first, second)), UNIT);
                let max = round_down(min(max, third), ENTRY);
                if len == 0 || max < MIN_ROOM {
                    return None;
                }
                Some(Op::CreateDelta {
                    a,
                    b,
                    len,
                    delta,
                    max,
                    expect,
                })
            }
            Op::ApplyDelta {
                delta,
                delta_len,
                dst,
                len,
            } => {
                let delta_len = round_down(min(delta_len, first), ENTRY);
                let len = round_down(min(len, second), UNIT);
                if delta_len == 0 || len == 0 {
                    return None;
                }
                Some(Op::ApplyDelta {
                    delta,
                    delta_len,
                    dst,
                    len,
                })
            }
            Op::Dif(dif) => {
                let len = min(dif.len, dif.blocks_within(reached) * dif.source_step());
                if len == 0 {
                    return None;
                }
                Some(Op::Dif(Dif { len, ..dif }))
            }
            _ => Some(*self),
        }
    }
}

const fn min(a: u32, b: u32) -> u32 {
    if a < b {
        a
    } else {
        b
    }
}

const fn round_down(len: u32, unit: u32) -> u32 {
    len - len % unit
}

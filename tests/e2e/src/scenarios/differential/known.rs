// SPDX-License-Identifier: MIT OR Apache-2.0
//! Descriptors that once came to something else on a subdev.

use anyhow::{Context, Result};
use fastrand::Rng;

use super::raw::{Raw, flag, opcode};
use super::session::Session;
use super::twin::{Arena, NOWHERE, Page, pages_with};
use crate::dsa::Dsa;

/// Pages of data.
const PAGES: u64 = 8;

/// A descriptor, and the memory that it needs.
struct Known {
    what: &'static str,
    /// Pages of data that cannot be written to.
    bad: &'static [(u64, Page)],
    /// The descriptor, from the first address of the data.
    raw: fn(u64) -> Raw,
}

const KNOWN: &[Known] = &[
    Known {
        what: "a copy downward that overlaps, up to a page that is only to be read",
        bad: &[(4, Page::ReadOnly)],
        raw: |data| Raw::new(opcode::MEMMOVE, data + 0x1451, data + 0x1380, 0x4000),
    },
    Known {
        what: "a copy upward that overlaps, down to a page that is only to be read",
        bad: &[(3, Page::ReadOnly)],
        raw: |data| Raw::new(opcode::MEMMOVE, data + 0x1380, data + 0x1451, 0x4000),
    },
    Known {
        what: "a copy upward that overlaps, down to a page that is not there",
        bad: &[(3, Page::Gone)],
        raw: |data| Raw::new(opcode::MEMMOVE, data + 0x1380, data + 0x1451, 0x4000),
    },
    Known {
        what: "a copy onto itself, up to a page that is only to be read",
        bad: &[(2, Page::ReadOnly)],
        raw: |data| Raw::new(opcode::MEMMOVE, data + 0x123, data + 0x123, 0x4000),
    },
    Known {
        what: "an interrupt, and a record at an address where nothing is",
        bad: &[],
        raw: |_| Raw {
            handle: 1,
            ..Raw::new(opcode::NOOP, 0, 0, 0)
                .with(flag::CR_VALID | flag::CR_REQUEST | flag::INT_REQUEST)
                .recorded_at(NOWHERE)
        },
    },
    Known {
        what: "an interrupt of what is invalid, with a record at an address where nothing is",
        bad: &[],
        raw: |_| Raw {
            handle: 1,
            ..Raw::new(opcode::NOOP, 0, 0, 1)
                .with(flag::CR_VALID | flag::INT_REQUEST)
                .recorded_at(NOWHERE)
        },
    },
    Known {
        what: "an interrupt of what is invalid and has no record",
        bad: &[],
        raw: |_| Raw {
            handle: 1,
            ..Raw::new(opcode::NOOP, 0, 0, 1).with(flag::INT_REQUEST)
        },
    },
    Known {
        what: "an interrupt of what fails and has no record",
        bad: &[(0, Page::Gone)],
        raw: |data| Raw {
            handle: 1,
            ..Raw::new(opcode::FILL, 1, data, 8).with(flag::INT_REQUEST)
        },
    },
    Known {
        what: "a comparison without a record that does not come to what is expected",
        bad: &[],
        // Of bytes that are the pattern by a chance of 2^-64.
        raw: |data| Raw::new(opcode::COMPVAL, data, 0, 64).with(flag::CHECK_RESULT),
    },
];

/// Submits them one after another.
pub fn run(dsa: Dsa) -> Result<()> {
    let arenas: Vec<_> = KNOWN.iter().map(|it| pages_with(PAGES, it.bad)).collect();
    let mut session = Session::new(dsa, &arenas, Rng::with_seed(1))?;
    for (index, known) in KNOWN.iter().enumerate() {
        let make = |arena: &Arena| {
            let raw = (known.raw)(arena.data().start);
            if raw.flags == 0 {
                let flags = flag::CR_VALID | flag::CR_REQUEST;
                raw.with(flags).recorded_at(arena.record(0))
            } else {
                raw
            }
        };
        session.run_one(index, make).context(known.what)?;
    }
    Ok(())
}

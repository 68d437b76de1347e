// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random batches, whose descriptors conflict only across fences.

use fastrand::Rng;

use super::generator::{Generator, Made, Offer, Write};
use super::raw::{self, Raw, flag, opcode};
use super::twin::Arena;

/// A batch with its descriptors.
pub struct Batch {
    /// The batch, which asks for no record yet.
    pub made: Made,
    /// What is in its list.
    pub members: Vec<Raw>,
}

/// A batch in an arena. Its descriptors have the completion records from the second on.
pub fn random(rng: &mut Rng, offer: &Offer, arena: &Arena) -> Batch {
    let most = offer.max_batch.min(RECORDS);
    let count = match rng.u8(..4) {
        0 => most,
        1 => rng.u32(2..=most.min(4)),
        _ => rng.u32(2..=most),
    };
    let parts = rng.choice([1, 2, 4, 8]).unwrap_or(1);
    // Parts of the arena that something was done in since the last fence.
    let mut used = 0;
    let mut members = Vec::new();
    let mut writes = Vec::new();
    let mut next = None;
    for index in 0..count {
        let is_fenced = used == parts || rng.u8(..8) == 0;
        if is_fenced {
            used = 0;
        }
        let place = arena.data().part(used, parts);
        used += 1;
        let bad_page = arena.bad_page(rng);
        let mut generator = Generator::new(rng, offer, place, parts == 1);
        let mut made = match next.take() {
            // What goes on from what the one before left.
            Some(raw) if used == 1 => Made::from(raw),
            _ => generator.descriptor(true),
        };
        generator.report(&mut made.raw, arena.record(index as usize + 1), bad_page);
        if is_fenced {
            made.raw.flags |= flag::FENCE;
        }
        // What is changed before the batch begins is not what an earlier descriptor left.
        writes.extend(made.writes);
        next = made.next.filter(|_| parts == 1);
        members.push(made.raw);
    }
    let lists = arena.lists();
    let slots = lists.len / raw::LEN as u64;
    // Often across the border of the pages, sometimes across their end.
    let first = match rng.u8(..8) {
        0 => slots - u64::from(rng.u32(1..=count)),
        1 | 2 => slots / 2 - u64::from(rng.u32(1..=count)),
        _ => rng.u64(..slots - u64::from(count)),
    };
    let list = lists.start + first * raw::LEN as u64;
    let encoded = members.iter().flat_map(Raw::encode).collect();
    writes.push(Write::Bytes(list, encoded));
    let mut batch = Raw::new(opcode::BATCH, list, 0, count);
    match rng.u8(..32) {
        0 => batch.size = rng.choice([0, 1, offer.max_batch + 1]).unwrap_or(0),
        1 => batch.first += rng.u64(1..64),
        2 => batch.flags |= 1 << rng.u32(1..24) & !flag::DEST_READBACK,
        _ => (),
    }
    Batch {
        made: Made {
            writes,
            ..batch.into()
        },
        members,
    }
}

/// Most descriptors of a batch: so many, and one, have a completion record in an arena.
const RECORDS: u32 = 127;

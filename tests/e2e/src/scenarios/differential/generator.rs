// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random descriptors: mostly such as make sense, some that nearly do.

use fastrand::Rng;

use super::raw::{LEN, Raw, flag, opcode};
use super::twin::{NOWHERE, PAGE_LEN, Place};

/// What a subdev offers.
#[derive(Clone, Copy, Debug)]
pub struct Offer {
    /// Operations, as in OPCAP.
    pub operations: u64,
    /// Most bytes of a transfer.
    pub max_transfer: u64,
    /// Most descriptors of a batch.
    pub max_batch: u32,
    /// Number of MSI-X vectors. Interrupt handles are 1 to below that.
    pub vectors: u16,
}

impl Offer {
    /// What of it is to be the same in an arena that `is_whole`, or one that is not.
    pub fn within(&self, is_whole: bool) -> Self {
        let left_out = WHOLE.iter().fold(0, |mask, code| mask | 1 << code);
        Self {
            operations: match is_whole {
                true => self.operations,
                false => self.operations & !left_out,
            },
            ..*self
        }
    }

    /// Whether there is an operation.
    pub fn has(&self, code: u8) -> bool {
        code < 64 && self.operations >> code & 1 == 1
    }
}

/// What is to be in memory before a descriptor is submitted.
#[derive(Clone, Debug)]
pub enum Write {
    /// These bytes.
    Bytes(u64, Vec<u8>),
    /// The same bytes as from the second address on, so many.
    Copy(u64, u64, u32),
    /// Something else than is there, of one byte.
    Flip(u64, u8),
}

/// A descriptor, and what has to be done before and can be after.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// The descriptor, which asks for no record yet.
    pub raw: Raw,
    /// What is to be in memory.
    pub writes: Vec<Write>,
    /// One that works on what this one leaves.
    pub next: Option<Raw>,
}

impl From<Raw> for Made {
    fn from(raw: Raw) -> Self {
        Self {
            raw,
            ..Self::default()
        }
    }
}

/// Operations of one descriptor, and how often they come.
const CODES: [(u8, usize); 16] = [
    (opcode::NOOP, 1),
    (opcode::DRAIN, 1),
    (opcode::MEMMOVE, 6),
    (opcode::FILL, 3),
    (opcode::COMPARE, 4),
    (opcode::COMPVAL, 3),
    (opcode::CREATE_DELTA, 3),
    (opcode::APPLY_DELTA, 1),
    (opcode::DUALCAST, 3),
    (opcode::CRCGEN, 3),
    (opcode::COPY_CRC, 3),
    (opcode::CFLUSH, 1),
    (opcode::DIF_CHECK, 2),
    (opcode::DIF_INSERT, 2),
    (opcode::DIF_STRIP, 2),
    (opcode::DIF_UPDATE, 2),
];

/// Operations whose buffers are all there. Where one is not, the device may have written a part of the
/// block in which it stopped, takes an offset behind what is there for one behind the end, and tells
/// how long a delta record is so far, which the model does not.
const WHOLE: [u8; 6] = [
    opcode::CREATE_DELTA,
    opcode::APPLY_DELTA,
    // It comes after an insertion.
    opcode::DIF_CHECK,
    opcode::DIF_INSERT,
    opcode::DIF_STRIP,
    opcode::DIF_UPDATE,
];

/// Flags of an operation that change nothing of what comes of it.
fn hints(code: u8) -> u32 {
    let writes = flag::CACHE_CONTROL
        | flag::STRICT_ORDER
        | flag::DEST_STEERING
        | flag::ADDR2_CLASS
        | flag::ADDR1_CLASS;
    let of_operation = match code {
        opcode::FILL => writes & !flag::ADDR1_CLASS,
        opcode::MEMMOVE => writes,
        opcode::DUALCAST | opcode::COPY_CRC => writes | flag::ADDR3_CLASS,
        opcode::COMPARE => flag::ADDR1_CLASS | flag::ADDR2_CLASS,
        opcode::CRCGEN => flag::ADDR1_CLASS | flag::ADDR3_CLASS,
        opcode::CFLUSH => flag::CACHE_CONTROL | flag::ADDR2_CLASS,
        _ => 0,
    };
    of_operation | flag::CR_STEERING | flag::CR_CLASS
}

/// Makes descriptors that access one place.
pub struct Generator<'a> {
    rng: &'a mut Rng,
    offer: &'a Offer,
    place: Place,
    /// Whether they may reach for what is behind the place, as far as nothing is there.
    reaches_out: bool,
    /// A third of the place.
    zone: u64,
}

impl<'a> Generator<'a> {
    /// One for a place.
    pub fn new(rng: &'a mut Rng, offer: &'a Offer, place: Place, reaches_out: bool) -> Self {
        Self {
            rng,
            offer,
            place,
            reaches_out,
            zone: place.len / 3 / 64 * 64,
        }
    }

    fn one_in(&mut self, count: u32) -> bool {
        self.rng.u32(..count) == 0
    }

    /// An address in one of the three zones, from which on there is half of one.
    fn at(&mut self, zone: u64) -> u64 {
        let start = self.place.start + zone * self.zone;
        let offset = self.rng.u64(..self.zone / 2);
        match self.rng.u8(..16) {
            0 if self.reaches_out => {
                let end = self.place.start + self.place.len;
                end - self.rng.u64(..2 * PAGE_LEN).min(self.zone)
            }
            1 if self.one_in(3) => NOWHERE + offset,
            0..6 => start + offset / 64 * 64,
            6..9 => start + offset / PAGE_LEN * PAGE_LEN,
            _ => start + offset,
        }
    }

    /// The same where memory is.
    fn within(&mut self, zone: u64) -> u64 {
        self.place.start + zone * self.zone + self.rng.u64(..self.zone / 2)
    }

    /// A length of at most half of a zone.
    fn len(&mut self) -> u32 {
        let most = (self.zone / 2) as u32;
        let page = PAGE_LEN as u32;
        let len = match self.rng.u8(..8) {
            0 => self.rng.u32(1..64),
            1 => 1 << self.rng.u32(..most.ilog2()),
            2 => page * self.rng.u32(..most / page + 1) + self.rng.u32(..3) - 1,
            3 => most,
            _ => self.rng.u32(1..=most),
        };
        len.clamp(1, most)
    }

    /// Some of these flags.
    fn some(&mut self, flags: u32) -> u32 {
        let chosen = match self.rng.u8(..4) {
            0 => self.rng.u32(..),
            1 => 1 << self.rng.u32(..24),
            _ => 0,
        };
        chosen & flags
    }

    /// A descriptor of what is offered; from the list of a batch only what can be there.
    pub fn descriptor(&mut self, is_member: bool) -> Made {
        let offer = self.offer;
        let usable = |code: u8| offer.has(code) && !(is_member && code == opcode::DRAIN);
        let codes = CODES.iter().filter(|(code, _)| usable(*code));
        let often = codes.flat_map(|(code, count)| std::iter::repeat_n(*code, *count));
        let often: Vec<_> = often.collect();
        let code = self.rng.choice(often).unwrap_or(opcode::NOOP);
        let mut made = self.operation(code);
        made.raw.flags |= self.some(hints(code));
        if self.one_in(14) {
            let good = made.raw;
            self.spoil(&mut made.raw);
            if !is_member && made.raw.is_unseen() {
                // Hardware refuses it.
                made.raw.flags |= flag::STRICT_ORDER;
            }
            if WHOLE.contains(&code) {
                // What it works on is there still.
                made.raw = Raw {
                    first: good.first,
                    second: good.second,
                    size: good.size,
                    specific: good.specific,
                    ..made.raw
                };
            }
        }
        made
    }

    fn operation(&mut self, code: u8) -> Made {
        let is_whole = WHOLE.contains(&code);
        let [first, second, third] = [0, 1, 2].map(|zone| match is_whole {
            true => self.within(zone),
            false => self.at(zone),
        });
        let len = self.len();
        let expected = self.rng.u8(..2);
        match code {
            opcode::DRAIN => {
                let flags = self.some(
                    flag::READBACK1_VALID
                        | flag::READBACK2_VALID
                        | flag::SUPPRESS_CLASS_A
                        | flag::SUPPRESS_CLASS_B,
                );
                let at = |flag, addr| if flags & flag == 0 { 0 } else { addr };
                let first = at(flag::READBACK1_VALID, first);
                let second = at(flag::READBACK2_VALID, second);
                Raw::new(code, first, second, 0).with(flags).into()
            }
            opcode::MEMMOVE => {
                // Often close to each other, in either direction.
                let near = first + self.rng.u64(..2 * u64::from(len));
                let other = if self.rng.bool() { near } else { second };
                let raw = if self.rng.bool() {
                    Raw::new(code, first, other, len)
                } else {
                    Raw::new(code, other, first, len)
                };
                raw.into()
            }
            opcode::FILL => Raw::new(code, self.rng.u64(..), second, len).into(),
            opcode::COMPARE => {
                let raw = Raw::new(code, first, second, len).with(self.some(flag::CHECK_RESULT));
                Made {
                    writes: self.alike(first, second, len),
                    ..raw.field(0x28, &[expected]).into()
                }
            }
            opcode::COMPVAL => {
                let pattern = self.rng.u64(..);
                let raw = Raw::new(code, first, pattern, len).with(self.some(flag::CHECK_RESULT));
                let bytes = pattern.to_le_bytes().into_iter().cycle();
                let bytes = bytes.take(len as usize).collect();
                let mut writes = vec![Write::Bytes(first, bytes)];
                writes.extend(self.flips(first, len));
                Made {
                    writes,
                    ..raw.field(0x28, &[expected]).into()
                }
            }
            opcode::CREATE_DELTA => self.delta(first, second, third, len),
            opcode::APPLY_DELTA => {
                // Of what is no record.
                let (record, dst) = (third / 8 * 8, first / 8 * 8);
                let size = 10 * self.rng.u32(1..20);
                let raw = Raw::new(code, record, dst, len.next_multiple_of(8));
                raw.field(0x28, &size.to_le_bytes()).into()
            }
            opcode::DUALCAST => {
                let mut other = third / PAGE_LEN * PAGE_LEN + second % PAGE_LEN;
                if other >= third {
                    other -= PAGE_LEN;
                }
                let raw = Raw::new(code, first, second, len);
                raw.field(0x28, &other.to_le_bytes()).into()
            }
            opcode::CRCGEN | opcode::COPY_CRC => {
                let dst = if code == opcode::COPY_CRC { second } else { 0 };
                let flags = self.some(
                    flag::CRC_READ_SEED | flag::CRC_BYPASS_INVERSION | flag::CRC_BYPASS_REFLECTION,
                );
                let seed = self.rng.u32(..).to_le_bytes();
                let raw = Raw::new(code, first, dst, len).with(flags);
                let raw = raw.field(0x28, &seed).field(0x30, &third.to_le_bytes());
                raw.into()
            }
            opcode::CFLUSH => Raw::new(code, 0, second, len).into(),
            opcode::DIF_CHECK | opcode::DIF_INSERT | opcode::DIF_STRIP | opcode::DIF_UPDATE => {
                self.dif(code, [first, second, third], len)
            }
            _ => Raw::new(opcode::NOOP, 0, 0, 0).into(),
        }
    }

    /// Makes two ranges equal but for some bytes.
    fn alike(&mut self, first: u64, second: u64, len: u32) -> Vec<Write> {
        if self.one_in(8) {
            return Vec::new();
        }
        let mut writes = vec![Write::Copy(second, first, len)];
        writes.extend(self.flips(second, len));
        writes
    }

    /// Changes of some bytes.
    fn flips(&mut self, start: u64, len: u32) -> Vec<Write> {
        let count = self.rng.u32(..4).saturating_sub(1);
        (0..count)
            .map(|_| {
                let at = start + u64::from(self.rng.u32(..len));
                Write::Flip(at, self.rng.u8(1..))
            })
            .collect()
    }

    /// A record of what differs, and then its use.
    fn delta(&mut self, first: u64, second: u64, third: u64, len: u32) -> Made {
        let [first, second, third] = [first, second, third].map(|addr| addr / 8 * 8);
        let len = len.next_multiple_of(8).min(0x8_0000);
        let count = self.rng.u32(..30);
        let mut writes = vec![Write::Copy(second, first, len)];
        writes.extend((0..count).map(|_| {
            let at = second + u64::from(self.rng.u32(..len));
            Write::Flip(at, self.rng.u8(1..))
        }));
        let room = 10 * self.rng.u32(8..40);
        let flags = self.some(flag::CHECK_RESULT);
        let raw = Raw::new(opcode::CREATE_DELTA, first, second, len)
            .with(flags)
            .field(0x28, &third.to_le_bytes())
            .field(0x30, &room.to_le_bytes())
            .field(0x38, &[self.rng.u8(..8)]);
        let used = (10 * count).clamp(10, room);
        let next = Raw::new(opcode::APPLY_DELTA, third, first, len);
        Made {
            raw,
            writes,
            next: self
                .offer
                .has(opcode::APPLY_DELTA)
                .then(|| next.field(0x28, &used.to_le_bytes())),
        }
    }

    /// Blocks that get fields of data integrity, and then what is done with these.
    fn dif(&mut self, code: u8, [first, second, third]: [u64; 3], len: u32) -> Made {
        let shape = self.rng.u8(..4);
        let block = [512, 520, 4096, 4104][usize::from(shape)];
        // The destination must not reach the next zone.
        let most = self.zone / 2 / (block + 8);
        let blocks = (u64::from(len) / (block + 8)).clamp(1, most.max(1));
        let common = shape
            | if self.one_in(3) {
                self.rng.u8(..) & 0x0c
            } else {
                0
            };
        let tags = self.rng.u64(..).to_le_bytes();
        let insert = Raw::new(opcode::DIF_INSERT, first, second, (blocks * block) as u32)
            .field(
                0x29,
                &[if self.one_in(3) {
                    self.rng.u8(..) & 0xf8
                } else {
                    0
                }],
            )
            .field(0x2a, &[common])
            .field(0x38, &tags);
        let next = if code == opcode::DIF_INSERT {
            opcode::DIF_CHECK
        } else {
            code
        };
        let dst = if next == opcode::DIF_CHECK { 0 } else { third };
        let mut raw = Raw::new(next, second, dst, (blocks * (block + 8)) as u32)
            .field(0x28, &[if self.one_in(3) { self.rng.u8(..) } else { 0 }])
            .field(0x2a, &[common])
            .field(0x30, &tags);
        if next == opcode::DIF_UPDATE {
            let flags = if self.one_in(2) {
                self.rng.u8(..) & 0xf8
            } else {
                0
            };
            raw = raw.field(0x29, &[flags]);
            raw = raw.field(0x38, &self.rng.u64(..).to_le_bytes());
        }
        if self.offer.has(opcode::DIF_INSERT) && self.offer.has(next) && !self.one_in(8) {
            Made {
                raw: insert,
                writes: Vec::new(),
                next: Some(raw),
            }
        } else {
            raw.into()
        }
    }

    /// Makes something wrong.
    fn spoil(&mut self, raw: &mut Raw) {
        match self.rng.u8(..8) {
            // The subdev does not have the readback of a destination, which the model always has. A
            // fence decides what may conflict.
            0 | 1 => {
                let kept = raw.flags & flag::FENCE;
                let bit = self.rng.u32(1..24);
                raw.flags = (raw.flags ^ 1 << bit) & !flag::DEST_READBACK | kept;
            }
            2 => raw.size = 0,
            3 => raw.size = (self.offer.max_transfer + 1).try_into().unwrap_or(u32::MAX),
            4 => raw.reserved = self.rng.u16(..),
            5 => {
                // Not an address, which could be in the place of others then.
                let at = self.rng.usize(0x38..LEN);
                *raw = raw.field(at, &[self.rng.u8(..)]);
            }
            6 => raw.identity = self.rng.u32(..),
            _ => raw.opcode = self.rng.u8(..),
        }
    }

    /// Asks for a record at an address, or where none can be, and for an interrupt, or not.
    pub fn report(&mut self, raw: &mut Raw, record: u64, bad_page: Option<u64>) {
        raw.record = record;
        raw.flags |= match self.rng.u8(..16) {
            0 => 0,
            1 => flag::CR_VALID,
            _ => flag::CR_VALID | flag::CR_REQUEST,
        };
        match self.rng.u8(..40) {
            0 => raw.record = bad_page.unwrap_or(NOWHERE) + 32 * self.rng.u64(..128),
            1 => raw.record = NOWHERE,
            2 => raw.record += self.rng.u64(1..32),
            3 => raw.record = self.place.start + self.rng.u64(..self.place.len / 32) * 32,
            _ => (),
        }
        if self.one_in(3) {
            raw.flags |= flag::INT_REQUEST;
            raw.handle = self.rng.u16(1..self.offer.vectors);
            if self.one_in(16) {
                raw.handle = self
                    .rng
                    .choice([0, self.offer.vectors, u16::MAX])
                    .unwrap_or(0);
            }
        }
    }
}

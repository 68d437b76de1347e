// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every status that each operation can end with, provoked on the real program.
//!
//! The table says which these are. What is common to many operations is derived from where they read
//! and write; the rest is in [`Operation::own_mistakes`]. A status that is in the table and was not
//! seen, or was seen and is not in the table, fails the test.

mod common;

use std::collections::BTreeSet;

use common::descriptor::{
    AP_DELTA, BATCH, Builder, CFLUSH, COMPARE, COMPVAL, COPY_CRC, CR_DELTA, CRCGEN, DIF_CHECK,
    DIF_INS, DIF_STRP, DIF_UPDT, DIX_GEN, DRAIN, DUALCAST, FILL, MEMMOVE, NOOP, TRANSL_FETCH,
};
use common::{Bench, ENABLE_DEVICE, ENABLE_WQ, GRPCFG, MEMORY, MEMORY_SIZE, WQCFG};

const RECORD: u64 = MEMORY;
const LIST: u64 = MEMORY + 0x1_0000;
const SOURCE: u64 = MEMORY + 0x10_0000;
const TARGET: u64 = MEMORY + 0x20_0000;
const OTHER: u64 = MEMORY + 0x30_0000;
const NOWHERE: u64 = MEMORY + MEMORY_SIZE;

const BLOCK_ON_FAULT: u32 = 1 << 1;
const CHECK_RESULT: u32 = 1 << 7;
const ADDRESS_2_CLASS: u32 = 1 << 10;
const ADDRESS_3_CLASS: u32 = 1 << 11;
const DESTINATION_READBACK: u32 = 1 << 14;
const UNUSED_FLAG: u32 = 1 << 23;
const READBACKS_VALID: u32 = 3 << 16;
const SEED_FROM_MEMORY: u32 = 1 << 16;

/// The access that failed was a write.
const WRITE: u8 = 0x80;

/// What any descriptor can end with.
const ANY: &[u8] = &[0x01, 0x11, 0x12, 0x19, 0x1a, 0x1b, 0x1d];
/// What those can that work on memory.
const MEMORY_STATUSES: &[u8] = &[0x03, 0x04, 0x13, 0x20, 0x22];
/// What those can that write: traffic classes, and readback.
const WRITES: &[u8] = &[0x1e, 0x1f, 0x21];

struct Operation {
    name: &'static str,
    opcode: u8,
    first: u64,
    second: u64,
    size: u32,
    /// Fields from 0x28 on, by their offset.
    rest: Vec<(usize, Vec<u8>)>,
    flags: u32,
    reads: Vec<u64>,
    writes: Vec<u64>,
    statuses: Vec<u8>,
}

impl Operation {
    /// One that works on memory.
    fn new(name: &'static str, opcode: u8, first: u64, second: u64, size: u32) -> Self {
        Self {
            name,
            opcode,
            first,
            second,
            size,
            rest: Vec::new(),
            flags: 0,
            reads: Vec::new(),
            writes: Vec::new(),
            statuses: [ANY, MEMORY_STATUSES].concat(),
        }
    }

    /// One that does not, or in ways of its own.
    fn special(name: &'static str, opcode: u8, first: u64, second: u64, size: u32) -> Self {
        Self {
            statuses: ANY.to_vec(),
            ..Self::new(name, opcode, first, second, size)
        }
    }

    fn flags(mut self, flags: u32) -> Self {
        self.flags = flags;
        self
    }

    fn field(mut self, offset: usize, bytes: &[u8]) -> Self {
        self.rest.push((offset, bytes.to_vec()));
        self
    }

    fn reads(mut self, addresses: &[u64]) -> Self {
        self.reads.extend(addresses);
        self
    }

    fn writes(mut self, addresses: &[u64]) -> Self {
        self.writes.extend(addresses);
        self.and(WRITES)
    }

    fn and(mut self, statuses: &[u8]) -> Self {
        self.statuses.extend(statuses);
        self
    }

    fn works_on_memory(&self) -> bool {
        !self.reads.is_empty() || !self.writes.is_empty()
    }

    fn descriptor(&self) -> Builder {
        let mut rest = vec![0; 24];
        for (offset, bytes) in &self.rest {
            rest[offset - 0x28..][..bytes.len()].copy_from_slice(bytes);
        }
        Builder::new(self.opcode, RECORD)
            .operands(self.first, self.second, self.size)
            .flags(self.flags)
            .rest(&rest)
    }

    /// With another field.
    fn with(&self, offset: usize, bytes: &[u8]) -> Builder {
        let mut descriptor = self.descriptor();
        descriptor.rest[offset - 0x28..][..bytes.len()].copy_from_slice(bytes);
        descriptor
    }

    /// With other operands.
    fn on(&self, first: u64, second: u64, size: u32) -> Builder {
        self.descriptor().operands(first, second, size)
    }

    /// Mistakes that only this operation, or few, can have.
    fn own_mistakes(&self) -> Vec<(Builder, u8)> {
        let good = self.descriptor();
        match self.opcode {
            BATCH => vec![
                (self.on(LIST + 0x200, 0, 2), 0x05),
                (self.on(LIST, 0, 1), 0x14),
                (self.on(LIST, 0, 33), 0x14),
                (self.on(LIST + 32, 0, 2), 0x18),
            ],
            COMPARE => vec![(self.with(0x28, &[1]).flags(CHECK_RESULT), 0x02)],
            COMPVAL => vec![(good.flags(CHECK_RESULT), 0x02)],
            CR_DELTA => vec![
                // Only "equal" is expected.
                (self.with(0x38, &[1]).flags(CHECK_RESULT), 0x02),
                (self.on(SOURCE, TARGET, 60), 0x13),
                (self.on(SOURCE, TARGET, 0x8_0008), 0x13),
                (self.with(0x30, &70_u32.to_le_bytes()), 0x15),
                (self.with(0x30, &81_u32.to_le_bytes()), 0x15),
                (self.with(0x28, &(SOURCE + 8).to_le_bytes()), 0x16),
                (self.on(SOURCE + 4, TARGET, 64), 0x1c),
            ],
            AP_DELTA => vec![
                (self.on(OTHER + 0x100, TARGET, 64).rest(&[20]), 0x07),
                (self.on(OTHER, TARGET, 8), 0x08),
                (self.with(0x28, &[11]), 0x15),
                (self.with(0x28, &[0]), 0x15),
                (self.on(OTHER, OTHER + 8, 64), 0x16),
                (self.on(OTHER, TARGET + 4, 64), 0x1c),
            ],
            DUALCAST => vec![
                (self.on(SOURCE, SOURCE + 0x1000 - 64, 128), 0x17),
                (self.with(0x28, &(SOURCE).to_le_bytes()), 0x16),
                (self.with(0x28, &TARGET.to_le_bytes()), 0x16),
            ],
            COPY_CRC => vec![(self.on(SOURCE, SOURCE + 8, 64), 0x16)],
            DIF_CHECK => vec![
                (self.with(0x28, &[0]), 0x09),
                (self.on(SOURCE, 0, 519), 0x13),
            ],
            DIF_INS | DIX_GEN => vec![
                (self.on(SOURCE, SOURCE + 8, 512), 0x16),
                (self.on(SOURCE, TARGET, 511), 0x13),
            ],
            DIF_STRP | DIF_UPDT => vec![
                (self.with(0x28, &[0]), 0x09),
                (self.on(SOURCE, SOURCE + 8, 520), 0x16),
                (self.on(SOURCE, TARGET, 512), 0x13),
            ],
            _ => Vec::new(),
        }
    }
}

fn operations() -> Vec<Operation> {
    let data: &[u64] = &[SOURCE];
    // Nothing of a field is compared.
    let unchecked = |operation: Operation| {
        operation
            .field(0x28, &[0x60])
            .field(0x34, &u16::MAX.to_le_bytes())
    };
    vec![
        Operation::special("NOOP", NOOP, 0, 0, 0),
        Operation::special("BATCH", BATCH, LIST, 0, 2).and(&[0x05, 0x06, 0x14, 0x18, 0x20, 0x22]),
        Operation::special("DRAIN", DRAIN, SOURCE, TARGET, 0)
            .flags(READBACKS_VALID)
            .and(&[0x1f, 0x21, 0x22]),
        Operation::new("MEMMOVE", MEMMOVE, SOURCE, TARGET, 64)
            .reads(data)
            .writes(&[TARGET]),
        Operation::new("FILL", FILL, 7, TARGET, 64).writes(&[TARGET]),
        Operation::new("COMPARE", COMPARE, SOURCE, SOURCE + 0x1000, 64)
            .reads(&[SOURCE, SOURCE + 0x1000])
            .and(&[0x02]),
        Operation::new("COMPVAL", COMPVAL, SOURCE, 1, 64)
            .reads(data)
            .and(&[0x02]),
        Operation::new("CR_DELTA", CR_DELTA, SOURCE, TARGET, 64)
            .field(0x28, &OTHER.to_le_bytes())
            .field(0x30, &80_u32.to_le_bytes())
            .reads(&[SOURCE, TARGET])
            .writes(&[OTHER])
            .and(&[0x02, 0x15, 0x16, 0x1c]),
        Operation::new("AP_DELTA", AP_DELTA, OTHER, TARGET, 64)
            .field(0x28, &[10])
            .reads(&[OTHER])
            .writes(&[TARGET])
            .and(&[0x07, 0x08, 0x15, 0x16, 0x1c]),
        Operation::new("DUALCAST", DUALCAST, SOURCE, TARGET, 64)
            .field(0x28, &OTHER.to_le_bytes())
            .reads(data)
            .writes(&[TARGET, OTHER])
            .and(&[0x16, 0x17]),
        Operation::new("CRCGEN", CRCGEN, SOURCE, 0, 64)
            .flags(SEED_FROM_MEMORY)
            .field(0x30, &OTHER.to_le_bytes())
            .reads(&[SOURCE, OTHER]),
        Operation::new("COPY_CRC", COPY_CRC, SOURCE, TARGET, 64)
            .flags(SEED_FROM_MEMORY)
            .field(0x30, &OTHER.to_le_bytes())
            .reads(&[SOURCE, OTHER])
            .writes(&[TARGET])
            .and(&[0x16]),
        unchecked(Operation::new("DIF_CHECK", DIF_CHECK, SOURCE, 0, 520))
            .reads(data)
            .and(&[0x09]),
        Operation::new("DIF_INS", DIF_INS, SOURCE, TARGET, 512)
            .reads(data)
            .writes(&[TARGET])
            .and(&[0x16]),
        unchecked(Operation::new("DIF_STRP", DIF_STRP, SOURCE, TARGET, 520))
            .reads(data)
            .writes(&[TARGET])
            .and(&[0x09, 0x16]),
        unchecked(Operation::new("DIF_UPDT", DIF_UPDT, SOURCE, TARGET, 520))
            .reads(data)
            .writes(&[TARGET])
            .and(&[0x09, 0x16]),
        Operation::new("CFLUSH", CFLUSH, 0, TARGET, 64).reads(&[TARGET]),
        Operation::new("TRANSL_FETCH", TRANSL_FETCH, SOURCE, 0, 64)
            .field(0x30, &64_u32.to_le_bytes())
            .reads(data),
        Operation::new("DIX_GEN", DIX_GEN, SOURCE, TARGET, 512)
            .reads(data)
            .writes(&[TARGET])
            .and(&[0x16]),
    ]
}

/// A device on which WQ 0 is dedicated and may block on faults, and WQ 1 is shared; of these traffic
/// classes.
fn device(operation: &Operation, classes: u64) -> Bench {
    let second = [TRANSL_FETCH, DIX_GEN].contains(&operation.opcode);
    let generation = if second { "2.0" } else { "1.0" };
    let mut bench = Bench::start(&["--pasid", "--generation", generation]);
    bench.enable_pasid();
    bench.configure();
    bench.set64(GRPCFG + 0x28, 96 << 20 | classes);
    bench.set32(WQCFG + 0x08, 1 | 1 << 1 | 10 << 4);
    bench.set32(WQCFG + 0x24, 8);
    bench.set32(WQCFG + 0x28, 10 << 4 | 1 << 28);
    assert_eq!(bench.command(ENABLE_DEVICE, 0), 0);
    assert_eq!(bench.command(ENABLE_WQ, 0), 0);
    assert_eq!(bench.command(ENABLE_WQ, 1), 0);
    fill(&bench);
    bench
}

fn fill(bench: &Bench) {
    for address in [SOURCE, SOURCE + 0x1000, TARGET] {
        bench.poke(address, &[0x11; 0x800]);
    }
    bench.poke(TARGET, &[0x22; 64]);
    // The field after a block, which is not that of the block.
    bench.poke(SOURCE + 512, &[0x33; 8]);
    // A delta record, and one whose offsets do not ascend.
    bench.poke(OTHER, &[&[1, 0][..], &[7; 8]].concat());
    bench.poke(
        OTHER + 0x100,
        &[&[1, 0][..], &[7; 8], &[1, 0], &[7; 8]].concat(),
    );
    // Two lists: of what succeeds, and of what fails.
    let noop = Builder::noop(RECORD + 0x40).bytes();
    let wrong = Builder::noop(RECORD + 0x40).flags(UNUSED_FLAG).bytes();
    bench.poke(LIST, &[noop, noop].concat());
    bench.poke(LIST + 0x200, &[noop, wrong].concat());
}

/// Runs descriptors and collects how they end.
struct Trial {
    bench: Bench,
    name: &'static str,
    seen: BTreeSet<u8>,
}

impl Trial {
    /// Demands the status byte of the completion record.
    fn ends(&mut self, what: &str, descriptor: &Builder, status: u8) {
        fill(&self.bench);
        let found = self.bench.run(0, descriptor).status();
        assert_eq!(found, status, "{}, {what}: {found:#04x}", self.name);
        self.seen.insert(status & !WRITE);
    }

    /// Demands an error in SWERR.
    fn reports(&mut self, what: &str, status: u8) {
        let found = (self.bench.software_error()[0] >> 8) as u8;
        assert_eq!(found, status, "{}, {what}: {found:#04x}", self.name);
        self.seen.insert(status);
    }

    /// Demands a status while accesses to a page fail.
    fn fails(&mut self, address: u64, access: &str, descriptor: &Builder, cause: &str, status: u8) {
        let fault = format!("fail-dma {address} 0x1000 --access {access} --cause {cause}");
        self.bench.ctl(&fault);
        self.ends(&fault, descriptor, status);
        self.bench.ctl("clear");
    }
}

/// What every descriptor can do wrong.
fn common(trial: &mut Trial, good: &Builder) {
    trial.ends("as it should be", good, 0x01);
    trial.ends("a flag", &good.clone().flags(UNUSED_FLAG), 0x11);
    let mut reserved = good.clone();
    reserved.rest[0x3f - 0x28] |= 0x80;
    let last_byte_is_reserved = ![DIF_INS, DIF_UPDT, DIX_GEN].contains(&good.opcode);
    if last_byte_is_reserved {
        trial.ends("the last byte", &reserved, 0x12);
    } else {
        let mut reserved = good.clone();
        reserved.rest[0x2b - 0x28] = 1;
        trial.ends("a reserved byte", &reserved, 0x12);
    }
    trial.ends("a handle", &good.clone().interrupt(0x7777), 0x19);
    for (what, address, status) in [("beyond", NOWHERE, 0x1a), ("crooked", RECORD + 8, 0x1b)] {
        let unwritten = Builder {
            completion: address,
            ..good.clone()
        };
        trial.bench.submit(0, &unwritten.bytes());
        trial.reports(what, status);
    }
    let mut privileged = good.bytes();
    privileged[..4].copy_from_slice(&(1 << 31 | 3_u32).to_le_bytes());
    assert_eq!(trial.bench.enqueue(1, 1, &privileged), 0, "accepted");
    trial.reports("privileged", 0x1d);
}

/// What can go wrong with its memory.
fn memory(trial: &mut Trial, operation: &Operation) {
    let good = operation.descriptor();
    if operation.works_on_memory() {
        trial.ends(
            "no size",
            &operation.on(operation.first, operation.second, 0),
            0x13,
        );
    }
    let blocks = good.clone().flags(BLOCK_ON_FAULT);
    let reads = operation.reads.iter().map(|at| (*at, "read", 0));
    let writes = operation.writes.iter().map(|at| (*at, "write", WRITE));
    for (address, access, bit) in reads.chain(writes) {
        trial.fails(address, access, &good, "page-fault", 0x03 | bit);
        trial.fails(address, access, &blocks, "page-fault", 0x04 | bit);
        trial.fails(address, access, &good, "hardware-error", 0x20 | bit);
        trial.fails(address, access, &good, "translation-failure", 0x22 | bit);
    }
    let reads_back = good.clone().flags(DESTINATION_READBACK);
    for address in &operation.writes {
        // What it also reads fails before.
        if !operation.reads.contains(address) {
            trial.fails(*address, "read", &reads_back, "page-fault", 0x1f);
            trial.fails(*address, "read", &reads_back, "hardware-error", 0x21);
        }
    }
    match operation.opcode {
        BATCH => {
            trial.fails(LIST, "read", &good, "page-fault", 0x06);
            trial.fails(LIST, "read", &good, "hardware-error", 0x20);
            trial.fails(LIST, "read", &good, "translation-failure", 0x22);
        }
        DRAIN => {
            for address in [SOURCE, TARGET] {
                trial.fails(address, "read", &good, "page-fault", 0x1f);
                trial.fails(address, "read", &good, "hardware-error", 0x21);
                trial.fails(address, "read", &good, "translation-failure", 0x22);
            }
        }
        _ => {}
    }
}

#[test]
fn every_operation_ends_with_each_status_that_it_can() {
    for operation in operations() {
        let mut trial = Trial {
            bench: device(&operation, 1 << 3 | 1),
            name: operation.name,
            seen: BTreeSet::new(),
        };
        common(&mut trial, &operation.descriptor());
        memory(&mut trial, &operation);
        for (descriptor, status) in operation.own_mistakes() {
            trial.ends("a mistake of its own", &descriptor, status);
        }
        if !operation.writes.is_empty() {
            // What it writes goes out in class B, and its record in class A.
            trial.bench = device(&operation, 1 << 3);
            let class = if operation.opcode == CR_DELTA {
                ADDRESS_3_CLASS
            } else {
                ADDRESS_2_CLASS
            };
            let classes = operation.descriptor().flags(class);
            trial.ends("two traffic classes", &classes, 0x1e);
        }
        let expected: BTreeSet<u8> = operation.statuses.iter().copied().collect();
        assert_eq!(trial.seen, expected, "{}", operation.name);
    }
}

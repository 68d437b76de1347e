// SPDX-License-Identifier: GPL-2.0

//! An operation carried out in pieces, on memory that lies somewhere else for the device and is not all
//! there, comes to the same as in one.

use std::{
    fs::File,
    os::unix::fs::FileExt, //
};

use dsa_core::{
    desc::{
        code::{
            flag,
            opcode,
            status, //
        },
        Buffer,
        Completion,
        Descriptor,
        Op,
        Order,
        BUFFERS, //
    },
    plan::{
        descriptor,
        pages,
        pieces,
        with_hints,
        Outcome,
        Piece,
        Segment, //
    },
};
use dsa_model::bare::Bare;
use proptest::prelude::*;

use super::{
    device,
    memory,
    memory_of,
    Raw,
    LIMITS,
    PAGE, //
};

/// Where the tenant has its memory: room for three buffers and what lies between.
const TENANT: u64 = 0x10_0000;
const PAGES: u64 = 24;
/// A third of it.
const ZONE: u64 = PAGES * PAGE / 3;
/// Where that is for the device: page by page, or each buffer on its own.
const DMA: u64 = 0x40_0000_0000;
const MAPPED: u64 = 0x80_0000_0000;
/// The page of completion records, of the tenant and of the device.
const RECORDS: u64 = 0x1000;

/// What there is of a page of the tenant.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Page {
    There,
    ReadOnly,
    Gone,
}

/// The memory of the tenant for the driver.
struct Table {
    pages: Vec<Page>,
    /// Whether it is the device that finds out what is not there, and not the driver.
    device_finds: bool,
    /// The place of each page in the file.
    places: Vec<u64>,
}

impl Table {
    /// The index of the page at an address.
    fn index(iova: u64) -> Option<usize> {
        let index = iova.checked_sub(TENANT)? / PAGE;
        (index < PAGES).then_some(index as usize)
    }

    /// Where the page at an address is in the file, if it can be pinned.
    fn pin(&self, iova: u64, write: bool) -> Option<u64> {
        let index = Self::index(iova)?;
        let usable = match self.pages[index] {
            Page::There => true,
            Page::ReadOnly => self.device_finds || !write,
            Page::Gone => self.device_finds,
        };
        usable.then_some(self.places[index] * PAGE)
    }

    /// Pins `len` bytes of a buffer after `at`, in an order, as far as they are there: places in the
    /// file from the lowest to the highest, and how many bytes it is.
    fn segments(&self, buffer: &Buffer, order: Order, at: u32, len: u32) -> (Vec<(u64, u32)>, u32) {
        let start = match order {
            Order::Forward => at,
            Order::Backward => buffer.len - at - len,
        };
        let all: Vec<_> = pages(buffer.iova + u64::from(start), len).collect();
        let pinned = |(page, offset, len): &(u64, u32, u32)| {
            let place = self.pin(*page, buffer.write)?;
            Some((place + u64::from(*offset), *len))
        };
        let mut segments: Vec<_> = match order {
            Order::Forward => all.iter().map_while(pinned).collect(),
            Order::Backward => all.iter().rev().map_while(pinned).collect(),
        };
        if order == Order::Backward {
            segments.reverse();
        }
        let reached = segments.iter().map(|(_, len)| len).sum();
        (segments, reached)
    }

    /// The first address of `len` bytes that cannot be read.
    fn unreadable(&self, iova: u64, len: u64) -> Option<u64> {
        let gone = |addr: &u64| Self::index(*addr).is_none_or(|at| self.pages[at] == Page::Gone);
        (iova..iova + len).find(gone)
    }
}

/// The driver with its device.
struct Driver<'a> {
    table: &'a Table,
    device: Bare,
    file: File,
    /// Most bytes of a piece, and of what is pinned at a time.
    max: u32,
    window: u32,
    /// In which order pieces complete.
    order: u64,
}

impl Driver<'_> {
    /// What the tenant has, by its addresses.
    fn content(&self) -> Vec<u8> {
        let page = |place: &u64| {
            let mut bytes = vec![0; PAGE as usize];
            let read = self.file.read_exact_at(&mut bytes, place * PAGE);
            read.map(|()| bytes).expect("in the file")
        };
        self.table.places.iter().flat_map(page).collect()
    }

    /// Carries out a descriptor of the tenant.
    fn carry_out(&self, raw: &[u8; 64]) -> Completion {
        let work = Descriptor::parse(raw).check(&LIMITS).expect("accepted");
        let mut op = work.op;
        if let Op::Crc {
            seed_addr: Some(addr),
            ..
        } = op
        {
            if let Some(addr) = self.table.unreadable(addr, 4) {
                let mut outcome = Outcome::new(&op);
                outcome.fault(0, addr, false);
                return outcome.finish();
            }
            let at = (addr - TENANT) as usize;
            let seed = self.content()[at..at + 4].try_into().expect("4 bytes");
            op = op.with_seed(u32::from_le_bytes(seed));
        }
        let mut outcome = Outcome::new(&op);
        if op.buffers() == [None; BUFFERS] {
            let record = self.submit(&outcome, &Piece::EMPTY, work.hints);
            outcome.piece_done(&Piece::EMPTY, &record);
        } else if op.is_divisible() {
            let mut at = 0;
            while at < op.len() && !outcome.is_stopped() {
                let len = self.window.min(op.len() - at);
                self.window(&op, at, len, work.hints, &mut outcome);
                at += len;
            }
        } else {
            self.whole(&op, work.hints, &mut outcome);
        }
        outcome.finish()
    }

    fn submit(&self, outcome: &Outcome, piece: &Piece, hints: u32) -> Completion {
        let raw = with_hints(
            descriptor(&outcome.next_op(), piece, RECORDS, Some(1)),
            hints,
        );
        assert_eq!(self.device.execute(&raw), Vec::<[u64; 4]>::new());
        Completion::from_bytes(&self.device.read(RECORDS).expect("mapped"))
    }

    /// Carries out `len` bytes of an operation from `at` on.
    fn window(&self, op: &Op, at: u32, len: u32, hints: u32, outcome: &mut Outcome) {
        let order = op.order();
        let mut sides: [Vec<Segment>; BUFFERS] = Default::default();
        let mut missing = Vec::new();
        let mut usable = len;
        for (side, buffer) in op.buffers().iter().enumerate() {
            let Some(buffer) = buffer else { continue };
            let (segments, reached) = self.table.segments(buffer, order, at, len);
            for (place, len) in segments {
                let segment = Segment {
                    dma: DMA + place,
                    len,
                };
                let joined = sides[side]
                    .last_mut()
                    .is_some_and(|last| last.join(segment));
                if !joined {
                    sides[side].push(segment);
                }
            }
            if reached < len {
                missing.push((side, at + reached));
            }
            usable = usable.min(reached);
        }
        if usable > 0 {
            let parts = pieces(sides.each_ref().map(|side| &side[..]), order, self.max);
            let mut parts: Vec<_> = parts
                .map(|piece| Piece {
                    offset: at + piece.offset,
                    ..piece
                })
                .collect();
            if !op.is_sequential() {
                parts.sort_by_key(|piece| u64::from(piece.offset + 1).wrapping_mul(self.order));
            }
            for piece in &parts {
                if op.is_sequential() && outcome.is_stopped() {
                    break;
                }
                let record = self.submit(outcome, piece, hints);
                outcome.piece_done(piece, &record);
            }
        }
        for (side, reached) in missing {
            outcome.missing(side, reached);
        }
    }

    /// Carries out an operation on buffers that are mapped one page after another.
    fn whole(&self, op: &Op, hints: u32, outcome: &mut Outcome) {
        let mut addresses = [0; BUFFERS];
        for (side, buffer) in op.buffers().iter().enumerate() {
            let Some(buffer) = buffer else { continue };
            let base = MAPPED + ((side as u64) << 32);
            addresses[side] = base + buffer.iova % PAGE;
            let (segments, reached) = self.table.segments(buffer, Order::Forward, 0, buffer.len);
            for (n, (place, _)) in segments.iter().enumerate() {
                let place = place / PAGE * PAGE;
                let at = base + n as u64 * PAGE;
                let mapped = self.device.map(at, PAGE, &self.file, place, true);
                mapped.expect("free");
                let index = self.table.places.iter().position(|it| it * PAGE == place);
                self.have_fail(at, self.table.pages[index.expect("a page")]);
            }
            if reached < buffer.len {
                outcome.missing(side, reached);
            }
        }
        if let Some(piece) = outcome.whole_piece(addresses) {
            let record = self.submit(outcome, &piece, hints);
            outcome.piece_done(&piece, &record);
        }
    }

    /// Has the device not find a page, if it is to find out.
    fn have_fail(&self, at: u64, page: Page) {
        if self.table.device_finds && page != Page::There {
            let failing = self.device.fail(at, PAGE, page == Page::ReadOnly);
            failing.expect("a range");
        }
    }
}

/// The device when it is the tenant's own.
fn tenant_device(content: &[u8]) -> (Bare, File) {
    let device = device();
    let file = memory_of(content);
    let mapped = device.map(TENANT, PAGES * PAGE, &file, 0, true);
    mapped.expect("free");
    let mapped = device.map(RECORDS, PAGE, &memory(1), 0, true);
    mapped.expect("free");
    (device, file)
}

fn execute(device: &Bare, raw: &Raw) -> Completion {
    device.execute(&raw.bytes());
    Completion::from_bytes(&device.read(RECORDS).expect("mapped"))
}

fn content(file: &File) -> Vec<u8> {
    let mut content = vec![0; (PAGES * PAGE) as usize];
    let read = file.read_exact_at(&mut content, 0);
    read.map(|()| content).expect("in the file")
}

/// What is random about a case.
#[derive(Clone, Debug)]
struct Case {
    opcode: u8,
    /// Flags of the operation, as far as it has them.
    flags: u32,
    /// Places in a zone each; and for a copy anywhere.
    offsets: [u64; 3],
    len: u32,
    specific: u64,
    pages: Vec<Page>,
    device_finds: bool,
    places: Vec<u64>,
    differences: Vec<(u64, u8)>,
    max: u32,
    window: u32,
    order: u64,
}

fn pages_of_tenant() -> impl Strategy<Value = Vec<Page>> {
    let page = || {
        prop_oneof![
            10 => Just(Page::There),
            1 => Just(Page::ReadOnly),
            1 => Just(Page::Gone),
        ]
    };
    let some = prop::collection::vec(page(), PAGES as usize);
    prop_oneof![Just(vec![Page::There; PAGES as usize]), some]
}

const OPCODES: [u8; 16] = [
    opcode::NOOP,
    opcode::DRAIN,
    opcode::MEMMOVE,
    opcode::FILL,
    opcode::COMPARE,
    opcode::COMPVAL,
    opcode::CREATE_DELTA,
    opcode::APPLY_DELTA,
    opcode::DUALCAST,
    opcode::CRCGEN,
    opcode::COPY_CRC,
    opcode::DIF_CHECK,
    opcode::DIF_INSERT,
    opcode::DIF_STRIP,
    opcode::DIF_UPDATE,
    opcode::CFLUSH,
];

/// As the tenant has them, or scattered.
fn places() -> impl Strategy<Value = Vec<u64>> {
    let straight = Just((0..PAGES).collect::<Vec<_>>());
    prop_oneof![straight.clone(), straight.prop_shuffle()]
}

fn differences() -> impl Strategy<Value = Vec<(u64, u8)>> {
    let some = |most| prop::collection::vec((0..ZONE / 2, 1..=255_u8), 0..most);
    prop_oneof![some(4), some(30)]
}

prop_compose! {
    fn case()(
        opcode in prop::sample::select(OPCODES.to_vec()),
        flags in prop_oneof![Just(0), any::<u32>()],
        offsets in prop::array::uniform3(0..ZONE / 2),
        len in prop_oneof![3 => 1..=(ZONE / 2) as u32, 1 => 1..64_u32],
        specific: u64,
        pages in pages_of_tenant(),
        device_finds: bool,
        places in places(),
        differences in differences(),
        max in prop_oneof![64..3000_u32, Just(u32::MAX)],
        window in prop_oneof![1000..9000_u32, Just(u32::MAX)],
        order: u64,
    ) -> Case {
        Case {
            opcode, flags, offsets, len, specific, pages, device_finds, places, differences, max,
            window,
            order: order | 1,
        }
    }
}

impl Case {
    /// An address in a zone, or for what needs it, of whole units.
    fn at(&self, zone: usize) -> u64 {
        let is_delta = matches!(self.opcode, opcode::CREATE_DELTA | opcode::APPLY_DELTA);
        let unit = if is_delta { 8 } else { 1 };
        TENANT + zone as u64 * ZONE + self.offsets[zone] / unit * unit
    }

    /// Length of a delta record: about as long as it is needed, or of any length.
    fn record_len(&self) -> u32 {
        let most = match self.specific % 4 {
            0 => 64,
            _ => self.differences.len().max(1) as u32,
        };
        10 * (1 + (self.specific >> 32) as u32 % most)
    }

    /// The descriptor, and what the device does before so that it has something to work on.
    fn descriptor(&self) -> (Option<Raw>, Raw) {
        let [first, second, third] = [0, 1, 2].map(|zone| self.at(zone));
        let new = |first, second, len| Raw::new(self.opcode, RECORDS, first, second, len);
        let flags = |raw: Raw, mask| Raw {
            flags: raw.flags | self.flags & mask,
            ..raw
        };
        let expected = (self.specific % 8) as u8;
        let units = (self.len / 8).max(1) * 8;
        let raw = match self.opcode {
            opcode::NOOP => new(0, 0, 0),
            opcode::DRAIN => {
                let raw = flags(new(0, 0, 0), flag::READBACK1_VALID | flag::READBACK2_VALID);
                let at = |flag, addr| if raw.flags & flag == 0 { 0 } else { addr };
                Raw {
                    first: at(flag::READBACK1_VALID, first),
                    second: at(flag::READBACK2_VALID, second),
                    ..raw
                }
            }
            opcode::MEMMOVE => {
                // Often close to each other.
                let near = first + self.offsets[1] % u64::from(2 * self.len);
                let [low, high] = if self.specific % 4 == 0 {
                    [first, second]
                } else {
                    [first, near]
                };
                let hints = flag::CACHE_CONTROL | flag::STRICT_ORDER;
                if self.specific & 8 == 0 {
                    flags(new(low, high, self.len), hints)
                } else {
                    flags(new(high, low, self.len), hints)
                }
            }
            opcode::FILL => new(self.specific, second, self.len),
            opcode::COMPARE => flags(
                new(first, second, self.len).field(0x28, &[expected & 1]),
                flag::CHECK_RESULT,
            ),
            opcode::COMPVAL => flags(
                new(first, PATTERN, self.len).field(0x28, &[expected & 1]),
                flag::CHECK_RESULT,
            ),
            opcode::CREATE_DELTA => flags(
                new(first, second, units)
                    .field(0x28, &third.to_le_bytes())
                    .field(0x30, &(70 + self.record_len()).to_le_bytes())
                    .field(0x38, &[expected]),
                flag::CHECK_RESULT,
            ),
            opcode::APPLY_DELTA => {
                let create = Raw {
                    opcode: opcode::CREATE_DELTA,
                    ..new(first, second, units)
                };
                let create = create
                    .field(0x28, &third.to_le_bytes())
                    .field(0x30, &640_u32.to_le_bytes());
                // Sometimes onto what is shorter, or with what is no record.
                let size = (units / (1 + u32::from(self.specific % 8 == 0))).max(8) / 8 * 8;
                let apply = new(third, first, size);
                let apply = apply.field(0x28, &self.record_len().to_le_bytes());
                return (Some(create), apply);
            }
            opcode::DUALCAST => {
                let other = third / PAGE * PAGE + second % PAGE;
                new(first, second, self.len).field(0x28, &other.to_le_bytes())
            }
            opcode::CRCGEN | opcode::COPY_CRC => {
                let dst = if self.opcode == opcode::COPY_CRC {
                    second
                } else {
                    0
                };
                let raw = new(first, dst, self.len)
                    .field(0x28, &(self.specific as u32).to_le_bytes())
                    .field(0x30, &third.to_le_bytes());
                flags(
                    raw,
                    flag::CRC_READ_SEED | flag::CRC_BYPASS_INVERSION | flag::CRC_BYPASS_REFLECTION,
                )
            }
            opcode::CFLUSH => new(0, second, self.len),
            _ => return self.dif(),
        };
        (None, raw)
    }

    /// A DIF operation, of blocks that have fields.
    fn dif(&self) -> (Option<Raw>, Raw) {
        let [first, second, third] = [0, 1, 2].map(|zone| self.at(zone));
        let code = (self.specific & 1) as u8 | (self.len as u8 & 1) << 1;
        let block = [512, 520, 4096, 4104][usize::from(code)];
        let blocks = (self.len / (block + 8)).max(1);
        let tags = self.specific.to_le_bytes();
        let insert = Raw::new(opcode::DIF_INSERT, RECORDS, first, second, blocks * block)
            .field(0x2a, &[code])
            .field(0x38, &tags);
        if self.opcode == opcode::DIF_INSERT {
            // Masks and increments, and the guard.
            let raw = insert.field(0x29, &[self.flags as u8 & 0xf8]);
            return (
                None,
                raw.field(0x2a, &[code | (self.flags >> 8) as u8 & 0x0c]),
            );
        }
        // Mostly as they were made.
        let unchecked = if self.specific % 4 == 0 {
            self.flags as u8
        } else {
            0
        };
        let dst = if self.opcode == opcode::DIF_CHECK {
            0
        } else {
            third
        };
        let len = blocks * (block + 8);
        let mut raw = Raw::new(self.opcode, RECORDS, second, dst, len)
            .field(0x28, &[unchecked])
            .field(0x2a, &[code])
            .field(0x30, &tags);
        if self.opcode == opcode::DIF_UPDATE {
            raw = raw
                .field(0x29, &[(self.flags >> 8) as u8 & 0xf8])
                .field(0x38, &self.flags.to_le_bytes());
        }
        (Some(insert), raw)
    }

    /// Memory before: zones alike, which is also the pattern; then some differences.
    fn memory(&self) -> Vec<u8> {
        let byte = |addr: u64| {
            let zone = (addr / ZONE) as usize % 3;
            // From where the first and the second buffer begin on.
            let at = addr.wrapping_sub(self.at(zone) - TENANT);
            PATTERN.to_le_bytes()[at as usize % 8]
        };
        (0..PAGES * PAGE).map(byte).collect()
    }

    /// Makes differences in the second buffer, and in the first.
    fn differ(&self, file: &File) {
        for (n, (at, bits)) in self.differences.iter().enumerate() {
            let at = self.at(1 - n % 2) - TENANT + at % u64::from(self.len);
            let mut byte = [0];
            file.read_exact_at(&mut byte, at).expect("in the file");
            file.write_all_at(&[byte[0] ^ bits], at)
                .expect("in the file");
        }
    }
}

const PATTERN: u64 = 0x1122_3344_5566_7788;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1500,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn pieces_equal_the_whole(case in case()) {
        let (before, raw) = case.descriptor();
        let (expected, file) = tenant_device(&case.memory());
        if case.opcode != opcode::APPLY_DELTA {
            if let Some(before) = before {
                prop_assert_eq!(execute(&expected, &before).status, status::SUCCESS);
            }
            case.differ(&file);
        } else if let Some(before) = before {
            case.differ(&file);
            execute(&expected, &before);
        }
        let start = content(&file);
        for (page, at) in case.pages.iter().zip((TENANT..).step_by(PAGE as usize)) {
            if *page != Page::There {
                let failing = expected.fail(at, PAGE, *page == Page::ReadOnly);
                failing.expect("a range");
            }
        }
        let checked = Descriptor::parse(&raw.bytes()).check(&LIMITS);
        prop_assume!(checked.is_ok());
        let record = execute(&expected, &raw);

        // The device is not given what is read back.
        let device_finds = case.device_finds && case.opcode != opcode::DRAIN;
        let table = Table {
            pages: case.pages.clone(),
            device_finds,
            places: case.places.clone(),
        };
        let driver = Driver {
            table: &table,
            device: device(),
            file: memory(PAGES),
            max: case.max,
            window: case.window,
            order: case.order,
        };
        for (n, place) in case.places.iter().enumerate() {
            let page = &start[n * PAGE as usize..][..PAGE as usize];
            driver.file.write_all_at(page, place * PAGE).expect("written");
            driver
                .device
                .map(DMA + place * PAGE, PAGE, &driver.file, place * PAGE, true)
                .expect("free");
            driver.have_fail(DMA + place * PAGE, case.pages[n]);
        }
        driver
            .device
            .map(RECORDS, PAGE, &memory(1), 0, true)
            .expect("free");
        let folded = driver.carry_out(&raw.bytes());

        compare(&raw, folded, record, &table)?;
        if folded.is_success() {
            prop_assert!(driver.content() == content(&file), "memory differs");
        }
    }
}

/// Compares the records; says where they may differ.
fn compare(
    raw: &Raw,
    folded: Completion,
    record: Completion,
    table: &Table,
) -> Result<(), TestCaseError> {
    let op = Descriptor::parse(&raw.bytes())
        .check(&LIMITS)
        .expect("accepted")
        .op;
    let found_by_driver = !table.device_finds;
    let mut expected = record;
    match op {
        // A piece of it that the device copies from the start to the end does not count in part.
        _ if !found_by_driver && op.order() == Order::Backward && folded != record => {
            prop_assert!(record.is_fault() && folded.is_fault());
            prop_assert!(folded.bytes <= record.bytes && folded.result == 1);
            let page = Table::index(folded.fault_addr).map(|index| table.pages[index]);
            let needed = match folded.status {
                status::PAGE_FAULT => [Some(Page::Gone); 2],
                _ => [Some(Page::Gone), Some(Page::ReadOnly)],
            };
            prop_assert!(needed.contains(&page));
            return Ok(());
        }
        // The device of the model records nothing before a fault, while the driver has it do so as far
        // as memory goes.
        Op::CreateDelta { .. } if found_by_driver && folded.is_fault() => {
            expected.tail = folded.tail;
            if folded.status & status::WRITE != 0 && folded.status != record.status {
                // It came to the end of the room before that of the sources.
                return Ok(());
            }
        }
        // What lies behind the first byte of the destination that is not there is not there either for
        // the driver.
        Op::ApplyDelta { dst, len, .. }
            if found_by_driver && folded.status == status::PAGE_FAULT | status::WRITE =>
        {
            prop_assert!((dst..dst + u64::from(len)).contains(&folded.fault_addr));
            prop_assert!(record.is_success() || folded.bytes <= record.bytes);
            return Ok(());
        }
        // It is not known whether the field was right of a block that has no place to go to.
        Op::Dif(_)
            if found_by_driver
                && folded.status == status::PAGE_FAULT | status::WRITE
                && record.status == status::DIF =>
        {
            prop_assert_eq!(folded.bytes, record.bytes);
            return Ok(());
        }
        _ => (),
    }
    prop_assert_eq!(folded, expected, "{:x?}", op);
    Ok(())
}

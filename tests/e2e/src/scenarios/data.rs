// SPDX-License-Identifier: MIT OR Apache-2.0
//! Data moves as asked, and nothing else does.

use anyhow::{Context, Result, ensure};

use crate::check::{self, step};
use crate::dsa::{Completion, Descriptor, Dsa, Notice, Store, status};
use crate::pattern;
use crate::scenario::Scenario;
use crate::tool;
use crate::vfio::{Access, Buffer, Layout, PAGE};
use crate::wait::SOON;

pub const DATA: Scenario = Scenario {
    name: "data",
    vm: "",
    about: "every operation gives exact bytes, record and interrupt, at any size and place",
    run: data,
};

pub const SCATTERED: Scenario = Scenario {
    name: "scattered",
    vm: "",
    about: "operations over memory whose pages lie in disorder give the same results",
    run: scattered,
};

pub const CREDITS: Scenario = Scenario {
    name: "credits",
    vm: "",
    about: "an entry is free again when its completion record is there, not later",
    run: credits,
};

const MIB: usize = 1 << 20;

/// Lengths around the edges of words and pages, and a long one.
const SIZES: [usize; 6] = [1, 63, PAGE - 1, PAGE, PAGE + 1, MIB];

/// Where buffers start within a page.
const STARTS: [usize; 3] = [0, 1, PAGE - 1];

/// Bytes in a buffer before anything is written to it.
const UNTOUCHED: u8 = 0xee;

/// Two pieces of memory, long enough for the longest operation at any start.
struct Memory {
    from: Buffer,
    to: Buffer,
}

impl Memory {
    fn new(dsa: &Dsa, layout: Layout) -> Result<Self> {
        let len = MIB + 2 * PAGE;
        let map = |iova| dsa.map_as(iova, len, Access::ReadWrite, layout);
        let (from, to) = (map(0x1000_0000)?, map(0x2000_0000)?);
        from.write(0, &pattern::bytes(1, len))?;
        Ok(Self { from, to })
    }

    /// Runs an operation that writes `want` at `start` of the target, and
    /// demands that it wrote just that.
    fn writes(
        &self,
        start: usize,
        want: &[u8],
        run: impl FnOnce() -> Result<Completion>,
    ) -> Result<()> {
        // One byte on either side tells whether too much was written.
        let first = start.saturating_sub(1);
        let mut expected = vec![UNTOUCHED; start - first + want.len() + 1];
        self.to.write(first, &expected)?;
        let done = run()?.success("the operation")?;
        // Neither copy nor fill reports its length on success, but it may not
        // report a part of it as if it had stopped there.
        ensure!(done.fault_address == 0, "success with a fault: {done:x?}");
        expected[start - first..][..want.len()].copy_from_slice(want);
        let got = self.to.read(first, expected.len())?;
        check::same_bytes("the target and a byte on either side", &got, &expected)
    }
}

/// Every operation, through WQ 3.
pub(super) fn data() -> Result<()> {
    let subdev = tool::add("wq 3 name data")?;
    let mut dsa = Dsa::open_enabled(&subdev.location()?)?;
    let memory = Memory::new(&dsa, Layout::Straight)?;

    step("NOOP: record and interrupt");
    for notice in [Notice::Record, Notice::Interrupt] {
        dsa.run_noticed(Descriptor::noop(), notice)?
            .success("NOOP")?;
    }
    step("a record alone brings no interrupt");
    dsa.take_interrupts()?;
    dsa.run_noticed(Descriptor::noop(), Notice::Record)?;
    check::equal("interrupts", dsa.take_interrupts()?, 0)?;

    for store in [Store::Whole, Store::Words] {
        step(format!(
            "MEMMOVE and FILL at every size and start, stored as {store:?}"
        ));
        dsa.set_store(store);
        for size in SIZES {
            for start in STARTS {
                moves(&dsa, &memory, size, start)
                    .with_context(|| format!("MEMMOVE of {size} bytes at {start}, {store:?}"))?;
                fills(&dsa, &memory, size, start)
                    .with_context(|| format!("FILL of {size} bytes at {start}, {store:?}"))?;
            }
        }
    }
    dsa.set_store(Store::Whole);
    compares(&dsa, &memory)?;
    checksums(&dsa, &memory)?;
    many(&dsa)?;
    drop(dsa);
    tool::del("data")
}

fn scattered() -> Result<()> {
    let subdev = tool::add("wq 3 name scattered")?;
    let dsa = Dsa::open_enabled(&subdev.location()?)?;
    let memory = Memory::new(&dsa, Layout::Shuffled)?;
    step("MEMMOVE and FILL");
    for size in SIZES {
        for start in STARTS {
            moves(&dsa, &memory, size, start)
                .with_context(|| format!("MEMMOVE of {size} bytes at {start}"))?;
            fills(&dsa, &memory, size, start)
                .with_context(|| format!("FILL of {size} bytes at {start}"))?;
        }
    }
    compares(&dsa, &memory)?;
    checksums(&dsa, &memory)?;
    drop(dsa);
    tool::del("scattered")
}

fn credits() -> Result<()> {
    for size in [1, 2] {
        step(format!(
            "a subdev with {size} of the entries, always all of them in use"
        ));
        let subdev = tool::add(&format!("wq 3 pasid-mode shared name few size {size}"))?;
        let dsa = Dsa::open_enabled(&subdev.location()?)?;
        check::equal("entries that its user sees", dsa.size(), size)?;
        let all = || 0..size as usize;
        for record in all() {
            dsa.submit(record, Descriptor::noop(), Notice::Record)?;
        }
        for round in 0..500 {
            for record in all() {
                dsa.wait(record, SOON)
                    .with_context(|| {
                        let error = dsa.take_software_error();
                        format!("NOOP {round} of entry {record}; software error {error:x?}")
                    })?
                    .success("NOOP")?;
                dsa.submit(record, Descriptor::noop(), Notice::Record)?;
            }
        }
        for record in all() {
            dsa.wait(record, SOON)?.success("NOOP")?;
        }
        check::equal("software errors", dsa.take_software_error()?, None)?;

        step("one more than there are entries is a software error");
        overflow(&dsa)?;
        drop(dsa);
        tool::del("few")?;
    }
    Ok(())
}

/// Submits long operations and one too many, and demands that just that one is lost.
fn overflow(dsa: &Dsa) -> Result<()> {
    let size = dsa.size() as usize;
    // As long as can be: the submissions have to be over before the first ends.
    let len = dsa.max_transfer()?.min(8 * MIB as u64) as usize;
    let target = dsa.map(0x1000_0000, len)?;
    let fill = Descriptor::fill(target.iova(), len as u32, 0x55);
    for record in 0..=size {
        dsa.submit(record, fill, Notice::Record)?;
    }
    let error = dsa.software_error()?;
    check::equal("WQ of the software error", error.wq, Some(0))?;
    for record in 0..size {
        dsa.wait(record, SOON)?.success("FILL")?;
    }
    check::equal("record of the one too many", dsa.completion(size)?, None)
}

fn moves(dsa: &Dsa, memory: &Memory, size: usize, start: usize) -> Result<()> {
    // A source that starts elsewhere within its page than the target.
    let source = (start + 7) % PAGE;
    let want = memory.from.read(source, size)?;
    memory.writes(start, &want, || {
        dsa.run(Descriptor::memmove(
            memory.from.iova() + source as u64,
            memory.to.iova() + start as u64,
            size as u32,
        ))
    })
}

fn fills(dsa: &Dsa, memory: &Memory, size: usize, start: usize) -> Result<()> {
    let pattern = 0x8877_6655_4433_2211_u64;
    let want: Vec<u8> = pattern
        .to_le_bytes()
        .into_iter()
        .cycle()
        .take(size)
        .collect();
    memory.writes(start, &want, || {
        let target = memory.to.iova() + start as u64;
        dsa.run(Descriptor::fill(target, size as u32, pattern))
    })
}

fn compares(dsa: &Dsa, memory: &Memory) -> Result<()> {
    step("COMPARE: equal, and different at every kind of place");
    let same = memory.from.read(0, memory.from.len())?;
    memory.to.write(0, &same)?;
    for size in SIZES {
        let what = format!("COMPARE of {size} bytes");
        let compare = Descriptor::compare(memory.from.iova(), memory.to.iova(), size as u32);
        let equal = dsa.run(compare)?.success(&what)?;
        check::equal(&format!("{what}, equal: result"), equal.result, 0)?;
        for place in [0, size / 2, size - 1] {
            let what = format!("{what}, different at {place}");
            memory.to.write(place, &[!same[place]])?;
            let different = dsa.run(compare)?.success(&what)?;
            let got = (different.result, different.bytes);
            check::equal(&format!("{what}: result, bytes"), got, (1, place as u32))?;
            // With an expected result, being different is an error, or is not.
            dsa.run(compare.expecting(0))?
                .with_status(&what, status::SUCCESS_FALSE_PREDICATE)?;
            dsa.run(compare.expecting(1))?.success(&what)?;
            memory.to.write(place, &same[place..=place])?;
        }
    }
    Ok(())
}

/// CRC-32C of well-known inputs (RFC 3720, appendix B.4; the first is the
/// check value of every catalogue of CRCs).
fn known_checksums() -> [(Vec<u8>, u32); 5] {
    [
        (b"123456789".to_vec(), 0xe306_9283),
        (vec![0; 32], 0x8a91_36aa),
        (vec![0xff; 32], 0x62a8_ab43),
        ((0..32).collect(), 0x46dd_794e),
        ((0..32).rev().collect(), 0x113f_db5c),
    ]
}

fn checksums(dsa: &Dsa, memory: &Memory) -> Result<()> {
    step("CRCGEN: known values, across a page, and in parts");
    let original = memory.from.read(0, 2 * PAGE)?;
    for (input, want) in known_checksums() {
        for start in [0, PAGE - 5] {
            memory.from.write(start, &input)?;
            let source = memory.from.iova() + start as u64;
            let what = format!("CRCGEN of {} bytes at {start}", input.len());
            let done = dsa.run(Descriptor::crc(source, input.len() as u32, 0))?;
            check::equal(&what, done.success(&what)?.crc, want)?;
        }
    }
    memory.from.write(0, &original)?;
    let source = memory.from.iova();
    let crc = |from: u64, len: usize, seed| {
        let done = dsa.run(Descriptor::crc(source + from, len as u32, seed))?;
        anyhow::Ok(done.success("CRCGEN")?.crc)
    };
    let whole = crc(0, MIB, 0)?;
    for cut in [1, PAGE, PAGE + 3, MIB - 1] {
        let parts = crc(cut as u64, MIB - cut, crc(0, cut, 0)?)?;
        check::equal(
            &format!("CRC of 1 MiB in two parts, cut at {cut}"),
            parts,
            whole,
        )?;
    }
    Ok(())
}

fn many(dsa: &Dsa) -> Result<()> {
    let size = dsa.size() as usize;
    step(format!(
        "{size} copies of 64 bytes in flight, several times over"
    ));
    let from = dsa.map(0x3000_0000, PAGE)?;
    let to = dsa.map(0x4000_0000, PAGE)?;
    from.write(0, &pattern::bytes(3, PAGE))?;
    for round in 0..8 {
        to.write(0, &[UNTOUCHED; PAGE])?;
        dsa.take_interrupts()?;
        for record in 0..size {
            let place = 64 * record as u64;
            let copy = Descriptor::memmove(from.iova() + place, to.iova() + place, 64);
            dsa.submit(record, copy, Notice::Interrupt)?;
        }
        for record in 0..size {
            dsa.wait(record, SOON)?
                .success(&format!("copy {record} of round {round}"))?;
        }
        dsa.wait_interrupt(SOON)?;
        let mut want = from.read(0, 64 * size)?;
        want.resize(PAGE, UNTOUCHED);
        check::same_bytes("all copies", &to.read(0, PAGE)?, &want)?;
    }
    check::equal("software errors", dsa.take_software_error()?, None)
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! A VFIO user that has its descriptors ready, submits them, and polls their completion records or
//! sleeps until an interrupt.

use std::hint;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::table::{Load, Table, Way};
use super::{ENTRIES, SIZES, SPAN};
use crate::dsa::{Descriptor, Dsa, RECORD_LEN, status, store_to};
use crate::figures::Figures;
use crate::tenant::{FROM, TO};
use crate::vfio::{Buffer, PAGE, Region};
use crate::{check, pattern, tool};

/// What the figures are of.
pub const ABOUT: &str = "\
(i), (ii): a subdev that has the WQ alone. Its user has mapped the memory and prepared the descriptors
    before. (i) It stores to the portal. One polls completion records without a pause, and makes no
    system call; the other waits for an interrupt with poll() and takes it with read(), as threads of
    dmatest wait for theirs. (ii) It writes each descriptor to the file, and polls. pieces: descriptors
    that the hardware was given for one of (i), more where memory is not contiguous.";

/// IOVA of the completion records.
const RECORDS: u64 = 0x3000_0000;

/// How many copies are completed, at least, between two looks at the clock: that may take a system
/// call.
const LOOK: u64 = 32;

/// How often nothing is found complete between two looks at the clock.
const IDLE: u32 = 1 << 16;

/// Longest that all copies of a load may take.
const LONG: Duration = Duration::from_secs(60);

/// The name of the subdev.
const NAME: &str = "datapath";

/// Measures a subdev with such a portal.
pub fn measure(way: Way, table: &mut Table) -> Result<()> {
    let portal = if way == Way::Trapped {
        "trapped"
    } else {
        "polled"
    };
    let subdev = tool::add(&format!("wq 3 name {NAME} portal {portal}"))?;
    let user = User::open(Dsa::open_enabled(&subdev.location()?)?, way)?;
    table.measure(way, |load| {
        let before = Figures::of("subdev", NAME)?;
        let rate = user.rate(load)?;
        let done = Figures::of("subdev", NAME)?.since(&before);
        let pieces = done.get("hw-submitted") as f64 / done.get("completed") as f64;
        Ok((rate, Some(pieces)))
    })?;
    drop(user);
    tool::del(NAME)
}

struct User {
    dsa: Dsa,
    way: Way,
    from: Buffer,
    to: Buffer,
    records: Buffer,
}

/// A descriptor that is submitted again and again.
struct Entry<'a> {
    raw: [u8; 64],
    /// The beginning of its completion record.
    record: &'a AtomicU64,
}

impl Entry<'_> {
    /// Whether it is complete; fails if it failed.
    fn is_complete(&self) -> Result<bool> {
        // The lowest byte is the status, which is written last.
        let status = self.record.load(Ordering::Acquire) as u8;
        ensure!(
            matches!(status, 0 | status::SUCCESS),
            "a copy ended with status {status:#04x}"
        );
        Ok(status != 0)
    }
}

impl User {
    fn open(mut dsa: Dsa, way: Way) -> Result<Self> {
        check::equal("entries", dsa.size() as usize, ENTRIES)?;
        if way != Way::Trapped {
            dsa.map_portal()?;
        }
        let largest = SIZES.into_iter().max().context("no sizes")?;
        let len = largest * ENTRIES;
        let (from, to) = (dsa.map(FROM, len)?, dsa.map(TO, len)?);
        from.write(0, &pattern::bytes(1, len))?;
        let records = dsa.map(RECORDS, PAGE)?;
        Ok(Self {
            dsa,
            way,
            from,
            to,
            records,
        })
    }

    /// Copies per second. Demands that bytes are copied.
    fn rate(&self, load: Load) -> Result<f64> {
        // Each copy has pages of its own.
        let places = || (0..load.depth).map(|n| n * load.size.next_multiple_of(PAGE));
        for place in places() {
            self.to.write(place, &vec![0; load.size])?;
        }
        let entries = places().enumerate();
        let entries = entries.map(|(n, place)| self.entry(n * RECORD_LEN, place, load.size));
        let rate = self.keep(&entries.collect::<Result<Vec<_>>>()?)?;
        for place in places() {
            let copied = self.to.read(place, load.size)?;
            check::same_bytes("a copy", &copied, &self.from.read(place, load.size)?)?;
        }
        Ok(rate)
    }

    /// A copy of `size` bytes at `place`, with its completion record at `record`.
    fn entry(&self, record: usize, place: usize, size: usize) -> Result<Entry<'_>> {
        let (from, to) = (FROM + place as u64, TO + place as u64);
        let mut copy = Descriptor::memmove(from, to, size.try_into()?);
        if self.way == Way::Woken {
            copy = self.dsa.noticed(copy);
        }
        Ok(Entry {
            raw: copy.recorded_at(RECORDS + record as u64).encode(),
            record: self.records.word(record)?,
        })
    }

    /// Keeps all of them in flight for a span, and returns how many were done per second.
    fn keep(&self, entries: &[Entry<'_>]) -> Result<f64> {
        let mut flow = Flow {
            user: self,
            slot: 0,
            begun: Instant::now(),
        };
        for entry in entries {
            flow.submit(entry)?;
        }
        // The first ones may find something that is yet to be prepared.
        flow.renew(entries, entries.len() as u64)?;
        let start = Instant::now();
        let mut done = 0;
        while start.elapsed() < SPAN {
            done += flow.renew(entries, LOOK)?;
        }
        let time = start.elapsed();
        flow.end(entries)?;
        Ok(done as f64 / time.as_secs_f64())
    }
}

/// What a user submits, one after another.
struct Flow<'a> {
    user: &'a User,
    /// Number of the next slot of the portal.
    slot: u64,
    begun: Instant,
}

impl Flow<'_> {
    fn submit(&mut self, entry: &Entry<'_>) -> Result<()> {
        entry.record.store(0, Ordering::Relaxed);
        // As drivers do, it takes the next slot: with fewer entries than slots, that is empty.
        let (dsa, slot) = (&self.user.dsa, self.user.dsa.slot_offset(self.slot));
        self.slot += 1;
        if self.user.way == Way::Trapped {
            dsa.device().write(Region::Bar2, slot, &entry.raw)
        } else {
            store_to(dsa.portal()?, slot as usize, &entry.raw)
        }
    }

    /// Submits anew what is complete, until `least` or more were, and returns how many.
    fn renew(&mut self, entries: &[Entry<'_>], least: u64) -> Result<u64> {
        let mut done = 0;
        while done < least {
            let before = done;
            self.poll(|flow| {
                for entry in entries {
                    if entry.is_complete()? {
                        flow.submit(entry)?;
                        done += 1;
                    }
                }
                Ok(done > before)
            })?;
        }
        Ok(done)
    }

    /// Waits until all of them are complete.
    fn end(&mut self, entries: &[Entry<'_>]) -> Result<()> {
        for entry in entries {
            self.poll(|_| entry.is_complete())?;
        }
        Ok(())
    }

    /// Looks until it is true, which takes no longer than [`LONG`].
    fn poll(&mut self, mut look: impl FnMut(&mut Self) -> Result<bool>) -> Result<()> {
        let mut looks = 0_u32;
        while !look(self)? {
            if self.user.way == Way::Woken {
                self.user.dsa.wait_interrupt(LONG)?;
                continue;
            }
            looks += 1;
            if looks == IDLE {
                looks = 0;
                let time = self.begun.elapsed();
                ensure!(time < LONG, "copies take longer than {LONG:?}");
            }
            hint::spin_loop();
        }
        Ok(())
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! A subdev and the model side by side: rounds of descriptors that both are given.

use anyhow::{Context, Result, ensure};
use dsa_model::bare::{Bare, Limits};
use fastrand::Rng;

use super::batch;
use super::generator::{Generator, Made, Offer, Write};
use super::raw::{Raw, opcode};
use super::twin::{Arena, Page, Place, Twin, random_pages};
use crate::dsa::regs::Command;
use crate::dsa::{Descriptor, Dsa, Notice, RECORD_LEN};
use crate::wait::SOON;

/// Pages of data of an arena, and of the one for large transfers: those are longer than what the
/// driver pins at a time.
const PAGES: u64 = 24;
const LARGE: u64 = 3 * 1040;

/// Bits of SWERR that tell of PASID and privilege, of which a virtual function has none of the
/// descriptor's.
const IDENTITY: u64 = 0xf_ffff << 40 | 1 << 6;

/// SWERR is valid, and there was more than one error.
const VALID: u64 = 1 << 0;
const OVERFLOW: u64 = 1 << 1;

/// How many differences are looked for.
const SHOWN: usize = 5;

/// A descriptor that both are given.
struct Shot {
    arena: usize,
    /// The work queue that it goes to.
    wq: usize,
    /// Its number, in the order of submission.
    number: u64,
    raw: Raw,
    /// What is in its list if it is a batch.
    members: Vec<Raw>,
}

/// A subdev and the model side by side.
pub struct Session {
    dsa: Dsa,
    model: Bare,
    twin: Twin,
    offer: Offer,
    rng: Rng,
    /// What goes on in an arena.
    next: Vec<Option<Raw>>,
    /// Descriptors so far, those of batches included.
    done: u64,
    /// What was not the same.
    differences: Vec<String>,
}

impl Session {
    /// One with a device that is enabled, and memory left to chance.
    pub fn random(dsa: Dsa, mut rng: Rng) -> Result<Self> {
        let small = (0..dsa.sizes().iter().sum()).map(|_| PAGES);
        let arenas = small.chain([LARGE]);
        let arenas: Vec<_> = arenas.map(|it| random_pages(it, &mut rng)).collect();
        Self::new(dsa, &arenas, rng)
    }

    /// One with a device that is enabled, and arenas of these pages.
    pub fn new(dsa: Dsa, arenas: &[Vec<Page>], mut rng: Rng) -> Result<Self> {
        let (max_transfer, max_batch) = dsa.wq_limits()?;
        let offer = Offer {
            operations: dsa.operations()?,
            max_transfer,
            max_batch,
            vectors: dsa.sizes().len() as u16 + 1,
        };
        for vector in 1..offer.vectors {
            let handle = dsa.interrupt_handle(vector)?;
            ensure!(handle == vector, "vector {vector} has the handle {handle}");
        }
        let model = Bare::new(&Limits {
            operations: offer.operations,
            max_transfer,
            max_batch,
            vectors: offer.vectors,
        });
        let twin = Twin::new(&dsa, &model, arenas, &mut rng)?;
        Ok(Self {
            dsa,
            model,
            next: vec![None; arenas.len()],
            twin,
            offer,
            rng,
            done: 0,
            differences: Vec::new(),
        })
    }

    /// Submits until there were so many descriptors, or several came to something else on the subdev.
    pub fn run(&mut self, count: u64) -> Result<()> {
        while self.done < count && self.differences.len() < SHOWN {
            self.round()?;
        }
        self.verdict()
    }

    /// Demands that nothing was different.
    fn verdict(&self) -> Result<()> {
        let shown = self.differences.join("\n");
        ensure!(
            shown.is_empty(),
            "{} differences:\n{shown}",
            self.differences.len()
        );
        Ok(())
    }

    /// Submits a descriptor that is made for an arena, and has a record at the usual place if it asks
    /// for one.
    pub fn run_one(&mut self, arena: usize, make: impl FnOnce(&Arena) -> Raw) -> Result<()> {
        let raw = make(&self.twin.arenas()[arena]);
        self.done += 1;
        let shot = Shot {
            arena,
            wq: 0,
            number: self.done - 1,
            raw,
            members: Vec::new(),
        };
        self.submit(vec![shot], false)?;
        self.verdict()
    }

    /// Submits some descriptors at the same time, each with memory of its own, and compares what came
    /// of them.
    fn round(&mut self) -> Result<()> {
        // Their end is waited for by another descriptor, or by a command.
        let by_command = self.rng.u8(..8) == 0;
        let sizes = self.dsa.sizes().iter().enumerate();
        let places = sizes.flat_map(|(wq, size)| {
            let most = size - u32::from(!by_command);
            (0..most).map(move |_| wq)
        });
        let mut wqs: Vec<usize> = places.collect();
        self.rng.shuffle(&mut wqs);
        wqs.truncate(self.rng.usize(1..=wqs.len()));
        let large = self.twin.arenas().len() - 1;
        let mut arenas: Vec<usize> = (0..large).collect();
        self.rng.shuffle(&mut arenas);
        if self.rng.u8(..24) == 0 {
            arenas[0] = large;
        }
        if self.rng.u8(..16) == 0 {
            self.twin.change(&self.model, &mut self.rng)?;
        }
        let mut shots = Vec::new();
        for (arena, wq) in arenas.into_iter().zip(wqs) {
            shots.push(self.shot(arena, wq)?);
        }
        self.submit(shots, by_command)
    }

    /// Gives descriptors to both, and compares what came of them.
    fn submit(&mut self, shots: Vec<Shot>, by_command: bool) -> Result<()> {
        self.expect_quiet().context("before a round")?;
        for shot in &shots {
            self.dsa.set_wq(shot.wq);
            self.dsa.store_raw(&shot.raw.encode())?;
        }
        let settled = self.settle(by_command);
        settled.with_context(|| self.shown(&shots))?;
        let mut errors = Vec::new();
        for shot in &shots {
            let told = self.model.execute(&shot.raw.encode());
            // The model knows no work queues.
            errors.extend(told.into_iter().map(|[first, rest @ ..]| {
                let [second, third, fourth] = rest;
                [first | (shot.wq as u64) << 16, second, third, fourth]
            }));
        }
        if let Err(error) = self.compare_told(&errors, by_command) {
            let shown = self.shown(&shots);
            self.differences.push(format!("{error:#}{shown}"));
        }
        for shot in &shots {
            let arena = &self.twin.arenas()[shot.arena];
            if let Err(error) = self.twin.compare(arena) {
                let (shown, members) = (self.shown_one(shot), self.shown_members(shot));
                let difference = format!("{error:#}{shown}{members}\n    in {arena}");
                self.differences.push(difference);
                // What comes later begins with the same again.
                self.twin.make_same(arena)?;
            }
        }
        Ok(())
    }

    /// Waits until all that was submitted has ended.
    fn settle(&mut self, by_command: bool) -> Result<()> {
        let wqs = self.dsa.sizes().len();
        if by_command {
            self.dsa.command(Command::DrainWq, (1 << wqs) - 1)?;
            return Ok(());
        }
        let drain = Descriptor {
            opcode: opcode::DRAIN,
            ..Descriptor::default()
        };
        for wq in 0..wqs {
            self.dsa.set_wq(wq);
            self.dsa.submit(wq, drain, Notice::Record)?;
        }
        let what = "the DRAIN after a round";
        (0..wqs).try_for_each(|wq| {
            let record = self.dsa.wait(wq, SOON).context(what)?;
            record.success(what).map(drop)
        })
    }

    /// Demands that nothing is told of.
    fn expect_quiet(&self) -> Result<()> {
        let told = self.dsa.take_swerr()?;
        ensure!(told[0] & VALID == 0, "there is a software error {told:x?}");
        for vector in 1..self.offer.vectors {
            let came = self.dsa.take_interrupts_of(vector)?;
            ensure!(came == 0, "{came} interrupts of vector {vector} came");
        }
        self.dsa.take_misc_interrupts()?;
        Ok(())
    }

    /// Compares what is told by registers and interrupts. A command has taken those that are not of
    /// completions.
    fn compare_told(&self, errors: &[[u64; 4]], by_command: bool) -> Result<()> {
        for vector in 1..self.offer.vectors {
            let want = self.model.take_interrupts(vector);
            let got = self.dsa.take_interrupts_of(vector)?;
            ensure!(
                want == got,
                "the model gave {want} interrupts of vector {vector}, the subdev {got}"
            );
        }
        let misc = self.dsa.take_misc_interrupts()?;
        let mut told = self.dsa.take_swerr()?;
        let is_overflow = told[0] & OVERFLOW != 0;
        told[0] &= !OVERFLOW;
        // Which is told of if there are several depends on which ended first.
        let is_same = |error: &[u64; 4]| {
            let [first, rest @ ..] = error;
            first & !IDENTITY == told[0] && rest == &told[1..]
        };
        let is_right = match errors {
            [] => told[0] & VALID == 0,
            _ => errors.iter().any(is_same),
        };
        ensure!(
            is_right && is_overflow == (errors.len() > 1),
            "the model gave software errors {errors:x?}, the subdev {told:x?}, overflow {is_overflow}"
        );
        ensure!(
            errors.is_empty() || misc > 0 || by_command,
            "no interrupt came for the software error {told:x?}"
        );
        Ok(())
    }

    /// The next descriptor of an arena, with all that it needs in memory.
    fn shot(&mut self, at: usize, wq: usize) -> Result<Shot> {
        let arena = &self.twin.arenas()[at];
        let place = arena.data();
        let bad_page = arena.bad_page(&mut self.rng);
        let offer = self.offer.within(arena.is_whole());
        let next = self.next[at].take();
        let (mut made, members) = match next.filter(|raw| offer.has(raw.opcode)) {
            Some(raw) => (Made::from(raw), Vec::new()),
            None if offer.has(opcode::BATCH) && self.rng.u8(..5) == 0 => {
                let batch = batch::random(&mut self.rng, &offer, arena);
                (batch.made, batch.members)
            }
            None => {
                let mut generator = Generator::new(&mut self.rng, &offer, place, true);
                (generator.descriptor(false), Vec::new())
            }
        };
        let mut generator = Generator::new(&mut self.rng, &offer, place, true);
        generator.report(&mut made.raw, arena.record(0), bad_page);
        self.next[at] = made.next;
        let records = (1 + members.len()) * RECORD_LEN;
        self.twin.write(arena.record(0), &vec![0; records])?;
        for write in &made.writes {
            self.write(write)?;
        }
        let number = self.done;
        self.done += 1 + members.len() as u64;
        Ok(Shot {
            arena: at,
            wq,
            number,
            raw: made.raw,
            members,
        })
    }

    fn write(&self, write: &Write) -> Result<()> {
        match write {
            Write::Bytes(at, bytes) => self.twin.write(*at, bytes),
            Write::Copy(to, from, len) => {
                let place = Place {
                    start: *from,
                    len: (*len).into(),
                };
                self.twin.write(*to, &self.twin.read(place)?)
            }
            Write::Flip(at, bits) => {
                let place = Place { start: *at, len: 1 };
                let byte = self.twin.read(place)?;
                self.twin.write(*at, &[byte[0] ^ bits])
            }
        }
    }

    /// Descriptors that were submitted at the same time, and their records.
    fn shown(&self, shots: &[Shot]) -> String {
        shots.iter().map(|shot| self.shown_one(shot)).collect()
    }

    /// A descriptor and its record.
    fn shown_one(&self, shot: &Shot) -> String {
        let record = self.shown_record(&shot.raw);
        format!("\n    descriptor {}: {}{record}", shot.number, shot.raw)
    }

    /// The descriptors of a batch and their records.
    fn shown_members(&self, shot: &Shot) -> String {
        let members = shot.members.iter().enumerate();
        let shown = members.map(|(index, raw)| {
            let record = self.shown_record(raw);
            format!("\n    its descriptor {index}: {raw}{record}")
        });
        shown.collect()
    }

    fn shown_record(&self, raw: &Raw) -> String {
        let place = Place {
            start: raw.record,
            len: RECORD_LEN as u64,
        };
        match (self.twin.read(place), self.twin.read_other(place)) {
            (Ok(model), Ok(subdev)) if model == subdev => {
                format!("\n      record of both: {}", hex(&model))
            }
            (Ok(model), Ok(subdev)) => {
                let (model, subdev) = (hex(&model), hex(&subdev));
                format!(
                    "\n      record of the model:  {model}\n      record of the subdev: {subdev}"
                )
            }
            _ => String::new(),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let words = bytes.chunks(8).map(|word| {
        let digits: Vec<_> = word.iter().map(|byte| format!("{byte:02x}")).collect();
        digits.concat()
    });
    words.collect::<Vec<_>>().join(" ")
}

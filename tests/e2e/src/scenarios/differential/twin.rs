// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same memory twice, at the same addresses: for the model and for a subdev.
//!
//! It consists of arenas, one for each descriptor that is in flight at a time. Between them nothing
//! is mapped, and in some of them there are pages that are not mapped either, or only for reading. For
//! the subdev pages often lie in disorder. What is mapped changes between rounds.

use std::fmt;
use std::fs::File;
use std::os::unix::fs::FileExt;

use anyhow::{Context, Result, bail};
use dsa_model::bare::Bare;
use fastrand::Rng;
use nix::sys::memfd::{MFdFlags, memfd_create};

use crate::dsa::Dsa;
use crate::vfio::{Access, Buffer, Layout, PAGE};

/// Bytes of a page.
pub const PAGE_LEN: u64 = PAGE as u64;

/// Where the first arena is, and how far the arenas are apart.
const FIRST: u64 = 0x1_0000_0000;
const STRIDE: u64 = 0x1000_0000;

/// Pages of the lists of batches; behind them nothing is mapped.
const LIST_PAGES: u64 = 2;
/// The first page of data of an arena, after a page of completion records, the lists and a page of
/// nothing.
const DATA_PAGE: u64 = 1 + LIST_PAGES + 1;

/// An address that is mapped to nothing, nor are its neighbours.
pub const NOWHERE: u64 = 0x7777_0000_0000;

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The first.
    pub start: u64,
    /// How many.
    pub len: u64,
}

impl Place {
    /// The pages that begin in it.
    fn pages(self) -> impl Iterator<Item = u64> {
        let first = self.start.next_multiple_of(PAGE_LEN);
        (first..self.start + self.len).step_by(PAGE)
    }

    /// One of `count` equal parts, each of whole words of 64 bytes.
    pub fn part(self, index: u64, count: u64) -> Self {
        let len = self.len / count / 64 * 64;
        Self {
            start: self.start + index * len,
            len,
        }
    }
}

/// What a page can be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// To read and to write it.
    There,
    /// Only to read it.
    ReadOnly,
    /// Nothing is mapped.
    Gone,
}

impl Page {
    fn access(self) -> Option<Access> {
        match self {
            Self::There => Some(Access::ReadWrite),
            Self::ReadOnly => Some(Access::ReadOnly),
            Self::Gone => None,
        }
    }
}

/// Pages in a row that are alike.
struct Zone {
    buffer: Buffer,
    /// Where they are in the file of the model.
    at: u64,
    /// What they can be used for now.
    page: Page,
}

impl Zone {
    fn place(&self) -> Place {
        Place {
            start: self.buffer.iova(),
            len: self.buffer.len() as u64,
        }
    }
}

/// The memory of one descriptor in flight.
pub struct Arena {
    start: u64,
    /// Pages of data.
    pages: u64,
    zones: Vec<Zone>,
    /// Pages of data that are never there.
    gone: Vec<u64>,
}

impl Arena {
    /// Where its completion record `index` is.
    pub fn record(&self, index: usize) -> u64 {
        self.start + 32 * index as u64
    }

    /// Where lists of descriptors can be.
    pub fn lists(&self) -> Place {
        Place {
            start: self.start + PAGE_LEN,
            len: LIST_PAGES * PAGE_LEN,
        }
    }

    /// Where data can be.
    pub fn data(&self) -> Place {
        Place {
            start: self.start + DATA_PAGE * PAGE_LEN,
            len: self.pages * PAGE_LEN,
        }
    }

    /// A page of data that cannot be written to, if there is one.
    pub fn bad_page(&self, rng: &mut Rng) -> Option<u64> {
        rng.choice(self.bad_pages())
    }

    /// Whether all pages of data are there and can be written to.
    pub fn is_whole(&self) -> bool {
        self.bad_pages().is_empty()
    }

    fn bad_pages(&self) -> Vec<u64> {
        let bad = self.zones.iter().filter(|zone| zone.page != Page::There);
        let pages = bad.flat_map(|zone| zone.place().pages());
        let mut pages: Vec<_> = pages.chain(self.gone.iter().copied()).collect();
        pages.retain(|page| *page >= self.data().start);
        pages.sort_unstable();
        pages
    }
}

impl fmt::Display for Arena {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = self.data();
        write!(
            f,
            "an arena at {:#x} with data from {:#x} to {:#x}; pages not to be written to: {:x?}",
            self.start,
            data.start,
            data.start + data.len,
            self.bad_pages()
        )
    }
}

/// The same memory twice.
pub struct Twin {
    arenas: Vec<Arena>,
    file: File,
}

impl Twin {
    /// Maps arenas of such [`pages`] for both, with what is in them left to chance.
    pub fn new(dsa: &Dsa, model: &Bare, arenas: &[Vec<Page>], rng: &mut Rng) -> Result<Self> {
        let file = memfd_create(c"twin", MFdFlags::MFD_CLOEXEC).context("memfd_create")?;
        let file = File::from(file);
        let mut twin = Self {
            arenas: Vec::new(),
            file,
        };
        let mut end = 0;
        for (start, pages) in (FIRST..).step_by(STRIDE as usize).zip(arenas) {
            let arena = twin.arena(dsa, model, start, pages, &mut end, rng)?;
            twin.arenas.push(arena);
        }
        Ok(twin)
    }

    fn arena(
        &self,
        dsa: &Dsa,
        model: &Bare,
        start: u64,
        pages: &[Page],
        end: &mut u64,
        rng: &mut Rng,
    ) -> Result<Arena> {
        let mut arena = Arena {
            start,
            pages: pages.len() as u64 - DATA_PAGE,
            zones: Vec::new(),
            gone: Vec::new(),
        };
        let mut first = 0;
        for run in pages.chunk_by(|one, next| one == next) {
            let (iova, len) = (start + first * PAGE_LEN, run.len() * PAGE);
            first += run.len() as u64;
            let page = run.first().copied().unwrap_or(Page::Gone);
            let Some(access) = page.access() else {
                let place = Place {
                    start: iova,
                    len: len as u64,
                };
                arena.gone.extend(place.pages());
                continue;
            };
            let layout = if rng.bool() {
                Layout::Straight
            } else {
                Layout::Shuffled
            };
            let at = *end;
            *end += len as u64;
            self.file.set_len(*end)?;
            model.map(iova, len as u64, &self.file, at, page == Page::There)?;
            let buffer = dsa.map_as(iova, len, access, layout)?;
            let mut content = vec![0; len];
            rng.fill(&mut content);
            buffer.write(0, &content)?;
            self.file.write_all_at(&content, at)?;
            arena.zones.push(Zone { buffer, at, page });
        }
        Ok(arena)
    }

    /// Changes for both what some pages can be used for, while nothing is in flight.
    pub fn change(&mut self, model: &Bare, rng: &mut Rng) -> Result<()> {
        let at = rng.usize(..self.arenas.len());
        let Some(arena) = self.arenas.get_mut(at) else {
            return Ok(());
        };
        let data = arena.data().start;
        let zones = arena.zones.iter_mut();
        let zones: Vec<_> = zones.filter(|it| it.buffer.iova() >= data).collect();
        let Some(zone) = rng.choice(zones) else {
            return Ok(());
        };
        let place = zone.place();
        if zone.page != Page::Gone {
            zone.buffer.unmap()?;
            model.unmap(place.start, place.len)?;
        }
        let pages = [Page::There, Page::There, Page::ReadOnly, Page::Gone];
        zone.page = rng.choice(pages).unwrap_or(Page::There);
        if let Some(access) = zone.page.access() {
            zone.buffer.map_as(access)?;
            let is_writable = zone.page == Page::There;
            model.map(place.start, place.len, &self.file, zone.at, is_writable)?;
        }
        Ok(())
    }

    /// All arenas.
    pub fn arenas(&self) -> &[Arena] {
        &self.arenas
    }

    /// The parts of a range that are there, each with its zone.
    fn parts(&self, place: Place) -> impl Iterator<Item = (&Zone, Place)> {
        let near = move |arena: &&Arena| {
            let end = arena.data().start + arena.data().len;
            arena.start < place.start + place.len && place.start < end
        };
        let zones = self.arenas.iter().filter(near).flat_map(|it| &it.zones);
        zones.filter_map(move |zone| {
            let there = zone.place();
            let start = place.start.max(there.start);
            let end = (place.start + place.len).min(there.start + there.len);
            let len = end.checked_sub(start).filter(|len| *len > 0)?;
            Some((zone, Place { start, len }))
        })
    }

    /// Reads what the model has; zeroes where nothing is.
    pub fn read(&self, place: Place) -> Result<Vec<u8>> {
        let mut bytes = vec![0; place.len as usize];
        for (zone, part) in self.parts(place) {
            let from = (part.start - place.start) as usize;
            let to = &mut bytes[from..from + part.len as usize];
            let at = zone.at + (part.start - zone.place().start);
            self.file.read_exact_at(to, at)?;
        }
        Ok(bytes)
    }

    /// Reads what the subdev has; zeroes where nothing is.
    pub fn read_other(&self, place: Place) -> Result<Vec<u8>> {
        let mut bytes = vec![0; place.len as usize];
        for (zone, part) in self.parts(place) {
            let from = (part.start - place.start) as usize;
            let at = (part.start - zone.place().start) as usize;
            let read = zone.buffer.read(at, part.len as usize)?;
            bytes[from..from + read.len()].copy_from_slice(&read);
        }
        Ok(bytes)
    }

    /// Writes the same for both, where something is.
    pub fn write(&self, start: u64, bytes: &[u8]) -> Result<()> {
        let place = Place {
            start,
            len: bytes.len() as u64,
        };
        for (zone, part) in self.parts(place) {
            let from = (part.start - place.start) as usize;
            let some = &bytes[from..from + part.len as usize];
            let at = part.start - zone.place().start;
            zone.buffer.write(at as usize, some)?;
            self.file.write_all_at(some, zone.at + at)?;
        }
        Ok(())
    }

    /// Gives the model what the subdev has in an arena.
    pub fn make_same(&self, arena: &Arena) -> Result<()> {
        arena.zones.iter().try_for_each(|zone| {
            let bytes = self.read_other(zone.place())?;
            Ok(self.file.write_all_at(&bytes, zone.at)?)
        })
    }

    /// Demands that both have the same in an arena; the error shows the first difference.
    pub fn compare(&self, arena: &Arena) -> Result<()> {
        for zone in &arena.zones {
            let place = zone.place();
            let (want, got) = (self.read(place)?, self.read_other(place)?);
            if want == got {
                continue;
            }
            let mut differing = want.iter().zip(&got).enumerate();
            let at = differing.position(|(_, (want, got))| want != got);
            let at = at.unwrap_or(0);
            let count = want.iter().zip(&got).filter(|(want, got)| want != got);
            let end = (at + 16).min(want.len());
            bail!(
                "memory differs at {:#x}, and in {} bytes up to {:#x}: the model has {:02x?}…, the subdev {:02x?}…",
                place.start + at as u64,
                count.count(),
                place.start + place.len,
                &want[at..end],
                &got[at..end]
            );
        }
        Ok(())
    }
}

/// Pages of an arena with so many of data, of which a few may be missing: each mapping of the model
/// takes a file descriptor.
pub fn random_pages(data: u64, rng: &mut Rng) -> Vec<Page> {
    let is_whole = rng.bool();
    pages(data, |_| match rng.u64(..data / 2) {
        _ if is_whole => Page::There,
        0 => Page::ReadOnly,
        1 => Page::Gone,
        _ => Page::There,
    })
}

/// Pages of an arena with so many of data; `kind` says what those of the lists are, which come first,
/// and of the data.
pub fn pages(data: u64, mut kind: impl FnMut(u64) -> Page) -> Vec<Page> {
    let mut pages = vec![Page::There];
    pages.extend((0..LIST_PAGES).map(&mut kind));
    pages.push(Page::Gone);
    pages.extend((LIST_PAGES..LIST_PAGES + data).map(kind));
    pages
}

/// The same with these pages of data that are not there to be written to.
pub fn pages_with(data: u64, bad: &[(u64, Page)]) -> Vec<Page> {
    pages(data, |index| {
        let bad = bad.iter().find(|(at, _)| at + LIST_PAGES == index);
        bad.map_or(Page::There, |(_, page)| *page)
    })
}

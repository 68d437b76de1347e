// SPDX-License-Identifier: MIT OR Apache-2.0
//! What was measured, as a table.

use anyhow::{Context, Result, ensure};
use bench_report::{Bar, Report, Row, Unit};

use crate::vfio::PAGE;

/// What is asked of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Bytes of each copy.
    pub size: usize,
    /// Queue depth: how many copies are in flight.
    pub depth: usize,
}

/// How descriptors get to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Stored to a portal that is mapped, by a user who polls completion records.
    Polled,
    /// The same, by a user who sleeps until an interrupt.
    Woken,
    /// Written to the file of a VFIO device.
    Trapped,
    /// By upstream's driver.
    Idxd,
}

impl Way {
    /// All of them, each at the place of its discriminant.
    const ALL: [Self; 4] = [Self::Polled, Self::Woken, Self::Trapped, Self::Idxd];

    fn heading(self) -> &'static str {
        match self {
            Self::Polled => "(i) polled, user polls",
            Self::Woken => "(i) polled, user sleeps",
            Self::Trapped => "(ii) portal trapped",
            Self::Idxd => "(iii) idxd, dmatest",
        }
    }
}

/// The least that a polled portal may do of what upstream's driver does, in copies of a page.
const PAGE_BAR: f64 = 0.9;

/// Figures of each load.
pub struct Table(Vec<Figures>);

struct Figures {
    load: Load,
    /// Descriptors per second, of each way.
    rates: [Vec<f64>; Way::ALL.len()],
    /// Descriptors of the hardware for one of a VFIO user.
    pieces: Vec<f64>,
}

impl Table {
    /// Without any figure.
    pub fn new(loads: impl IntoIterator<Item = Load>) -> Self {
        let row = |load| Figures {
            load,
            rates: [const { Vec::new() }; Way::ALL.len()],
            pieces: Vec::new(),
        };
        Self(loads.into_iter().map(row).collect())
    }

    /// Measures each load: descriptors per second, and of a subdev, in how many the hardware gets
    /// one.
    pub fn measure(
        &mut self,
        way: Way,
        mut of: impl FnMut(Load) -> Result<(f64, Option<f64>)>,
    ) -> Result<()> {
        for row in &mut self.0 {
            let what = || format!("{} of {:?}", way.heading(), row.load);
            let (rate, pieces) = of(row.load).with_context(what)?;
            ensure!(rate > 0.0, "nothing was done: {}", what());
            row.rates[way as usize].push(rate);
            if way == Way::Polled {
                row.pieces.extend(pieces);
            }
        }
        Ok(())
    }
}

impl Table {
    /// Adds all of it.
    pub fn tell(&self, report: &mut Report) -> Result<()> {
        for row in self.rows() {
            report.row(row)?;
        }
        Ok(())
    }

    /// A row for each way and load.
    fn rows(&self) -> Vec<Option<Row>> {
        let mut all = Vec::new();
        for figures in &self.0 {
            let Load { size, depth } = figures.load;
            let name = format!("MEMMOVE, {depth} in flight");
            let what = bytes(size);
            let idxd = &figures.rates[Way::Idxd as usize];
            for way in Way::ALL {
                let rates = figures.rates[way as usize].clone();
                let row = Row::new(&name, &what, way.heading(), Unit::PerSecond, rates);
                let row = row.map(|row| row.at(size as u64));
                all.push(match way {
                    Way::Idxd => row,
                    _ => row.and_then(|row| row.beside(Way::Idxd.heading(), idxd.clone())),
                });
                if (way, size) == (Way::Polled, PAGE) {
                    let last = all.pop().flatten();
                    all.push(last.map(|row| row.bar(Bar::AtLeast(PAGE_BAR))));
                }
            }
            let name = format!("descriptors of the hardware for one, {depth} in flight");
            let pieces = figures.pieces.clone();
            let row = Row::new(&name, &what, "subdev", Unit::Count, pieces);
            all.push(row.map(|row| row.at(size as u64)));
        }
        all
    }
}

/// Bytes with the largest unit of which it is a multiple.
fn bytes(size: usize) -> String {
    match size {
        _ if size.is_multiple_of(1 << 20) => format!("{} MiB", size >> 20),
        _ if size.is_multiple_of(1 << 10) => format!("{} KiB", size >> 10),
        _ => format!("{size} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOAD: Load = Load {
        size: 2 << 20,
        depth: 16,
    };

    #[test]
    fn each_way_is_a_row_beside_upstreams() -> Result<()> {
        let mut table = Table::new([LOAD]);
        for (polled, idxd) in [(90.0, 200.0), (110.0, 200.0), (100.0, 200.0)] {
            table.measure(Way::Polled, |_| Ok((polled, Some(1.0))))?;
            table.measure(Way::Woken, |_| Ok((120.0, Some(1.0))))?;
            table.measure(Way::Trapped, |_| Ok((50.0, Some(2.0))))?;
            table.measure(Way::Idxd, |_| Ok((idxd, None)))?;
        }
        let rows = table.rows().into_iter().collect::<Option<Vec<_>>>();
        let rows = rows.context("rows")?;
        let ratios: Vec<_> = rows.iter().filter_map(Row::ratio).collect();
        assert_eq!(ratios, [0.5, 0.6, 0.25]);
        let pieces = rows.last().context("pieces")?;
        assert_eq!((pieces.at, pieces.ours.median), (Some(2 << 20), 1.0));
        assert!(rows.iter().all(Row::is_good));
        Ok(())
    }

    #[test]
    fn copies_of_a_page_by_a_polled_portal_have_a_bar() -> Result<()> {
        let size = 4 << 10;
        let mut table = Table::new([Load { size, depth: 16 }]);
        for way in Way::ALL {
            let rate = if way == Way::Idxd { 100.0 } else { 89.0 };
            table.measure(way, |_| Ok((rate, Some(1.0))))?;
        }
        let bad = table
            .rows()
            .into_iter()
            .flatten()
            .filter(|row| !row.is_good());
        assert_eq!(
            bad.map(|row| row.ours.whose).collect::<Vec<_>>(),
            [Way::Polled.heading()]
        );
        Ok(())
    }

    #[test]
    fn a_span_in_which_nothing_was_done_is_no_figure() {
        let mut table = Table::new([LOAD]);
        assert!(table.measure(Way::Polled, |_| Ok((0.0, None))).is_err());
    }

    #[test]
    fn sizes_are_shown_as_people_write_them() {
        assert_eq!([64, 4096, 2 << 20].map(bytes), ["64 B", "4 KiB", "2 MiB"]);
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! What was measured, as a table.

use std::fmt::{self, Display, Formatter};

use anyhow::{Context, Result, ensure};

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

/// A row for each load.
pub struct Table(Vec<Row>);

struct Row {
    load: Load,
    /// Descriptors per second, of each way.
    rates: [Vec<f64>; Way::ALL.len()],
    /// Descriptors of the hardware for one of a VFIO user.
    pieces: Vec<f64>,
}

impl Table {
    /// Without any figure.
    pub fn new(loads: impl IntoIterator<Item = Load>) -> Self {
        let row = |load| Row {
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

/// The middle one; none of none.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// How far the highest is from the lowest, in per cent of the middle one.
fn spread(values: &[f64]) -> f64 {
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = values.iter().copied().fold(0.0, f64::max);
    (highest - lowest) / median(values) * 100.0
}

/// Bytes with the largest unit of which it is a multiple.
fn bytes(size: usize) -> String {
    match size {
        _ if size.is_multiple_of(1 << 20) => format!("{} MiB", size >> 20),
        _ if size.is_multiple_of(1 << 10) => format!("{} KiB", size >> 10),
        _ => format!("{size} B"),
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:<13}", "")?;
        for way in Way::ALL {
            write!(f, "{:>24}", way.heading())?;
        }
        write!(f, "\n{:<8}{:>5}", "copy", "depth")?;
        for _ in Way::ALL {
            write!(f, "{:>8}{:>8}{:>8}", "/s", "MiB/s", "spread")?;
        }
        writeln!(
            f,
            "{:>8}{:>8}{:>8}{:>8}",
            "polls", "sleeps", "ii/iii", "pieces"
        )?;
        for row in &self.0 {
            let Load { size, depth } = row.load;
            write!(f, "{:<8}{depth:>5}", bytes(size))?;
            for rates in &row.rates {
                let (rate, spread) = (median(rates), spread(rates));
                let mib = rate * size as f64 / f64::from(1 << 20);
                write!(f, "{rate:>8.0}{mib:>8.1}{spread:>6.0} %")?;
            }
            let [ours @ .., idxd] = Way::ALL.map(|way| median(&row.rates[way as usize]));
            for rate in ours {
                write!(f, "{:>8.2}", rate / idxd)?;
            }
            writeln!(f, "{:>8.1}", median(&row.pieces))?;
        }
        Ok(())
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
    fn a_row_has_medians_spreads_and_ratios() -> Result<()> {
        let mut table = Table::new([LOAD]);
        for (polled, idxd) in [(90.0, 200.0), (110.0, 200.0), (100.0, 200.0)] {
            table.measure(Way::Polled, |_| Ok((polled, Some(1.0))))?;
            table.measure(Way::Woken, |_| Ok((120.0, Some(1.0))))?;
            table.measure(Way::Trapped, |_| Ok((50.0, Some(2.0))))?;
            table.measure(Way::Idxd, |_| Ok((idxd, None)))?;
        }
        let text = table.to_string();
        let row: Vec<_> = text
            .lines()
            .last()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let want =
            "2 MiB 16 100 200.0 20 % 120 240.0 0 % 50 100.0 0 % 200 400.0 0 % 0.50 0.60 0.25 1.0";
        assert_eq!(row.join(" "), want, "{text}");
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

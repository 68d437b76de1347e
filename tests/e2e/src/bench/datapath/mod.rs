// SPDX-License-Identifier: MIT OR Apache-2.0
//! How fast copies go through a subdev, beside upstream's driver of the same device.
//!
//! The same engines of the same model do them, through a WQ of as many entries. Each way has a span
//! in turn, so that whatever else the machine does meets all of them.

mod peer;
mod table;
mod user;

use std::time::Duration;

use anyhow::Result;
use bench_report::Report;

use self::table::{Load, Table, Way};
use crate::idxd::with_idxd;

/// Bytes of a copy.
const SIZES: [usize; 4] = [64, 4 << 10, 64 << 10, 2 << 20];

/// Entries of the WQ, all of which a subdev has.
const ENTRIES: usize = 16;

/// How many spans each figure is the median of.
const PASSES: usize = 5;

/// How long a span is.
const SPAN: Duration = Duration::from_millis(300);

/// Measures. But for what fails, a bar is there only for copies of a page by a polled portal.
pub fn run(report: &mut Report) -> Result<()> {
    let mut table = Table::new(
        SIZES
            .into_iter()
            .flat_map(|size| [1, ENTRIES].map(|depth| Load { size, depth })),
    );
    let mut file = String::new();
    for _ in 0..PASSES {
        for way in [Way::Polled, Way::Woken, Way::Trapped] {
            user::measure(way, &mut table)?;
        }
        with_idxd(|log| {
            peer::measure(log, &mut table)?;
            if file.is_empty() {
                file = peer::file()?;
            }
            Ok(())
        })?;
    }
    table.tell(report)?;
    report.note(format!(
        "MEMMOVE through a WQ of {ENTRIES} entries: medians of {PASSES} spans of about {} ms.",
        SPAN.as_millis(),
    ));
    for note in [user::ABOUT, peer::ABOUT, &file] {
        report.note(note);
    }
    Ok(())
}

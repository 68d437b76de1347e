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

/// Measures and prints a table. There is no bar to clear: it fails, or returns true.
pub fn run() -> Result<bool> {
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
    println!(
        "MEMMOVE through a WQ of {ENTRIES} entries: medians of {PASSES} spans of about {} ms; spread is from \
         the slowest to the fastest\n{table}\n{}\n{}\n{file}",
        SPAN.as_millis(),
        user::ABOUT,
        peer::ABOUT,
    );
    Ok(true)
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! What requests cost among 1, 64, 1024 and 4096 subdevs.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Result;
use bench_report::{Bar, Report, Row, Unit};

use super::latency::Latency;
use crate::check;
use crate::crowd::Crowd;

/// How many there are.
const POINTS: [usize; 4] = [1, 64, 1024, 4096];

/// How often each is done at each point.
const ROUNDS: usize = 64;

/// Objects that dumps show at each point, at least.
const SHOWN: usize = 4096;

/// The most that a request among many may cost, as a multiple of one among few.
const FLAT_BAR: f64 = 1.5;

/// Times of each kind at one point.
#[derive(Default)]
struct Times {
    create: Vec<Duration>,
    get: Vec<Duration>,
    event: Vec<Duration>,
    delete: Vec<Duration>,
    /// For each object.
    dump: Vec<Duration>,
}

/// Measures at each point.
pub fn measure(crowd: &Crowd, report: &mut Report) -> Result<()> {
    let mut indexes = Vec::new();
    let mut all = Vec::new();
    for point in POINTS {
        while indexes.len() < point {
            indexes.push(crowd.create(indexes.len())?.index);
        }
        all.push((point, at(crowd, &mut indexes)?));
    }
    indexes.into_iter().try_for_each(|it| crowd.delete(it))?;
    tell(report, &all)
}

/// Measures with as many subdevs as there are.
fn at(crowd: &Crowd, indexes: &mut [u32]) -> Result<Times> {
    let mut times = Times::default();
    let count = indexes.len();
    let Some(last) = indexes.last_mut() else {
        return Ok(times);
    };
    // One that listens hears of what follows as well, and is gone then.
    let mut latency = Latency::new()?;
    for round in 0..ROUNDS {
        times
            .event
            .push(latency.subdev(*last, &format!("renamed{round}"))?);
    }
    drop(latency);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        crowd.get(*last).map(black_box).map(drop)?;
        times.get.push(start.elapsed());
        let start = Instant::now();
        crowd.delete(*last)?;
        times.delete.push(start.elapsed());
        let start = Instant::now();
        *last = crowd.create(count - 1)?.index;
        times.create.push(start.elapsed());
    }
    for _ in 0..(SHOWN / count).clamp(5, ROUNDS) {
        let start = Instant::now();
        check::equal("subdevs in a dump", crowd.dump()?.len(), count)?;
        times.dump.push(start.elapsed() / count as u32);
    }
    Ok(times)
}

/// Adds a row for each kind and point, beside the first point; dumps have a header, so that their rows are
/// beside the second.
fn tell(report: &mut Report, all: &[(usize, Times)]) -> Result<()> {
    type Of = fn(&Times) -> &Vec<Duration>;
    let kinds: [(&str, Of, usize); 5] = [
        ("create", |it| &it.create, 0),
        ("get", |it| &it.get, 0),
        ("event of a change", |it| &it.event, 0),
        ("delete", |it| &it.delete, 0),
        ("dump, each", |it| &it.dump, 1),
    ];
    for (what, of, first) in kinds {
        for (at, (point, times)) in all.iter().enumerate() {
            let row = Row::new(
                "among inactive subdevs",
                what,
                "subdev",
                Unit::Seconds,
                of(times),
            );
            let row = row.map(|row| row.at(*point as u64));
            report.row(match all.get(first) {
                Some((few, base)) if at > first => row
                    .and_then(|row| row.beside(&format!("among {few}"), of(base)))
                    .map(|row| row.bar(Bar::AtMost(FLAT_BAR))),
                _ => row,
            })?;
        }
    }
    Ok(())
}

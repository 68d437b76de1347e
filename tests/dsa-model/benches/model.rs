// SPDX-License-Identifier: MIT OR Apache-2.0
//! How fast the model is, seen by a client of its vfio-user socket.
//!
//! Two numbers, each with the bar that it has to clear: copies of 2 MiB against a plain `memcpy` in
//! the same run, and NOOPs per second. Ends with status 1 if either does not.

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bench_report::{Bar, Report, Row, Unit};
use common::descriptor::Builder;
use common::{Bench, MEMORY};

const RECORD: u64 = MEMORY;
const SOURCE: u64 = MEMORY + 0x10_0000;
const PIECE: usize = 2 << 20;
const TARGET: u64 = SOURCE + PIECE as u64 / 2;
/// How long each measurement takes.
const SPAN: Duration = Duration::from_millis(500);
/// NOOPs that are under way at the same time; what a WQ of the bench holds.
const DEPTH: u64 = 16;

/// The least share of memcpy's speed.
const COPY_BAR: f64 = 0.5;
/// The least NOOPs per second.
const NOOP_BAR: f64 = 20_000.0;

/// How often each is measured.
const ROUNDS: usize = 5;

fn main() -> ExitCode {
    let mut report = Report::new(std::env::args().any(|word| word == "--json"));
    let mut bench = Bench::enabled(&[0]);
    let (mut plain, mut copied, mut noop) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        // By turns, so that all see the same machine.
        plain.push(memcpy());
        copied.push(memmove(&mut bench));
        noop.push(noops(&mut bench));
    }
    let copies = Row::new(
        "the model",
        "copy 2 MiB",
        "MEMMOVE",
        Unit::BytesPerSecond,
        copied,
    );
    let copies = copies.and_then(|row| row.beside("memcpy", plain));
    let noops = Row::new("the model", "NOOP", "the model", Unit::PerSecond, noop);
    for row in [
        copies.map(|row| row.bar(Bar::AtLeast(COPY_BAR))),
        noops.map(|row| row.bar(Bar::AtLeast(NOOP_BAR))),
    ] {
        if let Err(error) = report.row(row) {
            eprintln!("Error: {error}");
            return ExitCode::FAILURE;
        }
    }
    match report.end() {
        true => ExitCode::SUCCESS,
        false => {
            eprintln!("Error: the model is too slow, or the machine was busy.");
            ExitCode::FAILURE
        }
    }
}

/// Repeats for a while, and gives how often it could in a second.
fn rate(mut work: impl FnMut()) -> f64 {
    // What is touched for the first time is slower.
    work();
    let start = Instant::now();
    let mut times = 0_u32;
    while start.elapsed() < SPAN {
        work();
        times += 1;
    }
    f64::from(times) / start.elapsed().as_secs_f64()
}

fn bytes(copies_per_second: f64) -> f64 {
    copies_per_second * PIECE as f64
}

fn memcpy() -> f64 {
    let source = vec![0x55_u8; PIECE];
    let mut target = vec![0_u8; PIECE];
    bytes(rate(|| {
        target.copy_from_slice(black_box(&source));
        black_box(&target);
    }))
}

fn memmove(bench: &mut Bench) -> f64 {
    // Downwards is the harder way: source and target overlap.
    let copy = Builder::memmove(RECORD, SOURCE, TARGET, PIECE as u32);
    bytes(rate(|| {
        assert_eq!(bench.spin(0, &copy), 1);
    }))
}

fn noops(bench: &mut Bench) -> f64 {
    let descriptors: Vec<_> = (0..DEPTH)
        .map(|index| Builder::noop(RECORD + 0x20 * index).bytes())
        .collect();
    let rounds = rate(|| {
        bench.poke(RECORD, &[0; 0x20 * DEPTH as usize]);
        for descriptor in &descriptors {
            bench.store(0, descriptor);
        }
        for index in 0..DEPTH {
            while bench.peek(RECORD + 0x20 * index, 1)[0] == 0 {
                std::thread::yield_now();
            }
        }
    });
    rounds * DEPTH as f64
}

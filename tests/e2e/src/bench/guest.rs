// SPDX-License-Identifier: MIT OR Apache-2.0
//! How fast a virtual machine under KVM copies with its own idxd, and what KVM leaves it for: by a
//! trapped portal and by a polled one.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::guest::{Copies, Host, Then};
use crate::{system, tool};

/// Copies of each thread of dmatest, and threads: as many as the work queue has entries.
const EACH: u64 = 100;
const THREADS: u64 = 16;

/// KVM's counters of what it has left guests for (srctree arch/x86/kvm/x86.c, `kvm_vcpu_stats_desc`).
const COUNTERS: [&str; 7] = [
    "exits",
    MMIO,
    "io_exits",
    "halt_exits",
    "irq_exits",
    "irq_window_exits",
    "irq_injections",
];
const MMIO: &str = "mmio_exits";

/// Fewer exits for MMIO than so many of a copy are none for its submission.
const RARE: f64 = 0.05;

/// Measures, prints a table, and returns whether a submission by a polled portal leaves no guest.
pub fn run() -> Result<bool> {
    let host = Host::new()?;
    let [trapped, polled] = ["trapped", "polled"].map(|portal| measure(&host, portal));
    let (trapped, polled) = (trapped?, polled?);
    println!("{:<24} {:>10} {:>10}", "", "trapped", "polled");
    let row = |what: &str, of: fn(&Figures, usize) -> f64, at| {
        println!(
            "{what:<24} {:>10.2} {:>10.2}",
            of(&trapped, at),
            of(&polled, at)
        );
    };
    row("copies a second", |it, _| it.rate, 0);
    for (at, name) in COUNTERS.iter().enumerate() {
        row(&format!("{name} of a copy"), |it, at| it.exits[at], at);
    }
    let mmio = COUNTERS.iter().position(|it| *it == MMIO).unwrap_or(0);
    Ok(polled.exits[mmio] < RARE)
}

struct Figures {
    /// Copies a second, of all threads together.
    rate: f64,
    /// For a copy, by [`COUNTERS`].
    exits: [f64; COUNTERS.len()],
}

fn measure(host: &Host, portal: &str) -> Result<Figures> {
    let subdev = tool::add(&format!(
        "wq 3 pasid-mode shared portal {portal} size 16 name {portal}"
    ))?;
    let device = system::auxiliary_path(&subdev.location()?.device);
    let copies = Copies {
        each: EACH,
        threads: THREADS,
        verified: false,
        then: Then::PowerOff,
    };
    let mut guest = host.start(&device, copies)?;
    guest.boot()?;
    let before = counters()?;
    let done = guest.copied()?;
    let after = counters()?;
    ensure!(done.copies == EACH * THREADS, "{} copies", done.copies);
    guest.off()?;
    tool::del(portal)?;
    let each = |at: usize| (after[at] - before[at]) as f64 / done.copies as f64;
    Ok(Figures {
        rate: done.rate,
        exits: std::array::from_fn(each),
    })
}

fn counters() -> Result<[u64; COUNTERS.len()]> {
    let mut counters = [0; COUNTERS.len()];
    for (value, name) in counters.iter_mut().zip(COUNTERS) {
        let path = format!("/sys/kernel/debug/kvm/{name}");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        *value = text.trim_end().parse()?;
    }
    Ok(counters)
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! How fast a virtual machine under KVM copies with its own idxd, and what KVM leaves it for: by a
//! trapped portal and by a polled one.

use std::fs;

use anyhow::{Context, Result, ensure};
use bench_report::{Bar, Report, Row, Unit};

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

/// Up to so many exits for MMIO of a copy are none for its submission.
const RARE: f64 = 0.05;

/// Measures.
pub fn run(report: &mut Report) -> Result<()> {
    let host = Host::new()?;
    let [trapped, polled] = ["trapped", "polled"].map(|portal| measure(&host, portal));
    let (trapped, polled) = (trapped?, polled?);
    let name = "a guest under KVM";
    for (whose, figures) in [("trapped portal", &trapped), ("polled portal", &polled)] {
        let rate = Row::new(name, "copies", whose, Unit::PerSecond, figures.rate);
        report.row(rate)?;
        for (counter, exits) in COUNTERS.iter().zip(figures.exits) {
            let what = format!("{counter} of a copy");
            let row = Row::new(name, &what, whose, Unit::Count, exits);
            let barred = *counter == MMIO && whose == "polled portal";
            report.row(match barred {
                true => row.map(|row| row.bar(Bar::AtMost(RARE))),
                false => row,
            })?;
        }
    }
    Ok(())
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

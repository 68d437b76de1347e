// SPDX-License-Identifier: MIT OR Apache-2.0
//! Virtual machines with a stock kernel use subdevs by that kernel's own driver.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::check::{self, step};
use crate::figures::Figures;
use crate::guest::{Copies, Guest, Host, Then};
use crate::scenario::Scenario;
use crate::{amount, system, tool, wait};

pub const GUEST: Scenario = Scenario {
    name: "guest",
    // QEMU's translator runs guests of a guest badly: with two processors, two of eight that only booted
    // ended in a triple fault or stood still, without the module, and now and then the machine itself.
    vm: "--kernel stock --processors 1 --tries 3 --timeout 700",
    about: "Debian's kernel copies with its own idxd as a guest under KVM, without an exit for it",
    run,
};

/// Copies of the guest that is left alone.
const COPIES: u64 = 10_000;

/// Copies over which exits are counted.
const SPAN: u64 = 2_000;

/// How long they may take.
const LONG: Duration = Duration::from_secs(240);

/// Copies until both guests are at it.
const BEGUN: u64 = 100;

/// Fewer than one exit for so many copies is none for a submission: what is left is the clock of the
/// guest and its console.
const RARE: u64 = 20;

/// Copies a second of a guest whose portal was trapped, with two threads and nothing beside it: what a
/// rate is read beside.
const TRAPPED: u64 = 400;

fn run() -> Result<()> {
    guests().map_err(|error| error.context(counted()))
}

/// What became of the descriptors of both subdevs, as the host counts.
fn counted() -> String {
    let counted = ["one", "two"].map(|name| match Figures::of("subdev", name) {
        Ok(figures) => format!("{name}: {figures:?}"),
        Err(error) => format!("{name}: {error:#}"),
    });
    format!("the host counted {}", counted.join(", "))
}

fn guests() -> Result<()> {
    let host = Host::new()?;
    step("two guests have subdevs on one work queue, and each enables its device");
    let [one, two] = ["one", "two"].map(|name| -> Result<PathBuf> {
        let words = format!("wq 3 pasid-mode shared portal polled size 8 name {name}");
        Ok(system::auxiliary_path(
            &tool::add(&words)?.location()?.device,
        ))
    });
    let (one, two) = (one?, two?);
    let each = amount::changes(COPIES) / 2;
    let mut first = host.start(
        &one,
        Copies {
            each,
            threads: 2,
            verified: true,
            then: Then::PowerOff,
        },
    )?;
    let mut second = endless(&host, &two)?;
    first.boot()?;
    second.boot()?;

    step("both copy at the same time, and no copy has KVM leave the guest");
    await_copies("one", &mut first, BEGUN)?;
    await_copies("two", &mut second, BEGUN)?;
    let before = (mmio_exits()?, completed("one")? + completed("two")?);
    await_copies("one", &mut first, SPAN / 2)?;
    await_copies("two", &mut second, SPAN / 2)?;
    let exits = mmio_exits()? - before.0;
    let copies = completed("one")? + completed("two")? - before.1;
    println!("    {exits} exits for MMIO during {copies} copies");
    ensure!(
        exits * RARE <= copies,
        "{exits} exits during {copies} copies"
    );

    step("one is killed while it copies, and another has its subdev then");
    second.kill()?;
    let mut third = host.start(
        &two,
        Copies {
            each: 100,
            threads: 1,
            verified: true,
            then: Then::Reboot,
        },
    )?;
    third.boot()?;
    check::equal("copies of the other", third.copied()?.copies, 100)?;

    step("that one boots again, and copies again");
    third.boot()?;
    check::equal("copies after a boot", third.copied()?.copies, 100)?;
    drop(third);

    step("the first has not failed once");
    let done = first.copied()?;
    check::equal("copies of the first", done.copies, 2 * each)?;
    println!(
        "    {:.0} copies a second, beside the other guests (by a trapped portal, alone: {TRAPPED})",
        done.rate
    );
    first.off()?;
    for name in ["one", "two"] {
        Figures::of("subdev", name)?.expect(&[("in-flight", 0), ("failed", 0)])?;
        tool::del(name)?;
    }
    Ok(())
}

/// A guest that copies until it is killed.
fn endless(host: &Host, subdev: &Path) -> Result<Guest> {
    host.start(
        subdev,
        Copies {
            each: u32::MAX.into(),
            threads: 2,
            verified: true,
            then: Then::PowerOff,
        },
    )
}

/// How often a guest was left for MMIO that KVM does not know (srctree arch/x86/kvm/x86.c).
fn mmio_exits() -> Result<u64> {
    let path = "/sys/kernel/debug/kvm/mmio_exits";
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    Ok(text.trim_end().parse()?)
}

fn completed(subdev: &str) -> Result<u64> {
    Ok(Figures::of("subdev", subdev)?.get("completed"))
}

/// Waits until the guest that has the subdev has made so many more copies.
fn await_copies(subdev: &str, guest: &mut Guest, count: u64) -> Result<()> {
    let target = completed(subdev)? + count;
    let what = format!("{target} copies of {subdev}");
    let reached = wait::until_true(LONG, &what, || Ok(completed(subdev)? >= target));
    reached.map_err(|error| error.context(guest.last_words()))
}

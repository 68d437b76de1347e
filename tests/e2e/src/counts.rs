// SPDX-License-Identifier: MIT OR Apache-2.0
//! How many system calls, allocations and interrupts an operation takes. They do not depend on how fast the machine
//! is, so that what they have to be is in a file: `counts.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::Ordering;

use allocation_counter::AllocationInfo;
use anyhow::{Context, Result, ensure};
use nlctl::AdminState;
use perf_event::events::Tracepoint;
use perf_event::{Builder, Counter};
use serde::{Deserialize, Serialize};

use crate::crowd::Crowd;
use crate::dsa::{Descriptor, Dsa, Notice, store_to};
use crate::model::Subdev;
use crate::process;
use crate::system;
use crate::tenant::{FROM, TO};
use crate::tool;
use crate::vfio::{PAGE, Region};
use crate::wait::SOON;

/// Where the lab has the file in the machine.
const WANTED: &str = "/usr/share/subdev/counts.toml";

/// How a person has the file written anew.
pub const HOW: &str = "cargo xtask vm -- e2e counts > tests/e2e/counts.toml";

/// How often each operation is done. The fewest of all count: once in a while the kernel makes a table
/// larger, or a buffer is there from before.
const ROUNDS: usize = 16;

/// Subdevs of one request, and of a dump.
const MANY: usize = 64;

/// What one operation takes, of the thread that does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Counts {
    /// System calls.
    pub system_calls: u64,
    /// Allocations of the program.
    pub allocations: u64,
    /// Allocations of the kernel meanwhile by kmalloc(). Caches of a kind, such as that of heads of
    /// messages, are looked into by processor, so that those counts are not the same each time.
    pub kernel_allocations: u64,
    /// Interrupts of the device meanwhile.
    pub interrupts: u64,
}

/// The counts of each operation.
pub type All = BTreeMap<String, Counts>;

/// Reads what the counts have to be.
pub fn wanted() -> Result<All> {
    let text = fs::read_to_string(WANTED).with_context(|| format!("cannot read {WANTED}"))?;
    toml::from_str(&text).context("counts.toml")
}

/// The same as a file.
pub fn written(all: &All) -> Result<String> {
    let head = "# SPDX-License-Identifier: MIT OR Apache-2.0\n\
                # What one operation takes, of the thread that does it, on Debian's kernel. The scenario\n\
                # `counts` fails when something is different. When that is as it should be:\n";
    Ok(format!("{head}#   {HOW}\n\n{}", toml::to_string(all)?))
}

/// What is different, a line for each.
pub fn differences(counted: &All, wanted: &All) -> Vec<String> {
    let mut lines = Vec::new();
    for name in wanted.keys().filter(|name| !counted.contains_key(*name)) {
        lines.push(format!("{name}: is not done any more"));
    }
    for (name, counts) in counted {
        let Some(wanted) = wanted.get(name) else {
            lines.push(format!("{name}: is new"));
            continue;
        };
        for (what, now, then) in [
            ("system calls", counts.system_calls, wanted.system_calls),
            ("allocations", counts.allocations, wanted.allocations),
            (
                "allocations of the kernel",
                counts.kernel_allocations,
                wanted.kernel_allocations,
            ),
            ("interrupts", counts.interrupts, wanted.interrupts),
        ] {
            if now != then {
                let more = if now > then { "more" } else { "fewer" };
                let by = now.abs_diff(then);
                lines.push(format!("{name}: {now} {what}, {by} {more} than {then}"));
            }
        }
    }
    lines
}

/// Counts events of this thread.
struct Meter {
    system_calls: Counter,
    kernel: Counter,
}

/// Where the kernel tells of its events.
const TRACING: &str = "/sys/kernel/tracing";

impl Meter {
    fn new() -> Result<Self> {
        if !Path::new(TRACING).join("events").exists() {
            let mut mount = Command::new("mount");
            mount.args(["-t", "tracefs", "tracefs", TRACING]);
            process::run(&mut mount, SOON)?.ok()?;
        }
        Ok(Self {
            system_calls: counter("raw_syscalls/sys_enter")?,
            kernel: counter("kmem/kmalloc")?,
        })
    }

    /// Counts what `work` takes.
    fn count<T>(&mut self, work: impl FnOnce() -> Result<T>) -> Result<(Counts, T)> {
        let mut done = None;
        let before = interrupts()?;
        // The other counter first, and at the end last: its system calls are not to be counted.
        self.kernel.reset()?;
        self.kernel.enable()?;
        self.system_calls.reset()?;
        self.system_calls.enable()?;
        let AllocationInfo { count_total, .. } =
            allocation_counter::measure(|| done = Some(work()));
        self.system_calls.disable()?;
        self.kernel.disable()?;
        let counts = Counts {
            // The last one is that which ended the count.
            system_calls: self.system_calls.read()?.saturating_sub(1),
            allocations: count_total,
            kernel_allocations: self.kernel.read()?,
            interrupts: interrupts()? - before,
        };
        Ok((counts, done.context("nothing was done")??))
    }
}

/// How many interrupts of the device there have been.
fn interrupts() -> Result<u64> {
    let text = fs::read_to_string("/proc/interrupts").context("cannot read /proc/interrupts")?;
    Ok(interrupts_in(&text))
}

/// A line has the number of the interrupt, counts of each processor, and last what the driver calls it.
fn interrupts_in(text: &str) -> u64 {
    let ours = |line: &&str| {
        let name = line.split_whitespace().next_back();
        name.is_some_and(|it| it.starts_with(system::MODULE))
    };
    let counts = text.lines().filter(ours).flat_map(|line| {
        let counts = line.split_whitespace().skip(1);
        counts.map_while(|word| word.parse::<u64>().ok())
    });
    counts.sum()
}

/// A counter of a tracepoint, that of this thread alone.
fn counter(event: &str) -> Result<Counter> {
    let path = Path::new(TRACING).join("events").join(event).join("id");
    let id =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut builder = Builder::new(Tracepoint::with_id(id.trim_end().parse()?));
    // It is the kernel that allocates.
    builder.exclude_kernel(false).exclude_hv(false);
    let counter = builder.build();
    counter.with_context(|| format!("cannot count {event}"))
}

/// The fewest of each operation.
#[derive(Default)]
struct Fewest(All);

impl Fewest {
    fn note(&mut self, name: &str, counts: Counts) {
        let entry = self.0.entry(name.to_owned()).or_insert(counts);
        *entry = Counts {
            system_calls: entry.system_calls.min(counts.system_calls),
            allocations: entry.allocations.min(counts.allocations),
            kernel_allocations: entry.kernel_allocations.min(counts.kernel_allocations),
            interrupts: entry.interrupts.min(counts.interrupts),
        };
    }
}

/// Does each operation, and counts.
pub fn count() -> Result<All> {
    let mut meter = Meter::new()?;
    let mut all = Fewest::default();
    let crowd = Crowd::new(MANY)?;
    for _ in 0..ROUNDS {
        for (name, state) in [
            ("inactive", AdminState::Inactive),
            ("active", AdminState::Active),
        ] {
            let (counts, index) = meter.count(|| crowd.create_alone(state))?;
            all.note(&format!("create one that is {name}"), counts);
            let (counts, _) = meter.count(|| crowd.get(index))?;
            all.note(&format!("get one that is {name}"), counts);
            let (counts, ()) = meter.count(|| crowd.delete(index))?;
            all.note(&format!("delete one that is {name}"), counts);
        }
        let state = AdminState::Inactive;
        let (counts, made) = meter.count(|| crowd.create_together(MANY, state))?;
        ensure!(made.len() == MANY, "{} are created", made.len());
        all.note(&format!("create {MANY} by one request"), counts);
        let (counts, _) = meter.count(|| crowd.dump())?;
        all.note(&format!("dump {MANY}"), counts);
        made.into_iter().try_for_each(|index| crowd.delete(index))?;
    }
    for portal in ["polled", "trapped"] {
        let line = format!("wq 3 name counts portal {portal}");
        let subdev = tool::add(&line)?;
        copies(&mut meter, &mut all, &subdev, portal)?;
        tool::del("counts")?;
    }
    Ok(all.0)
}

/// Counts what copies by such a portal take, from submission to completion.
fn copies(meter: &mut Meter, all: &mut Fewest, subdev: &Subdev, portal: &str) -> Result<()> {
    let mut dsa = Dsa::open_enabled(&subdev.location()?)?;
    if portal == "polled" {
        dsa.map_portal()?;
    }
    let _memory = (dsa.map(FROM, PAGE)?, dsa.map(TO, PAGE)?);
    let copy = Descriptor::memmove(FROM, TO, PAGE as u32);
    for slot in 0..ROUNDS as u64 {
        let raw = dsa.prepare(0, copy, Notice::Record)?;
        let at = dsa.slot_offset(slot);
        let record = dsa.record(0)?;
        let (counts, ()) = meter.count(|| {
            match portal {
                "polled" => store_to(dsa.portal()?, at as usize, &raw)?,
                _ => dsa.device().write(Region::Bar2, at, &raw)?,
            }
            // Without a look at the clock, which may take a system call. The lowest byte is the status.
            while record.load(Ordering::Acquire) as u8 == 0 {
                std::hint::spin_loop();
            }
            Ok(())
        })?;
        dsa.wait(0, SOON)?.success("MEMMOVE")?;
        all.note(&format!("copy a page by a {portal} portal"), counts);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTS: Counts = Counts {
        system_calls: 2,
        allocations: 30,
        kernel_allocations: 4,
        interrupts: 1,
    };

    fn all(counts: &[(&str, Counts)]) -> All {
        let counts = counts
            .iter()
            .map(|(name, counts)| ((*name).to_owned(), *counts));
        counts.collect()
    }

    #[test]
    fn what_is_different_is_told() {
        let more = Counts {
            system_calls: 3,
            allocations: 29,
            ..COUNTS
        };
        let wanted = all(&[("create", COUNTS), ("get", COUNTS), ("dump", COUNTS)]);
        let counted = all(&[("create", more), ("get", COUNTS), ("set", COUNTS)]);
        assert_eq!(
            differences(&counted, &wanted),
            [
                "dump: is not done any more",
                "create: 3 system calls, 1 more than 2",
                "create: 29 allocations, 1 fewer than 30",
                "set: is new",
            ]
        );
        assert!(differences(&wanted, &wanted).is_empty());
    }

    #[test]
    fn interrupts_of_the_device_are_found_among_others() {
        let text = "           CPU0       CPU1\n\
                    24:          7          0  PCI-MSI 49152-edge      virtio0-config\n\
                    31:          2         40  PCI-MSIX-0000:00:04.0   0-edge      subdev-misc\n\
                    32:        100          1  PCI-MSIX-0000:00:04.0   1-edge      subdev-wq\n\
                    NMI:         3          4   Non-maskable interrupts\n";
        assert_eq!(interrupts_in(text), 143);
    }

    #[test]
    fn what_is_written_is_read_again() -> Result<()> {
        let counts = all(&[("get one", COUNTS)]);
        let text = written(&counts)?;
        assert_eq!(toml::from_str::<All>(&text)?, counts, "{text}");
        Ok(())
    }

    #[test]
    fn the_file_is_as_it_is_written() -> Result<()> {
        let text = include_str!("../counts.toml");
        assert_eq!(written(&toml::from_str(text)?)?, text);
        Ok(())
    }

    #[test]
    fn allocations_of_the_program_are_counted() {
        let info = allocation_counter::measure(|| drop(std::hint::black_box(vec![1_u8])));
        assert_eq!(info.count_total, 1);
    }
}

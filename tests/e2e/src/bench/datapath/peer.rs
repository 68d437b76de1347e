// SPDX-License-Identifier: MIT OR Apache-2.0
//! Upstream's driver: a channel of its dmaengine, and its character device.

use std::fs::File;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::table::{Load, Table, Way};
use super::{ENTRIES, SIZES, SPAN};
use crate::idxd::{DmaTest, KERNEL_WQ, USER_WQ, configure, configure_one, disable};
use crate::kmsg::Kmsg;

/// What the figures are of.
pub const ABOUT: &str = "\
(iii): upstream's driver in the kernel (dmaengine), under dmatest with noverify=1 norandom=1 polled=0 and
    as many threads as are in flight. A copy includes that both buffers are mapped and unmapped for DMA,
    an interrupt, and that its thread wakes up; memory is neither filled nor compared. With polled=1 it
    is the same: dmatest takes that back for channels that complete out of order, as idxd's do.";

/// How many copies are enough to know about how long one takes.
const SOME: f64 = 64.0;

/// Longest that a copy may take, in milliseconds.
const TIMEOUT: u32 = 20_000;

/// Measures copies of `dmatest`.
pub fn measure(log: &mut Kmsg, table: &mut Table) -> Result<()> {
    let test = DmaTest::load()?;
    for (parameter, value) in [("noverify", "1"), ("norandom", "1"), ("polled", "0")] {
        test.set(parameter, value)?;
    }
    table.measure(Way::Idxd, |load| Ok((rate(&test, log, load)?, None)))
}

/// Copies per second.
fn rate(test: &DmaTest, log: &mut Kmsg, load: Load) -> Result<f64> {
    test.set("test_buf_size", &load.size.to_string())?;
    test.set("threads_per_chan", &load.depth.to_string())?;
    let each = |copies: f64| (copies / load.depth as f64).ceil() as u32;
    // How many it takes to last for a span, by how long some take.
    let some = copy(test, log, load.depth, each(SOME))?;
    copy(test, log, load.depth, each(some * SPAN.as_secs_f64()))
}

/// So many copies in each of some threads; gives copies per second.
fn copy(test: &DmaTest, log: &mut Kmsg, threads: usize, each: u32) -> Result<f64> {
    // A channel is good for one run.
    configure(&configuration()?)?;
    log.lines()?;
    test.start(each, TIMEOUT)?;
    let summaries = test.finish_threads(log, threads)?;
    disable()?;
    let threads = summaries.iter().map(|line| {
        let thread = Thread::of(line);
        thread.with_context(|| format!("unexpected summary of dmatest: {line:?}"))
    });
    together(&threads.collect::<Result<Vec<_>>>()?)
}

/// The WQ of the kernel, with what the default configuration of our module has of the device.
fn configuration() -> Result<String> {
    let engines = (0..4).map(|n| json!({ "dev": format!("engine0.{n}"), "group_id": 0 }));
    let largest = SIZES.into_iter().max().context("no sizes")?;
    let wq = json!({
        "dev": KERNEL_WQ,
        "mode": "dedicated",
        "size": ENTRIES,
        "group_id": 0,
        "priority": 8,
        "block_on_fault": 0,
        "max_batch_size": 1,
        "max_transfer_size": largest,
        "type": "kernel",
        "name": "dmaengine",
        "driver_name": "dmaengine",
        "threshold": 0,
    });
    let group = json!({
        "dev": "group0.0",
        "grouped_workqueues": [wq],
        "grouped_engines": engines.collect::<Vec<_>>(),
    });
    Ok(json!([{ "dev": "dsa0", "groups": [group] }]).to_string())
}

/// What a thread of `dmatest` has done.
#[derive(Debug, PartialEq)]
struct Thread {
    copies: f64,
    failures: u32,
    per_second: f64,
}

impl Thread {
    /// Reads `… summary 1000 tests, 0 failures 1234.56 iops 789 KB/s (0)`.
    fn of(line: &str) -> Option<Self> {
        let (_, line) = line.split_once("summary ")?;
        let (copies, line) = line.split_once(" tests, ")?;
        let (failures, line) = line.split_once(" failures ")?;
        let (per_second, _) = line.split_once(" iops")?;
        Some(Self {
            copies: copies.parse().ok()?,
            failures: failures.parse().ok()?,
            per_second: per_second.parse().ok()?,
        })
    }
}

/// Copies per second of all threads, from their begin to the end of the last one.
fn together(threads: &[Thread]) -> Result<f64> {
    for thread in threads {
        ensure!(thread.failures == 0, "copies of dmatest fail: {thread:?}");
    }
    let copies: f64 = threads.iter().map(|it| it.copies).sum();
    let times = threads.iter().map(|it| it.copies / it.per_second);
    Ok(copies / times.fold(0.0, f64::max))
}

/// Tries to submit by a write to the character device, and tells what comes of it.
///
/// Line numbers are those of Linux 7.3.4.
pub fn file() -> Result<String> {
    configure_one(USER_WQ)?;
    let path = format!("/dev/dsa/{USER_WQ}");
    let opened = File::options().write(true).open(&path);
    disable()?;
    let what = format!("idxd's character device: no figure. {path}");
    Ok(match opened {
        Ok(_) => format!("{what} can be opened, which it could not when this was written."),
        Err(error) => format!(
            "{what} cannot be opened for write(): {error}.
    Opening binds the memory of the process to the device (drivers/dma/idxd/cdev.c:247), which takes an
    IOMMU (drivers/iommu/iommu-sva.c:81); the machine has none. Without that, by sva=0, no WQ of user
    programs is enabled at all (cdev.c:623): idxd does not translate the addresses of a descriptor."
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_counted_until_the_last_ends() -> Result<()> {
        let line =
            "dmatest: dma0chan0-copy0: summary 200 tests, 0 failures 400.00 iops 25 KB/s (0)";
        let one = Thread::of(line).context("a summary")?;
        let other = Thread {
            copies: 300.0,
            failures: 0,
            per_second: 300.0,
        };
        assert_eq!((one.copies, one.per_second), (200.0, 400.0));
        assert!((together(&[one, other])? - 500.0).abs() < 0.01);
        assert_eq!(
            Thread::of("dmatest: Started 1 threads using dma0chan0"),
            None
        );
        Ok(())
    }

    #[test]
    fn a_copy_that_fails_is_no_figure() {
        let line = "dma0chan0-copy0: summary 2 tests, 1 failures 4.00 iops 0 KB/s (0)";
        assert!(together(&Vec::from_iter(Thread::of(line))).is_err());
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! `dmatest`: the kernel's own test of DMA channels.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::command;
use crate::kmsg::Kmsg;
use crate::system::ctl;
use crate::{system, wait};

/// How long a run may take; the machine is emulated.
const LONG: Duration = Duration::from_secs(240);

/// What tells in a line of the kernel log that a thread has ended.
const SUMMARY: &str = ": summary ";

/// The module `dmatest`, unloaded when dropped.
pub struct DmaTest(());

impl DmaTest {
    /// Loads it for copies on one channel at a time.
    pub fn load() -> Result<Self> {
        system::insert(
            "dmatest.ko",
            &["dmatest=0", "threads_per_chan=1", "max_channels=1"],
        )?;
        Ok(Self(()))
    }

    /// Sets one of its parameters.
    pub fn set(&self, parameter: &str, value: &str) -> Result<()> {
        let path = Path::new("/sys/module/dmatest/parameters").join(parameter);
        system::write_sysfs(&path, value)
    }

    /// Starts a number of transfers in each thread, each of which may take so many milliseconds.
    pub fn start(&self, transfers: u32, timeout: u32) -> Result<()> {
        self.set("timeout", &timeout.to_string())?;
        self.set("iterations", &transfers.to_string())?;
        self.set("channel", "dma0chan0")?;
        self.set("run", "1")
    }

    /// Runs so many transfers and gives the summary. The channel is good for one run: that ends by
    /// terminating it, which `idxd` only recovers from when its WQ is enabled anew.
    pub fn run(&self, log: &mut Kmsg, transfers: u32, timeout: u32) -> Result<String> {
        // What was said before this run is not its summary.
        log.lines()?;
        self.start(transfers, timeout)?;
        self.finish(log)
    }

    /// Waits for the end of the run, and gives its summary: `N tests, N failures …`.
    pub fn finish(&self, log: &mut Kmsg) -> Result<String> {
        let summary = self.finish_threads(log, 1)?.pop();
        summary.context("dmatest has no summary")
    }

    /// The same of a run in several threads, each of which has a summary. A run that is told to end
    /// before frees memory that the device still writes to.
    pub fn finish_threads(&self, log: &mut Kmsg, threads: usize) -> Result<Vec<String>> {
        let mut summaries = Vec::new();
        wait::until_true(LONG, "the end of dmatest", || {
            let lines = log.lines()?.into_iter();
            summaries.extend(lines.filter(|line| line.contains(SUMMARY)));
            Ok(summaries.len() >= threads)
        })?;
        // The channel is given back when the run is told to end.
        self.set("run", "0")?;
        let running = fs::read_to_string("/sys/module/dmatest/parameters/run")
            .context("dmatest does not tell whether it runs")?;
        ensure!(running.trim_end() == "N", "dmatest still runs");
        Ok(summaries)
    }
}

impl Drop for DmaTest {
    fn drop(&mut self) {
        // A scenario that failed may have left transfers that are held, whose end would be waited
        // for. Should the module stay, `modprobe -r idxd` fails and says so.
        let _ = ctl("clear");
        let _ = command("rmmod", "dmatest");
    }
}

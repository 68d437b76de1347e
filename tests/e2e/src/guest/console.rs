// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a guest says on its serial port (`init.sh`).

use std::time::Duration;

use anyhow::{Result, bail};

use crate::process::Talker;
use crate::wait::SOON;

/// How long a guest may take to boot, in a processor that is emulated.
const BOOT: Duration = Duration::from_secs(180);

/// How long it may take then to enable its device.
const ENABLE: Duration = Duration::from_secs(120);

/// Longest pause between two lines of a guest that copies.
const COPIES: Duration = Duration::from_secs(480);

/// What a guest says to the scenario begins so.
const MARK: &str = "guest: ";

/// What the dmatest of a guest has done.
#[derive(Default)]
pub struct Done {
    pub copies: u64,
    /// How many of them in a second, of all threads together.
    pub rate: f64,
}

/// The serial port of a guest, by a process that prints what comes.
pub struct Console {
    pub port: Talker,
    /// All that came.
    pub log: Vec<String>,
}

impl Console {
    pub fn new(port: Talker) -> Self {
        let log = Vec::new();
        Self { port, log }
    }

    /// What it says next.
    fn next(&mut self, limit: Duration) -> Result<String> {
        loop {
            let line = self.port.line(limit)?;
            let told = line.split_once(MARK).map(|(_, told)| told.trim_end());
            let told = told.map(str::to_owned);
            self.log.push(line);
            match told {
                Some(told) if told.starts_with("failed") => {
                    // Its kernel log follows.
                    while let Ok(line) = self.port.line(SOON) {
                        self.log.push(line);
                    }
                    bail!("the guest said {:#?}", self.log)
                }
                Some(told) => return Ok(told),
                None => (),
            }
        }
    }

    /// Waits until it says this, which is next.
    fn expect(&mut self, expected: &str, limit: Duration) -> Result<()> {
        let told = self.next(limit)?;
        if told != expected {
            bail!("expected {expected:?}, got {told:?}");
        }
        Ok(())
    }

    /// Waits until its init runs.
    pub fn up(&mut self) -> Result<()> {
        self.expect("up", BOOT)
    }

    /// Waits until its device is enabled, and it copies.
    pub fn copies(&mut self) -> Result<()> {
        self.expect("dsa0 enabled, wq0.0 enabled", ENABLE)?;
        self.expect("copying", ENABLE)
    }

    /// Waits until it has copied; a copy that failed is an error.
    pub fn copied(&mut self) -> Result<Done> {
        let mut done = Done::default();
        loop {
            let line = self.next(COPIES)?;
            if line == "end of copies" {
                return Ok(done);
            }
            // `dma0chan0-copy0: summary 10 tests, 0 failures 123.45 iops 678 KB/s (0)`
            let summary = line.split_once("summary ").map_or("", |(_, it)| it);
            let words: Vec<_> = summary.split(' ').collect();
            match words[..] {
                [copies, "tests,", "0", "failures", rate, "iops", ..] => {
                    done.copies += copies.parse::<u64>()?;
                    done.rate += rate.parse::<f64>()?;
                }
                _ => bail!("the guest said {line:?}"),
            }
        }
    }

    /// Waits until nothing of it uses its device any more.
    pub fn idle(&mut self) -> Result<()> {
        self.expect("idle", ENABLE)
    }

    /// Waits until it has let go of its device.
    pub fn released(&mut self) -> Result<()> {
        self.expect("released", ENABLE)
    }
}

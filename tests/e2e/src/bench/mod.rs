// SPDX-License-Identifier: MIT OR Apache-2.0
//! Measurements of the module. What is demanded of times is the ratio of two of one run, as the
//! speed of the machine is anybody's guess; memory is measured in bytes.

mod control;
mod datapath;
mod dra;
mod faces;
mod guest;
mod latency;
mod memory;
mod table;
mod tool;

pub use tool::{PEAK, peak};

use anyhow::Result;
use clap::ValueEnum;

/// What can be measured.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Subject {
    /// What it costs to manage many subdevs, how much memory they take, and how soon events come.
    Control,
    /// How fast copies go through a subdev, beside upstream's driver.
    Datapath,
    /// What a claim costs the Kubernetes driver, and how much memory that has.
    Dra,
    /// How fast a guest under KVM copies, by a trapped portal and by a polled one.
    Guest,
    /// How long the tool takes, beside those of others.
    Tool,
}

/// Measures, prints a table, and returns whether each bar is cleared.
pub fn run(subject: Subject) -> Result<bool> {
    match subject {
        Subject::Control => control::run(),
        Subject::Datapath => datapath::run(),
        Subject::Dra => dra::run(),
        Subject::Guest => guest::run(),
        Subject::Tool => tool::run(),
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! A trace of what software did to the device and what became of it, for people to read.
//!
//! A line for each event: seconds since the start, what happened, where, and what it means.

mod names;

use std::fmt::{self, Debug, Display};
use std::io;
use std::time::Instant;

use parking_lot::Mutex;

use crate::completion::Completion;
use crate::descriptor::{Descriptor, Opcode};
use crate::portal::Arrival;
use crate::profile::Profile;
use crate::state::{Answer, Write};

/// Where the trace goes, if anywhere.
pub struct Trace {
    start: Instant,
    sink: Option<Mutex<Box<dyn io::Write + Send>>>,
}

impl Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace")
            .field("on", &self.sink.is_some())
            .finish_non_exhaustive()
    }
}

impl Trace {
    /// No trace.
    pub fn off() -> Self {
        Self {
            start: Instant::now(),
            sink: None,
        }
    }

    /// A trace written line by line.
    pub fn to(sink: Box<dyn io::Write + Send>) -> Self {
        Self {
            start: Instant::now(),
            sink: Some(Mutex::new(sink)),
        }
    }

    /// Something that happens to the device as a whole.
    pub(crate) fn note(&self, text: impl Display) {
        self.line(|| format!("{:<6} {text}", "note"));
    }

    /// An access to configuration space.
    pub(crate) fn config(&self, what: &str, offset: u64, data: &[u8]) {
        self.line(|| {
            let value = number(data);
            format!("{what:<6} {:<22} {value}", format!("config {offset:#05x}"))
        });
    }

    /// An access to BAR0.
    pub(crate) fn register(&self, profile: &Profile, what: &str, offset: u64, data: &[u8]) {
        self.line(|| {
            let name = names::register(profile, offset);
            let meaning = names::meaning(offset, data);
            format!("{what:<6} {name:<22} {:<18} {meaning}", number(data))
        });
    }

    /// A descriptor at a portal.
    pub(crate) fn arrival(&self, arrival: &Arrival, answer: Answer) {
        self.line(|| {
            let what = match arrival.write {
                Write::Posted { .. } => "submit",
                Write::Deferrable { .. } => "enqcmd",
            };
            let outcome = match answer {
                Answer::Accepted { .. } => "",
                Answer::Refused => ", refused",
            };
            format!(
                "{what:<6} wq {} {}{outcome}",
                arrival.wq,
                describe(&arrival.descriptor)
            )
        });
    }

    /// A descriptor is done.
    pub(crate) fn completion(&self, wq: u8, descriptor: &Descriptor, completion: &Completion) {
        self.line(|| {
            let fault = match completion.fault {
                Some(fault) => format!(", {:?} of {:#x} fails", fault.access, fault.address),
                None => String::new(),
            };
            format!(
                "{:<6} wq {wq} {}: {:#04x} {:?}, result {}, completed {}{fault}",
                "done",
                opcode(descriptor),
                completion.status as u8,
                completion.status,
                completion.result,
                completion.completed,
            )
        });
    }

    /// An interrupt, which may come more or less than once.
    pub(crate) fn interrupt(&self, vector: u16, times: u32) {
        self.line(|| {
            let times = match times {
                0 => ", lost".to_owned(),
                1 => String::new(),
                more => format!(", {more} times"),
            };
            format!("{:<6} vector {vector}{times}", "irq")
        });
    }

    fn line(&self, text: impl FnOnce() -> String) {
        if let Some(sink) = &self.sink {
            let time = self.start.elapsed().as_secs_f64();
            let line = format!("{time:11.6} {}\n", text().trim_end());
            // A trace that cannot be written is no reason to stop the device.
            let _ = sink.lock().write_all(line.as_bytes());
        }
    }
}

/// The operation's name, or its number if it has none.
fn opcode(descriptor: &Descriptor) -> String {
    Opcode::try_from(descriptor.opcode()).map_or_else(
        |code| format!("operation {code:#04x}"),
        |opcode| format!("{opcode:?}"),
    )
}

fn describe(descriptor: &Descriptor) -> String {
    format!(
        "{} flags {:#x}, {:#x}, {:#x}, size {:#x}, record {:#x}",
        opcode(descriptor),
        descriptor.flags(),
        descriptor.first(),
        descriptor.second(),
        descriptor.size(),
        descriptor.completion_address(),
    )
}

/// Bytes as the number they are.
fn number(data: &[u8]) -> String {
    let digits = data.iter().rev().map(|byte| format!("{byte:02x}"));
    format!("0x{}", digits.collect::<String>())
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! Ending well when the user or the system asks us to end.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Remembers the signal that asked for the end. Whoever waits long looks here
/// several times a second, and returns [`Interrupted`] so that everything that
/// was started is stopped on the way out.
#[derive(Debug)]
pub struct Watch(Arc<AtomicUsize>);

impl Watch {
    /// Starts to catch SIGINT, SIGTERM and SIGHUP.
    ///
    /// # Errors
    ///
    /// When the system refuses a handler.
    pub fn start() -> Result<Self> {
        let caught = Arc::new(AtomicUsize::new(0));
        for (signal, number) in [(SIGINT, 2), (SIGTERM, 15), (SIGHUP, 1)] {
            signal_hook::flag::register_usize(signal, Arc::clone(&caught), number)
                .context("cannot catch signals")?;
        }
        Ok(Self(caught))
    }

    /// # Errors
    ///
    /// [`Interrupted`] once a signal was caught.
    pub fn check(&self) -> Result<(), Interrupted> {
        match self.0.load(Ordering::Relaxed) {
            0 => Ok(()),
            signal => Err(Interrupted(signal)),
        }
    }
}

/// The signal of this number asked us to end.
#[derive(Debug)]
pub struct Interrupted(pub usize);

impl Interrupted {
    /// The exit status that a shell would give: 128 and the signal's number.
    pub fn status(&self) -> u8 {
        u8::try_from(128 + self.0).unwrap_or(u8::MAX)
    }
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "interrupted by signal {}", self.0)
    }
}

impl std::error::Error for Interrupted {}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Fault injection by enumeration: the first, second, third … thing that can
//! fail in what a thread asks of the kernel does fail.
//!
//! See srctree Documentation/fault-injection/fault-injection.rst, "fail-nth".

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::check::step;

/// Where the kernel has its switch for the thread that asks.
const SWITCH: &str = "/proc/thread-self/fail-nth";

/// What can fail, by its folder in debugfs: allocation of objects and of pages, and copies from
/// and to userspace.
const CAPABILITIES: [&str; 3] = ["failslab", "fail_page_alloc", "fail_usercopy"];

/// More than this no operation needs.
const MOST: u32 = 5000;

/// The switch of the thread that made it.
pub struct Injector(File);

impl Injector {
    /// Takes hold of the switch. Fails on a kernel that does not inject faults.
    pub fn new() -> Result<Self> {
        for capability in CAPABILITIES {
            let folder = Path::new("/sys/kernel/debug").join(capability);
            ensure!(
                folder.is_dir(),
                "this kernel cannot inject faults: there is no {}; use a kernel with FAULT_INJECTION, \
                 as `cargo xtask vm --kernel debug` has it",
                folder.display()
            );
            set(&folder, "verbose", "0")?;
        }
        for capability in ["failslab", "fail_page_alloc"] {
            // Also what may wait for memory fails.
            let folder = Path::new("/sys/kernel/debug").join(capability);
            set(&folder, "ignore-gfp-wait", "N")?;
        }
        let switch = OpenOptions::new().read(true).write(true).open(SWITCH);
        Ok(Self(
            switch.with_context(|| format!("cannot open {SWITCH}"))?,
        ))
    }

    /// Attempts something again and again, each time with a later fault, until
    /// it succeeds without one.
    ///
    /// What failed, and what succeeded in spite of a fault and was taken back
    /// by `undo`, has to leave what `state` looks at as it was.
    pub fn enumerate<T, S: PartialEq + Debug>(
        &self,
        name: &str,
        mut attempt: impl FnMut(&mut Fault<'_>) -> Result<T>,
        mut undo: impl FnMut(T) -> Result<()>,
        mut state: impl FnMut() -> Result<S>,
    ) -> Result<()> {
        let before = state()?;
        let (mut failed, mut borne) = (0, 0);
        for nth in 1..MOST {
            let place = || format!("{name}, fault {nth}");
            let mut fault = Fault {
                switch: &self.0,
                nth,
                injected: false,
            };
            let result = attempt(&mut fault);
            let injected = fault.injected;
            match result {
                Ok(done) => {
                    undo(done).with_context(place)?;
                    borne += u32::from(injected);
                }
                Err(_) if injected => failed += 1,
                Err(error) => return Err(error).with_context(|| format!("{name} without a fault")),
            }
            let after = state().with_context(place)?;
            ensure!(
                before == after,
                "{}: the state changed\nfrom {before:?}\nto {after:?}",
                place()
            );
            if !injected {
                ensure!(failed > 0, "{name}: no fault was ever reported");
                step(format!("{name}: {failed} faults reported, {borne} borne"));
                return Ok(());
            }
        }
        bail!("{name}: {MOST} faults, and no end")
    }
}

/// The fault of one attempt.
pub struct Fault<'a> {
    switch: &'a File,
    nth: u32,
    injected: bool,
}

impl Fault<'_> {
    /// Does the part of an attempt that is to bear the fault.
    pub fn during<T>(&mut self, what: impl FnOnce() -> Result<T>) -> Result<T> {
        let nth = self.nth.to_string();
        self.switch.write_all_at(nth.as_bytes(), 0)?;
        let result = what();
        // What is left of the count was not reached. Asking for it counts, too: when one is left,
        // that is what fails; when two are left, what follows fails, and can be done again.
        let mut left = [0; 16];
        let read = self.switch.read_at(&mut left, 0);
        self.injected = read.is_ok_and(|len| left[..len].trim_ascii() == b"0");
        let off = || self.switch.write_all_at(b"0", 0);
        off().or_else(|_| off())?;
        result
    }
}

fn set(folder: &Path, knob: &str, value: &str) -> Result<()> {
    let path = folder.join(knob);
    fs::write(&path, value).with_context(|| format!("cannot write {value:?} to {}", path.display()))
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel log since a moment, and what must not be in it.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;

use anyhow::{Context, Result, bail, ensure};
use nix::libc;

use crate::upstream;
use crate::wait::{self, SOON};

/// What tells in a line of the log that the kernel is not well.
///
/// `BUG` goes with what follows it, so that names such as `DEBUG_FS` pass.
const COMPLAINTS: &[&str] = &[
    "WARNING",
    "BUG:",
    "kernel BUG",
    "Oops",
    "Call Trace",
    "RIP:",
    "UBSAN",
    "KASAN",
    "KCSAN",
    "KFENCE",
    "general protection fault",
    "unable to handle",
    "Unable to handle",
    "Kernel panic",
    "panicked",
    "possible recursive locking",
    "possible circular locking",
    "possible irq lock inversion",
    "inconsistent lock state",
    "suspicious RCU usage",
    "sleeping function called",
    "scheduling while atomic",
    "refcount_t",
    "list_add corruption",
    "list_del corruption",
    "unregister_netdevice",
    "blocked for more than",
    "soft lockup",
    "hard LOCKUP",
    "self-detected stall",
    "detected stalls",
    "new suspected memory leaks",
    "page allocation failure",
    "nobody cared",
    "trying to register non-static key",
    // A check that gave up finds nothing any more.
    "turning off the locking correctness validator",
    "Kernel memory leak detector disabled",
    "DMA-API: debugging out of memory",
    // So a tenant could fill the log.
    upstream::MEMLOCK,
    // What was in them nobody knows.
    LOST,
];

/// Stands for lines that the kernel overwrote before they were read.
const LOST: &str = "(some lines of the kernel log are lost)";

/// What starts a report of the slab allocator: `BUG kmalloc-64 (Tainted: …): Poison overwritten`.
const SLAB: &str = "BUG ";

/// Longest record that the kernel hands out (srctree kernel/printk/internal.h,
/// PRINTK_MESSAGE_MAX).
const RECORD_MAX: usize = 8192;

/// A place in the kernel log.
pub struct Kmsg(File);

impl Kmsg {
    /// The end of the log as it is now.
    pub fn from_now() -> Result<Self> {
        Self::open(SeekFrom::End(0))
    }

    /// The oldest line of the log that there is.
    pub fn from_start() -> Result<Self> {
        Self::open(SeekFrom::Start(0))
    }

    fn open(place: SeekFrom) -> Result<Self> {
        let open = || -> std::io::Result<File> {
            let mut file = OpenOptions::new()
                .read(true)
                .custom_flags(libc::O_NONBLOCK)
                .open("/dev/kmsg")?;
            file.seek(place)?;
            Ok(file)
        };
        Ok(Self(open().context("cannot read /dev/kmsg")?))
    }

    /// Demands that nothing complains in the lines that came since the last call, `when` was that.
    pub fn expect_quiet(&mut self, when: &str) -> Result<()> {
        let lines = self.lines()?;
        let complaints = complaints(&lines);
        ensure!(
            complaints.is_empty(),
            "the kernel complains {when}:\n    {}\nin its log:\n    {}",
            complaints.join("\n    "),
            lines.join("\n    ")
        );
        Ok(())
    }

    /// The lines that came since the last call, without their prefixes.
    pub fn lines(&mut self) -> Result<Vec<String>> {
        let mut lines = Vec::new();
        let mut record = [0; RECORD_MAX];
        loop {
            match self.0.read(&mut record) {
                Ok(0) => break,
                Ok(len) => lines.push(text(&String::from_utf8_lossy(&record[..len])).to_owned()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The kernel overwrote what was not read yet, and went on.
                Err(error) if error.raw_os_error() == Some(libc::EPIPE) => {
                    lines.push(LOST.to_owned());
                }
                Err(error) => return Err(error).context("cannot read /dev/kmsg"),
            }
        }
        Ok(lines)
    }
}

/// Waits for lines with these texts in the kernel log.
pub fn await_lines(log: &mut Kmsg, texts: &[&str]) -> Result<()> {
    let mut seen = Vec::new();
    let found = wait::until_true(SOON, &format!("{texts:?} in the kernel log"), || {
        seen.extend(log.lines()?);
        let said = |text: &&str| seen.iter().any(|line| line.contains(text));
        Ok(texts.iter().all(said))
    });
    if let Err(error) = found {
        bail!("{error:#}; there was:\n    {}", seen.join("\n    "));
    }
    Ok(())
}

/// The text of a record `PRIORITY,SEQUENCE,TIME,FLAGS;TEXT\n KEY=VALUE…`.
fn text(record: &str) -> &str {
    let text = record.split_once(';').map_or(record, |(_, text)| text);
    text.lines().next().unwrap_or_default()
}

/// The lines that complain.
pub fn complaints(lines: &[String]) -> Vec<&str> {
    let complains =
        |line: &str| line.starts_with(SLAB) || COMPLAINTS.iter().any(|sign| line.contains(sign));
    lines
        .iter()
        .map(String::as_str)
        .filter(|line| complains(line))
        .collect()
}

/// Taints that are expected: O (out-of-tree) and E (unsigned), which loading our module sets, and N
/// (its KUnit tests were run) (srctree Documentation/admin-guide/tainted-kernels.rst).
// S (the command line says more of the processor than it does) comes with `setcpuid=`.
const EXPECTED_TAINT: u64 = 1 << 2 | 1 << 12 | 1 << 13 | 1 << 18;

/// The letters of the taints, by bit (same source).
const TAINT_LETTERS: &str = "PFSRMBUDAWCIOELKXTNJ";

/// The kernel's taints.
#[derive(Clone, Copy)]
pub struct Taint(u64);

impl Taint {
    /// The kernel has warned of something.
    pub const WARNED: Self = Self(1 << 9);

    /// Those that the kernel has now.
    pub fn now() -> Result<Self> {
        let path = "/proc/sys/kernel/tainted";
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
        let bits = text.trim().parse();
        Ok(Self(
            bits.with_context(|| format!("{path} holds {text:?}"))?,
        ))
    }

    /// These and those of `other`.
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These without those of `other`.
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Those that are not expected, as letters; empty when all is well.
    pub fn unexpected(self) -> String {
        taint_letters(self.0 & !EXPECTED_TAINT)
    }
}

fn taint_letters(bits: u64) -> String {
    (0..u64::BITS)
        .filter(|bit| bits & (1 << bit) != 0)
        .map(|bit| TAINT_LETTERS.chars().nth(bit as usize).unwrap_or('?'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> bool {
        !complaints(&[line.to_owned()]).is_empty()
    }

    #[test]
    fn trouble_is_found() {
        for line in [
            "WARNING: CPU: 1 PID: 33 at drivers/vfio/vfio_main.c:243",
            "BUG: unable to handle page fault for address: ffffc900",
            "kernel BUG at mm/slub.c:4300!",
            "Oops: general protection fault, probably for non-canonical address",
            "Call Trace:",
            "UBSAN: array-index-out-of-bounds in subdev.c",
            "INFO: task e2e:41 blocked for more than 120 seconds.",
            "refcount_t: underflow; use-after-free.",
            "unregister_netdevice: waiting for lo to become free.",
            "BUG kmalloc-64 (Tainted: G           O      ): Poison overwritten",
            "kmemleak: Kernel memory leak detector disabled",
        ] {
            assert!(found(line), "{line}");
        }
    }

    #[test]
    fn everyday_lines_pass() {
        for line in [
            "subdev 0000:00:04.0: DSA 1.0, 8 work queues, 4 groups, 4 engines",
            "subdev: loading out-of-tree module taints kernel.",
            "Kernel config: DEBUG_FS DEBUG_INFO_BTF",
            "kmemleak: Kernel memory leak detector initialized (mem pool available: 63000)",
            "rcu: \\x09RCU callback double-/use-after-free debug is enabled.",
            "Kernel command line: console=ttyS0 panic=-1",
            "vfio_pci: add [8086:0b25[ffffffff:ffffffff]] class 0x000000/00000000",
        ] {
            assert!(!found(line), "{line}");
        }
    }

    #[test]
    fn a_record_is_stripped_to_its_text() {
        let record = "6,339,5140900,-;subdev: ready; waiting\n SUBSYSTEM=pci\n";
        assert_eq!(text(record), "subdev: ready; waiting");
        assert_eq!(text("nonsense"), "nonsense");
    }

    #[test]
    fn only_the_module_s_own_taints_are_expected() {
        assert_eq!(Taint(1 << 12 | 1 << 13 | 1 << 18).unexpected(), "");
        assert_eq!(Taint(1 << 12 | 1 << 9 | 1 << 7).unexpected(), "DW");
        assert_eq!(Taint(1 << 40).unexpected(), "?");
    }
}

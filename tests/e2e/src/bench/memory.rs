// SPDX-License-Identifier: MIT OR Apache-2.0
//! How much memory the kernel has for itself
//! (srctree Documentation/filesystems/proc.rst, meminfo).

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::system;
use crate::wait::{self, SOON};

/// Bytes that the kernel uses.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// In the slab allocator.
    pub slab: i64,
    /// All that is neither free nor a user's nor a cache of files: slab, stacks, per-CPU memory,
    /// vmalloc and pages.
    pub all: i64,
}

/// The difference of two readings that counts as none: less than 32 bytes for each of 4096 objects.
const SAME: i64 = 128 << 10;

impl Memory {
    /// What there is when caches are dropped, and the figures have stopped moving: much is freed
    /// some time after its last use.
    pub fn settled() -> Result<Self> {
        // Free pages that a CPU keeps for itself count as used. Unless told otherwise, it may keep
        // an eighth of all.
        order("percpu_pagelist_high_fraction", "1000000")?;
        order("drop_caches", "3")?;
        let mut last = Self::now()?;
        wait::until(SOON, "the kernel's memory to settle", || {
            thread::sleep(Duration::from_millis(500));
            let now = Self::now()?;
            let still = (now.all - last.all).abs() <= SAME && (now.slab - last.slab).abs() <= SAME;
            last = now;
            Ok(still.then_some(now))
        })
    }

    fn now() -> Result<Self> {
        let path = "/proc/meminfo";
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
        Self::parse(&text).with_context(|| format!("unexpected {path}:\n{text}"))
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            let kib = line.strip_prefix(':')?.trim().strip_suffix(" kB")?;
            Some(kib.parse::<i64>().ok()? << 10)
        };
        let users = ["Buffers", "Cached", "AnonPages", "PageTables"];
        let users = users.into_iter().map(bytes).sum::<Option<i64>>()?;
        Some(Self {
            slab: bytes("Slab")?,
            all: bytes("MemTotal")? - bytes("MemFree")? - users,
        })
    }
}

/// Tells the memory management something
/// (srctree Documentation/admin-guide/sysctl/vm.rst).
fn order(name: &str, value: &str) -> Result<()> {
    system::write_sysfs(&Path::new("/proc/sys/vm").join(name), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meminfo_is_read() {
        let text = "MemTotal: 1000 kB\nMemFree: 500 kB\nMemAvailable: 1 kB\nBuffers: 10 kB\n\
                    Cached: 100 kB\nSwapCached: 0 kB\nAnonPages: 50 kB\nSlab: 200 kB\n\
                    PageTables: 4 kB\n";
        let memory = Memory::parse(text).expect("meminfo");
        assert_eq!((memory.slab >> 10, memory.all >> 10), (200, 336));
        assert!(Memory::parse("MemTotal: 1000 kB\n").is_none());
    }
}

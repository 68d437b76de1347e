// SPDX-License-Identifier: MIT OR Apache-2.0
//! The thread that takes descriptors is bound by the CPU quota of its user.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::portal::user;
use super::portal_attacks::while_flooding;
use crate::actor::Request;
use crate::check::step;
use crate::dsa::{Descriptor, opcode};
use crate::process;
use crate::scenario::Scenario;
use crate::tool::{self, dsa_nl};
use crate::vfio::Taken;
use crate::wait::SOON;

pub const PORTAL_QUOTA: Scenario = Scenario {
    name: "portal-quota",
    vm: "",
    about: "the thread of a mapped portal takes no more CPU time than the quota of its user",
    run: quota,
};

/// Bytes to copy.
const LEN: usize = 4096;

/// Percent of a CPU that the user may take.
const QUOTA: u64 = 5;

/// How long its thread has to do all the time.
const FLOOD: Duration = Duration::from_secs(3);

/// A control group with a CPU quota, for as long as this is there.
struct Group(PathBuf);

impl Group {
    fn new() -> Result<Self> {
        let root = Path::new("/run/portal-quota");
        fs::create_dir_all(root)?;
        process::run(
            Command::new("mount")
                .args(["-t", "cgroup2", "none"])
                .arg(root),
            SOON,
        )?
        .ok()?;
        let group = Self(root.join("quota"));
        fs::write(root.join("cgroup.subtree_control"), "+cpu").context("the controller cpu")?;
        fs::create_dir(&group.0)?;
        fs::write(group.0.join("cpu.max"), format!("{} 100000", QUOTA * 1000))?;
        Ok(group)
    }

    /// Puts a process into it.
    fn take(&self, process: u32) -> Result<()> {
        fs::write(self.0.join("cgroup.procs"), process.to_string()).context("cgroup.procs")
    }

    /// A number of its statistics.
    fn stat(&self, name: &str) -> Result<u64> {
        let stat = fs::read_to_string(self.0.join("cpu.stat"))?;
        let mut words = stat.lines().filter_map(|line| line.split_once(' '));
        let found = words.find(|(key, _)| *key == name);
        let (_, value) = found.with_context(|| format!("no {name} in cpu.stat"))?;
        Ok(value.parse()?)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // What is left is told by the next scenario that wants to do the same.
        let _ = fs::remove_dir(&self.0);
        if let Some(root) = self.0.parent() {
            let _ = process::run(Command::new("umount").arg(root), SOON);
            let _ = fs::remove_dir(root);
        }
    }
}

fn quota() -> Result<()> {
    tool::add("wq 3 pasid-mode shared size 4 name bound portal polled")?;
    let group = Group::new()?;
    let mut bound = user("bound", 3)?;
    bound.ask(&Request::copies(LEN, 3))?;
    let taken = Taken::from_process(bound.id())?;
    let portal = taken.map_portal()?;

    step("others keep it busy, and it is throttled");
    group.take(bound.id())?;
    // One that costs the hardware nothing.
    let unknown = Descriptor {
        opcode: opcode::UNKNOWN,
        ..Descriptor::noop()
    };
    let (used, start) = (group.stat("usage_usec")?, Instant::now());
    while_flooding(&portal, unknown, || {
        while start.elapsed() < FLOOD {
            // Bounded in time, whatever it comes to.
            dsa_nl("subdev drain bound")?;
        }
        Ok(())
    })?;
    let used = group.stat("usage_usec")? - used;
    let passed = start.elapsed().as_micros() as u64;
    ensure!(group.stat("nr_throttled")? > 0, "it was never throttled");
    ensure!(
        used * 100 < passed * QUOTA * 4,
        "it took {used} us of CPU time in {passed} us"
    );

    step("it works on, and ends");
    drop((portal, taken));
    bound.ask(&Request::copies(LEN, 3))?;
    bound.finish()?;
    tool::await_opstate("bound", "attached")?;
    drop(group);
    tool::del("bound")
}

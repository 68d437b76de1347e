// SPDX-License-Identifier: MIT OR Apache-2.0
//! The thread that takes descriptors is bound by the CPU quota of its user.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::portal::user;
use super::portal_attacks::while_flooding;
use crate::actor::Request;
use crate::cgroup::Group;
use crate::check::step;
use crate::dsa::{Descriptor, opcode};
use crate::scenario::Scenario;
use crate::tool::{self, dsa_nl};
use crate::vfio::Taken;

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

fn quota() -> Result<()> {
    tool::add("wq 3 pasid-mode shared size 4 name bound portal polled")?;
    let group = Group::new("portal-quota", "cpu")?;
    group.set("cpu.max", &format!("{} 100000", QUOTA * 1000))?;
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
    let (used, start) = (group.stat("cpu.stat", "usage_usec")?, Instant::now());
    while_flooding(&portal, unknown, || {
        while start.elapsed() < FLOOD {
            // Bounded in time, whatever it comes to.
            dsa_nl("subdev drain bound")?;
        }
        Ok(())
    })?;
    let used = group.stat("cpu.stat", "usage_usec")? - used;
    let passed = start.elapsed().as_micros() as u64;
    ensure!(
        group.stat("cpu.stat", "nr_throttled")? > 0,
        "it was never throttled"
    );
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

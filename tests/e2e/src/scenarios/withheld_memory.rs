// SPDX-License-Identifier: MIT OR Apache-2.0
//! A tenant has its completion record in memory that it does not let the kernel have.

use std::fs;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::check::{self, step};
use crate::dsa::{Descriptor, Dsa};
use crate::model::Subdev;
use crate::scenario::Scenario;
use crate::system::{self, Setting};
use crate::tenant::Tenant;
use crate::tool::{self, dsa_nl};
use crate::vfio::{PAGE, open_group};
use crate::wait::{self, SOON};

pub const WITHHELD_MEMORY: Scenario = Scenario {
    name: "withheld-memory",
    vm: "",
    about: "memory that a tenant withholds from the driver keeps no request to the family waiting",
    run,
};

const RECORD: u64 = 0x3000_0000;

/// When the memory is served at the latest: after all requests that may hang.
const LIMIT: Duration = Duration::from_secs(120);

/// Name of the thread that the VFIO core keeps waiting, as the kernel has it.
const JOINING: &str = "joining";

fn run() -> Result<()> {
    // That tasks wait is what is brought about here.
    let _quiet = Setting::no_hung_tasks()?;
    let victim = tool::add("wq 3 pasid-mode shared name victim size 4")?;
    let sibling = Tenant::add("wq 3 pasid-mode shared name sibling size 4", PAGE)?;
    let second = tool::add("wq 4 name second")?;
    let other = Tenant::add("wq 5 name other", PAGE)?;
    let dsa = Dsa::open_enabled(&victim.location()?)?;
    let record = dsa.map(RECORD, PAGE)?;
    let withheld = record.withhold(LIMIT)?;

    step("a completion record lies in memory that nobody serves: its tenant waits for it");
    dsa.store(&Descriptor::noop().recorded_at(RECORD))?;
    for _ in 1..dsa.size() {
        // In the hardware when the record of the first is written.
        dsa.store(&Descriptor::noop())?;
    }
    withheld.await_access()?;

    step("everybody else works, on the same WQ too, and every request is answered");
    other.works()?;
    sibling.works()?;
    requests(&["victim", "sibling"])?;
    Tenant::add("wq 6 name passing", PAGE)?.works()?;
    tool::del("passing")?;
    tool::add("wq 6 state inactive name sleeping")?;
    tool::del("sleeping")?;
    drop(sibling);
    tool::del("sibling")?;

    step("a group joins the container, for which the VFIO core waits; the subdev is deleted");
    let joining = join(&dsa, &second)?;
    tool::del("second")?;
    requests(&["victim"])?;
    // What the VFIO core keeps waiting may be refused, and may not hang.
    let created = dsa_nl("subdev add wq 6 name passing")?;
    if created.status.success() {
        tool::del("passing")?;
    } else {
        let sentence = tool::refused(&created, &[])?;
        step(format!("  {sentence}"));
    }
    tool::add("wq 6 state inactive name sleeping")?;
    tool::del("sleeping")?;

    step("the victim is deleted by force");
    dsa_nl("subdev del victim force")?.ok()?;
    tool::refused(&dsa_nl("subdev show victim")?, &[])?;
    requests(&[])?;
    other.works()?;

    step("the memory is served: all that waited ends");
    withheld.serve()?;
    // Its group may be gone by then.
    let joined = wait::join(SOON, "VFIO_GROUP_SET_CONTAINER", joining)?;
    step(format!("  VFIO_GROUP_SET_CONTAINER: {joined:?}"));
    drop(dsa);
    drop(record);
    drop(other);
    tool::del("other")?;
    wait::until_true(SOON, "the auxiliary devices to go", || {
        Ok(system::auxiliary_devices()?.is_empty())
    })?;
    Tenant::add("wq 3 name after", PAGE)?.works()?;
    tool::del("after")
}

/// Demands that the family answers whoever looks at these subdevs and at all.
fn requests(names: &[&str]) -> Result<()> {
    for name in names {
        check::equal("name", tool::subdev(name)?.name.as_str(), name)?;
    }
    tool::snapshot()?;
    Ok(())
}

/// Has a thread put the group of a subdev into the container, and waits until it hangs in the
/// kernel.
fn join(dsa: &Dsa, subdev: &Subdev) -> Result<JoinHandle<Result<()>>> {
    let container = Arc::clone(dsa.device().container());
    let group = open_group(&subdev.location()?)?;
    let thread = thread::Builder::new().name(JOINING.to_owned());
    let joining = thread.spawn(move || container.join(&group))?;
    wait::until_true(SOON, "VFIO_GROUP_SET_CONTAINER to wait", || {
        asleep(JOINING).map(|asleep| asleep || joining.is_finished())
    })?;
    Ok(joining)
}

/// Whether a thread of this process sleeps in the kernel and cannot be woken by a signal.
fn asleep(name: &str) -> Result<bool> {
    let threads = fs::read_dir("/proc/self/task").context("the threads of this process")?;
    Ok(threads.flatten().any(|thread| {
        // `PID (NAME) STATE …`
        let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        stat.contains(&format!("({name}) D "))
    }))
}

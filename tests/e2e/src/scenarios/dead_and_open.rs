// SPDX-License-Identifier: MIT OR Apache-2.0
//! Subdevs that were deleted by force, and that their tenants do not let go.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{Resource, setrlimit};
use nlctl::PasidMode;

use crate::check::{self, step};
use crate::client::{Client, location};
use crate::scenario::Scenario;
use crate::vfio::{Device, Location};
use crate::{kmemleak, system, tool};

pub const DEAD_AND_OPEN: Scenario = Scenario {
    name: "dead-and-open",
    vm: "",
    about: "any number of dead devices that are kept open stops no creation and no deletion",
    run,
};

/// How many: more than a work queue of the kernel has active items (srctree
/// include/linux/workqueue.h, `WQ_DFL_ACTIVE`).
const DEAD: usize = 1100;

/// How many on the debug kernel, which takes ten times as long for each, and has the same limit.
const FEW: usize = 128;

/// Descriptors that they take, and some.
const FILES: u64 = 4 * DEAD as u64 + 256;

/// Subdevs that are made and deleted beside them.
const LATER: usize = 16;

/// How long a deletion may take, however many dead devices there are.
const PROMPT: Duration = Duration::from_secs(5);

/// The WQ of all of them.
const WQ: u32 = 3;

fn run() -> Result<()> {
    setrlimit(Resource::RLIMIT_NOFILE, FILES, FILES).context("RLIMIT_NOFILE")?;
    let client = Client::new()?;
    let many = if kmemleak::is_there() { FEW } else { DEAD };
    step(format!(
        "{many} subdevs are opened and deleted by force; none of them is closed"
    ));
    let mut dead = Vec::new();
    for number in 0..many {
        let location = add(&client, number)?;
        let device = Device::open(&location)?;
        del(&client, number, true).with_context(|| format!("deletion {number} of {many}"))?;
        dead.push((location, device));
    }
    check::equal("subdevs", tool::subdevs()?, vec![])?;
    let open = |(location, _): &(Location, Device)| location.group.exists();
    check::equal("groups", dead.iter().filter(|it| open(it)).count(), many)?;
    check::equal("entries available", tool::wq("wq3")?.available, 16)?;

    step(format!("{LATER} others come and go, with their devices"));
    for number in 0..LATER {
        let location = add(&client, number)?;
        drop(Device::open(&location)?);
        del(&client, number, false)?;
        system::await_removal(&location)?;
    }

    step("closed, the dead are gone as well");
    for (location, device) in dead {
        drop(device);
        system::await_removal(&location)?;
    }
    check::equal("auxiliary devices", system::auxiliary_devices()?, vec![])
}

fn name(number: usize) -> String {
    format!("dead{number}")
}

fn add(client: &Client, number: usize) -> Result<Location> {
    let subdev = client.ask(|handle| {
        let add = handle.subdev().add().wq(WQ).size(1);
        add.pasid_mode(PasidMode::Shared)
            .name(name(number))
            .execute()
    })??;
    location(subdev.object).context("it is not handed to VFIO")
}

fn del(client: &Client, number: usize, force: bool) -> Result<()> {
    let start = Instant::now();
    client.ask(|handle| {
        let del = handle.subdev().del(name(number));
        if force { del.force() } else { del }.execute()
    })??;
    let elapsed = start.elapsed();
    ensure!(
        elapsed < PROMPT,
        "it took {elapsed:?}, where {PROMPT:?} is allowed"
    );
    Ok(())
}

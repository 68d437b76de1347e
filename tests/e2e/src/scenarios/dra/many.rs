// SPDX-License-Identifier: MIT OR Apache-2.0
//! Many claims on one work queue at once.

use std::time::Instant;

use anyhow::{Result, ensure};

use super::{expect_own, in_cluster};
use crate::check::{self, step};
use crate::dra::{Allocation, Cluster, MEMORY, device};
use crate::scenario::Scenario;
use crate::tool;

pub const DRA_MANY: Scenario = Scenario {
    name: "dra-many",
    vm: "--kernel stock --model=--wq-capacity=1024",
    about: "as many claims as a work queue has entries are prepared at once, in little memory",
    run: || in_cluster(run),
};

/// Claims, of an entry each.
const CLAIMS: u32 = 128;

fn run(cluster: &mut Cluster) -> Result<()> {
    let size = tool::wq("3")?.size;
    ensure!(size >= CLAIMS, "wq 3 has {size} entries");
    let name = device(3)?;
    let driver = cluster.start(None)?;
    let plugin = cluster.plugin()?;
    cluster.devices("with wq 3", |it| it.contains_key(&name))?;
    step(format!(
        "the scheduler gives an entry each to {size} claims, and to no more"
    ));
    let mut allocated = Vec::new();
    while let Some(given) = cluster.allocate(&allocated, &name, Some(1))? {
        allocated.push(given);
    }
    check::equal("claims", allocated.len(), usize::try_from(size)?)?;
    let mut claims = Vec::new();
    for (number, given) in (0..CLAIMS).zip(&allocated) {
        let claim = Allocation::new(number).result(given)?.claim()?;
        cluster.api.add_claim(&claim)?;
        claims.push(claim);
    }
    let start = Instant::now();
    let answers = cluster.kubelet.prepare_each(&plugin, &claims)?;
    let each = start.elapsed() / CLAIMS;
    let failed: Vec<_> = answers.iter().filter_map(|it| it.as_ref().err()).collect();
    ensure!(failed.is_empty(), "{failed:?}");
    expect_own(claims.len())?;
    step(format!("{CLAIMS} calls at once: {each:?} a claim"));
    let start = Instant::now();
    let released = cluster.kubelet.unprepare(&plugin, &claims)?;
    let each = start.elapsed() / CLAIMS;
    ensure!(released.iter().all(Result::is_ok), "{released:?}");
    expect_own(0)?;
    step(format!(
        "one call for all to release them: {each:?} a claim"
    ));
    let memory = driver.peak_memory()?;
    step(format!("the driver had {memory} KiB at most"));
    ensure!(memory < MEMORY, "that is more than {MEMORY} KiB");
    driver.stop()
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! A driver that is killed at any moment, while claims come and go.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use k8s_openapi::api::resource::v1::ResourceClaim;

use super::{in_cluster, own};
use crate::check::{self, step};
use crate::dra::{Allocation, Cluster, device};
use crate::scenario::Scenario;
use crate::wait::{self, SOON};
use crate::{amount, seed};

pub const DRA_KILLED: Scenario = Scenario {
    name: "dra-killed",
    vm: "--kernel stock",
    about: "subdevs equal claims in the end, however often the driver is killed",
    run: || in_cluster(run),
};

/// How often it is killed in a round, unless another number of changes is wanted.
const KILLS: u64 = 12;

/// It lives no longer than that, in milliseconds.
const LIFE: u64 = 120;

/// Claims that there are at most.
const MOST: usize = 6;

fn run(cluster: &mut Cluster) -> Result<()> {
    let kills = amount::changes(KILLS);
    for (seed, mut rng) in seed::rounds("run dra-killed", amount::rounds(1)) {
        step(format!("seed {seed}: killed {kills} times"));
        let mut numbers = 0;
        let mut claims = BTreeMap::new();
        for _ in 0..kills {
            churn(cluster, &mut rng, &mut numbers, &mut claims)?;
        }
        settle(cluster, &claims)?;
        for claim in claims.values() {
            cluster.api.delete_claim(claim)?;
        }
        settle(cluster, &BTreeMap::new())?;
    }
    Ok(())
}

/// Claims come and go while a driver lives.
fn churn(
    cluster: &mut Cluster,
    rng: &mut Rng,
    numbers: &mut u32,
    claims: &mut BTreeMap<u32, ResourceClaim>,
) -> Result<()> {
    let driver = cluster.start(None)?;
    let plugin = cluster.plugin()?;
    let life = Duration::from_millis(rng.u64(..LIFE));
    let killer = thread::spawn(move || {
        thread::sleep(life);
        driver.kill()
    });
    while !killer.is_finished() {
        if claims.len() < MOST && rng.bool() {
            *numbers += 1;
            let entries = rng.u32(1..3);
            let allocation = Allocation::new(*numbers).share("a", &device(3)?, entries);
            let allocation = match rng.bool() {
                true => allocation.share("b", &device(4)?, 1),
                false => allocation,
            };
            let claim = allocation.claim()?;
            cluster.api.add_claim(&claim)?;
            // It may be killed meanwhile; kubelet repeats that.
            cluster
                .kubelet
                .prepare(&plugin, std::slice::from_ref(&claim))
                .ok();
            claims.insert(*numbers, claim);
        } else if let Some(number) = rng.choice(claims.keys().copied().collect::<Vec<_>>()) {
            let claim = claims.remove(&number).context("is there")?;
            let released = cluster
                .kubelet
                .unprepare(&plugin, std::slice::from_ref(&claim));
            // The claim goes, whether or not kubelet's call came through: as after a node was lost.
            if released.is_ok() || rng.bool() {
                cluster.api.delete_claim(&claim)?;
            } else {
                claims.insert(number, claim);
            }
        }
    }
    wait::join(SOON, "the killer", killer)?
}

/// Demands that a driver, which nobody kills any more, has a subdev for each share of each claim.
fn settle(cluster: &mut Cluster, claims: &BTreeMap<u32, ResourceClaim>) -> Result<()> {
    let driver = cluster.start(None)?;
    let plugin = cluster.plugin()?;
    // Kubelet repeats what it has no answer to.
    let all: Vec<_> = claims.values().cloned().collect();
    for answer in cluster.kubelet.prepare(&plugin, &all)? {
        ensure!(answer.is_ok(), "{answer:?}");
    }
    let results = |claim: &ResourceClaim| {
        let allocation = claim.status.as_ref().and_then(|it| it.allocation.as_ref());
        let results = allocation.and_then(|it| it.devices.as_ref()?.results.as_ref());
        results.map_or(0, Vec::len)
    };
    let wanted: usize = all.iter().map(results).sum();
    let what = format!("{wanted} subdevs of {} claims", all.len());
    wait::until_true(SOON, &what, || Ok(own()?.len() == wanted))?;
    let uids = all
        .iter()
        .filter_map(|it| it.metadata.uid.clone())
        .collect();
    wait::until_true(SOON, "the specs of these claims", || {
        Ok(cluster.specs()? == uids)
    })?;
    check::equal("subdevs", own()?.len(), wanted)?;
    driver.stop()
}

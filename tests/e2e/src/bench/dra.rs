// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a claim costs the Kubernetes driver: alone, and among as many at once as a work queue serves.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bench_report::Report;
use k8s_openapi::api::resource::v1::ResourceClaim;
use kube_model::kubelet::Plugin;

use super::table::Table;
use crate::check;
use crate::dra::{self, Allocation, Cluster, MEMORY, with_log};
use crate::tool;
use crate::wait::{self, SOON};

/// Claims, of an entry each, and how many of them come and go one after another.
const CLAIMS: u32 = 128;
const ALONE: usize = 16;
/// How often they come and go; what is done for the first time is slower, and not counted.
const ROUNDS: usize = 7;

/// The most that a claim among all of them may take, as a multiple of one alone: less than what a scan
/// of all for each would cost.
const RATIO_BAR: f64 = 2.0;

/// Measures.
pub fn run(report: &mut Report) -> Result<()> {
    let mut cluster = Cluster::new()?;
    let measured = measure(&mut cluster, report);
    with_log(cluster.folder(), measured)
}

fn measure(cluster: &mut Cluster, report: &mut Report) -> Result<()> {
    let driver = cluster.start(None)?;
    let plugin = cluster.plugin()?;
    let device = dra::device(3)?;
    let mut claims = Vec::new();
    for number in 0..CLAIMS {
        let claim = Allocation::new(number).share("a", &device, 1).claim()?;
        claims.push(claim);
    }
    round(cluster, &plugin, &claims)?;
    let mut times: [Vec<Duration>; 4] = Default::default();
    for _ in 0..ROUNDS {
        let round = round(cluster, &plugin, &claims)?;
        for (times, time) in times.iter_mut().zip(round) {
            times.push(time);
        }
    }
    let [prepared, unprepared, prepared_all, unprepared_all] = times;
    let name = format!("time of a claim, of {CLAIMS} on a work queue");
    let mut table = Table::new(report, &name, ["one by one", "at once"]);
    table.ratio("prepared", &prepared, &prepared_all, RATIO_BAR)?;
    table.ratio("unprepared", &unprepared, &unprepared_all, RATIO_BAR)?;
    let bytes = driver.peak_memory()? << 10;
    table.bytes("memory of the driver", bytes as f64, (MEMORY << 10) as f64)?;
    driver.stop()
}

/// All claims come and go: first some of them one by one, then all at once. Returns what each took.
fn round(cluster: &Cluster, plugin: &Plugin, claims: &[ResourceClaim]) -> Result<[Duration; 4]> {
    let some = claims.get(..ALONE).context("there are more claims")?;
    for claim in claims {
        cluster.api.add_claim(claim)?;
    }
    let prepared = each(some, |it| prepare(cluster, plugin, it))?;
    await_reports(cluster, some)?;
    let unprepared = each(some, |it| unprepare(cluster, plugin, it))?;
    let start = Instant::now();
    prepare(cluster, plugin, claims)?;
    let prepared_all = start.elapsed() / CLAIMS;
    await_reports(cluster, claims)?;
    check::equal("subdevs", tool::subdevs()?.len(), claims.len())?;
    let start = Instant::now();
    unprepare(cluster, plugin, claims)?;
    let unprepared_all = start.elapsed() / CLAIMS;
    check::equal("subdevs", tool::subdevs()?.len(), 0)?;
    for claim in claims {
        cluster.api.delete_claim(claim)?;
    }
    Ok([prepared, unprepared, prepared_all, unprepared_all])
}

/// Waits until the driver has said in all claims what became of them, which it does beside.
fn await_reports(cluster: &Cluster, claims: &[ResourceClaim]) -> Result<()> {
    wait::until_true(SOON, "the conditions of all claims", || {
        for claim in claims {
            let status = cluster.api.claim(claim)?.status;
            if status.is_none_or(|it| it.devices.is_none()) {
                return Ok(false);
            }
        }
        Ok(true)
    })
}

/// The time that one takes, when one comes after another.
fn each(
    claims: &[ResourceClaim],
    mut call: impl FnMut(&[ResourceClaim]) -> Result<()>,
) -> Result<Duration> {
    let start = Instant::now();
    claims.chunks(1).try_for_each(&mut call)?;
    Ok(start.elapsed() / u32::try_from(claims.len())?)
}

/// By a call for each claim, all at the same time, as kubelet does for pods that start together.
fn prepare(cluster: &Cluster, plugin: &Plugin, claims: &[ResourceClaim]) -> Result<()> {
    let answers = cluster.kubelet.prepare_each(plugin, claims)?;
    ensure!(answers.iter().all(Result::is_ok), "{answers:?}");
    Ok(())
}

/// The same, back.
fn unprepare(cluster: &Cluster, plugin: &Plugin, claims: &[ResourceClaim]) -> Result<()> {
    let answers = cluster.kubelet.unprepare_each(plugin, claims)?;
    ensure!(answers.iter().all(Result::is_ok), "{answers:?}");
    Ok(())
}

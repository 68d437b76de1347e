// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a claim costs the Kubernetes driver: alone, and among as many at once as a work queue serves.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::resource::v1::ResourceClaim;
use kube_model::kubelet::Plugin;

use super::table::Table;
use crate::check;
use crate::dra::{self, Allocation, Cluster, MEMORY};
use crate::tool;

/// Claims, of an entry each, and how many of them come and go one after another.
const CLAIMS: u32 = 128;
const ALONE: usize = 16;
/// How often they come and go; what is done for the first time is slower, and not counted.
const ROUNDS: usize = 7;

/// The most that a claim among all of them may take, as a multiple of one alone: less than what a scan
/// of all for each would cost.
const RATIO_BAR: f64 = 2.0;

/// What is measured, in this order.
const ROWS: [&str; 4] = [
    "prepared, one by one",
    "unprepared, one by one",
    "prepared, all at once",
    "unprepared, all at once",
];

/// Measures, prints tables, and returns whether each bar is cleared.
pub fn run() -> Result<bool> {
    let mut cluster = Cluster::new()?;
    let driver = cluster.start(None)?;
    let plugin = cluster.plugin()?;
    let device = dra::device(3)?;
    let mut claims = Vec::new();
    for number in 0..CLAIMS {
        let claim = Allocation::new(number).share("a", &device, 1).claim()?;
        cluster.api.add_claim(&claim)?;
        claims.push(claim);
    }
    round(&cluster, &plugin, &claims)?;
    let mut times: [Vec<Duration>; 4] = Default::default();
    for _ in 0..ROUNDS {
        let round = round(&cluster, &plugin, &claims)?;
        for (times, time) in times.iter_mut().zip(round) {
            times.push(time);
        }
    }
    println!("time of a claim, of {CLAIMS} on a work queue, in {ROUNDS} rounds");
    println!("{:<26} {:>10} {:>10} {:>10}", "", "median", "least", "most");
    let mut medians = Vec::new();
    for (what, times) in ROWS.iter().zip(&mut times) {
        times.sort_unstable();
        let at = |n: usize| times.get(n).copied().context("nothing is measured");
        let (median, least, most) = (at(ROUNDS / 2)?, at(0)?, at(ROUNDS - 1)?);
        let millis = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1e3);
        let [middle, least, most] = [median, least, most].map(millis);
        println!("{what:<26} {middle:>10} {least:>10} {most:>10}");
        medians.push(median);
    }
    let mut bars = Table::new(["one by one", "at once", "figure", "at most"]);
    for (what, n) in [("prepared", 0), ("unprepared", 1)] {
        let at = |n: usize| medians.get(n).copied().context("nothing is measured");
        bars.ratio(what, at(n)?, at(n + 2)?, RATIO_BAR);
    }
    let bytes = driver.peak_memory()? << 10;
    bars.bytes("memory of the driver", bytes as f64, (MEMORY << 10) as f64);
    println!("\n{bars}");
    driver.stop()?;
    Ok(bars.passed())
}

/// All claims come and go: first some of them one by one, then all at once. Returns what each took.
fn round(cluster: &Cluster, plugin: &Plugin, claims: &[ResourceClaim]) -> Result<[Duration; 4]> {
    let some = claims.get(..ALONE).context("there are more claims")?;
    let prepared = each(some, |it| prepare(cluster, plugin, it))?;
    let unprepared = each(some, |it| unprepare(cluster, plugin, it))?;
    let start = Instant::now();
    prepare(cluster, plugin, claims)?;
    let prepared_all = start.elapsed() / CLAIMS;
    check::equal("subdevs", tool::subdevs()?.len(), claims.len())?;
    let start = Instant::now();
    unprepare(cluster, plugin, claims)?;
    let unprepared_all = start.elapsed() / CLAIMS;
    check::equal("subdevs", tool::subdevs()?.len(), 0)?;
    Ok([prepared, unprepared, prepared_all, unprepared_all])
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

// SPDX-License-Identifier: MIT OR Apache-2.0
//! What goes away and comes back: the driver, the API server, the module; and two drivers at once.

use anyhow::{Result, ensure};
use kube_model::kubelet::Health;

use super::{again, expect_own, in_cluster, location, prepared, release};
use crate::check::{self, step};
use crate::dra::{Allocation, Cluster, device};
use crate::scenario::Scenario;
use crate::wait::{self, SOON};
use crate::{system, tool};

pub const DRA_FAULTS: Scenario = Scenario {
    name: "dra-faults",
    vm: "--kernel stock",
    about: "claims are as they should be after the driver, the API server or the module was gone",
    run: || in_cluster(run),
};

fn run(cluster: &mut Cluster) -> Result<()> {
    driver(cluster)?;
    api(cluster)?;
    module(cluster)?;
    two(cluster)
}

fn driver(cluster: &mut Cluster) -> Result<()> {
    let name = device(3)?;
    step("a driver that was killed is followed by one that knows its subdevs");
    let driver = cluster.start(None)?;
    let plugin = cluster.plugin()?;
    let (kept, devices) = prepared(cluster, &plugin, &Allocation::new(1).share("a", &name, 2))?;
    let (gone, _) = prepared(cluster, &plugin, &Allocation::new(2).share("a", &name, 2))?;
    let before = expect_own(2)?;
    driver.kill()?;
    step("what no claim wants any more goes then, and what others made stays");
    cluster.api.delete_claim(&gone)?;
    tool::add("wq 5 pasid-mode shared name net0")?;
    // A name alone makes none of the driver.
    tool::add("wq 5 pasid-mode shared name dra-AAAAAAAAAAAAAAAAAAAAAA.0")?;
    let driver = cluster.start(None)?;
    let plugin = cluster.plugin()?;
    wait::until_true(SOON, "the subdev without a claim to go", || {
        Ok(tool::subdevs()?.len() == 3)
    })?;
    let left = tool::subdevs()?;
    ensure!(left.iter().any(|it| it.name == "net0"), "{left:?}");
    check::equal("devices", again(cluster, &plugin, &kept)?, devices)?;
    ensure!(
        left.iter().any(|it| it.index == before[0].index),
        "{before:?} and {left:?}"
    );
    tool::del("net0")?;
    tool::del("dra-AAAAAAAAAAAAAAAAAAAAAA.0")?;
    let uid = kept.metadata.uid.clone().unwrap_or_default();
    check::equal("specs", cluster.specs()?, [uid].into())?;
    release(cluster, &plugin, &kept)?;
    expect_own(0)?;
    driver.stop()
}

fn api(cluster: &mut Cluster) -> Result<()> {
    let name = device(3)?;
    step("without an API server a claim is refused with the reason, and released all the same");
    let driver = cluster.start(None)?;
    let plugin = cluster.plugin()?;
    cluster.devices("of the node", |it| !it.is_empty())?;
    let (first, _) = prepared(cluster, &plugin, &Allocation::new(1).share("a", &name, 2))?;
    let (second, _) = prepared(cluster, &plugin, &Allocation::new(2).share("a", &name, 2))?;
    cluster.api.go_away();
    let answer = cluster
        .kubelet
        .prepare(&plugin, std::slice::from_ref(&first))?;
    ensure!(
        answer[0]
            .as_ref()
            .is_err_and(|it| it.contains("cannot get the claim")),
        "{answer:?}"
    );
    let answer = cluster
        .kubelet
        .unprepare(&plugin, std::slice::from_ref(&second))?;
    check::equal("released", answer, vec![Ok(())])?;
    expect_own(1)?;
    step("a driver that starts meanwhile deletes nothing");
    driver.kill()?;
    let driver = cluster.start(None)?;
    cluster.plugin()?;
    driver.await_logs("cannot reconcile", 1)?;
    expect_own(1)?;
    step("and when it is back, all is as it should be, although changes were forgotten");
    cluster.api.delete_claim(&second)?;
    cluster.api.delete_slices();
    cluster.api.compact();
    cluster.api.come_back()?;
    driver.await_logs("reconciled", 1)?;
    let wqs = tool::wqs()?.len();
    cluster.devices("that are back", |it| it.len() == 2 * wqs)?;
    expect_own(1)?;
    let plugin = cluster.plugin()?;
    again(cluster, &plugin, &first)?;
    release(cluster, &plugin, &first)?;
    expect_own(0)?;
    driver.stop()
}

fn module(cluster: &mut Cluster) -> Result<()> {
    let name = device(3)?;
    step("when the module goes, its devices do");
    let driver = cluster.start(None)?;
    let plugin = cluster.plugin()?;
    let (claim, _) = prepared(cluster, &plugin, &Allocation::new(1).share("a", &name, 2))?;
    let before = expect_own(1)?;
    let (parents, wqs) = (tool::parents()?.len(), tool::wqs()?.len());
    driver.await_logs("reconciled", 1)?;
    let mut health = cluster.kubelet.health(&plugin)?;
    await_health(&mut health, 2 * wqs, true)?;
    system::unload_module()?;
    cluster.devices("without devices", |it| it.is_empty())?;
    await_health(&mut health, 2 * wqs, false)?;

    step("when it is back, so are they, and the subdevs of claims");
    system::load_module()?;
    system::await_parents(parents)?;
    await_health(&mut health, 2 * wqs, true)?;
    driver.await_logs("reconciled", 2)?;
    let after = expect_own(1)?;
    check::equal("UUID", &after[0].uuid, &before[0].uuid)?;
    cluster.devices("that are back", |it| it.len() == 2 * wqs)?;
    let devices = again(cluster, &plugin, &claim)?;
    let place = location(cluster, &claim, &devices[0], "A")?;
    check::equal("group", place.group, after[0].location()?.group)?;

    step("a claim that is prepared or released while it is gone has the kernel load it");
    system::unload_module()?;
    cluster.devices("without devices", |it| it.is_empty())?;
    again(cluster, &plugin, &claim)?;
    driver.await_logs("reconciled", 3)?;
    expect_own(1)?;
    system::unload_module()?;
    let answer = cluster
        .kubelet
        .unprepare(&plugin, std::slice::from_ref(&claim))?;
    check::equal("released", answer, vec![Ok(())])?;
    cluster.api.delete_claim(&claim)?;
    system::await_parents(parents)?;
    cluster.devices("that are back", |it| it.len() == 2 * wqs)?;
    driver.await_logs("reconciled", 4)?;
    expect_own(0)?;
    driver.stop()
}

/// Waits until the driver says of so many devices that all are healthy, or that none is.
fn await_health(health: &mut Health<'_>, count: usize, healthy: bool) -> Result<()> {
    let mut told = health.hear()?;
    while told.len() != count || told.values().any(|it| it.0 != healthy) {
        told = health.hear()?;
    }
    Ok(())
}

fn two(cluster: &mut Cluster) -> Result<()> {
    let name = device(3)?;
    step("two drivers, as during an update, prepare the same claims at once: each is there once");
    let first = cluster.start(Some("one"))?;
    let second = cluster.start(Some("two"))?;
    cluster.kubelet.forget();
    let plugins = cluster.plugins(2)?;
    let mut claims = Vec::new();
    for number in 1..=6 {
        let claim = Allocation::new(number).share("a", &name, 1).claim()?;
        cluster.api.add_claim(&claim)?;
        claims.push(claim);
    }
    let answers = cluster.kubelet.prepare_at_all(&plugins, &claims)?;
    ensure!(answers.iter().flatten().all(Result::is_ok), "{answers:?}");
    check::equal("what both say", &answers[0], &answers[1])?;
    expect_own(claims.len())?;
    step("one is killed, and leaves a socket that the next one takes away");
    first.kill()?;
    let third = cluster.start(Some("three"))?;
    cluster.kubelet.forget();
    let plugins = cluster.plugins(2)?;
    for (number, claim) in claims.iter().enumerate() {
        release(cluster, &plugins[number % 2], claim)?;
    }
    expect_own(0)?;
    let wqs = tool::wqs()?.len();
    cluster.devices("of both", |it| it.len() == 2 * wqs)?;
    second.stop()?;
    third.stop()
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Containers that a runtime gives what claims have: each copies through its share of a work queue.

use std::fs;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::resource::v1::ResourceClaim;
use kube_model::kubelet::Device;

use super::{expect_own, in_cluster, location, own, prepared, release};
use crate::check::{self, step};
use crate::dra::{Allocation, Cluster, device};
use crate::podman::{Container, LIMIT, Podman};
use crate::scenario::Scenario;
use crate::wait;

pub const DRA_CONTAINER: Scenario = Scenario {
    name: "dra-container",
    // The debug kernel lacks what containers need. Scenarios of idxd have such a machine as well.
    vm: "--kernel stock --movdir64b",
    about: "containers of podman copy through their shares of a work queue, and leave nothing behind",
    run: || in_cluster(run),
};

/// Tells which devices there are, copies, and then has the device open until it is to stop.
const SCRIPT: &str = "\
cd /dev/vfio
echo *
device=/sys/bus/auxiliary/devices/$DSA_COPY_VFIO_NAME
dsa-copy $device --copies 200
dsa-copy $device --copies 1000000000 --interrupt & user=$!
while [ ! -e /stop ] && kill -0 $user; do sleep 0.1; done
kill $user";

fn run(cluster: &mut Cluster) -> Result<()> {
    let driver = cluster.start(None)?;
    let plugin = cluster.plugin()?;
    let podman = Podman::new(&cluster.cdi())?;

    step("two claims have shares of a work queue, and a container each");
    let name = device(3)?;
    let claim = |number| {
        let allocation = Allocation::new(number).share("copy", &name, 4);
        prepared(cluster, &plugin, &allocation)
    };
    let (first, second) = (claim(1)?, claim(2)?);
    let mut one = started(cluster, &podman, "one", &first)?;
    let mut two = started(cluster, &podman, "two", &second)?;

    step("both copy, at the same time");
    for container in [&mut one, &mut two] {
        let line = container.line()?;
        ensure!(line.starts_with("200 copies of 4096 bytes"), "{line}");
    }
    wait::until_true(LIMIT, "both subdevs to be enabled", || {
        Ok(own()?.iter().all(|it| it.opstate == "enabled"))
    })?;

    step("what a container has open is not taken away");
    let open = cluster
        .kubelet
        .unprepare(&plugin, std::slice::from_ref(&first.0));
    ensure!(
        open?.iter().all(Result::is_err),
        "an open subdev was deleted"
    );
    expect_own(2)?;

    step("one ends by itself, the other is killed");
    one.touch("stop")?;
    one.end()?;
    two.kill()?;

    step("nothing is left of either");
    for (claim, _) in [&first, &second] {
        release(cluster, &plugin, claim)?;
    }
    expect_own(0)?;
    ensure!(cluster.specs()?.is_empty(), "CDI specs are left");
    check::equal("nodes", nodes()?, vec!["vfio".to_string()])?;
    driver.stop()
}

/// Starts a container that has the device of a claim, and demands that it has no other.
fn started<'a>(
    cluster: &Cluster,
    podman: &'a Podman,
    name: &str,
    (claim, devices): &(ResourceClaim, Vec<Device>),
) -> Result<Container<'a>> {
    let device = devices.first().context("has a device")?;
    let id = device.cdi_device_ids.first().context("has a CDI device")?;
    let mut container = podman.start(name, id, SCRIPT)?;
    let group = location(cluster, claim, device, "COPY")?.group;
    let group = group.file_name().context("has a group")?.to_string_lossy();
    let seen = container.line()?;
    check::equal("nodes in the container", seen, format!("{group} vfio"))?;
    Ok(container)
}

/// Nodes of VFIO on this machine.
fn nodes() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir("/dev/vfio")? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    // Is empty where no device has a node of its own.
    names.retain(|it| it != "devices");
    Ok(names)
}

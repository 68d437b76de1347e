// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Kubernetes driver: what it publishes, claims that come and go, and whatever may happen between.

mod container;
mod faults;
mod killed;
mod many;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::resource::v1::{DeviceRequestAllocationResult as Allocated, ResourceClaim};
use kube_model::kubelet::{Device, Plugin, Prepared};
use serde_json::{Value, json};

pub use self::container::DRA_CONTAINER;
pub use self::faults::DRA_FAULTS;
pub use self::killed::DRA_KILLED;
pub use self::many::DRA_MANY;
use crate::check::{self, step};
use crate::dra::{Allocation, Cluster, METRICS, PREFIX, device, with_log};
use crate::dsa::Dsa;
use crate::mdev::{self};
use crate::model::Subdev;
use crate::scenario::Scenario;
use crate::tool;
use crate::vfio::Location;
use crate::wait::{self, SOON};

pub const DRA: Scenario = Scenario {
    name: "dra",
    vm: "--kernel stock",
    about: "Kubernetes claims become shares of work queues, and go again",
    run,
};

/// Runs with a cluster, and shows the drivers' logs if it fails.
fn in_cluster(run: impl FnOnce(&mut Cluster) -> Result<()>) -> Result<()> {
    let mut cluster = Cluster::new()?;
    let result = run(&mut cluster);
    with_log(cluster.folder(), result)
}

/// The subdevs that drivers made.
fn own() -> Result<Vec<Subdev>> {
    let mut all = tool::subdevs()?;
    all.retain(|it| it.name.starts_with(PREFIX));
    Ok(all)
}

/// Demands that there are no more nor less.
fn expect_own(count: usize) -> Result<Vec<Subdev>> {
    let own = own()?;
    ensure!(own.len() == count, "expected {count} subdevs, got {own:?}");
    Ok(own)
}

/// Makes a claim and has it prepared.
fn prepared(
    cluster: &Cluster,
    plugin: &Plugin,
    allocation: &Allocation,
) -> Result<(ResourceClaim, Vec<Device>)> {
    let claim = allocation.claim()?;
    cluster.api.add_claim(&claim)?;
    let devices = again(cluster, plugin, &claim)?;
    Ok((claim, devices))
}

/// Has a claim prepared.
fn again(cluster: &Cluster, plugin: &Plugin, claim: &ResourceClaim) -> Result<Vec<Device>> {
    let answer = cluster
        .kubelet
        .prepare(plugin, std::slice::from_ref(claim))?;
    let answer = answer.into_iter().next().context("an answer")?;
    answer.map_err(|it| anyhow::anyhow!("a claim is not prepared: {it}"))
}

/// Has a claim refused, with these words, and with nothing left of it.
fn refused(
    cluster: &Cluster,
    plugin: &Plugin,
    allocation: &Allocation,
    words: &[&str],
) -> Result<()> {
    let before = own()?.len();
    let claim = allocation.claim()?;
    cluster.api.add_claim(&claim)?;
    let answer = cluster
        .kubelet
        .prepare(plugin, std::slice::from_ref(&claim))?;
    let Some(Prepared::Err(sentence)) = answer.into_iter().next() else {
        anyhow::bail!("a claim was prepared that should be refused with {words:?}");
    };
    step(format!("\"{sentence}\""));
    for word in words {
        ensure!(sentence.contains(word), "'{word}' is not in '{sentence}'");
    }
    expect_own(before)?;
    let (status, message) = condition(cluster, &claim)?;
    check::equal("the condition", status.as_str(), "False")?;
    check::equal("its message", message, sentence)?;
    cluster.api.delete_claim(&claim)
}

/// Waits for the condition of a claim's first device.
fn condition(cluster: &Cluster, claim: &ResourceClaim) -> Result<(String, String)> {
    wait::until(SOON, "a condition of the claim", || {
        let claim = cluster.api.claim(claim)?;
        let devices = claim.status.and_then(|it| it.devices).unwrap_or_default();
        let conditions = devices.into_iter().filter_map(|it| it.conditions);
        let first = conditions.flatten().find(|it| it.type_ == "Ready");
        Ok(first.map(|it| (it.status, it.message)))
    })
}

/// Has a claim unprepared, and deletes it.
fn release(cluster: &Cluster, plugin: &Plugin, claim: &ResourceClaim) -> Result<()> {
    let answers = cluster
        .kubelet
        .unprepare(plugin, std::slice::from_ref(claim))?;
    for answer in answers {
        answer.map_err(|it| anyhow::anyhow!("a claim is not unprepared: {it}"))?;
    }
    cluster.api.delete_claim(claim)
}

/// A variable that a container gets.
fn variable(edits: &Value, name: &str) -> Result<String> {
    let all = edits["env"].as_array().context("has variables")?;
    let mut values = all
        .iter()
        .filter_map(|it| it.as_str()?.strip_prefix(&format!("{name}=")));
    let value = values.next();
    Ok(value
        .with_context(|| format!("no {name} in {edits}"))?
        .to_string())
}

/// Where a container finds the subdev of a device.
fn location(
    cluster: &Cluster,
    claim: &ResourceClaim,
    device: &Device,
    request: &str,
) -> Result<Location> {
    let id = device.cdi_device_ids.first().context("has a CDI device")?;
    let edits = cluster.edits(claim, id)?;
    let group = variable(&edits, &format!("DSA_{request}_VFIO_GROUP"))?;
    let nodes = edits["deviceNodes"].as_array().context("has nodes")?;
    for path in [group.as_str(), "/dev/vfio/vfio"] {
        ensure!(
            nodes.iter().any(|it| it["path"] == path),
            "no {path} in {edits}"
        );
    }
    Ok(Location {
        group: group.into(),
        device: variable(&edits, &format!("DSA_{request}_VFIO_NAME"))?,
    })
}

fn run() -> Result<()> {
    in_cluster(|cluster| {
        let driver = cluster.start(None)?;
        let plugin = cluster.plugin()?;
        published(cluster)?;
        scheduled(cluster)?;
        claims(cluster, &plugin)?;
        refusals(cluster, &plugin)?;
        mediated(cluster, &plugin)?;
        metrics()?;
        driver.stop()?;
        ensure!(
            cluster.kubelet.look()?.is_empty(),
            "the driver left its socket"
        );
        step("it may do no more than it did");
        let unused = cluster.api.unused();
        let unused: Vec<_> = unused.iter().map(ToString::to_string).collect();
        ensure!(unused.is_empty(), "granted and never used: {unused:?}");
        Ok(())
    })
}

fn published(cluster: &Cluster) -> Result<()> {
    step("each work queue is a device to be shared, and one to be had alone");
    let wqs = tool::wqs()?;
    let all = cluster.devices("of all work queues", |it| it.len() == 2 * wqs.len())?;
    for wq in &wqs {
        let name = device(wq.id)?;
        let shared = all
            .get(&name)
            .with_context(|| format!("there is no {name}"))?;
        let capacity = shared.capacity.as_ref().and_then(|it| it.get("entries"));
        let capacity = capacity.context("has entries")?;
        check::equal("entries", capacity.value.0.clone(), wq.size.to_string())?;
        check::equal("shared", shared.allow_multiple_allocations, Some(true))?;
        let attributes = shared.attributes.as_ref().context("has attributes")?;
        let text = |name: &str| attributes.get(name).and_then(|it| it.string.clone());
        check::equal("type", text("type").as_deref(), Some("1swq"))?;
        check::equal("isolation", text("isolation").as_deref(), Some("mediated"))?;
        let root = text("resource.kubernetes.io/pcieRoot");
        ensure!(
            root.is_some_and(|it| it.starts_with("pci0000:")),
            "no PCIe root"
        );
        let whole = all.get(&format!("{name}-whole"));
        let whole = whole.with_context(|| format!("there is no {name}-whole"))?;
        check::equal(
            "counters",
            &whole.consumes_counters,
            &shared.consumes_counters,
        )?;
    }
    step("what others took of a work queue is not offered");
    let name = device(3)?;
    let value = |it: &BTreeMap<String, k8s_openapi::api::resource::v1::Device>| {
        let capacity = it.get(&name).and_then(|it| it.capacity.clone());
        capacity.and_then(|it| Some(it.get("entries")?.value.0.clone()))
    };
    let size = wqs.iter().find(|it| it.id == 3).context("wq 3")?.size;
    tool::add("wq 3 pasid-mode shared size 5 name net0")?;
    let less = (size - 5).to_string();
    let all = cluster.devices("with less of wq 3", |it| value(it).as_ref() == Some(&less))?;
    ensure!(
        !all.contains_key(&format!("{name}-whole")),
        "wq 3 is offered whole"
    );
    tool::del("net0")?;
    tool::add("wq 3 name net0")?;
    cluster.devices("without wq 3", |it| {
        !it.contains_key(&name) && !it.is_empty()
    })?;
    tool::del("net0")?;
    cluster.devices("with wq 3", |it| value(it) == Some(size.to_string()))?;

    step("slices that somebody deletes come back");
    cluster.api.delete_slices();
    cluster.devices("that are back", |it| it.len() == 2 * wqs.len())?;
    step("a write that somebody else's comes before is repeated");
    cluster.api.conflict();
    tool::add("wq 3 name net3")?;
    cluster.devices("without wq 3", |it| {
        !it.contains_key(&name) && !it.is_empty()
    })?;
    step("slices of nothing go");
    for wq in wqs.iter().filter(|it| it.id != 3) {
        tool::add(&format!("wq {0} name net{0}", wq.id))?;
    }
    cluster.devices("that are none", BTreeMap::is_empty)?;
    for wq in &wqs {
        tool::del(&format!("net{}", wq.id))?;
    }
    cluster.devices("of them all", |it| it.len() == 2 * wqs.len())?;
    Ok(())
}

fn scheduled(cluster: &Cluster) -> Result<()> {
    step("the scheduler gives shares of a work queue until it is used up, or all of it");
    let name = device(3)?;
    let whole = format!("{name}-whole");
    let size = tool::wq("3")?.size;
    let Some(first) = cluster.allocate(&[], &name, None)? else {
        anyhow::bail!("nothing is given of a free work queue");
    };
    let entries = |it: &Allocated| it.consumed_capacity.as_ref()?.get("entries").cloned();
    let default = entries(&first).map(|it| it.0);
    check::equal("by default", default, Some((size / 8).max(1).to_string()))?;
    let rest = cluster.allocate(std::slice::from_ref(&first), &name, Some(size - size / 8))?;
    let both = [first, rest.context("the rest of it is not given")?];
    let third = cluster.allocate(&both, &name, Some(1))?;
    ensure!(third.is_none(), "more is given than there is: {third:?}");
    let all = cluster.allocate(&both, &whole, None)?;
    ensure!(all.is_none(), "it is given whole, beside shares: {all:?}");
    let all = cluster.allocate(&[], &whole, None)?;
    let all = [all.context("it is not given whole")?];
    let share = cluster.allocate(&all, &name, Some(1))?;
    ensure!(share.is_none(), "a share is given of all: {share:?}");
    let other = cluster.allocate(&all, &device(4)?, Some(1))?;
    ensure!(other.is_some(), "another work queue is not given");
    Ok(())
}

fn claims(cluster: &Cluster, plugin: &Plugin) -> Result<()> {
    step("a claim becomes a subdev with the share that was allocated");
    let name = device(3)?;
    let first = Allocation::new(1)
        .share("copy", &name, 4)
        .config(json!({"weight": 300}));
    let (claim, devices) = prepared(cluster, plugin, &first)?;
    let own = expect_own(1)?;
    check::equal("size", own[0].wq[0].size, 4)?;
    check::equal("weight", own[0].wq[0].weight, 300)?;
    let [told] = devices.as_slice() else {
        anyhow::bail!("expected one device, got {devices:?}");
    };
    check::equal(
        "request",
        told.request_names.clone(),
        vec!["copy".to_string()],
    )?;
    check::equal("device", &told.device_name, &name)?;
    let id = told.cdi_device_ids.first().context("has a CDI device")?;
    let edits = cluster.edits(&claim, id)?;
    check::equal(
        "name",
        variable(&edits, "DSA_COPY_NAME")?,
        own[0].name.clone(),
    )?;
    check::equal(
        "UUID",
        variable(&edits, "DSA_COPY_UUID")?,
        own[0].uuid.clone(),
    )?;
    let metadata = cluster.metadata(&claim, &told.cdi_device_ids)?;
    let attributes = &metadata["requests"][0]["devices"][0]["attributes"];
    check::equal(
        "metadata",
        attributes["uuid"]["string"].as_str(),
        Some(own[0].uuid.as_str()),
    )?;
    check::equal("condition", condition(cluster, &claim)?.0.as_str(), "True")?;

    step("prepared again, it is the same");
    check::equal("devices", again(cluster, plugin, &claim)?, devices.clone())?;
    check::equal("subdevs", expect_own(1)?[0].index, own[0].index)?;

    step("another claim has a share of the same work queue, and both copy");
    let second = Allocation::new(2)
        .share("copy", &name, 2)
        .whole("fill", &device(4)?);
    let (other, others) = prepared(cluster, plugin, &second)?;
    expect_own(3)?;
    let shared = cluster.devices("with claims", |it| it.contains_key(&name))?;
    let capacity = shared[&name].capacity.as_ref().context("has entries")?;
    let size = tool::wq("3")?.size.to_string();
    check::equal("entries", capacity["entries"].value.0.clone(), size)?;
    for (claim, devices) in [(&claim, &devices), (&other, &others)] {
        let dsa = Dsa::open_enabled(&location(cluster, claim, &devices[0], "COPY")?)?;
        let (from, to) = (dsa.map(0x1000_0000, 4096)?, dsa.map(0x2000_0000, 4096)?);
        from.write(0, &[7; 4096])?;
        let copy = crate::dsa::Descriptor::memmove(0x1000_0000, 0x2000_0000, 4096);
        dsa.run(copy)?.success("MEMMOVE")?;
        check::same_bytes("the copy", &to.read(0, 4096)?, &[7; 4096])?;
        step("open, it is not taken away");
        let claims = std::slice::from_ref(claim);
        let answer = cluster.kubelet.unprepare(plugin, claims)?;
        ensure!(answer[0].is_err(), "an open subdev was deleted");
        drop(dsa);
        again(cluster, plugin, claim)?;
    }

    step("unprepared, also twice and without a claim, nothing is left of it");
    release(cluster, plugin, &claim)?;
    expect_own(2)?;
    let twice = cluster.kubelet.unprepare(plugin, &[claim])?;
    check::equal("the second time", twice, vec![Ok(())])?;
    cluster.api.delete_claim(&other)?;
    let without = cluster.kubelet.unprepare(plugin, &[other])?;
    check::equal("without a claim", without, vec![Ok(())])?;
    expect_own(0)?;
    ensure!(cluster.specs()?.is_empty(), "CDI specs are left");
    Ok(())
}

fn refusals(cluster: &Cluster, plugin: &Plugin) -> Result<()> {
    step("refusals are said in the family's words");
    let name = device(3)?;
    let share = |number| Allocation::new(number).share("copy", &name, 2);
    let rate = share(10).config(json!({"maxRate": 1}));
    refused(cluster, plugin, &rate, &["copy: ", "max-rate", "262144"])?;
    let unknown = share(11).config(json!({"wieght": 1}));
    refused(cluster, plugin, &unknown, &["unknown field `wieght`"])?;
    let operations = share(12).config(json!({"operations": ["memcpy"]}));
    refused(cluster, plugin, &operations, &["'memcpy'; accepted: noop"])?;
    let direct = share(13).config(json!({"portal": "direct"}));
    refused(cluster, plugin, &direct, &["copy: "])?;
    let mdev = share(14).config(json!({"face": "mdev"}));
    refused(cluster, plugin, &mdev, &["subdev_mdev"])?;
    let no_wq = Allocation::new(15).share("copy", &device(99)?, 1);
    refused(cluster, plugin, &no_wq, &["99"])?;
    let foreign = Allocation::new(16).share("copy", "gpu-0", 1);
    refused(cluster, plugin, &foreign, &["'gpu-0' names no device"])?;
    step("of a claim that cannot be had as a whole, no part stays");
    let half = Allocation::new(17)
        .share("copy", &name, 2)
        .share("more", &name, 9999);
    refused(cluster, plugin, &half, &["more: "])?;
    step("a claim that is another one, or not there, is not prepared");
    let other = share(18).claim()?;
    let answer = cluster
        .kubelet
        .prepare(plugin, std::slice::from_ref(&other))?;
    ensure!(answer[0].is_err(), "{answer:?}");
    let mut renamed = share(19).claim()?;
    cluster.api.add_claim(&other)?;
    renamed.metadata.name.clone_from(&other.metadata.name);
    let answer = cluster.kubelet.prepare(plugin, &[renamed])?;
    ensure!(answer[0].is_err(), "{answer:?}");
    cluster.api.delete_claim(&other)?;
    expect_own(0)?;
    Ok(())
}

fn mediated(cluster: &Cluster, plugin: &Plugin) -> Result<()> {
    step("with the module for it, a subdev can be a mediated device, whose UUID KubeVirt reads");
    let loaded = mdev::load()?;
    let wanted = Allocation::new(20)
        .share("vm", &device(2)?, 4)
        .config(json!({"face": "mdev"}));
    let (claim, devices) = prepared(cluster, plugin, &wanted)?;
    let own = expect_own(1)?;
    check::equal("mediated devices", mdev::all()?, vec![own[0].uuid.clone()])?;
    check::equal("again", again(cluster, plugin, &claim)?, devices.clone())?;
    let metadata = cluster.metadata(&claim, &devices[0].cdi_device_ids)?;
    let attributes = &metadata["requests"][0]["devices"][0]["attributes"];
    let uuid = attributes["resource.kubernetes.io/mdevUUID"]["string"].as_str();
    check::equal("mdevUUID", uuid, Some(own[0].uuid.as_str()))?;
    let place = location(cluster, &claim, &devices[0], "VM")?;
    check::equal("name", place.device, own[0].uuid.clone())?;
    release(cluster, plugin, &claim)?;
    expect_own(0)?;
    check::equal("mediated devices", mdev::all()?, Vec::<String>::new())?;
    loaded.unload()
}

fn metrics() -> Result<()> {
    step("Prometheus gets what became of claims, and the statistics of subdevs");
    let mut stream = TcpStream::connect(METRICS)?;
    stream.set_read_timeout(Some(SOON))?;
    write!(
        stream,
        "GET /metrics HTTP/1.1\r\nHost: n1\r\nConnection: close\r\n\r\n"
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    for line in [
        "dsa_dra_claims_total{call=\"Prepare\",failed=\"true\"}",
        "dsa_dra_claim_duration_seconds_count{call=\"Unprepare\"}",
        "dsa_dra_wq_completed_total{",
    ] {
        ensure!(text.contains(line), "{line} is not in {text}");
    }
    Ok(())
}

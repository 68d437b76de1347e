// SPDX-License-Identifier: MIT OR Apache-2.0
//! A subdev from its creation to its end.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::check::{self, step};
use crate::dsa::{Descriptor, Dsa};
use crate::model::Subdev;
use crate::scenario::Scenario;
use crate::tool::{self, dsa_nl};
use crate::wait::{self, SOON};
use crate::{pattern, system};

pub const LIFECYCLE: Scenario = Scenario {
    name: "lifecycle",
    vm: "",
    about: "subdevs are made, shown and deleted, with all their handles",
    run: lifecycle,
};

pub const PULL: Scenario = Scenario {
    name: "pull",
    vm: "",
    about: "`subdev add wq 3` on an untouched WQ gives a device that works",
    run: pull,
};

const UUID: &str = "0d9d0d3c-5a3a-4f0e-9a53-0f7a3c2b1e11";

/// What every active subdev shows.
const KEYS: &[&str] = &[
    "index",
    "name",
    "uuid",
    "parent-index",
    "parent",
    "wq",
    "pasid-mode",
    "isolation",
    "state",
    "opstate",
    "auxiliary-device",
    "iommu-group",
    "vfio-device",
];

fn lifecycle() -> Result<()> {
    let first = defaults()?;
    let second = named(&first)?;
    shown(&[&first, &second])?;

    step("deletion by name and by UUID leaves nothing");
    gone_after_del(&first, &first.name)?;
    gone_after_del(&second, UUID)?;
    check::equal("entries available", tool::wq("wq3")?.available, 16)?;

    let third = inactive(&second)?;
    by_type(&third)
}

fn defaults() -> Result<Subdev> {
    step("a subdev with nothing but its WQ and PASID mode");
    let value: Value = tool::json("subdev add wq 3 pasid-mode shared")?;
    for key in KEYS {
        ensure!(
            value.get(key).is_some(),
            "the key {key:?} is missing in {value}"
        );
    }
    let subdev: Subdev = serde_json::from_value(value)?;
    check::equal("name", &subdev.name, &format!("dsa0-{}", subdev.index))?;
    check::equal("parent", subdev.parent.as_str(), "dsa0")?;
    check::equal("wq", subdev.wqs(), vec![3])?;
    check::equal("pasid-mode", subdev.pasid_mode.as_str(), "shared")?;
    check::equal("isolation", subdev.isolation.as_str(), "mediated")?;
    check::equal("state", subdev.state.as_str(), "active")?;
    check::equal("opstate", subdev.opstate.as_str(), "attached")?;
    check::equal("size: an eighth of the WQ", subdev.size(), 2)?;
    random_uuid(&subdev.uuid)?;
    handed_to_vfio(&subdev)?;
    Ok(subdev)
}

/// Demands a random UUID: version 4, variant 1 (RFC 9562, section 5.4).
fn random_uuid(uuid: &str) -> Result<()> {
    let groups: Vec<_> = uuid.split('-').map(str::len).collect();
    let at = |index: usize| uuid.as_bytes().get(index).copied();
    ensure!(
        groups == [8, 4, 4, 4, 12]
            && uuid.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
            && at(14) == Some(b'4')
            && at(19).is_some_and(|digit| b"89ab".contains(&digit)),
        "{uuid} is not a random UUID"
    );
    Ok(())
}

/// Demands that VFIO has the subdev, where its handles say.
fn handed_to_vfio(subdev: &Subdev) -> Result<()> {
    let location = subdev.location()?;
    let node = location.group.display();
    ensure!(
        system::is_char_device(&location.group),
        "{node} is not a character device"
    );
    let device = system::auxiliary_path(&location.device);
    ensure!(device.exists(), "there is no {}", device.display());
    let group = system::iommu_group(&device)?;
    check::equal("IOMMU group", subdev.iommu_group, Some(group))?;
    let name = subdev.vfio_device.as_ref().context("no VFIO device")?;
    let class = Path::new("/sys/class/vfio-dev").join(name);
    ensure!(class.exists(), "there is no {}", class.display());
    Ok(())
}

fn named(first: &Subdev) -> Result<Subdev> {
    step("another one on the same WQ, with a name and a UUID");
    let line = format!("wq 3 pasid-mode shared name second uuid {UUID}");
    let second = tool::add(&line)?;
    check::equal("name", second.name.as_str(), "second")?;
    check::equal("uuid", second.uuid.as_str(), UUID)?;
    ensure!(
        second.iommu_group != first.iommu_group,
        "two subdevs are in the IOMMU group {:?}",
        second.iommu_group
    );
    handed_to_vfio(&second)?;

    step("the WQ and the parent know both");
    let wq = tool::wq("wq3")?;
    check::equal("number of subdevs of the WQ", wq.subdev_count, 2)?;
    check::equal(
        "subdevs of the WQ",
        wq.subdev,
        vec![first.index, second.index],
    )?;
    let mode = wq.pasid_mode.as_deref();
    check::equal("pasid-mode of the WQ", mode, Some("shared"))?;
    check::equal("entries available", wq.available, 12)?;
    check::equal("subdevs of the parent", tool::parents()?[0].subdev_count, 2)?;
    Ok(second)
}

fn shown(subdevs: &[&Subdev]) -> Result<()> {
    step("shown by index, name and UUID, and in the list");
    for subdev in subdevs {
        for id in [&subdev.index.to_string(), &subdev.name, &subdev.uuid] {
            let what = format!("subdev show {id}");
            check::equal(&what, &tool::subdev(id)?, *subdev)?;
        }
    }
    let list = tool::subdevs()?;
    check::equal("subdev show", list.iter().collect(), subdevs.to_vec())?;
    let table = dsa_nl("subdev show")?.ok()?;
    for subdev in subdevs {
        ensure!(
            table.stdout.contains(&subdev.name),
            "expected {:?} in {}",
            subdev.name,
            table.describe()
        );
    }
    Ok(())
}

/// Deletes a subdev by one of its names and demands that nothing is left of it.
fn gone_after_del(subdev: &Subdev, id: &str) -> Result<()> {
    tool::del(id)?;
    for id in [&subdev.index.to_string(), &subdev.name, &subdev.uuid] {
        tool::refused(&dsa_nl(&format!("subdev show {id}"))?, &[])?;
    }
    if let Ok(location) = subdev.location() {
        let device = system::auxiliary_path(&location.device);
        ensure!(!device.exists(), "{} is still there", device.display());
        vanishes(&location.group)?;
    }
    Ok(())
}

/// Waits until a device node is gone: devtmpfs removes it in its own time.
fn vanishes(node: &Path) -> Result<()> {
    let what = format!("the removal of {}", node.display());
    wait::until_true(SOON, &what, || Ok(!node.exists()))
}

fn inactive(before: &Subdev) -> Result<Subdev> {
    step("an inactive subdev has no VFIO device; its name can be used again, its index is new");
    let value: Value = tool::json("subdev add wq 3 state inactive name second")?;
    for key in ["auxiliary-device", "iommu-group", "vfio-device"] {
        ensure!(value.get(key).is_none(), "inactive, and yet {key}: {value}");
    }
    let subdev: Subdev = serde_json::from_value(value)?;
    let state = (subdev.state.as_str(), subdev.opstate.as_str());
    check::equal("state, opstate", state, ("inactive", "detached"))?;
    check::equal("pasid-mode", subdev.pasid_mode.as_str(), "none")?;
    check::equal("size: the whole WQ", subdev.size(), 16)?;
    ensure!(
        subdev.index > before.index,
        "the index {} comes again after {}",
        subdev.index,
        before.index
    );
    gone_after_del(&subdev, &subdev.index.to_string())?;
    Ok(subdev)
}

fn by_type(before: &Subdev) -> Result<()> {
    step("by type alone, the driver takes the WQ with most room");
    let blocker = tool::add("wq 0 pasid-mode shared name blocker")?;
    let types = tool::types()?;
    let kind = types.iter().find(|kind| kind.pasid_mode == "shared");
    let kind = kind.context("there is no type with pasid-mode shared")?;
    let subdev = tool::add(&format!("type {}", kind.name))?;
    ensure!(
        subdev.index > before.index,
        "the index came again: {subdev:?}"
    );
    check::equal("pasid-mode", subdev.pasid_mode.as_str(), "shared")?;
    let [wq] = subdev.wqs()[..] else {
        anyhow::bail!("expected one WQ, got {:?}", subdev.wq);
    };
    ensure!(wq != 0, "WQ 0 has less room than the others and was taken");
    let left = tool::types()?;
    let left = left.iter().find(|left| left.name == kind.name);
    check::equal(
        "instances of the type that are left",
        left.map(|left| left.available_instances),
        Some(kind.available_instances - 1),
    )?;
    gone_after_del(&subdev, &subdev.name)?;
    gone_after_del(&blocker, &blocker.name)
}

fn pull() -> Result<()> {
    step("`subdev add wq 3`, nothing more");
    let subdev = tool::add("wq 3")?;
    check::equal("pasid-mode", subdev.pasid_mode.as_str(), "none")?;
    check::equal("size: the whole WQ", subdev.size(), 16)?;
    check::equal("entries available", tool::wq("wq3")?.available, 0)?;

    step("its device copies memory");
    let dsa = Dsa::open_enabled(&subdev.location()?)?;
    check::equal("entries that its user sees", dsa.size(), 16)?;
    let (from, to) = (dsa.map(0x10_0000, 4096)?, dsa.map(0x20_0000, 4096)?);
    from.write(0, &pattern::bytes(1, 4096))?;
    dsa.run(Descriptor::memmove(from.iova(), to.iova(), 4096))?
        .success("MEMMOVE")?;
    check::same_bytes("the copy", &to.read(0, 4096)?, &pattern::bytes(1, 4096))?;
    drop(dsa);
    tool::del(&subdev.name)
}

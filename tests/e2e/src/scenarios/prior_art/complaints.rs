// SPDX-License-Identifier: MIT OR Apache-2.0
//! What users of similar systems complain of, by the report.
//!
//! Reports of what is lost over a reboot are not here: nothing is kept in the kernel, nor said to be.

use anyhow::{Context, Result, ensure};
use nlctl::{Error, PasidMode, RefusalKind};

use super::{Row, end, kind, neighbours, refused};
use crate::check;
use crate::client::Client;
use crate::system::{self, ctl};
use crate::tenant::Tenant;
use crate::tool::{self, dsa_nl};
use crate::vfio::PAGE;

pub const ROWS: &[Row] = &[
    (
        "intel/idxd-config#85, #24: how to give DSA to several VMs",
        several_vms,
    ),
    (
        "idxd-config#49: \"Operation not supported\" needs strace",
        needs_strace,
    ),
    (
        "idxd-config#46: stale configuration after disable",
        stale_configuration,
    ),
    (
        "idxd-config#78, #29: missing support found out only at enable",
        missing_support,
    ),
    (
        "intel-device-plugins#1836: 0x80110000: Unknown error",
        unknown_error,
    ),
    (
        "intel-device-plugins#1246: shared WQs not provisioned or tested",
        shared_wqs,
    ),
    (
        "mdevctl PR#30: a failed attribute write leaves a half-made device",
        half_made,
    ),
    (
        "mlxdevm-go PR#21: the auxiliary device name cannot be had over netlink",
        auxiliary_device,
    ),
];

fn several_vms() -> Result<()> {
    let names = ["vm1", "vm2"];
    let tenants = neighbours(names)?;
    for tenant in &tenants {
        tenant.works()?;
    }
    end(tenants, names)
}

fn needs_strace() -> Result<()> {
    let answer = Client::new()?.ask(|handle| {
        let add = handle.subdev().add().wq(3);
        add.pasid_mode(PasidMode::Dedicated).execute()
    })?;
    let Err(Error::Refused(refusal)) = answer else {
        anyhow::bail!("expected a refusal, got {answer:?}");
    };
    check::equal("kind", refusal.kind(), RefusalKind::Unsupported)?;
    check::equal(
        "attribute",
        refusal.attribute.as_deref(),
        Some("pasid-mode"),
    )?;
    let message = refusal.message.context("there is no message")?;
    ensure!(message.contains("lacks"), "no reason: {message}");
    Ok(())
}

fn stale_configuration() -> Result<()> {
    let before = tool::wq("wq5")?;
    let priority = |wq: &crate::model::Wq| wq.dsa_wq.as_ref().map(|dsa| dsa.priority);
    for (size, priority_set) in [(8, 3), (before.size, 8)] {
        dsa_nl(&format!("wq set wq5 size {size} priority {priority_set}"))?.ok()?;
        let subdev = tool::add("wq 5 name user")?;
        check::equal("entries", subdev.size(), size)?;
        tool::del("user")?;
        let wq = tool::wq("wq5")?;
        check::equal("state", wq.state.as_str(), "disabled")?;
        check::equal("size", wq.size, size)?;
        check::equal("priority", priority(&wq), Some(priority_set))?;
    }
    check::equal("priority", priority(&tool::wq("wq5")?), priority(&before))
}

fn missing_support() -> Result<()> {
    let kind = kind("dedicated")?;
    let missing = kind.missing_prerequisite.context("nothing is missing")?;
    check::equal("instances", kind.available_instances, 0)?;
    refused(&format!("subdev add type {}", kind.name), &[&missing])
}

fn unknown_error() -> Result<()> {
    /// Code of the command that enables the device (srctree drivers/dma/idxd/registers.h).
    const ENABLE: u32 = 1;
    ctl(&format!("fail-command 0x15 --command {ENABLE}"))?;
    refused("wq set wq3 size 8", &["invalid group configuration"])
}

fn shared_wqs() -> Result<()> {
    let kind = kind("shared")?;
    for name in ["one", "two"] {
        let subdev = tool::add(&format!("type {} name {name}", kind.name))?;
        check::equal("mode", subdev.pasid_mode.as_str(), "shared")?;
        Tenant::open(&subdev, PAGE)?.works()?;
    }
    ["one", "two"].into_iter().try_for_each(tool::del)
}

fn half_made() -> Result<()> {
    refused("subdev add wq 4 name half uuid none", &["uuid"])?;
    refused("subdev add wq 4,99 name half", &["no wq 99"])?;
    tool::add("wq 4 name half size 4 state inactive")?;
    refused("subdev set half name whole wq 4 size 99", &["size"])?;
    tool::del("half")
}

fn auxiliary_device() -> Result<()> {
    let client = Client::new()?;
    let made = client.ask(|handle| handle.subdev().add().wq(4).execute())??;
    let device = made.object.auxiliary_device.context("there is no name")?;
    let path = system::auxiliary_path(&device);
    ensure!(path.exists(), "there is no {}", path.display());
    client.delete_all()
}

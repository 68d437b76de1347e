// SPDX-License-Identifier: MIT OR Apache-2.0
//! Work queues of the device that `idxd` owns and our module uses.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::{configure, disable, try_command};
use crate::kmsg::Kmsg;
use crate::module::Loaded;
use crate::process::Output;
use crate::{system, tool};

/// Name of the module that is their driver.
pub const LENDER: &str = "subdev_idxd";

/// WQs of the kernel's channels (0), of programs (2), and of ours (1 and 3).
pub const LENT: &str = include_str!("lent.json");

/// The module while it is loaded, and ours, which it needs and which goes after it.
pub struct Lender {
    lender: Loaded,
    ours: Loaded,
}

impl Lender {
    /// Loads both.
    pub fn new() -> Result<Self> {
        Ok(Self {
            lender: Loaded::new(LENDER)?,
            ours: Loaded::new(system::MODULE)?,
        })
    }

    /// Tries to unload it.
    pub fn try_unload(&self) -> Result<Output> {
        self.lender.try_unload()
    }

    /// Unloads both.
    pub fn unload(self) -> Result<()> {
        let Self { lender, ours } = self;
        lender.unload()?;
        // What is left of it is looked for as well.
        system::unload_module()?;
        drop(ours);
        Ok(())
    }
}

/// Runs `work` with `idxd` bound to the device and our driver on its bus.
pub fn with_lender<T>(work: impl FnOnce(&mut Kmsg, Lender) -> Result<T>) -> Result<T> {
    super::with_idxd(|log| work(log, Lender::new()?))
}

/// The work queues of the model and their entries, and its engines.
const WQS: u32 = 8;
const ENTRIES: u32 = 16;
const ENGINES: u32 = 4;

/// The device as our module configures one, with all of its work queues lent.
fn all_lent() -> Value {
    let wqs = (0..WQS).map(|id| {
        json!({
            "dev": format!("wq0.{id}"),
            "mode": "dedicated",
            "size": ENTRIES,
            "group_id": 0,
            "priority": 10,
            "block_on_fault": 0,
            "max_batch_size": 32,
            "max_transfer_size": 2 << 20,
            "type": "kernel",
            "name": format!("tenants{id}"),
            "driver_name": "subdev",
            "threshold": 0,
        })
    });
    let engines = (0..ENGINES).map(|id| json!({"dev": format!("engine0.{id}"), "group_id": 0}));
    json!([{
        "dev": "dsa0",
        "groups": [{
            "dev": "group0.0",
            "grouped_workqueues": wqs.collect::<Vec<_>>(),
            "grouped_engines": engines.collect::<Vec<_>>(),
        }],
    }])
}

/// Has all work queues of the device lent, which `idxd` has.
pub fn lend_all() -> Result<()> {
    configure(&all_lent().to_string())
}

/// Runs scenarios on the parent of a device that `idxd` owns, all of whose work queues are lent.
pub fn with_all_lent(run: impl FnOnce() -> Result<()>) -> Result<()> {
    with_lender(|_, lender| {
        lend_all()?;
        let parents = tool::parents()?;
        let owners: Vec<_> = parents.iter().map(|it| it.owner.as_deref()).collect();
        ensure!(owners == [Some("idxd")], "owners of parents: {owners:?}");
        run()?;
        let left = tool::subdevs()?;
        ensure!(left.is_empty(), "subdevs are left: {left:?}");
        disable()?;
        lender.unload()
    })
}

/// Tries to unload a module that others need.
pub fn try_rmmod(module: &str) -> Result<Output> {
    try_command("rmmod", module)
}

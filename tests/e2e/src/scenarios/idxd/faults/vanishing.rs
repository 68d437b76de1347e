// SPDX-License-Identifier: MIT OR Apache-2.0
//! A device that vanishes from the bus, and comes back.

use anyhow::Result;

use super::super::STOCK;
use crate::check::{self, step};
use crate::idxd::{self, USER_WQ, attribute, configure_one, disable, try_command, with_idxd};
use crate::kmsg::{Kmsg, await_lines};
use crate::scenario::Scenario;
use crate::system::ctl;

pub const IDXD_VANISHING: Scenario = Scenario {
    name: "idxd-vanishing",
    vm: STOCK,
    about: "a device that vanishes from the bus fails idxd's commands, can be let go, and is \
            taken again when it is back",
    run: || with_idxd(run),
};

fn run(log: &mut Kmsg) -> Result<()> {
    let function = idxd::function()?;
    configure_one(USER_WQ)?;

    step("commands to a device that has vanished fail and do not hang");
    log.lines()?;
    ctl("vanish")?;
    check::equal("first dword of its BAR", function.register(0)?, u32::MAX)?;
    // Whatever accel-config makes of it: it ends.
    try_command("accel-config", "disable-wq dsa0/wq0.2")?;
    await_lines(log, &["Device is HALTED!"])?;
    try_command("accel-config", "disable-device dsa0")?;
    check::equal("state", attribute("dsa0/state")?.as_str(), "disabled")?;

    step("idxd lets it go");
    function.unbind()?;
    function.remove()?;

    step("and takes it when it is back");
    ctl("return")?;
    idxd::rescan()?;
    check::equal("state", attribute("dsa0/state")?.as_str(), "disabled")?;
    configure_one(USER_WQ)?;
    disable()
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! A device that vanishes from the bus, and comes back.

use anyhow::{Result, ensure};

use super::super::VM;
use super::super::machine::{
    Function, USER_WQ, attribute, await_lines, configure_one, ctl, disable, try_command, with_idxd,
};
use crate::check::{self, step};
use crate::kmsg::Kmsg;
use crate::scenario::Scenario;

pub const IDXD_VANISHING: Scenario = Scenario {
    name: "idxd-vanishing",
    vm: VM,
    about: "a device that vanishes from the bus fails idxd's commands, is not taken, and is again \
            when it is back",
    run: || with_idxd(run),
};

fn run(log: &mut Kmsg) -> Result<()> {
    let function = Function::of_device()?;
    configure_one(USER_WQ)?;

    step("commands to a device that has vanished fail and do not hang");
    log.lines()?;
    ctl("vanish")?;
    check::equal("first dword of its BAR", function.register(0)?, u32::MAX)?;
    // Whatever accel-config makes of it: it ends.
    try_command("accel-config", "disable-wq dsa0/wq0.2")?;
    await_lines(log, &["Device is HALTED!"])?;

    step("idxd lets it go, and does not take it");
    function.unbind()?;
    log.lines()?;
    ensure!(
        function.bind().is_err(),
        "idxd took a device that is not there"
    );

    step("and takes it when it is back");
    ctl("return")?;
    function.bind()?;
    check::equal("state", attribute("dsa0/state")?.as_str(), "disabled")?;
    configure_one(USER_WQ)?;
    disable()
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Commands that fail, and commands that nobody is told the end of.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::super::STOCK;
use crate::check::{self, step};
use crate::idxd::{
    CONFIG, TWO_GROUPS, attribute, await_attribute, command, disable, try_command, with_idxd,
};
use crate::kmsg::Kmsg;
use crate::process::Talker;
use crate::scenario::Scenario;
use crate::system::{ctl, model_status};
use crate::wait::{self, SOON};

pub const IDXD_COMMANDS: Scenario = Scenario {
    name: "idxd-commands",
    vm: STOCK,
    about: "a command that fails is refused with its code, and one whose interrupt is lost hangs \
            until there is another",
    run: || with_idxd(run),
};

fn run(_log: &mut Kmsg) -> Result<()> {
    fs::write(CONFIG, TWO_GROUPS).with_context(|| format!("cannot write {CONFIG}"))?;
    command("accel-config", &format!("load-config -c {CONFIG}"))?;

    step("a device that fails to be enabled is refused with the code, and is disabled");
    ctl("fail-command 0x14 --command 1")?;
    refused("enable-device dsa0", "0x14", "out of range")?;
    check::equal("state", attribute("dsa0/state")?.as_str(), "disabled")?;
    step("the next attempt succeeds");
    command("accel-config", "enable-device dsa0")?;
    check::equal("state", attribute("dsa0/state")?.as_str(), "enabled")?;

    step("of the commands that enable a WQ, the second from now fails and the first does not");
    ctl("fail-command 0x23 --command 6 --nth 2")?;
    command("accel-config", "enable-wq dsa0/wq0.0")?;
    refused("enable-wq dsa0/wq0.1", "0x23", "priority")?;
    check::equal("state", attribute("wq0.0/state")?.as_str(), "enabled")?;
    check::equal("state", attribute("wq0.1/state")?.as_str(), "disabled")?;

    step("a command whose interrupt is lost hangs until there is one");
    ctl("drop-interrupt 0")?;
    let mut enable = Talker::spawn(Command::new("accel-config").args(["enable-wq", "dsa0/wq0.1"]))?;
    wait::until_true(SOON, "the model to enable wq 1", || {
        Ok(model_status()?["wqs"][1]["state"] == "enabled")
    })?;
    check::equal("end of accel-config", enable.ended()?, None)?;
    check::equal("state", attribute("wq0.1/state")?.as_str(), "disabled")?;
    ctl("raise-interrupt 0")?;
    let status = enable.wait(SOON)?;
    ensure!(status.success(), "accel-config ended with {status}");
    await_attribute("wq0.1/state", "enabled")?;
    disable()
}

/// Demands that accel-config is refused something, that sysfs has the code, and that accel-config
/// knows its meaning.
fn refused(arguments: &str, code: &str, meaning: &str) -> Result<()> {
    let refused = try_command("accel-config", arguments)?;
    let said = refused.stdout.to_lowercase() + &refused.stderr.to_lowercase();
    ensure!(
        !refused.status.success() && said.contains(meaning),
        "expected a refusal that says {meaning:?} of {}",
        refused.describe()
    );
    check::equal("cmd_status", attribute("dsa0/cmd_status")?.as_str(), code)
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a user without privileges may do.

use std::process::Command;

use anyhow::Result;

use crate::check::{self, step};
use crate::monitor::Monitor;
use crate::process;
use crate::scenario::Scenario;
use crate::tool::{self, DSA_NL, dsa_nl_unprivileged};
use crate::wait::SOON;

pub const PERMISSIONS: Scenario = Scenario {
    name: "permissions",
    vm: "",
    about: "whoever has no CAP_NET_ADMIN can look and listen, and change nothing",
    run,
};

/// Arguments of setpriv for a user without privileges.
const NOBODY: &[&str] = &["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"];

/// And for one that has all capabilities, but not in the initial user namespace.
const NAMESPACE: &[&str] = &["--", "unshare", "--user", "--map-root-user"];

fn run() -> Result<()> {
    tool::add("wq 3 name kept")?;
    let before = tool::snapshot()?;

    step("nobody sees what root sees");
    for line in [
        "parent show",
        "wq show",
        "type show",
        "subdev show",
        "subdev show kept",
    ] {
        let line = format!("-j {line}");
        let theirs = dsa_nl_unprivileged(&line)?.ok()?;
        let ours = tool::dsa_nl(&line)?.ok()?;
        check::equal(
            &format!("`dsa-nl {line}` as nobody"),
            theirs.stdout,
            ours.stdout,
        )?;
    }

    step("nobody hears what happens");
    let mut monitor = Monitor::spawn(tool::unprivileged(DSA_NL).args(["-j", "monitor"]))?;
    tool::add("wq 4 name heard")?;
    monitor.expect("create", "heard")?;
    tool::del("heard")?;

    for (who, before) in [
        ("nobody changes nothing", NOBODY),
        ("nor does the root of another user namespace", NAMESPACE),
    ] {
        step(who);
        for line in [
            "subdev add wq 4",
            "subdev add",
            "subdev set kept name taken",
            "subdev reset kept",
            "subdev drain kept",
            "subdev del kept",
            "wq set wq4 priority 2",
            "parent set dsa0 group 0 read-buffers-reserved 1",
        ] {
            let mut command = Command::new("setpriv");
            command.args(before).arg(DSA_NL).args(line.split(' '));
            let words = ["permi|privilege|CAP_NET_ADMIN"];
            let sentence = tool::refused(&process::run(&mut command, SOON)?, &words)?;
            step(format!("  `{line}`: {sentence}"));
        }
    }
    check::same_json("what `show` shows", &tool::snapshot()?, &before)?;
    tool::del("kept")
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a user without privileges may do.

use anyhow::Result;

use crate::check::{self, step};
use crate::monitor::Monitor;
use crate::scenario::Scenario;
use crate::tool::{self, DSA_NL, dsa_nl_unprivileged};

pub const PERMISSIONS: Scenario = Scenario {
    name: "permissions",
    vm: "",
    about: "whoever has no CAP_NET_ADMIN can look and listen, and change nothing",
    run,
};

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

    step("nobody changes nothing");
    for line in [
        "subdev add wq 4",
        "subdev del kept",
        "subdev add",
        "subdev reset kept",
        "subdev drain kept",
    ] {
        let sentence = tool::refused(
            &dsa_nl_unprivileged(line)?,
            &["permi|privilege|CAP_NET_ADMIN"],
        )?;
        step(format!("`{line}`: {sentence}"));
    }
    check::same_json("what `show` shows", &tool::snapshot()?, &before)?;
    tool::del("kept")
}

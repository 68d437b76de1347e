// SPDX-License-Identifier: MIT OR Apache-2.0
//! What Debian's init and udev make of what an administrator left in /etc/subdev.d.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::check::{self, step};
use crate::process::{self, Output};
use crate::scenario::Scenario;
use crate::system::{self, MODULE};
use crate::tenant::Tenant;
use crate::tool::{self, dsa_nl};
use crate::wait;

/// Options of a machine that has been up before.
pub const MACHINE: &str = "--kernel stock --dsa 2 --installed --first 'e2e earlier-boot'";

/// What runs in it then, before the init.
pub const EARLIER: &str = "earlier-boot";

pub const BOOT: Scenario = Scenario {
    name: "boot",
    vm: MACHINE,
    about: "devices that were given to the module are given to it at boot, with their subdevs",
    run,
};

const FOLDER: &str = "/etc/subdev.d";

/// A file of the folder that cannot be applied.
const WRONG: &str = "20-wrong.yaml";

/// How long it may take until the system is up, and udev has done what it has to.
const UP: Duration = Duration::from_secs(120);

/// Gives both devices to the module and says what is to be on them; then the machine goes down.
pub fn earlier() -> Result<()> {
    let functions = system::dsa_functions()?;
    for function in &functions {
        dsa_nl(&format!("parent bind pci/{}", function.name()))?.ok()?;
    }
    let [first, second] = functions.as_slice() else {
        anyhow::bail!("there are {} devices", functions.len());
    };
    let (first, second) = (first.name(), second.name());
    let file = |name: &str, text: String| {
        let path = Path::new(FOLDER).join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    file(
        "10-first.yaml",
        format!(
            "wq:\n- {{parent: pci/{first}, id: 3, size: 12}}\n\
             subdev:\n\
             - {{name: first, parent: pci/{first}, wq: [{{id: 3, size: 8}}], pasid-mode: shared}}\n\
             - {{name: other, parent: pci/{first}, wq: [{{id: 3, size: 4}}], pasid-mode: shared}}\n"
        ),
    )?;
    file(
        WRONG,
        format!("subdev:\n- {{name: wrong, parent: pci/{second}, wq: [{{id: 99}}]}}\n"),
    )?;
    file(
        "30-second.yaml",
        format!("subdev:\n- {{name: second, parent: pci/{second}, wq: [{{id: 4}}]}}\n"),
    )?;
    for function in &functions {
        function.unbind()?;
        function.set_override(None)?;
    }
    system::unload_module()
}

fn run() -> Result<()> {
    let functions = system::dsa_functions()?;
    let second = functions.last().context("no device")?;

    step("after the boot both devices are parents, with the subdevs of the files that are right");
    await_subdevs(&["first", "other", "second"])?;
    for function in &functions {
        check::equal("driver", function.driver().as_deref(), Some(MODULE))?;
    }
    check::equal(
        "the size of wq 3",
        tool::wq(&format!("pci/{}/wq3", functions[0].name()))?.size,
        12,
    )?;
    Tenant::open(&tool::subdev("second")?, 1 << 12)?.works()?;

    step("nothing but the units of the file that is wrong has failed, and they say why");
    let state = settled()?;
    check::equal("the system", state.as_str(), "degraded")?;
    let failed = failed()?;
    ensure!(
        !failed.is_empty() && failed.iter().all(|unit| unit.starts_with("subdev-apply@")),
        "units that failed: {failed:?}"
    );
    for unit in &failed {
        let status = systemctl(&["status", "--no-pager", "--full", "--lines=50", unit])?.stdout;
        for words in [WRONG, "has no wq 99"] {
            ensure!(status.contains(words), "{words:?} is not in {status}");
        }
        step(format!("  {unit}"));
    }

    step("the file is mended, and so are they");
    fs::remove_file(Path::new(FOLDER).join(WRONG))?;
    for unit in &failed {
        systemctl(&["restart", unit])?.ok()?;
    }
    check::equal("the system", settled()?.as_str(), "running")?;
    let all = tool::subdevs()?;
    check::equal("subdevs", all.len(), 3)?;

    step("a device that goes and comes back is bound again, and gets its subdevs");
    second.remove()?;
    system::await_parents(1)?;
    check::equal("subdevs", tool::subdevs()?.len(), 2)?;
    system::rescan()?;
    await_subdevs(&["first", "other", "second"])?;
    check::equal("driver", second.driver().as_deref(), Some(MODULE))?;

    step("one that is given back is not taken again, until it is given anew");
    let place = format!("pci/{}", second.name());
    dsa_nl(&format!("parent unbind {place} force"))?.ok()?;
    coldplug()?;
    check::equal("driver", second.driver(), None)?;
    dsa_nl(&format!("parent bind {place}"))?.ok()?;
    await_subdevs(&["first", "other", "second"])?;
    coldplug()?;
    check::equal("the system", settled()?.as_str(), "running")?;
    Tenant::open(&tool::subdev("second")?, 1 << 12)?.works()
}

/// Waits until these subdevs are there, and no others.
fn await_subdevs(names: &[&str]) -> Result<()> {
    wait::until_true(UP, &format!("the subdevs {names:?}"), || {
        let mut there: Vec<_> = tool::subdevs()?.into_iter().map(|it| it.name).collect();
        there.sort_unstable();
        Ok(there == names)
    })
}

/// Has udev hear of every PCI device as at boot, and waits until it is done.
fn coldplug() -> Result<()> {
    let words = [
        "trigger",
        "--action=add",
        "--subsystem-match=pci",
        "--settle",
    ];
    process::run(Command::new("udevadm").args(words), UP)?.ok()?;
    settled().map(drop)
}

/// What the system is once it has nothing to do any more.
fn settled() -> Result<String> {
    process::run(Command::new("udevadm").arg("settle"), UP)?.ok()?;
    wait::until_true(UP, "no job to be left", || {
        Ok(systemctl(&["list-jobs", "--no-legend"])?.stdout.is_empty())
    })?;
    let output = systemctl(&["is-system-running"])?;
    Ok(output.stdout.trim_end().to_owned())
}

/// The units that have failed.
pub fn failed() -> Result<Vec<String>> {
    let output = systemctl(&["list-units", "--failed", "--plain", "--no-legend"])?.ok()?;
    let names = output
        .stdout
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    Ok(names.map(str::to_owned).collect())
}

fn systemctl(words: &[&str]) -> Result<Output> {
    process::run(Command::new("systemctl").args(words), UP)
}

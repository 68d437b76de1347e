// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Debian packages: what they bring works, and the tool goes with its own.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::boot;
use crate::check::{self, step};
use crate::idxd::LENDER;
use crate::mdev::{self};
use crate::process::{self, Output};
use crate::scenario::Scenario;
use crate::system::{self, MODULE};
use crate::tenant::Tenant;
use crate::tool::{self, DSA_NL, dsa_nl};

pub const PACKAGES: Scenario = Scenario {
    name: "packages",
    vm: boot::MACHINE,
    about: "the Debian packages bring a module that DKMS built, and a tool that leaves nothing behind",
    run,
};

const BOTH: [&str; 2] = [DSA_NL, "subdev-dkms"];

const UUID: &str = "83b8f4f2-509f-382f-3c1e-e6bfe0fa7001";

/// What an administrator writes.
const FOLDER: &str = "/etc/subdev.d";

/// What dpkg does takes long here. The module's package is removed on the host (`cargo xtask test --host`),
/// as all modules are indexed anew then.
const LONG: Duration = Duration::from_secs(120);

fn run() -> Result<()> {
    step("both are installed, and the module is the one that DKMS built");
    for package in BOTH {
        let status = command("dpkg-query", &["--show", "--showformat=${Status}", package])?.ok()?;
        check::equal("status", status.stdout.as_str(), "install ok installed")?;
    }
    for module in [MODULE, mdev::MODULE, LENDER] {
        let file = command("modinfo", &["--field=filename", module])?.ok()?;
        let file = file.stdout;
        ensure!(file.contains("/updates/dkms/"), "{module} is {file}");
    }
    let status = command("dkms", &["status", MODULE])?.ok()?.stdout;
    ensure!(status.contains("installed"), "dkms says {status:?}");
    let words = [
        "-c",
        "source /usr/share/bash-completion/completions/dsa-nl && complete -p dsa-nl",
    ];
    command("bash", &words)?.ok()?;

    step("what the administrator asked for is taken back");
    for entry in fs::read_dir(FOLDER)? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == "yaml") {
            fs::remove_file(path)?;
        }
    }
    let functions = system::dsa_functions()?;
    for function in &functions {
        dsa_nl(&format!("parent unbind pci/{} force", function.name()))?.ok()?;
        check::equal("driver", function.driver(), None)?;
    }
    system::unload_module()?;
    // One file of them is wrong.
    command("systemctl", &["reset-failed", "subdev-apply@*"])?.ok()?;

    step("the module is loaded, has a device, and a subdev on it copies");
    command("modprobe", &[MODULE])?.ok()?;
    check::equal("parents", tool::parents()?.len(), 0)?;
    let place = format!("pci/{}", functions[0].name());
    dsa_nl(&format!("parent bind {place}"))?.ok()?;
    system::await_parents(1)?;
    Tenant::add("wq 3 name packaged", 1 << 12)?.works()?;
    tool::del("packaged")?;
    mediated(functions[0].name())?;
    dsa_nl(&format!("parent unbind {place}"))?.ok()?;
    system::unload_module()?;

    step(
        "the tool is removed: nothing is left but what may have been edited; purged, not even that",
    );
    let files = files()?;
    dpkg("--remove")?;
    let edited = Path::new(FOLDER).join("README");
    check::equal(
        "files that are left",
        left(&files),
        vec![edited.display().to_string()],
    )?;
    dpkg("--purge")?;
    ensure!(!Path::new(FOLDER).exists(), "{FOLDER} is left");
    check::equal("units that failed", boot::failed()?, vec![])
}

/// Has Debian's mdevctl start a subdev, and tell its attributes, for which it has a call-out.
fn mediated(parent: &str) -> Result<()> {
    let loaded = mdev::load()?;
    command(
        "mdevctl",
        &["start", "-u", UUID, "-p", parent, "-t", "subdev-1swq"],
    )?
    .ok()?;
    let listed = command("mdevctl", &["list", "--dumpjson"])?.ok()?.stdout;
    for part in [UUID, "\"weight\": \"100\""] {
        ensure!(listed.contains(part), "no {part} in {listed}");
    }
    command("mdevctl", &["stop", "-u", UUID])?.ok()?;
    loaded.unload()
}

/// The files of the tool's package.
fn files() -> Result<Vec<String>> {
    let listed = command("dpkg-query", &["--listfiles", DSA_NL])?
        .ok()?
        .stdout;
    let there = listed.lines().filter(|path| Path::new(path).is_file());
    Ok(there.map(str::to_owned).collect())
}

fn left(files: &[String]) -> Vec<String> {
    let left = files.iter().filter(|path| Path::new(path).exists());
    left.cloned().collect()
}

fn dpkg(action: &str) -> Result<()> {
    command("dpkg", &[action, DSA_NL])?.ok().map(drop)
}

fn command(program: &str, words: &[&str]) -> Result<Output> {
    process::run(Command::new(program).args(words), LONG)
}

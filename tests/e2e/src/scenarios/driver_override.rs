// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whose device it is, the administrator says.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::check::{self, step};
use crate::kmsg::{self, Kmsg};
use crate::process;
use crate::scenario::Scenario;
use crate::system::{self, Function, MODULE};
use crate::tenant::Tenant;
use crate::tool::{self, dsa_nl};
use crate::wait::SOON;

pub const OVERRIDE: Scenario = Scenario {
    name: "override",
    // For `idxd`.
    vm: "--movdir64b",
    about: "the module takes the devices that driver_override gives it, and no other",
    run,
};

pub const BIND: Scenario = Scenario {
    name: "bind",
    // For `idxd`.
    vm: "--movdir64b",
    about: "dsa-nl gives a device to the module and back, and keeps which it gave",
    run: bind,
};

fn bind() -> Result<()> {
    let function = Function::of_parent()?;
    let place = format!("pci/{}", function.name());
    let kept = Path::new("/etc/subdev.d/bound").join(function.name());
    modprobe(&["idxd"])?;

    step("with subdevs on it, a device goes by force only");
    tool::add("wq 3 name there")?;
    let line = format!("parent unbind {place}");
    tool::refused(&dsa_nl(&line)?, &["subdevs", "force"])?;
    dsa_nl(&format!("{line} force"))?.ok()?;
    check::equal("driver", function.driver().as_deref(), Some("idxd"))?;
    check::equal("parents", tool::parents()?.len(), 0)?;

    step("it is taken from idxd and is a parent, as often as one says so");
    for _ in 0..2 {
        dsa_nl(&format!("parent bind {place}"))?.ok()?;
        check::equal("driver", function.driver().as_deref(), Some(MODULE))?;
        system::await_parents(1)?;
        ensure!(kept.exists(), "{} is not there", kept.display());
    }
    step("what is no DSA stays where it is");
    let idle = |it: &Function| it.driver().is_none();
    let other = system::other_functions()?.into_iter().find(idle);
    let other = other.context("every PCI function of this machine has a driver")?;
    let output = dsa_nl(&format!("parent bind pci/{}", other.name()))?;
    tool::refused(&output, &["did not take|drivers_probe"])?;
    check::equal("driver", other.driver(), None)?;
    let output = dsa_nl("parent bind dsa0")?;
    check::equal("the exit status", output.status.code(), Some(1))?;

    dsa_nl(&line)?.ok()?;
    ensure!(!kept.exists(), "{} is still there", kept.display());
    check::equal("driver", function.driver().as_deref(), Some("idxd"))?;
    dsa_nl(&format!("parent bind {place}"))?.ok()?;
    modprobe(&["-r", "idxd"])?;
    system::await_parents(1)?;
    std::fs::remove_file(&kept).context("what is kept")
}

fn run() -> Result<()> {
    let function = Function::of_parent()?;

    step("loaded, it takes no device that it was not given");
    system::unload_module()?;
    function.set_override(None)?;
    system::load_module_alone()?;
    check::equal("driver", function.driver(), None)?;
    check::equal("parents", tool::parents()?.len(), 0)?;

    step("nor one from idxd, which takes it first");
    system::unload_module()?;
    modprobe(&["idxd"])?;
    check::equal("driver", function.driver().as_deref(), Some("idxd"))?;
    system::load_module_alone()?;
    check::equal("driver", function.driver().as_deref(), Some("idxd"))?;
    check::equal("parents", tool::parents()?.len(), 0)?;

    step("taken from idxd and given to it, it is a parent that works");
    function.unbind()?;
    function.give_to(MODULE)?;
    check::equal("driver", function.driver().as_deref(), Some(MODULE))?;
    system::await_parents(1)?;
    Tenant::add("wq 3 name given", 1 << 12)?.works()?;
    tool::del("given")?;

    step("taken back, it goes to idxd again");
    function.unbind()?;
    function.give_to("idxd")?;
    check::equal("driver", function.driver().as_deref(), Some("idxd"))?;
    function.unbind()?;
    modprobe(&["-r", "idxd"])?;
    function.give_to(MODULE)?;
    system::await_parents(1)?;

    other_devices()
}

/// Gives the module what is no DSA.
fn other_devices() -> Result<()> {
    let idle = |it: &Function| it.driver().is_none();
    let other = system::other_functions()?.into_iter().find(idle);
    let other = other.context("every PCI function of this machine has a driver")?;
    step(format!("{} is no DSA, and is refused", other.name()));
    let mut log = Kmsg::from_now()?;
    other.set_override(Some(MODULE))?;
    let bound = other.bind(MODULE);
    other.set_override(None)?;
    let error = bound.err().context("the module took what is no DSA")?;
    let code = error.downcast_ref::<std::io::Error>();
    let code = code.and_then(std::io::Error::raw_os_error);
    let want = Some(nix::errno::Errno::ENODEV as i32);
    ensure!(code == want, "expected ENODEV, got {error:#}");
    check::equal("driver", other.driver(), None)?;
    kmsg::await_lines(&mut log, &[other.name()])
}

fn modprobe(words: &[&str]) -> Result<()> {
    process::run(Command::new("modprobe").args(words), SOON)?.ok()?;
    Ok(())
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Debian's libvirt with subdevs: as devices of the host, and in a virtual machine.

use std::thread;

use anyhow::{Context, Result, ensure};

use crate::check::{self, step};
use crate::figures::Figures;
use crate::guest::{Copies, Host, Then};
use crate::libvirt::{Daemon, Domain, virsh, virsh_file};
use crate::mdev::{self, Mdev};
use crate::module::Loaded;
use crate::scenario::Scenario;
use crate::system::Function;
use crate::tool;
use crate::udev::Udev;
use crate::wait::{self, SOON};

pub const LIBVIRT: Scenario = Scenario {
    name: "libvirt",
    // A guest under KVM: see the scenario `guest`.
    vm: "--kernel stock --processors 1 --tries 3 --timeout 700",
    about: "libvirt defines and starts subdevs, and a domain copies with one until it is asked for it",
    run,
};

const UUID: &str = "83b8f4f2-509f-382f-3c1e-e6bfe0fa4001";

/// Copies of each thread of the guest.
const EACH: u64 = 500;

const THREADS: u64 = 2;

fn run() -> Result<()> {
    let parent = Function::of_parent()?;
    let host = Host::new()?;
    let loaded = mdev::load()?;
    let udev = Udev::start()?;
    let daemon = Daemon::start()?;
    let node = types(&parent)?;
    let device = defined(&node, &parent)?;
    let loaded = autostart(&device, loaded)?;
    domain(&host)?;
    step("the definition goes as well");
    virsh(&format!("nodedev-undefine {device}"))?.ok()?;
    udev.settle()?;
    drop((daemon, udev));
    loaded.unload()
}

/// What libvirt calls the parent.
fn types(parent: &Function) -> Result<String> {
    step("virsh nodedev-list --cap mdev_types: the parent, with the types of the family");
    let node = format!("pci_{}", parent.name().replace([':', '.'], "_"));
    let listed = virsh("nodedev-list --cap mdev_types")?.ok()?;
    check::equal("the list", listed.stdout.trim(), &node)?;
    let shown = virsh(&format!("nodedev-dumpxml {node}"))?.ok()?.stdout;
    for kind in tool::types()? {
        let named = format!("<type id='subdev-{}'>", kind.name);
        let (_, shown) = shown.split_once(&named).with_context(|| named.clone())?;
        let available = format!(
            "<availableInstances>{}</availableInstances>",
            kind.available_instances
        );
        let this = shown.split("</type>").next().unwrap_or_default();
        for part in [&available, "<deviceAPI>vfio-pci</deviceAPI>"] {
            ensure!(this.contains(part), "no {part} in {named} {this}");
        }
    }
    Ok(node)
}

/// What libvirt calls the device.
fn defined(node: &str, parent: &Function) -> Result<String> {
    step("nodedev-define, -start, -destroy: the subdev has the attributes of the definition");
    let definition = format!(
        "<device>
  <parent>{node}</parent>
  <capability type='mdev'>
    <type id='subdev-1swq'/>
    <uuid>{UUID}</uuid>
    <attr name='wq' value='3'/>
    <attr name='size' value='8'/>
    <attr name='name' value='by-libvirt'/>
  </capability>
</device>
"
    );
    virsh_file("nodedev-define", &definition)?.ok()?;
    let name = format!("mdev {UUID} {}", parent.name()).replace([' ', '-', ':', '.'], "_");
    check::equal("subdevs", tool::subdevs()?, vec![])?;
    virsh(&format!("nodedev-start {name}"))?.ok()?;
    let subdev = tool::subdev("by-libvirt")?;
    let share = (subdev.wq[0].id, subdev.wq[0].size);
    check::equal("its share", share, (3, 8))?;
    let shown = virsh(&format!("nodedev-dumpxml {name}"))?.ok()?.stdout;
    for part in ["name='wq' value='3'", "name='size' value='8'"] {
        ensure!(shown.contains(part), "no {part} in {shown}");
    }
    virsh(&format!("nodedev-destroy {name}"))?.ok()?;
    check::equal("subdevs", tool::subdevs()?, vec![])?;
    Ok(name)
}

fn autostart(device: &str, loaded: Loaded) -> Result<Loaded> {
    step("nodedev-autostart: it is there when the parent is");
    virsh(&format!("nodedev-autostart {device}"))?.ok()?;
    loaded.unload()?;
    let loaded = mdev::load()?;
    let started = || Ok(tool::subdevs()?.iter().any(|it| it.name == "by-libvirt"));
    wait::until_true(SOON, "the device to be started", started)?;
    // libvirt is to know of it too.
    let listed = || {
        let listed = virsh("nodedev-list --cap mdev")?;
        Ok(listed.stdout.contains(device))
    };
    wait::until_true(SOON, "libvirt to list the device", listed)?;
    Ok(loaded)
}

fn domain(host: &Host) -> Result<()> {
    step("virsh start: Debian's kernel finds the DSA in the domain, and dmatest copies with it");
    let copies = Copies {
        each: EACH,
        threads: THREADS,
        verified: true,
        then: Then::Release,
    };
    let mut domain = Domain::define(host, UUID, copies)?;
    domain.start()?.ok()?;
    let console = &mut domain.console;
    let done = (|| {
        console.up()?;
        console.copies()?;
        tool::await_opstate("by-libvirt", "enabled")?;
        let done = console.copied()?;
        console.idle()?;
        Ok(done)
    })();
    let done = done.map_err(|error: anyhow::Error| error.context(format!("{:#?}", console.log)))?;
    check::equal("copies", done.copies, EACH * THREADS)?;
    Figures::of("subdev", "by-libvirt")?.expect(&[("in-flight", 0), ("failed", 0)])?;

    step("a request without force does not take it from the domain");
    let refused = tool::dsa_nl("subdev del by-libvirt")?;
    ensure!(
        !refused.status.success() && refused.stderr.contains("force"),
        "expected a refusal: {}",
        refused.describe()
    );

    step("remove: the domain is asked to let go, does so, and is left without");
    let device = Mdev::at(UUID);
    let removal = thread::spawn(move || device.remove());
    domain.console.released()?;
    let removed = removal.join().ok().context("the removal panicked")?;
    removed.context("it was not removed")?;
    check::equal("subdevs", tool::subdevs()?, vec![])?;
    mdev::agree()?;
    let off = || Ok(domain.state()? == "shut off");
    wait::until_true(SOON, "the domain to be off", off)
}

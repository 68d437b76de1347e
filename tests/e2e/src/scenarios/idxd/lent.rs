// SPDX-License-Identifier: MIT OR Apache-2.0
//! Work queues of a device that `idxd` owns as those of a parent: beside its other users, refused
//! where they are idxd's to configure, and taken away with users on them.

use std::fs::File;
use std::path::Path;
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};

use super::BOTH;
use super::user::Program;
use crate::actor::{Actor, Request};
use crate::check::{self, step};
use crate::idxd::{
    self, DmaTest, LENT, Lender, attribute, await_attribute, command, configure, disable,
    try_command, try_rmmod, with_lender,
};
use crate::kmsg::{self, Kmsg, await_lines};
use crate::monitor::Monitor;
use crate::scenario::Scenario;
use crate::system::{self, Function, ctl};
use crate::tenant::Tenant;
use crate::tool::{self, dsa_nl};
use crate::vfio::Interrupt;
use crate::wait::{self, SOON};

pub const IDXD_WQ: Scenario = Scenario {
    name: "idxd-wq",
    vm: BOTH,
    about: "WQs that idxd owns have subdevs that copy, beside dmatest and a program on others",
    run: || with_lender(run),
};

pub const IDXD_WQ_ENDS: Scenario = Scenario {
    name: "idxd-wq-ends",
    vm: BOTH,
    about: "WQs that idxd owns, its device and each module go while subdevs on them are open",
    run: || with_lender(ends),
};

/// Bytes of a copy, of 25 pages.
const LEN: usize = 25 * 4096;

fn run(log: &mut Kmsg, lender: Lender) -> Result<()> {
    step("the device is a parent with its first work queue");
    check::equal("parents before", tool::parents()?.len(), 0)?;
    let mut monitor = Monitor::json()?;
    configure(LENT)?;
    monitor.expect_cause("parent-create", "plug")?;
    let parents = tool::parents()?;
    let [parent] = &parents[..] else {
        return Err(anyhow!("parents: {parents:?}"));
    };
    let function = idxd::function()?;
    check::equal("device", parent.device.as_str(), function.name())?;
    check::equal("state", parent.state.as_str(), "enabled")?;
    check::equal("owner", parent.owner.as_deref(), Some("idxd"))?;
    check::equal("its driver", function.driver().as_deref(), Some("idxd"))?;
    let wqs: Vec<_> = tool::wqs()?.iter().map(|wq| (wq.id, wq.size)).collect();
    check::equal("work queues and entries", wqs, vec![(1, 8), (3, 4)])?;

    step("two subdevs on one work queue, and one on another, copy beside dmatest and a program");
    let opened = File::open(USER_FILE).err().context("it was opened")?;
    step(format!(
        "  {USER_FILE} is opened by nobody here ({opened}): the program maps its portal by the BAR"
    ));
    let first = Tenant::add("wq 1 pasid-mode shared size 4 name one", LEN)?;
    let second = Tenant::add("wq 1 pasid-mode shared size 4 name two", LEN)?;
    let third = Tenant::add("wq 3 name three", 4096)?;
    let test = DmaTest::load()?;
    log.lines()?;
    test.start(50, 20_000)?;
    let program = Program::start(&function.path(), 2)?;
    for _ in 0..20 {
        first.works()?;
        second.works()?;
        third.works()?;
    }
    let summary = test.finish(log)?;
    drop(test);
    ensure!(
        summary.contains("50 tests, 0 failures"),
        "dmatest: {summary}"
    );
    let copies = program.finish()?;
    ensure!(copies > 0, "the program has copied nothing");
    step(format!("  copies of the program: {copies}"));

    step("what is idxd's is refused with the command that does it");
    let commands = refusals(&parent.name)?;
    first.works()?;

    step("a work queue goes while a subdev on it is open, and the other stays");
    let asked = Interrupt::new("device request")?;
    third.dsa.device().arm_request(&asked)?;
    command("accel-config", "disable-wq dsa0/wq0.3")?;
    asked.wait(SOON).context("the request to let go")?;
    check::equal("state", attribute("wq0.3/state")?.as_str(), "disabled")?;
    check::equal("work queues", tool::wqs()?.len(), 1)?;
    ensure!(third.works().is_err(), "a subdev copies without its WQ");
    drop(third);
    first.works()?;
    second.works()?;

    step("a shared one is refused, with what it lacks");
    command("accel-config", "config-wq dsa0/wq0.3 --mode=shared")?;
    let refused = try_command("accel-config", "enable-wq dsa0/wq0.3")?;
    ensure!(!refused.status.success(), "{}", refused.describe());
    await_lines(log, &["it is shared, for which the CPU lacks ENQCMD"])?;
    check::equal("work queues", tool::wqs()?.len(), 1)?;
    first.works()?;

    step("with the last one the parent goes, when its users have let go");
    let disabling = thread::spawn(|| command("accel-config", "disable-wq dsa0/wq0.1"));
    wait::until_true(SOON, "no subdev", || Ok(tool::subdevs()?.is_empty()))?;
    drop((first, second));
    wait::join(SOON, "disable-wq", disabling)??;
    monitor.expect_cause("parent-delete", "unplug")?;
    check::equal("parents", tool::parents()?.len(), 0)?;
    disable()?;

    step("the commands do it");
    for line in commands {
        let words = line.replace("engine0.N", "engine0.0");
        command("accel-config", &words)?;
    }

    step("the modules go in the order of their needs only");
    for (module, user) in [("idxd", "subdev_idxd"), ("subdev", "subdev_idxd")] {
        let output = try_rmmod(module)?;
        ensure!(
            !output.status.success() && output.stderr.contains(user),
            "rmmod {module}: {}",
            output.describe()
        );
    }
    drop(monitor);
    lender.unload()?;
    check::equal("complaints", kmsg::complaints(&log.lines()?), vec![])
}

/// The file of the work queue of programs.
const USER_FILE: &str = "/dev/dsa/wq0.2";

/// Demands that each attribute that can be set is refused with a command of accel-config, and gives the
/// commands.
fn refusals(parent: &str) -> Result<Vec<String>> {
    let wq = [
        ("mode shared", "--mode=shared"),
        ("size 7", "--wq-size=7"),
        ("threshold 2", "--threshold=2"),
        ("priority 7", "--priority=7"),
        ("group 1", "--group-id=1"),
        ("block-on-fault 0", "--block-on-fault=0"),
        ("max-transfer-size 65536", "--max-transfer-size=65536"),
        ("max-batch-size 8", "--max-batch-size=8"),
    ];
    let group = [
        ("read-buffers-reserved 1", "--read-buffers-reserved=1"),
        ("read-buffers-allowed 9", "--read-buffers-allowed=9"),
        ("use-read-buffer-limit 1", "--use-read-buffer-limit=1"),
    ];
    let device = "config-device dsa0 --read-buffer-limit=7";
    let engine = "config-engine dsa0/engine0.N --group-id=0";
    let mut commands = vec![
        refused(&format!("parent set {parent} read-buffer-limit 7"), device)?,
        refused(&format!("parent set {parent} group 0 engines 0"), engine)?,
    ];
    for (words, option) in group {
        let with = format!("config-group dsa0/group0.0 {option}");
        commands.push(refused(
            &format!("parent set {parent} group 0 {words}"),
            &with,
        )?);
    }
    for (words, option) in wq {
        let with = format!("config-wq dsa0/wq0.1 {option}");
        commands.push(refused(&format!("wq set 1 {words}"), &with)?);
    }
    // The model has no masks of operations, so idxd has none to set.
    refused(
        "wq set 1 op-config 09",
        "config-wq dsa0/wq0.1 --op-config=HEX",
    )?;
    Ok(commands)
}

/// Demands that a request is refused with a command of accel-config, and gives its words.
fn refused(line: &str, with: &str) -> Result<String> {
    tool::refused(&dsa_nl(line)?, &[&format!("accel-config {with}")])?;
    Ok(with.to_owned())
}

/// Has work queues lent and copies in flight on one of them, and does what takes them away. Users let go
/// when their subdevs are gone.
fn ends_with(what: &str, end: impl FnOnce() -> Result<()> + Send + 'static) -> Result<()> {
    step(what);
    if attribute("dsa0/state")? == "enabled" {
        disable()?;
    }
    configure(LENT)?;
    let busy = busy()?;
    let other = Tenant::add("wq 3", 4096)?;
    other.works()?;
    let ending = thread::spawn(end);
    wait::until_true(SOON, "no subdev", || Ok(tool::subdevs()?.is_empty()))?;
    drop((busy, other));
    wait::join(SOON, what, ending)??;
    wait::until_true(SOON, "no parent", || Ok(tool::parents()?.is_empty()))
}

/// A process that copies on a subdev, and is killed when it is dropped.
fn busy() -> Result<Actor> {
    let subdev = tool::add("wq 1 pasid-mode shared")?;
    let mut actor = Actor::open(&subdev.location()?)?;
    actor.map(LEN, [1, 2])?;
    actor.ask(&Request::copies(LEN, 3))?;
    actor.tell(&Request::copies(LEN, u32::MAX))?;
    Ok(actor)
}

fn ends(log: &mut Kmsg, lender: Lender) -> Result<()> {
    ends_with("disable-device", disable)?;

    let function = idxd::function()?;
    let name = function.name().to_owned();
    // That of dsa0 comes first, see there.
    ends_with("unbind of the device", move || {
        idxd::unbind(&Function::at(&name))
    })?;
    idxd::bind(&function)?;

    step("rmmod of the module, with a subdev that nobody has open");
    configure(LENT)?;
    tool::add("wq 1")?;
    lender.unload()?;
    for wq in ["wq0.1", "wq0.3"] {
        let state = format!("{wq}/state");
        check::equal(&state, attribute(&state)?.as_str(), "disabled")?;
    }
    check::equal("dmaengine", attribute("wq0.0/state")?.as_str(), "enabled")?;
    disable()?;

    let lender = Lender::new()?;
    let unloading = || command("rmmod", "subdev_idxd").map(drop);
    ends_with("rmmod of the module, with users", unloading)?;
    disable()?;
    drop(lender);

    let lender = Lender::new()?;
    ends_with("a function-level reset by the admin", || {
        idxd::function()?.reset()
    })?;
    ends_with("a halt that takes a function-level reset", || {
        ctl("halt flr").map(drop)
    })?;
    await_attribute("dsa0/state", "enabled")?;
    given_up(log)?;
    lender.unload()?;
    check::equal("complaints", kmsg::complaints(&log.lines()?), vec![])
}

/// Upstream gives a device up that takes a software reset.
fn given_up(log: &mut Kmsg) -> Result<()> {
    step("a halt after which idxd gives the device up: the parent is lost until all is bound anew");
    disable()?;
    configure(LENT)?;
    let busy = busy()?;
    ctl("halt software")?;
    await_lines(log, &["Device is HALTED!"])?;
    wait::until_true(SOON, "a lost parent", || {
        Ok(tool::parents()?.iter().all(|it| it.state == "lost"))
    })?;
    drop(busy);
    let function = idxd::function()?;
    for wq in ["wq0.0", "wq0.1", "wq0.3"] {
        let unbind = format!("/sys/bus/dsa/devices/{wq}/driver/unbind");
        system::write_sysfs(Path::new(&unbind), wq)?;
    }
    check::equal("parents", tool::parents()?.len(), 0)?;
    idxd::unbind(&function)?;
    function.reset()?;
    idxd::bind(&function)?;

    step("and copies are well then");
    configure(LENT)?;
    Tenant::add("wq 1", LEN)?.works()?;
    disable()
}

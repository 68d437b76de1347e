// SPDX-License-Identifier: MIT OR Apache-2.0
//! What it takes to make a work queue of upstream's driver usable and to take it back, by sysfs and by
//! accel-config, and to read what sysfs says of it, beside the same of a subdev.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bench_report::{Bar, Report};
use nlctl::AdminState;

use super::faces::Times;
use super::table::Table;
use crate::crowd::Crowd;
use crate::process;
use crate::system::{self, Function};
use crate::tool::DSA_NL;
use crate::wait::SOON;

/// How often each is done.
const ROUNDS: usize = 64;
const FEW_ROUNDS: usize = 15;

/// Subdevs that a dump is of.
const SHOWN: usize = 64;

/// The most that an object of a dump may take, as a multiple of a work queue in sysfs.
const DUMP_BAR: f64 = 0.2;

const BUS: &str = "/sys/bus/dsa";

/// What a work queue of the kernel is set up as before its device is enabled. It stays.
const FIRST: [(&str, &str); 2] = [("group_id", "0"), ("size", "16")];

/// The rest, in the order in which that is possible. The driver forgets it when the work queue is
/// disabled.
const SETTINGS: [(&str, &str); 6] = [
    ("mode", "dedicated"),
    ("priority", "8"),
    ("type", "kernel"),
    ("name", "bench"),
    ("driver_name", "dmaengine"),
    ("max_batch_size", "1"),
];

/// The first work queue of a device of the driver, which is enabled.
struct Wq {
    /// `dsa0`
    device: String,
    /// `wq0.0`
    name: String,
}

/// Measures, and leaves the device disabled.
pub fn measure(report: &mut Report, function: &Function) -> Result<()> {
    let wq = Wq::of(function)?;
    let crowd = Crowd::new(SHOWN)?;
    let mut by_sysfs = Times::default();
    let mut by_request = Times::default();
    for _ in 0..ROUNDS {
        by_sysfs.create.push(timed(|| wq.enable())?);
        by_sysfs.remove.push(timed(|| wq.disable())?);
        let start = Instant::now();
        let index = crowd.create_alone(AdminState::Active)?;
        by_request.create.push(start.elapsed());
        by_request.remove.push(timed(|| crowd.delete(index))?);
    }
    let (mut by_accel_config, mut by_tool) = (Times::default(), Times::default());
    for _ in 0..FEW_ROUNDS {
        by_accel_config.create.push(timed(|| wq.enable_by_tool())?);
        let place = format!("disable-wq {}/{}", wq.device, wq.name);
        by_accel_config
            .remove
            .push(timed(|| run("accel-config", &place))?);
        by_tool.create.push(timed(|| {
            run(DSA_NL, "subdev add parent dsa0 type 1swq name bench")
        })?);
        by_tool
            .remove
            .push(timed(|| run(DSA_NL, "subdev del bench"))?);
    }
    for (theirs, beside, ours, times) in [
        ("idxd, sysfs", by_sysfs, "subdev, request", by_request),
        (
            "idxd, accel-config",
            by_accel_config,
            "subdev, dsa-nl",
            by_tool,
        ),
    ] {
        let name = "a work queue that can be used, and a subdev";
        let mut table = Table::new(report, name, [theirs, ours]);
        table.compared("create", &beside.create, &times.create, |row| row)?;
        table.compared("destroy", &beside.remove, &times.remove, |row| row)?;
    }
    let (mut walks, mut dumps) = (Vec::new(), Vec::new());
    let made = crowd.create_together(SHOWN, AdminState::Active)?;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let count = walk(&wq.device)?;
        walks.push(start.elapsed() / count);
        let start = Instant::now();
        let count = crowd.dump()?.len();
        dumps.push(start.elapsed() / u32::try_from(count)?);
    }
    made.into_iter().try_for_each(|index| crowd.delete(index))?;
    wq.disable_device()?;
    let name = "all that there is to know, each object";
    let mut table = Table::new(
        report,
        name,
        ["idxd's WQs in sysfs", "active subdevs, dump"],
    );
    table.compared("read", &walks, &dumps, |row| row.bar(Bar::AtMost(DUMP_BAR)))
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn run(program: &str, line: &str) -> Result<()> {
    let mut command = Command::new(program);
    process::run(command.args(line.split_whitespace()), SOON)?.ok()?;
    Ok(())
}

/// Reads each file of each work queue, as who wants to know all of them does; returns how many there are.
fn walk(device: &str) -> Result<u32> {
    let wqs = format!("{}.", device.replace("dsa", "wq"));
    let mut count = 0;
    for entry in fs::read_dir(devices())? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(&wqs) {
            continue;
        }
        count += 1;
        for file in fs::read_dir(entry.path())? {
            let file = file?;
            if file.file_type()?.is_file() {
                // Some can only be written, or have nothing to say of a WQ that is disabled.
                let _ = fs::read(file.path());
            }
        }
    }
    ensure!(count > 0, "{device} has no work queues");
    Ok(count)
}

fn devices() -> PathBuf {
    Path::new(BUS).join("devices")
}

impl Wq {
    /// Enables the device with an engine for the work queue.
    fn of(function: &Function) -> Result<Self> {
        let entries = fs::read_dir(function.path())?;
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let names: Vec<String> = names.collect::<Result<_>>()?;
        let device = names.into_iter().find(|name| name.starts_with("dsa"));
        let device =
            device.with_context(|| format!("idxd has no device of {}", function.name()))?;
        let name = format!("{}.0", device.replace("dsa", "wq"));
        let engine = format!("{}.0", device.replace("dsa", "engine"));
        write(&devices().join(engine).join("group_id"), "0")?;
        let wq = Self { device, name };
        // A device without a work queue that is set up is not enabled.
        wq.set_up(&FIRST)?;
        wq.set_up(&SETTINGS)?;
        write(&Path::new(BUS).join("drivers/idxd/bind"), &wq.device)?;
        Ok(wq)
    }

    fn set_up(&self, settings: &[(&str, &str)]) -> Result<()> {
        let mut settings = settings.iter();
        settings.try_for_each(|(file, value)| write(&devices().join(&self.name).join(file), value))
    }

    fn driver(&self, file: &str) -> PathBuf {
        Path::new(BUS).join("drivers/dmaengine").join(file)
    }

    fn enable(&self) -> Result<()> {
        self.set_up(&SETTINGS)?;
        write(&self.driver("bind"), &self.name)
    }

    fn disable(&self) -> Result<()> {
        write(&self.driver("unbind"), &self.name)
    }

    fn enable_by_tool(&self) -> Result<()> {
        let place = format!("{}/{}", self.device, self.name);
        run(
            "accel-config",
            &format!(
                "config-wq {place} --mode=dedicated --priority=8 --type=kernel --name=bench \
                 --driver-name=dmaengine --max-batch-size=1"
            ),
        )?;
        run("accel-config", &format!("enable-wq {place}"))
    }

    fn disable_device(&self) -> Result<()> {
        write(&Path::new(BUS).join("drivers/idxd/unbind"), &self.device)
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    system::write_sysfs(path, text)
}

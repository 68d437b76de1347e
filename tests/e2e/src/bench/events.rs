// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long it takes from a change until a program that watches has told of it, among 1, 64, 1024 and
//! 4096 subdevs.
//!
//! Three programs watch, each for what its users watch: `dsa-nl monitor` for a subdev that gets another
//! name, `devlink monitor` for a parameter of netdevsim's device, and `udevadm monitor` for a uevent of a
//! device. By turns each is made to tell of a change, and has told when its line is read from a pipe.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bench_report::{Bar, Report, Row, Statistic, Unit};

use super::latency::Changes;
use crate::crowd::Crowd;
use crate::process::Talker;
use crate::wait::SOON;

/// How many there are.
const POINTS: [usize; 4] = [1, 64, 1024, 4096];

/// How often each tells, at each point: enough that the 99th of 100 is not one or two moments in which the
/// host was busy with something else.
const ROUNDS: u32 = 1000;

/// The most that one in a hundred may take, as a multiple of that of `devlink monitor`.
const BAR: f64 = 1.0;

/// Who watches, and what its line for a change has. C programs buffer what goes to a pipe, unless told
/// otherwise.
const WATCHERS: [(&str, &str); 3] = [
    ("dsa-nl monitor", "watched"),
    ("devlink monitor", "max_macs"),
    ("udevadm monitor --kernel", "/mem/null"),
];
const UNBUFFERED: [&str; 2] = ["stdbuf", "-oL"];

/// Who is asked for a uevent.
const UEVENT: &str = "/sys/class/mem/null/uevent";

/// How long a pause is a silence.
const SILENCE: Duration = Duration::from_millis(2);

/// How long to wait for the first line of a watcher that may not listen yet.
const LISTENS: Duration = Duration::from_millis(200);

/// One who watches.
struct Watcher {
    name: &'static str,
    tells: &'static str,
    talker: Talker,
    times: Vec<Duration>,
}

/// Measures.
pub fn run(report: &mut Report) -> Result<()> {
    let crowd = Crowd::new(POINTS.into_iter().max().unwrap_or_default())?;
    let mut changes = Changes::new()?;
    let mut indexes = Vec::new();
    for point in POINTS {
        while indexes.len() < point {
            indexes.push(crowd.create(indexes.len())?.index);
        }
        let first = *indexes.first().context("no subdev")?;
        let mut watchers = WATCHERS.map(|(name, tells)| Watcher::start(name, tells));
        let mut number = 0;
        let mut change = |which: usize| {
            number += 1;
            match which {
                0 => changes.subdev(first, &format!("watched{number}")),
                1 => changes.devlink(number),
                _ => fs::write(UEVENT, "change").with_context(|| format!("cannot write {UEVENT}")),
            }
        };
        for (which, watcher) in watchers.iter_mut().enumerate() {
            let watcher = match watcher {
                Ok(watcher) => watcher,
                Err(error) => bail!("a watcher does not start: {error:#}"),
            };
            watcher.await_first(|| change(which))?;
        }
        for _ in 0..ROUNDS {
            for (which, watcher) in watchers.iter_mut().flatten().enumerate() {
                watcher.time(|| change(which))?;
            }
        }
        tell(report, point, watchers.into_iter().flatten().collect())?;
    }
    indexes.into_iter().try_for_each(|it| crowd.delete(it))
}

fn tell(report: &mut Report, point: usize, watchers: Vec<Watcher>) -> Result<()> {
    for (what, by) in [
        ("median", Statistic::Median),
        ("99th of 100", Statistic::P99),
    ] {
        let devlink = watchers.get(1).context("no devlink")?;
        for (which, watcher) in watchers.iter().enumerate() {
            let name = "from a change until a program has told of it";
            let row = Row::new(name, what, watcher.name, Unit::Seconds, &watcher.times);
            let row = row.map(|row| row.at(point as u64).by(by));
            report.row(match (which, by) {
                (1, _) => row,
                (0, Statistic::P99) => row
                    .and_then(|row| row.beside(devlink.name, &devlink.times))
                    .map(|row| row.bar(Bar::AtMost(BAR))),
                _ => row.and_then(|row| row.beside(devlink.name, &devlink.times)),
            })?;
        }
    }
    Ok(())
}

impl Watcher {
    fn start(name: &'static str, tells: &'static str) -> Result<Self> {
        let [program, option] = UNBUFFERED;
        let mut command = Command::new(program);
        command.arg(option).args(name.split_whitespace());
        Ok(Self {
            name,
            tells,
            talker: Talker::spawn(&mut command)?,
            times: Vec::new(),
        })
    }

    /// Makes changes until it tells of one.
    fn await_first(&mut self, mut change: impl FnMut() -> Result<()>) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < SOON {
            change()?;
            if self.hear(LISTENS)?.is_some() {
                return self.settle();
            }
        }
        bail!("`{}` tells of nothing within {SOON:?}", self.name)
    }

    /// The time until it tells of a change.
    fn time(&mut self, change: impl FnOnce() -> Result<()>) -> Result<()> {
        let start = Instant::now();
        change()?;
        let heard = self.hear(SOON)?;
        let heard = heard.with_context(|| format!("`{}` tells of nothing", self.name))?;
        self.times.push(heard.duration_since(start));
        self.settle()
    }

    /// Waits for a line that tells of the change.
    fn hear(&mut self, limit: Duration) -> Result<Option<Instant>> {
        let start = Instant::now();
        loop {
            match self.talker.line(limit.saturating_sub(start.elapsed())) {
                Ok(line) if line.contains(self.tells) => return Ok(Some(Instant::now())),
                Ok(_) => {}
                Err(error) if self.talker.ended()?.is_some() => return Err(error),
                Err(_) => return Ok(None),
            }
        }
    }

    /// Reads what else it says of the same.
    fn settle(&mut self) -> Result<()> {
        while self.talker.line(SILENCE).is_ok() {}
        Ok(())
    }
}

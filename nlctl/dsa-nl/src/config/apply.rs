// SPDX-License-Identifier: MIT OR Apache-2.0

//! Makes what there is what a file says: all of it, or nothing.
//!
//! Each step is one request, which the kernel carries out whole or not at all. When
//! one is refused, those before it are taken back, the last one first. Who kills the
//! tool in between leaves something that the next `apply` of the same file ends.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::pin::pin;

use nlctl::Handle;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

use super::have::{Have, have};
use super::plan::{Conflict, FORCE, Limits, State, Step, plan};
use super::{Config, Entry, accel_config, read};
use crate::ask;
use crate::failure::{Failed, Failure};
use crate::file;
use crate::grammar::{Apply, Call, Kind, Source};
use crate::output::{Page, Printer, pairs};
use crate::progress;

/// What keeps a second `apply` out: who has this abstract socket applies, and the
/// kernel takes it back however that ends.
const LOCK: &str = "subdev/dsa-nl/apply";

/// How long to wait before looking again whether somebody else is done.
const PAUSE: Duration = Duration::from_millis(100);

/// Prints what there is, for `apply`.
pub async fn export(handle: &Handle, printer: &mut Printer) -> Result<(), Failure> {
    let mut have = have(handle).await?;
    for entry in &mut have.config.entries {
        // Who writes to sysfs activates a mediated device, and `apply` leaves that to them.
        if entry.text("face") == Some("mdev") {
            entry.object.remove("state");
        }
    }
    let document = have.document();
    printer.print(&Page::File(document))
}

/// Prints the steps to what a file says; a condition that is not met if there are any.
pub async fn diff(handle: &Handle, printer: &mut Printer, apply: &Apply) -> Result<(), Failure> {
    let (_, steps) = prepare(handle, printer, apply, &apply.file).await?;
    printer.print(&page(&steps, "would "))?;
    match steps.is_empty() {
        true => Ok(()),
        false => Err(Failure::Differs),
    }
}

/// Carries out the steps to what a file says.
pub async fn apply(
    handle: &Handle,
    printer: &mut Printer,
    apply: &Apply,
    dry_run: bool,
) -> Result<(), Failure> {
    let _lock = lock(apply.wait).await?;
    if !apply.each {
        return apply_one(handle, printer, apply, &apply.file, dry_run).await;
    }
    let files = files(&apply.file)?;
    let mut failed = Failed::default();
    for file in &files {
        let Err(failure) = apply_one(handle, printer, apply, file, dry_run).await else {
            continue;
        };
        if failure.ends_all() {
            return Err(failure);
        }
        failed.report(&failure.of_file(file), &mut printer.complaints());
    }
    failed.into_result(|failed, code| Failure::Files {
        failed,
        all: files.len(),
        code,
    })
}

/// The same of one file, or of all in one folder together.
async fn apply_one(
    handle: &Handle,
    printer: &mut Printer,
    apply: &Apply,
    file: &Path,
    dry_run: bool,
) -> Result<(), Failure> {
    let (have, steps) = prepare(handle, printer, apply, file).await?;
    if dry_run {
        return printer.print(&page(&steps, "would "));
    }
    let bar = progress::steps(steps.len());
    let mut state = State::new(&have.config);
    let mut back = Vec::new();
    let mut stop = pin!(tokio::signal::ctrl_c());
    let mut stopped = false;
    for step in &steps {
        let result = {
            let mut request = pin!(send(handle, step));
            tokio::select! {
                biased;
                result = &mut request => result,
                _ = &mut stop, if !stopped => {
                    // What was asked for is carried out all the same.
                    stopped = true;
                    request.await
                }
            }
        };
        let result = match (result, stopped) {
            (Ok(()), true) => {
                back.extend(state.back(step));
                Err(Failure::Interrupted)
            }
            (result, _) => result,
        };
        if let Err(error) = result {
            bar.finish_and_clear();
            let left = take_back(handle, &back).await;
            return Err(Failure::Step {
                step: step.about.clone(),
                source: Box::new(error),
                left,
            });
        }
        back.extend(state.back(step));
        state.apply(step);
        bar.inc(1);
    }
    bar.finish_and_clear();
    printer.print(&page(&steps, ""))
}

/// Takes steps back, the last one first; returns what could not be.
async fn take_back(handle: &Handle, back: &[Step]) -> Option<String> {
    let mut left = None;
    for step in back.iter().rev() {
        if let Err(error) = send(handle, step).await {
            left.get_or_insert_with(|| format!("{}: {error}", step.about));
        }
    }
    left
}

async fn send(handle: &Handle, step: &Step) -> Result<(), Failure> {
    let mut call = Call::new(step.kind, step.verb);
    match step.verb {
        "add" => call.parent = Some(step.target.as_str().into()),
        _ => call.target = Some(step.target.clone()),
    }
    call.request = step.request.clone();
    ask::ask(handle, &call).await.map(drop)
}

/// Keeps others out, after waiting that many seconds for one that is at work.
async fn lock(seconds: u64) -> Result<UnixListener, Failure> {
    let address = SocketAddr::from_abstract_name(LOCK)?;
    let end = Instant::now() + Duration::from_secs(seconds);
    loop {
        match UnixListener::bind_addr(&address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                if Instant::now() >= end {
                    return Err(Failure::Locked);
                }
                sleep(PAUSE).await;
            }
            result => return Ok(result?),
        }
    }
}

/// Reads the file and plans.
async fn prepare(
    handle: &Handle,
    printer: &Printer,
    apply: &Apply,
    file: &Path,
) -> Result<(Have, Vec<Step>), Failure> {
    let want = wanted(printer, apply, file)?;
    let have = have(handle).await?;
    let place = |conflict: Conflict| match (conflict.file, conflict.line) {
        (Some(file), Some(line)) => Failure::File {
            file,
            line,
            text: conflict.text,
            refused: true,
        },
        _ => Failure::Usage(conflict.text),
    };
    let want: Config = have.place(want, apply.skip_absent).map_err(place)?;
    let want = match apply.source {
        Source::Subdev => want,
        Source::AccelConfig => accel_config::complete(&have.config, want),
    };
    let limits = Limits {
        prune: apply.prune,
        force: apply.force,
        open: have.open.keys().cloned().collect(),
    };
    let steps = plan(&have.config, &want, &limits).map_err(place)?;
    if apply.force {
        for lost in lost(&have, &steps) {
            printer.note(&format!("the user of {lost}, loses it"));
        }
    }
    Ok((have, steps))
}

/// The subdevs that are open and that steps take from their users.
fn lost<'a>(have: &'a Have, steps: &'a [Step]) -> impl Iterator<Item = &'a str> {
    let takes = |step: &&Step| {
        let deactivates = step.request.get("state").and_then(Value::as_str) == Some("inactive");
        step.kind == Kind::Subdev && (step.verb == "del" || deactivates)
    };
    let taken = steps.iter().filter(takes);
    taken.filter_map(|step| have.open.get(&step.target).map(String::as_str))
}

/// What the files say.
fn wanted(printer: &Printer, apply: &Apply, file: &Path) -> Result<Config, Failure> {
    let mut want = Config::default();
    for path in files(file)? {
        let text = file::text(&path)?;
        let file = path.display().to_string();
        let config = match apply.source {
            Source::Subdev => read::config(&text).map_err(|wrong| wrong.within(&file))?,
            Source::AccelConfig => {
                let read = accel_config::config(&text, apply.skip_unknown);
                let (config, skipped) = read.map_err(|wrong| wrong.within(&file))?;
                for wrong in skipped {
                    printer.note(&format!("{file}:{}: {}", wrong.line, wrong.text));
                }
                config
            }
        };
        want.entries
            .extend(config.entries.into_iter().map(|entry| Entry {
                file: Some(file.clone()),
                ..entry
            }));
    }
    Ok(want)
}

/// The files in a folder that are configurations, in the order of their names; or the
/// one file.
fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let cannot = |error| Failure::Usage(format!("cannot read {}: {error}", path.display()));
    let mut out = Vec::new();
    for entry in std::fs::read_dir(path).map_err(cannot)? {
        let file = entry.map_err(cannot)?.path();
        let kind = file.extension().and_then(|it| it.to_str());
        if matches!(kind, Some("yaml" | "yml" | "json")) {
            out.push(file);
        }
    }
    out.sort_unstable();
    Ok(out)
}

/// What steps do, a line each.
fn page(steps: &[Step], would: &str) -> Page {
    let mut lines = String::new();
    let mut documents = Vec::new();
    for step in steps {
        let said = pairs(
            Some(Call::new(step.kind, "show").set()),
            &Value::Object(step.request.clone()),
        );
        let said = said.iter().map(|(name, value)| format!(" {name} {value}"));
        let said: String = match step.verb {
            "del" if !step.request.contains_key(FORCE) => String::new(),
            _ => said.collect(),
        };
        lines += &format!("{would}{} {}{said}\n", step.verb, step.about);
        documents.push(json!({
            "object": step.kind.name(),
            "command": step.verb,
            "target": step.target,
            "request": step.request,
        }));
    }
    Page::Line(lines, json!({ "step": documents }))
}

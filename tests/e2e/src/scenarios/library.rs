// SPDX-License-Identifier: MIT OR Apache-2.0
//! The library `nlctl`, as a program uses it.

use std::process::Command as Process;

use anyhow::{Context, Result, bail, ensure};
use futures::{StreamExt, TryStreamExt};
use nix::libc;
use nlctl::{
    AdminState, Cause, Command, Error, Event, Handle, Id, Notification, Opstate, PasidMode, Subdev,
};
use tokio::time::timeout;

use crate::check::{self, step};
use crate::process::{Talker, run as run_to_end};
use crate::scenario::Scenario;
use crate::tool;
use crate::wait::SOON;

pub const LIBRARY: Scenario = Scenario {
    name: "library",
    vm: "--kernel stock",
    about: "nlctl makes, finds and deletes subdevs, explains refusals and streams events",
    run,
};

fn run() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let (connection, handle) = nlctl::new_connection()?;
        tokio::spawn(connection);
        round_trip(&handle).await?;
        refusals(&handle).await?;
        crowd(&handle).await
    })?;
    examples()
}

/// All subdevs, by a dump.
async fn dump(handle: &Handle) -> Result<Vec<Subdev>> {
    let dump = handle.subdev().dump().execute();
    Ok(timeout(SOON, dump.map_ok(timeless).try_collect()).await??)
}

/// The subdev without the generation, which grows with all that happens.
fn timeless(subdev: Subdev) -> Subdev {
    let mut subdev = subdev;
    subdev.generation = 0;
    subdev
}

async fn round_trip(handle: &Handle) -> Result<()> {
    step("a subdev is made, found by each of its names, dumped, and deleted");
    let mut events = handle.monitor().await?;
    let add = handle.subdev().add().wq(3).pasid_mode(PasidMode::Shared);
    let made = timeless(add.name("library").execute().await?.object);
    let index = made.index;
    let uuid = made.uuid.clone();
    for id in [Id::from(index), "library".into(), uuid.as_str().into()] {
        let got = handle.subdev().get(id).execute().await?;
        check::equal("the subdev", &timeless(got.object), &made)?;
    }
    check::equal("the dump", dump(handle).await?, vec![made.clone()])?;
    step("a dump can be narrowed");
    let dumps = || handle.subdev().dump();
    for (what, narrowed, expected) in [
        ("its WQ", dumps().wq(3), 1),
        ("one of two WQs", dumps().wq(2).wq(3), 1),
        ("another WQ", dumps().wq(2), 0),
        ("its type", dumps().of_type("1swq"), 1),
        ("another type", dumps().of_type("1dwq"), 0),
        ("its state", dumps().state(AdminState::Active), 1),
        ("another state", dumps().state(AdminState::Inactive), 0),
        ("its opstate", dumps().opstate(Opstate::Attached), 1),
        ("another opstate", dumps().opstate(Opstate::Open), 0),
        ("all of it", dumps().parent(0).wq(3).of_type("1swq"), 1),
    ] {
        let found: Vec<_> = narrowed.execute().try_collect().await?;
        check::equal(what, found.len(), expected)?;
    }
    for command in [Command::FamilyGet, Command::SubdevNew] {
        let there = handle.supports(command).await?;
        ensure!(there, "the module says that it has no {command}");
    }
    let told = handle.supports(Command::SubdevCreateNtf).await?;
    ensure!(!told, "an event is an operation");
    let family = handle.family().get().execute().await?;
    check::equal("subdevs that there are", family.subdev_count, 1)?;

    let wq = handle.wq().get(3).execute().await?;
    check::equal("subdevs of the WQ", &wq.subdev, &vec![index])?;
    let last = handle.subdev().del("library").execute().await?.object;
    let whole = (last.index, last.uuid, last.wq);
    let expected = (made.index, made.uuid.clone(), made.wq.clone());
    check::equal("what was deleted", whole, expected)?;
    check::equal("the dump after deletion", dump(handle).await?, vec![])?;

    step("the stream of events told the same story");
    let mut story = Vec::new();
    while story.len() < 4 {
        match timeout(SOON, events.next()).await?.context("no event")?? {
            Event::Notification(it) => story.push(it),
            other => bail!("expected a notification, got {other:?}"),
        }
    }
    let names: Vec<_> = story.iter().map(Notification::name).collect();
    let expected = vec!["subdev-create", "wq-change", "subdev-delete", "wq-change"];
    check::equal("the events", names, expected)?;
    for event in &story {
        if let Notification::SubdevCreate(subdev) | Notification::SubdevDelete(subdev) = event {
            check::equal("the event's subdev", &subdev.uuid, &made.uuid)?;
            check::equal("the cause", subdev.cause, Some(Cause::Request))?;
        }
    }
    Ok(())
}

async fn refusals(handle: &Handle) -> Result<()> {
    step("a refusal carries errno, message and attribute");
    let unknown = handle.subdev().add().wq(99).execute().await;
    let Err(Error::Refused(refusal)) = unknown else {
        bail!("expected a refusal of WQ 99, got {unknown:?}");
    };
    check::equal("errno", refusal.errno, libc::EINVAL)?;
    check::equal("attribute", refusal.attribute.as_deref(), Some("wq.id"))?;
    ensure!(refusal.message.is_some(), "no message: {refusal:?}");

    let nothing = handle.subdev().add().execute().await;
    let Err(Error::Refused(refusal)) = nothing else {
        bail!("expected a refusal of nothing, got {nothing:?}");
    };
    check::equal("missing attribute", refusal.missing.as_deref(), Some("wq"))
}

async fn crowd(handle: &Handle) -> Result<()> {
    step("dumps are whole while others make and delete subdevs");
    const ROUNDS: usize = 30;
    let come_and_go = async {
        for round in 0..ROUNDS {
            let name = format!("crowd{round}");
            let add = handle.subdev().add().wq(3).pasid_mode(PasidMode::Shared);
            add.name(&name).execute().await?;
            handle.subdev().del(name).execute().await?;
        }
        anyhow::Ok(())
    };
    let look = async {
        for _ in 0..ROUNDS {
            let subdevs = dump(handle).await?;
            ensure!(
                subdevs.len() <= 1,
                "more subdevs than there ever were: {subdevs:?}"
            );
            let wqs = handle.wq().dump().all().await?;
            check::equal("WQs in a dump", wqs.len(), 8)?;
        }
        Ok(())
    };
    let both = futures::future::try_join(come_and_go, look);
    timeout(SOON, both).await??;
    Ok(())
}

/// The lines that an example prints, which has to succeed.
fn printed(example: &str, words: &[&str]) -> Result<Vec<String>> {
    let output = run_to_end(Process::new(example).args(words), SOON)?.ok()?;
    Ok(output.stdout.lines().map(str::to_owned).collect())
}

fn examples() -> Result<()> {
    step("the example that lists work queues without async");
    let wqs = tool::wqs()?.into_iter();
    let spare = wqs.map(|it| format!("dsa0/wq{}: {1} of {1}", it.id, it.size));
    let spare: Vec<_> = spare.collect();
    check::equal("lines", printed("nlctl-blocking", &[])?, spare)?;

    step("while another watches, one hands a subdev over and one deletes it");
    let mut watch = Talker::spawn(&mut Process::new("nlctl-watch"))?;
    let mut see = |wanted: &str| loop {
        if watch.line(SOON)? == wanted {
            return anyhow::Ok(());
        }
    };
    see("this is what there is:")?;
    see("0 subdevs")?;
    let told = printed("nlctl-hand-over", &["dsa0/wq3", "shown"])?;
    let shown = tool::subdev("shown")?;
    let location = shown.location()?;
    let expected = [
        "name    shown".to_owned(),
        format!("uuid    {}", shown.uuid),
        format!("group   {}", location.group.display()),
        format!("device  {}", location.device),
    ];
    check::equal("what is handed over", &told[..], &expected[..])?;
    see("shown is new: attached")?;
    see("1 subdevs")?;
    for (what, expected) in [
        ("the deletion", "shown was on dsa0"),
        ("the second deletion", "there is no shown"),
    ] {
        let lines = printed("nlctl-errors", &["shown"])?;
        check::equal(what, lines, vec![expected.to_owned()])?;
    }
    see("0 subdevs")
}

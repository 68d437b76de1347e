// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sockets that get some notifications only.

use std::process::Command as Process;

use anyhow::{Context, Result, bail, ensure};
use futures::StreamExt;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::{Uid, seteuid};
use nlctl::{
    Command, Event, Filter, Monitor as Events, Notification, NotifyFilterAttr, NotifyKinds, State,
    SubdevAttr, wire,
};
use tokio::time::timeout;

use crate::check::{self, step};
use crate::client::Client;
use crate::fuzz::{Attribute, Request, Table};
use crate::genl::{Answer, Refusal, Socket, flag};
use crate::monitor::Monitor;
use crate::scenario::Scenario;
use crate::tool::{self, DSA_NL, dsa_nl};
use crate::wait::SOON;

pub const MONITOR_FILTER: Scenario = Scenario {
    name: "monitor-filter",
    vm: "",
    about: "a socket gets the events that pass its filter, and the filter goes with the socket",
    run,
};

/// Most sockets of one user with a filter, most of those who are no admins, and most objects in one.
const PER_USER: usize = nlctl::MAX_FILTERS_PER_USER as usize;
const MAX: usize = nlctl::MAX_FILTERS as usize;
const OBJECTS: u32 = nlctl::MAX_FILTER_OBJECTS;

/// A user who is nobody.
const FIRST_USER: u32 = 70_000;

/// A notification, and the subdev that it is about.
type Heard = (Command, Option<u32>);

/// A filter, and what passes it.
type Case<'a> = (&'a [NotifyFilterAttr], fn(&Heard) -> bool);

/// Sends a request for a filter.
fn ask(socket: &mut Socket, family: u16, filter: &[NotifyFilterAttr]) -> Result<Answer> {
    let attributes = filter.iter().map(Attribute::of).collect();
    let request = Request::new(Command::NotifyFilterSet.into(), false).with(attributes);
    socket.ask(family, request.flags, &request.payload())
}

/// Sets a filter.
fn set(socket: &mut Socket, family: u16, filter: &[NotifyFilterAttr]) -> Result<()> {
    let answer = ask(socket, family, filter)?;
    ensure!(matches!(answer.end, Some(Ok(()))), "refused: {answer:?}");
    check::equal("replies", answer.objects.len(), 1)
}

/// Why a filter is refused.
fn refused(socket: &mut Socket, family: u16, filter: &[NotifyFilterAttr]) -> Result<Refusal> {
    match ask(socket, family, filter)?.end {
        Some(Err(refusal)) => Ok(refusal),
        other => Err(anyhow::anyhow!("{filter:?} is not refused: {other:?}")),
    }
}

/// What came on a socket.
fn heard(socket: &mut Socket) -> Result<Vec<Heard>> {
    let events = socket.heard()?.into_iter();
    let about = |(command, attributes): (Command, Vec<u8>)| {
        let of_subdev = command.to_string().starts_with("subdev");
        let subdev = || Ok::<_, anyhow::Error>(wire::parse::<SubdevAttr>(&attributes)?);
        let index = match of_subdev {
            true => subdev()?.into_iter().find_map(|it| match it {
                SubdevAttr::Index(index) => Some(index),
                _ => None,
            }),
            false => None,
        };
        Ok((command, index))
    };
    events.map(about).collect()
}

/// Renames 0, then has 2 come and go on a WQ of its own.
fn act() -> Result<()> {
    for name in ["uno", "one"] {
        let named = if name == "uno" { "one" } else { "uno" };
        tool::json::<serde_json::Value>(&format!("subdev set {named} name {name}"))?;
    }
    tool::add("wq 4 name passing")?;
    tool::del("passing")
}

fn run() -> Result<()> {
    tool::add("wq 3 pasid-mode shared name one")?;
    tool::add("wq 3 pasid-mode shared name two")?;
    let uuid = tool::subdev("one")?.uuid;
    let table = Table::read(&mut Socket::new()?)?;
    let (family, group) = (table.family, table.group);
    let listen = |filter: &[NotifyFilterAttr]| -> Result<Socket> {
        let mut socket = Socket::new()?;
        set(&mut socket, family, filter)?;
        socket.join(group)?;
        Ok(socket)
    };

    step("of those that listen, each gets what its filter says");
    let (parent, name) = ("dsa0".to_owned(), "one".to_owned());
    let deletions = NotifyKinds::SUBDEV_DELETE | NotifyKinds::WQ_CHANGE;
    let cases: &[Case] = &[
        (&[], |_| true),
        (&[NotifyFilterAttr::ParentIndex(0)], |_| true),
        (&[NotifyFilterAttr::Parent(parent)], |_| true),
        (&[NotifyFilterAttr::SubdevIndex(1)], |it| it.1 == Some(1)),
        // It is renamed, and stays the same.
        (&[NotifyFilterAttr::Subdev(name)], |it| it.1 == Some(0)),
        (&[NotifyFilterAttr::SubdevUuid(uuid)], |it| it.1 == Some(0)),
        // One of several is enough, however they are named.
        (
            &[
                NotifyFilterAttr::SubdevIndex(1),
                NotifyFilterAttr::Subdev("one".to_owned()),
                NotifyFilterAttr::SubdevIndex(0),
                NotifyFilterAttr::ParentIndex(0),
                NotifyFilterAttr::Parent("dsa0".to_owned()),
            ],
            |it| it.1.is_some_and(|index| index < 2),
        ),
        (&[NotifyFilterAttr::Kinds(deletions)], |it| {
            [Command::SubdevDeleteNtf, Command::WqChangeNtf].contains(&it.0)
        }),
        (&[NotifyFilterAttr::Kinds(0.into())], |_| false),
        (
            &[
                NotifyFilterAttr::SubdevIndex(0),
                NotifyFilterAttr::Kinds(NotifyKinds::SUBDEV_CREATE),
            ],
            |_| false,
        ),
    ];
    let sockets = cases.iter().map(|(filter, _)| listen(filter));
    let mut sockets = sockets.collect::<Result<Vec<_>>>()?;
    act()?;
    let all = heard(&mut sockets[0])?;
    let kinds: Vec<_> = all.iter().map(|it| it.0).collect();
    let expected = [
        Command::SubdevChangeNtf,
        Command::SubdevChangeNtf,
        Command::SubdevCreateNtf,
        Command::WqChangeNtf,
        Command::SubdevDeleteNtf,
        Command::WqChangeNtf,
    ];
    check::equal("all that happened", &kinds[..], &expected[..])?;
    for ((filter, passes), socket) in cases.iter().zip(&mut sockets).skip(1) {
        let expected: Vec<_> = all.iter().copied().filter(passes).collect();
        check::equal(&format!("{filter:?}"), heard(socket)?, expected)?;
    }

    step("one filter takes the place of another, and none lets all pass again");
    let last = sockets.last_mut().context("no socket")?;
    set(last, family, &[NotifyFilterAttr::SubdevIndex(1)])?;
    act()?;
    check::equal("events", heard(last)?, vec![])?;
    set(last, family, &[])?;
    act()?;
    check::equal("events", heard(last)?.len(), all.len())?;

    step("an echo comes in any case");
    set(last, family, &[NotifyFilterAttr::Kinds(0.into())])?;
    let rename = [SubdevAttr::Index(1), SubdevAttr::NewName("zwei".to_owned())];
    let rename = rename.iter().map(Attribute::of).collect();
    let request = Request::new(Command::SubdevSet.into(), false).with(rename);
    let answer = last.ask(family, request.flags | flag::ECHO, &request.payload())?;
    check::equal("events of the request", answer.events.len(), 1)?;
    drop(sockets);

    step("a filter goes with its socket, whichever has its port or its memory then");
    for _ in 0..64 {
        drop(listen(&[NotifyFilterAttr::Kinds(0.into())])?);
        let mut next = Socket::new()?;
        next.join(group)?;
        tool::json::<serde_json::Value>("subdev set one name uno")?;
        tool::json::<serde_json::Value>("subdev set uno name one")?;
        check::equal("events", heard(&mut next)?.len(), 2)?;
    }

    race(family, group)?;
    refusals(family)?;
    many_objects(family)?;
    many_sockets(family)?;
    by_the_tool()?;
    tool::del("one")?;
    tool::del("two")?;
    losses()
}

/// Sockets come and go, and their filters, while there are events.
fn race(family: u16, group: u32) -> Result<()> {
    step("sockets come and go while events are sent");
    const ROUNDS: u32 = 300;
    let come_and_go = || -> Result<()> {
        for round in 0..ROUNDS {
            let mut socket = Socket::new()?;
            set(&mut socket, family, &[NotifyFilterAttr::SubdevIndex(1)])?;
            socket.join(group)?;
            match round % 3 {
                0 => set(&mut socket, family, &[])?,
                1 => check::equal("events", socket.heard()?.len(), 0)?,
                _ => (),
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let racers: Vec<_> = (0..3).map(|_| scope.spawn(come_and_go)).collect();
        while racers.iter().any(|it| !it.is_finished()) {
            act()?;
        }
        racers.into_iter().try_for_each(|it| match it.join() {
            Ok(result) => result,
            Err(_) => Err(anyhow::anyhow!("a thread panicked")),
        })
    })
}

fn refusals(family: u16) -> Result<()> {
    step("what is not there is refused");
    let mut socket = Socket::new()?;
    let nosuch = || "nosuch".to_owned();
    for attribute in [
        NotifyFilterAttr::ParentIndex(99),
        NotifyFilterAttr::Parent(nosuch()),
        NotifyFilterAttr::SubdevIndex(99),
        NotifyFilterAttr::Subdev(nosuch()),
        NotifyFilterAttr::SubdevUuid(nosuch()),
        NotifyFilterAttr::Kinds((1 << 31).into()),
    ] {
        let refusal = refused(&mut socket, family, std::slice::from_ref(&attribute))?;
        ensure!(refusal.message.is_some(), "{attribute:?}: {refusal:?}");
        check::equal(&format!("{attribute:?}"), refusal.offset, Some(20))?;
    }

    Ok(())
}

/// A filter names as many subdevs as it may.
fn many_objects(family: u16) -> Result<()> {
    step("a filter that names too many is refused, and names the one too many");
    tool::json::<serde_json::Value>(&format!(
        "subdev add wq 5 pasid-mode shared size 1 name many count {OBJECTS} state inactive"
    ))?;
    let made = tool::subdevs()?.into_iter();
    let made = made.filter(|it| it.name.starts_with("many"));
    let mut filter: Vec<_> = made
        .map(|it| NotifyFilterAttr::SubdevIndex(it.index))
        .collect();
    check::equal("subdevs", filter.len(), OBJECTS as usize)?;
    // One that is named again is no other.
    filter.push(filter[0].clone());
    let mut socket = Socket::new()?;
    let answer = ask(&mut socket, family, &filter)?;
    let reply = answer.objects.first().context("refused")?;
    let named = wire::parse::<NotifyFilterAttr>(reply)?;
    check::equal(
        "the reply",
        named.get(1..),
        Some(&filter[..OBJECTS as usize]),
    )?;
    filter.push(NotifyFilterAttr::SubdevIndex(0));
    let refusal = refused(&mut socket, family, &filter)?;
    check::equal("errno", refusal.errno, nix::libc::E2BIG)?;
    // Headers, and eight bytes for each before it.
    let place = 20 + 8 * (OBJECTS as usize + 1);
    check::equal("the place", refusal.offset, Some(place))?;
    for name in tool::subdevs()?.into_iter().map(|it| it.name) {
        if name.starts_with("many") {
            tool::del(&name)?;
        }
    }
    Ok(())
}

/// Is somebody without any privilege, until it is dropped.
struct Somebody;

impl Somebody {
    fn become_user(user: u32) -> Result<Self> {
        // That takes effective capabilities away, and root gives them back.
        seteuid(Uid::from_raw(user))?;
        Ok(Self)
    }
}

impl Drop for Somebody {
    fn drop(&mut self) {
        seteuid(Uid::from_raw(0)).expect("root can be root again");
    }
}

/// Sockets with filters, and the refusal of one too many.
fn exhaust(family: u16, most: usize) -> Result<(Vec<Socket>, Refusal)> {
    let none = [NotifyFilterAttr::Kinds(0.into())];
    let mut all = Vec::new();
    for _ in 0..most {
        let mut one = Socket::new()?;
        set(&mut one, family, &none)?;
        all.push(one);
    }
    let refusal = refused(&mut Socket::new()?, family, &none)?;
    check::equal("errno", refusal.errno, nix::libc::ENOSPC)?;
    Ok((all, refusal))
}

/// Whoever may open a socket exhausts what there is for him.
fn many_sockets(family: u16) -> Result<()> {
    step("too many are refused, and one that is closed makes room");
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let enough = MAX as u64 + 100;
    setrlimit(Resource::RLIMIT_NOFILE, enough.max(soft), enough.max(hard))?;
    let none = [NotifyFilterAttr::Kinds(0.into())];
    let mut all = Vec::new();
    for user in (FIRST_USER..).take(MAX / PER_USER) {
        let _somebody = Somebody::become_user(user)?;
        let (mut many, refusal) = exhaust(family, PER_USER)?;
        ensure!(
            refusal
                .message
                .as_deref()
                .is_some_and(|it| it.contains("this user")),
            "{refusal:?}"
        );
        // Those that have one can have another, and nothing is refused of the rest.
        let first = many.first_mut().context("no socket")?;
        set(first, family, &[NotifyFilterAttr::ParentIndex(0)])?;
        let mut another = Socket::new()?;
        set(&mut another, family, &[])?;
        many.pop();
        set(&mut another, family, &none)?;
        many.push(another);
        all.extend(many);
    }
    let last = FIRST_USER - 1;
    {
        let _somebody = Somebody::become_user(last)?;
        exhaust(family, 0)?;
    }
    step("an admin can have one all the same");
    let mut admin = Socket::new()?;
    set(&mut admin, family, &none)?;
    all.pop();
    {
        let _somebody = Somebody::become_user(last)?;
        exhaust(family, 1)?;
    }
    drop(all);
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard)?;
    Ok(())
}

fn by_the_tool() -> Result<()> {
    step("dsa-nl asks the kernel for it, unprivileged as well");
    tool::json::<serde_json::Value>("subdev set zwei name two")?;
    let mut command = tool::unprivileged(DSA_NL);
    let line = "-j monitor parent dsa0 subdev one,two kind change";
    let mut monitor = Monitor::spawn(command.args(line.split(' ')))?;
    let mut deletions =
        Monitor::spawn(Process::new(DSA_NL).args(["-j", "monitor", "kind", "delete"]))?;
    act()?;
    for name in ["uno", "one"] {
        let told = monitor.expect("change", name)?;
        check::equal("index", told.subdev.index, 0)?;
    }
    deletions.expect("delete", "passing")?;
    // The gaps between these are no losses.
    act()?;
    monitor.expect("change", "uno")?;
    deletions.expect("delete", "passing")?;
    for (line, words) in [
        ("monitor subdev nosuch", ["subdev", "no such"]),
        ("monitor parent nosuch", ["parent", "dsa0"]),
    ] {
        let sentence = tool::refused(&dsa_nl(line)?, &words)?;
        step(format!("  `{line}`: {sentence}"));
    }
    let output = dsa_nl("monitor kind nosuch")?;
    check::equal("the exit status", output.status.code(), Some(1))
}

/// Little room for events, and more than it has room for.
const SMALL: usize = 16 * 1024;
const MANY: usize = 40;

/// A program that reads slowly and has a filter by name.
struct Follower {
    client: Client,
    events: Events,
}

impl Follower {
    fn new(name: &str) -> Result<Self> {
        let client = Client::new()?;
        let filter = Filter::new().subdev(name);
        let subscribe = |it: nlctl::Handle| it.subscribe().receive_buffer(SMALL);
        let events = client.ask(|it| subscribe(it).monitor_filtered(filter))??;
        Ok(Self { client, events })
    }

    fn rename(&self, from: &str, to: &str) -> Result<()> {
        let set = |it: nlctl::Handle| it.subdev().set(from).new_name(to).execute();
        self.client.ask(set)??;
        Ok(())
    }

    /// Renames it so often that events are lost.
    fn flood(&self, one: &str, other: &str) -> Result<()> {
        for _ in 0..MANY {
            self.rename(one, other)?;
            self.rename(other, one)?;
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Event> {
        let events = &mut self.events;
        let next = self
            .client
            .block_on(async |_| timeout(SOON, events.next()).await);
        Ok(next.context("no event")?.context("the events ended")??)
    }

    /// Reads until events were lost.
    fn until_lost(&mut self) -> Result<State> {
        for _ in 0..=2 * MANY {
            if let Event::Resync(state) = self.next()? {
                return Ok(state);
            }
        }
        bail!("no event was lost")
    }
}

fn losses() -> Result<()> {
    step("a filter by name stays with its subdev when events are lost and it has another name");
    let index = tool::add("wq 3 pasid-mode shared name first")?.index;
    let mut follower = Follower::new("first")?;
    follower.flood("first", "second")?;
    follower.rename("first", "second")?;
    tool::add("wq 3 pasid-mode shared name first")?;
    let state = follower.until_lost()?;
    check::equal(
        "the state",
        state.subdev("second").map(|it| it.index),
        Some(index),
    )?;
    follower.rename("first", "another")?;
    follower.rename("second", "third")?;
    match follower.next()? {
        Event::Notification(Notification::SubdevChange(it)) => {
            check::equal(
                "what is heard",
                (it.index, it.name.as_str()),
                (index, "third"),
            )?;
        }
        other => bail!("expected its change, got {other:?}"),
    }

    step("and when it is gone");
    follower.flood("third", "fourth")?;
    tool::del("third")?;
    let state = follower.until_lost()?;
    ensure!(
        state.subdev(index).is_none(),
        "it is still there: {state:?}"
    );
    tool::add("wq 3 pasid-mode shared name first")?;
    tool::del("first")?;
    let more = follower.client.block_on(async |_| {
        let quiet = std::time::Duration::from_millis(300);
        timeout(quiet, follower.events.next()).await
    });
    ensure!(more.is_err(), "something is told of others: {more:?}");
    tool::del("another")
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory runs out at every place where it can.

use anyhow::{Result, bail, ensure};
use nlctl::{AdminState, Command, ParentAttr, SubdevAttr, SubdevWqAttr, TypeAttr, WqAttr};

use crate::client::{Client, Generation};
use crate::dsa::{Descriptor, Dsa};
use crate::fuzz::{Attribute, Request, Table};
use crate::genl::{Answer, Socket};
use crate::inject::{Fault, Injector};
use crate::scenario::Scenario;
use crate::tool;
use crate::vfio::Buffer;

pub const FAMILY: Scenario = Scenario {
    name: "inject-family",
    vm: "--kernel debug",
    about: "every operation of the family bears every fault, says so, and leaves no trace",
    run: family,
};

pub const VFIO: Scenario = Scenario {
    name: "inject-vfio",
    vm: "--kernel debug",
    about: "opening, using and closing a device bears every fault and leaves no trace",
    run: vfio,
};

/// What can be looked at while there is a subdev with index `index`.
fn questions(index: u32) -> Vec<(&'static str, Request)> {
    let get = |command: Command, attributes| Request::new(command.into(), false).with(attributes);
    let all = |command: Command| Request::new(command.into(), true);
    vec![
        (
            "parent-get",
            get(
                Command::ParentGet,
                vec![Attribute::of(&ParentAttr::Index(0))],
            ),
        ),
        (
            "wq-get",
            get(
                Command::WqGet,
                vec![
                    Attribute::of(&WqAttr::ParentIndex(0)),
                    Attribute::of(&WqAttr::Id(3)),
                ],
            ),
        ),
        (
            "type-get",
            get(
                Command::TypeGet,
                vec![
                    Attribute::of(&TypeAttr::ParentIndex(0)),
                    Attribute::of(&TypeAttr::Name("1swq".into())),
                ],
            ),
        ),
        (
            "subdev-get",
            get(
                Command::SubdevGet,
                vec![Attribute::of(&SubdevAttr::Index(index))],
            ),
        ),
        ("dump of parents", all(Command::ParentGet)),
        ("dump of WQs", all(Command::WqGet)),
        ("dump of types", all(Command::TypeGet)),
        ("dump of subdevs", all(Command::SubdevGet)),
    ]
}

fn family() -> Result<()> {
    let injector = Injector::new()?;
    let family = Table::read(&mut Socket::new()?)?.family;
    let client = Client::new()?;
    let state = || client.state(Generation::Ignored);
    let there = tool::add("wq 3 pasid-mode shared name there")?;

    for (name, request) in questions(there.index) {
        // All of it: a dump goes on while it is read.
        let ask = |fault: &mut Fault<'_>| {
            let mut socket = Socket::new()?;
            let payload = request.payload();
            fault.during(|| carried_out(socket.ask(family, request.flags, &payload)?))
        };
        injector.enumerate(name, ask, |()| Ok(()), state)?;
    }

    let wq = |id: u32| Attribute::of(&SubdevAttr::Wq(vec![SubdevWqAttr::Id(id)]));
    let parent = Attribute::of(&SubdevAttr::ParentIndex(0));
    let inactive = Attribute::of(&SubdevAttr::State(AdminState::Inactive));
    for (name, attributes) in [
        ("subdev-new", vec![wq(4)]),
        ("subdev-new, inactive", vec![wq(4), inactive]),
        ("subdev-new on two WQs", vec![wq(4), wq(5)]),
    ] {
        let attributes = [vec![parent.clone()], attributes].concat();
        let request = Request::new(Command::SubdevNew.into(), false).with(attributes);
        let undo = |()| match newest(&client, there.index)? {
            Some(index) => {
                client.ask(|handle| handle.subdev().del(index).execute())??;
                Ok(())
            }
            None => bail!("it was carried out, and there is no subdev"),
        };
        injector.enumerate(name, |fault| change(family, &request, fault), undo, state)?;
    }

    settings(&injector, family, &client)?;

    let by_name = Attribute::of(&SubdevAttr::Name("gone".into()));
    let request = Request::new(Command::SubdevDel.into(), false).with(vec![by_name]);
    let add = || tool::add("wq 4 name gone");
    add()?;
    // What comes back is the same but for its index and what follows from that.
    let state = || {
        let names: Vec<_> = tool::subdevs()?.into_iter().map(|it| it.name).collect();
        Ok((names, tool::wq("wq4")?.available))
    };
    let undo = |()| {
        ensure!(newest(&client, there.index)?.is_none(), "it is still there");
        add()?;
        Ok(())
    };
    injector.enumerate(
        "subdev-del",
        |fault| change(family, &request, fault),
        undo,
        state,
    )?;
    tool::del("gone")?;
    tool::del("there")
}

/// Changes an inactive subdev, and an active one.
fn settings(injector: &Injector, family: u16, client: &Client) -> Result<()> {
    let state = || client.state(Generation::Ignored);
    let by_name = Attribute::of(&SubdevAttr::Name("set".into()));
    let to = |state| Attribute::of(&SubdevAttr::State(state));
    let new_name = Attribute::of(&SubdevAttr::NewName("set-anew".into()));
    let share = vec![SubdevWqAttr::Id(4), SubdevWqAttr::Size(3)];
    let share = Attribute::of(&SubdevAttr::Wq(share));
    tool::add("wq 4 state inactive name set")?;
    let index = tool::subdev("set")?.index;
    for (name, attributes) in [
        ("subdev-set, name and size", vec![new_name, share.clone()]),
        (
            "subdev-set, activation",
            vec![share, to(AdminState::Active)],
        ),
    ] {
        let attributes = [vec![by_name.clone()], attributes].concat();
        let request = Request::new(Command::SubdevSet.into(), false).with(attributes);
        let undo = |()| {
            client.ask(|handle| {
                let set = handle.subdev().set(index).state(AdminState::Inactive);
                set.new_name("set").wq_share(4, 16).execute()
            })??;
            Ok(())
        };
        injector.enumerate(name, |fault| change(family, &request, fault), undo, state)?;
    }
    tool::del("set")
}

/// Sends a request with the fault, and takes the answer in without.
fn change(family: u16, request: &Request, fault: &mut Fault<'_>) -> Result<()> {
    let mut socket = Socket::new()?;
    let payload = request.payload();
    let asked = fault.during(|| socket.send(family, request.flags, &payload))?;
    carried_out(socket.answer(asked)?)
}

/// An error unless the request was carried out.
///
/// It was if the kernel lost its acknowledgement: making that is what failed.
fn carried_out(answer: Answer) -> Result<()> {
    match answer.end {
        Some(Ok(())) => Ok(()),
        Some(Err(refusal)) => bail!("refused: {refusal:?}"),
        None => {
            ensure!(answer.lost, "no answer");
            Ok(())
        }
    }
}

/// Index of the newest subdev but for the one that is always there.
fn newest(client: &Client, there: u32) -> Result<Option<u32>> {
    let subdevs = client.subdevs()??;
    let others = subdevs.iter().map(|it| it.index).filter(|it| *it != there);
    Ok(others.max())
}

fn vfio() -> Result<()> {
    const FROM: u64 = 0x1000_0000;
    const TO: u64 = 0x2000_0000;
    const LEN: usize = 0x4000;
    let injector = Injector::new()?;
    let client = Client::new()?;
    let location = tool::add("wq 3 name used")?.location()?;
    let session = |fault: &mut Fault<'_>| {
        fault.during(|| {
            let dsa = Dsa::open_enabled(&location)?;
            let buffers = [dsa.map(FROM, LEN)?, dsa.map(TO, LEN)?];
            dsa.run(Descriptor::memmove(FROM, TO, LEN as u32))?
                .success("MEMMOVE")?;
            buffers.iter().try_for_each(Buffer::unmap)?;
            dsa.reset()?;
            dsa.device().arm(&[])
        })
    };
    let state = || client.state(Generation::Ignored);
    injector.enumerate("a session", session, |()| Ok(()), state)?;
    let session = |fault: &mut Fault<'_>| {
        let mut dsa = Dsa::open_enabled(&location)?;
        // The kernel accesses it, so that a page that cannot be had is told.
        fault.during(|| {
            dsa.map_portal()?;
            Ok(dsa.portal()?.probe()?)
        })?;
        dsa.run(Descriptor::noop())?.success("NOOP")
    };
    injector.enumerate("a mapped portal", session, |_| Ok(()), state)?;
    tool::del("used")
}

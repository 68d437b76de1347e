// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is refused, why, and that nothing changes by it.

use std::fs;

use anyhow::{Context, Result, bail, ensure};
use nlctl::{Attribute as _, Command, SubdevAttr, SubdevWqAttr};

use crate::check::{self, step};
use crate::fuzz::{Attribute, Request, Table};
use crate::genl::Socket;
use crate::scenario::Scenario;
use crate::tool::{self, dsa_nl, dsa_nl_words};

pub const REFUSALS: Scenario = Scenario {
    name: "refusals",
    vm: "",
    about: "bad requests are refused in a sentence that helps, and change nothing",
    run: refusals,
};

pub const FULL: Scenario = Scenario {
    name: "full",
    vm: "",
    about: "a shared WQ takes subdevs until its entries are used up",
    run: full,
};

const UUID: &str = "7e7f1d0c-9b6a-4a52-8d4e-6f0c1b2a3d4e";

/// A request that is refused.
struct Case {
    /// What is wrong with it.
    why: &'static str,
    /// Words after `dsa-nl subdev`.
    words: &'static [&'static str],
    /// What the message has to say, at least: the attribute, the reason, what
    /// would be accepted. `|` separates alternatives.
    says: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        why: "neither a WQ nor a type",
        words: &["add"],
        says: &["wq", "type"],
    },
    Case {
        why: "an unknown WQ",
        words: &["add", "wq", "99"],
        says: &["wq", "7"],
    },
    Case {
        why: "an unknown WQ beside a good one",
        words: &["add", "wq", "1,99"],
        says: &["wq.id"],
    },
    Case {
        why: "a WQ twice",
        words: &["add", "wq", "1,2,1"],
        says: &["wq.id", "twice"],
    },
    Case {
        why: "more WQs than a subdev can use",
        words: &["add", "wq", "0,1,2,3,4,5,6,7,0"],
        says: &["wq.id", "8"],
    },
    Case {
        why: "more entries than any WQ has, by type",
        words: &["add", "type", "1swq", "size", "17"],
        says: &["type", "room"],
    },
    Case {
        why: "a WQ that another subdev owns",
        words: &["add", "wq", "0"],
        says: &["wq", "own"],
    },
    Case {
        why: "sharing a WQ that another subdev owns",
        words: &["add", "wq", "0", "pasid-mode", "shared"],
        says: &["wq", "own"],
    },
    Case {
        why: "owning a WQ that others share",
        words: &["add", "wq", "3"],
        says: &["wq|pasid-mode", "shared"],
    },
    Case {
        why: "an unknown type",
        words: &["add", "type", "nosuch"],
        says: &["type"],
    },
    Case {
        why: "a parent of an unknown index",
        words: &["add", "wq", "1", "parent", "77"],
        says: &["parent-index", "dsa0"],
    },
    Case {
        why: "a parent at an unknown place",
        words: &["add", "wq", "1", "parent", "pci/0000:77:00.0"],
        says: &["device", "dsa0"],
    },
    Case {
        why: "an unknown parent",
        words: &["add", "wq", "1", "parent", "dsa9"],
        says: &["parent"],
    },
    Case {
        why: "a PASID of its own on a parent without PASIDs",
        words: &["add", "wq", "1", "pasid-mode", "dedicated"],
        says: &["pasid-mode", "dedicated needs", "lacks"],
    },
    Case {
        why: "a name in use",
        words: &["add", "wq", "1", "name", "owner"],
        says: &["name", "in use|taken|already|exists"],
    },
    Case {
        why: "an empty name",
        words: &["add", "wq", "1", "name", ""],
        says: &["name"],
    },
    Case {
        why: "a name with a space",
        words: &["add", "wq", "1", "name", "a b"],
        says: &["name", "letters"],
    },
    Case {
        why: "a name with a slash",
        words: &["add", "wq", "1", "name", "a/b"],
        says: &["name", "letters"],
    },
    Case {
        why: "a name that starts with a dot",
        words: &["add", "wq", "1", "name", ".hidden"],
        says: &["name"],
    },
    Case {
        why: "a name that would be taken for an index",
        words: &["add", "wq", "1", "name", "123"],
        says: &["name", "index|digits"],
    },
    Case {
        why: "a name that would be taken for a UUID",
        words: &[
            "add",
            "wq",
            "1",
            "name",
            "11111111-2222-4333-8444-555555555555",
        ],
        says: &["name"],
    },
    Case {
        why: "a name of 32 letters",
        words: &["add", "wq", "1", "name", "abcdefghijklmnopqrstuvwxyzabcdef"],
        says: &["name", "31"],
    },
    Case {
        why: "a UUID in use",
        words: &["add", "wq", "1", "uuid", UUID],
        says: &["uuid", "in use|taken|already|exists"],
    },
    Case {
        why: "a UUID that is none",
        words: &["add", "wq", "1", "uuid", "not-a-uuid"],
        says: &["uuid", "hex"],
    },
    Case {
        why: "a UUID with a wrong digit",
        words: &[
            "add",
            "wq",
            "1",
            "uuid",
            "7e7f1d0c-9b6a-4a52-8d4e-6f0c1b2a3d4g",
        ],
        says: &["uuid", "hex"],
    },
    Case {
        why: "a UUID with a digit too much",
        words: &[
            "add",
            "wq",
            "1",
            "uuid",
            "7e7f1d0c-9b6a-4a52-8d4e-6f0c1b2a3d4e0",
        ],
        says: &["uuid", "36"],
    },
    Case {
        why: "the nil UUID",
        words: &[
            "add",
            "wq",
            "1",
            "uuid",
            "00000000-0000-0000-0000-000000000000",
        ],
        says: &["uuid"],
    },
    Case {
        why: "no entries at all",
        words: &["add", "wq", "1", "size", "0"],
        says: &["size", "1"],
    },
    Case {
        why: "more entries than the WQ has",
        words: &["add", "wq", "1", "size", "17"],
        says: &["size", "16"],
    },
    Case {
        why: "more entries than are left on a shared WQ",
        words: &["add", "wq", "3", "pasid-mode", "shared", "size", "15"],
        says: &["size", "14"],
    },
    Case {
        why: "a share of nothing",
        words: &["add", "wq", "1", "weight", "0"],
        says: &["weight", "1"],
    },
    Case {
        why: "a share beyond the scale",
        words: &["add", "wq", "1", "weight", "10001"],
        says: &["weight", "10000"],
    },
    Case {
        why: "a cap that would stop all",
        words: &["add", "wq", "1", "max-rate", "262143"],
        says: &["max-rate", "262144"],
    },
    Case {
        why: "showing an unknown name",
        words: &["show", "nosuch"],
        says: &["name|subdev"],
    },
    Case {
        why: "showing an unknown index",
        words: &["show", "4711"],
        says: &["index|subdev"],
    },
    Case {
        why: "showing an unknown UUID",
        words: &["show", "11111111-2222-4333-8444-555555555555"],
        says: &["uuid|subdev"],
    },
    Case {
        why: "deleting an unknown name",
        words: &["del", "nosuch"],
        says: &["name|subdev"],
    },
    Case {
        why: "deleting an unknown index",
        words: &["del", "4711"],
        says: &["index|subdev"],
    },
];

fn refusals() -> Result<()> {
    step("one subdev owns WQ 0, another one shares WQ 3");
    tool::add(&format!("wq 0 name owner uuid {UUID}"))?;
    tool::add("wq 3 pasid-mode shared name sharer")?;
    let before = tool::snapshot()?;
    for case in CASES {
        refuse(case).with_context(|| case.why)?;
        check::same_json(
            &format!("{}: what `show` shows", case.why),
            &tool::snapshot()?,
            &before,
        )?;
    }
    usage()?;
    raw_names()?;
    parents()?;
    no_driver()?;
    check::same_json("what `show` shows", &tool::snapshot()?, &before)?;
    tool::del("owner")?;
    tool::del("sharer")
}

fn refuse(case: &Case) -> Result<()> {
    let words = [&["subdev"], case.words].concat();
    let sentence = tool::refused(&dsa_nl_words(&words)?, case.says)?;
    step(format!("{}: {sentence}", case.why));
    Ok(())
}

/// Names that the library does not send.
const RAW_NAMES: &[&[u8]] = &[
    b"",
    b"\0",
    b"open",
    b"a\0b\0",
    b"a\0\0",
    b"\0a\0",
    b"a\nb\0",
    b"a\x7fb\0",
    b"a\x1b[31mb\0",
    b"sharer\0\0",
];

fn raw_names() -> Result<()> {
    step("names with a NUL or a control character in them, wherever it stands");
    let mut socket = Socket::new()?;
    let family = Table::read(&mut socket)?.family;
    let wq = Attribute::of(&SubdevAttr::Wq(vec![SubdevWqAttr::Id(1)]));
    let parent = Attribute::of(&SubdevAttr::ParentIndex(0));
    for name in RAW_NAMES {
        let name = |attribute: SubdevAttr| Attribute::new(attribute.number(), name.to_vec());
        let text = String::new;
        for (command, attributes) in [
            (
                Command::SubdevNew,
                vec![parent.clone(), wq.clone(), name(SubdevAttr::Name(text()))],
            ),
            (
                Command::SubdevNew,
                vec![wq.clone(), name(SubdevAttr::Parent(text()))],
            ),
            (Command::SubdevGet, vec![name(SubdevAttr::Name(text()))]),
            (Command::SubdevDel, vec![name(SubdevAttr::Name(text()))]),
            (Command::SubdevDel, vec![name(SubdevAttr::Uuid(text()))]),
        ] {
            let request = Request::new(command.into(), false).with(attributes);
            let answer = socket.ask(family, request.flags, &request.payload())?;
            ensure!(
                matches!(&answer.end, Some(Err(refusal)) if refusal.offset.is_some()),
                "expected that {command} is refused because of the name in {request:?}: {answer:?}"
            );
        }
    }
    Ok(())
}

/// How a request may name its parent, which the library sees to.
fn parents() -> Result<()> {
    let mut socket = Socket::new()?;
    let family = Table::read(&mut socket)?.family;
    let mut refusal = |command: Command, attributes: Vec<Attribute>| {
        let request = Request::new(command.into(), false).with(attributes);
        let answer = socket.ask(family, request.flags, &request.payload())?;
        match answer.end {
            Some(Err(refusal)) => Ok(refusal),
            other => bail!("expected that {request:?} is refused, got {other:?}"),
        }
    };
    let index = Attribute::of(&SubdevAttr::ParentIndex(0));
    let name = Attribute::of(&SubdevAttr::Parent("dsa9".into()));
    let kind = Attribute::of(&SubdevAttr::Type("1swq".into()));

    step("a request without a parent lacks parent-index");
    let missing = refusal(Command::SubdevNew, vec![kind.clone()])?;
    let expected = SubdevAttr::ParentIndex(0).number();
    check::equal("missing", missing.missing, Some(u32::from(expected)))?;
    let said = missing.message.unwrap_or_default();
    ensure!(
        said.contains("dsa0"),
        "{said:?} does not say which there are"
    );

    step("an index and another parent's name contradict each other");
    let contradiction = refusal(Command::SubdevNew, vec![index.clone(), name, kind])?;
    // Behind the netlink headers and the index.
    check::equal("the offender", contradiction.offset, Some(20 + 8))?;

    step("without a type, a work queue needs a number");
    let nest = Attribute::of(&SubdevAttr::Wq(Vec::new()));
    let missing = refusal(Command::SubdevNew, vec![index, nest])?;
    let expected = SubdevWqAttr::Id(0).number();
    check::equal("missing", missing.missing, Some(u32::from(expected)))
}

/// Says whether new devices of the auxiliary bus get a driver.
const AUTOPROBE: &str = "/sys/bus/auxiliary/drivers_autoprobe";

/// A subdev to which no driver binds is not left half-made.
fn no_driver() -> Result<()> {
    step("an admin has switched off that drivers bind to new devices");
    fs::write(AUTOPROBE, "0")?;
    let created = dsa_nl("subdev add wq 1");
    fs::write(AUTOPROBE, "1")?;
    tool::refused(&created?, &["driver", "autoprobe"]).map(drop)
}

fn usage() -> Result<()> {
    step("words that no request could be made of: exit status 1");
    for line in [
        "subdev frobnicate",
        "subdev add wq three",
        "subdev add wq 1 pasid-mode bogus",
        "subdev del",
    ] {
        let output = dsa_nl(line)?;
        ensure!(
            output.status.code() == Some(1) && !output.stderr.is_empty(),
            "expected exit status 1 and a message of {}",
            output.describe()
        );
    }
    Ok(())
}

fn full() -> Result<()> {
    step("eight subdevs with the default share fit on a WQ of 16 entries");
    for number in 0..8 {
        tool::add(&format!("wq 3 pasid-mode shared name s{number}"))?;
        let left = tool::wq("wq3")?.available;
        check::equal("entries available", left, 14 - 2 * number)?;
    }
    let before = tool::snapshot()?;
    let ninth = dsa_nl("subdev add wq 3 pasid-mode shared name s8")?;
    let sentence = tool::refused(&ninth, &["wq", "entries"])?;
    step(format!("the ninth does not: {sentence}"));
    check::same_json("what `show` shows", &tool::snapshot()?, &before)?;

    step("when one goes, its entries are free again");
    tool::del("s5")?;
    tool::add("wq 3 pasid-mode shared name s8")?;
    for number in [0, 1, 2, 3, 4, 6, 7, 8] {
        tool::del(&format!("s{number}"))?;
    }
    check::equal("entries available", tool::wq("wq3")?.available, 16)
}

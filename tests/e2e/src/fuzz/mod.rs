// SPDX-License-Identifier: MIT OR Apache-2.0
//! A fuzzer of the family that knows what the family takes.
//!
//! It reads operations and policies from the kernel, makes requests of which
//! some are right, some nearly so and some garbage, and foretells what the
//! kernel has to say of each. Whatever is refused must leave no trace.

mod generator;
mod request;
mod table;
mod verdict;

use std::mem::take;

use anyhow::{Context, Result, bail, ensure};
use fastrand::Rng;
use nix::libc;
use nix::unistd::geteuid;
use nlctl::{
    Attribute as _, Command, FamilyAttr, Object, ParentAttr, Subdev, SubdevAttr, WqAttr, wire,
};

use self::generator::Generator;
use self::request::found;
pub use self::request::{Attribute, Request};
pub use self::table::{Numbers, Table, family};
use self::verdict::{NESTED, NET_BYTE_ORDER, Verdict};
use crate::check::{equal, step};
use crate::client::{Client, Generation, State, timeless};
use crate::genl::{Answer, Refusal, Socket};
use crate::kmsg::{self, Kmsg};

/// With what an operation may refuse a request that its policy accepts.
const REASONS: &[i32] = &[
    libc::EINVAL,
    libc::ENODEV,
    libc::EEXIST,
    libc::EBUSY,
    libc::ENOSPC,
    libc::EOPNOTSUPP,
    libc::E2BIG,
];

/// What netlink itself says of bytes that are no attribute (srctree lib/nlattr.c).
const GARBAGE: &str = "bytes leftover after parsing attributes";

/// More subdevs than this are too many to look at.
const CROWD: usize = 12;

/// How often to look into the kernel log, and at what there is although nothing is said to have changed.
const LOOK: u64 = 256;

/// How often a long run tells how far it is.
const REPORT: u64 = 5_000;

/// How often what came of a request.
#[derive(Default)]
struct Tally {
    accepted: u64,
    /// By the policy.
    invalid: u64,
    /// By the operation.
    refused: u64,
    ignored: u64,
}

impl Tally {
    /// What came of the first `count` requests, in a line.
    fn told(&self, count: u64, admin: bool) -> String {
        format!(
            "{count} requests as {}: {} accepted, {} refused by policy and {} by an operation, {} ignored",
            if admin { "an admin" } else { "somebody else" },
            self.accepted,
            self.invalid,
            self.refused,
            self.ignored
        )
    }
}

/// Sends `count` requests. Leaves no subdevs behind, if it may.
pub fn run(count: u64, rng: &mut Rng) -> Result<()> {
    let admin = geteuid().is_root();
    let mut socket = Socket::new()?;
    let table = Table::read(&mut socket)?;
    let client = Client::new()?;
    let mut log = admin.then(Kmsg::from_now).transpose()?;
    let mut tally = Tally::default();
    let mut before = client.state(Generation::Kept)?;
    let get = Request::new(Command::FamilyGet.into(), false).payload();
    for number in 0..count {
        if admin && before.subdevs.len() > CROWD {
            clear(&client, &before.subdevs)?;
            before = client.state(Generation::Kept)?;
        }
        let generator = Generator {
            table: &table,
            state: &before,
        };
        let request = generator.next(rng);
        let verdict = Verdict::on(&request, &table, admin);
        let payload = request.payload();
        let what = || {
            format!("request {number} of the seed, {request:?} ({payload:02x?}), is {verdict:?}")
        };
        let (answer, family) = socket
            .ask_and_get(table.family, request.flags, &payload, &get)
            .with_context(what)?;
        let now = generation(&family).with_context(what)?;
        let is_same = before.parents.iter().all(|it| it.generation == now);
        let after = match is_same && number % LOOK != 0 {
            true => before.clone(),
            false => client.state(Generation::Kept).with_context(what)?,
        };
        judge(&request, verdict, &answer, &before, &after, &mut tally).with_context(what)?;
        before = after;
        if number % LOOK == LOOK - 1 || number == count - 1 {
            log.iter_mut()
                .try_for_each(no_complaints)
                .with_context(what)?;
        }
        if number % REPORT == REPORT - 1 {
            step(tally.told(number + 1, admin));
        }
    }
    if admin {
        clear(&client, &before.subdevs)?;
    }
    step(tally.told(count, admin));
    Ok(())
}

/// The generation of the family, in which each change counts: where it is the same, nothing has changed.
fn generation(answer: &Answer) -> Result<u64> {
    let object = answer.objects.first().context("no family")?;
    let generation = |it| match it {
        FamilyAttr::Generation(generation) => Some(generation),
        _ => None,
    };
    let mut attributes = wire::parse::<FamilyAttr>(object)?.into_iter();
    attributes.find_map(generation).context("no generation")
}

fn clear(client: &Client, subdevs: &[Subdev]) -> Result<()> {
    for subdev in subdevs {
        client.ask(|handle| handle.subdev().del(subdev.index).execute())??;
    }
    Ok(())
}

fn no_complaints(log: &mut Kmsg) -> Result<()> {
    let lines = log.lines()?;
    let complaints = kmsg::complaints(&lines);
    ensure!(
        complaints.is_empty(),
        "the kernel complains after it or some before it: {}",
        lines.join("\n    ")
    );
    Ok(())
}

/// Compares what came of a request with what had to.
fn judge(
    request: &Request,
    verdict: Verdict<'_>,
    answer: &Answer,
    before: &State,
    after: &State,
    tally: &mut Tally,
) -> Result<()> {
    let refusal = match &answer.end {
        Some(Err(refusal)) => Some(refusal),
        Some(Ok(())) | None => None,
    };
    match (verdict, refusal) {
        (Verdict::Ignored, None) => {
            ensure!(answer.objects.is_empty(), "it was answered");
            tally.ignored += 1;
        }
        (Verdict::Refused { errno }, Some(refusal)) => {
            equal("errno", refusal.errno, errno)?;
            tally.invalid += 1;
        }
        (Verdict::Offends { offset }, Some(refusal)) => {
            ensure!(
                [libc::EINVAL, libc::ERANGE].contains(&refusal.errno),
                "an unusual errno: {refusal:?}"
            );
            equal("place of the offender", refusal.offset, Some(offset))?;
            tally.invalid += 1;
        }
        (Verdict::Valid(_), Some(refusal)) => {
            explained(request, refusal)?;
            tally.refused += 1;
        }
        (Verdict::Valid(operation), None) => {
            tally.accepted += 1;
            return done(operation.command, request, answer, before, after);
        }
        _ => bail!("it was answered with {:?}", answer.end),
    }
    same(before, after)
}

/// A refusal of an operation says what, why, and which attribute is to blame.
fn explained(request: &Request, refusal: &Refusal) -> Result<()> {
    ensure!(
        REASONS.contains(&refusal.errno),
        "an unusual errno: {refusal:?}"
    );
    let sentence = refusal.message.as_deref().unwrap_or_default();
    ensure!(!sentence.is_empty(), "no sentence: {refusal:?}");
    let names_one = refusal.offset.is_some() || refusal.missing.is_some();
    ensure!(
        names_one || sentence == GARBAGE,
        "no attribute is named: {refusal:?}"
    );
    let payload = request.payload();
    let (mut attributes, _) = found(&payload);
    let mut at = 0;
    while let Some(attribute) = attributes.get(at) {
        if attribute.kind & NESTED != 0 {
            let (inner, _) = attribute.inner();
            attributes.extend(inner);
        }
        at += 1;
    }
    ensure!(
        refusal
            .offset
            .is_none_or(|at| attributes.iter().any(|it| it.offset == at)),
        "no attribute begins where the offender is said to: {refusal:?}"
    );
    Ok(())
}

/// A request that was carried out did what it is for, and nothing else.
fn done(
    command: u8,
    request: &Request,
    answer: &Answer,
    before: &State,
    after: &State,
) -> Result<()> {
    let payload = request.payload();
    let command = Command::try_from(command);
    let dry_run = match command {
        Ok(Command::SubdevNew | Command::SubdevSet) => Some(SubdevAttr::DryRun.number()),
        Ok(Command::WqSet) => Some(WqAttr::DryRun.number()),
        Ok(Command::ParentSet) => Some(ParentAttr::DryRun.number()),
        _ => None,
    };
    let is_dry_run = |kind: u16| Some(kind & !(NESTED | NET_BYTE_ORDER)) == dry_run;
    if found(&payload).0.iter().any(|it| is_dry_run(it.kind)) {
        return same(before, after);
    }
    let missing = |from: &State, of: &State| -> Vec<Subdev> {
        let index = |subdev: &Subdev| subdev.index;
        let there = |subdev: &&Subdev| of.subdevs.iter().any(|it| it.index == index(subdev));
        let all = from.subdevs.iter();
        all.filter(|it| !there(it)).cloned().collect()
    };
    let (came, went) = (missing(after, before), missing(before, after));
    match command {
        Ok(Command::SubdevNew) => {
            equal("subdevs that went", went, vec![])?;
            // The generation grows once more when a work queue is enabled for one.
            let (mut came, mut first) = (timeless(came), timeless(reply(answer)?));
            came.sort_by_key(|it| it.index);
            let created: Vec<_> = first
                .iter_mut()
                .flat_map(|it| take(&mut it.created))
                .collect();
            if !created.is_empty() {
                let created: Vec<_> = created.iter().map(|it| (it.index, &it.name)).collect();
                let came: Vec<_> = came.iter().map(|it| (Some(it.index), &it.name)).collect();
                equal("those that are listed", created, came)?;
            }
            came.truncate(first.len().max(1));
            equal("the first that came", came, first)
        }
        Ok(Command::SubdevSet) => {
            equal("subdevs that came", came, vec![])?;
            equal("subdevs that went", went, vec![])?;
            let shown = timeless(after.subdevs.clone());
            for subdev in timeless(reply(answer)?) {
                ensure!(
                    shown.contains(&subdev),
                    "the subdev in the reply is not as it is shown: {subdev:?}"
                );
            }
            Ok(())
        }
        Ok(Command::SubdevDel) => {
            equal("subdevs that came", came, vec![])?;
            let indexes =
                |subdevs: &[Subdev]| subdevs.iter().map(|it| it.index).collect::<Vec<_>>();
            equal("number of subdevs that went", went.len(), 1)?;
            equal(
                "subdevs that went",
                indexes(&went),
                indexes(&reply(answer)?),
            )
        }
        Ok(Command::WqSet | Command::ParentSet) => {
            equal("subdevs that came", came, vec![])?;
            equal("subdevs that went", went, vec![])
        }
        _ => same(before, after),
    }
}

/// The subdevs in an answer.
fn reply(answer: &Answer) -> Result<Vec<Subdev>> {
    let subdev = |object: &Vec<u8>| Ok(Subdev::read(wire::parse(object)?)?);
    answer.objects.iter().map(subdev).collect()
}

/// Not even the generation may have changed: it counts changes, also those
/// that were taken back.
fn same(before: &State, after: &State) -> Result<()> {
    ensure!(
        before == after,
        "the state changed\nfrom {before:?}\nto {after:?}"
    );
    Ok(())
}

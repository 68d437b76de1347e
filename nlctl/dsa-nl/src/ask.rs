// SPDX-License-Identifier: MIT OR Apache-2.0

//! Asks the kernel, with objects as JSON on both sides.

use std::fmt;

use nlctl::{Answer, Attribute, Error, Handle, Object, ParentRef, Warning, WqRef};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::grammar::{Call, Kind};
use crate::output::Objects;
use crate::words;

/// What the kernel answered.
#[derive(Debug)]
pub struct Told {
    /// The objects that it told of.
    pub objects: Box<dyn Objects>,
    /// Whether it is one object that was asked about.
    pub one: bool,
    /// What it warns of.
    pub warning: Option<Warning>,
}

impl Told {
    fn one<O: Object + fmt::Debug + Serialize>(answer: Answer<O>) -> Self {
        Self {
            objects: Box::new(vec![answer.object]),
            one: true,
            warning: answer.warning,
        }
    }

    fn all<O: Object + fmt::Debug + Serialize>(answer: Answer<Vec<O>>) -> Self {
        Self {
            objects: Box::new(answer.object),
            one: false,
            warning: answer.warning,
        }
    }
}

fn said<A: Attribute>(request: &Map<String, Value>) -> Result<Vec<A>, Failure> {
    words::attributes(request).map_err(|error| Failure::Usage(error.to_string()))
}

/// A builder with all attributes of a request, and the parent if one is named.
macro_rules! with {
    ($builder:expr, $call:expr) => {{
        let mut builder = $builder;
        for attribute in said(&$call.request)? {
            builder = builder.attribute(attribute);
        }
        builder
    }};
    ($builder:expr, $call:expr, parent) => {{
        let mut builder = with!($builder, $call);
        if let Some(parent) = &$call.parent {
            builder = builder.parent(parent.clone());
        }
        builder
    }};
}

/// Sends it, or asks what would come of it.
macro_rules! change {
    ($builder:expr, $call:expr) => {{
        let builder = $builder;
        match $call.dry_run {
            true => Ok(Told::one(builder.dry_run().await?)),
            false => Ok(Told::one(builder.execute().await?)),
        }
    }};
}

/// Carries out `call`.
pub async fn ask(handle: &Handle, call: &Call) -> Result<Told, Failure> {
    let target = call.target.as_deref();
    match (call.kind, call.verb, target) {
        (Kind::Parent, "show", Some(id)) => Ok(Told::one(handle.parent().get(id).execute().await?)),
        (Kind::Parent, "show", None) => {
            Ok(Told::all(with!(handle.parent().dump(), call).all().await?))
        }
        (Kind::Parent, "stats", Some(id)) => {
            Ok(Told::one(handle.parent().stats(id).execute().await?))
        }
        (Kind::Parent, "stats", None) => Ok(Told::all(
            with!(handle.parent().dump_stats(), call).all().await?,
        )),
        (Kind::Parent, "set", Some(id)) => change!(with!(handle.parent().set(id), call), call),
        (Kind::Wq, "set", Some(id)) => {
            let wq = wq(id)?;
            change!(with!(handle.wq().set(wq), call), call)
        }
        (Kind::Wq, "show", target) => match queues(call, target)? {
            Queues::One(wq) => Ok(Told::one(handle.wq().get(wq).execute().await?)),
            Queues::All(parent) => {
                let mut dump = with!(handle.wq().dump(), call);
                if let Some(parent) = parent {
                    dump = dump.parent(parent);
                }
                Ok(Told::all(dump.all().await?))
            }
        },
        (Kind::Wq, "stats", target) => match queues(call, target)? {
            Queues::One(wq) => Ok(Told::one(handle.wq().stats(wq).execute().await?)),
            Queues::All(parent) => {
                let mut dump = with!(handle.wq().dump_stats(), call);
                if let Some(parent) = parent {
                    dump = dump.parent(parent);
                }
                Ok(Told::all(dump.all().await?))
            }
        },
        (Kind::Type, "show", target) => {
            let mut dump = with!(handle.types().dump(), call);
            let named = target.map(ParentRef::from);
            if let Some(parent) = same(named, call.parent.clone())? {
                dump = dump.parent(parent);
            }
            Ok(Told::all(dump.all().await?))
        }
        (Kind::Subdev, "show", Some(id)) => Ok(Told::one(handle.subdev().get(id).execute().await?)),
        (Kind::Subdev, "show", None) => Ok(Told::all(
            with!(handle.subdev().dump(), call, parent).all().await?,
        )),
        (Kind::Subdev, "stats", Some(id)) => {
            Ok(Told::one(handle.subdev().stats(id).execute().await?))
        }
        (Kind::Subdev, "stats", None) => Ok(Told::all(
            with!(handle.subdev().dump_stats(), call, parent)
                .all()
                .await?,
        )),
        (Kind::Subdev, "add", None) => change!(with!(handle.subdev().add(), call, parent), call),
        (Kind::Subdev, "set", Some(id)) => change!(with!(handle.subdev().set(id), call), call),
        (Kind::Subdev, "del", Some(id)) => Ok(Told::one(
            with!(handle.subdev().del(id), call).execute().await?,
        )),
        (Kind::Subdev, "reset", Some(id)) => Ok(Told::one(
            with!(handle.subdev().reset(id), call).execute().await?,
        )),
        (Kind::Subdev, "drain", Some(id)) => Ok(Told::one(
            with!(handle.subdev().drain(id), call).execute().await?,
        )),
        (kind, verb, _) => Err(Failure::Usage(format!(
            "this version of the tool cannot do '{} {verb}' yet",
            kind.name()
        ))),
    }
}

fn wq(word: &str) -> Result<WqRef, Failure> {
    let queue = word.parse::<WqRef>();
    queue.map_err(|error| Failure::Usage(error.to_string()))
}

/// One work queue, or all, or those of a parent.
enum Queues {
    One(WqRef),
    All(Option<ParentRef>),
}

fn queues(call: &Call, target: Option<&str>) -> Result<Queues, Failure> {
    let named = call.parent.clone();
    let Some(word) = target else {
        return Ok(Queues::All(named));
    };
    match word.parse::<WqRef>() {
        Ok(queue) => {
            let parent = same(queue.parent, named)?;
            Ok(Queues::One(match parent {
                Some(parent) => WqRef::on(parent, queue.id),
                None => queue.id.into(),
            }))
        }
        // A parent by its place has a slash as well, and colons in its device.
        Err(error) if word.contains('/') && !word.contains(':') => {
            Err(Failure::Usage(error.to_string()))
        }
        Err(_) => Ok(Queues::All(same(Some(word.into()), named)?)),
    }
}

/// The parent that is named in one place or the other.
fn same(one: Option<ParentRef>, other: Option<ParentRef>) -> Result<Option<ParentRef>, Failure> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => Err(Failure::Usage(format!(
            "both '{one}' and '{other}' are named as the parent"
        ))),
        (one, other) => Ok(one.or(other)),
    }
}

/// Whether the kernel has nothing of that name.
pub fn is_not_found(error: &Failure) -> bool {
    match error {
        Failure::Kernel(Error::Refused(refusal)) => refusal.kind() == nlctl::RefusalKind::NotFound,
        _ => false,
    }
}

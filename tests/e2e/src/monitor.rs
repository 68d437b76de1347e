// SPDX-License-Identifier: MIT OR Apache-2.0
//! `dsa-nl monitor` running beside, and the events that it prints.

use std::fs;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::model::Subdev;
use crate::process::Talker;
use crate::schema;
use crate::tool::DSA_NL;
use crate::wait::{self, SOON};

/// A line of `dsa-nl -j monitor`: something happened to an object of any kind.
#[derive(Clone, Debug)]
pub struct AnyEvent {
    /// What happened, for example `wq-change`.
    pub event: String,
    /// Generation of the family's state after the event.
    pub generation: u64,
    /// Why it happened.
    pub cause: String,
    /// The object as it is now, or was last.
    pub object: Value,
}

impl AnyEvent {
    /// Reads a line such as
    /// `{"event": "subdev-create", "subdev": [{…, "generation": 7}], …}`.
    fn parse(line: &str) -> Result<Self> {
        let mut value: Value = serde_json::from_str(line)?;
        let event = value["event"].as_str().context("no event")?.to_owned();
        let (kind, _) = event.split_once('-').context("no event of an object")?;
        schema::check(&value)?;
        let object = value[kind][0].take();
        Ok(Self {
            generation: object["generation"].as_u64().context("no generation")?,
            cause: object["cause"].as_str().context("no cause")?.to_owned(),
            event,
            object,
        })
    }
}

/// An event of a subdev.
#[derive(Clone, Debug)]
pub struct Event {
    /// What happened: `create`, `delete` or `change`.
    pub event: String,
    /// The subdev as it is now, or was last.
    pub subdev: Subdev,
    /// Generation of the family's state after the event.
    pub generation: u64,
    /// Why it happened.
    pub cause: String,
    /// Port ID of the socket whose request it follows from.
    pub port_id: Option<u64>,
}

impl Event {
    /// The event, if it is one of a subdev.
    pub fn of_subdev(any: AnyEvent) -> Result<Option<Self>> {
        let Some(event) = any.event.strip_prefix("subdev-") else {
            return Ok(None);
        };
        Ok(Some(Self {
            event: event.to_owned(),
            generation: any.generation,
            cause: any.cause,
            port_id: any.object["port-id"].as_u64(),
            subdev: serde_json::from_value(any.object)?,
        }))
    }
}

/// A `dsa-nl monitor` that listens.
pub struct Monitor(Talker);

impl Monitor {
    /// Starts one that prints JSON, and waits until it listens.
    pub fn json() -> Result<Self> {
        Self::spawn(Command::new(DSA_NL).args(["-j", "monitor"]))
    }

    /// Starts one that prints JSON by a command of its own, and waits until it listens.
    pub fn spawn(command: &mut Command) -> Result<Self> {
        let mut monitor = Self(Talker::spawn(command)?);
        let line = monitor.line()?;
        let ready: Value = serde_json::from_str(&line)?;
        ensure!(
            ready["event"] == "ready",
            "the first line of `{}` is {line}",
            monitor.command()
        );
        Ok(monitor)
    }

    /// Starts one that prints lines for people, and waits until it listens.
    pub fn plain() -> Result<Self> {
        let mut monitor = Self(Talker::spawn(Command::new(DSA_NL).arg("monitor"))?);
        let what = format!("`{}` to join the multicast group", monitor.0.command());
        wait::until_true(SOON, &what, || {
            if let Some(status) = monitor.0.ended()? {
                // Its stderr tells why.
                monitor.0.line(SOON)?;
                bail!("`{}` ended with {status}", monitor.0.command());
            }
            Ok(listens(monitor.0.id()))
        })?;
        Ok(monitor)
    }

    /// The command as a user would have typed it.
    pub fn command(&self) -> &str {
        self.0.command()
    }

    /// The next line as it is printed.
    pub fn line(&mut self) -> Result<String> {
        self.0.line(SOON)
    }

    /// The next event of any object.
    pub fn any(&mut self) -> Result<AnyEvent> {
        let line = self.line()?;
        AnyEvent::parse(&line)
            .with_context(|| format!("unexpected line of `{}`: {line}", self.0.command()))
    }

    /// The next event of a subdev.
    pub fn event(&mut self) -> Result<Event> {
        loop {
            if let Some(event) = Event::of_subdev(self.any()?)? {
                return Ok(event);
            }
        }
    }

    /// Waits for an event of any object, and demands its cause.
    pub fn expect_cause(&mut self, event: &str, cause: &str) -> Result<AnyEvent> {
        loop {
            let got = self
                .any()
                .with_context(|| format!("expected the event {event}"))?;
            if got.event == event {
                ensure!(
                    got.cause == cause,
                    "expected the cause {cause}, got {got:?}"
                );
                return Ok(got);
            }
        }
    }

    /// Demands the next event: what happened, to which subdev.
    pub fn expect(&mut self, event: &str, name: &str) -> Result<Event> {
        let got = self
            .event()
            .with_context(|| format!("expected the event {event} of {name}"))?;
        ensure!(
            got.event == event && got.subdev.name == name,
            "expected the event {event} of {name}, got {got:?}"
        );
        Ok(got)
    }

    /// Waits for an event that changes `name` to an operational state; events
    /// on the way there are taken.
    pub fn expect_opstate(&mut self, name: &str, opstate: &str) -> Result<Event> {
        let start = Instant::now();
        loop {
            let got = self
                .event()
                .with_context(|| format!("expected that {name} becomes {opstate}"))?;
            if got.subdev.name == name && got.subdev.opstate == opstate {
                return Ok(got);
            }
            ensure!(
                start.elapsed() < SOON,
                "{name} did not become {opstate}; the last event was {got:?}"
            );
        }
    }
}

/// Whether a process has a generic netlink socket that is in a multicast group.
///
/// The kernel tells the groups of each socket (srctree
/// net/netlink/af_netlink.c, netlink_native_seq_show), and a process's sockets
/// by their inodes.
pub fn listens(pid: u32) -> bool {
    let sockets = fs::read_to_string(format!("/proc/{pid}/net/netlink")).unwrap_or_default();
    let Ok(fds) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    let owned: Vec<String> = fds
        .flatten()
        .filter_map(|fd| fs::read_link(fd.path()).ok())
        .filter_map(|link| {
            let link = link.to_string_lossy().into_owned();
            let inode = link.strip_prefix("socket:[")?.strip_suffix(']')?;
            Some(inode.to_owned())
        })
        .collect();
    listening_inodes(&sockets).any(|inode| owned.iter().any(|owned| owned == inode))
}

/// Protocol number of generic netlink (srctree include/uapi/linux/netlink.h).
const NETLINK_GENERIC: &str = "16";

/// The group in which families are announced, as a bit of the column: a monitor joins it first
/// (srctree net/netlink/genetlink.c, genl_validate_assign_mc_groups).
const ANNOUNCEMENTS: u32 = 1 << (16 - 1);

/// Inodes of the generic netlink sockets in `/proc/net/netlink` that are in
/// another multicast group.
fn listening_inodes(sockets: &str) -> impl Iterator<Item = &str> {
    sockets.lines().filter_map(|line| {
        let columns: Vec<_> = line.split_whitespace().collect();
        let (protocol, groups) = (columns.get(1)?, columns.get(3)?);
        let member =
            u32::from_str_radix(groups, 16).is_ok_and(|groups| groups & !ANNOUNCEMENTS != 0);
        (*protocol == NETLINK_GENERIC && member)
            .then(|| columns.last().copied())
            .flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read() {
        let line = r#"{"time": "2026-01-01T00:00:00.000Z", "event": "subdev-change", "subdev":
            [{"index": 3, "name": "x", "uuid": "u", "parent-index": 0, "parent": "dsa0",
            "wq": [{"id": 3, "size": 2, "weight": 1}], "pasid-mode": "shared", "isolation": "mediated",
            "face": "auxiliary", "state": "active", "opstate": "open",
            "generation": 9, "cause": "tenant", "of-tomorrow": true}]}"#;
        let event = AnyEvent::parse(line).expect("an event");
        let event = Event::of_subdev(event)
            .expect("is whole")
            .expect("of a subdev");
        let got = (event.event.as_str(), event.generation, event.subdev.index);
        assert_eq!(got, ("change", 9, 3));
        assert_eq!((event.cause.as_str(), event.port_id), ("tenant", None));
        for bad in ["{}", "", r#"{"event": "resync", "subdev": []}"#] {
            assert!(AnyEvent::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_generic_sockets_in_a_group_listen() {
        let sockets = "\
sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
0000000000000000 0   1          00000011 0        0        0     2        0        100
0000000000000000 16  2          00000000 0        0        0     2        0        200
0000000000000000 16  4294963102 00008020 0        0        0     2        0        300
0000000000000000 16  4294963103 00008000 0        0        0     2        0        400
";
        assert_eq!(listening_inodes(sockets).collect::<Vec<_>>(), ["300"]);
        assert_eq!(listening_inodes("nonsense\n16").count(), 0);
    }
}

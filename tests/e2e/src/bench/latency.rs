// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long it takes from a request until a listener has the event that it causes.
//!
//! What it is compared with is the kernel's oldest family of that kind, on the same machine at the same
//! time: rtnetlink. (There is no devlink device to compare with: Debian's kernel has no netdevsim.) In
//! both an object that exists gets another name, which costs no hardware anything: a subdev by
//! `subdev-set`, and the loopback device by RTM_SETLINK with IFLA_IFALIAS. Both are asked in the raw,
//! and the listener is a socket in the group of the events.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use netlink_sys::protocols::NETLINK_ROUTE;
use nlctl::{Command, SubdevAttr};

use crate::fuzz::{Attribute, Request, Table};
use crate::genl::{Socket, flag};

/// Numbers of rtnetlink (srctree include/uapi/linux/rtnetlink.h, if_link.h).
const RTM_SETLINK: u16 = 19;
const RTNLGRP_LINK: u32 = 1;
const IFLA_IFALIAS: u16 = 20;
/// The loopback device is the first of each namespace.
const LOOPBACK: i32 = 1;

/// A socket that asks, and one that listens.
struct Pair {
    asker: Socket,
    listener: Socket,
    kind: u16,
}

/// Both kinds of netlink, ready to be asked.
pub struct Latency {
    subdev: Pair,
    link: Pair,
}

impl Latency {
    pub fn new() -> Result<Self> {
        let mut asker = Socket::new()?;
        let table = Table::read(&mut asker)?;
        Ok(Self {
            subdev: Pair::new(asker, Socket::new()?, table.family, table.group)?,
            link: Pair::new(
                Socket::of(NETLINK_ROUTE)?,
                Socket::of(NETLINK_ROUTE)?,
                RTM_SETLINK,
                RTNLGRP_LINK,
            )?,
        })
    }

    /// Gives the link another name.
    pub fn link(&mut self, name: &str) -> Result<Duration> {
        // struct ifinfomsg: family, padding, type; index; flags, and which of them change.
        let mut payload = vec![0; 4];
        payload.extend(LOOPBACK.to_ne_bytes());
        payload.extend([0; 8]);
        let alias = Attribute::new(IFLA_IFALIAS, name.as_bytes().to_vec());
        payload.extend(Attribute::bytes(&[alias]));
        self.link.time(&payload)
    }

    /// Gives a subdev another name.
    pub fn subdev(&mut self, index: u32, name: &str) -> Result<Duration> {
        let attributes = [SubdevAttr::Index(index), SubdevAttr::NewName(name.into())];
        let attributes = attributes.iter().map(Attribute::of).collect();
        let request = Request::new(Command::SubdevSet.into(), false).with(attributes);
        self.subdev.time(&request.payload())
    }
}

impl Pair {
    fn new(asker: Socket, mut listener: Socket, kind: u16, group: u32) -> Result<Self> {
        listener.join(group)?;
        Ok(Self {
            asker,
            listener,
            kind,
        })
    }

    /// The time until the listener has an event.
    fn time(&mut self, payload: &[u8]) -> Result<Duration> {
        ensure!(
            !self.listener.has_something()?,
            "an event of something else"
        );
        let start = Instant::now();
        let asked = self
            .asker
            .send(self.kind, flag::REQUEST | flag::ACK, payload)?;
        let event = self.listener.receive()?;
        let time = start.elapsed();
        ensure!(event.is_some(), "the event is lost");
        let answer = self.asker.answer(asked)?;
        ensure!(answer.end == Some(Ok(())), "not carried out: {answer:?}");
        Ok(time)
    }
}

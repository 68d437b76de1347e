// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sockets that have no room for the answers to their own requests.
//!
//! The kernel drops what does not fit into the receive buffer of a socket, replies and
//! acknowledgements too, and reports ENOBUFS once (srctree net/netlink/af_netlink.c,
//! `netlink_attachskb` and `netlink_overrun`). Here the buffer is as small as the kernel allows,
//! and the socket is in the group of the events: the event of a change takes the room that the
//! answer would need.

use std::collections::BTreeMap;
use std::fs;
use std::os::fd::RawFd;

use anyhow::{Context, Result, ensure};

use crate::client::Client;
use crate::ffi;
use crate::fuzz::Table;
use crate::genl::Socket;

/// Where the kernel lists its netlink sockets.
const LIST: &str = "/proc/net/netlink";
/// NETLINK_GENERIC, as it is listed.
const GENERIC: &str = "16";

/// Sockets that were made so.
pub struct Lossy(Vec<u64>);

impl Lossy {
    /// A connection to the family whose socket is one.
    pub fn client() -> Result<(Client, Self)> {
        let process = std::process::id();
        let before = sockets(process)?;
        let client = Client::new()?;
        let mut new = sockets(process)?;
        new.retain(|inode, _| !before.contains_key(inode));
        Ok((client, Self::of(process, new)?))
    }

    /// All sockets of generic netlink that a process has.
    pub fn process(process: u32) -> Result<Self> {
        Self::of(process, sockets(process)?)
    }

    fn of(process: u32, sockets: BTreeMap<u64, RawFd>) -> Result<Self> {
        ensure!(!sockets.is_empty(), "process {process} has no such socket");
        let group = Table::read(&mut Socket::new()?)?.group;
        for fd in sockets.values() {
            let socket = ffi::netlink_socket(process, *fd)?;
            // Less than the least: the kernel takes that.
            socket.set_rx_buf_sz(1_u32)?;
            socket.add_membership(group)?;
        }
        Ok(Self(sockets.into_keys().collect()))
    }

    /// How many messages the kernel has dropped.
    pub fn dropped(&self) -> Result<u64> {
        let listed = listed()?;
        let of = |inode| listed.get(inode).copied();
        let dropped = self.0.iter().map(of).sum::<Option<_>>();
        dropped.with_context(|| format!("a socket is not in {LIST} any more"))
    }
}

/// Inode and number of each socket of generic netlink that a process has.
fn sockets(process: u32) -> Result<BTreeMap<u64, RawFd>> {
    let listed = listed()?;
    let mut sockets = BTreeMap::new();
    for entry in fs::read_dir(format!("/proc/{process}/fd"))? {
        let entry = entry?;
        // The one that reads the folder is gone.
        let Ok(target) = fs::read_link(entry.path()) else {
            continue;
        };
        let target = target.to_string_lossy();
        let inode = target
            .strip_prefix("socket:[")
            .and_then(|it| it.strip_suffix(']'));
        let inode = inode.and_then(|it| it.parse().ok());
        if let Some(inode) = inode.filter(|inode| listed.contains_key(inode)) {
            let fd = entry.file_name().to_string_lossy().parse()?;
            sockets.insert(inode, fd);
        }
    }
    Ok(sockets)
}

/// Inode and dropped messages of each socket of generic netlink.
fn listed() -> Result<BTreeMap<u64, u64>> {
    let text = fs::read_to_string(LIST).with_context(|| format!("cannot read {LIST}"))?;
    parse(&text).with_context(|| format!("unexpected {LIST}:\n{text}"))
}

fn parse(text: &str) -> Option<BTreeMap<u64, u64>> {
    let lines = text.lines().skip(1);
    let words = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
    let generic = words.filter(|words| words.get(1) == Some(&GENERIC));
    let entry = |words: Vec<&str>| {
        let dropped = words.get(8)?.parse().ok()?;
        Some((words.get(9)?.parse().ok()?, dropped))
    };
    generic.map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read() {
        let text = "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n\
                    0000000000000000 16  4195       00000002 0        0        0     2        17       8001\n\
                    0000000000000000 0   0          00000000 0        0        0     2        3        8002\n";
        assert_eq!(parse(text), Some([(8001, 17)].into()));
        assert_eq!(parse("\n0 16 0"), None);
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Devices of others that are made and taken back by netlink or sysfs.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::faces::Times;
use crate::fuzz::{Attribute, Request, family};
use crate::genl::{Socket, flag};

/// vdpa's names and numbers (srctree include/uapi/linux/vdpa.h).
mod vdpa {
    pub const FAMILY: &str = "vdpa";
    pub const DEV_NEW: u8 = 3;
    pub const DEV_DEL: u8 = 4;
    pub const MGMTDEV_DEV_NAME: u16 = 2;
    pub const DEV_NAME: u16 = 4;
}

/// The kernel's simulator of network devices, by its name and that of the device to make.
const SIMULATOR: &[u8] = b"vdpasim_net\0";
const DEVICE: &[u8] = b"bench\0";

/// Where vhost has its device, which a virtual machine opens.
const VHOST: &str = "/sys/bus/vdpa/devices/bench/vhost-vdpa-0";

/// Where a device of netdevsim makes its ports and takes them back.
const NETDEVSIM: &str = "/sys/bus/netdevsim/devices/netdevsim1";

/// The number of a port that is not there.
const PORT: &str = "7";

/// vdpa, ready to be asked.
pub struct Vdpa {
    socket: Socket,
    family: u16,
}

impl Vdpa {
    pub fn new() -> Result<Self> {
        let mut socket = Socket::new()?;
        let family = family(&mut socket, vdpa::FAMILY)?;
        Ok(Self { socket, family })
    }

    fn ask(&mut self, command: u8, attributes: &[(u16, &[u8])]) -> Result<Duration> {
        let attributes = attributes.iter();
        let attributes = attributes.map(|(kind, value)| Attribute::new(*kind, value.to_vec()));
        let request = Request::new(command, false).with(attributes.collect());
        let payload = request.payload();
        let start = Instant::now();
        let answer = self
            .socket
            .ask(self.family, flag::REQUEST | flag::ACK, &payload)?;
        let time = start.elapsed();
        ensure!(answer.end == Some(Ok(())), "not carried out: {answer:?}");
        Ok(time)
    }

    /// Makes a device, until vhost has it, and takes it back.
    pub fn round(&mut self, times: &mut Times) -> Result<()> {
        let name = (vdpa::DEV_NAME, DEVICE);
        let made = self.ask(vdpa::DEV_NEW, &[name, (vdpa::MGMTDEV_DEV_NAME, SIMULATOR)])?;
        ensure!(Path::new(VHOST).exists(), "there is no {VHOST}");
        times.create.push(made);
        times.remove.push(self.ask(vdpa::DEV_DEL, &[name])?);
        Ok(())
    }
}

/// Makes a port of netdevsim's device, which has a network interface, and takes it back.
pub fn port(times: &mut Times) -> Result<()> {
    for (file, times) in [
        ("new_port", &mut times.create),
        ("del_port", &mut times.remove),
    ] {
        let path = Path::new(NETDEVSIM).join(file);
        let start = Instant::now();
        fs::write(&path, PORT).with_context(|| format!("cannot write {}", path.display()))?;
        times.push(start.elapsed());
    }
    Ok(())
}

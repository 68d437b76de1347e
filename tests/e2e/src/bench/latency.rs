// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long it takes from a request until a listener has the event that it causes.
//!
//! What it is compared with is devlink, on the same machine at the same time, with a device that the
//! kernel's netdevsim simulates. In both an object that exists is changed, which costs no hardware
//! anything: a subdev gets another name by `subdev-set`, and the device another value of a parameter
//! by DEVLINK_CMD_PARAM_SET. Both are asked in the raw, and the listener is a socket in the group of
//! the events: for devlink, the one that `devlink monitor` is in.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nlctl::{Command, FAMILY_NAME, GROUP_MONITOR, SubdevAttr};

use crate::check;
use crate::fuzz::{Attribute, Numbers, Request, family};
use crate::genl::{HEADER, Socket, flag};

/// devlink's names and numbers (srctree include/uapi/linux/devlink.h).
mod devlink {
    pub const FAMILY: &str = "devlink";
    pub const GROUP: &str = "config";
    pub const PARAM_SET: u8 = 39;
    pub const PARAM_NEW: u8 = 40;
    pub const BUS_NAME: u16 = 1;
    pub const DEV_NAME: u16 = 2;
    pub const PARAM_NAME: u16 = 81;
    pub const PARAM_TYPE: u16 = 83;
    pub const PARAM_VALUE_DATA: u16 = 86;
    pub const PARAM_VALUE_CMODE: u16 = 87;
    /// The parameter is a u32.
    pub const TYPE_U32: u8 = 3;
    /// The driver looks at it when it is reloaded, and is not called before.
    pub const CMODE_DRIVERINIT: u8 = 1;
}

/// Where netdevsim makes devices and takes them back (srctree drivers/net/netdevsim/bus.c).
const NEW_DEVICE: &str = "/sys/bus/netdevsim/new_device";
const DEL_DEVICE: &str = "/sys/bus/netdevsim/del_device";

/// Both families, ready to be asked.
pub struct Latency {
    subdev: Pair,
    devlink: Pair,
    _device: Device,
}

/// A socket that asks, and one that listens.
struct Pair {
    asker: Socket,
    listener: Socket,
    family: u16,
    /// The command of the event.
    event: u8,
}

/// A device of netdevsim: number 1, without ports.
pub struct Device;

impl Latency {
    pub fn new() -> Result<Self> {
        // First, as its making causes events.
        let device = Device::new()?;
        Ok(Self {
            subdev: Pair::new(FAMILY_NAME, GROUP_MONITOR, Command::SubdevChangeNtf.into())?,
            devlink: Pair::new(devlink::FAMILY, devlink::GROUP, devlink::PARAM_NEW)?,
            _device: device,
        })
    }

    /// Gives the simulated device another number of MAC addresses.
    pub fn devlink(&mut self, number: u32) -> Result<Duration> {
        self.devlink.time(&set_devlink(number))
    }

    /// Gives a subdev another name.
    pub fn subdev(&mut self, index: u32, name: &str) -> Result<Duration> {
        self.subdev.time(&set_subdev(index, name))
    }
}

/// Gives the simulated device another number of MAC addresses.
fn set_devlink(number: u32) -> Request {
    let attributes = [
        (devlink::BUS_NAME, b"netdevsim\0".to_vec()),
        (devlink::DEV_NAME, b"netdevsim1\0".to_vec()),
        (devlink::PARAM_NAME, b"max_macs\0".to_vec()),
        (devlink::PARAM_TYPE, vec![devlink::TYPE_U32]),
        (devlink::PARAM_VALUE_DATA, number.to_ne_bytes().to_vec()),
        (devlink::PARAM_VALUE_CMODE, vec![devlink::CMODE_DRIVERINIT]),
    ];
    let attributes = attributes.map(|(kind, value)| Attribute::new(kind, value));
    Request::new(devlink::PARAM_SET, false).with(attributes.into())
}

/// Gives a subdev another name.
fn set_subdev(index: u32, name: &str) -> Request {
    let attributes = [SubdevAttr::Index(index), SubdevAttr::NewName(name.into())];
    let attributes = attributes.iter().map(Attribute::of).collect();
    Request::new(Command::SubdevSet.into(), false).with(attributes)
}

/// Changes the same, for those who watch by programs.
pub struct Changes {
    socket: Socket,
    subdev: u16,
    devlink: u16,
    _device: Device,
}

impl Changes {
    pub fn new() -> Result<Self> {
        let device = Device::new()?;
        let mut socket = Socket::new()?;
        Ok(Self {
            subdev: family(&mut socket, FAMILY_NAME)?,
            devlink: family(&mut socket, devlink::FAMILY)?,
            socket,
            _device: device,
        })
    }

    /// Gives the simulated device another number of MAC addresses.
    pub fn devlink(&mut self, number: u32) -> Result<()> {
        self.ask(self.devlink, &set_devlink(number))
    }

    /// Gives a subdev another name.
    pub fn subdev(&mut self, index: u32, name: &str) -> Result<()> {
        self.ask(self.subdev, &set_subdev(index, name))
    }

    fn ask(&mut self, family: u16, request: &Request) -> Result<()> {
        let flags = flag::REQUEST | flag::ACK;
        let answer = self.socket.ask(family, flags, &request.payload())?;
        ensure!(answer.end == Some(Ok(())), "not carried out: {answer:?}");
        Ok(())
    }
}

impl Pair {
    fn new(family: &str, group: &str, event: u8) -> Result<Self> {
        let (mut asker, mut listener) = (Socket::new()?, Socket::new()?);
        let Numbers { family, group } = Numbers::read(&mut asker, family, group)?;
        listener.join(group)?;
        Ok(Self {
            asker,
            listener,
            family,
            event,
        })
    }

    /// The time until the listener has the event.
    fn time(&mut self, request: &Request) -> Result<Duration> {
        ensure!(
            !self.listener.has_something()?,
            "an event of something else"
        );
        let payload = request.payload();
        let start = Instant::now();
        let asked = self
            .asker
            .send(self.family, flag::REQUEST | flag::ACK, &payload)?;
        let event = self.listener.receive()?;
        let time = start.elapsed();
        let event = event.context("the event is lost")?;
        check::equal("the event", event.get(HEADER), Some(&self.event))?;
        let answer = self.asker.answer(asked)?;
        ensure!(answer.end == Some(Ok(())), "not carried out: {answer:?}");
        Ok(time)
    }
}

impl Device {
    pub fn new() -> Result<Self> {
        fs::write(NEW_DEVICE, "1 0").with_context(|| {
            format!("cannot write {NEW_DEVICE}: `cargo xtask bench control` loads netdevsim")
        })?;
        Ok(Self)
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // Left there, it is in the way of the next, which says so.
        let _ = fs::write(DEL_DEVICE, "1");
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! How long it takes until VFIO can open a device, and to take it back.
//!
//! What it is compared with is `mtty`, the kernel's sample of a driver of mediated devices, in sysfs: a
//! UUID written to `create`, and 1 to `remove`. A subdev is made so as well, and by a request as an
//! auxiliary device. That request is made as plainly as a write to sysfs; what the library adds is measured
//! by itself. `mtty` has no hardware and no work queue to share, and neither have the others: a
//! vDPA device of the kernel's simulator, and a port of netdevsim.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nlctl::{AdminState, Command, Object, PasidMode, Subdev, SubdevAttr, SubdevWqAttr, wire};

use super::latency::Device;
use super::peers::{self, Vdpa};
use crate::crowd::Crowd;
use crate::fuzz::{Attribute, Request, family};
use crate::genl::Socket;
use crate::mdev::{self, Mdev, Type};
use crate::system::Function;
use crate::tool;

/// The type of mtty's one parent that has one port.
const MTTY: &str = "/sys/devices/virtual/mtty/mtty/mdev_supported_types/mtty-1/create";

const MTTY_UUID: &str = "83b8f4f2-509f-382f-3c1e-e6bfe0fa6001";
const UUID: &str = "83b8f4f2-509f-382f-3c1e-e6bfe0fa6002";

/// Times of one way to make devices.
#[derive(Default)]
pub struct Times {
    pub create: Vec<Duration>,
    pub remove: Vec<Duration>,
}

/// All ways, by turns, so that all see the same machine.
#[derive(Default)]
pub struct Faces {
    /// mtty, in sysfs.
    pub mtty: Times,
    /// A subdev as a mediated device, in sysfs.
    pub mdev: Times,
    /// A subdev as an auxiliary device, by requests.
    pub auxiliary: Times,
    /// The same on a work queue that another subdev has the hardware enabled for.
    pub enabled: Times,
    /// The same as `auxiliary`, by the library.
    pub library: Times,
    /// A vDPA device of the kernel's simulator, by requests to the family `vdpa`.
    pub vdpa: Times,
    /// A port of netdevsim with its network interface, in sysfs.
    pub port: Times,
}

impl Faces {
    /// Makes devices and takes them back, so many of each.
    pub fn measure(crowd: &Crowd, rounds: usize) -> Result<Self> {
        let parents = tool::parents()?;
        let first = parents.first().context("there is no parent")?;
        let parent = Function::at(&first.device);
        let on_parent = SubdevAttr::Parent(first.name.clone());
        let alone = [
            on_parent.clone(),
            SubdevAttr::Type("1swq".into()),
            SubdevAttr::Wq(vec![SubdevWqAttr::Size(1)]),
        ];
        let beside = [
            on_parent,
            SubdevAttr::PasidMode(PasidMode::Shared),
            SubdevAttr::Wq(vec![SubdevWqAttr::Id(0), SubdevWqAttr::Size(1)]),
        ];
        let mut requests = Requests::new()?;
        let loaded = mdev::load()?;
        let create = Type::of(&parent, "1swq").file("create");
        let mut faces = Self::default();
        let _netdevsim = Device::new()?;
        let mut vdpa = Vdpa::new()?;
        // A type is found another work queue than this one's, as that has fewer entries available.
        let other = crowd.create_on_first(AdminState::Active)?;
        for _ in 0..rounds {
            requests.round(&mut faces.enabled, &beside)?;
            faces.mtty.in_sysfs(Path::new(MTTY), MTTY_UUID)?;
            faces.mdev.in_sysfs(&create, UUID)?;
            requests.round(&mut faces.auxiliary, &alone)?;
            faces.library.by_library(crowd)?;
            vdpa.round(&mut faces.vdpa)?;
            peers::port(&mut faces.port)?;
        }
        crowd.delete(other)?;
        loaded.unload()?;
        Ok(faces)
    }
}

impl Times {
    fn in_sysfs(&mut self, create: &Path, uuid: &str) -> Result<()> {
        let device = Mdev::at(uuid);
        let start = Instant::now();
        fs::write(create, uuid).with_context(|| format!("cannot write {}", create.display()))?;
        self.create.push(start.elapsed());
        // VFIO has it.
        let vfio = device.path().join("vfio-dev");
        ensure!(vfio.exists(), "there is no {}", vfio.display());
        let start = Instant::now();
        device.remove().context("it is not removed")?;
        self.remove.push(start.elapsed());
        device.await_end()
    }

    fn by_library(&mut self, crowd: &Crowd) -> Result<()> {
        let start = Instant::now();
        let index = crowd.create_alone(AdminState::Active)?;
        self.create.push(start.elapsed());
        let start = Instant::now();
        crowd.delete(index)?;
        self.remove.push(start.elapsed());
        Ok(())
    }
}

/// The family, ready to be asked.
struct Requests {
    socket: Socket,
    family: u16,
}

impl Requests {
    fn new() -> Result<Self> {
        let mut socket = Socket::new()?;
        let family = family(&mut socket, nlctl::FAMILY_NAME)?;
        Ok(Self { socket, family })
    }

    /// Asks, and returns the object of the answer, with the time.
    fn ask(&mut self, command: Command, attributes: &[SubdevAttr]) -> Result<(Subdev, Duration)> {
        let attributes = attributes.iter().map(Attribute::of).collect();
        let request = Request::new(command.into(), false).with(attributes);
        let payload = request.payload();
        let start = Instant::now();
        let answer = self.socket.ask(self.family, request.flags, &payload)?;
        let time = start.elapsed();
        ensure!(answer.end == Some(Ok(())), "{command}: {answer:?}");
        let object = answer.objects.first().context("no object came")?;
        Ok((Subdev::read(wire::parse(object)?)?, time))
    }

    /// Makes a subdev of these attributes and takes it back.
    fn round(&mut self, times: &mut Times, attributes: &[SubdevAttr]) -> Result<()> {
        let (made, time) = self.ask(Command::SubdevNew, attributes)?;
        times.create.push(time);
        let (_, time) = self.ask(Command::SubdevDel, &[SubdevAttr::Index(made.index)])?;
        times.remove.push(time);
        Ok(())
    }
}

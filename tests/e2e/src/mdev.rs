// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mediated devices as an administrator has them: in sysfs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use nix::errno::Errno;
use nlctl::blocking::Client;

use crate::check;
use crate::module::Loaded;
use crate::refused;
use crate::system::Function;
use crate::tool;
use crate::wait::{self, SOON};

/// Name of the module that makes subdevs mediated devices.
pub const MODULE: &str = "subdev_mdev";

/// Where the kernel has all mediated devices, by UUID.
const DEVICES: &str = "/sys/bus/mdev/devices";

/// Loads the module.
pub fn load() -> Result<Loaded> {
    Loaded::new(MODULE)
}

/// A type of a parent.
pub struct Type(PathBuf);

impl Type {
    /// The type with this name in the family's catalogue.
    pub fn of(parent: &Function, name: &str) -> Self {
        let types = parent.path().join("mdev_supported_types");
        Self(types.join(format!("subdev-{name}")))
    }

    /// One of its files.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// What an attribute says.
    pub fn read(&self, attribute: &str) -> Result<String> {
        read(&self.file(attribute))
    }

    /// How many devices could be made.
    pub fn available(&self) -> Result<u32> {
        Ok(self.read("available_instances")?.parse()?)
    }

    /// Has a device made, as an administrator does. The error is that of the kernel.
    pub fn create(&self, uuid: &str) -> io::Result<Mdev> {
        write(&self.file("create"), uuid).map(|()| Mdev::at(uuid))
    }
}

/// A mediated device, or where there may be one.
#[derive(Clone)]
pub struct Mdev {
    uuid: String,
}

impl Mdev {
    /// The one with this UUID.
    pub fn at(uuid: &str) -> Self {
        let uuid = uuid.to_owned();
        Self { uuid }
    }

    /// Its folder in sysfs.
    pub fn path(&self) -> PathBuf {
        Path::new(DEVICES).join(&self.uuid)
    }

    /// Whether it is there.
    pub fn exists(&self) -> bool {
        self.path().exists()
    }

    /// What an attribute says.
    pub fn read(&self, attribute: &str) -> Result<String> {
        read(&self.path().join(attribute))
    }

    /// Writes an attribute. The error is that of the kernel.
    pub fn write(&self, attribute: &str, value: &str) -> io::Result<()> {
        write(&self.path().join(attribute), value)
    }

    /// Has it removed, and waits until it is.
    pub fn remove(&self) -> io::Result<()> {
        self.write("remove", "1")
    }

    /// Waits until it is not there.
    pub fn await_end(&self) -> Result<()> {
        let what = format!("the end of the mediated device {}", self.uuid);
        wait::until_true(SOON, &what, || Ok(!self.exists()))
    }
}

/// The UUIDs of all that there are.
pub fn all() -> Result<Vec<String>> {
    let entries = fs::read_dir(DEVICES).with_context(|| format!("cannot list {DEVICES}"))?;
    let mut uuids = Vec::new();
    for entry in entries {
        uuids.push(entry?.file_name().to_string_lossy().into_owned());
    }
    uuids.sort();
    Ok(uuids)
}

/// Demands that the family and sysfs show the same mediated devices.
pub fn agree() -> Result<()> {
    let subdevs = tool::subdevs()?;
    let active = subdevs
        .iter()
        .filter(|it| it.face == "mdev" && it.state == "active");
    let mut told: Vec<_> = active.map(|it| it.uuid.clone()).collect();
    told.sort();
    check::equal("mediated devices in sysfs", all()?, told)
}

/// Demands that the kernel has refused with this errno, and that the family tells why, in a sentence
/// with each of `words`.
pub fn refused<T>(result: io::Result<T>, errno: Errno, words: &[&str]) -> Result<()> {
    let Err(error) = result else {
        bail!("expected {errno}, and it was done");
    };
    check::equal("errno", error.raw_os_error(), Some(errno as i32))?;
    let sentence = last_refusal()?.context("the family knows of no refusal")?;
    for word in words {
        ensure!(
            sentence.contains(word),
            "expected {word:?} in the last refusal: {sentence}"
        );
    }
    refused::note(&sentence);
    Ok(())
}

/// Why what was written to sysfs was refused last.
pub fn last_refusal() -> Result<Option<String>> {
    let client = Client::new()?;
    let family = client.wait(client.handle().family().get().execute())?;
    Ok(family.last_refusal.clone())
}

/// Writes a file without making one, where it is gone.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::File::options().write(true).open(path)?;
    io::Write::write_all(&mut file, text.as_bytes())
}

fn read(path: &Path) -> Result<String> {
    let text = fs::read_to_string(path);
    let text = text.with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.trim_end().to_owned())
}

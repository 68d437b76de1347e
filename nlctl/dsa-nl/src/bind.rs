// SPDX-License-Identifier: MIT OR Apache-2.0

//! Gives PCI devices to the module, and back, as driverctl does: by their
//! `driver_override`, and kept over a reboot by a file that a udev rule looks for.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;

const DRIVER: &str = "subdev";

/// Where the kernel looks for it too: udev runs programs without a PATH.
const MODPROBE: &str = "/sbin/modprobe";

/// Where the kernel shows devices, and where it is kept which are bound.
#[derive(Debug, Clone)]
pub struct Places {
    pci: PathBuf,
    kept: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            pci: "/sys/bus/pci".into(),
            kept: "/etc/subdev.d/bound".into(),
        }
    }
}

/// A PCI device.
struct Device<'a> {
    places: &'a Places,
    address: String,
}

/// Gives a device to the module, now and after every start of the system.
pub fn bind(places: &Places, parent: &str) -> Result<(), Failure> {
    let device = Device::new(places, parent)?;
    if device.driver().as_deref() != Some(DRIVER) {
        device.load()?;
        device.change(DRIVER)?;
        if device.driver().as_deref() != Some(DRIVER) {
            device.change("")?;
            return Err(refused(format!(
                "the module did not take {}; the kernel's log says why",
                device.address
            )));
        }
    }
    let kept = device.kept();
    if !kept.exists() {
        fs::create_dir_all(&places.kept).map_err(within(&places.kept))?;
        fs::write(&kept, "").map_err(within(&kept))?;
    }
    Ok(())
}

/// Takes a device from the module, and lets the driver have it that had it otherwise.
pub fn unbind(places: &Places, parent: &str) -> Result<(), Failure> {
    let device = Device::new(places, parent)?;
    let kept = device.kept();
    match fs::remove_file(&kept) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(within(&kept)(error)),
        _ => {}
    }
    match device.driver().as_deref() {
        Some(DRIVER) => device.change(""),
        _ => Ok(()),
    }
}

fn refused(text: String) -> Failure {
    io::Error::other(text).into()
}

fn within(path: &Path) -> impl Fn(io::Error) -> Failure {
    let path = path.display().to_string();
    move |error| refused(format!("{path}: {error}"))
}

impl<'a> Device<'a> {
    fn new(places: &'a Places, parent: &str) -> Result<Self, Failure> {
        let address = parent.strip_prefix("pci/").unwrap_or(parent);
        if !is_address(address) {
            return Err(Failure::Usage(format!(
                "'{parent}' is no PCI device; accepted: pci/0000:6a:01.0"
            )));
        }
        let device = Self {
            places,
            address: address.to_string(),
        };
        match device.path().exists() {
            true => Ok(device),
            false => Err(refused(format!("there is no PCI device {address}"))),
        }
    }

    fn path(&self) -> PathBuf {
        self.places.pci.join("devices").join(&self.address)
    }

    fn kept(&self) -> PathBuf {
        self.places.kept.join(&self.address)
    }

    fn driver(&self) -> Option<String> {
        let driver = fs::read_link(self.path().join("driver")).ok()?;
        Some(driver.file_name()?.to_string_lossy().into_owned())
    }

    fn load(&self) -> Result<(), Failure> {
        if self.places.pci.join("drivers").join(DRIVER).exists() {
            return Ok(());
        }
        match Command::new(MODPROBE).arg(DRIVER).status() {
            Ok(status) if status.success() => Ok(()),
            _ => Err(refused(format!(
                "the module is not loaded, and 'modprobe {DRIVER}' does not load it"
            ))),
        }
    }

    /// Has the driver of that name take the device, or any if it is empty.
    fn change(&self, driver: &str) -> Result<(), Failure> {
        let write = |path: PathBuf, text: &str| fs::write(&path, text).map_err(within(&path));
        write(self.path().join("driver_override"), &format!("{driver}\n"))?;
        if self.driver().is_some() {
            write(self.path().join("driver/unbind"), &self.address)?;
        }
        write(self.places.pci.join("drivers_probe"), &self.address)
    }
}

/// Whether a word is domain, bus, device and function, and no other path.
fn is_address(word: &str) -> bool {
    let hex = |text: &str, least: usize, most: usize| {
        (least..=most).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_hexdigit())
    };
    let parts: Vec<_> = word.split([':', '.']).collect();
    match parts.as_slice() {
        [domain, bus, device, function] => {
            word.matches(':').count() == 2
                && hex(domain, 4, 8)
                && hex(bus, 2, 2)
                && hex(device, 2, 2)
                && hex(function, 1, 1)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_an_address_and_no_path() {
        for word in ["0000:6a:01.0", "10000:e1:00.0"] {
            assert!(is_address(word), "{word}");
        }
        for word in [
            "",
            "dsa0",
            "6a:01.0",
            "0000:6a:01",
            "../..:6a:01.0",
            "0000.6a.01:0",
        ] {
            assert!(!is_address(word), "{word}");
        }
    }

    #[test]
    fn what_is_not_there_is_said() {
        let places = Places {
            pci: std::env::temp_dir().join("dsa-nl-no-such-bus"),
            kept: std::env::temp_dir().join("dsa-nl-no-such-folder"),
        };
        let error = bind(&places, "pci/0000:6a:01.0").expect_err("is not there");
        assert_eq!(error.to_string(), "there is no PCI device 0000:6a:01.0");
        let error = unbind(&places, "dsa0").expect_err("is no device");
        assert_eq!(error.code(), 1, "{error}");
    }
}

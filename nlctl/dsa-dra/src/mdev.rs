// SPDX-License-Identifier: MIT OR Apache-2.0

//! Making a mediated device of a subdev, which only sysfs can.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where the parent's types are, if the module for mediated devices is loaded.
fn types(sysfs: &Path, pci: &str) -> PathBuf {
    let parent = sysfs.join("class/mdev_bus").join(pci);
    parent.join("mdev_supported_types")
}

/// Whether subdevs of the parent can be mediated devices.
pub fn is_there(sysfs: &Path, pci: &str) -> bool {
    types(sysfs, pci).exists()
}

/// Makes a mediated device of the planned subdev with this UUID.
pub async fn create(sysfs: &Path, pci: &str, of_type: &str, uuid: &str) -> io::Result<()> {
    let file = types(sysfs, pci)
        .join(format!("subdev-{of_type}"))
        .join("create");
    let uuid = uuid.to_string();
    // The write returns when the device has its driver.
    let written = tokio::task::spawn_blocking(move || fs::write(file, uuid)).await;
    written.map_err(io::Error::other)?
}

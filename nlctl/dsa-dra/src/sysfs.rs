// SPDX-License-Identifier: MIT OR Apache-2.0

//! What sysfs knows of a PCI device.

use std::fs;
use std::path::Path;

/// Where a device is in the machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Its NUMA node, on a machine that has several.
    pub numa_node: Option<i64>,
    /// Its PCIe root, for example "pci0000:6a".
    pub pcie_root: Option<String>,
}

/// Reads them; what cannot be read is absent.
pub fn facts(sysfs: &Path, pci: &str) -> Facts {
    let device = sysfs.join("bus/pci/devices").join(pci);
    let node = fs::read_to_string(device.join("numa_node")).ok();
    let node = node.and_then(|it| it.trim().parse().ok());
    let root = fs::canonicalize(&device).ok().and_then(|path| {
        let parts = path.components();
        let mut names = parts.filter_map(|it| it.as_os_str().to_str());
        names.find(|it| is_root(it)).map(String::from)
    });
    Facts {
        // -1 is said by a machine that has one.
        numa_node: node.filter(|it| *it >= 0),
        pcie_root: root,
    }
}

/// Whether a folder is that of a root complex.
fn is_root(name: &str) -> bool {
    let place = name.strip_prefix("pci").and_then(|it| it.split_once(':'));
    place.is_some_and(|(domain, bus)| {
        let hex = |it: &str| it.bytes().all(|it| it.is_ascii_hexdigit());
        domain.len() == 4 && bus.len() == 2 && hex(domain) && hex(bus)
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_device_is_found_below_its_root() {
        let sysfs = std::env::temp_dir().join(format!("dsa-dra-sysfs-{}", std::process::id()));
        let device = sysfs.join("devices/pci0000:6a/0000:6a:01.0");
        fs::create_dir_all(&device).expect("can be made");
        fs::write(device.join("numa_node"), "1\n").expect("can be written");
        let links = sysfs.join("bus/pci/devices");
        fs::create_dir_all(&links).expect("can be made");
        symlink(&device, links.join("0000:6a:01.0")).expect("can be made");

        let found = facts(&sysfs, "0000:6a:01.0");
        assert_eq!(found.numa_node, Some(1));
        assert_eq!(found.pcie_root.as_deref(), Some("pci0000:6a"));
        fs::write(device.join("numa_node"), "-1\n").expect("can be written");
        assert_eq!(facts(&sysfs, "0000:6a:01.0").numa_node, None);
        assert_eq!(facts(&sysfs, "0000:6b:01.0"), Facts::default());
        fs::remove_dir_all(sysfs).expect("can be removed");
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! What devices are called in ResourceSlices.
//!
//! By the place of the PCI device, not by the parent's name, which another device may have after
//! the module was loaded anew.

use std::fmt;
use std::str::FromStr;

use nlctl::Parent;

/// A work queue as a device that can be allocated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Place of the parent, for example "0000:6a:01.0".
    pub pci: String,
    /// Number of the work queue.
    pub wq: u32,
    /// All of it, to one claim, instead of shares to many.
    pub whole: bool,
}

/// A place as it can be in the name of a device: "pci-0000-6a-01-0".
pub fn label(pci: &str) -> String {
    format!("pci-{}", pci.replace([':', '.'], "-"))
}

/// Place of a parent that can have devices; others are on no bus that is known here.
pub fn place(parent: &Parent) -> Option<&str> {
    let parts = [4, 2, 2, 1];
    let pci = parent.device.as_str();
    let lengths = pci.split([':', '.']).map(str::len);
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let fits = pci.bytes().all(|it| hex(it) || it == b':' || it == b'.');
    (parent.bus == "pci" && fits && lengths.eq(parts)).then_some(pci)
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = if self.whole { "-whole" } else { "" };
        write!(f, "{}-wq{}{whole}", label(&self.pci), self.wq)
    }
}

/// Name of a device that this driver did not publish.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' names no device of this driver")]
pub struct NoDevice(String);

impl FromStr for Device {
    type Err = NoDevice;

    fn from_str(name: &str) -> Result<Self, NoDevice> {
        let parse = || {
            let rest = name.strip_prefix("pci-")?;
            let (rest, whole) = match rest.strip_suffix("-whole") {
                Some(rest) => (rest, true),
                None => (rest, false),
            };
            let (place, wq) = rest.rsplit_once("-wq")?;
            let parts: Vec<_> = place.split('-').collect();
            let [domain, bus, device, function] = parts.as_slice() else {
                return None;
            };
            let device = Self {
                pci: format!("{domain}:{bus}:{device}.{function}"),
                wq: wq.parse().ok()?,
                whole,
            };
            // One name for one device.
            (device.to_string() == name).then_some(device)
        };
        parse().ok_or_else(|| NoDevice(name.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_labels_and_read_back() {
        for (whole, name) in [
            (false, "pci-0000-6a-01-0-wq3"),
            (true, "pci-0000-6a-01-0-wq3-whole"),
        ] {
            let device = Device {
                pci: "0000:6a:01.0".into(),
                wq: 3,
                whole,
            };
            assert_eq!(device.to_string(), name);
            assert_eq!(name.parse(), Ok(device));
        }
    }

    #[test]
    fn other_names_are_refused() {
        for name in [
            "",
            "dsa0-wq3",
            "pci-0000-6a-01-0",
            "pci-0000-6a-01-0-wq",
            "pci-0000-6a-01-0-wq03",
            "pci-0000-6a-01-wq3",
            "pci-0000-6a-01-0-wq3-part",
        ] {
            assert!(name.parse::<Device>().is_err(), "{name}");
        }
    }
}

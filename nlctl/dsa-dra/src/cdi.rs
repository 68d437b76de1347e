// SPDX-License-Identifier: MIT OR Apache-2.0

//! CDI specs: what a container runtime adds to a container for a subdev.
//!
//! A file for a claim. That there is one says that the claim is prepared.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nlctl::{Face, Subdev};
use serde::Serialize;

use crate::claim::{Share, is_uid};
use crate::files;

/// The least version that has all that is used: host paths of device nodes, names that begin
/// with a digit.
const VERSION: &str = "0.5.0";

/// Class of the devices.
const CLASS: &str = "subdev";

/// A spec.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spec {
    cdi_version: &'static str,
    kind: String,
    devices: Vec<Device>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Device {
    name: String,
    container_edits: Edits,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Edits {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    env: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    device_nodes: Vec<Node>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mounts: Vec<Mount>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    path: String,
    permissions: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Mount {
    host_path: PathBuf,
    container_path: String,
    options: [&'static str; 2],
}

/// A file to be seen in containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visible {
    /// Name of the CDI device that it comes with.
    pub name: String,
    /// Where it is.
    pub host: PathBuf,
    /// Where containers see it.
    pub container: String,
}

/// Where specs are, and devices.
#[derive(Debug, Clone)]
pub struct Places {
    /// Name of the driver.
    pub driver: String,
    /// Folder of specs.
    pub specs: PathBuf,
    /// Folder of devices.
    pub dev: PathBuf,
}

impl Places {
    /// What kubelet is told for a CDI device of that name.
    pub fn id(&self, name: &str) -> String {
        format!("{}={name}", self.kind())
    }

    fn kind(&self) -> String {
        format!("{}/{CLASS}", self.driver)
    }

    fn file(&self, claim_uid: &str) -> PathBuf {
        self.specs.join(format!("{}_{claim_uid}.json", self.driver))
    }

    /// The spec of a claim. A device node that the kernel does not have is left out.
    pub fn spec(&self, shares: &[(Share, Subdev)], files: &[Visible]) -> Spec {
        let subdevs = shares.iter().enumerate().map(|(at, (share, subdev))| {
            let before = shares.iter().take(at);
            let nth = before
                .filter(|it| it.0.main_request() == share.main_request())
                .count();
            Device {
                name: share.uuid.clone(),
                container_edits: Edits {
                    env: env(share, subdev, nth),
                    device_nodes: self.nodes(subdev),
                    mounts: Vec::new(),
                },
            }
        });
        let files = files.iter().map(|file| Device {
            name: file.name.clone(),
            container_edits: Edits {
                mounts: vec![Mount {
                    host_path: file.host.clone(),
                    container_path: file.container.clone(),
                    options: ["ro", "bind"],
                }],
                ..Edits::default()
            },
        });
        Spec {
            cdi_version: VERSION,
            kind: self.kind(),
            devices: subdevs.chain(files).collect(),
        }
    }

    fn nodes(&self, subdev: &Subdev) -> Vec<Node> {
        let own = [subdev.vfio_group_path(), subdev.vfio_device_path()];
        let all = ["/dev/vfio/vfio", "/dev/iommu"].map(|it| Some(PathBuf::from(it)));
        let is_there = |path: &PathBuf| {
            let below = path.strip_prefix("/dev").unwrap_or(path);
            self.dev.join(below).exists()
        };
        let paths = own.into_iter().chain(all).flatten().filter(is_there);
        let node = |path: PathBuf| Node {
            path: path.display().to_string(),
            permissions: "rw",
        };
        paths.map(node).collect()
    }

    /// Writes the spec of a claim.
    pub fn write(&self, claim_uid: &str, spec: &Spec) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(spec)?;
        text.push(b'\n');
        files::write(&self.file(claim_uid), &text)
    }

    /// Whether a claim has one.
    pub fn has(&self, claim_uid: &str) -> bool {
        self.file(claim_uid).exists()
    }

    /// Removes it, if there is one.
    pub fn remove(&self, claim_uid: &str) -> io::Result<()> {
        files::removed(fs::remove_file(self.file(claim_uid)))
    }

    /// UIDs of the claims that have one.
    pub fn claims(&self) -> io::Result<Vec<String>> {
        let prefix = format!("{}_", self.driver);
        let entries = match fs::read_dir(&self.specs) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let mut claims = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let path = Path::new(&name);
            let stem = path.file_stem().and_then(|it| it.to_str());
            let uid = stem.and_then(|it| it.strip_prefix(&prefix));
            let is_spec = path.extension().is_some_and(|it| it == "json");
            claims.extend(uid.filter(|it| is_spec && is_uid(it)).map(String::from));
        }
        Ok(claims)
    }
}

/// What a program in the container needs to find and open the subdev; there the family is not seen,
/// as a pod has a network namespace of its own. The variables of each subdev of a claim have names
/// of their own.
fn env(share: &Share, subdev: &Subdev, nth: usize) -> Vec<String> {
    let request: String = share
        .main_request()
        .chars()
        .map(|it| match it.is_ascii_alphanumeric() {
            true => it.to_ascii_uppercase(),
            false => '_',
        })
        .collect();
    let number = if nth == 0 {
        String::new()
    } else {
        format!("_{}", nth + 1)
    };
    let vfio_name = match subdev.face {
        Face::Mdev => Some(subdev.uuid.clone()),
        _ => subdev.auxiliary_device.clone(),
    };
    let path = |path: Option<PathBuf>| path.map(|it| it.display().to_string());
    let fields = [
        ("NAME", Some(subdev.name.clone())),
        ("UUID", Some(subdev.uuid.clone())),
        ("PARENT", Some(format!("pci/{}", share.device.pci))),
        // What VFIO_GROUP_GET_DEVICE_FD takes.
        ("VFIO_NAME", vfio_name),
        ("VFIO_GROUP", path(subdev.vfio_group_path())),
        ("VFIO_DEVICE", path(subdev.vfio_device_path())),
    ];
    let said = |(field, value): (&str, Option<String>)| {
        Some(format!("DSA_{request}{number}_{field}={}", value?))
    };
    fields.into_iter().filter_map(said).collect()
}

#[cfg(test)]
mod tests {
    use nlctl::PasidMode;
    use serde_json::json;

    use super::*;
    use crate::config::Config;
    use crate::fixtures::{PCI, subdev};

    pub fn share(request: &str, uuid: &str) -> (Share, Subdev) {
        let share = Share {
            request: request.into(),
            pool: "n1".into(),
            device_name: "pci-0000-6a-01-0-wq3".into(),
            device: crate::device::Device {
                pci: PCI.into(),
                wq: 3,
                whole: false,
            },
            share_id: None,
            entries: Some(2),
            config: Config::default(),
            uuid: uuid.into(),
            name: "dra-x.0".into(),
        };
        (share, subdev("dra-x.0", uuid, PasidMode::Shared, 3, 2))
    }

    #[test]
    fn a_spec_has_the_nodes_that_there_are() {
        let folder = std::env::temp_dir().join(format!("dsa-dra-cdi-{}", std::process::id()));
        fs::create_dir_all(folder.join("vfio")).expect("can be made");
        for node in ["vfio/vfio", "vfio/3"] {
            fs::write(folder.join(node), "").expect("can be written");
        }
        let places = Places {
            driver: "d".into(),
            specs: folder.join("cdi"),
            dev: folder.clone(),
        };
        let shares = [share("copy/fast", "u1"), share("copy/fast", "u2")];
        let file = Visible {
            name: "c_copy".into(),
            host: "/x/metadata.json".into(),
            container: "/run/metadata.json".into(),
        };
        let spec = places.spec(&shares, &[file]);
        let value = serde_json::to_value(&spec).expect("can be written");
        assert_eq!(value["cdiVersion"], "0.5.0");
        assert_eq!(value["kind"], "d/subdev");
        let edits = &value["devices"][0]["containerEdits"];
        assert_eq!(
            edits["deviceNodes"],
            json!([
                {"path": "/dev/vfio/3", "permissions": "rw"},
                {"path": "/dev/vfio/vfio", "permissions": "rw"},
            ])
        );
        assert_eq!(
            edits["env"],
            json!([
                "DSA_COPY_NAME=dra-x.0",
                "DSA_COPY_UUID=u1",
                "DSA_COPY_PARENT=pci/0000:6a:01.0",
                "DSA_COPY_VFIO_NAME=subdev.dsa.7",
                "DSA_COPY_VFIO_GROUP=/dev/vfio/3",
                "DSA_COPY_VFIO_DEVICE=/dev/vfio/devices/vfio0",
            ])
        );
        let second = &value["devices"][1]["containerEdits"]["env"][1];
        assert_eq!(second, "DSA_COPY_2_UUID=u2");
        let mount = &value["devices"][2]["containerEdits"]["mounts"][0];
        assert_eq!(mount["containerPath"], "/run/metadata.json");

        places.write("c1", &spec).expect("can be written");
        places.write("c1", &spec).expect("can be written again");
        fs::write(places.specs.join("other_c2.json"), "").expect("can be written");
        fs::write(places.specs.join("d_c3.new"), "").expect("can be written");
        assert_eq!(places.claims().expect("can be read"), ["c1"]);
        places.remove("c1").expect("can be removed");
        places.remove("c1").expect("is gone, and that is that");
        assert_eq!(places.claims().expect("can be read"), [""; 0]);
        fs::remove_dir_all(folder).expect("can be removed");
    }
}

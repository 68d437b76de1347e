// SPDX-License-Identifier: MIT OR Apache-2.0

//! Device metadata (KEP-5304): a file for each request of a claim, which containers see at a place
//! that they know. KubeVirt reads the UUID of a mediated device there.
//!
//! The PCI address of the parent is not in it: who reads that takes the whole device.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use k8s_openapi::api::resource::v1::{DeviceAttribute, ResourceClaim};
use nlctl::{Face, Subdev};
use serde_json::{Value, json};

use crate::cdi::Visible;
use crate::claim::{Share, uid};
use crate::files;

/// What a claim is annotated with that was made from a template.
const POD_CLAIM_NAME: &str = "resource.kubernetes.io/pod-claim-name";

/// Where containers find the files.
const IN_CONTAINERS: &str = "/var/run/kubernetes.io/dra-device-attributes";

/// Versions of the format, the newest first; a reader takes the first that it knows.
const VERSIONS: [&str; 2] = ["v1beta1", "v1alpha1"];

/// Where files are on the host.
#[derive(Debug, Clone)]
pub struct Places {
    /// Name of the driver.
    pub driver: String,
    /// Folder of this driver.
    pub data: PathBuf,
}

impl Places {
    /// The claim's folder. By its UID: another claim may have the name before this one is gone.
    fn folder(&self, claim_uid: &str) -> PathBuf {
        self.data.join("dra-device-metadata").join(claim_uid)
    }

    /// Writes the files of a claim and says what containers are to see.
    pub fn write(
        &self,
        claim: &ResourceClaim,
        shares: &[(Share, Subdev)],
    ) -> io::Result<Vec<Visible>> {
        let mut requests: BTreeMap<&str, Vec<&(Share, Subdev)>> = BTreeMap::new();
        for share in shares {
            requests
                .entry(share.0.main_request())
                .or_default()
                .push(share);
        }
        let mut visible = Vec::new();
        for (request, shares) in requests {
            let host = self.folder(uid(claim)).join(request).join("metadata.json");
            files::write(&host, self.text(claim, &shares).as_bytes())?;
            visible.push(Visible {
                name: device_name(uid(claim), request),
                host,
                container: self.in_container(claim, request),
            });
        }
        Ok(visible)
    }

    /// Removes the files of a claim, if there are any.
    pub fn remove(&self, claim_uid: &str) -> io::Result<()> {
        files::removed(fs::remove_dir_all(self.folder(claim_uid)))
    }

    fn in_container(&self, claim: &ResourceClaim, request: &str) -> String {
        let name = claim.metadata.name.as_deref().unwrap_or_default();
        let (kind, name) = match pod_claim_name(claim) {
            Some(name) => ("resourceclaimtemplates", name),
            None => ("resourceclaims", name),
        };
        let driver = &self.driver;
        format!("{IN_CONTAINERS}/{kind}/{name}/{request}/{driver}-metadata.json")
    }

    fn text(&self, claim: &ResourceClaim, shares: &[&(Share, Subdev)]) -> String {
        let request = shares.first().map(|it| it.0.request.as_str());
        let devices: Vec<_> = shares.iter().map(|it| self.device(&it.0, &it.1)).collect();
        let mut metadata = json!({
            "kind": "DeviceMetadata",
            "metadata": {
                "name": claim.metadata.name,
                "namespace": claim.metadata.namespace,
                "uid": claim.metadata.uid,
                "generation": 1,
            },
            "requests": [{"name": request, "devices": devices}],
        });
        if let Some(name) = pod_claim_name(claim) {
            metadata["podClaimName"] = name.into();
        }
        let mut text = String::new();
        for version in VERSIONS {
            metadata["apiVersion"] = format!("metadata.resource.k8s.io/{version}").into();
            text.push_str(&metadata.to_string());
            text.push('\n');
        }
        text
    }

    fn device(&self, share: &Share, subdev: &Subdev) -> Value {
        json!({
            "driver": self.driver,
            "pool": share.pool,
            "name": share.device_name,
            "attributes": attributes(subdev),
        })
    }
}

/// Name of the CDI device that a request's file comes with.
pub fn device_name(claim_uid: &str, request: &str) -> String {
    format!("{claim_uid}_{request}")
}

fn pod_claim_name(claim: &ResourceClaim) -> Option<&str> {
    let annotations = claim.metadata.annotations.as_ref();
    let name = annotations.and_then(|it| it.get(POD_CLAIM_NAME));
    name.map(String::as_str).filter(|it| !it.is_empty())
}

fn attributes(subdev: &Subdev) -> BTreeMap<&'static str, DeviceAttribute> {
    let string = |text: &str| DeviceAttribute {
        string: Some(text.to_string()),
        ..DeviceAttribute::default()
    };
    let mut attributes = BTreeMap::from([
        ("subdev", string(&subdev.name)),
        ("uuid", string(&subdev.uuid)),
        ("type", string(&subdev.r#type)),
    ]);
    if subdev.face == Face::Mdev {
        attributes.insert("resource.kubernetes.io/mdevUUID", string(&subdev.uuid));
    }
    attributes
}

#[cfg(test)]
mod tests {
    use nlctl::PasidMode;

    use super::*;
    use crate::fixtures::subdev;

    #[test]
    fn a_mediated_device_is_named_by_its_uuid_and_no_other() {
        let uuid = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
        let mut subdev = subdev("dra-x.0", uuid, PasidMode::Shared, 3, 2);
        let key = "resource.kubernetes.io/mdevUUID";
        assert!(!attributes(&subdev).contains_key(key));
        subdev.face = Face::Mdev;
        assert_eq!(attributes(&subdev)[key].string.as_deref(), Some(uuid));
        assert!(!attributes(&subdev).contains_key("resource.kubernetes.io/pciBusID"));
    }

    #[test]
    fn a_claim_of_a_template_is_found_by_the_name_in_the_pod() {
        let places = Places {
            driver: "d".into(),
            data: "/data".into(),
        };
        let mut claim = ResourceClaim::default();
        claim.metadata.name = Some("pod-copy-x7".into());
        claim.metadata.uid = Some("u1".into());
        assert_eq!(
            places.in_container(&claim, "r"),
            "/var/run/kubernetes.io/dra-device-attributes/resourceclaims/pod-copy-x7/r/d-metadata.json"
        );
        let annotation = (POD_CLAIM_NAME.to_string(), "copy".to_string());
        claim.metadata.annotations = Some([annotation].into());
        assert_eq!(
            places.in_container(&claim, "r"),
            "/var/run/kubernetes.io/dra-device-attributes/resourceclaimtemplates/copy/r/d-metadata.json"
        );
        // One document for each version, the newest first.
        let text = places.text(&claim, &[]);
        let lines: Vec<Value> = text
            .lines()
            .map(|it| serde_json::from_str(it).expect("is JSON"))
            .collect();
        let versions: Vec<_> = lines.iter().map(|it| it["apiVersion"].as_str()).collect();
        let expected = ["v1beta1", "v1alpha1"].map(|it| format!("metadata.resource.k8s.io/{it}"));
        assert_eq!(versions, expected.each_ref().map(|it| Some(it.as_str())));
        assert_eq!(lines[0]["podClaimName"], "copy");
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! What claims and device classes say beyond how much: the opaque parameters.

use k8s_openapi::apimachinery::pkg::runtime::RawExtension;
use nlctl::{DsaSubdevRequest, Face, Portal, SubdevNew};
use serde::Deserialize;

use crate::operations;
use crate::options::DRIVER;

/// Version of the kind, in the group that is the driver's usual name.
const VERSION: &str = "v1alpha1";

/// Name of the kind.
const KIND: &str = "SubdevConfig";

/// What is asked for of a subdev; what is absent is the family's default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// Share of the bandwidth.
    pub weight: Option<u32>,
    /// Cap in bytes per second.
    pub max_rate: Option<u64>,
    /// Largest transfer in bytes.
    pub max_transfer_size: Option<u64>,
    /// Largest batch.
    pub max_batch_size: Option<u32>,
    /// Operations by name.
    pub operations: Option<Vec<String>>,
    /// How its user submits.
    pub portal: Option<Portal>,
    /// As which kind of device it is handed to VFIO.
    pub face: Option<Face>,
}

/// As it is written.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    api_version: String,
    kind: String,
    weight: Option<u32>,
    max_rate: Option<u64>,
    max_transfer_size: Option<u64>,
    max_batch_size: Option<u32>,
    operations: Option<Vec<String>>,
    portal: Option<WrittenPortal>,
    face: Option<WrittenFace>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WrittenPortal {
    Trapped,
    Polled,
    Direct,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WrittenFace {
    Auxiliary,
    Mdev,
}

impl Config {
    /// Reads parameters.
    ///
    /// # Errors
    ///
    /// A sentence on what is wrong with them.
    pub fn read(parameters: &RawExtension) -> Result<Self, String> {
        let written = Written::deserialize(&parameters.0).map_err(|it| format!("config: {it}"))?;
        let api_version = format!("{DRIVER}/{VERSION}");
        if (written.api_version.as_str(), written.kind.as_str()) != (&api_version, KIND) {
            let (version, kind) = (written.api_version, written.kind);
            return Err(format!(
                "config: {version} {kind} is of no use here; accepted: {api_version} {KIND}"
            ));
        }
        if let Some(names) = &written.operations {
            operations::mask(names).map_err(|it| format!("config: operations: {it}"))?;
        }
        Ok(Self {
            weight: written.weight,
            max_rate: written.max_rate,
            max_transfer_size: written.max_transfer_size,
            max_batch_size: written.max_batch_size,
            operations: written.operations,
            portal: written.portal.map(|it| match it {
                WrittenPortal::Trapped => Portal::Trapped,
                WrittenPortal::Polled => Portal::Polled,
                WrittenPortal::Direct => Portal::Direct,
            }),
            face: written.face.map(|it| match it {
                WrittenFace::Auxiliary => Face::Auxiliary,
                WrittenFace::Mdev => Face::Mdev,
            }),
        })
    }

    /// What `later` says takes the place of what is said here.
    #[must_use]
    pub fn overridden_by(self, later: Self) -> Self {
        Self {
            weight: later.weight.or(self.weight),
            max_rate: later.max_rate.or(self.max_rate),
            max_transfer_size: later.max_transfer_size.or(self.max_transfer_size),
            max_batch_size: later.max_batch_size.or(self.max_batch_size),
            operations: later.operations.or(self.operations),
            portal: later.portal.or(self.portal),
            face: later.face.or(self.face),
        }
    }

    /// Asks for it in a request, after the work queue.
    pub fn ask(&self, mut request: SubdevNew) -> SubdevNew {
        if let Some(weight) = self.weight {
            request = request.weight(weight);
        }
        if let Some(rate) = self.max_rate {
            request = request.max_rate(rate);
        }
        if let Some(face) = self.face {
            request = request.face(face);
        }
        let plain = Self {
            weight: None,
            max_rate: None,
            face: None,
            ..self.clone()
        };
        if plain == Self::default() {
            return request;
        }
        let mut vendor = DsaSubdevRequest::new();
        if let Some(size) = self.max_transfer_size {
            vendor = vendor.max_transfer_size(size);
        }
        if let Some(size) = self.max_batch_size {
            vendor = vendor.max_batch_size(size);
        }
        // They were read before.
        if let Some(Ok(mask)) = self.operations.as_deref().map(operations::mask) {
            vendor = vendor.op_config(mask);
        }
        if let Some(portal) = self.portal {
            vendor = vendor.portal(portal);
        }
        request.dsa_subdev(vendor)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(fields: serde_json::Value) -> Result<Config, String> {
        let mut whole =
            json!({"apiVersion": "dsa.subdev.internal/v1alpha1", "kind": "SubdevConfig"});
        let (Some(whole_map), Some(fields)) = (whole.as_object_mut(), fields.as_object()) else {
            panic!("are objects");
        };
        whole_map.extend(fields.clone());
        Config::read(&RawExtension(whole))
    }

    #[test]
    fn what_is_said_is_read() {
        let config = read(json!({
            "weight": 300,
            "maxRate": 1_000_000,
            "operations": ["memmove", "crcgen"],
            "portal": "trapped",
            "face": "mdev",
        }));
        let config = config.expect("is valid");
        assert_eq!(config.weight, Some(300));
        assert_eq!(config.portal, Some(Portal::Trapped));
        assert_eq!(config.face, Some(Face::Mdev));
        assert_eq!(read(json!({})), Ok(Config::default()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (fields, sentence) in [
            (json!({"wieght": 3}), "config: unknown field `wieght`"),
            (json!({"weight": "3"}), "config: invalid type: string"),
            (json!({"portal": "open"}), "config: unknown variant `open`"),
            (
                json!({"operations": ["copy"]}),
                "config: operations: 'copy'; accepted: noop",
            ),
            (
                json!({"kind": "GpuConfig"}),
                "config: dsa.subdev.internal/v1alpha1 GpuConfig is of no",
            ),
        ] {
            let error = read(fields).expect_err(sentence);
            assert!(error.starts_with(sentence), "{error}");
        }
        let nothing = Config::read(&RawExtension(json!(null)));
        assert!(nothing.is_err());
    }

    #[test]
    fn a_claim_overrides_its_class() {
        let class = read(json!({"weight": 100, "portal": "polled"})).expect("is valid");
        let claim = read(json!({"weight": 200})).expect("is valid");
        let both = class.overridden_by(claim);
        assert_eq!(
            (both.weight, both.portal),
            (Some(200), Some(Portal::Polled))
        );
    }
}

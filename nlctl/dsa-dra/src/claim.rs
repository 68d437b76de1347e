// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a claim was allocated of this node's work queues.

use k8s_openapi::api::resource::v1::{
    DeviceAllocationConfiguration, DeviceRequestAllocationResult, ResourceClaim,
};

use crate::config::Config;
use crate::device::Device;
use crate::identity::{Owner, subdev_uuid};
use crate::quantity;

/// Name of the capacity that claims consume.
pub const ENTRIES: &str = "entries";

/// Who allocates, and where.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Name of the driver.
    pub driver: &'a str,
    /// Name of the node, which is that of its pool.
    pub node: &'a str,
}

/// One result of an allocation: a subdev.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The request, with the subrequest where there is one.
    pub request: String,
    /// The pool.
    pub pool: String,
    /// Name of the device.
    pub device_name: String,
    /// The device.
    pub device: Device,
    /// Which of the shares of the device.
    pub share_id: Option<String>,
    /// So many entries, or the family's default.
    pub entries: Option<u32>,
    /// What else was asked for.
    pub config: Config,
    /// UUID of the subdev.
    pub uuid: String,
    /// Its name.
    pub name: String,
}

impl Share {
    /// The request without the subrequest.
    pub fn main_request(&self) -> &str {
        main_request(&self.request)
    }
}

fn main_request(request: &str) -> &str {
    request.split_once('/').map_or(request, |it| it.0)
}

/// Whether kubelet, or the name of a file, says what can be the UID of a claim, and a part of a path.
pub fn is_uid(word: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    !word.is_empty() && word.len() <= 128 && word.chars().all(allowed)
}

/// UID of a claim.
pub fn uid(claim: &ResourceClaim) -> &str {
    claim.metadata.uid.as_deref().unwrap_or_default()
}

/// Results of an allocation that are this driver's on this node.
fn results<'a>(
    claim: &'a ResourceClaim,
    place: Place<'a>,
) -> impl Iterator<Item = &'a DeviceRequestAllocationResult> {
    let devices = claim.status.as_ref();
    let devices = devices.and_then(|it| it.allocation.as_ref()?.devices.as_ref());
    let results = devices.and_then(|it| it.results.as_deref());
    let ours = move |it: &&DeviceRequestAllocationResult| {
        it.driver == place.driver && it.pool == place.node
    };
    results.unwrap_or_default().iter().filter(ours)
}

/// Whether the claim was allocated anything here.
pub fn is_here(claim: &ResourceClaim, place: Place<'_>) -> bool {
    results(claim, place).next().is_some()
}

/// All that the claim was allocated here.
///
/// # Errors
///
/// A sentence on what cannot be had.
pub fn shares(claim: &ResourceClaim, place: Place<'_>) -> Result<Vec<Share>, String> {
    let uid = uid(claim);
    let owner = Owner::of(uid);
    let share = |(number, result): (usize, &DeviceRequestAllocationResult)| {
        if result.admin_access == Some(true) {
            return Err(format!("{}: admin access is not supported", result.request));
        }
        let device: Device = result.device.parse().map_err(|it| format!("{it}"))?;
        let share_id = result.share_id.clone();
        let uuid = subdev_uuid(
            uid,
            &result.request,
            &result.pool,
            &result.device,
            share_id.as_deref(),
        );
        Ok(Share {
            request: result.request.clone(),
            pool: result.pool.clone(),
            device_name: result.device.clone(),
            entries: entries(result)?.filter(|_| !device.whole),
            device,
            share_id,
            config: config(claim, result, place)?,
            uuid: uuid.to_string(),
            name: owner.subdev_name(number),
        })
    };
    results(claim, place).enumerate().map(share).collect()
}

/// How many entries a result consumes.
fn entries(result: &DeviceRequestAllocationResult) -> Result<Option<u32>, String> {
    let consumed = result.consumed_capacity.as_ref();
    let Some(consumed) = consumed.and_then(|it| it.get(ENTRIES)) else {
        return Ok(None);
    };
    match quantity::number(consumed) {
        Some(number) if number > 0 => Ok(Some(number)),
        _ => {
            let (request, text) = (&result.request, &consumed.0);
            Err(format!("{request}: '{text}' is no number of entries"))
        }
    }
}

/// What the class and the claim say of a result, the claim last.
fn config(
    claim: &ResourceClaim,
    result: &DeviceRequestAllocationResult,
    place: Place<'_>,
) -> Result<Config, String> {
    let devices = claim.status.as_ref();
    let devices = devices.and_then(|it| it.allocation.as_ref()?.devices.as_ref());
    let all = devices.and_then(|it| it.config.as_deref());
    let about = |it: &&DeviceAllocationConfiguration| {
        let requests = it.requests.as_deref().unwrap_or_default();
        let main = main_request(&result.request);
        requests.is_empty()
            || requests
                .iter()
                .any(|it| *it == result.request || it == main)
    };
    let all = all.unwrap_or_default().iter().filter(about);
    let (classes, claims): (Vec<_>, Vec<_>) = all.partition(|it| it.source == "FromClass");
    let mut config = Config::default();
    for entry in classes.into_iter().chain(claims) {
        match &entry.opaque {
            Some(opaque) if opaque.driver == place.driver => {
                config = config.overridden_by(Config::read(&opaque.parameters)?);
            }
            _ => (),
        }
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PLACE: Place<'static> = Place {
        driver: "dsa.subdev.internal",
        node: "n1",
    };

    fn claim(results: serde_json::Value, config: serde_json::Value) -> ResourceClaim {
        let claim = json!({
            "metadata": {"name": "c", "namespace": "ns", "uid": "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"},
            "spec": {},
            "status": {"allocation": {"devices": {"results": results, "config": config}}},
        });
        serde_json::from_value(claim).expect("is a claim")
    }

    fn result(fields: serde_json::Value) -> serde_json::Value {
        let mut result = json!({
            "driver": "dsa.subdev.internal",
            "pool": "n1",
            "request": "copy",
            "device": "pci-0000-6a-01-0-wq3",
        });
        if let (Some(result), Some(fields)) = (result.as_object_mut(), fields.as_object()) {
            result.extend(fields.clone());
        }
        result
    }

    fn weight(source: &str, requests: &[&str], weight: u32) -> serde_json::Value {
        json!({
            "source": source,
            "requests": requests,
            "opaque": {"driver": "dsa.subdev.internal", "parameters": {
                "apiVersion": "dsa.subdev.internal/v1alpha1", "kind": "SubdevConfig", "weight": weight,
            }},
        })
    }

    #[test]
    fn each_result_of_this_driver_and_node_is_a_share() {
        let claim = claim(
            json!([
                result(json!({"shareID": "s1", "consumedCapacity": {"entries": "8"}})),
                result(json!({"driver": "gpu.example.com"})),
                result(json!({"pool": "n2"})),
                result(json!({"request": "alt/small", "device": "pci-0000-6a-01-0-wq4-whole"})),
            ]),
            json!([]),
        );
        let shares = shares(&claim, PLACE).expect("are valid");
        let [shared, whole] = shares.as_slice() else {
            panic!("{shares:?}");
        };
        assert_eq!((shared.entries, shared.device.wq), (Some(8), 3));
        assert!(shared.name.ends_with(".0") && whole.name.ends_with(".1"));
        assert_eq!((whole.entries, whole.device.whole), (None, true));
        assert_eq!(whole.main_request(), "alt");
        assert_ne!(shared.uuid, whole.uuid);
        assert!(is_here(&claim, PLACE));
        assert!(!is_here(&ResourceClaim::default(), PLACE));
    }

    #[test]
    fn a_uid_is_no_path() {
        assert!(is_uid("83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"));
        for bad in ["", ".", "..", "../x", "a/b", "a.json"] {
            assert!(!is_uid(bad), "{bad}");
        }
    }

    #[test]
    fn a_config_is_for_the_requests_that_it_names() {
        let results = json!([result(json!({})), result(json!({"request": "alt/small"}))]);
        let config = json!([
            weight("FromClaim", &["alt"], 300),
            weight("FromClass", &[], 200),
            {"source": "FromClaim", "opaque": {"driver": "gpu.example.com", "parameters": {"x": 1}}},
        ]);
        let shares = shares(&claim(results, config), PLACE).expect("are valid");
        let weights: Vec<_> = shares.iter().map(|it| it.config.weight).collect();
        assert_eq!(weights, [Some(200), Some(300)]);
    }

    #[test]
    fn what_cannot_be_had_is_said() {
        for (fields, sentence) in [
            (
                json!({"device": "gpu-0"}),
                "'gpu-0' names no device of this driver",
            ),
            (
                json!({"adminAccess": true}),
                "copy: admin access is not supported",
            ),
            (
                json!({"consumedCapacity": {"entries": "many"}}),
                "copy: 'many' is no number of entries",
            ),
            (
                json!({"consumedCapacity": {"entries": "0"}}),
                "copy: '0' is no number of entries",
            ),
            (
                json!({"consumedCapacity": {"entries": "4294968k"}}),
                "copy: '4294968k' is no number of entries",
            ),
        ] {
            let claim = claim(json!([result(fields)]), json!([]));
            assert_eq!(shares(&claim, PLACE), Err(sentence.to_string()));
        }
    }
}

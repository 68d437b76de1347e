// SPDX-License-Identifier: MIT OR Apache-2.0

//! The scheduler's arithmetic: whether a device can be had beside what claims have, and how much of it
//! is consumed.
//!
//! As Kubernetes 1.36 does it, in `staging/src/k8s.io/dynamic-resource-allocation/structured/internal`,
//! with the features `DRAConsumableCapacity` and `DRAPartitionableDevices`: a device that allows
//! multiple allocations consumes its counters once, with the first of them.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::resource::v1::{
    Device, DeviceCapacity, DeviceRequestAllocationResult as Allocated, ResourceSlice,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use crate::rules;

/// What a request asks for; that a name stands for selectors is all that it is spared.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Name of the request.
    pub request: &'a str,
    /// Name of the device.
    pub device: &'a str,
    /// What it is to have of which capacity.
    pub capacity: Option<(&'a str, u64)>,
}

/// Names of a counter: of its set, and its own.
type Name = (String, String);

/// Gives a request what it wants, unless that cannot be had beside what is allocated.
///
/// # Errors
///
/// A sentence, when the slices are no complete pool or not of the API's form.
pub fn allocate(
    slices: &[ResourceSlice],
    allocated: &[Allocated],
    wanted: &Wanted<'_>,
) -> Result<Option<Allocated>, String> {
    let devices = rules::pool(slices)?;
    let Some(device) = devices.get(wanted.device) else {
        return Ok(None);
    };
    let spec = &slices.first().ok_or("there are no slices")?.spec;
    let own: Vec<_> = allocated
        .iter()
        .filter(|it| it.driver == spec.driver && it.pool == spec.pool.name)
        .collect();
    let here: Vec<_> = own.iter().filter(|it| it.device == device.name).collect();
    let shared = device.allow_multiple_allocations == Some(true);
    if !shared && !here.is_empty() {
        return Ok(None);
    }
    if here.is_empty() {
        let in_use: BTreeSet<_> = own.iter().map(|it| it.device.as_str()).collect();
        let in_use = in_use.into_iter().filter_map(|it| devices.get(it));
        if !counters_suffice(slices, in_use, device)? {
            return Ok(None);
        }
    }
    let mut consumed = BTreeMap::new();
    for (name, capacity) in device.capacity.iter().flatten() {
        let asked = wanted.capacity.filter(|it| it.0 == name).map(|it| it.1);
        let taken = here.iter().filter_map(|it| it.consumed_capacity.as_ref());
        let mut taken = taken.filter_map(|it| it.get(name));
        let taken = taken.try_fold(0, |sum, it| Ok::<_, String>(sum + rules::number(it)?))?;
        let value = rules::number(&capacity.value)?;
        let Some(amount) = amount(asked, capacity)?.filter(|it| taken + it <= value) else {
            return Ok(None);
        };
        consumed.insert(name.clone(), Quantity(amount.to_string()));
    }
    if wanted
        .capacity
        .is_some_and(|it| !consumed.contains_key(it.0))
    {
        return Ok(None);
    }
    // One that no other allocation has.
    let share = format!("00000000-0000-4000-9000-{:012}", allocated.len());
    Ok(Some(Allocated {
        driver: spec.driver.clone(),
        pool: spec.pool.name.clone(),
        request: wanted.request.to_string(),
        device: device.name.clone(),
        share_id: shared.then_some(share),
        consumed_capacity: shared.then_some(consumed),
        ..Allocated::default()
    }))
}

/// Whether there is enough of each counter for a device beside those in use.
fn counters_suffice<'a>(
    slices: &[ResourceSlice],
    in_use: impl Iterator<Item = &'a Device>,
    device: &'a Device,
) -> Result<bool, String> {
    let mut left: BTreeMap<Name, i128> = BTreeMap::new();
    let sets = slices
        .iter()
        .filter_map(|it| it.spec.shared_counters.as_ref());
    for set in sets.flatten() {
        for (name, counter) in &set.counters {
            let value = rules::number(&counter.value)?.into();
            left.insert((set.name.clone(), name.clone()), value);
        }
    }
    for device in in_use.chain([device]) {
        for consumption in device.consumes_counters.iter().flatten() {
            for (name, counter) in &consumption.counters {
                let name = (consumption.counter_set.clone(), name.clone());
                let left = left.get_mut(&name).ok_or("there is no such counter")?;
                *left -= i128::from(rules::number(&counter.value)?);
            }
        }
    }
    Ok(left.values().all(|it| *it >= 0))
}

/// How much of a capacity is consumed for what is asked: rounded up as its policy says, and nothing if
/// that does not allow so much.
fn amount(asked: Option<u64>, capacity: &DeviceCapacity) -> Result<Option<u64>, String> {
    let policy = capacity.request_policy.as_ref();
    let Some(asked) = asked else {
        let default = policy.and_then(|it| it.default.as_ref());
        return rules::number(default.unwrap_or(&capacity.value)).map(Some);
    };
    let Some(range) = policy.and_then(|it| it.valid_range.as_ref()) else {
        return Ok(Some(asked));
    };
    let min = rules::number(&range.min)?;
    let step = range.step.as_ref().map_or(Ok(1), rules::number)?.max(1);
    let most = range.max.as_ref().map_or(Ok(u64::MAX), rules::number)?;
    let amount = min + asked.saturating_sub(min).div_ceil(step) * step;
    Ok((amount <= most).then_some(amount))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A work queue of 16 entries to be shared, or to be had whole.
    fn slices() -> Vec<ResourceSlice> {
        let pool = json!({"name": "n", "generation": 1, "resourceSliceCount": 2});
        let consumes = json!([{"counterSet": "c", "counters": {"wq0": {"value": "1"}}}]);
        let policy = json!({
            "default": "2",
            "validRange": {"min": "2", "max": "12", "step": "2"},
        });
        let specs = [
            json!({"sharedCounters": [{"name": "c", "counters": {"wq0": {"value": "1"}}}]}),
            json!({"devices": [
                {
                    "name": "shared",
                    "allowMultipleAllocations": true,
                    "capacity": {"entries": {"value": "16", "requestPolicy": policy}},
                    "consumesCounters": consumes,
                },
                {
                    "name": "whole",
                    "capacity": {"entries": {"value": "16"}},
                    "consumesCounters": consumes,
                },
            ]}),
        ];
        let slice = |mut spec: serde_json::Value| {
            spec["driver"] = "d".into();
            spec["nodeName"] = "n".into();
            spec["pool"] = pool.clone();
            serde_json::from_value(json!({"metadata": {}, "spec": spec})).expect("is a slice")
        };
        specs.into_iter().map(slice).collect()
    }

    fn ask(allocated: &[Allocated], device: &str, entries: Option<u64>) -> Option<Allocated> {
        let wanted = Wanted {
            request: "r",
            device,
            capacity: entries.map(|it| ("entries", it)),
        };
        allocate(&slices(), allocated, &wanted).expect("the slices are a pool")
    }

    fn entries(allocated: Option<Allocated>) -> Option<String> {
        Some(allocated?.consumed_capacity?.get("entries")?.0.clone())
    }

    #[test]
    fn what_is_asked_is_rounded_up_by_the_policy() {
        for (asked, given) in [
            (None, Some("2")),
            (Some(1), Some("2")),
            (Some(3), Some("4")),
            (Some(12), Some("12")),
            (Some(13), None),
        ] {
            let given = given.map(String::from);
            assert_eq!(entries(ask(&[], "shared", asked)), given, "{asked:?}");
        }
    }

    #[test]
    fn shares_consume_a_counter_once_and_capacity_each() {
        let mut allocated = Vec::new();
        for asked in [6, 6, 4] {
            allocated.extend(ask(&allocated, "shared", Some(asked)));
        }
        assert_eq!(allocated.len(), 3);
        assert_ne!(allocated[0].share_id, allocated[1].share_id);
        assert_eq!(ask(&allocated, "shared", Some(2)), None);
        allocated.pop();
        assert!(ask(&allocated, "shared", Some(4)).is_some());
    }

    #[test]
    fn devices_with_the_same_counter_exclude_each_other() {
        let share = ask(&[], "shared", None).expect("is free");
        assert_eq!(ask(&[share], "whole", None), None);
        let whole = ask(&[], "whole", None).expect("is free");
        assert_eq!((&whole.share_id, &whole.consumed_capacity), (&None, &None));
        for device in ["shared", "whole"] {
            assert_eq!(ask(std::slice::from_ref(&whole), device, None), None);
        }
    }

    #[test]
    fn there_is_no_more_than_there_is() {
        assert!(ask(&[], "whole", Some(16)).is_some());
        assert_eq!(ask(&[], "whole", Some(17)), None);
        assert_eq!(ask(&[], "other", None), None);
        let wanted = Wanted {
            request: "r",
            device: "shared",
            capacity: Some(("lanes", 1)),
        };
        assert_eq!(allocate(&slices(), &[], &wanted), Ok(None));
    }
}

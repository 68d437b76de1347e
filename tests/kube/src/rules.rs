// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the API demands of ResourceSlices, from its documentation, and of a complete pool.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::resource::v1::{Device, DeviceCapacity, ResourceSlice};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use serde_json::Value;

/// Most devices in a slice, and most if one consumes counters.
const DEVICES: (usize, usize) = (128, 64);

/// Most attributes and capacities of a device.
const FIELDS: usize = 32;

/// Checks a slice by itself, and beside the one whose place it takes.
///
/// # Errors
///
/// A sentence.
pub fn slice(object: &Value, there: Option<&Value>) -> Result<(), String> {
    let slice: ResourceSlice = read(object)?;
    // What is unknown to the types would be dropped.
    let again = serde_json::to_value(&slice).map_err(|it| it.to_string())?;
    if again["spec"] != object["spec"] {
        return Err(format!("the spec has unknown fields: {}", object["spec"]));
    }
    let spec = &slice.spec;
    if let Some(there) = there {
        let there: ResourceSlice = read(there)?;
        if (&there.spec.driver, &there.spec.node_name) != (&spec.driver, &spec.node_name) {
            return Err("driver and nodeName are immutable".into());
        }
        if there.spec.pool.generation > spec.pool.generation {
            return Err("the generation of the pool goes back".into());
        }
    }
    let scopes = [
        spec.node_name.is_some(),
        spec.node_selector.is_some(),
        spec.all_nodes == Some(true),
    ];
    if scopes.iter().filter(|it| **it).count() != 1 {
        return Err("exactly one of nodeName, nodeSelector and allNodes must be set".into());
    }
    if spec.pool.resource_slice_count < 1 {
        return Err("resourceSliceCount must be greater than 0".into());
    }
    if spec.devices.is_some() && spec.shared_counters.is_some() {
        return Err("only one of devices and sharedCounters can be set".into());
    }
    let sets = spec.shared_counters.as_deref().unwrap_or_default();
    if sets.len() > 8 {
        return Err("more than 8 sets of counters".into());
    }
    for set in sets {
        label(&set.name)?;
        if set.counters.len() > 32 || set.counters.is_empty() {
            return Err(format!("{} has {} counters", set.name, set.counters.len()));
        }
        for (name, counter) in &set.counters {
            label(name)?;
            number(&counter.value)?;
        }
    }
    let devices = spec.devices.as_deref().unwrap_or_default();
    let counting = devices.iter().any(|it| it.consumes_counters.is_some());
    let most = if counting { DEVICES.1 } else { DEVICES.0 };
    if devices.len() > most {
        return Err(format!("more than {most} devices"));
    }
    devices.iter().try_for_each(device)
}

fn device(device: &Device) -> Result<(), String> {
    label(&device.name)?;
    let within = |it: String| format!("{}: {it}", device.name);
    let attributes = device.attributes.clone().unwrap_or_default();
    let capacities = device.capacity.clone().unwrap_or_default();
    if attributes.len() + capacities.len() > FIELDS {
        return Err(within(format!(
            "more than {FIELDS} attributes and capacities"
        )));
    }
    for (name, value) in &attributes {
        qualified(name).map_err(within)?;
        let set = [
            value.int.is_some(),
            value.bool.is_some(),
            value.string.is_some(),
            value.version.is_some(),
        ];
        // Lists are a feature that is off by default.
        if set.iter().filter(|it| **it).count() != 1 {
            return Err(within(format!("{name}: exactly one value must be set")));
        }
        if value.string.as_ref().is_some_and(|it| it.len() > 64) {
            return Err(within(format!("{name}: longer than 64 characters")));
        }
    }
    let shared = device.allow_multiple_allocations == Some(true);
    for (name, capacity) in &capacities {
        qualified(name).map_err(within)?;
        policy(capacity, shared).map_err(|it| within(format!("{name}: {it}")))?;
    }
    if device
        .consumes_counters
        .as_ref()
        .is_some_and(|it| it.len() > 2)
    {
        return Err(within("more than 2 sets of counters".into()));
    }
    Ok(())
}

fn policy(capacity: &DeviceCapacity, shared: bool) -> Result<(), String> {
    let value = number(&capacity.value)?;
    let Some(policy) = &capacity.request_policy else {
        return Ok(());
    };
    if !shared {
        return Err("a policy wants allowMultipleAllocations".into());
    }
    let Some(range) = &policy.valid_range else {
        return Ok(());
    };
    let default = policy.default.as_ref().ok_or("a range wants a default")?;
    let (default, min) = (number(default)?, number(&range.min)?);
    let max = range.max.as_ref().map_or(Ok(value), number)?;
    if !(min <= default && default <= max && max <= value) {
        return Err(format!("not in order: {min}, {default}, {max}, {value}"));
    }
    if let Some(step) = &range.step {
        let step = number(step)?;
        if step == 0 || min + step > value || default % step != 0 || max % step != 0 {
            return Err(format!("the step {step} does not fit"));
        }
    }
    Ok(())
}

/// Checks all slices of a pool together, and returns its devices by name.
///
/// # Errors
///
/// A sentence; also when not all slices of a generation are there.
pub fn pool(slices: &[ResourceSlice]) -> Result<BTreeMap<String, Device>, String> {
    let newest = slices.iter().map(|it| it.spec.pool.generation).max();
    let newest = newest.ok_or("there are no slices")?;
    let current = slices.iter().filter(|it| it.spec.pool.generation == newest);
    let current: Vec<_> = current.collect();
    let count = current.first().map(|it| it.spec.pool.resource_slice_count);
    if count != i64::try_from(current.len()).ok() || current.len() != slices.len() {
        return Err(format!("{} of {count:?} slices", current.len()));
    }
    let mut counters = BTreeSet::new();
    for set in current
        .iter()
        .filter_map(|it| it.spec.shared_counters.as_ref())
    {
        for set in set {
            for name in set.counters.keys() {
                if !counters.insert((set.name.clone(), name.clone())) {
                    return Err(format!("{} has {name} twice", set.name));
                }
            }
        }
    }
    let mut devices = BTreeMap::new();
    for device in current
        .iter()
        .filter_map(|it| it.spec.devices.as_ref())
        .flatten()
    {
        for consumption in device.consumes_counters.iter().flatten() {
            for name in consumption.counters.keys() {
                if !counters.contains(&(consumption.counter_set.clone(), name.clone())) {
                    return Err(format!(
                        "{} consumes {name}, which there is not",
                        device.name
                    ));
                }
            }
        }
        if devices
            .insert(device.name.clone(), device.clone())
            .is_some()
        {
            return Err(format!("{} is there twice", device.name));
        }
    }
    Ok(devices)
}

fn read(object: &Value) -> Result<ResourceSlice, String> {
    serde_json::from_value(object.clone()).map_err(|it| it.to_string())
}

/// A whole number in canonical form.
pub(crate) fn number(quantity: &Quantity) -> Result<u64, String> {
    let text = &quantity.0;
    let number = text.parse::<u64>().ok();
    let plain = number.filter(|it| it.to_string() == *text && (*it == 0 || it % 1000 != 0));
    plain.ok_or_else(|| format!("'{text}' is not in canonical form"))
}

/// A DNS label.
fn label(name: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let edges = name.starts_with('-') || name.ends_with('-');
    match name.len() {
        1..=63 if !edges && name.chars().all(allowed) => Ok(()),
        _ => Err(format!("'{name}' is no DNS label")),
    }
}

/// A C identifier of at most 32 characters, with or without a domain before it.
fn qualified(name: &str) -> Result<(), String> {
    let identifier = name.split_once('/').map_or(name, |it| it.1);
    let first = identifier.chars().next();
    let starts = first.is_some_and(|it| it.is_ascii_alphabetic() || it == '_');
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match starts && identifier.len() <= 32 && identifier.chars().all(allowed) {
        true => Ok(()),
        false => Err(format!("'{name}' is no qualified name")),
    }
}

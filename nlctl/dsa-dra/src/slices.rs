// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the family's state is as ResourceSlices.
//!
//! A work queue is two devices that exclude each other by a counter: one that many claims can have
//! entries of, and one that a single claim has all of. What others than this driver took of it is
//! in neither.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::resource::v1::{
    CapacityRequestPolicy, CapacityRequestPolicyRange, Counter, CounterSet, Device as SliceDevice,
    DeviceAttribute, DeviceCapacity, DeviceCounterConsumption, ResourcePool, ResourceSliceSpec,
};
use nlctl::{Parent, ParentState, PasidMode, State, Subdev, Type, Wq};

use crate::claim::ENTRIES;
use crate::device::{Device, label, place};
use crate::identity::Owner;
use crate::sysfs::Facts;
use crate::{operations, quantity};

/// Most devices in a slice, where they consume counters.
const DEVICES: usize = 64;

/// Most sets of counters in a slice.
const SETS: usize = 8;

/// Most counters in a set.
const COUNTERS: u32 = 32;

/// Operations that selectors can ask for by a name of an attribute, and the operation that stands
/// for all of a kind.
const SELECTABLE: [(&str, &str); 7] = [
    ("opBatch", "batch"),
    ("opCompare", "compare"),
    ("opCrc", "crcgen"),
    ("opDelta", "cr-delta"),
    ("opDif", "dif-check"),
    ("opDualcast", "dualcast"),
    ("opFill", "memfill"),
];

/// All that slices are made of.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The family's state.
    pub state: State,
    /// The types of all parents.
    pub types: Vec<Type>,
    /// What sysfs knows of the parents, by their places.
    pub facts: BTreeMap<String, Facts>,
}

/// The slices of the node's pool, as of generation 0.
pub fn slices(seen: &Seen, driver: &str, node: &str) -> Vec<ResourceSliceSpec> {
    let mut counters = BTreeMap::new();
    let mut devices = Vec::new();
    for parent in &seen.state.parents {
        let Some(pci) = place(parent).filter(|_| usable(parent)) else {
            continue;
        };
        for wq in seen.state.wqs.iter() {
            if wq.parent_index == parent.index {
                wq_devices(seen, parent, pci, wq, &mut counters, &mut devices);
            }
        }
    }
    let sets: Vec<_> = counters
        .into_iter()
        .map(|(name, counters)| CounterSet { name, counters })
        .collect();
    let spec = |shared_counters, devices| ResourceSliceSpec {
        driver: driver.to_string(),
        node_name: Some(node.to_string()),
        pool: ResourcePool {
            name: node.to_string(),
            generation: 0,
            resource_slice_count: 0,
        },
        shared_counters,
        devices,
        ..ResourceSliceSpec::default()
    };
    let counters = sets.chunks(SETS).map(|it| spec(Some(it.to_vec()), None));
    let devices = devices.chunks(DEVICES);
    let devices = devices.map(|it| spec(None, Some(it.to_vec())));
    let mut all: Vec<_> = counters.chain(devices).collect();
    let count = i64::try_from(all.len()).unwrap_or(i64::MAX);
    for spec in &mut all {
        spec.pool.resource_slice_count = count;
    }
    all
}

/// Whether claims can use a parent now; one that halted is back soon, or lost.
fn usable(parent: &Parent) -> bool {
    matches!(parent.state, ParentState::Enabled | ParentState::Disabled)
}

fn wq_devices(
    seen: &Seen,
    parent: &Parent,
    pci: &str,
    wq: &Wq,
    counters: &mut BTreeMap<String, BTreeMap<String, Counter>>,
    devices: &mut Vec<SliceDevice>,
) {
    // A work queue without entries is not configured; one that others have for themselves is not to
    // be had.
    let taken = foreign(&seen.state, wq);
    let Some(entries) = taken.map(|it| wq.size.saturating_sub(it)) else {
        return;
    };
    if entries == 0 {
        return;
    }
    let set = format!("{}-{}", label(pci), wq.id / COUNTERS);
    let counter = format!("wq{}", wq.id);
    let one = || {
        let counter = Counter {
            value: quantity::of(1),
        };
        BTreeMap::from([(format!("wq{}", wq.id), counter)])
    };
    let consumes = || {
        Some(vec![DeviceCounterConsumption {
            counter_set: set.clone(),
            counters: one(),
            ..DeviceCounterConsumption::default()
        }])
    };
    let device = |whole| Device {
        pci: pci.to_string(),
        wq: wq.id,
        whole,
    };
    let offered = |mode| {
        let mut types = seen.types.iter();
        types.find(|it| {
            it.parent_index == parent.index
                && it.pasid_mode == mode
                && it.missing_prerequisite.is_none()
        })
    };
    let before = devices.len();
    if let Some(shared) = offered(PasidMode::Shared) {
        devices.push(SliceDevice {
            name: device(false).to_string(),
            allow_multiple_allocations: Some(true),
            attributes: Some(attributes(seen, parent, pci, wq, shared)),
            capacity: Some(BTreeMap::from([(
                ENTRIES.to_string(),
                capacity(wq, entries),
            )])),
            consumes_counters: consumes(),
            ..SliceDevice::default()
        });
    }
    // Not where others have a share of it.
    if let Some(whole) = offered(PasidMode::None).filter(|_| entries == wq.size) {
        let capacity = DeviceCapacity {
            value: quantity::of(wq.size),
            request_policy: None,
        };
        devices.push(SliceDevice {
            name: device(true).to_string(),
            attributes: Some(attributes(seen, parent, pci, wq, whole)),
            capacity: Some(BTreeMap::from([(ENTRIES.to_string(), capacity)])),
            consumes_counters: consumes(),
            ..SliceDevice::default()
        });
    }
    if devices.len() > before {
        let value = quantity::of(1);
        let set = counters.entry(set.clone()).or_default();
        set.insert(counter, Counter { value });
    }
}

/// Entries that subdevs have which this driver did not make; none if such a one has the work queue
/// for itself.
fn foreign(state: &State, wq: &Wq) -> Option<u32> {
    let here = |it: &&Subdev| it.parent_index == wq.parent_index && Owner::of_subdev(it).is_none();
    let mut taken = 0_u32;
    for subdev in state.subdevs.iter().filter(here) {
        if let Some(share) = subdev.wq.iter().find(|it| it.id == wq.id) {
            if subdev.pasid_mode != PasidMode::Shared {
                return None;
            }
            taken = taken.saturating_add(share.size);
        }
    }
    Some(taken)
}

/// At least one entry, and by default an eighth, as the family gives.
fn capacity(wq: &Wq, entries: u32) -> DeviceCapacity {
    let default = (wq.size / 8).clamp(1, entries);
    DeviceCapacity {
        value: quantity::of(entries),
        request_policy: Some(CapacityRequestPolicy {
            default: Some(quantity::of(default)),
            valid_range: Some(CapacityRequestPolicyRange {
                min: quantity::of(1),
                max: Some(quantity::of(entries)),
                // With a single entry there is none to step to.
                step: (entries > 1).then(|| quantity::of(1)),
            }),
            valid_values: None,
        }),
    }
}

fn attributes(
    seen: &Seen,
    parent: &Parent,
    pci: &str,
    wq: &Wq,
    of_type: &Type,
) -> BTreeMap<String, DeviceAttribute> {
    let mut all = BTreeMap::new();
    let mut put = |name: &str, value: DeviceAttribute| all.insert(name.to_string(), value);
    put("type", text(&of_type.name));
    put("pasidMode", text(&of_type.pasid_mode.to_string()));
    put("isolation", text(&of_type.isolation.to_string()));
    put("parent", text(&parent.name));
    put("wq", number(i64::from(wq.id)));
    if let Some(dsa) = &wq.dsa_wq {
        let mask = &dsa.op_config;
        put("opcodes", text(&format!("{:#x}", operations::number(mask))));
        for (attribute, operation) in SELECTABLE {
            let has = operations::has(mask, operation);
            let value = DeviceAttribute {
                bool: Some(has),
                ..DeviceAttribute::default()
            };
            put(attribute, value);
        }
        let largest = i64::try_from(dsa.max_transfer_size).unwrap_or(i64::MAX);
        put("maxTransferSize", number(largest));
        put("maxBatchSize", number(i64::from(dsa.max_batch_size)));
        put("priority", number(i64::from(dsa.priority)));
    }
    put("resource.kubernetes.io/pciBusID", text(pci));
    if let Some(facts) = seen.facts.get(pci) {
        if let Some(node) = facts.numa_node {
            put("resource.kubernetes.io/numaNode", number(node));
        }
        if let Some(root) = &facts.pcie_root {
            put("resource.kubernetes.io/pcieRoot", text(root));
        }
    }
    all
}

fn text(text: &str) -> DeviceAttribute {
    // More is not accepted.
    let text = text.chars().take(64).collect();
    DeviceAttribute {
        string: Some(text),
        ..DeviceAttribute::default()
    }
}

fn number(number: i64) -> DeviceAttribute {
    DeviceAttribute {
        int: Some(number),
        ..DeviceAttribute::default()
    }
}

/// Names of all devices, for the log.
pub fn names(slices: &[ResourceSliceSpec]) -> BTreeSet<&str> {
    let devices = slices.iter().filter_map(|it| it.devices.as_deref());
    devices.flatten().map(|it| it.name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::resource::v1::ResourceSlice;

    use super::*;
    use crate::fixtures::{PCI, state, subdev, types};
    use crate::identity::{Owner, subdev_uuid};

    const RANDOM: &str = "11111111-2222-4333-8444-555555555555";

    fn seen(sizes: &[u32], subdevs: Vec<Subdev>) -> Seen {
        let facts = Facts {
            numa_node: Some(1),
            pcie_root: Some("pci0000:6a".into()),
        };
        let mut state = state(sizes);
        state.subdevs = subdevs;
        Seen {
            state,
            types: types(),
            facts: BTreeMap::from([(PCI.to_string(), facts)]),
        }
    }

    fn devices(seen: &Seen) -> Vec<SliceDevice> {
        let slices = slices(seen, "d", "n1");
        slices
            .into_iter()
            .filter_map(|it| it.devices)
            .flatten()
            .collect()
    }

    /// Names of the devices, without the place, and how much they have.
    fn offered(sizes: &[u32], subdevs: Vec<Subdev>) -> Vec<(String, String)> {
        let devices = devices(&seen(sizes, subdevs));
        let told = |it: &SliceDevice| {
            let capacity = it.capacity.as_ref().and_then(|it| it.get(ENTRIES));
            let value = capacity.map(|it| it.value.0.clone());
            let name = it.name.trim_start_matches("pci-0000-6a-01-0-");
            (name.to_string(), value.unwrap_or_default())
        };
        devices.iter().map(told).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|it| (it.0.to_string(), it.1.to_string()))
            .collect()
    }

    #[test]
    fn a_work_queue_is_offered_in_shares_and_whole() {
        let expected = pairs(&[("wq0", "16"), ("wq0-whole", "16")]);
        assert_eq!(offered(&[16], vec![]), expected);
        // Not configured.
        assert_eq!(offered(&[0], vec![]), []);
    }

    #[test]
    fn both_consume_the_same_counter() {
        let all = slices(&seen(&[16], vec![]), "d", "n1");
        let [counters, devices] = all.as_slice() else {
            panic!("{all:?}");
        };
        // The API has them in slices of their own.
        assert!(counters.devices.is_none() && devices.shared_counters.is_none());
        let sets = counters.shared_counters.as_deref().unwrap_or_default();
        assert_eq!(sets[0].name, "pci-0000-6a-01-0-0");
        assert_eq!(sets[0].counters["wq0"].value, quantity::of(1));
        let devices = devices.devices.as_deref().unwrap_or_default();
        assert_eq!(devices[0].consumes_counters, devices[1].consumes_counters);
        assert_eq!(devices[0].allow_multiple_allocations, Some(true));
        assert_eq!(devices[1].allow_multiple_allocations, None);
        assert!(all.iter().all(|it| it.pool.resource_slice_count == 2));
    }

    #[test]
    fn a_share_has_a_policy() {
        for (size, default) in [(16, "2"), (128, "16"), (4, "1"), (1, "1")] {
            let devices = devices(&seen(&[size], vec![]));
            let capacity = devices[0].capacity.as_ref().expect("is there");
            let policy = capacity[ENTRIES].request_policy.clone().expect("is there");
            assert_eq!(policy.default.expect("is there").0, default);
            let range = policy.valid_range.expect("is there");
            assert_eq!(range.min.0, "1");
            assert_eq!(range.step.is_some(), size > 1);
        }
    }

    #[test]
    fn attributes_say_what_a_selector_needs() {
        let devices = devices(&seen(&[16], vec![]));
        let attributes = devices[0].attributes.clone().expect("are there");
        let text = |name: &str| attributes[name].string.as_deref();
        assert_eq!(text("type"), Some("1swq"));
        assert_eq!(text("pasidMode"), Some("shared"));
        assert_eq!(text("isolation"), Some("mediated"));
        assert_eq!(text("opcodes"), Some("0x18"));
        assert_eq!(text("resource.kubernetes.io/pcieRoot"), Some("pci0000:6a"));
        assert_eq!(attributes["resource.kubernetes.io/numaNode"].int, Some(1));
        assert_eq!(attributes["opFill"].bool, Some(true));
        assert_eq!(attributes["opCrc"].bool, Some(false));
        // Capacities count as well.
        assert!(attributes.len() < 32, "{}", attributes.len());
        // Names are C identifiers, with or without a domain.
        for name in attributes.keys() {
            let name = name.rsplit('/').next().unwrap_or(name);
            assert!(name.chars().all(|it| it.is_ascii_alphanumeric()), "{name}");
        }
    }

    #[test]
    fn what_others_took_is_not_offered() {
        let shared = subdev("net0", RANDOM, PasidMode::Shared, 0, 6);
        assert_eq!(offered(&[16], vec![shared]), pairs(&[("wq0", "10")]));
        let whole = subdev("net0", RANDOM, PasidMode::None, 0, 16);
        assert_eq!(offered(&[16], vec![whole]), []);
        let all = subdev("net0", RANDOM, PasidMode::Shared, 0, 16);
        assert_eq!(offered(&[16], vec![all]), []);
    }

    #[test]
    fn what_claims_took_is_accounted_for_by_the_scheduler() {
        let uid = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
        let uuid = subdev_uuid(uid, "copy", "n1", "x", None).to_string();
        let name = Owner::of(uid).subdev_name(0);
        let own = subdev(&name, &uuid, PasidMode::Shared, 0, 6);
        let expected = pairs(&[("wq0", "16"), ("wq0-whole", "16")]);
        assert_eq!(offered(&[16], vec![own]), expected);
        // A name alone makes none of this driver.
        let guise = subdev(&name, RANDOM, PasidMode::Shared, 0, 6);
        assert_eq!(offered(&[16], vec![guise]), pairs(&[("wq0", "10")]));
    }

    #[test]
    fn a_lost_parent_offers_nothing() {
        let mut seen = seen(&[16], vec![]);
        seen.state.parents[0].state = ParentState::Halted;
        assert_eq!(slices(&seen, "d", "n1"), []);
    }

    #[test]
    fn many_devices_take_several_slices() {
        let seen = seen(&[8; 40], vec![]);
        let all = slices(&seen, "d", "n1");
        let counts: Vec<_> = all
            .iter()
            .map(|it| it.devices.as_ref().map(Vec::len))
            .collect();
        assert_eq!(counts, [None, Some(64), Some(16)]);
        let sets = all[0].shared_counters.as_deref().unwrap_or_default();
        let sizes: Vec<_> = sets.iter().map(|it| it.counters.len()).collect();
        assert_eq!(sizes, [32, 8]);
        assert_eq!(names(&all).len(), 80);
    }

    #[test]
    fn a_slice_is_the_same_over_the_wire() {
        for spec in slices(&seen(&[16, 128], vec![]), "d", "n1") {
            let slice = ResourceSlice {
                spec: spec.clone(),
                ..ResourceSlice::default()
            };
            let text = serde_json::to_string(&slice).expect("can be written");
            let read: ResourceSlice = serde_json::from_str(&text).expect("can be read");
            assert_eq!(read.spec, spec);
        }
    }
}

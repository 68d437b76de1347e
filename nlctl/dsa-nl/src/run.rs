// SPDX-License-Identifier: MIT OR Apache-2.0

//! Carries out one command.

use nlctl::{
    DsaParentRequest, DsaSubdevRequest, DsaWqRequest, Handle, ParentRef, SubdevWqRequest, WqRef,
};

use crate::cli::{Add, Limits, Object, Parent, ParentSet, Set, Subdev, Type, Wq, WqSet};
use crate::failure::Failure;
use crate::monitor;
use crate::output::{Page, Printer};
use crate::stats;

/// Carries out one command and prints what comes of it.
pub async fn run(handle: &Handle, printer: &mut Printer, object: Object) -> Result<(), Failure> {
    match object {
        Object::Parent(Parent::Show { id: Some(id) }) => {
            let parent = printer.warn(handle.parent().get(id).execute().await?);
            printer.print(&Page::one(&parent)?)
        }
        Object::Parent(Parent::Show { id: None }) => {
            let all = printer.warn(handle.parent().dump().all().await?);
            printer.print(&Page::list(&all)?)
        }
        Object::Parent(Parent::Set(set)) => set_parent(handle, printer, set).await,
        Object::Wq(Wq::Set(set)) => set_wq(handle, printer, set).await,
        Object::Parent(Parent::Stats { id }) => stats::parent(handle, printer, id).await,
        Object::Wq(Wq::Stats { what }) => stats::wq(handle, printer, what).await,
        Object::Subdev(Subdev::Stats { id }) => stats::subdev(handle, printer, id).await,
        Object::Wq(Wq::Show { what }) => show_wq(handle, printer, what).await,
        Object::Type(Type::Show { parent }) => {
            let mut dump = handle.types().dump();
            if let Some(parent) = parent {
                dump = dump.parent(parent);
            }
            let all = printer.warn(dump.all().await?);
            printer.print(&Page::list(&all)?)
        }
        Object::Subdev(Subdev::Show { id: Some(id) }) => {
            let subdev = printer.warn(handle.subdev().get(id).execute().await?);
            printer.print(&Page::one(&subdev)?)
        }
        Object::Subdev(Subdev::Show { id: None }) => {
            let all = printer.warn(handle.subdev().dump().all().await?);
            printer.print(&Page::list(&all)?)
        }
        Object::Subdev(Subdev::Add(add)) => add_subdev(handle, printer, add).await,
        Object::Subdev(Subdev::Set(set)) => set_subdev(handle, printer, set).await,
        Object::Subdev(Subdev::Del { id, force }) => {
            let mut del = handle.subdev().del(id);
            if force {
                del = del.force();
            }
            printer.warn(del.execute().await?);
            Ok(())
        }
        Object::Subdev(Subdev::Reset { id }) => {
            printer.warn(handle.subdev().reset(id).execute().await?);
            Ok(())
        }
        Object::Subdev(Subdev::Drain { id }) => {
            printer.warn(handle.subdev().drain(id).execute().await?);
            Ok(())
        }
        Object::Monitor(options) => monitor::run(handle, printer, &options).await,
    }
}

/// Whether what the command makes is there for as long as the tool is.
pub fn makes_a_lease(object: &Object) -> bool {
    matches!(object, Object::Subdev(Subdev::Add(add)) if add.lease && !add.dry_run)
}

async fn show_wq(
    handle: &Handle,
    printer: &mut Printer,
    what: Option<String>,
) -> Result<(), Failure> {
    let mut dump = handle.wq().dump();
    if let Some(word) = what {
        match word.parse::<WqRef>() {
            Ok(queue) => {
                let wq = printer.warn(handle.wq().get(queue).execute().await?);
                return printer.print(&Page::one(&wq)?);
            }
            Err(error) if word.contains('/') => return Err(Failure::Usage(error.to_string())),
            Err(_) => dump = dump.parent(word),
        }
    }
    let all = printer.warn(dump.all().await?);
    printer.print(&Page::list(&all)?)
}

async fn set_wq(handle: &Handle, printer: &mut Printer, set: WqSet) -> Result<(), Failure> {
    let mut request = handle.wq().set(set.wq.clone());
    if let Some(entries) = set.size {
        request = request.size(entries);
    }
    if let Some(mode) = set.mode {
        request = request.mode(mode);
    }
    if let Some(vendor) = dsa_wq(&set) {
        request = request.dsa_wq(vendor);
    }
    let answer = match set.dry_run {
        true => request.dry_run().await?,
        false => request.execute().await?,
    };
    let wq = printer.warn(answer);
    printer.print(&Page::one(&wq)?)
}

/// The vendor part of a work queue, if anything is said of it.
fn dsa_wq(set: &WqSet) -> Option<DsaWqRequest> {
    let none = DsaWqRequest::new();
    let mut request = none.clone();
    if let Some(entries) = set.threshold {
        request = request.threshold(entries);
    }
    if let Some(priority) = set.priority {
        request = request.priority(priority);
    }
    if let Some(group) = set.group {
        request = request.group(group);
    }
    if let Some(block) = set.block_on_fault {
        request = request.block_on_fault(block);
    }
    if let Some(bytes) = set.max_transfer_size {
        request = request.max_transfer_size(bytes);
    }
    if let Some(descriptors) = set.max_batch_size {
        request = request.max_batch_size(descriptors);
    }
    if let Some(operations) = &set.op_config {
        request = request.op_config(operations.clone());
    }
    (request != none).then_some(request)
}

async fn set_parent(handle: &Handle, printer: &mut Printer, set: ParentSet) -> Result<(), Failure> {
    let none = DsaParentRequest::new();
    let mut vendor = none.clone();
    if let Some(buffers) = set.read_buffer_limit {
        vendor = vendor.read_buffer_limit(buffers);
    }
    for group in set.groups.0 {
        vendor = vendor.group(group);
    }
    let mut request = handle.parent().set(set.id);
    if vendor != none {
        request = request.dsa_parent(vendor);
    }
    let answer = match set.dry_run {
        true => request.dry_run().await?,
        false => request.execute().await?,
    };
    let parent = printer.warn(answer);
    printer.print(&Page::one(&parent)?)
}

async fn add_subdev(handle: &Handle, printer: &mut Printer, add: Add) -> Result<(), Failure> {
    let mut request = handle.subdev().add();
    if let Some(parent) = common_parent(&add)? {
        request = request.parent(parent);
    }
    for queue in &add.wq {
        request = request.wq(queue.id);
    }
    if let Some(name) = add.of_type {
        request = request.of_type(name);
    }
    if let Some(mode) = add.pasid_mode {
        request = request.pasid_mode(mode);
    }
    if let Some(name) = add.name {
        request = request.name(name);
    }
    if let Some(uuid) = add.uuid {
        request = request.uuid(uuid);
    }
    if let Some(state) = add.state {
        request = request.state(state);
    }
    if let Some(size) = add.size {
        request = request.size(size);
    }
    if let Some(weight) = add.weight {
        request = request.weight(weight);
    }
    if let Some(bytes) = add.max_rate {
        request = request.max_rate(bytes);
    }
    if let Some(limits) = dsa_subdev(&add.limits) {
        request = request.dsa_subdev(limits);
    }
    if let Some(count) = add.count {
        request = request.count(count);
    }
    if add.lease {
        request = request.lease();
    }
    if add.dry_run {
        let planned = printer.warn(request.dry_run().await?);
        return printer.print(&Page::planned(&planned)?);
    }
    let subdev = printer.warn(request.execute().await?);
    printer.print(&Page::created(&subdev)?)
}

/// The vendor part of a subdev, if anything is said of it.
fn dsa_subdev(limits: &Limits) -> Option<DsaSubdevRequest> {
    let none = DsaSubdevRequest::new();
    let mut request = none.clone();
    if let Some(bytes) = limits.max_transfer_size {
        request = request.max_transfer_size(bytes);
    }
    if let Some(descriptors) = limits.max_batch_size {
        request = request.max_batch_size(descriptors);
    }
    if let Some(operations) = &limits.op_config {
        request = request.op_config(operations.clone());
    }
    if let Some(portal) = limits.portal {
        request = request.portal(portal);
    }
    (request != none).then_some(request)
}

async fn set_subdev(handle: &Handle, printer: &mut Printer, set: Set) -> Result<(), Failure> {
    let mut request = handle.subdev().set(set.id);
    if let Some(name) = set.name {
        request = request.new_name(name);
    }
    if let Some(state) = set.state {
        request = request.state(state);
    }
    let sizes = each("size", &set.wq, &set.size)?;
    let weights = each("weight", &set.wq, &set.weight)?;
    let rates = each("max-rate", &set.wq, &set.max_rate)?;
    for (n, &id) in set.wq.iter().enumerate() {
        let mut wq = SubdevWqRequest::new().id(id);
        if let Some(&size) = sizes.get(n) {
            wq = wq.size(size);
        }
        if let Some(&weight) = weights.get(n) {
            wq = wq.weight(weight);
        }
        if let Some(&bytes) = rates.get(n) {
            wq = wq.max_rate(bytes);
        }
        request = request.wq(wq);
    }
    if let Some(limits) = dsa_subdev(&set.limits) {
        request = request.dsa_subdev(limits);
    }
    if set.force {
        request = request.force();
    }
    let answer = match set.dry_run {
        true => request.dry_run().await?,
        false => request.execute().await?,
    };
    let subdev = printer.warn(answer);
    printer.print(&Page::one(&subdev)?)
}

/// The value of a key for each work queue, or for none of them; one value is that of all.
fn each<T: Copy>(key: &str, wqs: &[u32], values: &[T]) -> Result<Vec<T>, Failure> {
    match *values {
        [one] => Ok(vec![one; wqs.len()]),
        _ if [0, wqs.len()].contains(&values.len()) => Ok(values.to_vec()),
        _ => Err(Failure::Usage(format!(
            "{key} has {} numbers and wq has {}; one {key} for each is needed, or one for all",
            values.len(),
            wqs.len()
        ))),
    }
}

/// The parent that `parent` and the work queues name, if any does.
fn common_parent(add: &Add) -> Result<Option<ParentRef>, Failure> {
    let mut named = add
        .parent
        .iter()
        .chain(add.wq.iter().filter_map(|queue| queue.parent.as_ref()));
    let Some(first) = named.next() else {
        return Ok(None);
    };
    match named.find(|name| *name != first) {
        Some(other) => Err(Failure::Usage(format!(
            "a subdev uses one parent, but both '{first}' and '{other}' are named"
        ))),
        None => Ok(Some(first.clone())),
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! Carries out one command.

use nlctl::{Handle, ParentRef, WqRef};

use crate::cli::{Add, Object, Parent, Subdev, Type, Wq};
use crate::failure::Failure;
use crate::monitor;
use crate::output::{Page, Printer};

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
        Object::Subdev(Subdev::Del { id, force }) => {
            let mut del = handle.subdev().del(id);
            if force {
                del = del.force();
            }
            printer.warn(del.execute().await?);
            Ok(())
        }
        Object::Monitor(options) => monitor::run(handle, printer, &options).await,
    }
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
    let subdev = printer.warn(request.execute().await?);
    printer.print(&Page::created(&subdev)?)
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

// SPDX-License-Identifier: MIT OR Apache-2.0

//! Prints what happens.

use std::io::{self, IsTerminal};
use std::ops::BitOr;
use std::time::{Duration, SystemTime};

use futures::StreamExt;
use nlctl::{
    Attribute, AttributeSet, Event, Filter, Handle, Monitor as Events, ParentAttr, SubdevAttr,
    WqAttr,
};
use serde_json::{Value, json};

use crate::cli::Monitor;
use crate::failure::Failure;
use crate::output::{Page, Printer, pairs};

/// The attributes that a line shows; JSON and YAML have them all.
const SHOWN: [&str; 14] = [
    "index",
    "name",
    "parent",
    "wq.id",
    "pasid-mode",
    "state",
    "opstate",
    "vfio-device",
    "fault.kind",
    "fault.code",
    "fault.wq",
    "fault.operation",
    "fault.address",
    "fault.missed",
];

/// Prints events until as many as asked for are there, or the time is over.
pub async fn run(handle: &Handle, printer: &mut Printer, options: &Monitor) -> Result<(), Failure> {
    let wanted = options.count.unwrap_or(u64::MAX);
    let mut came = 0;
    let events = match filter(options) {
        Some(filter) => handle.subscribe().monitor_filtered(filter).await?,
        None => handle.monitor().await?,
    };
    let print = print(events, printer, wanted, &mut came);
    let Some(seconds) = options.timeout else {
        return print.await;
    };
    let ended = tokio::time::timeout(Duration::from_secs(seconds), print).await;
    match (ended, options.count) {
        (Ok(result), _) => result,
        (Err(_), None) => Ok(()),
        (Err(_), Some(wanted)) => Err(Failure::Timeout {
            came,
            wanted,
            seconds,
        }),
    }
}

/// What the kernel is to send, if not all.
fn filter(options: &Monitor) -> Option<Filter> {
    let none = Filter::new();
    let mut filter = none.clone();
    for parent in &options.parent {
        filter = filter.parent(parent.clone());
    }
    for subdev in &options.subdev {
        filter = filter.subdev(subdev.clone());
    }
    if let Some(kinds) = options.kind.iter().copied().reduce(BitOr::bitor) {
        filter = filter.kinds(kinds);
    }
    (filter != none).then_some(filter)
}

async fn print(
    mut events: Events,
    printer: &mut Printer,
    wanted: u64,
    came: &mut u64,
) -> Result<(), Failure> {
    if printer.is_for_programs() {
        printer.print(&ready(SystemTime::now()))?;
    } else if io::stderr().is_terminal() {
        eprintln!("monitoring…");
    }
    while *came < wanted {
        match events.next().await {
            Some(Ok(event)) => {
                printer.print(&page(SystemTime::now(), &event)?)?;
                *came += 1;
            }
            // What cannot be read is no reason not to read on.
            Some(Err(error)) => Failure::from(error).print(&mut printer.complaints()),
            None => return Err(io::Error::other("there will be no more events").into()),
        }
    }
    Ok(())
}

/// The document that says that events from here on are not missed.
fn ready(now: SystemTime) -> Page {
    let time = humantime::format_rfc3339_millis(now).to_string();
    Page {
        text: String::new(),
        document: json!({ "time": time, "event": "ready" }),
    }
}

/// A line about an event, and its document.
fn page(now: SystemTime, event: &Event) -> io::Result<Page> {
    let time = humantime::format_rfc3339_millis(now).to_string();
    let (name, line, about) = match event {
        Event::Notification(it) => {
            let object = serde_json::to_value(it)?;
            let set = match it.object() {
                "parent" => ParentAttr::SET,
                "wq" => WqAttr::SET,
                _ => SubdevAttr::SET,
            };
            (it.name(), brief(set, &object), Some((it.object(), object)))
        }
        Event::Resync(state) => (
            "resync",
            format!(
                "events were lost; there are {} subdevs",
                state.subdevs.len()
            ),
            Some(("subdevs", json!(state.subdevs))),
        ),
        Event::Gone => ("gone", "the module was unloaded".into(), None),
        Event::Back(state) => (
            "back",
            format!(
                "the module is loaded; there are {} subdevs",
                state.subdevs.len()
            ),
            Some(("subdevs", json!(state.subdevs))),
        ),
        Event::Unknown { command, .. } => (
            "unknown",
            format!("notification {command}"),
            Some(("command", json!(command))),
        ),
        _ => ("unknown", "event".into(), None),
    };
    let mut document = json!({ "time": time, "event": name });
    if let Some((key, value)) = about {
        document[key] = value;
    }
    Ok(Page {
        text: format!("{time} {name} {line}\n"),
        document,
    })
}

/// The attributes of an object that matter most, as `key value` pairs.
fn brief(set: &AttributeSet, object: &Value) -> String {
    pairs(Some(set), object)
        .into_iter()
        .filter(|(key, _)| SHOWN.contains(&key.as_str()))
        .map(|(key, value)| format!("{key} {value}"))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::examples;
    use nlctl::{Fault, FaultAttr, FaultKind, Notification, Object};

    #[test]
    fn an_event_is_a_line_and_a_document() {
        let event = Event::Notification(Notification::SubdevChange(examples::subdev(1)));
        let page = page(SystemTime::UNIX_EPOCH, &event).expect("is JSON");
        assert_eq!(
            page.text,
            "1970-01-01T00:00:00.000Z subdev-change index 1 name net1 parent dsa0 wq.id 3 \
             pasid-mode shared state active opstate open vfio-device vfio1\n"
        );
        assert_eq!(page.document["time"], "1970-01-01T00:00:00.000Z");
        assert_eq!(page.document["event"], "subdev-change");
        assert_eq!(page.document["subdev"]["generation"], 7);
    }

    #[test]
    fn a_line_says_what_went_wrong() {
        let mut subdev = examples::subdev(1);
        let fault = Fault::read(vec![
            FaultAttr::Kind(FaultKind::SoftwareError),
            FaultAttr::Code(0x1a),
            FaultAttr::Wq(3),
            FaultAttr::Address(0x7000),
        ]);
        subdev.fault = Some(fault.expect("has all"));
        let event = Event::Notification(Notification::SubdevFault(subdev));
        let page = page(SystemTime::UNIX_EPOCH, &event).expect("is JSON");
        let (_, line) = page
            .text
            .split_once(" vfio-device vfio1 ")
            .expect("is a subdev");
        assert_eq!(
            line,
            "fault.kind software-error fault.code 0x1a fault.wq 3 fault.address 0x7000\n"
        );
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! Prints what happens.

use std::io::{self, IsTerminal};
use std::ops::BitOr;
use std::time::{Duration, SystemTime};

use futures::StreamExt;
use nlctl::{
    Attribute, AttributeSet, Event, Filter, Handle, Id, Monitor as Events, ParentAttr, ParentRef,
    State, SubdevAttr, WqAttr,
};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::grammar::Monitor;
use crate::output::{Page, Printer, document, pairs};

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
pub async fn run(
    handle: &Handle,
    printer: &mut Printer,
    options: &Monitor,
    clock: Clock,
) -> Result<(), Failure> {
    let wanted = options.count.unwrap_or(u64::MAX);
    let mut came = 0;
    let events = match filter(options) {
        Some(filter) => handle.subscribe().monitor_filtered(filter).await?,
        None => handle.monitor().await?,
    };
    let print = print(events, printer, wanted, &mut came, clock);
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
        filter = filter.parent(ParentRef::from(parent.as_str()));
    }
    for subdev in &options.subdev {
        filter = filter.subdev(Id::from(subdev.as_str()));
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
    clock: Clock,
) -> Result<(), Failure> {
    if printer.is_for_programs() {
        printer.print(&ready(&clock.now()))?;
    } else if io::stderr().is_terminal() {
        eprintln!("monitoring…");
    }
    while *came < wanted {
        match events.next().await {
            Some(Ok(event)) => {
                printer.print(&page(&clock.now(), &event)?)?;
                *came += 1;
            }
            // What cannot be read is no reason not to read on.
            Some(Err(error)) => Failure::from(error).print(&mut printer.complaints()),
            None => return Err(io::Error::other("there will be no more events").into()),
        }
    }
    Ok(())
}

/// How the times of events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// With the date.
    Long,
    /// Without.
    Short,
}

impl Clock {
    fn now(self) -> String {
        self.text(SystemTime::now())
    }

    pub fn text(self, time: SystemTime) -> String {
        let text = humantime::format_rfc3339_millis(time).to_string();
        match (self, text.split_once('T')) {
            (Self::Short, Some((_, time))) => time.trim_end_matches('Z').to_string(),
            _ => text,
        }
    }
}

/// The document that says that events from here on are not missed.
fn ready(time: &str) -> Page {
    Page::Line(String::new(), json!({ "time": time, "event": "ready" }))
}

/// A line about an event, and its document.
pub fn page(time: &str, event: &Event) -> io::Result<Page> {
    let (name, line, about) = match event {
        Event::Notification(it) => {
            let object = serde_json::to_value(it)?;
            let set = match it.object() {
                "parent" => ParentAttr::SET,
                "wq" => WqAttr::SET,
                _ => SubdevAttr::SET,
            };
            let line = brief(set, &object);
            (it.name(), line, document::objects(set, &[object]))
        }
        Event::Resync(state) => (
            "resync",
            format!(
                "events were lost; there are {} subdevs",
                state.subdevs.len()
            ),
            all(state)?,
        ),
        Event::Gone => ("gone", "the module was unloaded".into(), json!({})),
        Event::Back(state) => (
            "back",
            format!(
                "the module is loaded; there are {} subdevs",
                state.subdevs.len()
            ),
            all(state)?,
        ),
        Event::Unknown { command, .. } => (
            "unknown",
            format!("notification {command}"),
            json!({ "command": command }),
        ),
        _ => ("unknown", "event".into(), json!({})),
    };
    let mut document = json!({ "time": time, "event": name });
    if let (Some(out), Value::Object(about)) = (document.as_object_mut(), about) {
        out.extend(about);
    }
    Ok(Page::Line(format!("{time} {name} {line}\n"), document))
}

/// All that there is, in the shape in which it is shown.
fn all(state: &State) -> io::Result<Value> {
    let mut out = json!({});
    for (set, objects) in [
        (ParentAttr::SET, serde_json::to_value(&state.parents)?),
        (WqAttr::SET, serde_json::to_value(&state.wqs)?),
        (SubdevAttr::SET, serde_json::to_value(&state.subdevs)?),
    ] {
        let objects = objects.as_array().map_or(&[][..], Vec::as_slice);
        out[set.name] = document::objects(set, objects)[set.name].take();
    }
    Ok(out)
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
        let time = Clock::Long.text(SystemTime::UNIX_EPOCH);
        let page = page(&time, &event).expect("is JSON");
        assert_eq!(
            page.text(false, None).expect("can be printed"),
            "1970-01-01T00:00:00.000Z subdev-change index 1 name net1 parent dsa0 wq.id 3 \
             pasid-mode shared state active opstate open vfio-device vfio1\n"
        );
        let document = page.document().expect("is JSON");
        assert_eq!(document["time"], "1970-01-01T00:00:00.000Z");
        assert_eq!(document["event"], "subdev-change");
        assert_eq!(document["subdev"][0]["generation"], 7);
        let schema = jsonschema::validator_for(&crate::output::schema::schema());
        assert!(
            schema.expect("is a schema").is_valid(&document),
            "{document}"
        );
        assert_eq!(Clock::Short.text(SystemTime::UNIX_EPOCH), "00:00:00.000");
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
        let page = page("", &event).expect("is JSON");
        let text = page.text(false, None).expect("can be printed");
        let (_, line) = text.split_once(" vfio-device vfio1 ").expect("is a subdev");
        assert_eq!(
            line,
            "fault.kind software-error fault.code 0x1a fault.wq 3 fault.address 0x7000\n"
        );
    }
}

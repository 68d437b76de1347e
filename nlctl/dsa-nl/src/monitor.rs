// SPDX-License-Identifier: MIT OR Apache-2.0

//! Prints what happens.

use std::fmt;
use std::io::{self, IsTerminal};
use std::ops::BitOr;
use std::time::{Duration, SystemTime};

use futures::StreamExt;
use nlctl::{
    Attribute, AttributeSet, Event, Filter, Handle, Id, Monitor as Events, Notification,
    ParentAttr, ParentRef, State, SubdevAttr, WqAttr,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::grammar::Monitor;
use crate::output::fields::{self, Take};
use crate::output::{Cell, Page, Printer, document};

/// The attributes that a line shows, and what of those that are nests; JSON and YAML have them all.
const SHOWN: [(&str, Option<&str>); 14] = [
    ("index", None),
    ("name", None),
    ("parent", None),
    ("wq", Some("id")),
    ("pasid-mode", None),
    ("state", None),
    ("opstate", None),
    ("vfio-device", None),
    ("fault", Some("kind")),
    ("fault", Some("code")),
    ("fault", Some("wq")),
    ("fault", Some("operation")),
    ("fault", Some("address")),
    ("fault", Some("missed")),
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
                let for_programs = printer.is_for_programs();
                printer.print(&page(&clock.now(), &event, for_programs)?)?;
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

/// What is printed of an event, which is a line for people, or a document.
fn page(time: &str, event: &Event, for_programs: bool) -> io::Result<Page> {
    Ok(match for_programs {
        true => Page::File(document(time, event)?),
        false => Page::Text(line(time, event)?),
    })
}

/// A line about an event.
pub fn line(time: &str, event: &Event) -> io::Result<String> {
    let lost = "events were lost";
    Ok(match event {
        Event::Notification(it) => format!("{time} {} {}\n", it.name(), brief(it)?),
        Event::Resync(state) => format!("{time} resync {lost}; {}\n", subdevs(state)),
        Event::Gone => format!("{time} gone the module was unloaded\n"),
        Event::Back(state) => format!("{time} back the module is loaded; {}\n", subdevs(state)),
        Event::Unknown { command, .. } => format!("{time} unknown notification {command}\n"),
        _ => format!("{time} unknown event\n"),
    })
}

fn subdevs(state: &State) -> String {
    format!("there are {} subdevs", state.subdevs.len())
}

/// The document about an event.
fn document(time: &str, event: &Event) -> io::Result<Value> {
    let (name, about) = match event {
        Event::Notification(it) => {
            let object = serde_json::to_value(it)?;
            (it.name(), document::objects(set(it), &[object]))
        }
        Event::Resync(state) => ("resync", all(state)?),
        Event::Gone => ("gone", json!({})),
        Event::Back(state) => ("back", all(state)?),
        Event::Unknown { command, .. } => ("unknown", json!({ "command": command })),
        _ => ("unknown", json!({})),
    };
    let mut document = json!({ "time": time, "event": name });
    if let (Some(out), Value::Object(about)) = (document.as_object_mut(), about) {
        out.extend(about);
    }
    Ok(document)
}

/// The attributes of what a notification is about.
fn set(notification: &Notification) -> &'static AttributeSet {
    match notification.object() {
        "parent" => ParentAttr::SET,
        "wq" => WqAttr::SET,
        _ => SubdevAttr::SET,
    }
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
fn brief(notification: &Notification) -> io::Result<String> {
    let mut brief = Brief {
        set: set(notification),
        cell: Cell::default(),
        text: String::new(),
    };
    fields::each(notification, &mut brief).map_err(io::Error::other)?;
    Ok(brief.text)
}

/// Makes text of those attributes that a line shows, and nothing of the others.
struct Brief {
    set: &'static AttributeSet,
    cell: Cell,
    text: String,
}

impl Take for Brief {
    type Error = fmt::Error;

    fn take<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), fmt::Error> {
        for (_, inner) in SHOWN.iter().filter(|it| it.0 == name) {
            self.cell.hex = is_hex(self.set, name, *inner);
            self.cell.show(value, *inner)?;
            if !self.cell.is_there {
                continue;
            }
            if !self.text.is_empty() {
                self.text.push(' ');
            }
            self.text.push_str(name);
            if let Some(inner) = inner {
                self.text.push('.');
                self.text.push_str(inner);
            }
            self.text.push(' ');
            self.text.push_str(&self.cell.text);
        }
        Ok(())
    }
}

/// Whether an attribute, or one in the nest that it is, is best read in hexadecimal digits.
fn is_hex(set: &AttributeSet, name: &str, inner: Option<&str>) -> bool {
    let info = set.find(name);
    let info = match inner {
        Some(inner) => info.and_then(|(_, nest)| nest.nested?.find(inner)),
        None => info,
    };
    info.is_some_and(|(_, it)| it.hex)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::examples;
    use nlctl::{Fault, FaultAttr, FaultKind, Object};

    #[test]
    fn an_event_is_a_line_and_a_document() {
        let event = Event::Notification(Notification::SubdevChange(examples::subdev(1)));
        let time = Clock::Long.text(SystemTime::UNIX_EPOCH);
        assert_eq!(
            line(&time, &event).expect("can be printed"),
            "1970-01-01T00:00:00.000Z subdev-change index 1 name net1 parent dsa0 wq.id 3 \
             pasid-mode shared state active opstate open vfio-device vfio1\n"
        );
        let document = document(&time, &event).expect("is JSON");
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
        let text = line("", &event).expect("can be printed");
        let (_, line) = text.split_once(" vfio-device vfio1 ").expect("is a subdev");
        assert_eq!(
            line,
            "fault.kind software-error fault.code 0x1a fault.wq 3 fault.address 0x7000\n"
        );
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! Prints what happens.

use std::io::IsTerminal;
use std::time::{Duration, SystemTime};

use futures::StreamExt;
use nlctl::{Event, Handle};
use serde_json::{Value, json};

use crate::cli::Monitor;
use crate::failure::Failure;
use crate::output::{Page, Printer, pairs};

/// The attributes that a line shows; JSON and YAML have them all.
const SHOWN: [&str; 8] = [
    "index",
    "name",
    "parent",
    "wq",
    "pasid-mode",
    "state",
    "opstate",
    "vfio-path",
];

/// Prints events until as many as asked for are there, or the time is over.
pub async fn run(handle: &Handle, printer: &mut Printer, options: &Monitor) -> Result<(), Failure> {
    let print = print(handle, printer, options.count);
    match options.timeout {
        Some(seconds) => tokio::time::timeout(Duration::from_secs(seconds), print)
            .await
            .unwrap_or(Ok(())),
        None => print.await,
    }
}

async fn print(handle: &Handle, printer: &mut Printer, count: Option<u64>) -> Result<(), Failure> {
    let mut events = handle.monitor().await?;
    if std::io::stderr().is_terminal() {
        eprintln!("monitoring…");
    }
    let mut left = count.unwrap_or(u64::MAX);
    while left > 0 {
        let Some(event) = events.next().await else {
            break;
        };
        printer.print(&page(SystemTime::now(), &event?)?)?;
        left -= 1;
    }
    Ok(())
}

/// A line about an event, and its document.
fn page(now: SystemTime, event: &Event) -> std::io::Result<Page> {
    let time = humantime::format_rfc3339_millis(now).to_string();
    let (name, line, about) = match event {
        Event::Notification(it) => {
            let object = serde_json::to_value(it)?;
            (it.name(), brief(&object), Some((it.object(), object)))
        }
        Event::Resync { subdevs, .. } => (
            "resync",
            format!("events were lost; there are {} subdevs", subdevs.len()),
            Some(("subdev", json!(subdevs))),
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
fn brief(object: &Value) -> String {
    pairs(None, object)
        .into_iter()
        .filter(|(key, _)| SHOWN.contains(&key.as_str()))
        .map(|(key, value)| format!("{key} {value}"))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use nlctl::{Notification, Opstate, Subdev, SubdevAttr};

    #[test]
    fn an_event_is_a_line_and_a_document() {
        let subdev = Subdev::from(vec![
            SubdevAttr::Index(1),
            SubdevAttr::Name("net0".into()),
            SubdevAttr::Wq(3),
            SubdevAttr::Opstate(Opstate::Open),
            SubdevAttr::Generation(7),
        ]);
        let event = Event::Notification(Notification::SubdevChange(subdev));
        let page = page(SystemTime::UNIX_EPOCH, &event).expect("is JSON");
        assert_eq!(
            page.text,
            "1970-01-01T00:00:00.000Z subdev-change index 1 name net0 wq 3 opstate open\n"
        );
        assert_eq!(
            page.document.to_string(),
            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"event\":\"subdev-change\",\
             \"subdev\":{\"index\":1,\"name\":\"net0\",\"wq\":[3],\
             \"opstate\":\"open\",\"generation\":7}}"
        );
    }
}

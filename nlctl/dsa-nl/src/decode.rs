// SPDX-License-Identifier: MIT OR Apache-2.0

//! Messages of the family in words, from `strace -xx` or from a hex dump.
//!
//! strace reads the header of netlink itself and leaves what follows, the command first,
//! as text in quotes. A hex dump, as of `hexdump -C`, has whole messages.

use nlctl::{Accepts, AttributeInfo, AttributeSet, Kind, OPERATIONS, OperationInfo};
use serde_json::{Map, Value};

use crate::output::pairs;

/// Length of the header of netlink, of that of generic netlink, and of an attribute's.
const NETLINK: usize = 16;
const GENERIC: usize = 4;
const ATTRIBUTE: usize = 4;

/// What is not a number of an attribute in its kind.
const FLAGS: u16 = 0xc000;

/// A line for each message in `text`.
pub fn lines(text: &str) -> String {
    let mut out = String::new();
    let mut dump = Vec::new();
    for line in text.lines() {
        let quoted = quoted(line);
        if quoted.is_empty() {
            dump.extend(dumped(line));
        }
        for payload in quoted {
            out.extend(message(&payload));
        }
    }
    let mut rest = dump.as_slice();
    while let Some(length) = number(rest.get(..4)).map(|it| it as usize) {
        let Some(whole) = rest.get(..length).filter(|_| length >= NETLINK) else {
            out += "the rest is no message of netlink\n";
            break;
        };
        out.extend(whole.get(NETLINK..).and_then(message));
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    out
}

/// The bytes of each text in quotes that is all `\x00`.
fn quoted(line: &str) -> Vec<Vec<u8>> {
    let texts = line.split('"').skip(1).step_by(2);
    let bytes = texts.map(|text| {
        let digits = text.split("\\x").skip(1);
        digits
            .map(|pair| u8::from_str_radix(pair, 16))
            .collect::<Result<Vec<_>, _>>()
    });
    let bytes = bytes.filter_map(Result::ok);
    bytes.filter(|it| it.len() >= GENERIC).collect()
}

/// The bytes of a line of a dump, without the offset before and the text after them.
fn dumped(line: &str) -> Vec<u8> {
    let line = line.split('|').next().unwrap_or(line);
    let words = line.split_whitespace();
    let words = words.filter(|word| word.len() == 2);
    words
        .map_while(|word| u8::from_str_radix(word, 16).ok())
        .collect()
}

fn number(bytes: Option<&[u8]>) -> Option<u64> {
    let bytes = bytes?;
    match bytes.len() {
        1 => bytes.first().copied().map(u64::from),
        2 => bytes.try_into().ok().map(u16::from_ne_bytes).map(u64::from),
        4 => bytes.try_into().ok().map(u32::from_ne_bytes).map(u64::from),
        8 => bytes.try_into().ok().map(u64::from_ne_bytes),
        _ => None,
    }
}

/// A message from its command on.
fn message(bytes: &[u8]) -> Option<String> {
    let command = *bytes.first()?;
    let operation = OPERATIONS.iter().find(|it| u8::from(it.command) == command);
    let attributes = bytes.get(GENERIC..)?;
    Some(match operation {
        Some(OperationInfo { name, set, .. }) => {
            let object = attributes_of(set, attributes);
            let said = pairs(Some(set), &Value::Object(object));
            let said = said.iter().map(|(name, value)| format!(" {name} {value}"));
            format!("{name}{}\n", said.collect::<String>())
        }
        None => format!("unknown command {command}\n"),
    })
}

fn attributes_of(set: &AttributeSet, mut bytes: &[u8]) -> Map<String, Value> {
    let mut out = Map::new();
    while let Some(length) = number(bytes.get(..2)).map(|it| it as usize) {
        let kind = number(bytes.get(2..4)).unwrap_or_default() as u16 & !FLAGS;
        let Some(value) = bytes.get(ATTRIBUTE..length) else {
            out.insert("cut-short".into(), true.into());
            break;
        };
        match set.get(kind) {
            Some(info) => {
                let value = self::value(info, value);
                match (info.many, out.get_mut(info.name)) {
                    (true, Some(Value::Array(all))) => all.push(value),
                    (true, _) => {
                        out.insert(info.name.into(), Value::Array(vec![value]));
                    }
                    (false, _) => {
                        out.insert(info.name.into(), value);
                    }
                }
            }
            None => {
                out.insert(format!("attribute-{kind}"), hex(value).into());
            }
        }
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    out
}

fn value(info: &AttributeInfo, bytes: &[u8]) -> Value {
    match (info.kind, info.nested) {
        (Kind::Nest, Some(set)) => Value::Object(attributes_of(set, bytes)),
        (Kind::Flag, _) => true.into(),
        (Kind::String, _) => {
            let text = bytes.strip_suffix(b"\0").unwrap_or(bytes);
            String::from_utf8_lossy(text).into_owned().into()
        }
        (Kind::Binary, _) => hex(bytes).into(),
        _ => match (number(Some(bytes)), info.accepts) {
            (Some(number), Accepts::Names(names)) => {
                let name = usize::try_from(number).ok().and_then(|at| names.get(at));
                name.map_or(number.into(), |name| Value::from(*name))
            }
            (Some(number), _) => number.into(),
            (None, _) => hex(bytes).into(),
        },
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `subdev-new` with a name and a share of a work queue.
    const PAYLOAD: [u8; 36] = [
        8, 1, 0, 0, // command, version
        9, 0, 3, 0, b'n', b'e', b't', b'0', 0, 0, 0, 0, // name
        20, 0, 7, 0x80, 8, 0, 1, 0, 3, 0, 0, 0, 8, 0, 2, 0, 2, 0, 0, 0, // wq
    ];

    #[test]
    fn strace_and_dumps_are_words() {
        let expected = "subdev-new name net0 wq.id 3 wq.size 2\n";
        let text: String = PAYLOAD
            .iter()
            .map(|byte| format!("\\x{byte:02x}"))
            .collect();
        let strace = format!("sendto(3, [{{nlmsg_len=52}}, \"{text}\"], 52, 0, NULL, 0) = 52");
        assert_eq!(lines(&strace), expected);
        let mut whole = 52_u32.to_ne_bytes().to_vec();
        whole.extend([0x21, 0, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        whole.extend(PAYLOAD);
        let dump: String = whole
            .chunks(16)
            .enumerate()
            .map(|(at, line)| {
                let bytes: Vec<_> = line.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("{:08x}  {}  |..|\n", at * 16, bytes.join(" "))
            })
            .collect();
        assert_eq!(lines(&dump), expected);
    }

    proptest! {
        #[test]
        fn anything_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..200), text: String) {
            let dump: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            lines(&dump.join(" "));
            lines(&text);
            let _ = message(&bytes);
        }
    }
}

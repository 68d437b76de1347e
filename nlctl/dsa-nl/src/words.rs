// SPDX-License-Identifier: MIT OR Apache-2.0

//! Values as people type them, and as they are sent: both by what the family's
//! tables say of the attribute.
//!
//! In between a value is JSON, in the form in which it is shown, so that requests
//! from the command line and from files are made in the same way.

use nlctl::{Accepts, Attribute, AttributeInfo, AttributeSet, Kind};
use serde_json::{Map, Value};

/// Why a value is none of the attribute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAValue(pub String);

/// The value that `word` says.
pub fn parse(info: &AttributeInfo, word: &str) -> Result<Value, NotAValue> {
    match info.kind {
        Kind::String => Ok(word.into()),
        Kind::Binary => Ok(hexadecimal(info, word)?.into()),
        Kind::Flag | Kind::Nest => Err(NotAValue(format!("'{}' takes no value", info.name))),
        _ => match number(info, word)? {
            // What has a name is shown by it.
            number if matches!(info.accepts, Accepts::Names(_)) => Ok(named(info, number)),
            number if is_register(info) => Ok(format!("{number:#x}").into()),
            number => Ok(number.into()),
        },
    }
}

/// Whether it is shown as text, because programs would round it.
pub fn is_register(info: &AttributeInfo) -> bool {
    info.hex && matches!(info.kind, Kind::Uint | Kind::U64)
}

fn named(info: &AttributeInfo, number: u64) -> Value {
    let name = match info.accepts {
        Accepts::Names(names) => usize::try_from(number)
            .ok()
            .and_then(|at| names.get(at))
            .map(ToString::to_string),
        _ => None,
    };
    name.unwrap_or_else(|| number.to_string()).into()
}

/// The number that `word` says: decimal, with `0x` before hexadecimal digits, or
/// by its name.
fn number(info: &AttributeInfo, word: &str) -> Result<u64, NotAValue> {
    let digits = |digits: &str, radix| {
        let plain = digits.bytes().all(|it| it.is_ascii_alphanumeric());
        plain
            .then(|| u64::from_str_radix(digits, radix).ok())
            .flatten()
    };
    let parsed = match (info.accepts, word.strip_prefix("0x")) {
        (Accepts::Names(names), _) if names.contains(&word) => (0..)
            .zip(names)
            .find(|(_, name)| **name == word)
            .map(|it| it.0),
        (_, Some(hex)) => digits(hex, 16),
        (_, None) => digits(word, 10),
    };
    let number = parsed.ok_or_else(|| NotAValue(format!("'{word}' is no {}", what(info))))?;
    match max(info.kind) {
        max if number > max => Err(NotAValue(format!(
            "'{word}' is too large; accepted: at most {max}"
        ))),
        _ => Ok(number),
    }
}

fn what(info: &AttributeInfo) -> String {
    match info.accepts {
        Accepts::Names(names) => format!("{}; accepted: {}", info.name, names.join(", ")),
        Accepts::Any => "number; accepted: a number, as 3 or 0x3".into(),
        accepts => format!("number; accepted: {accepts}"),
    }
}

fn max(kind: Kind) -> u64 {
    match kind {
        Kind::U8 => u8::MAX.into(),
        Kind::U16 => u16::MAX.into(),
        Kind::U32 => u32::MAX.into(),
        _ => u64::MAX,
    }
}

/// Bytes in hexadecimal digits; zeroes at the end of a mask may be left out.
fn hexadecimal(info: &AttributeInfo, word: &str) -> Result<String, NotAValue> {
    let (exact, most) = match info.accepts {
        Accepts::Length { min, max } => (min == max, max.map_or(usize::MAX, |it| it as usize)),
        _ => (false, usize::MAX),
    };
    let digits = word.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !digits || !word.len().is_multiple_of(2) || word.len() / 2 > most {
        let most = match most {
            usize::MAX => "bytes".into(),
            most => format!("at most {most} bytes"),
        };
        return Err(NotAValue(format!(
            "'{word}' is no mask; accepted: {most} of two hexadecimal digits"
        )));
    }
    let mut text = word.to_ascii_lowercase();
    if exact {
        text.extend(std::iter::repeat_n('0', 2 * most - word.len()));
    }
    Ok(text)
}

/// The attributes that `object` has by name, to be sent.
pub fn attributes<A: Attribute>(object: &Map<String, Value>) -> Result<Vec<A>, NotAValue> {
    let mut out = Vec::new();
    for (number, bytes) in wire(A::SET, object)? {
        let attribute = A::parse(number, &bytes);
        out.push(attribute.map_err(|error| NotAValue(error.to_string()))?);
    }
    Ok(out)
}

/// Numbers and bytes of the attributes that `object` has.
fn wire(set: &AttributeSet, object: &Map<String, Value>) -> Result<Vec<(u16, Vec<u8>)>, NotAValue> {
    let mut out = Vec::new();
    for (name, value) in object {
        let Some((number, info)) = set.find(name) else {
            return Err(NotAValue(format!("a {} has no '{name}'", set.name)));
        };
        let within = |error: NotAValue| NotAValue(format!("{name}: {}", error.0));
        match value {
            Value::Array(values) if info.many => {
                for value in values {
                    out.push((number, bytes(info, value).map_err(within)?));
                }
            }
            // A flag that is not there.
            Value::Bool(false) if info.kind == Kind::Flag => {}
            value => out.push((number, bytes(info, value).map_err(within)?)),
        }
    }
    Ok(out)
}

/// One value on the wire.
fn bytes(info: &AttributeInfo, value: &Value) -> Result<Vec<u8>, NotAValue> {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Ok(match (info.kind, info.nested) {
        (Kind::Flag, _) => match value {
            Value::Bool(true) => Vec::new(),
            _ => return Err(NotAValue(format!("{text} is neither true nor false"))),
        },
        (Kind::Nest, Some(set)) => {
            let object = value.as_object();
            let object = object.ok_or_else(|| NotAValue(format!("{text} is no object")))?;
            nest(&wire(set, object)?)?
        }
        (Kind::String, _) if value.is_string() => [text.as_bytes(), b"\0"].concat(),
        (Kind::Binary, _) => {
            let text = hexadecimal(info, &text)?;
            let digits = text.as_bytes().chunks(2);
            let pairs = digits.filter_map(|pair| std::str::from_utf8(pair).ok());
            pairs
                .filter_map(|pair| u8::from_str_radix(pair, 16).ok())
                .collect()
        }
        (Kind::String | Kind::Nest, _) => return Err(NotAValue(format!("{text} is no text"))),
        (Kind::U8, _) => vec![number(info, &text)? as u8],
        (Kind::U16, _) => (number(info, &text)? as u16).to_ne_bytes().to_vec(),
        (Kind::U32, _) => (number(info, &text)? as u32).to_ne_bytes().to_vec(),
        (Kind::Uint, _) => match u32::try_from(number(info, &text)?) {
            Ok(short) => short.to_ne_bytes().to_vec(),
            Err(_) => number(info, &text)?.to_ne_bytes().to_vec(),
        },
        _ => number(info, &text)?.to_ne_bytes().to_vec(),
    })
}

/// Attributes one after the other, as they lie in a nest.
fn nest(attributes: &[(u16, Vec<u8>)]) -> Result<Vec<u8>, NotAValue> {
    const HEADER: usize = 4;
    let mut out = Vec::new();
    for (number, value) in attributes {
        let length = u16::try_from(HEADER + value.len());
        let length = length.map_err(|_| NotAValue("is longer than netlink carries".into()))?;
        out.extend(length.to_ne_bytes());
        out.extend(number.to_ne_bytes());
        out.extend(value);
        out.resize(out.len().next_multiple_of(HEADER), 0);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nlctl::{PasidMode, SubdevAttr, SubdevWqAttr};
    use serde_json::json;

    fn info(path: &[&str]) -> &'static AttributeInfo {
        let mut set = SubdevAttr::SET;
        let mut found = None;
        for name in path {
            let (_, info) = set.find(name).expect("is in the spec");
            set = info.nested.unwrap_or(set);
            found = Some(info);
        }
        found.expect("has a name")
    }

    #[test]
    fn words_are_values_by_what_the_spec_says() {
        let parse = |path: &[&str], word| parse(info(path), word);
        assert_eq!(parse(&["pasid-mode"], "shared"), Ok(json!("shared")));
        assert_eq!(parse(&["pasid-mode"], "2"), Ok(json!("shared")));
        assert_eq!(parse(&["pasid-mode"], "77"), Ok(json!("77")));
        assert_eq!(parse(&["wq", "size"], "0x10"), Ok(json!(16)));
        assert_eq!(parse(&["name"], "77"), Ok(json!("77")));
        let mask = parse(&["dsa-subdev", "op-config"], "09").expect("is a mask");
        assert_eq!(mask, json!(format!("09{}", "0".repeat(62))));
        for (path, word, accepted) in [
            (&["pasid-mode"][..], "big", "none, dedicated, shared"),
            (&["wq", "size"], "+3", "at least 1"),
            (&["wq", "size"], "4294967296", "at most 4294967295"),
            (&["dsa-subdev", "op-config"], "0", "at most 32 bytes"),
            (&["dsa-subdev", "op-config"], "é0", "hexadecimal"),
        ] {
            let error = parse(path, word).expect_err("is none").to_string();
            assert!(error.contains(accepted) && error.contains(word), "{error}");
        }
    }

    #[test]
    fn an_object_is_sent_as_its_attributes() {
        let object = json!({
            "name": "net0",
            "pasid-mode": "shared",
            "wq": [{"id": 3, "max-rate": 5_000_000_000_u64}, {"id": 4}],
            "lease": true,
            "force": false,
        });
        let object = object.as_object().expect("is an object");
        let expected = vec![
            SubdevAttr::Name("net0".into()),
            SubdevAttr::PasidMode(PasidMode::Shared),
            SubdevAttr::Wq(vec![
                SubdevWqAttr::Id(3),
                SubdevWqAttr::MaxRate(5_000_000_000),
            ]),
            SubdevAttr::Wq(vec![SubdevWqAttr::Id(4)]),
            SubdevAttr::Lease,
        ];
        assert_eq!(attributes::<SubdevAttr>(object), Ok(expected));
    }

    #[test]
    fn what_the_family_has_not_is_named() {
        let object = json!({"wq": [{"id": 3, "colour": 1}]});
        let object = object.as_object().expect("is an object");
        let error = attributes::<SubdevAttr>(object).expect_err("is refused");
        assert_eq!(error.to_string(), "wq: a subdev-wq has no 'colour'");
    }
}

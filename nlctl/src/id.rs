// SPDX-License-Identifier: MIT OR Apache-2.0

//! How people name objects, in one word.

use std::fmt;
use std::str::FromStr;

/// What names a subdev.
///
/// A word is taken for an index when it is a decimal number, for a UUID when
/// it has the form of one, and else for a name.
///
/// ```
/// use nlctl::Id;
///
/// assert_eq!(Id::from("7"), Id::Index(7));
/// assert_eq!(Id::from("dsa0-7"), Id::Name("dsa0-7".into()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Id {
    /// The number that the kernel gave it.
    Index(u32),
    /// Its name.
    Name(String),
    /// Its UUID in text form.
    Uuid(String),
}

impl From<u32> for Id {
    fn from(index: u32) -> Self {
        Self::Index(index)
    }
}

impl From<&str> for Id {
    fn from(word: &str) -> Self {
        Self::from(word.to_string())
    }
}

impl From<String> for Id {
    fn from(word: String) -> Self {
        let digits = word.bytes().all(|byte| byte.is_ascii_digit());
        match word.parse() {
            Ok(index) if digits => Self::Index(index),
            _ if is_uuid(&word) => Self::Uuid(word),
            _ => Self::Name(word),
        }
    }
}

/// Whether `word` is 8-4-4-4-12 hexadecimal digits.
fn is_uuid(word: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    word.split('-').map(str::len).eq(lengths)
        && word
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "{index}"),
            Self::Name(word) | Self::Uuid(word) => f.write_str(word),
        }
    }
}

/// What names a parent: `0`, `dsa0` or `pci/0000:6a:01.0`.
///
/// A word is taken for an index when it is a decimal number, for a bus and a
/// device when there is a slash in it, and else for a name.
///
/// ```
/// use nlctl::ParentRef;
///
/// assert_eq!(ParentRef::from("0"), ParentRef::Index(0));
/// assert_eq!(ParentRef::from("dsa0"), ParentRef::Name("dsa0".into()));
/// assert_eq!(ParentRef::from("pci/0000:6a:01.0").to_string(), "pci/0000:6a:01.0");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParentRef {
    /// The number that the kernel gave it, and gives to no other.
    Index(u32),
    /// Its name, which another device may have later.
    Name(String),
    /// Where it is, which stays the same when the module is loaded anew.
    Device {
        /// Name of the bus.
        bus: String,
        /// Name of the device on the bus.
        device: String,
    },
}

impl From<u32> for ParentRef {
    fn from(index: u32) -> Self {
        Self::Index(index)
    }
}

impl From<&str> for ParentRef {
    fn from(word: &str) -> Self {
        let digits = word.bytes().all(|byte| byte.is_ascii_digit());
        match (word.parse(), word.split_once('/')) {
            (Ok(index), _) if digits => Self::Index(index),
            (_, Some((bus, device))) => Self::Device {
                bus: bus.to_string(),
                device: device.to_string(),
            },
            (_, None) => Self::Name(word.to_string()),
        }
    }
}

impl From<String> for ParentRef {
    fn from(word: String) -> Self {
        Self::from(word.as_str())
    }
}

impl fmt::Display for ParentRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "{index}"),
            Self::Name(name) => f.write_str(name),
            Self::Device { bus, device } => write!(f, "{bus}/{device}"),
        }
    }
}

/// What names a work queue: `3`, `wq3`, or with its parent `dsa0/wq3` or
/// `pci/0000:6a:01.0/wq3`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct WqRef {
    /// The parent; may be left out while there is only one.
    pub parent: Option<ParentRef>,
    /// Number of the work queue on its parent.
    pub id: u32,
}

impl From<u32> for WqRef {
    fn from(id: u32) -> Self {
        Self { parent: None, id }
    }
}

/// A word that names no work queue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' names no work queue; accepted: N, wqN or PARENT/wqN")]
pub struct NotAWorkQueue(
    /// The word.
    pub String,
);

impl FromStr for WqRef {
    type Err = NotAWorkQueue;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let (parent, queue) = match word.rsplit_once('/') {
            Some((parent, queue)) => (Some(parent), queue),
            None => (None, word),
        };
        let digits = queue.strip_prefix("wq").unwrap_or(queue);
        let number = digits.bytes().all(|byte| byte.is_ascii_digit());
        match digits.parse() {
            Ok(id) if number && parent != Some("") => Ok(Self {
                parent: parent.map(ParentRef::from),
                id,
            }),
            _ => Err(NotAWorkQueue(word.to_string())),
        }
    }
}

impl WqRef {
    /// The work queue `id` of `parent`.
    pub fn on(parent: impl Into<ParentRef>, id: u32) -> Self {
        Self {
            parent: Some(parent.into()),
            id,
        }
    }
}

impl fmt::Display for WqRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = &self.parent {
            write!(f, "{parent}/")?;
        }
        write!(f, "wq{}", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_an_index_a_uuid_or_a_name() {
        let uuid = "123e4567-e89b-12d3-a456-42661417400F";
        assert_eq!(Id::from("0"), Id::Index(0));
        assert_eq!(Id::from(uuid), Id::Uuid(uuid.into()));
        for name in [
            "",
            "+1",
            "4294967296",
            "dsa0",
            "123e4567-e89b-12d3-a456-42661417400g",
        ] {
            assert_eq!(Id::from(name), Id::Name(name.into()));
        }
    }

    #[test]
    fn a_work_queue_may_carry_its_parent() {
        let queue = |parent: Option<&str>, id| WqRef {
            parent: parent.map(ParentRef::from),
            id,
        };
        assert_eq!("3".parse(), Ok(queue(None, 3)));
        assert_eq!("wq3".parse(), Ok(queue(None, 3)));
        assert_eq!("dsa0/wq3".parse(), Ok(queue(Some("dsa0"), 3)));
        assert_eq!("dsa0/wq3".parse(), Ok(WqRef::on("dsa0", 3)));
        assert_eq!(
            "pci/0000:6a:01.0/wq3".parse(),
            Ok(queue(Some("pci/0000:6a:01.0"), 3))
        );
        assert_eq!("dsa0/3".parse(), Ok(queue(Some("dsa0"), 3)));
        for word in [
            "",
            "wq",
            "dsa0",
            "/wq3",
            "dsa0/",
            "wq+3",
            "-1",
            "4294967296",
        ] {
            assert_eq!(word.parse::<WqRef>(), Err(NotAWorkQueue(word.into())));
        }
    }
}

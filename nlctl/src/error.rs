// SPDX-License-Identifier: MIT OR Apache-2.0

//! Everything that can go wrong, in words for whoever asked.

use std::fmt;
use std::io;
use std::time::Duration;

use netlink_packet_core::DecodeError;
use nix::errno::Errno;

use crate::attribute::{Accepts, AttributeSet};
use crate::ext_ack::ExtAck;
use crate::generated::Command;
use crate::path;
use crate::value::Malformed;

/// Why there is no answer, or none that helps.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The kernel has carried out nothing of the request, and says why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The module that provides the family is not there.
    #[error(
        "the kernel has no generic netlink family 'subdev': the module is not loaded; \
         'modprobe subdev' or 'insmod subdev.ko' loads it"
    )]
    FamilyAbsent,
    /// The loaded module is older than this library and has no such operation;
    /// [`Handle::supports`](crate::Handle::supports) tells beforehand.
    #[error("{command}: the loaded module does not have this operation")]
    #[non_exhaustive]
    NotSupported {
        /// The operation.
        command: Command,
    },
    /// A request that netlink cannot carry; nothing was sent.
    #[error("{attribute}: {reason}")]
    #[non_exhaustive]
    Unsendable {
        /// Path of the attribute, for example "name".
        attribute: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Changes kept interrupting a dump, which was repeated for that long.
    ///
    /// [`Handle::watch`](crate::Handle::watch) has the state of such a time
    /// nevertheless.
    #[error("{command}: changes kept interrupting the dump for {} s; try again", limit.as_secs())]
    #[non_exhaustive]
    Interrupted {
        /// The operation.
        command: Command,
        /// How long it was tried.
        limit: Duration,
    },
    /// There was no answer in the time that the request was given.
    ///
    /// Whether it was or will be carried out is unknown. To find out, ask for
    /// the object.
    #[error("{command}: no answer within {limit:?}")]
    #[non_exhaustive]
    TimedOut {
        /// The operation.
        command: Command,
        /// How long it was waited for.
        limit: Duration,
    },
    /// The kernel could not deliver an answer, which may have been the one to
    /// this request.
    ///
    /// Whether the request was carried out is unknown. To find out, ask for
    /// the object.
    #[error(
        "{command}: the kernel could not deliver its answer; \
         whether the request was carried out is unknown"
    )]
    #[non_exhaustive]
    Lost {
        /// The operation.
        command: Command,
    },
    /// The kernel sent something that is not a message of the family.
    #[error("cannot read the kernel's answer: {0}")]
    Malformed(String),
    /// The connection has ended, or is not driven any more.
    #[error("the netlink connection is closed")]
    Closed,
    /// The system refused an operation on the socket.
    #[error("netlink socket: {0}")]
    Socket(#[from] io::Error),
}

impl Error {
    /// What cannot be read.
    pub(crate) fn from_decode(error: DecodeError) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl From<Malformed> for Error {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// An error as programs know it that care for no more than the kind.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Refused(refusal) => refusal.kind().into(),
            Error::FamilyAbsent | Error::NotSupported { .. } => io::ErrorKind::Unsupported,
            Error::Unsendable { .. } => io::ErrorKind::InvalidInput,
            Error::Interrupted { .. } | Error::TimedOut { .. } => io::ErrorKind::TimedOut,
            Error::Lost { .. } => io::ErrorKind::Other,
            Error::Malformed(_) => io::ErrorKind::InvalidData,
            Error::Closed => io::ErrorKind::NotConnected,
            Error::Socket(error) => error.kind(),
        };
        match error {
            Error::Socket(error) => error,
            error => Self::new(kind, error),
        }
    }
}

/// Why the kernel refused, to match on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// There is no such object, or its device is gone (ENOENT, ENODEV).
    NotFound,
    /// There is such an object already (EEXIST).
    Exists,
    /// The object is in use (EBUSY).
    Busy,
    /// There is no room for more (ENOSPC, EOVERFLOW).
    NoRoom,
    /// The request is invalid, or an attribute of it (EINVAL, ERANGE, E2BIG,
    /// EMSGSIZE).
    Invalid,
    /// This kernel or this device cannot do that (EOPNOTSUPP).
    Unsupported,
    /// That needs CAP_NET_ADMIN in the initial user namespace, or the initial
    /// network namespace (EPERM, EACCES).
    Permission,
    /// The kernel is out of memory (ENOMEM, ENOBUFS).
    NoMemory,
    /// The hardware failed, or is not back after a halt (EIO).
    Hardware,
    /// The hardware, or work in flight, did not end in time (ETIMEDOUT).
    TimedOut,
    /// The kernel could not deliver the reply: the socket is full or closed (EAGAIN,
    /// ECONNREFUSED).
    Undelivered,
    /// Another reason; see [`Refusal::errno`].
    Other,
}

impl From<RefusalKind> for io::ErrorKind {
    fn from(kind: RefusalKind) -> Self {
        match kind {
            RefusalKind::NotFound => Self::NotFound,
            RefusalKind::Exists => Self::AlreadyExists,
            RefusalKind::Busy => Self::ResourceBusy,
            RefusalKind::NoRoom => Self::StorageFull,
            RefusalKind::Invalid => Self::InvalidInput,
            RefusalKind::Unsupported => Self::Unsupported,
            RefusalKind::Permission => Self::PermissionDenied,
            RefusalKind::NoMemory => Self::OutOfMemory,
            RefusalKind::TimedOut => Self::TimedOut,
            RefusalKind::Hardware | RefusalKind::Undelivered | RefusalKind::Other => Self::Other,
        }
    }
}

/// What the kernel said when it refused a request.
///
/// Shown, it is a sentence without the full stop: the attribute when the
/// message does not name it, the message, and what would be accepted when the
/// kernel's policy was violated.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The errno, as a positive number.
    pub errno: i32,
    /// The sentence of the extended ACK.
    pub message: Option<String>,
    /// Path of the offending attribute, for example "name" or "wq.id".
    pub attribute: Option<String>,
    /// Path of an attribute that had to be there.
    pub missing: Option<String>,
    /// What the kernel's policy, or else the spec, accepts for `attribute`.
    pub accepts: Option<Accepts>,
}

impl Refusal {
    /// Puts an extended ACK in the terms of the request that it answers.
    ///
    /// `request` are the attributes of the request, which are of `set`.
    pub(crate) fn new(
        errno: i32,
        ext_ack: ExtAck,
        set: &'static AttributeSet,
        request: &[u8],
    ) -> Self {
        let offending = ext_ack
            .offset
            .and_then(|offset| path::at(set, request, offset));
        let missing = ext_ack
            .missing
            .and_then(|missing| path::missing(set, request, missing));
        let spec = offending.as_ref().map(|at| at.info.accepts);
        let accepts = match (ext_ack.policy, spec) {
            // The policy of an enum knows a range only.
            (Some(_), Some(Accepts::Names(names))) => Some(Accepts::Names(names)),
            (Some(policy), _) => Some(policy),
            (None, Some(spec)) if ext_ack.message.is_none() => Some(spec),
            (None, _) => None,
        };
        Self {
            errno,
            message: ext_ack.message,
            attribute: offending.map(|at| at.path),
            missing,
            accepts: accepts.filter(|it| *it != Accepts::Any),
        }
    }

    /// Why, to match on.
    pub fn kind(&self) -> RefusalKind {
        match Errno::from_raw(self.errno) {
            Errno::ENOENT | Errno::ENODEV => RefusalKind::NotFound,
            Errno::EEXIST => RefusalKind::Exists,
            Errno::EBUSY => RefusalKind::Busy,
            Errno::ENOSPC | Errno::EOVERFLOW => RefusalKind::NoRoom,
            Errno::EINVAL | Errno::ERANGE | Errno::E2BIG | Errno::EMSGSIZE => RefusalKind::Invalid,
            Errno::EOPNOTSUPP => RefusalKind::Unsupported,
            Errno::EPERM | Errno::EACCES => RefusalKind::Permission,
            Errno::ENOMEM | Errno::ENOBUFS => RefusalKind::NoMemory,
            Errno::EIO => RefusalKind::Hardware,
            Errno::ETIMEDOUT => RefusalKind::TimedOut,
            Errno::EAGAIN | Errno::ECONNREFUSED => RefusalKind::Undelivered,
            _ => RefusalKind::Other,
        }
    }

    /// Whether it is what generic netlink itself says to a request for a family
    /// of a number that there is none of, or netlink to a dump of one whose
    /// module is being unloaded.
    pub(crate) fn is_of_unknown_family(&self) -> bool {
        self.is_without_reason(Errno::ENOENT) || self.is_without_reason(Errno::EPROTONOSUPPORT)
    }

    /// Whether it is what generic netlink itself says to a request for an
    /// operation that the family does not have.
    pub(crate) fn is_of_unknown_operation(&self) -> bool {
        self.is_without_reason(Errno::EOPNOTSUPP)
    }

    /// Whether it is what netlink itself says to a second dump on a socket.
    pub(crate) fn is_of_busy_socket(&self) -> bool {
        self.is_without_reason(Errno::EBUSY)
    }

    /// Whether it is that errno and says no more. What the module refuses has a
    /// reason.
    fn is_without_reason(&self, errno: Errno) -> bool {
        self.errno == errno as i32
            && self.message.is_none()
            && self.attribute.is_none()
            && self.missing.is_none()
    }

    /// Name of the errno, for example "EBUSY".
    pub fn errno_name(&self) -> String {
        format!("{:?}", Errno::from_raw(self.errno))
    }
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match (&self.message, &self.missing) {
            (Some(message), _) => message.trim_end().trim_end_matches('.').to_string(),
            (None, Some(_)) => "this attribute is required".to_string(),
            (None, None) => {
                let errno = Errno::from_raw(self.errno);
                let hint = match errno {
                    // Said by generic netlink itself, which gives no reason.
                    Errno::EPERM => "; this needs CAP_NET_ADMIN in the initial user namespace",
                    _ => "",
                };
                format!("{} ({errno:?}){hint}", errno.desc())
            }
        };
        let subject = self.attribute.as_ref().or(self.missing.as_ref());
        f.write_str(&about(subject.map(String::as_str), &text))?;
        match &self.accepts {
            Some(accepts) => write!(f, "; accepted: {accepts}"),
            None => Ok(()),
        }
    }
}

/// `text` with the path of the attribute that it is about, unless it names it.
pub(crate) fn about(path: Option<&str>, text: &str) -> String {
    match path {
        Some(path) if !mentions(text, path) => format!("{path}: {text}"),
        _ => text.to_string(),
    }
}

/// Whether `text` has the name at the end of `path` as a word.
fn mentions(text: &str, path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path);
    text.split(|c: char| !c.is_alphanumeric() && c != '-')
        .any(|word| word == name)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn refusal(message: Option<&str>, attribute: Option<&str>) -> Refusal {
        Refusal {
            errno: Errno::EBUSY as i32,
            message: message.map(str::to_string),
            attribute: attribute.map(str::to_string),
            missing: None,
            accepts: None,
        }
    }

    #[test]
    fn the_attribute_is_named_once() {
        let message = Some("no such work queue on dsa0; it has 0 to 7.");
        assert_eq!(
            refusal(message, Some("wq")).to_string(),
            "wq: no such work queue on dsa0; it has 0 to 7"
        );
        assert_eq!(
            refusal(Some("wq 3 belongs to dsa0-0"), Some("wq")).to_string(),
            "wq 3 belongs to dsa0-0"
        );
        assert_eq!(
            refusal(Some("pasid-mode does not fit"), Some("mode")).to_string(),
            "mode: pasid-mode does not fit"
        );
    }

    #[test]
    fn without_a_message_the_errno_speaks() {
        let text = refusal(None, Some("name")).to_string();
        assert_eq!(text, "name: Device or resource busy (EBUSY)");
    }

    #[test]
    fn an_error_has_a_kind_and_keeps_its_words_as_an_error_of_io() {
        let busy = refusal(Some("open by a VFIO user"), Some("name"));
        assert_eq!(busy.kind(), RefusalKind::Busy);
        let error = io::Error::from(Error::from(busy));
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
        assert_eq!(error.to_string(), "name: open by a VFIO user");
        let full = io::Error::from_raw_os_error(Errno::EMFILE as i32);
        let error = io::Error::from(Error::from(full));
        assert_eq!(error.raw_os_error(), Some(Errno::EMFILE as i32));
    }

    #[test]
    fn each_errno_of_the_family_has_a_kind() {
        let text = include_str!("../../spec/FAMILY.md");
        let names = text.lines().filter_map(|line| {
            let (name, _) = line.strip_prefix("| `E")?.split_once('`')?;
            Some(format!("E{name}"))
        });
        let known: BTreeMap<_, _> = (1..200)
            .map(Errno::from_raw)
            .map(|errno| (format!("{errno:?}"), errno))
            .collect();
        let mut kinds = BTreeSet::new();
        for name in names {
            let refusal = Refusal {
                errno: known[&name] as i32,
                ..refusal(None, None)
            };
            assert_ne!(refusal.kind(), RefusalKind::Other, "{name}");
            kinds.insert(format!("{:?}", refusal.kind()));
        }
        for kind in ["Busy", "Hardware", "TimedOut"] {
            assert!(kinds.contains(kind), "{kinds:?}");
        }
    }

    #[test]
    fn what_is_missing_or_accepted_is_said() {
        let missing = Refusal {
            missing: Some("id".into()),
            ..refusal(None, None)
        };
        assert_eq!(missing.to_string(), "id: this attribute is required");
        let accepts = Refusal {
            accepts: Some(Accepts::Range {
                min: Some(1),
                max: None,
            }),
            ..refusal(Some("integer out of range"), Some("size"))
        };
        assert_eq!(
            accepts.to_string(),
            "size: integer out of range; accepted: at least 1"
        );
    }
}

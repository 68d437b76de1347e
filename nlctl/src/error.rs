// SPDX-License-Identifier: MIT OR Apache-2.0

//! Everything that can go wrong, in words for whoever asked.

use std::fmt;
use std::time::Duration;

use netlink_packet_core::DecodeError;
use nix::errno::Errno;

use crate::attribute::{Accepts, AttributeSet};
use crate::ext_ack::ExtAck;
use crate::generated::Command;
use crate::path;

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
    #[error("{command}: changes kept interrupting the dump for {} s; try again", limit.as_secs())]
    #[non_exhaustive]
    Interrupted {
        /// The operation.
        command: Command,
        /// How long it was tried.
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
    Socket(#[from] std::io::Error),
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::Malformed(error.to_string())
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
    /// Path of the offending attribute, for example "wq" or "dsa.version".
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

    /// Whether it is what generic netlink itself says to a request for a family
    /// of a number that there is none of. What the module refuses has a reason.
    pub(crate) fn is_of_unknown_family(&self) -> bool {
        self.errno == Errno::ENOENT as i32
            && self.message.is_none()
            && self.attribute.is_none()
            && self.missing.is_none()
    }

    /// Whether it is what netlink itself says to a second dump on a socket. What
    /// the module refuses has a reason.
    pub(crate) fn is_of_busy_socket(&self) -> bool {
        self.errno == Errno::EBUSY as i32 && self.message.is_none() && self.attribute.is_none()
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

// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the kernel has to say of a request, by its own policy.
//!
//! The rules are those of srctree net/netlink/genetlink.c and srctree
//! lib/nlattr.c for a family that validates strictly.

use nix::libc;

use super::request::{Found, Request, found};
use super::table::{Operation, Policy, Rule, Table};
use crate::genl::{GENL_HEADER, flag};

/// Flags of netlink that a request may have, beside those of a dump.
const KNOWN_FLAGS: u16 = flag::REQUEST | flag::ACK | flag::ECHO;

/// Flags in the number of an attribute.
pub const NESTED: u16 = 1 << 15;
/// See [`NESTED`].
pub const NET_BYTE_ORDER: u16 = 1 << 14;

/// What has to become of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It is not looked at.
    Ignored,
    /// It is refused, and no attribute is to blame.
    Refused {
        /// With this errno.
        errno: i32,
    },
    /// It is refused because of the attribute that begins here.
    Offends {
        /// Counted from the netlink header.
        offset: usize,
    },
    /// It is for the operation to decide.
    Valid(&'a Operation),
}

impl<'a> Verdict<'a> {
    /// Judges a request of somebody who is an admin, or is not.
    pub fn on(request: &Request, table: &'a Table, admin: bool) -> Self {
        let refused = |errno| Self::Refused { errno };
        if request.flags & flag::REQUEST == 0 {
            return Self::Ignored;
        }
        let payload = request.payload();
        if payload.len() < GENL_HEADER {
            return refused(libc::EINVAL);
        }
        let allowed = if request.is_dump() {
            KNOWN_FLAGS | flag::DUMP
        } else {
            KNOWN_FLAGS
        };
        if request.reserved != 0 || request.flags & !allowed != 0 {
            return refused(libc::EINVAL);
        }
        let Some(operation) = table.find(request.command, request.is_dump()) else {
            return refused(libc::EOPNOTSUPP);
        };
        if operation.admin && !admin {
            return refused(libc::EPERM);
        }
        let Some(policy) = &operation.policy else {
            return Self::Valid(operation);
        };
        match check(policy, found(&payload)) {
            Ok(()) => Self::Valid(operation),
            Err(Wrong::Attribute(offset)) => Self::Offends { offset },
            Err(Wrong::Rest) => refused(libc::EINVAL),
        }
    }
}

/// What is wrong with a list of attributes.
enum Wrong {
    /// The attribute that begins here.
    Attribute(usize),
    /// Bytes follow that are no attribute.
    Rest,
}

/// Finds what the kernel finds first.
fn check(policy: &Policy, (attributes, more): (Vec<Found<'_>>, bool)) -> Result<(), Wrong> {
    for attribute in attributes {
        if !accepts(policy, &attribute) {
            return Err(Wrong::Attribute(attribute.offset));
        }
        let kind = attribute.kind & !(NESTED | NET_BYTE_ORDER);
        if let Some(Rule::Nest(policy)) = policy.get(&kind) {
            check(policy, attribute.inner())?;
        }
    }
    match more {
        true => Err(Wrong::Rest),
        false => Ok(()),
    }
}

/// Whether an attribute is as it has to be, apart from what is in a nest.
fn accepts(policy: &Policy, attribute: &Found<'_>) -> bool {
    let Some(rule) = policy.get(&(attribute.kind & !(NESTED | NET_BYTE_ORDER))) else {
        return false;
    };
    let is_nest = matches!(rule, Rule::Nest(_));
    if is_nest != (attribute.kind & NESTED != 0) {
        return false;
    }
    let value = attribute.value;
    match *rule {
        Rule::Nest(_) => value.is_empty() || value.len() >= 4,
        Rule::Flag => value.is_empty(),
        Rule::U32 { min, max } => value
            .try_into()
            .is_ok_and(|value| (min..=max).contains(&u32::from_ne_bytes(value))),
        Rule::Flags { mask } => value
            .try_into()
            .is_ok_and(|value| u32::from_ne_bytes(value) & !mask == 0),
        Rule::Uint => [4, 8].contains(&value.len()),
        Rule::Bytes { min, max } => (min..=max).contains(&value.len()),
        Rule::Text { max } => {
            let ends = value.iter().take(max + 1).any(|byte| *byte == 0);
            ends && value.strip_suffix(&[0]).unwrap_or(value).len() <= max
        }
        Rule::OpenText { max } => {
            !value.is_empty() && value.strip_suffix(&[0]).unwrap_or(value).len() <= max
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::request::Attribute;
    use super::*;

    fn table() -> Table {
        let policy = [
            (1, Rule::U32 { min: 0, max: 2 }),
            (2, Rule::Text { max: 3 }),
            (7, Rule::OpenText { max: 3 }),
            (4, Rule::Flag),
            (6, Rule::Flags { mask: 5 }),
            (5, Rule::Nest([(1, Rule::U32 { min: 1, max: 9 })].into())),
        ];
        let operation = |command, admin| Operation {
            command,
            dump: false,
            admin,
            policy: Some(policy.clone().into()),
        };
        Table {
            family: 30,
            group: 5,
            operations: vec![operation(1, false), operation(2, true)],
        }
    }

    fn judge(change: impl FnOnce(&mut Request)) -> Option<Result<usize, i32>> {
        let mut request = Request::new(1, false);
        change(&mut request);
        match Verdict::on(&request, &table(), false) {
            Verdict::Offends { offset } => Some(Ok(offset)),
            Verdict::Refused { errno } => Some(Err(errno)),
            Verdict::Ignored | Verdict::Valid(_) => None,
        }
    }

    fn judge_one(kind: u16, value: &[u8]) -> Option<Result<usize, i32>> {
        judge(|request| request.attributes = vec![Attribute::new(kind, value.to_vec())])
    }

    #[test]
    fn values_within_the_policy_are_for_the_operation() {
        for (kind, value) in [
            (1, &[2, 0, 0, 0][..]),
            (1 | NET_BYTE_ORDER, &[0; 4]),
            (2, b"abc\0"),
            (2, b"\0"),
            (2, b"a\0b"),
            (7, b"abc"),
            (7, b"abc\0"),
            (4, b""),
            (6, &[4, 0, 0, 0]),
            (5 | NESTED, b""),
            (5 | NESTED, &[8, 0, 1, 0, 2, 0, 0, 0]),
        ] {
            assert_eq!(judge_one(kind, value), None, "{kind} {value:?}");
        }
    }

    #[test]
    fn the_first_offender_is_named() {
        for (kind, value) in [
            (1, &[3, 0, 0, 0][..]),
            (1, &[0; 8]),
            (1 | NESTED, &[0; 4]),
            (2, b""),
            (2, b"abc"),
            (2, b"abcd\0"),
            (2, b"a\0bcd"),
            (7, b""),
            (7, b"abcd"),
            (3, b""),
            (0, b""),
            (4, b"x"),
            (6, &[2, 0, 0, 0]),
            (6, &[4]),
            (5, &[8, 0, 1, 0, 2, 0, 0, 0]),
            (5 | NESTED, b"x"),
        ] {
            assert_eq!(judge_one(kind, value), Some(Ok(20)), "{kind} {value:?}");
        }
        for inner in [&[8, 0, 1, 0, 0, 0, 0, 0], &[8, 0, 2, 0, 1, 0, 0, 0]] {
            assert_eq!(judge_one(5 | NESTED, inner), Some(Ok(24)), "{inner:?}");
        }
        let half = [8, 0, 1, 0, 2, 0, 0, 0, 1];
        assert_eq!(judge_one(5 | NESTED, &half), Some(Err(libc::EINVAL)));
        let two = judge(|request| {
            request.attributes = vec![Attribute::new(4, vec![]), Attribute::new(9, vec![])];
        });
        assert_eq!(two, Some(Ok(24)));
    }

    #[test]
    fn headers_are_judged_first() {
        assert_eq!(
            judge(|request| request.cut = Some(3)),
            Some(Err(libc::EINVAL))
        );
        assert_eq!(
            judge(|request| request.reserved = 1),
            Some(Err(libc::EINVAL))
        );
        assert_eq!(
            judge(|request| request.flags |= 0x100),
            Some(Err(libc::EINVAL))
        );
        assert_eq!(
            judge(|request| request.command = 9),
            Some(Err(libc::EOPNOTSUPP))
        );
        assert_eq!(judge(|request| request.command = 2), Some(Err(libc::EPERM)));
        assert_eq!(
            judge(|request| request.tail = vec![0]),
            Some(Err(libc::EINVAL))
        );
    }
}

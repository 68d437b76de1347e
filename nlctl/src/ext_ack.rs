// SPDX-License-Identifier: MIT OR Apache-2.0

//! Reads the extended ACK that the kernel puts at the end of an error or of a
//! dump (srctree include/uapi/linux/netlink.h, `enum nlmsgerr_attrs`).
//!
//! Nothing here fails: what cannot be read is as good as absent, because the
//! errno has already told that the request was refused.

use netlink_packet_core::{
    NLA_ALIGNTO, NLM_F_ACK_TLVS, NLM_F_CAPPED, NlaBuffer, NlasIterator, parse_string, parse_u32,
    parse_u64,
};

use crate::attribute::Accepts;

/// Length of `struct nlmsghdr`.
const HEADER_LENGTH: usize = 16;

const MSG: u16 = 1;
const OFFS: u16 = 2;
const POLICY: u16 = 4;
const MISS_TYPE: u16 = 5;
const MISS_NEST: u16 = 6;

/// Attributes of a policy (`enum netlink_policy_type_attr`).
const POLICY_MIN_VALUE_U: u16 = 4;
const POLICY_MAX_VALUE_U: u16 = 5;
const POLICY_MIN_LENGTH: u16 = 6;
const POLICY_MAX_LENGTH: u16 = 7;

/// An attribute that the request had to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Missing {
    /// Its number.
    pub kind: u16,
    /// Where the nest begins that it is missing in, as an offset in the
    /// request; `None` for the message itself.
    pub nest: Option<usize>,
}

/// What an extended ACK says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ExtAck {
    /// A sentence.
    pub message: Option<String>,
    /// Where the offending attribute begins, counted from the begin of the
    /// netlink header of the request.
    pub offset: Option<usize>,
    /// What the policy of the offending attribute accepts.
    pub policy: Option<Accepts>,
    /// What is not there.
    pub missing: Option<Missing>,
}

impl ExtAck {
    /// Reads it from what follows the error code of an NLMSG_ERROR, whose
    /// header has `flags`.
    pub fn of_error(flags: u16, payload: &[u8]) -> Self {
        let request = match payload.first_chunk() {
            Some(length) if flags & NLM_F_CAPPED == 0 => {
                usize::try_from(u32::from_ne_bytes(*length)).unwrap_or(usize::MAX)
            }
            _ => HEADER_LENGTH,
        };
        let start = request
            .max(HEADER_LENGTH)
            .checked_next_multiple_of(NLA_ALIGNTO);
        let attributes = start.and_then(|start| payload.get(start..));
        Self::of_done(flags, attributes.unwrap_or_default())
    }

    /// Reads it from what follows the error code of an NLMSG_DONE, whose
    /// header has `flags`.
    pub fn of_done(flags: u16, attributes: &[u8]) -> Self {
        let mut out = Self::default();
        if flags & NLM_F_ACK_TLVS == 0 {
            return out;
        }
        let mut nest = None;
        for attribute in well_formed(attributes) {
            let value = attribute.value();
            match attribute.kind() {
                MSG => out.message = sentence(value),
                OFFS => out.offset = offset(value),
                POLICY => out.policy = policy(value),
                MISS_TYPE => {
                    let kind = parse_u32(value).ok().and_then(|it| u16::try_from(it).ok());
                    out.missing = kind.map(|kind| Missing { kind, nest: None });
                }
                MISS_NEST => nest = offset(value),
                _ => (),
            }
        }
        if let Some(missing) = &mut out.missing {
            missing.nest = nest;
        }
        out
    }
}

/// The attributes up to the first that is malformed.
fn well_formed(attributes: &[u8]) -> impl Iterator<Item = NlaBuffer<&[u8]>> {
    NlasIterator::new(attributes).map_while(Result::ok)
}

/// The message; one without a word is as good as none.
fn sentence(value: &[u8]) -> Option<String> {
    let text = parse_string(value).ok()?;
    text.contains(char::is_alphanumeric).then_some(text)
}

fn offset(value: &[u8]) -> Option<usize> {
    parse_u32(value).ok()?.try_into().ok()
}

/// What a policy accepts; `None` when it limits nothing.
fn policy(attributes: &[u8]) -> Option<Accepts> {
    let (mut range, mut length) = ((None, None), (None, None));
    for attribute in well_formed(attributes) {
        let value = attribute.value();
        match attribute.kind() {
            POLICY_MIN_VALUE_U => range.0 = parse_u64(value).ok(),
            POLICY_MAX_VALUE_U => range.1 = parse_u64(value).ok(),
            POLICY_MIN_LENGTH => length.0 = parse_u32(value).ok().map(u64::from),
            POLICY_MAX_LENGTH => length.1 = parse_u32(value).ok().map(u64::from),
            _ => (),
        }
    }
    // The kernel always gives both ends of a range, if need be those of the
    // type, which say nothing.
    let min = range.0.filter(|min| *min > 0);
    let max = range
        .1
        .filter(|max| ![u64::from(u32::MAX), u64::MAX].contains(max));
    if min.or(max).is_some() {
        Some(Accepts::Range { min, max })
    } else if length.0.or(length.1).is_some() {
        Some(Accepts::Length {
            min: length.0,
            max: length.1,
        })
    } else {
        None
    }
}

#[cfg(test)]
mod tests;

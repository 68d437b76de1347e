// SPDX-License-Identifier: MIT OR Apache-2.0

//! From an offset in a request to the name of the attribute that is there.

use netlink_packet_core::{NLA_ALIGNTO, NLA_HEADER_SIZE, NlaBuffer};

use crate::attribute::{AttributeInfo, AttributeSet};
use crate::ext_ack::Missing;

/// Length of `struct nlmsghdr` and `struct genlmsghdr`, which precede the
/// attributes of a request.
const HEADERS: usize = 16 + 4;

/// An attribute of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct At {
    /// Names from the outermost nest inwards, with dots between.
    pub path: String,
    /// What the spec says of it.
    pub info: &'static AttributeInfo,
}

/// The attribute that begins `offset` bytes into the message.
///
/// `attributes` are those of the message, and are of `set`.
pub(crate) fn at(set: &'static AttributeSet, attributes: &[u8], offset: usize) -> Option<At> {
    find(set, attributes, offset.checked_sub(HEADERS)?)
}

/// The path of an attribute that is not there.
pub(crate) fn missing(
    set: &'static AttributeSet,
    attributes: &[u8],
    missing: Missing,
) -> Option<String> {
    let Some(offset) = missing.nest else {
        return Some(set.get(missing.kind)?.name.to_string());
    };
    let nest = at(set, attributes, offset)?;
    let info = nest.info.nested?.get(missing.kind)?;
    Some(format!("{}.{}", nest.path, info.name))
}

fn find(set: &'static AttributeSet, attributes: &[u8], offset: usize) -> Option<At> {
    let mut start = 0;
    loop {
        let attribute = NlaBuffer::new_checked(attributes.get(start..)?).ok()?;
        let end = start + usize::from(attribute.length()).next_multiple_of(NLA_ALIGNTO);
        if offset >= end {
            start = end;
            continue;
        }
        let info = set.get(attribute.kind())?;
        let inner = info.nested.and_then(|nested| {
            let offset = offset.checked_sub(start + NLA_HEADER_SIZE)?;
            find(nested, attribute.value(), offset)
        });
        return Some(match inner {
            Some(inner) => At {
                path: format!("{}.{}", info.name, inner.path),
                info: inner.info,
            },
            None => At {
                path: info.name.to_string(),
                info,
            },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::Attribute;
    use crate::generated::{DsaParentAttr, ParentAttr};

    /// name at 20, dsa-parent at 32, in it version at 36 and engine-count at 44.
    fn request() -> Vec<u8> {
        let attributes = [
            ParentAttr::Name("dsa0".into()),
            ParentAttr::DsaParent(vec![
                DsaParentAttr::Version(0x100),
                DsaParentAttr::EngineCount(1),
            ]),
        ];
        crate::wire::emit(&attributes)
    }

    #[test]
    fn offsets_become_names() {
        let path = |offset| at(ParentAttr::SET, &request(), offset).map(|at| at.path);
        assert_eq!(path(20).as_deref(), Some("name"));
        assert_eq!(path(32).as_deref(), Some("dsa-parent"));
        assert_eq!(path(36).as_deref(), Some("dsa-parent.version"));
        assert_eq!(path(44).as_deref(), Some("dsa-parent.engine-count"));
        assert_eq!(path(52), None);
        assert_eq!(path(0), None);
    }

    #[test]
    fn missing_attributes_have_names() {
        let path = |kind, nest| missing(ParentAttr::SET, &request(), Missing { kind, nest });
        assert_eq!(path(2, None).as_deref(), Some("index"));
        assert_eq!(
            path(2, Some(32)).as_deref(),
            Some("dsa-parent.max-transfer-size")
        );
        assert_eq!(path(2, Some(20)), None, "name is no nest");
        assert_eq!(path(99, None), None);
    }
}

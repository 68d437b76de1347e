// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes the numbers of the vendors' attributes for the module.
//!
//! A vendor's attributes are in a nest of their own in the message of a generic
//! object; `dsa-wq` is the nest of the vendor `dsa` in a `wq`. The driver of a
//! vendor hands over names and values, and the module's netlink code looks the
//! numbers up in the tables that are written here.
//!
//! As for [`code`](super::code), rustfmt follows.

use super::names::constant;
use super::spec::{Attribute, AttributeSet, Family, Wire};

const HEAD: &str = "// SPDX-License-Identifier: GPL-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

//! Numbers of the vendors' attributes.
//!
//! Each table is that of a generic object: the nests that vendors have in its messages.

use crate::ffi::bindings as uapi;

/// A vendor's nest in the messages of an object.
pub(crate) struct Nest {
    /// Name of the vendor.
    pub(crate) vendor: &'static str,
    /// Number of the nest.
    pub(crate) number: u32,
    /// The attributes in the nest.
    pub(crate) attrs: &'static [Attr],
}

/// An attribute of a vendor.
pub(crate) struct Attr {
    /// Its name in the spec.
    pub(crate) name: &'static str,
    /// Its number.
    pub(crate) number: u32,
    /// How its value lies in a message.
    pub(crate) kind: Kind,
}

/// How a value lies in a message.
pub(crate) enum Kind {
    /// Four bytes.
    U32,
    /// Four or eight bytes.
    Uint,
    /// Bytes.
    Binary,
    /// Attributes.
    Nest(&'static [Attr]),
}
";

/// The file; it has a table for each set in which a vendor has a nest.
pub fn file(family: &Family) -> String {
    let mut out = HEAD.to_string();
    for set in &family.attribute_sets {
        let nests: String = nests(family, set)
            .map(|(vendor, attribute, nested)| nest(family, set, vendor, attribute, nested))
            .collect();
        if !nests.is_empty() {
            out += &format!(
                "\n/// Vendors' nests in a `{}`.\npub(crate) static {}: &[Nest] = &[{nests}];\n",
                set.name,
                constant(&set.name)
            );
        }
    }
    out
}

/// The vendors' nests in `set`: the vendor, the attribute that is the nest and
/// the set of the attributes in it.
fn nests<'a>(
    family: &'a Family,
    set: &'a AttributeSet,
) -> impl Iterator<Item = (&'a str, &'a Attribute, &'a AttributeSet)> {
    let nests = set.attributes.iter().filter(|it| it.wire == Wire::Nest);
    nests.filter_map(|attribute| {
        let nested = attribute.nested_attributes.as_deref()?;
        let vendor = nested.strip_suffix(&set.name)?.strip_suffix('-')?;
        Some((vendor, attribute, family.set(nested).ok()?))
    })
}

fn nest(
    family: &Family,
    set: &AttributeSet,
    vendor: &str,
    attribute: &Attribute,
    nested: &AttributeSet,
) -> String {
    format!(
        "Nest {{ vendor: \"{vendor}\", number: {}, attrs: &[{}], }},\n",
        number(family, set, attribute),
        attrs(family, nested)
    )
}

/// The attributes of a set.
fn attrs(family: &Family, set: &AttributeSet) -> String {
    let attr = |it: &Attribute| {
        let number = number(family, set, it);
        let kind = kind(family, it);
        format!(
            "Attr {{ name: \"{}\", number: {number}, kind: Kind::{kind} }},\n",
            it.name
        )
    };
    set.attributes.iter().map(attr).collect()
}

/// How the value of an attribute lies in a message, without what it means.
fn kind(family: &Family, attribute: &Attribute) -> String {
    let nested = attribute.nested_attributes.as_deref();
    let nested = nested.and_then(|name| family.set(name).ok());
    match (attribute.wire, nested) {
        (Wire::U32, _) => "U32".into(),
        (Wire::Uint, _) => "Uint".into(),
        (Wire::Nest, Some(set)) => format!("Nest(&[{}])", attrs(family, set)),
        _ => "Binary".into(),
    }
}

/// The number of an attribute, by the name that the kernel's generator gives it
/// in the UAPI header.
fn number(family: &Family, set: &AttributeSet, attribute: &Attribute) -> String {
    let prefix = match &set.name_prefix {
        Some(prefix) => prefix.clone(),
        None if set.name == family.name => format!("{}-a-", family.name),
        None => format!("{}-a-{}-", family.name, set.name),
    };
    format!("uapi::{}{}", constant(&prefix), constant(&attribute.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::r#gen::spec;

    const SMALL: &str = "
name: small
protocol: genetlink
doc: A family.
definitions: []
attribute-sets:
  - name: thing
    doc: A thing.
    attributes:
      - {name: index, type: u32, doc: A number.}
      - {name: part, type: nest, nested-attributes: thing-part, doc: No vendor's.}
      - {name: acme-thing, type: nest, nested-attributes: acme-thing, doc: A vendor's.}
  - name: thing-part
    doc: A part of a thing.
    attributes:
      - {name: index, type: uint, doc: A number.}
  - name: acme-thing
    doc: A vendor's part of a thing.
    attributes:
      - {name: wheels, type: u32, doc: A number.}
      - {name: part, type: nest, nested-attributes: thing-part, doc: Its part.}
  - name: small
    doc: An object that is called as the family.
    attributes:
      - {name: acme-small, type: nest, nested-attributes: acme-small, doc: A vendor's.}
  - name: acme-small
    doc: A vendor's part of it.
    attributes:
      - {name: weight, type: binary, doc: Bytes.}
operations: {list: []}
mcast-groups: {list: []}
";

    #[test]
    fn each_object_has_a_table_of_the_vendors_nests() {
        let family = spec::parse(SMALL).expect("is a spec");
        let file = file(&family);
        let words: Vec<_> = file
            .strip_prefix(HEAD)
            .expect("has a head")
            .split_whitespace()
            .collect();
        assert_eq!(
            words.join(" "),
            "/// Vendors' nests in a `thing`. pub(crate) static THING: &[Nest] = &[\
             Nest { vendor: \"acme\", number: uapi::SMALL_A_THING_ACME_THING, attrs: &[\
             Attr { name: \"wheels\", number: uapi::SMALL_A_ACME_THING_WHEELS, kind: Kind::U32 }, \
             Attr { name: \"part\", number: uapi::SMALL_A_ACME_THING_PART, kind: Kind::Nest(&[\
             Attr { name: \"index\", number: uapi::SMALL_A_THING_PART_INDEX, kind: Kind::Uint }, \
             ]) }, ], }, ]; \
             /// Vendors' nests in a `small`. pub(crate) static SMALL: &[Nest] = &[\
             Nest { vendor: \"acme\", number: uapi::SMALL_A_ACME_SMALL, attrs: &[\
             Attr { name: \"weight\", number: uapi::SMALL_A_ACME_SMALL_WEIGHT, kind: Kind::Binary }, \
             ], }, ];"
        );
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! The spec of the family as data.
//!
//! This is the part of the kernel's schema `Documentation/netlink/genetlink.yaml`
//! that our spec uses. Unknown keys are refused by serde, and references are
//! checked by [`parse`], so that the writers need not fail.

mod check;
mod family;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// The flag of a request to carry out nothing.
pub const DRY_RUN: &str = "dry-run";

/// A whole family.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Family {
    /// Name by which the kernel registers it.
    pub name: String,
    /// Level of the schema.
    #[serde(rename = "protocol")]
    _protocol: Protocol,
    /// Version in the header of each message.
    #[serde(default = "first")]
    pub version: u8,
    /// What the family is for.
    pub doc: String,
    /// Constants and enums.
    pub definitions: Vec<Definition>,
    /// Attribute sets, in the order of the spec.
    pub attribute_sets: Vec<AttributeSet>,
    /// Operations, in the order that numbers them.
    operations: List<Operation>,
    /// Multicast groups.
    mcast_groups: List<Group>,
    /// Matters to the kernel's generator only.
    #[serde(default, rename = "kernel-family")]
    _kernel_family: IgnoredAny,
}

/// Levels of the schema that are understood.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Protocol {
    /// Attributes and operations count from 1; no fixed headers.
    Genetlink,
}

fn first() -> u8 {
    1
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List<T> {
    list: Vec<T>,
}

/// A multicast group.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Name by which it is joined.
    pub name: String,
}

/// A constant or an enum.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Definition {
    /// A number with a name.
    Const(Const),
    /// A choice of numbers, each with a name.
    Enum(Enum),
    /// Bits, each with a name; they count from 0 in the order of the entries.
    Flags(Enum),
}

/// A number with a name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Const {
    /// Its name.
    pub name: String,
    /// What it limits or counts.
    #[serde(default)]
    pub doc: String,
    /// Its value.
    pub value: u32,
}

/// A choice of numbers; they count from 0 in the order of the entries.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Enum {
    /// Its name.
    pub name: String,
    /// What is chosen.
    #[serde(default)]
    pub doc: String,
    /// The choices.
    pub entries: Vec<Entry>,
    /// Matters to the kernel's generator only.
    #[serde(default, rename = "render-max")]
    _render_max: IgnoredAny,
}

/// One choice of an enum, with a doc or as a plain name.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "an entry is a name, or has name and doc and nothing else"
)]
pub enum Entry {
    /// A plain name.
    Plain(String),
    /// A name and what it means.
    Documented(DocumentedEntry),
}

/// One choice of an enum.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentedEntry {
    /// Its name.
    name: String,
    /// What choosing it means.
    #[serde(default)]
    doc: String,
}

impl Entry {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Plain(name) => name,
            Self::Documented(entry) => &entry.name,
        }
    }

    /// What choosing it means, or its name.
    pub fn doc(&self) -> &str {
        match self {
            Self::Documented(entry) if !entry.doc.is_empty() => &entry.doc,
            _ => self.name(),
        }
    }
}

/// A space of attribute numbers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AttributeSet {
    /// Its name.
    pub name: String,
    /// What the names of its numbers begin with in C, if that is not made of
    /// the names of the family and the set.
    pub name_prefix: Option<String>,
    /// What its attributes describe.
    pub doc: String,
    /// The attributes; their numbers count from 1 in this order.
    pub attributes: Vec<Attribute>,
}

impl AttributeSet {
    /// The attribute of that name.
    pub fn get(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|it| it.name == name)
    }
}

/// One attribute.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// How its value lies on the wire.
    #[serde(rename = "type")]
    pub wire: Wire,
    /// What it says.
    pub doc: String,
    /// Enum that names its numbers.
    #[serde(rename = "enum")]
    pub names: Option<String>,
    /// Set that the attributes inside it belong to.
    pub nested_attributes: Option<String>,
    /// Whether it may occur more than once in a message.
    #[serde(default)]
    pub multi_attr: bool,
    /// What the kernel accepts in a request.
    #[serde(default)]
    pub checks: Checks,
    /// How to show it.
    pub display_hint: Option<DisplayHint>,
}

impl Attribute {
    /// Name of the set inside it; `spec::parse` has checked that a nest has one.
    pub fn nested(&self) -> &str {
        self.nested_attributes.as_deref().unwrap_or_default()
    }

    /// Whether replies that list it may be without it: its doc or that of the set
    /// says when it is absent, or it is the nest of a vendor.
    pub fn may_be_absent(&self, set: &AttributeSet) -> bool {
        let docs = [&self.doc, &set.doc];
        let mut words = docs
            .into_iter()
            .flat_map(|doc| doc.split(|c: char| !c.is_alphanumeric()));
        words.any(|word| word.eq_ignore_ascii_case("absent"))
            || self
                .nested_attributes
                .as_deref()
                .and_then(|nested| nested.strip_suffix(&set.name)?.strip_suffix('-'))
                .is_some()
    }
}

/// Types of attributes that the library has a Rust type for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wire {
    /// A byte.
    U8,
    /// Two bytes in the byte order of the machine.
    U16,
    /// Four bytes in the byte order of the machine.
    U32,
    /// Eight bytes in the byte order of the machine.
    U64,
    /// Four or eight bytes in the byte order of the machine.
    Uint,
    /// Text closed by a NUL.
    String,
    /// Bytes.
    Binary,
    /// No bytes: it is there or not.
    Flag,
    /// Attributes of another set.
    Nest,
}

impl Wire {
    /// Name of the type in the spec.
    pub fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::Uint => "uint",
            Self::String => "string",
            Self::Binary => "binary",
            Self::Flag => "flag",
            Self::Nest => "nest",
        }
    }
}

/// How to show a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DisplayHint {
    /// In hexadecimal digits.
    Hex,
}

/// Limits that the kernel's policy puts on the value of an attribute.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Checks {
    min: Option<Limit>,
    max: Option<Limit>,
    min_len: Option<Limit>,
    max_len: Option<Limit>,
    exact_len: Option<Limit>,
}

/// A limit: a number, or the name of a constant.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Limit {
    Number(u64),
    Name(String),
}

/// An operation or a notification.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// What it does.
    pub doc: String,
    /// Set of its attributes.
    attribute_set: String,
    /// Who may do it.
    #[serde(default)]
    pub flags: Vec<Flag>,
    /// Request and reply for one object.
    #[serde(rename = "do")]
    pub once: Option<Exchange>,
    /// Request and reply for all objects.
    pub dump: Option<Exchange>,
    /// Attributes of a notification.
    pub event: Option<Attributes>,
    /// Group that a notification goes to.
    pub mcgrp: Option<String>,
    /// Matters to the kernel's generator only.
    #[serde(default, rename = "dont-validate")]
    _dont_validate: IgnoredAny,
}

impl Operation {
    /// Name of the set of its attributes.
    pub fn set(&self) -> &str {
        &self.attribute_set
    }

    /// What the kernel tells by it: the attributes of its reply, or of the
    /// notification.
    pub fn told(&self) -> &[String] {
        let replies = [&self.once, &self.dump].into_iter().flatten();
        let mut lists = replies.map(|it| &it.reply).chain(&self.event);
        let list = lists.find(|it| !it.attributes.is_empty());
        list.map_or(&[], |it| it.attributes.as_slice())
    }

    /// Whether a request can have the flag `dry-run`, the reply to which shows what
    /// would be.
    pub fn can_run_dry(&self) -> bool {
        let asked = |it: &Exchange| it.request.attributes.iter().any(|name| name == DRY_RUN);
        let once = self.once.as_ref();
        once.is_some_and(|it| asked(it) && !it.reply.attributes.is_empty())
    }

    /// Whether it makes an object, of which a dry run does not know everything.
    pub fn makes_an_object(&self) -> bool {
        self.name.ends_with("-new")
    }

    /// Whether the kernel sends it without being asked.
    pub fn is_notification(&self) -> bool {
        self.event.is_some()
    }
}

/// What an operation demands of the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flag {
    /// CAP_NET_ADMIN in the initial user namespace.
    AdminPerm,
    /// CAP_NET_ADMIN in the user namespace of the socket's network namespace.
    UnsAdminPerm,
}

/// What is sent and what comes back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// What is sent.
    #[serde(default)]
    pub request: Attributes,
    /// What comes back.
    #[serde(default)]
    pub reply: Attributes,
    /// Matters to the kernel's generator only.
    #[serde(default, rename = "pre")]
    _pre: IgnoredAny,
    /// Matters to the kernel's generator only.
    #[serde(default, rename = "post")]
    _post: IgnoredAny,
}

/// Names of attributes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attributes {
    /// The names, in the order of the spec.
    #[serde(default)]
    pub attributes: Vec<String>,
}

/// What the kernel accepts as the value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepts {
    /// Everything that the type can carry.
    Any,
    /// Numbers from `min` to `max`.
    Range { min: Option<u64>, max: Option<u64> },
    /// Text or bytes of `min` to `max` bytes.
    Length { min: Option<u64>, max: Option<u64> },
    /// The names of the enum that is named.
    Names(String),
}

/// Reads a spec and checks that all it refers to is there.
///
/// # Errors
///
/// Names what is unknown or contradictory, and where.
pub fn parse(text: &str) -> anyhow::Result<Family> {
    let family: Family = serde_yaml_ng::from_str(text)?;
    family.check()?;
    Ok(family)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "
name: small
protocol: genetlink
doc: A family.
definitions:
  - {type: const, name: most, doc: A limit., value: 7}
attribute-sets:
  - name: thing
    doc: A thing.
    attributes:
      - {name: index, type: u32, doc: A number., checks: {max: most}}
operations:
  list:
    - name: thing-get
      doc: Get it.
      attribute-set: thing
      do: {request: {attributes: [index]}}
mcast-groups: {list: []}
";

    fn refusal(from: &str, to: &str) -> String {
        let text = SMALL.replace(from, to);
        assert_ne!(text, SMALL, "the test changes something");
        format!("{:#}", parse(&text).expect_err("is refused"))
    }

    #[test]
    fn limits_may_be_named() {
        let family = parse(SMALL).expect("is a spec");
        let accepts = family.accepts(&family.attribute_sets[0].attributes[0]);
        assert_eq!(
            accepts.expect("resolves"),
            Accepts::Range {
                min: None,
                max: Some(7)
            }
        );
    }

    #[test]
    fn what_is_unknown_is_refused_by_name() {
        assert!(refusal("type: u32", "type: s16").contains("s16"));
        assert!(refusal("protocol: genetlink", "protocol: netlink-raw").contains("netlink-raw"));
        assert!(refusal("max: most", "max: least").contains("no constant 'least'"));
        assert!(refusal("[index]", "[name]").contains("no 'name'"));
        assert!(refusal("attribute-set: thing", "attribute-set: other").contains("'other'"));
        assert!(refusal("doc: A thing.", "doc: A thing.\n    subset-of: x").contains("subset-of"));
        assert!(refusal("type: u32", "type: nest").contains("nested-attributes"));
    }
}

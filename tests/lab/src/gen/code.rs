// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes the Rust files of `nlctl/src/generated/`.
//!
//! The layout of what is written here does not matter: rustfmt follows.

use super::names::{camel, constant, field, module, prose};
use super::spec::{Accepts, Attribute, AttributeSet, DisplayHint, Enum, Family, Operation, Wire};

const HEAD: &str = "// SPDX-License-Identifier: MIT OR Apache-2.0\n\
    // Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.\n\n";

/// All files, as name and unformatted content.
pub fn files(family: &Family) -> Vec<(String, String)> {
    let mut files = vec![
        ("mod.rs".into(), root(family)),
        ("command.rs".into(), commands(family)),
        ("notification.rs".into(), notifications(family)),
        ("enums.rs".into(), enums(family)),
    ];
    for set in &family.attribute_sets {
        files.push((
            format!("{}.rs", module(&set.name)),
            attribute_set(family, set),
        ));
    }
    files
}

/// `doc` as doc comments, and then `item`.
fn documented(doc: &str, item: &str) -> String {
    let mut out = String::new();
    for line in prose(doc).lines() {
        out += &format!("/// {line}\n");
    }
    out + item
}

fn root(family: &Family) -> String {
    let modules: Vec<String> = ["command", "enums", "notification"]
        .into_iter()
        .map(String::from)
        .chain(family.attribute_sets.iter().map(|set| module(&set.name)))
        .collect();
    let doc: String = prose(&family.doc)
        .lines()
        .map(|line| format!("//! {line}\n"))
        .collect();
    let mut out = format!("{HEAD}{doc}\n");
    for module in &modules {
        out += &format!("mod {module};\n");
    }
    for module in &modules {
        out += &format!("pub use {module}::*;\n");
    }
    out += &documented(
        "Name by which the kernel registers the family.",
        &format!("pub const FAMILY_NAME: &str = \"{}\";\n", family.name),
    );
    out += &documented(
        "Version that a message of the family carries.",
        "pub const FAMILY_VERSION: u8 = 1;\n",
    );
    for group in family.groups() {
        out += &documented(
            &format!("Name of the multicast group \"{}\".", group.name),
            &format!(
                "pub const GROUP_{}: &str = \"{}\";\n",
                constant(&group.name),
                group.name
            ),
        );
    }
    for item in family.consts() {
        out += &documented(
            &item.doc,
            &format!(
                "pub const {}: u32 = {};\n",
                constant(&item.name),
                item.value
            ),
        );
    }
    out
}

fn commands(family: &Family) -> String {
    let mut variants = String::new();
    let mut numbers = String::new();
    let mut names = String::new();
    for (number, operation) in family.operations() {
        let variant = camel(&operation.name);
        variants += &documented(&operation.doc, &format!("{variant} = {number},\n"));
        numbers += &format!("{number} => Ok(Self::{variant}),\n");
        names += &format!("Self::{variant} => \"{}\",\n", operation.name);
    }
    format!(
        "{HEAD}
        use std::fmt;

        /// Operations and notifications of the family by their numbers.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum Command {{ {variants} }}

        impl From<Command> for u8 {{
            fn from(command: Command) -> Self {{ command as Self }}
        }}

        impl TryFrom<u8> for Command {{
            /// The number that no operation has.
            type Error = u8;

            fn try_from(number: u8) -> Result<Self, u8> {{
                match number {{ {numbers} unknown => Err(unknown), }}
            }}
        }}

        impl fmt::Display for Command {{
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {{
                f.write_str(match self {{ {names} }})
            }}
        }}
        "
    )
}

/// What became of an object, in the words of the notification's name.
fn event_name(operation: &Operation) -> &str {
    operation
        .name
        .strip_suffix("-ntf")
        .unwrap_or(&operation.name)
}

fn notifications(family: &Family) -> String {
    let (mut variants, mut parsers, mut names, mut objects) = <[String; 4]>::default().into();
    let mut sets = Vec::new();
    for (_, operation) in family.operations().filter(|(_, it)| it.is_notification()) {
        // `spec::parse` has checked that the set is there.
        let Ok(set) = family.set_of(operation) else {
            continue;
        };
        let (variant, object) = (camel(event_name(operation)), camel(&set.name));
        variants += &documented(&operation.doc, &format!("{variant}({object}),\n"));
        parsers += &format!(
            "Command::{} => Self::{variant}({object}::from(parse_all::<{object}Attr>(attributes)?)),\n",
            camel(&operation.name)
        );
        names += &format!("Self::{variant}(_) => \"{}\",\n", event_name(operation));
        objects += &format!("Self::{variant}(_) => \"{}\",\n", set.name);
        if !sets.contains(&object) {
            sets.push(object);
        }
    }
    let imports: String = sets
        .iter()
        .map(|set| format!("{set}, {set}Attr, "))
        .collect();
    format!(
        "{HEAD}
        use netlink_packet_core::DecodeError;
        use serde::Serialize;
        use super::{{Command, {imports}}};
        use crate::attribute::parse_all;

        /// What the kernel says of its own accord, with the object that it is about.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(untagged)]
        #[non_exhaustive]
        pub enum Notification {{ {variants} }}

        impl Notification {{
            /// Reads the attributes of a notification; `None` for what is none.
            pub(crate) fn parse(
                command: Command,
                attributes: &[u8],
            ) -> Result<Option<Self>, DecodeError> {{
                Ok(Some(match command {{ {parsers} _ => return Ok(None), }}))
            }}

            /// What happened, for example \"subdev-create\".
            pub fn name(&self) -> &'static str {{
                match self {{ {names} }}
            }}

            /// Kind of the object, for example \"subdev\".
            pub fn object(&self) -> &'static str {{
                match self {{ {objects} }}
            }}
        }}
        "
    )
}

fn enums(family: &Family) -> String {
    let enums: String = family.enums().map(named_numbers).collect();
    let flags: String = family.flags().map(named_flags).collect();
    format!("{HEAD}use crate::named::{{named_flags, named_number}};\n{enums}{flags}")
}

fn named_flags(item: &Enum) -> String {
    let name = camel(&item.name);
    let (mut flags, mut names) = <[String; 2]>::default().into();
    for (bit, entry) in item.entries.iter().enumerate() {
        flags += &documented(
            &entry.doc,
            &format!(
                "pub const {}: Self = Self(1 << {bit});\n",
                constant(&entry.name)
            ),
        );
        names += &format!("\"{}\", ", entry.name);
    }
    documented(
        &item.doc,
        &format!(
            "#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
            pub struct {name}(u32);

            impl {name} {{
                {flags}/// The names, in the order of their bits.
                pub const NAMES: &'static [&'static str] = &[{names}];
            }}

            named_flags!({name});

            "
        ),
    )
}

fn named_numbers(item: &Enum) -> String {
    let name = camel(&item.name);
    let (mut variants, mut from, mut into, mut names) = <[String; 4]>::default().into();
    for (number, entry) in item.entries.iter().enumerate() {
        let variant = camel(&entry.name);
        variants += &documented(&entry.doc, &format!("{variant},\n"));
        from += &format!("{number} => Self::{variant},\n");
        into += &format!("{name}::{variant} => {number},\n");
        names += &format!("\"{}\", ", entry.name);
    }
    documented(
        &item.doc,
        &format!(
            "#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
            #[non_exhaustive]
            pub enum {name} {{
                {variants}/// A number that this version of the library has no name for.
                Unknown(u32),
            }}

            impl {name} {{
                /// The names, in the order of their numbers.
                pub const NAMES: &'static [&'static str] = &[{names}];
            }}

            impl From<u32> for {name} {{
                fn from(number: u32) -> Self {{
                    match number {{ {from} unknown => Self::Unknown(unknown), }}
                }}
            }}

            impl From<{name}> for u32 {{
                fn from(value: {name}) -> Self {{
                    match value {{ {into} {name}::Unknown(number) => number, }}
                }}
            }}

            named_number!({name}, \"{}\");

            ",
            item.name
        ),
    )
}

/// Rust type of one value of an attribute.
fn value_type(attribute: &Attribute) -> String {
    if let Some(names) = &attribute.names {
        return camel(names);
    }
    match attribute.wire {
        Wire::U32 => "u32".into(),
        Wire::Uint => "u64".into(),
        Wire::String => "String".into(),
        Wire::Binary => "Binary".into(),
        Wire::Flag => "bool".into(),
        Wire::Nest => camel(attribute.nested_attributes.as_deref().unwrap_or_default()),
    }
}

fn attribute_set(family: &Family, set: &AttributeSet) -> String {
    let name = camel(&set.name);
    format!(
        "{HEAD}{}\n{}\n{}\n{}\n{}",
        imports(family, set),
        structure(set, &name),
        attribute_enum(set, &name),
        codec(set, &name),
        table(family, set, &name) + &object(family, set, &name),
    )
}

fn imports(family: &Family, set: &AttributeSet) -> String {
    let mut used: Vec<String> = Vec::new();
    for attribute in &set.attributes {
        if let Some(names) = &attribute.names {
            used.push(camel(names));
        }
        if let Some(nested) = &attribute.nested_attributes {
            used.extend([camel(nested), camel(nested) + "Attr"]);
        }
    }
    let nests = set.attributes.iter().any(|it| it.wire == Wire::Nest);
    let binary = set.attributes.iter().any(|it| it.wire == Wire::Binary);
    let limited = set.attributes.iter().any(|it| {
        family
            .accepts(it)
            .is_ok_and(|accepts| accepts != Accepts::Any)
    });
    let is_object = is_object(family, set);
    used.extend(is_object.then(|| "Command".into()));
    used.sort();
    used.dedup();
    format!(
        "use netlink_packet_core::{{DecodeError, ErrorContext, Nla, NlaBuffer, Parseable{}}};
        use serde::Serialize;
        use super::{{{}}};
        use crate::attribute::{{{} Attribute, AttributeInfo, AttributeSet, UnknownAttribute}};{}
        use crate::value::{{{} Value}};
        ",
        if nests { ", NLA_F_NESTED" } else { "" },
        used.join(", "),
        if limited { "Accepts," } else { "" },
        if is_object {
            "use crate::object::Object;"
        } else {
            ""
        },
        if binary { "Binary," } else { "" },
    )
}

fn structure(set: &AttributeSet, name: &str) -> String {
    let (mut fields, mut fill) = <[String; 2]>::default().into();
    for attribute in &set.attributes {
        let (field, variant) = (field(&attribute.name), camel(&attribute.name));
        let value = value_type(attribute);
        let (kind, absent, arm) = match attribute.wire {
            Wire::Flag => (
                "bool".to_string(),
                "std::ops::Not::not",
                format!("{name}Attr::{variant} => out.{field} = true,\n"),
            ),
            Wire::Nest if attribute.multi_attr => (
                format!("Vec<{value}>"),
                "Vec::is_empty",
                format!("{name}Attr::{variant}(inner) => out.{field}.push(inner.into()),\n"),
            ),
            Wire::Nest => (
                format!("Option<{value}>"),
                "Option::is_none",
                format!("{name}Attr::{variant}(inner) => out.{field} = Some(inner.into()),\n"),
            ),
            _ if attribute.multi_attr => (
                format!("Vec<{value}>"),
                "Vec::is_empty",
                format!("{name}Attr::{variant}(value) => out.{field}.push(value),\n"),
            ),
            _ => (
                format!("Option<{value}>"),
                "Option::is_none",
                format!("{name}Attr::{variant}(value) => out.{field} = Some(value),\n"),
            ),
        };
        fields += &documented(
            &attribute.doc,
            &format!("#[serde(skip_serializing_if = \"{absent}\")]\npub {field}: {kind},\n"),
        );
        fill += &arm;
    }
    documented(
        &set.doc,
        &format!(
            "#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
            #[serde(rename_all = \"kebab-case\")]
            #[non_exhaustive]
            pub struct {name} {{
                {fields}/// Attributes that this version of the library does not know.
                #[serde(skip_serializing_if = \"Vec::is_empty\")]
                pub unknown: Vec<UnknownAttribute>,
            }}

            impl From<Vec<{name}Attr>> for {name} {{
                fn from(attributes: Vec<{name}Attr>) -> Self {{
                    let mut out = Self::default();
                    for attribute in attributes {{
                        match attribute {{
                            {fill}{name}Attr::Unknown(unknown) => out.unknown.push(unknown),
                        }}
                    }}
                    out
                }}
            }}
            "
        ),
    )
}

fn attribute_enum(set: &AttributeSet, name: &str) -> String {
    let mut variants = String::new();
    for attribute in &set.attributes {
        let variant = camel(&attribute.name);
        let value = value_type(attribute);
        variants += &documented(
            &attribute.doc,
            &match attribute.wire {
                Wire::Flag => format!("{variant},\n"),
                Wire::Nest => format!("{variant}(Vec<{value}Attr>),\n"),
                _ => format!("{variant}({value}),\n"),
            },
        );
    }
    format!(
        "/// One attribute of the set \"{}\".
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum {name}Attr {{
            {variants}/// An attribute that this version of the library does not know.
            Unknown(UnknownAttribute),
        }}
        ",
        set.name
    )
}

fn codec(set: &AttributeSet, name: &str) -> String {
    let (mut kinds, mut parses) = <[String; 2]>::default().into();
    for (number, attribute) in (1..).zip(&set.attributes) {
        let variant = camel(&attribute.name);
        let (pattern, flag) = match attribute.wire {
            Wire::Flag => (variant.clone(), ""),
            Wire::Nest => (format!("{variant}(_)"), " | NLA_F_NESTED"),
            _ => (format!("{variant}(_)"), ""),
        };
        kinds += &format!("Self::{pattern} => {number}{flag},\n");
        parses += &match attribute.wire {
            Wire::Flag => format!("{number} => Self::{variant},\n"),
            _ => format!(
                "{number} => Self::{variant}(Value::parse(buffer.value()).context(\"attribute '{}'\")?),\n",
                attribute.name
            ),
        };
    }
    format!(
        "impl Nla for {name}Attr {{
            fn kind(&self) -> u16 {{
                match self {{ {kinds} Self::Unknown(unknown) => unknown.kind, }}
            }}

            fn value_len(&self) -> usize {{
                self.value().map_or(0, Value::length)
            }}

            fn emit_value(&self, buffer: &mut [u8]) {{
                if let Some(value) = self.value() {{ value.emit(buffer); }}
            }}
        }}

        impl<'a> Parseable<NlaBuffer<&'a [u8]>> for {name}Attr {{
            fn parse(buffer: &NlaBuffer<&'a [u8]>) -> Result<Self, DecodeError> {{
                Ok(match buffer.kind() {{
                    {parses} _ => Self::Unknown(UnknownAttribute::from(buffer)),
                }})
            }}
        }}
        "
    )
}

fn table(family: &Family, set: &AttributeSet, name: &str) -> String {
    let rows: String = set
        .attributes
        .iter()
        .map(|attribute| {
            let accepts = match family.accepts(attribute).unwrap_or(Accepts::Any) {
                Accepts::Any => String::new(),
                Accepts::Range { min, max } => {
                    format!(".accepts(Accepts::Range {{ min: {min:?}, max: {max:?} }})")
                }
                Accepts::Length { min, max } => {
                    format!(".accepts(Accepts::Length {{ min: {min:?}, max: {max:?} }})")
                }
                Accepts::Names(names) => {
                    format!(".accepts(Accepts::Names({}::NAMES))", camel(&names))
                }
            };
            let nested = match &attribute.nested_attributes {
                Some(nested) => format!(".nested({}Attr::SET)", camel(nested)),
                None => String::new(),
            };
            let hex = match attribute.display_hint {
                Some(DisplayHint::Hex) => ".hex()",
                None => "",
            };
            format!(
                "AttributeInfo::new(\"{}\"){accepts}{hex}{nested},\n",
                attribute.name
            )
        })
        .collect();
    format!(
        "impl Attribute for {name}Attr {{
            const SET: &'static AttributeSet = &AttributeSet {{
                name: \"{}\",
                attributes: &[{rows}],
            }};

            fn value(&self) -> Option<&dyn Value> {{
                match self {{ {} Self::Unknown(unknown) => Some(&unknown.value), }}
            }}
        }}
        ",
        set.name,
        set.attributes
            .iter()
            .map(|it| match it.wire {
                Wire::Flag => format!("Self::{} => None,\n", camel(&it.name)),
                _ => format!("Self::{}(value) => Some(value),\n", camel(&it.name)),
            })
            .collect::<String>()
    )
}

/// Whether there is an operation that gets what the set describes.
fn is_object(family: &Family, set: &AttributeSet) -> bool {
    let get = format!("{}-get", set.name);
    family
        .operations()
        .any(|(_, operation)| operation.name == get)
}

fn object(family: &Family, set: &AttributeSet, name: &str) -> String {
    if !is_object(family, set) {
        return String::new();
    }
    format!(
        "
        impl Object for {name} {{
            type Attribute = {name}Attr;

            const GET: Command = Command::{name}Get;
        }}
        "
    )
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! The operations of the family and what the kernel says of its own accord.

use std::collections::BTreeMap;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::{attr_type, docs, objects, use_generated};
use crate::r#gen::names::{camel, method, prose};
use crate::r#gen::spec::{Exchange, Family, Operation};

/// The enum of the operations.
pub fn commands(family: &Family) -> TokenStream {
    let all = || family.operations().map(|(_, it)| it);
    let numbers = || {
        family
            .operations()
            .map(|(number, _)| Literal::usize_unsuffixed(number))
    };
    let doc = all().map(|it| docs(&it.doc));
    let variants: Vec<_> = all().map(|it| camel(&it.name)).collect();
    let names = all().map(|it| &it.name);
    let (discriminants, patterns) = (numbers(), numbers());
    quote! {
        use std::fmt;

        /// Operations and notifications of the family by their numbers.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum Command {
            #(#doc #variants = #discriminants,)*
        }

        impl From<Command> for u8 {
            fn from(command: Command) -> Self {
                command as Self
            }
        }

        impl TryFrom<u8> for Command {
            /// The number that no operation has.
            type Error = u8;

            fn try_from(number: u8) -> Result<Self, u8> {
                match number {
                    #(#patterns => Ok(Self::#variants),)*
                    unknown => Err(unknown),
                }
            }
        }

        impl fmt::Display for Command {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { #(Self::#variants => #names,)* })
            }
        }
    }
}

/// The table of what the spec says of the operations.
pub fn table(family: &Family) -> TokenStream {
    let generated = use_generated();
    let rows = family.operations().filter_map(|(_, operation)| {
        let set = family.set_of(operation).ok()?;
        let set = attr_type(&set.name);
        let (name, command) = (&operation.name, camel(&operation.name));
        let doc = prose(&operation.doc);
        let asked = |exchange: &Option<Exchange>| match exchange {
            Some(exchange) => {
                let names = &exchange.request.attributes;
                quote! { Some(&[#(#names),*]) }
            }
            None => quote! { None },
        };
        let (request, dump) = (asked(&operation.once), asked(&operation.dump));
        let reply = operation.told();
        Some(quote! {
            OperationInfo {
                name: #name,
                command: Command::#command,
                doc: #doc,
                set: #set::SET,
                request: #request,
                dump: #dump,
                reply: &[#(#reply),*],
            }
        })
    });
    quote! {
        #generated
        use crate::attribute::{Attribute, OperationInfo};

        /// What the spec says of the operations and notifications, in the order of their
        /// numbers.
        pub const OPERATIONS: &[OperationInfo] = &[#(#rows),*];
    }
}

/// What became of an object, in the words of the notification's name.
fn event_name(operation: &Operation) -> &str {
    let name = &operation.name;
    name.strip_suffix("-ntf").unwrap_or(name)
}

/// What happened, without of what: "create" of "subdev-create-ntf".
fn event_kind(operation: &Operation) -> &str {
    let name = event_name(operation);
    let of = name.strip_prefix(operation.set());
    of.map_or(name, |kind| kind.trim_start_matches('-'))
}

/// What is known of the kinds of events beyond their names.
fn kind_doc(kind: &str) -> String {
    match kind {
        "create" => "It was created, or came.".into(),
        "delete" => "It was deleted, or went; the notification shows it as it was last.".into(),
        "change" => "Something about it changed.".into(),
        "fault" => {
            "Something went wrong with it; what that changed is in notifications of its own.".into()
        }
        other => format!("There was a `{other}`."),
    }
}

/// The enum of the notifications.
pub fn notifications(family: &Family) -> TokenStream {
    let all: Vec<_> = family
        .operations()
        .map(|(_, it)| it)
        .filter(|it| it.is_notification())
        .collect();
    let doc = all.iter().map(|it| docs(&it.doc));
    let variants: Vec<_> = all.iter().map(|it| camel(event_name(it))).collect();
    let contents: Vec<_> = all.iter().map(|it| objects::name(family, it)).collect();
    let attrs = all.iter().map(|it| attr_type(it.set()));
    let commands = all.iter().map(|it| camel(&it.name));
    let names = all.iter().map(|it| event_name(it));
    let objects = all.iter().map(|it| it.set());
    let kinds: Vec<_> = all.iter().map(|it| camel(event_kind(it))).collect();
    let generations = all.iter().zip(&variants).map(|(operation, variant)| {
        let told = operation.told().iter().any(|it| it == "generation");
        match told {
            true => quote! { Self::#variant(it) => Some(it.generation) },
            false => quote! { Self::#variant(_) => None },
        }
    });
    let mut by_kind: BTreeMap<usize, (Ident, TokenStream)> = BTreeMap::new();
    for (at, operation) in all.iter().enumerate() {
        let kind = camel(event_kind(operation));
        if by_kind.values().all(|(known, _)| *known != kind) {
            by_kind.insert(at, (kind, docs(&kind_doc(event_kind(operation)))));
        }
    }
    let (kind_names, kind_docs): (Vec<_>, Vec<_>) = by_kind.into_values().unzip();
    let accessors = accessors(family, &all);
    let generated = use_generated();
    quote! {
        use serde::Serialize;
        #generated
        use crate::attribute::parse_all;
        use crate::object::Object;
        use crate::value::Malformed;

        /// What the kernel says of its own accord, with the object that it is about.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(untagged)]
        #[non_exhaustive]
        pub enum Notification {
            #(#doc #variants(#contents),)*
        }

        /// What happened to an object.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum NotificationKind {
            #(#kind_docs #kind_names,)*
        }

        impl Notification {
            /// Reads the attributes of a notification; `None` for what is none.
            pub(crate) fn parse(
                command: Command,
                attributes: &[u8],
            ) -> Result<Option<Self>, Malformed> {
                Ok(Some(match command {
                    #(Command::#commands => {
                        Self::#variants(Object::read(parse_all::<#attrs>(attributes)?)?)
                    })*
                    _ => return Ok(None),
                }))
            }

            /// What happened, for example "subdev-create".
            pub fn name(&self) -> &'static str {
                match self { #(Self::#variants(_) => #names,)* }
            }

            /// Kind of the object, for example "subdev".
            pub fn object(&self) -> &'static str {
                match self { #(Self::#variants(_) => #objects,)* }
            }

            /// What happened to the object.
            pub fn kind(&self) -> NotificationKind {
                match self { #(Self::#variants(_) => NotificationKind::#kinds,)* }
            }

            /// The generation of the family's state after it.
            pub fn generation(&self) -> Option<u64> {
                match self { #(#generations,)* }
            }

            #accessors
        }
    }
}

/// A method for each kind of object that there are notifications about.
fn accessors(family: &Family, notifications: &[&Operation]) -> TokenStream {
    let sets = family.attribute_sets.iter().filter_map(|set| {
        let about: Vec<_> = notifications
            .iter()
            .filter(|it| it.set() == set.name && !family.is_part(it))
            .map(|it| camel(event_name(it)))
            .collect();
        if about.is_empty() {
            return None;
        }
        let (method, object) = (method(&set.name), camel(&set.name));
        let doc = docs(&format!("The {}, if it is about one.", set.name));
        let others = (about.len() < notifications.len()).then(|| quote! { _ => None, });
        Some(quote! {
            #doc
            pub fn #method(&self) -> Option<&#object> {
                match self {
                    #(Self::#about(it))|* => Some(it),
                    #others
                }
            }
        })
    });
    quote! { #(#sets)* }
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes the Rust files of `nlctl/src/generated/`.
//!
//! Each file is a list of items, as syntax trees that `prettyplease` lays out:
//!
//! - [`attributes`]: the attributes of a set and how they lie on the wire,
//! - [`objects`]: what a reply or an event has, as a structure,
//! - [`requests`]: a builder for each request,
//! - [`named`]: the enums and flags,
//! - [`operations`]: commands and notifications, and the table of them.

mod attributes;
mod named;
mod objects;
mod operations;
mod requests;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Item;

use super::names::{camel, camel_with, constant_identifier, field, module, prose};
use super::spec::{Attribute, AttributeSet, Family, Wire};

const HEAD: &str = "// SPDX-License-Identifier: MIT OR Apache-2.0\n\
    // Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.\n\n";

/// All files, as name and content.
///
/// # Errors
///
/// When what was made is no Rust, which is a bug of this generator.
pub fn files(family: &Family) -> anyhow::Result<Vec<(String, String)>> {
    let mut files = vec![
        ("command".into(), operations::commands(family)),
        ("operations".into(), operations::table(family)),
        ("notification".into(), operations::notifications(family)),
        ("enums".into(), named::enums(family)),
    ];
    for set in &family.attribute_sets {
        let mut items = attributes::items(family, set);
        items.extend(objects::items(family, set));
        files.push((module(&set.name), items));
    }
    files.extend(requests::files(family));
    let modules: Vec<_> = files.iter().map(|(name, _)| name.clone()).collect();
    files.push(("mod".into(), root(family, &modules)));
    let files = files.into_iter().map(|(name, items)| {
        let doc = match name.as_str() {
            "mod" => inner_docs(&family.doc),
            _ => String::new(),
        };
        let items = layout(items).map_err(|error| error.context(format!("{name}.rs")))?;
        Ok((format!("{name}.rs"), format!("{HEAD}{doc}{items}")))
    });
    files.collect()
}

/// The items as text, with an empty line between those that are longer than one.
fn layout(items: TokenStream) -> anyhow::Result<String> {
    let file: syn::File = syn::parse2(items)?;
    let mut out = String::new();
    let mut block = true;
    for item in file.items {
        let short = matches!(item, Item::Use(_) | Item::Mod(_));
        if !out.is_empty() && (!short || block) {
            out.push('\n');
        }
        block = !short;
        out += &apart(&prettyplease::unparse(&syn::File {
            shebang: None,
            attrs: Vec::new(),
            items: vec![item],
        }));
    }
    Ok(out)
}

/// An item with an empty line after each of its functions.
fn apart(item: &str) -> String {
    let mut out = String::with_capacity(item.len());
    let mut lines = item.lines().peekable();
    while let Some(line) = lines.next() {
        out += line;
        out.push('\n');
        if line == "    }" && lines.peek().is_some_and(|next| next.starts_with("    ")) {
            out.push('\n');
        }
    }
    out
}

fn inner_docs(doc: &str) -> String {
    let lines = prose(doc);
    let lines = lines.lines().map(|line| format!("//! {line}"));
    let lines: Vec<_> = lines.map(|line| line.trim_end().to_string()).collect();
    lines.join("\n") + "\n\n"
}

/// `doc` as doc comments.
fn docs(doc: &str) -> TokenStream {
    let lines = prose(doc);
    let lines = lines.lines().map(|line| match line.is_empty() {
        true => String::new(),
        false => format!(" {line}"),
    });
    quote! { #(#[doc = #lines])* }
}

fn root(family: &Family, modules: &[String]) -> TokenStream {
    let modules: Vec<_> = modules.iter().map(|name| field(name)).collect();
    let name = &family.name;
    let version = family.version;
    let groups = family.groups().iter().map(|group| {
        let name = &group.name;
        let doc = docs(&format!("Name of the multicast group \"{name}\"."));
        let constant = constant_identifier(&format!("group-{name}"));
        quote! { #doc pub const #constant: &str = #name; }
    });
    let consts = family.consts().map(|item| {
        let doc = docs(&item.doc);
        let constant = constant_identifier(&item.name);
        let value = proc_macro2::Literal::u32_unsuffixed(item.value);
        quote! { #doc pub const #constant: u32 = #value; }
    });
    let version = proc_macro2::Literal::u8_unsuffixed(version);
    quote! {
        #(mod #modules;)*
        #(pub use #modules::*;)*
        /// Name by which the kernel registers the family.
        pub const FAMILY_NAME: &str = #name;
        /// Version that a message of the family carries.
        pub const FAMILY_VERSION: u8 = #version;
        #(#groups)*
        #(#consts)*
    }
}

/// Rust type of one value of an attribute in an object.
fn value_type(attribute: &Attribute) -> TokenStream {
    if let Some(names) = &attribute.names {
        let names = camel(names);
        return quote! { #names };
    }
    match attribute.wire {
        Wire::U8 => quote! { u8 },
        Wire::U16 => quote! { u16 },
        Wire::U32 => quote! { u32 },
        Wire::Uint | Wire::U64 => quote! { u64 },
        Wire::String => quote! { String },
        Wire::Binary => quote! { Binary },
        Wire::Flag => quote! { bool },
        Wire::Nest => {
            let nested = camel(attribute.nested());
            quote! { #nested }
        }
    }
}

/// Rust type of one value of an attribute on the wire.
fn wire_type(attribute: &Attribute) -> TokenStream {
    match attribute.wire {
        Wire::U64 => quote! { U64 },
        Wire::Nest => {
            let nested = attr_type(attribute.nested());
            quote! { Vec<#nested> }
        }
        _ => value_type(attribute),
    }
}

/// Name of the enum over the attributes of a set.
fn attr_type(set: &str) -> proc_macro2::Ident {
    camel_with(set, "Attr")
}

/// What the generated types of the other files are found by.
fn use_generated() -> TokenStream {
    quote! {
        #[allow(clippy::wildcard_imports, unused_imports)]
        use super::*;
    }
}

/// The attributes of `set` that `listed` names, in that order.
fn listed<'a>(set: &'a AttributeSet, listed: &[String]) -> Vec<&'a Attribute> {
    listed.iter().filter_map(|name| set.get(name)).collect()
}

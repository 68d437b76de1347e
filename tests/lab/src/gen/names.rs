// SPDX-License-Identifier: MIT OR Apache-2.0

//! The spec's kebab-case names in the forms that Rust wants.

use proc_macro2::{Ident, Span};

/// Names that cannot even be written as `r#name`.
const NEVER_RAW: [&str; 5] = ["self", "Self", "super", "crate", "_"];

/// Methods of requests for attributes whose names are words of Rust.
const METHODS: [(&str, &str); 1] = [("type", "of_type")];

/// `pasid-mode` as `PasidMode`.
pub fn camel(name: &str) -> Ident {
    let name: String = name
        .split(['-', '_'])
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
                .unwrap_or_default()
        })
        .collect();
    identifier(&name)
}

/// `pasid-mode` and a suffix as `PasidModeAttr`.
pub fn camel_with(name: &str, suffix: &str) -> Ident {
    identifier(&format!("{}{suffix}", camel(name)))
}

/// `pasid-mode` as `pasid_mode`, and `type` as `r#type`.
pub fn field(name: &str) -> Ident {
    identifier(&name.replace('-', "_"))
}

/// Like [`field`], but `type` as `of_type` and other words of Rust as `loop_`.
pub fn method(name: &str) -> Ident {
    match METHODS.iter().find(|(attribute, _)| *attribute == name) {
        Some((_, method)) => identifier(method),
        None => Ident::new(&module(name), Span::call_site()),
    }
}

/// `type` as `type_`, for files and modules, where `r#type` would be odd.
pub fn module(name: &str) -> String {
    let name = leading_letter(&name.replace('-', "_"));
    match is_plain(&name) {
        true => name,
        false => name + "_",
    }
}

/// `name-max-len` as `NAME_MAX_LEN`.
pub fn constant(name: &str) -> String {
    name.replace('-', "_").to_ascii_uppercase()
}

/// [`constant`] as an identifier.
pub fn constant_identifier(name: &str) -> Ident {
    identifier(&constant(name))
}

/// `name` as an identifier, whatever Rust uses that word for.
fn identifier(name: &str) -> Ident {
    let name = leading_letter(name);
    if is_plain(&name) {
        Ident::new(&name, Span::call_site())
    } else if NEVER_RAW.contains(&name.as_str()) {
        Ident::new(&format!("{name}_"), Span::call_site())
    } else {
        Ident::new_raw(&name, Span::call_site())
    }
}

/// Whether Rust takes `name` for an identifier as it is.
fn is_plain(name: &str) -> bool {
    syn::parse_str::<Ident>(name).is_ok()
}

/// `2d` as `_2d`.
fn leading_letter(name: &str) -> String {
    match name.starts_with(|c: char| c.is_ascii_digit()) {
        true => format!("_{name}"),
        false => name.to_string(),
    }
}

/// Kernel-doc references (`@wq`) as code (`` `wq` ``).
pub fn prose(doc: &str) -> String {
    let mut out = String::with_capacity(doc.len());
    let mut rest = doc.trim_end();
    while let Some(at) = rest.find('@') {
        let (before, reference) = rest.split_at(at);
        let reference = &reference[1..];
        let end = reference
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
            .unwrap_or(reference.len());
        out.push_str(before);
        out.push('`');
        out.push_str(&reference[..end]);
        out.push('`');
        rest = &reference[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form() {
        assert_eq!(camel("subdev-create-ntf"), "SubdevCreateNtf");
        assert_eq!(camel_with("subdev-wq", "Attr"), "SubdevWqAttr");
        assert_eq!(field("pasid-mode"), "pasid_mode");
        assert_eq!(field("type"), "r#type");
        assert_eq!(module("type"), "type_");
        assert_eq!(method("type"), "of_type");
        assert_eq!(method("new-name"), "new_name");
        assert_eq!(constant("uuid-len"), "UUID_LEN");
        assert_eq!(
            prose("A @wq, or @subdev-new.\n"),
            "A `wq`, or `subdev-new`."
        );
    }

    #[test]
    fn words_of_rust_and_digits_are_no_obstacle() {
        assert_eq!(field("async"), "r#async");
        assert_eq!(field("self"), "self_");
        assert_eq!(field("2d"), "_2d");
        assert_eq!(camel("self"), "Self_");
        assert_eq!(camel("2d"), "_2d");
        assert_eq!(method("loop"), "loop_");
        assert_eq!(module("in"), "in_");
    }
}

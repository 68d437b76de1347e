// SPDX-License-Identifier: MIT OR Apache-2.0

//! The spec's kebab-case names in the forms that Rust wants.

/// Names that Rust keeps for itself, as far as specs could use them.
const KEYWORDS: [&str; 8] = [
    "type", "enum", "match", "move", "ref", "use", "loop", "static",
];

/// `pasid-mode` as `PasidMode`.
pub fn camel(name: &str) -> String {
    name.split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
                .unwrap_or_default()
        })
        .collect()
}

/// `pasid-mode` as `pasid_mode`, and `type` as `r#type`.
pub fn field(name: &str) -> String {
    let name = name.replace('-', "_");
    if KEYWORDS.contains(&name.as_str()) {
        format!("r#{name}")
    } else {
        name
    }
}

/// `type` as `type_`, for files and modules, where `r#type` would be odd.
pub fn module(name: &str) -> String {
    let name = name.replace('-', "_");
    if KEYWORDS.contains(&name.as_str()) {
        format!("{name}_")
    } else {
        name
    }
}

/// `name-max-len` as `NAME_MAX_LEN`.
pub fn constant(name: &str) -> String {
    name.replace('-', "_").to_ascii_uppercase()
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
        assert_eq!(field("pasid-mode"), "pasid_mode");
        assert_eq!(field("type"), "r#type");
        assert_eq!(module("type"), "type_");
        assert_eq!(constant("uuid-len"), "UUID_LEN");
        assert_eq!(
            prose("A @wq, or @subdev-new.\n"),
            "A `wq`, or `subdev-new`."
        );
    }
}

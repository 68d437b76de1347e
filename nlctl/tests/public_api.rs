// SPDX-License-Identifier: MIT OR Apache-2.0

//! The public interface as a list, so that no change of it goes unseen.
//!
//! `public_api.txt` has a line for each public item, as the sources declare it. When
//! a change is meant, `UPDATE_PUBLIC_API=1 cargo test -p nlctl --test public_api`
//! writes the list anew; what users have to know of it goes into CHANGELOG.md.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Fields, ImplItem, Item, TraitItem, Visibility};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Tokens as text, without the spaces that `proc_macro2` puts everywhere.
fn text(tokens: impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (spaced, plain) in [
        (" :: ", "::"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        ("& ", "&"),
        (" :", ":"),
        ("- >", "->"),
        ("->", " -> "),
        ("  ", " "),
        ("> (", ">("),
    ] {
        text = text.replace(spaced, plain);
    }
    text.trim().to_string()
}

/// The public items of the files below `dir`, by the name that they are found under.
#[derive(Default)]
struct Items(BTreeMap<String, Vec<String>>);

impl Items {
    fn read(&mut self, path: &Path) {
        if path.is_dir() {
            for entry in fs::read_dir(path).expect("is a folder") {
                self.read(&entry.expect("is there").path());
            }
            return;
        }
        // What only tests and fuzzers see.
        let name = path.file_stem().and_then(|it| it.to_str());
        let folders = path.iter().filter_map(|it| it.to_str());
        let hidden = ["tests", "fuzzing", "fake_kernel", "world"];
        if hidden.iter().any(|it| name == Some(it)) || folders.clone().any(|it| it == "fake_kernel")
        {
            return;
        }
        let source = fs::read_to_string(path).expect("is text");
        let file = syn::parse_file(&source).expect("is Rust");
        for item in &file.items {
            self.item(item);
        }
    }

    fn put(&mut self, name: impl ToString, line: String) {
        self.0.entry(name.to_string()).or_default().push(line);
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Struct(it) if is_public(&it.vis) => {
                let (name, generics) = (&it.ident, text(&it.generics));
                self.put(name, format!("struct {name}{generics}"));
                self.fields(name, &it.fields);
            }
            Item::Enum(it) if is_public(&it.vis) => {
                let (name, generics) = (&it.ident, text(&it.generics));
                self.put(name, format!("enum {name}{generics}"));
                for variant in &it.variants {
                    // Their docs are no part of the list.
                    let mut fields = variant.fields.clone();
                    fields.iter_mut().for_each(|it| it.attrs.clear());
                    let fields = text(&fields);
                    self.put(name, format!("{name}::{}{fields}", variant.ident));
                }
            }
            Item::Trait(it) if is_public(&it.vis) => {
                self.put(&it.ident, format!("trait {}", it.ident));
                for member in &it.items {
                    let line = match member {
                        TraitItem::Fn(it) => text(&it.sig),
                        TraitItem::Const(it) => format!("const {}: {}", it.ident, text(&it.ty)),
                        TraitItem::Type(it) => format!("type {}", it.ident),
                        _ => continue,
                    };
                    self.put(&it.ident, format!("{}::{line}", it.ident));
                }
            }
            Item::Fn(it) if is_public(&it.vis) => self.put(&it.sig.ident, text(&it.sig)),
            Item::Const(it) if is_public(&it.vis) => {
                self.put(&it.ident, format!("const {}: {}", it.ident, text(&it.ty)));
            }
            Item::Impl(it) => {
                let on = text(&it.self_ty);
                let name = on.split('<').next().unwrap_or(&on).to_string();
                if let Some((_, of, _)) = &it.trait_ {
                    return self.put(name, format!("impl {} for {on}", text(of)));
                }
                for member in &it.items {
                    match member {
                        ImplItem::Fn(it) if is_public(&it.vis) => {
                            self.put(&name, format!("{on}::{}", text(&it.sig)));
                        }
                        ImplItem::Const(it) if is_public(&it.vis) => {
                            self.put(&name, format!("{on}::const {}: {}", it.ident, text(&it.ty)));
                        }
                        _ => (),
                    }
                }
            }
            _ => (),
        }
    }

    fn fields(&mut self, name: &syn::Ident, fields: &Fields) {
        for (at, field) in fields
            .iter()
            .enumerate()
            .filter(|(_, it)| is_public(&it.vis))
        {
            let field_name = match &field.ident {
                Some(ident) => ident.to_token_stream(),
                None => TokenStream::from(proc_macro2::TokenTree::from(
                    proc_macro2::Literal::usize_unsuffixed(at),
                )),
            };
            self.put(name, format!("{name}.{field_name}: {}", text(&field.ty)));
        }
    }
}

#[test]
fn the_public_interface_is_what_it_was() {
    let mut items = Items::default();
    items.read(&Path::new(ROOT).join("src"));
    let exported = fs::read_to_string(Path::new(ROOT).join("src/lib.rs")).expect("is there");
    let generated = Path::new(ROOT).join("src/generated");
    let mut made = Items::default();
    made.read(&generated);
    let blocking = ["Client", "Items", "TimedOut"];
    let wire = ["emit", "parse", "kind", "value", "length"];
    let public = |name: &str| {
        let mut words = exported.split(|c: char| !c.is_alphanumeric() && c != '_');
        made.0.contains_key(name)
            || blocking.contains(&name)
            || wire.contains(&name)
            || words.any(|word| word == name)
    };
    let mut lines: Vec<_> = items
        .0
        .into_iter()
        .filter(|(name, _)| public(name))
        .flat_map(|it| it.1)
        .collect();
    lines.sort();
    lines.dedup();
    let list = lines.join("\n") + "\n";

    for foreign in [
        "netlink_packet",
        "DecodeError",
        "NetlinkMessage",
        "GenlMessage",
        "GenetlinkError",
        "Emitable",
    ] {
        assert!(
            !list.contains(foreign),
            "{foreign} is in the public interface"
        );
    }
    let path = Path::new(ROOT).join("tests/public_api.txt");
    if std::env::var_os("UPDATE_PUBLIC_API").is_some() {
        fs::write(&path, &list).expect("is written");
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    let came: Vec<_> = list
        .lines()
        .filter(|it| !known.lines().any(|known| known == *it))
        .collect();
    let went: Vec<_> = known
        .lines()
        .filter(|it| !list.lines().any(|line| line == *it))
        .collect();
    assert!(
        came.is_empty() && went.is_empty(),
        "the public interface changed; new:\n{}\ngone:\n{}\n\
         UPDATE_PUBLIC_API=1 cargo test -p nlctl --test public_api writes the list anew",
        came.join("\n"),
        went.join("\n")
    );
}

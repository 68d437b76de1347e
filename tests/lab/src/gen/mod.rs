// SPDX-License-Identifier: MIT OR Apache-2.0

//! Makes all Rust that repeats the spec of the family.
//!
//! `spec/subdev.yaml` is the single source of every number and name. The
//! kernel's `ynl_gen_c.py` makes the C side from it; [`rust`] makes the types
//! of the library (`nlctl/src/generated/`), the module's tables of vendors'
//! attributes (`driver/netlink/generated/vendor.rs`) and the page that
//! documents the family (`spec/FAMILY.md`). What it returns is what the files
//! must contain, so the same call serves to write them and to tell that they
//! are stale.
//!
//! - [`spec`] reads the YAML and refuses what the rest would not understand,
//! - [`names`] turns the spec's names into Rust's,
//! - [`code`] writes the library's files,
//! - [`vendor`] writes the module's file,
//! - [`page`] writes the Markdown page, with what [`errors`] and [`sample`] know
//!   of each operation.
//!
//! This is no generator for any family: README.md of the lab names the part of
//! the schema that it takes. What else is in a spec is refused by name.

mod code;
pub mod errors;
mod names;
mod page;
mod sample;
mod spec;
mod vendor;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

/// Where the library's files go, relative to the checkout.
const RUST_DIR: &str = "nlctl/src/generated";

/// Where the module's tables of vendors' attributes go, relative to the
/// checkout.
const VENDOR: &str = "driver/netlink/generated/vendor.rs";

/// Edition of the kernel's Rust.
const KERNEL_EDITION: &str = "2021";

/// Where the documentation of the family goes, relative to the checkout.
const PAGE: &str = "spec/FAMILY.md";

/// Generates the family's Rust and its documentation.
///
/// Returns each file as its path relative to `checkout` and its content.
/// Nothing is written. `rustfmt` is run in `checkout` on the module's file, with
/// the settings found there.
///
/// # Errors
///
/// When `spec` cannot be read, uses something that this generator does not
/// know, or contradicts itself; and when `rustfmt` cannot be run.
pub fn rust(spec: &Path, checkout: &Path) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let text = std::fs::read_to_string(spec)
        .with_context(|| format!("cannot read the spec {}", spec.display()))?;
    let family = spec::parse(&text)
        .with_context(|| format!("cannot generate Rust from {}", spec.display()))?;

    let mut files = Vec::new();
    for (name, source) in code::files(&family)? {
        files.push((Path::new(RUST_DIR).join(name), source));
    }
    let source = rustfmt(&vendor::file(&family), KERNEL_EDITION, checkout)
        .with_context(|| format!("cannot format the generated {VENDOR}"))?;
    files.push((PathBuf::from(VENDOR), source));
    files.push((PathBuf::from(PAGE), page::markdown(&family)));
    Ok(files)
}

/// Formats `source` as rustfmt leaves a file of that edition.
fn rustfmt(source: &str, edition: &str, checkout: &Path) -> anyhow::Result<String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", edition])
        .current_dir(checkout)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot run rustfmt; `rustup component add rustfmt` installs it")?;
    // rustfmt reads all of its input before it writes, so this cannot block on
    // a full pipe; dropping the handle closes it.
    child
        .stdin
        .take()
        .context("rustfmt has no standard input")?
        .write_all(source.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(
        output.status.success(),
        "rustfmt refused it: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkout() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
    }

    /// A family with all that the generator takes, and names that Rust has taken.
    const EVERYTHING: &str = "
name: every-thing
protocol: genetlink
doc: A family.
version: 3
definitions:
  - {type: enum, name: loop, entries: [self, 2d, plain]}
  - {type: flags, name: marks, doc: Bits., entries: [in, out]}
attribute-sets:
  - name: async
    doc: An object.
    attributes:
      - {name: index, type: u32, doc: A number.}
      - {name: name, type: string, doc: A name.}
      - {name: uuid, type: string, doc: A UUID.}
      - {name: type, type: u32, enum: loop, doc: A choice.}
      - {name: in, type: u32, enum: marks, doc: Some bits. Absent on Sundays.}
      - {name: big, type: u64, doc: A number.}
      - {name: small, type: u8, doc: A number., multi-attr: true}
      - {name: raw, type: binary, doc: Bytes.}
      - {name: force, type: flag, doc: A flag.}
      - {name: dry-run, type: flag, doc: Nothing is done.}
      - {name: part, type: nest, nested-attributes: async-part, multi-attr: true, doc: A part.}
      - {name: acme-async, type: nest, nested-attributes: acme-async, doc: A vendor's.}
  - name: async-part
    doc: A part.
    attributes:
      - {name: id, type: u16, doc: A number.}
      - {name: acme-async, type: nest, nested-attributes: acme-async, doc: A vendor's.}
  - name: acme-async
    doc: A vendor's.
    attributes:
      - {name: size, type: uint, doc: A number.}
operations:
  list:
    - name: async-get
      doc: Get it.
      attribute-set: async
      do:
        request: {attributes: &id [index, name, uuid]}
        reply: &all {attributes: [index, name, type, in, big, small, part, acme-async]}
      dump:
        request: {attributes: [in, part]}
        reply: *all
    - name: async-set
      doc: Change it.
      attribute-set: async
      do:
        request: {attributes: [index, name, uuid, type, in, big, small, raw, force, part]}
    - name: async-new
      doc: Make it.
      attribute-set: async
      do: {request: {attributes: [name, dry-run]}, reply: *all}
    - name: async-stats-get
      doc: Count it.
      attribute-set: async
      do: {request: {attributes: *id}, reply: {attributes: [index, big]}}
      dump: {reply: {attributes: [index, big]}}
    - name: async-break-ntf
      doc: It broke.
      attribute-set: async
      event: {attributes: [index, big]}
      mcgrp: all
mcast-groups: {list: [{name: all}]}
";

    /// The generated file without its layout.
    fn plain(name: &str) -> String {
        let family = spec::parse(EVERYTHING).expect("is a spec");
        let files = code::files(&family).expect("is Rust");
        let file = files.into_iter().find(|(file, _)| file == name);
        let (_, text) = file.expect("is made");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn has(text: &str, part: &str) {
        assert!(text.contains(part), "no {part:?} in {text}");
    }

    #[test]
    fn an_object_has_fields_for_what_replies_list() {
        let file = plain("async_.rs");
        has(&file, "pub struct Async {");
        has(&file, "pub r#type: Loop,");
        has(&file, "pub r#in: Option<Marks>,");
        has(&file, "pub small: Vec<u8>,");
        has(&file, "pub part: Vec<AsyncPart>,");
        has(&file, "pub acme_async: Option<AcmeAsync>,");
        assert!(!file.contains("pub force"), "is of requests only: {file}");
        has(&file, "pub struct AsyncStatsGetReply {");
        has(&file, "pub struct AsyncBreakNtf {");
        has(&plain("enums.rs"), "Self_, /// 2d _2d,");
        has(&plain("mod.rs"), "pub const FAMILY_VERSION: u8 = 3;");
    }

    #[test]
    fn a_request_has_a_method_for_each_attribute() {
        let handles = plain("handles.rs");
        has(
            &handles,
            "pub fn get(&self, async_: impl Into<Id>) -> AsyncGet",
        );
        has(&handles, "pub fn dump(&self) -> AsyncDump");
        has(
            &handles,
            "pub fn set(&self, async_: impl Into<Id>) -> AsyncSet",
        );
        has(
            &handles,
            "pub fn stats(&self, async_: impl Into<Id>) -> AsyncStatsGet",
        );
        has(&handles, "pub fn dump_stats(&self) -> AsyncStatsDump");
        let set = plain("async_set_request.rs");
        has(&set, "pub fn of_type(self, of_type: Loop) -> Self");
        has(&set, "pub fn in_(self, in_: Marks) -> Self");
        has(
            &set,
            "pub fn big(self, big: u64) -> Self { Self(self.0.with(AsyncAttr::Big(U64(big)))) }",
        );
        has(
            &set,
            "pub fn small(self, small: u8) -> Self { Self(self.0.and(AsyncAttr::Small(small))) }",
        );
        has(&set, "pub fn raw(self, raw: impl Into<Binary>) -> Self");
        has(&set, "pub fn force(self) -> Self");
        has(
            &set,
            "pub fn part(self, part: impl Into<AsyncPartRequest>) -> Self",
        );
        has(
            &set,
            "pub async fn execute(self) -> Result<Answer<()>, Error>",
        );
        assert!(!set.contains("pub fn uuid"), "names the object: {set}");
        let new = plain("async_new_request.rs");
        has(
            &new,
            "pub async fn dry_run(self) -> Result<Answer<AsyncNewDryRun>, Error>",
        );
        has(
            &new,
            "pub async fn execute(self) -> Result<Answer<Async>, Error>",
        );
        has(&plain("async_.rs"), "pub struct AsyncNewDryRun {");
        let nests = plain("nests.rs");
        has(
            &nests,
            "pub fn acme_async(self, acme_async: impl Into<AcmeAsyncRequest>) -> Self",
        );
        has(&nests, "pub struct AcmeAsyncRequest {");
    }

    /// Other families of the kernel are no use here; if one is refused, it is
    /// said what of it, and where.
    #[test]
    fn other_specs_are_refused_by_name_and_line() {
        let refusal = |from: &str, to: &str| {
            let text = EVERYTHING.replacen(from, to, 1);
            assert_ne!(text, EVERYTHING, "the test changes something");
            format!("{:#}", spec::parse(&text).expect_err("is refused"))
        };
        for (from, to, words) in [
            // Of dpll, net_shaper, ovpn, devlink and others.
            (
                "entries: [self",
                "value-start: 1, entries: [self",
                "value-start",
            ),
            (
                "doc: A part.\n",
                "subset-of: async\n    doc: A part.\n",
                "subset-of",
            ),
            ("type: u16", "type: s16", "s16"),
            (
                "type: uint,",
                "type: uint, byte-order: big-endian,",
                "byte-order",
            ),
            ("type: binary,", "type: binary, sub-type: u32,", "sub-type"),
            ("type: u16,", "type: indexed-array,", "indexed-array"),
            (
                "event: {attributes: [index, big]}",
                "notify: async-get",
                "notify",
            ),
            (
                "[{name: all}]",
                "[{name: all, flags: [uns-admin-perm]}]",
                "flags",
            ),
            (
                "protocol: genetlink",
                "protocol: netlink-raw",
                "netlink-raw",
            ),
            ("type: flags", "type: struct", "struct"),
        ] {
            let said = refusal(from, to);
            assert!(said.contains(words), "{words} is not in {said:?}");
            let place = said.contains(" at line ") || said.contains("definitions[");
            assert!(place, "no place in {said:?}");
        }
    }

    #[test]
    fn committed_files_are_what_the_spec_says() {
        let files = rust(&checkout().join("spec/subdev.yaml"), checkout()).expect("generates");
        assert!(files.len() > 5, "one file for each attribute set and more");
        for (path, content) in files {
            let committed = std::fs::read_to_string(checkout().join(&path)).unwrap_or_default();
            assert!(
                committed == content,
                "{} is stale: run `cargo xtask gen`",
                path.display()
            );
        }
    }
}

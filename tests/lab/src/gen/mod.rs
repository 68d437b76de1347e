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
//! - [`page`] writes the Markdown page.

mod code;
mod names;
mod page;
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

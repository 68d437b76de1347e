// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is in the packages, as a source tree of debhelper's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::git;
use crate::build::userspace::Programs;
use crate::lab::Lab;
use crate::process;
use crate::root::chroot::remove_tree;
use crate::run;

/// The packaging, relative to the checkout.
const DEBIAN: &str = "tests/lab/debian";

/// What the module is built of.
const MODULE: &[&str] = &["Kbuild", "driver", "uapi"];

/// What of it the kernel's build does not read.
const NOT_BUILT: &[&str] = &["Cargo.toml", "README.md", "tests", "tests.rs"];

/// Files of the checkout, and their places in the tree.
const FILES: &[(&str, &str)] = &[
    ("driver/dkms/dkms.conf", "debian/subdev-dkms.dkms"),
    ("nlctl/dsa-nl/accel-config.md", "doc/accel-config.md"),
    ("nlctl/dsa-nl/schema.json", "doc/schema.json"),
    ("nlctl/README.md", "doc/README.md"),
    ("spec/FAMILY.md", "doc/FAMILY.md"),
    ("spec/subdev.yaml", "doc/subdev.yaml"),
    ("nlctl/dsa-nl/systemd/README", "subdev.d/README"),
    ("nlctl/dsa-nl/systemd/example.yaml", "subdev.d/example.yaml"),
    (
        "nlctl/dsa-nl/systemd/90-subdev.rules",
        "systemd/90-subdev.rules",
    ),
    (
        "nlctl/dsa-nl/systemd/subdev-apply@.service",
        "systemd/subdev-apply@.service",
    ),
];

/// Shells, and what a file of completions for it is called.
const SHELLS: &[(&str, &str)] = &[
    ("bash", "dsa-nl"),
    ("zsh", "_dsa-nl"),
    ("fish", "dsa-nl.fish"),
];

/// Licences of which Debian has the text, and those of which the packages need it.
const KNOWN: &[(&str, &str)] = &[("Apache-2.0", "Apache-2.0"), ("GPL-2", "GPL-2")];
const TOLD: &[(&str, &str)] = &[
    ("MIT", "MIT"),
    ("BSD-3-Clause", "BSD-3-Clause"),
    ("GPL-2 with Linux-syscall-note", "Linux-syscall-note"),
];

/// What the packages say of the checkout that they were made of.
pub struct Version {
    /// As in Cargo.toml.
    pub number: String,
    /// Who made the last commit.
    maintainer: String,
    /// When, in seconds since 1970.
    pub time: i64,
    /// The same, as Debian writes it.
    date: String,
}

impl Version {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// When the checkout has no commit, or Cargo.toml no version.
    pub fn read(checkout: &Path) -> Result<Self> {
        let manifest = checkout.join("Cargo.toml");
        let text = fs::read_to_string(&manifest)
            .with_context(|| format!("cannot read {}", manifest.display()))?;
        let mut lines = text.lines();
        let number = lines.find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
        let number = number.context("Cargo.toml has no version of the workspace")?;
        let said = git(checkout, &["log", "-1", "--format=%ct%n%cD%n%an <%ae>"])?;
        let mut said = said.lines();
        let mut next = || {
            said.next()
                .context("git told too little of the last commit")
        };
        Ok(Self {
            number: number.to_owned(),
            time: next()?.parse().context("the time of the last commit")?,
            date: next()?.to_owned(),
            maintainer: next()?.to_owned(),
        })
    }
}

/// Makes the tree `name` below `top`, where nothing else is then.
///
/// # Errors
///
/// When a file cannot be read or written, or the program does not write its manual.
pub fn fill(
    lab: &Lab,
    programs: &Programs,
    version: &Version,
    top: &Path,
    name: &str,
) -> Result<()> {
    remove_tree(lab, top)?;
    let tree = top.join(name);
    copy(&lab.checkout.join(DEBIAN), &tree.join("debian"), &[])?;
    for path in MODULE {
        copy(
            &lab.checkout.join(path),
            &tree.join("module").join(path),
            NOT_BUILT,
        )?;
    }
    for (from, to) in FILES {
        copy(&lab.checkout.join(from), &tree.join(to), &[])?;
    }
    fs::remove_file(tree.join("module/driver/dkms/dkms.conf"))?;
    let program = programs.path("dsa-nl");
    copy(&program, &tree.join("bin/dsa-nl"), &[])?;
    write_of_program(lab, &program, &tree)?;

    let control = tree.join("debian/control");
    let text = fs::read_to_string(&control)?.replace("@MAINTAINER@", &version.maintainer);
    fs::write(&control, text)?;
    let Version {
        number,
        maintainer,
        date,
        ..
    } = version;
    let changelog = format!(
        "subdev ({number}) unstable; urgency=medium\n\n  \
         * The release {number}; see CHANGELOG.md of the source.\n\n \
         -- {maintainer}  {date}\n"
    );
    fs::write(tree.join("debian/changelog"), changelog)?;
    let copyright = tree.join("debian/copyright");
    let text = fs::read_to_string(&copyright)? + &licences(&lab.checkout)?;
    fs::write(&copyright, text).context("cannot write what the licences are")
}

/// The manual and the completions, which the program itself writes.
fn write_of_program(lab: &Lab, program: &Path, tree: &Path) -> Result<()> {
    let (man, completion) = (tree.join("man"), tree.join("completion"));
    for dir in [&man, &completion] {
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    }
    let mut command = process::bound(program);
    run::step(
        lab,
        "write the manual pages",
        command.arg("man").arg(&man),
        "",
    )?;
    for (shell, name) in SHELLS {
        let output = Command::new(program).args(["completion", shell]).output();
        let output = output.context("cannot start dsa-nl")?;
        fs::write(completion.join(name), output.stdout)?;
    }
    Ok(())
}

/// The licences in the form of debian/copyright.
fn licences(checkout: &Path) -> Result<String> {
    let mut text = String::new();
    for (name, file) in KNOWN {
        text += &format!(
            "License: {name}\n On Debian systems, the text is in /usr/share/common-licenses/{file}.\n\n"
        );
    }
    for (name, file) in TOLD {
        let path = checkout.join("LICENSES").join(format!("{file}.txt"));
        let licence =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        text += &format!("License: {name}\n");
        for line in licence.lines() {
            let line = if line.trim().is_empty() { "." } else { line };
            text += &format!(" {line}\n");
        }
        text.push('\n');
    }
    Ok(text.trim_end().to_owned() + "\n")
}

/// Copies a file, or a folder with all in it but what is called as in `without`.
fn copy(from: &Path, to: &Path, without: &[&str]) -> Result<()> {
    let failed = || format!("cannot copy {} to {}", from.display(), to.display());
    if !from.is_dir() {
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).with_context(failed)?;
        }
        return fs::copy(from, to).map(drop).with_context(failed);
    }
    for entry in fs::read_dir(from).with_context(failed)? {
        let name: PathBuf = entry.with_context(failed)?.file_name().into();
        if !without.iter().any(|it| Path::new(it) == name) {
            copy(&from.join(&name), &to.join(&name), without)?;
        }
    }
    Ok(())
}

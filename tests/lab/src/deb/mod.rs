// SPDX-License-Identifier: MIT OR Apache-2.0

//! `cargo xtask deb`: the Debian packages `dsa-nl` and `subdev-dkms`.
//!
//! [`stage`] puts together what is in them, debhelper makes them of that, and lintian looks for
//! faults. [`installed`] is a build root that has them installed.

pub mod installed;
mod stage;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use self::stage::Version;
use crate::build::userspace::Programs;
use crate::lab::Lab;
use crate::root::Root;
use crate::root::debian;
use crate::{run, stamp};

/// Where the staged files appear inside the root: the same for every checkout, as packages may
/// tell it.
const INSIDE: &str = "/run/deb";

/// Builds both packages of what is staged, and looks for faults. No compiler is needed for that, so
/// none is demanded.
const BUILD: &str = "cd \"$1\"
dpkg-buildpackage --build=binary --no-sign --no-check-builddeps
lintian --display-info --allow-root --fail-on error,warning ../*.changes";

/// The packages, as files.
#[derive(Debug)]
pub struct Packages(Vec<PathBuf>);

impl Packages {
    /// All of them.
    pub fn files(&self) -> &[PathBuf] {
        &self.0
    }
}

/// Builds the packages of the checkout; they lie in `target/deb` of it.
///
/// # Errors
///
/// When they cannot be built, or lintian finds an error.
pub fn build(lab: &Lab, root: &Root, programs: &Programs) -> Result<Packages> {
    let _lock = stamp::lock(lab, &format!("deb-{}", checkout_name(lab)))?;
    let tools = debian::ensure(lab, root)?;
    let version = Version::read(&lab.checkout)?;
    let top = lab.own("deb");
    let name = format!("subdev-{}", version.number);
    stage::fill(lab, programs, &version, &top, &name)?;
    let mut command = root
        .enter()
        .below(&[tools])
        .bind(&top, INSIDE)
        .command("sh");
    command.args(["-euc", BUILD, "sh", &format!("{INSIDE}/{name}")]);
    command.env("SUBDEV_VERSION", &version.number);
    command.env("SOURCE_DATE_EPOCH", version.time.to_string());
    // Who wants to look into the program builds it.
    command.env("DEB_BUILD_OPTIONS", "noautodbgsym");
    run::step(lab, "build the Debian packages", &mut command, "")?;
    let to = lab.checkout.join("target/deb");
    Ok(Packages(keep(&top, &to)?))
}

/// Copies the packages from the folder `from` to `to`, and no others are there then.
fn keep(from: &Path, to: &Path) -> Result<Vec<PathBuf>> {
    let deb = |path: &Path| path.extension().is_some_and(|it| it == "deb");
    let list = |dir: &Path| -> Result<Vec<PathBuf>> {
        let failed = || format!("cannot read {}", dir.display());
        let entries = fs::read_dir(dir).with_context(failed)?;
        let paths = entries.map(|entry| Ok(entry?.path()));
        let mut paths = paths.collect::<Result<Vec<_>>>()?;
        paths.retain(|path| deb(path));
        paths.sort();
        Ok(paths)
    };
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for old in list(to)? {
        fs::remove_file(&old).with_context(|| format!("cannot remove {}", old.display()))?;
    }
    let mut kept = Vec::new();
    for file in list(from)? {
        let target = to.join(file.file_name().unwrap_or_default());
        fs::copy(&file, &target).with_context(|| format!("cannot write {}", target.display()))?;
        kept.push(target);
    }
    if kept.is_empty() {
        bail!("no package was built in {}", from.display());
    }
    Ok(kept)
}

/// What the checkout's folders in the cache are called.
fn checkout_name(lab: &Lab) -> String {
    let own = lab.own("deb");
    let name = own.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The output of git in the checkout.
fn git(checkout: &Path, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new("git");
    let output = command.arg("-C").arg(checkout).args(arguments).output();
    let output = output.context("cannot run git")?;
    if !output.status.success() {
        bail!(
            "git {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned())
}

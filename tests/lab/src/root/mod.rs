// SPDX-License-Identifier: MIT OR Apache-2.0

//! The build root: a Debian tree with compilers, kernel packages and QEMU.

pub mod chroot;
pub mod debian;
pub mod kernel_packages;
mod managers;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use self::chroot::{Chroot, remove_tree};
use crate::host_package::Package;
use crate::lab::{Lab, short_hash};
use crate::{process, run, stamp};

/// The Debian release of the root. The kernel and QEMU come from its backports.
const SUITE: &str = "trixie";

/// What the root holds besides the kernel and QEMU.
const PACKAGES: &[&str] = &[
    // What builds the kernel's tools and a module.
    "make",
    "gcc",
    "gcc-14",
    "libc6-dev",
    "bc",
    "bison",
    "flex",
    "libelf-dev",
    "libssl-dev",
    "pahole",
    "clang",
    "llvm",
    "lld",
    "rustc",
    "rust-src",
    "rust-clippy",
    "bindgen",
    "rustfmt",
    // What the kernel's netlink client and generator run on.
    "python3",
    "python3-yaml",
    "python3-jsonschema",
    // What the initramfs is made of and with.
    "busybox-static",
    "cpio",
    "kmod",
    "xz-utils",
    "zstd",
    // What configures a DSA for the kernel's own driver, to try the model with.
    "accel-config",
    // What a virtual machine's user expects; certificates for mirrors over https.
    "iproute2",
    "pciutils",
    "procps",
    "less",
    "ca-certificates",
];

/// Keeps what nobody reads here out of the root.
const LEAN: &[&str] = &[
    "/usr/share/doc/*",
    "/usr/share/man/*",
    "/usr/share/info/*",
    "/usr/share/locale/*",
];

/// A build root that is complete.
#[derive(Debug)]
pub struct Root {
    /// The tree.
    pub path: PathBuf,
    /// Its name in the cache, which changes with what it holds.
    pub name: String,
    /// The release of the kernel in it: `7.3.4+deb13-amd64`.
    pub kernel: String,
}

impl Root {
    /// Prepares to run a program inside.
    pub fn enter(&self) -> Chroot {
        Chroot::new(&self.path)
    }
}

/// Makes the build root, unless it is there.
///
/// # Errors
///
/// When a package cannot be had or installed.
pub fn ensure(lab: &Lab) -> Result<Root> {
    let wanted = PACKAGES
        .iter()
        .chain(LEAN)
        .chain(&[SUITE, kernel_packages::SERIES]);
    let key = short_hash(wanted.map(|word| word.as_bytes()));
    let name = format!("root-{key}");
    let path = lab.cache.join(&name);
    stamp::once(lab, &name, &key, &path, || bootstrap(lab, &path))?;
    let kernel = kernel_packages::ensure(lab, &name, &path)?;
    managers::ensure(lab, &name, &path)?;
    Ok(Root { path, name, kernel })
}

/// Makes the tree `path` with mmdebstrap, which verifies all it downloads
/// against the archive's signed index.
fn bootstrap(lab: &Lab, path: &Path) -> Result<()> {
    Package::Mmdebstrap.ensure(lab)?;
    Package::DebianArchiveKeyring.ensure(lab)?;
    // Only a finished tree gets the name that is looked for.
    let unfinished = path.with_extension("unfinished");
    remove_tree(lab, &unfinished)?;
    remove_tree(lab, path)?;
    let mut command = process::bound("mmdebstrap");
    command.args([
        "--variant=apt",
        "--aptopt=Apt::Install-Recommends \"false\"",
    ]);
    command.arg(format!("--include={}", PACKAGES.join(",")));
    command.args(
        LEAN.iter()
            .map(|path| format!("--dpkgopt=path-exclude={path}")),
    );
    command.arg(SUITE).arg(&unfinished).args(mirror(lab)?);
    run::step(
        lab,
        "make the build root",
        &mut command,
        "Check the network and the room on the disk; SUBDEV_MIRROR names another Debian archive.",
    )?;
    std::fs::rename(&unfinished, path).with_context(|| {
        format!(
            "cannot rename {} to {}",
            unfinished.display(),
            path.display()
        )
    })
}

/// The Debian archive that the user names or the host itself uses; none leaves
/// the choice to mmdebstrap.
fn mirror(lab: &Lab) -> Result<Option<String>> {
    if lab.mirror.is_some() {
        return Ok(lab.mirror.clone());
    }
    let found = Command::new("apt-get")
        .args(["indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)"])
        .arg("Created-By: Packages")
        .output()
        .context("cannot run apt-get: the lab needs a Debian-family host")?;
    Ok(archive_of(&String::from_utf8_lossy(&found.stdout)))
}

/// The first Debian archive in `targets`, lines of `ORIGIN|LABEL|URI`. The
/// security archive has another label and does not hold what we need.
fn archive_of(targets: &str) -> Option<String> {
    targets.lines().find_map(|line| {
        let uri = line.strip_prefix("Debian|Debian|")?;
        (uri.starts_with("http://") || uri.starts_with("https://")).then(|| uri.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_the_hosts_own_debian_archive() {
        let targets = "Debian|Debian-Security|http://a.example/debian-security/\n\
                       Debian|Debian|http://a.example/debian/\n";
        assert_eq!(
            archive_of(targets).as_deref(),
            Some("http://a.example/debian/")
        );
    }

    #[test]
    fn a_host_without_debian_leaves_the_choice() {
        assert_eq!(archive_of("Ubuntu|Ubuntu|http://a.example/ubuntu/\n"), None);
        assert_eq!(archive_of("Debian|Debian|cdrom://disk/\n"), None);
    }
}

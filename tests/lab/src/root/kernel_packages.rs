// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which of Debian's kernels the lab takes, and its packages in the root.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::chroot::Chroot;
use crate::lab::Lab;
use crate::{run, stamp};

/// The kernel series that the module is written for.
pub const SERIES: &str = "7.3";

/// What ends the release of Debian's plain amd64 kernel for this suite.
const FLAVOUR: &str = "+deb13-amd64";

/// What to do when apt fails in the root.
const HINT: &str = "Check the network and the room on the disk, then run the same command again: \
                    it goes on where it stopped.";

/// Installs kernel image, headers, source and QEMU in the root `name` at `path`, unless
/// they are there, and returns the kernel's release.
///
/// # Errors
///
/// When the archive has no complete kernel of the series left, or apt fails.
pub fn ensure(lab: &Lab, name: &str, path: &Path) -> Result<String> {
    let root = Chroot::new(path);
    // The choice is kept: a root does not change under its users.
    let chosen = lab.cache.join("stamp").join(format!("{name}.release"));
    stamp::once(lab, &format!("{name}.packages"), SERIES, &chosen, || {
        let mut update = root.command("sh");
        update.args(["-euc", include_str!("apt_update.sh")]);
        run::step(lab, "read the index of the backports", &mut update, HINT)?;
        let kernel = choose(&madison(&root)?)?;
        let mut install = root.command("apt-get");
        install.args([
            "install",
            "--yes",
            "--no-install-recommends",
            "-t",
            "trixie-backports",
        ]);
        install.args(["linux-image", "linux-headers"].map(|p| format!("{p}-{}", kernel.release)));
        install
            .arg(format!("linux-source-{SERIES}={}", kernel.version))
            .arg("qemu-system-x86");
        install.env("DEBIAN_FRONTEND", "noninteractive");
        run::step(
            lab,
            "install the kernel and QEMU in the build root",
            &mut install,
            HINT,
        )?;
        run::step(
            lab,
            "tidy the build root",
            root.command("apt-get").arg("clean"),
            HINT,
        )?;
        stamp::write_atomic(&chosen, kernel.release.as_bytes())
    })?;
    std::fs::read_to_string(&chosen).with_context(|| {
        format!(
            "cannot read {} (mend with `cargo xtask clean --all`)",
            chosen.display()
        )
    })
}

/// A kernel whose image, headers and source the archive has in one version.
#[derive(Debug, PartialEq, Eq)]
struct Kernel {
    /// What `uname -r` will say: `7.3.4+deb13-amd64`.
    release: String,
    /// The version of the packages: `7.3.4-1~bpo13+1`.
    version: String,
}

/// What apt knows of the packages of the series, as `PACKAGE | VERSION | …`.
fn madison(root: &Chroot) -> Result<String> {
    let series = SERIES.replace('.', "\\.");
    let script = format!(
        "apt-cache madison linux-source-{SERIES} $(apt-cache pkgnames linux- | \
         grep -E '^linux-(image|headers)-{series}\\.[0-9]+\\{FLAVOUR}$')"
    );
    output(root.command("sh").args(["-c", &script]))
}

fn output(command: &mut Command) -> Result<String> {
    let out = command.output().context("cannot enter the build root")?;
    if !out.status.success() {
        bail!(
            "cannot ask apt in the build root which kernels there are:\n{}",
            run::indent(&String::from_utf8_lossy(&out.stderr))
        );
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

/// The newest kernel that is complete in `madison`.
fn choose(madison: &str) -> Result<Kernel> {
    let known: BTreeSet<(&str, &str)> = madison
        .lines()
        .filter_map(|line| {
            let mut columns = line.split('|').map(str::trim);
            Some((columns.next()?, columns.next()?))
        })
        .collect();
    let source = format!("linux-source-{SERIES}");
    known
        .iter()
        .filter_map(|&(package, version)| {
            let release = package.strip_prefix("linux-image-")?;
            let headers = format!("linux-headers-{release}");
            let complete = known.contains(&(headers.as_str(), version))
                && known.contains(&(source.as_str(), version));
            let patch: u32 = release
                .strip_suffix(FLAVOUR)?
                .strip_prefix(SERIES)?
                .strip_prefix('.')?
                .parse()
                .ok()?;
            complete.then(|| (patch, release.to_owned(), version.to_owned()))
        })
        .max()
        .map(|(_, release, version)| Kernel { release, version })
        .with_context(|| {
            let seen: Vec<String> = known.iter().map(|(p, v)| format!("{p} {v}")).collect();
            format!(
                "trixie-backports has no kernel {SERIES}.x ({FLAVOUR}) left whose image, headers \
                 and source are of one version; it has: {}. SUBDEV_MIRROR can name an archive \
                 that still has one.",
                if seen.is_empty() {
                    "none at all".into()
                } else {
                    seen.join(", ")
                }
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_complete_kernel_is_chosen() -> Result<()> {
        let kernel = choose(
            "linux-image-7.3.9+deb13-amd64 | 7.3.9-1 | x\n\
             linux-headers-7.3.9+deb13-amd64 | 7.3.9-1 | x\n\
             linux-image-7.3.10+deb13-amd64 | 7.3.10-1 | x\n\
             linux-headers-7.3.10+deb13-amd64 | 7.3.10-1 | x\n\
             linux-image-7.3.11+deb13-amd64 | 7.3.11-1 | x\n\
             linux-source-7.3 | 7.3.9-1 | x\n\
             linux-source-7.3 | 7.3.10-1 | x\n\
             linux-source-7.3 | 7.3.11-1 | x\n",
        )?;
        assert_eq!(kernel.release, "7.3.10+deb13-amd64");
        assert_eq!(kernel.version, "7.3.10-1");
        Ok(())
    }

    #[test]
    fn an_archive_without_a_complete_kernel_is_told_with_what_it_has() {
        let message = match choose("linux-image-7.3.9+deb13-amd64 | 7.3.9-1 | x\n") {
            Ok(kernel) => panic!("{kernel:?} was chosen without headers and source"),
            Err(error) => error.to_string(),
        };
        assert!(message.contains("no kernel 7.3.x"), "{message}");
        assert!(
            message.contains("linux-image-7.3.9+deb13-amd64 7.3.9-1"),
            "{message}"
        );
    }
}

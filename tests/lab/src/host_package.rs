// SPDX-License-Identifier: MIT OR Apache-2.0

//! Packages that the host itself needs.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::lab::Lab;
use crate::{process, run};

/// A package, and how to tell that it is there.
pub enum Package {
    /// One with a program of the same name.
    Mmdebstrap,
    /// The keys that verify Debian's archive.
    DebianArchiveKeyring,
    /// A C++ compiler, unless there is another one.
    Gxx,
}

/// Installs the package on its first argument; an index that is missing or old
/// is read anew.
const INSTALL: &str = "install() { apt-get install --yes --no-install-recommends \"$1\"; }
install \"$1\" || { apt-get update && install \"$1\"; }";

/// The keys.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

impl Package {
    fn name(&self) -> &'static str {
        match self {
            Self::Mmdebstrap => "mmdebstrap",
            Self::DebianArchiveKeyring => "debian-archive-keyring",
            Self::Gxx => "g++",
        }
    }

    fn is_there(&self) -> bool {
        match self {
            Self::Mmdebstrap => runs("mmdebstrap"),
            Self::DebianArchiveKeyring => Path::new(KEYRING).exists(),
            Self::Gxx => runs("c++"),
        }
    }

    /// Installs it if it is missing.
    ///
    /// # Errors
    ///
    /// When it cannot be installed; the error says what to do.
    pub fn ensure(&self, lab: &Lab) -> Result<()> {
        if self.is_there() {
            return Ok(());
        }
        let name = self.name();
        if !rustix::process::geteuid().is_root() {
            bail!(
                "{name} is missing, and only root may install it: run `apt install {name}` as \
                 root, then try again"
            );
        }
        let mut command = process::bound("sh");
        command.args(["-c", INSTALL, "sh", name]);
        command.env("DEBIAN_FRONTEND", "noninteractive");
        let hint = format!("Run `apt update && apt install {name}`, then try again.");
        run::step(lab, &format!("install {name}"), &mut command, &hint)
    }
}

/// Whether a program is there.
fn runs(program: &str) -> bool {
    let version = Command::new(program).arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

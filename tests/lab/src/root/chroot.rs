// SPDX-License-Identifier: MIT OR Apache-2.0

//! Running programs inside the build root, without changing the host.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::lab::Lab;
use crate::run;

/// A program to be run inside the build root.
///
/// It gets a mount namespace of its own (as root), or a user namespace as well
/// (as somebody else), the host's `/dev`, `/proc`, `/sys`, an empty `/tmp` and
/// `/run`, and at `/mnt` the bare tree of the root.
pub struct Chroot {
    root: PathBuf,
    overlay: OsString,
    cwd: String,
    binds: Vec<OsString>,
}

impl Chroot {
    /// Prepares to enter the tree `root`.
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            overlay: OsString::new(),
            cwd: "/".into(),
            binds: Vec::new(),
        }
    }

    /// Shows the tree with `layers` above it, the lowest first; nothing can be written to it
    /// then.
    pub fn below(mut self, layers: &[Layer]) -> Self {
        if !layers.is_empty() {
            self.overlay = self.lower(layers);
        }
        self
    }

    /// The same, with what is written going to `top`.
    pub fn written_to(mut self, layers: &[Layer], top: &Layer) -> Self {
        self.overlay = self.lower(layers);
        for (option, dir) in [(",upperdir=", top.files()), (",workdir=", top.work())] {
            self.overlay.push(option);
            self.overlay.push(dir);
        }
        self
    }

    fn lower(&self, layers: &[Layer]) -> OsString {
        let mut overlay = OsString::from("lowerdir=");
        for layer in layers.iter().rev() {
            overlay.push(layer.files());
            overlay.push(":");
        }
        overlay.push(&self.root);
        if !rustix::process::geteuid().is_root() {
            overlay.push(",userxattr");
        }
        overlay
    }

    /// Makes the folder or file `host` appear at `inside`. A folder's place
    /// below `/run` or `/tmp` is made; any other place must exist.
    pub fn bind(mut self, host: &Path, inside: &str) -> Self {
        self.binds
            .extend([host.as_os_str().to_owned(), inside.into()]);
        self
    }

    /// Starts the program in the folder `inside`.
    pub fn cwd(mut self, inside: &str) -> Self {
        self.cwd = inside.into();
        self
    }

    /// The command that runs `program` inside; more arguments may be added.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = namespace();
        command
            .args(["sh", "-c", include_str!("chroot.sh"), "chroot.sh"])
            .arg(&self.root)
            .arg(&self.overlay)
            .arg(&self.cwd)
            .args(&self.binds)
            .arg("--")
            .arg(program);
        command
    }
}

/// What lies above a tree: the files that are there as well, or instead.
#[derive(Debug, Clone)]
pub struct Layer(PathBuf);

impl Layer {
    /// The one that is kept in the folder `dir`.
    pub fn new(dir: PathBuf) -> Self {
        Self(dir)
    }

    /// The folder of the layer.
    pub fn dir(&self) -> &Path {
        &self.0
    }

    fn files(&self) -> PathBuf {
        self.0.join("files")
    }

    fn work(&self) -> PathBuf {
        self.0.join("work")
    }

    /// Makes it anew, by a command that is run where its files can be written.
    ///
    /// # Errors
    ///
    /// When the old one cannot be removed, or `write` fails.
    pub fn make(
        &self,
        lab: &Lab,
        write: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        remove_tree(lab, &self.0)?;
        for dir in [self.files(), self.work()] {
            std::fs::create_dir_all(&dir)
                .with_context(|| format!("cannot make {}", dir.display()))?;
        }
        write()
    }
}

/// A command that runs its arguments where mounting is allowed and private,
/// and where files of the build root can be written and removed.
pub fn namespace() -> Command {
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-auto", "--map-root-user"]);
    }
    command.args(["--mount", "--"]);
    command
}

/// Removes the tree `path`, whoever owns the files in it inside the namespace,
/// and never what is mounted in it.
///
/// # Errors
///
/// When `rm` fails.
pub fn remove_tree(lab: &Lab, path: &Path) -> anyhow::Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let mut command = namespace();
    command
        .args(["rm", "-rf", "--one-file-system", "--"])
        .arg(path);
    run::step(
        lab,
        &format!("remove {}", path.display()),
        &mut command,
        "Remove it by hand, as root.",
    )
}

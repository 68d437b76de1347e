// SPDX-License-Identifier: MIT OR Apache-2.0
//! Containers, by Debian's podman and crun: it reads CDI specs by itself, as the runtimes of a cluster
//! do.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::process::{self, Output, Talker};

/// How long it may take to start a container, or to end one.
pub const LIMIT: Duration = Duration::from_secs(60);

/// Where podman looks for CDI specs; it can be told of no other place.
const SPECS: &str = "/run/cdi";

/// Where control groups are.
const GROUPS: &str = "/sys/fs/cgroup";

/// What is in an image, and where from.
const PROGRAMS: [(&str, &str); 3] = [
    ("/usr/bin/busybox", "bin/sh"),
    ("/usr/bin/busybox", "bin/sleep"),
    ("/usr/bin/dsa-copy", "bin/dsa-copy"),
];

/// A podman with no containers but its own.
pub struct Podman {
    folder: PathBuf,
    /// What was mounted for it.
    mounts: Vec<&'static str>,
}

impl Podman {
    /// One that finds CDI specs in a folder.
    pub fn new(specs: &Path) -> Result<Self> {
        let folder = PathBuf::from(format!("/run/podman-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        // The driver may not have made it yet.
        for path in [specs, Path::new(SPECS)] {
            fs::create_dir_all(path)?;
        }
        let mut podman = Self {
            folder,
            mounts: Vec::new(),
        };
        podman.mount(&["--bind", &specs.to_string_lossy()], SPECS)?;
        if !Path::new(GROUPS).join("cgroup.procs").exists() {
            podman.mount(&["-t", "cgroup2", "none"], GROUPS)?;
        }
        Ok(podman)
    }

    fn mount(&mut self, words: &[&str], place: &'static str) -> Result<()> {
        let mut command = Command::new("mount");
        process::run(command.args(words).arg(place), LIMIT)?.ok()?;
        self.mounts.push(place);
        Ok(())
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("podman");
        command
            .args(["--storage-driver", "vfs", "--cgroup-manager", "cgroupfs"])
            .args(["--events-backend", "none", "--runtime", "crun"])
            .arg("--root")
            .arg(self.folder.join("storage"))
            .arg("--runroot")
            .arg(self.folder.join("run"))
            .arg("--tmpdir")
            .arg(self.folder.join("tmp"))
            .args(words);
        command
    }

    /// Runs it to its end.
    pub fn run(&self, words: &[&str]) -> Result<Output> {
        process::run(&mut self.command(words), LIMIT)
    }

    /// Starts a container that has a CDI device and runs a script, in a file system of its own.
    pub fn start(&self, name: &str, device: &str, script: &str) -> Result<Container<'_>> {
        let root = self.folder.join(format!("root-{name}"));
        for (from, to) in PROGRAMS {
            let to = root.join(to);
            fs::create_dir_all(to.parent().unwrap_or(&root))?;
            fs::copy(from, &to).with_context(|| format!("cannot copy {from}"))?;
            fs::set_permissions(&to, Permissions::from_mode(0o755))?;
        }
        let mut command = self.command(&["run", "--name", name, "--network", "none"]);
        command.args(["--log-driver", "none", "--device", device]);
        command.arg("--rootfs").arg(&root);
        command.args(["/bin/sh", "-euc", script]);
        Ok(Container {
            podman: self,
            name: name.to_string(),
            root,
            talker: Talker::spawn(&mut command)?,
        })
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        self.run(&["rm", "--all", "--force", "--time", "0"]).ok();
        for place in &self.mounts {
            process::run(Command::new("umount").arg(place), LIMIT).ok();
        }
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// A container that runs.
pub struct Container<'a> {
    podman: &'a Podman,
    name: String,
    root: PathBuf,
    talker: Talker,
}

impl Container<'_> {
    /// The next line that it says.
    pub fn line(&mut self) -> Result<String> {
        let line = self.talker.line(LIMIT);
        line.with_context(|| format!("the container {}", self.name))
    }

    /// Puts an empty file into it.
    pub fn touch(&self, file: &str) -> Result<()> {
        Ok(fs::write(self.root.join(file), "")?)
    }

    /// Kills what runs in it.
    pub fn kill(&mut self) -> Result<()> {
        self.podman.run(&["kill", &self.name])?.ok()?;
        self.talker.wait(LIMIT)?;
        Ok(())
    }

    /// Waits until it has ended, without a fault.
    pub fn end(&mut self) -> Result<()> {
        let status = self.talker.wait(LIMIT)?;
        ensure!(
            status.success(),
            "the container {} ended with {status}",
            self.name
        );
        Ok(())
    }
}

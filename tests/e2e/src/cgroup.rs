// SPDX-License-Identifier: MIT OR Apache-2.0
//! Control groups: limits of what processes have together.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::wait::SOON;

/// A control group (srctree Documentation/admin-guide/cgroup-v2.rst), for as long as this is there.
pub struct Group(PathBuf);

impl Group {
    /// A new one that has these controllers, separated by spaces.
    pub fn new(name: &str, controllers: &str) -> Result<Self> {
        let root = Path::new("/run").join(name);
        fs::create_dir_all(&root)?;
        process::run(
            Command::new("mount")
                .args(["-t", "cgroup2", "none"])
                .arg(&root),
            SOON,
        )?
        .ok()?;
        let group = Self(root.join("group"));
        controllers
            .split_whitespace()
            .try_for_each(|controller| group.add(controller))?;
        fs::create_dir(&group.0)?;
        Ok(group)
    }

    /// Whether the kernel has a controller, which the group need not have.
    pub fn knows(&self, controller: &str) -> Result<bool> {
        let root = self.0.parent().context("the root of control groups")?;
        let all = fs::read_to_string(root.join("cgroup.controllers"))?;
        Ok(all.split_whitespace().any(|it| it == controller))
    }

    /// Gives it a controller that it did not have.
    pub fn add(&self, controller: &str) -> Result<()> {
        let root = self.0.parent().context("the root of control groups")?;
        fs::write(
            root.join("cgroup.subtree_control"),
            format!("+{controller}"),
        )
        .with_context(|| format!("the controller {controller}"))
    }

    /// Puts a process into it.
    pub fn take(&self, process: u32) -> Result<()> {
        self.set("cgroup.procs", &process.to_string())
    }

    /// Writes to one of its files.
    pub fn set(&self, file: &str, value: &str) -> Result<()> {
        let written = fs::write(self.0.join(file), value);
        written.with_context(|| format!("writing {value} to {file}"))
    }

    /// Reads one of its files.
    pub fn get(&self, file: &str) -> Result<String> {
        let read = fs::read_to_string(self.0.join(file));
        Ok(read
            .with_context(|| format!("reading {file}"))?
            .trim()
            .to_owned())
    }

    /// A number in one of its files that have a name and a number in each line.
    pub fn stat(&self, file: &str, name: &str) -> Result<u64> {
        let stat = self.get(file)?;
        let mut words = stat.lines().filter_map(|line| line.split_once(' '));
        let found = words.find(|(key, _)| *key == name);
        let (_, value) = found.with_context(|| format!("no {name} in {file}"))?;
        Ok(value.parse()?)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // What is left is told by the next scenario that wants to do the same.
        let _ = fs::remove_dir(&self.0);
        if let Some(root) = self.0.parent() {
            let _ = process::run(Command::new("umount").arg(root), SOON);
            let _ = fs::remove_dir(root);
        }
    }
}

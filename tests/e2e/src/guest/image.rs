// SPDX-License-Identifier: MIT OR Apache-2.0
//! The file system that a guest begins with: busybox, some modules, and `init.sh`.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::wait::SOON;

/// What is loaded in a guest, with what it depends on. `cpu_shim` comes first: the kernel is told of
/// an instruction that only that does.
const MODULES: &[&str] = &["cpu_shim", "idxd", "dmatest"];

/// Makes the image below `dir`, and returns its path.
pub fn make(dir: &Path) -> Result<PathBuf> {
    let top = dir.join("top");
    for name in ["bin", "dev", "modules", "proc", "sys"] {
        fs::create_dir_all(top.join(name)).context("no folder for the image")?;
    }
    fs::copy("/usr/bin/busybox", top.join("bin/busybox")).context("there is no busybox")?;
    let init = top.join("init");
    fs::write(&init, include_str!("init.sh"))?;
    fs::set_permissions(&init, fs::Permissions::from_mode(0o755))?;
    let mut order = String::new();
    for file in modules()? {
        let name = file.file_stem().context("a module has no name")?;
        let name = name.to_string_lossy();
        let name = name.trim_end_matches(".ko");
        if order.lines().any(|it| it == name) {
            continue;
        }
        let target = top.join("modules").join(name);
        if file.extension().is_some_and(|it| it == "xz") {
            let unpacked = File::create(&target)?;
            let mut xz = Command::new("xz");
            let status = xz.arg("-dc").arg(&file).stdout(unpacked).status()?;
            anyhow::ensure!(status.success(), "xz -dc {}: {status}", file.display());
        } else {
            fs::copy(&file, &target)?;
        }
        order.push_str(name);
        order.push('\n');
    }
    fs::write(top.join("modules/order"), order)?;
    let image = dir.join("initramfs");
    let pack = format!(
        "cd {} && find . | cpio --quiet -o -H newc >{}",
        top.display(),
        image.display()
    );
    process::run(Command::new("sh").args(["-c", &pack]), SOON)?.ok()?;
    Ok(image)
}

/// The files of the modules, those that others need first.
fn modules() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for module in MODULES {
        let mut list = Command::new("modprobe");
        list.args(["--show-depends", "--ignore-install", module]);
        let list = process::run(&mut list, SOON)?.ok()?;
        let lines = list
            .stdout
            .lines()
            .filter_map(|it| it.strip_prefix("insmod "));
        files.extend(lines.map(|it| PathBuf::from(it.split(' ').next().unwrap_or(it))));
    }
    Ok(files)
}

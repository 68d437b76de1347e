// SPDX-License-Identifier: MIT OR Apache-2.0

//! Building the kernel module of the checkout, out of tree and out of the
//! checkout.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::kernel::{self, Flavour, Kernel};
use super::mdev::{self, Mdev};
use crate::lab::{Lab, short_hash};
use crate::root::Root;
use crate::{run, stamp};

/// What of the checkout the module is built from.
const SOURCES: &[&str] = &["Kbuild", "driver", "uapi", "tests/cpu-shim"];

/// What lies among that and is not built: how others build it.
const NOT_BUILT: &str = "driver/dkms";

/// Where the build folder appears inside the root.
const INSIDE: &str = "/run/module";

/// The module in which subdevs are mediated devices.
const MDEV: &str = "subdev_mdev.ko";

/// The module by which work queues that `idxd` owns are used.
const IDXD: &str = "subdev_idxd.ko";

/// What is built with it for scenarios: a processor's missing instructions,
/// and the kernel's test of DMA channels.
const HELPERS: &[&str] = &["cpu_shim.ko", "dmatest.ko"];

/// A module that is built.
#[derive(Debug)]
pub struct Module {
    /// `subdev.ko`.
    pub file: PathBuf,
    /// `subdev_mdev.ko`, which is not loaded unless somebody wants it.
    pub mdev: PathBuf,
    /// `subdev_idxd.ko`, likewise.
    pub idxd: PathBuf,
    /// What `subdev_mdev.ko` needs, where it does not come with the kernel.
    pub core: Option<PathBuf>,
    /// What the scenarios load besides: name and file.
    pub helpers: Vec<(&'static str, PathBuf)>,
    /// A folder with the kernel's `modules.*` files in which the module is
    /// known, for `modprobe`.
    pub index: PathBuf,
}

impl Module {
    /// Name and file of all that `modprobe` is to find.
    pub fn files(&self) -> Vec<(&'static str, &Path)> {
        let helpers = self.helpers.iter();
        let helpers = helpers.map(|(name, file)| (*name, file.as_path()));
        let core = self.core.as_deref().map(|file| (mdev::FILE, file));
        let modules = [
            ("subdev.ko", self.file.as_path()),
            (MDEV, &self.mdev),
            (IDXD, &self.idxd),
        ];
        modules.into_iter().chain(core).chain(helpers).collect()
    }
}

/// How the sources are compiled.
#[derive(Clone, Copy)]
enum Lane {
    /// Into the module.
    Build,
    /// By Clippy with the kernel's lints, warnings denied.
    Lint,
}

/// The folders of the cache that hold what is built here.
pub const FOLDERS: &[&str] = &["module", "module-lint", "module-debug", "module-debug-lint"];

fn folder(flavour: Flavour, lane: Lane) -> &'static str {
    match (flavour, lane) {
        (Flavour::Stock, Lane::Build) => "module",
        (Flavour::Stock, Lane::Lint) => "module-lint",
        (Flavour::Debug, Lane::Build) => "module-debug",
        (Flavour::Debug, Lane::Lint) => "module-debug-lint",
    }
}

/// Builds the module for `kernel`, unless its sources are those of the last
/// time.
///
/// # Errors
///
/// When it does not compile; the error carries what the compiler said.
pub fn build(lab: &Lab, root: &Root, kernel: &Kernel) -> Result<Module> {
    let core = mdev::ensure(lab, root, kernel)?;
    let dir = make(lab, root, kernel, core.as_ref(), Lane::Build)?;
    let module = Module {
        file: dir.join("subdev.ko"),
        mdev: dir.join(MDEV),
        idxd: dir.join(IDXD),
        core: core.map(|core| core.file),
        helpers: HELPERS
            .iter()
            .map(|name| (*name, dir.join("tests/cpu-shim").join(name)))
            .collect(),
        index: dir.join("index"),
    };
    index(lab, root, kernel, &dir, &module)?;
    Ok(module)
}

/// Runs Clippy over the module's Rust with the kernel's lints, as `kernel`
/// configures it.
///
/// # Errors
///
/// When there is a warning; the error carries it.
pub fn lint(lab: &Lab, root: &Root, kernel: &Kernel) -> Result<()> {
    let core = mdev::ensure(lab, root, kernel)?;
    make(lab, root, kernel, core.as_ref(), Lane::Lint).map(drop)
}

/// Syncs the sources into the build folder of `lane` and runs `make` there.
fn make(
    lab: &Lab,
    root: &Root,
    kernel: &Kernel,
    core: Option<&Mdev>,
    lane: Lane,
) -> Result<PathBuf> {
    let (what, arguments): (_, &[&str]) = match lane {
        Lane::Build => ("build the module", &[]),
        Lane::Lint => ("lint the module", &["CLIPPY=1", "KRUSTFLAGS=-Dwarnings"]),
    };
    let name = folder(kernel.flavour, lane);
    let dir = lab.own(name);
    fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let sources = read_sources(&lab.checkout)?;
    let key = short_hash(
        sources
            .iter()
            .flat_map(|(path, content)| [path.as_os_str().as_encoded_bytes(), content.as_slice()])
            .chain([root.name.as_bytes(), kernel.release.as_bytes()]),
    );
    let stamp = format!("{name}-{}", file_name(&dir));
    stamp::once(lab, &stamp, &key, &dir, || {
        sync(&sources, &dir)?;
        let mut command = root
            .enter()
            .bind(&dir, INSIDE)
            .cwd(&kernel.tree)
            .command("make");
        command
            .args(kernel.make_arguments())
            .arg(format!("-j{}", jobs()))
            .args(arguments)
            .args(core.iter().flat_map(|core| core.make_arguments()));
        command.args([&format!("M={INSIDE}"), "SUBDEV_TESTS=m", "modules"]);
        run::step(lab, what, &mut command, "")
    })?;
    Ok(dir)
}

/// Makes the index by which `modprobe` finds the module, its helpers and what
/// they need.
///
/// This takes longer than building the module, and depends on nothing but the
/// modules they need and the devices they serve.
fn index(lab: &Lab, root: &Root, kernel: &Kernel, dir: &Path, module: &Module) -> Result<()> {
    let inside = root.enter().bind(dir, INSIDE);
    let files = module.files();
    let ours = files.iter().filter(|(_, file)| file.starts_with(dir));
    let facts = inside
        .command("modinfo")
        .args(ours.map(|(_, file)| inside_name(dir, file)))
        .output()
        .context("cannot enter the build root")?;
    let relevant: Vec<&[u8]> = facts
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| {
            [b"alias:".as_slice(), b"depends:", b"softdep:"]
                .iter()
                .any(|p| line.starts_with(p))
        })
        .chain(files.iter().map(|(name, _)| name.as_bytes()))
        .chain([root.name.as_bytes(), kernel.release.as_bytes()])
        .collect();
    let name = format!(
        "{}-index-{}",
        folder(kernel.flavour, Lane::Build),
        file_name(dir)
    );
    stamp::once(lab, &name, &short_hash(relevant), &module.index, || {
        fs::create_dir_all(&module.index)
            .with_context(|| format!("cannot make {}", module.index.display()))?;
        // All in one folder, as they will be in the machine.
        let extra = dir.join("index.extra");
        fs::create_dir_all(&extra).with_context(|| format!("cannot make {}", extra.display()))?;
        for (name, file) in &files {
            fs::copy(file, extra.join(name))
                .with_context(|| format!("cannot copy {}", file.display()))?;
        }
        // Only this run sees them in the root.
        let mut depmod = inside
            .bind(&extra, &format!("/lib/modules/{}/extra", kernel.release))
            .command("depmod");
        depmod
            .arg("-o")
            .arg(format!("{INSIDE}/index.new"))
            .arg(&kernel.release);
        run::step(lab, "index the modules", &mut depmod, "")?;
        let made = dir.join("index.new/lib/modules").join(&kernel.release);
        fs::remove_dir_all(&module.index)?;
        fs::rename(&made, &module.index)
            .with_context(|| format!("depmod left no index in {}", made.display()))
    })
}

/// The sources: path relative to the checkout, and content.
fn read_sources(checkout: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut open: Vec<PathBuf> = SOURCES.iter().map(PathBuf::from).collect();
    while let Some(path) = open.pop() {
        if path == Path::new(NOT_BUILT) {
            continue;
        }
        let full = checkout.join(&path);
        let failed = || {
            format!(
                "cannot read {}, of which the module is built",
                full.display()
            )
        };
        if full.is_dir() {
            for entry in fs::read_dir(&full).with_context(failed)? {
                open.push(path.join(entry.with_context(failed)?.file_name()));
            }
        } else {
            let content = fs::read(&full).with_context(failed)?;
            found.insert(path, content);
        }
    }
    Ok(found)
}

/// Makes `dir` hold `sources`. A file that is the same keeps its time, so that
/// make leaves alone what was built from it; a file that an earlier sync put
/// there and that is no source any more goes.
fn sync(sources: &BTreeMap<PathBuf, Vec<u8>>, dir: &Path) -> Result<()> {
    let list = dir.join(".synced");
    for old in fs::read_to_string(&list).unwrap_or_default().lines() {
        if !sources.contains_key(Path::new(old)) {
            // Gone already is as good.
            let _ = fs::remove_file(dir.join(old));
        }
    }
    for (path, content) in sources {
        let target = dir.join(path);
        if fs::read(&target).is_ok_and(|there| there == *content) {
            continue;
        }
        let write = || -> std::io::Result<()> {
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&target, content)
        };
        write().with_context(|| format!("cannot write {}", target.display()))?;
    }
    let names: Vec<&str> = sources.keys().filter_map(|path| path.to_str()).collect();
    stamp::write_atomic(&list, names.join("\n").as_bytes())
}

/// What `file`, which is below `dir`, is called where that is [`INSIDE`].
fn inside_name(dir: &Path, file: &Path) -> PathBuf {
    Path::new(INSIDE).join(file.strip_prefix(dir).unwrap_or(file))
}

fn file_name(dir: &Path) -> String {
    dir.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn jobs() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The kernel's rustfmt over the driver's Rust, except for the core, which is
/// a crate of the workspace as well and checked with it.
pub fn rustfmt_check(root: &Root, checkout: &Path) -> Command {
    let mut command = root
        .enter()
        .bind(checkout, "/run/checkout")
        .cwd("/run/checkout")
        .command("sh");
    command.args([
        "-euc",
        include_str!("module_rustfmt.sh"),
        "sh",
        &kernel::source(),
    ]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sync_keeps_what_is_the_same_and_removes_what_is_gone() -> Result<()> {
        let dir = tempfile::tempdir()?;
        let source = |name: &str, text: &str| (PathBuf::from(name), text.as_bytes().to_vec());
        sync(
            &BTreeMap::from([source("driver/a.rs", "a"), source("driver/b.rs", "b")]),
            dir.path(),
        )?;
        fs::write(dir.path().join("driver/a.o"), "built")?;
        let before = fs::metadata(dir.path().join("driver/a.rs"))?.modified()?;

        sync(
            &BTreeMap::from([source("driver/a.rs", "a"), source("Kbuild", "k")]),
            dir.path(),
        )?;
        assert_eq!(
            fs::metadata(dir.path().join("driver/a.rs"))?.modified()?,
            before
        );
        assert!(!dir.path().join("driver/b.rs").exists());
        assert_eq!(fs::read(dir.path().join("driver/a.o"))?, b"built");
        assert_eq!(fs::read(dir.path().join("Kbuild"))?, b"k");
        Ok(())
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! What can be asked of a virtual machine.

use std::io::{IsTerminal, stdin, stdout};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser};

use crate::build::kernel::Flavour;

/// `cargo xtask vm`, and the options of a scenario.
#[derive(Debug, Args)]
pub struct Options {
    /// The kernel to boot (default: stock).
    #[arg(long, value_enum)]
    kernel: Option<Flavour>,
    /// How many processors it has.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=16))]
    processors: u32,
    /// How many model devices to attach.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(..=16))]
    dsa: u32,
    /// More words for each model's command line, as `--model=--pasid`.
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true)]
    model: Vec<String>,
    /// Do not load the module.
    #[arg(long)]
    no_driver: bool,
    /// Have the Debian packages of the checkout installed in place of its module and tool, and
    /// Debian's init, which starts the command when the system is up.
    #[arg(long, conflicts_with = "no_driver")]
    installed: bool,
    /// What a shell runs before that init, as if the machine had been up before.
    #[arg(long, value_name = "CMD", requires = "installed")]
    first: Option<String>,
    /// Have a processor with MOVDIR64B: the kernel is told that it is there, and the module
    /// `cpu_shim` does it.
    #[arg(long)]
    movdir64b: bool,
    /// Have an IOMMU translate what devices access.
    #[arg(long)]
    iommu: bool,
    /// More words for the kernel's command line.
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true)]
    append: Vec<String>,
    /// A folder that appears, writable, at /mnt/share.
    #[arg(long, value_name = "DIR")]
    share: Option<PathBuf>,
    /// A folder for the traces of all that software does to the devices: dsa0.trace …
    #[arg(long, value_name = "DIR")]
    trace: Option<PathBuf>,
    /// End the machine after this time (default: 600, none for a shell).
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// How often a scenario is tried until it passes.
    #[arg(long, hide = true, default_value_t = 1)]
    tries: u32,
    /// What a shell in the machine runs; an interactive shell without.
    #[arg(last = true, value_name = "CMD")]
    command: Vec<String>,
}

/// What a run will be.
#[derive(Debug)]
pub struct Plan {
    /// The kernel to boot.
    pub kernel: Flavour,
    /// How many processors it has.
    pub processors: u32,
    /// How many model devices to attach.
    pub dsa: u32,
    /// More words for each model's command line.
    pub model: Vec<String>,
    /// Whether the module is loaded.
    pub driver: bool,
    /// Whether there are Debian's init and the packages of the checkout.
    pub installed: bool,
    /// What a shell runs before that init.
    pub first: Option<String>,
    /// Whether the module that does MOVDIR64B is loaded.
    pub movdir64b: bool,
    /// Whether there is an IOMMU, which the kernel uses.
    pub iommu: bool,
    /// More words for the kernel's command line.
    pub append: String,
    /// The folder to share, absolute.
    pub share: Option<PathBuf>,
    /// The folder for the traces of the models, absolute; none for that of the run.
    pub trace: Option<PathBuf>,
    /// When to give up.
    pub timeout: Option<Duration>,
    /// What a shell runs; none for an interactive shell.
    pub command: Option<String>,
    /// What marks the end of the command's output: nothing else can write it.
    pub mark: String,
}

impl Options {
    /// Reads `words` as the command line would be.
    ///
    /// # Errors
    ///
    /// When they are not understood; the error says which and why.
    pub fn of_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        #[derive(Parser)]
        #[command(no_binary_name = true)]
        struct Words {
            #[command(flatten)]
            options: Options,
        }
        Ok(Words::try_parse_from(words)?.options)
    }

    /// The kernel, if one is named.
    pub fn kernel(&self) -> Option<Flavour> {
        self.kernel
    }

    /// How often a scenario is tried until it passes.
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// Checks what can be checked before anything is built.
    ///
    /// # Errors
    ///
    /// When something is asked for that cannot be had.
    pub fn plan(&self) -> Result<Plan> {
        let share = folder("--share", self.share.as_deref())?;
        let trace = folder("--trace", self.trace.as_deref())?;
        let command = if self.command.is_empty() {
            // Without a terminal, the shell reads its commands as ssh's would.
            let interactive = stdin().is_terminal() && stdout().is_terminal();
            (!interactive).then(|| "exec bash -s".to_owned())
        } else {
            Some(self.command.join(" "))
        };
        let timeout = match (self.timeout, &command) {
            (Some(seconds), _) => Some(seconds),
            (None, Some(_)) => Some(600),
            (None, None) => None,
        };
        Ok(Plan {
            kernel: self.kernel.unwrap_or(Flavour::Stock),
            processors: self.processors,
            dsa: self.dsa,
            model: self
                .model
                .iter()
                .flat_map(|words| words.split_whitespace())
                .map(str::to_owned)
                .collect(),
            driver: !self.no_driver && !self.installed,
            installed: self.installed,
            first: self.first.clone(),
            movdir64b: self.movdir64b,
            iommu: self.iommu,
            append: self
                .append
                .iter()
                .map(String::as_str)
                .chain(self.movdir64b.then_some("setcpuid=movdir64b"))
                .chain(self.iommu.then_some("intel_iommu=on iommu=nopt"))
                .collect::<Vec<_>>()
                .join(" "),
            share,
            trace,
            timeout: timeout.map(Duration::from_secs),
            command,
            mark: mark()?,
        })
    }
}

/// The folder that `option` names, if it is given, as an absolute path.
fn folder(option: &str, dir: Option<&Path>) -> Result<Option<PathBuf>> {
    let Some(dir) = dir else {
        return Ok(None);
    };
    let full = dir
        .canonicalize()
        .with_context(|| format!("{option} {}: cannot be used", dir.display()))?;
    if !full.is_dir() {
        bail!("{option} {}: not a folder", dir.display());
    }
    Ok(Some(full))
}

/// 128 random bits, in hexadecimal.
fn mark() -> Result<String> {
    let mut bytes = [0; 16];
    std::io::Read::read_exact(
        &mut std::fs::File::open("/dev/urandom").context("cannot open /dev/urandom")?,
        &mut bytes,
    )
    .context("cannot read /dev/urandom")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_with_movdir64b_is_announced_to_the_kernel() -> Result<()> {
        let plan = |words: &[&str]| Options::of_words(words.iter().copied())?.plan();
        let with = plan(&["--append", "quiet", "--movdir64b", "--", "true"])?;
        assert_eq!(with.append, "quiet setcpuid=movdir64b");
        assert!(with.movdir64b);
        assert!(!plan(&["--append", "quiet", "--", "true"])?.movdir64b);
        Ok(())
    }

    #[test]
    fn the_kernel_is_told_to_use_an_iommu() -> Result<()> {
        let plan = |words: &[&str]| Options::of_words(words.iter().copied())?.plan();
        let with = plan(&["--iommu", "--", "true"])?;
        assert_eq!(with.append, "intel_iommu=on iommu=nopt");
        assert!(with.iommu);
        assert!(!plan(&["--", "true"])?.iommu);
        Ok(())
    }
}

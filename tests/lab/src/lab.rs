// SPDX-License-Identifier: MIT OR Apache-2.0

//! Where everything lies, and what the environment has to say about it.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::interrupt::Watch;

/// The checkout, the cache and the wishes of who runs the lab.
///
/// This is the only place that reads environment variables.
#[derive(Debug)]
pub struct Lab {
    /// The top of the checkout, absolute.
    pub checkout: PathBuf,
    /// The folder below which all that is downloaded and built is kept:
    /// `$SUBDEV_LAB`, or `subdev-lab` in the user's cache folder.
    pub cache: PathBuf,
    /// `$SUBDEV_MIRROR`: the Debian archive to use, instead of the host's own.
    pub mirror: Option<String>,
    /// The `cargo` that runs us.
    pub cargo: PathBuf,
    /// `$TERM`, for an interactive shell.
    pub terminal: String,
    /// Show the output of every step.
    pub verbose: bool,
    /// Whether we were asked to end.
    pub interrupt: Watch,
}

impl Lab {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// Outside a checkout of the project, or without a place for the cache.
    pub fn new(verbose: bool) -> Result<Self> {
        let lab = Self {
            checkout: checkout()?,
            cache: cache()?,
            mirror: env::var("SUBDEV_MIRROR").ok().filter(|m| !m.is_empty()),
            cargo: env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from),
            terminal: env::var("TERM").unwrap_or_else(|_| "vt220".to_owned()),
            verbose,
            interrupt: Watch::start()?,
        };
        if env::consts::ARCH != "x86_64" {
            bail!(
                "the lab needs an x86-64 host: its build root and its programs are those of the \
                 virtual machine, which is one"
            );
        }
        for dir in ["log", "run", "stamp"] {
            let dir = lab.cache.join(dir);
            std::fs::create_dir_all(&dir).with_context(|| {
                format!(
                    "cannot make the cache folder {} (set SUBDEV_LAB to use another one)",
                    dir.display()
                )
            })?;
        }
        Ok(lab)
    }

    /// A folder of the cache that belongs to this checkout alone, so that two
    /// checkouts do not rebuild each other's files.
    pub fn own(&self, what: &str) -> PathBuf {
        self.cache
            .join(what)
            .join(short_hash([self.checkout.as_os_str().as_encoded_bytes()]))
    }

    /// The spec of the family.
    pub fn spec(&self) -> PathBuf {
        self.checkout.join(SPEC)
    }

    /// Where the log of the step `name` goes.
    pub fn log(&self, name: &str) -> PathBuf {
        let name = name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        self.cache.join("log").join(format!("{name}.log"))
    }
}

/// The spec of the family, relative to the checkout.
pub const SPEC: &str = "spec/subdev.yaml";

/// The checkout that cargo runs us from, else the one that we stand in.
fn checkout() -> Result<PathBuf> {
    let start = match env::var_os("CARGO_MANIFEST_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => env::current_dir().context("cannot tell the current folder")?,
    };
    start
        .ancestors()
        .find(|dir| dir.join(SPEC).is_file())
        .map(Path::to_path_buf)
        .with_context(|| {
            format!(
                "{} is not inside a checkout of subdev: no {SPEC} above it",
                start.display()
            )
        })
}

fn cache() -> Result<PathBuf> {
    let set = |name| {
        env::var_os(name)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    };
    let dir = set("SUBDEV_LAB")
        .or_else(|| set("XDG_CACHE_HOME").map(|d| d.join("subdev-lab")))
        .or_else(|| env::home_dir().map(|d| d.join(".cache/subdev-lab")))
        .context("no place for the cache: set SUBDEV_LAB to a folder with 12 GB of room")?;
    std::path::absolute(&dir).with_context(|| format!("cannot use {} as the cache", dir.display()))
}

/// The first 12 hexadecimal digits of the SHA-256 of `parts`, each of which is
/// told apart from the next by its length.
pub fn short_hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize()[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

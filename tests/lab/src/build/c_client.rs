// SPDX-License-Identifier: MIT OR Apache-2.0

//! The client in C that the kernel's own generator and library are tried with.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::kernel;
use crate::lab::{Lab, short_hash};
use crate::root::Root;
use crate::{run, stamp};

/// The program's name, and where its source lies in the checkout.
pub const NAME: &str = "c-client";
const SOURCE: &str = "tests/c-client/client.c";
const HEADER: &str = "uapi/linux/subdev.h";

const BUILD: &str = include_str!("c_client.sh");

/// Builds it from the spec and its source, unless it is there; linked
/// statically.
///
/// # Errors
///
/// When it does not compile.
pub fn ensure(lab: &Lab, root: &Root) -> Result<PathBuf> {
    let read = |path: PathBuf| {
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let spec = read(lab.spec())?;
    let source = read(lab.checkout.join(SOURCE))?;
    let header = read(lab.checkout.join(HEADER))?;
    let key = short_hash([&spec, &source, &header, BUILD, &root.name].map(|part| part.as_bytes()));
    let dir = lab.own(NAME);
    let program = dir.join(NAME);
    // The folder's name is that of the checkout.
    let checkout = dir.file_name().unwrap_or_default().to_string_lossy();
    let stamp = format!("{NAME}-{checkout}");
    stamp::once(lab, &stamp, &key, &program, || {
        let work = tempfile::tempdir_in(lab.cache.join("run"))?;
        for (text, place) in [
            (&spec, "Documentation/netlink/specs/subdev.yaml"),
            (&header, "linux/subdev.h"),
            (&source, "client.c"),
        ] {
            let place = work.path().join(place);
            fs::create_dir_all(place.parent().unwrap_or(work.path()))?;
            fs::write(place, text)?;
        }
        let mut command = root
            .enter()
            .bind(work.path(), "/run/work")
            .cwd("/run/work")
            .command("sh");
        command.args(["-euc", BUILD, "sh", &kernel::source(), "client.c"]);
        run::step(lab, "build the client in C", &mut command, "")?;
        fs::create_dir_all(&dir)?;
        // Its name changes hands at once: a machine that runs keeps the old one.
        fs::copy(work.path().join(NAME), dir.join("new"))?;
        fs::rename(dir.join("new"), &program)?;
        Ok(())
    })?;
    Ok(program)
}

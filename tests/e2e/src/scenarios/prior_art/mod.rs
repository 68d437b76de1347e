// SPDX-License-Identifier: MIT OR Apache-2.0
//! What users of similar systems complain of, what those systems can do, and what none of them can:
//! a short test for each, by the name that it is known by.
//!
//! The themes have scenarios of their own, which go deeper. This says that nothing is forgotten.

mod complaints;
mod features;
mod firsts;

use anyhow::{Context, Result, ensure};

use crate::check::{self, step};
use crate::client::Client;
use crate::scenario::Scenario;
use crate::tenant::Tenant;
use crate::tool::{self, dsa_nl};
use crate::vfio::PAGE;

pub const PRIOR_ART: Scenario = Scenario {
    name: "prior-art",
    vm: "--kernel stock",
    about: "what others' users complain of, what others can, and what none can, one by one",
    run,
};

/// What is shown, and the function that does.
type Row = (&'static str, fn() -> Result<()>);

fn run() -> Result<()> {
    let mut missing = Vec::new();
    for (table, rows) in [
        ("what users complain of", complaints::ROWS),
        ("features", features::ROWS),
        ("what none of them has", firsts::ROWS),
    ] {
        step(table);
        for (name, row) in rows {
            step(format!("  {name}"));
            let left = || check::equal("subdevs that it leaves", tool::subdevs()?, vec![]);
            if let Err(error) = row().and_then(|()| left()) {
                // The others are tried nevertheless.
                missing.push(format!("{name}: {error:#}"));
                Client::new()?.delete_all()?;
            }
        }
    }
    ensure!(missing.is_empty(), "{}", missing.join("; "));
    Ok(())
}

/// Two tenants with a share of work queue 3 each, by these names.
fn neighbours(names: [&str; 2]) -> Result<[Tenant; 2]> {
    let add = |name| Tenant::add(&format!("wq 3 pasid-mode shared name {name}"), PAGE);
    let [one, two] = names;
    Ok([add(one)?, add(two)?])
}

/// Closes what is open and deletes the subdevs.
fn end<const N: usize>(tenants: [Tenant; N], names: [&str; N]) -> Result<()> {
    drop(tenants);
    names.into_iter().try_for_each(tool::del)
}

/// Demands that a command of the tool is refused in these words, and changes nothing.
fn refused(line: &str, words: &[&str]) -> Result<()> {
    let before = tool::snapshot()?;
    tool::refused(&dsa_nl(line)?, words)?;
    check::same_json("what there is", &tool::snapshot()?, &before)
}

/// An entry of the catalogue by its PASID mode.
fn kind(pasid_mode: &str) -> Result<crate::model::Type> {
    let mut kinds = tool::types()?.into_iter();
    let kind = kinds.find(|kind| kind.pasid_mode == pasid_mode);
    kind.with_context(|| format!("there is no type with pasid-mode {pasid_mode}"))
}

/// Demands that a number is more than another.
fn grows(what: &str, before: u64, after: u64) -> Result<()> {
    ensure!(after > before, "{what}: {before}, and then {after}");
    Ok(())
}

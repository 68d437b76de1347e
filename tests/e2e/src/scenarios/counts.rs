// SPDX-License-Identifier: MIT OR Apache-2.0
//! Operations take as many system calls and allocations as they are known to.

use anyhow::{Result, ensure};

use crate::check::step;
use crate::scenario::Scenario;
use crate::{counts, kmemleak};

pub const COUNTS: Scenario = Scenario {
    name: "counts",
    vm: "",
    about: "no operation takes more system calls, allocations or interrupts than before, nor fewer unnoticed",
    run: compare,
};

fn compare() -> Result<()> {
    if kmemleak::is_there() {
        step("what the kernel allocates to check itself is of no interest");
        return Ok(());
    }
    let counted = counts::count()?;
    let differences = counts::differences(&counted, &counts::wanted()?);
    ensure!(
        differences.is_empty(),
        "operations take something else than tests/e2e/counts.toml says:\n    {}\nIf that is as it \
         should be, write the file anew: {}",
        differences.join("\n    "),
        counts::HOW
    );
    step(format!("{} operations are as they were", counted.len()));
    Ok(())
}

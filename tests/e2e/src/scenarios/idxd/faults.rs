// SPDX-License-Identifier: MIT OR Apache-2.0
//! What goes wrong on demand in the model reaches `idxd` as it would from hardware.

use anyhow::Result;

use super::VM;
use super::machine::{TWO_GROUPS, await_lines, configure, ctl, disable, with_idxd};
use crate::check::step;
use crate::kmsg::Kmsg;
use crate::scenario::Scenario;

pub const IDXD_FAULTS: Scenario = Scenario {
    name: "idxd-faults",
    vm: VM,
    about: "a software error that the model is asked for reaches the log of idxd",
    run: || with_idxd(run),
};

fn run(log: &mut Kmsg) -> Result<()> {
    configure(TWO_GROUPS)?;
    step("a software error is logged with its code and WQ");
    ctl("swerr 0x77 --wq 1 --address 0xabc000")?;
    // Valid, WQ valid; code 0x77; WQ 1.
    let lines = ["err[0]: 0x0000000000017709", "err[2]: 0x0000000000abc000"];
    await_lines(log, &lines)?;
    disable()
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! `dmatest` on the channels of `idxd`.

use anyhow::{Result, ensure};

use super::STOCK;
use crate::check::step;
use crate::idxd::{DmaTest, TWO_GROUPS, configure, disable, with_idxd};
use crate::kmsg::Kmsg;
use crate::scenario::Scenario;

pub const IDXD_DMATEST: Scenario = Scenario {
    name: "idxd-dmatest",
    vm: STOCK,
    about: "a kernel WQ is a DMA channel on which dmatest runs clean for 1,000 transfers",
    run: || with_idxd(run),
};

fn run(log: &mut Kmsg) -> Result<()> {
    configure(TWO_GROUPS)?;
    step("1,000 transfers of random size and place, verified, with interrupts");
    let test = DmaTest::load()?;
    let summary = test.run(log, 1000, 20_000)?;
    ensure!(
        summary.contains("1000 tests, 0 failures"),
        "dmatest: {summary}"
    );
    drop(test);
    disable()
}

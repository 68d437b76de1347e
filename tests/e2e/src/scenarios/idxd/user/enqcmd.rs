// SPDX-License-Identifier: MIT OR Apache-2.0
//! ENQCMD from user mode: to a shared WQ, which accepts and refuses, and to a dedicated one.
//!
//! No IOMMU stands between: the PASID with which the descriptors arrive is the one that `cpu_shim` was
//! told, and all PASIDs of the model lead to the same memory. What is shown is the submission.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result};

use super::device::{Device, Operation, Page, Pages, regs};
use super::{instructions, without_driver};
use crate::check::{self, step};
use crate::idxd::{self, with_idxd};
use crate::kmsg::Kmsg;
use crate::scenario::Scenario;
use crate::system::{ctl, model_status};
use crate::wait::{self, SOON};

pub const ENQCMD: Scenario = Scenario {
    name: "enqcmd",
    vm: "--kernel stock --movdir64b --model=--pasid",
    about: "a shared WQ accepts descriptors from ENQCMD up to its threshold, and refuses more",
    run: || with_idxd(run),
};

/// Descriptors that may wait in the WQ when they come through the limited portal.
const THRESHOLD: usize = 2;
/// What `cpu_shim` submits with unless it is told another.
const PASID: u64 = 1;

fn run(_log: &mut Kmsg) -> Result<()> {
    let pci = idxd::function()?.path();
    without_driver(|device| {
        enable_pasid(&pci)?;
        shared(device)?;
        dedicated(device)
    })
}

/// Finds the capability and enables it, as the kernel does on a machine with an IOMMU.
fn enable_pasid(pci: &Path) -> Result<()> {
    const CAPABILITY: u64 = 0x230;
    step("the function has the capability PASID");
    let config = OpenOptions::new()
        .read(true)
        .write(true)
        .open(pci.join("config"))?;
    let mut header = [0; 6];
    config
        .read_exact_at(&mut header, CAPABILITY)
        .context("extended configuration space cannot be read")?;
    // Version 1; 20 bits, privileged mode.
    let id = u16::from_le_bytes([header[0], header[1]]);
    check::equal("capability at 0x230", id, 0x1b)?;
    check::equal("its width", header[5] & 0x1f, 20)?;
    config.write_all_at(&1_u16.to_le_bytes(), CAPABILITY + 6)?;
    Ok(())
}

fn shared(device: &Device) -> Result<()> {
    device.enable(4, THRESHOLD as u32, regs::PASID_ENABLED)?;
    let record = Page::new()?;
    record.set(&[]);
    let submit = |index: usize| -> Result<bool> {
        let descriptor = Operation::noop().descriptor(record.physical + 0x20 * index as u64);
        Ok(instructions::enqcmd(&device.portal().slot()?, &descriptor))
    };

    step("a shared WQ accepts as many as its threshold allows, and has the others try again");
    ctl("hold")?;
    let accepted = (0..THRESHOLD + 2).map(&submit);
    let accepted = accepted.collect::<Result<Vec<_>>>()?;
    check::equal("accepted", accepted, vec![true, true, false, false])?;
    let waiting = &model_status()?["wqs"][0]["waiting"];
    check::equal("waiting in the WQ", waiting, &THRESHOLD.into())?;

    step("those accepted are completed, those refused are not, and there is room again");
    ctl("release")?;
    let completed = |index: usize| {
        wait::until_true(SOON, "a completion record", || {
            Ok(record.byte(0x20 * index) == 1)
        })
    };
    (0..THRESHOLD).try_for_each(completed)?;
    check::equal("accepted", submit(THRESHOLD + 2)?, true)?;
    completed(THRESHOLD + 2)?;
    for refused in [THRESHOLD, THRESHOLD + 1] {
        check::equal("record of one refused", record.byte(0x20 * refused), 0)?;
    }
    check::equal("SWERR", device.read64(regs::SWERR)?, 0)?;

    step("the device sees the PASID of whoever submitted");
    // An error with the PASID in it: the record's address is crooked.
    let crooked = Operation::noop().descriptor(record.physical + 1);
    let accepted = instructions::enqcmd(&device.portal().slot()?, &crooked);
    check::equal("accepted", accepted, true)?;
    let error = wait::until(SOON, "a software error", || {
        Ok(Some(device.read64(regs::SWERR)?).filter(|error| error & 1 == 1))
    })?;
    check::equal("its code", error >> 8 & 0xff, 0x1b)?;
    check::equal("its PASID", error >> 40 & 0xf_ffff, PASID)
}

fn dedicated(device: &Device) -> Result<()> {
    step("a dedicated WQ has every ENQCMD try again, and that is no error");
    device.enable(16, 0, regs::DEDICATED)?;
    let mut pages = Pages::new()?;
    pages.record.set(&[]);
    let descriptor = Operation::noop().descriptor(pages.record.physical);
    let accepted = instructions::enqcmd(&device.portal().slot()?, &descriptor);
    check::equal("accepted", accepted, false)?;
    check::equal("SWERR", device.read64(regs::SWERR)?, 0)?;
    let done = device.portal().run(&descriptor, &mut pages)?;
    check::equal("status of a NOOP after it", done[0], 1)
}

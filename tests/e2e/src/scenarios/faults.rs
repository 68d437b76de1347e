// SPDX-License-Identifier: MIT OR Apache-2.0
//! What goes wrong is told to whoever did it, and to nobody else.

use anyhow::{Context, Result, ensure};

use crate::check::{self, step};
use crate::dsa::{Descriptor, Dsa, Flags, Notice, RECORDS_IOVA, opcode, record_iova, regs, status};
use crate::pattern;
use crate::scenario::Scenario;
use crate::tenant::NOWHERE;
use crate::tool;
use crate::vfio::{Access, Buffer, Layout, PAGE};
use crate::wait::SOON;

pub const FAULTS: Scenario = Scenario {
    name: "faults",
    vm: "",
    about: "page faults, bad descriptors and errors are reported, and a reset revives",
    run: faults,
};

pub const COMMANDS: Scenario = Scenario {
    name: "commands",
    vm: "",
    about: "commands of the virtual device do as they say, or fail with their error codes",
    run: commands,
};

/// Length of what faults half way.
const LEN: u32 = 2 * PAGE as u32;

fn faults() -> Result<()> {
    let subdev = tool::add("wq 3 pasid-mode shared name faulty")?;
    let bystander = tool::add("wq 3 pasid-mode shared name bystander")?;
    let mut dsa = Dsa::open_enabled(&subdev.location()?)?;
    let other = Dsa::open_enabled(&bystander.location()?)?;
    let memory = Memory::new(&dsa)?;

    page_faults(&dsa, &memory)?;
    bad_descriptors(&dsa, &memory)?;
    bad_records(&dsa, &memory)?;
    disabled(&mut dsa, &memory)?;
    reset(&mut dsa, &memory)?;

    step("the other subdev on the WQ noticed nothing");
    check::equal("its software errors", other.take_software_error()?, None)?;
    check::equal("its state", other.state()?, regs::STATE_ENABLED)?;
    Memory::new(&other)?.works(&other)?;
    drop((dsa, other));
    tool::del("faulty")?;
    tool::del("bystander")
}

/// A page to read, two to write to, and one that can only be read.
struct Memory {
    from: Buffer,
    to: Buffer,
    fixed: Buffer,
}

impl Memory {
    fn new(dsa: &Dsa) -> Result<Self> {
        let memory = Self {
            from: dsa.map(0x1000_0000, PAGE)?,
            to: dsa.map(0x2000_0000, 2 * PAGE)?,
            fixed: dsa.map_as(0x3000_0000, PAGE, Access::ReadOnly, Layout::Straight)?,
        };
        memory.from.write(0, &pattern::bytes(1, PAGE))?;
        Ok(memory)
    }

    fn copy(&self) -> Descriptor {
        Descriptor::memmove(self.from.iova(), self.to.iova(), PAGE as u32)
    }

    /// Demands that a copy works.
    fn works(&self, dsa: &Dsa) -> Result<()> {
        self.to.write(0, &[0; PAGE])?;
        dsa.run(self.copy())?.success("a good copy")?;
        let want = pattern::bytes(1, PAGE);
        check::same_bytes("a good copy", &self.to.read(0, PAGE)?, &want)
    }
}

fn page_faults(dsa: &Dsa, memory: &Memory) -> Result<()> {
    step("page faults: status, address, direction and bytes done");
    let (from, to, fixed) = (memory.from.iova(), memory.to.iova(), memory.fixed.iova());
    let page = PAGE as u32;
    let after = |iova: u64| iova + PAGE as u64;
    // What is run, where it faults, whether on a write, and after how many bytes.
    let cases = [
        (
            "no source",
            Descriptor::memmove(NOWHERE, to, page),
            NOWHERE,
            false,
            0,
        ),
        (
            "no target",
            Descriptor::memmove(from, NOWHERE, page),
            NOWHERE,
            true,
            0,
        ),
        (
            "half a source",
            Descriptor::memmove(from, to, LEN),
            after(from),
            false,
            page,
        ),
        (
            "half a target",
            Descriptor::fill(after(to), LEN, 0x55),
            after(after(to)),
            true,
            page,
        ),
        (
            "nothing to fill",
            Descriptor::fill(NOWHERE, 8, 0x55),
            NOWHERE,
            true,
            0,
        ),
        (
            "writing to what is read-only",
            Descriptor::fill(fixed, 8, 0x55),
            fixed,
            true,
            0,
        ),
        (
            "nothing to compare",
            Descriptor::compare(from, NOWHERE, 8),
            NOWHERE,
            false,
            0,
        ),
        (
            "nothing to sum up",
            Descriptor::crc(NOWHERE, 8, 0),
            NOWHERE,
            false,
            0,
        ),
    ];
    for (what, descriptor, address, write, bytes) in cases {
        dsa.run(descriptor)?
            .page_fault(what, address, write, bytes)?;
        memory.works(dsa).context(what)?;
    }
    step("what could be done before the fault is done");
    memory.to.write(0, &[0; PAGE])?;
    let half = Descriptor::memmove(memory.from.iova(), memory.to.iova(), LEN);
    dsa.run(half)?
        .with_status("half a source", status::PAGE_FAULT)?;
    let want = pattern::bytes(1, PAGE);
    check::same_bytes("the half", &memory.to.read(0, PAGE)?, &want)?;

    step("read-only memory can be read");
    let source = pattern::bytes(5, PAGE);
    memory.fixed.write(0, &source)?;
    let copy = Descriptor::memmove(memory.fixed.iova(), memory.to.iova(), PAGE as u32);
    dsa.run(copy)?.success("a copy of read-only memory")?;
    check::same_bytes("the copy", &memory.to.read(0, PAGE)?, &source)
}

fn bad_descriptors(dsa: &Dsa, memory: &Memory) -> Result<()> {
    step("descriptors that make no sense are refused in their records");
    let copy = memory.copy();
    let to = memory.to.iova();
    let cases = [
        (
            "an unknown operation",
            Descriptor {
                opcode: opcode::UNKNOWN,
                ..copy
            },
            status::BAD_OPCODE,
        ),
        (
            "blocking on faults, which the WQ does not do",
            Descriptor {
                flags: Flags::BLOCK_ON_FAULT,
                ..copy
            },
            status::BAD_FLAGS,
        ),
        ("no bytes", Descriptor { size: 0, ..copy }, status::BAD_SIZE),
        (
            "more bytes than one transfer may have",
            Descriptor {
                size: u32::MAX,
                ..copy
            },
            status::BAD_SIZE,
        ),
        (
            "a source that overlaps the target of a copy with a CRC",
            Descriptor {
                opcode: opcode::COPY_CRC,
                ..Descriptor::memmove(to, to + 8, 64)
            },
            status::OVERLAP,
        ),
        (
            "an interrupt handle that was never granted",
            Descriptor {
                flags: Flags::REQUEST_INTERRUPT,
                interrupt: 0x77,
                ..copy
            },
            status::BAD_INTERRUPT,
        ),
    ];
    for (what, descriptor, want) in cases {
        dsa.run_noticed(descriptor, Notice::Record)?
            .with_status(what, want)?;
        memory.works(dsa).context(what)?;
    }

    let mut raw = dsa.prepare(0, copy, Notice::Record)?;
    // Offset of a reserved field.
    raw[0x26] = 1;
    dsa.store_raw(&raw)?;
    dsa.wait(0, SOON)?
        .with_status("a reserved field that is not zero", status::RESERVED_FIELD)?;
    check::equal("software errors", dsa.take_software_error()?, None)?;
    memory.works(dsa)
}

fn bad_records(dsa: &Dsa, memory: &Memory) -> Result<()> {
    step("what has no good record becomes a software error with a misc interrupt");
    let cases = [
        (
            "a misaligned record",
            memory.copy().recorded_at(RECORDS_IOVA + 8),
            status::MISALIGNED_RECORD,
        ),
        (
            "a record that is not mapped",
            memory.copy().recorded_at(NOWHERE),
            status::RECORD_TRANSLATION,
        ),
        (
            "an unknown operation without a record",
            Descriptor {
                opcode: opcode::UNKNOWN,
                ..Descriptor::default()
            },
            status::BAD_OPCODE,
        ),
    ];
    for (what, descriptor, code) in cases {
        dsa.store(&descriptor)?;
        let error = dsa.software_error().context(what)?;
        check::equal(
            &format!("{what}: code, WQ"),
            (error.code, error.wq),
            (code, Some(0)),
        )?;
        check::equal("further errors", dsa.take_software_error()?, None)?;
        memory.works(dsa).context(what)?;
    }
    Ok(())
}

fn disabled(dsa: &mut Dsa, memory: &Memory) -> Result<()> {
    step("submitting to a disabled WQ is a software error, and writes no record");
    dsa.command(regs::Command::DisableWq, 1)?;
    ensure!(!dsa.wq_enabled()?, "the WQ is disabled and does not say so");
    dsa.submit(0, memory.copy(), Notice::Record)?;
    let error = dsa.software_error()?;
    check::equal("WQ of the software error", error.wq, Some(0))?;
    check::equal("completion record", dsa.completion(0)?, None)?;
    dsa.command(regs::Command::EnableWq, 0)?;
    memory.works(dsa)?;

    step("the same for a disabled device, until it is enabled");
    dsa.command(regs::Command::DisableDevice, 0)?;
    dsa.submit(0, memory.copy(), Notice::Record)?;
    dsa.software_error()?;
    check::equal("completion record", dsa.completion(0)?, None)?;
    dsa.enable()?;
    memory.works(dsa)
}

fn reset(dsa: &mut Dsa, memory: &Memory) -> Result<()> {
    step("VFIO_DEVICE_RESET disables, clears errors, and lets the device be enabled again");
    dsa.store(&memory.copy().recorded_at(record_iova(0) + 8))?;
    dsa.software_error()?;
    dsa.reset()?;
    check::equal("state", dsa.state()?, regs::STATE_DISABLED)?;
    ensure!(!dsa.wq_enabled()?, "the WQ is enabled after a reset");
    check::equal("software errors", dsa.take_software_error()?, None)?;
    check::equal("opstate", tool::subdev("faulty")?.opstate.as_str(), "open")?;
    dsa.enable()?;
    check::equal(
        "opstate",
        tool::subdev("faulty")?.opstate.as_str(),
        "enabled",
    )?;
    memory.works(dsa)
}

fn commands() -> Result<()> {
    use regs::Command;
    let subdev = tool::add("wq 3 name commanded")?;
    let mut dsa = Dsa::open(&subdev.location()?)?;
    dsa.enable()?;
    step("each nonsense has its code");
    // Codes of srctree drivers/dma/idxd/registers.h, enum idxd_cmdsts_err.
    let enabled = [
        (Command::EnableDevice, 0, 0x10, "enabling an enabled device"),
        (Command::EnableWq, 0, 0x21, "enabling an enabled WQ"),
        (
            Command::EnableWq,
            9,
            0x02,
            "enabling a WQ that there is not",
        ),
        (
            Command::RequestInterruptHandle,
            0,
            0x41,
            "a handle for the misc vector",
        ),
        (
            Command::RequestInterruptHandle,
            9,
            0x41,
            "a handle for no vector",
        ),
    ];
    let disabled = [
        (
            Command::EnableWq,
            0,
            0x20,
            "enabling a WQ of a disabled device",
        ),
        (
            Command::DisableDevice,
            0,
            0x31,
            "disabling a disabled device",
        ),
    ];
    fail(&dsa, &enabled)?;
    dsa.command(Command::DisableDevice, 0)?;
    fail(&dsa, &disabled)?;

    step("and none of them did harm");
    dsa.enable()?;
    let memory = Memory::new(&dsa)?;
    memory.works(&dsa)?;
    obeyed(&mut dsa, &memory)?;
    drop(dsa);
    tool::del("commanded")
}

/// Demands that each command that makes sense does what its name says.
fn obeyed(dsa: &mut Dsa, memory: &Memory) -> Result<()> {
    use regs::Command;
    step("draining and aborting leave the device enabled");
    for (command, operand) in [
        (Command::DrainAll, 0),
        (Command::AbortAll, 0),
        (Command::DrainWq, 1),
        (Command::AbortWq, 1),
    ] {
        dsa.command(command, operand)?;
        ensure!(dsa.wq_enabled()?, "{command:?} disabled the WQ");
        memory
            .works(dsa)
            .with_context(|| format!("after {command:?}"))?;
    }
    step("resetting the WQ disables it, resetting the device disables both");
    dsa.command(Command::ResetWq, 1)?;
    ensure!(!dsa.wq_enabled()?, "the WQ is enabled after its reset");
    check::equal("state", dsa.state()?, regs::STATE_ENABLED)?;
    dsa.command(Command::EnableWq, 0)?;
    memory.works(dsa)?;
    dsa.command(Command::ResetDevice, 0)?;
    ensure!(!dsa.wq_enabled()?, "the WQ is enabled after a reset");
    check::equal("state", dsa.state()?, regs::STATE_DISABLED)?;
    dsa.enable()?;
    memory.works(dsa)
}

fn fail(dsa: &Dsa, cases: &[(regs::Command, u32, u32, &str)]) -> Result<()> {
    for &(command, operand, code, what) in cases {
        let status = dsa.command_status(command, operand)?;
        ensure!(
            status & 0xff == code,
            "{what}: expected error {code:#04x}, got CMDSTS {status:#x}"
        );
    }
    Ok(())
}

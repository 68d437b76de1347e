// SPDX-License-Identifier: MIT OR Apache-2.0
//! What other devices have that the default one has not: masks of operations, and interrupt handles,
//! which such a device may revoke.

use anyhow::Result;

use crate::check::{self, step};
use crate::dsa::{Descriptor, Notice, opcode, status};
use crate::scenario::Scenario;
use crate::system::{ctl, model_status};
use crate::tenant::{FROM, TO, Tenant};
use crate::tool;
use crate::wait::{self, SOON};

/// Options of the machine: a device that has all of it.
pub const VM: &str = "--model=--op-config --model=--interrupt-handles";

pub const OPERATION_MASK: Scenario = Scenario {
    name: "operation-mask",
    vm: VM,
    about: "every operation works on a device whose WQs do none until they are told which",
    run: operation_mask,
};

pub const REVOKED_HANDLES: Scenario = Scenario {
    name: "revoked-handles",
    vm: VM,
    about: "copies succeed and go on when the device revokes its interrupt handles, also meanwhile",
    run: revoked_handles,
};

const LEN: usize = 1 << 20;

/// WQs of the device, and the interrupt handles that it has.
const WQS: u32 = 8;

fn operation_mask() -> Result<()> {
    // The second time each WQ was disabled in between.
    for _ in 0..2 {
        for wq in [0, 1, 7] {
            step(format!("all operations on wq {wq}"));
            let user = Tenant::add(&format!("wq {wq} name owner"), LEN)?;
            every_operation(&user)?;
            drop(user);
            tool::del("owner")?;
        }
    }
    Ok(())
}

/// Runs each operation that a subdev has, and one that it has not.
fn every_operation(user: &Tenant) -> Result<()> {
    user.works()?;
    let len = LEN as u32;
    for (what, descriptor) in [
        ("NOOP", Descriptor::noop()),
        ("COMPARE", Descriptor::compare(FROM, TO, len).expecting(0)),
        ("CRCGEN", Descriptor::crc(FROM, len, 0)),
        ("FILL", Descriptor::fill(TO, len, 0x55)),
    ] {
        user.dsa.run(descriptor)?.success(what)?;
    }
    let unknown = Descriptor {
        opcode: opcode::UNKNOWN,
        ..Descriptor::noop()
    };
    let done = user.dsa.run(unknown)?;
    done.with_status("an unknown operation", status::BAD_OPCODE)?;
    check::equal("state", user.dsa.wq_enabled()?, true)
}

fn revoked_handles() -> Result<()> {
    let user = Tenant::add("wq 3 name one", LEN)?;
    user.works()?;
    step("what is in flight when the handles are revoked succeeds");
    // A handle that is not given back for good is missed before the last time.
    for _ in 0..=WQS {
        revoked_in_flight(&user)?;
        user.works()?;
    }
    step("copies go on when nothing is in flight");
    ctl("revoke-handles")?;
    user.works()?;
    drop(user);
    tool::del("one")?;

    // The second time with the handles that the first has given back.
    for _ in 0..2 {
        step("copies go on on every WQ, each with a handle");
        let names: Vec<_> = (0..WQS).map(|wq| format!("wq{wq}")).collect();
        let users = (0..WQS).zip(&names);
        let users = users.map(|(wq, name)| Tenant::add(&format!("wq {wq} name {name}"), LEN));
        let users = users.collect::<Result<Vec<_>>>()?;
        ctl("revoke-handles")?;
        for user in &users {
            user.works()?;
        }
        drop(users);
        names.iter().try_for_each(|name| tool::del(name))?;
    }
    Ok(())
}

/// Has the handles revoked while the hardware has a copy on WQ 3 that asks for an interrupt, and
/// demands that the copy succeeds and is noticed.
fn revoked_in_flight(user: &Tenant) -> Result<()> {
    user.clear()?;
    user.dsa.take_interrupts()?;
    ctl("hold")?;
    user.dsa.submit(0, user.copy(), Notice::Interrupt)?;
    wait::until_true(SOON, "the hardware to have the copy", || {
        let waiting = &model_status()?["wqs"][3]["waiting"];
        Ok(waiting.as_u64().is_some_and(|waiting| waiting > 0))
    })?;
    ctl("revoke-handles")?;
    check::equal("its record", user.dsa.completion(0)?, None)?;
    ctl("release")?;
    user.dsa.wait_interrupt(SOON)?;
    user.dsa.wait(0, SOON)?.success("the copy")?;
    user.holds()
}

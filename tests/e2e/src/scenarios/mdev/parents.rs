// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mediated devices of two parents.

use std::io::ErrorKind;

use anyhow::{Context, Result, bail, ensure};
use nix::errno::Errno;

use super::{FIRST, LEN, SECOND, none};
use crate::check::{self, step};
use crate::mdev::{self, Type};
use crate::scenario::Scenario;
use crate::system::{self, Function};
use crate::tenant::Tenant;
use crate::tool::{self, subdev};

pub const MDEV_PARENTS: Scenario = Scenario {
    name: "mdev-parents",
    vm: "--dsa 2",
    about: "a UUID is of one parent, and each parent has types of its own",
    run: parents,
};

fn parents() -> Result<()> {
    let names: Vec<_> = tool::parents()?.into_iter().map(|it| it.device).collect();
    let [one, other] = names.as_slice() else {
        bail!("there are {} parents", names.len());
    };
    let (one, other) = (Function::at(one), Function::at(other));
    let (here, there) = (Type::of(&one, "1swq"), Type::of(&other, "1swq"));
    let loaded = mdev::load()?;
    step("a UUID that another parent has is refused, and says where it is");
    let planned = tool::add(&format!(
        "wq dsa1/wq3 pasid-mode shared face mdev name elsewhere uuid {FIRST}"
    ))?;
    check::equal("parent", planned.parent.as_str(), "dsa1")?;
    let before = there.available()?;
    mdev::refused(here.create(FIRST), Errno::EEXIST, &["elsewhere", "dsa1"])?;
    check::equal("available", there.available()?, before)?;

    step("it is taken where it is");
    let device = there.create(FIRST)?;
    let beside = here.create(SECOND)?;
    mdev::agree()?;
    let error = here.create(FIRST).err().context("it was made twice")?;
    check::equal("the error", error.kind(), ErrorKind::AlreadyExists)?;

    step("the one parent goes, and the other keeps what it has");
    one.unbind()?;
    ensure!(!beside.exists(), "the device is there still");
    Tenant::open(&subdev(FIRST)?, LEN)?.works()?;
    one.bind(system::MODULE)?;
    system::await_parents(2)?;
    device.remove()?;
    none()?;
    loaded.unload()
}

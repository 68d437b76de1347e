// SPDX-License-Identifier: MIT OR Apache-2.0
//! As many subdevs as four parents have entries.

use std::collections::HashSet;

use anyhow::Result;

use crate::check::{self, step};
use crate::crowd::{self, Crowd};
use crate::kmemleak;
use crate::scenario::Scenario;
use crate::tool;

pub const MANY: Scenario = Scenario {
    name: "many",
    vm: crowd::VM,
    about: "thousands of inactive subdevs are created, found, listed and deleted",
    run,
};

/// How many subdevs.
const COUNT: usize = 4096;
/// The same on a kernel that checks itself, which takes many times as long.
const COUNT_CHECKED: usize = 512;

fn run() -> Result<()> {
    let count = if kmemleak::is_there() {
        COUNT_CHECKED
    } else {
        COUNT
    };
    let crowd = Crowd::new(count)?;
    step(format!("{count} inactive subdevs are created"));
    let mut made = Vec::with_capacity(count);
    for n in 0..count {
        made.push(crowd.create(n)?);
    }

    step("each is found by name, index and UUID");
    for n in (0..count).step_by(count / 64).chain([count - 1]) {
        let want = &made[n];
        let index = want.index;
        let uuid = want.uuid.as_str();
        for got in [
            crowd.get(Crowd::name(n))?,
            crowd.get(index)?,
            crowd.get(uuid)?,
        ] {
            let same = (got.index, &got.name, &got.uuid, &got.parent, &got.wq);
            let expected = (want.index, &want.name, &want.uuid, &want.parent, &want.wq);
            check::equal("the subdev", same, expected)?;
        }
    }

    step("a dump has each of them once");
    let listed = crowd.dump()?;
    check::equal("subdevs in the dump", listed.len(), count)?;
    let indexes = |list: &[nlctl::Subdev]| list.iter().map(|it| it.index).collect::<HashSet<_>>();
    check::equal("their indexes", indexes(&listed), indexes(&made))?;
    let of_parents: u32 = tool::parents()?
        .iter()
        .map(|parent| parent.subdev_count)
        .sum();
    check::equal("subdevs of all parents", of_parents as usize, count)?;

    step("all are deleted");
    for n in 0..count {
        crowd.delete(Crowd::name(n))?;
    }
    check::equal("subdevs in the dump", crowd.dump()?.len(), 0)
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mediated devices that sysfs, requests and users are at together.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fastrand::Rng;
use nix::libc;

use super::{LEN, none};
use crate::check;
use crate::mdev::{self, Mdev, Type};
use crate::module::Loaded;
use crate::scenario::Scenario;
use crate::scenarios::lease;
use crate::system::Function;
use crate::tenant::Tenant;
use crate::tool::{self, dsa_nl};
use crate::wait::{self, SOON};
use crate::{amount, seed};

pub const MDEV_RACES: Scenario = Scenario {
    name: "mdev-races",
    vm: "",
    about: "what sysfs and the family do to mediated devices at the same time leaves both with the same",
    run: races,
};

/// Seeds of `mdev-races`, and what each thread does with one.
const ROUNDS: u64 = 4;
const CHECKED: u64 = 2;
const STEPS: u32 = 30;

/// UUIDs that all threads share.
const UUIDS: usize = 3;

fn uuid(number: usize) -> String {
    format!("83b8f4f2-509f-382f-3c1e-e6bfe0fa20{number:02}")
}

fn races() -> Result<()> {
    let parent = Function::of_parent()?;
    let before = free(&parent, mdev::load()?)?;
    for (seed, mut rng) in seed::rounds(
        "run mdev-races",
        amount::rounds(amount::by_kernel(ROUNDS, CHECKED)),
    ) {
        let loaded = mdev::load()?;
        race(&parent, &mut rng).with_context(|| format!("seed {seed}"))?;
        let after = free(&parent, loaded)?;
        check::equal("work queues and available_instances", &after, &before)
            .with_context(|| format!("seed {seed}"))?;
        unload(&parent, &mut rng).with_context(|| format!("seed {seed}, unloading"))?;
    }
    Ok(())
}

/// What there is for others: the state of each work queue, its entries that nobody has, and how many
/// devices could be made. The module is unloaded after that.
fn free(parent: &Function, loaded: Loaded) -> Result<(Vec<(String, u32)>, u32)> {
    let available = Type::of(parent, "1swq").available()?;
    let wqs = tool::wqs()?.into_iter();
    let wqs = wqs.map(|wq| (wq.state, wq.available)).collect();
    loaded.unload()?;
    Ok((wqs, available))
}

/// Has threads do `actions`, each some of them many times, and `meanwhile` in this one.
fn at_once(
    parent: &Function,
    rng: &mut Rng,
    actions: &[Action],
    meanwhile: impl FnOnce() -> Result<()>,
) -> Result<()> {
    thread::scope(|scope| -> Result<()> {
        let mut threads = Vec::new();
        for &act in actions {
            let mut rng = rng.fork();
            let kind = Type::of(parent, "1swq");
            threads.push(scope.spawn(move || -> Result<()> {
                for _ in 0..STEPS {
                    let uuid = uuid(rng.usize(..UUIDS));
                    act(&kind, &uuid, &mut rng)?;
                }
                Ok(())
            }));
        }
        let done = meanwhile();
        for thread in threads {
            match thread.join() {
                Ok(done) => done?,
                Err(_) => bail!("a thread panicked"),
            }
        }
        done
    })
}

/// Something that a thread does to the device with a UUID.
type Action = fn(&Type, &str, &mut Rng) -> Result<()>;

fn race(parent: &Function, rng: &mut Rng) -> Result<()> {
    let actions: [Action; 6] = [
        in_sysfs, by_request, in_sysfs, by_request, as_tenant, with_lease,
    ];
    at_once(parent, rng, &actions, || Ok(()))?;
    // A removal that somebody has asked for may go on for a moment.
    wait::until_true(SOON, "both views to agree", || Ok(mdev::agree().is_ok()))?;
    mdev::agree()?;
    clear()
}

/// Deletes all that is left.
fn clear() -> Result<()> {
    wait::until_true(SOON, "all subdevs to be gone", || {
        for subdev in tool::subdevs()? {
            // Its lease may have ended meanwhile.
            let _ = dsa_nl(&format!("subdev del {}", subdev.uuid))?;
        }
        Ok(tool::subdevs()?.is_empty())
    })?;
    for number in 0..UUIDS {
        Mdev::at(&uuid(number)).await_end()?;
    }
    none()
}

/// The module is unloaded while devices are made and removed.
fn unload(parent: &Function, rng: &mut Rng) -> Result<()> {
    let loaded = mdev::load()?;
    let pause = Duration::from_millis(rng.u64(..100));
    at_once(parent, rng, &[in_sysfs, by_request, in_sysfs], || {
        thread::sleep(pause);
        loaded.unload()
    })?;
    check::equal("devices", mdev::all()?, Vec::<String>::new())?;
    clear()
}

/// What the kernel may say to who is not alone.
const MEANWHILE: [i32; 7] = [
    libc::ENOSPC,
    libc::EEXIST,
    libc::EBUSY,
    libc::ENOENT,
    libc::ENODEV,
    libc::EAGAIN,
    libc::EINVAL,
];

fn in_sysfs(kind: &Type, uuid: &str, rng: &mut Rng) -> Result<()> {
    let device = Mdev::at(uuid);
    let done = match rng.u32(..7) {
        0..=2 => kind.create(uuid).map(|_| ()),
        3 => device.write("size", &rng.u32(1..4).to_string()),
        4 => device.write("wq", &rng.u32(..8).to_string()),
        5 => device.write("weight", &rng.u32(1..100).to_string()),
        _ => device.remove(),
    };
    match done {
        Err(error)
            if !error
                .raw_os_error()
                .is_some_and(|it| MEANWHILE.contains(&it)) =>
        {
            Err(error).with_context(|| format!("sysfs, {uuid}"))
        }
        _ => Ok(()),
    }
}

fn by_request(_: &Type, uuid: &str, rng: &mut Rng) -> Result<()> {
    let line = match rng.u32(..5) {
        0 | 1 => format!("subdev add type 1swq face mdev uuid {uuid}"),
        2 => format!("subdev set {uuid} state inactive"),
        _ => format!("subdev del {uuid}"),
    };
    let output = dsa_nl(&line)?;
    if !output.status.success() {
        tool::refused(&output, &["exists|no such|try again|being|open"])?;
    }
    Ok(())
}

/// Opens it, if it is there, and has it copy, for as long as it is there.
fn as_tenant(_: &Type, uuid: &str, rng: &mut Rng) -> Result<()> {
    if let Ok(tenant) = tool::subdev(uuid).and_then(|subdev| Tenant::open(&subdev, LEN)) {
        for _ in 0..rng.u32(..4) {
            if tenant.works().is_err() {
                break;
            }
        }
    }
    Ok(())
}

/// Plans it with a lease, which ends soon.
fn with_lease(kind: &Type, uuid: &str, rng: &mut Rng) -> Result<()> {
    // Refused where there is one.
    if let Ok((mut holder, _)) = lease::hold(&format!("type 1swq face mdev uuid {uuid}")) {
        let _ = kind.create(uuid);
        thread::sleep(Duration::from_millis(rng.u64(..20)));
        holder.kill()?;
    }
    Ok(())
}

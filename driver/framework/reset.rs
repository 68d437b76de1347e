// SPDX-License-Identifier: GPL-2.0

//! Resetting and draining a subdev at the request of an admin.

use kernel::{
    prelude::*,
    sync::Arc,
    time::Delta, //
};

use super::{
    events::{
        self,
        Origin, //
    },
    function::NotReset,
    identity::Snapshot,
    refusal::Refusal,
    registry::REGISTRY,
    request::Id,
    subdev::Subdev, //
};
use crate::subdev_core::state::OpState;

/// How long a request waits for what is in flight, which is in the hands of the VFIO user.
const LIMIT: Delta = Delta::from_secs(2);

/// Resets the virtual device of the subdev that `id` names, and has `reply` report the subdev with
/// the generation that it shows.
pub(crate) fn reset(
    id: Id<'_>,
    origin: Origin,
    reply: impl FnOnce(&Snapshot<'_>, u64),
) -> Result<(), Refusal> {
    let subdev = find(id)?;
    if let Some(function) = subdev.function() {
        let done = subdev.while_reset(origin, || function.reset_within(LIMIT));
        done.map_err(|why| match why {
            NotReset::Busy => Refusal::new(
                EBUSY,
                id.field(),
                format_args!("a reset before does not end; nothing was done, try again"),
            ),
            NotReset::Unfinished => Refusal::new(
                ETIMEDOUT,
                id.field(),
                format_args!("work in flight does not end; the reset goes on, and ends with it"),
            ),
        })?;
    }
    if subdev.snapshot().opstate == OpState::Halted {
        return Err(Refusal::new(
            EIO,
            id.field(),
            format_args!(
                "it was reset and stays halted: {} is not back",
                subdev.identity().parent
            ),
        ));
    }
    show(&subdev, reply);
    Ok(())
}

/// Waits until all is complete that the VFIO user of the subdev that `id` names has submitted so
/// far; `reply` as for [`reset`].
pub(crate) fn drain(id: Id<'_>, reply: impl FnOnce(&Snapshot<'_>, u64)) -> Result<(), Refusal> {
    let subdev = find(id)?;
    if let Some(function) = subdev.function() {
        if !function.drain_within(LIMIT) {
            return Err(Refusal::new(
                ETIMEDOUT,
                id.field(),
                format_args!("work in flight does not end; it goes on: wait for it, or reset"),
            ));
        }
    }
    show(&subdev, reply);
    Ok(())
}

/// The subdev, which is in no passing phase of its life.
fn find(id: Id<'_>) -> Result<Arc<Subdev>, Refusal> {
    let mut registry = REGISTRY.lock();
    let subdev = registry.get()?.find(id)?;
    subdev
        .check_present()
        .map_err(|conflict| Refusal::new(EBUSY, id.field(), format_args!("{conflict}")))?;
    Ok(subdev.clone())
}

/// Shows the subdev with a generation that is in what is shown.
fn show(subdev: &Subdev, reply: impl FnOnce(&Snapshot<'_>, u64)) {
    let generation = events::generation();
    reply(&subdev.snapshot(), generation);
}

// SPDX-License-Identifier: GPL-2.0

//! `parent-stats-get`, `wq-stats-get` and `subdev-stats-get`.

use kernel::prelude::*;

use super::{
    parent::parent_id,
    refuse::{
        refuse,
        Numbers, //
    },
    subdev::{
        subdev_id,
        wq_filter, //
    }, //
};
use crate::{
    ffi::{
        bindings as uapi,
        genl::{
            genl_do,
            genl_dump,
            Dump,
            Message,
            Request,
            Writer, //
        }, //
    },
    framework::{
        self,
        Field,
        Id,
        ParentId,
        ParentStats,
        Refusal,
        Snapshot,
        Stats,
        WqView, //
    }, //
};

const PARENT: Numbers = Numbers(&[
    (Field::ParentIndex, uapi::SUBDEV_A_PARENT_STATS_INDEX),
    (Field::Parent, uapi::SUBDEV_A_PARENT_STATS_NAME),
    (Field::Bus, uapi::SUBDEV_A_PARENT_STATS_BUS),
    (Field::Device, uapi::SUBDEV_A_PARENT_STATS_DEVICE),
]);

const WQ: Numbers = Numbers(&[
    (Field::ParentIndex, uapi::SUBDEV_A_WQ_STATS_PARENT_INDEX),
    (Field::Parent, uapi::SUBDEV_A_WQ_STATS_PARENT),
    (Field::Wq(None), uapi::SUBDEV_A_WQ_STATS_ID),
]);

const SUBDEV: Numbers = Numbers(&[
    (Field::Index, uapi::SUBDEV_A_SUBDEV_STATS_INDEX),
    (Field::Name, uapi::SUBDEV_A_SUBDEV_STATS_NAME),
    (Field::Uuid, uapi::SUBDEV_A_SUBDEV_STATS_UUID),
    (Field::ParentIndex, uapi::SUBDEV_A_SUBDEV_STATS_PARENT_INDEX),
    (Field::Parent, uapi::SUBDEV_A_SUBDEV_STATS_PARENT),
    (Field::Wq(None), uapi::SUBDEV_A_SUBDEV_STATS_WQ),
]);

genl_do!(subdev_nl_parent_stats_get_doit, parent);
genl_dump!(subdev_nl_parent_stats_get_dumpit, parents);
genl_do!(subdev_nl_wq_stats_get_doit, wq);
genl_dump!(subdev_nl_wq_stats_get_dumpit, wqs);
genl_do!(subdev_nl_subdev_stats_get_doit, subdev);
genl_dump!(subdev_nl_subdev_stats_get_dumpit, subdevs);

fn parent(request: &Request<'_>) -> Result {
    let id = ParentId {
        bus: request.text(uapi::SUBDEV_A_PARENT_STATS_BUS),
        device: request.text(uapi::SUBDEV_A_PARENT_STATS_DEVICE),
        ..parent_id(
            request,
            uapi::SUBDEV_A_PARENT_STATS_INDEX,
            uapi::SUBDEV_A_PARENT_STATS_NAME,
        )
    };
    let generation = framework::generation();
    let mut message = Message::reply(request, uapi::SUBDEV_CMD_PARENT_STATS_GET)?;
    let found = framework::parent_stats(&id, |parent| {
        put_parent(&mut message.writer(), parent, generation)
    });
    found.map_err(|refusal| refuse(request, &PARENT, &refusal))?;
    message.send(request)
}

fn parents(dump: &mut Dump<'_>) -> Result {
    let generation = framework::generation();
    dump.set_generation(framework::structure());
    framework::parents_stats(dump.position(), |key, parent| {
        dump.show(key, uapi::SUBDEV_CMD_PARENT_STATS_GET, |writer| {
            put_parent(writer, parent, generation)
        })
    })
}

fn put_parent(writer: &mut Writer<'_>, parent: &ParentStats, generation: u64) -> Result {
    writer.uint(uapi::SUBDEV_A_PARENT_STATS_GENERATION, generation)?;
    writer.u32(uapi::SUBDEV_A_PARENT_STATS_INDEX, parent.index())?;
    writer.string(uapi::SUBDEV_A_PARENT_STATS_NAME, parent.name())?;
    let stats = Some(parent.stats());
    writer.nest(uapi::SUBDEV_A_PARENT_STATS_STATS, |writer| {
        put(writer, stats)
    })
}

fn wq_parent<'a>(request: &Request<'a>) -> ParentId<'a> {
    parent_id(
        request,
        uapi::SUBDEV_A_WQ_STATS_PARENT_INDEX,
        uapi::SUBDEV_A_WQ_STATS_PARENT,
    )
}

fn wq(request: &Request<'_>) -> Result {
    let id = request.u32(uapi::SUBDEV_A_WQ_STATS_ID);
    let generation = framework::generation();
    let mut message = Message::reply(request, uapi::SUBDEV_CMD_WQ_STATS_GET)?;
    let found = framework::wq(&wq_parent(request), id, |wq| {
        put_wq(&mut message.writer(), wq, generation)
    });
    found.map_err(|refusal| refuse(request, &WQ, &refusal))?;
    message.send(request)
}

fn wqs(dump: &mut Dump<'_>) -> Result {
    let request = dump.request()?;
    let generation = framework::generation();
    dump.set_generation(framework::structure());
    let shown = framework::wqs(&wq_parent(&request), dump.position(), |key, wq| {
        dump.show(key, uapi::SUBDEV_CMD_WQ_STATS_GET, |writer| {
            put_wq(writer, wq, generation)
        })
    });
    shown.map_err(|refusal| refuse(&request, &WQ, &refusal))
}

fn put_wq(writer: &mut Writer<'_>, wq: &WqView<'_>, generation: u64) -> Result {
    writer.uint(uapi::SUBDEV_A_WQ_STATS_GENERATION, generation)?;
    writer.u32(uapi::SUBDEV_A_WQ_STATS_PARENT_INDEX, wq.parent_index())?;
    writer.string(uapi::SUBDEV_A_WQ_STATS_PARENT, wq.parent())?;
    writer.u32(uapi::SUBDEV_A_WQ_STATS_ID, wq.id)?;
    let stats = Some(wq.stats());
    writer.nest(uapi::SUBDEV_A_WQ_STATS_STATS, |writer| put(writer, stats))
}

fn id<'a>(request: &Request<'a>) -> Result<Id<'a>, Refusal> {
    subdev_id(
        request,
        uapi::SUBDEV_A_SUBDEV_STATS_INDEX,
        uapi::SUBDEV_A_SUBDEV_STATS_NAME,
        uapi::SUBDEV_A_SUBDEV_STATS_UUID,
    )
}

fn subdev(request: &Request<'_>) -> Result {
    let generation = framework::generation();
    let mut message = Message::reply(request, uapi::SUBDEV_CMD_SUBDEV_STATS_GET)?;
    id(request)
        .and_then(|id| {
            framework::subdev(id, |subdev| {
                put_subdev(&mut message.writer(), subdev, generation)
            })
        })
        .map_err(|refusal| refuse(request, &SUBDEV, &refusal))?;
    message.send(request)
}

fn subdevs(dump: &mut Dump<'_>) -> Result {
    let request = dump.request()?;
    let parent = parent_id(
        &request,
        uapi::SUBDEV_A_SUBDEV_STATS_PARENT_INDEX,
        uapi::SUBDEV_A_SUBDEV_STATS_PARENT,
    );
    let wqs = wq_filter(&request, uapi::SUBDEV_A_SUBDEV_STATS_WQ)
        .map_err(|refusal| refuse(&request, &SUBDEV, &refusal))?;
    let generation = framework::generation();
    dump.set_generation(framework::structure());
    let shown = framework::subdevs(&parent, dump.position(), |key, subdev| {
        if !subdev.settings().is_on(wqs.as_slice()) {
            dump.skip(key);
            return Ok(true);
        }
        dump.show(key, uapi::SUBDEV_CMD_SUBDEV_STATS_GET, |writer| {
            put_subdev(writer, &subdev.snapshot(), generation)
        })
    });
    shown.map_err(|refusal| refuse(&request, &SUBDEV, &refusal))
}

fn put_subdev(writer: &mut Writer<'_>, subdev: &Snapshot<'_>, generation: u64) -> Result {
    let identity = subdev.identity;
    writer.uint(uapi::SUBDEV_A_SUBDEV_STATS_GENERATION, generation)?;
    writer.u32(uapi::SUBDEV_A_SUBDEV_STATS_INDEX, identity.index)?;
    writer.string(
        uapi::SUBDEV_A_SUBDEV_STATS_NAME,
        subdev.settings.name.as_str(),
    )?;
    writer.u32(
        uapi::SUBDEV_A_SUBDEV_STATS_PARENT_INDEX,
        identity.parent_index,
    )?;
    writer.string(uapi::SUBDEV_A_SUBDEV_STATS_PARENT, identity.parent.as_str())?;
    writer.nest(uapi::SUBDEV_A_SUBDEV_STATS_STATS, |writer| {
        put(writer, subdev.stats)
    })
}

/// Puts counters into a message; none are zeroes.
fn put(writer: &mut Writer<'_>, stats: Option<&Stats>) -> Result {
    let counts = stats.map(Stats::counts).unwrap_or_default();
    for (number, count) in [
        (uapi::SUBDEV_A_STATS_SUBMITTED, counts.submitted),
        (uapi::SUBDEV_A_STATS_COMPLETED, counts.completed),
        (uapi::SUBDEV_A_STATS_FAILED, counts.failed),
        (uapi::SUBDEV_A_STATS_REJECTED, counts.rejected),
        (uapi::SUBDEV_A_STATS_ABORTED, counts.aborted),
        (uapi::SUBDEV_A_STATS_IN_FLIGHT, counts.in_flight()),
        (uapi::SUBDEV_A_STATS_WQ_FULL, counts.wq_full),
        (uapi::SUBDEV_A_STATS_BYTES, counts.bytes),
        (uapi::SUBDEV_A_STATS_HW_SUBMITTED, counts.hw_submitted),
        (uapi::SUBDEV_A_STATS_INTERRUPTS, counts.interrupts),
        (uapi::SUBDEV_A_STATS_LOST_INTERRUPTS, counts.lost_interrupts),
        (uapi::SUBDEV_A_STATS_FAULTS, counts.faults),
        (uapi::SUBDEV_A_STATS_PIN_LIMITED, counts.pin_limited),
        (uapi::SUBDEV_A_STATS_PINNED_PAGES, counts.pinned_pages),
        (
            uapi::SUBDEV_A_STATS_PINNED_PAGES_MAX,
            counts.pinned_pages_max,
        ),
    ] {
        writer.uint(number, count)?;
    }
    for (code, count) in stats.into_iter().flat_map(Stats::codes) {
        writer.nest(uapi::SUBDEV_A_STATS_CODE, |writer| {
            writer.u32(uapi::SUBDEV_A_STATS_CODE_CODE, code)?;
            writer.uint(uapi::SUBDEV_A_STATS_CODE_COUNT, count)
        })?;
    }
    Ok(())
}

// SPDX-License-Identifier: GPL-2.0

//! `subdev-get`, `subdev-new` and `subdev-del`.

use kernel::prelude::*;

use super::{
    events::origin,
    parent::parent_id,
    refuse::{
        refuse,
        Numbers, //
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
        New,
        ParentId,
        Refusal,
        Snapshot,
        WqRequest,
        Wqs,
        AUX_MODULE,
        AUX_NAME,
        MAX_WQS, //
    },
    subdev_core::{
        name::Name,
        share::PasidMode,
        state::AdminState, //
    }, //
};

const NUMBERS: Numbers = Numbers(&[
    (Field::Index, uapi::SUBDEV_A_SUBDEV_INDEX),
    (Field::Name, uapi::SUBDEV_A_SUBDEV_NAME),
    (Field::Uuid, uapi::SUBDEV_A_SUBDEV_UUID),
    (Field::ParentIndex, uapi::SUBDEV_A_SUBDEV_PARENT_INDEX),
    (Field::Parent, uapi::SUBDEV_A_SUBDEV_PARENT),
    (Field::Wq(None), uapi::SUBDEV_A_SUBDEV_WQ),
    (Field::Type, uapi::SUBDEV_A_SUBDEV_TYPE),
    (Field::PasidMode, uapi::SUBDEV_A_SUBDEV_PASID_MODE),
]);

genl_do!(subdev_nl_subdev_get_doit, get);
genl_dump!(subdev_nl_subdev_get_dumpit, dump);
genl_do!(subdev_nl_subdev_new_doit, new);
genl_do!(subdev_nl_subdev_del_doit, del);

fn get(request: &Request<'_>) -> Result {
    let generation = framework::generation();
    id(request)
        .and_then(|id| {
            framework::subdev(id, |subdev| {
                reply(request, uapi::SUBDEV_CMD_SUBDEV_GET, subdev, generation)
            })
        })
        .map_err(|refusal| refuse(request, &NUMBERS, &refusal))
}

fn new(request: &Request<'_>) -> Result {
    parse(request)
        .and_then(|new| {
            framework::create(&new, origin(request), |subdev, generation| {
                reply(request, uapi::SUBDEV_CMD_SUBDEV_NEW, subdev, generation)
            })
        })
        .map_err(|refusal| refuse(request, &NUMBERS, &refusal))
}

fn del(request: &Request<'_>) -> Result {
    let force = request.attr(uapi::SUBDEV_A_SUBDEV_FORCE).is_some();
    let mut put_last = Ok(());
    // What can fail does so before anything is done.
    Message::reply(request, uapi::SUBDEV_CMD_SUBDEV_DEL)
        .map_err(Refusal::from)
        .and_then(|mut message| {
            let id = id(request)?;
            framework::delete(id, force, origin(request), |subdev, generation| {
                put_last = put(&mut message.writer(), subdev, generation);
            })?;
            Ok(message)
        })
        .map_err(|refusal| refuse(request, &NUMBERS, &refusal))
        .map(|message| {
            // The subdev is gone, whether the requester gets to see the reply or not.
            let _ = put_last.and_then(|()| message.send(request));
        })
}

fn dump(dump: &mut Dump<'_>) -> Result {
    let request = dump.request()?;
    let filter = Filter::parse(&request).map_err(|refusal| refuse(&request, &NUMBERS, &refusal))?;
    let generation = framework::generation();
    dump.set_generation(framework::structure());
    let shown = framework::subdevs(&parent(&request), dump.position(), |key, subdev| {
        let snapshot = subdev.snapshot();
        if !filter.applies(&snapshot) {
            dump.skip(key);
            return Ok(true);
        }
        dump.show(key, uapi::SUBDEV_CMD_SUBDEV_GET, |writer| {
            put(writer, &snapshot, generation)
        })
    });
    shown.map_err(|refusal| refuse(&request, &NUMBERS, &refusal))
}

/// Which subdevs of a parent a dump is to show.
struct Filter<'a> {
    /// One of these work queues, if there are any.
    wqs: Wqs<u32>,
    type_name: Option<&'a [u8]>,
    state: Option<u32>,
    opstate: Option<u32>,
}

impl<'a> Filter<'a> {
    fn parse(request: &Request<'a>) -> Result<Self, Refusal> {
        let mut wqs = Wqs::new();
        for (n, wq) in requests(request)?.as_slice().iter().enumerate() {
            let other = [
                (wq.size.is_some(), Field::WqSize(n), "size"),
                (wq.weight.is_some(), Field::WqWeight(n), "weight"),
                (wq.max_rate.is_some(), Field::WqMaxRate(n), "max-rate"),
            ];
            if let Some((_, field, name)) = other.into_iter().find(|(there, ..)| *there) {
                return Err(Refusal::new(
                    EINVAL,
                    field,
                    format_args!("a dump asks for the number of a work queue, not for a {name}"),
                ));
            }
            let id = wq.id.ok_or_else(|| {
                Refusal::missing(
                    Field::WqId(n),
                    format_args!("the number of a work queue is needed"),
                )
            })?;
            wqs.push(id).ok_or(EINVAL)?;
        }
        Ok(Self {
            wqs,
            type_name: request.text(uapi::SUBDEV_A_SUBDEV_TYPE),
            state: request.u32(uapi::SUBDEV_A_SUBDEV_STATE),
            opstate: request.u32(uapi::SUBDEV_A_SUBDEV_OPSTATE),
        })
    }

    fn applies(&self, subdev: &Snapshot<'_>) -> bool {
        let identity = subdev.identity;
        let wqs = self.wqs.as_slice();
        let mut shares = identity.wqs.as_slice().iter();
        (wqs.is_empty() || shares.any(|share| wqs.contains(&share.id)))
            && self
                .type_name
                .is_none_or(|name| name == identity.type_name.as_bytes())
            && self
                .state
                .is_none_or(|state| state == u32::from(subdev.state))
            && self
                .opstate
                .is_none_or(|opstate| opstate == u32::from(subdev.opstate))
    }
}

fn parent<'a>(request: &Request<'a>) -> ParentId<'a> {
    parent_id(
        request,
        uapi::SUBDEV_A_SUBDEV_PARENT_INDEX,
        uapi::SUBDEV_A_SUBDEV_PARENT,
    )
}

/// By what a request names a subdev.
fn id<'a>(request: &Request<'a>) -> Result<Id<'a>, Refusal> {
    let index = request.u32(uapi::SUBDEV_A_SUBDEV_INDEX);
    let name = request.text(uapi::SUBDEV_A_SUBDEV_NAME);
    let uuid = request.text(uapi::SUBDEV_A_SUBDEV_UUID);
    match (index, name, uuid) {
        (Some(index), None, None) => Ok(Id::Index(index)),
        (None, Some(name), None) => Ok(Id::Name(name)),
        (None, None, Some(uuid)) => Ok(Id::Uuid(uuid)),
        (None, None, None) => Err(Refusal::missing(
            Field::Index,
            format_args!("a subdev is needed: index, name or uuid"),
        )),
        _ => Err(Refusal::new(
            EINVAL,
            Field::Nothing,
            format_args!("only one of index, name and uuid may name the subdev"),
        )),
    }
}

/// The request for a new subdev.
fn parse<'a>(request: &Request<'a>) -> Result<New<'a>, Refusal> {
    // The policy has checked the ranges of the two enums.
    let pasid_mode = request
        .u32(uapi::SUBDEV_A_SUBDEV_PASID_MODE)
        .map(PasidMode::try_from)
        .transpose()
        .map_err(|_| EINVAL)?;
    let state = request
        .u32(uapi::SUBDEV_A_SUBDEV_STATE)
        .map_or(Ok(AdminState::Active), AdminState::try_from)
        .map_err(|_| EINVAL)?;
    Ok(New {
        name: request.text(uapi::SUBDEV_A_SUBDEV_NAME),
        uuid: request.text(uapi::SUBDEV_A_SUBDEV_UUID),
        parent: parent(request),
        wqs: requests(request)?,
        type_name: request.text(uapi::SUBDEV_A_SUBDEV_TYPE),
        pasid_mode,
        state,
    })
}

/// The work queues in a request.
fn requests(request: &Request<'_>) -> Result<Wqs<WqRequest>, Refusal> {
    let mut wqs = Wqs::new();
    let nests = request
        .attrs()
        .filter(|attr| attr.number() == uapi::SUBDEV_A_SUBDEV_WQ);
    for (n, nest) in nests.enumerate() {
        let number = |number| nest.attr(number).and_then(|attr| attr.u32());
        let rate = nest.attr(uapi::SUBDEV_A_SUBDEV_WQ_MAX_RATE);
        let wq = WqRequest {
            id: number(uapi::SUBDEV_A_SUBDEV_WQ_ID),
            size: number(uapi::SUBDEV_A_SUBDEV_WQ_SIZE),
            weight: number(uapi::SUBDEV_A_SUBDEV_WQ_WEIGHT),
            max_rate: rate.and_then(|attr| attr.uint()),
        };
        wqs.push(wq).ok_or_else(|| {
            Refusal::new(
                E2BIG,
                wq.id.map_or(Field::WqSize(n), |id| Field::Wq(Some(id))),
                format_args!("a subdev uses at most {MAX_WQS} work queues"),
            )
        })?;
    }
    Ok(wqs)
}

fn reply(request: &Request<'_>, command: u32, subdev: &Snapshot<'_>, generation: u64) -> Result {
    let mut message = Message::reply(request, command)?;
    put(&mut message.writer(), subdev, generation)?;
    message.send(request)
}

/// Puts a subdev into a message.
pub(super) fn put(writer: &mut Writer<'_>, subdev: &Snapshot<'_>, generation: u64) -> Result {
    let identity = subdev.identity;
    writer.uint(uapi::SUBDEV_A_SUBDEV_GENERATION, generation)?;
    writer.u32(uapi::SUBDEV_A_SUBDEV_INDEX, identity.index)?;
    writer.string(uapi::SUBDEV_A_SUBDEV_NAME, identity.name.as_str())?;
    let uuid = identity.uuid.to_text();
    let uuid = core::str::from_utf8(&uuid).map_err(|_| EINVAL)?;
    writer.string(uapi::SUBDEV_A_SUBDEV_UUID, uuid)?;
    writer.u32(uapi::SUBDEV_A_SUBDEV_PARENT_INDEX, identity.parent_index)?;
    writer.string(uapi::SUBDEV_A_SUBDEV_PARENT, identity.parent.as_str())?;
    for (share, quality) in identity.wqs.as_slice().iter().zip(&subdev.qualities) {
        writer.nest(uapi::SUBDEV_A_SUBDEV_WQ, |writer| {
            writer.u32(uapi::SUBDEV_A_SUBDEV_WQ_ID, share.id)?;
            writer.u32(uapi::SUBDEV_A_SUBDEV_WQ_SIZE, share.entries)?;
            writer.u32(uapi::SUBDEV_A_SUBDEV_WQ_WEIGHT, quality.weight)?;
            match quality.max_rate {
                Some(rate) => writer.uint(uapi::SUBDEV_A_SUBDEV_WQ_MAX_RATE, rate),
                None => Ok(()),
            }
        })?;
    }
    writer.string(uapi::SUBDEV_A_SUBDEV_TYPE, identity.type_name)?;
    writer.u32(uapi::SUBDEV_A_SUBDEV_PASID_MODE, identity.pasid_mode.into())?;
    writer.u32(uapi::SUBDEV_A_SUBDEV_ISOLATION, identity.isolation as u32)?;
    writer.u32(uapi::SUBDEV_A_SUBDEV_STATE, subdev.state.into())?;
    writer.u32(uapi::SUBDEV_A_SUBDEV_OPSTATE, subdev.opstate.into())?;
    if let Some(handles) = &subdev.handles {
        let module = AUX_MODULE.to_str().map_err(|_| EINVAL)?;
        let name = AUX_NAME.to_str().map_err(|_| EINVAL)?;
        // Short, and of characters that any name may have.
        let device = Name::format(format_args!("{module}.{name}.{}", identity.index));
        let device = device.ok_or(EINVAL)?;
        writer.string(uapi::SUBDEV_A_SUBDEV_AUXILIARY_DEVICE, device.as_str())?;
        writer.u32(uapi::SUBDEV_A_SUBDEV_IOMMU_GROUP, handles.group)?;
        writer.string(uapi::SUBDEV_A_SUBDEV_VFIO_DEVICE, handles.device.as_str())?;
    }
    Ok(())
}

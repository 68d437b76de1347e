// SPDX-License-Identifier: GPL-2.0

//! `subdev-get`, `subdev-new`, `subdev-set` and `subdev-del`.

use kernel::prelude::*;

use super::{
    events::origin,
    given::{
        self,
        Given, //
    },
    lease,
    parent::parent_id,
    refuse::{
        refuse,
        Numbers, //
    },
    vendor,
    visitor::put_vendor, //
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
        Identity,
        Made,
        New,
        ParentId,
        Refusal,
        Set,
        Snapshot,
        WqRequest,
        Wqs,
        AUX_MODULE,
        AUX_NAME,
        MAX_WQS, //
    },
    subdev_core::{
        face::Face,
        name::Name,
        share::PasidMode,
        state::AdminState, //
    }, //
};

pub(super) const NUMBERS: Numbers = Numbers(&[
    (Field::Index, uapi::SUBDEV_A_SUBDEV_INDEX),
    (Field::Name, uapi::SUBDEV_A_SUBDEV_NAME),
    (Field::Uuid, uapi::SUBDEV_A_SUBDEV_UUID),
    (Field::ParentIndex, uapi::SUBDEV_A_SUBDEV_PARENT_INDEX),
    (Field::Parent, uapi::SUBDEV_A_SUBDEV_PARENT),
    (Field::Wq(None), uapi::SUBDEV_A_SUBDEV_WQ),
    (Field::Type, uapi::SUBDEV_A_SUBDEV_TYPE),
    (Field::NewName, uapi::SUBDEV_A_SUBDEV_NEW_NAME),
    (Field::State, uapi::SUBDEV_A_SUBDEV_STATE),
    (Field::Face, uapi::SUBDEV_A_SUBDEV_FACE),
    (Field::PasidMode, uapi::SUBDEV_A_SUBDEV_PASID_MODE),
    (Field::Count, uapi::SUBDEV_A_SUBDEV_COUNT),
]);

/// The most that an entry of `created` takes, in bytes: its header, two numbers, and strings of at most
/// 31, 36, 31 and 31 characters.
const CREATED_ROOM: usize = 4 + 2 * 8 + 3 * 36 + 44;

genl_do!(subdev_nl_subdev_get_doit, get);
genl_dump!(subdev_nl_subdev_get_dumpit, dump);
genl_do!(subdev_nl_subdev_new_doit, new);
genl_do!(subdev_nl_subdev_set_doit, set);
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
    let given = Given::find(request, vendor::SUBDEV);
    parse(request, given.as_ref())
        .and_then(|new| {
            // What can fail does so before anything is done.
            let count = usize::try_from(new.count.unwrap_or(0)).map_err(|_| EINVAL)?;
            let (command, room) = (uapi::SUBDEV_CMD_SUBDEV_NEW, count * CREATED_ROOM);
            let mut message = Message::reply_with_room(request, command, room)?;
            framework::create(&new, origin(request), |made| {
                put_made(&mut message.writer(), &new, made)?;
                message.send(request)
            })
        })
        .map_err(|refusal| given::refuse(request, &NUMBERS, given.as_ref(), &refusal))
}

fn set(request: &Request<'_>) -> Result {
    let given = Given::find(request, vendor::SUBDEV);
    let mut put_last = Ok(());
    // What can fail does so before anything is done.
    Message::reply(request, uapi::SUBDEV_CMD_SUBDEV_SET)
        .map_err(Refusal::from)
        .and_then(|mut message| {
            let set = parse_set(request, given.as_ref())?;
            framework::set(&set, origin(request), |subdev, generation| {
                put_last = put(&mut message.writer(), subdev, generation);
            })?;
            Ok(message)
        })
        .map_err(|refusal| given::refuse(request, &NUMBERS, given.as_ref(), &refusal))
        .map(|message| {
            // The subdev is changed, whether the requester gets to see the reply or not.
            let _ = put_last.and_then(|()| message.send(request));
        })
}

fn del(request: &Request<'_>) -> Result {
    let force = request.flag(uapi::SUBDEV_A_SUBDEV_FORCE);
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
        Ok(Self {
            wqs: wq_filter(request, uapi::SUBDEV_A_SUBDEV_WQ)?,
            type_name: request.text(uapi::SUBDEV_A_SUBDEV_TYPE),
            state: request.u32(uapi::SUBDEV_A_SUBDEV_STATE),
            opstate: request.u32(uapi::SUBDEV_A_SUBDEV_OPSTATE),
        })
    }

    fn applies(&self, subdev: &Snapshot<'_>) -> bool {
        let identity = subdev.identity;
        subdev.settings.is_on(self.wqs.as_slice())
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

/// The work queues that a dump asks for: the nests `number`.
pub(super) fn wq_filter(request: &Request<'_>, number: u32) -> Result<Wqs<u32>, Refusal> {
    let mut wqs = Wqs::new();
    for (n, wq) in requests(request, number)?.as_slice().iter().enumerate() {
        let others = [
            (wq.size.is_some(), Field::WqSize(n), "size"),
            (wq.weight.is_some(), Field::WqWeight(n), "weight"),
            (wq.max_rate.is_some(), Field::WqMaxRate(n), "max-rate"),
        ];
        if let Some((_, field, name)) = others.into_iter().find(|(there, ..)| *there) {
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
    Ok(wqs)
}

fn parent<'a>(request: &Request<'a>) -> ParentId<'a> {
    parent_id(
        request,
        uapi::SUBDEV_A_SUBDEV_PARENT_INDEX,
        uapi::SUBDEV_A_SUBDEV_PARENT,
    )
}

/// By what a request names a subdev.
pub(super) fn id<'a>(request: &Request<'a>) -> Result<Id<'a>, Refusal> {
    subdev_id(
        request,
        uapi::SUBDEV_A_SUBDEV_INDEX,
        uapi::SUBDEV_A_SUBDEV_NAME,
        uapi::SUBDEV_A_SUBDEV_UUID,
    )
}

/// By what a request names a subdev: one of the attributes `index`, `name` and `uuid`.
pub(super) fn subdev_id<'a>(
    request: &Request<'a>,
    index: u32,
    name: u32,
    uuid: u32,
) -> Result<Id<'a>, Refusal> {
    let (index, name, uuid) = (request.u32(index), request.text(name), request.text(uuid));
    match (index, name, uuid) {
        (Some(index), None, None) => Ok(Id::Index(index)),
        (None, Some(name), None) => Ok(Id::Name(name)),
        (None, None, Some(uuid)) => Ok(Id::Uuid(uuid)),
        (None, None, None) => Err(Refusal::missing(
            Field::Index,
            format_args!("a subdev is needed: index, name or uuid"),
        )),
        (_, _, uuid) => Err(Refusal::new(
            EINVAL,
            // One that is too many.
            uuid.map_or(Field::Name, |_| Field::Uuid),
            format_args!("only one of index, name and uuid may name the subdev"),
        )),
    }
}

/// The request for a new subdev.
fn parse<'a>(request: &Request<'a>, given: Option<&'a Given<'a>>) -> Result<New<'a>, Refusal> {
    // The policy has checked the ranges of the two enums.
    let pasid_mode = request
        .u32(uapi::SUBDEV_A_SUBDEV_PASID_MODE)
        .map(PasidMode::try_from)
        .transpose()
        .map_err(|_| EINVAL)?;
    let face = face(request)?.unwrap_or(Face::Auxiliary);
    let default = match face {
        Face::Auxiliary => AdminState::Active,
        Face::Mdev => AdminState::Inactive,
    };
    let state = request
        .u32(uapi::SUBDEV_A_SUBDEV_STATE)
        .map_or(Ok(default), AdminState::try_from)
        .map_err(|_| EINVAL)?;
    Ok(New {
        name: request.text(uapi::SUBDEV_A_SUBDEV_NAME),
        uuid: request.text(uapi::SUBDEV_A_SUBDEV_UUID),
        parent: parent(request),
        wqs: requests(request, uapi::SUBDEV_A_SUBDEV_WQ)?,
        type_name: request.text(uapi::SUBDEV_A_SUBDEV_TYPE),
        pasid_mode,
        state,
        face,
        vendor: given.map(Given::vendor),
        count: request.u32(uapi::SUBDEV_A_SUBDEV_COUNT),
        lease: request
            .attr(uapi::SUBDEV_A_SUBDEV_LEASE)
            .map(|_| lease::of_sender(request))
            .transpose()?,
        dry_run: request.flag(uapi::SUBDEV_A_SUBDEV_DRY_RUN),
    })
}

/// The request to change a subdev.
fn parse_set<'a>(request: &Request<'a>, given: Option<&'a Given<'a>>) -> Result<Set<'a>, Refusal> {
    let state = request
        .u32(uapi::SUBDEV_A_SUBDEV_STATE)
        .map(AdminState::try_from)
        .transpose()
        .map_err(|_| EINVAL)?;
    Ok(Set {
        id: id(request)?,
        new_name: request.text(uapi::SUBDEV_A_SUBDEV_NEW_NAME),
        wqs: requests(request, uapi::SUBDEV_A_SUBDEV_WQ)?,
        moved: Wqs::new(),
        state,
        face: face(request)?,
        wanted: None,
        vendor: given.map(Given::vendor),
        force: request.flag(uapi::SUBDEV_A_SUBDEV_FORCE),
        dry_run: request.flag(uapi::SUBDEV_A_SUBDEV_DRY_RUN),
    })
}

/// The kind of device in a request.
fn face(request: &Request<'_>) -> Result<Option<Face>> {
    let face = request.u32(uapi::SUBDEV_A_SUBDEV_FACE).map(Face::try_from);
    face.transpose().map_err(|_| EINVAL)
}

/// The work queues in a request: the nests `number`.
fn requests(request: &Request<'_>, number: u32) -> Result<Wqs<WqRequest>, Refusal> {
    let mut wqs = Wqs::new();
    let nests = request.attrs().filter(|attr| attr.number() == number);
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

/// Puts what a request for subdevs came to into a message: the first, and a list if several might
/// have been asked for.
fn put_made(writer: &mut Writer<'_>, new: &New<'_>, made: &Made<'_>) -> Result {
    let first = made.snapshots().next().ok_or(EINVAL)?;
    if made.real {
        put(writer, &first, made.generation)?;
    } else {
        writer.uint(uapi::SUBDEV_A_SUBDEV_GENERATION, made.generation)?;
        writer.string(uapi::SUBDEV_A_SUBDEV_NAME, first.settings.name.as_str())?;
        if new.uuid.is_some() {
            put_uuid(writer, uapi::SUBDEV_A_SUBDEV_UUID, first.identity)?;
        }
        put_rest(writer, &first)?;
    }
    if new.count.is_none() {
        return Ok(());
    }
    for subdev in made.snapshots() {
        let identity = subdev.identity;
        writer.nest(uapi::SUBDEV_A_SUBDEV_CREATED, |writer| {
            if made.real {
                writer.u32(uapi::SUBDEV_A_SUBDEV_CREATED_INDEX, identity.index)?;
            }
            let name = subdev.settings.name.as_str();
            writer.string(uapi::SUBDEV_A_SUBDEV_CREATED_NAME, name)?;
            if made.real || new.uuid.is_some() {
                put_uuid(writer, uapi::SUBDEV_A_SUBDEV_CREATED_UUID, identity)?;
            }
            put_handles(writer, &subdev, &CREATED_HANDLES)
        })?;
    }
    Ok(())
}

/// Puts a subdev into a message.
pub(super) fn put(writer: &mut Writer<'_>, subdev: &Snapshot<'_>, generation: u64) -> Result {
    let identity = subdev.identity;
    writer.uint(uapi::SUBDEV_A_SUBDEV_GENERATION, generation)?;
    writer.u32(uapi::SUBDEV_A_SUBDEV_INDEX, identity.index)?;
    writer.string(uapi::SUBDEV_A_SUBDEV_NAME, subdev.settings.name.as_str())?;
    put_uuid(writer, uapi::SUBDEV_A_SUBDEV_UUID, identity)?;
    put_rest(writer, subdev)
}

fn put_uuid(writer: &mut Writer<'_>, number: u32, identity: &Identity) -> Result {
    let uuid = identity.uuid.to_text();
    let uuid = core::str::from_utf8(&uuid).map_err(|_| EINVAL)?;
    writer.string(number, uuid)
}

/// Puts what a subdev has but for its generation and what names it.
fn put_rest(writer: &mut Writer<'_>, subdev: &Snapshot<'_>) -> Result {
    let identity = subdev.identity;
    writer.u32(uapi::SUBDEV_A_SUBDEV_PARENT_INDEX, identity.parent_index)?;
    writer.string(uapi::SUBDEV_A_SUBDEV_PARENT, identity.parent.as_str())?;
    for share in subdev.settings.wqs.as_slice() {
        writer.nest(uapi::SUBDEV_A_SUBDEV_WQ, |writer| {
            writer.u32(uapi::SUBDEV_A_SUBDEV_WQ_ID, share.id)?;
            writer.u32(uapi::SUBDEV_A_SUBDEV_WQ_SIZE, share.entries)?;
            writer.u32(uapi::SUBDEV_A_SUBDEV_WQ_WEIGHT, share.quality.weight)?;
            match share.quality.max_rate {
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
    put_handles(writer, subdev, &HANDLES)?;
    if let Some(lease) = &identity.lease {
        writer.flag(uapi::SUBDEV_A_SUBDEV_LEASE)?;
        writer.u32(uapi::SUBDEV_A_SUBDEV_LEASE_PORT, lease.port())?;
    }
    if let Some(limits) = &subdev.settings.limits {
        put_vendor(writer, vendor::SUBDEV, limits.vendor(), |visitor| {
            limits.show(visitor)
        })?;
    }
    writer.u32(uapi::SUBDEV_A_SUBDEV_FACE, subdev.settings.face.into())
}

/// The numbers of what VFIO knows a subdev by, in one attribute set.
struct HandleNumbers {
    auxiliary_device: u32,
    iommu_group: u32,
    vfio_device: u32,
}

const HANDLES: HandleNumbers = HandleNumbers {
    auxiliary_device: uapi::SUBDEV_A_SUBDEV_AUXILIARY_DEVICE,
    iommu_group: uapi::SUBDEV_A_SUBDEV_IOMMU_GROUP,
    vfio_device: uapi::SUBDEV_A_SUBDEV_VFIO_DEVICE,
};

const CREATED_HANDLES: HandleNumbers = HandleNumbers {
    auxiliary_device: uapi::SUBDEV_A_SUBDEV_CREATED_AUXILIARY_DEVICE,
    iommu_group: uapi::SUBDEV_A_SUBDEV_CREATED_IOMMU_GROUP,
    vfio_device: uapi::SUBDEV_A_SUBDEV_CREATED_VFIO_DEVICE,
};

/// Puts what VFIO knows a subdev by, while it does.
fn put_handles(writer: &mut Writer<'_>, subdev: &Snapshot<'_>, numbers: &HandleNumbers) -> Result {
    let Some(handles) = &subdev.handles else {
        return Ok(());
    };
    if subdev.settings.face == Face::Auxiliary {
        let module = AUX_MODULE.to_str().map_err(|_| EINVAL)?;
        let name = AUX_NAME.to_str().map_err(|_| EINVAL)?;
        // Short, and of characters that any name may have.
        let device = Name::format(format_args!("{module}.{name}.{}", subdev.identity.index));
        let device = device.ok_or(EINVAL)?;
        writer.string(numbers.auxiliary_device, device.as_str())?;
    }
    writer.u32(numbers.iommu_group, handles.group)?;
    writer.string(numbers.vfio_device, handles.device.as_str())
}

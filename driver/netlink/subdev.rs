// SPDX-License-Identifier: GPL-2.0

//! `subdev-get`, `subdev-new` and `subdev-del`.

use core::fmt::{
    self,
    Write, //
};
use kernel::prelude::*;

use super::refuse::{
    refuse,
    Numbers, //
};
use crate::{
    ffi::{
        bindings as uapi,
        genl::{
            genl_do,
            genl_dump,
            Attr,
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
        Refusal,
        Snapshot,
        Wqs,
        AUX_MODULE,
        AUX_NAME,
        MAX_WQS, //
    },
    subdev_core::{
        share::PasidMode,
        state::AdminState, //
    }, //
};

const NUMBERS: Numbers = Numbers(&[
    (Field::Index, uapi::SUBDEV_A_INDEX),
    (Field::Name, uapi::SUBDEV_A_NAME),
    (Field::Uuid, uapi::SUBDEV_A_UUID),
    (Field::Parent, uapi::SUBDEV_A_PARENT),
    (Field::Wq(None), uapi::SUBDEV_A_WQ),
    (Field::Type, uapi::SUBDEV_A_TYPE),
    (Field::PasidMode, uapi::SUBDEV_A_PASID_MODE),
    (Field::Size, uapi::SUBDEV_A_SIZE),
]);

genl_do!(subdev_nl_subdev_get_doit, get);
genl_dump!(subdev_nl_subdev_get_dumpit, dump);
genl_do!(subdev_nl_subdev_new_doit, new);
genl_do!(subdev_nl_subdev_del_doit, del);

fn get(request: &Request<'_>) -> Result {
    id(request)
        .and_then(|id| {
            framework::subdev(id, |subdev| {
                reply(request, uapi::SUBDEV_CMD_SUBDEV_GET, subdev)
            })
        })
        .map_err(|refusal| refuse(request, &NUMBERS, &refusal))
}

fn new(request: &Request<'_>) -> Result {
    parse(request)
        .and_then(|new| {
            framework::create(&new, |subdev| {
                reply(request, uapi::SUBDEV_CMD_SUBDEV_NEW, subdev)
            })
        })
        .map_err(|refusal| refuse(request, &NUMBERS, &refusal))
}

fn del(request: &Request<'_>) -> Result {
    let force = request.attr(uapi::SUBDEV_A_FORCE).is_some();
    id(request)
        .and_then(|id| framework::delete(id, force))
        .map_err(|refusal| refuse(request, &NUMBERS, &refusal))
}

fn dump(dump: &mut Dump<'_>) -> Result {
    let request = dump.request()?;
    let parent = request.attr(uapi::SUBDEV_A_PARENT);
    let parent = parent.as_ref().map(Attr::text);
    let generation = framework::generation();
    dump.set_generation(framework::structure());
    let shown = framework::subdevs(parent, dump.position(), |key, subdev| {
        let fits = dump.entry(uapi::SUBDEV_CMD_SUBDEV_GET, |writer| {
            put(writer, &subdev.snapshot(), generation)
        })?;
        dump.set_position(if fits { key + 1 } else { key });
        Ok(fits)
    });
    shown.map_err(|refusal| refuse(&request, &NUMBERS, &refusal))
}

/// By what a request names a subdev.
fn id<'a>(request: &Request<'a>) -> Result<Id<'a>, Refusal> {
    let index = request
        .attr(uapi::SUBDEV_A_INDEX)
        .and_then(|attr| attr.u32());
    let name = request.attr(uapi::SUBDEV_A_NAME);
    let uuid = request.attr(uapi::SUBDEV_A_UUID);
    match (index, name, uuid) {
        (Some(index), None, None) => Ok(Id::Index(index)),
        (None, Some(name), None) => Ok(Id::Name(name.text())),
        (None, None, Some(uuid)) => Ok(Id::Uuid(uuid.text())),
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
    let text = |number| request.attr(number).map(|attr| attr.text());
    let number = |number| request.attr(number).and_then(|attr| attr.u32());
    let mut wqs = Wqs::new();
    for attr in request.attrs().filter(|a| a.number() == uapi::SUBDEV_A_WQ) {
        let wq = attr.u32().ok_or(EINVAL)?;
        wqs.push(wq).ok_or_else(|| {
            Refusal::new(
                E2BIG,
                Field::Wq(Some(wq)),
                format_args!("a subdev uses at most {MAX_WQS} work queues"),
            )
        })?;
    }
    // The policy has checked the ranges of the two enums.
    let pasid_mode = number(uapi::SUBDEV_A_PASID_MODE)
        .map(PasidMode::try_from)
        .transpose()
        .map_err(|_| EINVAL)?;
    let state = number(uapi::SUBDEV_A_STATE)
        .map_or(Ok(AdminState::Active), AdminState::try_from)
        .map_err(|_| EINVAL)?;
    Ok(New {
        name: text(uapi::SUBDEV_A_NAME),
        uuid: text(uapi::SUBDEV_A_UUID),
        parent: text(uapi::SUBDEV_A_PARENT),
        wqs,
        type_name: text(uapi::SUBDEV_A_TYPE),
        pasid_mode,
        state,
        size: number(uapi::SUBDEV_A_SIZE),
    })
}

fn reply(request: &Request<'_>, command: u32, subdev: &Snapshot<'_>) -> Result {
    let mut message = Message::reply(request, command)?;
    put(&mut message.writer(), subdev, framework::generation())?;
    message.send(request)
}

/// Puts a subdev into a message.
pub(super) fn put(writer: &mut Writer<'_>, subdev: &Snapshot<'_>, generation: u64) -> Result {
    let identity = subdev.identity;
    writer.uint(uapi::SUBDEV_A_GENERATION, generation)?;
    writer.u32(uapi::SUBDEV_A_INDEX, identity.index)?;
    writer.string(uapi::SUBDEV_A_NAME, identity.name.as_str())?;
    let uuid = identity.uuid.to_text();
    let uuid = core::str::from_utf8(&uuid).map_err(|_| EINVAL)?;
    writer.string(uapi::SUBDEV_A_UUID, uuid)?;
    writer.string(uapi::SUBDEV_A_PARENT, identity.parent.as_str())?;
    for &wq in identity.wqs.as_slice() {
        writer.u32(uapi::SUBDEV_A_WQ, wq)?;
    }
    writer.string(uapi::SUBDEV_A_TYPE, identity.type_name)?;
    writer.u32(uapi::SUBDEV_A_PASID_MODE, identity.pasid_mode.into())?;
    writer.u32(uapi::SUBDEV_A_ISOLATION, identity.isolation as u32)?;
    writer.u32(uapi::SUBDEV_A_STATE, subdev.state.into())?;
    writer.u32(uapi::SUBDEV_A_OPSTATE, subdev.opstate.into())?;
    writer.u32(uapi::SUBDEV_A_SIZE, identity.entries)?;
    if let Some(handles) = &subdev.handles {
        let module = AUX_MODULE.to_str().map_err(|_| EINVAL)?;
        let name = AUX_NAME.to_str().map_err(|_| EINVAL)?;
        let device = Short::new(format_args!("{module}.{name}.{}", identity.index));
        writer.string(uapi::SUBDEV_A_AUXILIARY_DEVICE, device.as_str())?;
        writer.u32(uapi::SUBDEV_A_IOMMU_GROUP, handles.group)?;
        let path = Short::new(format_args!("/dev/vfio/{}", handles.group));
        writer.string(uapi::SUBDEV_A_VFIO_PATH, path.as_str())?;
        if let Some(cdev) = &handles.cdev {
            let path = Short::new(format_args!("/dev/vfio/devices/{}", cdev.as_str()));
            writer.string(uapi::SUBDEV_A_VFIO_CDEV, path.as_str())?;
        }
    }
    Ok(())
}

/// A short text that is made without allocating.
struct Short {
    bytes: [u8; 64],
    len: usize,
}

impl Short {
    fn new(text: fmt::Arguments<'_>) -> Self {
        let mut short = Self {
            bytes: [0; 64],
            len: 0,
        };
        // Names and numbers of bounded length: it fits.
        let _ = short.write_fmt(text);
        short
    }

    fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl Write for Short {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.len..self.len + s.len());
        room.ok_or(fmt::Error)?.copy_from_slice(s.as_bytes());
        self.len += s.len();
        Ok(())
    }
}

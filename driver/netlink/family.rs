// SPDX-License-Identifier: GPL-2.0

//! `family-get`.

use kernel::prelude::*;

use super::{
    refuse::{
        refuse,
        Numbers, //
    },
    wq, //
};
use crate::{
    ffi::{
        bindings as uapi,
        genl::{
            genl_do,
            Message,
            Request,
            Writer, //
        }, //
    },
    framework::{
        self,
        Overview,
        MAX_WQS, //
    }, //
};

genl_do!(subdev_nl_family_get_doit, get);

fn get(request: &Request<'_>) -> Result {
    let overview =
        framework::overview().map_err(|error| refuse(request, &Numbers(&[]), &error.into()))?;
    let mut message = Message::reply(request, uapi::SUBDEV_CMD_FAMILY_GET)?;
    put(&mut message.writer(), &overview)?;
    message.send(request)
}

fn put(writer: &mut Writer<'_>, overview: &Overview) -> Result {
    let version = CStr::from_bytes_with_nul(uapi::SUBDEV_VERSION).map_err(|_| EINVAL)?;
    writer.uint(uapi::SUBDEV_A_FAMILY_GENERATION, overview.generation)?;
    writer.uint(uapi::SUBDEV_A_FAMILY_INSTANCE, overview.instance)?;
    writer.string(
        uapi::SUBDEV_A_FAMILY_VERSION,
        version.to_str().map_err(|_| EINVAL)?,
    )?;
    writer.u32(uapi::SUBDEV_A_FAMILY_PARENT_COUNT, overview.parents)?;
    writer.u32(uapi::SUBDEV_A_FAMILY_WQ_COUNT, overview.wqs)?;
    writer.u32(uapi::SUBDEV_A_FAMILY_SUBDEV_COUNT, overview.subdevs)?;
    // CAST: It is small.
    let max_wqs = MAX_WQS as u32;
    for (number, limit) in [
        (
            uapi::SUBDEV_A_FAMILY_NAME_MAX_LEN,
            uapi::SUBDEV_NAME_MAX_LEN, //
        ),
        (uapi::SUBDEV_A_FAMILY_MAX_WQS_PER_SUBDEV, max_wqs),
        (uapi::SUBDEV_A_FAMILY_MAX_LISTED_SUBDEVS, wq::MAX_LISTED),
        (uapi::SUBDEV_A_FAMILY_MAX_COUNT, uapi::SUBDEV_MAX_COUNT),
        (uapi::SUBDEV_A_FAMILY_MAX_FILTERS, uapi::SUBDEV_MAX_FILTERS),
        (
            uapi::SUBDEV_A_FAMILY_MAX_FILTERS_PER_USER,
            uapi::SUBDEV_MAX_FILTERS_PER_USER,
        ),
        (
            uapi::SUBDEV_A_FAMILY_MAX_FILTER_OBJECTS,
            uapi::SUBDEV_MAX_FILTER_OBJECTS,
        ),
    ] {
        writer.u32(number, limit)?;
    }
    framework::last_refusal(|text| {
        let text = text.to_str().map_err(|_| EINVAL)?;
        writer.string(uapi::SUBDEV_A_FAMILY_LAST_REFUSAL, text)
    })
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the kernel says of its families.

use std::sync::PoisonError;

use futures::StreamExt;
use netlink_packet_core::{NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use netlink_packet_generic::GenlMessage;
use netlink_packet_generic::ctrl::nlas::{GenlCtrlAttrs, McastGrpAttrs};
use netlink_packet_generic::ctrl::{GenlCtrl, GenlCtrlCmd};

use crate::connection::Handle;
use crate::error::Error;
use crate::generated::{FAMILY_NAME, GROUP_MONITOR};

/// The family as it is now.
pub(crate) struct Family {
    pub number: u16,
    /// The number of the group of events, if it has one.
    pub monitor: Option<u32>,
}

/// The number of the family, remembered until [`forget`] is called.
///
/// Nothing is locked while the kernel is asked. What asks may not be polled for a while, as the branch of a
/// `select!` that another one has overtaken, and would hold up all other requests: those of that branch,
/// too.
pub(crate) async fn number(handle: &Handle) -> Result<u16, Error> {
    let known = *handle.number.lock().unwrap_or_else(PoisonError::into_inner);
    match known {
        Some(number) => Ok(number),
        None => Ok(look_up(handle).await?.number),
    }
}

/// Has the family be looked up with the next request.
pub(crate) fn forget(handle: &Handle) {
    *handle.number.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

/// Looks the family up. The kernel loads its module where it is not there.
pub(crate) async fn look_up(handle: &Handle) -> Result<Family, Error> {
    let name = GenlCtrlAttrs::FamilyName(FAMILY_NAME.into());
    let mut number = None;
    let mut monitor = None;
    for attribute in ask(handle, vec![name], 0).await? {
        match attribute {
            GenlCtrlAttrs::FamilyId(it) => number = Some(it),
            GenlCtrlAttrs::McastGroups(groups) => {
                let of = |group: Vec<_>| number_of(&group, GROUP_MONITOR);
                monitor = groups.into_iter().find_map(of);
            }
            _ => (),
        }
    }
    let Some(number) = number else {
        let what = format!("the family '{FAMILY_NAME}' of this kernel has no number");
        return Err(Error::Malformed(what));
    };
    *handle.number.lock().unwrap_or_else(PoisonError::into_inner) = Some(number);
    Ok(Family { number, monitor })
}

/// The number of a group, if it has that name.
fn number_of(group: &[McastGrpAttrs], name: &str) -> Option<u32> {
    let is_it = |it: &McastGrpAttrs| matches!(it, McastGrpAttrs::Name(it) if it == name);
    group.iter().find(|it| is_it(it))?;
    group.iter().find_map(|it| match it {
        McastGrpAttrs::Id(number) => Some(*number),
        McastGrpAttrs::Name(_) => None,
    })
}

/// What the family says of itself. The kernel loads its module where it is not there (srctree
/// net/netlink/genetlink.c, `ctrl_getfamily`).
pub(crate) async fn described(handle: &Handle) -> Result<Vec<GenlCtrlAttrs>, Error> {
    let name = GenlCtrlAttrs::FamilyName(FAMILY_NAME.into());
    ask(handle, vec![name], NLM_F_ACK).await
}

/// Whether the family is there. To list all of them loads no module.
pub(crate) async fn is_registered(handle: &Handle) -> Result<bool, Error> {
    let all = ask(handle, Vec::new(), NLM_F_DUMP).await?;
    let ours =
        |it: &GenlCtrlAttrs| matches!(it, GenlCtrlAttrs::FamilyName(name) if name == FAMILY_NAME);
    Ok(all.iter().any(ours))
}

/// Asks the controller; returns the attributes of all that it answers.
async fn ask(
    handle: &Handle,
    nlas: Vec<GenlCtrlAttrs>,
    flags: u16,
) -> Result<Vec<GenlCtrlAttrs>, Error> {
    let question = GenlCtrl {
        cmd: GenlCtrlCmd::GetFamily,
        nlas,
    };
    let mut message = NetlinkMessage::from(GenlMessage::from_payload(question));
    message.header.flags = NLM_F_REQUEST | flags;
    let mut genetlink = handle.genetlink.clone();
    // The controller's number is always the same.
    let replies = genetlink.send_request(message);
    let mut replies = replies.map_err(Error::from_genetlink)?;
    let mut found = Vec::new();
    while let Some(reply) = replies.next().await {
        match reply.map_err(Error::from_decode)?.payload {
            NetlinkPayload::InnerMessage(message) => found.extend(message.payload.nlas),
            NetlinkPayload::Done(_) => return Ok(found),
            NetlinkPayload::Error(error) => {
                return match error.code {
                    None => Ok(found),
                    Some(_) => Err(Error::of_controller(error.to_io())),
                };
            }
            _ => (),
        }
    }
    // Without an acknowledgement the answer is the end.
    match found.is_empty() {
        true => Err(Error::Closed),
        false => Ok(found),
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the kernel says of its families.

use futures::StreamExt;
use netlink_packet_core::{NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use netlink_packet_generic::GenlMessage;
use netlink_packet_generic::ctrl::nlas::GenlCtrlAttrs;
use netlink_packet_generic::ctrl::{GenlCtrl, GenlCtrlCmd};

use crate::connection::Handle;
use crate::error::Error;
use crate::generated::FAMILY_NAME;

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
    let replies = genetlink.request(message).await;
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
    Err(Error::Closed)
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! Whether the kernel has the family at present.

use futures::StreamExt;
use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use netlink_packet_generic::GenlMessage;
use netlink_packet_generic::ctrl::nlas::GenlCtrlAttrs;
use netlink_packet_generic::ctrl::{GenlCtrl, GenlCtrlCmd};

use crate::connection::Handle;
use crate::error::Error;
use crate::generated::FAMILY_NAME;

/// Whether the family is there. To ask for it by name would have the kernel load
/// its module (srctree net/netlink/genetlink.c, `ctrl_getfamily`); to list all
/// families does not.
pub(crate) async fn is_registered(handle: &Handle) -> Result<bool, Error> {
    let question = GenlCtrl {
        cmd: GenlCtrlCmd::GetFamily,
        nlas: Vec::new(),
    };
    let mut message = NetlinkMessage::from(GenlMessage::from_payload(question));
    message.header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    let mut genetlink = handle.genetlink.clone();
    let replies = genetlink.request(message).await;
    let mut replies = replies.map_err(Error::from_genetlink)?;
    let mut found = false;
    while let Some(reply) = replies.next().await {
        match reply.map_err(Error::from_decode)?.payload {
            NetlinkPayload::InnerMessage(message) => {
                found |=
                    message.payload.nlas.iter().any(
                        |it| matches!(it, GenlCtrlAttrs::FamilyName(name) if name == FAMILY_NAME),
                    );
            }
            NetlinkPayload::Done(_) => return Ok(found),
            NetlinkPayload::Error(error) => return Err(Error::of_controller(error.to_io())),
            _ => (),
        }
    }
    Err(Error::Closed)
}

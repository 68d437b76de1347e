// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the loaded module can do.

use futures::StreamExt;
use netlink_packet_core::{NLM_F_ACK, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use netlink_packet_generic::GenlMessage;
use netlink_packet_generic::ctrl::nlas::{GenlCtrlAttrs, OpAttrs};
use netlink_packet_generic::ctrl::{GenlCtrl, GenlCtrlCmd};

use crate::connection::Handle;
use crate::error::Error;
use crate::generated::{Command, FAMILY_NAME};

/// Whether the family has that operation, by its own account.
pub(crate) async fn supports(handle: &Handle, command: Command) -> Result<bool, Error> {
    let answer = handle.unless_lost(command, operations(handle)).await?;
    Ok(answer?.contains(&u32::from(u8::from(command))))
}

/// The numbers of the operations that the family has.
async fn operations(handle: &Handle) -> Result<Vec<u32>, Error> {
    let question = GenlCtrl {
        cmd: GenlCtrlCmd::GetFamily,
        nlas: vec![GenlCtrlAttrs::FamilyName(FAMILY_NAME.into())],
    };
    let mut message = NetlinkMessage::from(GenlMessage::from_payload(question));
    message.header.flags = NLM_F_REQUEST | NLM_F_ACK;
    let mut genetlink = handle.genetlink.clone();
    let replies = genetlink.request(message).await;
    let mut replies = replies.map_err(Error::from_genetlink)?;
    let mut found = Vec::new();
    while let Some(reply) = replies.next().await {
        match reply.map_err(Error::from_decode)?.payload {
            NetlinkPayload::InnerMessage(message) => {
                let attributes = message.payload.nlas.into_iter();
                let operations = attributes.filter_map(|it| match it {
                    GenlCtrlAttrs::Ops(operations) => Some(operations),
                    _ => None,
                });
                found.extend(operations.flatten().flatten().filter_map(|it| match it {
                    OpAttrs::Id(number) => Some(number),
                    OpAttrs::Flags(_) => None,
                }));
            }
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

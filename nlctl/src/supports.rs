// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the loaded module can do.

use netlink_packet_generic::ctrl::nlas::{GenlCtrlAttrs, OpAttrs};

use crate::connection::Handle;
use crate::error::Error;
use crate::family::described;
use crate::generated::Command;

/// Whether the family has that operation, by its own account.
pub(crate) async fn supports(handle: &Handle, command: Command) -> Result<bool, Error> {
    let attributes = handle.unless_lost(command, described(handle)).await??;
    let operations = attributes.into_iter().filter_map(|it| match it {
        GenlCtrlAttrs::Ops(operations) => Some(operations),
        _ => None,
    });
    let number = u32::from(u8::from(command));
    let is_it = |it: OpAttrs| matches!(it, OpAttrs::Id(id) if id == number);
    Ok(operations.flatten().flatten().any(is_it))
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! What all objects of the family have in common.

use crate::attribute::Attribute;
use crate::generated::Command;

/// A kind of object that the kernel can be asked for.
pub trait Object: From<Vec<Self::Attribute>> + Send + 'static {
    /// What the object consists of in a message.
    type Attribute: Attribute;

    /// The operation that gets one, or dumps all.
    const GET: Command;
}

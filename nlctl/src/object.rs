// SPDX-License-Identifier: MIT OR Apache-2.0

//! What all objects of the family have in common.

use crate::attribute::Attribute;
use crate::value::Malformed;

/// What a message of the family is about, or a nest in one.
pub trait Object: Sized + Send + 'static {
    /// What the object consists of in a message.
    type Attribute: Attribute;

    /// Puts the object together.
    ///
    /// # Errors
    ///
    /// When an attribute is not there that always has to be.
    fn read(attributes: Vec<Self::Attribute>) -> Result<Self, Malformed>;
}

/// The value of the attribute `name`, which has to be there.
pub(crate) fn needed<T>(value: Option<T>, name: &str) -> Result<T, Malformed> {
    value.ok_or_else(|| Malformed::missing(name))
}

// SPDX-License-Identifier: GPL-2.0

//! How a tenant's operation becomes descriptors for the hardware, and their completion records
//! become the tenant's.
//!
//! The buffers of an operation lie in pages ([`pages()`]) that are mapped for the hardware in
//! [`Segment`]s. Cut at the boundaries of these ([`pieces()`]), the operation is carried out with one
//! descriptor for each [`Piece`] ([`descriptor`]), and [`Outcome`] makes one result of theirs.

mod hw;
mod outcome;
mod pages;
mod pieces;

#[cfg(test)]
mod tests;

pub use hw::descriptor;
pub use outcome::Outcome;
pub use pages::{
    pages,
    PAGE_SIZE, //
};
pub use pieces::{
    pieces,
    Piece,
    Segment, //
};

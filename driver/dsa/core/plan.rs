// SPDX-License-Identifier: GPL-2.0

//! How a tenant's operation becomes descriptors for the hardware, and their completion records
//! become the tenant's.
//!
//! The buffers of an operation lie in pages ([`pages()`]) that are mapped for the hardware in
//! [`Segment`]s. Cut at the boundaries of these ([`pieces()`]), the operation is carried out with one
//! descriptor for each [`Piece`] ([`descriptor`]), and [`Outcome`] makes one result of theirs. One that
//! cannot be divided has one piece ([`Outcome::whole_piece`]).
//!
//! A batch is carried out descriptor by descriptor; [`BatchOutcome`] makes one result of theirs.

mod batch;
mod hw;
mod outcome;
mod pages;
mod pieces;

#[cfg(test)]
mod tests;

pub use batch::{
    member,
    BatchOutcome, //
};
pub use hw::{
    descriptor,
    with_hints, //
};
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

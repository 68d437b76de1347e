// SPDX-License-Identifier: MIT OR Apache-2.0
//! What measurements say: one type from where they are made, in a virtual machine or on the host, to
//! the report that the lab writes.
//!
//! A measurement prints [`Line`]s, each a line of JSON ([`Report`]); the lab reads them with
//! [`Line::read`]. A person at a terminal gets the same as a table ([`text`]).

mod measured;
mod report;
mod row;
pub mod text;

pub use measured::{Measured, Samples, Unit, shown};
pub use report::{Line, Report};
pub use row::{Bar, Row, Statistic};

// SPDX-License-Identifier: MIT OR Apache-2.0

//! An API server and a kubelet as a DRA driver sees them.
//!
//! Neither is packaged for a test machine. These have what a driver uses of them, by the public
//! interfaces: [`api`] serves ResourceSlices, ResourceClaims and Nodes with resource versions, pages
//! and watches, and refuses slices that the real one would refuse ([`rules`]); [`kubelet`] finds
//! plugins by their sockets and calls them. Both wait for each answer.

pub mod api;
pub mod kubelet;
pub mod rules;
mod store;

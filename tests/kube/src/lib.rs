// SPDX-License-Identifier: MIT OR Apache-2.0

//! An API server and a kubelet as a DRA driver sees them.
//!
//! Neither is packaged for a test machine. These have what a driver uses of them, by the public
//! interfaces: [`api`] serves ResourceSlices, ResourceClaims and Nodes with resource versions, pages
//! and watches, and refuses slices that the real one would refuse ([`rules`]) and requests that a
//! ClusterRole does not grant ([`rights`]); [`scheduler`] allocates
//! devices of slices; [`kubelet`] finds plugins by their sockets and calls them. All of them
//! answer before they return.

pub mod api;
pub mod kubelet;
pub mod rights;
pub mod rules;
pub mod scheduler;
mod store;

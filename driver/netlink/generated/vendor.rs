// SPDX-License-Identifier: GPL-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

//! Numbers of the vendors' attributes.
//!
//! Each table is that of a generic object: the nests that vendors have in its messages.

use crate::ffi::bindings as uapi;

/// A vendor's nest in the messages of an object.
pub(crate) struct Nest {
    /// Name of the vendor.
    pub(crate) vendor: &'static str,
    /// Number of the nest.
    pub(crate) number: u32,
    /// Name and number of each attribute in the nest.
    pub(crate) attrs: &'static [(&'static str, u32)],
}

/// Vendors' nests in a `parent`.
pub(crate) static PARENT: &[Nest] = &[Nest {
    vendor: "dsa",
    number: uapi::SUBDEV_A_PARENT_DSA_PARENT,
    attrs: &[
        ("version", uapi::SUBDEV_A_DSA_PARENT_VERSION),
        (
            "max-transfer-size",
            uapi::SUBDEV_A_DSA_PARENT_MAX_TRANSFER_SIZE,
        ),
        ("max-batch-size", uapi::SUBDEV_A_DSA_PARENT_MAX_BATCH_SIZE),
        ("opcap", uapi::SUBDEV_A_DSA_PARENT_OPCAP),
        ("group-count", uapi::SUBDEV_A_DSA_PARENT_GROUP_COUNT),
        ("engine-count", uapi::SUBDEV_A_DSA_PARENT_ENGINE_COUNT),
        ("wq-capacity", uapi::SUBDEV_A_DSA_PARENT_WQ_CAPACITY),
    ],
}];

/// Vendors' nests in a `wq`.
pub(crate) static WQ: &[Nest] = &[Nest {
    vendor: "dsa",
    number: uapi::SUBDEV_A_WQ_DSA_WQ,
    attrs: &[
        ("threshold", uapi::SUBDEV_A_DSA_WQ_THRESHOLD),
        ("priority", uapi::SUBDEV_A_DSA_WQ_PRIORITY),
        ("group", uapi::SUBDEV_A_DSA_WQ_GROUP),
    ],
}];

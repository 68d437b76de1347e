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
    /// The attributes in the nest.
    pub(crate) attrs: &'static [Attr],
}

/// An attribute of a vendor.
pub(crate) struct Attr {
    /// Its name in the spec.
    pub(crate) name: &'static str,
    /// Its number.
    pub(crate) number: u32,
    /// How its value lies in a message.
    pub(crate) kind: Kind,
}

/// How a value lies in a message.
pub(crate) enum Kind {
    /// Four bytes.
    U32,
    /// Four or eight bytes.
    Uint,
    /// Bytes.
    Binary,
    /// Attributes.
    Nest(&'static [Attr]),
}

/// Vendors' nests in a `parent`.
pub(crate) static PARENT: &[Nest] = &[Nest {
    vendor: "dsa",
    number: uapi::SUBDEV_A_PARENT_DSA_PARENT,
    attrs: &[
        Attr {
            name: "version",
            number: uapi::SUBDEV_A_DSA_PARENT_VERSION,
            kind: Kind::U32,
        },
        Attr {
            name: "max-transfer-size",
            number: uapi::SUBDEV_A_DSA_PARENT_MAX_TRANSFER_SIZE,
            kind: Kind::Uint,
        },
        Attr {
            name: "max-batch-size",
            number: uapi::SUBDEV_A_DSA_PARENT_MAX_BATCH_SIZE,
            kind: Kind::U32,
        },
        Attr {
            name: "opcap",
            number: uapi::SUBDEV_A_DSA_PARENT_OPCAP,
            kind: Kind::Binary,
        },
        Attr {
            name: "group-count",
            number: uapi::SUBDEV_A_DSA_PARENT_GROUP_COUNT,
            kind: Kind::U32,
        },
        Attr {
            name: "engine-count",
            number: uapi::SUBDEV_A_DSA_PARENT_ENGINE_COUNT,
            kind: Kind::U32,
        },
        Attr {
            name: "wq-capacity",
            number: uapi::SUBDEV_A_DSA_PARENT_WQ_CAPACITY,
            kind: Kind::U32,
        },
        Attr {
            name: "read-buffer-count",
            number: uapi::SUBDEV_A_DSA_PARENT_READ_BUFFER_COUNT,
            kind: Kind::U32,
        },
        Attr {
            name: "read-buffer-limit",
            number: uapi::SUBDEV_A_DSA_PARENT_READ_BUFFER_LIMIT,
            kind: Kind::U32,
        },
        Attr {
            name: "group",
            number: uapi::SUBDEV_A_DSA_PARENT_GROUP,
            kind: Kind::Nest(&[
                Attr {
                    name: "id",
                    number: uapi::SUBDEV_A_DSA_GROUP_ID,
                    kind: Kind::U32,
                },
                Attr {
                    name: "engines",
                    number: uapi::SUBDEV_A_DSA_GROUP_ENGINES,
                    kind: Kind::Uint,
                },
                Attr {
                    name: "read-buffers-reserved",
                    number: uapi::SUBDEV_A_DSA_GROUP_READ_BUFFERS_RESERVED,
                    kind: Kind::U32,
                },
                Attr {
                    name: "read-buffers-allowed",
                    number: uapi::SUBDEV_A_DSA_GROUP_READ_BUFFERS_ALLOWED,
                    kind: Kind::U32,
                },
                Attr {
                    name: "use-read-buffer-limit",
                    number: uapi::SUBDEV_A_DSA_GROUP_USE_READ_BUFFER_LIMIT,
                    kind: Kind::U32,
                },
            ]),
        },
    ],
}];

/// Vendors' nests in a `wq`.
pub(crate) static WQ: &[Nest] = &[Nest {
    vendor: "dsa",
    number: uapi::SUBDEV_A_WQ_DSA_WQ,
    attrs: &[
        Attr {
            name: "threshold",
            number: uapi::SUBDEV_A_DSA_WQ_THRESHOLD,
            kind: Kind::U32,
        },
        Attr {
            name: "priority",
            number: uapi::SUBDEV_A_DSA_WQ_PRIORITY,
            kind: Kind::U32,
        },
        Attr {
            name: "group",
            number: uapi::SUBDEV_A_DSA_WQ_GROUP,
            kind: Kind::U32,
        },
        Attr {
            name: "block-on-fault",
            number: uapi::SUBDEV_A_DSA_WQ_BLOCK_ON_FAULT,
            kind: Kind::U32,
        },
        Attr {
            name: "max-transfer-size",
            number: uapi::SUBDEV_A_DSA_WQ_MAX_TRANSFER_SIZE,
            kind: Kind::Uint,
        },
        Attr {
            name: "max-batch-size",
            number: uapi::SUBDEV_A_DSA_WQ_MAX_BATCH_SIZE,
            kind: Kind::U32,
        },
        Attr {
            name: "op-config",
            number: uapi::SUBDEV_A_DSA_WQ_OP_CONFIG,
            kind: Kind::Binary,
        },
    ],
}];

/// Vendors' nests in a `subdev`.
pub(crate) static SUBDEV: &[Nest] = &[Nest {
    vendor: "dsa",
    number: uapi::SUBDEV_A_SUBDEV_DSA_SUBDEV,
    attrs: &[
        Attr {
            name: "max-transfer-size",
            number: uapi::SUBDEV_A_DSA_SUBDEV_MAX_TRANSFER_SIZE,
            kind: Kind::Uint,
        },
        Attr {
            name: "max-batch-size",
            number: uapi::SUBDEV_A_DSA_SUBDEV_MAX_BATCH_SIZE,
            kind: Kind::U32,
        },
        Attr {
            name: "op-config",
            number: uapi::SUBDEV_A_DSA_SUBDEV_OP_CONFIG,
            kind: Kind::Binary,
        },
        Attr {
            name: "portal",
            number: uapi::SUBDEV_A_DSA_SUBDEV_PORTAL,
            kind: Kind::U32,
        },
    ],
}];

// SPDX-License-Identifier: MIT OR Apache-2.0

//! What becomes of every key of such a file.

/// What becomes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is this attribute.
    Is(&'static str),
    /// It holds more of the file, or names what it is of.
    Holds,
    /// It says what the device has, or does, and nothing that is wanted.
    Told,
    /// It has no place, unless it is as it would be without.
    NoPlace(&'static str),
}

use Fate::{Holds, Is, NoPlace, Told};

const EVENT_LOG: &str = "the driver keeps no event log";
const OWNER: &str = "a work queue belongs to the subdevs on it";

/// Where a key is, the key, and what becomes of it.
pub const KEYS: &[(&str, &str, Fate)] = &[
    ("device", "dev", Holds),
    ("device", "groups", Holds),
    ("device", "ungrouped_workqueues", Holds),
    ("device", "ungrouped workqueues", Holds),
    ("device", "ungrouped_engines", Holds),
    ("device", "read_buffer_limit", Is("read-buffer-limit")),
    ("device", "token_limit", Is("read-buffer-limit")),
    ("device", "event_log_size", NoPlace(EVENT_LOG)),
    ("device", "max_groups", Told),
    ("device", "max_work_queues", Told),
    ("device", "max_engines", Told),
    ("device", "work_queue_size", Told),
    ("device", "numa_node", Told),
    ("device", "op_cap", Told),
    ("device", "gen_cap", Told),
    ("device", "version", Told),
    ("device", "state", Told),
    ("device", "max_read_buffers", Told),
    ("device", "max_tokens", Told),
    ("device", "max_batch_size", Told),
    ("device", "max_transfer_size", Told),
    ("device", "configurable", Told),
    ("device", "pasid_enabled", Told),
    ("device", "cdev_major", Told),
    ("device", "clients", Told),
    ("device", "ims_size", Told),
    ("device", "errors", Told),
    ("group", "dev", Holds),
    ("group", "grouped_workqueues", Holds),
    ("group", "grouped_engines", Holds),
    (
        "group",
        "read_buffers_reserved",
        Is("read-buffers-reserved"),
    ),
    ("group", "tokens_reserved", Is("read-buffers-reserved")),
    ("group", "read_buffers_allowed", Is("read-buffers-allowed")),
    ("group", "tokens_allowed", Is("read-buffers-allowed")),
    (
        "group",
        "use_read_buffer_limit",
        Is("use-read-buffer-limit"),
    ),
    ("group", "use_token_limit", Is("use-read-buffer-limit")),
    (
        "group",
        "traffic_class_a",
        NoPlace("the traffic class is that of the device"),
    ),
    (
        "group",
        "traffic_class_b",
        NoPlace("the traffic class is that of the device"),
    ),
    (
        "group",
        "desc_progress_limit",
        NoPlace("groups have no progress limits"),
    ),
    (
        "group",
        "batch_progress_limit",
        NoPlace("groups have no progress limits"),
    ),
    ("engine", "dev", Holds),
    ("engine", "group_id", Holds),
    ("wq", "dev", Holds),
    ("wq", "group_id", Holds),
    ("wq", "size", Is("size")),
    ("wq", "priority", Is("priority")),
    ("wq", "threshold", Is("threshold")),
    ("wq", "block_on_fault", Is("block-on-fault")),
    ("wq", "max_batch_size", Is("max-batch-size")),
    ("wq", "max_transfer_size", Is("max-transfer-size")),
    ("wq", "op_config", Is("op-config")),
    (
        "wq",
        "mode",
        NoPlace("the driver is the one submitter of a work queue, whatever shares it"),
    ),
    ("wq", "type", NoPlace(OWNER)),
    ("wq", "name", NoPlace(OWNER)),
    ("wq", "driver_name", NoPlace(OWNER)),
    ("wq", "uuid", NoPlace("subdevs are made by 'subdev add'")),
    (
        "wq",
        "ats_disable",
        NoPlace("the driver translates addresses"),
    ),
    (
        "wq",
        "prs_disable",
        NoPlace("the driver translates addresses"),
    ),
    ("wq", "state", Told),
    ("wq", "clients", Told),
    ("wq", "cdev_minor", Told),
    ("wq", "occupancy", Told),
    ("wq", "errors", Told),
];

/// Values by which a key without a place says what would be anyhow.
pub const NOTHING: [&str; 5] = ["0", "-1", "none", "dedicated", ""];

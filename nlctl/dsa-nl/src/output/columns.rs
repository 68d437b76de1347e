// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which attributes a list shows.

use nlctl::{Object, Parent, ParentStats, Subdev, SubdevStats, Type, Wq, WqStats};

/// A column: the attribute, and its heading.
///
/// An attribute in a nest has the name of the nest and a dot before its own; of
/// several nests all are shown.
pub type Column = (&'static str, &'static str);

/// An object that can be shown as one line among others.
pub trait Columns: Object {
    /// Its columns, from left to right; together they fit 100 characters.
    const COLUMNS: &'static [Column];
}

impl Columns for Parent {
    const COLUMNS: &'static [Column] = &[
        ("index", "INDEX"),
        ("name", "NAME"),
        ("bus", "BUS"),
        ("device", "DEVICE"),
        ("state", "STATE"),
        ("wq-count", "WQS"),
        ("dsa-parent.engine-count", "ENGINES"),
        ("dsa-parent.wq-capacity", "WQ-CAPACITY"),
        ("capabilities", "CAPABILITIES"),
        ("subdev-count", "SUBDEVS"),
    ];
}

impl Columns for Wq {
    const COLUMNS: &'static [Column] = &[
        ("parent", "PARENT"),
        ("id", "WQ"),
        ("state", "STATE"),
        ("mode", "MODE"),
        ("size", "SIZE"),
        ("dsa-wq.threshold", "THRESHOLD"),
        ("dsa-wq.priority", "PRIORITY"),
        ("dsa-wq.group", "GROUP"),
        ("pasid-mode", "PASID-MODE"),
        ("available", "AVAILABLE"),
        ("subdev-count", "SUBDEVS"),
    ];
}

impl Columns for Type {
    const COLUMNS: &'static [Column] = &[
        ("parent", "PARENT"),
        ("name", "TYPE"),
        ("pasid-mode", "PASID-MODE"),
        ("isolation", "ISOLATION"),
        ("available-instances", "AVAILABLE"),
        ("max-instances", "MAX"),
        ("missing-prerequisite", "MISSING-PREREQUISITE"),
    ];
}

impl Columns for Subdev {
    const COLUMNS: &'static [Column] = &[
        ("index", "INDEX"),
        ("name", "NAME"),
        ("parent", "PARENT"),
        ("wq.id", "WQ"),
        ("pasid-mode", "PASID-MODE"),
        ("isolation", "ISOLATION"),
        ("state", "STATE"),
        ("opstate", "OPSTATE"),
        ("wq.size", "SIZE"),
        ("iommu-group", "GROUP"),
        ("vfio-device", "VFIO-DEVICE"),
    ];
}

impl Columns for ParentStats {
    const COLUMNS: &'static [Column] = &[
        ("index", "INDEX"),
        ("name", "NAME"),
        ("stats.submitted", "SUBMITTED"),
        ("stats.completed", "COMPLETED"),
        ("stats.failed", "FAILED"),
        ("stats.rejected", "REJECTED"),
        ("stats.aborted", "ABORTED"),
        ("stats.in-flight", "IN-FLIGHT"),
        ("stats.bytes", "BYTES"),
        ("stats.pinned-pages", "PINNED"),
    ];
}

impl Columns for WqStats {
    const COLUMNS: &'static [Column] = &[
        ("parent", "PARENT"),
        ("id", "WQ"),
        ("stats.submitted", "SUBMITTED"),
        ("stats.completed", "COMPLETED"),
        ("stats.failed", "FAILED"),
        ("stats.rejected", "REJECTED"),
        ("stats.aborted", "ABORTED"),
        ("stats.in-flight", "IN-FLIGHT"),
        ("stats.bytes", "BYTES"),
        ("stats.pinned-pages", "PINNED"),
    ];
}

impl Columns for SubdevStats {
    const COLUMNS: &'static [Column] = &[
        ("index", "INDEX"),
        ("name", "NAME"),
        ("stats.submitted", "SUBMITTED"),
        ("stats.completed", "COMPLETED"),
        ("stats.failed", "FAILED"),
        ("stats.rejected", "REJECTED"),
        ("stats.aborted", "ABORTED"),
        ("stats.in-flight", "IN-FLIGHT"),
        ("stats.bytes", "BYTES"),
        ("stats.pinned-pages", "PINNED"),
    ];
}

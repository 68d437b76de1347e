// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which attributes a list shows.

use nlctl::{AttributeSet, Kind, OPERATIONS};

/// A column: the attribute, and its heading.
///
/// An attribute in a nest has the name of the nest and a dot before its own; of
/// several nests all are shown.
pub type Column = (String, String);

/// What matters most, in 80 characters with names as they usually are.
const PARENT: &[&str] = &[
    "index",
    "name",
    "bus",
    "device",
    "state",
    "wq-count",
    "subdev-count",
    "capabilities",
];
const WQ: &[&str] = &[
    "parent",
    "id",
    "state",
    "mode",
    "size",
    "dsa-wq.priority",
    "dsa-wq.group",
    "pasid-mode",
    "available",
    "subdev-count",
];
const TYPE: &[&str] = &[
    "parent",
    "name",
    "pasid-mode",
    "isolation",
    "available-instances",
    "max-instances",
    "missing-prerequisite",
];
const SUBDEV: &[&str] = &[
    "index",
    "name",
    "parent",
    "wq.id",
    "wq.size",
    "pasid-mode",
    "state",
    "opstate",
    "iommu-group",
];
const STATS: &[&str] = &[
    "parent",
    "id",
    "index",
    "name",
    "stats.submitted",
    "stats.completed",
    "stats.failed",
    "stats.in-flight",
    "stats.bytes",
];

/// Headings that are not the name of the attribute.
const HEADINGS: [(&str, &str); 13] = [
    ("pasid-mode", "PASID"),
    ("available", "AVAIL"),
    ("wq.id", "WQ"),
    ("wq.size", "SIZE"),
    ("wq-count", "WQS"),
    ("subdev-count", "SUBDEVS"),
    ("available-instances", "AVAILABLE"),
    ("max-instances", "MAX"),
    ("iommu-group", "GROUP"),
    ("wq.weight", "WEIGHT"),
    ("wq.max-rate", "MAX-RATE"),
    ("missing-prerequisite", "MISSING"),
    ("dsa-parent.group.id", "GROUPS"),
];

/// The columns that a list has.
pub fn main(set: &AttributeSet) -> Vec<Column> {
    let (names, number) = match set.name {
        "parent" => (PARENT, "INDEX"),
        "wq" => (WQ, "WQ"),
        "type" => (TYPE, "NAME"),
        "subdev" => (SUBDEV, "INDEX"),
        "wq-stats" => (STATS, "WQ"),
        _ => (STATS, "ID"),
    };
    let shown = names.iter().filter(|name| {
        let first = name.split('.').next().unwrap_or(name);
        let stats_of_subdevs = set.name == "subdev-stats" && first == "parent";
        told(set).contains(&first) && !stats_of_subdevs
    });
    let heading = |name: &str| match name {
        "id" => number.to_string(),
        name => heading(name),
    };
    shown
        .map(|name| (name.to_string(), heading(name)))
        .collect()
}

/// All columns that there could be.
pub fn all(set: &AttributeSet) -> Vec<Column> {
    let names = told(set);
    let names: Vec<_> = names.iter().flat_map(|name| leaves(set, name)).collect();
    let last = |name: &str| name.rsplit('.').next().unwrap_or(name).to_string();
    names
        .iter()
        .map(|name| {
            let twice = names
                .iter()
                .filter(|other| last(other) == last(name))
                .count()
                > 1;
            let heading = match HEADINGS.iter().find(|(known, _)| known == name) {
                Some((_, heading)) => (*heading).to_string(),
                None if twice => name.to_uppercase(),
                None => last(name).to_uppercase(),
            };
            (name.clone(), heading)
        })
        .collect()
}

/// The attributes that a list can have.
fn told(set: &AttributeSet) -> &'static [&'static str] {
    let of_set = |it: &&nlctl::OperationInfo| it.set.name == set.name && it.dump.is_some();
    OPERATIONS.iter().find(of_set).map_or(&[], |it| it.reply)
}

fn leaves(set: &AttributeSet, name: &str) -> Vec<String> {
    let Some((_, info)) = set.find(name) else {
        return Vec::new();
    };
    match (info.kind, info.nested) {
        (Kind::Nest, Some(nested)) => {
            let inner = nested.attributes.iter();
            let inner = inner.flat_map(|it| leaves(nested, it.name));
            inner.map(|leaf| format!("{name}.{leaf}")).collect()
        }
        _ => vec![name.to_string()],
    }
}

fn heading(name: &str) -> String {
    match HEADINGS.iter().find(|(known, _)| *known == name) {
        Some((_, heading)) => (*heading).to_string(),
        None => name.rsplit('.').next().unwrap_or(name).to_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nlctl::{
        Attribute, ParentAttr, SubdevAttr, SubdevStatsAttr, TypeAttr, WqAttr, WqStatsAttr,
    };

    #[test]
    fn the_columns_that_are_shown_are_attributes() {
        for set in [
            ParentAttr::SET,
            WqAttr::SET,
            TypeAttr::SET,
            SubdevAttr::SET,
            WqStatsAttr::SET,
            SubdevStatsAttr::SET,
        ] {
            let all: Vec<_> = all(set).into_iter().map(|(name, _)| name).collect();
            let main = main(set);
            assert!(main.len() > 4, "{main:?}");
            for (name, _) in main {
                assert!(all.contains(&name), "{name} is none of {}", set.name);
            }
        }
    }
}

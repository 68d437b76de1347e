// SPDX-License-Identifier: MIT OR Apache-2.0

//! What there is to print, before it is said how.
//!
//! Everything comes from the serialized object, so that all forms have the
//! same names and an attribute that the spec gains is shown without a change
//! here.

use std::io;
use std::path::PathBuf;

use nlctl::{Attribute, Object, Subdev};
use serde::Serialize;
use serde_json::{Value, json};

use super::columns::Columns;
use super::table::{details, table};
use super::text::pairs;

/// One thing to print, for people and for programs.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Lines for people.
    pub text: String,
    /// The document for programs.
    pub document: Value,
}

impl Page {
    /// One object: all attributes, and a document that is the object.
    pub fn one<O: Object + Serialize>(object: &O) -> io::Result<Self> {
        let document = serde_json::to_value(object)?;
        Ok(Self {
            text: details(&pairs(Some(O::Attribute::SET), &document)),
            document,
        })
    }

    /// Objects: a line each, and a document that has them in an array under
    /// the name of their kind.
    pub fn list<O: Columns + Serialize>(objects: &[O]) -> io::Result<Self> {
        let values = objects
            .iter()
            .map(serde_json::to_value)
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            text: table(O::COLUMNS, &values),
            document: json!({ O::Attribute::SET.name: values }),
        })
    }

    /// Subdevs that have just been made, or would be: what to use each by, and the
    /// object.
    pub fn created(subdev: &Subdev, real: bool) -> io::Result<Self> {
        let document = serde_json::to_value(subdev)?;
        let mut text = String::new();
        let mut line = |object: &Value, path: Option<PathBuf>| {
            text += if real { "created" } else { "would create" };
            text += " subdev";
            for (key, value) in pairs(None, object) {
                if ["index", "name"].contains(&key.as_str()) {
                    text += " ";
                    text += &value;
                }
            }
            if let Some(path) = path {
                text += &format!(" {}", path.display());
            }
            text += "\n";
        };
        if subdev.created.is_empty() {
            line(&document, subdev.vfio_group_path());
        }
        for one in &subdev.created {
            line(&serde_json::to_value(one)?, one.vfio_group_path());
        }
        Ok(Self { text, document })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nlctl::{
        AdminState, Binary, DsaParentAttr, DsaWqAttr, Isolation, Opstate, Parent, ParentAttr,
        ParentState, PasidMode, SubdevAttr, SubdevWqAttr, Wq, WqAttr,
    };

    fn subdev() -> Subdev {
        Subdev::from(vec![
            SubdevAttr::Index(0),
            SubdevAttr::Name("net0".into()),
            SubdevAttr::Uuid("123e4567-e89b-12d3-a456-426614174000".into()),
            SubdevAttr::Parent("dsa0".into()),
            SubdevAttr::Wq(vec![SubdevWqAttr::Id(3), SubdevWqAttr::Size(2)]),
            SubdevAttr::Wq(vec![SubdevWqAttr::Id(4), SubdevWqAttr::Size(2)]),
            SubdevAttr::PasidMode(PasidMode::Shared),
            SubdevAttr::Isolation(Isolation::Mediated),
            SubdevAttr::State(AdminState::Active),
            SubdevAttr::Opstate(Opstate::Unknown(9)),
            SubdevAttr::AuxiliaryDevice("subdev.vdev.0".into()),
            SubdevAttr::IommuGroup(0),
            SubdevAttr::VfioDevice("vfio1".into()),
            SubdevAttr::Generation(5_000_000_000),
        ])
    }

    #[test]
    fn a_subdev_is_an_object_with_the_names_of_the_spec() {
        let page = Page::one(&subdev()).expect("is JSON");
        assert_eq!(
            page.document.to_string(),
            "{\"generation\":5000000000,\"index\":0,\"name\":\"net0\",\
             \"uuid\":\"123e4567-e89b-12d3-a456-426614174000\",\"parent\":\"dsa0\",\
             \"wq\":[{\"id\":3,\"size\":2},{\"id\":4,\"size\":2}],\
             \"pasid-mode\":\"shared\",\"isolation\":\"mediated\",\
             \"state\":\"active\",\"opstate\":\"9\",\
             \"auxiliary-device\":\"subdev.vdev.0\",\"iommu-group\":0,\
             \"vfio-device\":\"vfio1\"}"
        );
        let lines: Vec<_> = page.text.lines().collect();
        assert!(lines.len() == 14, "{}", page.text);
        assert!(lines[5].contains("wq.id"), "{}", lines[5]);
        assert!(lines[5].ends_with("  3,4"), "{}", lines[5]);
        assert!(lines[6].ends_with("  2,2"), "{}", lines[6]);
    }

    #[test]
    fn a_list_is_keyed_by_its_kind_and_aligned() {
        let inactive = Subdev::from(vec![
            SubdevAttr::Index(10),
            SubdevAttr::Wq(vec![SubdevWqAttr::Id(0)]),
        ]);
        let page = Page::list(&[subdev(), inactive]).expect("is JSON");
        assert_eq!(
            page.document["subdev"][1].to_string(),
            "{\"index\":10,\"wq\":[{\"id\":0}]}"
        );
        let plain = anstream::adapter::strip_str(&page.text).to_string();
        let expected = "\
INDEX  NAME  PARENT  WQ   PASID-MODE  ISOLATION  STATE   OPSTATE  SIZE  GROUP  VFIO-DEVICE
    0  net0  dsa0    3,4  shared      mediated   active  9        2,2       0  vfio1
   10  -     -       0    -           -          -       -        -         -  -
";
        assert_eq!(plain, expected);
    }

    #[test]
    fn a_list_shows_what_is_in_a_nest() {
        let queue = |id, nest| {
            Wq::from(vec![
                WqAttr::Id(id),
                WqAttr::SubdevCount(300),
                WqAttr::Subdev(7),
                WqAttr::DsaWq(nest),
            ])
        };
        let page = Page::list(&[
            queue(3, vec![DsaWqAttr::Threshold(8), DsaWqAttr::Group(1)]),
            queue(11, vec![]),
        ])
        .expect("is JSON");
        let first = &page.document["wq"][0];
        assert_eq!(
            first.to_string(),
            "{\"id\":3,\"subdev-count\":300,\"subdev\":[7],\
             \"dsa-wq\":{\"threshold\":8,\"group\":1}}"
        );
        let plain = anstream::adapter::strip_str(&page.text).to_string();
        let rows: Vec<Vec<&str>> = plain
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(rows[0][4..8], ["SIZE", "THRESHOLD", "PRIORITY", "GROUP"]);
        assert_eq!(rows[1][4..], ["-", "8", "-", "1", "-", "-", "300"]);
        assert_eq!(rows[2][4..], ["-", "-", "-", "-", "-", "-", "300"]);
    }

    #[test]
    fn an_empty_list_is_an_empty_array() {
        let page = Page::list::<Parent>(&[]).expect("is JSON");
        assert_eq!(page.document.to_string(), "{\"parent\":[]}");
        assert_eq!(page.text, "");
    }

    #[test]
    fn what_was_created_is_said_in_a_line() {
        let page = Page::created(&subdev(), true).expect("is JSON");
        assert_eq!(page.text, "created subdev 0 net0 /dev/vfio/0\n");
        assert_eq!(page.document["iommu-group"], 0);
    }

    #[test]
    fn nests_are_objects_and_dotted_names() {
        let parent = Parent::from(vec![
            ParentAttr::State(ParentState::Enabled),
            ParentAttr::DsaParent(vec![
                DsaParentAttr::Version(0x100),
                DsaParentAttr::Opcap(Binary(vec![0x09, 0xff])),
            ]),
        ]);
        let page = Page::one(&parent).expect("is JSON");
        assert_eq!(
            page.document.to_string(),
            "{\"state\":\"enabled\",\"dsa-parent\":{\"version\":256,\"opcap\":\"09ff\"}}"
        );
        let plain = anstream::adapter::strip_str(&page.text).to_string();
        assert_eq!(
            plain,
            "state               enabled\n\
             dsa-parent.version  0x100\n\
             dsa-parent.opcap    09ff\n"
        );
    }
}

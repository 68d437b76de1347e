// SPDX-License-Identifier: MIT OR Apache-2.0

//! What there is to print, before it is said how.
//!
//! Everything comes from the serialized object, so that all forms have the
//! same names and an attribute that the spec gains is shown without a change
//! here.

use std::io;
use std::path::PathBuf;

use nlctl::{Attribute, Object, Subdev, SubdevNewDryRun};
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

    /// Subdevs that have just been made: what to use each by, and the object.
    pub fn created(subdev: &Subdev) -> io::Result<Self> {
        let document = serde_json::to_value(subdev)?;
        let mut text = String::new();
        if subdev.created.is_empty() {
            text += &line("created", &document, subdev.vfio_group_path());
        }
        for one in &subdev.created {
            text += &line(
                "created",
                &serde_json::to_value(one)?,
                one.vfio_group_path(),
            );
        }
        Ok(Self { text, document })
    }

    /// Subdevs that would be made.
    pub fn planned(subdev: &SubdevNewDryRun) -> io::Result<Self> {
        let document = serde_json::to_value(subdev)?;
        let mut text = String::new();
        if subdev.created.is_empty() {
            text += &line("would create", &document, None);
        }
        for one in &subdev.created {
            text += &line("would create", &serde_json::to_value(one)?, None);
        }
        Ok(Self { text, document })
    }
}

/// What becomes of a subdev: what to use it by.
fn line(done: &str, object: &Value, path: Option<PathBuf>) -> String {
    let mut text = format!("{done} subdev");
    for (key, value) in pairs(None, object) {
        if ["index", "name"].contains(&key.as_str()) {
            text += " ";
            text += &value;
        }
    }
    if let Some(path) = path {
        text += &format!(" {}", path.display());
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::examples;
    use nlctl::{AdminState, Opstate, Parent};

    fn subdev() -> Subdev {
        let mut subdev = examples::subdev(0);
        subdev.generation = 5_000_000_000;
        subdev.wq.push(subdev.wq[0].clone());
        subdev.wq[1].id = 4;
        subdev.wq[1].max_rate = Some(300_000);
        subdev.opstate = Opstate::Unknown(9);
        subdev
    }

    #[test]
    fn a_subdev_is_an_object_with_the_names_of_the_spec() {
        let page = Page::one(&subdev()).expect("is JSON");
        assert_eq!(
            page.document.to_string(),
            "{\"generation\":5000000000,\"index\":0,\"name\":\"net0\",\
             \"uuid\":\"123e4567-e89b-12d3-a456-426614174000\",\
             \"parent-index\":0,\"parent\":\"dsa0\",\
             \"wq\":[{\"id\":3,\"size\":2,\"weight\":100},\
             {\"id\":4,\"size\":2,\"weight\":100,\"max-rate\":300000}],\
             \"type\":\"1swq\",\"pasid-mode\":\"shared\",\"isolation\":\"mediated\",\
             \"state\":\"active\",\"opstate\":\"9\",\
             \"auxiliary-device\":\"subdev.vdev.0\",\"iommu-group\":0,\
             \"vfio-device\":\"vfio1\"}"
        );
        let lines: Vec<_> = page.text.lines().collect();
        assert!(lines.len() == 18, "{}", page.text);
        assert!(lines[6].contains("wq.id"), "{}", lines[6]);
        assert!(lines[6].ends_with("  3,4"), "{}", lines[6]);
        assert!(lines[7].ends_with("  2,2"), "{}", lines[7]);
    }

    #[test]
    fn a_list_is_keyed_by_its_kind_and_aligned() {
        let mut inactive = examples::subdev(10);
        inactive.state = AdminState::Inactive;
        (inactive.iommu_group, inactive.vfio_device) = (None, None);
        let page = Page::list(&[subdev(), inactive]).expect("is JSON");
        assert_eq!(page.document["subdev"][1]["index"], 10);
        let plain = anstream::adapter::strip_str(&page.text).to_string();
        let expected = "\
INDEX  NAME   PARENT  WQ   PASID-MODE  ISOLATION  STATE     OPSTATE  SIZE  GROUP  VFIO-DEVICE
    0  net0   dsa0    3,4  shared      mediated   active    9        2,2       0  vfio1
   10  net10  dsa0    3    shared      mediated   inactive  open     2         -  -
";
        assert_eq!(plain, expected);
    }

    #[test]
    fn a_list_shows_what_is_in_a_nest() {
        let mut foreign = examples::wq(11);
        foreign.dsa_wq = None;
        let page = Page::list(&[examples::wq(3), foreign]).expect("is JSON");
        let nest = page.document["wq"][0]["dsa-wq"].to_string();
        let start = "{\"threshold\":8,\"priority\":10,\"group\":1,";
        assert!(nest.starts_with(start), "{nest}");
        let plain = anstream::adapter::strip_str(&page.text).to_string();
        let rows: Vec<Vec<&str>> = plain
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(rows[0][4..8], ["SIZE", "THRESHOLD", "PRIORITY", "GROUP"]);
        assert_eq!(rows[1][4..], ["16", "8", "10", "1", "-", "4", "300"]);
        assert_eq!(rows[2][4..], ["16", "-", "-", "-", "-", "4", "300"]);
    }

    #[test]
    fn an_empty_list_is_an_empty_array() {
        let page = Page::list::<Parent>(&[]).expect("is JSON");
        assert_eq!(page.document.to_string(), "{\"parent\":[]}");
        assert_eq!(page.text, "");
    }

    #[test]
    fn what_was_created_is_said_in_a_line() {
        let page = Page::created(&subdev()).expect("is JSON");
        assert_eq!(page.text, "created subdev 0 net0 /dev/vfio/0\n");
        assert_eq!(page.document["iommu-group"], 0);
    }

    #[test]
    fn nests_are_objects_and_dotted_names() {
        let page = Page::one(&examples::parent()).expect("is JSON");
        assert_eq!(page.document["state"], "enabled");
        assert_eq!(page.document["dsa-parent"]["version"], 256);
        assert_eq!(page.document["dsa-parent"]["opcap"], "09ff");
        let plain = anstream::adapter::strip_str(&page.text).to_string();
        for line in [
            "state                         enabled\n",
            "dsa-parent.version            0x100\n",
            "dsa-parent.opcap              09ff\n",
        ] {
            assert!(plain.contains(line), "{plain}");
        }
    }
}

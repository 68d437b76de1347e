// SPDX-License-Identifier: MIT OR Apache-2.0

//! What there is to print, before it is said how.
//!
//! Everything comes from what the objects are as JSON, so that all forms have the same
//! names and an attribute that the spec gains is shown without a change here.

use std::io;

use nlctl::AttributeSet;
use serde_json::Value;

use super::objects::Objects;
use super::table::Rows;
use super::{columns, document, table, text, yaml};

/// One thing to print.
#[derive(Debug)]
pub enum Page {
    /// One object: all attributes.
    One(&'static AttributeSet, Value),
    /// Objects: a line each.
    List(&'static AttributeSet, Box<dyn Objects>),
    /// Subdevs that have been made, or would be: what to use each by.
    Made {
        set: &'static AttributeSet,
        subdev: Value,
        done: &'static str,
    },
    /// Objects that programs get, and people need not see.
    Silent(&'static AttributeSet, Vec<Value>),
    /// A line, and its document.
    Line(String, Value),
    /// A document that is the same for people and for programs.
    File(Value),
    /// Text, in whatever form the output is.
    Text(String),
}

impl Page {
    /// The document for programs.
    pub fn document(&self) -> io::Result<Value> {
        Ok(match self {
            Self::One(set, object)
            | Self::Made {
                set,
                subdev: object,
                ..
            } => document::objects(set, std::slice::from_ref(object)),
            Self::List(set, objects) => document::objects(set, &objects.values()?),
            Self::Silent(set, objects) => document::objects(set, objects),
            Self::Line(_, document) | Self::File(document) => document.clone(),
            Self::Text(text) => text.clone().into(),
        })
    }

    /// Lines for people, all columns if it is to be `wide`; no more than that many
    /// characters on a line, if there is a limit.
    pub fn text(&self, wide: bool, width: Option<u16>) -> io::Result<String> {
        Ok(match self {
            Self::One(set, object) => table::details(&text::pairs(Some(set), object), width),
            Self::List(set, objects) => {
                let columns = match wide {
                    true => columns::all(set),
                    false => columns::main(set),
                };
                // Who wants all of it has a terminal that is wide, or scrolls.
                let mut rows = Rows::new(&columns);
                objects.rows(&mut rows)?;
                rows.lines(width.filter(|_| !wide))
            }
            Self::Made { subdev, done, .. } => {
                let created = subdev.get("created").and_then(Value::as_array);
                match created {
                    Some(all) => all.iter().map(|one| line(done, one)).collect(),
                    None => line(done, subdev),
                }
            }
            Self::Silent(..) => String::new(),
            Self::Line(line, _) => line.clone(),
            Self::File(document) => yaml::document(document),
            Self::Text(text) => text.clone(),
        })
    }
}

/// What becomes of a subdev: what to use it by.
fn line(done: &str, object: &Value) -> String {
    let mut out = format!("{done} subdev");
    for name in ["index", "name"] {
        if let Some(value) = object.get(name) {
            out += " ";
            out += &text::text(value, false);
        }
    }
    if let Some(group) = object.get("iommu-group") {
        out += &format!(" /dev/vfio/{group}");
    }
    out + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::examples;
    use nlctl::{AdminState, Attribute, Opstate, ParentAttr, Subdev, SubdevAttr, WqAttr};
    use serde_json::json;

    fn value(object: &impl serde::Serialize) -> Value {
        serde_json::to_value(object).expect("is JSON")
    }

    fn list<O>(set: &'static AttributeSet, objects: Vec<O>) -> Page
    where
        Vec<O>: Objects + 'static,
    {
        Page::List(set, Box::new(objects))
    }

    fn document(page: &Page) -> Value {
        page.document().expect("is JSON")
    }

    fn unlimited(page: &Page) -> String {
        page.text(false, None).expect("can be printed")
    }

    fn subdev() -> Subdev {
        let mut subdev = examples::subdev(0);
        subdev.generation = 5_000_000_000;
        subdev.wq.push(subdev.wq[0].clone());
        subdev.wq[1].id = 4;
        subdev.wq[1].max_rate = Some(300_000);
        subdev.opstate = Opstate::Unknown(9);
        subdev
    }

    fn plain(page: &Page, wide: bool) -> String {
        let text = page.text(wide, Some(80)).expect("can be printed");
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn one_subdev_and_many_have_the_same_shape_and_the_names_of_the_spec() {
        let page = Page::One(SubdevAttr::SET, value(&subdev()));
        assert_eq!(
            document(&page).to_string(),
            "{\"subdev\":[{\"generation\":5000000000,\"index\":0,\"name\":\"net0\",\
             \"uuid\":\"123e4567-e89b-12d3-a456-426614174000\",\
             \"parent-index\":0,\"parent\":\"dsa0\",\
             \"wq\":[{\"id\":3,\"size\":2,\"weight\":100},\
             {\"id\":4,\"size\":2,\"weight\":100,\"max-rate\":300000}],\
             \"type\":\"1swq\",\"pasid-mode\":\"shared\",\"isolation\":\"mediated\",\
             \"state\":\"active\",\"opstate\":\"9\",\
             \"auxiliary-device\":\"subdev.vdev.0\",\"iommu-group\":0,\
             \"vfio-device\":\"vfio1\",\"face\":\"auxiliary\"}]}"
        );
        let list = list(SubdevAttr::SET, vec![subdev()]);
        assert_eq!(document(&list), document(&page));
        let text = plain(&page, false);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines.len() == 19, "{text}");
        assert!(lines[6].contains("wq.id"), "{}", lines[6]);
        assert!(lines[6].ends_with("  3,4"), "{}", lines[6]);
        assert!(lines[7].ends_with("  2,2"), "{}", lines[7]);
    }

    #[test]
    fn a_list_fits_80_columns() {
        let mut inactive = examples::subdev(10);
        inactive.state = AdminState::Inactive;
        (inactive.iommu_group, inactive.vfio_device) = (None, None);
        let page = list(SubdevAttr::SET, vec![subdev(), inactive]);
        let expected = "\
INDEX  NAME   PARENT  WQ   SIZE  PASID   STATE     OPSTATE  GROUP
    0  net0   dsa0    3,4  2,2   shared  active    9            0
   10  net10  dsa0    3    2     shared  inactive  open         -
";
        assert_eq!(plain(&page, false), expected);
        for page in [
            page,
            list(ParentAttr::SET, vec![examples::parent()]),
            list(WqAttr::SET, vec![examples::wq(3)]),
        ] {
            let text = plain(&page, false);
            let widest = text.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(80), "{widest:?}:\n{text}");
        }
    }

    #[test]
    fn wide_shows_all() {
        let text = plain(&list(WqAttr::SET, vec![examples::wq(3)]), true);
        let heading = text.lines().next().expect("has a heading");
        for column in [
            "GENERATION",
            "PARENT-INDEX",
            "THRESHOLD",
            "OP-CONFIG",
            "SUBDEV ",
        ] {
            assert!(heading.contains(column), "{column} in {heading}");
        }
    }

    #[test]
    fn a_list_shows_what_is_in_a_nest() {
        let mut foreign = examples::wq(11);
        foreign.dsa_wq = None;
        let page = list(WqAttr::SET, vec![examples::wq(3), foreign]);
        let document = document(&page);
        let nest = document["wq"][0]["dsa-wq"].to_string();
        let start = "{\"threshold\":8,\"priority\":10,\"group\":1,";
        assert!(nest.starts_with(start), "{nest}");
        let text = plain(&page, false);
        let rows: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(rows[0][4..7], ["SIZE", "PRIORITY", "GROUP"]);
        assert_eq!(rows[1][4..], ["16", "10", "1", "-", "4", "300"]);
        assert_eq!(rows[2][4..], ["16", "-", "-", "-", "4", "300"]);
    }

    #[test]
    fn an_empty_list_is_an_empty_array() {
        let page = list(ParentAttr::SET, Vec::<nlctl::Parent>::new());
        assert_eq!(document(&page).to_string(), "{\"parent\":[]}");
        assert_eq!(unlimited(&page), "");
    }

    #[test]
    fn what_was_created_is_said_in_a_line() {
        let page = |subdev| Page::Made {
            set: SubdevAttr::SET,
            subdev,
            done: "created",
        };
        let one = page(value(&subdev()));
        assert_eq!(unlimited(&one), "created subdev 0 net0 /dev/vfio/0\n");
        assert_eq!(document(&one)["subdev"][0]["iommu-group"], 0);
        let many = page(json!({"index": 0, "created": [
            {"index": 0, "name": "vm-0", "iommu-group": 7},
            {"index": 1, "name": "vm-1"},
        ]}));
        let text = "created subdev 0 vm-0 /dev/vfio/7\ncreated subdev 1 vm-1\n";
        assert_eq!(unlimited(&many), text);
    }

    #[test]
    fn nests_are_dotted_names_and_long_values_are_cut_into_lines() {
        let mut parent = examples::parent();
        if let Some(dsa) = &mut parent.dsa_parent {
            dsa.opcap.0 = vec![0xff; 32];
        }
        let page = Page::One(ParentAttr::SET, value(&parent));
        let text = plain(&page, false);
        for line in [
            "state                         enabled\n",
            "dsa-parent.version            0x100\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
        assert!(unlimited(&page).contains(&"f".repeat(64)));
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! Many objects of a kind, as they came, until they are printed one after the other.

use std::fmt;
use std::io::{self, Write};

use nlctl::AttributeSet;
use serde::Serialize;
use serde_json::Value;

use super::form::Document;
use super::table::Rows;

/// Objects of one kind.
pub trait Objects: fmt::Debug {
    /// How many there are.
    fn len(&self) -> usize;

    /// Has each taken as JSON.
    fn each(&self, take: &mut dyn FnMut(Value)) -> io::Result<()>;

    /// All of them as JSON.
    fn values(&self) -> io::Result<Vec<Value>> {
        let mut values = Vec::with_capacity(self.len());
        self.each(&mut |value| values.push(value))?;
        Ok(values)
    }

    /// Drops those that are not wanted, by what they are as JSON.
    fn keep(&mut self, wanted: &dyn Fn(&Value) -> bool) -> io::Result<()>;

    /// Adds a row for each.
    fn rows(&self, rows: &mut Rows<'_>) -> io::Result<()>;

    /// Writes the document of them, which are of `set`, on one line or on many.
    fn write(&self, set: &AttributeSet, pretty: bool, out: &mut dyn Write) -> io::Result<()>;
}

impl<O: Serialize + fmt::Debug> Objects for Vec<O> {
    fn len(&self) -> usize {
        self.as_slice().len()
    }

    fn each(&self, take: &mut dyn FnMut(Value)) -> io::Result<()> {
        for object in self {
            take(serde_json::to_value(object)?);
        }
        Ok(())
    }

    fn keep(&mut self, wanted: &dyn Fn(&Value) -> bool) -> io::Result<()> {
        let mut result = Ok(());
        self.retain(|object| match serde_json::to_value(object) {
            Ok(value) => wanted(&value),
            Err(error) => {
                result = Err(error.into());
                false
            }
        });
        result
    }

    fn rows(&self, rows: &mut Rows<'_>) -> io::Result<()> {
        for object in self {
            rows.add(object).map_err(io::Error::other)?;
        }
        Ok(())
    }

    fn write(&self, set: &AttributeSet, pretty: bool, out: &mut dyn Write) -> io::Result<()> {
        let document = Document::new(set, self);
        match pretty {
            true => serde_json::to_writer_pretty(out, &document)?,
            false => serde_json::to_writer(out, &document)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{document, examples};
    use nlctl::{Attribute, ParentAttr, SubdevAttr, WqAttr};
    use serde_json::json;

    #[track_caller]
    fn is_the_document(set: &AttributeSet, objects: &dyn Objects) {
        let expected = document::objects(set, &objects.values().expect("is JSON"));
        for (pretty, expected) in [
            (false, expected.to_string()),
            (true, format!("{expected:#}")),
        ] {
            let mut text = Vec::new();
            objects.write(set, pretty, &mut text).expect("is JSON");
            assert_eq!(String::from_utf8_lossy(&text), expected);
        }
    }

    #[test]
    fn many_have_the_same_shape_as_one() {
        let mut bare = examples::wq(4);
        bare.subdev.clear();
        bare.dsa_wq = None;
        is_the_document(WqAttr::SET, &vec![examples::wq(3), bare]);
        let mut inactive = examples::subdev(10);
        inactive.wq.clear();
        (inactive.iommu_group, inactive.vfio_device) = (None, None);
        is_the_document(SubdevAttr::SET, &vec![examples::subdev(0), inactive]);
        is_the_document(ParentAttr::SET, &vec![examples::parent()]);
        is_the_document(ParentAttr::SET, &Vec::<nlctl::Parent>::new());
    }

    #[test]
    fn what_is_not_wanted_is_dropped() {
        let mut objects = vec![examples::subdev(0), examples::subdev(1)];
        let kept = objects.keep(&|object| object["index"] == json!(1));
        kept.expect("is JSON");
        assert_eq!(objects.values().expect("is JSON")[0]["name"], "net1");
        assert_eq!(Objects::len(&objects), 1);
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! Many objects of a kind, as they came, until they are printed one after the other.

use std::fmt;
use std::io::{self, Write};

use nlctl::AttributeSet;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;

use super::document::{self, is_changed};
use super::fields::{self, Take};
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
            rows.add(object)?;
        }
        Ok(())
    }

    fn write(&self, set: &AttributeSet, pretty: bool, out: &mut dyn Write) -> io::Result<()> {
        let document = Document {
            set,
            lists: &document::lists(set),
            objects: self,
        };
        match pretty {
            true => serde_json::to_writer_pretty(out, &document)?,
            false => serde_json::to_writer(out, &document)?,
        }
        Ok(())
    }
}

/// What [`document::objects`] makes of the objects.
struct Document<'a, O> {
    set: &'a AttributeSet,
    lists: &'a [&'static str],
    objects: &'a [O],
}

impl<O: Serialize> Serialize for Document<'_, O> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.set.name, &All(self))?;
        map.end()
    }
}

/// Its array.
struct All<'a, O>(&'a Document<'a, O>);

impl<O: Serialize> Serialize for All<'_, O> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Document {
            set,
            lists,
            objects,
        } = *self.0;
        serializer.collect_seq(objects.iter().map(|object| Shaped { set, lists, object }))
    }
}

/// One of them: what [`document::object`] makes of it.
struct Shaped<'a, O> {
    set: &'a AttributeSet,
    lists: &'a [&'static str],
    object: &'a O,
}

impl<O: Serialize> Serialize for Shaped<'_, O> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut shape = Shape {
            set: self.set,
            lists: self.lists,
            next: 0,
            map: serializer.serialize_map(None)?,
        };
        fields::each(self.object, &mut shape)?;
        shape.empty_lists(self.set.attributes.len())?;
        shape.map.end()
    }
}

struct Shape<'a, M> {
    set: &'a AttributeSet,
    lists: &'a [&'static str],
    /// The place in the set behind the last attribute.
    next: usize,
    map: M,
}

impl<M: SerializeMap> Shape<'_, M> {
    /// Adds the lists without anything in them that belong before a place in the set.
    fn empty_lists(&mut self, place: usize) -> Result<(), M::Error> {
        let skipped = self.set.attributes.get(self.next..place);
        for attribute in skipped.unwrap_or_default() {
            if self.lists.contains(&attribute.name) {
                self.map.serialize_entry(attribute.name, &[(); 0])?;
            }
        }
        self.next = place;
        Ok(())
    }
}

impl<M: SerializeMap> Take for Shape<'_, M> {
    type Error = M::Error;

    fn take<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), M::Error> {
        let set = self.set;
        let rest = set.attributes.get(self.next..).unwrap_or_default();
        let Some((at, info)) = (self.next..).zip(rest).find(|(_, it)| it.name == name) else {
            // What this version does not know comes last.
            self.empty_lists(set.attributes.len())?;
            return self.map.serialize_entry(name, value);
        };
        self.empty_lists(at)?;
        self.next = at + 1;
        if !is_changed(info) {
            return self.map.serialize_entry(name, value);
        }
        let value = serde_json::to_value(value).map_err(serde::ser::Error::custom)?;
        let value = document::value(info, &value);
        self.map.serialize_entry(name, &value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::examples;
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

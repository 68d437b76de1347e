// SPDX-License-Identifier: MIT OR Apache-2.0

//! What [`document`] makes of objects, written as they say what they are.
//!
//! With JSON in between, that would be most of the time of a list of thousands.

use std::fmt::Display;

use nlctl::{AttributeInfo, AttributeSet};
use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, SerializeStruct, Serializer};

use super::document::{self, is_changed};
use super::fields::{self, Take};
use crate::words::is_register;

/// What [`document::objects`] makes of objects.
pub struct Document<'a, O> {
    set: &'a AttributeSet,
    lists: Vec<&'static str>,
    objects: &'a [O],
}

impl<'a, O> Document<'a, O> {
    /// That of objects of a set.
    pub fn new(set: &'a AttributeSet, objects: &'a [O]) -> Self {
        Self {
            set,
            lists: document::lists(set),
            objects,
        }
    }
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
        } = self.0;
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
        shape.end()
    }
}

struct Shape<'a, M, L> {
    set: &'a AttributeSet,
    /// The lists that are there though nothing is in them.
    lists: L,
    /// The place in the set behind the last attribute.
    next: usize,
    map: M,
}

impl<M: SerializeMap, L: AsRef<[&'static str]>> Shape<'_, M, L> {
    /// Adds the lists without anything in them that belong before a place in the set.
    fn empty_lists(&mut self, place: usize) -> Result<(), M::Error> {
        let skipped = self.set.attributes.get(self.next..place);
        for attribute in skipped.unwrap_or_default() {
            if attribute.many && self.lists.as_ref().contains(&attribute.name) {
                self.map.serialize_entry(attribute.name, &[(); 0])?;
            }
        }
        self.next = place;
        Ok(())
    }

    fn end(mut self) -> Result<M::Ok, M::Error> {
        self.empty_lists(self.set.attributes.len())?;
        self.map.end()
    }
}

impl<M: SerializeMap, L: AsRef<[&'static str]>> Take for Shape<'_, M, L> {
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
        match is_changed(info) {
            true => self.map.serialize_entry(name, &Changed { info, value }),
            false => self.map.serialize_entry(name, value),
        }
    }
}

/// What [`document::value`] makes of the value of an attribute.
struct Changed<'a, T: ?Sized> {
    info: &'a AttributeInfo,
    value: &'a T,
}

impl<T: Serialize + ?Sized> Serialize for Changed<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Change {
            info: self.info,
            inner: serializer,
        })
    }
}

/// Writes a value changed.
struct Change<'a, S> {
    info: &'a AttributeInfo,
    inner: S,
}

impl<S: Serializer> Change<'_, S> {
    /// A register is text, as programs would round it.
    fn number(self, number: u64) -> Result<S::Ok, S::Error> {
        match self.info.nested.is_none() && is_register(self.info) {
            true => self.inner.collect_str(&format_args!("{number:#x}")),
            false => self.inner.serialize_u64(number),
        }
    }
}

/// Several values.
struct Many<'a, S> {
    info: &'a AttributeInfo,
    inner: S,
}

impl<S: SerializeSeq> SerializeSeq for Many<'_, S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        let info = self.info;
        match info.nested {
            Some(_) => self.inner.serialize_element(&Changed { info, value }),
            None => self.inner.serialize_element(value),
        }
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.inner.end()
    }
}

impl<M: SerializeMap> SerializeStruct for Shape<'_, M, Vec<&'static str>> {
    type Ok = M::Ok;
    type Error = M::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), M::Error> {
        self.take(name, value)
    }

    fn end(self) -> Result<M::Ok, M::Error> {
        Shape::end(self)
    }
}

/// What is written as it is.
macro_rules! unchanged {
    ($($name:ident($($argument:ident: $what:ty),*) -> $out:ty;)+) => {$(
        fn $name(self, $($argument: $what),*) -> Result<$out, S::Error> {
            self.inner.$name($($argument),*)
        }
    )+};
}

macro_rules! numbers {
    ($($name:ident($what:ty);)+) => {$(
        fn $name(self, value: $what) -> Result<S::Ok, S::Error> {
            self.number(value.into())
        }
    )+};
}

impl<'a, S: Serializer> Serializer for Change<'a, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Many<'a, S::SerializeSeq>;
    type SerializeTuple = S::SerializeTuple;
    type SerializeTupleStruct = S::SerializeTupleStruct;
    type SerializeTupleVariant = S::SerializeTupleVariant;
    type SerializeMap = S::SerializeMap;
    type SerializeStruct = Shape<'a, S::SerializeMap, Vec<&'static str>>;
    type SerializeStructVariant = S::SerializeStructVariant;

    numbers! {
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
    }

    unchanged! {
        serialize_bool(value: bool) -> S::Ok;
        serialize_i8(value: i8) -> S::Ok;
        serialize_i16(value: i16) -> S::Ok;
        serialize_i32(value: i32) -> S::Ok;
        serialize_i64(value: i64) -> S::Ok;
        serialize_f32(value: f32) -> S::Ok;
        serialize_f64(value: f64) -> S::Ok;
        serialize_char(value: char) -> S::Ok;
        serialize_str(value: &str) -> S::Ok;
        serialize_bytes(value: &[u8]) -> S::Ok;
        serialize_none() -> S::Ok;
        serialize_unit() -> S::Ok;
        serialize_unit_struct(name: &'static str) -> S::Ok;
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str) -> S::Ok;
        serialize_tuple(len: usize) -> S::SerializeTuple;
        serialize_tuple_struct(name: &'static str, len: usize) -> S::SerializeTupleStruct;
        serialize_tuple_variant(name: &'static str, index: u32, variant: &'static str, len: usize)
            -> S::SerializeTupleVariant;
        serialize_map(len: Option<usize>) -> S::SerializeMap;
        serialize_struct_variant(name: &'static str, index: u32, variant: &'static str, len: usize)
            -> S::SerializeStructVariant;
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.collect_str(value)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.inner
            .serialize_newtype_variant(name, index, variant, value)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        Ok(Many {
            info: self.info,
            inner: self.inner.serialize_seq(len)?,
        })
    }

    fn serialize_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        const NONE: &AttributeSet = &AttributeSet {
            name: "",
            attributes: &[],
        };
        let set = self.info.nested.unwrap_or(NONE);
        let lists = match set.attributes.iter().any(|it| it.many) {
            true => document::lists(set),
            false => Vec::new(),
        };
        Ok(Shape {
            set,
            lists,
            next: 0,
            map: self.inner.serialize_map(None)?,
        })
    }
}

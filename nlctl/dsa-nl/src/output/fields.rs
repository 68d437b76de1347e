// SPDX-License-Identifier: MIT OR Apache-2.0

//! The attributes of an object, one after the other.
//!
//! What is printed of thousands of objects is made of them as they are. As JSON in
//! between they would take most of the time, and many times the memory.

use serde::Serialize;
use serde::ser::{Impossible, SerializeStruct, Serializer};

/// What is done with each attribute.
pub trait Take {
    type Error: serde::ser::Error;

    /// Takes an attribute that is there.
    fn take<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Self::Error>;
}

/// Has the attributes of `object` taken, in their order.
pub fn each<K: Take>(object: &impl Serialize, taker: &mut K) -> Result<(), K::Error> {
    object.serialize(Fields(taker))
}

struct Fields<'a, K>(&'a mut K);

impl<K: Take> SerializeStruct for Fields<'_, K> {
    type Ok = ();
    type Error = K::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), K::Error> {
        self.0.take(name, value)
    }

    fn end(self) -> Result<(), K::Error> {
        Ok(())
    }
}

/// What is no object has no attributes.
fn no_object<T, E: serde::ser::Error>() -> Result<T, E> {
    Err(E::custom("is no object"))
}

macro_rules! no_objects {
    ($($name:ident($($what:ty),*) -> $out:ty;)+) => {$(
        fn $name(self, $(_: $what),*) -> Result<$out, K::Error> {
            no_object()
        }
    )+};
}

impl<K: Take> Serializer for Fields<'_, K> {
    type Ok = ();
    type Error = K::Error;
    type SerializeSeq = Impossible<(), K::Error>;
    type SerializeTuple = Impossible<(), K::Error>;
    type SerializeTupleStruct = Impossible<(), K::Error>;
    type SerializeTupleVariant = Impossible<(), K::Error>;
    type SerializeMap = Impossible<(), K::Error>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Impossible<(), K::Error>;

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, K::Error> {
        Ok(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), K::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), K::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), K::Error> {
        value.serialize(self)
    }

    no_objects! {
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_str(&str) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_none() -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_unit_variant(&'static str, u32, &'static str) -> ();
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize)
            -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct_variant(&'static str, u32, &'static str, usize)
            -> Self::SerializeStructVariant;
    }
}

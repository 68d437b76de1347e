// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a table shows of a value: its text, or that of one attribute of the nest that it is.
//!
//! It is written as the value says what it is. With JSON in between, that would be most of the time of a
//! list of thousands.

use std::fmt::{self, Display, Write};

use serde::Serialize;
use serde::ser::{
    Impossible, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::text::Visible;

/// The text of a cell, and what is known of it.
#[derive(Debug, Default)]
pub struct Cell {
    pub text: String,
    /// Whether there is a value.
    pub is_there: bool,
    /// Whether it is something else than a number.
    pub is_word: bool,
    /// Whether numbers are to be in hexadecimal digits.
    pub hex: bool,
}

impl Cell {
    /// Makes it that of a value, or of what `path` names in it: names of attributes with dots between
    /// them.
    pub fn show<T: Serialize + ?Sized>(
        &mut self,
        value: &T,
        path: Option<&str>,
    ) -> Result<(), fmt::Error> {
        self.text.clear();
        (self.is_there, self.is_word) = (false, false);
        value.serialize(Shown { cell: self, path })
    }
}

/// The first name of a path, and the rest of it.
pub fn parts(path: &str) -> (&str, Option<&str>) {
    match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    }
}

/// Shows a value in a cell.
struct Shown<'a> {
    cell: &'a mut Cell,
    path: Option<&'a str>,
}

impl<'a> Shown<'a> {
    fn number(self, number: impl Display) -> Result<(), fmt::Error> {
        if self.path.is_none() {
            self.cell.is_there = true;
            write!(self.cell.text, "{number}")?;
        }
        Ok(())
    }

    fn natural(self, number: impl Into<u64>) -> Result<(), fmt::Error> {
        let number = number.into();
        match self.cell.hex {
            true => self.number(format_args!("{number:#x}")),
            false => self.number(number),
        }
    }

    fn word(self, word: &str) -> Result<(), fmt::Error> {
        self.words(|text| text.write_str(word))
    }

    fn words(
        self,
        write: impl FnOnce(&mut Visible<'_>) -> Result<(), fmt::Error>,
    ) -> Result<(), fmt::Error> {
        if self.path.is_none() {
            self.cell.is_there = true;
            self.cell.is_word = true;
            write(&mut Visible(&mut self.cell.text))?;
        }
        Ok(())
    }

    fn list(self) -> List<'a> {
        List {
            shown: self,
            any: false,
        }
    }
}

/// Several values, with commas between them.
struct List<'a> {
    shown: Shown<'a>,
    /// Whether there was one.
    any: bool,
}

impl List<'_> {
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), fmt::Error> {
        let path = self.shown.path;
        let cell = &mut *self.shown.cell;
        let before = cell.text.len();
        if self.any {
            cell.text.push(',');
        }
        cell.is_there = false;
        value.serialize(Shown { cell, path })?;
        let cell = &mut *self.shown.cell;
        match cell.is_there {
            true => self.any = true,
            false => cell.text.truncate(before),
        }
        Ok(())
    }

    fn finish(self) {
        self.shown.cell.is_there = self.any;
        self.shown.cell.is_word = self.any;
    }
}

/// The attributes of a nest, one of which is shown.
struct Nest<'a>(Shown<'a>);

impl Nest<'_> {
    fn add<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), fmt::Error> {
        match self.0.path.map(parts) {
            Some((first, path)) if first == name => value.serialize(Shown {
                cell: &mut *self.0.cell,
                path,
            }),
            _ => Ok(()),
        }
    }
}

macro_rules! elements {
    ($($what:ident: $name:ident;)+) => {$(
        impl $what for List<'_> {
            type Ok = ();
            type Error = fmt::Error;

            fn $name<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), fmt::Error> {
                self.add(value)
            }

            fn end(self) -> Result<(), fmt::Error> {
                self.finish();
                Ok(())
            }
        }
    )+};
}

elements! {
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
    SerializeTupleVariant: serialize_field;
}

macro_rules! fields {
    ($($what:ident)+) => {$(
        impl $what for Nest<'_> {
            type Ok = ();
            type Error = fmt::Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), fmt::Error> {
                self.add(name, value)
            }

            fn end(self) -> Result<(), fmt::Error> {
                Ok(())
            }
        }
    )+};
}

fields! { SerializeStruct SerializeStructVariant }

macro_rules! scalars {
    ($($name:ident($what:ty) $how:ident;)+) => {$(
        fn $name(self, value: $what) -> Result<(), fmt::Error> {
            self.$how(value)
        }
    )+};
}

impl<'a> Serializer for Shown<'a> {
    type Ok = ();
    type Error = fmt::Error;
    type SerializeSeq = List<'a>;
    type SerializeTuple = List<'a>;
    type SerializeTupleStruct = List<'a>;
    type SerializeTupleVariant = List<'a>;
    type SerializeMap = Impossible<(), fmt::Error>;
    type SerializeStruct = Nest<'a>;
    type SerializeStructVariant = Nest<'a>;

    scalars! {
        serialize_i8(i8) number;
        serialize_i16(i16) number;
        serialize_i32(i32) number;
        serialize_i64(i64) number;
        serialize_u8(u8) natural;
        serialize_u16(u16) natural;
        serialize_u32(u32) natural;
        serialize_u64(u64) natural;
        serialize_f32(f32) number;
        serialize_f64(f64) number;
        serialize_str(&str) word;
    }

    fn serialize_bool(self, value: bool) -> Result<(), fmt::Error> {
        self.words(|text| write!(text, "{value}"))
    }

    fn serialize_char(self, value: char) -> Result<(), fmt::Error> {
        self.words(|text| text.write_char(value))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), fmt::Error> {
        self.words(|text| write!(text, "{value}"))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_none(self) -> Result<(), fmt::Error> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), fmt::Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), fmt::Error> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), fmt::Error> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), fmt::Error> {
        self.word(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), fmt::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), fmt::Error> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'a>, fmt::Error> {
        Ok(self.list())
    }

    fn serialize_tuple(self, _: usize) -> Result<List<'a>, fmt::Error> {
        Ok(self.list())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List<'a>, fmt::Error> {
        Ok(self.list())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<List<'a>, fmt::Error> {
        Ok(self.list())
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Nest<'a>, fmt::Error> {
        Ok(Nest(self))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Nest<'a>, fmt::Error> {
        Ok(Nest(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Outer {
        name: &'static str,
        inner: Vec<Inner>,
    }

    #[derive(Serialize)]
    struct Inner {
        id: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        rate: Option<u32>,
        list: Vec<u8>,
    }

    #[test]
    fn a_cell_shows_what_a_path_names() {
        let inner = |id, rate| Inner {
            id,
            rate,
            list: vec![1, 2],
        };
        let outer = Outer {
            name: "a\u{1b}b",
            inner: vec![inner(3, None), inner(4, Some(7))],
        };
        let mut cell = Cell::default();
        for (path, text, is_there, is_word) in [
            (Some("name"), "a\\u{1b}b", true, true),
            (Some("inner.id"), "3,4", true, true),
            (Some("inner.rate"), "7", true, true),
            (Some("inner.list"), "1,2,1,2", true, true),
            (Some("inner.none"), "", false, false),
            (Some("none"), "", false, false),
            (Some("name.id"), "", false, false),
            (None, "", false, false),
        ] {
            cell.show(&outer, path).expect("is shown");
            let shown = (cell.text.as_str(), cell.is_there, cell.is_word);
            assert_eq!(shown, (text, is_there, is_word), "{path:?}");
        }
        cell.show(&-5, None).expect("is shown");
        assert_eq!((cell.text.as_str(), cell.is_word), ("-5", false));
        cell.show(&Vec::<u8>::new(), None).expect("is shown");
        assert!(!cell.is_there);
        cell.hex = true;
        cell.show(&26_u32, None).expect("is shown");
        assert_eq!((cell.text.as_str(), cell.is_word), ("0x1a", false));
    }
}

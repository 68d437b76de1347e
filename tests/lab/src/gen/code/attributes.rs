// SPDX-License-Identifier: MIT OR Apache-2.0

//! The attributes of a set: an enum over them, and how they lie on the wire.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::{attr_type, docs, use_generated, wire_type};
use crate::r#gen::names::{camel, prose};
use crate::r#gen::spec::{Accepts, Attribute, AttributeSet, DisplayHint, Family, Wire};

/// The items about the attributes of `set`.
pub fn items(family: &Family, set: &AttributeSet) -> TokenStream {
    let generated = use_generated();
    let (enumeration, conversions) = (enumeration(set), conversions(family, set));
    quote! {
        use serde::Serialize;
        #generated
        #[allow(unused_imports)]
        use crate::attribute::{Accepts, Attribute, AttributeInfo, AttributeSet, Kind, UnknownAttribute};
        #[allow(unused_imports)]
        use crate::object::{Object, needed};
        #[allow(unused_imports)]
        use crate::value::{Binary, Malformed, U64, Value};
        #enumeration
        #conversions
    }
}

fn enumeration(set: &AttributeSet) -> TokenStream {
    let name = attr_type(&set.name);
    let doc = docs(&format!("One attribute of the set \"{}\".", set.name));
    let variants = set.attributes.iter().map(|attribute| {
        let doc = docs(&attribute.doc);
        let variant = camel(&attribute.name);
        let value = wire_type(attribute);
        match attribute.wire {
            Wire::Flag => quote! { #doc #variant },
            _ => quote! { #doc #variant(#value) },
        }
    });
    quote! {
        #doc
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum #name {
            #(#variants,)*
            /// An attribute that this version of the library does not know.
            Unknown(UnknownAttribute),
        }
    }
}

fn conversions(family: &Family, set: &AttributeSet) -> TokenStream {
    let (name, word) = (attr_type(&set.name), &set.name);
    let attributes = || (1..).zip(&set.attributes);
    let infos = set.attributes.iter().map(|it| info(family, it));
    let numbers = attributes().map(|(number, attribute)| {
        let (number, variant) = (Literal::u16_unsuffixed(number), camel(&attribute.name));
        match attribute.wire {
            Wire::Flag => quote! { Self::#variant => #number },
            _ => quote! { Self::#variant(_) => #number },
        }
    });
    let values = set.attributes.iter().map(|attribute| {
        let variant = camel(&attribute.name);
        match attribute.wire {
            Wire::Flag => quote! { Self::#variant => None },
            _ => quote! { Self::#variant(value) => Some(value) },
        }
    });
    let parsers = attributes().map(|(number, attribute)| {
        let (number, variant) = (Literal::u16_unsuffixed(number), camel(&attribute.name));
        match attribute.wire {
            Wire::Flag => quote! { #number => Self::#variant },
            _ => quote! { #number => Self::#variant(Value::parse(value)?) },
        }
    });
    quote! {
        impl Attribute for #name {
            const SET: &'static AttributeSet = &AttributeSet {
                name: #word,
                attributes: &[#(#infos),*],
            };

            fn number(&self) -> u16 {
                match self {
                    #(#numbers,)*
                    Self::Unknown(unknown) => unknown.kind,
                }
            }

            fn value(&self) -> Option<&dyn Value> {
                match self {
                    #(#values,)*
                    Self::Unknown(unknown) => Some(&unknown.value),
                }
            }

            fn parse(number: u16, value: &[u8]) -> Result<Self, Malformed> {
                Ok(match number {
                    #(#parsers,)*
                    unknown => Self::Unknown(UnknownAttribute::new(unknown, value)),
                })
            }
        }
    }
}

fn info(family: &Family, attribute: &Attribute) -> TokenStream {
    let name = &attribute.name;
    let accepts = match family.accepts(attribute).unwrap_or(Accepts::Any) {
        Accepts::Any => TokenStream::new(),
        Accepts::Range { min, max } => {
            let (min, max) = (limit(min), limit(max));
            quote! { .accepts(Accepts::Range { min: #min, max: #max }) }
        }
        Accepts::Length { min, max } => {
            let (min, max) = (limit(min), limit(max));
            quote! { .accepts(Accepts::Length { min: #min, max: #max }) }
        }
        Accepts::Names(names) => {
            let names = camel(&names);
            quote! { .accepts(Accepts::Names(#names::NAMES)) }
        }
    };
    let nested = attribute.nested_attributes.as_deref().map(|nested| {
        let nested = attr_type(nested);
        quote! { .nested(#nested::SET) }
    });
    let hex = attribute
        .display_hint
        .map(|DisplayHint::Hex| quote! { .hex() });
    let many = attribute.multi_attr.then(|| quote! { .many() });
    let flags = attribute.names.as_deref();
    let flags = flags.filter(|names| family.flags().any(|it| it.name == *names));
    let flags = flags.map(|names| {
        let names = camel(names);
        quote! { .flags(#names::NAMES) }
    });
    let kind = kind(attribute.wire);
    let doc = prose(&attribute.doc);
    quote! { AttributeInfo::new(#name, Kind::#kind, #doc) #many #accepts #flags #hex #nested }
}

fn kind(wire: Wire) -> Ident {
    camel(wire.name())
}

fn limit(limit: Option<u64>) -> TokenStream {
    match limit.map(Literal::u64_unsuffixed) {
        Some(limit) => quote! { Some(#limit) },
        None => quote! { None },
    }
}

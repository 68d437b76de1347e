// SPDX-License-Identifier: MIT OR Apache-2.0

//! Enums and flags: numbers and bits that have names.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::docs;
use crate::r#gen::names::{camel, constant_identifier};
use crate::r#gen::spec::{Enum, Family};

/// All of them.
pub fn enums(family: &Family) -> TokenStream {
    let uses = match (family.enums().next(), family.flags().next()) {
        (Some(_), Some(_)) => quote! { use crate::named::{named_flags, named_number}; },
        (Some(_), None) => quote! { use crate::named::named_number; },
        (None, Some(_)) => quote! { use crate::named::named_flags; },
        (None, None) => TokenStream::new(),
    };
    let enums = family.enums().map(named_numbers);
    let flags = family.flags().map(named_flags);
    quote! { #uses #(#enums)* #(#flags)* }
}

fn named_flags(item: &Enum) -> TokenStream {
    let name = camel(&item.name);
    let doc = docs(&item.doc);
    let names = item.entries.iter().map(|entry| entry.name());
    let flags = item.entries.iter().enumerate().map(|(bit, entry)| {
        let doc = docs(entry.doc());
        let constant = constant_identifier(entry.name());
        let bit = Literal::usize_unsuffixed(bit);
        quote! { #doc pub const #constant: Self = Self(1 << #bit); }
    });
    quote! {
        #doc
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct #name(u32);
        impl #name {
            #(#flags)*
            /// The names, in the order of their bits.
            pub const NAMES: &'static [&'static str] = &[#(#names),*];
        }
        named_flags!(#name);
    }
}

fn named_numbers(item: &Enum) -> TokenStream {
    let (name, word) = (camel(&item.name), &item.name);
    let doc = docs(&item.doc);
    let names = item.entries.iter().map(|entry| entry.name());
    let entry_docs = item.entries.iter().map(|entry| docs(entry.doc()));
    let variants: Vec<_> = item.entries.iter().map(|it| camel(it.name())).collect();
    let numbers: Vec<_> = (0..variants.len()).map(Literal::usize_unsuffixed).collect();
    quote! {
        #doc
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum #name {
            #(#entry_docs #variants,)*
            /// A number that this version of the library has no name for.
            Unknown(u32),
        }
        impl #name {
            /// The names, in the order of their numbers.
            pub const NAMES: &'static [&'static str] = &[#(#names),*];
        }
        impl From<u32> for #name {
            fn from(number: u32) -> Self {
                match number {
                    #(#numbers => Self::#variants,)*
                    unknown => Self::Unknown(unknown),
                }
            }
        }
        impl From<#name> for u32 {
            fn from(value: #name) -> Self {
                match value {
                    #(#name::#variants => #numbers,)*
                    #name::Unknown(number) => number,
                }
            }
        }
        named_number!(#name, #word);
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a message has that the kernel sends, as a structure.
//!
//! Which attributes are always there can be told by the spec: those that every
//! reply lists, but for vendors' nests and those of which the doc of the attribute
//! or of the set has the word "absent". In the reply to a dry run nothing has to be
//! there.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{attr_type, docs, listed, value_type};
use crate::r#gen::names::{camel, camel_with, field};
use crate::r#gen::spec::{Attribute, AttributeSet, Family, Operation, Wire};

/// The structures that are made of attributes of `set`.
pub fn items(family: &Family, set: &AttributeSet) -> TokenStream {
    let fields = family.object(set);
    let always = family.always(set);
    let whole = object(set, &camel(&set.name), &set.doc, &fields, &always);
    let parts = family
        .operations()
        .filter(|(_, it)| it.set() == set.name && family.is_part(it))
        .map(|(_, operation)| {
            let what = match operation.is_notification() {
                true => "carries",
                false => "answers",
            };
            let doc = format!("What @{} {what}.", operation.name);
            let told = operation.told();
            let name = name(family, operation);
            object(set, &name, &doc, &listed(set, told), told)
        });
    let dry = family
        .operations()
        .filter(|(_, it)| it.set() == set.name && it.can_run_dry() && it.makes_an_object())
        .map(|(_, operation)| {
            let doc = format!(
                "What @{} answers to a dry run: what would be, as far as it is known then.",
                operation.name
            );
            let fields = listed(set, operation.told());
            object(set, &dry_name(operation), &doc, &fields, &[])
        });
    quote! { #whole #(#parts)* #(#dry)* }
}

/// Name of the structure that a dry run of an operation answers.
pub fn dry_name(operation: &Operation) -> Ident {
    camel_with(&operation.name, "DryRun")
}

/// Name of the structure that an operation answers or a notification carries.
pub fn name(family: &Family, operation: &Operation) -> Ident {
    match family.is_part(operation) {
        true if operation.is_notification() => camel(&operation.name),
        true => camel_with(&operation.name, "Reply"),
        false => camel(operation.set()),
    }
}

/// How a field holds what is or is not in a message.
enum Kind {
    Always,
    Maybe,
    Many,
    Flag,
}

fn kind(set: &AttributeSet, attribute: &Attribute, always: &[String]) -> Kind {
    match attribute.wire {
        Wire::Flag => Kind::Flag,
        _ if attribute.multi_attr => Kind::Many,
        _ if always.contains(&attribute.name) && !attribute.may_be_absent(set) => Kind::Always,
        _ => Kind::Maybe,
    }
}

/// A structure with these attributes, of which those that `always` names are in
/// every message unless their doc says otherwise.
fn object(
    set: &AttributeSet,
    name: &Ident,
    doc: &str,
    attributes: &[&Attribute],
    always: &[String],
) -> TokenStream {
    let doc = docs(doc);
    let attr = attr_type(&set.name);
    let (mut fields, mut locals, mut arms, mut filled) = <[Vec<TokenStream>; 4]>::default().into();
    for attribute in attributes {
        let (field, word) = (field(&attribute.name), &attribute.name);
        let (value, variant) = (value_type(attribute), camel(&attribute.name));
        let doc = docs(&attribute.doc);
        let parsed = match attribute.wire {
            Wire::Nest => quote! { Object::read(value)? },
            Wire::U64 => quote! { value.0 },
            _ => quote! { value },
        };
        let (ty, skip, local, arm, fill) = match kind(set, attribute, always) {
            Kind::Always => (
                quote! { #value },
                None,
                quote! { None },
                quote! { #attr::#variant(value) => #field = Some(#parsed) },
                quote! { #field: needed(#field, #word)? },
            ),
            Kind::Maybe => (
                quote! { Option<#value> },
                Some("Option::is_none"),
                quote! { None },
                quote! { #attr::#variant(value) => #field = Some(#parsed) },
                quote! { #field },
            ),
            Kind::Many => (
                quote! { Vec<#value> },
                Some("Vec::is_empty"),
                quote! { Vec::new() },
                quote! { #attr::#variant(value) => #field.push(#parsed) },
                quote! { #field },
            ),
            Kind::Flag => (
                quote! { bool },
                Some("std::ops::Not::not"),
                quote! { false },
                quote! { #attr::#variant => #field = true },
                quote! { #field },
            ),
        };
        let skip = skip.map(|skip| quote! { #[serde(skip_serializing_if = #skip)] });
        fields.push(quote! { #doc #skip pub #field: #ty });
        locals.push(quote! { let mut #field = #local; });
        arms.push(arm);
        filled.push(fill);
    }
    // Of requests only, or not of this message.
    let others = set.attributes.iter().any(|it| {
        let mut known = attributes.iter();
        known.all(|attribute| attribute.name != it.name)
    });
    let others = others.then(|| quote! { _ => (), });
    quote! {
        #doc
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub struct #name {
            #(#fields,)*
            /// Attributes that this version of the library does not know.
            #[serde(skip_serializing_if = "Vec::is_empty")]
            pub unknown: Vec<UnknownAttribute>,
        }

        impl Object for #name {
            type Attribute = #attr;

            fn read(attributes: Vec<#attr>) -> Result<Self, Malformed> {
                #(#locals)*
                let mut unknown = Vec::new();
                for attribute in attributes {
                    match attribute {
                        #(#arms,)*
                        #attr::Unknown(value) => unknown.push(value),
                        #others
                    }
                }
                Ok(Self { #(#filled,)* unknown })
            }
        }
    }
}

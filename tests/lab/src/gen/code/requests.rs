// SPDX-License-Identifier: MIT OR Apache-2.0

//! A builder for each request, with a method for each attribute.
//!
//! An operation is one of the object whose name its own begins with: `subdev-del`
//! is `handle.subdev().del(…)`. A request about one object takes the name of the
//! object first: it is one that has all attributes by which `OBJECT-get` finds
//! it. How objects are named is the library's, see [`Naming`].

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::{attr_type, docs, listed, objects, use_generated};
use crate::r#gen::names::{camel, camel_with, method, module};
use crate::r#gen::spec::{Attribute, AttributeSet, DRY_RUN, Family, Operation, Wire};

/// The two attributes by which a request names the parent of its object.
const ON_PARENT: [&str; 2] = ["parent-index", "parent"];

/// Objects that the library can put together from changes when a dump finds no
/// quiet moment, and the field of its state that has all of them.
const IN_STATE: [(&str, &str); 1] = [("subdev", "subdevs")];

/// Names and items of the files.
pub fn files(family: &Family) -> Vec<(String, TokenStream)> {
    let mut files = vec![
        ("handles".to_string(), handles(family)),
        ("nests".to_string(), nests(family)),
    ];
    for (_, operation) in family.operations() {
        let Ok(set) = family.set_of(operation) else {
            continue;
        };
        // One about no object is the library's own to make.
        if object_of(family, operation).is_none() {
            continue;
        }
        let once = operation
            .once
            .as_ref()
            .map(|_| once(family, set, operation));
        let dump = operation
            .dump
            .as_ref()
            .map(|_| dump(family, set, operation));
        if once.is_some() || dump.is_some() {
            let generated = use_generated();
            let items = quote! {
                use std::time::Duration;
                #generated
                #[allow(unused_imports)]
                use crate::{
                    Answer, Binary, Error, Id, ParentRef, WqRef, connection::Handle,
                    parent::OnParent, request::{Objects, Request}, value::U64,
                };
                #once
                #dump
            };
            files.push((format!("{}_request", module(&operation.name)), items));
        }
    }
    files
}

/// How an operation is called on its object: `del` of `subdev-del`.
fn verb<'a>(object: &AttributeSet, operation: &'a Operation) -> Option<&'a str> {
    operation.name.strip_prefix(&object.name)?.strip_prefix('-')
}

/// The object that an operation is one of: what can be got, and whose name the
/// operation's begins with.
fn object_of<'a>(family: &'a Family, operation: &Operation) -> Option<&'a AttributeSet> {
    let objects = family
        .attribute_sets
        .iter()
        .filter(|it| get(family, it).is_some());
    objects
        .filter(|it| verb(it, operation).is_some())
        .min_by_key(|it| it.name.len())
}

/// The operation that gets an object.
fn get<'a>(family: &'a Family, object: &AttributeSet) -> Option<&'a Operation> {
    let name = format!("{}-get", object.name);
    let mut all = family.operations().map(|(_, it)| it);
    all.find(|it| it.name == name)
}

/// Attributes of the request for one object.
fn asked(operation: &Operation) -> &[String] {
    let once = operation.once.as_ref();
    once.map_or(&[], |it| it.request.attributes.as_slice())
}

/// What a request takes first, to say which object it is about.
enum Naming<'a> {
    /// Nothing.
    None,
    /// `Id`: index, name or UUID.
    Id,
    /// `ParentRef`: index, name, or bus and device.
    Parent,
    /// `WqRef`: number and parent.
    Wq,
    /// The value of one attribute; the parent can be said besides.
    Value(&'a Attribute),
}

impl<'a> Naming<'a> {
    fn of(family: &Family, set: &'a AttributeSet, operation: &Operation) -> Self {
        let asked = asked(operation);
        let by = object_of(family, operation)
            .and_then(|it| get(family, it))
            .map_or(&[][..], self::asked);
        if by.is_empty() || by.iter().any(|name| !asked.contains(name)) {
            return Self::None;
        }
        let by: Vec<_> = by.iter().map(String::as_str).collect();
        match by.as_slice() {
            ["index", "name", "uuid"] => Self::Id,
            ["index", "name", "bus", "device"] => Self::Parent,
            ["parent-index", "parent", "id"] => Self::Wq,
            ["parent-index", "parent", one] | [one] => match set.get(one) {
                Some(attribute) => Self::Value(attribute),
                None => Self::None,
            },
            _ => Self::None,
        }
    }

    /// Names of the attributes that it gives.
    fn gives(&self) -> Vec<&str> {
        match self {
            Self::None => Vec::new(),
            Self::Id => vec!["index", "name", "uuid"],
            Self::Parent => vec!["index", "name", "bus", "device"],
            Self::Wq => vec!["parent-index", "parent", "id"],
            Self::Value(attribute) => vec![&attribute.name],
        }
    }

    /// The argument, if there is one, and as what it is passed on.
    fn argument(&self, object: &AttributeSet) -> Option<(Ident, TokenStream)> {
        let name = method(&object.name);
        let ty = match self {
            Self::None => return None,
            Self::Id => quote! { Id },
            Self::Parent => quote! { ParentRef },
            Self::Wq => quote! { WqRef },
            Self::Value(attribute) => {
                let Argument { ty, .. } = argument(attribute);
                return Some((method(&attribute.name), ty?));
            }
        };
        Some((name, quote! { impl Into<#ty> }))
    }

    /// The request `request` with what the argument says.
    fn apply(&self, argument: &Ident, attr: &Ident) -> TokenStream {
        match self {
            Self::None => quote! { request },
            Self::Id => quote! {
                request.with(match #argument.into() {
                    Id::Index(index) => #attr::Index(index),
                    Id::Name(name) => #attr::Name(name),
                    Id::Uuid(uuid) => #attr::Uuid(uuid),
                })
            },
            Self::Parent => quote! {
                match #argument.into() {
                    ParentRef::Index(index) => request.with(#attr::Index(index)),
                    ParentRef::Name(name) => request.with(#attr::Name(name)),
                    ParentRef::Device { bus, device } => {
                        request.with(#attr::Bus(bus)).with(#attr::Device(device))
                    }
                }
            },
            Self::Wq => {
                let parent = on_parent(quote! { queue.parent }, attr);
                quote! {{
                    let queue = #argument.into();
                    request.with(#attr::Id(queue.id)).on(#parent)
                }}
            }
            Self::Value(attribute) => {
                let variant = camel(&attribute.name);
                let Argument { value, .. } = self::argument(attribute);
                quote! { request.with(#attr::#variant(#value)) }
            }
        }
    }
}

fn on_parent(named: TokenStream, attr: &Ident) -> TokenStream {
    quote! { OnParent::new(#named, #attr::ParentIndex, #attr::Parent) }
}

fn is_on_parent(asked: &[String]) -> bool {
    ON_PARENT
        .iter()
        .all(|name| asked.iter().any(|it| it == name))
}

/// What the method for an attribute takes, and what it makes of it.
struct Argument {
    ty: Option<TokenStream>,
    value: TokenStream,
}

fn argument(attribute: &Attribute) -> Argument {
    let name = method(&attribute.name);
    let (ty, value) = match (&attribute.names, attribute.wire) {
        (Some(names), _) => {
            let names = camel(names);
            (quote! { #names }, quote! { #name })
        }
        (None, Wire::Flag) => {
            return Argument {
                ty: None,
                value: quote! {},
            };
        }
        (None, Wire::U8) => (quote! { u8 }, quote! { #name }),
        (None, Wire::U16) => (quote! { u16 }, quote! { #name }),
        (None, Wire::U32) => (quote! { u32 }, quote! { #name }),
        (None, Wire::Uint) => (quote! { u64 }, quote! { #name }),
        (None, Wire::U64) => (quote! { u64 }, quote! { U64(#name) }),
        (None, Wire::String) => (quote! { impl Into<String> }, quote! { #name.into() }),
        (None, Wire::Binary) => (quote! { impl Into<Binary> }, quote! { #name.into() }),
        (None, Wire::Nest) => {
            let nest = nest_name(attribute.nested());
            (
                quote! { impl Into<#nest> },
                quote! { #name.into().attributes },
            )
        }
    };
    Argument {
        ty: Some(ty),
        value,
    }
}

/// The methods for `attributes` of a builder that `change` changes.
fn setters(
    attr: &Ident,
    attributes: &[&Attribute],
    change: impl Fn(TokenStream, bool) -> TokenStream,
) -> TokenStream {
    let setters = attributes.iter().map(|attribute| {
        let (name, variant) = (method(&attribute.name), camel(&attribute.name));
        let Argument { ty, value } = argument(attribute);
        let mut doc = attribute.doc.trim_end().to_string();
        if attribute.multi_attr {
            doc += "\n\nMay be said more than once.";
        }
        let doc = docs(&doc);
        let parameter = ty.map(|ty| quote! { #name: #ty });
        let value = match attribute.wire {
            Wire::Flag => quote! { #attr::#variant },
            _ => quote! { #attr::#variant(#value) },
        };
        let change = change(value, attribute.multi_attr);
        quote! {
            #doc
            pub fn #name(self, #parameter) -> Self { #change }
        }
    });
    quote! { #(#setters)* }
}

/// The builder of a request: its constructor and the methods for the attributes
/// in `listed`.
struct Builder<'a> {
    operation: &'a Operation,
    set: &'a AttributeSet,
    name: Ident,
    naming: Naming<'a>,
    object: Option<&'a AttributeSet>,
    asked: &'a [String],
    /// Whether a parent has to be said.
    needs_parent: bool,
}

impl Builder<'_> {
    fn items(&self) -> TokenStream {
        let (name, attr) = (&self.name, attr_type(&self.set.name));
        let doc = docs(&self.operation.doc);
        let (parameter, argument) = self.parameter();
        let apply = self.naming.apply(&argument, &attr);
        let gives = self.naming.gives();
        let on_parent_pair = is_on_parent(self.asked) && !matches!(self.naming, Naming::Wq);
        let nobody = (on_parent_pair && self.needs_parent).then(|| {
            let parent = on_parent(quote! { None }, &attr);
            quote! { .on(#parent) }
        });
        let said: Vec<_> = listed(self.set, self.asked)
            .into_iter()
            .filter(|it| !gives.contains(&it.name.as_str()))
            // It is another way to execute the request, see `once`.
            .filter(|it| it.name != DRY_RUN || !self.operation.can_run_dry())
            .filter(|it| !on_parent_pair || !ON_PARENT.contains(&it.name.as_str()))
            .collect();
        let setters = setters(&attr, &said, |value, many| match many {
            true => quote! { Self(self.0.and(#value)) },
            false => quote! { Self(self.0.with(#value)) },
        });
        let parent = on_parent_pair.then(|| {
            let doc = match self.needs_parent {
                true => docs("The parent. Without, the only one is meant, and is asked for first."),
                false => docs("Only what is on that parent."),
            };
            let parent = on_parent(quote! { Some(parent.into()) }, &attr);
            quote! {
                #doc
                pub fn parent(self, parent: impl Into<ParentRef>) -> Self {
                    Self(self.0.on(#parent))
                }
            }
        });
        quote! {
            #doc
            #[derive(Debug, Clone)]
            #[must_use = "a request is sent when it is executed"]
            pub struct #name(pub(crate) Request<#attr>);

            impl #name {
                pub(super) fn new(handle: Handle, #parameter) -> Self {
                    let request = Request::new(handle) #nobody;
                    Self(#apply)
                }

                #setters
                #parent

                /// One more attribute, for programs that make requests by what
                /// [`OPERATIONS`] and the sets say.
                pub fn attribute(self, attribute: #attr) -> Self {
                    Self(self.0.and(attribute))
                }

                /// Waits no longer than `limit` for the answer. A request that was
                /// sent may be carried out all the same.
                pub fn within(self, limit: Duration) -> Self {
                    Self(self.0.within(limit))
                }
            }
        }
    }

    /// The parameter of the constructor and its name.
    fn parameter(&self) -> (Option<TokenStream>, Ident) {
        let argument = self.object.and_then(|it| self.naming.argument(it));
        match argument {
            Some((name, ty)) => (Some(quote! { #name: #ty }), name),
            None => (None, format_ident!("_nothing")),
        }
    }
}

fn builder_of_one<'a>(
    family: &'a Family,
    set: &'a AttributeSet,
    operation: &'a Operation,
) -> Builder<'a> {
    Builder {
        operation,
        set,
        name: camel(&operation.name),
        naming: Naming::of(family, set, operation),
        object: object_of(family, operation),
        asked: asked(operation),
        needs_parent: true,
    }
}

/// The builder of a request about one object.
fn once(family: &Family, set: &AttributeSet, operation: &Operation) -> TokenStream {
    let builder = builder_of_one(family, set, operation);
    let (name, items) = (&builder.name, builder.items());
    let command = camel(&operation.name);
    let once = operation.once.as_ref();
    let replies = once.is_some_and(|it| !it.reply.attributes.is_empty());
    let (reply, send) = match replies {
        true => {
            let object = objects::name(family, operation);
            (quote! { #object }, quote! { object })
        }
        false => (quote! { () }, quote! { acknowledged }),
    };
    let dry_run = operation.can_run_dry().then(|| {
        let attr = attr_type(&set.name);
        let object = match operation.makes_an_object() {
            true => objects::dry_name(operation),
            false => objects::name(family, operation),
        };
        let doc = docs(set.get(DRY_RUN).map_or("", |it| &it.doc));
        let (method, flag) = (method(DRY_RUN), camel(DRY_RUN));
        quote! {
            #doc
            ///
            /// Sends the request, like [`execute`](Self::execute).
            ///
            /// # Errors
            ///
            /// As for [`execute`](Self::execute).
            pub async fn #method(self) -> Result<Answer<#object>, Error> {
                self.0.with(#attr::#flag).object(Command::#command).await
            }
        }
    });
    quote! {
        #items

        impl #name {
            #dry_run

            /// Sends the request and returns what it is answered with.
            ///
            /// When the future is dropped after the request was sent, it is
            /// carried out all the same.
            ///
            /// # Errors
            ///
            /// [`Error::Refused`] says why the kernel did nothing; see [`Error`]
            /// for what else can go wrong.
            pub async fn execute(self) -> Result<Answer<#reply>, Error> {
                self.0.#send(Command::#command).await
            }
        }
    }
}

/// Name of the builder of a dump: `SubdevDump` of `subdev-get`.
fn dump_name(operation: &Operation) -> Ident {
    let name = &operation.name;
    camel_with(name.strip_suffix("-get").unwrap_or(name), "Dump")
}

/// The builder of a request about all objects.
fn dump(family: &Family, set: &AttributeSet, operation: &Operation) -> TokenStream {
    let asked = operation.dump.as_ref();
    let builder = Builder {
        operation,
        set,
        name: dump_name(operation),
        naming: Naming::None,
        object: None,
        asked: asked.map_or(&[], |it| it.request.attributes.as_slice()),
        needs_parent: false,
    };
    let (name, items) = (&builder.name, builder.items());
    let command = camel(&operation.name);
    let object = objects::name(family, operation);
    let is_get = operation.name.strip_suffix("-get") == Some(&set.name);
    let in_state = IN_STATE
        .iter()
        .find(|(object, _)| *object == set.name && is_get);
    let in_state = match in_state {
        Some((_, field)) => {
            let field = format_ident!("{field}");
            quote! { Some(|state| state.#field) }
        }
        None => quote! { None },
    };
    quote! {
        #items

        impl #name {
            /// Sends the request when the stream is first polled.
            ///
            /// The objects are as they were at one time: a dump that a change
            /// interrupts is repeated before the first object comes out of the
            /// stream. An error ends the stream.
            pub fn execute(self) -> Objects<#object> {
                self.0.objects(Command::#command, #in_state)
            }

            /// Sends the request and returns all objects at once.
            ///
            /// # Errors
            ///
            /// [`Error::Interrupted`] when objects kept coming and going, so that
            /// there was no one time to show; see [`Error`] for what else can go
            /// wrong.
            pub async fn all(self) -> Result<Answer<Vec<#object>>, Error> {
                self.0.all(Command::#command, #in_state).await
            }
        }
    }
}

/// For each kind of object, what makes requests about it.
fn handles(family: &Family) -> TokenStream {
    let objects = family
        .attribute_sets
        .iter()
        .filter(|it| get(family, it).is_some());
    let handles = objects.filter_map(|object| {
        let operations = family.operations().map(|(_, it)| it);
        let own: Vec<_> = operations
            .filter(|it| object_of(family, it).is_some_and(|of| of.name == object.name))
            .collect();
        if own.is_empty() {
            return None;
        }
        let name = camel_with(&object.name, "Handle");
        let doc = docs(&format!(
            "Requests about the kind of object `{}`.\n\n{}",
            object.name, object.doc
        ));
        let methods = own.iter().map(|it| methods(family, object, it));
        Some(quote! {
            #doc
            #[derive(Debug, Clone)]
            pub struct #name(pub(crate) Handle);

            impl #name { #(#methods)* }
        })
    });
    let generated = use_generated();
    quote! {
        #generated
        #[allow(unused_imports)]
        use crate::{Id, ParentRef, WqRef, connection::Handle};
        #(#handles)*
    }
}

/// The methods by which the requests of an operation are begun.
fn methods(family: &Family, object: &AttributeSet, operation: &Operation) -> TokenStream {
    let Ok(set) = family.set_of(operation) else {
        return TokenStream::new();
    };
    let verb = verb(object, operation).unwrap_or_default();
    let about = match verb {
        // `new` is what constructors are called.
        "new" => "add",
        "get" => verb,
        other => other.strip_suffix("-get").unwrap_or(other),
    };
    let doc = docs(&operation.doc);
    let once = operation.once.as_ref().map(|_| {
        let builder = builder_of_one(family, set, operation);
        let (method, name) = (method(about), &builder.name);
        let (parameter, argument) = builder.parameter();
        let passed = parameter.is_some().then_some(argument);
        quote! {
            #doc
            pub fn #method(&self, #parameter) -> #name {
                #name::new(self.0.clone(), #passed)
            }
        }
    });
    let dump = operation.dump.as_ref().map(|_| {
        let method = match verb {
            "get" => format_ident!("dump"),
            _ => method(&format!("dump-{about}")),
        };
        let name = dump_name(operation);
        quote! {
            #doc
            pub fn #method(&self) -> #name {
                #name::new(self.0.clone())
            }
        }
    });
    quote! { #once #dump }
}

fn nest_name(set: &str) -> Ident {
    camel_with(set, "Request")
}

/// A builder for each set that is nested in a request.
fn nests(family: &Family) -> TokenStream {
    let mut nested: Vec<&AttributeSet> = Vec::new();
    let mut found: Vec<&Attribute> = Vec::new();
    for (_, operation) in family.operations() {
        let exchanges = [&operation.once, &operation.dump].into_iter().flatten();
        for exchange in exchanges {
            if let Ok(set) = family.set_of(operation) {
                found.extend(listed(set, &exchange.request.attributes));
            }
        }
    }
    while let Some(attribute) = found.pop() {
        let Some(Ok(set)) = attribute
            .nested_attributes
            .as_deref()
            .map(|it| family.set(it))
        else {
            continue;
        };
        if nested.iter().all(|known| known.name != set.name) {
            nested.push(set);
            found.extend(&set.attributes);
        }
    }
    let all = family.attribute_sets.iter();
    let builders = all
        .filter(|set| nested.iter().any(|it| it.name == set.name))
        .map(nest);
    let generated = use_generated();
    quote! {
        #generated
        #[allow(unused_imports)]
        use crate::{Binary, attribute::{add, replace}, value::U64};
        #(#builders)*
    }
}

fn nest(set: &AttributeSet) -> TokenStream {
    let (name, attr) = (nest_name(&set.name), attr_type(&set.name));
    let doc = docs(&format!("In a request: {}", set.doc));
    let all: Vec<_> = set.attributes.iter().collect();
    let setters = setters(&attr, &all, |value, many| {
        let put = match many {
            true => quote! { add },
            false => quote! { replace },
        };
        quote! { Self { attributes: #put(self.attributes, #value) } }
    });
    quote! {
        #doc
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        #[must_use = "it is a part of a request"]
        pub struct #name {
            pub(crate) attributes: Vec<#attr>,
        }

        impl #name {
            /// With nothing in it.
            pub fn new() -> Self {
                Self::default()
            }

            #setters
        }
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the rest of the lab asks of a spec.

use anyhow::Context;

use super::{
    Accepts, Attribute, AttributeSet, Const, Definition, Enum, Family, Group, Limit, Operation,
};

impl Family {
    /// Operations and notifications with their numbers.
    pub fn operations(&self) -> impl Iterator<Item = (usize, &Operation)> {
        (1..).zip(&self.operations.list)
    }

    /// The multicast groups.
    pub fn groups(&self) -> &[Group] {
        &self.mcast_groups.list
    }

    /// The constants.
    pub fn consts(&self) -> impl Iterator<Item = &Const> {
        self.definitions
            .iter()
            .filter_map(|definition| match definition {
                Definition::Const(it) => Some(it),
                _ => None,
            })
    }

    /// The enums.
    pub fn enums(&self) -> impl Iterator<Item = &Enum> {
        self.definitions
            .iter()
            .filter_map(|definition| match definition {
                Definition::Enum(it) => Some(it),
                _ => None,
            })
    }

    /// The sets of flags.
    pub fn flags(&self) -> impl Iterator<Item = &Enum> {
        self.definitions
            .iter()
            .filter_map(|definition| match definition {
                Definition::Flags(it) => Some(it),
                _ => None,
            })
    }

    /// The attribute set of an operation or notification.
    pub fn set_of(&self, operation: &Operation) -> anyhow::Result<&AttributeSet> {
        self.set(&operation.attribute_set)
    }

    /// The operation that gets what `set` describes, or else the first that
    /// tells something of it.
    fn getter(&self, set: &AttributeSet) -> Option<&Operation> {
        let get = format!("{}-get", set.name);
        let on_set = || {
            let all = self.operations().map(|(_, it)| it);
            all.filter(|it| it.attribute_set == set.name && !it.told().is_empty())
        };
        on_set().find(|it| it.name == get).or(on_set().next())
    }

    /// Whether what an operation tells is only a part of the object that its
    /// set describes, and hence an object of its own.
    pub fn is_part(&self, operation: &Operation) -> bool {
        let told = operation.told();
        let getter = self.set_of(operation).ok().and_then(|it| self.getter(it));
        !told.is_empty()
            && getter.is_some_and(|it| it.told().iter().any(|name| !told.contains(name)))
    }

    /// What every message about an object of `set` has, as far as lists tell;
    /// of a set that is only nested, all of it.
    pub fn always(&self, set: &AttributeSet) -> Vec<String> {
        match self.getter(set) {
            None => set.attributes.iter().map(|it| it.name.clone()).collect(),
            Some(getter) => getter.told().to_vec(),
        }
    }

    /// The attributes of an object of `set`: what messages about it can have.
    pub fn object<'a>(&self, set: &'a AttributeSet) -> Vec<&'a Attribute> {
        let mut told = self.always(set);
        let operations = self.operations().map(|(_, it)| it);
        told.extend(
            operations
                .filter(|it| it.attribute_set == set.name && !self.is_part(it))
                .flat_map(|it| it.told().to_vec()),
        );
        let all = set.attributes.iter();
        all.filter(|it| told.contains(&it.name)).collect()
    }

    /// The attribute set of that name.
    pub fn set(&self, name: &str) -> anyhow::Result<&AttributeSet> {
        self.attribute_sets
            .iter()
            .find(|set| set.name == name)
            .with_context(|| format!("there is no attribute-set '{name}'"))
    }

    /// The smallest number that the kernel accepts, if it is not 0.
    pub fn least(&self, attribute: &Attribute) -> Option<u64> {
        match self.accepts(attribute) {
            Ok(Accepts::Range { min, .. }) => min,
            _ => None,
        }
    }

    /// What the kernel accepts as the value of `attribute`.
    pub fn accepts(&self, attribute: &Attribute) -> anyhow::Result<Accepts> {
        if let Some(names) = &attribute.names {
            // What a set of flags accepts cannot be told by one of its names.
            let flags = self.flags().any(|it| it.name == *names);
            return Ok(match flags {
                true => Accepts::Any,
                false => Accepts::Names(names.clone()),
            });
        }
        let checks = &attribute.checks;
        let limit = |limit: &Option<Limit>| -> anyhow::Result<Option<u64>> {
            match limit {
                None => Ok(None),
                Some(Limit::Number(number)) => Ok(Some(*number)),
                Some(Limit::Name(name)) => self
                    .consts()
                    .find(|it| it.name == *name)
                    .map(|it| Some(u64::from(it.value)))
                    .with_context(|| format!("there is no constant '{name}'")),
            }
        };
        let exact = limit(&checks.exact_len)?;
        let (min_len, max_len) = (
            exact.or(limit(&checks.min_len)?),
            exact.or(limit(&checks.max_len)?),
        );
        let (min, max) = (limit(&checks.min)?, limit(&checks.max)?);
        Ok(if min_len.or(max_len).is_some() {
            Accepts::Length {
                min: min_len,
                max: max_len,
            }
        } else if min.or(max).is_some() {
            Accepts::Range { min, max }
        } else {
            Accepts::Any
        })
    }
}

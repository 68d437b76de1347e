// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a spec refers to is there.

use std::collections::BTreeSet;

use anyhow::{Context, bail, ensure};

use super::{Attribute, Family, Operation, Wire};

/// Names that the generated code has for something else than attributes.
const RESERVED: [&str; 8] = [
    "attribute",
    "attributes",
    "execute",
    "all",
    "new",
    "unknown",
    "value",
    "within",
];

impl Family {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        for set in &self.attribute_sets {
            for attribute in &set.attributes {
                self.check_attribute(attribute)
                    .with_context(|| format!("attribute '{}' of '{}'", attribute.name, set.name))?;
            }
            unique(set.attributes.iter().map(|it| &it.name))
                .with_context(|| format!("attribute-set '{}'", set.name))?;
        }
        for (_, operation) in self.operations() {
            self.check_operation(operation)
                .with_context(|| format!("operation '{}'", operation.name))?;
        }
        unique(self.operations().map(|(_, it)| &it.name)).context("operations")?;
        unique(self.attribute_sets.iter().map(|it| &it.name)).context("attribute-sets")?;
        unique(self.enums().chain(self.flags()).map(|it| &it.name)).context("definitions")
    }

    fn check_attribute(&self, attribute: &Attribute) -> anyhow::Result<()> {
        ensure!(
            !RESERVED.contains(&attribute.name.as_str()),
            "the library uses this name for something else"
        );
        self.accepts(attribute)?;
        if let Some(name) = &attribute.names {
            ensure!(
                attribute.wire == Wire::U32,
                "an enum can name the numbers of a u32 only, not of a {}",
                attribute.wire.name()
            );
            ensure!(
                self.enums().chain(self.flags()).any(|it| it.name == *name),
                "there is no enum '{name}'"
            );
        }
        match (&attribute.nested_attributes, attribute.wire) {
            (Some(set), Wire::Nest) => drop(self.set(set)?),
            (None, Wire::Nest) => bail!("a nest must say its nested-attributes"),
            (Some(_), _) => bail!("nested-attributes are for a nest only"),
            (None, _) => (),
        }
        if attribute.multi_attr {
            ensure!(
                attribute.wire != Wire::Flag,
                "a {} cannot be multi-attr",
                attribute.wire.name()
            );
        }
        Ok(())
    }

    fn check_operation(&self, operation: &Operation) -> anyhow::Result<()> {
        let set = self.set_of(operation)?;
        let exchanges = [&operation.once, &operation.dump];
        let listed = exchanges
            .into_iter()
            .flatten()
            .flat_map(|it| [&it.request, &it.reply])
            .chain(&operation.event)
            .flat_map(|it| &it.attributes);
        for name in listed {
            ensure!(
                set.attributes.iter().any(|it| it.name == *name),
                "attribute-set '{}' has no '{name}'",
                set.name
            );
        }
        if let Some(group) = &operation.mcgrp {
            ensure!(
                self.groups().iter().any(|it| it.name == *group),
                "there is no multicast group '{group}'"
            );
        }
        Ok(())
    }
}

fn unique<'a>(names: impl Iterator<Item = &'a String>) -> anyhow::Result<()> {
    let mut seen = BTreeSet::new();
    for name in names {
        ensure!(seen.insert(name), "'{name}' is there twice");
    }
    Ok(())
}

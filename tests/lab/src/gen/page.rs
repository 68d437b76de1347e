// SPDX-License-Identifier: MIT OR Apache-2.0

//! Writes the Markdown page that documents the family.

use super::names::prose;
use super::spec::{Accepts, Attribute, AttributeSet, Enum, Family, Flag, Operation};
use super::{errors, sample};

/// What errno means for every operation alike; the kernel's generic netlink
/// and the checks of the spec give them before an operation starts.
const ERRORS: &str = "\
Every refusal carries an errno, and in the extended ACK a sentence and the \
attribute it is about. These come from the policy alone, before an operation \
looks at its objects. What an operation looks at and refuses is in its own \
table, and a sentence in the extended ACK says which of the reasons it is:

| errno | when |
|---|---|
| `EINVAL` | an attribute that the operation does not take, or one of a wrong length; a required attribute is missing |
| `ERANGE` | a number or a length outside of what is accepted |
| `EOPNOTSUPP` | an operation that the loaded module does not have |
| `EPERM` | an operation that changes something, without CAP_NET_ADMIN; any, from another network namespace |
";

/// The whole page.
pub fn markdown(family: &Family) -> String {
    let mut out = format!(
        "<!-- SPDX-License-Identifier: MIT OR Apache-2.0 -->\n\
        <!-- Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit. -->\n\n\
        # The generic netlink family `{}`\n\n{}\n\n",
        family.name,
        prose(&family.doc)
    );
    let (notifications, operations): (Vec<_>, Vec<_>) = family
        .operations()
        .partition(|(_, operation)| operation.is_notification());

    out += "## Operations\n\n";
    for (number, operation) in operations {
        out += &operation_section(family, number, operation);
    }
    out += "## Notifications\n\n";
    for (number, operation) in notifications {
        out += &notification_section(number, operation);
    }
    out += "## Errors\n\n";
    out += ERRORS;
    out += "\n## Attributes\n\n";
    for set in &family.attribute_sets {
        out += &set_section(family, set);
    }
    out += "## Enums\n\n";
    for item in family.enums() {
        out += &enum_section(item, "value", |number| number.to_string());
    }
    out += "## Flags\n\n";
    for item in family.flags() {
        out += &enum_section(item, "bit", |bit| format!("{:#x}", 1_u32 << bit));
    }
    out += "## Constants\n\n| name | value | |\n|---|---|---|\n";
    for item in family.consts() {
        out += &format!(
            "| `{}` | {} | {} |\n",
            item.name,
            item.value,
            cell(&item.doc)
        );
    }
    out
}

/// A doc as the text of a table's cell.
fn cell(doc: &str) -> String {
    prose(doc).replace('\n', " ").replace('|', "\\|")
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".into();
    }
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn operation_section(family: &Family, number: usize, operation: &Operation) -> String {
    let mut out = format!(
        "### {number}: `{}`\n\n{}\n\n",
        operation.name,
        prose(&operation.doc)
    );
    for flag in &operation.flags {
        out += match flag {
            Flag::AdminPerm => "Needs CAP_NET_ADMIN in the initial user namespace.\n\n",
            Flag::UnsAdminPerm => "Needs CAP_NET_ADMIN in the user namespace of the socket.\n\n",
        };
    }
    let once = operation.once.as_ref();
    let answered = once.map(|it| &it.reply.attributes);
    for (kind, exchange) in [("do", once), ("dump", operation.dump.as_ref())] {
        let Some(exchange) = exchange else {
            continue;
        };
        let reply = &exchange.reply.attributes;
        let answers = match kind == "dump" && answered == Some(reply) {
            true => "the same for each".to_string(),
            false => list(reply),
        };
        let takes = list(&exchange.request.attributes);
        out += &format!("- **{kind}** takes {takes}; answers {answers}.\n");
    }
    if let Some(request) = sample::request(family, operation) {
        out += &format!(
            "\nFor example:\n\n```\ncli.py --spec spec/{}.yaml --do {} --json '{request}'\n```\n",
            family.name, operation.name
        );
    }
    let errors: String = errors::of(&operation.name)
        .iter()
        .map(|errno| format!("| `{}` | {} |\n", errno.name, errno.meaning))
        .collect();
    if !errors.is_empty() {
        out += "\n| errno | when |\n|---|---|\n";
    }
    out + &errors + "\n"
}

fn notification_section(number: usize, operation: &Operation) -> String {
    let group = operation.mcgrp.as_deref().unwrap_or("none");
    let carries = list(operation.event.as_ref().map_or(&[], |it| &it.attributes));
    format!(
        "### {number}: `{}`\n\n{}\n\n- to the group `{group}`; carries {carries}.\n\n",
        operation.name,
        prose(&operation.doc)
    )
}

fn set_section(family: &Family, set: &AttributeSet) -> String {
    let mut out = format!(
        "### `{}`\n\n{}\n\n| number | name | type | accepted | |\n|---|---|---|---|---|\n",
        set.name,
        prose(&set.doc)
    );
    for (number, attribute) in (1..).zip(&set.attributes) {
        out += &format!(
            "| {number} | `{}` | {} | {} | {} |\n",
            attribute.name,
            type_cell(attribute),
            accepts_cell(family, attribute),
            cell(&attribute.doc)
        );
    }
    out + "\n"
}

fn type_cell(attribute: &Attribute) -> String {
    let mut out = attribute.wire.name().to_string();
    if let Some(set) = &attribute.nested_attributes {
        out += &format!(" of `{set}`");
    }
    if attribute.multi_attr {
        out += ", repeatable";
    }
    out
}

fn accepts_cell(family: &Family, attribute: &Attribute) -> String {
    match family.accepts(attribute).unwrap_or(Accepts::Any) {
        Accepts::Any => match &attribute.names {
            Some(flags) => format!("flags `{flags}`"),
            None => String::new(),
        },
        Accepts::Names(names) => format!("`{names}`"),
        Accepts::Range { min, max } => limits(min, max, ""),
        Accepts::Length { min, max } => limits(min, max, " bytes"),
    }
}

fn limits(min: Option<u64>, max: Option<u64>, unit: &str) -> String {
    match (min, max) {
        (Some(min), Some(max)) if min == max => format!("{min}{unit}"),
        (Some(min), Some(max)) => format!("{min} to {max}{unit}"),
        (Some(min), None) => format!("at least {min}{unit}"),
        (None, Some(max)) => format!("at most {max}{unit}"),
        (None, None) => String::new(),
    }
}

fn enum_section(item: &Enum, what: &str, number: impl Fn(usize) -> String) -> String {
    let mut out = format!(
        "### `{}`\n\n{}\n\n| {what} | name | |\n|---|---|---|\n",
        item.name,
        prose(&item.doc)
    );
    for (at, entry) in item.entries.iter().enumerate() {
        out += &format!(
            "| {} | `{}` | {} |\n",
            number(at),
            entry.name(),
            cell(entry.doc())
        );
    }
    out + "\n"
}

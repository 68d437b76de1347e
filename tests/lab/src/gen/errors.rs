// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which errno an operation is refused with, and what it means.
//!
//! The module gives them where it says `Refusal::new(ERRNO, …)`; a test here
//! looks there and misses those that are not in the table.

use super::spec::Operation;

/// An errno that the module gives.
pub struct Errno {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// The last words of the names of the operations that give it, or the name.
    of: &'static [&'static str],
    /// Whether it is about what the request says.
    of_request: bool,
}

/// It sets nothing of an object.
const NOTIFY_FILTER_SET: &str = "notify-filter-set";

/// Operations that find something by a name.
const FINDING: &[&str] = &[
    "get",
    "new",
    "set",
    "del",
    "reset",
    "drain",
    NOTIFY_FILTER_SET,
];
/// Operations that change something.
const CHANGING: &[&str] = &["new", "set", "del", "reset", "drain"];

const fn errno(name: &'static str, of: &'static [&'static str], meaning: &'static str) -> Errno {
    Errno {
        name,
        meaning,
        of,
        of_request: true,
    }
}

/// One that has nothing to do with what is asked for.
const fn always(name: &'static str, of: &'static [&'static str], meaning: &'static str) -> Errno {
    Errno {
        of_request: false,
        ..errno(name, of, meaning)
    }
}

/// All that the module gives. The sentence of the extended ACK says which of the
/// reasons it is.
const ERRORS: &[Errno] = &[
    errno(
        "EINVAL",
        FINDING,
        "the names in the request do not say which object is meant or contradict each other; a \
         name or UUID is malformed; a number is beyond what there is; an attribute is missing",
    ),
    errno(
        "ENODEV",
        FINDING,
        "there is no such object; its parent is lost or being unbound; no driver took the device",
    ),
    errno(
        "EBUSY",
        CHANGING,
        "the object is being created or removed, or a VFIO user has it open; the work queue is \
         another's, or a subdev uses what is to be configured; the parent halted and is being \
         recovered; VFIO is busy; nothing was changed",
    ),
    errno(
        "EEXIST",
        &["new", "set"],
        "another object has that name or UUID",
    ),
    errno(
        "ENOSPC",
        &["new", "set", NOTIFY_FILTER_SET],
        "the work queue, or all of them, have no entries to give; too many sockets have a filter",
    ),
    errno(
        "E2BIG",
        &["new", "set"],
        "more work queues than a subdev may use, or more groups than a request may have",
    ),
    errno(
        "EOPNOTSUPP",
        &["new", "set"],
        "the device or this system cannot do that: see the types of the parent and what they \
         lack",
    ),
    errno(
        "EIO",
        CHANGING,
        "the hardware failed, or is not back after a halt; the kernel's log says more",
    ),
    errno(
        "ETIMEDOUT",
        CHANGING,
        "the hardware, or work in flight, did not end in time",
    ),
    errno(
        "EOVERFLOW",
        &["new"],
        "there is no index left; the module has to be loaded anew",
    ),
    always("ENOMEM", FINDING, "out of memory; nothing was changed"),
    errno("EMSGSIZE", FINDING, "the reply does not fit into a message"),
];

/// What `operation` can be refused with.
pub fn of(operation: &Operation) -> impl Iterator<Item = &'static Errno> {
    let verb = match operation.name.as_str() {
        NOTIFY_FILTER_SET => NOTIFY_FILTER_SET,
        name => name.rsplit('-').next().unwrap_or_default(),
    };
    let once = operation.once.as_ref();
    let asks = once.is_some_and(|it| !it.request.attributes.is_empty());
    ERRORS
        .iter()
        .filter(move |errno| errno.of.contains(&verb) && (asks || !errno.of_request))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The errnos in the calls of `Refusal::new` in the files below `dir`.
    fn given(dir: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(dir).expect("is a folder") {
            let path = entry.expect("is there").path();
            if path.is_dir() {
                given(&path, found);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap_or_default();
            for call in text.split("Refusal::new(").skip(1) {
                let first = call.split(',').next().unwrap_or_default().trim();
                let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
                if first.starts_with('E') && first.chars().all(plain) {
                    found.insert(first.to_string());
                }
            }
        }
    }

    #[test]
    fn each_errno_that_the_module_gives_is_on_the_page() {
        let checkout = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        let mut found = BTreeSet::new();
        given(&checkout.join("driver"), &mut found);
        assert!(found.len() > 5, "the module refuses with {found:?} only?");
        for name in &found {
            let known = ERRORS.iter().any(|errno| errno.name == *name);
            assert!(known, "{name} is in no row of tests/lab/src/gen/errors.rs");
        }
        let page = fs::read_to_string(checkout.join("spec/FAMILY.md")).expect("is there");
        for name in &found {
            assert!(page.contains(&format!("| `{name}` |")), "no {name}");
        }
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which errno an operation is refused with, and what it means.
//!
//! The module gives them where it says `Refusal::new(ERRNO, …)`; a test here
//! looks there and misses those that are in no row, and those of rows that
//! nothing gives. At the end of a whole test run each errno that a scenario was
//! given for an operation has to be in its rows.

/// An errno that an operation is refused with.
#[derive(Clone, Copy)]
pub struct Errno {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

const fn errno(name: &'static str, meaning: &'static str) -> Errno {
    Errno { name, meaning }
}

const ABROAD: Errno = errno(
    "EPERM",
    "the request comes from another network namespace than the initial one",
);
const UNPRIVILEGED: Errno = errno(
    "EPERM",
    "the sender does not have CAP_NET_ADMIN, or the request comes from another network namespace \
     than the initial one",
);
const BEYOND: Errno = errno(
    "ERANGE",
    "a number or a text is beyond what its attribute accepts",
);
const NO_MEMORY: Errno = errno("ENOMEM", "out of memory; nothing was changed");
const TOO_LONG: Errno = errno("EMSGSIZE", "the reply does not fit into a message");
const NO_PARENT: Errno = errno(
    "ENODEV",
    "there is no such parent, or none at all; it is being unbound",
);
const NO_PARENT_TO_CHANGE: Errno = errno(
    "ENODEV",
    "there is no such parent, or none at all; it is lost or being unbound",
);
const WHICH_PARENT: Errno = errno(
    "EINVAL",
    "no parent is named and there are several; its names contradict each other; an attribute is \
     malformed",
);
const WHICH_WQ: Errno = errno(
    "EINVAL",
    "no work queue is named, or one that its parent does not have; no parent is named and there \
     are several; its names contradict each other; an attribute is malformed",
);
const NO_SUBDEV: Errno = errno(
    "ENODEV",
    "there is no such subdev, or for a dump no such parent",
);
const WHICH_SUBDEV: Errno = errno(
    "EINVAL",
    "not one of index, name and uuid is given, or more than one; an attribute is malformed; for a \
     dump, no number of a work queue is given, or more than that",
);
const BEING_CREATED: Errno = errno("EBUSY", "the subdev is being created");
const MANY_WQS: Errno = errno("E2BIG", "more work queues than a subdev may use");
const FAILED: Errno = errno(
    "EIO",
    "the hardware failed, or is not back after a halt; the kernel's log says more",
);
const SLOW: Errno = errno("ETIMEDOUT", "the hardware did not end in time");

/// What each operation is refused with. The sentence of the extended ACK says
/// which of the reasons it is.
const OPERATIONS: &[(&str, &[Errno])] = &[
    (
        "family-get",
        &[
            ABROAD,
            errno("EINVAL", "there is an attribute: it takes none"),
            NO_MEMORY,
        ],
    ),
    (
        "parent-get",
        &[ABROAD, WHICH_PARENT, BEYOND, NO_PARENT, NO_MEMORY, TOO_LONG],
    ),
    (
        "parent-set",
        &[
            UNPRIVILEGED,
            errno(
                "EINVAL",
                "no parent is named and there are several; its names contradict each other; what \
                 is given is another vendor's, cannot be set, or is beyond what there is; an \
                 attribute is missing or malformed",
            ),
            BEYOND,
            NO_PARENT_TO_CHANGE,
            errno(
                "EBUSY",
                "a subdev uses a work queue of it; it halted and is being recovered",
            ),
            errno("ENOSPC", "other groups leave too few read buffers"),
            errno("E2BIG", "more groups than a request may have"),
            errno(
                "EOPNOTSUPP",
                "the configuration of the device is fixed, or it lacks what is asked for",
            ),
            FAILED,
            SLOW,
            NO_MEMORY,
            TOO_LONG,
        ],
    ),
    (
        "wq-get",
        &[ABROAD, WHICH_WQ, BEYOND, NO_PARENT, NO_MEMORY, TOO_LONG],
    ),
    (
        "wq-set",
        &[
            UNPRIVILEGED,
            errno(
                "EINVAL",
                "no work queue is named, or one that its parent does not have; no parent is named \
                 and there are several; its names contradict each other; what is given is another \
                 vendor's, or beyond what there is; an attribute is malformed",
            ),
            BEYOND,
            NO_PARENT_TO_CHANGE,
            errno(
                "EBUSY",
                "a subdev uses it, or for size and group any work queue of the parent; subdevs \
                 have more entries of it than the size; the parent halted and is being recovered",
            ),
            errno(
                "ENOSPC",
                "other work queues leave too few entries of the capacity",
            ),
            errno(
                "EOPNOTSUPP",
                "the configuration of the device is fixed, or it lacks what is asked for; the \
                 mode is not dedicated",
            ),
            FAILED,
            SLOW,
            NO_MEMORY,
            TOO_LONG,
        ],
    ),
    (
        "type-get",
        &[
            ABROAD,
            errno(
                "EINVAL",
                "no type is named, or one that its parent does not have; no parent is named and \
                 there are several; its names contradict each other; an attribute is malformed",
            ),
            BEYOND,
            NO_PARENT,
            NO_MEMORY,
            TOO_LONG,
        ],
    ),
    (
        "subdev-get",
        &[
            ABROAD,
            WHICH_SUBDEV,
            BEYOND,
            NO_SUBDEV,
            BEING_CREATED,
            MANY_WQS,
            NO_MEMORY,
            TOO_LONG,
        ],
    ),
    (
        "subdev-new",
        &[
            UNPRIVILEGED,
            errno(
                "EINVAL",
                "neither a work queue nor a type is given; no parent is named and there are \
                 several; its names contradict each other; a name or UUID is malformed; a UUID is \
                 given for several; a work queue is named twice, or its parent does not have it; a \
                 size or limit is beyond what there is; what is given is another vendor's; an \
                 attribute is malformed",
            ),
            BEYOND,
            errno(
                "ENODEV",
                "there is no such parent, or none at all; it is lost or being unbound; no driver \
                 took the auxiliary device",
            ),
            errno(
                "EBUSY",
                "the work queue is another's; the parent halted and is being recovered; VFIO is \
                 busy",
            ),
            errno("EEXIST", "another object has that name or UUID"),
            errno(
                "ENOSPC",
                "the work queue, or all of them, have no entries to give; not as many fit as the \
                 count says",
            ),
            MANY_WQS,
            errno(
                "EOPNOTSUPP",
                "the device or this system cannot do that: see the types of the parent and what \
                 they lack; one that is to be a mediated device is to be active",
            ),
            FAILED,
            SLOW,
            errno(
                "EOVERFLOW",
                "there is no index left; the module has to be loaded anew",
            ),
            errno(
                "EAGAIN",
                "the reply cannot be delivered: the socket is full",
            ),
            errno(
                "ECONNREFUSED",
                "the reply cannot be delivered: the socket is closed",
            ),
            NO_MEMORY,
            TOO_LONG,
        ],
    ),
    (
        "subdev-set",
        &[
            UNPRIVILEGED,
            errno(
                "EINVAL",
                "not one of index, name and uuid is given, or more than one; the new name is \
                 malformed; a work queue is named twice, or the subdev does not use it, or \
                 nothing of it is given; a size or limit is beyond what there is; what is given is \
                 another vendor's; an attribute is missing or malformed",
            ),
            BEYOND,
            errno(
                "ENODEV",
                "there is no such subdev; its parent is lost or being unbound; no driver took the \
                 auxiliary device",
            ),
            errno(
                "EBUSY",
                "the subdev is being created, changed or removed; it is active and its user sees \
                 what is to be changed; a VFIO user has it open, or its former VFIO device; the \
                 parent halted and is being recovered; VFIO is busy",
            ),
            errno("EEXIST", "another subdev has the new name"),
            errno(
                "EOPNOTSUPP",
                "one that is to be a mediated device is activated in sysfs",
            ),
            MANY_WQS,
            FAILED,
            SLOW,
            NO_MEMORY,
            TOO_LONG,
        ],
    ),
    (
        "subdev-del",
        &[
            UNPRIVILEGED,
            WHICH_SUBDEV,
            BEYOND,
            NO_SUBDEV,
            errno(
                "EBUSY",
                "the subdev is being created, changed or removed; a VFIO user has it open",
            ),
            NO_MEMORY,
            TOO_LONG,
        ],
    ),
    (
        "subdev-reset",
        &[
            UNPRIVILEGED,
            WHICH_SUBDEV,
            BEYOND,
            NO_SUBDEV,
            errno(
                "EBUSY",
                "the subdev is being created, changed or removed; a reset by the VFIO user does \
                 not end",
            ),
            errno(
                "EIO",
                "the virtual device halted, and its hardware is not back",
            ),
            errno("ETIMEDOUT", "work in flight did not end in time"),
            NO_MEMORY,
            TOO_LONG,
        ],
    ),
    (
        "subdev-drain",
        &[
            UNPRIVILEGED,
            WHICH_SUBDEV,
            BEYOND,
            NO_SUBDEV,
            errno("EBUSY", "the subdev is being created, changed or removed"),
            errno("ETIMEDOUT", "work in flight did not end in time"),
            NO_MEMORY,
            TOO_LONG,
        ],
    ),
    (
        "parent-stats-get",
        &[ABROAD, WHICH_PARENT, BEYOND, NO_PARENT, NO_MEMORY, TOO_LONG],
    ),
    (
        "wq-stats-get",
        &[ABROAD, WHICH_WQ, BEYOND, NO_PARENT, NO_MEMORY, TOO_LONG],
    ),
    (
        "subdev-stats-get",
        &[
            ABROAD,
            WHICH_SUBDEV,
            BEYOND,
            NO_SUBDEV,
            BEING_CREATED,
            MANY_WQS,
            NO_MEMORY,
            TOO_LONG,
        ],
    ),
    (
        "notify-filter-set",
        &[
            ABROAD,
            errno("EINVAL", "a UUID or an attribute is malformed"),
            BEYOND,
            errno("ENODEV", "there is no such parent or subdev"),
            BEING_CREATED,
            errno("ENOSPC", "too many sockets have a filter"),
            errno("E2BIG", "more parents or subdevs than a filter may name"),
            NO_MEMORY,
            TOO_LONG,
        ],
    ),
];

/// What the operation of this name is refused with.
pub fn of(operation: &str) -> &'static [Errno] {
    let found = OPERATIONS.iter().find(|(name, _)| *name == operation);
    found.map_or(&[], |(_, errnos)| errnos)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::super::spec;
    use super::*;

    /// Those that generic netlink gives before the module sees a request.
    const OF_NETLINK: [&str; 2] = ["EPERM", "ERANGE"];

    fn checkout() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
    }

    fn is_errno(word: &str) -> bool {
        let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        word.len() >= 3 && word.starts_with('E') && word.chars().all(plain)
    }

    /// The errnos in the calls of `Refusal::new` in the files below `dir`, and all that are anywhere.
    fn given(dir: &Path, refusals: &mut BTreeSet<String>, all: &mut BTreeSet<String>) {
        for entry in fs::read_dir(dir).expect("is a folder") {
            let path = entry.expect("is there").path();
            if path.is_dir() {
                given(&path, refusals, all);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap_or_default();
            for call in text.split("Refusal::new(").skip(1) {
                let first = call.split(',').next().unwrap_or_default().trim();
                if is_errno(first) {
                    refusals.insert(first.to_string());
                }
            }
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            all.extend(words.filter(|word| is_errno(word)).map(str::to_string));
        }
    }

    #[test]
    fn the_rows_have_the_errnos_that_the_module_gives_and_no_others() {
        let (mut refusals, mut all) = (BTreeSet::new(), BTreeSet::new());
        for part in ["framework", "netlink", "dsa"] {
            let dir = checkout().join("driver").join(part);
            given(&dir, &mut refusals, &mut all);
        }
        assert!(
            refusals.len() > 5,
            "the module refuses with {refusals:?} only?"
        );
        let rows = OPERATIONS.iter().flat_map(|(_, errnos)| *errnos);
        let rows: BTreeSet<String> = rows.map(|errno| errno.name.to_string()).collect();
        let missing: Vec<_> = refusals.difference(&rows).collect();
        assert!(missing.is_empty(), "in no row: {missing:?}");
        let mut stale = rows.difference(&all);
        let stale = stale.find(|name| !OF_NETLINK.contains(&name.as_str()));
        assert_eq!(stale, None, "nothing gives it");
    }

    #[test]
    fn each_operation_has_rows_and_no_other_has() {
        let text = fs::read_to_string(checkout().join("spec/subdev.yaml")).expect("is there");
        let family = spec::parse(&text).expect("is a spec");
        let operations = family.operations().map(|(_, it)| it);
        let operations: BTreeSet<_> = operations
            .filter(|it| !it.is_notification())
            .map(|it| it.name.as_str())
            .collect();
        let rows: BTreeSet<_> = OPERATIONS.iter().map(|(name, _)| *name).collect();
        assert_eq!(rows, operations);
        for (name, errnos) in OPERATIONS {
            let names: BTreeSet<_> = errnos.iter().map(|errno| errno.name).collect();
            assert_eq!(names.len(), errnos.len(), "{name} has an errno twice");
        }
    }
}

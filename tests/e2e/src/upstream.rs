// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reports of the kernel about itself that scenarios bring about.

/// Such a report.
struct Known {
    /// The one scenario that may bring it about.
    scenario: &'static str,
    /// What its `WARNING` line holds.
    sign: &'static str,
}

const KNOWN: &[Known] = &[
    // When `dev_set_name` or `cdev_device_add` fails in `vfio_create_group`,
    // the release of the group warns of an `iommu_group` that nobody took out
    // of it (srctree drivers/vfio/group.c).
    Known {
        scenario: "inject-family",
        sign: " at vfio_group_release+",
    },
];

/// What VFIO says when a tenant is to lock more memory than it may (srctree
/// drivers/vfio/vfio_iommu_type1.c, `vfio_pin_page_external`).
pub const MEMLOCK: &str = "RLIMIT_MEMLOCK";

/// A line that a scenario may bring about, so many times.
struct Allowed {
    scenario: &'static str,
    sign: &'static str,
    most: usize,
}

const ALLOWED: &[Allowed] = &[Allowed {
    scenario: "memlock",
    sign: MEMLOCK,
    most: 1,
}];

/// What a report begins and ends with (srctree kernel/panic.c).
const BEGIN: &str = "------------[ cut here ]------------";
const END: &str = "---[ end trace ";

/// Takes the reports that are known of `scenario` out of `lines`, and returns
/// their number.
pub fn take_known(scenario: &str, lines: &mut Vec<String>) -> usize {
    let known = |line: &str| {
        KNOWN.iter().any(|known| {
            known.scenario == scenario && line.contains("WARNING") && line.contains(known.sign)
        })
    };
    let mut taken = 0;
    let mut from = 0;
    while let Some(begin) = position(lines, from, |line| line.starts_with(BEGIN)) {
        from = begin + 1;
        let Some(end) = position(lines, from, |line| line.starts_with(END)) else {
            break;
        };
        if lines.get(from).is_some_and(|line| known(line)) {
            lines.drain(begin..=end);
            taken += 1;
            from = begin;
        }
    }
    taken
}

/// Takes the lines that `scenario` may bring about out of `lines`, and leaves what is too many.
pub fn take_allowed(scenario: &str, lines: &mut Vec<String>) {
    for allowed in ALLOWED.iter().filter(|it| it.scenario == scenario) {
        for _ in 0..allowed.most {
            if let Some(at) = position(lines, 0, |line| line.contains(allowed.sign)) {
                lines.remove(at);
            }
        }
    }
}

/// The first of `lines` from `from` on that is wanted.
fn position(lines: &[String], from: usize, wanted: impl Fn(&str) -> bool) -> Option<usize> {
    let mut rest = lines.iter().skip(from);
    Some(from + rest.position(|line| wanted(line))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(function: &str) -> Vec<String> {
        [
            "before",
            BEGIN,
            &format!("WARNING: drivers/vfio/group.c:510 at {function}+0xab/0xe0 [vfio], CPU#1"),
            "Call Trace:",
            "---[ end trace 0000000000000000 ]---",
            "after",
        ]
        .map(str::to_owned)
        .to_vec()
    }

    #[test]
    fn what_is_known_is_taken_out_whole() {
        let mut lines = log("vfio_group_release");
        lines.extend(log("vfio_group_release"));
        assert_eq!(take_known("inject-family", &mut lines), 2);
        assert_eq!(lines, ["before", "after", "before", "after"]);
    }

    #[test]
    fn lines_are_allowed_in_their_scenario_and_not_too_often() {
        let line = "vfio_pin_page_external: Task e2e (77) RLIMIT_MEMLOCK (65536) exceeded";
        for (scenario, left) in [("memlock", 2), ("data", 3)] {
            let mut lines = vec![line.to_owned(); 3];
            lines.push("something else".to_owned());
            take_allowed(scenario, &mut lines);
            assert_eq!(lines.len(), left + 1);
        }
    }

    #[test]
    fn what_is_not_known_stays() {
        for (scenario, function) in [
            ("inject-family", "vfio_group_detach_container"),
            ("data", "vfio_group_release"),
        ] {
            let mut lines = log(function);
            assert_eq!(take_known(scenario, &mut lines), 0);
            assert_eq!(lines, log(function));
        }
    }
}

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

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reports of the kernel about itself that scenarios bring about.

/// Such a report.
struct Known {
    /// The one scenario that may bring it about.
    scenario: &'static str,
    /// What its first line holds.
    begin: &'static str,
    /// What one of its lines holds.
    sign: &'static str,
    /// What its last line holds.
    end: &'static str,
}

const KNOWN: &[Known] = &[
    // When `dev_set_name` or `cdev_device_add` fails in `vfio_create_group`,
    // the release of the group warns of an `iommu_group` that nobody took out
    // of it (srctree drivers/vfio/group.c).
    Known {
        scenario: "inject-family",
        begin: BEGIN,
        sign: " at vfio_group_release+",
        end: END,
    },
    // VFIO pins in a way that cannot wait for who serves memory by a userfaultfd, which a kernel with
    // DEBUG_VM tells (srctree fs/userfaultfd.c, `handle_userfault`).
    Known {
        scenario: "portal-memory",
        begin: UNSERVED,
        sign: PINNING,
        end: " </TASK>",
    },
    Known {
        scenario: "withheld-memory",
        begin: UNSERVED,
        sign: PINNING,
        end: " </TASK>",
    },
    Known {
        scenario: "tenant-reset",
        begin: UNSERVED,
        sign: PINNING,
        end: " </TASK>",
    },
    // The memory of a control group is at an end, and a process in it is killed, or there is none that
    // may be (srctree mm/oom_kill.c): the report has a stack.
    Known {
        scenario: "portal-limits",
        begin: OOM,
        sign: "Memory cgroup out of memory",
        end: "Memory cgroup out of memory: Killed process",
    },
    Known {
        scenario: "portal-limits",
        begin: OOM,
        sign: "no killable",
        end: "Out of memory and no killable processes",
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

/// What a report begins with that memory is at an end.
const OOM: &str = " invoked oom-killer: ";

/// The first line of what tells of memory that a userfaultfd serves, and a function that pins.
const UNSERVED: &str = "FAULT_FLAG_ALLOW_RETRY missing";
const PINNING: &str = "vaddr_get_pfns";

/// Takes the reports that are known of `scenario` out of `lines`, and returns
/// their number.
pub fn take_known(scenario: &str, lines: &mut Vec<String>) -> usize {
    let mut taken = 0;
    for known in KNOWN.iter().filter(|it| it.scenario == scenario) {
        let mut from = 0;
        while let Some(begin) = position(lines, from, |line| line.contains(known.begin)) {
            from = begin + 1;
            // The next one begins where this one has ended.
            let next = position(lines, from, |line| line.contains(known.begin));
            let end = position(lines, from, |line| line.contains(known.end));
            let Some(end) = end.filter(|end| next.is_none_or(|next| *end < next)) else {
                continue;
            };
            if lines[begin..=end]
                .iter()
                .any(|line| line.contains(known.sign))
            {
                lines.drain(begin..=end);
                taken += 1;
                from = begin;
            }
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
    fn a_report_ends_where_it_says() {
        let lines = |end| {
            [
                "e2e invoked oom-killer: gfp_mask=0xcc0",
                "Call Trace:",
                end,
                "after",
            ]
        };
        let (killed, other) = ("Memory cgroup out of memory: Killed process 7", "BUG: else");
        let mut log = lines(other).map(str::to_owned).to_vec();
        log.extend(lines(killed).map(str::to_owned));
        assert_eq!(take_known("portal-limits", &mut log), 1);
        assert_eq!(
            log,
            lines(other)
                .into_iter()
                .chain(["after"])
                .collect::<Vec<_>>()
        );
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

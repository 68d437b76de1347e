// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names of registers, and what their values mean.

use crate::profile::{GROUP_STRIDE, PERMISSION_STRIDE, Profile};
use crate::registers::{MSIX_PBA, MSIX_TABLE, offset};

/// The registers before the tables, in ascending order.
const REGISTERS: &[(u64, &str)] = &[
    (offset::VERSION, "VERSION"),
    (offset::GENCAP, "GENCAP"),
    (offset::WQCAP, "WQCAP"),
    (offset::GRPCAP, "GRPCAP"),
    (offset::ENGCAP, "ENGCAP"),
    (offset::OPCAP, "OPCAP"),
    (offset::OFFSETS, "OFFSETS"),
    (offset::GENCFG, "GENCFG"),
    (offset::GENCTRL, "GENCTRL"),
    (offset::GENSTS, "GENSTS"),
    (offset::INTCAUSE, "INTCAUSE"),
    (offset::CMD, "CMD"),
    (offset::CMDSTS, "CMDSTS"),
    (offset::CMDCAP, "CMDCAP"),
    (offset::SWERR, "SWERR"),
    (offset::EVLCFG, "EVLCFG"),
    (offset::EVLSTATUS, "EVLSTATUS"),
];

const COMMANDS: [&str; 15] = [
    "",
    "ENABLE_DEVICE",
    "DISABLE_DEVICE",
    "DRAIN_ALL",
    "ABORT_ALL",
    "RESET_DEVICE",
    "ENABLE_WQ",
    "DISABLE_WQ",
    "DRAIN_WQ",
    "ABORT_WQ",
    "RESET_WQ",
    "DRAIN_PASID",
    "ABORT_PASID",
    "REQUEST_INT_HANDLE",
    "RELEASE_INT_HANDLE",
];

/// The name of what is at an offset of BAR0.
pub(super) fn register(profile: &Profile, at: u64) -> String {
    let layout = profile.layout();
    let entry = |name: &str, base: u64, stride: u64| {
        let (index, rest) = ((at - base) / stride, (at - base) % stride);
        format!("{name}[{index}]+{rest:#04x}")
    };
    match at {
        MSIX_PBA.. => entry("PBA", MSIX_PBA, 8),
        MSIX_TABLE.. => entry("MSIX", MSIX_TABLE, 16),
        _ if at >= layout.wqs => entry("WQCFG", layout.wqs, profile.wq_stride()),
        _ if at >= layout.groups => entry("GRPCFG", layout.groups, GROUP_STRIDE),
        _ if at >= layout.permissions => entry("MSIXPERM", layout.permissions, PERMISSION_STRIDE),
        _ => match REGISTERS.iter().rev().find(|(base, _)| *base <= at) {
            Some((base, name)) if *base == at => (*name).to_owned(),
            Some((base, name)) => format!("{name}+{:#04x}", at - base),
            None => format!("BAR0+{at:#x}"),
        },
    }
}

/// What a value at an offset of BAR0 means, where that is not plain.
pub(super) fn meaning(at: u64, data: &[u8]) -> String {
    let Some(value) = data.first_chunk().map(|bytes| u32::from_le_bytes(*bytes)) else {
        return String::new();
    };
    match at {
        offset::CMD => command(value),
        offset::CMDSTS if value >> 31 == 1 => "active".to_owned(),
        offset::CMDSTS if value & 0xff != 0 => format!("error {:#04x}", value & 0xff),
        offset::CMDSTS if value != 0 => format!("result {:#x}", value >> 8),
        offset::CMDSTS => "done".to_owned(),
        offset::GENSTS => {
            let state = ["disabled", "enabled", "draining", "halted"][(value & 3) as usize];
            let reset = ["software", "FLR", "warm", "cold"][(value >> 2 & 3) as usize];
            match value & 3 {
                3 => format!("{state}, needs a {reset} reset"),
                _ => state.to_owned(),
            }
        }
        offset::INTCAUSE => bits(
            value,
            &[
                (0, "software error"),
                (1, "command"),
                (2, "occupancy"),
                (4, "halt"),
                (5, "event log"),
                (31, "handles revoked"),
            ],
        ),
        offset::GENCTRL => bits(
            value,
            &[(0, "software error"), (1, "halt"), (2, "event log")],
        ),
        offset::SWERR if value & 1 == 1 => format!("error {:#04x}", value >> 8 & 0xff),
        _ => String::new(),
    }
}

fn command(value: u32) -> String {
    let code = (value >> 20 & 0x1f) as usize;
    let interrupt = if value >> 31 == 1 {
        ", with interrupt"
    } else {
        ""
    };
    let name = match COMMANDS.get(code) {
        Some(name) if !name.is_empty() => (*name).to_owned(),
        _ => format!("command {code}"),
    };
    format!("{name} {:#x}{interrupt}", value & 0xf_ffff)
}

fn bits(value: u32, names: &[(u32, &str)]) -> String {
    let set = names.iter().filter(|(bit, _)| value >> bit & 1 == 1);
    set.map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_and_entries_of_tables_have_names() {
        let profile = Profile::default();
        let names = [0x00, 0x98, 0xc8, 0x308, 0x428, 0x548, 0x2010, 0x3000]
            .map(|at| register(&profile, at));
        let expected = [
            "VERSION",
            "INTCAUSE",
            "SWERR+0x08",
            "MSIXPERM[1]+0x00",
            "GRPCFG[0]+0x28",
            "WQCFG[2]+0x08",
            "MSIX[1]+0x00",
            "PBA[0]+0x00",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn values_are_put_into_words() {
        let meaning = |at, value: u32| meaning(at, &value.to_le_bytes());
        assert_eq!(
            meaning(offset::CMD, 0x8060_0003),
            "ENABLE_WQ 0x3, with interrupt"
        );
        assert_eq!(meaning(offset::CMD, 0x01f0_0000), "command 31 0x0");
        assert_eq!(meaning(offset::CMDSTS, 0x22), "error 0x22");
        assert_eq!(meaning(offset::CMDSTS, 1 << 31), "active");
        assert_eq!(meaning(offset::GENSTS, 7), "halted, needs a FLR reset");
        assert_eq!(meaning(offset::INTCAUSE, 0x11), "software error, halt");
        assert_eq!(meaning(offset::GENCAP, 1), "");
    }
}

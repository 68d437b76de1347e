// SPDX-License-Identifier: MIT OR Apache-2.0
//! The instructions that store 64 bytes, which is why there is unsafe code here.

#![allow(unsafe_code)]

use std::arch::asm;
use std::ptr;

use anyhow::{Result, bail};
use vm_memory::VolatileSlice;

use super::device::Descriptor;

/// MOVDIR64B from a descriptor to 64 bytes that are aligned to as many.
pub fn movdir64b(to: &VolatileSlice<'_>, from: &Descriptor) {
    assert_aligned(to);
    let from = ptr::from_ref(from).cast();
    // SAFETY: Both ends are there, as long as has to be.
    unsafe { store(to.ptr_guard_mut().as_ptr(), from) }
}

/// The same from memory that may be aligned to nothing.
pub fn movdir64b_from(to: &VolatileSlice<'_>, from: &VolatileSlice<'_>) {
    assert_aligned(to);
    assert_eq!(from.len(), 64, "the source");
    // SAFETY: Both ends are there, as long as has to be.
    unsafe { store(to.ptr_guard_mut().as_ptr(), from.ptr_guard().as_ptr()) }
}

/// ENQCMD to a portal; whether the descriptor was accepted.
pub fn enqcmd(to: &VolatileSlice<'_>, from: &Descriptor) -> bool {
    assert_aligned(to);
    let retry: u8;
    // SAFETY: The instruction reads 64 bytes from the descriptor and writes them to the portal; the
    // flags are the only other thing that changes.
    unsafe {
        asm!(
            // enqcmd rax, [rdx]
            ".byte 0xf2, 0x0f, 0x38, 0xf8, 0x02",
            "setz {retry}",
            retry = out(reg_byte) retry,
            in("rax") to.ptr_guard_mut().as_ptr(),
            in("rdx") ptr::from_ref(from),
            options(nostack),
        );
    }
    retry == 0
}

/// Ways to go wrong, each of which a processor answers with a fault; see [`go_wrong`].
pub const MISTAKES: [&str; 4] = ["no-source", "no-target", "crooked-target", "privileged"];

/// Makes one of the [`MISTAKES`], which a process does not survive.
pub fn go_wrong(mistake: &str) -> Result<()> {
    /// Nothing is ever mapped in the first page.
    const NOTHING: usize = 0x40;
    let from = Descriptor([0; 64]);
    let mut to = [Descriptor([0; 64]), Descriptor([0; 64])];
    let from = ptr::from_ref(&from).cast::<u8>();
    let to = ptr::from_mut(&mut to).cast::<u8>();
    let nothing = ptr::without_provenance_mut::<u8>(NOTHING);
    // SAFETY: Each instruction faults, or stores no further than the two that it may write to.
    unsafe {
        match mistake {
            "no-source" => store(to, nothing),
            "no-target" => store(nothing, from),
            "crooked-target" => store(to.add(8), from),
            "privileged" => asm!(
                // enqcmds rax, [rdx]
                ".byte 0xf3, 0x0f, 0x38, 0xf8, 0x02",
                in("rax") to,
                in("rdx") from,
                options(nostack),
            ),
            _ => bail!("{mistake:?} is none of {MISTAKES:?}"),
        }
    }
    bail!("{mistake}: the processor went on")
}

fn assert_aligned(to: &VolatileSlice<'_>) {
    assert_eq!(to.len(), 64, "the target");
    let address = to.ptr_guard_mut().as_ptr().addr();
    assert_eq!(address % 64, 0, "the target's address");
}

/// MOVDIR64B.
///
/// # Safety
///
/// 64 bytes can be read, and 64 bytes written that belong to the caller, or else the caller wants the
/// fault.
unsafe fn store(to: *mut u8, from: *const u8) {
    // SAFETY: The caller says so.
    unsafe {
        asm!(
            // movdir64b rax, [rdx]
            ".byte 0x66, 0x0f, 0x38, 0xf8, 0x02",
            in("rax") to,
            in("rdx") from,
            options(nostack, preserves_flags),
        );
    }
}

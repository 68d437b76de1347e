// SPDX-License-Identifier: GPL-2.0

//! MOVDIR64B, ENQCMD and ENQCMDS for a processor that has them not, in kernel and user mode.
//!
//! For virtual machines only, where QEMU translates instructions and does not know these. They then
//! trap as invalid; the module is asked before anybody is signalled or the kernel gives up, does
//! what they would have done, and lets the code go on behind them.
//!
//! See `exc_invalid_op` in `srctree/arch/x86/kernel/traps.c`.

mod decode;
mod emulate;
mod processor;

use core::ptr::NonNull;
use kernel::{
    bindings,
    error::to_result,
    ffi,
    prelude::*, //
};

module! {
    type: CpuShim,
    name: "cpu_shim",
    authors: ["The subdev developers"],
    description: "MOVDIR64B, ENQCMD and ENQCMDS in software",
    license: "GPL",
    params: {
        pasid: u32 {
            default: 1,
            description: "PASID of descriptors submitted with ENQCMD",
        },
    },
}

/// `struct die_args` of `srctree/include/linux/kdebug.h`.
#[repr(C)]
struct DieArgs {
    regs: *mut bindings::pt_regs,
    what: *const ffi::c_char,
    error: ffi::c_long,
    trap: ffi::c_int,
    signal: ffi::c_int,
}

extern "C" {
    fn register_die_notifier(block: *mut bindings::notifier_block) -> ffi::c_int;
    fn unregister_die_notifier(block: *mut bindings::notifier_block) -> ffi::c_int;
    fn cpu_shim_settle();
}

/// `DIE_TRAP` of `srctree/arch/x86/include/asm/kdebug.h`.
const DIE_TRAP: ffi::c_ulong = 8;
/// The trap of an invalid instruction.
const INVALID_OPCODE: ffi::c_int = 6;
/// The trap is dealt with.
const NOTIFY_STOP: ffi::c_int = 0x8001;
/// The trap is somebody else's.
const NOTIFY_DONE: ffi::c_int = 0;

/// The registration in the chain of those who want to know of traps.
///
/// # Invariants
///
/// The block is registered.
struct CpuShim {
    block: KBox<bindings::notifier_block>,
}

// SAFETY: The block is only touched by the chain, which locks, and by `drop`.
unsafe impl Send for CpuShim {}
// SAFETY: As above.
unsafe impl Sync for CpuShim {}

impl kernel::Module for CpuShim {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        // SAFETY: This is the only place, and nothing is registered before it.
        unsafe { emulate::PORTALS.init() };
        let mut block = KBox::new(
            bindings::notifier_block {
                notifier_call: Some(on_die),
                // Before those who report the trap.
                priority: ffi::c_int::MAX,
                ..Default::default()
            },
            GFP_KERNEL,
        )?;
        // SAFETY: The block is complete, and stays where it is until `drop` unregisters it.
        to_result(unsafe { register_die_notifier(&mut *block) })?;
        // INVARIANT: It has just been registered.
        Ok(Self { block })
    }
}

impl Drop for CpuShim {
    fn drop(&mut self) {
        // SAFETY: By the type's invariant the block is registered. This waits for calls under way.
        unsafe { unregister_die_notifier(&mut *self.block) };
        // SAFETY: No trap gets here any more.
        unsafe { cpu_shim_settle() };
    }
}

/// Called for each trap, with interrupts off.
extern "C" fn on_die(
    _block: *mut bindings::notifier_block,
    event: ffi::c_ulong,
    data: *mut ffi::c_void,
) -> ffi::c_int {
    if event != DIE_TRAP {
        return NOTIFY_DONE;
    }
    let Some(args) = NonNull::new(data.cast::<DieArgs>()) else {
        return NOTIFY_DONE;
    };
    // SAFETY: The chain is called with a `struct die_args` that lives as long as the call.
    let args = unsafe { args.as_ref() };
    if args.trap != INVALID_OPCODE {
        return NOTIFY_DONE;
    }
    // SAFETY: The registers are those of the trap, and nobody else touches them meanwhile.
    let Some(regs) = (unsafe { args.regs.as_mut() }) else {
        return NOTIFY_DONE;
    };
    let pasid = module_parameters::pasid.value();
    match processor::Processor::new(regs).and_then(|mut cpu| emulate::emulate(&mut cpu, pasid)) {
        Some(()) => NOTIFY_STOP,
        None => NOTIFY_DONE,
    }
}

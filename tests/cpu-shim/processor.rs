// SPDX-License-Identifier: GPL-2.0

//! The processor at the moment of the trap: its registers, and memory as the trapped code sees it.
//!
//! The trap comes with interrupts off and must not sleep, so an access to a page that is not there
//! fails. A program then fetches the page on its way back, and comes to the instruction again.

use kernel::{bindings, ffi, prelude::*};

use crate::decode::{Address, Base, Instruction, Register, MAX_LENGTH};

extern "C" {
    fn cpu_shim_user_mode(regs: *mut bindings::pt_regs) -> bool;
    fn cpu_shim_64bit_mode(regs: *mut bindings::pt_regs) -> bool;
    fn cpu_shim_get_user_8(address: u64, value: *mut u8) -> ffi::c_int;
    fn cpu_shim_get_user_64(address: u64, value: *mut u64) -> ffi::c_int;
    fn cpu_shim_put_user_64(address: u64, value: u64) -> ffi::c_int;
    fn cpu_shim_retry_when_present(source: u64, target: u64) -> ffi::c_int;
    fn cpu_shim_fault();
}

/// RFLAGS: carry, parity, adjust, zero, sign and overflow.
const STATUS_FLAGS: ffi::c_ulong = 0x8d5;
/// RFLAGS: zero.
const ZERO_FLAG: ffi::c_ulong = 1 << 6;

/// The trapped code.
pub(crate) struct Processor<'a> {
    regs: &'a mut bindings::pt_regs,
    user: bool,
}

impl<'a> Processor<'a> {
    /// The code that these registers are of, if it runs in 64-bit mode.
    pub(crate) fn new(regs: &'a mut bindings::pt_regs) -> Option<Self> {
        // SAFETY: The registers are those of a trap, complete with segments.
        let (user, long) = unsafe { (cpu_shim_user_mode(regs), cpu_shim_64bit_mode(regs)) };
        long.then_some(Self { regs, user })
    }

    /// Whether it is code of a user.
    pub(crate) fn user(&self) -> bool {
        self.user
    }

    /// Bytes from the trapped instruction on, and how many of them could be read.
    pub(crate) fn code(&self) -> ([u8; MAX_LENGTH], usize) {
        let mut code = [0; MAX_LENGTH];
        let mut length = 0;
        for (address, byte) in (self.regs.ip as u64..).zip(&mut code) {
            match self.byte(address) {
                Some(read) => *byte = read,
                None => break,
            }
            length += 1;
        }
        (code, length)
    }

    fn byte(&self, address: u64) -> Option<u8> {
        let mut byte = 0_u8;
        let failed = if self.user {
            // SAFETY: `byte` can be written; a bad address is an error.
            unsafe { cpu_shim_get_user_8(address, &mut byte) }
        } else {
            // SAFETY: `byte` can be written; a bad address is an error.
            let failed = unsafe {
                bindings::copy_from_kernel_nofault(
                    (&raw mut byte).cast(),
                    address as *const ffi::c_void,
                    1,
                )
            };
            failed as ffi::c_int
        };
        (failed == 0).then_some(byte)
    }

    /// Reads a quadword.
    pub(crate) fn read(&self, address: u64) -> Option<u64> {
        let mut value = 0_u64;
        let failed = if self.user {
            // SAFETY: `value` can be written; a bad address is an error.
            unsafe { cpu_shim_get_user_64(address, &mut value) }
        } else {
            // SAFETY: `value` can be written; a bad address is an error.
            let failed = unsafe {
                bindings::copy_from_kernel_nofault(
                    (&raw mut value).cast(),
                    address as *const ffi::c_void,
                    size_of::<u64>(),
                )
            };
            failed as ffi::c_int
        };
        (failed == 0).then_some(value)
    }

    /// Writes a quadword, which may be a device's, by one store.
    pub(crate) fn write(&mut self, address: u64, value: u64) -> Option<()> {
        if self.user {
            // SAFETY: A bad address is an error.
            let failed = unsafe { cpu_shim_put_user_64(address, value) };
            (failed == 0).then_some(())
        } else {
            // SAFETY: Kernel code asked for a store to this address, and answers for it as it would
            // had the processor done it.
            unsafe { (address as *mut u64).write_volatile(value) };
            Some(())
        }
    }

    /// Lets a program fetch the memory that an instruction needs and come to it again, or fault if the
    /// memory is not its own. Kernel code has no memory that could be fetched.
    pub(crate) fn retry_when_present(&self, source: u64, target: u64) -> Option<()> {
        if !self.user {
            return None;
        }
        // SAFETY: The addresses are only ever used as the program's own.
        let failed = unsafe { cpu_shim_retry_when_present(source, target) };
        // Without memory for this the program comes to the instruction again all the same.
        let exiting = failed == -(bindings::ESRCH as ffi::c_int);
        (!exiting).then_some(())
    }

    /// Lets a program fault, as it does where a processor raises a general protection.
    pub(crate) fn fault(&self) -> Option<()> {
        if !self.user {
            return None;
        }
        // SAFETY: It sends a signal to the current task, which is the program.
        unsafe { cpu_shim_fault() };
        Some(())
    }

    /// The value of a register.
    pub(crate) fn register(&self, register: Register) -> u64 {
        let regs = &*self.regs;
        let value = match register {
            0 => regs.ax,
            1 => regs.cx,
            2 => regs.dx,
            3 => regs.bx,
            4 => regs.sp,
            5 => regs.bp,
            6 => regs.si,
            7 => regs.di,
            8 => regs.r8,
            9 => regs.r9,
            10 => regs.r10,
            11 => regs.r11,
            12 => regs.r12,
            13 => regs.r13,
            14 => regs.r14,
            _ => regs.r15,
        };
        value as u64
    }

    /// The address that an operand of the instruction names.
    pub(crate) fn address(&self, instruction: &Instruction, operand: &Address) -> u64 {
        let base = match operand.base {
            Base::Nothing => 0,
            Base::Register(register) => self.register(register),
            Base::NextInstruction => self.next(instruction) as u64,
        };
        let index = operand
            .index
            .map_or(0, |(register, shift)| self.register(register) << shift);
        base.wrapping_add(index)
            .wrapping_add_signed(operand.displacement.into())
    }

    /// Sets the zero flag and clears the other flags of results.
    pub(crate) fn set_zero_flag(&mut self, zero: bool) {
        self.regs.flags &= !STATUS_FLAGS;
        if zero {
            self.regs.flags |= ZERO_FLAG;
        }
    }

    /// Goes on after the instruction.
    pub(crate) fn skip(&mut self, instruction: &Instruction) {
        self.regs.ip = self.next(instruction);
    }

    fn next(&self, instruction: &Instruction) -> ffi::c_ulong {
        self.regs.ip.wrapping_add(instruction.length.into())
    }
}

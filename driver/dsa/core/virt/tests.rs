// SPDX-License-Identifier: GPL-2.0

mod command;
mod config;
mod errors;
mod machine;
mod portal;
mod probe;
mod reset;

use super::super::regs::{
    self,
    intcause,
    Command, //
};
use super::*;

/// GENCAP of the first DSA hardware.
const HOST_GENCAP: u64 = 0x40_915f_0107;

fn params() -> Params {
    Params {
        device_id: 0x0b25,
        revision: 1,
        version: regs::VERSION_1,
        gencap: HOST_GENCAP,
        opcap: ALL_OPCAP,
        wqs: 2,
        sizes: [16; WQS],
        engines: 4,
    }
}

fn read32(function: &Function, off: usize) -> u32 {
    let mut buf = [0xaa; 4];
    function.bar0_read(off as u64, &mut buf);
    u32::from_le_bytes(buf)
}

fn read64(function: &Function, off: usize) -> u64 {
    let mut buf = [0xaa; 8];
    function.bar0_read(off as u64, &mut buf);
    u64::from_le_bytes(buf)
}

fn write32(function: &mut Function, off: usize, value: u32) -> Effect {
    function.bar0_write(off as u64, &value.to_le_bytes())
}

/// Lets the function do DMA, as every driver does first.
fn set_bus_master(function: &mut Function) {
    assert_eq!(function.config_write(4, &6_u16.to_le_bytes()), Effect::None);
}

/// Issues a command and lets it finish; gives CMDSTS and the effect that the user sees.
fn command(function: &mut Function, word: u32) -> (u32, Effect) {
    let mut effect = write32(function, regs::CMD, word);
    if let Effect::Command(pending) = effect {
        assert_eq!(read32(function, regs::CMDSTS), regs::cmdsts::ACTIVE);
        effect = function.finish(pending);
    }
    (read32(function, regs::CMDSTS), effect)
}

/// Issues a command without an interrupt; gives CMDSTS.
fn run(function: &mut Function, code: Command, operand: u32) -> u32 {
    let (status, effect) = command(function, code.encode(operand, false));
    assert_eq!(effect, Effect::None);
    status
}

/// A function whose device and WQs are enabled.
fn enabled() -> Function {
    let mut function = Function::new(&params());
    set_bus_master(&mut function);
    assert_eq!(run(&mut function, Command::EnableDevice, 0), 0);
    for wq in 0..2 {
        assert_eq!(run(&mut function, Command::EnableWq, wq), 0);
    }
    function
}

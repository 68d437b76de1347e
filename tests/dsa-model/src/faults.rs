// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is to go wrong with commands and descriptors. (Faults of memory are in [`crate::memory`],
//! those of interrupts in [`crate::interrupts`], and what happens at once in [`crate::control`].)

use std::time::Duration;

/// A command that is to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CommandFault {
    /// The only command that counts, or all.
    pub(crate) command: Option<u8>,
    /// How many of them go by before.
    pub(crate) after: u32,
    /// What CMDSTS is to say.
    pub(crate) code: u8,
}

/// The script.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    commands: Vec<CommandFault>,
    /// No engine takes a descriptor.
    pub(crate) hold: bool,
    /// How long an engine waits before it begins with a descriptor.
    pub(crate) delay: Duration,
}

impl Faults {
    /// Adds a command that is to fail.
    pub(crate) fn add_command(&mut self, fault: CommandFault) {
        self.commands.push(fault);
    }

    /// A command is written: the code with which it is to fail, if it is.
    pub(crate) fn command(&mut self, command: u8) -> Option<u8> {
        let mut failing = None;
        for (index, fault) in self.commands.iter_mut().enumerate() {
            if fault.command.is_some_and(|only| only != command) {
                continue;
            }
            match fault.after.checked_sub(1) {
                Some(left) => fault.after = left,
                None => failing = failing.or(Some(index)),
            }
        }
        failing.map(|index| self.commands.remove(index).code)
    }

    /// How many commands are still to fail.
    pub(crate) fn commands_left(&self) -> usize {
        self.commands.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_waits_for_its_command_and_happens_once() {
        let mut faults = Faults::default();
        faults.add_command(CommandFault {
            command: Some(6),
            after: 1,
            code: 0x22,
        });
        faults.add_command(CommandFault {
            command: None,
            after: 2,
            code: 0x03,
        });
        let codes = [6, 8, 6, 6, 6].map(|command| faults.command(command));
        assert_eq!(codes, [None, None, Some(0x22), Some(0x03), None]);
        assert_eq!(faults.commands_left(), 0);
    }
}

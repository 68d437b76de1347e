// SPDX-License-Identifier: MIT OR Apache-2.0
//! QEMU, asked over its machine protocol (QMP) on its standard input and output.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::process::Talker;

/// How long an answer may take, the start of QEMU among them, in a processor that is emulated.
const LONG: Duration = Duration::from_secs(60);

/// A QEMU that runs; killed when dropped.
pub struct Qemu {
    talker: Talker,
}

impl Qemu {
    /// Starts it with these arguments.
    pub fn start(arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new("qemu-system-x86_64");
        command.args(["-nodefaults", "-no-user-config", "-display", "none"]);
        command.args(["-qmp", "stdio"]).args(arguments);
        let mut talker = Talker::spawn(&mut command)?;
        // It greets.
        talker.line(LONG)?;
        let mut qemu = Self { talker };
        qemu.ask("qmp_capabilities", json!({}))?;
        Ok(qemu)
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.talker.id()
    }

    /// Has it do `command`, and returns what it answers.
    pub fn ask(&mut self, command: &str, arguments: Value) -> Result<Value> {
        let question = json!({"execute": command, "arguments": arguments}).to_string();
        self.talker.say(&question)?;
        loop {
            let line = self.talker.line(LONG)?;
            let answer: Value =
                serde_json::from_str(&line).with_context(|| format!("QEMU says {line:?}"))?;
            if let Some(error) = answer.get("error") {
                bail!("QEMU refuses {question}: {error}");
            }
            // Events come in between.
            if let Some(answer) = answer.get("return") {
                return Ok(answer.clone());
            }
        }
    }

    /// What the guest would read at a physical address.
    pub fn read(&mut self, address: u64) -> Result<u32> {
        let line = format!("xp /1wx {address:#x}");
        let answer = self.ask("human-monitor-command", json!({"command-line": line}))?;
        let word = answer.as_str().and_then(|it| it.split_once(": 0x"));
        let word = word.and_then(|(_, it)| u32::from_str_radix(it.trim(), 16).ok());
        word.with_context(|| format!("QEMU says {answer}"))
    }

    /// Ends it in order.
    pub fn quit(mut self) -> Result<()> {
        self.ask("quit", json!({}))?;
        self.talker.wait(LONG).map(drop)
    }
}

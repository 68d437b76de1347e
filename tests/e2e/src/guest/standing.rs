// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where a guest stands that does not go on: what QEMU knows of its processors, and the kernel of
//! QEMU's threads, the portal's among them.

use std::fmt::Write as _;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

/// A monitor that says nothing more for so long has said all.
const PAUSE: Duration = Duration::from_secs(2);

/// What is asked: the second look tells what moves.
const QUESTIONS: &[&str] = &["info registers -a", "info registers -a", "info lapic 0"];

/// Where the text of the kernel begins in a guest (`nokaslr`).
const GUEST_TEXT: u64 = 0xffff_ffff_8100_0000;

/// What is known of the guest whose QEMU is the process `id` with the monitor at `monitor`.
pub fn of(id: u32, monitor: &Path) -> String {
    let symbols = Symbols::read().unwrap_or_default();
    let mut told = String::new();
    for question in QUESTIONS {
        match ask(monitor, question, &symbols) {
            Ok(answer) => told.push_str(&answer),
            Err(error) => writeln!(told, "{error:#}").unwrap_or_default(),
        }
    }
    told.push_str(&threads(id));
    told
}

/// What the monitor answers, with the names of where processors are.
fn ask(monitor: &Path, question: &str, symbols: &Symbols) -> Result<String> {
    let mut socket = UnixStream::connect(monitor).context("no monitor")?;
    socket.set_read_timeout(Some(PAUSE))?;
    writeln!(socket, "{question}")?;
    let mut answer = Vec::new();
    match socket.read_to_end(&mut answer) {
        Ok(_) => (),
        Err(error) if error.kind() == ErrorKind::WouldBlock => (),
        Err(error) => return Err(error.into()),
    }
    let mut told = String::new();
    // Registers that say nothing of where it stands are left out.
    let is_dull = |line: &&str| {
        ["XMM", "FPR", "YMM", "DR", "Opmask"]
            .iter()
            .any(|it| line.starts_with(it))
    };
    for line in String::from_utf8_lossy(&answer)
        .lines()
        .filter(|it| !is_dull(it))
    {
        let rip = line.strip_prefix("RIP=").and_then(|it| it.get(..16));
        let rip = rip.and_then(|it| u64::from_str_radix(it, 16).ok());
        let name = rip.and_then(|it| symbols.name(it)).unwrap_or_default();
        writeln!(told, "{} {name}", line.trim_end()).unwrap_or_default();
    }
    Ok(told)
}

/// The threads of a process: what they are, and where they wait.
fn threads(id: u32) -> String {
    let mut told = String::new();
    let Ok(tasks) = fs::read_dir(format!("/proc/{id}/task")) else {
        return told;
    };
    for task in tasks.flatten() {
        let read = |file| fs::read_to_string(task.path().join(file)).unwrap_or_default();
        let (comm, stat) = (read("comm"), read("stat"));
        let stat = stat.rsplit_once(')').map_or("", |(_, it)| it);
        let state: Vec<_> = stat.split_whitespace().take(13).collect();
        let at = |n: usize| state.get(n).copied().unwrap_or("?");
        let (kind, user, system) = (at(0), at(11), at(12));
        writeln!(told, "{}: {kind}, {user} + {system} ticks", comm.trim_end()).unwrap_or_default();
        told.push_str(&read("stack"));
    }
    told
}

/// The functions of the kernel, which is the one of the guest too.
#[derive(Default)]
struct Symbols {
    /// With their places in the text.
    functions: Vec<(u64, String)>,
}

impl Symbols {
    fn read() -> Result<Self> {
        let text = fs::read_to_string("/proc/kallsyms")?;
        let words = |line: &str| {
            let mut words = line.split(' ');
            let at = u64::from_str_radix(words.next()?, 16).ok()?;
            Some((at, words.nth(1)?.to_owned()))
        };
        let mut functions: Vec<_> = text.lines().filter_map(words).collect();
        functions.sort();
        let base = functions.iter().find(|(_, name)| name == "_text");
        let base = base.context("no _text")?.0;
        for function in &mut functions {
            function.0 = function.0.wrapping_sub(base);
        }
        functions.retain(|(at, _)| *at < 1 << 26);
        Ok(Self { functions })
    }

    /// The function that the address in a guest is in.
    fn name(&self, address: u64) -> Option<String> {
        let at = address.checked_sub(GUEST_TEXT)?;
        let after = self.functions.partition_point(|(it, _)| *it <= at);
        let (start, name) = self.functions.get(after.checked_sub(1)?)?;
        Some(format!("{name}+{:#x}", at - start))
    }
}

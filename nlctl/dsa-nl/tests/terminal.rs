// SPDX-License-Identifier: MIT OR Apache-2.0

//! The tool on a terminal, and under a shell that completes words.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};
use vt100::Parser;

const COLUMNS: u16 = 80;
const LINES: u16 = 24;

/// What says in the environment, whatever the terminal is, that there are colors or none.
const COLORS: [&str; 4] = ["CI", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"];

/// Longer than anything here takes on a busy machine.
const SOON: Duration = Duration::from_secs(60);

/// A program on a terminal, which is killed when this is dropped.
struct Terminal {
    child: Child,
    pty: Arc<Pty>,
    bytes: Receiver<Vec<u8>>,
    /// All that came.
    written: Vec<u8>,
    screen: Parser,
}

impl Terminal {
    fn new(program: &str, term: &str, words: &[&str]) -> Self {
        let (pty, pts) = open().expect("there is a terminal");
        pty.resize(Size::new(LINES, COLUMNS)).expect("has a size");
        let folder = Path::new(env!("CARGO_BIN_EXE_dsa-nl")).parent();
        let folder = folder.expect("is in a folder").display();
        let path = std::env::var("PATH").unwrap_or_default();
        let command = Command::new(program)
            .args(words)
            .env("PATH", format!("{folder}:{path}"))
            .env("TERM", term)
            .env("PS1", "> ");
        let command = COLORS.iter().fold(command, Command::env_remove);
        let child = command.spawn(pts).expect("runs");
        let (to, bytes) = channel();
        let pty = Arc::new(pty);
        let from = Arc::clone(&pty);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // It fails when nobody has the terminal open any more.
            while let Ok(length @ 1..) = (&*from).read(&mut buffer) {
                if to.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            pty,
            bytes,
            written: Vec::new(),
            screen: Parser::new(count(LINES), count(COLUMNS), 0),
        }
    }

    fn dsa_nl(term: &str, line: &str) -> Self {
        let words: Vec<_> = line.split_whitespace().collect();
        Self::new(env!("CARGO_BIN_EXE_dsa-nl"), term, &words)
    }

    /// A shell that knows how to complete the tool's words.
    fn bash() -> Self {
        let mut shell = Self::new("bash", "xterm", &["--noprofile", "--norc", "-i"]);
        shell.types("source <(dsa-nl completion bash) && echo known\r");
        shell.until("known\n");
        shell
    }

    fn types(&mut self, keys: &str) {
        let typed = (&*self.pty).write_all(keys.as_bytes());
        typed.expect("can be typed");
    }

    fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Takes in what is written, and says whether there may be more.
    fn reads(&mut self, end: Instant) -> bool {
        let left = end.saturating_duration_since(Instant::now());
        match self.bytes.recv_timeout(left) {
            Ok(bytes) => {
                self.screen.process(&bytes);
                self.written.extend(bytes);
                true
            }
            Err(RecvTimeoutError::Disconnected) => false,
            Err(RecvTimeoutError::Timeout) => panic!("after {SOON:?} is shown:\n{}", self.text()),
        }
    }

    #[track_caller]
    fn until(&mut self, wanted: &str) {
        self.until_it(wanted, |text| format!("{text}\n").contains(wanted));
    }

    #[track_caller]
    fn until_it(&mut self, what: &str, is: impl Fn(&str) -> bool) {
        let end = Instant::now() + SOON;
        while !is(&self.text()) {
            assert!(self.reads(end), "{what:?} is not in:\n{}", self.text());
        }
    }

    fn until_end(&mut self) {
        let end = Instant::now() + SOON;
        while self.reads(end) {}
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn count(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).expect("is not zero")
}

/// Nothing is made by it: the family's policy refuses the name, if there is a family.
const MANY: &str = "subdev add wq 3 count 256 name a-name-that-is-longer-than-any-name-may-be";

#[test]
fn what_turns_leaves_nothing_behind() {
    for term in ["xterm", "linux", "vt100", "screen-256color"] {
        let mut terminal = Terminal::dsa_nl(term, MANY);
        terminal.until_end();
        let text = terminal.text();
        assert!(text.starts_with("Error: "), "{term}:\n{text}");
        assert!(!terminal.screen.screen().hide_cursor(), "{term}");
    }
}

#[test]
fn a_dumb_terminal_gets_text_and_nothing_else() {
    for line in [MANY, "subdev add help", "subdev frobnicate", "top"] {
        let mut terminal = Terminal::dsa_nl("dumb", line);
        terminal.until_end();
        let text = String::from_utf8_lossy(&terminal.written).replace("\r\n", "\n");
        let odd = text.chars().find(|it| it.is_control() && *it != '\n');
        assert_eq!(odd, None, "{line}: {text:?}");
    }
}

#[test]
fn bash_completes_words_where_it_would_cut_them_too() {
    let mut shell = Terminal::bash();
    for (typed, shown) in [
        ("sub", "dsa-nl subdev "),
        ("subdev add pasid-mode sh", "pasid-mode shared "),
        ("subdev add --pasid-mode=sh", "--pasid-mode=shared "),
        ("subdev add wq 3 pasid-mode shared na", "shared name "),
        ("--output=wi", "--output=wide "),
        ("-o ya", "-o yaml "),
        (
            "monitor kind subdev-create,subdev-d",
            "subdev-create,subdev-delete ",
        ),
        (
            "subdev show parent pci/0000:6a:01.0 opst",
            "pci/0000:6a:01.0 opstate ",
        ),
        (
            "subdev add --parent=pci/0000:6a:01.0 --pasid-mode=sh",
            "--pasid-mode=shared ",
        ),
    ] {
        // A letter behind it shows that the word is ended.
        shell.types(&format!("dsa-nl {typed}\tX"));
        shell.until(&format!("{shown}X"));
        shell.types("\u{15}clear\r");
        shell.until_it("a prompt alone", |text| text.trim() == ">");
    }
}

#[test]
fn bash_completes_files_where_one_is_named() {
    let folder = std::env::temp_dir().join(format!("dsa-nl-files-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("can be made");
    std::fs::write(folder.join("wanted.yaml"), "subdev: []\n").expect("can be written");
    let mut shell = Terminal::bash();
    shell.types(&format!("cd {} && echo there\r", folder.display()));
    shell.until("there\n");
    shell.types("dsa-nl apply --prune wan\t");
    shell.until("--prune wanted.yaml");
    std::fs::remove_dir_all(&folder).expect("is there");
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! What goes wrong, in words and exit codes.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

const ERROR: Style = AnsiColor::Red.on_default().bold();

/// Exit code: the command line makes no sense.
const USAGE: u8 = 1;
/// Exit code: the kernel, or the system, refused.
const REFUSED: u8 = 2;

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The kernel refused, or could not be reached.
    #[error(transparent)]
    Kernel(#[from] nlctl::Error),
    /// Nothing can be read or printed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A command of a batch failed.
    #[error("{file}:{line}: {source}")]
    Line {
        /// Name of the file.
        file: String,
        /// Number of the line, from 1.
        line: usize,
        /// What failed.
        source: Box<Failure>,
    },
    /// Commands of a batch failed, and were told of when they did.
    #[error("{failed} commands of the batch failed")]
    Batch {
        /// How many.
        failed: usize,
        /// The exit code of the first.
        code: u8,
    },
}

impl Failure {
    /// The exit code of the tool.
    pub fn exit_code(&self) -> ExitCode {
        self.code().into()
    }

    /// The exit code of the tool as a number.
    pub fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => USAGE,
            Self::Line { source, .. } => source.code(),
            Self::Batch { code, .. } => *code,
            // Whoever read the output has seen enough.
            Self::Io(error) if error.kind() == ErrorKind::BrokenPipe => 0,
            Self::Kernel(_) | Self::Io(_) => REFUSED,
        }
    }

    /// Prints a line about it; nothing when nothing went wrong really.
    pub fn print(&self, to: &mut impl Write) {
        if self.code() != 0 {
            let text = self.to_string();
            let text = text.trim_end_matches('.');
            // There is no place left to complain about a closed stderr.
            let _ = writeln!(to, "{ERROR}Error:{ERROR:#} {text}.");
        }
    }
}

/// What clap says of a line of a batch, without the usage that follows.
impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        Self::Usage(without_prefix(first))
    }
}

/// Prints what clap has to say about the command line: an error, or help.
pub fn of_grammar(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // Help and version; if they cannot be printed, nothing can.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.to_string();
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let mut stderr = anstream::stderr();
    Failure::Usage(without_prefix(first)).print(&mut stderr);
    let _ = write!(stderr, "{rest}");
    USAGE.into()
}

fn without_prefix(line: &str) -> String {
    line.strip_prefix("error: ").unwrap_or(line).to_string()
}

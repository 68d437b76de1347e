// SPDX-License-Identifier: MIT OR Apache-2.0

//! What goes wrong, in words and exit codes.

use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

use crate::output::visible;

const ERROR: Style = AnsiColor::Red.on_default().bold();

/// Exit code: the command line is invalid.
const USAGE: u8 = 1;
/// Exit code: the kernel, or the system, refused.
const REFUSED: u8 = 2;
/// Exit code: a condition is not met; what was waited for did not come in time.
const UNMET: u8 = 3;

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line is invalid.
    #[error("{0}")]
    Usage(String),
    /// The command line does not fit the grammar.
    #[error("{text}")]
    Grammar {
        /// What is wrong.
        text: String,
        /// How it should have been, on lines of its own.
        usage: String,
    },
    /// The kernel refused, or could not be reached.
    #[error(transparent)]
    Kernel(#[from] nlctl::Error),
    /// Nothing can be read or printed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Fewer events came in time than were waited for.
    #[error("{came} of {wanted} events came within {seconds} s")]
    Timeout {
        /// How many came.
        came: u64,
        /// How many were wanted.
        wanted: u64,
        /// The time.
        seconds: u64,
    },
    /// What was to be shown was not there in time.
    #[error("nothing was there to be shown within {0} s")]
    NotThere(
        /// The time in seconds.
        u64,
    ),
    /// A configuration is not as there could be one.
    #[error("{file}:{line}: {text}")]
    File {
        /// Name of the file.
        file: String,
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong.
        text: String,
        /// Whether it could be, but not on what there is.
        refused: bool,
    },
    /// What there is is not what a file says. The steps were printed.
    #[error("there is something to do")]
    Differs,
    /// Somebody wants it to end.
    #[error("interrupted")]
    Interrupted,
    /// Somebody else applies a configuration.
    #[error("another 'dsa-nl apply' is at work")]
    Locked,
    /// A step of a configuration was refused.
    #[error("{step}: {source}{}", undone(.left))]
    Step {
        /// What it was about.
        step: String,
        /// Why.
        source: Box<Failure>,
        /// What could not be taken back, and why.
        left: Option<String>,
    },
    /// Something went wrong with a file as a whole.
    #[error("{file}: {source}")]
    OfFile {
        /// Name of the file.
        file: String,
        /// What.
        source: Box<Failure>,
    },
    /// Files of a folder were not applied, and were reported when they were not.
    #[error("{failed} of {all} files were not applied")]
    Files {
        /// How many.
        failed: usize,
        /// How many there are.
        all: usize,
        /// The exit code of the first.
        code: u8,
    },
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
    /// Commands of a batch failed, and were reported when they did.
    #[error("{failed} commands of the batch failed")]
    Batch {
        /// How many.
        failed: usize,
        /// The exit code of the first.
        code: u8,
    },
}

fn undone(left: &Option<String>) -> String {
    match left {
        Some(left) => format!("; what was done before could not all be taken back: {left}"),
        None => "; what was done before was taken back".into(),
    }
}

/// Failures that were reported, after which the work went on.
#[derive(Default)]
pub struct Failed {
    count: usize,
    /// The exit code of the first.
    code: u8,
}

impl Failed {
    /// Reports one.
    pub fn report(&mut self, failure: &Failure, to: &mut impl Write) {
        failure.print(to);
        self.count += 1;
        if self.code == 0 {
            self.code = failure.code();
        }
    }

    /// What `of` makes of how many they were, and of the exit code, if there was one.
    pub fn into_result(self, of: impl FnOnce(usize, u8) -> Failure) -> Result<(), Failure> {
        match self.count {
            0 => Ok(()),
            count => Err(of(count, self.code)),
        }
    }
}

impl Failure {
    /// The exit code of the tool.
    pub fn exit_code(&self) -> ExitCode {
        self.code().into()
    }

    /// The exit code of the tool as a number.
    pub fn code(&self) -> u8 {
        match self {
            _ if self.is_closed_output() => 0,
            Self::File { refused: true, .. } => REFUSED,
            Self::Usage(_) | Self::Grammar { .. } | Self::File { .. } => USAGE,
            Self::Line { source, .. } | Self::OfFile { source, .. } | Self::Step { source, .. } => {
                source.code()
            }
            Self::Batch { code, .. } | Self::Files { code, .. } => *code,
            Self::Timeout { .. } | Self::NotThere(_) | Self::Differs => UNMET,
            Self::Kernel(_) | Self::Io(_) | Self::Interrupted | Self::Locked => REFUSED,
        }
    }

    /// Whether the reader of the output has seen enough. It will not come back.
    pub fn is_closed_output(&self) -> bool {
        match self {
            Self::Io(error) => error.kind() == ErrorKind::BrokenPipe,
            Self::Line { source, .. } => source.is_closed_output(),
            _ => false,
        }
    }

    /// Whether what was to come after it is of no use either.
    pub fn ends_all(&self) -> bool {
        match self {
            Self::Step { source, .. } => source.ends_all(),
            Self::Interrupted => true,
            _ => self.is_closed_output(),
        }
    }

    /// The same with the name of the file that it is about, where it has none.
    pub fn of_file(self, file: &Path) -> Self {
        match self {
            Self::File { .. } | Self::Usage(_) => self,
            source => Self::OfFile {
                file: file.display().to_string(),
                source: Box::new(source),
            },
        }
    }

    /// Prints a line about it, and how the command line should have been;
    /// nothing when nothing went wrong really.
    pub fn print(&self, to: &mut impl Write) {
        if self.is_closed_output() || matches!(self, Self::Differs) {
            return;
        }
        let text = visible(&self.to_string());
        let text = text.trim_end_matches('.');
        // There is no place left to complain about a closed stderr.
        // What the kernel says ends in a stop, whatever it says.
        let asks = matches!(self, Self::Grammar { .. }) && text.ends_with('?');
        let end = if asks { "" } else { "." };
        let _ = writeln!(to, "{ERROR}Error:{ERROR:#} {text}{end}");
        if let Self::Grammar { usage, .. } = self {
            let _ = write!(to, "{usage}");
        }
    }
}

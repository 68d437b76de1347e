// SPDX-License-Identifier: MIT OR Apache-2.0
//! Children: run to their end or talked to by lines, always with a deadline.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::wait;

/// What a finished command left behind.
#[derive(Clone, Debug)]
pub struct Output {
    /// The command as a user would have typed it.
    pub command: String,
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to its standard output.
    pub stdout: String,
    /// What it wrote to its standard error output.
    pub stderr: String,
}

impl Output {
    /// The output again, if the exit status is 0.
    pub fn ok(self) -> Result<Self> {
        if !self.status.success() {
            bail!("expected success of {}", self.describe());
        }
        Ok(self)
    }

    /// What ran and what came, for error messages.
    pub fn describe(&self) -> String {
        format!(
            "`{}`: it ended with {}; stdout {:?}; stderr {:?}",
            self.command, self.status, self.stdout, self.stderr
        )
    }
}

/// Runs `command` to its end, which has to come within `limit`.
///
/// Past the limit the child is killed and the error shows what it had said.
pub fn run(command: &mut Command, limit: Duration) -> Result<Output> {
    let line = command_line(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run `{line}`"))?;
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let ended = wait_for(&mut child, &line, limit);
    if ended.is_err() {
        // It may have ended meanwhile; either way it is gone after this.
        let _ = child.kill();
        let _ = child.wait();
    }
    let text = |reader: JoinHandle<String>| reader.join().unwrap_or_default();
    let (stdout, stderr) = (text(stdout), text(stderr));
    let status = ended.with_context(|| format!("stdout was {stdout:?}, stderr {stderr:?}"))?;
    Ok(Output {
        command: line,
        status,
        stdout,
        stderr,
    })
}

/// Waits for the end of `child`, named `what`.
fn wait_for(child: &mut Child, what: &str, limit: Duration) -> Result<ExitStatus> {
    wait::until(limit, &format!("the end of `{what}`"), || {
        Ok(child.try_wait()?)
    })
}

/// Reads a pipe to its end in a thread, so that a full pipe never blocks the child.
fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is still worth showing.
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The command with its arguments, quoted where a shell would need it.
fn command_line(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .map(|word| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@".contains(c);
            if !word.is_empty() && word.chars().all(plain) {
                word.into_owned()
            } else {
                format!("'{}'", word.replace('\'', r"'\''"))
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// A child that lives on and prints lines; killed when dropped.
pub struct Talker {
    child: Child,
    line: String,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    stderr: Option<JoinHandle<String>>,
}

impl Talker {
    /// Starts `command`.
    pub fn spawn(command: &mut Command) -> Result<Self> {
        let line = command_line(command);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run `{line}`"))?;
        let (sender, lines) = channel();
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        Ok(Self {
            stdin: child.stdin.take(),
            stderr: Some(collect(child.stderr.take())),
            child,
            line,
            lines,
        })
    }

    /// The command as a user would have typed it.
    pub fn command(&self) -> &str {
        &self.line
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line of its standard output.
    pub fn line(&mut self, limit: Duration) -> Result<String> {
        match self.lines.recv_timeout(limit) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => {
                bail!("`{}` printed no further line in {limit:?}", self.line)
            }
            Err(RecvTimeoutError::Disconnected) => {
                let stderr = self.stderr.take().map(JoinHandle::join);
                let stderr = stderr.and_then(Result::ok).unwrap_or_default();
                bail!("`{}` ended its output; stderr {stderr:?}", self.line)
            }
        }
    }

    /// Writes a line to its standard input.
    pub fn say(&mut self, text: &str) -> Result<()> {
        let Some(stdin) = &mut self.stdin else {
            bail!("the standard input of `{}` is closed", self.line);
        };
        writeln!(stdin, "{text}")
            .and_then(|()| stdin.flush())
            .with_context(|| format!("cannot write to `{}`", self.line))
    }

    /// Closes its standard input.
    pub fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// Whether it has ended, and how.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits for its end.
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        wait_for(&mut self.child, &self.line, limit)
    }

    /// Kills it with SIGKILL and waits until it is gone.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.wait(wait::SOON)?;
        Ok(())
    }
}

impl Drop for Talker {
    fn drop(&mut self) {
        // Already gone is as good as killed now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_reads_as_typed() {
        let mut command = Command::new("dsa-nl");
        command.args(["subdev", "add", "name", "", "it's"]);
        assert_eq!(
            command_line(&command),
            r"dsa-nl subdev add name '' 'it'\''s'"
        );
    }

    #[test]
    fn a_failure_shows_everything() {
        let output = run(
            Command::new("sh").args(["-c", "echo out; echo err >&2; exit 2"]),
            wait::SOON,
        );
        let output = output.expect("sh is there");
        assert_eq!(output.status.code(), Some(2));
        let error = output.ok().expect_err("status 2").to_string();
        for part in ["exit 2", "exit status: 2", "out", "err"] {
            assert!(error.contains(part), "{part:?} is not in {error}");
        }
    }

    #[test]
    fn a_command_that_hangs_is_killed() {
        let limit = Duration::from_millis(50);
        let error = run(Command::new("sleep").arg("1000"), limit).expect_err("too slow");
        assert!(format!("{error:#}").contains("`sleep 1000`"), "{error:#}");
    }

    #[test]
    fn a_talker_answers_line_by_line() {
        let mut cat = Talker::spawn(&mut Command::new("cat")).expect("cat is there");
        cat.say("one").expect("cat listens");
        assert_eq!(cat.line(wait::SOON).expect("cat answers"), "one");
        cat.hang_up();
        assert!(cat.wait(wait::SOON).expect("cat ends").success());
        let error = cat.line(wait::SOON).expect_err("no more lines").to_string();
        assert!(error.contains("ended its output"), "{error}");
    }
}

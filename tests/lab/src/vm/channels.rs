// SPDX-License-Identifier: MIT OR Apache-2.0

//! What goes to and fro between the command in the virtual machine and us:
//! one virtio-serial port each for standard input, output, error and status.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::Sender;
use std::thread;

/// Something that happened in the virtual machine.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// The guest has its root and goes on to the module.
    Up,
    /// The command is about to run.
    Ready,
    /// The command has written its last on one of its two streams.
    StreamEnded,
    /// The command has ended with this status.
    Exit(u8),
    /// The guest could not run the command, and says why.
    Failed(String),
}

/// Copies the command's output from the port to `to`, up to the mark that the
/// guest puts after it.
pub fn output(
    mut port: UnixStream,
    mark: &str,
    mut to: impl Write + Send + 'static,
    events: Sender<Event>,
) {
    let mut split = Split::new(mark);
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        // Whoever reads our output may stop doing so (`| head`). The command
        // goes on all the same, as its status is wanted.
        let mut wanted = true;
        while let Ok(count @ 1..) = port.read(&mut buffer) {
            let (text, ended) = split.feed(&buffer[..count]);
            wanted = wanted && to.write_all(&text).and_then(|()| to.flush()).is_ok();
            if ended {
                // The receiver is gone when the run is over.
                let _ = events.send(Event::StreamEnded);
                return;
            }
        }
    });
}

/// Copies `from` to the command's input, and its end after it.
pub fn input(mut from: impl Read + Send + 'static, mut port: UnixStream) {
    thread::spawn(move || {
        // An error means that the machine is gone, which is seen elsewhere.
        let _ = io::copy(&mut from, &mut port);
        let _ = port.shutdown(Shutdown::Write);
        // Closing it would make QEMU drop what the guest has not read yet: it
        // stays open until QEMU ends.
        let _ = port.read(&mut [0]);
    });
}

/// Turns the guest's reports into events.
pub fn status(port: UnixStream, events: Sender<Event>) {
    thread::spawn(move || {
        for line in io::BufRead::lines(io::BufReader::new(port)).map_while(Result::ok) {
            if events.send(parse(&line)).is_err() {
                return;
            }
        }
    });
}

fn parse(line: &str) -> Event {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match (word, rest.parse()) {
        ("up", _) => Event::Up,
        ("ready", _) => Event::Ready,
        ("exit", Ok(status)) => Event::Exit(status),
        ("failed", _) => Event::Failed(rest.to_owned()),
        _ => Event::Failed(format!(
            "the guest reported {line:?}, which means nothing here"
        )),
    }
}

/// Finds the end mark in a stream that comes in pieces.
struct Split {
    mark: Vec<u8>,
    /// What came last and may be the mark's beginning.
    held: Vec<u8>,
}

impl Split {
    /// The mark is preceded by a record separator: no text holds one, so
    /// nothing is held back while more of it is awaited.
    fn new(mark: &str) -> Self {
        Self {
            mark: [b"\x1e", mark.as_bytes()].concat(),
            held: Vec::new(),
        }
    }

    /// What is to be shown of what came, and whether it ended.
    fn feed(&mut self, piece: &[u8]) -> (Vec<u8>, bool) {
        let mut text = std::mem::take(&mut self.held);
        text.extend_from_slice(piece);
        if let Some(end) = text
            .windows(self.mark.len())
            .position(|part| part == self.mark)
        {
            text.truncate(end);
            return (text, true);
        }
        let most = text.len().min(self.mark.len() - 1);
        let keep = (0..=most)
            .rev()
            .find(|&count| text.ends_with(&self.mark[..count]))
            .unwrap_or_default();
        self.held = text.split_off(text.len() - keep);
        (text, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_ends_at_the_mark_however_it_is_cut() {
        let stream = b"one\x1e two\x1enonc\n\x1enonce rest";
        for size in 1..stream.len() {
            let mut split = Split::new("nonce");
            let mut shown = Vec::new();
            for piece in stream.chunks(size) {
                let (text, ended) = split.feed(piece);
                shown.extend(text);
                if ended {
                    break;
                }
            }
            assert_eq!(shown, b"one\x1e two\x1enonc\n", "in pieces of {size}");
        }
    }

    #[test]
    fn text_is_not_held_back() {
        let mut split = Split::new("nonce");
        assert_eq!(split.feed(b"name? "), (b"name? ".to_vec(), false));
    }

    #[test]
    fn reports_are_understood() {
        assert_eq!(parse("up"), Event::Up);
        assert_eq!(parse("ready"), Event::Ready);
        assert_eq!(parse("exit 42"), Event::Exit(42));
        assert_eq!(
            parse("failed modprobe: no"),
            Event::Failed("modprobe: no".into())
        );
        assert!(matches!(parse("exit 4200"), Event::Failed(_)));
    }
}

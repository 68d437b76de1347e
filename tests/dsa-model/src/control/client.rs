// SPDX-License-Identifier: MIT OR Apache-2.0
//! The other end of the control socket: `dsa-model ctl`.
//!
//! On the host this is the socket itself. In a virtual machine it is a virtio-serial port that
//! leads there: QEMU connects the two, and the port's name tells which device it is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{process, thread};

use serde_json::Value;

use super::{Answer, Envelope, Outcome, Request};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the kernel lists virtio-serial ports.
const PORTS: &str = "/sys/class/virtio-ports";

/// Why a request is not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no port by this name.
    #[error(
        "there is no virtio-serial port named {0}; in a virtual machine QEMU has to connect one to the model's control socket, elsewhere --control tells where that socket is"
    )]
    NoPort(String),
    /// The socket or port does not work.
    #[error("cannot talk to the model at {}: {source}", path.display())]
    Io {
        /// The socket or port.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The model is there and does not want to.
    #[error("{0}")]
    Refused(String),
}

/// The port of device number `device` in this virtual machine.
///
/// # Errors
///
/// When there is none.
pub fn port(device: u32) -> Result<PathBuf, Error> {
    let name = format!("dsa{device}.control");
    let ports = fs::read_dir(PORTS).into_iter().flatten().flatten();
    for port in ports {
        let found = fs::read_to_string(port.path().join("name"));
        if found.is_ok_and(|found| found.trim_end() == name) {
            return Ok(Path::new("/dev").join(port.file_name()));
        }
    }
    Err(Error::NoPort(name))
}

/// Has a request done, and gives what there is to tell.
///
/// # Errors
///
/// When the model cannot be reached, does not answer in time, or refuses.
pub fn request(path: &Path, request: Request) -> Result<Value, Error> {
    let (sender, answers) = mpsc::channel();
    let target = path.to_owned();
    // Neither a port nor a socket has deadlines for all that can hang, so a thread does.
    thread::spawn(move || sender.send(exchange(&target, request)));
    let late = || io::Error::new(io::ErrorKind::TimedOut, "it does not answer within 30 s");
    let outcome = answers
        .recv_timeout(PATIENCE)
        .unwrap_or_else(|_| Err(late()))
        .map_err(|source| Error::Io {
            path: path.to_owned(),
            source,
        })?;
    match outcome {
        Outcome::Ok(value) => Ok(value),
        Outcome::Error(why) => Err(Error::Refused(why)),
    }
}

fn exchange(path: &Path, request: Request) -> io::Result<Outcome> {
    if fs::metadata(path)?.file_type().is_socket() {
        let stream = UnixStream::connect(path)?;
        converse(stream.try_clone()?, stream, request)
    } else {
        let port = OpenOptions::new().read(true).write(true).open(path)?;
        let reader: File = port.try_clone()?;
        converse(reader, port, request)
    }
}

fn converse(reader: impl Read, mut writer: impl Write, request: Request) -> io::Result<Outcome> {
    let id = unique();
    let mut line = serde_json::to_string(&Envelope { id, request })?;
    line.push('\n');
    writer.write_all(line.as_bytes())?;
    for line in BufReader::new(reader).lines() {
        // A port may still hold the answer to somebody who has gone.
        if let Ok(answer) = serde_json::from_str::<Answer>(&line?)
            && answer.id == id
        {
            return Ok(answer.outcome);
        }
    }
    Err(io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "it closed the connection without an answer",
    ))
}

/// A number that no other request on the same port has.
fn unique() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let time = now.map_or(0, |now| now.as_nanos() as u64);
    time ^ u64::from(process::id()) << 40
}

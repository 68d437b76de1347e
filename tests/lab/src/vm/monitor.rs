// SPDX-License-Identifier: MIT OR Apache-2.0

//! Asking QEMU where the processors of a machine are that does not go on.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// How long QEMU may be silent until it has said all.
const SILENCE: Duration = Duration::from_secs(2);

/// The lines that say where each processor is, by QEMU's monitor at `socket`.
/// The kernel's symbols are in the root, `/boot/System.map-…`.
pub fn processors(socket: &Path) -> String {
    match ask(socket, "info registers -a\n") {
        Ok(said) => {
            let tells = |line: &&str| line.starts_with("CPU#") || line.starts_with("RIP=");
            said.lines().filter(tells).collect::<Vec<_>>().join("\n")
        }
        Err(error) => format!("unknown: QEMU's monitor does not answer: {error}"),
    }
}

fn ask(socket: &Path, question: &str) -> std::io::Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(SILENCE))?;
    stream.write_all(question.as_bytes())?;
    let mut said = Vec::new();
    let mut buffer = [0; 4096];
    // It never closes the connection: what counts is what came until it is silent.
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        said.extend_from_slice(&buffer[..count]);
    }
    Ok(String::from_utf8_lossy(&said).replace('\r', ""))
}

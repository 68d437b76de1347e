// SPDX-License-Identifier: MIT OR Apache-2.0
//! The model's end of the control socket.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::{io, thread};

use super::{Answer, Envelope, Outcome};
use crate::device::Shared;

/// Serves clients, each in a thread of its own, until the process ends.
pub(crate) fn serve(listener: UnixListener, shared: Arc<Shared>) -> io::Result<()> {
    thread::Builder::new()
        .name("control".to_owned())
        .spawn(move || {
            for client in listener.incoming() {
                let shared = Arc::clone(&shared);
                let served = client.and_then(|client| {
                    thread::Builder::new()
                        .name("control client".to_owned())
                        .spawn(move || converse(client, &shared))
                });
                if let Err(error) = served {
                    log::warn!("a client of the control socket is turned away: {error}");
                }
            }
        })?;
    Ok(())
}

/// Answers a client until it goes.
fn converse(client: UnixStream, shared: &Shared) {
    let ended = client.try_clone().and_then(|mut answers| {
        for line in BufReader::new(client).lines() {
            let answer = answer(&line?, shared);
            let mut text = serde_json::to_string(&answer)?;
            text.push('\n');
            answers.write_all(text.as_bytes())?;
        }
        Ok(())
    });
    if let Err(error) = ended {
        log::debug!("a client of the control socket is gone: {error}");
    }
}

fn answer(line: &str, shared: &Shared) -> Answer {
    match serde_json::from_str::<Envelope>(line) {
        Ok(Envelope { id, request }) => Answer {
            id,
            outcome: match request.perform(shared) {
                Ok(value) => Outcome::Ok(value),
                Err(why) => Outcome::Error(why),
            },
        },
        Err(error) => Answer {
            id: 0,
            outcome: Outcome::Error(format!("not a request: {error}")),
        },
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! Deletes a subdev and matches on what can go wrong.
//!
//! ```text
//! cargo run --example errors -- net0
//! ```

use std::process::ExitCode;
use std::time::Duration;

use nlctl::{Error, RefusalKind};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match delete(&std::env::args().nth(1).unwrap_or_default()).await {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn delete(name: &str) -> Result<String, Error> {
    let (connection, handle) = nlctl::new_connection()?;
    tokio::spawn(connection);

    let request = handle.subdev().del(name).within(Duration::from_secs(30));
    match request.execute().await {
        Ok(last) => Ok(format!("{} was on {}", last.name, last.parent)),
        Err(Error::Refused(refusal)) => match refusal.kind() {
            // That is what was wanted.
            RefusalKind::NotFound => Ok(format!("there is no {name}")),
            RefusalKind::Busy => Ok(format!("{name} is in use: {refusal}")),
            RefusalKind::Permission => Ok("only the administrator may do that".into()),
            _ => Err(refusal.into()),
        },
        // Whether it was deleted is unknown: look.
        Err(Error::Lost { .. } | Error::TimedOut { .. }) => {
            match handle.subdev().get(name).execute().await {
                Ok(subdev) => Ok(format!("{} is still {}", subdev.name, subdev.opstate)),
                Err(Error::Refused(it)) if it.kind() == RefusalKind::NotFound => {
                    Ok(format!("{name} is gone"))
                }
                Err(other) => Err(other),
            }
        }
        Err(Error::FamilyAbsent) => Ok("the module is not loaded".into()),
        Err(other) => Err(other),
    }
}

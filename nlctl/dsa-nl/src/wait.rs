// SPDX-License-Identifier: MIT OR Apache-2.0

//! Waits for what is to be shown.

use std::time::Duration;

use futures::StreamExt;
use nlctl::{Error, Handle};
use tokio::time::{Instant, sleep, timeout_at};

use crate::ask::{Told, is_not_found};
use crate::failure::Failure;
use crate::grammar::Call;
use crate::run;

/// How long to wait for a module that is not there before looking again, and for
/// what no event tells of: types.
const PAUSE: Duration = Duration::from_millis(200);

/// What `call` shows, as soon as there is something.
pub async fn until_there(handle: &Handle, call: &Call, seconds: u64) -> Result<Told, Failure> {
    let wait = wait(handle, call);
    let end = Instant::now() + Duration::from_secs(seconds);
    match timeout_at(end, wait).await {
        Ok(told) => told,
        Err(_) => Err(Failure::NotThere(seconds)),
    }
}

async fn wait(handle: &Handle, call: &Call) -> Result<Told, Failure> {
    // Listens before it looks, so that nothing is missed in between.
    let mut events = None;
    loop {
        if events.is_none() {
            events = handle.monitor().await.ok();
        }
        match run::shown(handle, call).await {
            Ok(told) if told.objects.len() > 0 => return Ok(told),
            Ok(_) | Err(Failure::Kernel(Error::FamilyAbsent)) => {}
            Err(error) if is_not_found(&error) => {}
            Err(error) => return Err(error),
        }
        match &mut events {
            Some(listening) => {
                let event = tokio::time::timeout(PAUSE, listening.next()).await;
                if matches!(event, Ok(None)) {
                    events = None;
                }
            }
            None => sleep(PAUSE).await,
        }
    }
}

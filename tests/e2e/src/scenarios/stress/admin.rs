// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whoever configures, and whoever watches.

use std::time::Duration;

use anyhow::{Result, bail};
use fastrand::Rng;
use futures::StreamExt;
use nlctl::{AdminState, Error, PasidMode, State};
use tokio::time::timeout;

use super::{Stage, count};
use crate::client::{Client, Generation};

/// Few enough that admins meet.
const NAMES: u32 = 8;

/// Adds, changes, deletes and looks, all over one socket, however often the module is loaded anew.
pub fn work(stage: &Stage, rng: &mut Rng) -> Result<()> {
    let client = Client::new()?;
    while !stage.is_over() {
        request(stage, &client, rng)?;
    }
    Ok(())
}

fn request(stage: &Stage, client: &Client, rng: &mut Rng) -> Result<()> {
    let name = format!("stress{}", rng.u32(0..NAMES));
    match rng.u8(0..15) {
        0..4 => {
            let wqs: Vec<_> = (0..rng.u32(1..=2)).map(|_| rng.u32(0..9)).collect();
            let mode = *rng
                .choice(&[PasidMode::None, PasidMode::Shared, PasidMode::Shared])
                .unwrap_or(&PasidMode::None);
            let inactive = rng.u8(0..4) == 0;
            let size = (rng.u8(0..4) == 0).then(|| rng.u32(1..20));
            let answer = client.ask(|handle| {
                let mut add = handle.subdev().add().name(name).pasid_mode(mode);
                for wq in wqs {
                    add = add.wq(wq);
                }
                if inactive {
                    add = add.state(AdminState::Inactive);
                }
                if let Some(size) = size {
                    add = add.size(size);
                }
                add.execute()
            })?;
            if tolerated(stage, answer)?.is_some() {
                count(&stage.done.added);
            }
        }
        4..7 => {
            let force = rng.bool();
            let answer = client.ask(|handle| {
                let del = handle.subdev().del(name);
                if force { del.force() } else { del }.execute()
            })?;
            if tolerated(stage, answer)?.is_some() {
                count(&stage.done.deleted);
            }
        }
        7..12 => {
            let state = *rng
                .choice(&[Some(AdminState::Inactive), Some(AdminState::Active), None])
                .unwrap_or(&None);
            let new_name = (rng.u8(0..4) == 0).then(|| format!("stress{}", rng.u32(0..NAMES)));
            let share = (rng.u8(0..4) == 0).then(|| (rng.u32(0..8), rng.u32(1..20)));
            let force = rng.bool();
            let answer = client.ask(|handle| {
                let mut set = handle.subdev().set(name);
                if let Some(state) = state {
                    set = set.state(state);
                }
                if let Some(name) = new_name {
                    set = set.new_name(name);
                }
                if let Some((wq, entries)) = share {
                    set = set.wq_share(wq, entries);
                }
                if force { set.force() } else { set }.execute()
            })?;
            if tolerated(stage, answer)?.is_some() {
                count(&stage.done.changed);
            }
        }
        12..14 => {
            let answer =
                client.ask(|handle| async move { handle.subdev().get(name).execute().await })?;
            tolerated(stage, answer)?;
        }
        _ => {
            // An error of the socket is one; a refusal is not.
            if let Err(error) = client.state(Generation::Ignored) {
                match error.downcast::<Error>() {
                    Ok(error) => tolerated::<()>(stage, Err(error))?,
                    Err(error) => return Err(error),
                };
            }
        }
    }
    Ok(())
}

/// What the answer holds, if it is none of those that are to be expected while
/// others change and take away everything.
fn tolerated<T>(stage: &Stage, answer: Result<T, Error>) -> Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::Refused(_) | Error::FamilyAbsent | Error::Interrupted { .. }) => {
            count(&stage.done.refused);
            Ok(None)
        }
        Err(error) => bail!(error),
    }
}

/// Keeps a copy of the state by watching, over one socket, however often the module is loaded anew.
pub fn monitor(stage: &Stage, _rng: &mut Rng) -> Result<()> {
    /// How often to look whether the time is over.
    const LOOK: Duration = Duration::from_millis(100);
    let client = Client::new()?;
    client.block_on(async |handle| {
        let mut state = State::default();
        let mut updates = handle.watch().await?;
        while !stage.is_over() {
            match timeout(LOOK, updates.next()).await {
                Ok(Some(Ok(update))) => {
                    state.update(update);
                    count(&stage.done.events);
                }
                Ok(Some(Err(error))) => {
                    tolerated::<()>(stage, Err(error))?;
                }
                Ok(None) => bail!("the updates ended"),
                Err(_) => (),
            }
        }
        Ok(())
    })
}

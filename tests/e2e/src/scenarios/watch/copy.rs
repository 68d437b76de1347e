// SPDX-License-Identifier: MIT OR Apache-2.0
//! A copy of the state, kept true by a watch.

use anyhow::{Context, Result};
use futures::StreamExt;
use nlctl::{State, Update, Watch};
use tokio::time::timeout;

use crate::check;
use crate::client::{self, Client, Generation};
use crate::wait::SOON;

pub struct Copy {
    client: Client,
    updates: Watch,
    state: State,
    /// How often changes were lost.
    pub resynced: u64,
    /// How often the module was.
    pub gone: u64,
}

impl Copy {
    /// With the usual room for events, or other room.
    pub fn new(room: Option<usize>) -> Result<Self> {
        let client = Client::new()?;
        let updates = client.ask(|handle| {
            let subscribe = handle.subscribe();
            match room {
                Some(bytes) => subscribe.receive_buffer(bytes),
                None => subscribe,
            }
            .watch()
        })??;
        let mut copy = Self {
            client,
            updates,
            state: State::default(),
            resynced: 0,
            gone: 0,
        };
        copy.read()?;
        Ok(copy)
    }

    /// Takes the next update in.
    pub fn read(&mut self) -> Result<()> {
        let updates = &mut self.updates;
        let update = self
            .client
            .block_on(async |_| timeout(SOON, updates.next()).await);
        let update = update
            .context("no update")?
            .context("the updates ended")??;
        match &update {
            Update::Resynced(_) => self.resynced += 1,
            Update::Gone => self.gone += 1,
            _ => (),
        }
        self.state.update(update);
        Ok(())
    }

    /// Reads until changes were found to be lost once more.
    pub fn read_until_resynced(&mut self) -> Result<()> {
        let before = self.resynced;
        while self.resynced == before {
            self.read().context("before the copy was resynchronised")?;
        }
        Ok(())
    }

    /// Reads on until the copy is of the kernel's generation, and demands that it is the truth. Nothing
    /// changes any more.
    pub fn catch_up(&mut self) -> Result<()> {
        let family = self
            .client
            .ask(|handle| handle.family().get().execute())??;
        let goal = (Some(family.instance), Some(family.generation));
        while (self.state.instance, self.state.generation) != goal {
            self.read().with_context(|| {
                format!(
                    "the copy is of instance {:?}, generation {:?}; the kernel of {}, {}",
                    self.state.instance, self.state.generation, family.instance, family.generation
                )
            })?;
        }
        let truth = self.client.state(Generation::Ignored)?;
        let mut watched = client::State {
            parents: self.state.parents.clone(),
            wqs: self.state.wqs.clone(),
            // Not watched.
            types: truth.types.clone(),
            subdevs: self.state.subdevs.clone(),
        };
        watched.forget_generation();
        check::equal("what was watched", watched, truth)
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! Keeps shared subdevs ready and hands them out on a unix socket.
//!
//! ```text
//! cargo run --example pool-agent -- PREFIX COUNT WQ SOCKET
//! ```
//!
//! Who connects is told a subdev in a line: its name, its VFIO group and its
//! device. It is theirs as long as they keep the connection or have the device
//! open. Then it is deleted, and nobody else ever gets it.
//!
//! All that the agent has to know is in the kernel: the subdevs whose names begin
//! with PREFIX are its own, also those of an agent that was killed.

use std::collections::BTreeSet;
use std::error::Error;
use std::time::Duration;

use futures::StreamExt;
use nlctl::{Handle, Opstate, PasidMode, State, Subdev, WqRef};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// How long to wait before what failed is tried again.
const AGAIN: Duration = Duration::from_millis(500);

struct Pool {
    handle: Handle,
    prefix: String,
    /// How many are to be ready.
    size: usize,
    wq: WqRef,
    state: State,
    /// Indexes of those that somebody connected has.
    taken: BTreeSet<u32>,
    /// Indexes of those that somebody had.
    used: BTreeSet<u32>,
}

fn is_open(subdev: &Subdev) -> bool {
    matches!(subdev.opstate, Opstate::Open | Opstate::Enabled)
}

impl Pool {
    fn own(&self) -> impl Iterator<Item = &Subdev> {
        let own = |it: &&Subdev| it.name.starts_with(&self.prefix);
        self.state.subdevs.iter().filter(own)
    }

    /// Those that nobody has or had, and that work.
    fn ready(&self) -> Vec<u32> {
        let fresh =
            |it: &&Subdev| !self.taken.contains(&it.index) && !self.used.contains(&it.index);
        let ready = |it: &&Subdev| it.opstate == Opstate::Attached && fresh(it);
        self.own().filter(ready).map(|it| it.index).collect()
    }

    /// Makes those ready that are missing; deletes what was used or died, and what
    /// is too much.
    async fn balance(&mut self) -> Result<(), nlctl::Error> {
        let open: Vec<_> = self
            .own()
            .filter(|it| is_open(it))
            .map(|it| it.index)
            .collect();
        self.used.extend(&open);
        let there: BTreeSet<_> = self.own().map(|it| it.index).collect();
        self.used.retain(|index| there.contains(index));

        let ready = self.ready();
        let surplus = ready.iter().skip(self.size).copied();
        let (taken, kept) = (self.taken.clone(), ready.iter().take(self.size));
        let kept: BTreeSet<_> = kept.chain(&open).copied().collect();
        let spent = there
            .into_iter()
            .filter(|it| !taken.contains(it) && !kept.contains(it));
        let spent: BTreeSet<_> = spent.chain(surplus).collect();
        for index in spent {
            match self.handle.subdev().del(index).execute().await {
                // Gone already, or opened just now: an event tells.
                Err(nlctl::Error::Refused(_)) => continue,
                other => drop(other?),
            }
            self.state.subdevs.retain(|it| it.index != index);
        }
        for _ in ready.len()..self.size {
            let subdev = self.add().await?;
            // The event says the same, later.
            self.state.subdevs.push(subdev);
        }
        Ok(())
    }

    async fn add(&self) -> Result<Subdev, nlctl::Error> {
        let name = (0..)
            .map(|n| format!("{}{n}", self.prefix))
            .find(|name| self.state.subdev(nlctl::Id::Name(name.clone())).is_none());
        let request = self.handle.subdev().add().wq_share(self.wq.id, 1);
        let mut request = request.pasid_mode(PasidMode::Shared);
        if let Some(parent) = &self.wq.parent {
            request = request.parent(parent.clone());
        }
        let request = request.name(name.unwrap_or_default());
        Ok(request.execute().await?.object)
    }

    /// Gives one to who is connected, until they go away.
    fn hand_out(&mut self, mut stream: UnixStream, released: &UnboundedSender<u32>) {
        let Some(index) = self.ready().first().copied() else {
            // They read the end of the stream.
            return;
        };
        let Some(subdev) = self.state.subdev(index) else {
            return;
        };
        let group = subdev.vfio_group_path().unwrap_or_default();
        let device = subdev.auxiliary_device.clone().unwrap_or_default();
        let line = format!("{} {} {device}\n", subdev.name, group.display());
        self.taken.insert(index);
        let released = released.clone();
        tokio::spawn(async move {
            if stream.write_all(line.as_bytes()).await.is_ok() {
                let mut said = [0; 64];
                while stream.read(&mut said).await.is_ok_and(|length| length > 0) {}
            }
            released.send(index).ok();
        });
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let [prefix, size, wq, socket] = words.as_slice() else {
        return Err("usage: pool-agent PREFIX COUNT WQ SOCKET".into());
    };
    let (connection, handle) = nlctl::new_connection()?;
    tokio::spawn(connection);
    let mut pool = Pool {
        handle: handle.clone(),
        prefix: prefix.clone(),
        size: size.parse()?,
        wq: wq.parse()?,
        state: State::default(),
        taken: BTreeSet::new(),
        used: BTreeSet::new(),
    };
    let mut updates = handle.watch().await?;
    if let Some(first) = updates.next().await {
        pool.state.update(first?);
    }
    // Of an agent that was killed.
    std::fs::remove_file(socket).ok();
    let listener = UnixListener::bind(socket)?;
    let (sender, mut released) = unbounded_channel();
    loop {
        let balanced = pool.balance().await;
        if let Err(error) = &balanced {
            eprintln!("{error}");
        }
        tokio::select! {
            update = updates.next() => match update {
                Some(Ok(update)) => pool.state.update(update),
                Some(Err(error)) => eprintln!("{error}"),
                None => return Err("no more events".into()),
            },
            client = listener.accept() => pool.hand_out(client?.0, &sender),
            index = released.recv() => if let Some(index) = index {
                pool.taken.remove(&index);
                pool.used.insert(index);
            },
            () = tokio::time::sleep(AGAIN), if balanced.is_err() => {}
        }
    }
}

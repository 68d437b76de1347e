// SPDX-License-Identifier: MIT OR Apache-2.0
//! The library's example of an agent, which is killed whatever it is doing.

use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use fastrand::Rng;

use crate::check::{self, step};
use crate::client::Client;
use crate::lossy::Lossy;
use crate::scenario::Scenario;
use crate::wait::{self, SOON};
use crate::{amount, seed, tool};

pub const POOL_AGENT: Scenario = Scenario {
    name: "pool-agent",
    vm: "--kernel stock",
    about: "an agent that keeps subdevs ready has as many as it should however often it is killed",
    run,
};

/// What the names of the agent's subdevs begin with.
const PREFIX: &str = "pool-";
/// How many the agent keeps ready.
const READY: usize = 4;
const WQ: &str = "3";
const SOCKET: &str = "/tmp/pool-agent";
/// How often the agent is killed, unless another number of rounds is wanted.
const KILLS: u64 = 8;
/// How many subdevs are deleted while the answers to the agent get lost.
const LOSSES: usize = 5;
/// It lives no longer than that, in milliseconds.
const LIFE: u64 = 60;

/// An agent that does not outlive this.
struct Agent(Child);

impl Agent {
    fn start() -> Result<Self> {
        let size = READY.to_string();
        let mut command = Command::new("pool-agent");
        let child = command.args([PREFIX, &size, WQ, SOCKET]).spawn();
        child.map(Self).context("cannot run pool-agent")
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // SIGKILL: the agent has no say in it.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Who was handed a subdev.
struct Tenant {
    name: String,
    /// What it was told.
    line: String,
    _connection: UnixStream,
}

impl Tenant {
    /// Asks until there is an agent that has one.
    fn new() -> Result<Self> {
        wait::until(SOON, "a subdev from the agent", || {
            let Ok(connection) = UnixStream::connect(SOCKET) else {
                return Ok(None);
            };
            connection.set_read_timeout(Some(SOON))?;
            let mut line = String::new();
            if BufReader::new(&connection).read_line(&mut line).is_err() {
                return Ok(None);
            }
            Ok(line
                .split(' ')
                .next()
                .filter(|it| !it.is_empty())
                .map(str::to_owned)
                .map(|name| Self {
                    name,
                    line,
                    _connection: connection,
                }))
        })
    }
}

/// The names of the agent's subdevs that are attached, if all are.
fn names(client: &Client) -> Result<Option<Vec<String>>> {
    let subdevs = client.subdevs()??;
    let own = subdevs.into_iter().filter(|it| it.name.starts_with(PREFIX));
    Ok(own
        .map(|it| (it.opstate == nlctl::Opstate::Attached).then_some(it.name))
        .collect())
}

/// Waits until there are so many, all attached.
fn await_count(client: &Client, count: usize) -> Result<Vec<String>> {
    let what = format!("{count} attached subdevs of the agent");
    wait::until(SOON, &what, || {
        Ok(names(client)?.filter(|names| names.len() == count))
    })
}

fn run() -> Result<()> {
    let client = Client::new()?;
    let mut rng = seed::announce("run pool-agent");

    step("the agent makes what is missing");
    let agent = Agent::start()?;
    let first = await_count(&client, READY)?;

    step("who connects gets one, and another is made; when they go, theirs is deleted");
    let tenant = Tenant::new()?;
    ensure!(
        first.contains(&tenant.name),
        "{} is none of {first:?}",
        tenant.name
    );
    await_count(&client, READY + 1)?;
    let other = Tenant::new()?;
    ensure!(other.name != tenant.name, "both got {}", other.name);
    await_count(&client, READY + 2)?;
    let gone = [tenant.name.clone(), other.name.clone()];
    drop((tenant, other));
    let left = await_count(&client, READY)?;
    ensure!(
        !left.iter().any(|name| gone.contains(name)),
        "of {gone:?}, which were used, there is one among {left:?}"
    );

    step("one that is deleted by somebody else is replaced");
    tool::del(&left[0])?;
    await_count(&client, READY)?;

    step("an agent that was killed is followed by one that knows its subdevs");
    let before = await_count(&client, READY)?;
    drop(agent);
    let agent = Agent::start()?;
    let after = tenancy(&client)?;
    let kept = before.iter().filter(|name| after.contains(name)).count();
    check::equal("subdevs that stayed", kept, READY - 1)?;

    step("it has what it should have although the kernel drops the answers to its requests");
    let sockets = Lossy::process(agent.0.id())?;
    for _ in 0..LOSSES {
        tool::del(&await_count(&client, READY)?[0])?;
    }
    await_count(&client, READY)?;
    step(format!("{} messages were dropped", sockets.dropped()?));
    ensure!(sockets.dropped()? > 0, "nothing was dropped");
    settled(&client)?;
    drop(agent);

    let kills = amount::rounds(KILLS);
    step(format!("it is killed {kills} times, at any moment"));
    for _ in 0..kills {
        disturb(&client, &mut rng)?;
    }
    let agent = Agent::start()?;
    tenancy(&client)?;
    settled(&client)?;
    drop(agent);
    client.delete_all()
}

/// Demands that the agent, which nobody disturbs any more, knows all of its subdevs, and as they are:
/// it hands out each once, whatever it hands out is there, and nothing is left that it does not know.
fn settled(client: &Client) -> Result<()> {
    let mut pool = await_count(client, READY)?;
    thread::sleep(Duration::from_millis(300));
    check::equal("the pool a while later", names(client)?, Some(pool.clone()))?;
    let mut tenants = Vec::new();
    for taken in 1..=READY {
        tenants.push(Tenant::new()?);
        await_count(client, READY + taken)?;
    }
    let mut handed: Vec<_> = tenants.iter().map(|it| it.name.clone()).collect();
    for tenant in &tenants {
        let there = tool::subdev(&tenant.name)?;
        let location = there.location()?;
        let expected = [
            there.name,
            location.group.display().to_string(),
            location.device,
        ];
        check::equal(
            "what was handed out",
            tenant.line.trim(),
            &expected.join(" "),
        )?;
    }
    handed.sort_unstable();
    pool.sort_unstable();
    check::equal("what was handed out", &handed, &pool)?;
    drop(tenants);
    let left = await_count(client, READY)?;
    ensure!(
        !left.iter().any(|name| handed.contains(name)),
        "of {handed:?}, which were used, there is one among {left:?}"
    );
    Ok(())
}

/// A tenant comes and goes; what is ready afterwards.
fn tenancy(client: &Client) -> Result<Vec<String>> {
    let tenant = Tenant::new()?;
    await_count(client, READY + 1)?;
    drop(tenant);
    await_count(client, READY)
}

/// Starts an agent, gives it something to do, and kills it.
fn disturb(client: &Client, rng: &mut Rng) -> Result<()> {
    let agent = Agent::start()?;
    let subdevs = client.subdevs()??;
    for _ in 0..rng.usize(0..READY) {
        // The agent may be faster, and delete it itself.
        if let Some(victim) = rng.choice(&subdevs) {
            let index = victim.index;
            match client.ask(|handle| handle.subdev().del(index).execute())? {
                Ok(_) | Err(nlctl::Error::Refused(_)) => {}
                Err(error) => bail!(error),
            }
        }
    }
    let tenant = rng.bool().then(|| UnixStream::connect(SOCKET));
    thread::sleep(Duration::from_millis(rng.u64(0..LIFE)));
    drop((agent, tenant));
    Ok(())
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! A VFIO user in a process of its own, told what to do line by line.
//!
//! `e2e actor` reads a [`Request`] from each line of its standard input and
//! answers it on its standard output, both as JSON. So a scenario can have
//! several users at the same time, each with its own container, and can kill one.

use std::io::{BufRead, Write, stdin, stdout};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Gid, Pid, Uid, setresgid, setresuid};
use serde::{Deserialize, Serialize};

use crate::dsa::{Completion, Descriptor, Dsa, Notice, RECORDS, regs, slots, store_to};
use crate::pattern;
use crate::process::Talker;
use crate::tenant::{FROM, TO};
use crate::tool::NOBODY;
use crate::vfio::{Buffer, Location, PAGE};
use crate::{check, wait};

/// Word that turns the program into an actor.
pub const COMMAND: &str = "actor";

/// Longest time that an actor takes for a request.
const PATIENCE: Duration = Duration::from_secs(120);

/// What an actor can be told. All memory is given by its IOVA.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Request {
    /// Open a device and enable it.
    Open(Location),
    /// Map the portals, and submit by storing to them from now on.
    MapPortal,
    /// Map fresh memory that holds the pattern of a seed.
    Map {
        /// Where.
        iova: u64,
        /// How many bytes.
        len: usize,
        /// Which pattern.
        seed: u64,
    },
    /// Check that mapped memory holds the pattern of a seed.
    Holds {
        /// Where.
        iova: u64,
        /// How many bytes.
        len: usize,
        /// Which pattern.
        seed: u64,
    },
    /// Have the device copy mapped memory, and verify each copy.
    Move {
        /// From where.
        from: u64,
        /// To where.
        to: u64,
        /// How many bytes.
        len: u32,
        /// How many times.
        rounds: u32,
    },
    /// Have the device copy any memory, and tell how it ended.
    Try {
        /// From where.
        from: u64,
        /// To where.
        to: u64,
        /// How many bytes.
        len: u32,
    },
    /// Submit copies and do not wait for them.
    Flood {
        /// From where.
        from: u64,
        /// To where.
        to: u64,
        /// How many bytes each.
        len: u32,
        /// How many copies.
        count: u32,
    },
    /// Store copies of what [`Actor::map`] maps to all slots of the mapped portal, whether or not they are
    /// empty, and wait until none is in flight.
    Overwrite {
        /// How many times.
        rounds: u32,
    },
    /// Drain, disable, enable and reset the device, over and over.
    Restart {
        /// How many times.
        rounds: u32,
    },
    /// Give up all privileges, and the right to lock more than so much memory.
    LimitLocked {
        /// How much.
        bytes: u64,
    },
    /// Read the device's state.
    State,
    /// Execute the same program anew, which answers the next request.
    Execute,
    /// Close the device.
    Close,
}

impl Request {
    /// Copies of what [`Actor::map`] maps, each of `len` bytes and verified.
    pub fn copies(len: usize, rounds: u32) -> Self {
        Self::Move {
            from: FROM,
            to: TO,
            len: len as u32,
            rounds,
        }
    }
}

/// What an actor answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// It is done.
    Done,
    /// How a copy ended.
    Completed(Completion),
    /// State of the device: one of `regs::STATE_*`.
    State(u32),
}

/// The actor as its scenario sees it. Dropping it kills it.
pub struct Actor(Talker);

impl Actor {
    /// Starts one that has nothing open.
    pub fn start() -> Result<Self> {
        let program = std::env::current_exe().context("where is this program?")?;
        Ok(Self(Talker::spawn(Command::new(program).arg(COMMAND))?))
    }

    /// Starts one that opens a device and enables it.
    pub fn open(location: &Location) -> Result<Self> {
        let mut actor = Self::start()?;
        actor.ask(&Request::Open(location.clone()))?;
        Ok(actor)
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Tells it what to do and does not wait for the answer.
    pub fn tell(&mut self, request: &Request) -> Result<()> {
        self.0.say(&serde_json::to_string(request)?)
    }

    /// Waits for the answer to the oldest request that is open.
    pub fn answer(&mut self) -> Result<Answer> {
        let line = self.0.line(PATIENCE)?;
        let answer: Result<Answer, String> =
            serde_json::from_str(&line).with_context(|| format!("unexpected answer {line:?}"))?;
        answer.map_err(|error| anyhow!("the VFIO user with pid {}: {error}", self.0.id()))
    }

    /// Tells it what to do and waits for the answer.
    pub fn ask(&mut self, request: &Request) -> Result<Answer> {
        self.tell(request)?;
        self.answer().with_context(|| format!("{request:x?}"))
    }

    /// Has it map `len` bytes at [`FROM`] and as many at [`TO`], with the patterns of two seeds.
    pub fn map(&mut self, len: usize, seeds: [u64; 2]) -> Result<()> {
        for (iova, seed) in [FROM, TO].into_iter().zip(seeds) {
            self.ask(&Request::Map { iova, len, seed })?;
        }
        Ok(())
    }

    /// Has it copy any memory and returns how that ended.
    pub fn attempt(&mut self, from: u64, to: u64, len: u32) -> Result<Completion> {
        match self.ask(&Request::Try { from, to, len })? {
            Answer::Completed(completion) => Ok(completion),
            other => bail!("expected a completion record, got {other:?}"),
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill(Pid::from_raw(self.id().try_into()?), signal)
            .with_context(|| format!("sending {signal} to a VFIO user"))
    }

    /// Whether it has ended, and how.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.0.ended()
    }

    /// Kills it with SIGKILL, whatever it does.
    pub fn kill(&mut self) -> Result<()> {
        self.0.kill()
    }

    /// Ends it the orderly way.
    pub fn finish(mut self) -> Result<()> {
        self.0.hang_up();
        let status = self.0.wait(wait::SOON)?;
        ensure!(status.success(), "a VFIO user ended with {status}");
        Ok(())
    }
}

/// Carries out requests until standard input ends.
pub fn serve() -> Result<()> {
    let mut user = User::default();
    for line in stdin().lock().lines() {
        let request = serde_json::from_str(&line?).context("unexpected request")?;
        let answer = user
            .carry_out(request)
            .map_err(|error| format!("{error:#}"));
        let mut out = stdout().lock();
        writeln!(out, "{}", serde_json::to_string(&answer)?)?;
        out.flush()?;
    }
    Ok(())
}

/// The inner life of an actor.
#[derive(Default)]
struct User {
    buffers: Vec<Buffer>,
    dsa: Option<Dsa>,
}

impl User {
    fn dsa(&mut self) -> Result<&mut Dsa> {
        self.dsa.as_mut().context("no device is open")
    }

    /// The buffer that holds a range, and where in it the range starts.
    fn find(&self, iova: u64, len: usize) -> Result<(&Buffer, usize)> {
        let holds = |buffer: &&Buffer| {
            let offset = iova.checked_sub(buffer.iova());
            offset.is_some_and(|offset| offset + len as u64 <= buffer.len() as u64)
        };
        let buffer = self
            .buffers
            .iter()
            .find(holds)
            .with_context(|| format!("{len:#x} bytes at {iova:#x} are not mapped"))?;
        Ok((buffer, (iova - buffer.iova()) as usize))
    }

    fn read(&self, iova: u64, len: usize) -> Result<Vec<u8>> {
        let (buffer, offset) = self.find(iova, len)?;
        buffer.read(offset, len)
    }

    fn carry_out(&mut self, request: Request) -> Result<Answer> {
        match request {
            Request::Open(location) => self.dsa = Some(Dsa::open_enabled(&location)?),
            Request::MapPortal => self.dsa()?.map_portal()?,
            Request::Map { iova, len, seed } => {
                let buffer = self.dsa()?.map(iova, len)?;
                buffer.write(0, &pattern::bytes(seed, len))?;
                self.buffers.push(buffer);
            }
            Request::Holds { iova, len, seed } => check::same_bytes(
                &format!("memory at {iova:#x}"),
                &self.read(iova, len)?,
                &pattern::bytes(seed, len),
            )?,
            Request::Move {
                from,
                to,
                len,
                rounds,
            } => {
                for round in 0..rounds {
                    self.copy(from, to, len)
                        .with_context(|| format!("copy {round} of {rounds}"))?;
                }
            }
            Request::Try { from, to, len } => {
                let done = self.dsa()?.run(Descriptor::memmove(from, to, len))?;
                return Ok(Answer::Completed(done));
            }
            Request::Flood {
                from,
                to,
                len,
                count,
            } => {
                for record in 0..count {
                    let copy = Descriptor::memmove(from, to, len);
                    self.dsa()?
                        .submit(record as usize % RECORDS, copy, Notice::Interrupt)?;
                }
            }
            Request::Overwrite { rounds } => self.overwrite(rounds)?,
            Request::Restart { rounds } => {
                for round in 0..rounds {
                    self.restart()
                        .with_context(|| format!("restart {round} of {rounds}"))?;
                }
            }
            Request::LimitLocked { bytes } => {
                setrlimit(Resource::RLIMIT_MEMLOCK, bytes, bytes).context("RLIMIT_MEMLOCK")?;
                // With them goes CAP_IPC_LOCK, to which no limit applies.
                let (user, group) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
                setresgid(group, group, group).context("the group")?;
                setresuid(user, user, user).context("the user")?;
            }
            Request::State => return Ok(Answer::State(self.dsa()?.state()?)),
            Request::Execute => {
                let program = std::env::current_exe().context("where is this program?")?;
                let error = Command::new(program).arg(COMMAND).exec();
                return Err(error).context("executing this program anew");
            }
            Request::Close => *self = Self::default(),
        }
        Ok(Answer::Done)
    }

    fn copy(&mut self, from: u64, to: u64, len: u32) -> Result<()> {
        let want = self.read(from, len as usize)?;
        let (target, offset) = self.find(to, len as usize)?;
        target.write(offset, &vec![0; len as usize])?;
        self.dsa()?
            .run(Descriptor::memmove(from, to, len))?
            .success("MEMMOVE")?;
        check::same_bytes("the copy", &self.read(to, len as usize)?, &want)
    }

    fn overwrite(&mut self, rounds: u32) -> Result<()> {
        let dsa = self.dsa()?;
        let copy = Descriptor::memmove(FROM, TO, PAGE as u32).encode();
        for _ in 0..rounds {
            slots().try_for_each(|slot| store_to(dsa.portal()?, slot, &copy))?;
        }
        dsa.command(regs::Command::DrainAll, 0)?;
        dsa.take_software_error()?;
        Ok(())
    }

    fn restart(&mut self) -> Result<()> {
        use regs::Command;
        let dsa = self.dsa()?;
        dsa.command(Command::DrainAll, 0)?;
        // Operand: the lowest 16 bits are a mask of work queues.
        dsa.command(Command::DisableWq, 1)?;
        dsa.command(Command::DisableDevice, 0)?;
        dsa.enable()?;
        dsa.reset()?;
        check::equal("state after a reset", dsa.state()?, regs::STATE_DISABLED)?;
        dsa.enable()
    }
}

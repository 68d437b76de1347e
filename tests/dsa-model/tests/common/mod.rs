// SPDX-License-Identifier: MIT OR Apache-2.0
//! A bench for the real program: starts it, connects to its socket as a vfio-user client, gives
//! it memory and eventfds, and talks to its registers as a driver would.
#![allow(dead_code, reason = "each test program uses its own part of the bench")]

use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::memfd::{MFdFlags, memfd_create};
use vfio_user::Client;

pub mod descriptor;

/// Longest time that anything here may take.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub const BAR0: u32 = 0;
pub const BAR2: u32 = 2;
pub const CONFIG: u32 = 7;
const MSIX: u32 = 2;
/// `VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER`.
const SET_EVENTFDS: u32 = 4 | 32;

/// Address and size of the device's memory, in bytes.
pub const MEMORY: u64 = 0x10_0000;
pub const MEMORY_SIZE: u64 = 0x40_0000;

pub const GENCFG: u64 = 0x80;
pub const GENCTRL: u64 = 0x88;
pub const GENSTS: u64 = 0x90;
pub const INTCAUSE: u64 = 0x98;
pub const CMD: u64 = 0xa0;
pub const CMDSTS: u64 = 0xa8;
pub const SWERR: u64 = 0xc0;
pub const GRPCFG: u64 = 0x400;
pub const WQCFG: u64 = 0x500;

/// Commands.
pub const ENABLE_DEVICE: u32 = 1;
pub const DISABLE_DEVICE: u32 = 2;
pub const DRAIN_ALL: u32 = 3;
pub const ABORT_ALL: u32 = 4;
pub const RESET_DEVICE: u32 = 5;
pub const ENABLE_WQ: u32 = 6;
pub const DISABLE_WQ: u32 = 7;
pub const DRAIN_WQ: u32 = 8;
pub const ABORT_WQ: u32 = 9;
pub const RESET_WQ: u32 = 10;
pub const REQUEST_HANDLE: u32 = 13;
pub const RELEASE_HANDLE: u32 = 14;

/// Calls until there is an answer.
pub fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = attempt() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "waited too long for {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A running `dsa-model` that nobody has connected to.
pub struct Process {
    pub child: Child,
    directory: tempfile::TempDir,
}

impl Process {
    /// Starts the program and waits for its socket.
    pub fn start(arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary folder");
        let mut child = Command::new(env!("CARGO_BIN_EXE_dsa-model"))
            .arg("--socket")
            .arg(directory.path().join("dsa"))
            .arg("--control")
            .arg(directory.path().join("control"))
            .args(arguments)
            .spawn()
            .expect("the model starts");
        eventually("the socket", || {
            let ended = child.try_wait().expect("the child is ours");
            assert_eq!(ended, None, "the model ended early");
            directory.path().join("dsa").exists().then_some(())
        });
        Self { child, directory }
    }

    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("dsa")
    }

    /// Runs `dsa-model ctl` against this model.
    pub fn ctl(&self, request: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_dsa-model"))
            .args(["ctl", "--control"])
            .arg(self.directory.path().join("control"))
            .args(request.split_whitespace())
            .output()
            .expect("the program runs")
    }

    pub fn wait(&mut self) -> ExitStatus {
        eventually("the model's end", || {
            self.child.try_wait().expect("the child is ours")
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Gone already in most tests.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connected device with memory and eventfds.
pub struct Bench {
    pub client: Client,
    pub eventfds: Vec<EventFd>,
    memory: File,
    pub process: Process,
}

impl Bench {
    /// The device after power-on.
    pub fn start(arguments: &[&str]) -> Self {
        let process = Process::start(arguments);
        let mut client = connect(&process.socket());
        let memory = memfd(MEMORY_SIZE);
        client
            .dma_map(0, MEMORY, MEMORY_SIZE, memory.as_raw_fd())
            .expect("memory is mapped");
        let vectors = client.get_irq_info(MSIX).expect("MSI-X exists").count;
        let eventfds: Vec<_> = (0..vectors)
            .map(|_| EventFd::from_flags(EfdFlags::EFD_NONBLOCK).expect("an eventfd"))
            .collect();
        // One message carries few file descriptors; QEMU sends one in each.
        for (vector, eventfd) in (0..).zip(&eventfds) {
            client
                .set_irqs(MSIX, SET_EVENTFDS, vector, 1, &[eventfd.as_raw_fd()])
                .expect("an eventfd is set");
        }
        Self {
            client,
            eventfds,
            memory,
            process,
        }
    }

    /// The device enabled, with every work queue (of 16 descriptors) in group 0, every engine
    /// too, and the given work queues enabled.
    pub fn enabled(wqs: &[u32]) -> Self {
        let mut bench = Self::start(&[]);
        bench.enable(wqs);
        bench
    }

    /// Configures and enables the device and these work queues.
    pub fn enable(&mut self, wqs: &[u32]) {
        self.configure();
        assert_eq!(self.command(ENABLE_DEVICE, 0), 0);
        for wq in wqs {
            assert_eq!(self.command(ENABLE_WQ, *wq), 0, "enable wq {wq}");
        }
    }

    /// Has a request of `dsa-model ctl` done.
    pub fn ctl(&self, request: &str) {
        let output = self.process.ctl(request);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "ctl {request}: {said}");
    }

    /// Submits as an emulator of ENQCMD does, and gives the answer.
    pub fn enqueue(&mut self, wq: u64, page: u64, descriptor: &[u8; 64]) -> u64 {
        let slot = wq * 0x4000 + page * 0x1000;
        for (index, part) in descriptor.chunks(8).enumerate().rev() {
            self.write(BAR2, slot + 8 * index as u64, part);
        }
        let mut answer = [0; 8];
        self.read(BAR2, slot, &mut answer);
        u64::from_le_bytes(answer)
    }

    /// A configuration under which everything can be enabled.
    pub fn configure(&mut self) {
        self.bus_master(true);
        self.set32(GENCFG, 1 << 12);
        self.set64(GRPCFG, 0xff);
        self.set64(GRPCFG + 0x20, 0xf);
        self.set64(GRPCFG + 0x28, 96 << 20 | 1 << 3 | 1);
        for wq in 0..8 {
            self.configure_wq(wq, 16);
        }
    }

    /// Dedicated, priority 10, transfers of 2 MiB, batches of 32.
    pub fn configure_wq(&mut self, wq: u64, size: u32) {
        let entry = WQCFG + 0x20 * wq;
        self.set32(entry, size);
        self.set32(entry + 0x08, 1 | 10 << 4);
        self.set32(entry + 0x0c, 21 | 5 << 5);
    }

    /// Enables the capability PASID in configuration space, which takes `--pasid`.
    pub fn enable_pasid(&mut self) {
        self.write(CONFIG, 0x236, &1_u16.to_le_bytes());
    }

    pub fn bus_master(&mut self, on: bool) {
        let command: u16 = if on { 6 } else { 2 };
        self.write(CONFIG, 4, &command.to_le_bytes());
    }

    /// Issues a command without interrupt, and gives CMDSTS when it is not active any more.
    pub fn command(&mut self, code: u32, operand: u32) -> u32 {
        self.set32(CMD, code << 20 | operand);
        eventually("a command", || {
            let status = self.get32(CMDSTS);
            (status >> 31 == 0).then_some(status)
        })
    }

    pub fn get32(&mut self, offset: u64) -> u32 {
        let mut data = [0; 4];
        self.read(BAR0, offset, &mut data);
        u32::from_le_bytes(data)
    }

    pub fn get64(&mut self, offset: u64) -> u64 {
        let mut data = [0; 8];
        self.read(BAR0, offset, &mut data);
        u64::from_le_bytes(data)
    }

    pub fn set32(&mut self, offset: u64, value: u32) {
        self.write(BAR0, offset, &value.to_le_bytes());
    }

    pub fn set64(&mut self, offset: u64, value: u64) {
        self.write(BAR0, offset, &value.to_le_bytes());
    }

    pub fn read(&mut self, region: u32, offset: u64, data: &mut [u8]) {
        self.client
            .region_read(region, offset, data)
            .expect("the region can be read");
    }

    pub fn write(&mut self, region: u32, offset: u64, data: &[u8]) {
        self.client
            .region_write(region, offset, data)
            .expect("the region can be written");
    }

    /// Submits through the limited portal, as QEMU does it: in eight parts.
    pub fn submit(&mut self, wq: u64, descriptor: &[u8; 64]) {
        for (index, part) in descriptor.chunks(8).enumerate() {
            self.write(BAR2, wq * 0x4000 + 0x1000 + 8 * index as u64, part);
        }
    }

    /// Writes to the device's memory.
    pub fn poke(&self, address: u64, data: &[u8]) {
        self.memory
            .write_all_at(data, address - MEMORY)
            .expect("memory can be written");
    }

    /// Reads from the device's memory.
    pub fn peek(&self, address: u64, length: usize) -> Vec<u8> {
        let mut data = vec![0; length];
        self.memory
            .read_exact_at(&mut data, address - MEMORY)
            .expect("memory can be read");
        data
    }

    /// Waits for the completion record at an address.
    pub fn completion(&self, address: u64) -> Record {
        eventually("a completion record", || {
            (self.peek(address, 1)[0] != 0).then(|| Record(self.peek(address, 32)))
        })
    }

    /// Submits a descriptor whose completion record is at an address and waits for it.
    pub fn run(&mut self, wq: u64, descriptor: &descriptor::Builder) -> Record {
        self.poke(descriptor.completion, &[0; 32]);
        self.submit(wq, &descriptor.bytes());
        self.completion(descriptor.completion)
    }

    /// Submits in one part, as a client can that is no processor.
    pub fn store(&mut self, wq: u64, descriptor: &[u8; 64]) {
        self.write(BAR2, wq * 0x4000 + 0x1000, descriptor);
    }

    /// Like `run`, for measurements: never sleeps, and gives only the status.
    pub fn spin(&mut self, wq: u64, descriptor: &descriptor::Builder) -> u8 {
        self.poke(descriptor.completion, &[0; 32]);
        self.store(wq, &descriptor.bytes());
        loop {
            match self.peek(descriptor.completion, 1)[0] {
                0 => thread::yield_now(),
                status => return status,
            }
        }
    }

    /// Interrupts of a vector since the last look.
    pub fn interrupts(&self, vector: usize) -> u64 {
        self.eventfds[vector].read().unwrap_or(0)
    }

    /// Waits for an interrupt.
    pub fn await_interrupt(&self, vector: usize) {
        eventually("an interrupt", || {
            (self.interrupts(vector) > 0).then_some(())
        });
    }

    /// Waits for SWERR to be valid, gives its first three words, and clears it.
    pub fn software_error(&mut self) -> [u64; 3] {
        let first = eventually("a software error", || {
            Some(self.get64(SWERR)).filter(|word| word & 1 == 1)
        });
        let error = [first, self.get64(SWERR + 8), self.get64(SWERR + 16)];
        self.set64(SWERR, 3);
        error
    }
}

/// A completion record.
#[derive(Debug, PartialEq, Eq)]
pub struct Record(pub Vec<u8>);

impl Record {
    pub fn status(&self) -> u8 {
        self.0[0]
    }

    pub fn result(&self) -> u8 {
        self.0[1]
    }

    pub fn completed(&self) -> u32 {
        u32::from_le_bytes(self.array(4))
    }

    pub fn fault_address(&self) -> u64 {
        u64::from_le_bytes(self.array(8))
    }

    pub fn detail(&self) -> u32 {
        u32::from_le_bytes(self.array(16))
    }

    fn array<const N: usize>(&self, offset: usize) -> [u8; N] {
        std::array::from_fn(|index| self.0[offset + index])
    }
}

pub fn connect(socket: &Path) -> Client {
    Client::new(socket).expect("the model accepts a client")
}

/// An anonymous file of this size.
pub fn memfd(size: u64) -> File {
    let memory = memfd_create("dsa-model-test", MFdFlags::MFD_CLOEXEC);
    let file = File::from(memory.expect("a memfd"));
    file.set_len(size).expect("a size");
    file
}

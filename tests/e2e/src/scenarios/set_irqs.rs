// SPDX-License-Identifier: MIT OR Apache-2.0
//! Each call of VFIO_DEVICE_SET_IRQS gets the answer that `vfio-pci` gives
//! (srctree drivers/vfio/vfio_main.c, `vfio_set_irqs_validate_and_prepare`, and
//! srctree drivers/vfio/pci/vfio_pci_intrs.c), and changes nothing but what it names.
//!
//! One answer is better: eventfds are all set or none, where `vfio-pci` takes away the others.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};

use anyhow::{Context, Result, ensure};
use nix::errno::Errno;
use vfio_bindings::bindings::vfio::{
    VFIO_IRQ_SET_ACTION_MASK, VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_IRQ_SET_ACTION_UNMASK,
    VFIO_IRQ_SET_DATA_BOOL, VFIO_IRQ_SET_DATA_EVENTFD, VFIO_IRQ_SET_DATA_NONE,
    VFIO_PCI_ERR_IRQ_INDEX, VFIO_PCI_INTX_IRQ_INDEX, VFIO_PCI_MSI_IRQ_INDEX,
    VFIO_PCI_MSIX_IRQ_INDEX, VFIO_PCI_NUM_IRQS, VFIO_PCI_REQ_IRQ_INDEX,
};

use crate::check::{self, step};
use crate::ffi::{IRQ_SET_LEN, IrqSet};
use crate::scenario::Scenario;
use crate::tool;
use crate::vfio::{Device, Interrupt};

pub const SET_IRQS: Scenario = Scenario {
    name: "set-irqs",
    vm: "",
    about: "each VFIO_DEVICE_SET_IRQS gets the answer of vfio-pci, and touches only what it names",
    run,
};

const NONE: u32 = VFIO_IRQ_SET_DATA_NONE;
const BOOL: u32 = VFIO_IRQ_SET_DATA_BOOL;
const EVENTFD: u32 = VFIO_IRQ_SET_DATA_EVENTFD;
const MASK: u32 = VFIO_IRQ_SET_ACTION_MASK;
const UNMASK: u32 = VFIO_IRQ_SET_ACTION_UNMASK;
const TRIGGER: u32 = VFIO_IRQ_SET_ACTION_TRIGGER;
const INTX: u32 = VFIO_PCI_INTX_IRQ_INDEX;
const MSI: u32 = VFIO_PCI_MSI_IRQ_INDEX;
const MSIX: u32 = VFIO_PCI_MSIX_IRQ_INDEX;
const ERR: u32 = VFIO_PCI_ERR_IRQ_INDEX;
const REQ: u32 = VFIO_PCI_REQ_IRQ_INDEX;

/// MSI-X vectors of a subdev with one WQ.
const VECTORS: u32 = 2;

/// A descriptor that nobody has open.
const CLOSED: i32 = 9999;

fn run() -> Result<()> {
    let subdev = tool::add("wq 3 name interrupted")?;
    let irqs = Irqs::new(Device::open(&subdev.location()?)?)?;
    // All of them are tried, as one that is wrong tells little.
    let mut wrong = Vec::new();
    for part in [refused, triggered, cleared, replaced] {
        wrong.extend(part(&irqs)?);
    }
    ensure!(
        wrong.is_empty(),
        "not as vfio-pci does it:\n    {}",
        wrong.join("\n    ")
    );
    drop(irqs);
    tool::del("interrupted")
}

/// A device with an eventfd for each of its interrupts.
struct Irqs {
    device: Device,
    vectors: [Interrupt; VECTORS as usize],
    request: Interrupt,
}

/// Which interrupts reach their eventfds: the vectors of MSI-X, and the request.
type Reach = ([bool; VECTORS as usize], bool);

const ALL: Reach = ([true; VECTORS as usize], true);

/// How many signals came, in the same order.
type Signals = ([u64; VECTORS as usize], u64);

const SILENCE: Signals = ([0; VECTORS as usize], 0);

impl Irqs {
    fn new(device: Device) -> Result<Self> {
        check::equal("MSI-X vectors", device.vectors()?, VECTORS)?;
        Ok(Self {
            device,
            vectors: [Interrupt::new("first")?, Interrupt::new("second")?],
            request: Interrupt::new("device request")?,
        })
    }

    /// Sets all eventfds.
    fn arm(&self) -> Result<()> {
        let [first, second] = &self.vectors;
        self.device.arm(&[first, second])?;
        self.device.arm_request(&self.request)?;
        self.taken().map(|_| ())
    }

    /// Takes the signals that came: their numbers.
    fn taken(&self) -> Result<Signals> {
        let [first, second] = &self.vectors;
        Ok(([first.take()?, second.take()?], self.request.take()?))
    }

    fn call(&self, call: &Call) -> Result<(), Errno> {
        let given = (IRQ_SET_LEN + call.data.len()) as u32;
        let header = IrqSet {
            argsz: call.argsz.unwrap_or(given),
            flags: call.flags,
            index: call.index,
            start: call.start,
            count: call.count,
        };
        self.device.set_irqs(header, &call.data)
    }

    /// Finds out which interrupts reach their eventfds, by having each signalled.
    fn reach(&self) -> Result<Reach> {
        self.taken()?;
        let mut vectors = [false; VECTORS as usize];
        for (start, reached) in (0..).zip(&mut vectors) {
            // Refused when there is none at all.
            let _ = self.call(&call("", NONE | TRIGGER, MSIX, start, 1));
            let (counts, _) = self.taken()?;
            *reached = counts[start as usize] == 1;
        }
        let _ = self.call(&call("", NONE | TRIGGER, REQ, 0, 1));
        Ok((vectors, self.taken()?.1 == 1))
    }

    /// Makes a call with all eventfds set, and tells what is not as it should be: the answer, the
    /// signals, and what is set after it.
    fn check(
        &self,
        call: &Call,
        answer: Result<(), Errno>,
        signals: Signals,
        reach: Reach,
    ) -> Result<Vec<String>> {
        self.arm()?;
        let got = (self.call(call), self.taken()?);
        let mut wrong = Vec::new();
        if got != (answer, signals) {
            wrong.push(format!(
                "{}: expected {answer:?} and the signals {signals:?}, got {got:?}",
                call.what
            ));
        }
        let found = self.reach()?;
        if found != reach {
            wrong.push(format!(
                "{}: expected that {reach:?} are set after it, got {found:?}",
                call.what
            ));
        }
        Ok(wrong)
    }
}

/// A call.
struct Call {
    what: &'static str,
    argsz: Option<u32>,
    flags: u32,
    index: u32,
    start: u32,
    count: u32,
    data: Vec<u8>,
}

fn call(what: &'static str, flags: u32, index: u32, start: u32, count: u32) -> Call {
    Call {
        what,
        argsz: None,
        flags,
        index,
        start,
        count,
        data: Vec::new(),
    }
}

impl Call {
    fn bytes(self, data: &[u8]) -> Self {
        Self {
            data: data.to_vec(),
            ..self
        }
    }

    fn fds(self, fds: &[i32]) -> Self {
        let bytes: Vec<_> = fds.iter().flat_map(|fd| fd.to_le_bytes()).collect();
        self.bytes(&bytes)
    }

    fn argsz(self, argsz: u32) -> Self {
        Self {
            argsz: Some(argsz),
            ..self
        }
    }
}

fn refused(irqs: &Irqs) -> Result<Vec<String>> {
    step("calls that are refused, and change nothing");
    let null = File::open("/dev/null").context("cannot open /dev/null")?;
    let null = null.as_raw_fd();
    let good = irqs.vectors[0].as_fd().as_raw_fd();
    let head = IRQ_SET_LEN as u32;
    let none = |what, index| call(what, NONE | TRIGGER, index, 0, 0);
    let table = [
        // An index without interrupts, or that there is not.
        (none("INTx off", INTX), Errno::EINVAL),
        (none("MSI off", MSI), Errno::EINVAL),
        (none("errors off", ERR), Errno::EINVAL),
        (none("index 5 off", VFIO_PCI_NUM_IRQS), Errno::EINVAL),
        (none("index 77 off", 77), Errno::EINVAL),
        (none("index 2^32-1 off", u32::MAX), Errno::EINVAL),
        (
            call("INTx, an eventfd", EVENTFD | TRIGGER, INTX, 0, 1).fds(&[good]),
            Errno::EINVAL,
        ),
        (call("INTx masked", NONE | MASK, INTX, 0, 1), Errno::EINVAL),
        // A range that is none, or not one of the index.
        (
            call(
                "MSI-X, none after the last",
                NONE | TRIGGER,
                MSIX,
                VECTORS,
                0,
            ),
            Errno::EINVAL,
        ),
        (
            call("request, none after the last", NONE | TRIGGER, REQ, 1, 0),
            Errno::EINVAL,
        ),
        (
            call("MSI-X, one too many", EVENTFD | TRIGGER, MSIX, 1, 2).fds(&[good, good]),
            Errno::EINVAL,
        ),
        (
            call("MSI-X, one too many of none", NONE | TRIGGER, MSIX, 1, 2),
            Errno::EINVAL,
        ),
        (
            call("two requests", EVENTFD | TRIGGER, REQ, 0, 2).fds(&[good, good]),
            Errno::EINVAL,
        ),
        (
            call("an end beyond 2^32", NONE | TRIGGER, MSIX, 1, u32::MAX),
            Errno::EINVAL,
        ),
        (
            call("an end of 2^32", NONE | TRIGGER, MSIX, 1, u32::MAX - 1),
            Errno::EINVAL,
        ),
        (
            call("a start of 2^32-1", NONE | TRIGGER, MSIX, u32::MAX, 1),
            Errno::EINVAL,
        ),
        // A size that does not hold what there must be.
        (
            none("no room for the header", MSIX).argsz(head - 1),
            Errno::EINVAL,
        ),
        (none("a size of 0", MSIX).argsz(0), Errno::EINVAL),
        (
            call("room for one eventfd of two", EVENTFD | TRIGGER, MSIX, 0, 2)
                .fds(&[good, good])
                .argsz(head + 4),
            Errno::EINVAL,
        ),
        (
            call("room for one byte of two", BOOL | TRIGGER, MSIX, 0, 2)
                .bytes(&[1, 1])
                .argsz(head + 1),
            Errno::EINVAL,
        ),
        // Flags.
        (
            call("an unknown flag", NONE | TRIGGER | 1 << 6, MSIX, 0, 1),
            Errno::EINVAL,
        ),
        (call("no data type", TRIGGER, MSIX, 0, 1), Errno::EINVAL),
        (
            call("two data types", NONE | EVENTFD | TRIGGER, MSIX, 0, 1).fds(&[good]),
            Errno::EINVAL,
        ),
        (call("no action", NONE, MSIX, 0, 1), Errno::ENOTTY),
        (
            call("two actions", NONE | MASK | TRIGGER, MSIX, 0, 1),
            Errno::ENOTTY,
        ),
        (call("MSI-X masked", NONE | MASK, MSIX, 0, 1), Errno::ENOTTY),
        (
            call("MSI-X unmasked", NONE | UNMASK, MSIX, 0, 1),
            Errno::ENOTTY,
        ),
        (
            call("request masked", NONE | MASK, REQ, 0, 1),
            Errno::ENOTTY,
        ),
        (
            call("unmasked by an eventfd", EVENTFD | UNMASK, MSIX, 0, 1).fds(&[good]),
            Errno::ENOTTY,
        ),
        // Eventfds that are none.
        (
            call("a closed descriptor", EVENTFD | TRIGGER, MSIX, 0, 1).fds(&[CLOSED]),
            Errno::EBADF,
        ),
        (
            call(
                "a closed one after a good one",
                EVENTFD | TRIGGER,
                MSIX,
                0,
                2,
            )
            .fds(&[-1, CLOSED]),
            Errno::EBADF,
        ),
        (
            call(
                "a descriptor of something else",
                EVENTFD | TRIGGER,
                MSIX,
                1,
                1,
            )
            .fds(&[null]),
            Errno::EINVAL,
        ),
        (
            call("a closed one for the request", EVENTFD | TRIGGER, REQ, 0, 1).fds(&[CLOSED]),
            Errno::EBADF,
        ),
        (
            call(
                "descriptor -2 for the request",
                EVENTFD | TRIGGER,
                REQ,
                0,
                1,
            )
            .fds(&[-2]),
            Errno::EINVAL,
        ),
        (
            call("no eventfd for the request", EVENTFD | TRIGGER, REQ, 0, 0),
            Errno::EINVAL,
        ),
        (
            call("no byte for the request", BOOL | TRIGGER, REQ, 0, 0),
            Errno::EINVAL,
        ),
    ];
    let mut wrong = Vec::new();
    for (call, error) in &table {
        wrong.extend(irqs.check(call, Err(*error), SILENCE, ALL)?);
    }
    Ok(wrong)
}

fn triggered(irqs: &Irqs) -> Result<Vec<String>> {
    step("interrupts that are signalled by hand, which changes nothing either");
    let table = [
        (
            call("one of MSI-X", NONE | TRIGGER, MSIX, 1, 1),
            ([0, 1], 0),
        ),
        (
            call("all of MSI-X", NONE | TRIGGER, MSIX, 0, 2),
            ([1, 1], 0),
        ),
        (
            call("the first, by its byte", BOOL | TRIGGER, MSIX, 0, 2).bytes(&[1, 0]),
            ([1, 0], 0),
        ),
        (
            call("the second, by its byte", BOOL | TRIGGER, MSIX, 0, 2).bytes(&[0, 2]),
            ([0, 1], 0),
        ),
        (
            call("the second alone, by its byte", BOOL | TRIGGER, MSIX, 1, 1).bytes(&[1]),
            ([0, 1], 0),
        ),
        (call("the request", NONE | TRIGGER, REQ, 0, 1), ([0, 0], 1)),
        (
            call("the request, by its byte", BOOL | TRIGGER, REQ, 0, 1).bytes(&[1]),
            ([0, 0], 1),
        ),
        (
            call("not the request, by its byte", BOOL | TRIGGER, REQ, 0, 1).bytes(&[0]),
            ([0, 0], 0),
        ),
    ];
    let mut wrong = Vec::new();
    for (call, signals) in &table {
        wrong.extend(irqs.check(call, Ok(()), *signals, ALL)?);
    }
    Ok(wrong)
}

fn cleared(irqs: &Irqs) -> Result<Vec<String>> {
    step("eventfds that are taken away, and no others with them");
    let none = ([false; VECTORS as usize], true);
    let off = call("MSI-X off", NONE | TRIGGER, MSIX, 0, 0);
    let off_late = call("MSI-X off, from the second", NONE | TRIGGER, MSIX, 1, 0);
    let request_off = call("request off", NONE | TRIGGER, REQ, 0, 0);
    let only_request = (ALL.0, false);
    let mut wrong = Vec::new();
    for (call, reach) in [
        (&off, none),
        (&off_late, none),
        (&request_off, only_request),
        (
            &call("the request's is -1", EVENTFD | TRIGGER, REQ, 0, 1).fds(&[-1]),
            only_request,
        ),
        (
            &call("the first is -1", EVENTFD | TRIGGER, MSIX, 0, 1).fds(&[-1]),
            ([false, true], true),
        ),
        (
            &call("the second is -1", EVENTFD | TRIGGER, MSIX, 1, 1).fds(&[-1]),
            ([true, false], true),
        ),
        (
            &call("no eventfds at all", EVENTFD | TRIGGER, MSIX, 0, 0),
            ALL,
        ),
    ] {
        wrong.extend(irqs.check(call, Ok(()), SILENCE, reach)?);
    }

    step("what is off cannot be signalled, nor turned off");
    irqs.arm()?;
    for call in [&off, &request_off] {
        if irqs.call(call).is_err() {
            continue;
        }
        for after in [
            self::call("a trigger after that", NONE | TRIGGER, call.index, 0, 1),
            self::call("the same again", NONE | TRIGGER, call.index, 0, 0),
        ] {
            let got = irqs.call(&after);
            if got != Err(Errno::EINVAL) {
                wrong.push(format!(
                    "{}, then {}: expected EINVAL, got {got:?}",
                    call.what, after.what
                ));
            }
        }
    }
    Ok(wrong)
}

fn replaced(irqs: &Irqs) -> Result<Vec<String>> {
    step("an eventfd that takes the place of another is the one that is signalled");
    let other = Interrupt::new("other")?;
    let fd = other.as_fd().as_raw_fd();
    let mut wrong = Vec::new();
    for (index, start) in [(MSIX, 0), (MSIX, 1), (REQ, 0)] {
        irqs.arm()?;
        let set = call("another eventfd", EVENTFD | TRIGGER, index, start, 1).fds(&[fd]);
        let signal = call("its trigger", NONE | TRIGGER, index, start, 1);
        let answers = (irqs.call(&set), irqs.call(&signal));
        let got = (other.take()?, irqs.taken()?);
        if answers != (Ok(()), Ok(())) || got != (1, SILENCE) {
            wrong.push(format!(
                "{} of index {index}, {start}: {answers:?}, signals {got:?}",
                set.what
            ));
        }
    }
    Ok(wrong)
}

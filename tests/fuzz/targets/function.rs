// SPDX-License-Identifier: GPL-2.0
//! A tenant's accesses to the virtual function, in any order.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use dsa_core::desc::{Limits, SUPPORTED_OPCAP};
use dsa_core::regs::{self, cmdsts, gensts};
use dsa_core::virt::{BAR0_SIZE, CONFIG_SIZE, Effect, Function, Params, Pending, Swerr};

#[derive(Debug, Arbitrary)]
struct Input {
    wqs: u8,
    size: u16,
    engines: u8,
    gencap: u64,
    accesses: Vec<Access>,
}

#[derive(Debug, Arbitrary)]
enum Access {
    Config { offset: u16, data: Data },
    Bar0 { offset: u16, data: Data },
    Portal { offset: u32, data: Data },
    Command { word: u32 },
    /// The owner has brought the queues to rest, for a command or a reset.
    Finish,
    /// The hardware is gone.
    Lose,
    /// A reset begins.
    Reset,
    Error { code: u8, wq: Option<u8> },
}

/// What is written at once.
#[derive(Debug, Arbitrary)]
enum Data {
    One([u8; 1]),
    Two([u8; 2]),
    Four([u8; 4]),
    Eight([u8; 8]),
    Descriptor([u8; 64]),
}

impl Data {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::One(data) => data,
            Self::Two(data) => data,
            Self::Four(data) => data,
            Self::Eight(data) => data,
            Self::Descriptor(data) => data,
        }
    }
}

/// Registers that nothing a tenant does may change.
const CONSTANT: [usize; 9] = [
    regs::VERSION,
    regs::GENCAP,
    regs::WQCAP,
    regs::GRPCAP,
    regs::ENGCAP,
    regs::OPCAP,
    regs::OFFSETS,
    regs::OFFSETS + 8,
    regs::CMDCAP,
];

fuzz_target!(|input: Input| {
    let mut function = Function::new(&Params {
        device_id: 0x0b25,
        revision: 0,
        version: regs::VERSION_1,
        gencap: input.gencap,
        opcap: SUPPORTED_OPCAP,
        wqs: input.wqs,
        // Different ones, of a few bytes of input.
        sizes: std::array::from_fn(|wq| input.size.rotate_left(wq as u32)),
        engines: input.engines,
    });
    let constants = CONSTANT.map(|offset| read(&function, offset));
    let mut pending = None;
    let mut resetting = false;
    for access in &input.accesses {
        let before = limits(&function);
        let effect = apply(&mut function, access, resetting, &mut pending);
        match effect {
            Effect::Reset => resetting = true,
            _ => resetting &= !matches!(access, Access::Finish),
        }
        note(&function, effect, &mut pending);
        assert_eq!(CONSTANT.map(|offset| read(&function, offset)), constants);
        consistent(&function);
        for (before, after) in before.iter().zip(limits(&function)) {
            assert!(!(resetting && after.wq_enabled), "accepts during a reset");
            // No access both ends and begins it.
            let stopped = before.wq_enabled && !after.wq_enabled;
            assert!(!stopped || before.epoch != after.epoch, "the epoch goes on");
        }
    }
});

fn apply(
    function: &mut Function,
    access: &Access,
    resetting: bool,
    pending: &mut Option<Pending>,
) -> Effect {
    match access {
        Access::Config { offset, data } => {
            let offset = u64::from(*offset) % CONFIG_SIZE;
            function.config_read(offset, &mut data.bytes().to_vec());
            function.config_write(offset, data.bytes())
        }
        Access::Bar0 { offset, data } => {
            let offset = u64::from(*offset) % u64::from(BAR0_SIZE);
            function.bar0_read(offset, &mut data.bytes().to_vec());
            function.bar0_write(offset, data.bytes())
        }
        Access::Portal { offset, data } => {
            let offset = u64::from(offset % function.bar2_size());
            let (submission, effect) = function.portal_write(offset, data.bytes());
            if let Some(submission) = submission {
                assert!(submission.wq < function.wqs());
                if let Data::Descriptor(raw) = data {
                    assert_eq!(submission.raw, *raw);
                }
            }
            effect
        }
        Access::Command { word } => function.bar0_write(regs::CMD as u64, &word.to_le_bytes()),
        Access::Finish if resetting => {
            let lost = function.is_halted();
            function.reset();
            assert_eq!(function.is_halted(), lost);
            // The command that was active when the reset began is for nobody to finish.
            let stale = pending.take().map(|it| function.finish(it));
            assert!(matches!(stale, None | Some(Effect::None)));
            Effect::None
        }
        Access::Finish => pending.take().map_or(Effect::None, |it| function.finish(it)),
        Access::Lose => {
            let effect = function.lose();
            assert!(function.is_halted());
            effect
        }
        Access::Reset => {
            function.begin_reset();
            Effect::Reset
        }
        Access::Error { code, wq } => function.report_swerr(Swerr {
            code: *code,
            wq: *wq,
            ..Swerr::default()
        }),
    }
}

/// Looks at what an access asks of the owner, who takes its time: a command stays pending, a reset
/// begun.
fn note(function: &Function, effect: Effect, pending: &mut Option<Pending>) {
    match effect {
        Effect::None => {}
        Effect::Interrupt(vector) => assert!(vector < function.vectors()),
        Effect::Command(command) => {
            let status = read(function, regs::CMDSTS) as u32;
            assert_ne!(status & cmdsts::ACTIVE, 0, "pending, and not active");
            *pending = Some(command);
        }
        Effect::Reset => {
            let status = read(function, regs::CMDSTS) as u32;
            assert_eq!(status & cmdsts::ACTIVE, 0, "active in a reset");
        }
    }
}

/// What descriptors for each WQ are checked against.
fn limits(function: &Function) -> Vec<Limits> {
    (0..function.wqs()).map(|wq| function.limits(wq)).collect()
}

/// The registers tell the state that the function has.
fn consistent(function: &Function) {
    let state = read(function, regs::GENSTS) as u32 & gensts::STATE_MASK;
    assert_eq!(state == gensts::HALTED, function.is_halted());
    for wq in 0..=function.wqs() {
        let limits = function.limits(wq);
        assert!(!limits.wq_enabled || (function.is_enabled() && wq < function.wqs()));
    }
}

fn read(function: &Function, offset: usize) -> u64 {
    let mut bytes = [0; 8];
    function.bar0_read(offset as u64, &mut bytes);
    u64::from_le_bytes(bytes)
}

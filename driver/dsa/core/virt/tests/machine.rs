// SPDX-License-Identifier: GPL-2.0

//! The command state machine against a naive one, over any sequence of what a tenant and the owner
//! can do.

use super::*;
use proptest::prelude::*;
use regs::{
    cmdsts,
    gensts,
    table::wqcfg,
    Command::*, //
};

const WQCFG: usize = 0x500;

/// What can happen to a function.
#[derive(Copy, Clone, Debug)]
enum Step {
    /// The tenant writes CMD.
    Command(Command, u32),
    /// The owner has brought the queues to rest.
    Finish,
    /// The same for a command that was active before the last reset.
    FinishStale,
    /// The hardware is gone.
    Lose,
    /// The first half of a reset.
    BeginReset,
    /// An FLR, or any other reset.
    Reset,
    BusMaster(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Of what leads somewhere there is more; an operand names a WQ, a set of WQs or a vector.
    let command = prop_oneof![
        3 => Just(EnableDevice),
        6 => Just(EnableWq),
        4 => prop::sample::select(vec![DisableWq, DrainWq, AbortWq, ResetWq]),
        1 => prop::sample::select(vec![DisableDevice, DrainAll, AbortAll, ResetDevice]),
        1 => prop::sample::select(vec![RequestIntHandle, ReleaseIntHandle, DrainPasid]),
    ];
    let step = prop_oneof![
        12 => (command, 0..4_u32).prop_map(|(code, operand)| Step::Command(code, operand)),
        12 => Just(Step::Finish),
        1 => Just(Step::FinishStale),
        1 => prop::bool::weighted(0.2).prop_map(|lose| {
            if lose { Step::Lose } else { Step::BeginReset }
        }),
        2 => Just(Step::Reset),
        1 => prop::bool::weighted(0.8).prop_map(Step::BusMaster),
    ];
    prop::collection::vec(step, 1..100)
}

/// What the naive machine knows: states as registers GENSTS and WQCFG have them.
#[derive(Clone, PartialEq, Debug)]
struct Naive {
    device: u32,
    wqs: [u32; 2],
    bus_master: bool,
    handles: [bool; 3],
    active: Option<(Command, u32)>,
    lost: bool,
    resetting: bool,
}

impl Naive {
    fn new() -> Self {
        Self {
            device: gensts::DISABLED,
            wqs: [wqcfg::DISABLED; 2],
            bus_master: false,
            handles: [false; 3],
            active: None,
            lost: false,
            resetting: false,
        }
    }

    /// After a reset of which bus mastering is not part.
    fn after_reset(&self) -> Self {
        Self {
            device: if self.lost {
                gensts::HALTED
            } else {
                gensts::DISABLED
            },
            bus_master: self.bus_master,
            lost: self.lost,
            ..Self::new()
        }
    }

    /// The device and its WQs are on their way to disabled.
    fn drain(&mut self) {
        if self.device == gensts::ENABLED {
            self.device = gensts::DRAINING;
            for wq in &mut self.wqs {
                if *wq == wqcfg::ENABLED {
                    *wq = wqcfg::BUSY;
                }
            }
        }
    }

    fn takes_work(&self, wq: usize) -> bool {
        self.wqs[wq] == wqcfg::ENABLED && self.device == gensts::ENABLED
    }

    /// The WQs that a set names.
    fn named(set: u32) -> impl Iterator<Item = usize> {
        (0..2).filter(move |wq| set & 1 << wq != 0)
    }

    fn accepts(&self, code: Command, operand: u32) -> bool {
        let enabled = self.device == gensts::ENABLED;
        match code {
            EnableDevice => self.device == gensts::DISABLED && self.bus_master,
            DisableDevice | DrainAll | AbortAll => enabled,
            ResetDevice => true,
            EnableWq => enabled && self.wqs.get(operand as usize) == Some(&wqcfg::DISABLED),
            DisableWq | DrainWq | AbortWq | ResetWq => {
                enabled
                    && (1..4).contains(&operand)
                    && Self::named(operand).all(|wq| self.wqs[wq] == wqcfg::ENABLED)
            }
            RequestIntHandle => (1..3).contains(&operand),
            ReleaseIntHandle => self.handles.get(operand as usize) == Some(&true),
            DrainPasid | AbortPasid => false,
        }
    }

    fn begin(&mut self, code: Command, operand: u32) {
        self.active = Some((code, operand));
        match code {
            DisableDevice | ResetDevice => self.drain(),
            DisableWq | ResetWq => {
                Self::named(operand).for_each(|wq| self.wqs[wq] = wqcfg::BUSY);
            }
            _ => (),
        }
    }

    /// The active command is carried out, unless the hardware is lost; gives whether it succeeded.
    fn finish(&mut self, code: Command, operand: u32) -> bool {
        self.active = None;
        if self.lost {
            if code == ResetDevice {
                *self = self.after_reset();
            }
            return false;
        }
        match code {
            EnableDevice => self.device = gensts::ENABLED,
            DisableDevice => {
                self.device = gensts::DISABLED;
                self.wqs = [wqcfg::DISABLED; 2];
            }
            ResetDevice => *self = self.after_reset(),
            EnableWq => self.wqs[operand as usize] = wqcfg::ENABLED,
            DisableWq | ResetWq => {
                Self::named(operand).for_each(|wq| self.wqs[wq] = wqcfg::DISABLED);
            }
            RequestIntHandle => self.handles[operand as usize] = true,
            ReleaseIntHandle => self.handles[operand as usize] = false,
            _ => (),
        }
        true
    }
}

/// What the registers say, as the naive machine would.
fn told(function: &Function) -> (u32, [u32; 2]) {
    let device = read32(function, regs::GENSTS) & gensts::STATE_MASK;
    let wqs = [0, 1].map(|wq| wqcfg::state(read32(function, WQCFG + wq * 32 + wqcfg::STATE)));
    (device, wqs)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_registers_tell_what_a_naive_machine_would(steps in steps()) {
        let mut function = Function::new(&params());
        let mut naive = Naive::new();
        let mut pending = None;
        let mut stale = None;
        for step in steps {
            let took_work = [0, 1].map(|wq| naive.takes_work(wq));
            let epochs = [0, 1].map(|wq| function.epoch(wq));
            match step {
                Step::Command(code, operand) => {
                    let before = (told(&function), read32(&function, regs::CMDSTS));
                    let effect = write32(&mut function, regs::CMD, code.encode(operand, false));
                    if naive.resetting {
                        prop_assert_eq!(effect, Effect::None);
                        let after = (told(&function), read32(&function, regs::CMDSTS));
                        prop_assert_eq!(after, before);
                    } else if naive.active.is_some() {
                        // It is an error, and not one of the command that is active.
                        prop_assert_eq!(effect, Effect::None);
                        let after = (told(&function), read32(&function, regs::CMDSTS));
                        prop_assert_eq!(after, before);
                        let swerr = read64(&function, regs::SWERR);
                        prop_assert_eq!(swerr >> 8 & 0xff, u64::from(regs::swerr::COMMAND_ACTIVE));
                    } else if naive.accepts(code, operand) {
                        let Effect::Command(command) = effect else {
                            return Err(TestCaseError::fail(format!("{step:?} has no effect")));
                        };
                        let at_work = (0..2).filter(|&wq| naive.wqs[wq] == wqcfg::ENABLED);
                        let at_work: u8 = at_work.map(|wq| 1 << wq).sum();
                        if let Quiesce::Drain(wqs) | Quiesce::Abort(wqs) = command.quiesce() {
                            prop_assert!(wqs != 0 && wqs & !at_work == 0, "{:?}", step);
                        }
                        naive.begin(code, operand);
                        pending = Some(command);
                    } else {
                        prop_assert_eq!(effect, Effect::None);
                        let status = read32(&function, regs::CMDSTS);
                        prop_assert!((1..=0xff).contains(&status), "{:?}: {:#x}", step, status);
                    }
                }
                Step::Finish => {
                    if let (Some(command), Some((code, operand))) = (pending.take(), naive.active) {
                        prop_assert_eq!(function.finish(command), Effect::None);
                        let succeeded = naive.finish(code, operand);
                        let status = read32(&function, regs::CMDSTS) & 0xff;
                        prop_assert_eq!(status == 0, succeeded, "{:?}: {:#x}", code, status);
                    }
                }
                Step::FinishStale => {
                    if let Some(command) = stale {
                        let before = told(&function);
                        prop_assert_eq!(function.finish(command), Effect::None);
                        prop_assert_eq!(told(&function), before);
                    }
                }
                Step::Lose => {
                    prop_assert_eq!(function.lose(), Effect::None);
                    naive.lost = true;
                    naive.device = gensts::HALTED;
                    naive.wqs = [wqcfg::DISABLED; 2];
                }
                Step::BeginReset => {
                    function.begin_reset();
                    stale = pending.take().or(stale);
                    naive.active = None;
                    naive.resetting = true;
                    naive.drain();
                }
                Step::Reset => {
                    function.reset();
                    stale = pending.take().or(stale);
                    naive.bus_master = false;
                    naive = naive.after_reset();
                }
                Step::BusMaster(on) => {
                    let word: u16 = if on { 6 } else { 2 };
                    let effect = function.config_write(4, &word.to_le_bytes());
                    prop_assert_eq!(effect, Effect::None);
                    naive.bus_master = on;
                }
            }
            prop_assert_eq!(told(&function), (naive.device, naive.wqs), "{:?}", step);
            let active = read32(&function, regs::CMDSTS) == cmdsts::ACTIVE;
            prop_assert_eq!(active, naive.active.is_some(), "{:?}", step);
            for wq in 0..2 {
                let takes_work = naive.takes_work(wq);
                let limits = function.limits(wq as u8);
                prop_assert_eq!(limits.wq_enabled, takes_work, "{:?}", step);
                prop_assert_eq!(limits.epoch, function.epoch(wq as u8));
                // No step both ends and begins it, so this is enough for any number of steps.
                if took_work[wq] {
                    prop_assert_eq!(limits.epoch == epochs[wq], takes_work, "{:?}", step);
                }
            }
        }
    }
}

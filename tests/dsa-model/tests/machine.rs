// SPDX-License-Identifier: MIT OR Apache-2.0
//! The state machines of device and work queues against naive ones, over any sequence of commands.

mod common;

use common::descriptor::Builder;
use common::{
    ABORT_ALL, ABORT_WQ, Bench, DISABLE_DEVICE, DISABLE_WQ, DRAIN_ALL, DRAIN_WQ, ENABLE_DEVICE,
    ENABLE_WQ, GENSTS, MEMORY, RESET_DEVICE, RESET_WQ, SWERR, WQCFG,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// Of the eight work queues, those that are tried.
const WQS: usize = 3;

/// States in GENSTS.
const DISABLED: u32 = 0;
const ENABLED: u32 = 1;
const HALTED: u32 = 3;

#[derive(Clone, Copy, Debug)]
enum Step {
    Command(u32, u32),
    /// Everything is configured, if the device is disabled.
    Configure,
    BusMaster(bool),
    /// A NOOP to a work queue.
    Submit(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let any_of = |codes: &'static [u32]| prop::sample::select(codes);
    // Of what leads somewhere there is more.
    let step = prop_oneof![
        3 => Just(Step::Configure),
        4 => Just(Step::Command(ENABLE_DEVICE, 0)),
        6 => prop_oneof![0..WQS as u32, Just(8)].prop_map(|wq| Step::Command(ENABLE_WQ, wq)),
        3 => (any_of(&[DISABLE_WQ, DRAIN_WQ, ABORT_WQ, RESET_WQ]), 0..1_u32 << WQS)
            .prop_map(|(code, set)| Step::Command(code, set)),
        1 => any_of(&[DISABLE_DEVICE, DRAIN_ALL, ABORT_ALL, RESET_DEVICE])
            .prop_map(|code| Step::Command(code, 0)),
        1 => prop::bool::weighted(0.7).prop_map(Step::BusMaster),
        4 => (0..WQS).prop_map(Step::Submit),
    ];
    prop::collection::vec(step, 1..60)
}

/// What is known of a device without looking at it.
#[derive(Clone, Debug)]
struct Naive {
    state: u32,
    bus_master: bool,
    /// Groups, engines and sizes are set up.
    configured: bool,
    enabled: [bool; WQS],
    /// The work queue has a priority.
    usable: [bool; WQS],
}

impl Naive {
    fn new() -> Self {
        Self {
            state: DISABLED,
            bus_master: false,
            configured: false,
            enabled: [false; WQS],
            usable: [false; WQS],
        }
    }

    /// The tried work queues that a set names.
    fn named(set: u32) -> impl Iterator<Item = usize> {
        (0..WQS).filter(move |wq| set >> wq & 1 == 1)
    }

    /// Carries a command out, and gives the code with which it is refused, or 0.
    fn command(&mut self, code: u32, operand: u32) -> u32 {
        match code {
            ENABLE_WQ if operand >= 8 => return 0x02,
            DISABLE_WQ | DRAIN_WQ | ABORT_WQ | RESET_WQ if operand == 0 => return 0x02,
            // It was bus mastering that was switched off: an FLR is needed.
            _ if self.state == HALTED => return 0x03,
            _ => {}
        }
        let enabled = self.state == ENABLED;
        match code {
            ENABLE_DEVICE if enabled => return 0x10,
            ENABLE_DEVICE if !self.bus_master => return 0x12,
            ENABLE_DEVICE if !self.configured => return 0x11,
            ENABLE_DEVICE => self.state = ENABLED,
            DISABLE_DEVICE | DRAIN_ALL | ABORT_ALL if !enabled => return 0x31,
            DISABLE_DEVICE => {
                self.state = DISABLED;
                self.enabled = [false; WQS];
            }
            DRAIN_ALL | ABORT_ALL => {}
            RESET_DEVICE => {
                *self = Self {
                    bus_master: self.bus_master,
                    ..Self::new()
                }
            }
            ENABLE_WQ => {
                let wq = operand as usize;
                if !enabled {
                    return 0x20;
                }
                if self.enabled[wq] {
                    return 0x21;
                }
                if !self.usable[wq] {
                    return 0x23;
                }
                self.enabled[wq] = true;
            }
            _ if !enabled || Self::named(operand).any(|wq| !self.enabled[wq]) => return 0x32,
            DISABLE_WQ | RESET_WQ => {
                for wq in Self::named(operand) {
                    self.enabled[wq] = false;
                    self.usable[wq] &= code != RESET_WQ;
                }
            }
            _ => {}
        }
        0
    }
}

fn property(steps: &[Step]) -> Result<(), TestCaseError> {
    let mut bench = Bench::start(&[]);
    let mut naive = Naive::new();
    for &step in steps {
        match step {
            Step::Command(code, operand) => {
                let status = bench.command(code, operand);
                prop_assert_eq!(status, naive.command(code, operand), "{:?}", step);
            }
            Step::Configure => {
                if naive.state == DISABLED {
                    bench.configure();
                    naive.configured = true;
                    naive.usable = [true; WQS];
                    naive.bus_master = true;
                }
            }
            Step::BusMaster(on) => {
                bench.bus_master(on);
                naive.bus_master = on;
                if !on && naive.state == ENABLED {
                    naive.state = HALTED;
                    naive.enabled = [false; WQS];
                    bench.software_error();
                }
            }
            Step::Submit(wq) => {
                let noop = Builder::noop(MEMORY);
                if naive.enabled[wq] {
                    prop_assert_eq!(bench.run(wq as u64, &noop).status(), 1);
                } else {
                    bench.submit(wq as u64, &noop.bytes());
                    let error = bench.software_error()[0];
                    prop_assert_eq!(error >> 16 & 0xff, wq as u64, "{:#x}", error);
                }
            }
        }
        prop_assert_eq!(bench.get32(GENSTS) & 3, naive.state, "{:?}", step);
        for wq in 0..WQS {
            let state = bench.get32(WQCFG + 0x20 * wq as u64 + 0x18) >> 30;
            prop_assert_eq!(
                state,
                u32::from(naive.enabled[wq]),
                "wq {} after {:?}",
                wq,
                step
            );
        }
        prop_assert_eq!(bench.get64(SWERR) & 1, 0, "{:?}", step);
    }
    Ok(())
}

#[test]
fn the_device_is_in_the_state_that_a_naive_one_would_be_in() {
    let config = ProptestConfig {
        cases: 100,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&steps(), |steps| property(&steps))
        .expect("the property holds");
}

// SPDX-License-Identifier: GPL-2.0

use super::*;
use proptest::prelude::*;

#[test]
fn numbers_are_those_of_the_family() {
    assert_eq!(AdminState::try_from(0), Ok(AdminState::Inactive));
    assert_eq!(AdminState::try_from(1), Ok(AdminState::Active));
    assert_eq!(AdminState::try_from(2), Err(2));
    assert_eq!(u32::from(AdminState::Active), 1);
    let states = [
        OpState::Detached,
        OpState::Attached,
        OpState::Open,
        OpState::Enabled,
        OpState::Halted,
    ];
    assert_eq!(states.map(u32::from), [0, 1, 2, 3, 4]);
}

/// The life of a subdev that is there and has a VFIO device.
fn attached() -> Life {
    let mut life = Life::new(AdminState::Active);
    assert_eq!(life.attach(), Ok(true));
    life.publish();
    life
}

#[test]
fn an_ordinary_life() {
    let mut life = Life::new(AdminState::Active);
    assert_eq!(life.phase(), Phase::Creating);
    assert_eq!(life.opstate(), OpState::Detached);
    assert_eq!(life.open(), Err(NotOpened::Detached));

    assert_eq!(life.attach(), Ok(true));
    assert_eq!(life.opstate(), OpState::Attached);
    life.publish();
    assert_eq!(life.phase(), Phase::Present);
    assert_eq!(life.opstate(), OpState::Attached);
    assert_eq!(life.open(), Ok(true));
    assert_eq!(life.opstate(), OpState::Open);
    assert_eq!(life.open(), Err(NotOpened::Busy));

    assert!(life.enable());
    assert!(!life.enable());
    assert_eq!(life.opstate(), OpState::Enabled);
    assert!(life.disable());
    assert!(life.enable());
    assert!(life.close());
    assert_eq!(life.opstate(), OpState::Attached);

    let removal = Removal {
        changed: true,
        open: false,
    };
    assert_eq!(life.begin_removal(false), Ok(removal));
    assert_eq!(life.opstate(), OpState::Detached);
    assert_eq!(life.open(), Err(NotOpened::Dead));
    assert!(!life.detach());
    assert!(life.is_dead(), "for good");
    assert_eq!(life.admin(), AdminState::Active);
}

#[test]
fn an_open_user_is_taken_away_from_by_force_only() {
    let mut life = attached();
    life.open().unwrap();
    life.enable();
    assert_eq!(life.begin_removal(false), Err(Conflict::Open));
    assert_eq!(life.opstate(), OpState::Enabled);

    let removal = Removal {
        changed: true,
        open: true,
    };
    assert_eq!(life.begin_removal(true), Ok(removal));
    assert_eq!(life.opstate(), OpState::Detached);
    assert!(life.is_open(), "until the user closes it");
    assert!(!life.close());
    assert_eq!(life.open(), Err(NotOpened::Dead));
}

#[test]
fn a_removal_begins_once_and_after_the_creation() {
    let mut life = Life::new(AdminState::Active);
    for force in [false, true] {
        assert_eq!(life.begin_removal(force), Err(Conflict::Creating));
    }
    // The kernel makes the device known before the creation ends.
    assert_eq!(life.attach(), Ok(true));
    assert_eq!(life.open(), Ok(true));
    assert_eq!(life.begin_removal(true), Err(Conflict::Creating));
    life.publish();
    assert_eq!(
        life.begin_removal(true).map(|removal| removal.open),
        Ok(true)
    );
    for force in [false, true] {
        assert_eq!(life.begin_removal(force), Err(Conflict::Removing));
    }
    life.publish();
    assert!(life.is_dead(), "nothing leads back");
}

#[test]
fn one_without_a_device_is_dead_as_well() {
    // Its driver was unbound through sysfs before the deletion.
    let mut life = attached();
    assert!(life.detach());
    assert_eq!(life.phase(), Phase::Present);
    let removal = Removal {
        changed: false,
        open: false,
    };
    assert_eq!(life.begin_removal(false), Ok(removal));
    assert!(life.is_dead());
    // And a bind that races with it comes too late.
    assert_eq!(life.attach(), Err(NotAttached));
    assert_eq!(life.open(), Err(NotOpened::Dead));
    assert_eq!(life.opstate(), OpState::Detached);
}

#[test]
fn a_device_may_come_and_go() {
    let mut life = attached();
    life.open().unwrap();
    life.enable();
    assert!(life.detach());
    assert!(!life.is_open() && !life.is_dead());
    assert_eq!(life.attach(), Ok(true));
    assert_eq!(life.opstate(), OpState::Attached);
    assert_eq!(life.open(), Ok(true));
}

#[test]
fn lost_hardware_does_not_come_back_by_itself() {
    let mut life = attached();
    life.open().unwrap();
    life.enable();
    assert!(life.lose());
    assert!(!life.lose());
    assert_eq!(life.opstate(), OpState::Halted);
    assert!(!life.disable() && !life.enable() && !life.close());
    assert_eq!(life.open(), Ok(false), "for its user to see the halt");
    assert!(life.detach());
    assert_eq!(life.opstate(), OpState::Detached);
    assert_eq!(life.attach(), Ok(true));
    assert_eq!(life.opstate(), OpState::Halted);
    assert_eq!(
        life.begin_removal(false).map(|removal| removal.changed),
        Ok(true)
    );
    assert_eq!(life.opstate(), OpState::Detached);
}

#[test]
fn it_is_deactivated_and_activated_again() {
    let mut life = attached();
    life.open().unwrap();
    assert_eq!(life.begin_deactivation(false), Err(Conflict::Open));
    assert_eq!(life.opstate(), OpState::Open);
    life.close();

    assert_eq!(life.begin_deactivation(false), Ok(()));
    assert_eq!(life.opstate(), OpState::Detached);
    assert_eq!(life.admin(), AdminState::Inactive);
    assert_eq!(life.open(), Err(NotOpened::Dead));
    for force in [false, true] {
        assert_eq!(life.begin_removal(force), Err(Conflict::Changing));
        assert_eq!(life.begin_deactivation(force), Err(Conflict::Changing));
    }
    assert_eq!(life.begin_activation(), Err(Conflict::Changing));
    assert!(!life.detach());
    life.settle();
    assert_eq!(life.phase(), Phase::Present);
    assert_eq!(life.attach(), Err(NotAttached));

    assert_eq!(life.begin_activation(), Ok(()));
    assert_eq!(life.attach(), Err(NotAttached), "not yet");
    life.revive();
    // The kernel makes the device known before all is done, which is not shown yet.
    assert_eq!(life.attach(), Ok(false));
    assert_eq!(life.open(), Ok(false));
    assert_eq!(
        (life.admin(), life.opstate()),
        (AdminState::Inactive, OpState::Detached)
    );
    life.settle();
    assert_eq!(
        (life.admin(), life.opstate()),
        (AdminState::Active, OpState::Open)
    );
}

#[test]
fn an_activation_that_fails_leaves_a_dead_device() {
    let mut life = Life::new(AdminState::Inactive);
    life.publish();
    life.begin_activation().unwrap();
    life.revive();
    life.attach().unwrap();
    life.open().unwrap();
    life.give_up();
    assert!(life.is_dead() && life.is_open());
    life.settle();
    assert_eq!(
        (life.admin(), life.opstate()),
        (AdminState::Inactive, OpState::Detached)
    );
    // What its user has is worth nothing, so it is in nobody's way.
    assert_eq!(
        life.begin_removal(false).map(|removal| removal.open),
        Ok(true)
    );
}

#[test]
fn a_device_that_was_taken_away_by_force_stays_dead() {
    let mut life = attached();
    life.open().unwrap();
    life.enable();
    assert_eq!(life.begin_deactivation(true), Ok(()));
    life.settle();
    assert!(life.is_dead() && !life.is_removing() && life.is_open());
    assert!(!life.disable() && !life.enable() && !life.close());
    assert_eq!(life.open(), Err(NotOpened::Dead));
}

#[test]
fn who_changes_it_may_have_to_remove_it() {
    // Its parent went meanwhile.
    for begin in [Life::begin_activation, |life: &mut Life| {
        life.begin_deactivation(true)
    }] {
        let mut life = attached();
        assert_eq!(begin(&mut life), Ok(()));
        life.abandon();
        assert!(life.is_removing() && life.is_dead());
        assert_eq!(life.begin_removal(true), Err(Conflict::Removing));
        life.settle();
        life.revive();
        assert!(life.is_removing(), "nothing leads back");
    }
}

#[test]
fn hardware_that_comes_back_revives_who_is_not_open_and_who_is_reset() {
    let mut idle = attached();
    assert!(!idle.recover(), "nothing was lost");
    idle.lose();
    assert!(idle.recover());
    assert_eq!(idle.opstate(), OpState::Attached);

    // By a reset, or by being closed.
    for end in [Life::works, Life::close] {
        let mut used = attached();
        used.open().unwrap();
        used.enable();
        used.lose();
        assert!(!used.recover());
        assert_eq!(used.opstate(), OpState::Halted);
        used.disable();
        assert!(end(&mut used));
        assert_ne!(used.opstate(), OpState::Halted);
    }

    // What is lost once more is not revived by its user.
    let mut unlucky = attached();
    unlucky.open().unwrap();
    unlucky.lose();
    unlucky.recover();
    unlucky.lose();
    assert!(!unlucky.close());
    assert_eq!(unlucky.opstate(), OpState::Halted);
}

#[test]
fn refusals_say_why() {
    for (refusal, text) in [
        (
            Conflict::Open,
            "a VFIO user has the subdev open; close it, or use force",
        ),
        (Conflict::Creating, "the subdev is being created; try again"),
        (
            Conflict::Changing,
            "the subdev is being activated or deactivated; try again",
        ),
        (Conflict::Removing, "the subdev is being deleted"),
    ] {
        assert_eq!(refusal.to_string(), text);
        assert!(text.len() <= 79, "the extended ACK has no room for more");
    }
}

/// What can happen to a subdev.
#[derive(Copy, Clone, Debug)]
enum Step {
    Publish,
    Attach,
    Detach,
    Open,
    Close,
    Enable,
    Disable,
    Lose,
    BeginDeactivation { force: bool },
    BeginActivation,
    Revive,
    GiveUp,
    Settle,
    Recover,
    Works,
    BeginRemoval { force: bool },
}

impl Step {
    /// Takes the step; gives whether it was due an event, or nothing if it was refused.
    fn take(self, life: &mut Life) -> Option<bool> {
        match self {
            Step::Publish => {
                life.publish();
                Some(false)
            }
            Step::Attach => life.attach().ok(),
            Step::Detach => Some(life.detach()),
            Step::Open => life.open().ok(),
            Step::Close => Some(life.close()),
            Step::Enable => Some(life.enable()),
            Step::Disable => Some(life.disable()),
            Step::Lose => Some(life.lose()),
            Step::BeginDeactivation { force } => {
                let before = life.opstate();
                life.begin_deactivation(force).ok()?;
                Some(life.opstate() != before)
            }
            Step::BeginActivation => {
                let before = life.opstate();
                life.begin_activation().ok()?;
                Some(life.opstate() != before)
            }
            Step::Revive => {
                life.revive();
                Some(false)
            }
            Step::GiveUp => {
                life.give_up();
                Some(false)
            }
            Step::Settle => {
                let before = life.opstate();
                life.settle();
                Some(life.opstate() != before)
            }
            Step::Recover => Some(life.recover()),
            Step::Works => Some(life.works()),
            Step::BeginRemoval { force } => {
                let removal = life.begin_removal(force).ok()?;
                assert_eq!(removal.open, life.is_open());
                Some(removal.changed)
            }
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        // Of what leads somewhere there is more, so that all states are visited.
        2 => any::<bool>().prop_map(|force| Step::BeginDeactivation { force }),
        4 => Just(Step::BeginActivation),
        8 => Just(Step::Revive),
        1 => Just(Step::GiveUp),
        8 => Just(Step::Settle),
        4 => Just(Step::Publish),
        8 => Just(Step::Attach),
        4 => Just(Step::Detach),
        8 => Just(Step::Open),
        4 => Just(Step::Close),
        8 => Just(Step::Enable),
        4 => Just(Step::Disable),
        2 => Just(Step::Lose),
        2 => Just(Step::Recover),
        1 => Just(Step::Works),
        1 => any::<bool>().prop_map(|force| Step::BeginRemoval { force }),
    ];
    prop::collection::vec(step, 0..80)
}

/// The same life, as an observer sees it: one state of the device, beside the phase.
#[derive(Copy, Clone, PartialEq, Debug)]
struct Seen {
    phase: Phase,
    active: bool,
    device: Device,
    lost: bool,
    /// Lost hardware is back, and its user has not noticed.
    back: bool,
}

#[derive(Copy, Clone, PartialEq, Debug)]
enum Device {
    Gone,
    Closed,
    Open,
    Enabled,
}

impl Seen {
    const NEW: Seen = Seen {
        phase: Phase::Creating,
        active: true,
        device: Device::Gone,
        lost: false,
        back: false,
    };

    /// What comes after a step; nothing if the step is refused.
    fn after(self, step: Step) -> Option<Seen> {
        use Device::*;
        let changing = self.phase == Phase::Changing;
        let device = match (step, self.device) {
            (Step::Lose, _) => return Some(self.hardware(true, false)),
            (Step::Works, _) => return Some(self.hardware(false, false)),
            (Step::Recover, Open | Enabled) => return Some(self.hardware(self.lost, self.lost)),
            (Step::Recover, Gone | Closed) => return Some(self.hardware(false, false)),
            (Step::Publish, _) if self.phase == Phase::Creating => {
                return Some(Seen {
                    phase: Phase::Present,
                    ..self
                })
            }
            (Step::BeginRemoval { force }, _) => {
                return self.is_free(force).then_some(Seen {
                    phase: Phase::Removing,
                    ..self
                });
            }
            (Step::BeginDeactivation { force }, _) => {
                return self.is_free(force).then_some(Seen {
                    phase: Phase::Changing,
                    active: false,
                    ..self
                });
            }
            (Step::BeginActivation, _) => {
                return (self.phase == Phase::Present).then_some(Seen {
                    phase: Phase::Changing,
                    ..self
                });
            }
            (Step::Revive, _) if changing => {
                return Some(Seen {
                    active: true,
                    device: Gone,
                    // Whoever had not noticed is gone.
                    lost: self.lost && !self.back,
                    back: false,
                    ..self
                });
            }
            (Step::GiveUp, _) if changing => {
                return Some(Seen {
                    active: false,
                    ..self
                });
            }
            (Step::Settle, _) if changing => {
                return Some(Seen {
                    phase: Phase::Present,
                    ..self
                });
            }
            (Step::Attach | Step::Open, _) if self.is_dead() => return None,
            (Step::Attach, Gone) => Closed,
            (Step::Detach, _) => Gone,
            (Step::Open, Closed) => Open,
            (Step::Open, _) => return None,
            (Step::Close, Open | Enabled) => Closed,
            (Step::Enable, Open) => Enabled,
            (Step::Disable, Enabled) => Open,
            (_, device) => device,
        };
        let seen = Seen { device, ..self };
        match step {
            Step::Close | Step::Detach if self.back => Some(seen.hardware(false, false)),
            _ => Some(seen),
        }
    }

    fn hardware(self, lost: bool, back: bool) -> Seen {
        Seen { lost, back, ..self }
    }

    fn is_dead(self) -> bool {
        self.phase == Phase::Removing || !self.active
    }

    fn is_free(self, force: bool) -> bool {
        let used = !self.is_dead() && matches!(self.device, Device::Open | Device::Enabled);
        self.phase == Phase::Present && (force || !used)
    }

    fn opstate(self) -> OpState {
        match self.device {
            _ if self.is_dead() || self.phase == Phase::Changing => OpState::Detached,
            Device::Gone => OpState::Detached,
            _ if self.lost => OpState::Halted,
            Device::Closed => OpState::Attached,
            Device::Open => OpState::Open,
            Device::Enabled => OpState::Enabled,
        }
    }
}

proptest! {
    #[test]
    fn any_life_is_the_one_that_is_seen(steps in steps()) {
        let mut life = Life::new(AdminState::Active);
        let mut seen = Seen::NEW;
        for step in steps {
            let next = seen.after(step);
            prop_assert_eq!(step.take(&mut life).is_some(), next.is_some(), "{:?} when {:?}", step, seen);
            seen = next.unwrap_or(seen);
            prop_assert_eq!(life.opstate(), seen.opstate(), "{:?}", step);
            prop_assert_eq!(life.phase(), seen.phase, "{:?}", step);
            let open = matches!(seen.device, Device::Open | Device::Enabled);
            prop_assert_eq!(life.is_open(), open, "{:?}", step);
            prop_assert_eq!(life.is_dead(), seen.is_dead(), "{:?}", step);
        }
    }

    #[test]
    fn an_event_is_due_exactly_when_the_state_changed(steps in steps()) {
        let mut life = Life::new(AdminState::Active);
        for step in steps {
            let before = life;
            match step.take(&mut life) {
                Some(changed) => prop_assert_eq!(changed, life.opstate() != before.opstate()),
                None => prop_assert_eq!(life, before, "{:?} was refused", step),
            }
        }
    }

    #[test]
    fn the_invariants_hold_after_any_steps(steps in steps()) {
        let mut life = Life::new(AdminState::Active);
        for step in steps {
            let _ = step.take(&mut life);
            prop_assert!(life.open || !life.enabled, "{:?}: {:?}", step, life);
            prop_assert!(life.attached || !life.open, "{:?}: {:?}", step, life);
        }
    }
}

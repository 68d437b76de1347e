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

#[test]
fn an_ordinary_life() {
    let mut life = Life::new(AdminState::Active);
    assert_eq!(life.opstate(), OpState::Detached);
    assert_eq!(life.open(), Err(NotOpened::Detached));

    assert!(life.attach());
    assert_eq!(life.opstate(), OpState::Attached);
    assert_eq!(life.open(), Ok(true));
    assert_eq!(life.opstate(), OpState::Open);
    assert_eq!(life.open(), Err(NotOpened::Busy));

    assert!(life.enable());
    assert!(!life.enable());
    assert_eq!(life.opstate(), OpState::Enabled);
    assert!(life.disable());
    assert!(life.enable());
    assert!(life.halt());
    assert_eq!(life.opstate(), OpState::Halted);
    assert!(!life.enable(), "only a reset revives it");
    assert!(life.reset());
    assert_eq!(life.opstate(), OpState::Open);

    assert!(life.enable());
    assert!(life.close());
    assert_eq!(life.opstate(), OpState::Attached);
    assert_eq!(life.begin_removal(false), Ok(true));
    assert_eq!(life.opstate(), OpState::Detached);
    assert_eq!(life.open(), Err(NotOpened::Dead));
    assert!(!life.detach());
    assert!(!life.is_dead());
    assert_eq!(life.admin(), AdminState::Active);
}

#[test]
fn an_open_user_is_taken_away_from_by_force_only() {
    let mut life = Life::new(AdminState::Active);
    life.attach();
    life.open().unwrap();
    life.enable();
    assert_eq!(life.begin_removal(false), Err(Busy));
    assert_eq!(life.opstate(), OpState::Enabled);

    assert_eq!(life.begin_removal(true), Ok(true));
    assert_eq!(life.opstate(), OpState::Detached);
    assert!(life.is_open(), "until the user closes it");
    assert!(!life.close());
    assert_eq!(life.open(), Err(NotOpened::Dead));

    // A new VFIO device is a new life.
    life.detach();
    assert!(life.attach());
    assert_eq!(life.open(), Ok(true));
}

/// What can happen to a subdev.
#[derive(Copy, Clone, Debug)]
enum Step {
    SetAdmin(AdminState),
    Attach,
    Detach,
    Open,
    Close,
    Enable,
    Disable,
    Halt,
    Reset,
    BeginRemoval { force: bool },
}

impl Step {
    /// Takes the step; gives whether it was due an event, or nothing if it was refused.
    fn take(self, life: &mut Life) -> Option<bool> {
        match self {
            Step::SetAdmin(admin) => {
                life.set_admin(admin);
                Some(false)
            }
            Step::Attach => Some(life.attach()),
            Step::Detach => Some(life.detach()),
            Step::Open => life.open().ok(),
            Step::Close => Some(life.close()),
            Step::Enable => Some(life.enable()),
            Step::Disable => Some(life.disable()),
            Step::Halt => Some(life.halt()),
            Step::Reset => Some(life.reset()),
            Step::BeginRemoval { force } => life.begin_removal(force).ok(),
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        // Of what leads somewhere there is more, so that all states are visited.
        1 => prop_oneof![Just(AdminState::Inactive), Just(AdminState::Active)]
            .prop_map(Step::SetAdmin),
        4 => Just(Step::Attach),
        1 => Just(Step::Detach),
        4 => Just(Step::Open),
        1 => Just(Step::Close),
        4 => Just(Step::Enable),
        2 => Just(Step::Disable),
        2 => Just(Step::Halt),
        2 => Just(Step::Reset),
        1 => any::<bool>().prop_map(|force| Step::BeginRemoval { force }),
    ];
    prop::collection::vec(step, 0..80)
}

/// The same life, told as one state: what an observer can tell apart.
#[derive(Copy, Clone, PartialEq, Debug)]
enum Told {
    Gone,
    Attached,
    Open,
    Enabled,
    Halted,
    Dying { open: bool },
}

impl Told {
    /// What comes after a step; nothing if the step is refused.
    fn after(self, step: Step) -> Option<Told> {
        use Told::*;
        Some(match (step, self) {
            (Step::Detach, _) => Gone,
            (Step::Attach, Gone) => Attached,

            (Step::Open, Attached) => Open,
            (Step::Open, _) => return None,
            (Step::Close, Open | Enabled | Halted) => Attached,
            (Step::Close, Dying { .. }) => Dying { open: false },

            (Step::Enable, Open) => Enabled,
            (Step::Disable, Enabled) => Open,
            (Step::Halt, Open | Enabled) => Halted,
            (Step::Reset, Enabled | Halted) => Open,

            (Step::BeginRemoval { .. }, Attached) => Dying { open: false },
            (
                Step::BeginRemoval { force: false },
                Open | Enabled | Halted | Dying { open: true },
            ) => return None,
            (Step::BeginRemoval { force: true }, Open | Enabled | Halted) => Dying { open: true },
            (_, state) => state,
        })
    }

    fn opstate(self) -> OpState {
        match self {
            Told::Gone | Told::Dying { .. } => OpState::Detached,
            Told::Attached => OpState::Attached,
            Told::Open => OpState::Open,
            Told::Enabled => OpState::Enabled,
            Told::Halted => OpState::Halted,
        }
    }
}

proptest! {
    #[test]
    fn any_life_is_the_one_that_is_told(steps in steps()) {
        let mut life = Life::new(AdminState::Inactive);
        let mut told = Told::Gone;
        for step in steps {
            let next = told.after(step);
            prop_assert_eq!(step.take(&mut life).is_some(), next.is_some(), "{:?} when {:?}", step, told);
            told = next.unwrap_or(told);
            prop_assert_eq!(life.opstate(), told.opstate(), "{:?}", step);
            let open = !matches!(told, Told::Gone | Told::Attached | Told::Dying { open: false });
            prop_assert_eq!(life.is_open(), open, "{:?}", step);
            prop_assert_eq!(life.is_dead(), matches!(told, Told::Dying { .. }), "{:?}", step);
        }
    }

    #[test]
    fn an_event_is_due_exactly_when_the_state_changed(steps in steps()) {
        let mut life = Life::new(AdminState::Inactive);
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
        let mut life = Life::new(AdminState::Inactive);
        for step in steps {
            let wanted = life.admin();
            let _ = step.take(&mut life);
            prop_assert!(life.open || !(life.enabled || life.halted), "{:?}: {:?}", step, life);
            prop_assert!(life.attached || !(life.open || life.dead), "{:?}: {:?}", step, life);
            let wanted = if let Step::SetAdmin(admin) = step { admin } else { wanted };
            prop_assert_eq!(life.admin(), wanted, "what the admin wants is the admin's to say");
        }
    }
}

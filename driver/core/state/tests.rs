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

proptest! {
    #[test]
    fn an_event_is_due_exactly_when_the_state_changed(
        steps in prop::collection::vec(0..10_u8, 0..60),
    ) {
        let mut life = Life::new(AdminState::Inactive);
        let mut users = 0;
        for step in steps {
            let before = life.opstate();
            let changed = match step {
                0 => life.attach(),
                1 => life.detach(),
                2 => life.open().inspect(|_| users += 1).unwrap_or(false),
                3 => life.close(),
                4 => life.enable(),
                5 => life.disable(),
                6 => life.halt(),
                7 => life.reset(),
                force => life.begin_removal(force == 8).unwrap_or(false),
            };
            if matches!(step, 1 | 3) {
                users = 0;
            }
            prop_assert_eq!(changed, life.opstate() != before);
            prop_assert!(users <= 1);
            prop_assert_eq!(life.is_open(), users == 1);
            if matches!(life.opstate(), OpState::Open | OpState::Enabled | OpState::Halted) {
                prop_assert!(life.is_open() && !life.is_dead());
            }
        }
    }
}

// SPDX-License-Identifier: GPL-2.0

use super::{
    PasidMode::{
        Dedicated,
        None as NoPasid,
        Shared, //
    },
    *, //
};
use proptest::prelude::*;

#[test]
fn modes_have_the_numbers_of_the_family() {
    for (mode, number, name) in [
        (NoPasid, 0, "none"),
        (Dedicated, 1, "dedicated"),
        (Shared, 2, "shared"),
    ] {
        assert_eq!(u32::from(mode), number);
        assert_eq!(PasidMode::try_from(number), Ok(mode));
        assert_eq!(mode.name(), name);
    }
    assert_eq!(PasidMode::try_from(3), Err(3));
}

#[test]
fn an_exclusive_user_has_the_wq_for_itself() {
    for mode in [NoPasid, Dedicated] {
        let mut share = Share::new(16);
        assert_eq!(share.admit(mode, None), Ok(16));
        assert_eq!(share.admit(mode, Some(4)), Ok(4));
        assert_eq!(
            share.admit(mode, Some(17)),
            Err(Refusal::TooLarge { want: 17, max: 16 })
        );
        assert_eq!((share.instances(mode), share.max_instances(mode)), (1, 1));

        // Even one that does not use all of it.
        share.take(mode, 4);
        assert_eq!(share.mode(), Some(mode));
        assert_eq!(share.available(), 0);
        for other in [NoPasid, Dedicated, Shared] {
            assert_eq!(share.admit(other, Some(1)), Err(Refusal::Owned));
            assert_eq!(share.instances(other), 0);
        }

        share.give_back(4);
        assert_eq!(share, Share::new(16));
    }
}

#[test]
fn a_wq_keeps_what_its_users_have_when_it_is_resized() {
    let mut share = Share::new(16);
    share.take(Shared, 6);
    assert_eq!(share.used(), 6);
    assert!(!share.set_size(5));
    assert_eq!((share.size(), share.available()), (16, 10));
    assert!(share.set_size(6));
    assert_eq!(share.admit(Shared, None), Err(Refusal::Full));
    assert!(share.set_size(32));
    assert_eq!((share.available(), share.users()), (26, 1));
    share.give_back(6);
    assert_eq!(share, Share::new(32));
}

#[test]
fn shared_users_have_an_eighth_each() {
    let mut share = Share::new(16);
    assert_eq!(share.instances(Shared), 8);
    for left in (0..8).rev() {
        assert_eq!(share.admit(Shared, None), Ok(2));
        share.take(Shared, 2);
        assert_eq!(share.instances(Shared), left);
        assert_eq!(share.admit(NoPasid, None), Err(Refusal::InUseShared));
    }
    assert_eq!(share.admit(Shared, None), Err(Refusal::Full));
    assert_eq!(share.users(), 8);
    assert_eq!(share.max_instances(Shared), 8);

    share.give_back(2);
    assert_eq!(
        share.admit(Shared, Some(3)),
        Err(Refusal::TooLarge { want: 3, max: 2 })
    );
    assert_eq!(share.admit(Shared, Some(0)), Err(Refusal::Zero { max: 2 }));
    assert_eq!(share.admit(Shared, Some(1)), Ok(1));
}

#[test]
fn a_default_is_never_cut_down() {
    let mut share = Share::new(16);
    share.take(Shared, 15);
    assert_eq!(
        share.admit(Shared, None),
        Err(Refusal::TooLarge { want: 2, max: 1 })
    );
    assert_eq!(share.instances(Shared), 0);
}

#[test]
fn a_share_grows_into_what_is_left() {
    let mut share = Share::new(16);
    share.take(Shared, 2);
    share.take(Shared, 4);
    assert_eq!(share.readmit(2, 12), Ok(12));
    assert_eq!(
        share.readmit(2, 13),
        Err(Refusal::TooLarge { want: 13, max: 12 })
    );
    assert_eq!(share.readmit(2, 0), Err(Refusal::Zero { max: 12 }));
    share.resize(2, 12);
    assert_eq!(share.available(), 0);
    share.resize(12, 1);
    assert_eq!((share.available(), share.users()), (11, 2));

    // Who owns the WQ has all that there is.
    let mut share = Share::new(16);
    share.take(NoPasid, 4);
    assert_eq!(share.readmit(4, 16), Ok(16));
    share.resize(4, 16);
    assert_eq!(share.available(), 0);
    share.give_back(16);
    assert_eq!(share, Share::new(16));
}

#[test]
fn small_wqs() {
    assert_eq!(Share::new(3).admit(Shared, None), Ok(1));
    assert_eq!(Share::new(3).instances(Shared), 3);
    for mode in [NoPasid, Dedicated, Shared] {
        assert_eq!(Share::new(0).admit(mode, None), Err(Refusal::Full));
        assert_eq!(Share::new(0).max_instances(mode), 0);
    }
}

#[test]
fn refusals_say_what_would_be_accepted() {
    let said = Refusal::TooLarge { want: 3, max: 2 }.to_string();
    assert_eq!(said, "3 entries are wanted, at most 2 are left");
    let said = Refusal::Zero { max: 2 }.to_string();
    assert_eq!(said, "a size of 1 to 2 entries is accepted");
}

proptest! {
    #[test]
    fn never_more_than_the_wq_has(
        size in 0..200_u32,
        steps in prop::collection::vec((0..3_u32, prop::option::of(any::<u8>()), 0..4_u8), 0..80),
    ) {
        let mut share = Share::new(size);
        let mut users: Vec<(PasidMode, u32)> = Vec::new();
        for (mode, want, step) in steps {
            let mode = PasidMode::try_from(mode).unwrap();
            if step == 0 {
                if let Some((_, entries)) = users.pop() {
                    share.give_back(entries);
                }
            } else if step == 1 {
                let (Some((_, entries)), Some(want)) = (users.last_mut(), want) else {
                    continue;
                };
                if let Ok(granted) = share.readmit(*entries, u32::from(want)) {
                    prop_assert!(granted > 0);
                    share.resize(*entries, granted);
                    *entries = granted;
                }
            } else {
                let before = share.instances(mode);
                if let Ok(entries) = share.admit(mode, want.map(u32::from)) {
                    prop_assert!(entries > 0);
                    share.take(mode, entries);
                    users.push((mode, entries));
                } else if want.is_none() {
                    prop_assert_eq!(before, 0);
                }
            }
            let used: u32 = users.iter().map(|(_, entries)| entries).sum();
            prop_assert!(used <= size);
            prop_assert_eq!(share.users() as usize, users.len());
            prop_assert_eq!(share.mode(), users.first().map(|(mode, _)| *mode));
            if users.iter().any(|(mode, _)| mode.is_exclusive()) {
                prop_assert_eq!(users.len(), 1);
                prop_assert_eq!(share.available(), 0);
            } else {
                prop_assert_eq!(share.available(), size - used);
            }
        }
    }
}

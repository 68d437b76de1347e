// SPDX-License-Identifier: GPL-2.0

//! Subdevs that are activated, changed and deactivated.

use kernel::{
    prelude::*,
    sync::Arc, //
};

use super::{
    add,
    available,
    fake::{
        Bench,
        ENTRIES, //
    },
    is_known,
    open,
    remove,
    ORIGIN, //
};
use crate::{
    framework::{
        generation,
        query,
        set,
        Id,
        Set,
        Subdev,
        WqRequest,
        Wqs, //
    },
    subdev_core::{
        share::PasidMode,
        state::{
            AdminState,
            OpState, //
        }, //
    }, //
};

/// A request for this subdev that asks for nothing.
fn nothing(subdev: &Subdev) -> Set<'static> {
    Set {
        id: Id::Index(subdev.identity().index),
        new_name: None,
        wqs: Wqs::new(),
        moved: Wqs::new(),
        state: None,
        face: None,
        wanted: None,
        vendor: None,
        force: false,
        dry_run: false,
    }
}

/// Carries out a request, and returns the generation in its reply.
fn ask(request: &Set<'_>) -> Result<u64> {
    let mut shown = 0;
    set(request, ORIGIN, |_, generation| shown = generation).map_err(|refusal| refusal.error())?;
    Ok(shown)
}

fn set_state(subdev: &Subdev, state: AdminState, force: bool) -> Result<u64> {
    ask(&Set {
        state: Some(state),
        force,
        ..nothing(subdev)
    })
}

/// A work queue in a request.
fn share(id: u32, size: u32) -> Result<Wqs<WqRequest>> {
    let mut wqs = Wqs::new();
    wqs.push(WqRequest {
        id: Some(id),
        size: Some(size),
        ..WqRequest::default()
    })
    .ok_or(EINVAL)?;
    Ok(wqs)
}

fn inactive(wqs: &[u32]) -> Result<Arc<Subdev>> {
    add(wqs, PasidMode::Shared, AdminState::Inactive)
}

#[kunit_tests(subdev_stages)]
mod tests {
    use super::*;

    #[test]
    fn a_subdev_is_on_the_hardware_while_it_is_active() -> Result {
        let bench = Bench::new()?;
        let subdev = inactive(&[0, 1])?;
        assert_eq!(bench.provider.enabled(), 0);
        let start = generation();

        // One event of the subdev, and one of each work queue.
        assert_eq!(set_state(&subdev, AdminState::Active, false)?, start + 1);
        assert_eq!(generation(), start + 3);
        assert_eq!(bench.provider.enabled(), 0b11);
        assert!(subdev.snapshot().opstate == OpState::Attached);
        assert!(subdev.snapshot().handles.is_some());

        assert_eq!(set_state(&subdev, AdminState::Inactive, false)?, start + 4);
        assert_eq!(generation(), start + 6);
        assert_eq!(bench.provider.enabled(), 0);
        assert!(subdev.snapshot().opstate == OpState::Detached);
        assert!(subdev.snapshot().handles.is_none());
        assert!(subdev.is_detached());
        assert!(available(0).is_some_and(|left| left < ENTRIES));
        assert_eq!(bench.tally.counts(), (1, 1, 1));

        set_state(&subdev, AdminState::Active, false)?;
        assert_eq!(bench.provider.enabled(), 0b11);
        remove(&subdev, false)?;
        assert_eq!(bench.tally.counts(), (2, 2, 2));
        assert_eq!(available(0), Some(ENTRIES));
        Ok(())
    }

    #[test]
    fn what_is_so_already_is_no_change() -> Result {
        let _bench = Bench::new()?;
        let subdev = inactive(&[0])?;
        let start = generation();
        assert_eq!(ask(&nothing(&subdev))?, start);
        assert_eq!(set_state(&subdev, AdminState::Inactive, true)?, start);
        let name = subdev.settings().name;
        let same = Set {
            new_name: Some(name.as_bytes()),
            wqs: share(0, ENTRIES / 8)?,
            ..nothing(&subdev)
        };
        assert_eq!(ask(&same)?, start);
        assert_eq!(generation(), start);
        remove(&subdev, false)
    }

    /// A request for this weight on work queue 0.
    fn weight(subdev: &Subdev, weight: u32) -> Result<Set<'static>> {
        let mut wqs = Wqs::new();
        wqs.push(WqRequest {
            id: Some(0),
            weight: Some(weight),
            ..WqRequest::default()
        })
        .ok_or(EINVAL)?;
        Ok(Set {
            wqs,
            ..nothing(subdev)
        })
    }

    fn weight_of(subdev: &Subdev) -> Option<u32> {
        let settings = subdev.settings();
        let first = settings.wqs.as_slice().first();
        first.map(|share| share.quality.weight)
    }

    #[test]
    fn a_weight_is_kept_and_reaches_the_function() -> Result {
        let bench = Bench::new()?;
        let subdev = inactive(&[0, 1])?;
        let start = generation();
        assert_eq!(ask(&weight(&subdev, 7)?)?, start + 1);
        assert_eq!(ask(&weight(&subdev, 7)?)?, start + 1);
        assert_eq!(weight_of(&subdev), Some(7));
        set_state(&subdev, AdminState::Active, false)?;
        assert_eq!(bench.tally.weight(), 7);

        // While it is active, and without a second function.
        ask(&weight(&subdev, 9)?)?;
        assert_eq!(bench.tally.weight(), 9);
        assert_eq!(bench.tally.counts(), (1, 0, 0));

        // Together with the state.
        let dozing = Set {
            state: Some(AdminState::Inactive),
            ..weight(&subdev, 11)?
        };
        ask(&dozing)?;
        assert_eq!(weight_of(&subdev), Some(11));
        let awake = Set {
            state: Some(AdminState::Active),
            ..weight(&subdev, 13)?
        };
        bench.provider.set_barren(true);
        assert_eq!(ask(&awake), Err(EIO));
        assert_eq!(weight_of(&subdev), Some(11));
        bench.provider.set_barren(false);
        ask(&awake)?;
        assert_eq!(bench.tally.weight(), 13);
        assert_eq!(weight_of(&subdev), Some(13));
        remove(&subdev, false)
    }

    #[test]
    fn a_change_that_fails_leaves_everything() -> Result {
        let bench = Bench::new()?;
        let subdev = inactive(&[0, 1])?;
        let name = subdev.settings().name;
        let start = generation();
        let all = |wqs| Set {
            new_name: Some(b"kunit-changed"),
            wqs,
            state: Some(AdminState::Active),
            ..nothing(&subdev)
        };
        bench.provider.set_barren(true);
        assert!(ask(&all(share(1, ENTRIES)?)) == Err(EIO));
        bench.provider.set_barren(false);
        bench.provider.break_wq(1);
        assert!(ask(&all(share(0, 1)?)) == Err(EIO));

        assert_eq!(generation(), start);
        assert_eq!(bench.provider.enabled(), 0);
        assert_eq!(bench.tally.counts(), (0, 0, 0));
        assert_eq!(available(0), Some(ENTRIES - ENTRIES / 8));
        assert_eq!(available(1), Some(ENTRIES - ENTRIES / 8));
        assert!(subdev.settings().name == name);
        assert!(subdev.snapshot().state == AdminState::Inactive);
        assert!(query::subdev(Id::Name(b"kunit-changed"), |_| Ok(())).is_err());
        assert!(query::subdev(Id::Name(name.as_bytes()), |_| Ok(())).is_ok());
        // Nor is it in the way of what comes next.
        let rename = Set {
            new_name: Some(b"kunit-changed"),
            ..nothing(&subdev)
        };
        assert_eq!(ask(&rename)?, start + 1);
        assert!(query::subdev(Id::Name(name.as_bytes()), |_| Ok(())).is_err());
        remove(&subdev, false)?;
        assert_eq!(available(0), Some(ENTRIES));
        Ok(())
    }

    #[test]
    fn an_open_subdev_is_deactivated_only_by_force() -> Result {
        let bench = Bench::new()?;
        let subdev = add(&[0], PasidMode::None, AdminState::Active)?;
        open(&subdev)?;
        assert!(set_state(&subdev, AdminState::Inactive, false) == Err(EBUSY));
        assert!(!subdev.is_dead());
        assert_eq!(bench.provider.enabled(), 0b01);

        set_state(&subdev, AdminState::Inactive, true)?;
        assert!(subdev.is_dead());
        assert!(is_known(&subdev));
        assert_eq!(bench.provider.enabled(), 0);
        assert!(open(&subdev) == Err(ENODEV));
        // Its user has it open still.
        assert!(!subdev.is_detached());
        let start = generation();
        assert!(set_state(&subdev, AdminState::Active, false) == Err(EBUSY));
        assert_eq!(generation(), start);

        subdev.closed();
        set_state(&subdev, AdminState::Active, false)?;
        assert!(!subdev.is_dead());
        open(&subdev)?;
        set_state(&subdev, AdminState::Inactive, true)?;
        // To its user the device is dead already, so it may go without force.
        remove(&subdev, false)?;
        assert!(!subdev.is_detached());
        subdev.closed();
        Ok(())
    }

    #[test]
    fn one_that_is_changing_is_nobody_elses() -> Result {
        let _bench = Bench::new()?;
        let subdev = inactive(&[0])?;
        assert!(subdev.begin_activation().is_ok());
        assert!(is_known(&subdev));
        assert!(remove(&subdev, true) == Err(EBUSY));
        assert!(ask(&nothing(&subdev)) == Err(EBUSY));
        assert!(set_state(&subdev, AdminState::Active, false) == Err(EBUSY));
        subdev.settle();
        remove(&subdev, true)
    }
}

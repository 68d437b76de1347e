// SPDX-License-Identifier: GPL-2.0

//! The life cycle inside the kernel: real locks, real auxiliary devices and a real VFIO device,
//! on a parent made of software.
//!
//! A failed assertion ends the test's thread without dropping anything, so none is made while a
//! lock is held.

mod fake;
mod made;
mod staged;

use kernel::{
    prelude::*,
    sync::Arc, //
};

use self::fake::{
    Bench,
    ENTRIES,
    PARENT,
    WQS, //
};
use super::{
    create,
    delete,
    events,
    generation,
    query,
    queue::QUEUE,
    refusal::{
        Field,
        Refusal, //
    },
    registry::REGISTRY,
    set_wq,
    Holder,
    Id,
    New,
    Origin,
    ParentId,
    Requester,
    SetWq,
    Subdev,
    WqRequest,
    Wqs, //
};
use crate::subdev_core::{
    face::Face,
    name::Name,
    share::PasidMode,
    state::{
        AdminState,
        OpState, //
    }, //
};

/// Where the requests of the tests come from.
const ORIGIN: Origin = Origin::request(Requester {
    port: 0,
    sequence: 0,
    echo: false,
});

/// Creates a subdev on work queues of the fake parent.
fn add(wqs: &[u32], pasid_mode: PasidMode, state: AdminState) -> Result<Arc<Subdev>> {
    add_named(None, wqs, pasid_mode, state)
}

fn add_named(
    name: Option<&[u8]>,
    wqs: &[u32],
    pasid_mode: PasidMode,
    state: AdminState,
) -> Result<Arc<Subdev>> {
    let mut list = Wqs::new();
    for &wq in wqs {
        list.push(WqRequest {
            id: Some(wq),
            ..WqRequest::default()
        })
        .ok_or(EINVAL)?;
    }
    let new = New {
        name,
        uuid: None,
        parent: parent_id(),
        wqs: list,
        type_name: None,
        pasid_mode: Some(pasid_mode),
        state,
        face: Face::Auxiliary,
        vendor: None,
        count: None,
        lease: None,
        dry_run: false,
    };
    let mut index = None;
    let created = create(&new, ORIGIN, |made| {
        index = made.snapshots().next().map(|it| it.identity.index);
        Ok(())
    });
    created.map_err(|refusal| {
        // For whoever checks that each refusal is provoked.
        pr_info!("refused: {}\n", refusal.text());
        refusal.error()
    })?;
    let mut registry = REGISTRY.lock();
    let registry = registry.get()?;
    let subdev = registry.find(Id::Index(index.ok_or(ENODEV)?));
    subdev.cloned().map_err(|refusal| refusal.error())
}

fn remove(subdev: &Subdev, force: bool) -> Result {
    let id = Id::Index(subdev.identity().index);
    delete(id, force, ORIGIN, |_, _| ()).map_err(|refusal| refusal.error())
}

/// The fake parent.
fn parent_id() -> ParentId<'static> {
    ParentId {
        name: Some(PARENT),
        ..ParentId::default()
    }
}

/// Whether the registry knows the subdev.
fn is_known(subdev: &Subdev) -> bool {
    query::subdev(Id::Index(subdev.identity().index), |_| Ok(())).is_ok()
}

fn parent_is_known() -> bool {
    query::parent(&parent_id(), |_| Ok(())).is_ok()
}

/// Entries that work queue `id` has left.
fn available(id: u32) -> Option<u32> {
    let mut available = None;
    let found = query::wq(&parent_id(), Some(id), |wq| {
        available = Some(wq.available());
        Ok(())
    });
    found.ok().and(available)
}

/// Gives work queue `id` another size, and says what it has then.
fn resize(id: u32, size: u32) -> Result<u32, Refusal> {
    let mut shown = 0;
    let set = SetWq {
        parent: parent_id(),
        id: Some(id),
        size: Some(size),
        mode: None,
        vendor: None,
        dry_run: false,
    };
    set_wq(&set, ORIGIN, |wq, _| shown = wq.description.size)?;
    Ok(shown)
}

/// A VFIO user that does not listen.
struct Deaf;

impl Holder for Deaf {
    fn request_release(&self) -> bool {
        false
    }
}

fn open(subdev: &Arc<Subdev>) -> Result {
    subdev.open(Arc::new(Deaf, GFP_KERNEL)?)
}

#[kunit_tests(subdev_framework)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_comes_and_goes() -> Result {
        let bench = Bench::new()?;
        assert!(parent_is_known());
        drop(bench);
        assert!(!parent_is_known());
        Ok(())
    }

    #[test]
    fn an_inactive_subdev_lives_without_vfio() -> Result {
        let bench = Bench::new()?;
        let subdev = add(&[0], PasidMode::None, AdminState::Inactive)?;
        assert_eq!(bench.provider.enabled(), 0);
        assert_eq!(available(0), Some(0));
        assert!(subdev.snapshot().opstate == OpState::Detached);
        assert!(subdev.snapshot().handles.is_none());

        remove(&subdev, false)?;
        assert!(!is_known(&subdev));
        assert_eq!(bench.provider.enabled(), 0);
        assert_eq!(available(0), Some(ENTRIES));
        drop(subdev);
        // It needs a virtual device only when it is handed over.
        assert_eq!(bench.tally.counts(), (0, 0, 0));
        Ok(())
    }

    #[test]
    fn an_active_subdev_has_a_vfio_device() -> Result {
        let bench = Bench::new()?;
        let subdev = add(&[0, 1], PasidMode::None, AdminState::Active)?;
        assert_eq!(bench.provider.enabled(), 0b11);
        assert!(subdev.snapshot().opstate == OpState::Attached);
        assert!(subdev.snapshot().handles.is_some());

        remove(&subdev, false)?;
        assert!(subdev.snapshot().opstate == OpState::Detached);
        assert!(subdev.snapshot().handles.is_none());
        assert_eq!(bench.provider.enabled(), 0);
        drop(subdev);
        assert_eq!(bench.tally.counts(), (1, 1, 1));
        Ok(())
    }

    #[test]
    fn a_shared_wq_is_disabled_with_its_last_active_subdev() -> Result {
        let bench = Bench::new()?;
        let one = add(&[0], PasidMode::Shared, AdminState::Active)?;
        let two = add(&[0], PasidMode::Shared, AdminState::Active)?;
        let inactive = add(&[0], PasidMode::Shared, AdminState::Inactive)?;
        assert!(add(&[0], PasidMode::None, AdminState::Inactive).err() == Some(EBUSY));

        remove(&one, false)?;
        assert_eq!(bench.provider.enabled(), 0b01);
        remove(&two, false)?;
        assert_eq!(bench.provider.enabled(), 0);
        assert!(available(0).is_some_and(|left| left < ENTRIES));
        remove(&inactive, false)?;
        assert_eq!(available(0), Some(ENTRIES));
        Ok(())
    }

    #[test]
    fn a_wq_that_fails_undoes_those_before_it() -> Result {
        let bench = Bench::new()?;
        bench.provider.break_wq(1);
        let before = generation();
        assert!(add(&[0, 1], PasidMode::None, AdminState::Active).err() == Some(EIO));
        assert_eq!(bench.provider.enabled(), 0);
        assert_eq!(available(0), Some(ENTRIES));
        assert_eq!(available(1), Some(ENTRIES));
        assert_eq!(bench.tally.counts(), (0, 0, 0));
        assert_eq!(generation(), before);
        Ok(())
    }

    #[test]
    fn a_function_that_fails_undoes_the_wqs() -> Result {
        let bench = Bench::new()?;
        bench.provider.set_barren(true);
        let before = generation();
        assert!(add(&[0, 1], PasidMode::None, AdminState::Active).err() == Some(EIO));
        assert_eq!(bench.provider.enabled(), 0);
        assert_eq!(available(0), Some(ENTRIES));
        assert_eq!(generation(), before);

        // Nothing of it is in the way of the next one.
        bench.provider.set_barren(false);
        let subdev = add(&[0, 1], PasidMode::None, AdminState::Active)?;
        remove(&subdev, false)
    }

    #[test]
    fn a_name_is_given_once() -> Result {
        let _bench = Bench::new()?;
        let name = Some(b"kunit-name".as_slice());
        let first = add_named(name, &[0], PasidMode::None, AdminState::Inactive)?;
        let second = add_named(name, &[1], PasidMode::None, AdminState::Inactive);
        assert!(second.err() == Some(EEXIST));
        assert_eq!(available(1), Some(ENTRIES));

        remove(&first, false)?;
        let again = add_named(name, &[1], PasidMode::None, AdminState::Inactive)?;
        remove(&again, false)
    }

    #[test]
    fn an_open_subdev_goes_only_by_force() -> Result {
        let bench = Bench::new()?;
        let subdev = add(&[0], PasidMode::None, AdminState::Active)?;
        open(&subdev)?;
        subdev.enabled(true);
        assert!(subdev.snapshot().opstate == OpState::Enabled);
        assert!(remove(&subdev, false) == Err(EBUSY));
        assert!(is_known(&subdev));
        assert!(!subdev.is_dead());

        remove(&subdev, true)?;
        assert!(subdev.is_dead());
        assert!(!is_known(&subdev));
        assert_eq!(bench.provider.enabled(), 0);
        subdev.closed();
        assert!(open(&subdev) == Err(ENODEV));
        Ok(())
    }

    #[test]
    fn a_parent_takes_its_subdevs_along() -> Result {
        let bench = Bench::new()?;
        let tally = bench.tally.clone();
        let active = add(&[0], PasidMode::Shared, AdminState::Active)?;
        let inactive = add(&[1], PasidMode::None, AdminState::Inactive)?;
        drop(bench);
        assert!(!is_known(&active));
        assert!(!is_known(&inactive));
        assert!(active.snapshot().handles.is_none());
        drop((active, inactive));
        assert_eq!(tally.counts(), (1, 1, 1));
        Ok(())
    }

    #[test]
    fn a_wq_has_another_size_when_nobody_is_in_the_way() -> Result {
        let bench = Bench::new()?;
        let start = generation();
        assert!(resize(0, 2 * ENTRIES).ok() == Some(2 * ENTRIES));
        assert_eq!(available(0), Some(2 * ENTRIES));
        assert_eq!(generation(), start + 1);

        // Which concerns all work queues of the parent.
        let subdev = add(&[1], PasidMode::None, AdminState::Active)?;
        let refusal = resize(0, ENTRIES).err();
        assert!(refusal.is_some_and(|it| it.error() == EBUSY && it.field() == Field::Size));
        remove(&subdev, false)?;

        bench.provider.break_wq(0);
        let refusal = resize(0, ENTRIES).err();
        assert!(refusal.is_some_and(|it| it.error() == EIO));
        assert_eq!(available(0), Some(2 * ENTRIES));
        Ok(())
    }

    #[test]
    fn every_change_is_counted() -> Result {
        let bench = Bench::new()?;
        let (start, structure) = (generation(), events::structure());
        // Of the subdev and of the work queue, which is enabled.
        let subdev = add(&[0], PasidMode::Shared, AdminState::Active)?;
        assert_eq!(generation(), start + 2);
        let other = add(&[0], PasidMode::Shared, AdminState::Inactive)?;
        assert_eq!(generation(), start + 3);
        open(&subdev)?;
        assert_eq!(generation(), start + 4);
        subdev.closed();
        assert_eq!(generation(), start + 5);
        // What a user does does not change what there is.
        assert_eq!(events::structure(), structure + 2);
        remove(&other, false)?;
        assert_eq!(generation(), start + 6);
        remove(&subdev, false)?;
        assert_eq!(generation(), start + 8);
        drop(bench);
        assert_eq!(generation(), start + 9);
        Ok(())
    }

    #[test]
    fn a_user_causes_few_events() -> Result {
        let _bench = Bench::new()?;
        let subdev = add(&[0], PasidMode::None, AdminState::Active)?;
        open(&subdev)?;
        let start = generation();
        for _ in 0..1000 {
            subdev.enabled(true);
            subdev.enabled(false);
        }
        assert!(generation() - start <= 10);
        subdev.closed();
        remove(&subdev, false)
    }

    #[test]
    fn a_default_name_that_is_taken_is_skipped() -> Result {
        let _bench = Bench::new()?;
        let first = add(&[0], PasidMode::Shared, AdminState::Inactive)?;
        let index = first.identity().index + 2;
        let name = Name::format(format_args!("kunit0-{index}")).ok_or(EINVAL)?;
        let taken = add_named(
            Some(name.as_bytes()),
            &[0],
            PasidMode::Shared,
            AdminState::Inactive,
        )?;
        assert_eq!(taken.identity().index, index - 1);
        let next = add(&[0], PasidMode::Shared, AdminState::Inactive)?;
        assert_eq!(next.identity().index, index + 1);
        for subdev in [first, taken, next] {
            remove(&subdev, false)?;
        }
        Ok(())
    }

    #[test]
    fn a_loss_reaches_every_subdev() -> Result {
        let bench = Bench::new()?;
        let active = add(&[0], PasidMode::Shared, AdminState::Active)?;
        let inactive = add(&[0], PasidMode::Shared, AdminState::Inactive)?;
        let shared = || query::available(active.identity().parent_index, 1);
        assert!(shared() > 0);
        bench.provider.set_lost();
        bench.registration.notifier().lost();
        QUEUE.flush();
        assert_eq!(shared(), 0);
        assert!(active.snapshot().opstate == OpState::Halted);
        assert!(inactive.snapshot().opstate == OpState::Detached);
        assert_eq!(bench.tally.halted(), 1);
        assert!(add(&[0], PasidMode::Shared, AdminState::Active).err() == Some(ENODEV));
        remove(&active, false)?;
        remove(&inactive, false)
    }

    #[test]
    fn a_halt_is_recovered_from_with_the_work_queues_and_who_is_on_them() -> Result {
        let bench = Bench::new()?;
        let active = add(&[0], PasidMode::Shared, AdminState::Active)?;
        let other = add(&[1], PasidMode::None, AdminState::Active)?;
        bench.provider.halt();
        assert!(add(&[0], PasidMode::Shared, AdminState::Active).err() == Some(EBUSY));
        bench.provider.break_wq(1);
        bench.registration.notifier().lost();
        QUEUE.flush();
        assert_eq!(bench.tally.halted(), 2);
        // Who is on a work queue that does not come back does not either.
        assert_eq!(bench.tally.recovered(), 1);
        assert_eq!(bench.provider.enabled(), 1);
        assert!(active.snapshot().opstate == OpState::Attached);
        assert!(other.snapshot().opstate == OpState::Halted);
        remove(&other, false)?;
        remove(&active, false)?;
        assert_eq!(bench.provider.enabled(), 0);
        Ok(())
    }

    #[test]
    fn parents_that_come_at_the_same_time_get_names_of_their_own() -> Result {
        let bench = Bench::new()?;
        let failed = bench.register_at_the_same_time()?;
        assert_eq!(failed, 0);
        Ok(())
    }

    #[test]
    fn a_work_queue_comes_and_goes() -> Result {
        let bench = Bench::new()?;
        let wq = Bench::wq(&bench.provider, WQS)?;
        bench.registration.add_wq(wq.clone())?;
        assert!(bench.registration.add_wq(wq) == Err(EEXIST));
        let on_it = add(&[WQS], PasidMode::None, AdminState::Active)?;
        let elsewhere = add(&[0], PasidMode::None, AdminState::Active)?;
        open(&on_it)?;
        bench.registration.remove_wq(WQS)?;
        assert!(!is_known(&on_it));
        assert!(is_known(&elsewhere));
        assert_eq!(bench.provider.enabled(), 0b01);
        assert!(available(WQS).is_none());
        assert!(bench.registration.remove_wq(WQS) == Err(ENOENT));
        // Its user was not waited for.
        assert!(!on_it.is_detached());
        on_it.closed();
        remove(&elsewhere, false)
    }

    #[test]
    fn what_a_parent_does_not_offer_is_refused() -> Result {
        let bench = Bench::new()?;
        let pasid = add(&[0], PasidMode::Dedicated, AdminState::Inactive);
        assert!(pasid.err() == Some(EOPNOTSUPP));
        for id in 0..WQS {
            bench.registration.remove_wq(id)?;
        }
        let nowhere = add(&[0], PasidMode::None, AdminState::Inactive);
        assert!(nowhere.err() == Some(EINVAL));
        Ok(())
    }

    #[test]
    fn a_parent_that_goes_takes_no_more() -> Result {
        let _bench = Bench::new()?;
        {
            let mut registry = REGISTRY.lock();
            let mut parents = registry.get()?.parents.values_mut();
            let parent = parents.find(|parent| parent.node.name.as_bytes() == PARENT);
            parent.ok_or(ENODEV)?.removing = true;
        }
        let late = add(&[0], PasidMode::None, AdminState::Inactive);
        assert!(late.err() == Some(ENODEV));
        Ok(())
    }

    #[test]
    fn a_user_that_stays_holds_up_nobody_but_the_parent() -> Result {
        let bench = Bench::new()?;
        let subdev = add(&[0], PasidMode::None, AdminState::Active)?;
        open(&subdev)?;
        remove(&subdev, true)?;
        let next = add(&[0], PasidMode::None, AdminState::Active)?;
        remove(&next, false)?;
        assert!(!subdev.is_detached());
        subdev.closed();
        drop(bench);
        assert!(subdev.is_detached());
        Ok(())
    }
}

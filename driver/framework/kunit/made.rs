// SPDX-License-Identifier: GPL-2.0

//! Subdevs on devices that somebody else has made.

use kernel::{
    prelude::*,
    sync::{
        atomic::{
            AtomicFlag,
            Relaxed, //
        },
        Arc, //
    }, //
};

use super::{
    add,
    available,
    fake::{
        Bench,
        ENTRIES, //
    },
    is_known,
    parent_id,
    remove,
    ORIGIN, //
};
use crate::{
    ffi::removable::Removable,
    framework::{
        change,
        create::create_on,
        forsake,
        generation,
        registry::REGISTRY,
        Change,
        End,
        Handles,
        Id,
        Lease,
        Maker,
        New,
        Subdev,
        WqRequest,
        Wqs, //
    },
    subdev_core::{
        face::Face,
        name::Name,
        share::PasidMode,
        state::AdminState, //
    }, //
};

/// Who has made a device, which is nothing.
struct Device {
    lease: Arc<Lease>,
    /// Whether the lease ends as soon as the subdev is handed over.
    ends_lease: AtomicFlag,
    /// Whether a program has opened the device without using it.
    held: AtomicFlag,
}

impl Device {
    fn new() -> Result<Self> {
        Ok(Self {
            lease: Lease::new(0)?,
            ends_lease: AtomicFlag::new(false),
            held: AtomicFlag::new(false),
        })
    }

    /// Creates a subdev on it, with its lease, on a work queue that it shares.
    fn create(&self, wq: u32) -> Result<Arc<Subdev>> {
        let mut wqs = Wqs::new();
        wqs.push(WqRequest {
            id: Some(wq),
            ..WqRequest::default()
        })
        .ok_or(EINVAL)?;
        let new = New {
            name: None,
            uuid: None,
            parent: parent_id(),
            wqs,
            type_name: None,
            pasid_mode: Some(PasidMode::Shared),
            state: AdminState::Active,
            face: Face::Mdev,
            vendor: None,
            count: None,
            lease: Some(self.lease.clone()),
            dry_run: false,
        };
        let mut index = None;
        let created = create_on(&new, Some(self), ORIGIN, |made| {
            index = made.snapshots().next().map(|it| it.identity.index);
            Ok(())
        });
        created.map_err(|refusal| refusal.error())?;
        let mut registry = REGISTRY.lock();
        let subdev = registry.get()?.find(Id::Index(index.ok_or(ENODEV)?));
        subdev.cloned().map_err(|refusal| refusal.error())
    }

    /// Has the subdev use another work queue.
    fn move_to(&self, subdev: &Subdev, wq: u32) -> Result {
        let mut wqs = Wqs::new();
        wqs.push(wq).ok_or(EINVAL)?;
        change(subdev, Change::Wqs(wqs), self).map_err(|refusal| {
            // For whoever checks that each refusal is provoked.
            pr_info!("refused: {}\n", refusal.text());
            refusal.error()
        })
    }
}

impl Maker for Device {
    fn device(&self) -> Removable {
        Removable::nothing()
    }

    fn attach(&self, subdev: &Arc<Subdev>) -> Result {
        subdev.attached(Handles {
            group: 0,
            device: Name::parse(b"kunit").map_err(|_| EINVAL)?,
        })?;
        if self.ends_lease.load(Relaxed) {
            let _registry = REGISTRY.lock();
            self.lease.mark_ended();
        }
        Ok(())
    }

    fn is_held(&self) -> bool {
        self.held.load(Relaxed)
    }

    fn detach(&self, subdev: &Arc<Subdev>) {
        subdev.detached();
    }
}

#[kunit_tests(subdev_made)]
mod tests {
    use super::*;

    #[test]
    fn an_active_subdev_moves_to_another_wq() -> Result {
        let bench = Bench::new()?;
        let device = Device::new()?;
        let subdev = device.create(0)?;
        assert_eq!(bench.provider.enabled(), 0b01);
        device.held.store(true, Relaxed);
        assert!(device.move_to(&subdev, 1) == Err(EBUSY));
        assert_eq!(bench.provider.enabled(), 0b01);
        device.held.store(false, Relaxed);
        device.move_to(&subdev, 1)?;
        assert_eq!(bench.provider.enabled(), 0b10);
        assert_eq!(available(0), Some(ENTRIES));
        remove(&subdev, false)?;
        assert_eq!(bench.provider.enabled(), 0);
        assert_eq!(available(1), Some(ENTRIES));
        Ok(())
    }

    #[test]
    fn a_lease_that_ends_during_a_move_leaves_no_wq_enabled() -> Result {
        let bench = Bench::new()?;
        let beside = add(&[0], PasidMode::Shared, AdminState::Active)?;
        let device = Device::new()?;
        let subdev = device.create(0)?;
        device.ends_lease.store(true, Relaxed);
        assert!(device.move_to(&subdev, 1) == Err(EBUSY));
        assert!(!is_known(&subdev));
        // The one beside it is not disturbed.
        assert_eq!(bench.provider.enabled(), 0b01);
        assert_eq!(available(1), Some(ENTRIES));
        let owner = add(&[1], PasidMode::None, AdminState::Active)?;
        assert_eq!(bench.provider.enabled(), 0b11);
        remove(&owner, false)?;
        remove(&beside, false)?;
        assert_eq!(bench.provider.enabled(), 0);
        Ok(())
    }

    #[test]
    fn a_move_that_fails_is_told_of_with_the_wq() -> Result {
        let bench = Bench::new()?;
        let device = Device::new()?;
        let subdev = device.create(0)?;
        let start = generation();
        bench.provider.set_barren(true);
        assert!(device.move_to(&subdev, 1) == Err(EIO));
        // Of the subdev, which is inactive, and of the work queue, which is disabled.
        assert_eq!(generation(), start + 2);
        assert!(subdev.snapshot().state == AdminState::Inactive);
        assert_eq!(bench.provider.enabled(), 0);
        assert_eq!(available(1), Some(ENTRIES));
        assert!(available(0).is_some_and(|left| left < ENTRIES));
        remove(&subdev, false)
    }

    #[test]
    fn a_device_whose_making_is_undone_leaves_its_subdev() -> Result {
        let bench = Bench::new()?;
        let device = Device::new()?;
        for (end, stays) in [(End::Undone, true), (End::Removed, false)] {
            let subdev = device.create(0)?;
            forsake(&subdev, end);
            device.detach(&subdev);
            subdev.handed_back();
            assert_eq!(is_known(&subdev), stays);
            assert_eq!(bench.provider.enabled(), 0);
            assert!(subdev.is_detached());
            if stays {
                assert!(subdev.snapshot().state == AdminState::Inactive);
                remove(&subdev, false)?;
            }
        }
        assert_eq!(available(0), Some(ENTRIES));
        Ok(())
    }
}

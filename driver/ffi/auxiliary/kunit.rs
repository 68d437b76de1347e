// SPDX-License-Identifier: GPL-2.0

//! What a device carries lives exactly as long as the device.

use kernel::sync::{
    atomic::{
        Atomic,
        Relaxed, //
    },
    Arc, //
};

use super::*;
use crate::ffi::bound::kunit::Faux;

/// Counts its end.
struct Mark(Arc<Atomic<u32>>);

impl Drop for Mark {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

type Marked = ForLt!(Mark);

/// A device with a mark that no driver serves.
fn register(
    parent: &BoundDevice,
    id: u32,
    ended: &Arc<Atomic<u32>>,
) -> Result<Registration<Marked>> {
    let mark = Ok::<_, Error>(Mark(ended.clone()));
    Registration::new(parent, c"kunit", id, c"subdev", mark)
}

#[kunit_tests(subdev_auxiliary)]
mod tests {
    use super::*;

    #[test]
    fn data_goes_with_its_device() -> Result {
        let device = Faux::new()?;
        let parent = device.reference();
        let ended = Arc::new(Atomic::new(0), GFP_KERNEL)?;
        let one = register(&parent, 1, &ended)?;
        let two = register(&parent, 2, &ended)?;
        assert_eq!(ended.load(Relaxed), 0);
        drop(one);
        assert_eq!(ended.load(Relaxed), 1);
        drop(two);
        assert_eq!(ended.load(Relaxed), 2);
        Ok(())
    }

    #[test]
    fn an_id_can_be_used_again() -> Result {
        let device = Faux::new()?;
        let parent = device.reference();
        let ended = Arc::new(Atomic::new(0), GFP_KERNEL)?;
        for round in 0..3 {
            let registered = register(&parent, 1, &ended)?;
            assert_eq!(ended.load(Relaxed), round);
            drop(registered);
        }
        assert_eq!(ended.load(Relaxed), 3);
        Ok(())
    }

    #[test]
    fn a_parent_that_goes_gets_no_more() -> Result {
        let device = Faux::new()?;
        let parent = device.reference();
        assert!(parent.get().is_some());
        device.revoke();
        assert!(parent.get().is_none());
        let ended = Arc::new(Atomic::new(0), GFP_KERNEL)?;
        assert!(register(&parent, 1, &ended).err() == Some(ENODEV));
        Ok(())
    }
}

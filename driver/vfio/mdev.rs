// SPDX-License-Identifier: GPL-2.0

//! Subdevs as mediated devices: what the module with the mdev driver calls (see `driver/face.h`).

use core::fmt::{
    self,
    Write, //
};
use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    }, //
};

use super::device::Device;
use crate::{
    ffi::{
        bindings,
        face::{
            face_exports,
            Exports,
            Ops,
            Shown, //
        },
        removable::Removable,
        vfio, //
    },
    framework::{
        self,
        Adopted,
        Change,
        End,
        Field,
        Handles,
        Maker,
        Refusal,
        Subdev,
        Wanted,
        Wqs, //
    },
    subdev_core::name::Name, //
};

/// A mediated device that has a subdev.
#[pin_data]
pub(crate) struct Mdev {
    shown: Shown,
    #[pin]
    bound: Mutex<Option<Bound>>,
}

/// What VFIO has of it.
struct Bound {
    subdev: Arc<Subdev>,
    /// Whether the subdev was there before the device.
    taken: bool,
    /// Gone for moments while the subdev is changed.
    registration: Option<vfio::Registration<'static, Device>>,
}

impl Mdev {
    /// The UUID, which is the name of the device.
    fn uuid(&self) -> &CStr {
        self.shown.device().name()
    }

    fn uuid_text(&self) -> &str {
        self.uuid().to_str().unwrap_or_default()
    }

    /// The subdev.
    fn subdev(&self) -> Result<Arc<Subdev>> {
        let bound = self.bound.lock();
        bound.as_ref().map(|it| it.subdev.clone()).ok_or(ENODEV)
    }

    /// Takes the device back from VFIO, and waits for its user.
    fn let_go(&self) {
        let registration = match &mut *self.bound.lock() {
            Some(bound) => bound.registration.take(),
            None => None,
        };
        // Unregisters, without a lock.
        drop(registration);
    }
}

impl Maker for Mdev {
    fn device(&self) -> Removable {
        self.shown.removable()
    }

    fn attach(&self, subdev: &Arc<Subdev>) -> Result {
        let dev = self.shown.device();
        let registration = vfio::Registration::new(dev, Device::new(subdev.clone())?)?;
        let handles = Handles {
            group: vfio::iommu_group(dev)?,
            device: Name::parse(registration.name().to_bytes()).map_err(|_| EINVAL)?,
        };
        // The last step: it fails for a subdev that goes.
        subdev.attached(handles)?;
        let bound = &mut *self.bound.lock();
        *bound = Some(Bound {
            subdev: subdev.clone(),
            taken: bound.as_ref().is_some_and(|bound| bound.taken),
            registration: Some(registration),
        });
        Ok(())
    }

    fn is_held(&self) -> bool {
        let bound = self.bound.lock();
        let registration = bound.as_ref().and_then(|it| it.registration.as_ref());
        registration.is_some_and(vfio::Registration::is_held)
    }

    fn detach(&self, subdev: &Arc<Subdev>) {
        self.let_go();
        subdev.detached();
    }
}

impl Exports for Mdev {
    fn register(ops: Ops) -> Result {
        framework::register_face(ops)
    }

    fn unregister() {
        framework::unregister_face();
    }

    fn available(parent: u32, place: usize) -> u32 {
        framework::available(parent, place)
    }

    fn probe(parent: u32, place: usize, shown: Shown) -> Result<Arc<Self>> {
        let this = Arc::pin_init(
            pin_init!(Self {
                shown,
                bound <- new_mutex!(None, "Mdev::bound"),
            }),
            GFP_KERNEL,
        )?;
        let wanted = Wanted {
            parent,
            type_name: framework::type_at(parent, place).ok_or(ENODEV)?,
        };
        match framework::adopt(&wanted, this.uuid().to_bytes(), &*this) {
            Ok(adopted) => {
                if let Some(bound) = &mut *this.bound.lock() {
                    bound.taken = adopted == Adopted::Taken;
                }
                Ok(this)
            }
            Err(refusal) => {
                // What went wrong after VFIO had it.
                if let Ok(subdev) = this.subdev() {
                    this.detach(&subdev);
                    subdev.handed_back();
                }
                Err(framework::note_refusal(
                    format_args!("mdev {} of type {}", this.uuid_text(), wanted.type_name),
                    &refusal,
                ))
            }
        }
    }

    fn remove(&self, made: bool) {
        let Ok(subdev) = self.subdev() else { return };
        let taken = self.bound.lock().as_ref().is_some_and(|it| it.taken);
        let end = if framework::is_face_leaving() {
            End::Leaving
        } else if taken && !made {
            End::Undone
        } else {
            End::Removed
        };
        framework::forsake(&subdev, end);
        self.detach(&subdev);
        subdev.handed_back();
    }

    fn get(&self, what: u32, out: &mut [u8]) -> Result<usize> {
        let settings = self.subdev()?.settings();
        let shares = settings.wqs.as_slice().iter();
        let mut text = Text { out, len: 0 };
        let shown = match what {
            bindings::SUBDEV_FACE_NAME => text.write_str(settings.name.as_str()),
            bindings::SUBDEV_FACE_WQ => text.numbers(shares.map(|share| share.id)),
            bindings::SUBDEV_FACE_SIZE => text.numbers(shares.map(|share| share.entries)),
            bindings::SUBDEV_FACE_WEIGHT => {
                text.numbers(shares.map(|share| share.quality.weight)) //
            }
            _ => return Err(EINVAL),
        };
        shown
            .and_then(|()| text.write_str("\n"))
            .map_err(|_| ENOSPC)?;
        Ok(text.len)
    }

    fn set(&self, what: u32, text: &[u8]) -> Result {
        let subdev = self.subdev()?;
        let text = text.trim_ascii();
        let (name, changed) = match what {
            bindings::SUBDEV_FACE_NAME => ("name", Ok(Change::Name(text))),
            bindings::SUBDEV_FACE_WQ => ("wq", numbers(text).map(Change::Wqs)),
            bindings::SUBDEV_FACE_SIZE => ("size", numbers(text).map(Change::Sizes)),
            bindings::SUBDEV_FACE_WEIGHT => ("weight", numbers(text).map(Change::Weights)),
            _ => return Err(EINVAL),
        };
        let changed = changed.and_then(|it| framework::change(&subdev, it, self));
        changed.map_err(|refusal| {
            framework::note_refusal(
                format_args!("{name} of mdev {}", self.uuid_text()),
                &refusal,
            )
        })
    }
}

/// Reads numbers with spaces between them: one for each work queue.
fn numbers(text: &[u8]) -> Result<Wqs<u32>, Refusal> {
    let refuse = || {
        let text = format_args!("a number is needed for each work queue, with spaces between them");
        Refusal::new(EINVAL, Field::Nothing, text)
    };
    let text = core::str::from_utf8(text).map_err(|_| refuse())?;
    let mut numbers = Wqs::new();
    for word in text.split_ascii_whitespace() {
        let number = word.parse().map_err(|_| refuse())?;
        numbers.push(number).ok_or_else(refuse)?;
    }
    match numbers.as_slice() {
        [] => Err(refuse()),
        _ => Ok(numbers),
    }
}

/// Text in a buffer of the C side.
struct Text<'a> {
    out: &'a mut [u8],
    len: usize,
}

impl Text<'_> {
    fn numbers(&mut self, numbers: impl Iterator<Item = u32>) -> fmt::Result {
        for (n, number) in numbers.enumerate() {
            let space = if n == 0 { "" } else { " " };
            write!(self, "{space}{number}")?;
        }
        Ok(())
    }
}

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.out.get_mut(self.len..self.len + text.len());
        room.ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}

face_exports!(Mdev);

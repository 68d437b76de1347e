// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use std::time::Duration;
#[allow(clippy::wildcard_imports, unused_imports)]
use super::*;
#[allow(unused_imports)]
use crate::{
    Answer, Binary, Error, Id, ParentRef, WqRef, connection::Handle, parent::OnParent,
    request::{Objects, Request},
    value::U64,
};

/// Change a subdev, named by index, name or UUID. All that is in the
/// request is done, with one change event, or nothing. What is already as
/// the request says is no change, and where all is so, there is no event.
/// The reply is the subdev as it is then.
///
/// `new-name` is taken in any state. Each `wq` has an id, and changes what
/// the subdev has of a work queue that it uses: its size, its weight, its
/// max-rate, or several of them. Weight and max-rate are taken in any
/// state, and hold from then on for what a user has in flight, which goes
/// on. A size is refused with EBUSY unless the subdev is inactive or is to
/// be so, and with EINVAL where the entries are not available. Limits in a
/// vendor's nest are refused with EBUSY likewise, and with EINVAL beyond
/// what the work queues have. `state` activates or deactivates:
/// with EBUSY it is refused to deactivate a subdev that a VFIO user has
/// open, unless forced, and to activate one again whose former VFIO device
/// is still open. To activate one with the face "mdev" is refused with
/// EOPNOTSUPP: its UUID is written to sysfs for that. Deactivation removes
/// the mediated device. `face` is refused with EBUSY unless the subdev is
/// inactive.
#[derive(Debug, Clone)]
#[must_use = "a request is sent when it is executed"]
pub struct SubdevSet(pub(crate) Request<SubdevAttr>);

impl SubdevSet {
    pub(super) fn new(handle: Handle, subdev: impl Into<Id>) -> Self {
        let request = Request::new(handle);
        Self(
            request
                .with(
                    match subdev.into() {
                        Id::Index(index) => SubdevAttr::Index(index),
                        Id::Name(name) => SubdevAttr::Name(name),
                        Id::Uuid(uuid) => SubdevAttr::Uuid(uuid),
                    },
                ),
        )
    }

    /// In a request to change: the name from now on, as `name`. Refused with
    /// EEXIST if another subdev has it.
    pub fn new_name(self, new_name: impl Into<String>) -> Self {
        Self(self.0.with(SubdevAttr::NewName(new_name.into())))
    }

    /// A work queue that the subdev uses. None in a request with a type is
    /// the same as one without attributes.
    ///
    /// May be said more than once.
    pub fn wq(self, wq: impl Into<SubdevWqRequest>) -> Self {
        Self(self.0.and(SubdevAttr::Wq(wq.into().attributes)))
    }

    /// Admin state. Default is "active", but "inactive" for one with the face
    /// "mdev", which no request activates.
    pub fn state(self, state: AdminState) -> Self {
        Self(self.0.with(SubdevAttr::State(state)))
    }

    /// In a request to delete or to deactivate: although a VFIO user has the
    /// device open. The device is dead to that user then.
    pub fn force(self) -> Self {
        Self(self.0.with(SubdevAttr::Force))
    }

    /// Limits that a subdev of an Intel Data Streaming Accelerator has of its
    /// own, and how its portals are served; absent where nothing was asked
    /// for. Changed only while the subdev is inactive, as its user sees it.
    pub fn dsa_subdev(self, dsa_subdev: impl Into<DsaSubdevRequest>) -> Self {
        Self(self.0.with(SubdevAttr::DsaSubdev(dsa_subdev.into().attributes)))
    }

    /// As which kind of device it is handed to VFIO; default is "auxiliary".
    /// One with the face "mdev" is created inactive. A request changes the
    /// face of one that is inactive; who makes a mediated device of one
    /// changes it to "mdev".
    pub fn face(self, face: Face) -> Self {
        Self(self.0.with(SubdevAttr::Face(face)))
    }

    /// One more attribute, for programs that make requests by what
    /// [`OPERATIONS`] and the sets say.
    pub fn attribute(self, attribute: SubdevAttr) -> Self {
        Self(self.0.and(attribute))
    }

    /// Waits no longer than `limit` for the answer. A request that was
    /// sent may be carried out all the same.
    pub fn within(self, limit: Duration) -> Self {
        Self(self.0.within(limit))
    }
}

impl SubdevSet {
    /// Decide everything as if it were done, and do nothing: no object, event
    /// or index comes of it, and none is changed. The reply is the object as
    /// it would be, without what it would get only then: index, handles, and
    /// a UUID that was not asked for. A refusal is the same as without, but
    /// for what goes wrong only in the doing.
    ///
    /// Sends the request, like [`execute`](Self::execute).
    ///
    /// # Errors
    ///
    /// As for [`execute`](Self::execute).
    pub async fn dry_run(self) -> Result<Answer<Subdev>, Error> {
        self.0.with(SubdevAttr::DryRun).object(Command::SubdevSet).await
    }

    /// Sends the request and returns what it is answered with.
    ///
    /// When the future is dropped after the request was sent, it is
    /// carried out all the same.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] says why the kernel did nothing; see [`Error`]
    /// for what else can go wrong.
    pub async fn execute(self) -> Result<Answer<Subdev>, Error> {
        self.0.object(Command::SubdevSet).await
    }
}

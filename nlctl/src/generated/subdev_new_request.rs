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

/// Create a subdev, or with a `count` several at once, and, unless told
/// otherwise, hand it to VFIO. Needs the parent, and a `wq` with an id or a
/// type. Refused with EBUSY while a fault of the parent is being recovered
/// from. The reply is the subdev with all its handles, the first one of
/// several.
#[derive(Debug, Clone)]
#[must_use = "a request is sent when it is executed"]
pub struct SubdevNew(pub(crate) Request<SubdevAttr>);

impl SubdevNew {
    pub(super) fn new(handle: Handle) -> Self {
        let request = Request::new(handle)
            .on(OnParent::new(None, SubdevAttr::ParentIndex, SubdevAttr::Parent));
        Self(request)
    }

    /// Unique name; letters, digits, '.', '_' and '-'. Default is the name
    /// of the parent, '-' and the index. In a request with a `count` it takes
    /// the place of the parent's name in that.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self(self.0.with(SubdevAttr::Name(name.into())))
    }

    /// Unique UUID in its text form, 8-4-4-4-12 hexadecimal digits. Default
    /// is a random one. Refused with a `count` of more than one.
    pub fn uuid(self, uuid: impl Into<String>) -> Self {
        Self(self.0.with(SubdevAttr::Uuid(uuid.into())))
    }

    /// A work queue that the subdev uses. None in a request with a type is
    /// the same as one without attributes.
    ///
    /// May be said more than once.
    pub fn wq(self, wq: impl Into<SubdevWqRequest>) -> Self {
        Self(self.0.and(SubdevAttr::Wq(wq.into().attributes)))
    }

    /// Name of the type.
    pub fn of_type(self, of_type: impl Into<String>) -> Self {
        Self(self.0.with(SubdevAttr::Type(of_type.into())))
    }

    /// PASID mode. Default is that of the type, or "none" without a type.
    pub fn pasid_mode(self, pasid_mode: PasidMode) -> Self {
        Self(self.0.with(SubdevAttr::PasidMode(pasid_mode)))
    }

    /// Admin state. Default is "active", but "inactive" for one with the face
    /// "mdev", which no request activates.
    pub fn state(self, state: AdminState) -> Self {
        Self(self.0.with(SubdevAttr::State(state)))
    }

    /// Number of subdevs to create, all or none; default is one. With a type
    /// and without the id of a work queue, each gets the one with the most
    /// entries available then. The reply has a `created` for each.
    pub fn count(self, count: u32) -> Self {
        Self(self.0.with(SubdevAttr::Count(count)))
    }

    /// The subdev goes with the netlink socket that asked for it: when that
    /// is closed, the subdev is deleted as by a forced request, with the
    /// cause "lease". Present in what is shown of a subdev that has one.
    pub fn lease(self) -> Self {
        Self(self.0.with(SubdevAttr::Lease))
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

    /// The parent. Without, the only one is meant, and is asked for first.
    pub fn parent(self, parent: impl Into<ParentRef>) -> Self {
        Self(
            self
                .0
                .on(
                    OnParent::new(
                        Some(parent.into()),
                        SubdevAttr::ParentIndex,
                        SubdevAttr::Parent,
                    ),
                ),
        )
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

impl SubdevNew {
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
    pub async fn dry_run(self) -> Result<Answer<SubdevNewDryRun>, Error> {
        self.0.with(SubdevAttr::DryRun).object(Command::SubdevNew).await
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
        self.0.object(Command::SubdevNew).await
    }
}

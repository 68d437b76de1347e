// SPDX-License-Identifier: MIT OR Apache-2.0

//! Creating a subdev.

use crate::answer::Answer;
use crate::connection::Handle;
use crate::error::Error;
use crate::exchange;
use crate::generated::{AdminState, Command, PasidMode, Subdev, SubdevAttr, SubdevWqAttr};
use crate::id::ParentRef;
use crate::parent::OnParent;

/// Creates a subdev; what is not said is left to the kernel.
#[derive(Debug, Clone)]
#[must_use = "a request is sent by `execute`"]
pub struct Add {
    handle: Handle,
    attributes: Vec<SubdevAttr>,
    /// Number and entries of each work queue.
    wqs: Vec<(u32, Option<u32>)>,
    /// Entries of those for which none are said.
    size: Option<u32>,
    /// How it is served on all of them.
    quality: Vec<SubdevWqAttr>,
    parent: OnParent<SubdevAttr>,
}

impl Add {
    pub(super) fn new(handle: Handle) -> Self {
        Self {
            handle,
            attributes: Vec::new(),
            wqs: Vec::new(),
            size: None,
            quality: Vec::new(),
            parent: super::on_parent(None),
        }
    }

    fn with(mut self, attribute: SubdevAttr) -> Self {
        self.attributes.push(attribute);
        self
    }

    /// Uses the work queue of that number; may be said more than once.
    pub fn wq(mut self, id: u32) -> Self {
        self.wqs.push((id, None));
        self
    }

    /// Uses `entries` entries of the work queue of that number; may be said more
    /// than once.
    pub fn wq_share(mut self, id: u32, entries: u32) -> Self {
        self.wqs.push((id, Some(entries)));
        self
    }

    /// Is of that type; without a work queue, the kernel chooses one.
    pub fn of_type(self, name: impl Into<String>) -> Self {
        self.with(SubdevAttr::Type(name.into()))
    }

    /// Relates like this to its work queue and to address spaces.
    pub fn pasid_mode(self, mode: PasidMode) -> Self {
        self.with(SubdevAttr::PasidMode(mode))
    }

    /// Has that name, which must be unique.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.with(SubdevAttr::Name(name.into()))
    }

    /// Has that UUID, in its text form, which must be unique.
    pub fn uuid(self, uuid: impl Into<String>) -> Self {
        self.with(SubdevAttr::Uuid(uuid.into()))
    }

    /// Is carved from that parent; needed when there are several. Without, the
    /// only one is asked for first.
    pub fn parent(mut self, parent: impl Into<ParentRef>) -> Self {
        self.parent = super::on_parent(Some(parent.into()));
        self
    }

    /// Is handed to VFIO at once, or not.
    pub fn state(self, state: AdminState) -> Self {
        self.with(SubdevAttr::State(state))
    }

    /// Uses so many entries of each work queue for which nothing else was said.
    pub fn size(mut self, entries: u32) -> Self {
        self.size = Some(entries);
        self
    }

    /// Has bandwidth of its work queues in proportion to this, beside others that
    /// have work for them.
    pub fn weight(mut self, weight: u32) -> Self {
        self.quality.push(SubdevWqAttr::Weight(weight));
        self
    }

    /// Has each of its work queues process at most so many bytes per second.
    pub fn max_rate(mut self, bytes: u64) -> Self {
        self.quality.push(SubdevWqAttr::MaxRate(bytes));
        self
    }

    /// Sends the request and returns the subdev with all its handles.
    ///
    /// When the future is dropped after the request was sent, the subdev is
    /// created all the same; a [`name`](Self::name) helps to find it.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] says which attribute the kernel did not like; then
    /// nothing was created.
    pub async fn execute(mut self) -> Result<Answer<Subdev>, Error> {
        self.attributes
            .extend(self.parent.needed(&self.handle).await?);
        if self.wqs.is_empty() {
            // The kernel chooses one.
            let mut wq: Vec<_> = self.size.map(SubdevWqAttr::Size).into_iter().collect();
            wq.extend(self.quality.iter().cloned());
            if !wq.is_empty() {
                self.attributes.push(SubdevAttr::Wq(wq));
            }
        }
        for (id, entries) in self.wqs {
            let mut wq = vec![SubdevWqAttr::Id(id)];
            wq.extend(entries.or(self.size).map(SubdevWqAttr::Size));
            wq.extend(self.quality.iter().cloned());
            self.attributes.push(SubdevAttr::Wq(wq));
        }
        exchange::object(&self.handle, Command::SubdevNew, self.attributes).await
    }
}

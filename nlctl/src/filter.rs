// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which notifications a socket gets.

use crate::connection::Handle;
use crate::error::Error;
use crate::generated::{NotifyFilterAttr, NotifyKinds};
use crate::id::{Id, ParentRef};
use crate::parent::OnParent;

/// Which notifications the kernel sends to a subscription, see
/// [`Subscribe::monitor_filtered`](crate::Subscribe::monitor_filtered): those to
/// which all applies that is said.
///
/// ```
/// use nlctl::{Filter, NotifyKinds};
///
/// let faults = NotifyKinds::PARENT_FAULT | NotifyKinds::SUBDEV_FAULT;
/// let filter = Filter::new().parent("dsa0").kinds(faults);
/// # let _ = filter;
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "a subscription takes it"]
pub struct Filter {
    parents: Vec<ParentRef>,
    subdevs: Vec<Id>,
    kinds: Option<NotifyKinds>,
}

impl Filter {
    /// With nothing said: all pass.
    pub fn new() -> Self {
        Self::default()
    }

    /// About that parent, or a work queue or subdev of it; said of several, about
    /// one of them.
    pub fn parent(mut self, parent: impl Into<ParentRef>) -> Self {
        self.parents.push(parent.into());
        self
    }

    /// About that subdev, which has to be there when the filter is set. By its name it
    /// is followed when it is renamed. Said of several, about one of them.
    pub fn subdev(mut self, subdev: impl Into<Id>) -> Self {
        self.subdevs.push(subdev.into());
        self
    }

    /// Of one of these kinds.
    pub fn kinds(self, kinds: NotifyKinds) -> Self {
        Self {
            kinds: Some(kinds),
            ..self
        }
    }

    /// As the kernel is told.
    pub(crate) async fn attributes(&self, handle: &Handle) -> Result<Vec<NotifyFilterAttr>, Error> {
        let (index, name) = (NotifyFilterAttr::ParentIndex, NotifyFilterAttr::Parent);
        let mut attributes = Vec::new();
        for parent in &self.parents {
            let parent = OnParent::new(Some(parent.clone()), index, name);
            attributes.extend(parent.named(handle).await?);
        }
        attributes.extend(self.subdevs.iter().cloned().map(|subdev| match subdev {
            Id::Index(index) => NotifyFilterAttr::SubdevIndex(index),
            Id::Name(name) => NotifyFilterAttr::Subdev(name),
            Id::Uuid(uuid) => NotifyFilterAttr::SubdevUuid(uuid),
        }));
        attributes.extend(self.kinds.map(NotifyFilterAttr::Kinds));
        Ok(attributes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::Command;

    #[test]
    fn several_are_named_one_after_another() {
        let filter = Filter::new().parent(0).parent("dsa1").subdev("net0");
        let named = [ParentRef::Index(0), ParentRef::Name("dsa1".to_owned())];
        assert_eq!(filter.parents, named);
        assert_eq!(filter.subdevs, [Id::from("net0")]);
    }

    #[test]
    fn each_notification_is_of_a_kind() {
        let commands = (0..=u8::MAX).filter_map(|number| Command::try_from(number).ok());
        let names: Vec<_> = commands
            .filter_map(|command| command.to_string().strip_suffix("-ntf").map(str::to_owned))
            .collect();
        assert_eq!(names, NotifyKinds::NAMES);
    }
}

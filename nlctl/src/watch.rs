// SPDX-License-Identifier: MIT OR Apache-2.0

//! The state of the family and what changes it, in one stream.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::stream::BoxStream;
use futures::{Stream, StreamExt};

use crate::error::Error;
use crate::generated::Notification;
use crate::monitor::Event;
use crate::state::State;

/// What to do to a copy of the family's state so that it stays true; see
/// [`State::update`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one at a time, and nearly all are changes"
)]
pub enum Update {
    /// What there is. Comes first, and once.
    Snapshot(State),
    /// Something changed that is not in the last state.
    Changed(Notification),
    /// Changes were lost; this is what there is now.
    Resynced(State),
    /// The module was unloaded; there is nothing any more.
    Gone,
    /// The module was loaded again; this is what there is now.
    Back(State),
}

/// The stream of updates, from [`Handle::watch`](crate::Handle::watch).
///
/// It borrows nothing, and dropping the future that waits for the next update
/// loses none.
#[must_use = "updates come only while the stream is polled"]
pub struct Watch(BoxStream<'static, Result<Update, Error>>);

impl Watch {
    /// Makes updates of `events`, which begin with a resynchronisation.
    pub(crate) fn new(events: impl Stream<Item = Result<Event, Error>> + Send + 'static) -> Self {
        Self(updates(events).boxed())
    }
}

/// The updates that `events` are, which begin with a resynchronisation.
pub(crate) fn updates(
    events: impl Stream<Item = Result<Event, Error>>,
) -> impl Stream<Item = Result<Update, Error>> {
    let mut begun = false;
    events.filter_map(move |event| {
        let update = event.map(|event| update(event, &mut begun)).transpose();
        std::future::ready(update)
    })
}

/// The update that an event is; the first state is a snapshot.
fn update(event: Event, begun: &mut bool) -> Option<Update> {
    Some(match event {
        Event::Notification(notification) => Update::Changed(notification),
        Event::Resync(state) if *begun => Update::Resynced(state),
        Event::Resync(state) => {
            *begun = true;
            Update::Snapshot(state)
        }
        Event::Gone => {
            *begun = true;
            Update::Gone
        }
        Event::Back(state) => Update::Back(state),
        // About objects that are not in the state.
        Event::Unknown { .. } => return None,
    })
}

impl Stream for Watch {
    type Item = Result<Update, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

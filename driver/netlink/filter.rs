// SPDX-License-Identifier: GPL-2.0

//! `notify-filter-set`: which events a socket gets.
//!
//! devlink keeps its filters where generic netlink has private data of a socket, which is not exported
//! to modules. Here they are in a list by their sockets, as leases are.

use kernel::{
    prelude::*,
    rbtree::RBTree,
    sync::global_lock, //
};

use super::{
    parent::parent_id,
    refuse::{
        refuse,
        Numbers, //
    },
    subdev::subdev_id, //
};
use crate::{
    ffi::{
        bindings as uapi,
        genl::{
            genl_do,
            Message,
            Request,
            Sender,
            Writer, //
        },
        netlink::{
            Socket,
            SocketKey, //
        }, //
    },
    framework::{
        self,
        Event,
        Field,
        Object,
        Refusal, //
    }, //
};

const NUMBERS: Numbers = Numbers(&[
    (
        Field::ParentIndex,
        uapi::SUBDEV_A_NOTIFY_FILTER_PARENT_INDEX,
    ),
    (Field::Parent, uapi::SUBDEV_A_NOTIFY_FILTER_PARENT),
    (Field::Index, uapi::SUBDEV_A_NOTIFY_FILTER_SUBDEV_INDEX),
    (Field::Name, uapi::SUBDEV_A_NOTIFY_FILTER_SUBDEV),
    (Field::Uuid, uapi::SUBDEV_A_NOTIFY_FILTER_SUBDEV_UUID),
]);

/// Most sockets with a filter, as the spec says: whoever may open a socket can have one, and each is
/// kernel memory and work for who closes a socket.
const MAX: usize = 4096;

/// What a socket wants to get. What is absent makes no difference.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Filter {
    /// Number of the parent.
    parent: Option<u32>,
    /// Number of the subdev.
    subdev: Option<u32>,
    /// Bits of the kinds of notification.
    kinds: Option<u32>,
}

impl Filter {
    fn parse(request: &Request<'_>) -> Result<Self, Refusal> {
        let parent = parent_id(
            request,
            uapi::SUBDEV_A_NOTIFY_FILTER_PARENT_INDEX,
            uapi::SUBDEV_A_NOTIFY_FILTER_PARENT,
        );
        let mut filter = Self {
            kinds: request.u32(uapi::SUBDEV_A_NOTIFY_FILTER_KINDS),
            ..Self::default()
        };
        if parent.index.is_some() || parent.name.is_some() {
            framework::parent(&parent, |parent| {
                filter.parent = Some(parent.index());
                Ok(())
            })?;
        }
        let names = [
            uapi::SUBDEV_A_NOTIFY_FILTER_SUBDEV_INDEX,
            uapi::SUBDEV_A_NOTIFY_FILTER_SUBDEV,
            uapi::SUBDEV_A_NOTIFY_FILTER_SUBDEV_UUID,
        ];
        if names.into_iter().any(|name| request.flag(name)) {
            let [index, name, uuid] = names;
            // It may have another name later, and is the same all the same.
            framework::subdev(subdev_id(request, index, name, uuid)?, |subdev| {
                filter.subdev = Some(subdev.identity.index);
                Ok(())
            })?;
        }
        Ok(filter)
    }

    fn put(&self, writer: &mut Writer<'_>) -> Result {
        let mut put = |number, value: Option<u32>| match value {
            Some(value) => writer.u32(number, value),
            None => Ok(()),
        };
        put(uapi::SUBDEV_A_NOTIFY_FILTER_PARENT_INDEX, self.parent)?;
        put(uapi::SUBDEV_A_NOTIFY_FILTER_SUBDEV_INDEX, self.subdev)?;
        put(uapi::SUBDEV_A_NOTIFY_FILTER_KINDS, self.kinds)
    }

    /// Whether an event passes that is of one of the kinds `kind`.
    fn passes(&self, event: &Event<'_>, kind: u32) -> bool {
        let (parent, subdev) = match event.object {
            Object::Parent(parent) => (parent.index(), None),
            Object::Wq(wq) => (wq.parent_index(), None),
            Object::Subdev(subdev) => {
                let identity = subdev.identity;
                (identity.parent_index, Some(identity.index))
            }
        };
        self.kinds.is_none_or(|kinds| kinds & kind != 0)
            && self.parent.is_none_or(|it| it == parent)
            && (self.subdev.is_none() || self.subdev == subdev)
    }
}

/// The sockets that do not want all events.
struct Filters {
    by_socket: RBTree<SocketKey, (Socket, Filter)>,
    count: usize,
}

impl Filters {
    fn new() -> Self {
        Self {
            by_socket: RBTree::new(),
            count: 0,
        }
    }

    /// Gives a socket a filter, in place of the one that it had.
    fn set(&mut self, socket: Socket, filter: Filter) -> Result<(), Refusal> {
        let key = socket.key();
        if filter == Filter::default() {
            if self.by_socket.remove(&key).is_some() {
                self.count -= 1;
            }
            return Ok(());
        }
        if let Some((_, old)) = self.by_socket.get_mut(&key) {
            *old = filter;
            return Ok(());
        }
        if self.count >= MAX {
            return Err(Refusal::new(
                ENOSPC,
                Field::Nothing,
                format_args!("{MAX} sockets have a filter, which is the most; close one of them"),
            ));
        }
        // Accounted to who asks for it.
        self.by_socket
            .try_create_and_insert(key, (socket, filter), GFP_KERNEL_ACCOUNT)?;
        self.count += 1;
        Ok(())
    }
}

global_lock! {
    // SAFETY: Initialised by `init`, which `netlink::Registration` calls before all else.
    unsafe(uninit) static FILTERS: Mutex<Option<Filters>> = None;
}

/// Makes the list of filters ready.
///
/// # Safety
///
/// Must be called exactly once, before anything else here.
pub(super) unsafe fn init() {
    // SAFETY: By the safety requirement.
    unsafe { FILTERS.init() };
}

genl_do!(subdev_nl_notify_filter_set_doit, set);

fn set(request: &Request<'_>) -> Result {
    // What can fail does so before anything is done.
    Message::reply(request, uapi::SUBDEV_CMD_NOTIFY_FILTER_SET)
        .map_err(Refusal::from)
        .and_then(|mut message| {
            let filter = Filter::parse(request)?;
            filter.put(&mut message.writer())?;
            let socket = request.socket().ok_or(EINVAL)?;
            let mut filters = FILTERS.lock();
            let filters = filters.get_or_insert_with(Filters::new);
            filters.set(socket, filter)?;
            Ok(message)
        })
        .map_err(|refusal| refuse(request, &NUMBERS, &refusal))
        .map(|message| {
            // It is set, whether the requester gets to see the reply or not.
            let _ = message.send(request);
        })
}

/// Sends an event, which is of one of the kinds `kind`, to the listeners that want it, and to whoever
/// `echo` says.
///
/// The list is locked meanwhile, so that a filter holds for all that comes after the reply to its
/// request, and a socket that is looked up is looked at without a lock.
pub(super) fn send(message: Message, event: &Event<'_>, kind: u32, echo: Option<Sender>) {
    let filters = FILTERS.lock();
    let Some(filters) = filters.as_ref().filter(|it| it.count > 0) else {
        return message.notify(uapi::SUBDEV_NLGRP_MONITOR, echo);
    };
    message.notify_those(uapi::SUBDEV_NLGRP_MONITOR, echo, &|socket| {
        let filter = filters.by_socket.get(&socket);
        filter.is_none_or(|(_, filter)| filter.passes(event, kind))
    });
}

/// Forgets the filters of sockets that are closed.
///
/// All are looked at, as a port ID that was closed may be another socket's by now.
pub(super) fn forget_closed() {
    let mut filters = FILTERS.lock();
    let Some(filters) = filters.as_mut() else {
        return;
    };
    let closed = |filters: &Filters| {
        let mut all = filters.by_socket.iter();
        let found = all.find(|(_, (socket, _))| socket.is_closed());
        found.map(|(key, _)| *key)
    };
    while let Some(key) = closed(filters) {
        filters.by_socket.remove(&key);
        filters.count -= 1;
    }
}

/// Forgets all filters: there are no events any more.
pub(super) fn clear() {
    let filters = FILTERS.lock().take();
    drop(filters);
}

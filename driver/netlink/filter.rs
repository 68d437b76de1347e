// SPDX-License-Identifier: GPL-2.0

//! `notify-filter-set`: which events a socket gets.
//!
//! devlink keeps its filters where generic netlink has private data of a socket, which is not exported
//! to modules. Here they are in a list by their sockets, as leases are.

use kernel::{
    prelude::*,
    rbtree::{
        RBTree,
        RBTreeNodeReservation, //
    },
    sync::global_lock, //
};

use super::refuse::refuse_because;
use crate::{
    ffi::{
        bindings as uapi,
        genl::{
            genl_do,
            Attr,
            Culprit,
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
        Id,
        Object,
        ParentId,
        Refusal, //
    },
    subdev_core::list::List, //
};

/// Most sockets with a filter, of admins and of others each: whoever may open a socket can have one,
/// and each is kernel memory and work for who closes a socket.
const MAX: usize = uapi::SUBDEV_MAX_FILTERS as usize;

/// Most sockets with a filter of one user who is no admin.
const MAX_PER_USER: usize = uapi::SUBDEV_MAX_FILTERS_PER_USER as usize;

/// Most parents that a filter names, and most subdevs.
const MAX_OBJECTS: usize = uapi::SUBDEV_MAX_FILTER_OBJECTS as usize;

/// Numbers of objects of which one is enough; where there are none, it makes no difference.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct AnyOf(List<u32, MAX_OBJECTS>);

impl AnyOf {
    /// Adds an object, one of `what`, unless it is there.
    fn add(&mut self, item: u32, what: &str) -> Result<(), Refusal> {
        if self.0.as_slice().contains(&item) {
            return Ok(());
        }
        self.0.push(item).ok_or_else(|| {
            Refusal::new(
                E2BIG,
                // The caller knows which attribute it is.
                Field::Nothing,
                format_args!("a filter names at most {MAX_OBJECTS} {what}"),
            )
        })
    }

    fn allows(&self, item: Option<u32>) -> bool {
        let all = self.0.as_slice();
        all.is_empty() || item.is_some_and(|item| all.contains(&item))
    }
}

/// What a socket wants to get. What is absent makes no difference.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Filter {
    parents: AnyOf,
    subdevs: AnyOf,
    /// Bits of the kinds of notification.
    kinds: Option<u32>,
}

impl Filter {
    /// What a request asks for. Where it is refused, `culprit` is what is to blame.
    fn parse<'a>(request: &Request<'a>, culprit: &mut Culprit<'a>) -> Result<Self, Refusal> {
        let mut filter = Self {
            kinds: request.u32(uapi::SUBDEV_A_NOTIFY_FILTER_KINDS),
            ..Self::default()
        };
        for attr in request.attrs() {
            *culprit = Culprit::Bad(attr);
            filter.add(&attr)?;
        }
        *culprit = Culprit::Nothing;
        Ok(filter)
    }

    /// Adds the object that an attribute names, if it names one.
    fn add(&mut self, attr: &Attr<'_>) -> Result<(), Refusal> {
        let mut parent = ParentId::default();
        let id = match attr.number() {
            uapi::SUBDEV_A_NOTIFY_FILTER_PARENT_INDEX => {
                parent.index = attr.u32();
                return self.add_parent(&parent);
            }
            uapi::SUBDEV_A_NOTIFY_FILTER_PARENT => {
                parent.name = Some(attr.text());
                return self.add_parent(&parent);
            }
            uapi::SUBDEV_A_NOTIFY_FILTER_SUBDEV_INDEX => Id::Index(attr.u32().ok_or(EINVAL)?),
            uapi::SUBDEV_A_NOTIFY_FILTER_SUBDEV => Id::Name(attr.text()),
            uapi::SUBDEV_A_NOTIFY_FILTER_SUBDEV_UUID => Id::Uuid(attr.text()),
            _ => return Ok(()),
        };
        let mut found = None;
        // It may have another name later, and is the same all the same.
        framework::subdev(id, |subdev| {
            found = Some(subdev.identity.index);
            Ok(())
        })?;
        let index = found.ok_or(ENODEV)?;
        self.subdevs.add(index, "subdevs")
    }

    fn add_parent(&mut self, id: &ParentId<'_>) -> Result<(), Refusal> {
        let mut found = None;
        framework::parent(id, |parent| {
            found = Some(parent.index());
            Ok(())
        })?;
        let index = found.ok_or(ENODEV)?;
        self.parents.add(index, "parents")
    }

    fn put(&self, writer: &mut Writer<'_>, generation: u64) -> Result {
        writer.uint(uapi::SUBDEV_A_NOTIFY_FILTER_GENERATION, generation)?;
        for index in self.parents.0.as_slice() {
            writer.u32(uapi::SUBDEV_A_NOTIFY_FILTER_PARENT_INDEX, *index)?;
        }
        for index in self.subdevs.0.as_slice() {
            writer.u32(uapi::SUBDEV_A_NOTIFY_FILTER_SUBDEV_INDEX, *index)?;
        }
        match self.kinds {
            Some(kinds) => writer.u32(uapi::SUBDEV_A_NOTIFY_FILTER_KINDS, kinds),
            None => Ok(()),
        }
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
            && self.parents.allows(Some(parent))
            && self.subdevs.allows(subdev)
    }
}

/// Whose bound a filter counts for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// Who has CAP_NET_ADMIN.
    Admin,
    /// A user who has not.
    User(u32),
}

/// The filter of a socket.
struct Entry {
    socket: Socket,
    owner: Owner,
    filter: Filter,
}

/// Room for the filter of one more socket.
type Place = RBTreeNodeReservation<SocketKey, Entry>;

/// The sockets that do not want all events.
struct Filters {
    by_socket: RBTree<SocketKey, Entry>,
}

impl Filters {
    fn new() -> Self {
        Self {
            by_socket: RBTree::new(),
        }
    }

    /// Gives a socket a filter, in place of the one that it had.
    fn set(&mut self, entry: Entry, place: Place) -> Result<(), Refusal> {
        let key = entry.socket.key();
        if entry.filter == Filter::default() {
            self.by_socket.remove(&key);
            return Ok(());
        }
        if let Some(old) = self.by_socket.get_mut(&key) {
            old.filter = entry.filter;
            return Ok(());
        }
        self.check_room(entry.owner)?;
        self.by_socket.insert(place.into_node(key, entry));
        Ok(())
    }

    /// Refuses one more filter of who has as many as allowed. Nobody who is no admin can take
    /// anything from an admin.
    fn check_room(&self, owner: Owner) -> Result<(), Refusal> {
        let (mut own, mut all) = (0, 0);
        for entry in self.by_socket.values() {
            own += usize::from(entry.owner == owner);
            all += usize::from((entry.owner == Owner::Admin) == (owner == Owner::Admin));
        }
        let refuse = |text| Err(Refusal::new(ENOSPC, Field::Nothing, text));
        if owner != Owner::Admin && own >= MAX_PER_USER {
            return refuse(format_args!(
                "{own} sockets of this user have a filter, which is the most; close one"
            ));
        }
        if all >= MAX {
            return refuse(format_args!(
                "{all} sockets have a filter, which is the most; close one of them"
            ));
        }
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
    let generation = framework::generation();
    let mut culprit = Culprit::Nothing;
    // What can fail does so before anything is done.
    Message::reply(request, uapi::SUBDEV_CMD_NOTIFY_FILTER_SET)
        .map_err(Refusal::from)
        .and_then(|mut message| {
            let filter = Filter::parse(request, &mut culprit)?;
            apply(request, &filter, generation, &mut message)?;
            Ok(message)
        })
        .map_err(|refusal| refuse_because(request, culprit, &refusal))
        .map(|message| {
            // It is set, whether the requester gets to see the reply or not.
            let _ = message.send(request);
        })
}

/// Gives the sender a filter, and puts it into the reply.
fn apply(
    request: &Request<'_>,
    filter: &Filter,
    generation: u64,
    message: &mut Message,
) -> Result<(), Refusal> {
    filter.put(&mut message.writer(), generation)?;
    let socket = request.socket().ok_or(EINVAL)?;
    let owner = if request.is_of_admin() {
        Owner::Admin
    } else {
        Owner::User(socket.uid())
    };
    let entry = Entry {
        socket,
        owner,
        filter: *filter,
    };
    // Accounted to who asks for it. Before the lock is taken, as who has no memory left waits for it,
    // and every event would wait for who has the lock.
    let place = Place::new(GFP_KERNEL_ACCOUNT)?;
    let mut filters = FILTERS.lock();
    let filters = filters.get_or_insert_with(Filters::new);
    filters.set(entry, place)
}

/// Sends an event, which is of one of the kinds `kind`, to the listeners that want it, and to whoever
/// `echo` says.
///
/// The list is locked meanwhile, so that a filter holds for all that comes after the reply to its
/// request, and a socket that is looked up is looked at without a lock.
pub(super) fn send(message: Message, event: &Event<'_>, kind: u32, echo: Option<Sender>) {
    let filters = FILTERS.lock();
    let Some(filters) = filters.as_ref().filter(|it| !it.by_socket.is_empty()) else {
        return message.notify(uapi::SUBDEV_NLGRP_MONITOR, echo);
    };
    message.notify_those(uapi::SUBDEV_NLGRP_MONITOR, echo, &|socket| {
        let entry = filters.by_socket.get(&socket);
        entry.is_none_or(|entry| entry.filter.passes(event, kind))
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
        let found = all.find(|(_, entry)| entry.socket.is_closed());
        found.map(|(key, _)| *key)
    };
    while let Some(key) = closed(filters) {
        filters.by_socket.remove(&key);
    }
}

/// Forgets all filters: there are no events any more.
pub(super) fn clear() {
    let filters = FILTERS.lock().take();
    drop(filters);
}

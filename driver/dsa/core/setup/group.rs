// SPDX-License-Identifier: GPL-2.0

//! Groups: which engines serve which work queues, and with how many read buffers.

use super::{
    super::regs::table::grpcfg,
    refused::{
        Attribute,
        Refused,
        Why, //
    },
    Caps,
    Wq, //
};

/// Most groups that are made use of. Devices have four.
pub const MAX_GROUPS: usize = 16;

/// Read buffers that a group has for each of its engines at least, as idxd has it.
const BUFFERS_PER_ENGINE: u32 = 4;

/// What a group is set up as.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Group {
    /// Engines; bit n is engine n.
    pub engines: u64,
    /// Read buffers that no other group may use.
    pub reserved: u8,
    /// Most read buffers that it may use; all that are not reserved for others, if nobody asked for
    /// another number.
    pub allowed: Option<u8>,
    /// Whether the limit of the device holds for it.
    pub limited: bool,
}

/// All groups of a device. Those that the device does not have are empty.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Groups {
    list: [Group; MAX_GROUPS],
    /// Most read buffers that a group may use for which the limit holds; 0 is none.
    pub limit: u8,
}

/// What is asked for of a group; what is absent stays.
#[derive(Copy, Clone, Default, PartialEq, Eq, Debug)]
pub struct GroupChange {
    /// See [`Group::engines`].
    pub engines: Option<u64>,
    /// See [`Group::reserved`].
    pub reserved: Option<u32>,
    /// See [`Group::allowed`].
    pub allowed: Option<u32>,
    /// See [`Group::limited`]; 0 or 1.
    pub limited: Option<u32>,
}

/// Low `n` bits.
fn ones(n: u32) -> u64 {
    1_u64.checked_shl(n).map_or(u64::MAX, |bit| bit - 1)
}

impl Groups {
    /// The groups of a device where nobody asked for others: the first has all engines.
    pub fn defaults(caps: &Caps) -> Self {
        let mut groups = Self {
            list: [Group::default(); MAX_GROUPS],
            limit: 0,
        };
        let [first, ..] = &mut groups.list;
        first.engines = ones(caps.engine.engines());
        groups
    }

    /// The group `id`.
    pub fn get(&self, id: u32) -> Option<&Group> {
        self.list.get(id as usize)
    }

    /// Takes a group as the hardware has it.
    pub fn put(&mut self, id: u32, group: Group) {
        if let Some(place) = self.list.get_mut(id as usize) {
            *place = group;
        }
    }

    /// Engines of the group `id`.
    pub fn engines(&self, id: u32) -> u64 {
        self.get(id).map_or(0, |group| group.engines)
    }

    /// Read buffers that the group `id` may use at most.
    pub fn allowed(&self, id: u32, caps: &Caps) -> u8 {
        let default = self.unreserved(id, caps);
        let asked = self.get(id).and_then(|group| group.allowed);
        // CAST: At most what a field of 8 bits has.
        asked.unwrap_or(default as u8)
    }

    /// Read buffers that are not reserved for others than the group `id`.
    fn unreserved(&self, id: u32, caps: &Caps) -> u32 {
        let groups = (0..).zip(&self.list).filter(|(other, _)| *other != id);
        let others: u32 = groups.map(|(_, group)| u32::from(group.reserved)).sum();
        caps.group.read_buffers().saturating_sub(others)
    }

    /// What GRPCFG has of the group `id`: the work queues, the engines and the flags. A group without
    /// work queues has no engines there, as the hardware takes no such group.
    pub fn registers(
        &self,
        id: u32,
        wqs: &[Wq],
        caps: &Caps,
        traffic_class: u8,
    ) -> ([u64; 4], u64, u64) {
        let mut members = [0; 4];
        for (wq, _) in (0..).zip(wqs).filter(|(_, wq)| u32::from(wq.group) == id) {
            let wq: usize = wq;
            if let Some(word) = members.get_mut(wq / 64) {
                *word |= 1_u64 << (wq % 64);
            }
        }
        let group = self.get(id).copied().unwrap_or_default();
        let engines = match members {
            [0, 0, 0, 0] => 0,
            _ => group.engines,
        };
        let flags = grpcfg::Flags {
            traffic_class,
            limited: group.limited,
            reserved: group.reserved,
            allowed: self.allowed(id, caps),
        };
        (members, engines, flags.encode())
    }

    /// Changes the limit of the device.
    pub fn set_limit(&mut self, limit: u32, caps: &Caps) -> Result<(), Refused> {
        let refuse = |why| Refused::new(Attribute::Parent("read-buffer-limit"), why);
        if !caps.group.read_buffer_limit() {
            return Err(refuse(Why::Lacks("limit of read buffers")));
        }
        let max = caps.group.read_buffers();
        self.limit = u8::try_from(limit)
            .ok()
            .filter(|_| limit <= max)
            .ok_or_else(|| {
                refuse(Why::Range {
                    min: 0,
                    max: max.into(),
                })
            })?;
        Ok(())
    }

    /// Changes the group `id`, which is at `place` in the request. What depends on other groups is
    /// for [`Self::check`].
    pub fn set(
        &mut self,
        id: u32,
        place: usize,
        change: &GroupChange,
        caps: &Caps,
    ) -> Result<(), Refused> {
        let refuse = |name, why| Refused::new(Attribute::Group(place, name), why);
        let groups = caps.groups();
        let Some(group) = self.list.get_mut(id as usize).filter(|_| id < groups) else {
            return Err(refuse("group.id", Why::NoGroup { groups }));
        };
        if let Some(engines) = change.engines {
            let count = caps.engine.engines();
            if engines & !ones(count) != 0 {
                return Err(refuse("group.engines", Why::NoEngine { engines: count }));
            }
            group.engines = engines;
        }
        let total = caps.group.read_buffers();
        let buffers = |name, value: u32| {
            if !caps.group.read_buffer_control() {
                return Err(refuse(name, Why::Lacks("control of read buffers")));
            }
            let number = u8::try_from(value).ok().filter(|_| value <= total);
            number.ok_or_else(|| {
                refuse(
                    name,
                    Why::Range {
                        min: 0,
                        max: total.into(),
                    },
                )
            })
        };
        if let Some(reserved) = change.reserved {
            group.reserved = buffers("group.read-buffers-reserved", reserved)?;
        }
        if let Some(allowed) = change.allowed {
            group.allowed = Some(buffers("group.read-buffers-allowed", allowed)?);
        }
        if let Some(limited) = change.limited {
            const NAME: &str = "group.use-read-buffer-limit";
            if limited > 1 {
                return Err(refuse(NAME, Why::Range { min: 0, max: 1 }));
            }
            if limited == 1 && !caps.group.read_buffer_limit() {
                return Err(refuse(NAME, Why::Lacks("limit of read buffers")));
            }
            group.limited = limited == 1;
        }
        Ok(())
    }

    /// Checks all groups with each other and with the work queues. `changes` are those of the request,
    /// with the numbers of their groups, in the order of it.
    pub fn check(
        &self,
        changes: &[(u32, GroupChange)],
        wqs: &[Wq],
        caps: &Caps,
    ) -> Result<(), Refused> {
        for (place, (id, _)) in changes.iter().enumerate() {
            let mut before = changes.iter().take(place);
            if before.any(|(other, _)| other == id) {
                return Err(Refused::new(
                    Attribute::Group(place, "group.id"),
                    Why::Twice { group: *id },
                ));
            }
        }
        // Only what was changed can be wrong, but not only where it was changed.
        for (place, &(id, change)) in changes.iter().enumerate() {
            let refuse = |name, why| Err(Refused::new(Attribute::Group(place, name), why));
            let group = self.get(id).copied().unwrap_or_default();
            if change.engines.is_some() {
                let mut others = (0..).zip(&self.list).filter(|(other, _)| *other != id);
                let shared = others.find_map(|(other, it)| {
                    let both = it.engines & group.engines;
                    (both != 0).then_some((other, both.trailing_zeros()))
                });
                if let Some((other, engine)) = shared {
                    return refuse("group.engines", Why::TwoGroups { engine, other });
                }
                let mut members = (0..).zip(wqs).filter(|(_, wq)| u32::from(wq.group) == id);
                if let (0, Some((wq, _))) = (group.engines, members.next()) {
                    return refuse("group.engines", Why::Deserted { group: id, wq });
                }
            }
            if change.reserved.is_some() {
                let most = self.unreserved(id, caps);
                if u32::from(group.reserved) > most {
                    return refuse("group.read-buffers-reserved", Why::Buffers { most });
                }
            }
            // What is to blame that a number that was asked for does not fit any more.
            let name = if change.allowed.is_some() {
                "group.read-buffers-allowed"
            } else if change.reserved.is_some() {
                "group.read-buffers-reserved"
            } else {
                "group.engines"
            };
            for other in 0..caps.groups() {
                let unfit = self.unfit(other, caps);
                // Whatever else was changed concerns the group itself only.
                let concerned = other == id || change.reserved.is_some();
                if let Some(why) = unfit.filter(|_| concerned) {
                    return refuse(name, why);
                }
            }
        }
        Ok(())
    }

    /// The first attribute of a request by which these differ from `old`.
    pub fn first_difference(
        &self,
        old: &Self,
        changes: &[(u32, GroupChange)],
    ) -> Option<Attribute> {
        if self.limit != old.limit {
            return Some(Attribute::Parent("read-buffer-limit"));
        }
        changes.iter().enumerate().find_map(|(place, (id, _))| {
            let (old, new) = (old.get(*id)?, self.get(*id)?);
            let name = if old.engines != new.engines {
                "group.engines"
            } else if old.reserved != new.reserved {
                "group.read-buffers-reserved"
            } else if old.allowed != new.allowed {
                "group.read-buffers-allowed"
            } else if old.limited != new.limited {
                "group.use-read-buffer-limit"
            } else {
                return None;
            };
            Some(Attribute::Group(place, name))
        })
    }

    /// Why the group `id` cannot be allowed the read buffers that were asked for.
    fn unfit(&self, id: u32, caps: &Caps) -> Option<Why> {
        let group = self.get(id)?;
        let allowed = u32::from(group.allowed?);
        let engines = group.engines.count_ones();
        let min = (BUFFERS_PER_ENGINE * engines).max(group.reserved.into());
        let max = self.unreserved(id, caps);
        let fits = (min..=max).contains(&allowed);
        (!fits).then_some(Why::Allowed {
            group: id,
            min,
            max,
        })
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! A kernel whose subdevs and module come and go whenever somebody looks.

use std::collections::{BTreeMap, VecDeque};
use std::io;

use netlink_packet_core::{NLM_F_DUMP, NLM_F_MULTIPART};

use super::{ENOBUFS, FAMILY, NOTHING, Reply, announcement, family, group, notification, whole};
use crate::generated::{Command, Family, FamilyAttr, Parent, ParentAttr, Subdev, SubdevAttr};

/// Index and IOMMU group of a subdev.
pub type Known = (u32, Option<u32>);

/// Something that happens.
#[derive(Debug, Clone)]
pub enum Change {
    Create,
    /// The subdev that many places from the first, if there is one.
    Delete(usize),
    Alter(usize),
    Unload,
    Load,
    /// Nothing.
    Quiet,
}

/// What there is, and what will happen to it.
pub struct World {
    /// The number of the family, while the module is loaded.
    pub family: Option<u16>,
    next_family: u16,
    generation: u64,
    /// IOMMU groups by index.
    subdevs: BTreeMap<u32, u32>,
    next_index: u32,
    /// One of them happens whenever somebody asks or reads something.
    pub changes: VecDeque<Change>,
    /// The subdevs of each generation, if wanted.
    history: Option<BTreeMap<u64, Vec<Known>>>,
    member: Option<u32>,
    /// Events that nobody has read, no more than `room`, and whether some were
    /// dropped and this was not yet reported (srctree
    /// net/netlink/af_netlink.c, netlink_overrun).
    queue: VecDeque<Vec<u8>>,
    room: usize,
    congested: bool,
    overrun: bool,
}

impl World {
    /// With room for so many events in the socket.
    pub fn new(room: usize, changes: impl IntoIterator<Item = Change>) -> Self {
        Self {
            family: Some(FAMILY),
            next_family: FAMILY + 1,
            generation: 0,
            subdevs: BTreeMap::new(),
            next_index: 0,
            changes: changes.into_iter().collect(),
            history: None,
            member: None,
            queue: VecDeque::new(),
            room,
            congested: false,
            overrun: false,
        }
    }

    /// Index and IOMMU group of all subdevs.
    pub fn subdevs(&self) -> Vec<Known> {
        let all = self.subdevs.iter();
        all.map(|(index, iommu_group)| (*index, Some(*iommu_group)))
            .collect()
    }

    /// From now on, knows the subdevs of each generation.
    pub fn remember(&mut self) {
        self.history = Some(BTreeMap::from([(self.generation, self.subdevs())]));
    }

    /// The subdevs that there were at that generation.
    pub fn subdevs_at(&self, generation: u64) -> Vec<Known> {
        let history = self.history.as_ref().expect("was remembered");
        history.get(&generation).cloned().expect("was there")
    }

    /// Lets one change happen.
    pub fn go_on(&mut self) {
        match self.changes.pop_front() {
            Some(Change::Unload) => {
                if let Some(family) = self.family.take() {
                    self.member = None;
                    self.generation = 0;
                    self.subdevs.clear();
                    self.next_index = 0;
                    self.say(announcement(family, false));
                }
            }
            Some(Change::Load) if self.family.is_none() => {
                self.family = Some(self.next_family);
                self.say(announcement(self.next_family, true));
                self.next_family += 1;
            }
            Some(_) if self.family.is_none() => (),
            Some(Change::Create) => {
                self.subdevs.insert(self.next_index, 1);
                self.tell(Command::SubdevCreateNtf, self.next_index, 1);
                self.next_index += 1;
            }
            Some(Change::Delete(at)) => {
                if let Some(index) = self.subdevs.keys().nth(at).copied() {
                    let iommu_group = self.subdevs.remove(&index).unwrap_or_default();
                    self.tell(Command::SubdevDeleteNtf, index, iommu_group);
                }
            }
            Some(Change::Alter(at)) => {
                if let Some((index, iommu_group)) = self.subdevs.iter_mut().nth(at) {
                    *iommu_group += 1;
                    let (index, iommu_group) = (*index, *iommu_group);
                    self.tell(Command::SubdevChangeNtf, index, iommu_group);
                }
            }
            Some(Change::Load | Change::Quiet) | None => (),
        }
    }

    fn tell(&mut self, command: Command, index: u32, iommu_group: u32) {
        self.generation += 1;
        let (generation, now) = (self.generation, self.subdevs());
        if let Some(history) = &mut self.history {
            history.insert(generation, now);
        }
        if let Some(family) = self.family.filter(|it| self.member == Some(group(*it))) {
            let subdev = self.attributes(index, iommu_group);
            self.say(notification(family, command.into(), &subdev));
        }
    }

    fn attributes(&self, index: u32, iommu_group: u32) -> Vec<SubdevAttr> {
        whole::<Subdev>(vec![
            SubdevAttr::Generation(self.generation),
            SubdevAttr::Index(index),
            SubdevAttr::IommuGroup(iommu_group),
        ])
    }

    fn say(&mut self, datagram: Vec<u8>) {
        if self.congested {
            return;
        }
        if self.queue.len() < self.room {
            self.queue.push_back(datagram);
        } else {
            self.congested = true;
            self.overrun = true;
        }
    }

    pub fn receive(&mut self) -> Option<io::Result<Vec<u8>>> {
        let next = match std::mem::take(&mut self.overrun) {
            true => return Some(Err(io::Error::from_raw_os_error(ENOBUFS))),
            false => self.queue.pop_front(),
        };
        if self.queue.is_empty() {
            self.congested = false;
        }
        self.go_on();
        next.map(Ok)
    }

    pub fn join(&mut self, number: u32) -> io::Result<()> {
        self.go_on();
        if self.family.map(group) != Some(number) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.member = Some(number);
        Ok(())
    }

    /// The number of the family, if it is there now.
    pub fn family(&mut self) -> Option<u16> {
        self.go_on();
        self.family
    }

    pub fn resolve(&mut self) -> Vec<Reply> {
        vec![self.family().map_or(Reply::end(-2, NOTHING), family)]
    }

    pub fn answer(&mut self, kind: u16, command: u8, flags: u16) -> Vec<Reply> {
        self.go_on();
        if self.family != Some(kind) {
            return vec![Reply::end(-2, NOTHING)];
        }
        let mut replies = self.objects(command);
        for reply in &mut replies {
            reply.kind = kind;
        }
        replies.push(match flags & NLM_F_DUMP {
            0 => Reply::end(0, NOTHING),
            _ => Reply::done(0, 0, NOTHING),
        });
        replies
    }

    fn objects(&mut self, command: u8) -> Vec<Reply> {
        match Command::try_from(command) {
            Ok(Command::FamilyGet) => {
                let generation = FamilyAttr::Generation(self.generation);
                // Each load has a number of its own.
                let instance = FamilyAttr::Instance(self.next_family.into());
                vec![Reply::object(
                    0,
                    &whole::<Family>(vec![generation, instance]),
                )]
            }
            Ok(Command::ParentGet) => {
                let name = ParentAttr::Name("dsa0".into());
                vec![Reply::object(NLM_F_MULTIPART, &whole::<Parent>(vec![name]))]
            }
            Ok(Command::SubdevGet) => self.dump(),
            _ => Vec::new(),
        }
    }

    /// All subdevs by ascending index, while they change.
    fn dump(&mut self) -> Vec<Reply> {
        let mut parts = Vec::new();
        let mut from = 0;
        while let Some((&index, &iommu_group)) = self.subdevs.range(from..).next() {
            parts.push(Reply::object(
                NLM_F_MULTIPART,
                &self.attributes(index, iommu_group),
            ));
            from = index + 1;
            // A module that dumps cannot go.
            if !matches!(self.changes.front(), Some(Change::Unload)) {
                self.go_on();
            }
        }
        parts
    }
}

/// What a world knows of a subdev.
pub fn known(subdev: &Subdev) -> Known {
    (subdev.index, subdev.iommu_group)
}

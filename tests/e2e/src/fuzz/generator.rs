// SPDX-License-Identifier: MIT OR Apache-2.0
//! Requests that make sense, nearly make sense, and make none.

use std::iter::repeat_with;

use fastrand::Rng;
use nlctl::{
    Attribute as _, AttributeSet, Command, FamilyAttr, NotifyFilterAttr, ParentAttr, SubdevAttr,
    TypeAttr, WqAttr,
};

use super::request::{Attribute, Request};
use super::table::{Operation, Policy, Rule, Table};
use super::verdict::{NESTED, NET_BYTE_ORDER};
use crate::client::State;

/// Names of subdevs that are asked for; few enough to be asked for twice.
const NAMES: u32 = 6;

/// Makes requests for a family in a state.
pub struct Generator<'a> {
    /// What the kernel takes.
    pub table: &'a Table,
    /// What there is.
    pub state: &'a State,
}

impl Generator<'_> {
    /// The next request.
    pub fn next(&self, rng: &mut Rng) -> Request {
        let operation = &self.table.operations[rng.usize(0..self.table.operations.len())];
        let mut request = self.valid(operation, rng);
        match rng.u8(0..10) {
            0..5 => {}
            5..9 => (0..rng.u8(1..=2)).for_each(|_| spoil(&mut request, rng)),
            _ => {
                request.attributes.clear();
                request.tail = bytes(rng, 64);
            }
        }
        request
    }

    /// A request with values that the policy accepts, and that mostly exist.
    fn valid(&self, operation: &Operation, rng: &mut Rng) -> Request {
        let mut request = Request::new(operation.command, operation.dump);
        if let Some(policy) = &operation.policy {
            request.attributes = self.attributes(set_of(operation.command), policy, rng);
        }
        request
    }

    fn attributes(&self, set: &AttributeSet, policy: &Policy, rng: &mut Rng) -> Vec<Attribute> {
        let mut attributes = Vec::new();
        // In an order that does not depend on that of a hash map.
        let mut policy: Vec<_> = policy.iter().collect();
        policy.sort_unstable_by_key(|(kind, _)| **kind);
        for (&kind, rule) in policy {
            let info = set.get(kind);
            let name = info.map_or("", |it| it.name);
            // What identifies a new subdev is left out more often than not.
            let times = match rng.u8(0..6) {
                // Without a parent hardly anything is carried out.
                0..3 if name == "parent-index" => 1,
                0..3 => 0,
                3 | 4 => 1,
                _ if name == "wq" => rng.u32(2..=3),
                _ => 1,
            };
            for _ in 0..times {
                let nested = info.and_then(|it| it.nested);
                attributes.push(match (rule, nested) {
                    (Rule::Nest(policy), Some(nested)) => {
                        let inner = self.attributes(nested, policy, rng);
                        Attribute::new(kind | NESTED, Attribute::bytes(&inner))
                    }
                    _ => Attribute::new(kind, self.value(set.name, name, rule, rng)),
                });
            }
        }
        rng.shuffle(&mut attributes);
        attributes
    }

    fn value(&self, set: &str, name: &str, rule: &Rule, rng: &mut Rng) -> Vec<u8> {
        match *rule {
            Rule::Flag | Rule::Nest(_) => Vec::new(),
            Rule::U32 { min, max } => {
                let number = match rng.u8(0..8) {
                    0 => min,
                    1 => max,
                    2 => rng.u32(min..=max),
                    _ => self.number(set, name, rng).clamp(min, max),
                };
                number.to_ne_bytes().to_vec()
            }
            Rule::Flags { mask } => (rng.u32(..) & mask).to_ne_bytes().to_vec(),
            Rule::Uint => match rng.u8(0..4) {
                0 => rng.u64(..).to_ne_bytes().to_vec(),
                1 => (1_u64 << rng.u32(0..40)).to_ne_bytes().to_vec(),
                _ => self.number(set, name, rng).to_ne_bytes().to_vec(),
            },
            Rule::Bytes { min, max } => {
                let len = rng.usize(min..=max.min(64));
                repeat_with(|| rng.u8(..)).take(len).collect()
            }
            Rule::Text { max } | Rule::OpenText { max } => {
                let mut text = match rng.u8(0..8) {
                    0 => "x".repeat(rng.usize(0..=max)),
                    _ => self.text(set, name, rng).unwrap_or_default(),
                };
                text.truncate(max);
                if matches!(rule, Rule::Text { .. }) || text.is_empty() || rng.bool() {
                    text.push('\0');
                }
                text.into_bytes()
            }
        }
    }

    fn number(&self, set: &str, name: &str, rng: &mut Rng) -> u32 {
        match (set, name) {
            ("parent", "index") => rng.u32(0..=1),
            (_, "parent-index") => u32::from(rng.u8(..) == 0),
            ("subdev", "index") | (_, "subdev-index") => {
                let there: Vec<_> = self.state.subdevs.iter().map(|it| it.index).collect();
                rng.choice(&there).copied().unwrap_or(0)
            }
            ("wq" | "subdev-wq", "id") => rng.u32(0..=8),
            ("wq" | "subdev-wq", "size") => rng.u32(0..=17),
            _ => rng.u32(0..=3),
        }
    }

    fn text(&self, set: &str, name: &str, rng: &mut Rng) -> Option<String> {
        let state = self.state;
        let there: Vec<_> = match (set, name) {
            ("parent", "bus") => state.parents.iter().map(|it| &it.bus).collect(),
            ("parent", "device") => state.parents.iter().map(|it| &it.device).collect(),
            ("parent", "name") | (_, "parent") => state.parents.iter().map(|it| &it.name).collect(),
            ("type", "name") | (_, "type") => state.types.iter().map(|it| &it.name).collect(),
            ("subdev", "name") | ("notify-filter", "subdev") => {
                if rng.bool() {
                    return Some(format!("fuzz{}", rng.u32(0..NAMES)));
                }
                state.subdevs.iter().map(|it| &it.name).collect()
            }
            ("subdev", "uuid") | (_, "subdev-uuid") => {
                if rng.bool() {
                    let low = rng.u64(..1 << 48);
                    return Some(format!("01234567-89ab-4def-8123-{low:012x}"));
                }
                state.subdevs.iter().map(|it| &it.uuid).collect()
            }
            _ => Vec::new(),
        };
        rng.choice(there).cloned()
    }
}

/// The attributes of an operation's messages.
fn set_of(command: u8) -> &'static AttributeSet {
    match Command::try_from(command) {
        Ok(Command::FamilyGet) => FamilyAttr::SET,
        Ok(Command::ParentGet | Command::ParentSet) => ParentAttr::SET,
        Ok(Command::WqGet | Command::WqSet) => WqAttr::SET,
        Ok(Command::TypeGet) => TypeAttr::SET,
        Ok(Command::NotifyFilterSet) => NotifyFilterAttr::SET,
        _ => SubdevAttr::SET,
    }
}

/// Makes one thing of a request wrong, or at least odd.
fn spoil(request: &mut Request, rng: &mut Rng) {
    match rng.u8(0..14) {
        0 => request.command = rng.u8(..),
        1 => request.flags = rng.u16(..),
        2 => request.reserved = rng.u16(..),
        3 => request.version = rng.u8(..),
        4 => request.tail = bytes(rng, 8),
        5 => request.cut = Some(rng.usize(0..=request.payload().len())),
        6 => request
            .attributes
            .push(Attribute::new(rng.u16(..24), bytes(rng, 12))),
        _ => {
            let Some(at) = rng.choice(0..request.attributes.len()) else {
                return;
            };
            let attribute = &mut request.attributes[at];
            match rng.u8(0..8) {
                0 => attribute.kind = rng.u16(..),
                1 => attribute.kind |= NESTED,
                2 => attribute.kind |= NET_BYTE_ORDER,
                3 => attribute.claim = Some(rng.u16(..64)),
                4 => attribute.value = bytes(rng, 64),
                5 => attribute.value = vec![b'y'; rng.usize(0..5000)],
                6 => attribute.value = rng.u32(..).to_ne_bytes().to_vec(),
                _ => {
                    let twin = attribute.clone();
                    request.attributes.push(twin);
                }
            }
        }
    }
}

/// Up to `most` random bytes.
fn bytes(rng: &mut Rng, most: usize) -> Vec<u8> {
    let len = rng.usize(0..=most);
    repeat_with(|| rng.u8(..)).take(len).collect()
}

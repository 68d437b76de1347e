// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the kernel itself says that it takes: operations, their flags and policies.

use std::collections::HashMap;

use anyhow::{Context, Result, anyhow, ensure};
use netlink_packet_core::{Emitable, NlasIterator, Parseable};
use netlink_packet_generic::constants::{CTRL_CMD_GETFAMILY, CTRL_CMD_GETPOLICY, GENL_ID_CTRL};
use netlink_packet_generic::ctrl::nlas::{
    GenlCtrlAttrs, McastGrpAttrs, NlPolicyTypeAttrs, NlaType, OpAttrs, OppolicyIndexAttr,
};
use nlctl::{FAMILY_NAME, GROUP_MONITOR};

use crate::genl::{Answer, Socket, flag};

/// Flags of an operation (srctree include/uapi/linux/genetlink.h).
const ADMIN_PERM: u32 = 1;
const CAP_DO: u32 = 2;
const CAP_DUMP: u32 = 4;

/// The family.
#[derive(Debug)]
pub struct Table {
    /// Number of the family.
    pub family: u16,
    /// Number of the group of its events.
    pub group: u32,
    /// Its operations.
    pub operations: Vec<Operation>,
}

/// An operation in one of its two forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its number.
    pub command: u8,
    /// Whether it gets all objects.
    pub dump: bool,
    /// Whether only an admin may.
    pub admin: bool,
    /// What its attributes have to be; without, they are not looked at.
    pub policy: Option<Policy>,
}

/// What each attribute has to be, by its number. Others are refused.
pub type Policy = HashMap<u16, Rule>;

/// What an attribute has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A number of 32 bits within these limits.
    U32 {
        /// The smallest.
        min: u32,
        /// The largest.
        max: u32,
    },
    /// A number of 32 or 64 bits.
    Uint,
    /// Text of up to this many bytes, and a NUL.
    Text {
        /// The most bytes.
        max: usize,
    },
    /// Nothing: that it is there is what counts.
    Flag,
    /// Attributes that are as this says.
    Nest(Policy),
}

/// What an attribute has to be, where nests are known by the number of a policy.
#[derive(Clone, Debug)]
enum Entry {
    Rule(Rule),
    Nest(u32),
}

impl Table {
    /// Asks the kernel.
    pub fn read(socket: &mut Socket) -> Result<Self> {
        let name = GenlCtrlAttrs::FamilyName(FAMILY_NAME.to_owned());
        let answer = control(socket, CTRL_CMD_GETFAMILY, 0, name)?;
        let (mut family, mut group, mut flags) = (None, None, Vec::new());
        for attribute in attributes(&answer)? {
            match attribute {
                GenlCtrlAttrs::FamilyId(id) => family = Some(id),
                GenlCtrlAttrs::Ops(ops) => flags = ops,
                GenlCtrlAttrs::McastGroups(groups) => group = number_of(&groups, GROUP_MONITOR),
                _ => {}
            }
        }
        let family = family.context("the family has no number")?;
        let policies = control(
            socket,
            CTRL_CMD_GETPOLICY,
            flag::DUMP,
            GenlCtrlAttrs::FamilyId(family),
        )?;
        let policies = Policies::read(attributes(&policies)?)?;
        let mut operations = Vec::new();
        for attributes in flags {
            let (mut command, mut flags) = (None, 0);
            for attribute in attributes {
                match attribute {
                    OpAttrs::Id(id) => command = u8::try_from(id).ok(),
                    OpAttrs::Flags(number) => flags = number,
                }
            }
            let command = command.context("an operation has no number")?;
            for (dump, bit) in [(false, CAP_DO), (true, CAP_DUMP)] {
                if flags & bit != 0 {
                    operations.push(Operation {
                        command,
                        dump,
                        admin: flags & ADMIN_PERM != 0,
                        policy: policies.of(command, dump),
                    });
                }
            }
        }
        ensure!(!operations.is_empty(), "the family has no operations");
        Ok(Self {
            family,
            group: group.context("the group has no number")?,
            operations,
        })
    }

    /// The operation with this number in this form.
    pub fn find(&self, command: u8, dump: bool) -> Option<&Operation> {
        let mut all = self.operations.iter();
        all.find(|it| it.command == command && it.dump == dump)
    }
}

/// The answer of a policy dump: numbered policies, and which form of which
/// operation has which.
#[derive(Default)]
struct Policies {
    numbered: HashMap<u32, HashMap<u16, Entry>>,
    of: HashMap<(u8, bool), u32>,
}

impl Policies {
    fn read(attributes: Vec<GenlCtrlAttrs>) -> Result<Self> {
        let mut policies = Self::default();
        for attribute in attributes {
            match attribute {
                GenlCtrlAttrs::OpPolicy(operation) => {
                    for index in operation.policy_idx {
                        let (dump, number) = match index {
                            OppolicyIndexAttr::Do(number) => (false, number),
                            OppolicyIndexAttr::Dump(number) => (true, number),
                        };
                        policies.of.insert((operation.cmd, dump), number);
                    }
                }
                GenlCtrlAttrs::Policy(policy) => {
                    let entry = Entry::read(&policy.attr_policy.policies)?;
                    let numbered = policies.numbered.entry(policy.index.into()).or_default();
                    numbered.insert(policy.attr_policy.index, entry);
                }
                _ => {}
            }
        }
        Ok(policies)
    }

    fn of(&self, command: u8, dump: bool) -> Option<Policy> {
        let number = self.of.get(&(command, dump))?;
        self.resolve(*number)
    }

    /// The policy of that number; nests do not nest in themselves.
    fn resolve(&self, number: u32) -> Option<Policy> {
        let entries = self.numbered.get(&number)?.iter();
        entries
            .map(|(&kind, entry)| {
                let rule = match entry {
                    Entry::Rule(rule) => rule.clone(),
                    Entry::Nest(number) => Rule::Nest(self.resolve(*number)?),
                };
                Some((kind, rule))
            })
            .collect()
    }
}

impl Entry {
    fn read(attributes: &[NlPolicyTypeAttrs]) -> Result<Self> {
        let (mut kind, mut min, mut max, mut len) = (None, 0, u64::from(u32::MAX), u32::MAX);
        let mut nested = None;
        for attribute in attributes {
            match *attribute {
                NlPolicyTypeAttrs::Type(it) => kind = Some(it),
                NlPolicyTypeAttrs::MinValueUnsigned(it) => min = it,
                NlPolicyTypeAttrs::MaxValueUnsigned(it) => max = it,
                NlPolicyTypeAttrs::MaxLength(it) => len = it,
                NlPolicyTypeAttrs::PolicyIdx(it) => nested = Some(it),
                _ => {}
            }
        }
        match (kind, nested) {
            (Some(NlaType::U32), _) => Ok(Self::Rule(Rule::U32 {
                min: u32::try_from(min)?,
                max: u32::try_from(max)?,
            })),
            // See `without_uint`.
            (Some(NlaType::U64), _) => Ok(Self::Rule(Rule::Uint)),
            (Some(NlaType::NulString), _) => Ok(Self::Rule(Rule::Text { max: len as usize })),
            (Some(NlaType::Flag), _) => Ok(Self::Rule(Rule::Flag)),
            (Some(NlaType::Nested), Some(policy)) => Ok(Self::Nest(policy)),
            other => Err(anyhow!(
                "the fuzzer does not know attributes of type {other:?} yet: teach `Rule`"
            )),
        }
    }
}

/// The number of the group of that name.
fn number_of(groups: &[Vec<McastGrpAttrs>], name: &str) -> Option<u32> {
    let named =
        |attribute: &McastGrpAttrs| matches!(attribute, McastGrpAttrs::Name(it) if it == name);
    let group = groups.iter().find(|group| group.iter().any(named))?;
    group.iter().find_map(|attribute| match attribute {
        McastGrpAttrs::Id(id) => Some(*id),
        McastGrpAttrs::Name(_) => None,
    })
}

fn control(
    socket: &mut Socket,
    command: u8,
    flags: u16,
    attribute: GenlCtrlAttrs,
) -> Result<Answer> {
    let attributes = [attribute];
    let mut payload = vec![command, 2, 0, 0];
    let mut bytes = vec![0; attributes.as_slice().buffer_len()];
    attributes.as_slice().emit(&mut bytes);
    payload.extend(bytes);
    let answer = socket.ask(GENL_ID_CTRL, flag::REQUEST | flag::ACK | flags, &payload)?;
    if let Some(Err(refusal)) = &answer.end {
        Err(anyhow!(
            "the kernel does not describe the family: {refusal:?}"
        ))?;
    }
    Ok(answer)
}

fn attributes(answer: &Answer) -> Result<Vec<GenlCtrlAttrs>> {
    let mut objects = answer.objects.clone();
    objects
        .iter_mut()
        .for_each(|object| without_uint(object, 0));
    let all = objects.iter().flat_map(NlasIterator::new);
    all.map(|attribute| Ok(GenlCtrlAttrs::parse(&attribute?)?))
        .collect()
}

/// Makes `u64` of the type `uint` in the description of policies, which netlink-packet-generic 0.5
/// does not know. The family has no attribute of the type `u64`.
///
/// `depth` counts the nests: a policy by its number, an attribute by its number, what it has to be.
fn without_uint(attributes: &mut [u8], depth: u8) {
    // srctree include/uapi/linux/genetlink.h and include/uapi/linux/netlink.h
    const CTRL_ATTR_POLICY: u16 = 8;
    const NL_POLICY_TYPE_ATTR_TYPE: u16 = 1;
    const U64: u32 = 5;
    const UINT: u32 = 17;
    const KIND: u16 = 0x3fff;

    let mut rest = attributes;
    while let Some(&[a, b, c, d]) = rest.first_chunk() {
        let len = usize::from(u16::from_ne_bytes([a, b]));
        let kind = u16::from_ne_bytes([c, d]) & KIND;
        let Some(value) = rest.get_mut(4..len) else {
            // Shorter than its header, or longer than what there is.
            return;
        };
        match (depth, kind) {
            (0, CTRL_ATTR_POLICY) | (1 | 2, _) => without_uint(value, depth + 1),
            (3, NL_POLICY_TYPE_ATTR_TYPE) if value == UINT.to_ne_bytes() => {
                value.copy_from_slice(&U64.to_ne_bytes());
            }
            _ => {}
        }
        rest = rest.get_mut(len.next_multiple_of(4)..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uint_of_a_policy_becomes_known_and_nothing_else_changes() {
        let attribute = |kind: u16, value: &[u8]| {
            let mut bytes = (4 + value.len() as u16).to_ne_bytes().to_vec();
            bytes.extend(kind.to_ne_bytes());
            bytes.extend(value);
            bytes
        };
        let object = |number: u32| {
            let mut rules = attribute(1, &number.to_ne_bytes());
            rules.extend(attribute(3, &17u32.to_ne_bytes()));
            let policy = attribute(0x8000, &attribute(0x8011, &rules));
            let mut object = attribute(1, &17u32.to_ne_bytes());
            object.extend(attribute(8 | 0x8000, &policy));
            object
        };
        let mut bytes = object(17);
        without_uint(&mut bytes, 0);
        assert_eq!(bytes, object(5));
        without_uint(&mut bytes[..7], 0);
        without_uint(&mut [0; 9], 0);
    }
}

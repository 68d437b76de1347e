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

/// The numbers that the kernel gave to a family, any of generic netlink, and to a group of its.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    /// Number of the family.
    pub family: u16,
    /// Number of the group.
    pub group: u32,
}

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
    /// Flags of 32 bits, of which these can be set.
    Flags {
        /// The bits.
        mask: u32,
    },
    /// A number of 32 or of 64 bits.
    Uint,
    /// As many bytes.
    Bytes {
        /// The fewest.
        min: usize,
        /// The most.
        max: usize,
    },
    /// Text of up to this many bytes, and a NUL.
    Text {
        /// The most bytes.
        max: usize,
    },
    /// Text of up to this many bytes, with a NUL or without: of an attribute that may be there
    /// several times.
    OpenText {
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

/// Asks the kernel for the number of a family, any of generic netlink.
pub fn family(socket: &mut Socket, name: &str) -> Result<u16> {
    let name = GenlCtrlAttrs::FamilyName(name.to_owned());
    let answer = control(socket, CTRL_CMD_GETFAMILY, 0, name)?;
    let number = attributes(&answer)?
        .into_iter()
        .find_map(|attribute| match attribute {
            GenlCtrlAttrs::FamilyId(it) => Some(it),
            _ => None,
        });
    number.context("the family has no number")
}

impl Numbers {
    /// Asks the kernel.
    pub fn read(socket: &mut Socket, family: &str, group: &str) -> Result<Self> {
        Ok(Self::and_flags(socket, family, group)?.0)
    }

    /// The numbers, and those of each operation and of its flags.
    fn and_flags(
        socket: &mut Socket,
        family: &str,
        group: &str,
    ) -> Result<(Self, Vec<Vec<OpAttrs>>)> {
        let name = GenlCtrlAttrs::FamilyName(family.to_owned());
        let answer = control(socket, CTRL_CMD_GETFAMILY, 0, name)?;
        let (mut id, mut number, mut flags) = (None, None, Vec::new());
        for attribute in attributes(&answer)? {
            match attribute {
                GenlCtrlAttrs::FamilyId(it) => id = Some(it),
                GenlCtrlAttrs::Ops(ops) => flags = ops,
                GenlCtrlAttrs::McastGroups(groups) => number = number_of(&groups, group),
                _ => {}
            }
        }
        let numbers = Self {
            family: id.context("the family has no number")?,
            group: number.context("the group has no number")?,
        };
        Ok((numbers, flags))
    }
}

impl Table {
    /// Asks the kernel.
    pub fn read(socket: &mut Socket) -> Result<Self> {
        let (numbers, flags) = Numbers::and_flags(socket, FAMILY_NAME, GROUP_MONITOR)?;
        let Numbers { family, group } = numbers;
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
            group,
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
        let (mut nested, mut least, mut mask) = (None, 0, None);
        for attribute in attributes {
            match *attribute {
                NlPolicyTypeAttrs::Type(it) => kind = Some(it),
                NlPolicyTypeAttrs::MinValueUnsigned(it) => min = it,
                NlPolicyTypeAttrs::MaxValueUnsigned(it) => max = it,
                NlPolicyTypeAttrs::MaxLength(it) => len = it,
                NlPolicyTypeAttrs::MinLength(it) => least = it,
                NlPolicyTypeAttrs::PolicyIdx(it) => nested = Some(it),
                NlPolicyTypeAttrs::Mask(it) => mask = Some(it),
                _ => {}
            }
        }
        if let (Some(NlaType::U32), Some(mask)) = (kind, mask) {
            let mask = u32::try_from(mask)?;
            return Ok(Self::Rule(Rule::Flags { mask }));
        }
        match (kind, nested) {
            (Some(NlaType::U32), _) => Ok(Self::Rule(Rule::U32 {
                min: u32::try_from(min)?,
                max: u32::try_from(max)?,
            })),
            // See `without_uint`.
            (Some(NlaType::U64), _) => Ok(Self::Rule(Rule::Uint)),
            (Some(NlaType::Binary), _) => Ok(Self::Rule(Rule::Bytes {
                min: least as usize,
                max: len as usize,
            })),
            (Some(NlaType::NulString), _) => Ok(Self::Rule(Rule::Text { max: len as usize })),
            (Some(NlaType::String), _) => Ok(Self::Rule(Rule::OpenText { max: len as usize })),
            (Some(NlaType::Flag), _) => Ok(Self::Rule(Rule::Flag)),
            (Some(NlaType::Nested), Some(policy)) => Ok(Self::Nest(policy)),
            other => Err(anyhow!(
                "the fuzzer does not know attributes of type {other:?} yet: teach `Rule`"
            )),
        }
    }
}

/// The answer of a policy dump with U64 where it has UINT, which the library that reads it does not
/// know. Our family has no U64.
fn without_uint(mut object: Vec<u8>) -> Vec<u8> {
    const POLICY: u16 = 8;
    const TYPE: u16 = 1;
    const UINT: [u8; 4] = 17_u32.to_ne_bytes();
    const U64: [u8; 4] = 5_u32.to_ne_bytes();
    /// The number and the end of the attribute at `at`, if there is one.
    fn attribute(bytes: &[u8], at: usize) -> Option<(u16, usize)> {
        let [a, b, c, d] = *bytes.get(at..at + 4)? else {
            return None;
        };
        let len = usize::from(u16::from_ne_bytes([a, b]));
        let kind = u16::from_ne_bytes([c, d]) & 0x3fff;
        (len >= 4).then_some((kind, at + len.next_multiple_of(4)))
    }
    let mut at = 0;
    while let Some((kind, end)) = attribute(&object, at) {
        if kind == POLICY {
            // Within the nests of the policy and of the attribute.
            let mut inner = at + 12;
            while inner < end {
                let Some((kind, next)) = attribute(&object, inner) else {
                    break;
                };
                let value = object.get_mut(inner + 4..inner + 8);
                if let Some(value) = value.filter(|value| kind == TYPE && **value == UINT) {
                    value.copy_from_slice(&U64);
                }
                inner = next;
            }
        }
        at = end;
    }
    object
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
    let objects: Vec<_> = answer.objects.iter().cloned().map(without_uint).collect();
    let all = objects.iter().flat_map(NlasIterator::new);
    all.map(|attribute| Ok(GenlCtrlAttrs::parse(&attribute?)?))
        .collect()
}

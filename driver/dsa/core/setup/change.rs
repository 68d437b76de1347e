// SPDX-License-Identifier: GPL-2.0

//! A change of a work queue.

use super::{
    refused::{
        Attribute,
        Refused,
        Why, //
    },
    Caps,
    Groups,
    Wq,
    MIN_TRANSFER_SHIFT, //
};

/// What is asked for; what is absent stays.
#[derive(Copy, Clone, Default, PartialEq, Eq, Debug)]
pub struct WqChange {
    /// Entries.
    pub size: Option<u32>,
    /// See [`Wq::threshold`].
    pub threshold: Option<u32>,
    /// See [`Wq::priority`].
    pub priority: Option<u32>,
    /// See [`Wq::group`].
    pub group: Option<u32>,
    /// See [`Wq::block_on_fault`]; 0 or 1.
    pub block_on_fault: Option<u32>,
    /// Largest transfer in bytes.
    pub max_transfer: Option<u64>,
    /// Largest batch in descriptors.
    pub max_batch: Option<u32>,
    /// See [`Wq::operations`].
    pub operations: Option<[u64; 4]>,
}

impl WqChange {
    /// What the work queue `id`, one of `wqs`, becomes.
    pub fn apply(&self, id: u32, wqs: &[Wq], groups: &Groups, caps: &Caps) -> Result<Wq, Refused> {
        let Some(&old) = wqs.get(id as usize) else {
            return Err(Refused::new(Attribute::Size, Why::Lacks("such work queue")));
        };
        let mut new = old;
        if let Some(size) = self.size {
            let sizes = (0..).zip(wqs).filter(|(other, _)| *other != id);
            let others: u32 = sizes.map(|(_, wq)| u32::from(wq.size)).sum();
            let most = caps.wq.total_size().saturating_sub(others);
            let fits = u16::try_from(size).ok().filter(|_| size <= most);
            new.size =
                fits.ok_or_else(|| Refused::new(Attribute::Size, Why::Entries { wq: id, most }))?;
        }
        if let Some(threshold) = self.threshold {
            new.threshold = number("threshold", threshold, 0, new.size.into())?;
        } else if new.size < new.threshold {
            let threshold = new.threshold;
            return Err(Refused::new(
                Attribute::Size,
                Why::Threshold { wq: id, threshold },
            ));
        }
        if let Some(priority) = self.priority {
            new.priority = number("priority", priority, 1, 15)?;
        }
        if let Some(group) = self.group {
            let refuse = |why| Refused::new(Attribute::Wq("group"), why);
            let number = u8::try_from(group).ok().filter(|_| group < caps.groups());
            new.group = number.ok_or_else(|| {
                refuse(Why::NoGroup {
                    groups: caps.groups(),
                })
            })?;
            if groups.engines(group) == 0 {
                return Err(refuse(Why::Unserved { group }));
            }
        }
        if let Some(block) = self.block_on_fault {
            let block: u8 = number("block-on-fault", block, 0, 1)?;
            new.block_on_fault = block != 0;
            if new.block_on_fault && !caps.general.block_on_fault() {
                return Err(Refused::new(
                    Attribute::Wq("block-on-fault"),
                    Why::Lacks("way to block on a fault"),
                ));
            }
        }
        if let Some(bytes) = self.max_transfer {
            let most = caps.general.max_xfer_shift();
            let least = MIN_TRANSFER_SHIFT.min(most);
            let name = Attribute::Wq("max-transfer-size");
            new.max_transfer_shift = power(name, bytes, least, most)?;
        }
        if let Some(descriptors) = self.max_batch {
            let most = caps.general.max_batch_shift();
            let name = Attribute::Wq("max-batch-size");
            new.max_batch_shift = power(name, descriptors.into(), 0, most)?;
        }
        if let Some(operations) = self.operations {
            let refuse = |why| Err(Refused::new(Attribute::Wq("op-config"), why));
            if !caps.wq.op_config() {
                return refuse(Why::Lacks("masks of operations"));
            }
            let mut both = operations.iter().zip(caps.operations);
            if both.any(|(asked, has)| asked & !has != 0) {
                return refuse(Why::Operations);
            }
            new.operations = operations;
        }
        Ok(new)
    }
}

/// A number from `min` to `max`.
fn number<T: TryFrom<u32>>(
    name: &'static str,
    value: u32,
    min: u32,
    max: u32,
) -> Result<T, Refused> {
    let accepted = T::try_from(value).ok();
    let accepted = accepted.filter(|_| (min..=max).contains(&value));
    accepted.ok_or_else(|| {
        let (min, max) = (min.into(), max.into());
        Refused::new(Attribute::Wq(name), Why::Range { min, max })
    })
}

/// The logarithm of a power of two from that of `min` to that of `max`.
pub(super) fn power(attribute: Attribute, value: u64, min: u32, max: u32) -> Result<u8, Refused> {
    if value.is_power_of_two() && (min..=max).contains(&value.trailing_zeros()) {
        // CAST: Below 64.
        return Ok(value.trailing_zeros() as u8);
    }
    // Both are fields of few bits.
    let bytes = |shift| 1_u64.checked_shl(shift).unwrap_or(u64::MAX);
    let (min, max) = (bytes(min), bytes(max));
    Err(Refused::new(attribute, Why::Power { min, max }))
}

// SPDX-License-Identifier: GPL-2.0

//! Limits that a subdev has of its own: understood, decided by [`setup`], reported.

use kernel::prelude::*;

use super::{
    accelerator::Accelerator,
    config,
    configure::words, //
};
use crate::{
    dsa_core::{
        desc::{
            ALL_OPCAP,
            SUPPORTED_OPCAP,
            WHOLE_OPCAP, //
        },
        setup::{
            Limits,
            Offer,
            Portal,
            MAX_TRANSFER_SHIFT, //
        }, //
    },
    framework::{
        self,
        Attributes,
        Refusal,
        Value,
        Visitor,
        WqShare, //
    }, //
};

/// What work queues of a device have for a virtual device on them.
pub(super) fn offer(device: &impl Accelerator, shares: &[WqShare]) -> Result<Offer> {
    let general = &device.caps().general;
    let mut offer = Offer {
        // CAST: Fields of 5 and of 4 bits.
        transfer_shift: general.max_xfer_shift() as u8,
        batch_shift: general.max_batch_shift() as u8,
        operations: match device.is_contiguous() {
            true => ALL_OPCAP,
            false => SUPPORTED_OPCAP,
        },
    };
    for share in shares {
        let id = u8::try_from(share.id).map_err(|_| EINVAL)?;
        offer = offer.on(&device.wq_setup(id));
    }
    if u32::from(offer.transfer_shift) > MAX_TRANSFER_SHIFT {
        // Their buffers are pinned as a whole.
        for (word, whole) in offer.operations.iter_mut().zip(WHOLE_OPCAP) {
            *word &= !whole;
        }
    }
    Ok(offer)
}

/// What a subdev has of an offer.
pub(super) fn within(limits: Option<&framework::Limits>, offer: &Offer) -> Offer {
    match limits {
        Some(limits) => Limits::from_words(*limits.words()).within(offer),
        None => *offer,
    }
}

/// Whether a subdev has a portal that is memory.
pub(super) fn is_polled(limits: Option<&framework::Limits>) -> bool {
    let portal = limits.and_then(|limits| Limits::from_words(*limits.words()).portal);
    portal != Some(Portal::Trapped)
}

/// What the limits of a subdev on these work queues become by a change; none where all is as they
/// have it.
pub(super) fn change(
    device: &impl Accelerator,
    shares: &[WqShare],
    old: Option<&framework::Limits>,
    change: &dyn Attributes,
) -> Result<Option<framework::Limits>, Refusal> {
    let offer = offer(device, shares)?;
    let mut limits = old.map_or_else(Limits::default, |old| Limits::from_words(*old.words()));
    change.each(&mut |name, value| {
        match (name, value) {
            ("max-transfer-size", Value::Uint(value)) => limits.set_max_transfer(value, &offer)?,
            ("max-batch-size", Value::U32(value)) => limits.set_max_batch(value, &offer)?,
            ("op-config", Value::Binary(value)) => limits.set_operations(words(value)?, &offer)?,
            ("portal", Value::U32(value)) => {
                limits.set_portal(Portal::try_from(value).map_err(|()| EINVAL)?)?;
            }
            _ => return Err(EINVAL.into()),
        }
        Ok(())
    })?;
    let asked = limits != Limits::default();
    Ok(asked.then(|| framework::Limits::new("dsa", limits.to_words(), show)))
}

/// Reports what was asked for.
fn show(words: &framework::LimitWords, visitor: &mut dyn Visitor) -> Result {
    let limits = Limits::from_words(*words);
    if let Some(shift) = limits.transfer_shift {
        visitor.attribute("max-transfer-size", Value::Uint(1 << shift))?;
    }
    if let Some(shift) = limits.batch_shift {
        visitor.attribute("max-batch-size", Value::U32(1 << shift))?;
    }
    if let Some(operations) = limits.operations {
        visitor.attribute("op-config", Value::Binary(&config::bytes(&operations)))?;
    }
    if let Some(portal) = limits.portal {
        // CAST: To the number that it has in the spec.
        visitor.attribute("portal", Value::U32(portal as u32))?;
    }
    Ok(())
}

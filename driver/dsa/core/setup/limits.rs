// SPDX-License-Identifier: GPL-2.0

//! Limits that a subdev has of its own, within those of the work queues that it is on.

use super::{
    change::power,
    refused::{
        Attribute,
        Refused,
        Why, //
    },
    Wq,
    MIN_TRANSFER_SHIFT, //
};

/// What a virtual device can do.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    /// Largest transfer of one descriptor, as a power of two.
    pub transfer_shift: u8,
    /// Most descriptors in a batch, as a power of two.
    pub batch_shift: u8,
    /// Operations, as registers OPCAP.
    pub operations: [u64; 4],
}

impl Offer {
    /// What is left of it on a work queue.
    pub fn on(mut self, wq: &Wq) -> Self {
        self.transfer_shift = self.transfer_shift.min(wq.max_transfer_shift);
        self.batch_shift = self.batch_shift.min(wq.max_batch_shift);
        for (word, operations) in self.operations.iter_mut().zip(wq.operations) {
            *word &= operations;
        }
        self
    }
}

/// How a tenant submits, by the numbers of the enum `portal` of the spec.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Portal {
    /// Each store is an access to the file of the device.
    Trapped = 0,
    /// It is memory, which a thread looks at.
    Polled = 1,
    /// It is that of the hardware.
    Direct = 2,
}

impl TryFrom<u32> for Portal {
    type Error = ();

    fn try_from(number: u32) -> Result<Self, ()> {
        match number {
            0 => Ok(Self::Trapped),
            1 => Ok(Self::Polled),
            2 => Ok(Self::Direct),
            _ => Err(()),
        }
    }
}

/// What was asked for; what is absent is as the work queues have it.
#[derive(Copy, Clone, Default, PartialEq, Eq, Debug)]
pub struct Limits {
    /// See [`Offer::transfer_shift`].
    pub transfer_shift: Option<u8>,
    /// See [`Offer::batch_shift`].
    pub batch_shift: Option<u8>,
    /// See [`Offer::operations`].
    pub operations: Option<[u64; 4]>,
    /// How the portal is served.
    pub portal: Option<Portal>,
}

impl Limits {
    /// Takes a largest transfer in bytes; 0 is that of the offer.
    pub fn set_max_transfer(&mut self, bytes: u64, offer: &Offer) -> Result<(), Refused> {
        if bytes == 0 {
            self.transfer_shift = None;
            return Ok(());
        }
        let most = u32::from(offer.transfer_shift);
        let least = MIN_TRANSFER_SHIFT.min(most);
        let name = Attribute::Subdev("max-transfer-size");
        self.transfer_shift = Some(power(name, bytes, least, most)?);
        Ok(())
    }

    /// Takes a largest batch in descriptors; 0 is that of the offer.
    pub fn set_max_batch(&mut self, descriptors: u32, offer: &Offer) -> Result<(), Refused> {
        if descriptors == 0 {
            self.batch_shift = None;
            return Ok(());
        }
        let name = Attribute::Subdev("max-batch-size");
        let most = u32::from(offer.batch_shift);
        self.batch_shift = Some(power(name, descriptors.into(), 0, most)?);
        Ok(())
    }

    /// Takes a mask of operations; an empty one is that of the offer.
    pub fn set_operations(&mut self, operations: [u64; 4], offer: &Offer) -> Result<(), Refused> {
        let mut both = operations.iter().zip(offer.operations);
        if both.any(|(asked, has)| asked & !has != 0) {
            let why = Why::NotOffered {
                operations: offer.operations,
            };
            return Err(Refused::new(Attribute::Subdev("op-config"), why));
        }
        self.operations = (operations != [0; 4]).then_some(operations);
        Ok(())
    }

    /// Takes a way to submit. That of the hardware cannot be had, as a descriptor that is stored there
    /// has the tenant's addresses.
    pub fn set_portal(&mut self, portal: Portal) -> Result<(), Refused> {
        if portal == Portal::Direct {
            return Err(Refused::new(Attribute::Subdev("portal"), Why::Direct));
        }
        self.portal = Some(portal);
        Ok(())
    }

    /// What is left of an offer, which may be less by now than when the limits were asked for.
    pub fn within(&self, offer: &Offer) -> Offer {
        let least = |limit: Option<u8>, offer: u8| limit.map_or(offer, |limit| limit.min(offer));
        let mut left = Offer {
            transfer_shift: least(self.transfer_shift, offer.transfer_shift),
            batch_shift: least(self.batch_shift, offer.batch_shift),
            operations: offer.operations,
        };
        let limits = self.operations.iter().flatten();
        for (word, limit) in left.operations.iter_mut().zip(limits) {
            *word &= limit;
        }
        left
    }

    /// In five words.
    pub fn to_words(self) -> [u64; 5] {
        let shift = |shift: Option<u8>| shift.map_or(0, |shift| u64::from(shift) + 1);
        let [a, b, c, d] = self.operations.unwrap_or_default();
        let has = u64::from(self.operations.is_some());
        let portal = self.portal.map_or(0, |portal| portal as u64 + 1);
        let first =
            shift(self.transfer_shift) | shift(self.batch_shift) << 8 | has << 16 | portal << 24;
        [first, a, b, c, d]
    }

    /// Of [`Self::to_words`].
    pub fn from_words([first, a, b, c, d]: [u64; 5]) -> Self {
        // CAST: Cut to the byte.
        let shift = |place: u32| ((first >> place) as u8).checked_sub(1);
        Self {
            transfer_shift: shift(0),
            batch_shift: shift(8),
            operations: (first >> 16 & 1 != 0).then_some([a, b, c, d]),
            portal: shift(24).and_then(|portal| Portal::try_from(u32::from(portal)).ok()),
        }
    }
}

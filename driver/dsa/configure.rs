// SPDX-License-Identifier: GPL-2.0

//! Changes of what a device is set up as: understood, decided by [`setup`], made.

use kernel::prelude::*;

use super::{
    command::CommandError,
    config::{
        self,
        Setup, //
    },
    device::{
        Device,
        Loss, //
    },
    own::Wq, //
};
use crate::{
    dsa_core::{
        regs::{
            command_error_name,
            Command, //
        },
        setup::{
            self,
            Attribute,
            Caps,
            Group,
            GroupChange,
            Groups,
            Kind,
            Refused, //
        }, //
    },
    framework::{
        Attributes,
        Field,
        Needs,
        Refusal,
        Value,
        Visitor,
        WqChange,
        WqMode, //
    }, //
};

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let error = match refused.kind {
            Kind::Invalid => EINVAL,
            Kind::Unsupported => EOPNOTSUPP,
            Kind::NoSpace => ENOSPC,
        };
        Self::new(error, field(refused.attribute), format_args!("{refused}"))
    }
}

/// The field of the request that an attribute is.
fn field(attribute: Attribute) -> Field {
    match attribute {
        Attribute::Size => Field::Size,
        Attribute::Wq(name) | Attribute::Subdev(name) | Attribute::Parent(name) => {
            Field::Vendor(name)
        }
        Attribute::Group(place, name) => in_group(place, name),
    }
}

/// The field of the group at `place` of the request.
fn in_group(place: usize, name: &'static str) -> Field {
    // There are few.
    Field::VendorIn(u8::try_from(place).unwrap_or(u8::MAX), name)
}

/// What a work queue becomes by a change, and what that needs.
fn decide_wq(
    device: &Device,
    id: u8,
    change: &WqChange<'_>,
) -> Result<(setup::Wq, setup::Needs), Refusal> {
    if change.mode == Some(WqMode::Shared) {
        return Err(Refusal::new(
            EOPNOTSUPP,
            Field::Mode,
            format_args!("only dedicated is accepted: the driver submits for all subdevs on it"),
        ));
    }
    let change = understand_wq(change)?;
    let caps = device.caps.setup();
    let old = device.wq_setup(id);
    let new = device.setup(|setup| change.apply(id.into(), &setup.wqs, &setup.groups, &caps))?;
    Ok((new, old.needs(&new)))
}

/// What is asked for of a work queue.
fn understand_wq(change: &WqChange<'_>) -> Result<setup::WqChange, Refusal> {
    let mut asked = setup::WqChange {
        size: change.size,
        ..setup::WqChange::default()
    };
    let Some(vendor) = change.vendor else {
        return Ok(asked);
    };
    vendor.each(&mut |name, value| {
        match (name, value) {
            ("threshold", Value::U32(value)) => asked.threshold = Some(value),
            ("priority", Value::U32(value)) => asked.priority = Some(value),
            ("group", Value::U32(value)) => asked.group = Some(value),
            ("block-on-fault", Value::U32(value)) => asked.block_on_fault = Some(value),
            ("max-transfer-size", Value::Uint(value)) => asked.max_transfer = Some(value),
            ("max-batch-size", Value::U32(value)) => asked.max_batch = Some(value),
            ("op-config", Value::Binary(value)) => asked.operations = Some(words(value)?),
            _ => return Err(read_only(name)),
        }
        Ok(())
    })?;
    Ok(asked)
}

/// A mask of operations by its bytes, whose number the policy has checked.
pub(super) fn words(bytes: &[u8]) -> Result<[u64; 4]> {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks(8)) {
        *word = u64::from_le_bytes(bytes.try_into().map_err(|_| EINVAL)?);
    }
    Ok(words)
}

/// The refusal of an attribute that says what the device is.
fn read_only(name: &'static str) -> Refusal {
    Refusal::new(
        EINVAL,
        Field::Vendor(name),
        format_args!("this is what the device can do; it cannot be set"),
    )
}

/// What a change of a work queue needs.
pub(super) fn plan_wq(device: &Device, id: u8, change: &WqChange<'_>) -> Result<Needs, Refusal> {
    let (_, needs) = decide_wq(device, id, change)?;
    Ok(match needs {
        setup::Needs::Nothing => Needs::Nothing,
        setup::Needs::Wq(attribute) => Needs::Wq(field(attribute)),
        setup::Needs::Device(attribute) => Needs::Parent(field(attribute)),
    })
}

/// What a work queue becomes by a change that [`plan_wq`] accepts.
pub(super) fn foresee_wq(device: &Device, id: u8, change: &WqChange<'_>) -> Result<setup::Wq> {
    let decided = decide_wq(device, id, change);
    let (wq, _) = decided.map_err(|refusal| refusal.error())?;
    Ok(wq)
}

/// Changes a work queue.
pub(super) fn set_wq(device: &Device, wq: &Wq, change: &WqChange<'_>) -> Result<(), Refusal> {
    let id = wq.id();
    let old = device.wq_setup(id);
    let (new, needs) = decide_wq(device, id, change)?;
    match needs {
        setup::Needs::Nothing => Ok(()),
        setup::Needs::Wq(_) => rewrite_wq(device, id.into(), &old, &new),
        setup::Needs::Device(_) => {
            let mut setup = device.setup(Setup::copy)?;
            let place = setup.wqs.get_mut(usize::from(id)).ok_or(EINVAL)?;
            *place = new;
            // What can fail does so before the device is touched.
            let room = if new.size == old.size {
                None
            } else {
                Some(wq.room(new.size)?)
            };
            rewrite(device, setup)?;
            if let Some(room) = room {
                wq.resize(room);
            }
            Ok(())
        }
    }
}

/// The device took something else than it was given.
fn not_taken() -> Refusal {
    // Not provoked: no device is known to drop what it is given, and the model does not either.
    Refusal::new(
        EIO,
        Field::Nothing,
        format_args!("the device did not take the configuration; it has the one before"),
    )
}

/// Writes what a work queue that is disabled becomes; on failure it is as before.
fn rewrite_wq(device: &Device, id: u32, old: &setup::Wq, new: &setup::Wq) -> Result<(), Refusal> {
    let (regs, caps) = (&device.regs, &device.caps);
    let written = config::write_wq(regs, caps, id, new);
    let read = written.and_then(|()| config::read_wq(regs, caps, id));
    match read {
        Ok(read) if new.is_taken(&read) => {
            device.replace_wq_setup(id, read);
            Ok(())
        }
        failed => {
            // Written once more when the work queue is enabled, in any case.
            let _ = config::write_wq(regs, caps, id, old);
            failed?;
            Err(not_taken())
        }
    }
}

/// Disables the device, all of whose work queues are disabled, sets it up as `new`, and enables it
/// again; on failure it is as before.
fn rewrite(device: &Device, mut new: Setup) -> Result<(), Refusal> {
    let outage = device.plan_outage();
    device
        .command(Command::DisableDevice, 0)
        .map_err(Error::from)?;
    let failure = match try_setup(device, &mut new) {
        Ok(()) => {
            drop(outage);
            device.replace_setup(new);
            return Ok(());
        }
        Err(failure) => failure,
    };
    let (regs, caps) = (&device.regs, &device.caps);
    let old = device.setup(Setup::copy);
    let restored = old.and_then(|old| config::write(regs, caps, &old));
    let enabled = device.command(Command::EnableDevice, 0);
    // One that has halted or vanished is lost for that reason.
    if (restored.is_err() || enabled.is_err()) && device.check().is_ok() {
        device.lose(Loss::Disabled);
    }
    Err(failure)
}

/// Sets up a device that is disabled as `new`, takes into that what the device made of it, and
/// enables the device.
fn try_setup(device: &Device, new: &mut Setup) -> Result<(), Refusal> {
    let (regs, caps) = (&device.regs, &device.caps);
    config::write(regs, caps, new)?;
    for (id, wq) in (0..).zip(new.wqs.iter_mut()) {
        let read = config::read_wq(regs, caps, id)?;
        if !wq.is_taken(&read) {
            return Err(not_taken());
        }
        *wq = read;
    }
    match device.command(Command::EnableDevice, 0) {
        Ok(_) => Ok(()),
        Err(CommandError::Failed(code)) => Err(Refusal::new(
            EIO,
            Field::Nothing,
            format_args!("the device does not take it: {}", command_error_name(code)),
        )),
        Err(error) => Err(Error::from(error).into()),
    }
}

/// What is asked for of the groups of a device.
struct Asked {
    limit: Option<u32>,
    /// Each with its number, in the order of the request.
    groups: KVec<(u32, GroupChange)>,
}

/// Understands what is asked for of a device.
fn understand_groups(change: &dyn Attributes) -> Result<Asked, Refusal> {
    let mut asked = Asked {
        limit: None,
        groups: KVec::new(),
    };
    change.each(&mut |name, value| {
        match (name, value) {
            ("read-buffer-limit", Value::U32(value)) => asked.limit = Some(value),
            ("group", Value::Nest(nest)) => {
                let place = asked.groups.len();
                if place >= setup::MAX_GROUPS {
                    return Err(Refusal::new(
                        E2BIG,
                        in_group(place, "group.id"),
                        format_args!("a request has at most {} groups", setup::MAX_GROUPS),
                    ));
                }
                let group = understand_group(nest, place)?;
                asked.groups.push(group, GFP_KERNEL)?;
            }
            _ => return Err(read_only(name)),
        }
        Ok(())
    })?;
    Ok(asked)
}

/// Understands what is asked for of the group at `place`.
fn understand_group(nest: &dyn Attributes, place: usize) -> Result<(u32, GroupChange), Refusal> {
    let mut id = None;
    let mut asked = GroupChange::default();
    nest.each(&mut |name, value| {
        match (name, value) {
            ("id", Value::U32(value)) => id = Some(value),
            ("engines", Value::Uint(value)) => asked.engines = Some(value),
            ("read-buffers-reserved", Value::U32(value)) => asked.reserved = Some(value),
            ("read-buffers-allowed", Value::U32(value)) => asked.allowed = Some(value),
            ("use-read-buffer-limit", Value::U32(value)) => asked.limited = Some(value),
            _ => return Err(EINVAL.into()),
        }
        Ok(())
    })?;
    let id = id.ok_or_else(|| {
        Refusal::missing(
            in_group(place, "group.id"),
            format_args!("the number of the group is needed"),
        )
    })?;
    Ok((id, asked))
}

/// What the groups of a device become by a change, and what that needs.
fn decide_groups(device: &Device, change: &dyn Attributes) -> Result<(Groups, Needs), Refusal> {
    let asked = understand_groups(change)?;
    let caps = device.caps.setup();
    device.setup(|setup| {
        let mut new = setup.groups;
        if let Some(limit) = asked.limit {
            new.set_limit(limit, &caps)?;
        }
        for (place, (id, change)) in asked.groups.iter().enumerate() {
            new.set(*id, place, change, &caps)?;
        }
        new.check(&asked.groups, &setup.wqs, &caps)?;
        let needs = match new.first_difference(&setup.groups, &asked.groups) {
            None => Needs::Nothing,
            Some(attribute) => Needs::Parent(field(attribute)),
        };
        Ok((new, needs))
    })
}

/// What a change of the groups needs.
pub(super) fn plan_groups(device: &Device, change: &dyn Attributes) -> Result<Needs, Refusal> {
    let (_, needs) = decide_groups(device, change)?;
    Ok(needs)
}

/// Changes groups.
pub(super) fn set_groups(device: &Device, change: &dyn Attributes) -> Result<(), Refusal> {
    let (groups, _) = decide_groups(device, change)?;
    let setup = device.setup(Setup::copy)?;
    rewrite(device, Setup { groups, ..setup })
}

/// A group as it is shown.
struct Shown<'a> {
    id: u32,
    group: &'a Group,
    allowed: u8,
}

impl Attributes for Shown<'_> {
    fn each(
        &self,
        visit: &mut dyn FnMut(&'static str, Value<'_>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let group = self.group;
        visit("id", Value::U32(self.id))?;
        visit("engines", Value::Uint(group.engines))?;
        visit("read-buffers-reserved", Value::U32(group.reserved.into()))?;
        visit("read-buffers-allowed", Value::U32(self.allowed.into()))?;
        visit("use-read-buffer-limit", Value::U32(group.limited.into()))
    }
}

/// Reports the groups, and the limit of read buffers, as they are or would be after a change.
pub(super) fn show_groups(
    device: &Device,
    change: Option<&dyn Attributes>,
    visitor: &mut dyn Visitor,
) -> Result {
    let groups = match change {
        Some(change) => {
            let decided = decide_groups(device, change);
            decided.map_err(|refusal| refusal.error())?.0
        }
        None => device.setup(|setup| setup.groups),
    };
    show(&groups, &device.caps.setup(), visitor)
}

/// Reports groups, and the limit of read buffers.
pub(super) fn show(groups: &Groups, caps: &Caps, visitor: &mut dyn Visitor) -> Result {
    visitor.attribute("read-buffer-limit", Value::U32(groups.limit.into()))?;
    for id in 0..caps.groups() {
        if let Some(group) = groups.get(id) {
            let allowed = groups.allowed(id, caps);
            visitor.attribute("group", Value::Nest(&Shown { id, group, allowed }))?;
        }
    }
    Ok(())
}

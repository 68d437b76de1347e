// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use crate::named::{named_flags, named_number};

/// State of a parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParentState {
    /// The device accepts configuration and no work.
    Disabled,
    /// The device accepts work.
    Enabled,
    /// The device stopped after a fault, and the driver is bringing it back.
    /// It is enabled after that, or lost.
    Halted,
    /// The device does nothing any more, or was reset behind the driver's
    /// back, or stops again and again. Unbind it, reset it and bind it again.
    Lost,
    /// A number that this version of the library has no name for.
    Unknown(u32),
}

impl ParentState {
    /// The names, in the order of their numbers.
    pub const NAMES: &'static [&'static str] = &[
        "disabled",
        "enabled",
        "halted",
        "lost",
    ];
}

impl From<u32> for ParentState {
    fn from(number: u32) -> Self {
        match number {
            0 => Self::Disabled,
            1 => Self::Enabled,
            2 => Self::Halted,
            3 => Self::Lost,
            unknown => Self::Unknown(unknown),
        }
    }
}

impl From<ParentState> for u32 {
    fn from(value: ParentState) -> Self {
        match value {
            ParentState::Disabled => 0,
            ParentState::Enabled => 1,
            ParentState::Halted => 2,
            ParentState::Lost => 3,
            ParentState::Unknown(number) => number,
        }
    }
}

named_number!(ParentState, "parent-state");

/// State of a work queue, as its hardware reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WqState {
    /// The work queue accepts configuration and no work.
    Disabled,
    /// The work queue accepts work.
    Enabled,
    /// A number that this version of the library has no name for.
    Unknown(u32),
}

impl WqState {
    /// The names, in the order of their numbers.
    pub const NAMES: &'static [&'static str] = &["disabled", "enabled"];
}

impl From<u32> for WqState {
    fn from(number: u32) -> Self {
        match number {
            0 => Self::Disabled,
            1 => Self::Enabled,
            unknown => Self::Unknown(unknown),
        }
    }
}

impl From<WqState> for u32 {
    fn from(value: WqState) -> Self {
        match value {
            WqState::Disabled => 0,
            WqState::Enabled => 1,
            WqState::Unknown(number) => number,
        }
    }
}

named_number!(WqState, "wq-state");

/// How software may submit to a work queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WqMode {
    /// One submitter, which keeps count of the free entries.
    Dedicated,
    /// Many submitters, each told by the hardware to retry when full.
    Shared,
    /// A number that this version of the library has no name for.
    Unknown(u32),
}

impl WqMode {
    /// The names, in the order of their numbers.
    pub const NAMES: &'static [&'static str] = &["dedicated", "shared"];
}

impl From<u32> for WqMode {
    fn from(number: u32) -> Self {
        match number {
            0 => Self::Dedicated,
            1 => Self::Shared,
            unknown => Self::Unknown(unknown),
        }
    }
}

impl From<WqMode> for u32 {
    fn from(value: WqMode) -> Self {
        match value {
            WqMode::Dedicated => 0,
            WqMode::Shared => 1,
            WqMode::Unknown(number) => number,
        }
    }
}

named_number!(WqMode, "wq-mode");

/// How a subdev relates to its work queue and to address spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PasidMode {
    /// The subdev owns its work queue; its DMA carries no PASID.
    None,
    /// The subdev owns its work queue and a PASID of its own is programmed
    /// into it. Needs a PASID-capable parent.
    Dedicated,
    /// Many subdevs use the work queue, each with an address space of its
    /// own.
    Shared,
    /// A number that this version of the library has no name for.
    Unknown(u32),
}

impl PasidMode {
    /// The names, in the order of their numbers.
    pub const NAMES: &'static [&'static str] = &["none", "dedicated", "shared"];
}

impl From<u32> for PasidMode {
    fn from(number: u32) -> Self {
        match number {
            0 => Self::None,
            1 => Self::Dedicated,
            2 => Self::Shared,
            unknown => Self::Unknown(unknown),
        }
    }
}

impl From<PasidMode> for u32 {
    fn from(value: PasidMode) -> Self {
        match value {
            PasidMode::None => 0,
            PasidMode::Dedicated => 1,
            PasidMode::Shared => 2,
            PasidMode::Unknown(number) => number,
        }
    }
}

named_number!(PasidMode, "pasid-mode");

/// How the user of a subdev submits to its portals (BAR2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Portal {
    /// By writing to the file of the VFIO device. The portals cannot be
    /// mapped.
    Trapped,
    /// By storing to memory, which can be mapped and which a thread in the
    /// user's process looks at. Writing to the file works as well.
    Polled,
    /// By storing to a portal of the hardware. Refused: it takes a PASID of
    /// the subdev's own, which no work queue has yet, and a device whose
    /// portals are safe to give away (INTEL-SA-01084).
    Direct,
    /// A number that this version of the library has no name for.
    Unknown(u32),
}

impl Portal {
    /// The names, in the order of their numbers.
    pub const NAMES: &'static [&'static str] = &["trapped", "polled", "direct"];
}

impl From<u32> for Portal {
    fn from(number: u32) -> Self {
        match number {
            0 => Self::Trapped,
            1 => Self::Polled,
            2 => Self::Direct,
            unknown => Self::Unknown(unknown),
        }
    }
}

impl From<Portal> for u32 {
    fn from(value: Portal) -> Self {
        match value {
            Portal::Trapped => 0,
            Portal::Polled => 1,
            Portal::Direct => 2,
            Portal::Unknown(number) => number,
        }
    }
}

named_number!(Portal, "portal");

/// What keeps the memory of a subdev apart from that of all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Isolation {
    /// The driver checks and translates each descriptor.
    Mediated,
    /// The hardware, by a PASID and an IOMMU.
    Pasid,
    /// A number that this version of the library has no name for.
    Unknown(u32),
}

impl Isolation {
    /// The names, in the order of their numbers.
    pub const NAMES: &'static [&'static str] = &["mediated", "pasid"];
}

impl From<u32> for Isolation {
    fn from(number: u32) -> Self {
        match number {
            0 => Self::Mediated,
            1 => Self::Pasid,
            unknown => Self::Unknown(unknown),
        }
    }
}

impl From<Isolation> for u32 {
    fn from(value: Isolation) -> Self {
        match value {
            Isolation::Mediated => 0,
            Isolation::Pasid => 1,
            Isolation::Unknown(number) => number,
        }
    }
}

named_number!(Isolation, "isolation");

/// State of a subdev as the admin wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AdminState {
    /// Not handed to VFIO. It keeps its name, its UUID and its share of the
    /// work queues, which the hardware need not have enabled.
    Inactive,
    /// Handed to VFIO. The hardware has its work queues enabled, and it has a
    /// virtual device.
    Active,
    /// A number that this version of the library has no name for.
    Unknown(u32),
}

impl AdminState {
    /// The names, in the order of their numbers.
    pub const NAMES: &'static [&'static str] = &["inactive", "active"];
}

impl From<u32> for AdminState {
    fn from(number: u32) -> Self {
        match number {
            0 => Self::Inactive,
            1 => Self::Active,
            unknown => Self::Unknown(unknown),
        }
    }
}

impl From<AdminState> for u32 {
    fn from(value: AdminState) -> Self {
        match value {
            AdminState::Inactive => 0,
            AdminState::Active => 1,
            AdminState::Unknown(number) => number,
        }
    }
}

named_number!(AdminState, "admin-state");

/// As which kind of device a subdev is handed to VFIO.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Face {
    /// An auxiliary device below the parent, made when it is activated.
    Auxiliary,
    /// A mediated device below the parent, which its UUID, written to the
    /// file "create" of its type in sysfs, makes and activates. Needs the
    /// module subdev_mdev.
    Mdev,
    /// A number that this version of the library has no name for.
    Unknown(u32),
}

impl Face {
    /// The names, in the order of their numbers.
    pub const NAMES: &'static [&'static str] = &["auxiliary", "mdev"];
}

impl From<u32> for Face {
    fn from(number: u32) -> Self {
        match number {
            0 => Self::Auxiliary,
            1 => Self::Mdev,
            unknown => Self::Unknown(unknown),
        }
    }
}

impl From<Face> for u32 {
    fn from(value: Face) -> Self {
        match value {
            Face::Auxiliary => 0,
            Face::Mdev => 1,
            Face::Unknown(number) => number,
        }
    }
}

named_number!(Face, "face");

/// State of a subdev as it is, set by what happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Opstate {
    /// There is no VFIO device.
    Detached,
    /// There is a VFIO device and nobody has it open.
    Attached,
    /// A VFIO user has the device open.
    Open,
    /// The VFIO user has enabled the virtual device.
    Enabled,
    /// The virtual device stopped after a fault. When its hardware is back,
    /// its VFIO user revives it by a reset, or the admin by `subdev-reset`;
    /// until then nothing does. One that nobody has open is `attached` then.
    Halted,
    /// A number that this version of the library has no name for.
    Unknown(u32),
}

impl Opstate {
    /// The names, in the order of their numbers.
    pub const NAMES: &'static [&'static str] = &[
        "detached",
        "attached",
        "open",
        "enabled",
        "halted",
    ];
}

impl From<u32> for Opstate {
    fn from(number: u32) -> Self {
        match number {
            0 => Self::Detached,
            1 => Self::Attached,
            2 => Self::Open,
            3 => Self::Enabled,
            4 => Self::Halted,
            unknown => Self::Unknown(unknown),
        }
    }
}

impl From<Opstate> for u32 {
    fn from(value: Opstate) -> Self {
        match value {
            Opstate::Detached => 0,
            Opstate::Attached => 1,
            Opstate::Open => 2,
            Opstate::Enabled => 3,
            Opstate::Halted => 4,
            Opstate::Unknown(number) => number,
        }
    }
}

named_number!(Opstate, "opstate");

/// Why something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// A request of the family.
    Request,
    /// The VFIO user did it.
    Tenant,
    /// The hardware failed.
    Fault,
    /// A device was plugged in, or bound to its driver.
    Plug,
    /// A device was unplugged, or unbound from its driver.
    Unplug,
    /// The socket that had the lease was closed.
    Lease,
    /// The module is being unloaded.
    Unload,
    /// The hardware came back after a fault, by the driver's doing.
    Recovery,
    /// Somebody wrote to sysfs, such as to make or remove a mediated device.
    Sysfs,
    /// A number that this version of the library has no name for.
    Unknown(u32),
}

impl Cause {
    /// The names, in the order of their numbers.
    pub const NAMES: &'static [&'static str] = &[
        "request",
        "tenant",
        "fault",
        "plug",
        "unplug",
        "lease",
        "unload",
        "recovery",
        "sysfs",
    ];
}

impl From<u32> for Cause {
    fn from(number: u32) -> Self {
        match number {
            0 => Self::Request,
            1 => Self::Tenant,
            2 => Self::Fault,
            3 => Self::Plug,
            4 => Self::Unplug,
            5 => Self::Lease,
            6 => Self::Unload,
            7 => Self::Recovery,
            8 => Self::Sysfs,
            unknown => Self::Unknown(unknown),
        }
    }
}

impl From<Cause> for u32 {
    fn from(value: Cause) -> Self {
        match value {
            Cause::Request => 0,
            Cause::Tenant => 1,
            Cause::Fault => 2,
            Cause::Plug => 3,
            Cause::Unplug => 4,
            Cause::Lease => 5,
            Cause::Unload => 6,
            Cause::Recovery => 7,
            Cause::Sysfs => 8,
            Cause::Unknown(number) => number,
        }
    }
}

named_number!(Cause, "cause");

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// A descriptor was in error in a way that no completion record can
    /// tell, or was not taken at all; or a command was.
    SoftwareError,
    /// Work did not end, and was discarded.
    Timeout,
    /// The device stopped.
    Halt,
    /// The device vanished, cannot be stopped, was reset behind the driver's
    /// back, or cannot be recovered.
    Loss,
    /// A number that this version of the library has no name for.
    Unknown(u32),
}

impl FaultKind {
    /// The names, in the order of their numbers.
    pub const NAMES: &'static [&'static str] = &[
        "software-error",
        "timeout",
        "halt",
        "loss",
    ];
}

impl From<u32> for FaultKind {
    fn from(number: u32) -> Self {
        match number {
            0 => Self::SoftwareError,
            1 => Self::Timeout,
            2 => Self::Halt,
            3 => Self::Loss,
            unknown => Self::Unknown(unknown),
        }
    }
}

impl From<FaultKind> for u32 {
    fn from(value: FaultKind) -> Self {
        match value {
            FaultKind::SoftwareError => 0,
            FaultKind::Timeout => 1,
            FaultKind::Halt => 2,
            FaultKind::Loss => 3,
            FaultKind::Unknown(number) => number,
        }
    }
}

named_number!(FaultKind, "fault-kind");

/// What work queues of a parent can do, as the system is now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Capabilities(u32);

impl Capabilities {
    /// Their DMA can carry a PASID, by which an IOMMU separates memory.
    pub const PASID: Self = Self(1 << 0);
    /// They can take submissions that the hardware may refuse (ENQCMD).
    pub const SHARED_WQ: Self = Self(1 << 1);
    /// The names, in the order of their bits.
    pub const NAMES: &'static [&'static str] = &["pasid", "shared-wq"];
}

named_flags!(Capabilities);

/// Notifications, each by its name without "-ntf".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct NotifyKinds(u32);

impl NotifyKinds {
    /// parent-create
    pub const PARENT_CREATE: Self = Self(1 << 0);
    /// parent-delete
    pub const PARENT_DELETE: Self = Self(1 << 1);
    /// parent-change
    pub const PARENT_CHANGE: Self = Self(1 << 2);
    /// parent-fault
    pub const PARENT_FAULT: Self = Self(1 << 3);
    /// wq-create
    pub const WQ_CREATE: Self = Self(1 << 4);
    /// wq-delete
    pub const WQ_DELETE: Self = Self(1 << 5);
    /// wq-change
    pub const WQ_CHANGE: Self = Self(1 << 6);
    /// subdev-create
    pub const SUBDEV_CREATE: Self = Self(1 << 7);
    /// subdev-delete
    pub const SUBDEV_DELETE: Self = Self(1 << 8);
    /// subdev-change
    pub const SUBDEV_CHANGE: Self = Self(1 << 9);
    /// subdev-fault
    pub const SUBDEV_FAULT: Self = Self(1 << 10);
    /// The names, in the order of their bits.
    pub const NAMES: &'static [&'static str] = &[
        "parent-create",
        "parent-delete",
        "parent-change",
        "parent-fault",
        "wq-create",
        "wq-delete",
        "wq-change",
        "subdev-create",
        "subdev-delete",
        "subdev-change",
        "subdev-fault",
    ];
}

named_flags!(NotifyKinds);

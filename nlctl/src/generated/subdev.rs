// SPDX-License-Identifier: MIT OR Apache-2.0
// Generated from spec/subdev.yaml by `cargo xtask gen`; do not edit.

use serde::Serialize;
#[allow(clippy::wildcard_imports, unused_imports)]
use super::*;
#[allow(unused_imports)]
use crate::attribute::{
    Accepts, Attribute, AttributeInfo, AttributeSet, Kind, UnknownAttribute,
};
#[allow(unused_imports)]
use crate::object::{Object, needed};
#[allow(unused_imports)]
use crate::value::{Binary, Malformed, U64, Value};

/// One attribute of the set "subdev".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubdevAttr {
    /// Generation of the family's state that the message shows.
    Generation(u64),
    /// Number of the subdev, not reused while the module is loaded.
    Index(u32),
    /// Unique name; letters, digits, '.', '_' and '-'. Default is the name
    /// of the parent, '-' and the index. In a request with a `count` it takes
    /// the place of the parent's name in that.
    Name(String),
    /// Unique UUID in its text form, 8-4-4-4-12 hexadecimal digits. Default
    /// is a random one. Refused with a `count` of more than one.
    Uuid(String),
    /// Number of the parent, which is its handle. A request names the
    /// parent by it or by `parent`.
    ParentIndex(u32),
    /// Name of the parent. A name may be another device's later; together
    /// with `parent-index` it has to be that parent's.
    Parent(String),
    /// A work queue that the subdev uses. None in a request with a type is
    /// the same as one without attributes.
    Wq(Vec<SubdevWqAttr>),
    /// Name of the type.
    Type(String),
    /// PASID mode. Default is that of the type, or "none" without a type.
    PasidMode(PasidMode),
    /// What keeps the subdev's memory apart.
    Isolation(Isolation),
    /// Admin state. Default is "active", but "inactive" for one with the face
    /// "mdev", which no request activates.
    State(AdminState),
    /// Operational state.
    Opstate(Opstate),
    /// Name of the auxiliary device; absent while inactive, and of one with
    /// another face. A mediated device has the UUID as its name.
    AuxiliaryDevice(String),
    /// Number of the IOMMU group, which is the name of the VFIO group's node;
    /// absent while inactive.
    IommuGroup(u32),
    /// Name of the VFIO device, for example "vfio0"; absent while inactive.
    /// On a kernel with VFIO_DEVICE_CDEV it is the name of its node, too.
    VfioDevice(String),
    /// In a request to change: the name from now on, as `name`. Refused with
    /// EEXIST if another subdev has it.
    NewName(String),
    /// In a request to delete or to deactivate: although a VFIO user has the
    /// device open. The device is dead to that user then.
    Force,
    /// Decide everything as if it were done, and do nothing: no object, event
    /// or index comes of it, and none is changed. The reply is the object as
    /// it would be, without what it would get only then: index, handles, and
    /// a UUID that was not asked for. A refusal is the same as without, but
    /// for what goes wrong only in the doing.
    DryRun,
    /// Number of subdevs to create, all or none; default is one. With a type
    /// and without the id of a work queue, each gets the one with the most
    /// entries available then. The reply has a `created` for each.
    Count(u32),
    /// In the reply to a request with a `count`, each subdev that was created,
    /// the first among them, in the order of their indexes. It takes up to
    /// 160 bytes.
    Created(Vec<SubdevCreatedAttr>),
    /// The subdev goes with the netlink socket that asked for it: when that
    /// is closed, the subdev is deleted as by a forced request, with the
    /// cause "lease". Present in what is shown of a subdev that has one.
    Lease,
    /// Netlink port ID of the socket that the subdev goes with; absent
    /// without a lease.
    LeasePort(u32),
    /// In an event, why it happened.
    Cause(Cause),
    /// In an event that a request caused, the netlink port ID of the socket
    /// that it came from.
    PortId(u32),
    /// In `subdev-fault-ntf`, what went wrong.
    Fault(Vec<FaultAttr>),
    /// Limits that a subdev of an Intel Data Streaming Accelerator has of its
    /// own, and how its portals are served; absent where nothing was asked
    /// for. Changed only while the subdev is inactive, as its user sees it.
    DsaSubdev(Vec<DsaSubdevAttr>),
    /// As which kind of device it is handed to VFIO; default is "auxiliary".
    /// One with the face "mdev" is created inactive. A request changes the
    /// face of one that is inactive; who makes a mediated device of one
    /// changes it to "mdev".
    Face(Face),
    /// An attribute that this version of the library does not know.
    Unknown(UnknownAttribute),
}

impl Attribute for SubdevAttr {
    const SET: &'static AttributeSet = &AttributeSet {
        name: "subdev",
        attributes: &[
            AttributeInfo::new(
                "generation",
                Kind::Uint,
                "Generation of the family's state that the message shows.",
            ),
            AttributeInfo::new(
                "index",
                Kind::U32,
                "Number of the subdev, not reused while the module is loaded.",
            ),
            AttributeInfo::new(
                    "name",
                    Kind::String,
                    "Unique name; letters, digits, '.', '_' and '-'. Default is the name\nof the parent, '-' and the index. In a request with a `count` it takes\nthe place of the parent's name in that.",
                )
                .accepts(Accepts::Length {
                    min: None,
                    max: Some(31),
                }),
            AttributeInfo::new(
                    "uuid",
                    Kind::String,
                    "Unique UUID in its text form, 8-4-4-4-12 hexadecimal digits. Default\nis a random one. Refused with a `count` of more than one.",
                )
                .accepts(Accepts::Length {
                    min: None,
                    max: Some(36),
                }),
            AttributeInfo::new(
                "parent-index",
                Kind::U32,
                "Number of the parent, which is its handle. A request names the\nparent by it or by `parent`.",
            ),
            AttributeInfo::new(
                    "parent",
                    Kind::String,
                    "Name of the parent. A name may be another device's later; together\nwith `parent-index` it has to be that parent's.",
                )
                .accepts(Accepts::Length {
                    min: None,
                    max: Some(31),
                }),
            AttributeInfo::new(
                    "wq",
                    Kind::Nest,
                    "A work queue that the subdev uses. None in a request with a type is\nthe same as one without attributes.",
                )
                .many()
                .nested(SubdevWqAttr::SET),
            AttributeInfo::new("type", Kind::String, "Name of the type.")
                .accepts(Accepts::Length {
                    min: None,
                    max: Some(31),
                }),
            AttributeInfo::new(
                    "pasid-mode",
                    Kind::U32,
                    "PASID mode. Default is that of the type, or \"none\" without a type.",
                )
                .accepts(Accepts::Names(PasidMode::NAMES)),
            AttributeInfo::new(
                    "isolation",
                    Kind::U32,
                    "What keeps the subdev's memory apart.",
                )
                .accepts(Accepts::Names(Isolation::NAMES)),
            AttributeInfo::new(
                    "state",
                    Kind::U32,
                    "Admin state. Default is \"active\", but \"inactive\" for one with the face\n\"mdev\", which no request activates.",
                )
                .accepts(Accepts::Names(AdminState::NAMES)),
            AttributeInfo::new("opstate", Kind::U32, "Operational state.")
                .accepts(Accepts::Names(Opstate::NAMES)),
            AttributeInfo::new(
                "auxiliary-device",
                Kind::String,
                "Name of the auxiliary device; absent while inactive, and of one with\nanother face. A mediated device has the UUID as its name.",
            ),
            AttributeInfo::new(
                "iommu-group",
                Kind::U32,
                "Number of the IOMMU group, which is the name of the VFIO group's node;\nabsent while inactive.",
            ),
            AttributeInfo::new(
                "vfio-device",
                Kind::String,
                "Name of the VFIO device, for example \"vfio0\"; absent while inactive.\nOn a kernel with VFIO_DEVICE_CDEV it is the name of its node, too.",
            ),
            AttributeInfo::new(
                    "new-name",
                    Kind::String,
                    "In a request to change: the name from now on, as `name`. Refused with\nEEXIST if another subdev has it.",
                )
                .accepts(Accepts::Length {
                    min: None,
                    max: Some(31),
                }),
            AttributeInfo::new(
                "force",
                Kind::Flag,
                "In a request to delete or to deactivate: although a VFIO user has the\ndevice open. The device is dead to that user then.",
            ),
            AttributeInfo::new(
                "dry-run",
                Kind::Flag,
                "Decide everything as if it were done, and do nothing: no object, event\nor index comes of it, and none is changed. The reply is the object as\nit would be, without what it would get only then: index, handles, and\na UUID that was not asked for. A refusal is the same as without, but\nfor what goes wrong only in the doing.",
            ),
            AttributeInfo::new(
                    "count",
                    Kind::U32,
                    "Number of subdevs to create, all or none; default is one. With a type\nand without the id of a work queue, each gets the one with the most\nentries available then. The reply has a `created` for each.",
                )
                .accepts(Accepts::Range {
                    min: Some(1),
                    max: Some(256),
                }),
            AttributeInfo::new(
                    "created",
                    Kind::Nest,
                    "In the reply to a request with a `count`, each subdev that was created,\nthe first among them, in the order of their indexes. It takes up to\n160 bytes.",
                )
                .many()
                .nested(SubdevCreatedAttr::SET),
            AttributeInfo::new(
                "lease",
                Kind::Flag,
                "The subdev goes with the netlink socket that asked for it: when that\nis closed, the subdev is deleted as by a forced request, with the\ncause \"lease\". Present in what is shown of a subdev that has one.",
            ),
            AttributeInfo::new(
                "lease-port",
                Kind::U32,
                "Netlink port ID of the socket that the subdev goes with; absent\nwithout a lease.",
            ),
            AttributeInfo::new("cause", Kind::U32, "In an event, why it happened.")
                .accepts(Accepts::Names(Cause::NAMES)),
            AttributeInfo::new(
                "port-id",
                Kind::U32,
                "In an event that a request caused, the netlink port ID of the socket\nthat it came from.",
            ),
            AttributeInfo::new(
                    "fault",
                    Kind::Nest,
                    "In `subdev-fault-ntf`, what went wrong.",
                )
                .nested(FaultAttr::SET),
            AttributeInfo::new(
                    "dsa-subdev",
                    Kind::Nest,
                    "Limits that a subdev of an Intel Data Streaming Accelerator has of its\nown, and how its portals are served; absent where nothing was asked\nfor. Changed only while the subdev is inactive, as its user sees it.",
                )
                .nested(DsaSubdevAttr::SET),
            AttributeInfo::new(
                    "face",
                    Kind::U32,
                    "As which kind of device it is handed to VFIO; default is \"auxiliary\".\nOne with the face \"mdev\" is created inactive. A request changes the\nface of one that is inactive; who makes a mediated device of one\nchanges it to \"mdev\".",
                )
                .accepts(Accepts::Names(Face::NAMES)),
        ],
    };
    fn number(&self) -> u16 {
        match self {
            Self::Generation(_) => 1,
            Self::Index(_) => 2,
            Self::Name(_) => 3,
            Self::Uuid(_) => 4,
            Self::ParentIndex(_) => 5,
            Self::Parent(_) => 6,
            Self::Wq(_) => 7,
            Self::Type(_) => 8,
            Self::PasidMode(_) => 9,
            Self::Isolation(_) => 10,
            Self::State(_) => 11,
            Self::Opstate(_) => 12,
            Self::AuxiliaryDevice(_) => 13,
            Self::IommuGroup(_) => 14,
            Self::VfioDevice(_) => 15,
            Self::NewName(_) => 16,
            Self::Force => 17,
            Self::DryRun => 18,
            Self::Count(_) => 19,
            Self::Created(_) => 20,
            Self::Lease => 21,
            Self::LeasePort(_) => 22,
            Self::Cause(_) => 23,
            Self::PortId(_) => 24,
            Self::Fault(_) => 25,
            Self::DsaSubdev(_) => 26,
            Self::Face(_) => 27,
            Self::Unknown(unknown) => unknown.kind,
        }
    }

    fn value(&self) -> Option<&dyn Value> {
        match self {
            Self::Generation(value) => Some(value),
            Self::Index(value) => Some(value),
            Self::Name(value) => Some(value),
            Self::Uuid(value) => Some(value),
            Self::ParentIndex(value) => Some(value),
            Self::Parent(value) => Some(value),
            Self::Wq(value) => Some(value),
            Self::Type(value) => Some(value),
            Self::PasidMode(value) => Some(value),
            Self::Isolation(value) => Some(value),
            Self::State(value) => Some(value),
            Self::Opstate(value) => Some(value),
            Self::AuxiliaryDevice(value) => Some(value),
            Self::IommuGroup(value) => Some(value),
            Self::VfioDevice(value) => Some(value),
            Self::NewName(value) => Some(value),
            Self::Force => None,
            Self::DryRun => None,
            Self::Count(value) => Some(value),
            Self::Created(value) => Some(value),
            Self::Lease => None,
            Self::LeasePort(value) => Some(value),
            Self::Cause(value) => Some(value),
            Self::PortId(value) => Some(value),
            Self::Fault(value) => Some(value),
            Self::DsaSubdev(value) => Some(value),
            Self::Face(value) => Some(value),
            Self::Unknown(unknown) => Some(&unknown.value),
        }
    }

    fn parse(number: u16, value: &[u8]) -> Result<Self, Malformed> {
        Ok(
            match number {
                1 => Self::Generation(Value::parse(value)?),
                2 => Self::Index(Value::parse(value)?),
                3 => Self::Name(Value::parse(value)?),
                4 => Self::Uuid(Value::parse(value)?),
                5 => Self::ParentIndex(Value::parse(value)?),
                6 => Self::Parent(Value::parse(value)?),
                7 => Self::Wq(Value::parse(value)?),
                8 => Self::Type(Value::parse(value)?),
                9 => Self::PasidMode(Value::parse(value)?),
                10 => Self::Isolation(Value::parse(value)?),
                11 => Self::State(Value::parse(value)?),
                12 => Self::Opstate(Value::parse(value)?),
                13 => Self::AuxiliaryDevice(Value::parse(value)?),
                14 => Self::IommuGroup(Value::parse(value)?),
                15 => Self::VfioDevice(Value::parse(value)?),
                16 => Self::NewName(Value::parse(value)?),
                17 => Self::Force,
                18 => Self::DryRun,
                19 => Self::Count(Value::parse(value)?),
                20 => Self::Created(Value::parse(value)?),
                21 => Self::Lease,
                22 => Self::LeasePort(Value::parse(value)?),
                23 => Self::Cause(Value::parse(value)?),
                24 => Self::PortId(Value::parse(value)?),
                25 => Self::Fault(Value::parse(value)?),
                26 => Self::DsaSubdev(Value::parse(value)?),
                27 => Self::Face(Value::parse(value)?),
                unknown => Self::Unknown(UnknownAttribute::new(unknown, value)),
            },
        )
    }
}

/// A virtual device on one or more work queues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Subdev {
    /// Generation of the family's state that the message shows.
    pub generation: u64,
    /// Number of the subdev, not reused while the module is loaded.
    pub index: u32,
    /// Unique name; letters, digits, '.', '_' and '-'. Default is the name
    /// of the parent, '-' and the index. In a request with a `count` it takes
    /// the place of the parent's name in that.
    pub name: String,
    /// Unique UUID in its text form, 8-4-4-4-12 hexadecimal digits. Default
    /// is a random one. Refused with a `count` of more than one.
    pub uuid: String,
    /// Number of the parent, which is its handle. A request names the
    /// parent by it or by `parent`.
    pub parent_index: u32,
    /// Name of the parent. A name may be another device's later; together
    /// with `parent-index` it has to be that parent's.
    pub parent: String,
    /// A work queue that the subdev uses. None in a request with a type is
    /// the same as one without attributes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wq: Vec<SubdevWq>,
    /// Name of the type.
    pub r#type: String,
    /// PASID mode. Default is that of the type, or "none" without a type.
    pub pasid_mode: PasidMode,
    /// What keeps the subdev's memory apart.
    pub isolation: Isolation,
    /// Admin state. Default is "active", but "inactive" for one with the face
    /// "mdev", which no request activates.
    pub state: AdminState,
    /// Operational state.
    pub opstate: Opstate,
    /// Name of the auxiliary device; absent while inactive, and of one with
    /// another face. A mediated device has the UUID as its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auxiliary_device: Option<String>,
    /// Number of the IOMMU group, which is the name of the VFIO group's node;
    /// absent while inactive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iommu_group: Option<u32>,
    /// Name of the VFIO device, for example "vfio0"; absent while inactive.
    /// On a kernel with VFIO_DEVICE_CDEV it is the name of its node, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vfio_device: Option<String>,
    /// In the reply to a request with a `count`, each subdev that was created,
    /// the first among them, in the order of their indexes. It takes up to
    /// 160 bytes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub created: Vec<SubdevCreated>,
    /// The subdev goes with the netlink socket that asked for it: when that
    /// is closed, the subdev is deleted as by a forced request, with the
    /// cause "lease". Present in what is shown of a subdev that has one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub lease: bool,
    /// Netlink port ID of the socket that the subdev goes with; absent
    /// without a lease.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_port: Option<u32>,
    /// In an event, why it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// In an event that a request caused, the netlink port ID of the socket
    /// that it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_id: Option<u32>,
    /// In `subdev-fault-ntf`, what went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// Limits that a subdev of an Intel Data Streaming Accelerator has of its
    /// own, and how its portals are served; absent where nothing was asked
    /// for. Changed only while the subdev is inactive, as its user sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dsa_subdev: Option<DsaSubdev>,
    /// As which kind of device it is handed to VFIO; default is "auxiliary".
    /// One with the face "mdev" is created inactive. A request changes the
    /// face of one that is inactive; who makes a mediated device of one
    /// changes it to "mdev".
    pub face: Face,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl Object for Subdev {
    type Attribute = SubdevAttr;
    fn read(attributes: Vec<SubdevAttr>) -> Result<Self, Malformed> {
        let mut generation = None;
        let mut index = None;
        let mut name = None;
        let mut uuid = None;
        let mut parent_index = None;
        let mut parent = None;
        let mut wq = Vec::new();
        let mut r#type = None;
        let mut pasid_mode = None;
        let mut isolation = None;
        let mut state = None;
        let mut opstate = None;
        let mut auxiliary_device = None;
        let mut iommu_group = None;
        let mut vfio_device = None;
        let mut created = Vec::new();
        let mut lease = false;
        let mut lease_port = None;
        let mut cause = None;
        let mut port_id = None;
        let mut fault = None;
        let mut dsa_subdev = None;
        let mut face = None;
        let mut unknown = Vec::new();
        for attribute in attributes {
            match attribute {
                SubdevAttr::Generation(value) => generation = Some(value),
                SubdevAttr::Index(value) => index = Some(value),
                SubdevAttr::Name(value) => name = Some(value),
                SubdevAttr::Uuid(value) => uuid = Some(value),
                SubdevAttr::ParentIndex(value) => parent_index = Some(value),
                SubdevAttr::Parent(value) => parent = Some(value),
                SubdevAttr::Wq(value) => wq.push(Object::read(value)?),
                SubdevAttr::Type(value) => r#type = Some(value),
                SubdevAttr::PasidMode(value) => pasid_mode = Some(value),
                SubdevAttr::Isolation(value) => isolation = Some(value),
                SubdevAttr::State(value) => state = Some(value),
                SubdevAttr::Opstate(value) => opstate = Some(value),
                SubdevAttr::AuxiliaryDevice(value) => auxiliary_device = Some(value),
                SubdevAttr::IommuGroup(value) => iommu_group = Some(value),
                SubdevAttr::VfioDevice(value) => vfio_device = Some(value),
                SubdevAttr::Created(value) => created.push(Object::read(value)?),
                SubdevAttr::Lease => lease = true,
                SubdevAttr::LeasePort(value) => lease_port = Some(value),
                SubdevAttr::Cause(value) => cause = Some(value),
                SubdevAttr::PortId(value) => port_id = Some(value),
                SubdevAttr::Fault(value) => fault = Some(Object::read(value)?),
                SubdevAttr::DsaSubdev(value) => dsa_subdev = Some(Object::read(value)?),
                SubdevAttr::Face(value) => face = Some(value),
                SubdevAttr::Unknown(value) => unknown.push(value),
                _ => {}
            }
        }
        Ok(Self {
            generation: needed(generation, "generation")?,
            index: needed(index, "index")?,
            name: needed(name, "name")?,
            uuid: needed(uuid, "uuid")?,
            parent_index: needed(parent_index, "parent-index")?,
            parent: needed(parent, "parent")?,
            wq,
            r#type: needed(r#type, "type")?,
            pasid_mode: needed(pasid_mode, "pasid-mode")?,
            isolation: needed(isolation, "isolation")?,
            state: needed(state, "state")?,
            opstate: needed(opstate, "opstate")?,
            auxiliary_device,
            iommu_group,
            vfio_device,
            created,
            lease,
            lease_port,
            cause,
            port_id,
            fault,
            dsa_subdev,
            face: needed(face, "face")?,
            unknown,
        })
    }
}

/// What `subdev-new` answers to a dry run: what would be, as far as it is known then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SubdevNewDryRun {
    /// Generation of the family's state that the message shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// Number of the subdev, not reused while the module is loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// Unique name; letters, digits, '.', '_' and '-'. Default is the name
    /// of the parent, '-' and the index. In a request with a `count` it takes
    /// the place of the parent's name in that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Unique UUID in its text form, 8-4-4-4-12 hexadecimal digits. Default
    /// is a random one. Refused with a `count` of more than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Number of the parent, which is its handle. A request names the
    /// parent by it or by `parent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_index: Option<u32>,
    /// Name of the parent. A name may be another device's later; together
    /// with `parent-index` it has to be that parent's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// A work queue that the subdev uses. None in a request with a type is
    /// the same as one without attributes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wq: Vec<SubdevWq>,
    /// Name of the type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// PASID mode. Default is that of the type, or "none" without a type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pasid_mode: Option<PasidMode>,
    /// What keeps the subdev's memory apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolation: Option<Isolation>,
    /// Admin state. Default is "active", but "inactive" for one with the face
    /// "mdev", which no request activates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<AdminState>,
    /// Operational state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opstate: Option<Opstate>,
    /// Name of the auxiliary device; absent while inactive, and of one with
    /// another face. A mediated device has the UUID as its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auxiliary_device: Option<String>,
    /// Number of the IOMMU group, which is the name of the VFIO group's node;
    /// absent while inactive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iommu_group: Option<u32>,
    /// Name of the VFIO device, for example "vfio0"; absent while inactive.
    /// On a kernel with VFIO_DEVICE_CDEV it is the name of its node, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vfio_device: Option<String>,
    /// In the reply to a request with a `count`, each subdev that was created,
    /// the first among them, in the order of their indexes. It takes up to
    /// 160 bytes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub created: Vec<SubdevCreated>,
    /// The subdev goes with the netlink socket that asked for it: when that
    /// is closed, the subdev is deleted as by a forced request, with the
    /// cause "lease". Present in what is shown of a subdev that has one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub lease: bool,
    /// Netlink port ID of the socket that the subdev goes with; absent
    /// without a lease.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_port: Option<u32>,
    /// Limits that a subdev of an Intel Data Streaming Accelerator has of its
    /// own, and how its portals are served; absent where nothing was asked
    /// for. Changed only while the subdev is inactive, as its user sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dsa_subdev: Option<DsaSubdev>,
    /// As which kind of device it is handed to VFIO; default is "auxiliary".
    /// One with the face "mdev" is created inactive. A request changes the
    /// face of one that is inactive; who makes a mediated device of one
    /// changes it to "mdev".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face: Option<Face>,
    /// Attributes that this version of the library does not know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownAttribute>,
}

impl Object for SubdevNewDryRun {
    type Attribute = SubdevAttr;
    fn read(attributes: Vec<SubdevAttr>) -> Result<Self, Malformed> {
        let mut generation = None;
        let mut index = None;
        let mut name = None;
        let mut uuid = None;
        let mut parent_index = None;
        let mut parent = None;
        let mut wq = Vec::new();
        let mut r#type = None;
        let mut pasid_mode = None;
        let mut isolation = None;
        let mut state = None;
        let mut opstate = None;
        let mut auxiliary_device = None;
        let mut iommu_group = None;
        let mut vfio_device = None;
        let mut created = Vec::new();
        let mut lease = false;
        let mut lease_port = None;
        let mut dsa_subdev = None;
        let mut face = None;
        let mut unknown = Vec::new();
        for attribute in attributes {
            match attribute {
                SubdevAttr::Generation(value) => generation = Some(value),
                SubdevAttr::Index(value) => index = Some(value),
                SubdevAttr::Name(value) => name = Some(value),
                SubdevAttr::Uuid(value) => uuid = Some(value),
                SubdevAttr::ParentIndex(value) => parent_index = Some(value),
                SubdevAttr::Parent(value) => parent = Some(value),
                SubdevAttr::Wq(value) => wq.push(Object::read(value)?),
                SubdevAttr::Type(value) => r#type = Some(value),
                SubdevAttr::PasidMode(value) => pasid_mode = Some(value),
                SubdevAttr::Isolation(value) => isolation = Some(value),
                SubdevAttr::State(value) => state = Some(value),
                SubdevAttr::Opstate(value) => opstate = Some(value),
                SubdevAttr::AuxiliaryDevice(value) => auxiliary_device = Some(value),
                SubdevAttr::IommuGroup(value) => iommu_group = Some(value),
                SubdevAttr::VfioDevice(value) => vfio_device = Some(value),
                SubdevAttr::Created(value) => created.push(Object::read(value)?),
                SubdevAttr::Lease => lease = true,
                SubdevAttr::LeasePort(value) => lease_port = Some(value),
                SubdevAttr::DsaSubdev(value) => dsa_subdev = Some(Object::read(value)?),
                SubdevAttr::Face(value) => face = Some(value),
                SubdevAttr::Unknown(value) => unknown.push(value),
                _ => {}
            }
        }
        Ok(Self {
            generation,
            index,
            name,
            uuid,
            parent_index,
            parent,
            wq,
            r#type,
            pasid_mode,
            isolation,
            state,
            opstate,
            auxiliary_device,
            iommu_group,
            vfio_device,
            created,
            lease,
            lease_port,
            dsa_subdev,
            face,
            unknown,
        })
    }
}

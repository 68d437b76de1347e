// SPDX-License-Identifier: MIT OR Apache-2.0

//! Objects for tests, as the kernel would send them.

use nlctl::{
    AdminState, Binary, Capabilities, DsaParentAttr, DsaWqAttr, Face, Isolation, Object, Opstate,
    Parent, ParentAttr, ParentState, PasidMode, Subdev, SubdevAttr, SubdevWqAttr, Wq, WqAttr,
    WqMode, WqState,
};

/// An active subdev.
pub fn subdev(index: u32) -> Subdev {
    Subdev::read(vec![
        SubdevAttr::Generation(7),
        SubdevAttr::Index(index),
        SubdevAttr::Name(format!("net{index}")),
        SubdevAttr::Uuid("123e4567-e89b-12d3-a456-426614174000".into()),
        SubdevAttr::ParentIndex(0),
        SubdevAttr::Parent("dsa0".into()),
        SubdevAttr::Wq(vec![
            SubdevWqAttr::Id(3),
            SubdevWqAttr::Size(2),
            SubdevWqAttr::Weight(100),
        ]),
        SubdevAttr::Type("1swq".into()),
        SubdevAttr::PasidMode(PasidMode::Shared),
        SubdevAttr::Isolation(Isolation::Mediated),
        SubdevAttr::State(AdminState::Active),
        SubdevAttr::Opstate(Opstate::Open),
        SubdevAttr::AuxiliaryDevice("subdev.vdev.0".into()),
        SubdevAttr::IommuGroup(0),
        SubdevAttr::VfioDevice("vfio1".into()),
        SubdevAttr::Face(Face::Auxiliary),
    ])
    .expect("has all")
}

/// A work queue of a DSA.
pub fn wq(id: u32) -> Wq {
    Wq::read(vec![
        WqAttr::Generation(7),
        WqAttr::ParentIndex(0),
        WqAttr::Parent("dsa0".into()),
        WqAttr::Id(id),
        WqAttr::State(WqState::Enabled),
        WqAttr::Mode(WqMode::Dedicated),
        WqAttr::Size(16),
        WqAttr::Available(4),
        WqAttr::SubdevCount(300),
        WqAttr::Subdev(7),
        WqAttr::DsaWq(vec![
            DsaWqAttr::Threshold(8),
            DsaWqAttr::Priority(10),
            DsaWqAttr::Group(1),
            DsaWqAttr::BlockOnFault(0),
            DsaWqAttr::MaxTransferSize(1 << 21),
            DsaWqAttr::MaxBatchSize(1),
            DsaWqAttr::OpConfig(Binary(vec![0x09, 0xff])),
        ]),
    ])
    .expect("has all")
}

/// A DSA.
pub fn parent() -> Parent {
    Parent::read(vec![
        ParentAttr::Generation(7),
        ParentAttr::Index(0),
        ParentAttr::Name("dsa0".into()),
        ParentAttr::Bus("pci".into()),
        ParentAttr::Device("0000:6a:01.0".into()),
        ParentAttr::State(ParentState::Enabled),
        ParentAttr::Capabilities(Capabilities::PASID),
        ParentAttr::WqCount(8),
        ParentAttr::SubdevCount(1),
        ParentAttr::DsaParent(vec![
            DsaParentAttr::Version(0x100),
            DsaParentAttr::MaxTransferSize(1 << 31),
            DsaParentAttr::MaxBatchSize(1024),
            DsaParentAttr::Opcap(Binary(vec![0x09, 0xff])),
            DsaParentAttr::GroupCount(4),
            DsaParentAttr::EngineCount(4),
            DsaParentAttr::WqCapacity(128),
            DsaParentAttr::ReadBufferCount(96),
            DsaParentAttr::ReadBufferLimit(0),
        ]),
    ])
    .expect("has all")
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! Objects of the family for tests.

use nlctl::{
    AdminState, Capabilities, DsaWqAttr, Face, Isolation, Object, Opstate, Parent, ParentAttr,
    ParentState, PasidMode, State, Subdev, SubdevAttr, SubdevWqAttr, Type, TypeAttr, Wq, WqAttr,
    WqMode, WqState,
};

use crate::operations;

/// Place of the parent.
pub const PCI: &str = "0000:6a:01.0";

/// An object that has these attributes.
pub fn object<T: Object>(attributes: Vec<T::Attribute>) -> T {
    T::read(attributes).expect("all attributes are there")
}

/// A parent with a work queue of that many entries for each number.
pub fn state(sizes: &[u32]) -> State {
    let mut state = State::default();
    state.parents = vec![object::<Parent>(vec![
        ParentAttr::Generation(1),
        ParentAttr::Index(0),
        ParentAttr::Name("dsa0".into()),
        ParentAttr::Bus("pci".into()),
        ParentAttr::Device(PCI.into()),
        ParentAttr::State(ParentState::Enabled),
        ParentAttr::Capabilities(Capabilities::default()),
        ParentAttr::WqCount(8),
        ParentAttr::SubdevCount(0),
    ])];
    state.wqs = (0..).zip(sizes).map(|(id, size)| wq(id, *size)).collect();
    state
}

fn wq(id: u32, size: u32) -> Wq {
    let operations = ["memmove", "memfill"].map(String::from);
    let mask = operations::mask(&operations).expect("are operations");
    object(vec![
        WqAttr::Generation(1),
        WqAttr::ParentIndex(0),
        WqAttr::Parent("dsa0".into()),
        WqAttr::Id(id),
        WqAttr::State(WqState::Enabled),
        WqAttr::Mode(WqMode::Dedicated),
        WqAttr::Size(size),
        WqAttr::Available(size),
        WqAttr::SubdevCount(0),
        WqAttr::DsaWq(vec![
            DsaWqAttr::Threshold(0),
            DsaWqAttr::Priority(8),
            DsaWqAttr::Group(0),
            DsaWqAttr::BlockOnFault(0),
            DsaWqAttr::MaxTransferSize(1 << 21),
            DsaWqAttr::MaxBatchSize(32),
            DsaWqAttr::OpConfig(mask),
        ]),
    ])
}

/// The types that a DSA has.
pub fn types() -> Vec<Type> {
    let of = |name: &str, mode, missing: Option<&str>| {
        let mut attributes = vec![
            TypeAttr::Generation(1),
            TypeAttr::ParentIndex(0),
            TypeAttr::Parent("dsa0".into()),
            TypeAttr::Name(name.into()),
            TypeAttr::PasidMode(mode),
            TypeAttr::Isolation(Isolation::Mediated),
            TypeAttr::MaxInstances(8),
            TypeAttr::AvailableInstances(8),
            TypeAttr::Description(String::new()),
        ];
        attributes.extend(missing.map(|it| TypeAttr::MissingPrerequisite(it.into())));
        object(attributes)
    };
    vec![
        of("1dwq", PasidMode::None, None),
        of("1dwq-pasid", PasidMode::Dedicated, Some("PASID support")),
        of("1swq", PasidMode::Shared, None),
    ]
}

/// An active subdev with so many entries of a work queue.
pub fn subdev(name: &str, uuid: &str, mode: PasidMode, wq: u32, size: u32) -> Subdev {
    object(vec![
        SubdevAttr::Generation(1),
        SubdevAttr::Index(7),
        SubdevAttr::Name(name.into()),
        SubdevAttr::Uuid(uuid.into()),
        SubdevAttr::ParentIndex(0),
        SubdevAttr::Parent("dsa0".into()),
        SubdevAttr::Wq(vec![
            SubdevWqAttr::Id(wq),
            SubdevWqAttr::Size(size),
            SubdevWqAttr::Weight(100),
        ]),
        SubdevAttr::Type("1swq".into()),
        SubdevAttr::PasidMode(mode),
        SubdevAttr::Isolation(Isolation::Mediated),
        SubdevAttr::State(AdminState::Active),
        SubdevAttr::Opstate(Opstate::Attached),
        SubdevAttr::Face(Face::Auxiliary),
        SubdevAttr::AuxiliaryDevice("subdev.dsa.7".into()),
        SubdevAttr::IommuGroup(3),
        SubdevAttr::VfioDevice("vfio0".into()),
    ])
}

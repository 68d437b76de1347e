// SPDX-License-Identifier: MIT OR Apache-2.0

//! Attributes as values and as bytes.

use nlctl::{
    Attribute, Binary, Capabilities, DsaParentAttr, DsaWq, DsaWqAttr, FamilyAttr, Id, Object,
    Parent, ParentAttr, ParentState, PasidMode, SubdevAttr, SubdevWq, SubdevWqAttr, TypeAttr, U64,
    Value, WqAttr, WqRef,
    wire::{self, emit},
};
use proptest::prelude::*;

fn parse<A: Attribute>(bytes: &[u8]) -> Result<Vec<A>, String> {
    wire::parse(bytes).map_err(|error| error.to_string())
}

/// The header of an attribute as the kernel wants it; its number is the spec's.
fn header(attribute: &impl Attribute, length: u8, flags: u8) -> [u8; 4] {
    let [low, high] = wire::kind(attribute).to_le_bytes();
    assert_eq!(high, flags, "flags");
    [length, 0, low, high]
}

#[test]
fn bytes_are_as_the_kernel_wants_them() {
    let name = SubdevAttr::Name("ab".into());
    let expected = [&header(&name, 7, 0)[..], b"ab\0\0"].concat();
    assert_eq!(emit(&[name]), expected);
    assert_eq!(emit(&[SubdevAttr::Force]), header(&SubdevAttr::Force, 4, 0));
    let version = DsaParentAttr::Version(1);
    let inner = header(&version, 8, 0);
    let nest = ParentAttr::DsaParent(vec![version]);
    let expected = [header(&nest, 12, 0x80), inner, 1u32.to_ne_bytes()].concat();
    assert_eq!(emit(&[nest]), expected);
}

#[test]
fn the_generation_comes_first_in_every_set() {
    assert_eq!(FamilyAttr::Generation(0).number(), 1);
    assert_eq!(ParentAttr::Generation(0).number(), 1);
    assert_eq!(WqAttr::Generation(0).number(), 1);
    assert_eq!(TypeAttr::Generation(0).number(), 1);
    assert_eq!(SubdevAttr::Generation(0).number(), 1);
}

#[test]
fn a_uint_is_as_short_as_it_can_be_and_read_in_both_lengths() {
    let short = SubdevAttr::Generation(u64::from(u32::MAX));
    let long = SubdevAttr::Generation(u64::from(u32::MAX) + 1);
    assert_eq!(
        (wire::value(&short).len(), wire::value(&long).len()),
        (4, 8)
    );
    let bytes = [&header(&long, 12, 0)[..], &7u64.to_ne_bytes()].concat();
    assert_eq!(parse(&bytes), Ok(vec![SubdevAttr::Generation(7)]));
}

#[test]
fn a_value_of_a_wrong_length_is_refused_by_name() {
    let bytes = [header(&SubdevAttr::Index(0), 6, 0), [1, 2, 0, 0]].concat();
    let error = parse::<SubdevAttr>(&bytes).expect_err("is too short");
    assert!(error.contains("'index'"), "{error}");
}

#[test]
fn unknown_attributes_are_kept() {
    let bytes = [8, 0, 99, 0, 1, 2, 3, 4];
    let parsed = parse::<ParentAttr>(&bytes).expect("is well formed");
    assert_eq!(emit(&parsed), bytes);
    let nest = SubdevWqAttr::parse(99, &[1]).expect("is taken as it is");
    let whole = vec![
        SubdevWqAttr::Id(1),
        SubdevWqAttr::Size(2),
        SubdevWqAttr::Weight(3),
        nest,
    ];
    let wq = SubdevWq::read(whole).expect("has all");
    assert_eq!(wq.unknown[0].kind, 99);
    let json = serde_json::to_string(&wq).expect("is JSON");
    assert_eq!(
        json,
        r#"{"id":1,"size":2,"weight":3,"unknown":[{"kind":99,"value":"01"}]}"#
    );
}

#[test]
fn what_is_always_there_is_missed_by_name() {
    let error = DsaWq::read(vec![DsaWqAttr::Threshold(1)]).expect_err("is not whole");
    assert_eq!(error.to_string(), "attribute 'priority' is missing");
}

#[test]
fn a_u64_has_eight_bytes_whatever_its_value() {
    let mut bytes = [0; 8];
    U64(7).emit(&mut bytes);
    assert_eq!(U64::parse(&bytes), Ok(U64(7)));
    assert!(U64::parse(&bytes[..4]).is_err());
}

#[test]
fn enums_have_names_and_keep_numbers_without() {
    assert_eq!("shared".parse(), Ok(PasidMode::Shared));
    assert_eq!("1".parse(), Ok(PasidMode::Dedicated));
    assert_eq!(PasidMode::from(77).to_string(), "77");
    assert_eq!(ParentState::from(3).to_string(), "lost");
    let error = "exclusive".parse::<PasidMode>().expect_err("is no mode");
    assert_eq!(
        error.to_string(),
        "'exclusive' is no pasid-mode; accepted: none, dedicated, shared"
    );
    let json = serde_json::to_string(&PasidMode::None).expect("is JSON");
    assert_eq!(json, "\"none\"");
    assert_eq!(
        serde_json::from_str::<PasidMode>(&json).ok(),
        Some(PasidMode::None)
    );
}

#[test]
fn flags_are_a_list_of_names() {
    let both = Capabilities::PASID | Capabilities::SHARED_WQ;
    assert!(both.contains(Capabilities::PASID));
    assert!(!Capabilities::PASID.contains(both));
    assert_eq!(both.to_string(), "pasid,shared-wq");
    assert_eq!(Capabilities::default().to_string(), "");
    let newer = Capabilities::from(0x8000_0001);
    assert_eq!(newer.bits(), 0x8000_0001);
    let json = serde_json::to_string(&newer).expect("is JSON");
    assert_eq!(json, r#"["pasid","0x80000000"]"#);
    let bytes = emit(&[ParentAttr::Capabilities(newer)]);
    assert_eq!(parse(&bytes), Ok(vec![ParentAttr::Capabilities(newer)]));
}

/// Text without NUL, which ends a string on the wire.
const TEXT: &str = "[^\0]{0,40}";

prop_compose! {
    fn dsa_parent()(version: u32, size: u64, opcap: Vec<u8>, engines: u32) -> Vec<DsaParentAttr> {
        vec![
            DsaParentAttr::Version(version),
            DsaParentAttr::MaxTransferSize(size),
            DsaParentAttr::Opcap(Binary(opcap)),
            DsaParentAttr::EngineCount(engines),
        ]
    }
}

prop_compose! {
    fn dsa_wq()(threshold: u32, priority: u32, group: u32) -> Vec<DsaWqAttr> {
        vec![
            DsaWqAttr::Threshold(threshold),
            DsaWqAttr::Priority(priority),
            DsaWqAttr::Group(group),
        ]
    }
}

fn parent_attribute() -> impl Strategy<Value = ParentAttr> {
    prop_oneof![
        any::<u32>().prop_map(ParentAttr::Index),
        TEXT.prop_map(ParentAttr::Name),
        any::<u32>().prop_map(|number| ParentAttr::State(number.into())),
        any::<u64>().prop_map(ParentAttr::Generation),
        dsa_parent().prop_map(ParentAttr::DsaParent),
    ]
}

fn wq_attribute() -> impl Strategy<Value = WqAttr> {
    prop_oneof![
        any::<u32>().prop_map(WqAttr::Id),
        any::<u32>().prop_map(WqAttr::SubdevCount),
        any::<u32>().prop_map(WqAttr::Subdev),
        dsa_wq().prop_map(WqAttr::DsaWq),
    ]
}

fn subdev_attribute() -> impl Strategy<Value = SubdevAttr> {
    prop_oneof![
        any::<u32>().prop_map(SubdevAttr::Index),
        TEXT.prop_map(SubdevAttr::Uuid),
        any::<u32>().prop_map(|number| SubdevAttr::PasidMode(number.into())),
        any::<u32>().prop_map(|number| SubdevAttr::Opstate(number.into())),
        any::<u64>().prop_map(SubdevAttr::Generation),
        any::<(u32, u32, u32, u64)>().prop_map(|(id, size, weight, rate)| {
            SubdevAttr::Wq(vec![
                SubdevWqAttr::Id(id),
                SubdevWqAttr::Size(size),
                SubdevWqAttr::Weight(weight),
                SubdevWqAttr::MaxRate(rate),
            ])
        }),
        Just(SubdevAttr::Force),
    ]
}

/// What is taken for well formed can be written, and is then read as the same.
fn survives<A: Attribute + PartialEq>(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(attributes) = parse::<A>(bytes) {
        prop_assert_eq!(parse::<A>(&emit(&attributes)), Ok(attributes));
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        parent in proptest::collection::vec(parent_attribute(), 0..8),
        wq in proptest::collection::vec(wq_attribute(), 0..8),
        subdev in proptest::collection::vec(subdev_attribute(), 0..8),
    ) {
        prop_assert_eq!(parse::<ParentAttr>(&emit(&parent)), Ok(parent));
        prop_assert_eq!(parse::<WqAttr>(&emit(&wq)), Ok(wq));
        prop_assert_eq!(parse::<SubdevAttr>(&emit(&subdev)), Ok(subdev));
    }

    #[test]
    fn no_bytes_make_it_panic(mut bytes: Vec<u8>, kind in 0..20_u8) {
        // An attribute that may be, so that not all are refused at once.
        if let Ok(length) = u8::try_from(bytes.len())
            && let Some(head) = bytes.get_mut(..4)
        {
            head.copy_from_slice(&[length, 0, kind, 0]);
        }
        survives::<ParentAttr>(&bytes)?;
        survives::<SubdevAttr>(&bytes)?;
        survives::<WqAttr>(&bytes)?;
        survives::<TypeAttr>(&bytes)?;
        if let Ok(attributes) = parse::<ParentAttr>(&bytes) {
            let _ = Parent::read(attributes);
        }
    }

    #[test]
    fn enums_survive_text(number: u32) {
        let value = PasidMode::from(number);
        prop_assert_eq!(value.to_string().parse(), Ok(value));
        prop_assert_eq!(u32::from(value), number);
    }

    #[test]
    fn ids_are_shown_as_they_were_written(word in "\\PC*") {
        match Id::from(word.as_str()) {
            Id::Index(index) => prop_assert_eq!(word.parse(), Ok(index)),
            id => prop_assert_eq!(id.to_string(), word),
        }
    }

    #[test]
    fn work_queues_survive_text(parent in proptest::option::of("[a-z]{1,9}"), id: u32) {
        let word = match parent {
            Some(parent) => format!("{parent}/wq{id}"),
            None => format!("wq{id}"),
        };
        let queue = word.parse::<WqRef>().expect("names a work queue");
        prop_assert_eq!(queue.to_string(), word);
    }
}

#[test]
fn a_string_that_is_not_utf_8_does_not_hide_the_rest() {
    let name = String::parse(b"net\xff0\0").expect("is shown");
    assert_eq!(name, "net\u{fffd}0");
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! Extended ACKs as bytes, as the kernel builds them and as it never would.

use netlink_packet_core::{DefaultNla, Emitable, Nla};
use proptest::prelude::*;

use super::*;
use crate::attribute::Attribute;
use crate::error::Refusal;
use crate::generated::{PasidMode, SubdevAttr, SubdevWqAttr};

fn bytes(attributes: &[impl Nla]) -> Vec<u8> {
    let mut bytes = vec![0; attributes.buffer_len()];
    attributes.emit(&mut bytes);
    bytes
}

fn number(kind: u16, number: u32) -> DefaultNla {
    DefaultNla::new(kind, number.to_ne_bytes().to_vec())
}

/// `struct nlmsghdr` of a request with so many bytes of attributes.
fn header(attributes: usize) -> Vec<u8> {
    let mut header = vec![0; 16];
    let length = u32::try_from(20 + attributes).expect("is short");
    header[..4].copy_from_slice(&length.to_ne_bytes());
    header
}

/// The request that the errors here are about: name at 20, wq at 32, in it id
/// at 36 and size at 44, pasid-mode at 52.
fn request() -> Vec<u8> {
    bytes(&[
        SubdevAttr::Name("net0".into()),
        SubdevAttr::Wq(vec![SubdevWqAttr::Id(99), SubdevWqAttr::Size(0)]),
        SubdevAttr::PasidMode(PasidMode::Unknown(7)),
    ])
}

fn refusal(errno: i32, attributes: &[DefaultNla]) -> Refusal {
    let mut payload = header(request().len());
    payload.extend(bytes(attributes));
    let ext_ack = ExtAck::of_error(NLM_F_CAPPED | NLM_F_ACK_TLVS, &payload);
    Refusal::new(errno, ext_ack, SubdevAttr::SET, &request())
}

fn policy(kind: u16, attributes: &[DefaultNla]) -> DefaultNla {
    DefaultNla::new(kind, bytes(attributes))
}

fn range(min: u64, max: u64) -> DefaultNla {
    policy(
        POLICY,
        &[
            DefaultNla::new(POLICY_MIN_VALUE_U, min.to_ne_bytes().to_vec()),
            DefaultNla::new(POLICY_MAX_VALUE_U, max.to_ne_bytes().to_vec()),
        ],
    )
}

fn message(text: &str) -> DefaultNla {
    DefaultNla::new(MSG, [text.as_bytes(), b"\0"].concat())
}

#[test]
fn a_family_that_is_not_there_or_goes_is_told_from_an_object_that_is_not() {
    // ENOENT; EPROTONOSUPPORT, of a dump.
    for errno in [2, 93] {
        assert!(refusal(errno, &[]).is_of_unknown_family());
        assert!(!refusal(errno, &[message("no such subdev")]).is_of_unknown_family());
    }
    assert!(!refusal(19, &[]).is_of_unknown_family());
}

#[test]
fn a_refusal_names_the_attribute() {
    let refusal = refusal(
        2,
        &[
            message("no such work queue on dsa0; it has 0 to 7"),
            number(OFFS, 36),
        ],
    );
    assert_eq!(refusal.errno_name(), "ENOENT");
    assert_eq!(refusal.attribute.as_deref(), Some("wq.id"));
    assert_eq!(
        refusal.to_string(),
        "wq.id: no such work queue on dsa0; it has 0 to 7"
    );
}

#[test]
fn a_violated_policy_says_what_is_accepted() {
    let out_of_range = message("integer out of range");
    let size = refusal(
        34,
        &[
            out_of_range.clone(),
            number(OFFS, 44),
            range(1, u64::from(u32::MAX)),
        ],
    );
    assert_eq!(
        size.to_string(),
        "wq.size: integer out of range; accepted: at least 1"
    );
    let mode = refusal(34, &[out_of_range, number(OFFS, 52), range(0, 2)]);
    assert_eq!(
        mode.to_string(),
        "pasid-mode: integer out of range; accepted: none, dedicated, shared"
    );
    let name = refusal(
        34,
        &[
            message("Attribute failed policy validation"),
            number(OFFS, 20),
            policy(POLICY, &[number(POLICY_MAX_LENGTH, 31)]),
        ],
    );
    assert_eq!(
        name.to_string(),
        "name: Attribute failed policy validation; accepted: at most 31 bytes"
    );
}

#[test]
fn a_missing_attribute_has_a_name() {
    let wq = SubdevAttr::Wq(Vec::new()).number();
    let refusal = refusal(22, &[number(MISS_TYPE, wq.into())]);
    assert_eq!(refusal.missing.as_deref(), Some("wq"));
    assert_eq!(refusal.to_string(), "wq: this attribute is required");
}

#[test]
fn an_echoed_request_is_skipped() {
    let mut payload = header(request().len());
    payload.extend([1, 1, 0, 0]);
    payload.extend(request());
    payload.extend(bytes(&[message("no"), number(OFFS, 20)]));
    let ext_ack = ExtAck::of_error(NLM_F_ACK_TLVS, &payload);
    assert_eq!(ext_ack.message.as_deref(), Some("no"));
    assert_eq!(ext_ack.offset, Some(20));
}

#[test]
fn without_the_flag_there_is_nothing() {
    let mut payload = header(0);
    payload.extend(bytes(&[message("not an extended ACK")]));
    assert_eq!(ExtAck::of_error(NLM_F_CAPPED, &payload), ExtAck::default());
}

#[test]
fn a_nest_is_found_whichever_attribute_comes_first() {
    let attributes = bytes(&[number(MISS_NEST, 60), number(MISS_TYPE, 2)]);
    let missing = ExtAck::of_done(NLM_F_ACK_TLVS, &attributes).missing;
    assert_eq!(
        missing,
        Some(Missing {
            kind: 2,
            nest: Some(60)
        })
    );
}

#[test]
fn what_was_read_before_the_malformed_part_stays() {
    let mut attributes = bytes(&[message("kept")]);
    attributes.extend([200, 0, 2, 0]);
    let ext_ack = ExtAck::of_done(NLM_F_ACK_TLVS, &attributes);
    assert_eq!(ext_ack.message.as_deref(), Some("kept"));
    assert_eq!(ext_ack.offset, None);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        flags: u16,
        payload: Vec<u8>,
        errno: i32,
    ) {
        for ext_ack in [ExtAck::of_error(flags, &payload), ExtAck::of_done(flags, &payload)] {
            let refusal = Refusal::new(errno, ext_ack, SubdevAttr::SET, &request());
            prop_assert!(!refusal.to_string().is_empty());
        }
    }

    #[test]
    fn no_offset_makes_it_panic(offset: u32, kind: u32, nest: u32, garbage: Vec<u8>) {
        let attributes = bytes(&[number(OFFS, offset), number(MISS_TYPE, kind), number(MISS_NEST, nest)]);
        for request in [request(), garbage] {
            let ext_ack = ExtAck::of_done(NLM_F_ACK_TLVS, &attributes);
            let refusal = Refusal::new(22, ext_ack, SubdevAttr::SET, &request);
            prop_assert_eq!(refusal.errno_name(), "EINVAL");
        }
    }
}

#[test]
fn a_message_without_a_word_is_none() {
    for text in ["", " ", ".", "\n"] {
        assert_eq!(refusal(16, &[message(text)]).message, None, "{text:?}");
    }
    let shown = refusal(16, &[message("")]).to_string();
    assert_eq!(shown, "Device or resource busy (EBUSY)");
}

// SPDX-License-Identifier: GPL-2.0

use super::*;
use proptest::prelude::*;

const TEXT: &str = "01234567-89ab-cdef-0123-456789abcdef";

#[test]
fn takes_either_case_and_gives_lower_case() {
    let uuid = Uuid::parse(TEXT.as_bytes()).unwrap();
    assert_eq!(uuid.to_string(), TEXT);
    assert_eq!(Uuid::parse(TEXT.to_uppercase().as_bytes()), Ok(uuid));
}

#[test]
fn says_what_it_would_take_instead() {
    for (text, error) in [
        ("", Error::Form),
        ("0123456789abcdef0123456789abcdef", Error::Form),
        ("{01234567-89ab-cdef-0123-456789abcd}", Error::Form),
        ("01234567-89ab-cdef-0123-456789abcdeg", Error::Form),
        ("01234567-89ab-cdef-0123-456789abcdef0", Error::Form),
        ("0123456-789ab-cdef-0123-456789abcdef", Error::Form),
        ("01234567-89ab-cdef-01230456789abcdef", Error::Form),
        ("00000000-0000-0000-0000-000000000000", Error::Nil),
    ] {
        assert_eq!(Uuid::parse(text.as_bytes()), Err(error), "{text:?}");
        let said = error.to_string();
        assert!(said.len() < 70 && !said.ends_with('.'), "{said}");
        assert!(said.starts_with("a UUID "), "{said}");
    }
}

#[test]
fn random_ones_are_of_version_4() {
    let ones = Uuid::from_random([0xff; 16]).to_string();
    assert_eq!(ones, "ffffffff-ffff-4fff-bfff-ffffffffffff");
    let zeroes = Uuid::from_random([0; 16]).to_string();
    assert_eq!(zeroes, "00000000-0000-4000-8000-000000000000");
}

proptest! {
    #[test]
    fn every_uuid_comes_back(bytes: [u8; 16]) {
        let uuid = Uuid::from_random(bytes);
        prop_assert_eq!(Uuid::parse(&uuid.to_text()), Ok(uuid));
    }

    #[test]
    fn what_is_taken_is_the_text(at in 0..36_usize, byte: u8) {
        let mut text = TEXT.as_bytes().to_vec();
        text[at] = byte;
        match Uuid::parse(&text) {
            Ok(uuid) => prop_assert_eq!(&uuid.to_text()[..], &text.to_ascii_lowercase()[..]),
            Err(_) if TEXT.as_bytes()[at] == b'-' => prop_assert_ne!(byte, b'-'),
            Err(_) => prop_assert!(!byte.is_ascii_hexdigit()),
        }
    }
}

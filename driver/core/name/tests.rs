// SPDX-License-Identifier: GPL-2.0

use super::*;
use proptest::prelude::*;

#[test]
fn takes_what_a_name_may_be() {
    for text in [
        "a",
        "dsa0",
        "0a",
        "_",
        "dsa0-3",
        "A.b_c-D",
        "7.1",
        &"x".repeat(31),
    ] {
        let name = Name::parse(text.as_bytes()).expect(text);
        assert_eq!(name.as_str(), text);
        assert_eq!(name.as_bytes(), text.as_bytes());
        assert_eq!(name.to_string(), text);
    }
}

#[test]
fn says_what_it_would_take_instead() {
    for (text, error) in [
        ("", Error::Empty),
        (&"x".repeat(32), Error::TooLong),
        ("a b", Error::Character),
        ("a/b", Error::Character),
        ("ä", Error::Character),
        ("a\0", Error::Character),
        (".a", Error::Start),
        ("-a", Error::Start),
        ("17", Error::Number),
        // A UUID is longer than any name.
        ("01234567-89ab-cdef-0123-456789abcdef", Error::TooLong),
    ] {
        assert_eq!(Name::parse(text.as_bytes()), Err(error), "{text:?}");
        let said = error.to_string();
        assert!(said.len() < 70 && !said.ends_with('.'), "{said}");
        assert!(said.starts_with("a name "), "{said}");
    }
}

#[test]
fn formats_in_place() {
    let name = Name::format(format_args!("{}-{}", "dsa0", 12));
    assert_eq!(name.map(|name| name.to_string()), Some("dsa0-12".into()));
    assert_eq!(Name::format(format_args!("{:040}x", 1)), None);
    assert_eq!(Name::format(format_args!("{}", 12)), None);
}

proptest! {
    #[test]
    fn every_name_comes_back(text in "[A-Za-z0-9_][A-Za-z0-9._-]{0,30}") {
        prop_assume!(text.parse::<u128>().is_err());
        let name = Name::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(name.as_str(), &text);
        prop_assert_eq!(Name::format(format_args!("{text}")), Some(name));
    }

    #[test]
    fn nothing_else_is_a_name(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let Ok(name) = Name::parse(&bytes) else { return Ok(()) };
        prop_assert_eq!(name.as_bytes(), &bytes[..]);
        prop_assert!((1..=NAME_MAX).contains(&bytes.len()));
        prop_assert!(bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(b)));
        prop_assert!(!bytes.iter().all(u8::is_ascii_digit));
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the library reads of the kernel's answers: attributes and extended ACKs.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use nlctl::{Attribute, ParentAttr, SubdevAttr, TypeAttr, WqAttr, fuzzing, wire};

#[derive(Debug, Arbitrary)]
enum Input {
    Parent(Vec<u8>),
    Wq(Vec<u8>),
    Type(Vec<u8>),
    Subdev(Vec<u8>),
    Refusal {
        errno: i32,
        flags: u16,
        done: bool,
        answer: Vec<u8>,
        request: Vec<u8>,
    },
    Events {
        family: u16,
        datagram: Vec<u8>,
    },
}

fuzz_target!(|input: Input| match input {
    Input::Parent(bytes) => again::<ParentAttr>(&bytes),
    Input::Wq(bytes) => again::<WqAttr>(&bytes),
    Input::Type(bytes) => again::<TypeAttr>(&bytes),
    Input::Subdev(bytes) => again::<SubdevAttr>(&bytes),
    Input::Refusal {
        errno,
        flags,
        done,
        answer,
        request,
    } => {
        let refusal = fuzzing::refusal(errno, flags, done, &answer, ParentAttr::SET, &request);
        assert_eq!(refusal.errno, errno);
        assert!(!refusal.to_string().is_empty(), "a refusal without a word");
    }
    Input::Events { family, datagram } => {
        // More events than messages would be made up.
        assert!(fuzzing::events(family, &datagram).len() <= datagram.len());
    }
});

/// What was read and is written again reads the same.
fn again<A: Attribute + PartialEq>(bytes: &[u8]) {
    let Ok(attributes) = wire::parse::<A>(bytes) else {
        return;
    };
    let written = wire::emit(&attributes);
    let read = wire::parse::<A>(&written).expect("what was written can be read");
    assert_eq!(read, attributes);
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! The library without a runtime, as far as it goes without the kernel's family.

use std::time::Duration;

use nlctl::Error;
use nlctl::blocking::{Client, TimedOut};

#[test]
fn answers_are_waited_for() {
    let client = Client::new().expect("there is a socket");
    let answer = client.wait(client.handle().subdev().dump().all());
    assert!(
        matches!(answer, Ok(_) | Err(Error::FamilyAbsent)),
        "{answer:?}"
    );
}

#[test]
fn what_does_not_come_is_not_waited_for_for_ever() {
    let client = Client::new().expect("there is a socket");
    let mut items = client.items(futures::stream::pending::<()>());
    let limit = Duration::from_millis(1);
    assert_eq!(items.next_within(limit), Err(TimedOut(limit)));
    let mut items = client.items(futures::stream::iter([1, 2]));
    assert_eq!(items.next_within(limit), Ok(Some(1)));
    assert_eq!(items.collect::<Vec<_>>(), [2]);
}

// SPDX-License-Identifier: GPL-2.0

use super::List;

#[test]
fn there_is_room_for_so_many_and_no_more() {
    let mut list = List::<u32, 2>::new();
    assert_eq!(list.as_slice(), []);
    assert_eq!(list.push(7), Some(()));
    assert_eq!(list.push(8), Some(()));
    assert_eq!(list.push(9), None);
    assert_eq!(list.as_slice(), [7, 8]);
    list.as_mut_slice().reverse();
    assert_eq!(list.as_slice(), [8, 7]);
}

#[test]
fn a_list_is_made_of_another() {
    let mut list = List::<u32, 3>::new();
    list.push(7);
    list.push(8);
    let made = list.map(|item| u64::from(*item) * 2);
    assert_eq!(made.as_slice(), [14, 16]);
}

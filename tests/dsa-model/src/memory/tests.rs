// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mappings, their borders, and what can be accessed through them.

use std::os::unix::fs::FileExt;

use nix::sys::memfd::{MFdFlags, memfd_create};

use super::*;

const ALL: Permissions = Permissions {
    read: true,
    write: true,
};
const PAGE: u64 = 4096;

fn file(pages: u64) -> File {
    let memory = memfd_create("memory-test", MFdFlags::MFD_CLOEXEC);
    let file = File::from(memory.expect("a memfd"));
    file.set_len(pages * PAGE).expect("a size");
    file
}

fn fault(address: u64, access: Access) -> Result<(), Fault> {
    Err(Fault::absent(address, access))
}

#[test]
fn an_access_crosses_from_mapping_to_mapping_and_lands_in_the_files() {
    let memory = Memory::default();
    let (low, high) = (file(3), file(1));
    let duplicate = |file: &File| file.try_clone().expect("a second descriptor");
    memory
        .map(0x5000, PAGE, duplicate(&high), 0, ALL)
        .expect("mapped");
    memory
        .map(0x4000, PAGE, duplicate(&low), 2 * PAGE, ALL)
        .expect("mapped");
    memory.write(0x4ffe, b"abcd").expect("mapped");
    let mut bytes = [0; 2];
    low.read_exact_at(&mut bytes, 3 * PAGE - 2).expect("read");
    assert_eq!(&bytes, b"ab");
    high.read_exact_at(&mut bytes, 0).expect("read");
    assert_eq!(&bytes, b"cd");
    let mut bytes = [0; 4];
    memory.read(0x4ffe, &mut bytes).expect("mapped");
    assert_eq!(&bytes, b"abcd");
}

#[test]
fn a_fault_is_at_the_first_byte_that_is_not_there() {
    let memory = Memory::default();
    memory.map(0x4000, PAGE, file(1), 0, ALL).expect("mapped");
    let mut bytes = [0; 8];
    assert_eq!(memory.read(0x3ffc, &mut bytes), fault(0x3ffc, Access::Read));
    assert_eq!(memory.write(0x4ffc, &[1; 8]), fault(0x5000, Access::Write));
    memory.read(0x4ff8, &mut bytes).expect("mapped");
    assert_eq!(bytes, [0, 0, 0, 0, 1, 1, 1, 1]);
    assert_eq!(
        memory.read(u64::MAX, &mut bytes),
        fault(u64::MAX, Access::Read)
    );
}

#[test]
fn permissions_hold() {
    let memory = Memory::default();
    let read_only = Permissions {
        read: true,
        write: false,
    };
    memory
        .map(0x4000, PAGE, file(1), 0, read_only)
        .expect("mapped");
    memory.read(0x4000, &mut [0; 8]).expect("readable");
    assert_eq!(memory.write(0x4000, &[0]), fault(0x4000, Access::Write));
    let write_only = Permissions {
        read: false,
        write: true,
    };
    memory
        .map(0x8000, PAGE, file(1), 0, write_only)
        .expect("mapped");
    memory.write(0x8000, &[0; 8]).expect("writable");
    assert_eq!(memory.read(0x8000, &mut [0]), fault(0x8000, Access::Read));
}

#[test]
fn a_record_is_published_whole_or_not_at_all() {
    let memory = Memory::default();
    memory.map(0x4000, PAGE, file(1), 0, ALL).expect("mapped");
    let record: [u8; 32] = std::array::from_fn(|index| index as u8 + 1);
    memory.publish(0x4fe0, &record).expect("mapped");
    let mut bytes = [0; 32];
    memory.read(0x4fe0, &mut bytes).expect("mapped");
    assert_eq!(bytes, record);
    assert_eq!(
        memory.publish(0x4ff0, &[0xee; 32]),
        fault(0x5000, Access::Write)
    );
    memory.read(0x4fe0, &mut bytes).expect("mapped");
    assert_eq!(bytes, record);
}

#[test]
fn a_mapping_that_cannot_be_kept_is_refused() {
    let memory = Memory::default();
    memory
        .map(0x4000, 2 * PAGE, file(2), 0, ALL)
        .expect("mapped");
    let refused = |address, size, offset| {
        memory
            .map(address, size, file(2), offset, ALL)
            .expect_err("refused")
            .to_string()
    };
    assert_eq!(
        refused(0x8000, 3 * PAGE, 0),
        "0x3000 bytes at offset 0x0 do not lie within the file's 0x2000 bytes"
    );
    assert!(refused(0x8000, PAGE, u64::MAX).contains("do not lie within"));
    assert!(refused(0x5000, PAGE, 0).contains("overlaps"));
    assert!(refused(0x3000, 2 * PAGE, 0).contains("overlaps"));
    assert!(refused(0x8000, 0, 0).contains("empty"));
    assert!(refused(u64::MAX - PAGE + 2, PAGE, 0).contains("wrap around"));
    memory.map(0x3000, PAGE, file(1), 0, ALL).expect("below");
    memory.map(0x6000, PAGE, file(1), 0, ALL).expect("above");
}

#[test]
fn unmapping_takes_whole_mappings_only() {
    let memory = Memory::default();
    for address in [0x4000, 0x6000, 0x8000] {
        memory
            .map(address, 2 * PAGE, file(2), 0, ALL)
            .expect("mapped");
    }
    for (address, size) in [(0x5000, PAGE), (0x5000, 4 * PAGE), (0x4000, 3 * PAGE)] {
        let error = memory.unmap(address, size).expect_err("cuts a mapping");
        assert!(error.to_string().contains("in part"), "{error}");
    }
    memory.unmap(0x6000, 2 * PAGE).expect("unmapped");
    memory.unmap(0x6000, 2 * PAGE).expect("nothing there");
    assert!(memory.read(0x7fff, &mut [0]).is_err());
    memory.read(0x5fff, &mut [0]).expect("still mapped");
    memory.read(0x8000, &mut [0]).expect("still mapped");
    memory.unmap(0, u64::MAX).expect("unmapped");
    assert!(memory.read(0x5fff, &mut [0]).is_err());
}

#[test]
fn accesses_fail_where_they_are_made_to_until_that_is_mended() {
    let memory = Memory::default();
    memory
        .map(0x4000, 4 * PAGE, file(4), 0, ALL)
        .expect("mapped");
    let write_only = Permissions {
        read: false,
        write: true,
    };
    memory
        .fail(0x5010, 0x10, write_only, Cause::PageFault)
        .expect("a range");
    assert_eq!(memory.failures(), 1);
    assert_eq!(
        memory.write(0x5000, &[7; 0x40]),
        fault(0x5010, Access::Write)
    );
    let mut bytes = [0; 0x40];
    assert_eq!(
        memory.read(0x5000, &mut bytes),
        Ok(()),
        "reads are not made to fail"
    );
    assert_eq!(
        (bytes[0xf], bytes[0x10]),
        (7, 0),
        "what is before is written"
    );
    assert_eq!(
        memory.write(0x5020, &[7; 0x20]),
        Ok(()),
        "what is after can be"
    );

    let view = memory.view();
    let before = view
        .piece_before(0x5000, 0x40, 0x40, Access::Write)
        .expect("the last byte is in no hole");
    assert_eq!(before.len(), 0x20);
    drop(view);

    memory.mend();
    assert_eq!(memory.write(0x5000, &[7; 0x40]), Ok(()));
    assert!(
        memory.fail(0, 0, ALL, Cause::PageFault).is_err(),
        "an empty range"
    );
}

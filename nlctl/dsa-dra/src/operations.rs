// SPDX-License-Identifier: MIT OR Apache-2.0

//! Operation codes of a DSA by name (linux/idxd.h), in the masks of the family.

use nlctl::Binary;

/// Name and code.
const OPERATIONS: [(&str, usize); 17] = [
    ("noop", 0x00),
    ("batch", 0x01),
    ("drain", 0x02),
    ("memmove", 0x03),
    ("memfill", 0x04),
    ("compare", 0x05),
    ("compval", 0x06),
    ("cr-delta", 0x07),
    ("ap-delta", 0x08),
    ("dualcast", 0x09),
    ("crcgen", 0x10),
    ("copy-crc", 0x11),
    ("dif-check", 0x12),
    ("dif-insert", 0x13),
    ("dif-strip", 0x14),
    ("dif-update", 0x15),
    ("cflush", 0x20),
];

/// Bytes of a mask.
const LENGTH: usize = 32;

/// Whether a mask has the operation of that name.
pub fn has(mask: &Binary, name: &str) -> bool {
    let code = OPERATIONS.iter().find(|it| it.0 == name).map(|it| it.1);
    code.is_some_and(|code| {
        let byte = mask.0.get(code / 8);
        byte.is_some_and(|byte| byte >> (code % 8) & 1 == 1)
    })
}

/// The lowest 64 bits, which have all operations of DSA 1.0, as a number.
pub fn number(mask: &Binary) -> u64 {
    let bytes = mask.0.iter().take(8).enumerate();
    bytes.fold(0, |sum, (at, byte)| sum | u64::from(*byte) << (8 * at))
}

/// The mask of these operations.
///
/// # Errors
///
/// The name that there is no operation of.
pub fn mask(names: &[String]) -> Result<Binary, String> {
    let mut mask = vec![0; LENGTH];
    for name in names {
        let Some((_, code)) = OPERATIONS.iter().find(|it| it.0 == name) else {
            let known: Vec<_> = OPERATIONS.iter().map(|it| it.0).collect();
            return Err(format!("'{name}'; accepted: {}", known.join(", ")));
        };
        if let Some(byte) = mask.get_mut(code / 8) {
            *byte |= 1 << (code % 8);
        }
    }
    Ok(mask.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_say_what_was_asked_for() {
        let names = ["memmove", "cflush"].map(String::from);
        let mask = mask(&names).expect("are operations");
        assert_eq!(number(&mask), 0x1_0000_0008);
        assert_eq!(mask.0.len(), LENGTH);
        assert!(has(&mask, "memmove") && has(&mask, "cflush"));
        assert!(!has(&mask, "noop") && !has(&mask, "no such"));
    }

    #[test]
    fn an_unknown_operation_is_named() {
        let error = mask(&["memcpy".to_string()]).expect_err("is none");
        assert!(
            error.starts_with("'memcpy'; accepted: noop, batch"),
            "{error}"
        );
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bytes that are easy to make again and hard to mistake for others.

/// `len` bytes that depend on `seed` and hardly repeat.
pub fn bytes(seed: u64, len: usize) -> Vec<u8> {
    // SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
    // Generators), 8 bytes a step.
    let mut state = seed;
    let mut out = Vec::with_capacity(len.next_multiple_of(8));
    while out.len() < len {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = state;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        out.extend((word ^ word >> 31).to_le_bytes());
    }
    out.truncate(len);
    out
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        assert_eq!(bytes(1, 4097), bytes(1, 4097));
        assert_eq!(bytes(1, 4097)[..100], bytes(1, 100));
        assert_ne!(bytes(1, 64), bytes(2, 64));
        assert!(bytes(1, 0).is_empty());
    }

    #[test]
    fn no_two_pages_are_equal() {
        let all = bytes(7, 64 * 4096);
        let mut pages: Vec<_> = all.chunks(4096).collect();
        pages.sort_unstable();
        pages.dedup();
        assert_eq!(pages.len(), 64);
    }
}

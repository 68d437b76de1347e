// SPDX-License-Identifier: GPL-2.0

//! Random numbers.
//!
//! C header: [`include/linux/random.h`](srctree/include/linux/random.h)

/// Random bytes, good enough for keys.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // SAFETY: `bytes` has `N` bytes to be written.
    unsafe { kernel::bindings::get_random_bytes(bytes.as_mut_ptr().cast(), N) };
    bytes
}

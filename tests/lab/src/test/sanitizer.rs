// SPDX-License-Identifier: MIT OR Apache-2.0

//! The host's tests once more, with what memory they touch being watched.

use anyhow::Result;

use crate::build::toolchain::Toolchain;
use crate::build::userspace::{TARGET, target_dir};
use crate::lab::Lab;
use crate::run;

/// Instruments all Rust that is compiled here; the standard library is as it
/// comes, but its allocator is watched as well.
const FLAGS: &str = "-Zsanitizer=address";

/// Without a symbolizer of LLVM, that of binutils tells function and line.
const OPTIONS: &str = "allow_addr2line=1";

/// The crates of the workspace that allow unsafe code; in the others it does not compile.
const UNSAFE: [&str; 3] = ["dsa-model", "dsa-user", "e2e"];

/// Runs the tests of the crates with unsafe code under AddressSanitizer, which
/// ends a test that touches memory it must not, and one that leaks.
///
/// # Errors
///
/// When a test fails, or there is no toolchain for it.
pub fn address(lab: &Lab) -> Result<()> {
    let mut cargo = Toolchain::find(lab)?.cargo(lab);
    // With a target, programs that only the build runs go without.
    cargo.args(["test", "--target", TARGET]);
    for name in UNSAFE {
        cargo.args(["--package", name]);
    }
    // Its own: flags that change have cargo compile everything again.
    cargo.env("CARGO_TARGET_DIR", target_dir(lab).join("asan"));
    cargo.env("RUSTFLAGS", FLAGS).env("RUSTDOCFLAGS", FLAGS);
    cargo.env("ASAN_OPTIONS", OPTIONS);
    // Lines suffice to read a report, and are a third of the size.
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only");
    let what = "test the crates with unsafe code under AddressSanitizer";
    run::step(lab, what, &mut cargo, "")
}

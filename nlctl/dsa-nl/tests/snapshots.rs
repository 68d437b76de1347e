// SPDX-License-Identifier: MIT OR Apache-2.0

//! Help and errors as a user sees them, on a machine without the module.
//!
//! `TRYCMD=overwrite cargo test -p dsa-nl --test snapshots` writes them anew; read the
//! difference as a user would.

#[test]
fn what_is_printed_is_as_it_was_looked_at() {
    trycmd::TestCases::new()
        .env("COLUMNS", "80")
        .case("tests/cmd/*.trycmd");
}

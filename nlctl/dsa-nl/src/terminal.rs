// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the environment says of the terminal.

use std::env;

/// Whether nothing can be put on it but one character after the other.
pub fn is_dumb() -> bool {
    matches!(env::var("TERM").as_deref(), Err(_) | Ok("" | "dumb"))
}

/// Whether the locale has characters beyond ASCII.
pub fn is_utf8() -> bool {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"];
    let mut said = names.iter().filter_map(|name| env::var(name).ok());
    let locale = said.find(|value| !value.is_empty()).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

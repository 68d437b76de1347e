// SPDX-License-Identifier: MIT OR Apache-2.0

//! Files that the command line names.

use std::io::{self, Read};
use std::path::Path;

use crate::failure::Failure;

/// The text in a file, where `-` is the standard input.
pub fn text(file: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = match file.to_str() {
        Some("-") => io::stdin().lock().read_to_end(&mut bytes),
        _ => std::fs::File::open(file).and_then(|mut it| it.read_to_end(&mut bytes)),
    };
    let name = file.display();
    read.map_err(|error| Failure::Usage(format!("cannot read {name}: {error}")))?;
    String::from_utf8(bytes).map_err(|error| Failure::Usage(format!("{name}: {error}")))
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! Whether the scenarios provoke each refusal that the module can give.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};

use crate::r#gen::errors;
use crate::lab::Lab;

/// How a line of a scenario begins that holds a refusal (`tests/e2e/src/refused.rs`).
const MARK: &str = "  refused: ";

/// How a line of a scenario begins that holds an operation and the errno that it was refused with.
const ERRNO: &str = "  refused with: ";

/// How a line of a scenario begins that holds an operation, and a sentence of `dsa-nl`, which does
/// not tell the errno.
const OPERATION: &str = "  refused by: ";

/// A comment that says why no scenario can provoke the refusal of the next text.
const EXCUSE: &str = "// Not provoked: ";

/// Where refusals are made. What the device's own code refuses otherwise goes to the log.
const SOURCES: &[&str] = &["driver/framework", "driver/netlink", "driver/dsa"];

/// How much of a part of a text is compared: an extended ACK cuts long sentences.
const COMPARED: usize = 20;

/// The refusals that scenarios have provoked so far, whichever machine they ran in.
#[derive(Default)]
pub struct Provoked {
    sentences: Mutex<Vec<String>>,
    /// Operations and the errnos that they were refused with.
    errnos: Mutex<BTreeSet<(String, String)>>,
    /// Operations and the sentences that they were refused with.
    told: Mutex<BTreeSet<(String, String)>>,
}

impl Provoked {
    /// Takes note of a line that a scenario printed, if it holds a refusal.
    pub fn note(&self, line: &str) {
        if let Some(sentence) = line.strip_prefix(MARK) {
            let all = &self.sentences;
            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(sentence.to_owned());
        }
        for (mark, all) in [(ERRNO, &self.errnos), (OPERATION, &self.told)] {
            let pair = line.strip_prefix(mark).and_then(|it| it.split_once(' '));
            if let Some((operation, what)) = pair {
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                all.insert((operation.to_owned(), what.to_owned()));
            }
        }
    }

    /// Demands that the page of the family has each errno that an operation was refused with.
    ///
    /// # Errors
    ///
    /// When it has not, or when none was told; the error lists all of those.
    pub fn check_errnos(&self, lab: &Lab) -> Result<()> {
        let mut given = Vec::new();
        for place in SOURCES {
            for file in rust_files(&lab.checkout.join(place))? {
                let source = fs::read_to_string(&file)
                    .with_context(|| format!("cannot read {}", file.display()))?;
                given.extend(errnos(&source));
            }
        }
        self.check_those(&given)
    }

    /// As [`Self::check_errnos`], where the module gives these errnos with these texts.
    fn check_those(&self, given: &[(String, String)]) -> Result<()> {
        let seen = self.errnos.lock().unwrap_or_else(PoisonError::into_inner);
        ensure!(!seen.is_empty(), "no scenario told of an errno");
        let listed =
            |operation: &str, errno: &str| errors::of(operation).iter().any(|it| it.name == errno);
        let mut missing: Vec<_> = seen
            .iter()
            .filter(|(operation, errno)| !listed(operation, errno))
            .map(|(operation, errno)| format!("{operation}: {errno}"))
            .collect();
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        for (operation, sentence) in &*told {
            let mut of = given
                .iter()
                .filter(|(_, text)| matches(text, sentence))
                .peekable();
            // One of several that it may be is enough.
            if of.peek().is_some() && !of.any(|(errno, _)| listed(operation, errno)) {
                missing.push(format!("{operation}: that of {sentence:?}"));
            }
        }
        ensure!(
            missing.is_empty(),
            "tests/lab/src/gen/errors.rs lacks:\n{}",
            missing.join("\n")
        );
        Ok(())
    }

    /// Demands that each refusal of the module's sources is among them.
    ///
    /// # Errors
    ///
    /// When one is not; the error lists all of those.
    pub fn check(&self, lab: &Lab) -> Result<()> {
        let seen = &self.sentences;
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut missing = Vec::new();
        for place in SOURCES {
            for file in rust_files(&lab.checkout.join(place))? {
                let source = fs::read_to_string(&file)
                    .with_context(|| format!("cannot read {}", file.display()))?;
                let unseen = texts(&source)
                    .into_iter()
                    .filter(|text| !seen.iter().any(|sentence| matches(text, sentence)));
                let file = file.strip_prefix(&lab.checkout).unwrap_or(&file);
                missing.extend(unseen.map(|text| format!("{}: {text:?}", file.display())));
            }
        }
        ensure!(
            missing.is_empty(),
            "no scenario provokes these refusals:\n{}",
            missing.join("\n")
        );
        Ok(())
    }
}

/// The Rust files below `dir`, without tests and generated ones.
fn rust_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if matches!(&*name, "kunit" | "kunit.rs" | "core" | "generated") {
            continue;
        }
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The texts in a source that are refusals, but for excused ones: what `format_args!` makes
/// sentences of. It makes names as well, which have no blanks.
fn texts(source: &str) -> Vec<String> {
    let places = source.match_indices("format_args!(");
    let mut before = 0;
    places
        .filter_map(|(at, start)| {
            let excused = source[before..at].contains(EXCUSE);
            before = at;
            literal(source[at + start.len()..].trim_start())
                .filter(|text| !excused && text.contains(' '))
        })
        .collect()
}

/// The errnos in a source that are given with a text, and the texts.
fn errnos(source: &str) -> Vec<(String, String)> {
    let calls = source.split("Refusal::new(").skip(1);
    let calls = calls.filter_map(|call| {
        let (errno, rest) = call.split_once(',')?;
        let (_, text) = rest.split_once("format_args!(")?;
        let text = literal(text.trim_start())?;
        let errno = errno.trim();
        let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        (errno.chars().all(plain) && text.contains(' ')).then(|| (errno.to_owned(), text))
    });
    calls.collect()
}

/// The string literal at the beginning of `source`, if there is one.
fn literal(source: &str) -> Option<String> {
    let mut text = String::new();
    let mut chars = source.strip_prefix('"')?.chars().peekable();
    loop {
        match chars.next()? {
            '"' => return Some(text),
            '\\' => match chars.next()? {
                // The line goes on in the next.
                '\n' => while chars.next_if(|c| c.is_whitespace()).is_some() {},
                other => text.push(other),
            },
            other => text.push(other),
        }
    }
}

/// How a sentence ends that was too long for an extended ACK.
const CUT: char = '…';

/// Least of a text that has to be in a sentence that was cut.
const RECOGNISED: usize = 8;

/// Whether `sentence` holds what `text` makes, whatever is put into its places; of one that was cut,
/// what is left of it.
fn matches(text: &str, sentence: &str) -> bool {
    let (mut rest, mut found) = (sentence, 0);
    for part in parts(text) {
        let end = part
            .char_indices()
            .nth(COMPARED)
            .map_or(part.len(), |(at, _)| at);
        match rest.find(&part[..end]) {
            Some(at) => {
                rest = &rest[at + end..];
                found += end;
            }
            None => return found >= RECOGNISED && sentence.contains(CUT),
        }
    }
    true
}

/// What stands between the places of a format string.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split('{')
        .enumerate()
        .map(|(n, part)| match part.split_once('}') {
            Some((_, after)) if n > 0 => after,
            _ => part,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_found_in_a_source() {
        let source = r#"
            Name::format(format_args!("{}-{index}", node.name));
            Refusal::new(EINVAL, field, format_args!("wq {id} is named twice"));
            // Not provoked: no hardware does this.
            format_args!("the device is out of order");
            format_args!(
                "{} is {}; unbind its driver, \
                 and bind it again",
                node.name
            )"#;
        assert_eq!(
            texts(source),
            [
                "wq {id} is named twice",
                "{} is {}; unbind its driver, and bind it again"
            ]
        );
    }

    #[test]
    fn an_errno_that_is_not_on_the_page_is_found() {
        let provoked = Provoked::default();
        let given = errnos(
            r#"Refusal::new(EIO, field, format_args!("the hardware of {name} failed"))
               Refusal::new(
                   EBUSY,
                   field,
                   format_args!("subdev {name} uses wq {id}; \
                                 deactivate it"),
               )"#,
        );
        assert_eq!(given.len(), 2);
        assert!(provoked.check_those(&given).is_err());
        provoked.note("  refused with: subdev-new EEXIST");
        provoked.note("  refused: another object has that name");
        provoked.note("  refused by: wq-set Error: subdev net0 uses wq 3; deactivate it.");
        provoked.note("  refused by: type-get Error: what the module does not say.");
        provoked.check_those(&given).expect("is on the page");
        provoked.note("  refused with: parent-set EEXIST");
        provoked.note("  refused by: type-get Error: the hardware of dsa0 failed.");
        let missing = provoked
            .check_those(&given)
            .expect_err("is not on the page");
        let missing = missing.to_string();
        assert!(missing.contains("parent-set: EEXIST"), "{missing}");
        assert!(missing.contains("type-get: that of"), "{missing}");
    }

    #[test]
    fn a_sentence_is_recognised_with_other_words_in_its_places() {
        let text = "{} is {}; unbind its driver, reset it, and bind it again";
        assert!(matches(
            text,
            "Error: wq: dsa0 is halted; unbind its driver, reset it."
        ));
        assert!(!matches(text, "Error: wq: dsa0 is halted."));
        let long = "the {} of which there is no other; see {} for all of them";
        assert!(matches(
            long,
            "Error: wq: the names of which there is no other; see…."
        ));
        assert!(!matches(long, "Error: wq: the names…."));
        assert!(!matches("wq {id} is named twice", "wq 3 has no entries"));
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! `dsa-nl` as a user has it: exit status, texts, JSON.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::check;
use crate::model::{Parent, Subdev, Type, Wq};
use crate::process::{self, Output};
use crate::refused;
use crate::schema;
use crate::wait::{self, SOON};

/// Name of the tool, found by PATH.
pub const DSA_NL: &str = "dsa-nl";

/// Exit status of the tool when the kernel refused.
const REFUSED: i32 = 2;

/// User and group `nobody` of Debian, by number: there need be no passwd file.
pub const NOBODY: u32 = 65534;

/// Runs `dsa-nl` with the words of `line`.
pub fn dsa_nl(line: &str) -> Result<Output> {
    dsa_nl_words(&line.split_whitespace().collect::<Vec<_>>())
}

/// Runs `dsa-nl` with these very words, which may be empty or hold spaces.
pub fn dsa_nl_words(words: &[&str]) -> Result<Output> {
    process::run(Command::new(DSA_NL).args(words), SOON)
}

/// Runs `dsa-nl` with the words of `line` as a user without any privilege.
pub fn dsa_nl_unprivileged(line: &str) -> Result<Output> {
    process::run(unprivileged(DSA_NL).args(line.split_whitespace()), SOON)
}

/// A command that will run as a user without any privilege.
pub fn unprivileged(program: &str) -> Command {
    let mut command = Command::new(program);
    command.uid(NOBODY).gid(NOBODY);
    command
}

/// Runs `dsa-nl -j` with the words of `line`, which has to succeed, and reads
/// what it prints: the whole document where the line ends in `show` or `stats`, else
/// the one object that it is about.
pub fn json<T: DeserializeOwned>(line: &str) -> Result<T> {
    let told = || format!("unexpected JSON from `dsa-nl -j {line}`");
    let document = document(line)?;
    let all = ["show", "stats"].iter().any(|verb| line.ends_with(verb));
    let value = match all {
        true => document,
        false => only(document).with_context(told)?,
    };
    serde_json::from_value(value).with_context(told)
}

/// The same, always the whole document.
pub fn document(line: &str) -> Result<Value> {
    let output = dsa_nl(&format!("-j {line}"))?.ok()?;
    let told = || format!("unexpected JSON from {}", output.describe());
    let document = serde_json::from_str(&output.stdout).with_context(told)?;
    schema::check(&document).with_context(told)?;
    Ok(document)
}

/// The one object that a document of the tool has.
pub fn only(document: Value) -> Result<Value> {
    let Value::Object(kinds) = document else {
        bail!("the document is no object");
    };
    let mut objects = kinds.into_iter().filter_map(|(_, value)| match value {
        Value::Array(objects) => Some(objects),
        _ => None,
    });
    let mut objects = objects.next().context("the document has no list")?;
    ensure!(objects.len() == 1, "there are {} objects", objects.len());
    objects.pop().context("the list is empty")
}

/// The items that `dsa-nl -j KIND show` lists below the key KIND.
fn list<T: DeserializeOwned>(kind: &str) -> Result<Vec<T>> {
    let mut object: Map<String, Value> = json(&format!("{kind} show"))?;
    let items = object
        .remove(kind)
        .with_context(|| format!("`dsa-nl -j {kind} show` has no key {kind:?}"))?;
    serde_json::from_value(items)
        .with_context(|| format!("unexpected items in `dsa-nl -j {kind} show`"))
}

/// All parents.
pub fn parents() -> Result<Vec<Parent>> {
    list("parent")
}

/// Waits until the parent says that its device does nothing any more: it halted, or is lost.
pub fn await_dead_parent() -> Result<()> {
    wait::until_true(SOON, "the parent to be halted or lost", || {
        let dead = |parent: &Parent| ["halted", "lost"].contains(&parent.state.as_str());
        let parents = parents()?;
        Ok(!parents.is_empty() && parents.iter().all(dead))
    })
}

/// Waits until the subdev `name` has that opstate.
pub fn await_opstate(name: &str, opstate: &str) -> Result<()> {
    wait::until_true(SOON, &format!("{name} to be {opstate}"), || {
        Ok(subdev(name)?.opstate == opstate)
    })
}

/// All work queues.
pub fn wqs() -> Result<Vec<Wq>> {
    list("wq")
}

/// One work queue, written `dsa0/wq3` or `wq3`.
pub fn wq(name: &str) -> Result<Wq> {
    json(&format!("wq show {name}"))
}

/// All types.
pub fn types() -> Result<Vec<Type>> {
    list("type")
}

/// All subdevs.
pub fn subdevs() -> Result<Vec<Subdev>> {
    list("subdev")
}

/// One subdev by index, name or UUID.
pub fn subdev(id: &str) -> Result<Subdev> {
    json(&format!("subdev show {id}"))
}

/// Adds a subdev with the words of `line`, for example `wq 3 name x`.
pub fn add(line: &str) -> Result<Subdev> {
    json(&format!("subdev add {line}"))
}

/// Deletes a subdev.
pub fn del(id: &str) -> Result<()> {
    dsa_nl(&format!("subdev del {id}"))?.ok()?;
    Ok(())
}

/// Everything that `show` shows, without the generation: equal before and
/// after what must not change anything.
pub fn snapshot() -> Result<Value> {
    let mut all = Map::new();
    for kind in ["parent", "wq", "type", "subdev"] {
        let value = json::<Value>(&format!("{kind} show"))?;
        all.insert(kind.to_owned(), check::without_generation(value));
    }
    Ok(Value::Object(all))
}

/// Demands that the kernel refused the command, and that the one sentence on
/// stderr holds each of `words` (upper and lower case are the same). A word
/// may list alternatives, as in `"in use|taken"`.
///
/// Returns the sentence.
pub fn refused(output: &Output, words: &[&str]) -> Result<String> {
    ensure!(
        output.status.code() == Some(REFUSED),
        "expected exit status {REFUSED} of {}",
        output.describe()
    );
    ensure!(
        output.stdout.is_empty(),
        "a refused command prints to stderr only: {}",
        output.describe()
    );
    let sentence = output.stderr.trim_end_matches('\n');
    ensure!(
        sentence.starts_with("Error: ") && sentence.ends_with('.') && !sentence.contains('\n'),
        "expected one line `Error: ….` on stderr of {}",
        output.describe()
    );
    let lower = sentence.to_lowercase();
    for word in words {
        ensure!(
            word.to_lowercase()
                .split('|')
                .any(|word| lower.contains(word)),
            "expected {word:?} in the message of {}",
            output.describe()
        );
    }
    refused::note_of(&output.command, sentence);
    Ok(sentence.to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::*;

    fn output(code: i32, stdout: &str, stderr: &str) -> Output {
        Output {
            command: "dsa-nl subdev add".to_owned(),
            status: ExitStatus::from_raw(code << 8),
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
        }
    }

    #[test]
    fn a_refusal_is_status_2_and_one_sentence_with_its_words() {
        let sentence = "Error: wq: no such work queue.";
        let good = output(2, "", "Error: wq: no such work queue.\n");
        assert_eq!(
            refused(&good, &["WQ", "no such"]).expect("refused"),
            sentence
        );
        assert!(refused(&good, &["taken|no such"]).is_ok());
        assert!(refused(&good, &["uuid"]).is_err());
        for bad in [
            output(0, "", "Error: wq: no such work queue.\n"),
            output(1, "", "Error: wq: no such work queue.\n"),
            output(2, "{}", "Error: wq: no such work queue.\n"),
            output(2, "", "wq: no such work queue\n"),
            output(2, "", "Error: wq: no\nsuch work queue.\n"),
            output(2, "", ""),
        ] {
            let error = refused(&bad, &[]).expect_err("not as it should be");
            assert!(error.to_string().contains("dsa-nl subdev add"), "{error}");
        }
    }
}

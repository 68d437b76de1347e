// SPDX-License-Identifier: MIT OR Apache-2.0

//! The files that `cargo xtask bench` writes, in `target/bench` of the checkout.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use bench_report::{Row, text};

use super::run::{Part, Run};
use super::{history, plot};
use crate::lab::Lab;

/// Where the files are.
pub fn dir(lab: &Lab) -> PathBuf {
    lab.checkout.join("target/bench")
}

/// What figures depend on, of the host.
pub fn facts(lab: &Lab) -> Vec<(String, String)> {
    let said = |program: &Path, arguments: &[&str]| {
        let mut command = Command::new(program);
        let output = command.args(arguments).current_dir(&lab.checkout).output();
        let output = output.ok().filter(|output| output.status.success())?;
        Some(
            String::from_utf8_lossy(&output.stdout)
                .trim_end()
                .to_owned(),
        )
    };
    let git = |arguments: &[&str]| said(Path::new("git"), arguments);
    let commit = git(&["rev-parse", "HEAD"]).map(|commit| {
        let changed = git(&["status", "--porcelain"]).is_some_and(|text| !text.is_empty());
        commit + if changed { ", with changes" } else { "" }
    });
    let processor = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let model = text.lines().find(|line| line.starts_with("model name"))?;
        let count = text
            .lines()
            .filter(|line| line.starts_with("processor"))
            .count();
        Some(format!("{count} of {}", model.split_once(": ")?.1))
    });
    let load = fs::read_to_string("/proc/loadavg").ok();
    let load = load.map(|text| {
        text.split_whitespace()
            .take(3)
            .collect::<Vec<_>>()
            .join(" ")
    });
    let facts = [
        ("commit", commit),
        ("rustc", said(Path::new("rustc"), &["--version"])),
        ("kernel of the host", said(Path::new("uname"), &["-r"])),
        ("processors of the host", processor),
        ("load of the host before", load),
    ];
    let facts = facts.into_iter();
    facts
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

/// Writes the report of `run`, its plots and the run itself, and keeps it for later ones.
///
/// # Errors
///
/// When a file cannot be read or written.
pub fn write(lab: &Lab, run: &Run) -> Result<PathBuf> {
    let dir = dir(lab);
    let kept = dir.join("history");
    let earlier = history::read(&kept)?;
    history::keep(&kept, run)?;
    let mut text = head(run) + &goals(run);
    for part in &run.parts {
        text += &section(part);
        for plot in plot::of(&part.subject, part.rows()) {
            plot.draw(&dir)?;
            let _ = writeln!(text, "![]({})\n", plot.file);
        }
    }
    text += &history::markdown(run, &earlier);
    let path = dir.join("report.md");
    put(&path, text.as_bytes())?;
    put(&dir.join("report.json"), &serde_json::to_vec_pretty(run)?)?;
    Ok(path)
}

fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn head(run: &Run) -> String {
    let mut text = format!(
        "# Measurements\n\n`{}`, {}.\n\nAbsolute times say as much as the machine does; ratios are of two \
         figures of one run in one machine. Figures are medians unless a note says otherwise; spread is from \
         the first quartile to the third, in per cent of the median.\n\n| | |\n|---|---|\n",
        run.command,
        run.title()
    );
    let parts = run.parts.iter().flat_map(Part::facts);
    let host = run.facts.iter().map(|(name, value)| (&**name, &**value));
    let mut told = Vec::new();
    for fact in host.chain(parts) {
        if !told.contains(&fact) {
            let _ = writeln!(text, "| {} | {} |", fact.0, fact.1);
            told.push(fact);
        }
    }
    text.push('\n');
    text
}

/// Each figure that has a bar.
fn goals(run: &Run) -> String {
    let mut text =
        String::from("## Goals\n\n| subject | what | figure | goal | |\n|---|---|---:|---|---|\n");
    let mut missed = 0;
    for part in &run.parts {
        for row in part.rows() {
            let (Some(bar), Some(by)) = (row.bar_shown(), row.missed_by()) else {
                continue;
            };
            let verdict = match by {
                _ if by <= 0.0 => "met".to_owned(),
                _ => {
                    missed += 1;
                    format!("**missed by {:.0} %**", 100.0 * by)
                }
            };
            let what = what(row).replace('|', "\\|");
            let _ = writeln!(
                text,
                "| {} | {what} | {} | {bar} | {verdict} |",
                part.subject,
                row.figure_shown()
            );
        }
    }
    let _ = writeln!(text, "\n{missed} missed.\n");
    text
}

/// What a row is about, in a list of those of many tables.
fn what(row: &Row) -> String {
    let at = row.at.map(|at| format!(" at {at}")).unwrap_or_default();
    let beside = row.beside.as_ref();
    let beside = beside.map(|it| format!(" / {}", it.whose));
    format!(
        "{}: {}{at}, {}{}",
        row.table,
        row.what,
        row.ours.whose,
        beside.unwrap_or_default()
    )
}

fn section(part: &Part) -> String {
    let mut text = format!(
        "## {}\n\n`{}`, {:.0} s with what had to be built.\n\n",
        part.subject, part.command, part.seconds
    );
    if let Some(failure) = &part.failure {
        let _ = writeln!(text, "**It is not whole: {failure}**\n");
    }
    text + &text::markdown(&part.lines)
}

#[cfg(test)]
mod tests {
    use bench_report::{Bar, Line, Unit};

    use super::*;

    fn run() -> Option<Run> {
        let row = Row::new("a table", "get", "subdev", Unit::Count, 3.0)?.beside("devlink", 1.0)?;
        let good = row.clone().at(64).bar(Bar::AtMost(3.0));
        let bad = row.clone().bar(Bar::AtMost(2.0));
        let mut lines: Vec<_> = [good, bad, row].map(Line::Row).into();
        lines.push(Line::Fact("kernel".to_owned(), "7.3".to_owned()));
        let part = Part {
            subject: "control".to_owned(),
            command: "e2e bench control".to_owned(),
            seconds: 1.0,
            failure: Some("it ended".to_owned()),
            lines,
        };
        Some(Run {
            label: Some("before".to_owned()),
            date: "2026-01-01T00:00:00Z".to_owned(),
            command: "cargo xtask bench control".to_owned(),
            facts: Vec::new(),
            parts: vec![part.clone(), part],
        })
    }

    #[test]
    fn goals_are_met_or_missed_by_so_much() -> Result<()> {
        let text = goals(&run().context("rows")?);
        let rows: Vec<_> = text
            .lines()
            .filter(|line| line.contains("a table"))
            .collect();
        assert_eq!(
            rows[..2],
            [
                "| control | a table: get at 64, subdev / devlink | 3.00 | at most 3.00 | met |",
                "| control | a table: get, subdev / devlink | 3.00 | at most 2.00 | **missed by 50 %** |",
            ]
        );
        assert!(text.contains("\n2 missed."), "{text}");
        Ok(())
    }

    #[test]
    fn each_fact_is_told_once_and_a_failure_with_its_part() -> Result<()> {
        let run = run().context("rows")?;
        assert_eq!(head(&run).matches("| kernel | 7.3 |").count(), 1);
        let text = section(&run.parts[0]);
        assert!(text.contains("**It is not whole: it ended**"), "{text}");
        Ok(())
    }
}

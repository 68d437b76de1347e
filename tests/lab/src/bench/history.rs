// SPDX-License-Identifier: MIT OR Apache-2.0

//! Earlier runs, with which this one is compared.

use std::fmt::Write;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use bench_report::Row;

use super::run::{Part, Run};

/// How many of the latest runs are shown beside this one.
const SHOWN: usize = 3;

/// Reads the runs that are kept in `dir`, the oldest first. What is no run of this program's version is
/// left out.
///
/// # Errors
///
/// When the folder or a file cannot be read.
pub fn read(dir: &Path) -> Result<Vec<Run>> {
    let cannot = || format!("cannot read {}", dir.display());
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(cannot)?,
    };
    let mut runs: Vec<Run> = Vec::new();
    for entry in entries {
        let text = fs::read_to_string(entry.with_context(cannot)?.path()).with_context(cannot)?;
        runs.extend(serde_json::from_str::<Run>(&text));
    }
    runs.sort_by(|one, other| one.date.cmp(&other.date));
    Ok(runs)
}

/// Keeps `run` in `dir`.
///
/// # Errors
///
/// When it cannot be written.
pub fn keep(dir: &Path, run: &Run) -> Result<()> {
    let label = run.label.as_deref().unwrap_or("run");
    let name = format!("{}-{label}.json", run.date.replace(':', ""));
    let path = dir.join(name);
    fs::create_dir_all(dir)
        .and_then(|()| fs::write(&path, serde_json::to_vec_pretty(run)?))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// What has become of each figure of `run`: as Markdown, and empty if there is nothing to compare it
/// with. Runs that have a label go before those without.
pub fn markdown(run: &Run, earlier: &[Run]) -> String {
    let measures = |it: &&Run| {
        let subjects = it.parts.iter().map(|part| &part.subject);
        run.parts
            .iter()
            .any(|part| subjects.clone().any(|other| *other == part.subject))
    };
    let mut chosen: Vec<&Run> = earlier.iter().filter(measures).collect();
    // A stable order: the latest ones with a label come last, and are kept.
    chosen.sort_by_key(|it| it.label.is_some());
    let mut chosen = chosen.split_off(chosen.len().saturating_sub(SHOWN));
    chosen.sort_by(|one, other| one.date.cmp(&other.date));
    if chosen.is_empty() {
        return String::new();
    }
    let mut text = String::from(
        "## History\n\nRatios, and figures where there is nothing that they are compared with. The change \
         is from the first of these runs that has the figure.\n\n",
    );
    let titles: Vec<_> = chosen.iter().map(|it| it.title()).collect();
    let _ = writeln!(
        text,
        "| | {} | {} | change |\n|---|{}---:|---:|",
        titles.join(" | "),
        run.title(),
        "---:|".repeat(chosen.len())
    );
    for row in run.parts.iter().flat_map(Part::rows) {
        let before: Vec<_> = chosen.iter().map(|it| find(it, row)).collect();
        let Some(oldest) = before.iter().flatten().next() else {
            continue;
        };
        let change = 100.0 * (row.figure() / oldest.figure() - 1.0);
        let at = row.at.map(|at| format!(" at {at}")).unwrap_or_default();
        let cells: Vec<_> = before
            .iter()
            .map(|it| it.map(Row::figure_shown).unwrap_or_default())
            .collect();
        let what = format!("{}: {}{at}, {}", row.table, row.what, row.ours.whose);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            what.replace('|', "\\|"),
            cells.join(" | "),
            row.figure_shown(),
            if change.is_finite() {
                format!("{change:+.0} %")
            } else {
                String::new()
            }
        );
    }
    text.push('\n');
    text
}

fn find<'a>(run: &'a Run, row: &Row) -> Option<&'a Row> {
    let mut rows = run.parts.iter().flat_map(Part::rows);
    rows.find(|other| other.is_same(row))
}

#[cfg(test)]
mod tests {
    use bench_report::{Line, Unit};

    use super::*;

    fn run(label: Option<&str>, date: &str, figure: f64) -> Run {
        let row = Row::new("a table", "get", "subdev", Unit::Count, figure);
        Run {
            label: label.map(str::to_owned),
            date: date.to_owned(),
            command: String::new(),
            facts: Vec::new(),
            parts: vec![Part {
                subject: "control".to_owned(),
                command: String::new(),
                seconds: 1.0,
                failure: None,
                lines: row.map(Line::Row).into_iter().collect(),
            }],
        }
    }

    #[test]
    fn a_figure_is_compared_with_the_labelled_runs() {
        let earlier = [
            run(Some("before"), "2026-01-01", 10.0),
            run(None, "2026-01-02", 99.0),
            run(None, "2026-01-03", 98.0),
            run(None, "2026-01-04", 97.0),
        ];
        let text = markdown(&run(Some("after"), "2026-01-05", 5.0), &earlier);
        let last = text.lines().rfind(|line| !line.is_empty());
        assert_eq!(
            last,
            Some("| a table: get, subdev | 10 | 98 | 97 | 5 | -50 % |"),
            "{text}"
        );
    }

    #[test]
    fn without_earlier_runs_there_is_no_history() {
        assert!(markdown(&run(None, "2026-01-01", 1.0), &[]).is_empty());
    }

    #[test]
    fn what_is_kept_is_read_again() -> Result<()> {
        let dir = tempfile::tempdir()?;
        keep(dir.path(), &run(Some("b"), "2026-01-02T00:00:00Z", 1.0))?;
        keep(dir.path(), &run(None, "2026-01-01T00:00:00Z", 1.0))?;
        fs::write(dir.path().join("other.json"), "{}")?;
        let dates: Vec<_> = read(dir.path())?.into_iter().map(|it| it.date).collect();
        assert_eq!(dates, ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]);
        assert!(read(&dir.path().join("nowhere"))?.is_empty());
        Ok(())
    }
}

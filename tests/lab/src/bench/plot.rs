// SPDX-License-Identifier: MIT OR Apache-2.0

//! Plots of what was measured at several points.

use std::path::Path;

use anyhow::{Result, anyhow};
use bench_report::{Row, Unit};
use plotters::prelude::*;

/// Pixels.
const SIZE: (u32, u32) = (800, 480);

/// Points without which a line says nothing.
const LEAST: usize = 3;

/// A plot: lines through what was measured of one thing at several points.
#[derive(Debug)]
pub struct Plot {
    /// The name of its file.
    pub file: String,
    title: String,
    unit: Unit,
    lines: Vec<(String, Vec<(f64, f64)>)>,
}

/// The plots of `rows`.
pub fn of<'a>(subject: &str, rows: impl Iterator<Item = &'a Row>) -> Vec<Plot> {
    let mut plots: Vec<Plot> = Vec::new();
    for row in rows {
        // Both axes are logarithmic.
        let Some(at) = row.at.filter(|at| *at > 0 && row.value() > 0.0) else {
            continue;
        };
        // Of one thing by its size, or of many by their number.
        let by_size = row.what.ends_with('B');
        let title = match by_size {
            true => row.table.clone(),
            false => format!("{}: {}", row.table, row.what),
        };
        let point = (at as f64, row.value());
        let place = match plots.iter().position(|plot| plot.title == title) {
            Some(place) => place,
            None => {
                plots.push(Plot {
                    file: format!("{}.svg", name(&format!("{subject} {title}"))),
                    title,
                    unit: row.ours.unit,
                    lines: Vec::new(),
                });
                plots.len() - 1
            }
        };
        let lines = &mut plots[place].lines;
        match lines.iter_mut().find(|(whose, _)| *whose == row.ours.whose) {
            Some((_, points)) => points.push(point),
            None => lines.push((row.ours.whose.clone(), vec![point])),
        }
    }
    plots.retain(|plot| plot.lines.iter().any(|(_, points)| points.len() >= LEAST));
    plots
}

/// The name of a file.
fn name(title: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            ' '
        }
    };
    let words: String = title.chars().map(plain).collect();
    words.split_whitespace().collect::<Vec<_>>().join("-")
}

impl Plot {
    /// Draws it below `dir`.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn draw(&self, dir: &Path) -> Result<()> {
        let path = dir.join(&self.file);
        let drawn = self.draw_to(&path);
        drawn.map_err(|error| anyhow!("cannot draw {}: {error}", path.display()))
    }

    fn draw_to(&self, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
        let points = || self.lines.iter().flat_map(|(_, points)| points);
        let range = |of: fn(&(f64, f64)) -> f64| {
            let low = points().map(of).fold(f64::INFINITY, f64::min);
            let high = points().map(of).fold(0.0, f64::max);
            (low / 1.5..high * 1.5).log_scale()
        };
        let area = SVGBackend::new(path, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(&self.title, ("sans-serif", 20))
            .margin(10)
            .x_label_area_size(40)
            .y_label_area_size(80)
            .build_cartesian_2d(range(|it| it.0), range(|it| it.1))?;
        let unit = self.unit;
        chart
            .configure_mesh()
            .x_label_formatter(&|at| format!("{at:.0}"))
            .y_label_formatter(&|value| bench_report::shown(*value, unit))
            .draw()?;
        for (at, (whose, points)) in self.lines.iter().enumerate() {
            let color = Palette99::pick(at).to_rgba();
            let mut points = points.clone();
            points.sort_by(|one, other| one.0.total_cmp(&other.0));
            let dots = points
                .iter()
                .map(|point| Circle::new(*point, 3, color.filled()));
            chart.draw_series(dots)?;
            chart
                .draw_series(LineSeries::new(points.iter().copied(), color))?
                .label(whose)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.3))
            .draw()?;
        area.present()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(what: &str, at: u64) -> Option<Row> {
        let row = Row::new("subdevs", what, "subdev", Unit::Seconds, at as f64 * 1e-6);
        row.map(|row| row.at(at))
    }

    #[test]
    fn what_has_three_points_is_plotted() -> Result<()> {
        let rows = [1, 64, 4096].map(|at| row("get", at));
        let rows = rows
            .into_iter()
            .chain([row("set", 1), row("set", 64), row("get", 0)]);
        let rows: Vec<_> = rows.flatten().collect();
        let plots = of("control", rows.iter());
        let files: Vec<_> = plots.iter().map(|plot| plot.file.as_str()).collect();
        assert_eq!(files, ["control-subdevs-get.svg"]);
        let dir = tempfile::tempdir()?;
        plots[0].draw(dir.path())?;
        let svg = std::fs::read_to_string(dir.path().join(files[0]))?;
        assert!(
            svg.contains("<svg") && svg.contains("subdevs: get"),
            "{svg}"
        );
        Ok(())
    }
}

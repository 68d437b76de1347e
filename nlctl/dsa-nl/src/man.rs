// SPDX-License-Identifier: MIT OR Apache-2.0

//! Manual pages, of what help says.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

const EXAMPLES: &str = "Examples:";
const EXIT_STATUS: &str = "Exit status: ";

/// Writes a page for each command to a folder.
pub fn write(command: Command, folder: &Path) -> io::Result<()> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    each(&command, &mut |command| {
        let man = Man::new(command.clone());
        fs::write(folder.join(man.get_filename()), page(command)?)
    })
}

/// Does something with each command that is shown.
fn each(command: &Command, done: &mut dyn FnMut(&Command) -> io::Result<()>) -> io::Result<()> {
    for inner in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        each(inner, done)?;
    }
    done(command)
}

/// The page of a command.
fn page(command: &Command) -> io::Result<Vec<u8>> {
    let has_commands = command.get_subcommands().any(|it| !it.is_hide_set());
    let help = command.get_after_help().map(ToString::to_string);
    let heading = command.get_subcommand_help_heading();
    let heading = heading.unwrap_or("Commands").to_uppercase();
    let version = concat!("dsa-nl ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone().subcommand_help_heading(heading));
    let man = man.source(version).manual("Subdevices");
    let mut out = Vec::new();
    man.render_title(&mut out)?;
    // What is typed is not to be hyphenated, nor spread over a line.
    out.write_all(b".nh\n.ad l\n")?;
    man.render_name_section(&mut out)?;
    let mut synopsis = Vec::new();
    man.render_synopsis_section(&mut synopsis)?;
    // The lines of help are for another width.
    let synopsis = String::from_utf8_lossy(&synopsis).replace("\n.br\n", "\n");
    out.write_all(synopsis.as_bytes())?;
    man.render_description_section(&mut out)?;
    man.render_options_section(&mut out)?;
    if has_commands {
        man.render_subcommands_section(&mut out)?;
    }
    after(&help.unwrap_or_default()).to_writer(&mut out)?;
    Ok(out)
}

/// What stands at the end of help, in sections.
fn after(help: &str) -> Roff {
    let mut examples = Roff::new();
    let mut notes = Roff::new();
    let mut status = Roff::new();
    for paragraph in help.split("\n\n") {
        if let Some(lines) = paragraph.trim_start().strip_prefix(EXAMPLES) {
            examples.control("SH", ["EXAMPLES"]);
            // As it stands, line by line.
            examples.control("nf", []);
            for line in lines.lines().filter(|it| !it.trim().is_empty()) {
                examples.text([roman(line.trim())]);
            }
            examples.control("fi", []);
        } else if let Some(text) = paragraph.strip_prefix(EXIT_STATUS) {
            status.control("SH", ["EXIT STATUS"]);
            status.text([roman(text)]);
        } else {
            let heading = if notes == Roff::new() { "SH" } else { "PP" };
            match heading {
                "SH" => notes.control(heading, ["NOTES"]),
                _ => notes.control(heading, []),
            };
            notes.text([roman(paragraph)]);
        }
    }
    let mut all = notes;
    all.extend([status, examples]);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar;

    #[test]
    fn examples_stand_as_they_are_typed() {
        let mut pages = Vec::new();
        let mut root = grammar::command();
        root.build();
        each(&root, &mut |command| {
            pages.push(String::from_utf8_lossy(&page(command)?).into_owned());
            Ok(())
        })
        .expect("can be written");
        let root = pages.last().expect("is there");
        for part in [
            ".SH EXAMPLES\n.nf\ndsa\\-nl subdev\n",
            ".SH \"EXIT STATUS\"\n0 done",
            ".SH \"OBJECTS AND COMMANDS\"\n",
            ".SH NOTES\nKeys such as",
        ] {
            assert!(root.contains(part), "{part}: {root}");
        }
        assert!(pages.iter().all(|it| !it.contains("EXTRA")));
        assert!(pages.len() > 25);
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs the scenarios; see the library's documentation.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use e2e::scenario::Scenario;
use e2e::scenarios::ALL;
use e2e::{actor, demo};

/// Scenarios that run inside the virtual machine.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the scenarios: name, options of the machine, description, separated by tabs.
    List,
    /// Run scenarios: those named, or all that the default machine can run.
    Run {
        /// Names of scenarios.
        names: Vec<String>,
    },
    /// Show the main job, step by step.
    Demo,
    /// Be a VFIO user that does what its standard input says.
    #[command(name = actor::COMMAND, hide = true)]
    Actor,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::List => {
            for scenario in ALL {
                println!("{}\t{}\t{}", scenario.name, scenario.vm, scenario.about);
            }
            Ok(true)
        }
        Command::Run { names } => run(&names),
        Command::Demo => demo::run().map(|()| true),
        Command::Actor => actor::serve().map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs scenarios in turn and returns whether all passed.
fn run(names: &[String]) -> Result<bool> {
    let chosen = if names.is_empty() {
        ALL.iter()
            .filter(|scenario| scenario.vm.is_empty())
            .collect()
    } else {
        names
            .iter()
            .map(|name| find(name))
            .collect::<Result<Vec<_>>>()?
    };
    // Every one of them runs, also after one that failed.
    let failed = chosen.iter().filter(|scenario| !scenario.passes()).count();
    Ok(failed == 0)
}

fn find(name: &str) -> Result<&'static Scenario> {
    let found = ALL.iter().find(|scenario| scenario.name == name);
    found.ok_or_else(|| {
        anyhow::anyhow!("there is no scenario {name:?}; `e2e list` lists those that there are")
    })
}

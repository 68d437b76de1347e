// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs the scenarios; see the library's documentation.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use e2e::kmsg::Kmsg;
use e2e::scenario::Case;
use e2e::{actor, amount, bench, counts, demo, fuzz, scenarios, seed};

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
        /// Where chance starts, in scenarios that have any; they print theirs.
        #[arg(long)]
        seed: Option<u64>,
        /// How many rounds, in scenarios that can do any number.
        #[arg(long)]
        rounds: Option<u64>,
        /// How many changes in a round, in scenarios that can make any number.
        #[arg(long)]
        changes: Option<u64>,
        /// End with the first that fails: what it leaves behind could fail others.
        #[arg(long)]
        fail_fast: bool,
    },
    /// Send requests to the family that make sense, nearly do, or do not.
    Fuzz {
        /// How many.
        #[arg(long, default_value_t = u64::MAX)]
        count: u64,
        /// Where chance starts.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Measure; fails if something costs more than it may.
    Bench {
        /// What to measure.
        #[arg(value_enum)]
        subject: bench::Subject,
        /// Print a line of JSON for each figure, for the lab.
        #[arg(long)]
        json: bool,
    },
    /// Count the system calls and allocations of operations, and print what `counts.toml` would be.
    Counts,
    /// Show the main job, step by step.
    Demo,
    /// Be a VFIO user that does what its standard input says.
    #[command(name = actor::COMMAND, hide = true)]
    Actor,
    /// Run a program, and tell how much memory it had.
    #[command(name = bench::PEAK, hide = true)]
    Peak {
        /// The program and its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Leave behind what the scenario `boot` finds.
    #[command(name = scenarios::EARLIER, hide = true)]
    Earlier,
    /// Execute an instruction that faults.
    #[command(name = scenarios::MISTAKE, hide = true)]
    Mistake {
        /// What is wrong with it.
        which: String,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::List => {
            for case in scenarios::cases() {
                println!("{}\t{}\t{}", case.name(), case.vm(), case.about());
            }
            Ok(true)
        }
        Command::Run {
            names,
            seed,
            rounds,
            changes,
            fail_fast,
        } => {
            amount::want(rounds, changes);
            seed.inspect(|&seed| seed::want(seed));
            run(&names, fail_fast)
        }
        Command::Fuzz { count, seed } => {
            seed.inspect(|&seed| seed::want(seed));
            fuzz::run(count, &mut seed::announce("fuzz")).map(|()| true)
        }
        Command::Bench { subject, json } => bench::run(subject, json),
        Command::Counts => counts::count()
            .and_then(|all| counts::written(&all))
            .map(|text| {
                print!("{text}");
                true
            }),
        Command::Demo => demo::run().map(|()| true),
        Command::Actor => actor::serve().map(|()| true),
        Command::Peak { words } => bench::peak(&words).map(|()| true),
        Command::Earlier => scenarios::earlier().map(|()| true),
        Command::Mistake { which } => scenarios::go_wrong(&which).map(|()| true),
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

/// How many scenarios it is looked together for whether they have lost memory: the kernel takes long
/// for that. Which one it was is found by running each by itself.
const TOGETHER: usize = 5;

/// Runs scenarios in turn and returns whether all passed.
fn run(names: &[String], fail_fast: bool) -> Result<bool> {
    let chosen: Vec<_> = if names.is_empty() {
        scenarios::cases()
            .filter(|case| case.vm().is_empty())
            .collect()
    } else {
        names.iter().map(|name| find(name)).collect::<Result<_>>()?
    };
    let mut log = Kmsg::from_start()?;
    log.expect_quiet("before the first scenario")?;
    let mut passed = true;
    for together in chosen.chunks(TOGETHER) {
        let names: Vec<_> = together.iter().map(Case::name).collect();
        for (n, case) in (1..).zip(together) {
            let since = if n == names.len() { &names[..] } else { &[] };
            passed &= case.passes(&mut log, since);
            if fail_fast && !passed {
                return Ok(false);
            }
        }
    }
    Ok(passed)
}

fn find(name: &str) -> Result<Case> {
    let found = scenarios::find(name);
    found.ok_or_else(|| {
        anyhow::anyhow!("there is no scenario {name:?}; `e2e list` lists those that there are")
    })
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The program as whoever starts it sees it: readiness, end, errors.

mod common;

use std::process::Command;

use common::{Bench, Process, connect};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn terminate(process: &Process) {
    let pid = process.child.id().try_into().expect("a process id");
    kill(Pid::from_raw(pid), Signal::SIGTERM).expect("can be told to end");
}

#[test]
fn it_ends_well_when_its_client_goes() {
    let mut process = Process::start(&[]);
    drop(connect(&process.socket()));
    assert!(process.wait().success());
    assert!(!process.socket().exists());
}

#[test]
fn it_ends_well_when_its_client_goes_in_the_middle_of_work() {
    let Bench {
        client,
        mut process,
        ..
    } = Bench::enabled(&[0]);
    client.shutdown().expect("shut down");
    assert!(process.wait().success());
}

#[test]
fn it_ends_well_on_sigterm_with_and_without_client() {
    let mut process = Process::start(&[]);
    terminate(&process);
    assert!(process.wait().success());
    assert!(!process.socket().exists());

    let mut bench = Bench::enabled(&[0]);
    terminate(&bench.process);
    assert!(bench.process.wait().success());
    assert!(!bench.process.socket().exists());
}

#[test]
fn it_refuses_a_path_that_is_taken_and_says_so() {
    let process = Process::start(&[]);
    let output = Command::new(env!("CARGO_BIN_EXE_dsa-model"))
        .arg("--socket")
        .arg(process.socket())
        .output()
        .expect("the model runs");
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.starts_with("Error: cannot listen on "), "{message}");
    assert!(message.contains("exists"), "{message}");
    assert!(process.socket().exists(), "the other model's socket stays");
}

#[test]
fn it_refuses_numbers_that_no_device_has() {
    for arguments in [
        ["--wqs", "0"],
        ["--wqs", "33"],
        ["--groups", "17"],
        ["--engines", "0"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_dsa-model"))
            .args(["--socket", "unused"])
            .args(arguments)
            .output()
            .expect("the model runs");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let message = String::from_utf8_lossy(&output.stderr);
        let setting = arguments[0].trim_start_matches('-');
        let expected = format!("Error: {setting} = {}: no device has that; ", arguments[1]);
        assert!(message.starts_with(&expected), "{message}");
    }
}

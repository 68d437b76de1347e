// SPDX-License-Identifier: MIT OR Apache-2.0

//! The tool's command line, as far as it goes without the kernel's family.
//!
//! A command line that makes sense gets as far as the kernel, and then fails
//! with exit code 2 on a machine without the module; one that makes none fails
//! with 1 before. On a machine with the module these tests send nothing that
//! changes anything: names are refused by the policy for their length.

use std::process::Output;

use assert_cmd::Command;

/// A name that the family's policy refuses.
const TOO_LONG: &str = "a-name-that-is-longer-than-any-name-may-be";

fn dsa_nl(args: &[&str]) -> Output {
    Command::cargo_bin("dsa-nl")
        .expect("is built")
        .args(args)
        .output()
        .expect("runs")
}

fn words(line: &str) -> Output {
    dsa_nl(&line.split_whitespace().collect::<Vec<_>>())
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn assert_reaches_the_kernel(line: &str) {
    let output = words(line);
    assert_eq!(output.status.code(), Some(2), "{line}: {}", stderr(&output));
    assert!(
        stderr(&output).starts_with("Error: "),
        "{}",
        stderr(&output)
    );
}

#[track_caller]
fn assert_makes_no_sense(line: &str, because: &str) {
    let output = words(line);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{line}: {text}");
    assert!(text.starts_with("Error: "), "{line}: {text}");
    assert!(text.contains(because), "{line}: {text}");
    assert!(output.stdout.is_empty(), "{line} prints nothing else");
}

#[test]
fn keys_are_words_or_options_in_any_order() {
    for line in [
        "subdev add wq 3 pasid-mode shared name NAME",
        "subdev add --wq 3 name NAME --pasid-mode=shared",
        "subdev add name NAME wq dsa0/wq3,dsa0/4 state inactive size 2",
        "subdev add name NAME wq 3 weight 300 max-rate 100000000",
        "-j subdev add type shared uuid not-a-uuid name NAME",
        "subdev add name NAME -o json wq 99",
        "-json -color never subdev add name NAME wq 99",
        "sub a wq 3 pasid-mode none name NAME",
        "subdev set NAME name NAME state inactive force",
        "subdev set NAME wq 3,4 size 8,2",
        "subdev set NAME --wq 3,4 --size 8 --state=active",
        "subdev set NAME wq 3 weight 300",
        "subdev set NAME wq 3,4 max-rate 0 weight 300,100 size 8",
        "subdev del NAME force",
        "subdev del NAME --force",
        "subdev show NAME",
        "subdev ls NAME state active wq 3",
        "parent show NAME",
        "parent show NAME state enabled",
        "wq show NAME",
        "wq show NAME/wq1",
        "wq show pci/NAME:01.0",
        "type show NAME",
        "parent stats NAME",
        "wq stats NAME",
        "wq stats NAME/wq1",
        "subdev stats NAME",
    ] {
        assert_reaches_the_kernel(&line.replace("NAME", TOO_LONG));
    }
}

#[test]
fn values_go_to_the_kernel_as_they_are() {
    assert_reaches_the_kernel(&format!("subdev add wq 3 pasid-mode 77 name {TOO_LONG}"));
    assert_reaches_the_kernel(&format!("subdev add name -{TOO_LONG}"));
}

#[test]
fn the_wrong_word_is_named() {
    assert_makes_no_sense("", "parent, wq, type, subdev");
    assert_makes_no_sense("frobnicate", "'frobnicate'");
    assert_makes_no_sense("subdev frobnicate", "'frobnicate'");
    assert_makes_no_sense("subdev add colour red", "colour");
    assert_makes_no_sense("subdev add colour red", "pasid-mode none|dedicated|shared");
    assert_makes_no_sense("subdev add wq", "wq needs a value");
    assert_makes_no_sense("subdev add --wq", "--wq needs a value");
    assert_makes_no_sense("subdev add wq 3 4", "unexpected '4'");
    assert_makes_no_sense("subdev add --wq 3 --4", "unexpected '--4'");
    assert_makes_no_sense("--dry-run subdev del x", "'subdev del' has no dry run");
    assert_makes_no_sense("--wait 3 subdev del x", "'show' does");
    assert_makes_no_sense("subdev add na x", "'na'");
    assert_makes_no_sense("subdev show state asleep", "inactive, active");
    assert_makes_no_sense(
        "subdev add wq 3 name x name y",
        "name may be given once only",
    );
    assert_makes_no_sense("subdev add wq three", "'three' names no work queue");
    assert_makes_no_sense("subdev add pasid-mode big", "none, dedicated, shared");
    assert_makes_no_sense("subdev add wq dsa0/wq1,dsa1/wq1", "'dsa0' and 'dsa1'");
    assert_makes_no_sense("subdev del", "SUBDEV must be given");
    assert_makes_no_sense("subdev set x wq 3", "size");
    assert_makes_no_sense("subdev set x size 3", "wq");
    assert_makes_no_sense("subdev set x wq 3,4,5 size 1,2", "one for all");
    assert_makes_no_sense("subdev set x wq 3,4,5 weight 1,2", "one weight for each");
    assert_makes_no_sense("subdev set x max-rate 3", "wq");
    assert_makes_no_sense("subdev set x state asleep", "inactive, active");
    assert_makes_no_sense("wq show dsa0/queue", "'dsa0/queue'");
    assert_makes_no_sense("wq stats dsa0/queue", "'dsa0/queue'");
    assert_makes_no_sense("-b - subdev show", "--batch");
    assert_makes_no_sense("-j -o yaml parent show", "--output");
}

#[test]
fn a_name_that_netlink_cannot_carry_is_refused_before_it_is_sent() {
    let output = dsa_nl(&["subdev", "show", &"x".repeat(70_000)]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("name: is 70001 bytes long"));
}

#[test]
fn a_batch_stops_at_the_first_failure_or_goes_on_by_force() {
    let batch = "# nothing\n\nsubdev frobnicate\nsubdev 'add\nparent show extra words\n";
    let run = |args: &[&str]| {
        Command::cargo_bin("dsa-nl")
            .expect("is built")
            .args(args)
            .write_stdin(batch)
            .output()
            .expect("runs")
    };
    let stopped = run(&["-b", "-"]);
    assert_eq!(stopped.status.code(), Some(1));
    let text = stderr(&stopped);
    assert!(text.starts_with("Error: -:3: "), "{text}");
    assert!(!text.contains("-:4:"), "{text}");

    let forced = run(&["--force", "--batch", "-"]);
    assert_eq!(forced.status.code(), Some(1));
    let text = stderr(&forced);
    for line in ["-:3:", "-:4:", "-:5:", "3 commands"] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[test]
fn a_line_that_is_no_text_is_named_and_the_batch_goes_on_by_force() {
    let output = Command::cargo_bin("dsa-nl")
        .expect("is built")
        .args(["-b", "-", "--force"])
        .write_stdin(&b"subdev frobnicate\n\xff\nsubdev del"[..])
        .output()
        .expect("runs");
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    for line in [
        "-:2: the line is not UTF-8",
        "-:3: SUBDEV must be given",
        "3 commands",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[test]
fn help_in_a_batch_is_no_failure() {
    let output = Command::cargo_bin("dsa-nl")
        .expect("is built")
        .args(["-b", "-"])
        .write_stdin("subdev --help\n")
        .output()
        .expect("runs");
    assert!(output.status.success(), "{}", stderr(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("add    Create a subdev"), "{text}");
}

#[test]
fn help_that_cannot_be_printed_is_a_failure() {
    let full = std::fs::File::options().write(true).open("/dev/full");
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("dsa-nl"));
    command
        .arg("--help")
        .stdout(full.expect("/dev/full is there"));
    let output = command.output().expect("runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).starts_with("Error: "),
        "{}",
        stderr(&output)
    );
}

#[test]
fn help_is_there_at_every_level() {
    for (line, words) in [
        (
            "--help",
            &["Examples:", "dsa-nl subdev add wq 3", "Exit status"][..],
        ),
        ("help", &["Examples:", "dsa-nl subdev add wq 3"]),
        ("subdev help", &["Commands:", "reset", "Examples:"]),
        ("subdev help add", &["Examples:", "--pasid-mode"]),
        ("help subdev add", &["Examples:", "--pasid-mode"]),
        (
            "subdev add help",
            &["Examples:", "--pasid-mode <none|dedicated|shared>"],
        ),
        ("subdev set help", &["--size <N[,...]>", "SUBDEV"]),
        ("monitor help", &["--kind", "Examples:"]),
    ] {
        let help = words_of(line);
        for word in words {
            assert!(help.contains(word), "{word} in {help}");
        }
    }
}

fn words_of(line: &str) -> String {
    let output = words(line);
    assert!(output.status.success(), "{line}: {}", stderr(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a user sees in a terminal of 80 columns and 24 lines, as the page `screens.md`.
//!
//! `UPDATE_SCREENS=1 cargo test -p dsa-nl screens` writes it anew; read the difference.

use std::ffi::OsString;
use std::num::NonZeroU16;
use std::time::{Duration, SystemTime};

use nlctl::{AdminState, Attribute, Event, Notification, Opstate, ParentAttr, SubdevAttr, WqAttr};

use crate::config::read;
use crate::failure::Failure;
use crate::grammar;
use crate::monitor::{self, Clock};
use crate::output::{Objects, Page, examples};

const COLUMNS: u16 = 80;
const LINES: u16 = 24;

const PREFACE: &str = "\
<!-- SPDX-License-Identifier: MIT OR Apache-2.0 -->

# Screens of `dsa-nl`

What a terminal of 80 columns and 24 lines shows, of examples that no kernel was asked
for. A test makes this page of what the tool prints and fails when that has changed;
`UPDATE_SCREENS=1 cargo test -p dsa-nl screens` writes it anew.
";

/// The page, as it grows.
struct Screens(String);

impl Screens {
    fn heading(&mut self, text: &str) {
        self.0 += &format!("\n## {text}\n");
    }

    /// What is on the terminal after a command, which fits there.
    #[track_caller]
    fn screen(&mut self, line: &str, printed: &str) {
        let shown = self.shown(line, printed, LINES);
        let lines = shown.lines().count();
        assert!(lines <= usize::from(LINES), "{lines} lines:\n{shown}");
    }

    /// The same of one that is longer, as who scrolls sees it.
    fn scrolled(&mut self, line: &str, printed: &str) {
        self.shown(line, printed, 1000);
    }

    fn shown(&mut self, line: &str, printed: &str, lines: u16) -> String {
        let count = |number| NonZeroU16::new(number).expect("is not zero");
        let mut terminal = vt100::Parser::new(count(lines), count(COLUMNS), 0);
        let all = format!("$ dsa-nl {line}\n{printed}");
        terminal.process(all.replace('\n', "\r\n").as_bytes());
        let rows = terminal.screen().rows(0, COLUMNS);
        let rows: String = rows.map(|row| format!("{}\n", row.trim_end())).collect();
        let shown = format!("{}\n", rows.trim_end());
        assert!(shown.starts_with("$ dsa-nl"), "scrolled away:\n{shown}");
        self.0 += &format!("\n```console\n{shown}```\n");
        shown
    }

    #[track_caller]
    fn page(&mut self, line: &str, page: &Page) {
        let text = page.text(false, Some(COLUMNS)).expect("can be printed");
        self.screen(line, &text);
    }

    /// What is wrong with a command line.
    #[track_caller]
    fn refused(&mut self, line: &str) {
        let words = shlex::split(line).expect("is closed");
        let words = ["dsa-nl".to_string()].into_iter().chain(words);
        let failure = grammar::parse(words.map(OsString::from)).expect_err("makes no sense");
        self.failure(line, &failure);
    }

    #[track_caller]
    fn failure(&mut self, line: &str, failure: &Failure) {
        let mut text = Vec::new();
        failure.print(&mut text);
        self.screen(line, &String::from_utf8_lossy(&text));
    }

    fn help(&mut self, line: &str) {
        let words = line.replace("help", "--help");
        let words = ["dsa-nl"].into_iter().chain(words.split_whitespace());
        let help = grammar::command()
            .try_get_matches_from(words)
            .expect_err("is help");
        self.scrolled(line, &help.render().ansi().to_string());
    }
}

fn list(set: &'static nlctl::AttributeSet, objects: impl Objects + 'static) -> Page {
    Page::List(set, Box::new(objects))
}

fn tables(screens: &mut Screens) {
    screens.heading("Tables");
    screens.page("parent", &list(ParentAttr::SET, vec![examples::parent()]));
    let wqs: Vec<_> = (0..8).map(examples::wq).collect();
    screens.page("wq show dsa0", &list(WqAttr::SET, wqs));
    let mut subdevs: Vec<_> = (0..12).map(examples::subdev).collect();
    for subdev in subdevs.iter_mut().skip(8) {
        subdev.state = AdminState::Inactive;
        subdev.opstate = Opstate::Detached;
        (subdev.iommu_group, subdev.vfio_device) = (None, None);
    }
    subdevs[3].name = "a-name-of-32-characters-in-a-row".into();
    screens.page("subdev", &list(SubdevAttr::SET, subdevs));
    let one = serde_json::to_value(examples::subdev(0)).expect("is JSON");
    screens.page("subdev show net0", &Page::One(SubdevAttr::SET, one));
}

fn events(screens: &mut Screens) {
    screens.heading("Events");
    let changed = |index| {
        let mut subdev = examples::subdev(index);
        subdev.opstate = Opstate::Enabled;
        subdev
    };
    let events = [
        Event::Notification(Notification::SubdevCreate(changed(0))),
        Event::Notification(Notification::SubdevChange(examples::subdev(0))),
        Event::Notification(Notification::WqChange(examples::wq(3))),
        Event::Notification(Notification::SubdevDelete(examples::subdev(0))),
        Event::Gone,
    ];
    let mut text = String::from("monitoring…\n");
    for (at, event) in (0..).zip(&events) {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(45_296_007 + 250 * at);
        text += &monitor::line(&Clock::Short.text(time), event).expect("can be printed");
    }
    screens.screen("-t monitor", &text);
}

fn top(screens: &mut Screens) {
    screens.heading("What goes on");
    for (keys, screen) in [
        ("", include_str!("top/screens/busy-80x24.txt")),
        (" after '?'", include_str!("top/screens/help-80x24.txt")),
    ] {
        screens.0 += &format!("\n`dsa-nl top`{keys}:\n\n```text\n{screen}```\n");
    }
}

fn errors(screens: &mut Screens) {
    screens.heading("Errors");
    for line in [
        "subdev make wq 3",
        "subdev add wq three",
        "subdev add pasid-mode big",
        "subdev add colour red",
        "subdev set net0 size 3",
        "-j -o yaml subdev",
        "monitor kind nothing",
    ] {
        screens.refused(line);
    }
    screens.failure("subdev", &nlctl::Error::FamilyAbsent.into());
    screens.failure("--wait 3 subdev show net0", &Failure::NotThere(3));
    let text = "subdev:\n- name: net0\n  wq: [{id: 3, colour: red}]\n";
    let wrong = read::config(text).expect_err("is invalid");
    screens.failure("apply subdevs.yaml", &wrong.within("subdevs.yaml"));
}

fn help(screens: &mut Screens) {
    screens.heading("Help");
    for line in ["help", "subdev help", "subdev show help", "apply help"] {
        screens.help(line);
    }
}

#[test]
fn the_page_is_what_the_tool_prints() {
    let mut screens = Screens(PREFACE.into());
    tables(&mut screens);
    events(&mut screens);
    top(&mut screens);
    errors(&mut screens);
    help(&mut screens);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/screens.md");
    if std::env::var_os("UPDATE_SCREENS").is_some() {
        std::fs::write(path, &screens.0).expect("can be written");
    }
    let published = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        published == screens.0,
        "screens.md is stale: UPDATE_SCREENS=1"
    );
}

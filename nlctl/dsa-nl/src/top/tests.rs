// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a user of `top` sees. The screens are in `screens/`; `UPDATE_SCREENS=1` writes
//! them anew: read the difference as a user would.

use std::path::PathBuf;
use std::time::Duration;

use nlctl::{
    AdminState, Cause, Fault, FaultAttr, FaultKind, Notification, Object, Opstate, PasidMode,
    State, Stats, StatsAttr, Subdev, SubdevWq, SubdevWqAttr, Update, Wq,
};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::draw::{self, Look};
use super::input::Action;
use super::model::{Figures, Key, List, Mode, Model};
use crate::grammar::Sort;
use crate::output::examples;

const CLOCK: &str = "12:34:56";

fn model(state: State) -> Model {
    let mut model = Model::new(Sort::Rate, Duration::from_secs(1), true);
    model.update(Update::Snapshot(state), CLOCK);
    model
}

/// Parents with eight work queues each, and so many subdevs on the last work queues.
fn busy(parents: u32, subdevs: u32) -> State {
    let mut state = State::default();
    for index in 0..parents {
        let mut parent = examples::parent();
        parent.index = index;
        parent.name = format!("dsa{index}");
        parent.subdev_count = subdevs / parents;
        state.parents.push(parent);
        state
            .wqs
            .extend((0..8).map(|id| wq(index, id, subdevs / 4 / parents)));
    }
    state.subdevs = (0..subdevs).map(|it| subdev(it, parents)).collect();
    state
}

fn wq(parent: u32, id: u32, subdevs: u32) -> Wq {
    let mut wq = examples::wq(id);
    (wq.parent_index, wq.parent) = (parent, format!("dsa{parent}"));
    let is_used = id >= 4;
    wq.subdev_count = if is_used { subdevs } else { 0 };
    wq.pasid_mode = is_used.then_some(PasidMode::Shared);
    wq
}

fn of_generation(generation: u64, mut subdev: Subdev) -> Subdev {
    subdev.generation = generation;
    subdev
}

fn subdev(index: u32, parents: u32) -> Subdev {
    let mut subdev = examples::subdev(index);
    subdev.parent_index = index % parents;
    subdev.parent = format!("dsa{}", index % parents);
    subdev.wq = vec![share(4 + index % 4)];
    subdev
}

fn share(id: u32) -> SubdevWq {
    SubdevWq::read(vec![
        SubdevWqAttr::Id(id),
        SubdevWqAttr::Size(2),
        SubdevWqAttr::Weight(100),
    ])
    .expect("has all")
}

fn stats(completed: u64, bytes: u64, failed: u64, in_flight: u64) -> Stats {
    Stats::read(vec![
        StatsAttr::Submitted(completed + failed + in_flight),
        StatsAttr::Completed(completed),
        StatsAttr::Failed(failed),
        StatsAttr::Rejected(0),
        StatsAttr::Aborted(0),
        StatsAttr::InFlight(in_flight),
        StatsAttr::WqFull(0),
        StatsAttr::Bytes(bytes),
        StatsAttr::HwSubmitted(0),
        StatsAttr::Interrupts(0),
        StatsAttr::LostInterrupts(0),
        StatsAttr::Faults(0),
        StatsAttr::PinLimited(0),
        StatsAttr::PinnedPages(0),
        StatsAttr::PinnedPagesMax(0),
    ])
    .expect("has all")
}

/// Statistics of all that is in `busy`, after so many seconds in which each subdev did
/// as many copies of 64 KiB a second as its index says.
fn work(parents: u32, subdevs: u32, seconds: u64) -> Vec<Figures> {
    let of = |copies: u64, in_flight: u64| {
        let copies = copies * seconds;
        stats(copies, copies << 16, copies / 100, in_flight)
    };
    let on = |parent: u32, wq: Option<u32>| {
        let all = (0..subdevs).filter(move |it| it % parents == parent);
        let all = all.filter(move |it| wq.is_none_or(|wq| 4 + it % 4 == wq));
        all.map(u64::from).sum::<u64>()
    };
    let figures = |of: Vec<(Key, Stats)>| Figures {
        at: Duration::from_secs(seconds),
        of,
    };
    let each = 0..parents;
    let wqs = each
        .clone()
        .flat_map(|parent| (0..8).map(move |id| (parent, id)));
    vec![
        figures(
            each.map(|it| (Key::Parent(it), of(on(it, None), 32)))
                .collect(),
        ),
        figures(
            wqs.map(|(parent, id)| {
                (
                    Key::Wq(parent, id),
                    of(on(parent, Some(id)), u64::from(id.saturating_sub(3))),
                )
            })
            .collect(),
        ),
        figures(
            (0..subdevs)
                .map(|it| (Key::Subdev(it), of(it.into(), (it % 3).into())))
                .collect(),
        ),
    ]
}

fn working(parents: u32, subdevs: u32) -> Model {
    let mut model = model(busy(parents, subdevs));
    for seconds in 1..3 {
        model.figures(work(parents, subdevs, seconds), CLOCK);
    }
    model
}

/// What is on a terminal of that size.
fn screen(model: &Model, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("is there");
    let look = Look { has_color: true };
    let drawn = terminal.draw(|frame| draw::draw(model, look, frame.area(), frame.buffer_mut()));
    let text = draw::plain(drawn.expect("draws").buffer);
    for line in text.lines() {
        let width = usize::from(width);
        assert!(
            unicode_width::UnicodeWidthStr::width(line) <= width,
            "{line}"
        );
        assert!(!line.contains(char::is_control), "{line:?}");
    }
    assert_eq!(text.lines().count(), usize::from(height));
    text
}

#[track_caller]
fn is_as_looked_at(name: &str, text: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/top/screens");
    let path = folder.join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_SCREENS").is_some() {
        std::fs::write(&path, text).expect("can be written");
    }
    let expected = std::fs::read_to_string(&path).expect("was written");
    assert!(text == expected, "{name} is\n{text}\nand was\n{expected}");
}

fn press(model: &mut Model, height: u16, actions: &[Action]) {
    for action in actions {
        let page = draw::page(model, height);
        assert!(!model.act(*action, page));
    }
}

/// The names in the first column of the list of subdevs.
fn names(screen: &str) -> Vec<&str> {
    let lines = screen.lines();
    let lines = lines.skip_while(|line| !line.starts_with("SUBDEV"));
    let rows = lines.skip(1).take_while(|line| line.starts_with("net"));
    rows.filter_map(|line| line.split_whitespace().next())
        .collect()
}

#[test]
fn an_empty_system_says_so() {
    let model = model(State::default());
    is_as_looked_at("empty-80x24", &screen(&model, 80, 24));
    is_as_looked_at("empty-40x10", &screen(&model, 40, 10));
    is_as_looked_at("empty-200x60", &screen(&model, 200, 60));
}

#[test]
fn a_busy_system_fits_every_screen() {
    let mut model = working(2, 300);
    let mut events = vec![
        Update::Changed(Notification::SubdevCreate(examples::subdev(7))),
        Update::Changed(Notification::WqChange(examples::wq(3))),
    ];
    let mut bad = examples::subdev(8);
    bad.cause = Some(Cause::Tenant);
    let fault = Fault::read(vec![
        FaultAttr::Kind(FaultKind::SoftwareError),
        FaultAttr::Code(0x1a),
        FaultAttr::Address(0x7000),
    ]);
    bad.fault = Some(fault.expect("has all"));
    events.push(Update::Changed(Notification::SubdevFault(bad)));
    for event in events {
        model.update(event, "12:34:57");
    }
    is_as_looked_at("busy-80x24", &screen(&model, 80, 24));
    is_as_looked_at("busy-40x10", &screen(&model, 40, 10));
    is_as_looked_at("busy-200x60", &screen(&model, 200, 60));
}

#[test]
fn no_size_is_too_small_or_too_large() {
    let mut model = working(2, 300);
    for mode in [Mode::List, Mode::Help, Mode::Typing] {
        model.mode = mode;
        for (width, height) in [(1, 1), (2, 3), (5, 300), (300, 2), (1, 60), (500, 100)] {
            screen(&model, width, height);
        }
    }
}

#[test]
fn all_subdevs_can_be_scrolled_to() {
    let mut model = working(2, 300);
    model.sort = Sort::Index;
    let first = screen(&model, 80, 24);
    assert_eq!(names(&first)[..2], ["net0", "net1"]);
    let page = names(&first).len();
    assert!(page >= 8, "{first}");
    assert!(first.contains(&format!("1-{page} of 300")), "{first}");

    press(&mut model, 24, &[Action::Up, Action::Down]);
    assert_eq!(names(&screen(&model, 80, 24))[0], "net1");
    press(&mut model, 24, &[Action::PageDown]);
    let second = screen(&model, 80, 24);
    assert_eq!(names(&second)[0], format!("net{}", page + 1));
    press(
        &mut model,
        24,
        &[Action::End, Action::PageDown, Action::Down],
    );
    let last = screen(&model, 80, 24);
    assert_eq!(names(&last).last(), Some(&"net299"));
    assert_eq!(names(&last).len(), page);
    // A larger screen has more of the end, a smaller one begins where this did.
    let large = screen(&model, 80, 60);
    assert_eq!(names(&large).last(), Some(&"net299"));
    press(&mut model, 24, &[Action::Home]);
    assert_eq!(names(&screen(&model, 80, 24))[0], "net0");
}

#[test]
fn the_busiest_come_first_unless_said_otherwise() {
    let mut model = working(2, 300);
    assert_eq!(names(&screen(&model, 80, 24))[..2], ["net299", "net298"]);
    press(&mut model, 24, &[Action::Reverse]);
    assert_eq!(names(&screen(&model, 80, 24))[..2], ["net0", "net1"]);
    press(&mut model, 24, &[Action::Reverse]);
    let mut seen = Vec::new();
    for _ in 0..6 {
        press(&mut model, 24, &[Action::NextSort]);
        let text = screen(&model, 80, 24);
        let (_, rest) = text.split_once("s by ").expect("says so");
        seen.push(rest.split("  ").next().unwrap_or_default().to_string());
        match model.sort {
            Sort::Name => assert_eq!(names(&text)[..2], ["net0", "net1"]),
            Sort::Index => assert_eq!(names(&text)[..3], ["net0", "net1", "net2"]),
            Sort::InFlight => assert_eq!(names(&text)[0], "net2"),
            // There are several with as many as any other.
            Sort::Errors => assert!(names(&text)[0].starts_with("net2"), "{text}"),
            Sort::Rate | Sort::Bytes => assert_eq!(names(&text)[0], "net299"),
        }
    }
    let all = ["MIB/S", "IN FLIGHT", "ERR/S", "name", "index", "DESC/S"];
    assert_eq!(seen, all);
}

#[test]
fn the_other_lists_get_the_screen_in_turn() {
    let mut model = working(2, 300);
    press(&mut model, 24, &[Action::NextList, Action::NextList]);
    assert_eq!(model.focus, List::Wqs);
    is_as_looked_at("wqs-80x24", &screen(&model, 80, 24));
    press(&mut model, 24, &[Action::NextList]);
    assert_eq!(model.focus, List::Subdevs);
}

#[test]
fn a_filter_shows_what_has_the_text() {
    let mut model = working(2, 300);
    press(&mut model, 24, &[Action::Filter]);
    for letter in "net29".chars() {
        press(&mut model, 24, &[Action::Letter(letter)]);
    }
    assert!(screen(&model, 80, 24).contains("\n/net29_\n"));
    press(&mut model, 24, &[Action::Accept]);
    let text = screen(&model, 80, 24);
    assert_eq!(names(&text)[..2], ["net299", "net298"]);
    assert!(text.contains("1-9 of 11"), "{text}");
    press(&mut model, 24, &[Action::Filter, Action::Letter('x')]);
    let none = screen(&model, 80, 24);
    assert!(none.contains("no subdevs with 'net29x'"), "{none}");
    press(&mut model, 24, &[Action::Erase, Action::Cancel]);
    assert!(screen(&model, 80, 24).contains("of 300"));
}

#[test]
fn help_says_what_keys_do_on_a_small_screen_too() {
    let mut model = working(1, 3);
    press(&mut model, 24, &[Action::Help]);
    is_as_looked_at("help-80x24", &screen(&model, 80, 24));
    is_as_looked_at("help-40x10", &screen(&model, 40, 10));
    press(&mut model, 24, &[Action::Cancel]);
    assert_eq!(names(&screen(&model, 80, 24)).len(), 3);
}

#[test]
fn a_pause_keeps_what_is_on_the_screen_and_loses_nothing() {
    let mut model = working(1, 2);
    press(&mut model, 24, &[Action::Pause]);
    let paused = screen(&model, 80, 24);
    assert!(paused.contains("PAUSED"), "{paused}");
    let came = Notification::SubdevCreate(of_generation(100, subdev(2, 1)));
    model.update(Update::Changed(came), "12:35:00");
    model.figures(work(1, 2, 9), "12:35:00");
    assert_eq!(screen(&model, 80, 24), paused);
    press(&mut model, 24, &[Action::Pause]);
    let text = screen(&model, 80, 24);
    assert_eq!(names(&text).len(), 3, "{text}");
    assert!(text.contains("12:35:00 subdev-create net2 on dsa0/wq6, open"));
}

#[test]
fn names_cannot_hurt_a_screen() {
    let mut state = busy(1, 4);
    state.subdevs[0].name = "a\u{1b}[2J\nb\u{9b}c".into();
    state.subdevs[1].name = "名".repeat(64);
    state.subdevs[2].name = "x".repeat(31);
    state.subdevs[3].name = "e\u{301}".repeat(40);
    let mut model = model(state.clone());
    for event in state.subdevs.clone() {
        model.update(Update::Changed(Notification::SubdevChange(event)), CLOCK);
    }
    for (width, height) in [(80, 24), (40, 10), (200, 60), (13, 30)] {
        screen(&model, width, height);
    }
    is_as_looked_at("names-80x24", &screen(&model, 80, 24));

    let mut ascii = Model::new(Sort::Rate, Duration::from_secs(1), false);
    ascii.update(Update::Snapshot(state), CLOCK);
    assert!(screen(&ascii, 80, 24).is_ascii());
}

#[test]
fn rates_are_those_between_two_looks() {
    let mut model = model(busy(1, 1));
    let row = |model: &Model| model.rows(List::Subdevs)[0].clone();
    let mut look = |seconds, completed, failed| {
        let of = vec![(Key::Subdev(0), stats(completed, completed << 20, failed, 1))];
        let at = Duration::from_secs(seconds);
        model.figures(vec![Figures { at, of }], CLOCK);
        row(&model)
    };
    let first = look(1, 1000, 7);
    assert_eq!(
        (first.rates, first.in_flight, first.share),
        (None, Some(1), 2)
    );
    let rates = look(3, 1100, 7).rates.expect("two looks");
    assert_eq!((rates.completed, rates.errors), (50.0, 0.0));
    assert_eq!(rates.bytes, f64::from(50 << 20));
    assert_eq!(look(4, 1100, 10).rates.map(|it| it.errors), Some(3.0));
    // Counters of another object, of which it is not known what it did.
    assert_eq!(look(5, 3, 0).rates, None);
    // Both at once.
    assert_eq!(look(5, 4, 0).rates, None);
}

#[test]
fn events_keep_the_lists_true() {
    let mut model = working(1, 2);
    let gone = |generation, index| {
        let gone = of_generation(generation, subdev(index, 1));
        Update::Changed(Notification::SubdevDelete(gone))
    };
    model.update(gone(100, 1), CLOCK);
    let text = screen(&model, 80, 24);
    assert_eq!(names(&text), ["net0"]);
    assert!(text.contains("1 parent, 8 wqs, 1 subdev\n"), "{text}");
    let mut changed = subdev(0, 1);
    (changed.generation, changed.state) = (101, AdminState::Inactive);
    changed.opstate = Opstate::Detached;
    model.update(Update::Changed(Notification::SubdevChange(changed)), CLOCK);
    assert!(screen(&model, 80, 24).contains("inactive"));

    model.update(Update::Gone, CLOCK);
    let text = screen(&model, 80, 24);
    assert!(text.contains("The module is not loaded"), "{text}");
    assert!(!model.can_ask());
    // Numbers begin anew.
    model.update(Update::Back(busy(1, 1)), CLOCK);
    let text = screen(&model, 80, 24);
    assert_eq!(names(&text), ["net0"]);
    assert!(text.contains("the module was loaded\n"), "{text}");
}

#[test]
fn what_goes_wrong_is_shown_until_it_goes_right() {
    let mut model = working(1, 1);
    model.trouble("no answer\u{7}");
    let text = screen(&model, 80, 24);
    assert!(text.ends_with("\nError: no answer\\u{7}\n"), "{text}");
    model.figures(work(1, 1, 9), CLOCK);
    assert!(!screen(&model, 80, 24).contains("Error"));
}

#[test]
fn text_has_all_lines() {
    let text = draw::text(&working(2, 300), None);
    assert_eq!(names(&text).len(), 300);
    assert!(!text.contains("more;"), "{text}");
    let mut wide = busy(1, 2);
    wide.subdevs[0].name = "名".repeat(64);
    is_as_looked_at("text", &draw::text(&model(wide), None));
    is_as_looked_at(
        "text-empty",
        &draw::text(&model(State::default()), Some(80)),
    );
}

#[test]
fn what_is_not_on_the_screen_is_not_asked_for() {
    let model = working(2, 300);
    assert_eq!(draw::lists(&model, 24), List::ALL);
    assert_eq!(draw::lists(&model, 10), [List::Subdevs]);
}

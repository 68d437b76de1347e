// SPDX-License-Identifier: MIT OR Apache-2.0

//! What `top` knows and how its user looks at it: fed with updates, statistics and
//! keys, and nothing else. It asks nobody and knows no clock.

use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use nlctl::{AdminState, Fault, Notification, State, Stats, Subdev, Update};

use super::input::Action;
use crate::grammar::Sort;
use crate::output::visible;

/// Events that are kept.
const EVENTS: usize = 100;

/// An object that has statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// By its index.
    Parent(u32),
    /// By the index of its parent, and its number.
    Wq(u32, u32),
    /// By its index.
    Subdev(u32),
}

/// The lists on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    Parents,
    Wqs,
    Subdevs,
}

impl List {
    /// From above to below.
    pub const ALL: [Self; 3] = [Self::Parents, Self::Wqs, Self::Subdevs];
}

/// Statistics of the objects of one kind, all of the same time.
#[derive(Debug, Clone)]
pub struct Figures {
    /// When, counted from whenever.
    pub at: Duration,
    pub of: Vec<(Key, Stats)>,
}

/// What happens in a second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rates {
    /// Descriptors that were carried out.
    pub completed: f64,
    pub bytes: f64,
    /// Descriptors that failed, or were rejected.
    pub errors: f64,
}

/// The last statistics of an object, and what became of those before.
#[derive(Debug, Clone)]
struct Meter {
    at: Duration,
    completed: u64,
    bytes: u64,
    errors: u64,
    in_flight: u64,
    rates: Option<Rates>,
}

impl Meter {
    /// The meter at a time, given what it was before.
    fn new(at: Duration, stats: &Stats, before: Option<&Self>) -> Self {
        let mut meter = Self {
            at,
            completed: stats.completed,
            bytes: stats.bytes,
            errors: stats.failed.saturating_add(stats.rejected),
            in_flight: stats.in_flight,
            rates: None,
        };
        meter.rates = before.and_then(|before| meter.since(before));
        meter
    }

    /// None if it is not the same counters, or the same time.
    fn since(&self, before: &Self) -> Option<Rates> {
        let seconds = self.at.checked_sub(before.at)?.as_secs_f64();
        if seconds <= 0.0 {
            return before.rates;
        }
        let rate = |now: u64, then: u64| Some(now.checked_sub(then)? as f64 / seconds);
        Some(Rates {
            completed: rate(self.completed, before.completed)?,
            bytes: rate(self.bytes, before.bytes)?,
            errors: rate(self.errors, before.errors)?,
        })
    }
}

/// What there is, at one time.
#[derive(Debug, Clone, Default)]
struct Data {
    state: State,
    meters: HashMap<Key, Meter>,
    /// The latest last.
    events: VecDeque<String>,
    clock: String,
    /// Whether the module is.
    is_gone: bool,
    /// What went wrong the last time.
    trouble: Option<String>,
}

/// What is in the way of the keys of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    List,
    Help,
    /// A filter is being typed.
    Typing,
}

/// A line of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub name: String,
    /// Where it is, or what is on it.
    pub on: String,
    pub state: String,
    pub rates: Option<Rates>,
    pub in_flight: Option<u64>,
    /// Descriptors that it can have in flight.
    pub share: u64,
}

/// What `top` knows.
#[derive(Debug, Clone)]
pub struct Model {
    live: Data,
    /// What is shown instead, while it pauses.
    frozen: Option<Data>,
    /// Whether the terminal takes characters beyond ASCII.
    is_utf8: bool,
    pub interval: Duration,
    pub sort: Sort,
    pub is_reversed: bool,
    pub mode: Mode,
    pub filter: String,
    /// The list that has most of the screen, and its first line there.
    pub focus: List,
    pub offset: usize,
}

impl Model {
    pub fn new(sort: Sort, interval: Duration, is_utf8: bool) -> Self {
        Self {
            live: Data::default(),
            frozen: None,
            is_utf8,
            interval,
            sort,
            is_reversed: false,
            mode: Mode::List,
            filter: String::new(),
            focus: List::Subdevs,
            offset: 0,
        }
    }

    /// Takes over what changed, and when.
    pub fn update(&mut self, update: Update, clock: &str) {
        let event = match &update {
            Update::Changed(it) => Some(self.event(it)),
            Update::Resynced(_) => Some("events were lost".into()),
            Update::Gone => Some("the module was unloaded".into()),
            Update::Back(_) => Some("the module was loaded".into()),
            _ => None,
        };
        let live = &mut self.live;
        match &update {
            Update::Gone => live.is_gone = true,
            Update::Snapshot(_) | Update::Back(_) => live.is_gone = false,
            _ => {}
        }
        let instance = live.state.instance;
        live.state.update(update);
        if live.state.instance != instance {
            // Numbers may be of others now.
            live.meters.clear();
        }
        live.clock = clock.into();
        if let Some(event) = event {
            if live.events.len() == EVENTS {
                live.events.pop_front();
            }
            live.events.push_back(format!("{clock} {event}"));
        }
    }

    /// Takes over statistics, and what the time is.
    pub fn figures(&mut self, all: Vec<Figures>, clock: &str) {
        let live = &mut self.live;
        for figures in all {
            for (key, stats) in figures.of {
                let meter = Meter::new(figures.at, &stats, live.meters.get(&key));
                live.meters.insert(key, meter);
            }
        }
        let state = &live.state;
        live.meters.retain(|key, _| is_there(state, *key));
        live.trouble = None;
        live.clock = clock.into();
    }

    /// Takes over what went wrong; it is shown until something goes right.
    pub fn trouble(&mut self, text: &str) {
        self.live.trouble = Some(visible(text));
    }

    /// Does what a key says, where so many lines are a page; returns whether to quit.
    pub fn act(&mut self, action: Action, page: usize) -> bool {
        let length = self.length(self.focus);
        let last = length.saturating_sub(page);
        // There may be less than there was.
        self.offset = self.offset.min(last);
        match action {
            Action::Quit => return true,
            Action::Up => self.offset = self.offset.saturating_sub(1),
            Action::Down => self.offset = (self.offset + 1).min(last),
            Action::PageUp => self.offset = self.offset.saturating_sub(page),
            Action::PageDown => self.offset = (self.offset + page).min(last),
            Action::Home => self.offset = 0,
            Action::End => self.offset = last,
            Action::NextList => {
                self.focus = match self.focus {
                    List::Subdevs => List::Parents,
                    List::Parents => List::Wqs,
                    List::Wqs => List::Subdevs,
                };
                self.offset = 0;
            }
            Action::NextSort => {
                self.sort = self.sort.next();
                self.offset = 0;
            }
            Action::Reverse => self.is_reversed = !self.is_reversed,
            Action::Pause => {
                self.frozen = match self.frozen {
                    Some(_) => None,
                    None => Some(self.live.clone()),
                };
            }
            Action::Help => self.mode = Mode::Help,
            Action::Filter => self.mode = Mode::Typing,
            Action::Letter(letter) => {
                self.filter.push(letter);
                self.offset = 0;
            }
            Action::Erase => {
                self.filter.pop();
                self.offset = 0;
            }
            Action::Accept => self.mode = Mode::List,
            Action::Cancel => {
                if self.mode == Mode::Typing {
                    self.filter.clear();
                }
                self.mode = Mode::List;
            }
            // The screen's.
            Action::Redraw => {}
        }
        false
    }

    /// What is shown.
    fn data(&self) -> &Data {
        self.frozen.as_ref().unwrap_or(&self.live)
    }

    pub fn is_paused(&self) -> bool {
        self.frozen.is_some()
    }

    pub fn is_gone(&self) -> bool {
        self.data().is_gone
    }

    /// Whether there is somebody to ask for statistics. Who asks a family that is not there has
    /// the kernel load its module, which somebody has just unloaded.
    pub fn can_ask(&self) -> bool {
        !self.live.is_gone
    }

    pub fn clock(&self) -> &str {
        &self.data().clock
    }

    /// What goes wrong at present.
    pub fn wrong(&self) -> Option<&str> {
        self.live.trouble.as_deref()
    }

    /// The latest events, the latest last.
    pub fn events(&self, count: usize) -> impl Iterator<Item = &str> {
        let events = &self.data().events;
        let old = events.len().saturating_sub(count);
        events.iter().skip(old).map(String::as_str)
    }

    /// How many of each there are: parents, work queues and subdevs.
    pub fn counts(&self) -> (usize, usize, usize) {
        let state = &self.data().state;
        (state.parents.len(), state.wqs.len(), state.subdevs.len())
    }

    /// The number of lines of a list.
    pub fn length(&self, list: List) -> usize {
        let (parents, wqs, subdevs) = self.counts();
        match list {
            List::Parents => parents,
            List::Wqs => wqs,
            List::Subdevs if self.filter.is_empty() => subdevs,
            List::Subdevs => self.rows(list).len(),
        }
    }

    /// The lines of a list, in their order.
    pub fn rows(&self, list: List) -> Vec<Row> {
        let mut rows = match list {
            List::Parents => self.parents(),
            List::Wqs => self.wqs(),
            List::Subdevs => self.subdevs(),
        };
        // Those that are equal stay in the order of their numbers.
        rows.sort_by(|one, other| compare(self.sort, one, other));
        if self.is_reversed {
            rows.reverse();
        }
        rows
    }

    fn parents(&self) -> Vec<Row> {
        let data = self.data();
        let parents = data.state.parents.iter();
        let row = |parent: &nlctl::Parent| {
            let wqs = data.state.wqs.iter();
            let own = wqs.filter(|wq| wq.parent_index == parent.index);
            let share = own.map(|wq| u64::from(wq.size)).sum();
            let key = Key::Parent(parent.index);
            let on = parent.subdev_count.to_string();
            self.row(key, &parent.name, on, parent.state.to_string(), share)
        };
        parents.map(row).collect()
    }

    fn wqs(&self) -> Vec<Row> {
        let wqs = self.data().state.wqs.iter();
        let row = |wq: &nlctl::Wq| {
            let key = Key::Wq(wq.parent_index, wq.id);
            let name = format!("{}/wq{}", wq.parent, wq.id);
            let on = match wq.pasid_mode {
                Some(mode) => format!("{} {mode}", wq.subdev_count),
                None => wq.subdev_count.to_string(),
            };
            self.row(key, &name, on, wq.state.to_string(), wq.size.into())
        };
        wqs.map(row).collect()
    }

    fn subdevs(&self) -> Vec<Row> {
        let subdevs = self.data().state.subdevs.iter();
        let row = |subdev: &Subdev| {
            let share = subdev.wq.iter().map(|wq| u64::from(wq.size)).sum();
            let key = Key::Subdev(subdev.index);
            self.row(key, &subdev.name, on(subdev), state(subdev), share)
        };
        let has = |row: &Row| {
            let filter = self.filter.as_str();
            [&row.name, &row.on, &row.state]
                .iter()
                .any(|text| text.contains(filter))
        };
        subdevs.map(row).filter(has).collect()
    }

    fn row(&self, key: Key, name: &str, on: String, state: String, share: u64) -> Row {
        let meter = self.data().meters.get(&key);
        Row {
            name: self.text(name),
            on: self.text(&on),
            state: self.text(&state),
            rates: meter.and_then(|it| it.rates),
            in_flight: meter.map(|it| it.in_flight),
            share,
        }
    }

    /// The text as the terminal can show it.
    fn text(&self, text: &str) -> String {
        let text = visible(text);
        match self.is_utf8 {
            true => text,
            false => text.replace(|c: char| !c.is_ascii(), "?"),
        }
    }

    /// What happened, in a line.
    fn event(&self, event: &Notification) -> String {
        let (about, cause, fault) = if let Some(subdev) = event.subdev() {
            let about = format!("{} on {}, {}", subdev.name, on(subdev), state(subdev));
            (about, subdev.cause, subdev.fault.as_ref())
        } else if let Some(wq) = event.wq() {
            (
                format!("{}/wq{}, {}", wq.parent, wq.id, wq.state),
                wq.cause,
                None,
            )
        } else if let Some(parent) = event.parent() {
            let about = format!("{}, {}", parent.name, parent.state);
            (about, parent.cause, parent.fault.as_ref())
        } else {
            (String::new(), None, None)
        };
        let mut line = format!("{} {about}", event.name());
        if let Some(fault) = fault {
            line += &told(fault);
        }
        if let Some(cause) = cause {
            line += &format!(", by {cause}");
        }
        self.text(&line)
    }
}

/// What is told of a fault.
fn told(fault: &Fault) -> String {
    let mut out = String::new();
    if let Some(kind) = fault.kind {
        out += &format!(": {kind}");
    }
    if let Some(code) = fault.code {
        out += &format!(" {code:#x}");
    }
    if let Some(address) = fault.address {
        out += &format!(" at {address:#x}");
    }
    out
}

/// The work queues that a subdev is on.
fn on(subdev: &Subdev) -> String {
    let ids = subdev.wq.iter().map(|wq| wq.id.to_string());
    let ids: Vec<_> = ids.collect();
    format!("{}/wq{}", subdev.parent, ids.join(","))
}

/// What happened to it, or that it is inactive.
fn state(subdev: &Subdev) -> String {
    match subdev.state {
        AdminState::Active => subdev.opstate.to_string(),
        state => state.to_string(),
    }
}

fn is_there(state: &State, key: Key) -> bool {
    match key {
        Key::Parent(index) => state.parents.iter().any(|it| it.index == index),
        Key::Wq(parent, id) => {
            let mut wqs = state.wqs.iter();
            wqs.any(|it| it.parent_index == parent && it.id == id)
        }
        // In the order of their numbers.
        Key::Subdev(index) => {
            let found = state.subdevs.binary_search_by_key(&index, |it| it.index);
            found.is_ok()
        }
    }
}

/// Which of two lines comes first: that with more, or the name that does.
fn compare(sort: Sort, one: &Row, other: &Row) -> Ordering {
    let rate = |of: fn(&Rates) -> f64| {
        let [one, other] = [one, other].map(|row| row.rates.as_ref().map_or(0.0, of));
        other.total_cmp(&one)
    };
    match sort {
        Sort::Index => Ordering::Equal,
        Sort::Name => one.name.cmp(&other.name),
        Sort::Rate => rate(|it| it.completed),
        Sort::Bytes => rate(|it| it.bytes),
        Sort::Errors => rate(|it| it.errors),
        Sort::InFlight => other.in_flight.cmp(&one.in_flight),
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! What goes on, on the whole of a terminal, or as text.
//!
//! - [`model`] is what is known, [`input`] what keys mean for it,
//! - [`draw`] draws it, in [`columns`],
//! - [`screen`] has the terminal, and gives it back.
//!
//! What there is comes with the events of the family: it is dumped at the start, and
//! when events were lost. Only statistics, of which no event tells, are asked for, of
//! the kinds of objects that are on the screen: one request for each kind and interval.

mod columns;
mod draw;
mod input;
mod model;
mod screen;
#[cfg(test)]
mod tests;

use std::env;
use std::io::{self, IsTerminal};
use std::pin::pin;
use std::time::{Duration, SystemTime};

use crossterm::event::EventStream;
use futures::future::{Fuse, FusedFuture};
use futures::{FutureExt, StreamExt};
use nlctl::{Error, Handle, Update, Watch};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use self::draw::Look;
use self::input::Action;
use self::model::{Figures, Key, List, Model};
use self::screen::Screen;
use crate::failure::Failure;
use crate::grammar::{Options, Top, When};
use crate::monitor::Clock;
use crate::output::{Page, Printer};
use crate::terminal;

/// The shortest time between two pictures, however much happens.
const PICTURE: Duration = Duration::from_millis(50);

/// Shows what goes on until somebody has seen enough.
pub async fn run(
    handle: &Handle,
    printer: &mut Printer,
    top: &Top,
    options: Options,
) -> Result<(), Failure> {
    if printer.is_for_programs() {
        return Err(Failure::Usage(
            "'top' is for people; 'stats' and 'monitor' print JSON and YAML".into(),
        ));
    }
    if !top.plain {
        check_terminal()?;
    }
    let mut watch = handle.watch().await?;
    let mut model = Model::new(top.sort, top.interval, terminal::is_utf8());
    // What is wrong from the start is said in a line, and the screen left alone.
    let first = watch.next().await.ok_or_else(no_more)??;
    model.update(first, &now());
    match top.plain {
        true => print(handle, watch, model, printer, top).await,
        false => {
            let look = Look {
                has_color: has_color(options.color),
            };
            watch_on_screen(handle, watch, model, look).await
        }
    }
}

/// Demands a terminal on which characters can be put anywhere.
fn check_terminal() -> Result<(), Failure> {
    if !io::stdout().is_terminal() {
        return Err(Failure::Usage(
            "the output is no terminal; 'dsa-nl top count N' prints N times as text".into(),
        ));
    }
    match terminal::is_dumb() {
        true => Err(Failure::Usage(
            "the terminal is dumb, or TERM is not set; 'dsa-nl top plain' prints text".into(),
        )),
        false => Ok(()),
    }
}

fn has_color(when: When) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => env::var_os("NO_COLOR").is_none_or(|it| it.is_empty()),
    }
}

fn no_more() -> io::Error {
    io::Error::other("there will be no more events")
}

/// The time without the date.
fn now() -> String {
    let time = Clock::Short.text(SystemTime::now());
    time.split('.').next().unwrap_or_default().to_string()
}

/// The statistics of all objects of some kinds.
async fn figures(handle: &Handle, lists: Vec<List>, start: Instant) -> Result<Vec<Figures>, Error> {
    let mut out = Vec::new();
    for list in lists {
        let of: Vec<_> = match list {
            List::Parents => {
                let all = handle.parent().dump_stats().all().await?.object;
                let all = all.into_iter();
                all.map(|it| (Key::Parent(it.index), it.stats)).collect()
            }
            List::Wqs => {
                let all = handle.wq().dump_stats().all().await?.object;
                let all = all.into_iter();
                all.map(|it| (Key::Wq(it.parent_index, it.id), it.stats))
                    .collect()
            }
            List::Subdevs => {
                let all = handle.subdev().dump_stats().all().await?.object;
                let all = all.into_iter();
                all.map(|it| (Key::Subdev(it.index), it.stats)).collect()
            }
        };
        let at = start.elapsed();
        out.push(Figures { at, of });
    }
    Ok(out)
}

/// Takes over what became of a question for statistics.
fn take(model: &mut Model, answer: Result<Vec<Figures>, Error>) {
    match answer {
        Ok(figures) => model.figures(figures, &now()),
        // An update says so as well.
        Err(Error::FamilyAbsent) => {}
        Err(error) => model.trouble(&error.to_string()),
    }
}

/// Takes over an update; one that cannot be had is no reason not to go on.
fn learn(model: &mut Model, update: Option<Result<Update, Error>>) -> Result<(), Failure> {
    match update.ok_or_else(no_more)? {
        Ok(update) => model.update(update, &now()),
        Err(error) => model.trouble(&error.to_string()),
    }
    Ok(())
}

/// Prints text, once an interval, as often as is said.
async fn print(
    handle: &Handle,
    mut watch: Watch,
    mut model: Model,
    printer: &mut Printer,
    top: &Top,
) -> Result<(), Failure> {
    let start = Instant::now();
    let mut ticks = interval(top.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut left = top.count.unwrap_or(u64::MAX);
    let mut is_first = true;
    while left > 0 {
        tokio::select! {
            update = watch.next() => learn(&mut model, update)?,
            _ = ticks.tick() => {
                if model.can_ask() {
                    take(&mut model, figures(handle, List::ALL.to_vec(), start).await);
                }
                // What has happened before is in the picture.
                while let Some(update) = watch.next().now_or_never() {
                    learn(&mut model, update)?;
                }
                let gap = if is_first { "" } else { "\n" };
                let text = draw::text(&model, printer.width());
                printer.print(&Page::Text(format!("{gap}{text}")))?;
                is_first = false;
                left -= 1;
            }
        }
    }
    Ok(())
}

/// The signals that end it.
struct Stop([Signal; 4]);

impl Stop {
    fn new() -> io::Result<Self> {
        Ok(Self([
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
            signal(SignalKind::interrupt())?,
            signal(SignalKind::quit())?,
        ]))
    }

    async fn came(&mut self) {
        let [terminate, hangup, interrupt, quit] = &mut self.0;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
            _ = interrupt.recv() => {}
            _ = quit.recv() => {}
        }
    }
}

/// Shows it on the terminal.
async fn watch_on_screen(
    handle: &Handle,
    mut watch: Watch,
    mut model: Model,
    look: Look,
) -> Result<(), Failure> {
    let mut stop = Stop::new()?;
    let mut screen = Screen::open()?;
    let mut keys = EventStream::new();
    let start = Instant::now();
    let mut ticks = interval(model.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut asking = pin!(Fuse::terminated());
    let mut next = start;
    let (mut is_stale, mut anew) = (true, false);
    loop {
        if is_stale && Instant::now() >= next {
            screen.draw(&model, look, anew)?;
            next = Instant::now() + PICTURE;
            (is_stale, anew) = (false, false);
        }
        tokio::select! {
            () = stop.came() => return Err(Failure::Interrupted),
            event = keys.next() => {
                // Without a terminal there is nobody to show anything to.
                let Some(event) = event.transpose()? else {
                    return Ok(());
                };
                if let Some(action) = input::action(&event, &model.mode) {
                    anew |= action == Action::Redraw;
                    let page = draw::page(&model, screen::area().height);
                    if model.act(action, page) {
                        return Ok(());
                    }
                    is_stale = true;
                    // Who presses a key waits for what it does.
                    next = Instant::now();
                }
            }
            update = watch.next() => {
                learn(&mut model, update)?;
                is_stale = true;
            }
            _ = ticks.tick() => {
                if asking.is_terminated() && model.can_ask() {
                    let lists = draw::lists(&model, screen::area().height);
                    asking.set(figures(handle, lists, start).fuse());
                }
            }
            answer = &mut asking => {
                take(&mut model, answer);
                is_stale = true;
            }
            () = sleep_until(next), if is_stale => {}
        }
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! The terminal of `top`, which is as it was before when it is dropped.

use std::io::{self, Stdout, Write, stdout};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::execute;
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode, size,
};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::draw::{self, Look};
use super::model::Model;

/// Lines and columns of a terminal that does not tell how many it has, as on a
/// serial line.
const USUAL: (u16, u16) = (80, 24);

/// Whether the terminal is not as it was.
static IS_OPEN: AtomicBool = AtomicBool::new(false);

/// The terminal, in the mode in which there are no lines.
pub struct Screen(Terminal<CrosstermBackend<Stdout>>);

impl Screen {
    /// Takes the terminal over.
    pub fn open() -> io::Result<Self> {
        restore_on_panic();
        let screen = Self(blank(area())?);
        // From here on dropping it gives the terminal back.
        IS_OPEN.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        execute!(stdout(), EnterAlternateScreen, Hide, Clear(ClearType::All))?;
        Ok(screen)
    }

    /// Shows what is known, all of it anew after something else may have been written.
    pub fn draw(&mut self, model: &Model, look: Look, anew: bool) -> io::Result<()> {
        let area = area();
        if anew || area != self.0.get_frame().area() {
            // Not as the library would: it asks the terminal for its cursor, and takes
            // keys for the answer.
            execute!(stdout(), Clear(ClearType::All))?;
            self.0 = blank(area)?;
        }
        self.0
            .draw(|frame| draw::draw(model, look, frame.area(), frame.buffer_mut()))?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// A terminal on which nothing is.
fn blank(area: Rect) -> io::Result<Terminal<CrosstermBackend<Stdout>>> {
    let options = TerminalOptions {
        viewport: Viewport::Fixed(area),
    };
    Terminal::with_options(CrosstermBackend::new(stdout()), options)
}

/// What there is to draw on.
pub fn area() -> Rect {
    let (width, height) = match size() {
        Ok((width, height)) if width > 0 && height > 0 => (width, height),
        _ => USUAL,
    };
    Rect::new(0, 0, width, height)
}

/// Gives the terminal back. There is nobody to tell if it is gone.
fn restore() {
    if !IS_OPEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // Where there is no other screen to go back to, what comes is below this one.
    let last = area().height.saturating_sub(1);
    let mut out = stdout();
    let _ = execute!(
        out,
        MoveTo(0, last),
        Clear(ClearType::CurrentLine),
        Show,
        LeaveAlternateScreen
    );
    let _ = out.flush();
    let _ = disable_raw_mode();
}

/// What a panic says is to be read.
fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            restore();
            before(info);
        }));
    });
}

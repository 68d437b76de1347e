// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the keys of `top` mean.

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};

use super::model::Mode;

/// What a key has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Quit,
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    /// Give the screen to the next list.
    NextList,
    NextSort,
    Reverse,
    Pause,
    Help,
    /// Begin to type a filter.
    Filter,
    /// Of the filter.
    Letter(char),
    /// Take the last letter back.
    Erase,
    /// Have the filter.
    Accept,
    /// Go back to the lists.
    Cancel,
    /// Something else may have been written to the screen.
    Redraw,
}

/// What `event` has done, if anything.
pub fn action(event: &Event, mode: &Mode) -> Option<Action> {
    let key = match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => key,
        Event::Resize(..) => return Some(Action::Redraw),
        _ => return None,
    };
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => Some(Action::Quit),
            KeyCode::Char('l') => Some(Action::Redraw),
            _ => None,
        };
    }
    match mode {
        Mode::List => list(key.code),
        Mode::Help => match key.code {
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q' | '?' | ' ') => Some(Action::Cancel),
            _ => None,
        },
        Mode::Typing => match key.code {
            KeyCode::Enter => Some(Action::Accept),
            KeyCode::Esc => Some(Action::Cancel),
            KeyCode::Backspace => Some(Action::Erase),
            KeyCode::Char(letter) => Some(Action::Letter(letter)),
            _ => None,
        },
    }
}

fn list(key: KeyCode) -> Option<Action> {
    Some(match key {
        KeyCode::Esc | KeyCode::Char('q') => Action::Quit,
        KeyCode::Up | KeyCode::Char('k') => Action::Up,
        KeyCode::Down | KeyCode::Char('j') => Action::Down,
        KeyCode::PageUp => Action::PageUp,
        KeyCode::PageDown => Action::PageDown,
        KeyCode::Home | KeyCode::Char('g') => Action::Home,
        KeyCode::End | KeyCode::Char('G') => Action::End,
        KeyCode::Tab => Action::NextList,
        KeyCode::Char('s') => Action::NextSort,
        KeyCode::Char('r') => Action::Reverse,
        KeyCode::Char(' ') => Action::Pause,
        KeyCode::Char('?' | 'h') => Action::Help,
        KeyCode::Char('/') => Action::Filter,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyEvent;

    fn key(code: KeyCode, modifiers: KeyModifiers, mode: Mode) -> Option<Action> {
        action(&Event::Key(KeyEvent::new(code, modifiers)), &mode)
    }

    #[test]
    fn three_keys_quit() {
        for (code, modifiers) in [
            (KeyCode::Char('q'), KeyModifiers::NONE),
            (KeyCode::Esc, KeyModifiers::NONE),
            (KeyCode::Char('c'), KeyModifiers::CONTROL),
        ] {
            assert_eq!(key(code, modifiers, Mode::List), Some(Action::Quit));
        }
    }

    #[test]
    fn a_filter_may_have_any_letter_and_is_left_alone_by_the_keys_of_the_list() {
        for letter in ['q', 's', ' ', '?', 'é'] {
            let action = key(KeyCode::Char(letter), KeyModifiers::NONE, Mode::Typing);
            assert_eq!(action, Some(Action::Letter(letter)));
        }
        let esc = key(KeyCode::Esc, KeyModifiers::NONE, Mode::Typing);
        assert_eq!(esc, Some(Action::Cancel));
        for mode in [Mode::Typing, Mode::Help] {
            let quit = key(KeyCode::Char('c'), KeyModifiers::CONTROL, mode);
            assert_eq!(quit, Some(Action::Quit));
        }
    }

    #[test]
    fn help_is_left_by_the_keys_that_quit() {
        for code in [KeyCode::Char('q'), KeyCode::Esc, KeyCode::Char('?')] {
            let action = key(code, KeyModifiers::NONE, Mode::Help);
            assert_eq!(action, Some(Action::Cancel));
        }
    }
}

// SPDX-License-Identifier: GPL-2.0

use proptest::prelude::*;

use super::{
    Sentence,
    MAX_LEN, //
};

fn text(of: &str) -> String {
    // In pieces, as a format string comes.
    let (start, end) = of.split_at(of.char_indices().nth(5).map_or(of.len(), |(at, _)| at));
    Sentence::new(format_args!("{start}{end}")).to_string()
}

#[test]
fn what_fits_is_kept() {
    for of in ["", "wq 3 is named twice", &"x".repeat(MAX_LEN)] {
        assert_eq!(text(of), of);
    }
}

#[test]
fn what_does_not_fit_ends_behind_a_word() {
    // The ellipsis has 3 bytes, so that words have 76.
    let start = format!("{},", "x".repeat(70));
    assert_eq!(
        text(&format!("{start} aaaa bbbb")),
        format!("{start} aaaa…")
    );
    assert_eq!(
        text(&format!("{start} aaaaa bbbb")),
        format!("{}…", "x".repeat(70))
    );
    assert_eq!(text(&"y".repeat(100)), format!("{}…", "y".repeat(76)));
    assert_eq!(text(&"ä".repeat(100)), format!("{}…", "ä".repeat(38)));
}

proptest! {
    #[test]
    fn any_text_is_kept_or_cut(of in ".{0,120}") {
        let out = text(&of);
        prop_assert!(out.len() <= MAX_LEN, "{out}");
        if of.len() <= MAX_LEN {
            prop_assert_eq!(out, of);
        } else {
            let kept = out.strip_suffix('…').expect("it is cut");
            prop_assert!(of.starts_with(kept));
        }
    }
}

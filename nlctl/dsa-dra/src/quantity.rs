// SPDX-License-Identifier: MIT OR Apache-2.0

//! Numbers of entries as API servers write them.

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

/// The canonical form, which an API server gives back as it is.
pub fn of(number: u32) -> Quantity {
    Quantity(match number {
        0 => "0".to_string(),
        number if number % 1000 == 0 => format!("{}k", number / 1000),
        number => number.to_string(),
    })
}

/// The number that a canonical form is of.
pub fn number(quantity: &Quantity) -> Option<u32> {
    let (digits, factor) = match quantity.0.strip_suffix('k') {
        Some(digits) => (digits, 1000),
        None => (quantity.0.as_str(), 1),
    };
    digits.parse::<u32>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_canonical_and_read_back() {
        for (value, text) in [(0, "0"), (8, "8"), (1000, "1k"), (1024, "1024")] {
            assert_eq!(of(value).0, text);
            assert_eq!(number(&of(value)), Some(value));
        }
        for text in ["", "many", "-1", "1.5", "4294968k"] {
            assert_eq!(number(&Quantity(text.into())), None, "{text}");
        }
    }
}

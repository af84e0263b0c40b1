//! How a code or a name is compared: without what nobody sees.

use std::borrow::Cow;

/// A text as rules and reference tables compare it: characters that nobody sees are out (byte order marks, zero-width
/// characters, soft hyphens, marks of writing direction), blanks of all kinds (no-break, thin, tab, line end …) are one
/// blank each run, and there is none at either end. Letter case is kept.
///
/// What is stored stays as it was sent; only comparisons see the folded text. Folding twice changes nothing.
#[must_use]
pub fn fold_code(text: &str) -> Cow<'_, str> {
    if is_folded(text) {
        return Cow::Borrowed(text);
    }
    let mut folded = String::with_capacity(text.len());
    let mut blank = false;
    for letter in text.chars().filter(|c| !is_invisible(*c)) {
        if letter.is_whitespace() {
            blank = !folded.is_empty();
            continue;
        }
        if std::mem::take(&mut blank) {
            folded.push(' ');
        }
        folded.push(letter);
    }
    Cow::Owned(folded)
}

/// Whether folding would change nothing.
#[must_use]
pub fn is_folded(text: &str) -> bool {
    // Nearly every code is of such letters alone.
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return true;
    }
    let mut blank_before = true;
    for letter in text.chars() {
        if (letter.is_whitespace() && (letter != ' ' || blank_before)) || is_invisible(letter) {
            return false;
        }
        blank_before = letter == ' ';
    }
    text.is_empty() || !blank_before
}

/// Characters that take no room on paper and none in a code: format characters and selectors of Unicode.
const fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Where a text begins and ends without blanks of any kind, and what nobody sees, around it; line ends stay.
#[must_use]
pub fn without_blanks(text: &str) -> std::ops::Range<usize> {
    let is_blank = |letter: char| (letter.is_whitespace() && !matches!(letter, '\n' | '\r')) || is_invisible(letter);
    let rest = text.trim_start_matches(is_blank);
    let start = text.len() - rest.len();
    start..start + rest.trim_end_matches(is_blank).len()
}

/// A text with what folding would change written out, for messages: `Parks\u{200b}`; of several blanks all but the first.
#[must_use]
pub fn show_invisible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut blank_before = false;
    for letter in text.chars() {
        if is_invisible(letter) || (letter.is_whitespace() && (letter != ' ' || blank_before)) {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
        blank_before = letter.is_whitespace();
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_no_part_of_a_value() {
        for text in ["12.00", " 12.00\t", "\u{a0}12.00\u{200b}", "\u{feff} 12.00\u{2009} ", "\u{202f}12.00\u{2060}"] {
            assert_eq!(text.get(without_blanks(text)), Some("12.00"), "{text:?}");
        }
        assert_eq!(without_blanks("\u{a0} "), 3..3);
        assert_eq!("a\u{a0}b\n".get(without_blanks("a\u{a0}b\n")), Some("a\u{a0}b\n"));
    }
    use proptest::prelude::*;

    #[test]
    fn what_nobody_sees_is_out() {
        for (sent, folded) in [
            ("\u{feff}A100", "A100"),
            ("A\u{200b}100", "A100"),
            ("Par\u{ad}ks", "Parks"),
            ("\u{202b}Parks\u{202c}", "Parks"),
            ("Housing\u{a0}Rents", "Housing Rents"),
            ("Housing \u{2009} Rents", "Housing Rents"),
            ("Housing\tRents\r\n", "Housing Rents"),
            ("A \u{200b} B", "A B"),
            ("\u{200b}", ""),
            (" \u{a0}", ""),
            ("PARKS", "PARKS"),
            ("Café", "Café"),
        ] {
            assert_eq!(fold_code(sent), folded, "{sent:?}");
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "[aA \u{a0}\u{200b}\u{feff}\t\u{2009}\u{ad}é]{0,12}") {
            let once = fold_code(&text).into_owned();
            prop_assert_eq!(fold_code(&once), once.as_str());
            prop_assert!(matches!(fold_code(&once), Cow::Borrowed(_)));
            prop_assert!(!once.chars().any(is_invisible) && !once.starts_with(' ') && !once.ends_with(' ') && !once.contains("  "));
        }
    }
}

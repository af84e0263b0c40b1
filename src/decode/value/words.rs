//! Words of rules in the fields of a file.

use crate::domain::fold_code;

/// Whether a field says the word of a rule. Both are compared as they look, as [`fold_code`] has it: `TOTAL` before a no-break space is
/// `TOTAL`, and case tells words apart.
pub(in crate::decode) fn says(text: &[u8], word: &[u8]) -> bool {
    let (text, word) = (text.trim_ascii(), word.trim_ascii());
    text == word || ((is_dressed(text) || is_dressed(word)) && looks(text) == looks(word))
}

/// Whether folding could change it: asked of every row, so that few are folded.
fn is_dressed(text: &[u8]) -> bool {
    !text.is_ascii() || text.iter().any(u8::is_ascii_control) || text.windows(2).any(|pair| pair == b"  ")
}

fn looks(text: &[u8]) -> String {
    fold_code(&String::from_utf8_lossy(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::says;

    #[test]
    fn words_are_compared_as_they_look() {
        for (text, word) in [
            ("D", "D"),
            (" D\t", "D"),
            ("D\u{a0}", "D"),
            ("\u{feff}D", "D"),
            ("C\u{200b}R", "CR"),
            ("Sub  total", "Sub total"),
            ("Sub\u{a0}total", "Sub total"),
            ("\u{2009}", ""),
        ] {
            assert!(says(text.as_bytes(), word.as_bytes()), "{text:?} {word:?}");
            assert!(says(word.as_bytes(), text.as_bytes()), "{word:?} {text:?}");
        }
        for (text, word) in [("d", "D"), ("DR", "D"), ("", "D"), ("C", "D"), ("É", "E"), ("Subtotal", "Sub total")] {
            assert!(!says(text.as_bytes(), word.as_bytes()), "{text:?} {word:?}");
        }
    }
}

//! Texts that came from outside, as a terminal may show them.
//!
//! Whoever sends a file chooses its texts. A terminal obeys what stands among them: `ESC ]` renames the window, a carriage
//! return overwrites the line, a mark of direction shows `40.1` as `1.04`. Everything of ours that goes to a terminal goes
//! through [`printable`] or [`printable_lines`]; nothing else decides what is safe to show.

/// Stands for a character that is not shown.
const NOT_SHOWN: char = '\u{fffd}';

/// Whether a terminal would obey the character, or nobody would see it: controls (C0, DEL and C1), marks of direction, line
/// and paragraph separators, and what has no width.
#[must_use]
pub const fn is_hidden(c: char) -> bool {
    is_command(c) || turns_text(c) || is_unseen(c)
}

/// Controls, and what ends a line without being a line feed.
#[must_use]
pub const fn is_command(c: char) -> bool {
    matches!(c, '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{2028}' | '\u{2029}')
}

/// Marks, embeddings, overrides and isolates of writing direction.
#[must_use]
pub const fn turns_text(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{206F}')
}

/// Characters of no width: two texts that differ in them look the same.
const fn is_unseen(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2065}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// The text on one line, as long as before: what is hidden is shown as U+FFFD.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if is_hidden(c) { NOT_SHOWN } else { c }).collect()
}

/// The same for a text of ours that has several lines: line feeds stay, and only they.
#[must_use]
pub fn printable_lines(text: &str) -> String {
    text.chars().map(|c| if is_hidden(c) && c != '\n' { NOT_SHOWN } else { c }).collect()
}

/// JSON with what is hidden written as `\uXXXX`: the same values for a program, and nothing that a terminal obeys. Outside
/// of its texts JSON has none of these characters but line feeds.
#[must_use]
pub fn printable_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_hidden(c) && c != '\n' {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a name is of the pattern, in which `*` stands for any text.
#[must_use]
pub fn is_like(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        // The first place leaves the most for what follows.
        let Some(at) = left.find(part) else { return false };
        left = left.get(at + part.len()..).unwrap_or_default();
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, name) in [
            ("readme.txt", "readme.txt"),
            ("*", "anything"),
            ("*.bak", "x.bak"),
            ("a*b*c", "aXbYc"),
            ("a*b*c", "abbc"),
            ("a**c", "ac"),
            ("*ab", "aab"),
        ] {
            assert!(is_like(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("readme.txt", "readme.txt2"), ("*.bak", "x.bak2"), ("a*a", "a"), ("a*b*c", "acb"), ("", "x"), ("README*", "readme")]
        {
            assert!(!is_like(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn what_a_terminal_obeys_is_not_shown() {
        for text in [
            "\u{1b}[2J",
            "\u{1b}]0;title\u{7}",
            "a\rb",
            "a\nb",
            "\u{9b}2J",
            "a\u{202e}b",
            "\u{2066}a",
            "\u{feff}a",
            "a\tb",
            "\u{7f}",
            "\u{2028}",
        ] {
            let shown = printable(text);
            assert!(!shown.chars().any(is_hidden), "{shown:?}");
            assert_eq!(shown.chars().count(), text.chars().count());
        }
        assert_eq!(printable("Parks £1 – Ünïté 東"), "Parks £1 – Ünïté 東");
        assert_eq!(printable_lines("a\nb\rc"), "a\nb\u{fffd}c");
    }

    proptest! {
        #[test]
        fn json_says_the_same_and_shows_nothing_hidden(text in any::<String>()) {
            let json = printable_json(&serde_json::to_string(&text).unwrap());
            prop_assert!(!json.chars().any(|c| is_hidden(c) && c != '\n'));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}

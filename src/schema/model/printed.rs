//! What printed reports have beside their rows: page furniture, an end, a word for nothing.

use super::Holds;
use crate::domain::{Identifier, is_like};

/// The stand-in for a delimiter that is no ASCII character, in the text as it is split: the unit separator, which no extract holds.
pub const STAND_IN: u8 = 0x1F;

/// A line by its text, in which `*` stands for any text. Blanks are compared as one, and those at both ends not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinePattern(String);

impl LinePattern {
    /// `None` where the pattern says nothing of a line.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = plain(text);
        text.chars().any(|c| c != '*').then_some(Self(text))
    }

    /// Whether a line is of it.
    #[must_use]
    pub fn matches(&self, line: &str) -> bool {
        is_like(&self.0, &plain(line))
    }
}

/// With single blanks; a form feed is one.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `pages: ["Page * of *", {line: "Carried forward *", holds: subtotal}]`.
#[derive(Clone, Debug)]
pub struct PageLine {
    pub line: LinePattern,
    pub holds: Option<Holds>,
}

/// `end: {when: {document: "*** End ***"}}` or `end: {line: "* End of report *"}`.
#[derive(Clone, Debug)]
pub struct End {
    pub at: EndAt,
    pub holds: Option<Holds>,
}

/// How the record is told that ends the rows.
#[derive(Clone, Debug)]
pub enum EndAt {
    /// Each of these columns says this.
    When(Vec<(Identifier, Said)>),
    Line(LinePattern),
}

/// What a field says by which a record is told: `{centre: TOTAL}`, `{supplier: {like: "* Total"}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Exactly this, after trimming; an empty text is an empty field.
    Text(String),
    /// A text in which `*` stands for any.
    Like(LinePattern),
}

impl From<&str> for Said {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::LinePattern;

    #[test]
    fn lines_are_compared_without_what_printing_makes_of_blanks() {
        let page = LinePattern::new("Page: * of *").unwrap();
        assert!(page.matches("\u{c}      Page:    2 of    6  "));
        assert!(!page.matches("Pages: 2 of 6"));
        assert_eq!(LinePattern::new(" ** "), None);
        assert!(LinePattern::new("*End of Report*").unwrap().matches("   ***End of Report***"));
    }
}

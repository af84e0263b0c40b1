//! Names of councils, feeds, services, columns and tables.

use std::{borrow::Borrow, fmt, ops::Deref};

/// `[a-z][a-z0-9_]{0,62}`: the only names that reach SQL, a path or a column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier(Box<str>);

/// The text is no identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnIdentifier;

impl Identifier {
    /// # Errors
    /// Where the text is not `[a-z][a-z0-9_]{0,62}`.
    pub fn new(text: &str) -> Result<Self, NotAnIdentifier> {
        let mut bytes = text.bytes();
        let starts = bytes.next().is_some_and(|b| b.is_ascii_lowercase());
        let goes_on = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if starts && goes_on && text.len() <= 63 { Ok(Self(text.into())) } else { Err(NotAnIdentifier) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Identifier {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Identifier {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_pass() {
        for good in ["a", "newham", "general_ledger", "x9_"] {
            assert!(Identifier::new(good).is_ok(), "{good}");
        }
        for bad in ["", "9a", "_a", "A", "a b", "a\"; drop", "a-b", "é", &"a".repeat(64)] {
            assert!(Identifier::new(bad).is_err(), "{bad}");
        }
    }
}

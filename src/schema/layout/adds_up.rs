//! `adds_up`: amounts that add up to another one on each row.

use super::{
    super::{AddsUp, Term, Type},
    Columns, column,
};
use crate::{
    diagnostic::codes::contract,
    schema::fields::{Fields, Item},
};

/// `adds_up: [net + vat = gross, debit - credit = movement]`.
pub(super) fn adds_up(fields: &Fields<'_>, columns: &Columns<'_>) -> Vec<AddsUp> {
    let sums = fields.get("adds_up").and_then(|item| item.list()).unwrap_or_default();
    sums.iter().filter_map(|item| sum(item, columns)).collect()
}

fn sum(item: &Item<'_>, columns: &Columns<'_>) -> Option<AddsUp> {
    let Some((parts, whole)) = parted(item.text()?) else {
        item.wrong("columns that are added or taken off, and what they come to: `net + vat = gross`");
        return None;
    };
    let term = |(name, minus): &(&str, bool)| Some(Term { column: amount(item, columns, name)?, minus: *minus });
    let whole = amount(item, columns, whole);
    let parts: Option<Vec<Term>> = parts.iter().map(term).collect();
    let sum = AddsUp { parts: parts?, whole: whole? };
    let mut names: Vec<&str> = sum.parts.iter().map(|term| &*term.column).chain([&*sum.whole]).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair.first() == pair.last()) {
        item.refuse(contract::LAYOUT, "a column stands in it twice", "each column once", "");
        return None;
    }
    Some(sum)
}

/// A column, and whether it is taken off.
type Part<'t> = (&'t str, bool);

/// The parts, each with whether it is taken off, and the whole.
fn parted(text: &str) -> Option<(Vec<Part<'_>>, &str)> {
    let (parts, whole) = text.split_once('=')?;
    let (mut found, mut minus, mut name): (Vec<Part<'_>>, _, _) = (Vec::new(), false, None);
    for word in parts.split_whitespace() {
        match (word, name) {
            ("+" | "-", Some(known)) => {
                found.push((known, minus));
                (minus, name) = (word == "-", None);
            }
            ("-", None) if found.is_empty() && !minus => minus = true,
            ("+" | "-", None) | (_, Some(_)) => return None,
            (word, None) => name = Some(word),
        }
    }
    found.push((name?, minus));
    let whole = whole.trim();
    (found.len() > 1 && !whole.is_empty() && !whole.contains(char::is_whitespace)).then_some((found, whole))
}

/// A column that holds amounts, or texts that are read as such.
fn amount<'i>(item: &Item<'_>, columns: &'i Columns<'i>, name: &str) -> Option<crate::domain::Identifier> {
    let name = column(item, columns, name)?;
    let (of, _) = columns.iter().find(|(column, _)| column.name == name)?;
    if !matches!(of.kind, Type::Money | Type::Text) || of.rules.personal.is_some() {
        let why = format!("`{name}` holds no amounts that may be added up");
        item.refuse(contract::LAYOUT, &why, "amounts, or texts that are no personal data", "");
        return None;
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_adds_up_is_read_or_refused() {
        assert_eq!(parted("net + vat = gross"), Some((vec![("net", false), ("vat", false)], "gross")));
        assert_eq!(parted("- a - b + c = d"), Some((vec![("a", true), ("b", true), ("c", false)], "d")));
        for text in ["net = gross", "net + = gross", "net + vat", "net vat = gross", "net + vat = gross net", "+ net + vat = gross", "= d"]
        {
            assert_eq!(parted(text), None, "{text}");
        }
    }
}

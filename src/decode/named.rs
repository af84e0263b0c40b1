//! The names under which a column may stand in a header.

use std::collections::{BTreeMap, BTreeSet};

use super::judge::Judge;
use crate::schema::Column;

/// A name without what does not tell names apart: case, runs of blanks, blanks and a byte order mark before it.
pub(super) fn fold(name: &str) -> String {
    name.trim_start_matches('\u{feff}').split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The same without what stands between its words: `Non-recoverable VAT` is `Non Recoverable VAT`.
pub(super) fn loosely(folded: &str) -> String {
    let is_between = |c: char| c.is_whitespace() || matches!(c, '-' | '_' | '.' | '/' | '\u{2010}'..='\u{2015}');
    folded.split(is_between).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The same without blanks and asterisks: `NetAmount` and `* Net Amount` are `Net Amount`.
fn closely(folded: &str) -> String {
    loosely(folded).replace([' ', '*'], "")
}

/// The same without a pound sign, however its byte was read, and the brackets round it: `Amount (£)`, `Amount(œ)` and `Amount (?)` are
/// `Amount`.
pub(super) fn without_pound(folded: &str) -> String {
    let parted = loosely(&folded.replace(['(', ')'], " "));
    let words = parted.split(' ').map(|word| word.trim_matches(['£', 'œ', 'â', '\u{fffd}']));
    words.filter(|word| !word.is_empty() && *word != "?").collect::<Vec<_>>().join(" ")
}

/// How a column is found.
pub(super) struct Wanted {
    /// Folded names under which it may stand.
    pub(super) names: BTreeSet<String>,
    /// Which of several fields with such a name it is, from 1.
    pub(super) occurrence: Option<usize>,
    /// Its field, from 1.
    pub(super) position: Option<usize>,
    /// A header without it is whole.
    pub(super) may_be_absent: bool,
}

impl Wanted {
    /// The fields that it may stand in, by their folded names.
    pub(super) fn among(&self, folded: &[String]) -> Vec<usize> {
        let is_named = |name: &String| self.names.contains(name);
        if let Some(at) = self.position.and_then(|position| position.checked_sub(1)) {
            return folded.get(at).filter(|name| name.is_empty() || is_named(name)).map(|_| at).into_iter().collect();
        }
        let mut named = folded.iter().enumerate().filter(|(_, name)| is_named(name)).map(|(at, _)| at);
        match self.occurrence.and_then(|occurrence| occurrence.checked_sub(1)) {
            Some(nth) => named.nth(nth).into_iter().collect(),
            None => named.collect(),
        }
    }

    /// Whether it says itself which of several fields it is.
    pub(super) const fn is_placed(&self) -> bool {
        self.occurrence.is_some() || self.position.is_some()
    }
}

/// Gives a column that no field names to the field whose name differs from its own in what stands between words, in blanks or in a pound
/// sign, where there is one such field that no column claims, and one such column.
pub(super) fn add_loosely(wanted: &[Wanted], folded: &[String], fields: &mut [Vec<usize>]) {
    add_by(wanted, folded, fields, &loosely, &|_, _| false);
    // `Amount` is none of `Amount (£)` where `Amount GBP` stands beside it.
    add_by(wanted, folded, fields, &without_pound, &|name, other| other.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
    add_by(wanted, folded, fields, &closely, &|_, _| false);
}

/// The same with names that are equal in this `form`; none that another unclaimed name `goes_on`.
fn add_by(
    wanted: &[Wanted],
    folded: &[String],
    fields: &mut [Vec<usize>],
    form: &dyn Fn(&str) -> String,
    goes_on: &dyn Fn(&str, &str) -> bool,
) {
    let claimed: BTreeSet<usize> = fields.iter().flatten().copied().collect();
    let mut left: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, name) in folded.iter().enumerate().filter(|(at, name)| !claimed.contains(at) && !name.is_empty()) {
        left.entry(form(name)).or_default().push(at);
    }
    let names: Vec<BTreeSet<String>> = wanted.iter().map(|wanted| wanted.names.iter().map(|name| form(name)).collect()).collect();
    for (at, _) in wanted.iter().enumerate().filter(|(_, wanted)| !wanted.is_placed()) {
        let Some((fields, own)) = fields.get_mut(at).zip(names.get(at)) else { continue };
        let mut others = names.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, names)| names);
        if !fields.is_empty() || others.any(|names| !names.is_disjoint(own)) {
            continue;
        }
        let mut found =
            own.iter().filter(|name| !left.keys().any(|other| goes_on(name, other))).filter_map(|name| left.get(name)).flatten();
        if let (Some(at), None) = (found.next(), found.next()) {
            fields.push(*at);
        }
    }
}

/// For each column of the contract, the folded names under which it may stand.
pub(super) fn wanted_names(judge: &Judge) -> Vec<Wanted> {
    let number = |number: Option<u32>| number.and_then(|number| usize::try_from(number).ok());
    let wanted = |column: &Column| Wanted {
        names: column.rules.aliases.iter().chain(std::iter::once(&column.physical_name)).map(|name| fold(name)).collect(),
        occurrence: number(column.rules.occurrence),
        position: number(column.rules.position),
        may_be_absent: column.rules.may_be_absent,
    };
    judge.contract.columns.iter().map(wanted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(wanted: &[&str], header: &[&str]) -> Vec<Vec<usize>> {
        let wanted: Vec<Wanted> = wanted
            .iter()
            .map(|name| Wanted { names: BTreeSet::from([fold(name)]), occurrence: None, position: None, may_be_absent: false })
            .collect();
        let folded: Vec<String> = header.iter().map(|name| fold(name)).collect();
        let mut fields: Vec<Vec<usize>> = wanted.iter().map(|wanted| wanted.among(&folded)).collect();
        add_loosely(&wanted, &folded, &mut fields);
        fields
    }

    /// A hyphen, a full stop or an underscore between words names no other column; two that would do are nobody's.
    #[test]
    fn what_stands_between_words_names_no_other_column() {
        assert_eq!(found(&["Non Recoverable VAT"], &["Amount", "Non-recoverable VAT"]), [vec![1]]);
        assert_eq!(found(&["Net_Amount", "Ref. No"], &["ref no", "NET AMOUNT"]), [vec![1], vec![0]]);
        assert_eq!(found(&["Net Amount"], &["Net-Amount", "Net_Amount"]), [Vec::<usize>::new()]);
        assert_eq!(found(&["Net Amount"], &["Net Amount", "Net-Amount"]), [vec![0]]);
        assert_eq!(found(&["Net-Amount", "Net_Amount"], &["Net Amount"]), [Vec::<usize>::new(), Vec::new()]);
        assert_eq!(found(&["Non Recoverable VAT"], &["Non Recurring VAT"]), [Vec::<usize>::new()]);
    }

    /// A program that joins the words of its headings, or puts a mark before those that it must not lack, names no other columns.
    #[test]
    fn words_that_are_joined_name_no_other_column() {
        assert_eq!(found(&["Net Amount", "Date Paid"], &["NetAmount", "DatePaid"]), [vec![0], vec![1]]);
        assert_eq!(found(&["* Date", "SUPPLIER FINAL"], &["SUPPLIERFINAL", "Date"]), [vec![1], vec![0]]);
        assert_eq!(found(&["Net Amount"], &["NetAmount", "Netamount"]), [Vec::<usize>::new()]);
        assert_eq!(found(&["Net Amount", "NetAmount"], &["Net Amount", "Amount"]), [vec![0], vec![]]);
    }

    /// A pound sign in a heading is written, left out and garbled from one month to the next; thousands of pounds are something else.
    #[test]
    fn a_pound_sign_names_no_other_column() {
        for printed in ["Amount(œ)", "Amount (Â£)", "Amount £", "Amount (?)", "Amount", "AMOUNT (\u{fffd})"] {
            assert_eq!(found(&["Date", "Amount (£)"], &["Date", printed]), [vec![0], vec![1]], "{printed}");
        }
        for printed in ["Amount (£000)", "Amount (€)", "Amount net (£)"] {
            assert_eq!(found(&["Date", "Amount (£)"], &["Date", printed]), [vec![0], vec![]], "{printed}");
        }
        assert_eq!(found(&["Date", "Amount (£)"], &["Date", "Amount?"]), [vec![0], vec![]]);
        assert_eq!(found(&["Date", "Amount (£)"], &["Date", "Amount", "Amount GBP"]), [vec![0], vec![]]);
        assert_eq!(found(&["Amount", "Amount (£)"], &["Amount", "Amount £"]), [vec![0], vec![]]);
    }
}

//! Columns that say in which currency a row's amount is, for common tables that have no such column: amounts in euros are no pounds.

use super::{
    answers::Question,
    draft::{Draft, quoted_in_list},
    evidence::{EMPTY, Evidence, Seen},
    guess::words,
    left_out::rows_that_say,
    unit::says_pounds,
};
use crate::{domain::is_sterling, profile::Kind, schema::Contract};

/// The key of the question.
pub const KEY: &str = "currency";
/// Answer: rows in another currency are no cost, and counted.
const LEFT_OUT: &str = "left_out";
/// Answer: the amount is in pounds whatever the column says.
const POUNDS: &str = "pounds";
/// Currencies that English bodies pay in; they tell a column of currencies whose heading does not.
const OTHERS: [&str; 12] = ["eur", "usd", "chf", "sek", "nok", "dkk", "aud", "cad", "nzd", "jpy", "pln", "zar"];

/// Whether a word says that a number is no money: statistical units of a ledger.
#[must_use]
pub fn is_no_money(word: &str) -> bool {
    ["stat", "statistical", "statistics", "stats", "memorandum"].contains(&words(word).as_str())
}

/// A column of currencies: its words for pounds, and its other words with how many rows say each.
pub struct Currencies<'e> {
    seen: &'e Seen,
    pounds: Vec<String>,
    others: Vec<(String, u64)>,
}

/// The column that says in which currency the amount is, unless the common table has a column for that.
pub fn currencies<'e>(evidence: &'e Evidence, table: &Contract, amount: &str) -> Option<Currencies<'e>> {
    let is_column = table.columns.iter().any(|column| &*column.name == "currency");
    if is_column || evidence.given.as_ref().is_some_and(|given| given.known.is_some()) { None } else { of_amount(evidence, amount) }
}

/// Of several columns of currencies, as purchase cards have them (`Original Currency` and `Billing Currency`), the one that bears a name
/// of the amount.
fn of_amount<'e>(evidence: &'e Evidence, amount: &str) -> Option<Currencies<'e>> {
    const OF_ANY: [&str; 8] = ["amount", "amt", "value", "gross", "net", "currency", "cur", "code"];
    let heading = words(amount);
    let own: Vec<&str> = heading.split(' ').filter(|word| !OF_ANY.contains(word)).collect();
    let mut all = all(evidence);
    let of_it = all.iter().position(|found| words(&found.seen.heading).split(' ').any(|word| own.contains(&word)));
    (!all.is_empty()).then(|| all.swap_remove(of_it.unwrap_or(0)))
}

/// An amount beside the likely one that is in pounds in each row, where the likely one, which is what was entered, is not: it says so by a
/// currency of its own, or by its heading.
pub fn in_pounds(evidence: &Evidence, likely: &str) -> Option<String> {
    let foreign = of_amount(evidence, likely).filter(|found| !found.others.is_empty())?;
    let amounts = evidence.columns.iter().filter(|seen| evidence.kind(seen) == Kind::Money).map(|seen| evidence.label(seen));
    let is_in_pounds = |label: &String| {
        let of_its_own = || of_amount(evidence, label).is_some_and(|found| found.others.is_empty() && !foreign.are(found.seen));
        let is_same =
            || evidence.named(label).zip(evidence.named(likely)).is_some_and(|(own, likely)| foreign.are_of(evidence, own, likely));
        (of_its_own() && is_same()) || foreign.entered(evidence, label).as_deref() == Some(likely)
    };
    let mut found = amounts.filter(is_in_pounds);
    found.next().filter(|_| found.next().is_none())
}

fn all(evidence: &Evidence) -> Vec<Currencies<'_>> {
    let one = |seen| {
        let said: Vec<(String, u64)> = evidence.words(seen).into_iter().filter(|(word, _)| word != EMPTY).collect();
        let is_other = |word: &str| OTHERS.contains(&word.to_lowercase().as_str());
        let heading = words(&seen.heading);
        let named = heading.split(' ').any(|word| ["currency", "curr", "ccy"].contains(&word)) && !heading.contains("amount");
        let known = said.iter().all(|(word, _)| is_sterling(word) || is_other(word));
        let (pounds, others): (Vec<_>, Vec<_>) = said.into_iter().partition(|(word, _)| is_sterling(word));
        let is_one = !pounds.is_empty() && (named || known) && seen.places.iter().all(Option::is_some);
        is_one.then(|| Currencies { seen, pounds: pounds.into_iter().map(|(word, _)| word).collect(), others })
    };
    evidence.columns.iter().filter_map(one).collect()
}

/// What rows in another currency are, where there are some.
pub fn question(evidence: &Evidence, table: &Contract, amount: &str) -> Option<Question> {
    let found = currencies(evidence, table, amount)?;
    let list: Vec<String> = found.others.iter().map(|(word, rows)| format!("{word} in {}", crate::domain::counted(*rows, "row"))).collect();
    let ask = format!(
        "`{}` says other than pounds: what are these rows? left_out: no cost, and counted; quarantine: each is looked at by a person; \
         pounds: the amount is in pounds all the same.",
        evidence.label(found.seen)
    );
    let entered = found.entered(evidence, amount);
    let default = match &entered {
        Some(_) => POUNDS,
        None if found.others.iter().all(|(word, _)| is_no_money(word)) => LEFT_OUT,
        None => "quarantine",
    };
    let entered = entered.map(|entered| format!("`{entered}` is the same where it says pounds, and another amount where it does not"));
    let question = Question::new(KEY, ask)
        .seen(list.into_iter().chain(entered).collect::<Vec<_>>().join("; "))
        .choices([LEFT_OUT, "quarantine", POUNDS])
        .default(default);
    (!found.others.is_empty()).then_some(question)
}

/// The column of currencies that the contract names; `None` where amounts are in pounds whatever it says.
pub fn named<'e>(evidence: &'e Evidence, table: &Contract, said: &dyn Fn(&str) -> String) -> Option<Currencies<'e>> {
    currencies(evidence, table, &said("amount")).filter(|_| said(KEY) != POUNDS)
}

impl Currencies<'_> {
    /// Whether they stand in this column.
    pub fn are(&self, seen: &Seen) -> bool {
        std::ptr::eq(self.seen, seen)
    }

    /// Another column of amounts that adds up to the same in rows of pounds and to something else in each other currency, where the heading
    /// of the one that counts says that it is in pounds: that one is as it was entered.
    fn entered(&self, evidence: &Evidence, amount: &str) -> Option<String> {
        let counts = evidence.named(amount).filter(|seen| says_pounds(&seen.heading))?;
        let mut others = evidence.columns.iter().filter(|seen| evidence.kind(seen) == Kind::Money && !std::ptr::eq(*seen, counts));
        others.find(|other| self.are_of(evidence, counts, other)).map(|seen| evidence.label(seen))
    }

    /// Whether `other` adds up to the same as `counts` in rows of pounds and to something else in each other currency.
    fn are_of(&self, evidence: &Evidence, counts: &Seen, other: &Seen) -> bool {
        let sum = |seen: &Seen, word: &str| -> Option<i128> {
            let of = |number: usize| {
                let facts = &evidence.samples.get(number)?.profile.beside;
                let (flag, amount) = (self.seen.place(number)?, seen.place(number)?);
                let facts = facts.iter().find(|facts| facts.flag == flag && facts.amount == amount)?;
                Some(facts.words.iter().filter(|known| known.word.trim() == word).map(|known| known.sum.0).sum::<i128>())
            };
            (0..evidence.samples.len()).map(of).sum()
        };
        let same = |word: &str| sum(other, word).zip(sum(counts, word)).map(|(one, other)| one == other);
        self.pounds.iter().all(|word| same(word) == Some(true)) && self.others.iter().all(|(word, _)| same(word) == Some(false))
    }

    /// `[GBP]`: a row that says another currency, now or in a later month, is no row of pounds.
    pub fn only(&self) -> String {
        format!("[{}]", self.pounds.iter().map(|word| quoted_in_list(word)).collect::<Vec<_>>().join(", "))
    }
}

/// The records that are left out, as entries of `not_data`.
pub fn left_out(evidence: &Evidence, table: &Contract, said: &dyn Fn(&str) -> String, draft: &Draft) -> Vec<String> {
    let Some(found) = currencies(evidence, table, &said("amount")).filter(|_| said(KEY) == LEFT_OUT) else { return Vec::new() };
    let Some(column) = draft.column_of(found.seen) else { return Vec::new() };
    found.others.iter().map(|(word, _)| rows_that_say(column, word, &format!("amounts in {word}"), "other_unit")).collect()
}

//! Rows of which a column says that they are no cost, or that their pounds stand in other rows too: cancelled payments, lines of VAT,
//! numbers that are no pounds, heads of invoices above their lines, levels of a print, balances and commitments of a ledger. A person says what they are.

use std::collections::BTreeMap;

use super::{
    amounts::{amount_columns, is_sum},
    answers::Question,
    currency::{currencies, is_no_money},
    draft::Draft,
    evidence::{EMPTY, Evidence, Seen},
    guess::{speaks_for, words},
    happened,
    left_out::{rows_that_begin, rows_that_say},
    sign, unit,
};
use crate::{
    domain::{Label, is_surely_planned, may_be_a_movement},
    profile::Kind,
    schema::Contract,
};

/// The answers: they are rows like the others, or they are left out, counted and priced.
const DATA: &str = "data";
const LEFT_OUT: &str = "left_out";
/// What a column of codes fills: `BUD` may be one.
const CODES: [&str; 5] = ["supplier_ref", "cost_centre", "account", "department", "project"];

/// Rows that hold a word.
pub struct Marked {
    key: String,
    label: String,
    word: String,
    rows: u64,
    /// The chosen amount of them, as it is printed, where it is known.
    sum: Option<i128>,
    /// Why they are asked about.
    why: &'static str,
    /// More stands behind it.
    goes_on: bool,
    /// What they hold, in the contract's word.
    holds: &'static str,
    default: Option<&'static str>,
}

/// What such rows are, one question for each word; `unit` is what amounts are printed in.
#[must_use]
pub fn questions(evidence: &Evidence, amount: &str, table: Option<&Contract>, unit: &str) -> Vec<Question> {
    let ask = |marked: &Marked| {
        format!(
            "What are rows that say `{}` under `{}`? data: they count like the others; left_out: they do not, and are counted and priced.",
            marked.word, marked.label
        )
    };
    let seen = |marked: &Marked| {
        let pounds = marked.sum.map(|sum| format!(", {}", unit::shown(evidence, amount, unit, sum))).unwrap_or_default();
        format!("{}{pounds}{}", crate::domain::counted(marked.rows, "row"), marked.why)
    };
    let question = |marked: Marked| {
        let question = Question::new(&marked.key, ask(&marked)).seen(seen(&marked)).choices([DATA, LEFT_OUT]);
        if let Some(default) = marked.default { question.default(default) } else { question }
    };
    marked(evidence, amount, table).into_iter().map(question).collect()
}

/// Entries of `not_data` for what was answered.
#[must_use]
pub fn left_out((evidence, table): (&Evidence, &Contract), draft: &Draft, said: &dyn Fn(&str) -> String) -> Vec<String> {
    let entry = |marked: &Marked| {
        let column = draft.column_of(evidence.named(&marked.label)?)?;
        let reason = format!("rows of {}", marked.word);
        Some(if marked.goes_on {
            rows_that_begin(column, &marked.word, &reason, marked.holds)
        } else {
            rows_that_say(column, &marked.word, &reason, marked.holds)
        })
    };
    marked(evidence, &said("amount"), Some(table)).iter().filter(|marked| said(&marked.key) == LEFT_OUT).filter_map(entry).collect()
}

/// The words of a column whose rows are left out.
#[must_use]
pub fn words_left_out(evidence: &Evidence, seen: &Seen, said: &dyn Fn(&str) -> String) -> Vec<String> {
    let label = evidence.label(seen);
    let of_column = marked(evidence, &said("amount"), None).into_iter().filter(|marked| marked.label == label);
    of_column.filter(|marked| said(&marked.key) == LEFT_OUT).map(|marked| marked.word).collect()
}

fn marked(evidence: &Evidence, amount: &str, table: Option<&Contract>) -> Vec<Marked> {
    let currencies = table.and_then(|table| currencies(evidence, table, amount));
    let flags = sign::flags(evidence, amount);
    let is_word = |seen: &&Seen| !matches!(evidence.kind(seen), Kind::Money | Kind::Quantity | Kind::Date | Kind::Period);
    let mut all = Vec::new();
    for seen in evidence.columns.iter().filter(is_word).filter(|seen| !seen.heading.trim().is_empty()) {
        let label = evidence.label(seen);
        let of_words = evidence.words(seen);
        let sums = sums(evidence, seen, amount);
        let make = |word: &str, rows: u64, why, holds, default| Marked {
            key: format!("rows.{label}.{word}"),
            label: label.clone(),
            word: word.to_owned(),
            rows,
            sum: sums.get(word).copied(),
            why,
            goes_on: false,
            holds,
            default,
        };
        // What rows in other currencies are is asked of all of them together.
        if currencies.as_ref().is_some_and(|found| found.are(seen)) {
            continue;
        }
        for (word, rows) in of_words.iter().filter(|(word, _)| word != EMPTY && of_words.len() > 1) {
            all.extend(says(&seen.heading, word).map(|(holds, default)| make(word, *rows, "", holds, default)));
        }
        if flags.iter().all(|flag| flag.label != label) && !counts_lines(&seen.heading, &of_words) {
            let twice = twice(&seen.heading, &of_words, &sums);
            let why = "; they add up to what other rows add up to, to the penny";
            all.extend(twice.into_iter().map(|(word, rows, default)| make(&word, rows, why, "subtotal", default)));
        }
    }
    for called in called(evidence, amount) {
        all.retain(|known| known.key != called.key);
        all.push(called);
    }
    all
}

/// Rows that call themselves a balance, which is no movement, or planned, which has not happened: left out, unless they are most of what
/// there is, or may be what their words are a name of.
fn called(evidence: &Evidence, amount: &str) -> Vec<Marked> {
    let all: u64 = evidence.samples.iter().map(|sample| sample.profile.rows.data).sum();
    let (money, off) = amount_columns(evidence, amount).unzip();
    let mixed = happened::mixed(evidence);
    let mut marked = Vec::new();
    for seen in evidence.columns.iter().filter(|seen| !seen.heading.trim().is_empty()) {
        let is_asked = mixed.as_ref().is_some_and(|mixed| mixed.seen.places == seen.places);
        // Each spelling with its rows, whether more stands behind it, and its pounds.
        let mut found: BTreeMap<(Label, &str), (u64, bool, i128)> = BTreeMap::new();
        for (number, sample) in evidence.samples.iter().enumerate() {
            let place = |seen: &Seen| seen.place(number);
            let of_column = sample.profile.balances.iter().filter(|balance| Some(balance.column) == place(seen));
            for balance in of_column.filter(|balance| balance.label == Label::Balance || !is_asked) {
                let sum = |of: Option<&Seen>| of.and_then(place).and_then(|at| balance.sums.get(at)).map_or(0, |sum| sum.0);
                let one = found.entry((balance.label, &balance.says)).or_default();
                let other = sum(off.flatten());
                let pounds = sum(money) + if is_sum(evidence, amount) { other } else { -other };
                (one.0, one.1, one.2) = (one.0 + balance.rows, one.1 | balance.goes_on, one.2 + pounds);
            }
        }
        let label = evidence.label(seen);
        let speaks_for = speaks_for(&seen.heading);
        let names_a_payee = speaks_for.contains(&"supplier");
        let is_code = speaks_for.iter().any(|target| CODES.contains(target));
        for ((called, says), (rows, goes_on, sum)) in found {
            let is_sure = is_sure(called, says);
            if (names_a_payee || is_code) && called == Label::Planned && !is_sure {
                continue;
            }
            marked.push(Marked {
                key: format!("rows.{label}.{says}"),
                label: label.clone(),
                word: says.to_owned(),
                rows,
                sum: Some(sum),
                why: if called == Label::Balance { "; a balance is no movement" } else { "; what is planned is no cost" },
                goes_on,
                holds: LEFT_OUT,
                default: (is_sure && rows * 2 <= all && !(names_a_payee && called == Label::Planned)).then_some(LEFT_OUT),
            });
        }
    }
    marked
}

/// Whether words that rows call themselves are nothing else.
fn is_sure(called: Label, says: &str) -> bool {
    match called {
        Label::Balance => !may_be_a_movement(says),
        Label::Planned => is_surely_planned(&words(says).split(' ').collect::<Vec<_>>()),
        // Its sign is asked about.
        Label::Credit | Label::Reversed | Label::Signed => false,
    }
}

/// What a word says under a heading: what such rows hold, and what the evidence speaks for.
fn says(heading: &str, word: &str) -> Option<(&'static str, Option<&'static str>)> {
    const NO_COST: [&str; 23] = [
        "cancelled",
        "canceled",
        "cancelled payment",
        "cancelled cheque",
        "cancel",
        "void",
        "voided",
        "reversed",
        "rejected",
        "stopped",
        "stopped cheque",
        "deleted",
        "on hold",
        "draft",
        "unposted",
        "not posted",
        "parked",
        "not paid",
        "unpaid",
        "bounced",
        "returned",
        "recalled",
        "withdrawn",
    ];
    const VAT: [&str; 8] = ["tax", "vat", "tax line", "vat line", "recoverable tax", "recoverable vat", "input vat", "input tax"];
    let (heading, said) = (words(heading), words(word));
    let speaks = |of: &[&str]| heading.split(' ').any(|word| of.contains(&word));
    if is_no_money(word) {
        let is_currency = speaks(&["currency", "curr", "ccy", "unit"]);
        return Some(("other_unit", is_currency.then_some(LEFT_OUT)));
    }
    if VAT.contains(&said.as_str()) && speaks(&["type", "kind", "class", "line"]) {
        return Some((LEFT_OUT, None));
    }
    let yes = ["y", "yes", "true", "1", "x"].contains(&said.as_str());
    let flagged = yes && speaks(&["cancelled", "canceled", "cancel", "void", "voided", "reversed", "deleted"]);
    (NO_COST.contains(&said.as_str()) || flagged).then_some((LEFT_OUT, None))
}

/// The chosen amount of each word, over all samples; none where it is not known of each.
fn sums(evidence: &Evidence, seen: &Seen, amount: &str) -> BTreeMap<String, i128> {
    let mut all = BTreeMap::new();
    let Some((money, None)) = amount_columns(evidence, amount) else { return all };
    for ((sample, flag), at) in evidence.samples.iter().zip(&seen.places).zip(&money.places) {
        let facts = sample.profile.beside.iter().find(|facts| Some(facts.flag) == *flag && Some(facts.amount) == *at);
        for word in facts.into_iter().flat_map(|facts| &facts.words) {
            *all.entry(word.word.trim().to_owned()).or_insert(0) += word.sum.0;
        }
    }
    all
}

/// Rows fewer than which add up to the same by accident.
const ENOUGH: u64 = 3;

/// Words whose rows hold the pounds of another word's again: each with its rows, and what the evidence speaks for. Of words that add up to
/// the same the one of most rows is what the others add up.
fn twice(heading: &str, words_of: &[(String, u64)], sums: &BTreeMap<String, i128>) -> Vec<(String, u64, Option<&'static str>)> {
    let summed = |(word, rows): &(String, u64)| Some((word.clone(), *rows, *sums.get(word)?)).filter(|(_, _, sum)| *sum != 0);
    let all: Vec<(String, u64, i128)> = words_of.iter().filter_map(summed).collect();
    let mut found = Vec::new();
    let mut values: Vec<i128> = all.iter().map(|(_, _, sum)| *sum).collect();
    values.sort_unstable();
    values.dedup();
    for value in values {
        let mut group: Vec<&(String, u64, i128)> = all.iter().filter(|(_, _, sum)| *sum == value).collect();
        group.sort_by_key(|row| (row.1, depth(&row.0)));
        let Some((lowest, upper)) = group.split_last() else { continue };
        if upper.is_empty() || lowest.1 < ENOUGH {
            continue;
        }
        let told = speaks_of_levels(heading) || upper.iter().all(|(word, _, _)| depth(word) < depth(&lowest.0));
        found.extend(upper.iter().map(|(word, rows, _)| (word.clone(), *rows, told.then_some(LEFT_OUT))));
    }
    found
}

/// How far down a word says that its rows stand: heads, what says nothing, lines.
fn depth(word: &str) -> i8 {
    match words(word).as_str() {
        "h" | "hd" | "hdr" | "header" | "head" | "t" | "total" | "summary" | "s" | "sum" | "parent" => -1,
        "d" | "dt" | "dtl" | "detail" | "details" | "l" | "ln" | "line" | "lines" | "child" | "leaf" => 1,
        _ => 0,
    }
}

/// Whether a column numbers the lines of each document: the first lines of all of them add up to the second ones where each has two sides.
fn counts_lines(heading: &str, words_of: &[(String, u64)]) -> bool {
    let is_number = |(word, _): &(String, u64)| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    speaks_for(heading).contains(&"line") && words_of.iter().all(is_number)
}

fn speaks_of_levels(heading: &str) -> bool {
    words(heading).split(' ').any(|word| ["level", "lvl", "lev", "tier", "depth"].contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_say_that_rows_are_no_cost() {
        for (heading, word, holds) in [
            ("Status", "Cancelled", LEFT_OUT),
            ("Payment status", "VOID", LEFT_OUT),
            ("Cancelled?", "Y", LEFT_OUT),
            ("Line Type", "TAX", LEFT_OUT),
            ("Currency", "STAT", "other_unit"),
        ] {
            assert_eq!(says(heading, word).map(|(holds, _)| holds), Some(holds), "{heading}: {word}");
        }
        for (heading, word) in [("Status", "Paid"), ("Expense", "VAT"), ("Active", "Y"), ("Service", "Void Properties"), ("Status", "")] {
            assert!(says(heading, word).is_none(), "{heading}: {word}");
        }
    }

    #[test]
    fn numbers_of_lines_are_no_levels() {
        let words = |all: &[&str]| all.iter().map(|word| ((*word).to_owned(), 4)).collect::<Vec<_>>();
        assert!(counts_lines("Line", &words(&["1", "2"])) && counts_lines("Line No", &words(&["1", "2", "10"])));
        assert!(!counts_lines("Line", &words(&["H", "D"])) && !counts_lines("Level", &words(&["1", "2"])));
        assert!(!counts_lines("Line", &words(&["1", EMPTY])));
    }

    #[test]
    fn words_that_hold_the_same_pounds_again() {
        let words = |all: &[(&str, u64)]| all.iter().map(|(word, rows)| ((*word).to_owned(), *rows)).collect::<Vec<_>>();
        let sums = |all: &[(&str, i128)]| all.iter().map(|(word, sum)| ((*word).to_owned(), *sum)).collect();
        let found = twice("Rec", &words(&[("D", 85), ("H", 40)]), &sums(&[("D", 900), ("H", 900)]));
        assert_eq!(found, [("H".to_owned(), 40, Some(LEFT_OUT))]);
        let found = twice("Level", &words(&[("2", 36), ("1", 9), ("0", 1)]), &sums(&[("0", 7), ("1", 7), ("2", 7)]));
        assert_eq!(found, [("0".to_owned(), 1, Some(LEFT_OUT)), ("1".to_owned(), 9, Some(LEFT_OUT))]);
        assert_eq!(twice("Kind", &words(&[("A", 9), ("B", 4)]), &sums(&[("A", 5), ("B", 5)])), [("B".to_owned(), 4, None)]);
        assert!(twice("Kind", &words(&[("A", 9), ("B", 4)]), &sums(&[("A", 5), ("B", 6)])).is_empty());
        assert!(twice("Kind", &words(&[("A", 2), ("B", 2)]), &sums(&[("A", 5), ("B", 5)])).is_empty(), "too few");
    }
}

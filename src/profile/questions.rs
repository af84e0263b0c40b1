//! What only a person can answer, as sentences, most urgent first.

use super::facts::{Column, Format, Kind, Over, Profile, Total};
use crate::domain::counted;

pub(super) fn questions(profile: &Profile) -> Vec<String> {
    let mut all = Vec::new();
    layout(profile, &mut all);
    amounts(profile, &mut all);
    dates(profile, &mut all);
    totals(profile, &mut all);
    people(profile, &mut all);
    all
}

fn called(column: &Column) -> String {
    let heading = column.heading.split_whitespace().collect::<Vec<_>>().join(" ");
    if heading.is_empty() { format!("column {}", column.at + 1) } else { format!("`{heading}`") }
}

fn list<'a>(columns: impl Iterator<Item = &'a Column>) -> String {
    columns.map(called).collect::<Vec<_>>().join(", ")
}

fn layout(profile: &Profile, all: &mut Vec<String>) {
    if profile.header.line.is_none() && profile.rows.data > 0 {
        all.push("The file names no columns: what are its fields called?".to_owned());
    }
    if profile.format == Format::Fixed && profile.layout.width.is_some() {
        all.push(
            "Where do the fields begin? Their places are guessed where kinds of characters change; fields that touch look like one."
                .to_owned(),
        );
    }
    if profile.header.records == 2 {
        all.push("Do two lines name the columns together?".to_owned());
    }
    let several = profile.columns.iter().filter(|column| column.occurrence == Some(1));
    for column in several {
        all.push(format!("Several columns are called {}: what is each?", called(column)));
    }
    let unnamed = profile.columns.iter().filter(|column| column.heading.trim().is_empty() && column.filled.rows > 0);
    for column in unnamed.filter(|_| profile.header.line.is_some()) {
        all.push(format!("Column {} has no heading and {}: what is it?", column.at + 1, counted(column.filled.rows, "value")));
    }
    if profile.sheets.iter().any(|sheet| sheet.tables.len() > 1) {
        all.push("Tables stand side by side: which one is the feed?".to_owned());
    }
    if profile.rows.data == 0 {
        all.push("There is no row: can a month be without any?".to_owned());
    }
}

fn amounts(profile: &Profile, all: &mut Vec<String>) {
    let money: Vec<&Column> = profile.columns.iter().filter(|column| column.kind == Kind::Money).collect();
    if money.len() > 1 {
        all.push(format!("Which is the amount: {}?", list(money.iter().copied())));
    }
    for signs in &profile.signs {
        let (Some(flag), Some(amount)) = (profile.columns.get(signs.flag), profile.columns.get(signs.amount)) else { continue };
        let unsigned = amount.money.as_ref().is_some_and(|money| money.negative == 0);
        if unsigned {
            let words: Vec<&str> = signs.words.iter().map(|word| word.word.as_str()).collect();
            all.push(format!("{} is unsigned, and {} says {}: which of them takes off?", called(amount), called(flag), words.join(" or ")));
        }
    }
    for column in &money {
        let Some(facts) = &column.money else { continue };
        if facts.part_pennies > 0 {
            all.push(format!(
                "{} in {} with parts of a penny: refused, rounded, or carried?",
                counted(facts.part_pennies, "value"),
                called(column)
            ));
        }
        if facts.noise > 0 {
            all.push(format!(
                "{} in {} with noise beside the penny: to be read as that penny?",
                counted(facts.noise, "value"),
                called(column)
            ));
        }
    }
    if profile.rows.exact_copies > 0 {
        all.push(format!("{} equal to one before: copies, or payments?", counted(profile.rows.exact_copies, "row")));
    }
    if profile.amount.is_some() && profile.rows.without_amount > 0 {
        all.push(format!("{} without an amount: what are they?", counted(profile.rows.without_amount, "row")));
    }
}

fn dates(profile: &Profile, all: &mut Vec<String>) {
    let dated: Vec<&Column> = profile.columns.iter().filter(|column| column.kind == Kind::Date).collect();
    if dated.len() > 1 {
        all.push(format!("Which date counts: {}?", list(dated.iter().copied())));
    }
    for column in &dated {
        let Some(facts) = &column.dates else { continue };
        let only = |f: fn(&super::DateKind) -> u64| facts.kinds.iter().map(f).sum::<u64>();
        let (day, month, either) = (only(|k| k.day_first_only), only(|k| k.month_first_only), only(|k| k.either));
        if day > 0 && month > 0 {
            all.push(format!(
                "{}: {day} rows are a day only with the day first, {month} only with the month first: is the file of two parts?",
                called(column)
            ));
        } else if day == 0 && month == 0 && either > 0 {
            all.push(format!("{}: no row tells day from month: which stands first?", called(column)));
        }
        if facts.kinds.iter().any(|kind| kind.printed.starts_with("excel")) {
            all.push(format!("{} holds day numbers of a spreadsheet: of the 1900 system, as read here?", called(column)));
        }
        if facts.kinds.iter().any(|kind| kind.word.as_deref().is_some_and(|word| word.contains("yy(pivot"))) {
            all.push(format!("{} has years of two digits: of which century?", called(column)));
        }
    }
    let counts = profile.date.and_then(|at| profile.columns.get(at));
    if let Some((column, within)) = counts.and_then(|column| Some((column, column.dates.as_ref()?.in_name?))).filter(|(_, w)| w.rows < w.of)
    {
        let outside = within.of - within.rows;
        all.push(format!(
            "{} of {} lie outside of what the file's name says: do they belong to its months?",
            counted(outside, "date"),
            called(column)
        ));
    }
    if profile.name.months.is_empty() {
        all.push("Which months does one file cover? Its name says none.".to_owned());
    }
}

fn totals(profile: &Profile, all: &mut Vec<String>) {
    for total in profile.totals.iter().filter(|total| Some(total.column) == profile.amount) {
        let agrees = total.difference.0 == 0;
        // A running sum above the total of all rows is none of the file.
        let is_whole = |other: &Total| other.over == Over::All && other.column == total.column && other.line > total.line;
        if agrees && total.over == Over::Above && profile.totals.iter().any(is_whole) {
            continue;
        }
        let text = match (total.over, agrees) {
            (Over::All | Over::Above, true) => format!(
                "Line {} prints what {} add up to: is it the file's total, to hold every delivery to?",
                total.line,
                counted(total.rows, "row")
            ),
            (_, false) => format!("Line {} prints a total that differs by {}: of what is it the sum?", total.line, total.difference.text()),
            (Over::Block, true) => continue,
        };
        all.push(text);
    }
}

fn people(profile: &Profile, all: &mut Vec<String>) {
    let personal: Vec<&Column> = profile.columns.iter().filter(|column| column.personal.is_some()).collect();
    if !personal.is_empty() {
        all.push(format!("May hold personal data, and what becomes of it: {}?", list(personal.into_iter())));
    }
}

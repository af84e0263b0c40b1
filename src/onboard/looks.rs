//! Questions about how the samples are to be looked at, before anything else can be asked, and about what kind of amounts they hold.

use std::collections::BTreeSet;

use super::{
    answers::{Answers, Question},
    evidence::{Evidence, Seen},
    guess::words,
    happened::mixed,
    layout::known_widths,
};
use crate::profile::{Format, Kind, Profile, Sheet, month};

/// Ways of writing that a question shows.
const SHAPES: usize = 3;

/// The answer that the columns of months are the amounts.
pub const MONTHS: &str = "the columns of months";

/// The layout of lines, the names of columns that have none, the sheet, the table of a sheet.
#[must_use]
pub fn questions(evidence: &Evidence, answers: &Answers) -> Vec<Question> {
    let mut all = Vec::new();
    let profiles: Vec<&Profile> = evidence.samples.iter().map(|sample| &sample.profile).collect();
    let Some(first) = profiles.first() else { return all };
    if first.format == Format::Fixed && (first.layout.given || first.layout.width.is_some()) || answers.get("layout").is_some() {
        all.push(layout(first, evidence));
    }
    if first.header.line.is_none() && first.format == Format::Delimited && first.rows.records > 0 && first.rows.data > 0 {
        all.push(names(first));
    }
    let sheets: Vec<&str> = first.sheets.iter().filter(|sheet| !sheet.hidden && sheet.cells > 1).map(|sheet| sheet.name.as_str()).collect();
    if sheets.len() > 1 || answers.get("sheet").is_some() {
        let chosen = first.sheet.clone().unwrap_or_default();
        let cells: Vec<String> = first.sheets.iter().map(|sheet| format!("{}: {} cells", sheet.name, sheet.cells)).collect();
        let twins: Vec<String> = twins(first).map(|sheet| format!("`{}` ({} rows)", sheet.name, sheet.rows_below)).collect();
        let question = Question::new("sheet", "Which sheet is it?").choices(sheets);
        // Of sheets of one layout each holds pounds, and one alone is read.
        all.push(if twins.is_empty() || answers.get("sheet").is_some() {
            question.seen(cells.join("; ")).default(chosen)
        } else {
            let also = format!("{} has the same columns: {}", twins.join(", "), what_is_not_read(first));
            question.seen(format!("{}; {also}", cells.join("; ")))
        });
    }
    let tables = first.sheets.iter().find(|sheet| Some(&sheet.name) == first.sheet.as_ref()).map_or(&[][..], |sheet| &sheet.tables);
    if tables.len() > 1 {
        let ask =
            "Tables stand side by side on the sheet: which one is this feed? Each other one is a feed of its own, from the same file.";
        all.push(Question::new("table", ask).seen(format!("columns {}", tables.join(" and "))).choices(tables.iter().cloned()));
    }
    if answers.get("member").is_some() {
        all.push(Question::new("member", "Which file of the archive is it? `*` stands for any text.").stands_if(true));
    }
    all
}

/// What becomes of sheets of the same columns that are not read: one delivery is one sheet.
fn what_is_not_read(profile: &Profile) -> String {
    let is_of_a_month = |name: &str| name.split(|c: char| !c.is_alphanumeric()).any(|word| month(word).is_some());
    let sheet = profile.sheet.as_deref().unwrap_or_default();
    if !is_of_a_month(sheet) || !twins(profile).all(|sheet| is_of_a_month(&sheet.name)) {
        return "what is not read is a feed of its own".to_owned();
    }
    let stem = profile.file.rsplit_once('.').map_or(profile.file.as_str(), |(stem, _)| stem);
    format!(
        "one delivery is one sheet; where each is a month, save each as a file of its own with its month in the name, as in \
         `{stem}_{sheet}_2025.xlsx`, and add the feed from those"
    )
}

/// Columns that are called after days and hold none that a word of `dates` reads: how they are written.
pub fn unread_days(evidence: &Evidence) -> Vec<String> {
    let speaks = |seen: &&Seen| {
        let said = words(&seen.heading);
        let is_day = said.split(' ').any(|word| ["date", "day", "posted", "dated"].contains(&word));
        is_day && !matches!(evidence.kind(seen), Kind::Date | Kind::Empty | Kind::Period)
    };
    let written = |seen: &Seen| {
        let shapes: BTreeSet<&str> = evidence.facts(seen).flat_map(|column| &column.shapes).map(|(shape, _)| shape.as_str()).collect();
        let shapes: Vec<&str> = shapes.into_iter().take(SHAPES).collect();
        let shapes = if shapes.is_empty() { String::new() } else { format!(" (9 a digit, A a letter: {})", shapes.join(", ")) };
        format!("`{}` holds no days in a format that `truecost explain dates` lists{shapes}", evidence.label(seen))
    };
    evidence.columns.iter().filter(speaks).map(written).collect()
}

/// Sheets beside the one that is looked at which have its columns, and rows.
pub fn twins(profile: &Profile) -> impl Iterator<Item = &Sheet> {
    let chosen = profile.sheets.iter().find(|sheet| Some(&sheet.name) == profile.sheet.as_ref());
    let is_twin = move |sheet: &&Sheet| {
        chosen.is_some_and(|chosen| {
            sheet.name != chosen.name && !sheet.hidden && chosen.names.len() > 1 && sheet.names == chosen.names && sheet.rows_below > 0
        })
    };
    profile.sheets.iter().filter(is_twin)
}

fn layout(profile: &Profile, evidence: &Evidence) -> Question {
    let width = profile.layout.width.map_or(0, |(width, _)| width);
    let known: Vec<String> = known_widths(profile).map(|known| known.name.to_owned()).collect();
    let ask = "Where do its fields stand? A layout that is known, or a table of places in a file (--layout TABLE.csv).";
    let question = Question::new("layout", ask).seen(format!("lines of {width} characters"));
    match (evidence.given.as_ref(), known.as_slice()) {
        (Some(given), _) => question.default(given.known.map_or("", |known| known.name)),
        (None, [one]) => question.default(one.clone()),
        _ => question,
    }
}

fn names(profile: &Profile) -> Question {
    let skip = usize::from(profile.record_types.len() > 1);
    let fields: Vec<String> = profile
        .columns
        .iter()
        .skip(skip)
        .map(|column| {
            let kind = match column.kind {
                Kind::Date => "date",
                Kind::Money | Kind::Quantity => "amount",
                Kind::Empty => "empty",
                Kind::Code => "code",
                Kind::Period => "period",
                Kind::Flag | Kind::Text => "text",
            };
            format!("{} {kind}", column.at + 1)
        })
        .collect();
    Question::new("names", "The file names no columns: what are they called, in order? With commas between.").seen(format!(
        "{} fields: {}",
        fields.len(),
        fields.join(", ")
    ))
}

/// Whether the file calls itself a budget, or each of its rows does.
#[must_use]
pub fn says_budget(evidence: &Evidence) -> bool {
    let says = |text: &str| ["budget", "forecast", "estimate"].iter().any(|word| text.to_lowercase().contains(word));
    evidence.samples.iter().any(|sample| says(&sample.profile.file) || sample.profile.above.iter().any(|line| says(line)))
        || mixed(evidence).is_some_and(|mixed| !mixed.has_both())
}

/// Whether the amounts have happened.
#[must_use]
pub fn balance(budget: bool) -> Question {
    let seen = if budget { "the file calls itself a budget, a forecast or an estimate" } else { "nothing in the file says budget" };
    Question::new("balance", "What are its amounts? actual: what has happened; budget and commitment are no cost.")
        .seen(seen)
        .choices(["actual", "budget", "commitment"])
        .default(if budget { "budget" } else { "actual" })
        .stands_if(!budget)
}

/// Of a file whose amounts stand under months and that has no column of dates.
#[must_use]
pub fn months_as_columns(evidence: &Evidence) -> Option<Question> {
    let profile = &evidence.samples.first()?.profile;
    let months = month_columns(evidence);
    (months.len() > 1 && profile.date.is_none()).then(|| {
        let list: Vec<String> = months.iter().map(|(seen, _, _)| evidence.label(seen)).collect();
        let ask = "Which columns are the amounts? Those of months make a row each, dated the first of their month.";
        Question::new("amount", ask).seen(list.join(", ")).default(MONTHS).stands_if(true)
    })
}

/// Columns whose headings are months, with year and month.
#[must_use]
pub fn month_columns(evidence: &Evidence) -> Vec<(&Seen, i32, u8)> {
    let Some(sample) = evidence.samples.first() else { return Vec::new() };
    let seen = |at: usize| evidence.columns.iter().find(|seen| seen.places.first() == Some(&Some(at)));
    sample.profile.month_columns.iter().filter_map(|(at, year, month)| Some((seen(*at)?, *year, *month))).collect()
}

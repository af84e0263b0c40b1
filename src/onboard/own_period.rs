//! The sender's own period of a row, in files whose rows bear no day: `3`, `P03`, `2025/03`, `Jun-25`, `June`.
//!
//! It is taken where the rows of every sample say for the most part the period that the sample's name says, by one way of reading alone.
//! Its year is the one that a column beside it says; where none does, the one that brings it near to its file's period.

use std::collections::BTreeSet;

use super::{
    agrees::fits,
    answers::{NO, Question},
    draft::Draft,
    evidence::{Evidence, Seen},
    names::Named,
    own_way::{Counts, Shape, Way, alone, beside},
    own_year,
};
use crate::{
    domain::{Calendar, Period},
    pipeline::{CoverCalendar, Extent},
    profile::{Kind, says_period},
    schema::Contract,
};

/// The key of the question.
pub const KEY: &str = "period";

/// Whether the column that says it is taken.
#[must_use]
pub fn question(evidence: &Evidence, date: Option<&Seen>, table: &Contract, covers: &Covered<'_>) -> Option<Question> {
    let (seen, way) = found(evidence, date, table, covers)?;
    let label = evidence.label(seen);
    let ask = "Which column says the period of a row? A row of another period than its file's is told; none: all count in their file's.";
    let question = Question::new(KEY, ask).choices([label.clone(), NONE.to_owned()]);
    let seen = format!("most rows of each file say a period that it covers under `{label}`");
    if let Some(year) = way.year {
        return Some(question.seen(format!("{seen}, and its year under `{}`", evidence.label(year.seen))).default(label).stands_if(true));
    }
    let others: Vec<String> =
        own_year::named(evidence).map(|year| format!("`{}` says {}", evidence.label(year), own_year::says(evidence, year))).collect();
    if !way.shape.has_year() && !others.is_empty() {
        let seen =
            format!("{seen}, but {}, which cannot be read as the year of the files' names: are these the right files?", others.join(", "));
        return Some(question.seen(seen));
    }
    let nearest = if way.shape.has_year() { "" } else { "; it prints no year: each is of the year that brings it near to its file's" };
    Some(question.seen(format!("{seen}{nearest}")).default(label).stands_if(true))
}

/// The answer that no column says it.
const NONE: &str = "none";

/// Whether it was answered that a column says it.
#[must_use]
pub fn is_said(answer: &str) -> bool {
    ![NONE, NO, ""].contains(&answer)
}

/// `fiscal_year` and `period` of the SQL, by what was answered.
#[must_use]
pub fn select(evidence: &Evidence, draft: &Draft, table: &Contract, covers: &Covered<'_>, answer: &str) -> Vec<(String, String)> {
    let Some((seen, way)) = found(evidence, None, table, covers).filter(|_| is_said(answer)) else {
        return Vec::new();
    };
    let text = |seen: &Seen| draft.column_of(seen).filter(|column| column.physical_type == "VARCHAR").map(|column| column.name.clone());
    let beside = way.year.and_then(|year| Some((text(year.seen)?, year.printed)));
    let Some(column) = text(seen).filter(|_| way.year.is_some() == beside.is_some()) else { return Vec::new() };
    let of = covers.periods(evidence).and_then(|all| all.last()?.last().copied()).map_or(0, |period| period.year);
    let (year, period) = way.sql(&column, beside.as_ref(), covers.calendar, (of, covers.covers.contains("extent: one")));
    vec![(year, "fiscal_year".to_owned()), (period, "period".to_owned())]
}

/// How files are named, and what they cover, as was answered.
pub struct Covered<'a> {
    pub files: &'a str,
    pub covers: &'a str,
    pub calendar: Calendar,
}

impl Covered<'_> {
    /// The periods that each sample covers by its name.
    fn periods(&self, evidence: &Evidence) -> Option<Vec<Vec<Period>>> {
        const EXTENTS: [(&str, Extent); 5] = [
            ("one", Extent::One),
            ("to_date", Extent::ToDate),
            ("quarter", Extent::Quarter),
            ("half", Extent::Half),
            ("year", Extent::Year),
        ];
        let of = if self.covers.contains("calendar: fiscal") { CoverCalendar::Fiscal } else { CoverCalendar::Month };
        let (_, extent) = EXTENTS.into_iter().find(|(word, _)| self.covers.contains(&format!("extent: {word}")))?;
        let named = evidence.named_files(None, self.calendar);
        let named: Vec<Named> = named.into_iter().map(|named| Named { periods: BTreeSet::new(), ..named }).collect();
        let (periods, _) = fits(self.files, of, extent, &named, self.calendar)?;
        periods.iter().all(|periods| !periods.is_empty()).then_some(periods)
    }
}

/// `files` and `covers` by which alone rows without a day lie in what their files' names say, where a number in these is a month or a
/// period of the financial year.
#[must_use]
pub fn settles(evidence: &Evidence, files: &str, calendar: Calendar) -> Option<(String, String)> {
    let no_year = own_year::named(evidence).next().is_none();
    let all = [
        (files.to_owned(), "{calendar: month, extent: one}".to_owned()),
        (files.replace("{month}", "{period}"), "{calendar: fiscal, extent: one}".to_owned()),
    ];
    let fits = |(files, covers): &(String, String)| {
        let found = fitting(evidence, &Covered { files, covers, calendar });
        found.is_some_and(|(_, way)| way.year.is_some() || way.shape.has_year() || no_year)
    };
    let mut fitting = all.into_iter().filter(fits);
    fitting.next().filter(|_| fitting.next().is_none())
}

/// That files of one period each hold rows of the periods before it, and more of them than of their own: the year so far.
#[must_use]
pub fn goes_back(evidence: &Evidence, date: Option<&Seen>, covers: &Covered<'_>) -> Option<String> {
    let periods = covers.periods(evidence).filter(|all| date.is_none() && all.iter().all(|periods| periods.len() == 1))?;
    let years = own_year::columns(evidence);
    let ways: Vec<Way<'_>> = years.iter().copied().map(beside).chain([alone()]).flatten().collect();
    let so_far = |way: &Way<'_>, seen: &Seen| {
        let of = |(sample, covered): (usize, &Vec<Period>)| {
            let (all, own) = (way.rows(*way.is.first()?, evidence, seen, sample, covered, covers.calendar)?, covered.last()?);
            let is_before = |period: &Period| period.year == own.year && period <= own;
            let rows = |period: &Period| all.get(period).copied().unwrap_or(0);
            (all.keys().all(is_before) && rows(own) > 0).then(|| all.values().sum::<u64>() >= 2 * rows(own))
        };
        let before: Option<Vec<bool>> = periods.iter().enumerate().map(of).collect();
        before.is_some_and(|before| before.contains(&true))
    };
    let mut named = named(evidence).filter(|seen| seen.places.len() == periods.len());
    let seen = named.find(|seen| ways.iter().any(|way| so_far(way, seen)))?;
    Some(format!(
        "half of the rows or more are of periods before their file's by `{}`: with `extent: one` each file would count again what those before it counted, \
         with `extent: to_date` it takes their place",
        evidence.label(seen)
    ))
}

/// The columns whose headings say that they hold periods.
fn named(evidence: &Evidence) -> impl Iterator<Item = &Seen> {
    let is_text = |seen: &&Seen| !matches!(evidence.kind(seen), Kind::Money | Kind::Quantity | Kind::Date | Kind::Empty);
    evidence.columns.iter().filter(|seen| says_period(&seen.heading)).filter(is_text)
}

/// The column, and how it is read.
fn found<'e>(evidence: &'e Evidence, date: Option<&Seen>, table: &Contract, covers: &Covered<'_>) -> Option<(&'e Seen, Way<'e>)> {
    let has = |name: &str| table.column(name).is_some();
    if date.is_none() && has("fiscal_year") && has("period") { fitting(evidence, covers) } else { None }
}

/// The same where its rows bear no day, whatever table they are for.
fn fitting<'e>(evidence: &'e Evidence, covers: &Covered<'_>) -> Option<(&'e Seen, Way<'e>)> {
    let periods = covers.periods(evidence)?;
    let years = own_year::columns(evidence);
    let mut all = named(evidence).filter(|seen| seen.places.len() == periods.len()).filter_map(|seen| {
        let one_of = |ways: Vec<Way<'e>>| {
            let fitting = ways.into_iter().filter_map(|way| way.fitting(evidence, seen, &periods, covers.calendar));
            let fitting: Vec<Way<'e>> = fitting.collect();
            (!fitting.is_empty()).then(|| the_one(fitting, &seen.heading))
        };
        let way = years.iter().copied().map(beside).chain([alone()]).find_map(one_of)??;
        Some((seen, way))
    });
    let one = all.next()?;
    all.next().is_none().then_some(one)
}

/// The only one; of months and periods that say the same, as in a file of a whole year, what the heading says.
fn the_one<'e>(mut ways: Vec<Way<'e>>, heading: &str) -> Option<Way<'e>> {
    if ways.len() > 1 && ways.iter().all(|way| matches!(way.shape, Shape::Number | Shape::Point)) {
        let counts = if heading.to_lowercase().contains("month") { Counts::Months } else { Counts::Periods };
        ways.retain(|way| way.counts == counts);
    }
    ways.pop().filter(|_| ways.is_empty())
}

//! What is said of rows that do not lie in what their delivery covers: notes, what refuses it, and what a person must settle.

use super::pass::Streamed;
use crate::{
    diagnostic::{Diagnostic, Place, codes},
    domain::{Coverage, DeliveryId, OwnTime, counted, pounds},
    pipeline::{Feed, RowsOutside},
    stages::normalise::{Group, Noted, PeriodTotals},
};

/// From so many rows on, what all or most of them show is no accident of one.
const TELLING: u64 = 3;

/// What follows from where the rows of a delivery lie.
#[derive(Debug, Default)]
pub struct Said {
    /// They refuse the delivery.
    pub faults: Vec<Diagnostic>,
    /// A person must settle them first.
    pub waits: Vec<Diagnostic>,
    pub notes: Vec<Diagnostic>,
}

/// The delivery of which something is said.
struct Of<'a> {
    feed: &'a Feed,
    file: &'a str,
    id: &'a DeliveryId,
    coverage: &'a Coverage,
    no_pounds: bool,
}

/// Looks at a whole delivery.
///
/// Most rows outside and none of them with day and month exchanged refuses it; every row outside waits for a person, and so do a few of
/// one month all of which would be inside with day and month exchanged (within a longer time many would be by chance); others go by
/// `rows_outside`. A row whose own period is covered is inside, whatever its date.
#[must_use]
pub fn outside(feed: &Feed, file: &str, id: &DeliveryId, coverage: &Coverage, streamed: &Streamed, no_pounds: bool) -> Said {
    let of = Of { feed, file, id, coverage, no_pounds };
    let standings = &streamed.standings;
    let placed: u64 = streamed.totals.values().map(|totals| totals.rows).sum();
    let outside = standings.outside.totals.rows;
    let mut said = Said::default();
    if let Some(first) = standings.outside.first {
        let telling = placed >= TELLING;
        if telling && outside * 2 > placed && !standings.outside_exchanged {
            said.faults.push(of.exchanged(placed, &standings.outside, first));
        } else if feed.rows_outside == RowsOutside::Refuse {
            said.faults.push(of.refused(&standings.outside, first));
        } else {
            let all = telling && outside == placed;
            let of_a_month = coverage.periods().len() == 1;
            let some_exchanged = !all && of_a_month && outside >= TELLING && standings.inside_exchanged == outside;
            said.notes.push(of.warned(&standings.outside, first, all || some_exchanged));
            said.waits.extend(all.then(|| of.all_outside(&standings.outside, first)));
            said.waits.extend(some_exchanged.then(|| of.some_exchanged(&standings.outside, first)));
        }
    }
    said.notes.extend(standings.date_outside.first.map(|first| of.dates_outside(&standings.date_outside, first)));
    said.notes.extend(standings.in_closed_year.first.map(|first| of.in_closed_year(&standings.in_closed_year, first)));
    said
}

impl Of<'_> {
    fn place(&self, first: Noted) -> Place {
        Place { line: u64::try_from(first.source_row).ok(), ..Place::file(self.file) }
    }

    /// Where the first row stands, and what it says; of a personal feed no row says anything.
    fn first(&self, first: Noted, with_pounds: bool) -> String {
        if self.feed.personal.is_some() {
            return format!("first on line {}", first.source_row);
        }
        let amount = if with_pounds && !self.no_pounds { format!(" ({})", pounds(first.pence)) } else { String::new() };
        format!("first on line {}: {}{amount}", first.source_row, own(first.own))
    }

    fn seen(&self, group: &Group, first: Noted) -> String {
        let (rows, lie) = (counted(group.totals.rows, "row"), if group.totals.rows == 1 { "lies" } else { "lie" });
        let first = self.first(first, true);
        format!("{rows}{} {lie} outside {}, {first}", self.sum(&group.totals), self.coverage)
    }

    /// ` (£9.50)`; debits and credits apart where there are both, for together they may be nought; nothing where rows have no pounds.
    fn sum(&self, totals: &PeriodTotals) -> String {
        match (self.no_pounds, totals.debits, totals.credits) {
            (true, ..) => String::new(),
            (_, 0, _) | (_, _, 0) => format!(" ({})", pounds(totals.pence())),
            (_, debits, credits) => format!(" ({} of debits, {} of credits)", pounds(debits), pounds(-credits)),
        }
    }

    fn inside(&self) -> String {
        format!("rows within {}, which the delivery covers: by their own period where they have one, else by their date", self.coverage)
    }

    fn warned(&self, group: &Group, first: Noted, waits: bool) -> Diagnostic {
        let once = if waits { "where the delivery is accepted, " } else { "" };
        Diagnostic::warning(codes::control::ROWS_OUTSIDE, self.seen(group, first))
            .place(self.place(first))
            .expected(self.inside())
            .outcome(format!("{once}they count in {}, with their own period and date beside it", self.coverage.last()))
            .hint(format!(
                "truecost explain line {} {}; `rows_outside: refuse` in {} would refuse such a delivery",
                self.id, first.source_row, self.feed.file
            ))
    }

    fn refused(&self, group: &Group, first: Noted) -> Diagnostic {
        Diagnostic::new(codes::control::ROWS_OUTSIDE, self.seen(group, first))
            .place(self.place(first))
            .expected(self.inside())
            .outcome("the delivery was refused; the last accepted one stays")
            .hint(format!("ask the sender for the right extract, or set `rows_outside: warn` in {}", self.feed.file))
    }

    fn exchanged(&self, placed: u64, group: &Group, first: Noted) -> Diagnostic {
        let seen = format!(
            "{} of {}{} lie outside {} by their dates, and none would with day and month exchanged, {}",
            group.totals.rows,
            counted(placed, "row"),
            self.sum(&group.totals),
            self.coverage,
            self.first(first, false)
        );
        Diagnostic::new(codes::control::DAY_AND_MONTH, seen)
            .place(self.place(first))
            .expected(self.inside())
            .outcome("the delivery was refused; the last accepted one stays")
            .hint("ask the sender in which order day and month stand, and correct `formats` of the date in the contract (dd/mm/yyyy, mm/dd/yyyy)")
    }

    /// Where a spreadsheet took the days up to the twelfth for months, and left the others as they were.
    fn some_exchanged(&self, group: &Group, first: Noted) -> Diagnostic {
        let seen = format!(
            "{}{} lie outside {} by their dates, and each would lie inside with day and month exchanged, {}",
            counted(group.totals.rows, "row"),
            self.sum(&group.totals),
            self.coverage,
            self.first(first, false)
        );
        Diagnostic::warning(codes::control::DAY_AND_MONTH, seen)
            .place(self.place(first))
            .expected(self.inside())
            .outcome("nothing of the delivery is in the common table; it waits, and the last accepted one stays")
            .hint("a spreadsheet may have read days up to the twelfth as months: ask the sender for the dates as text, or as yyyy-mm-dd")
    }

    fn all_outside(&self, group: &Group, first: Noted) -> Diagnostic {
        let seen = format!(
            "all {}{} lie outside {}, {}",
            counted(group.totals.rows, "row"),
            self.sum(&group.totals),
            self.coverage,
            self.first(first, false)
        );
        Diagnostic::warning(codes::control::ALL_OUTSIDE, seen)
            .place(self.place(first))
            .expected(self.inside())
            .outcome("nothing of the delivery is in the common table; it waits, and the last accepted one stays")
            .hint(self.misread(first).unwrap_or_else(|| "if the file has another month's name, rename it".to_owned()))
    }

    /// What to do where the number of the first row's own period is covered and its year is not: the year is the sender's, or was misread.
    fn misread(&self, first: Noted) -> Option<String> {
        let own = first.own.period.filter(|_| self.feed.personal.is_none())?;
        let year = self.coverage.periods().iter().find(|period| period.period == own.period)?.year;
        Some(format!(
            "the year was read as {} and the file's is {year}\nif the name is wrong: rename it\nif the year is misread: correct `fiscal_year` in {}",
            own.year, self.feed.sql_file
        ))
    }

    fn dates_outside(&self, group: &Group, first: Noted) -> Diagnostic {
        let seen = format!(
            "{}{} of {} by the sender's own period, dated outside it, {}",
            counted(group.totals.rows, "row"),
            self.sum(&group.totals),
            self.coverage,
            self.first(first, false)
        );
        Diagnostic::note(codes::control::DATES_OUTSIDE, seen)
            .place(self.place(first))
            .outcome("they count in their own period, which the delivery covers; only the date is another")
            .hint("nothing has to be done: ledgers are posted early and late")
    }

    fn in_closed_year(&self, group: &Group, first: Noted) -> Diagnostic {
        let rows = counted(group.totals.rows, "row");
        let (of, is) = (self.coverage, if group.totals.rows == 1 { "is" } else { "are" });
        let seen = format!(
            "{rows}{} of the closing period {of} {is} dated inside its year, {}",
            self.sum(&group.totals),
            self.first(first, false)
        );
        Diagnostic::note(codes::control::IN_CLOSED_YEAR, seen)
            .place(self.place(first))
            .outcome(format!("they count as closing entries of the year, in {of}"))
            .hint(format!(
                "nothing has to be done where they are closing entries; a thirteenth period of four weeks is none: cover months (`covers:` in {})",
                self.feed.file
            ))
    }
}

/// What a row says of its time.
fn own(own: OwnTime) -> String {
    match (own.period, own.date) {
        (Some(period), Some(date)) => format!("{period}, dated {date}"),
        (Some(period), None) => period.to_string(),
        (None, Some(date)) => date.to_string(),
        (None, None) => "no date".to_owned(),
    }
}

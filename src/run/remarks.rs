//! What is said of a delivery: notes, warnings, and the reasons for which it is refused.

use std::collections::BTreeMap;

use super::stream::{FaultGroup, Streamed};
use crate::{
    decode::Judge,
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes},
    domain::{Coverage, Money, Pence, grouped, pounds},
    lake::DeliveryRecord,
    pipeline::{Feed, RowsOutside},
    stages::publish::quarantined_pence,
};

/// Header drift and what was normalised, as warnings.
pub fn notes(feed: &Feed, file: &str, judge: &Judge, streamed: &Streamed) -> Vec<Diagnostic> {
    let drift = streamed.header.drift.iter().map(|d| format!("`{}` for `{}` (column {})", d.printed, d.expected, d.column));
    let extra = streamed.header.extra.iter().map(|name| format!("column `{name}` is not in the contract and was left out"));
    let all: Vec<String> = drift.chain(extra).collect();
    let mut notes = Vec::new();
    if !all.is_empty() {
        let seen = format!("the header is spelt otherwise than the contract: {}", all.join("; "));
        notes.push(
            Diagnostic::warning(codes::control::DRIFT, seen)
                .place(Place::at(file, streamed.header.line, 1))
                .outcome("the delivery was read: the contract allows these spellings")
                .hint(format!("nothing has to be done; the aliases stand in the contract that {} names", feed.file)),
        );
    }
    let normalised: Vec<String> = judge.notes().into_iter().chain(streamed.tally.notes(judge)).collect();
    if !normalised.is_empty() {
        notes.push(
            Diagnostic::warning(codes::control::DRIFT, normalised.join("; "))
                .place(Place::file(file))
                .outcome("the delivery was read; no value was changed")
                .hint("nothing has to be done"),
        );
    }
    notes
}

pub fn outside(feed: &Feed, file: &str, coverage: &Coverage, streamed: &Streamed) -> Option<Diagnostic> {
    let first = streamed.outside.first()?;
    let rows = match streamed.outside_rows {
        1 => "1 row has a date".to_owned(),
        n => format!("{} rows have dates", grouped(u128::from(n))),
    };
    let seen = format!("{rows} outside {coverage}, first on line {}: {} ({})", first.source_row, first.date, pounds(first.pence));
    let place = Place::at(file, u64::try_from(first.source_row).unwrap_or(0), 1);
    let base = |d: Diagnostic| d.place(place).expected(format!("dates within {coverage}, which the delivery covers"));
    Some(match feed.rows_outside {
        RowsOutside::Warn => base(Diagnostic::warning(codes::control::ROWS_OUTSIDE, seen))
            .outcome("they count in the period that the delivery covers, with their own date beside it")
            .hint("look at them with `truecost explain line`; `rows_outside: refuse` in the feed would refuse such a delivery"),
        RowsOutside::Refuse => base(Diagnostic::new(codes::control::ROWS_OUTSIDE, seen))
            .outcome("the delivery was refused; the last accepted one stays")
            .hint("ask the sender for the right extract, or set `rows_outside: warn` in the feed"),
    })
}

/// The first figure of a delivery that is more than an amount can be: it could be neither published nor proved.
pub fn too_large(feed: &Feed, file: &str, record: &DeliveryRecord) -> Option<Diagnostic> {
    let fits = |pence: Pence| pence.unsigned_abs() <= u128::from(Money::MAX_PENCE.unsigned_abs());
    let proof = &record.proof;
    let quarantined = quarantined_pence(record);
    let periods = proof.periods.iter().flat_map(|(period, p)| {
        [
            (period.clone(), p.amount),
            (format!("the debits of {period}"), p.debits),
            (format!("the credits of {period}"), p.amount - p.debits),
            (format!("{period} with the quarantined rows"), p.amount + quarantined),
        ]
    });
    let whole = [
        ("the whole delivery".to_owned(), proof.periods.values().map(|p| p.amount).sum()),
        ("the quarantined rows".to_owned(), quarantined),
    ];
    let columns = proof.columns.iter().flat_map(|(name, m)| {
        [(format!("column `{name}`"), m.accepted), (format!("column `{name}` of the quarantined rows"), m.quarantined)]
    });
    let (what, pence) = periods.chain(whole).chain(columns).find(|(_, pence)| !fits(*pence))?;
    let seen = format!("delivery {} of {}: the sum of {what} is {}", record.delivery_id, feed.name(), pounds(pence));
    let report = Diagnostic::new(codes::control::SUM_TOO_LARGE, seen)
        .place(Place::file(file))
        .expected(format!("at most {}: an amount has 18 digits", pounds(Pence::from(Money::MAX_PENCE))))
        .outcome("the delivery was refused; the last accepted one stays, and other deliveries are not affected")
        .hint("look for amounts that cannot be true (a wrong decimal mark, codes for amounts), and ask the sender for the extract again");
    Some(report)
}

/// "1,204 rows: not an amount … (column amount), first on line 48".
pub fn grouped_faults<'g>(file: &'g str, groups: &'g BTreeMap<(String, String), FaultGroup>) -> impl Iterator<Item = Diagnostic> + 'g {
    groups.iter().map(move |((code, column), group)| {
        let rows = if group.rows == 1 { "1 row".to_owned() } else { format!("{} rows", grouped(u128::from(group.rows))) };
        let of = if column.is_empty() { String::new() } else { format!(" in `{column}`") };
        let code = codes::find(code).copied().unwrap_or(codes::control::TOO_MANY_FAULTY_ROWS);
        Diagnostic::new(code, format!("{rows}{of}: {}, first on line {}", group.reason, group.first_line))
            .place(Place::at(file, group.first_line, 1))
            .outcome("these rows are in quarantine, with the reason and the row as it came")
            .hint("truecost quarantine list")
    })
}

/// Every accepted row is in the common table, and no other.
pub fn unexplained(streamed: &Streamed, file: &str) -> Answer<()> {
    let normalised: u64 = streamed.totals.values().map(|t| t.rows).sum();
    let stored: u64 = streamed.parts.iter().map(|p| p.part.rows).sum();
    if stored == normalised && (normalised == streamed.tally.accepted || streamed.many) {
        return Ok(());
    }
    Err(Diagnostic::new(
        codes::checks::UNEXPLAINED,
        format!("{} rows were accepted, {normalised} normalised and {stored} stored", streamed.tally.accepted),
    )
    .place(Place::file(file))
    .expected("the same number three times")
    .outcome("nothing was committed; the last accepted delivery stays")
    .hint("this is a fault of truecost: report it")
    .into())
}

pub fn no_contract(feed: &Feed, file: &str, coverage: &Coverage) -> Diagnostic {
    Diagnostic::new(codes::control::COVERAGE_UNKNOWN, format!("no contract of the feed holds for {coverage}"))
        .place(Place::file(file))
        .expected(format!("a contract in {} that holds then", feed.file))
        .outcome("the delivery was refused; the last accepted one stays")
        .hint("add a contract with `from:` for that time, or correct the file's name")
}

pub fn no_coverage(feed: &Feed, file: &str) -> Refusal {
    Diagnostic::new(codes::control::COVERAGE_UNKNOWN, "the file does not say which period it covers")
        .place(Place::file(file))
        .expected(format!("what `covers: {{from: …}}` in {} names", feed.file))
        .outcome("the file is landed and nothing else was done with it")
        .hint("ask the sender for a file that says it, or correct `covers:`")
        .into()
}

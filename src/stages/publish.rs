//! Small tables of a release: deliveries, dimensions; and writing a table as one part.

use std::collections::{BTreeMap, BTreeSet};

use arrow::record_batch::RecordBatch;

use crate::{
    diagnostic::Answer,
    domain::{Calendar, Period},
    lake::{EncodedRowGroup, PartSchema, PartWriter, StagedPart, Staging},
    pipeline::Partnership,
    plan::{Behind, MissingFeeds, delivery_vat},
    schema::{Cell, Contract},
};

/// Writes a batch as one part.
///
/// # Errors
/// TC10…
pub fn write(contract: &Contract, rows: &RecordBatch, staging: &Staging) -> Answer<StagedPart> {
    let schema = PartSchema::of(contract)?;
    let mut writer = PartWriter::create(staging, &schema)?;
    let mut at = 0;
    while at < rows.num_rows() {
        let length = crate::lake::ROW_GROUP_ROWS.min(rows.num_rows() - at);
        writer.append(EncodedRowGroup::of(&schema, &[rows.slice(at, length)])?)?;
        at += length;
    }
    writer.finish()
}

/// The table `delivery`: those that stand behind this release, by council, feed, period. Rows and pounds accepted are those of the
/// periods for which each counts.
#[must_use]
pub fn delivery_rows(partnership: &Partnership, behind: &[Behind<'_>]) -> Vec<Vec<Cell>> {
    let row = |b: &Behind<'_>| {
        let r = b.record;
        let covers = r.covers();
        let (from, to) = covers.map_or((Period { year: 0, period: 1 }, Period { year: 0, period: 1 }), |c| (c.first(), c.last()));
        let proof = &r.proof;
        vec![
            r.delivery_id.as_str().into(),
            r.council.as_str().into(),
            r.feed.as_str().into(),
            i64::from(from.year).into(),
            i64::from(from.period).into(),
            i64::from(to.year).into(),
            i64::from(to.period).into(),
            r.source.name.as_str().into(),
            r.sha256.as_str().into(),
            r.bytes.into(),
            b.rows.into(),
            proof.quarantined.into(),
            proof.not_data_rows().into(),
            Cell::Pence(b.pence),
            r.quarantined_pence().map_or(Cell::Null, Cell::Pence),
            proof.proved_by_sender.into(),
            r.not_known_rows().into(),
            delivery_vat(partnership, r).as_str().into(),
        ]
    };
    behind.iter().map(row).collect()
}

/// Councils, services and periods as tables. `none` and `unknown` are services too, so that every line finds its row.
/// `last_good` are the periods whose figures are those of an earlier release, because this one's cannot be made; `missing` says which
/// required feeds a period lacks.
#[must_use]
pub fn dimensions(
    partnership: &Partnership,
    periods: &[Period],
    last_good: &BTreeSet<Period>,
    missing: impl Fn(Period) -> MissingFeeds,
) -> BTreeMap<&'static str, Vec<Vec<Cell>>> {
    let councils = partnership.councils.iter().map(|c| vec![c.id.as_str().into(), c.name.as_str().into()]);
    let nothing = |id: &str, name: &str| vec![id.into(), id.into(), name.into(), name.into(), "none".into()];
    let mut services: Vec<Vec<Cell>> = partnership
        .services
        .iter()
        .map(|s| {
            vec![
                s.id.as_str().into(),
                s.directorate.as_str().into(),
                s.directorate_name.as_str().into(),
                s.name.as_str().into(),
                s.kind.as_str().into(),
            ]
        })
        .collect();
    services.push(nothing("none", "No service of the partnership"));
    services.push(nothing("unknown", "The source does not say which service"));
    let period = |p: &Period| {
        let (starts, ends) = partnership.calendar.days_of(*p);
        let missing = missing(*p);
        let listed = |feeds: Vec<String>| if feeds.is_empty() { Cell::Null } else { feeds.join(", ").into() };
        vec![
            i64::from(p.year).into(),
            i64::from(p.period).into(),
            Cell::Day(starts.0),
            Cell::Day(ends.0),
            period_name(*p, partnership.calendar).into(),
            if last_good.contains(p) { "blocked, last good" } else { "published" }.into(),
            listed(missing.without),
            listed(missing.carried.iter().map(|(feed, from)| format!("{feed} from {from}")).collect()),
        ]
    };
    BTreeMap::from([("council", councils.collect()), ("service", services), ("period", periods.iter().map(period).collect())])
}

/// `2023/24 P01 April 2023`.
#[must_use]
pub fn period_name(period: Period, calendar: Calendar) -> String {
    const MONTHS: [&str; 12] =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    let (year, month, _) = calendar.days_of(period).0.ymd();
    let ending = (period.year + 1) % 100;
    let what = if calendar.is_closing(period) {
        "closing".to_owned()
    } else {
        format!("{} {year}", MONTHS.get(usize::from(month) - 1).copied().unwrap_or_default())
    };
    format!("{}/{ending:02} P{:02} {what}", period.year, period.period)
}

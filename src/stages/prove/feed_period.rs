//! What check 6 asks of: the feeds of pay, posts and volumes in every period that has a ledger.

use std::collections::{BTreeMap, BTreeSet};

use arrow::record_batch::RecordBatch;

use crate::{
    diagnostic::Answer,
    domain::{Calendar, Period},
    lake::PublishedPart,
    pipeline::{Basis, Delivers, Feed, Partnership},
    plan::{CostSource, PeriodState, ReleasePlan, Slot},
    schema::{Cell, Type, proof_table},
};

/// Common tables whose deliveries every period with a ledger is asked for.
const ASKED: [&str; 3] = ["pay_line", "assignment", "driver_volume"];

/// A row for each feed that has ever brought something, and each period of the release, but closing ones, in which it is active and some
/// council has a ledger: by how many periods what stands there is older, null where nothing does, negative where it is younger.
///
/// # Errors
/// TC1250 where a value does not fit.
pub fn feed_period(partnership: &Partnership, release: &ReleasePlan, lines: &[(CostSource, PublishedPart)]) -> Answer<RecordBatch> {
    let columns = [
        ("council", Type::Text),
        ("feed", Type::Text),
        ("into_table", Type::Text),
        ("delivery_year", Type::SmallInt),
        ("delivery_period", Type::TinyInt),
        ("first_day", Type::Date),
        ("has_ledger", Type::Boolean),
        ("is_register", Type::Boolean),
        ("age", Type::BigInt),
    ];
    let calendar = partnership.calendar;
    let mut ledgers: BTreeMap<Period, BTreeSet<&str>> = BTreeMap::new();
    for (source, _) in lines
        .iter()
        .filter(|(source, _)| source.basis == Basis::Ledger && source.carried.is_none() && !calendar.is_closing(source.file.period))
    {
        ledgers.entry(source.file.period).or_default().insert(&source.file.council);
    }
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for feed in partnership.feeds.iter().filter(|feed| ASKED.contains(&&*feed.into)) {
        let brought = brought(release, feed, calendar);
        for (period, councils) in ledgers.iter().filter(|_| !brought.is_empty()) {
            let (first, last) = calendar.days_of(*period);
            if !feed.active.contains(first) {
                continue;
            }
            let before = brought.iter().copied().filter(|(of, day)| day.map_or(of <= period, |day| day <= last));
            let is_register = feed.delivers == Delivers::Snapshot;
            // A register of a later day stands in for what there was before it.
            let stands = before.max().or_else(|| brought.iter().copied().min().filter(|_| is_register));
            rows.push(vec![
                feed.council.as_str().into(),
                feed.id.as_str().into(),
                (&*feed.into).into(),
                i64::from(period.year).into(),
                i64::from(period.period).into(),
                Cell::Day(first.0),
                councils.contains(feed.council.as_str()).into(),
                is_register.into(),
                stands.map_or(Cell::Null, |(of, _)| (months(*period) - months(of)).into()),
            ]);
        }
    }
    proof_table(&columns, &rows)
}

/// The periods of which a feed has brought something that counts, of a register with its day.
fn brought(release: &ReleasePlan, feed: &Feed, calendar: Calendar) -> BTreeSet<(Period, Option<crate::domain::Day>)> {
    let of_feed = |slot: &Slot| *slot.council == *feed.council && *slot.feed == *feed.id;
    let counts = release.periods.iter().filter(|(slot, entry)| {
        of_feed(slot) && entry.delivery.is_some() && entry.state == PeriodState::Counts && !calendar.is_closing(slot.period)
    });
    counts.map(|(slot, entry)| (slot.period, entry.as_at)).collect()
}

fn months(period: Period) -> i64 {
    i64::from(period.year) * 12 + i64::from(period.period.min(12))
}

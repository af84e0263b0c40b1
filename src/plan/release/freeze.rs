//! Closing a period: what speaks against it, and what it is closed on.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{PeriodPlan, PeriodState, ReleasePlan, Slot, beside, period_of_part, published_slots, verdicts_of_release};
use crate::{
    diagnostic::{Diagnostic, codes},
    domain::{Calendar, Period, decimal},
    lake::{Closing, Closings, DeliveryRecord, FrozenCarried, FrozenFinding, FrozenSlot, LakeFile, LakeFileState, Manifest, holder},
    pipeline::{Feed, Partnership},
    plan::{closing_is_due, is_expected},
};

/// What is known when somebody asks to close a period.
#[derive(Clone, Copy, Debug)]
pub struct CloseAsked<'a> {
    pub partnership: &'a Partnership,
    pub period: Period,
    pub plan: &'a ReleasePlan,
    pub deliveries: &'a [DeliveryRecord],
    pub closings: &'a Closings,
    pub latest: Option<&'a Manifest>,
    /// Whether the latest release is made from what counts now, by the rules of now.
    pub is_current: bool,
}

/// Something that speaks against closing a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// A sentence.
    pub seen: String,
    /// What to do about it.
    pub hint: String,
    /// Whether `--anyway` closes the period all the same.
    pub may_be_overridden: bool,
}

impl Objection {
    fn new(seen: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { seen: seen.into(), hint: hint.into(), may_be_overridden: true }
    }

    fn for_good(self) -> Self {
        Self { may_be_overridden: false, ..self }
    }

    /// As a report.
    #[must_use]
    pub fn report(&self, period: Period) -> Diagnostic {
        let also = if self.may_be_overridden { ", or `--anyway TEXT`" } else { "; `--anyway` does not help here" };
        Diagnostic::new(codes::periods::CANNOT_CLOSE, format!("{period} cannot be closed: {}", self.seen))
            .expected(format!("nothing that speaks against it{also}"))
            .outcome("nothing was changed; the period is open")
            .hint(self.hint.clone())
    }
}

/// The name among a manifest's proofs under which it lists what checks found.
pub const FOUND: &str = "found";

/// So many findings of one check are named where a period cannot be closed.
const SHOWN: usize = 3;

/// The month before a period; before a closing period the last month of its year.
#[must_use]
pub fn month_before(period: Period, calendar: Calendar) -> Period {
    let last = calendar.closing_period - 1;
    match period.period {
        1 => Period { year: period.year - 1, period: last },
        number => Period { year: period.year, period: number - 1 },
    }
}

impl CloseAsked<'_> {
    /// Everything that speaks against it, in the order in which to mend it.
    #[must_use]
    pub fn objections(&self) -> Vec<Objection> {
        let mut all: Vec<Objection> = self.month_before().into_iter().collect();
        let awaited = self.awaited();
        if self.is_empty() {
            all.extend(awaited);
            all.extend(self.waiting());
            return all;
        }
        all.extend(self.published());
        all.extend(self.lacking());
        all.extend(awaited);
        all.extend(self.waiting());
        all.extend(self.failed());
        all
    }

    fn month_before(&self) -> Option<Objection> {
        let before = month_before(self.period, self.partnership.calendar);
        let first = published_slots(self.latest).iter().map(|slot| slot.period).min();
        let is_first = first.is_none_or(|first| before < first);
        (!is_first && !self.closings.is_closed(before)).then(|| {
            let seen = format!("{before}, the month before it, is open");
            Objection::new(seen, format!("truecost period close {before} --by NAME --reason TEXT")).for_good()
        })
    }

    /// A period for which nothing came and nothing waits: there is nothing to publish of it. A closing period that no feed is to bring; a month
    /// after the first that was published, of which all that was expected (required, or due) was let go.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let (partnership, period) = (self.partnership, self.period);
        let has_rows = |(slot, entry): (&Slot, &PeriodPlan)| slot.period == period && entry.rows > 0;
        if self.plan.periods.iter().any(has_rows) {
            return false;
        }
        if partnership.calendar.is_closing(period) {
            let is_due = |feed: &Feed| closing_is_due(feed, partnership.calendar, period, self.deliveries);
            return !partnership.feeds.iter().any(is_due);
        }
        let published: BTreeSet<Period> = published_slots(self.latest).iter().map(|slot| slot.period).collect();
        let is_within = published.first().is_some_and(|first| *first < period) && !published.contains(&period);
        let first = partnership.calendar.days_of(period).0;
        let is_awaited = |feed: &&Feed| (feed.active.contains(first) && feed.required.on(first)) || self.is_due(feed);
        let is_waived = |feed: &Feed| self.closings.is_waived(&feed.council, &feed.id, period);
        let mut awaited = partnership.feeds.iter().filter(is_awaited).peekable();
        is_within && awaited.peek().is_some() && awaited.all(is_waived)
    }

    /// Whether the period is expected of a feed by a day.
    fn is_due(&self, feed: &Feed) -> bool {
        let of_council = self.deliveries.iter().filter(|r| r.is_accepted() && r.council == *feed.council);
        is_expected(self.partnership, feed, self.period, of_council.flat_map(DeliveryRecord::periods).min())
    }

    /// The latest release holds it, and is what a run would make now.
    fn published(&self) -> Option<Objection> {
        let Some(latest) = self.latest else {
            return Some(Objection::new("nothing has been published yet", "truecost run").for_good());
        };
        if !published_slots(Some(latest)).iter().any(|slot| slot.period == self.period) {
            let seen = format!("the latest release, {}, does not hold it", latest.release);
            return Some(Objection::new(seen, "truecost status says what it waits for; truecost run publishes it").for_good());
        }
        // What cannot be made because pay is gone stands for good.
        let is_blocked = |report: &Diagnostic| report.code != codes::periods::PAY_IS_GONE;
        if verdicts_of_release(Some(latest)).get(&self.period).is_some_and(|said| said.iter().any(is_blocked)) {
            let seen = format!("its cost could not be allocated, and release {} holds its last good figures", latest.release);
            return Some(Objection::new(seen, "truecost run says what is missing").for_good());
        }
        if let Some(stop) = self.plan.stops(&[]).first() {
            let seen = format!("no release can be made of what there is now: {}: {}", stop.code.id, stop.seen);
            return Some(Objection::new(seen, "truecost status").for_good());
        }
        let knows = latest.content.proofs.contains_key(FOUND);
        (!self.is_current || !knows).then(|| {
            let seen = format!("release {} was made from other lines, rules or program than there are now", latest.release);
            Objection::new(seen, if knows { "truecost run" } else { "truecost run --force" }).for_good()
        })
    }

    /// Required feeds that brought nothing for it, or whose delivery was withdrawn, and that nobody waived.
    fn lacking(&self) -> Vec<Objection> {
        let is_waived = |feed: &Feed| self.closings.is_waived(&feed.council, &feed.id, self.period);
        let one = |name: String| {
            let feed = self.partnership.feed_named(&name);
            let let_go = match feed.filter(|feed| feed.due.is_some()) {
                Some(_) => format!("let it go: truecost supply waive {name} {} --by NAME --reason TEXT, then truecost run", self.period),
                None => format!("close it without: truecost period close {} --by NAME --reason TEXT --anyway TEXT", self.period),
            };
            (!feed.is_some_and(is_waived)).then(|| {
                Objection::new(
                    format!("{name}, a required feed, has no accepted delivery for it"),
                    format!("put the file into the folder of {name} and type truecost run; or {let_go}"),
                )
            })
        };
        self.without().into_iter().filter_map(one).collect()
    }

    /// Required feeds without which it is published, waived and withdrawn ones too, and those of which an earlier month stands in.
    #[must_use]
    pub fn without(&self) -> Vec<String> {
        let missing = self.plan.missing_in(self.period, self.closings);
        let all: BTreeSet<String> = missing.without.into_iter().chain(missing.carried.into_iter().map(|(feed, _)| feed)).collect();
        all.into_iter().collect()
    }

    /// Feeds of which somebody let it go.
    #[must_use]
    pub fn waived(&self) -> Vec<String> {
        let is_waived = |feed: &&Feed| self.closings.is_waived(&feed.council, &feed.id, self.period);
        self.partnership.feeds.iter().filter(is_waived).map(Feed::name).collect()
    }

    /// Required feeds whose closing entries are expected by a day (`closing` of `due`), and that brought none.
    fn awaited(&self) -> Vec<Objection> {
        let (partnership, period) = (self.partnership, self.period);
        if !partnership.calendar.is_closing(period) {
            return Vec::new();
        }
        let named = self.without();
        let is_awaited = |feed: &&Feed| {
            let (council, id) = (&*feed.council, &*feed.id);
            let lacks = holder(self.deliveries, council, id, period).is_none() && !self.closings.is_waived(council, id, period);
            let required = feed.required.on(partnership.calendar.days_of(period).0);
            lacks && required && !named.contains(&feed.name()) && self.is_due(feed)
        };
        let one = |feed: &Feed| {
            let name = feed.name();
            Objection::new(
                format!("{name}, a required feed, is expected to bring it (`closing` in its `due`), and has not"),
                format!(
                    "put the file into the folder of {name} and type truecost run; or let it go: truecost supply waive {name} {period} --by NAME --reason TEXT"
                ),
            )
        };
        partnership.feeds.iter().filter(is_awaited).map(one).collect()
    }

    /// Deliveries of it that wait for a person's word.
    fn waiting(&self) -> Vec<Objection> {
        let waits = self.deliveries.iter().filter(|r| r.goes_into(self.period) && r.waits(self.deliveries));
        let one = |r: &DeliveryRecord| {
            let seen = format!("delivery {} of {} waits for a person's word", r.delivery_id, r.feed_name());
            Objection::new(
                seen,
                format!("truecost accept {id} or truecost withdraw {id}, --by NAME --reason TEXT; truecost run", id = r.delivery_id),
            )
        };
        waits.map(one).collect()
    }

    /// Checks that failed in it, or in the release as a whole.
    fn failed(&self) -> Vec<Objection> {
        let of_it = self.latest.map(found_in).unwrap_or_default().into_iter();
        let of_it = of_it.filter(|(period, _)| period.is_none_or(|period| period == self.period));
        let mut checks: BTreeMap<i16, BTreeSet<String>> = BTreeMap::new();
        for (_, found) in of_it {
            checks.entry(found.check).or_default().insert(found.what);
        }
        let one = |(number, whats): (i16, BTreeSet<String>)| {
            let hint = if number == 12 { "truecost suspense" } else { "truecost checks" };
            Objection::new(format!("check {number} failed: {}", first_of(&whats)), hint)
        };
        checks.into_iter().map(one).collect()
    }
}

/// The first findings of a check, and how many more there are: one check may have failed for every service of every council.
fn first_of(whats: &BTreeSet<String>) -> String {
    let shown: Vec<&str> = whats.iter().take(SHOWN).map(String::as_str).collect();
    match whats.len().saturating_sub(SHOWN) {
        0 => shown.join("; "),
        more => format!("{}; and {more} more", shown.join("; ")),
    }
}

/// What checks found in a release, each with its period; `None` of what tells of more than one.
fn found_in(manifest: &Manifest) -> Vec<(Option<Period>, FrozenFinding)> {
    let all = manifest.content.proofs.get(FOUND).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let one = |found: &Value| {
        let period = found.get("period").and_then(Value::as_str).and_then(Period::parse);
        Some((period, serde_json::from_value(found.clone()).ok()?))
    };
    all.iter().filter_map(one).collect()
}

impl ReleasePlan {
    /// What an open period stands on in the latest release, which is made from this plan.
    #[must_use]
    pub fn closing(
        &self,
        partnership: &Partnership,
        deliveries: &[DeliveryRecord],
        files: &[(String, LakeFile)],
        latest: &Manifest,
        period: Period,
    ) -> Closing {
        let counting = self.periods.iter().filter(|(slot, entry)| slot.period == period && entry.state == PeriodState::Counts);
        let mut closing = Closing {
            release: Some(latest.release.clone()),
            rules: latest.content.proofs.get("rules").and_then(Value::as_str).unwrap_or_default().to_owned(),
            ..Closing::default()
        };
        for (slot, entry) in counting {
            let Some(record) = deliveries.iter().find(|record| entry.delivery.as_ref() == Some(&record.delivery_id)) else { continue };
            let its = |name: &String| record.lake_files.is_empty() || record.lake_files.values().any(|file| file == name);
            // What retention took of it is what it stands on all the same.
            let gone = self.gone.iter().filter(|gone| its(&gone.file.name)).map(|gone| (&gone.table, &gone.file));
            let of_slot = files.iter().map(|(table, file)| (table, file)).chain(gone);
            let of_slot = of_slot.filter(|(table, file)| **table == record.table && Slot::of_file(file) == *slot);
            let state = |(_, file): (&String, &LakeFile)| LakeFileState { path: file.relative.clone(), rows: file.rows, bytes: file.bytes };
            closing.slots.push(FrozenSlot {
                council: slot.council.clone(),
                feed: slot.feed.clone(),
                table: record.table.clone(),
                delivery: record.delivery_id.clone(),
                as_at: slot.declared(partnership).and_then(|feed| beside::as_at(feed, record)).map(|day| day.to_string()),
                files: of_slot.map(state).collect(),
                carried: None,
            });
            closing.knows(record);
        }
        for source in self.sources.iter().filter(|source| source.file.period == period) {
            let Some(carried) = source.carried else { continue };
            let Some(record) = deliveries.iter().chain(&self.frozen_records).find(|record| record.is(&source.delivery)) else { continue };
            closing.slots.push(FrozenSlot {
                council: source.file.council.clone(),
                feed: source.file.feed.clone(),
                table: source.basis.common_table().to_owned(),
                delivery: source.delivery.clone(),
                as_at: None,
                files: vec![LakeFileState { path: source.file.relative.clone(), rows: source.file.rows, bytes: source.file.bytes }],
                carried: Some(FrozenCarried { from: carried.from.to_string(), amount: decimal(carried.pence) }),
            });
            closing.knows(record);
        }
        let of_period = |part: &&crate::lake::PublishedPart| period_of_part(&part.key) == Some(period);
        for (table, parts) in &latest.content.tables {
            let parts: Vec<_> = parts.iter().filter(of_period).cloned().collect();
            // Also a table without a part of the period: one that a later program adds is not among them.
            closing.parts.insert(table.clone(), parts);
        }
        closing.found = found_in(latest).into_iter().filter(|(of, _)| *of == Some(period)).map(|(_, found)| found).collect();
        closing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_that_failed_everywhere_is_one_objection() {
        let whats = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(first_of(&whats(&["suspense"])), "suspense");
        assert_eq!(first_of(&whats(&["c", "a", "b"])), "a; b; c");
        assert_eq!(first_of(&whats(&["d", "c", "a", "b", "e"])), "a; b; c; and 2 more");
    }
}

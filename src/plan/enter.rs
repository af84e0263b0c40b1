//! What a judged delivery does to the register: a pure function of what is known and of the verdict. Whoever calls it commits, writes
//! and reports; here it is decided which periods get new rows, what is withdrawn or brought in again, and what has to wait for a person.

mod parts;
mod sums;

use std::collections::BTreeSet;

use super::unlike::unlike;
use crate::{
    domain::{Day, Pence, Period, pounds, rows_and_pounds},
    lake::{DeliveryRecord, DeliveryState, PeriodProof, Turn, holder},
    pipeline::{Extent, Feed, FilePatterns, Shrunken},
};

/// From so many rows on, what they show together is no accident.
const TELLING: u64 = 5;

/// What entering an accepted delivery does.
#[derive(Debug, Default)]
pub struct Entry {
    /// The covered periods in which it stands: they get its rows, or none where it has none there.
    pub replace: Vec<Period>,
    /// Other periods that are left without rows by the same commit: those of what is withdrawn.
    pub emptied: Vec<Period>,
    /// Deliveries that its file was accepted for before, as they are entered: withdrawn.
    pub withdrawn: Vec<DeliveryRecord>,
    /// Deliveries as they are entered: lost where a withdrawn one had stood over them, found again where they no longer stand at all; and
    /// refused copies of what its file was before, as copies of it.
    pub others: Vec<DeliveryRecord>,
    /// What stood in the periods that it replaces, and what stands there after it.
    pub replaced: Vec<Replaced>,
    /// What of it only a person can know; where there is something, nothing is committed.
    pub questions: Vec<String>,
}

/// What a feed says of entering its deliveries.
#[derive(Clone, Copy, Debug)]
pub struct EntryRules<'f> {
    pub shrunken: Shrunken,
    /// Files say themselves what they cover: one name may bring month after month.
    pub covers_inside: bool,
    /// Each file brings the year so far again, whatever it has in common with those before.
    pub to_date: bool,
    /// How its files are named.
    pub files: &'f FilePatterns,
}

impl<'f> From<&'f Feed> for EntryRules<'f> {
    fn from(feed: &'f Feed) -> Self {
        let to_date = feed.covers.extent == Extent::ToDate;
        Self { shrunken: feed.shrunken, covers_inside: feed.covers.from.is_some(), to_date, files: &feed.files }
    }
}

/// One period before and after a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    pub period: Period,
    /// The delivery that stood there.
    pub delivery: String,
    pub before: PeriodProof,
    pub after: PeriodProof,
    /// The rows have no pounds: they are guarded, and told, by their number.
    pub no_pounds: bool,
}

impl Replaced {
    /// Whether less than half of the rows or of the absolute amounts is left, or nothing.
    #[must_use]
    pub fn shrinks(&self) -> bool {
        shrinks(&self.before, &self.after)
    }

    /// Whether no day of what stood there is among those of what would take its place: a week's file in place of another week's.
    fn is_another_part(&self) -> bool {
        let apart = |((first, last), (from, to)): ((Day, Day), (Day, Day))| last < from || to < first;
        let telling = self.before.rows.min(self.after.rows) >= TELLING;
        telling && self.before.days.zip(self.after.days).is_some_and(apart)
    }

    /// What is in question about it; nothing where it may be replaced.
    fn question(&self) -> Option<String> {
        if self.shrinks() {
            return Some(self.less());
        }
        let ((first, last), (from, to)) = self.before.days.zip(self.after.days).filter(|_| self.is_another_part())?;
        let of = |proof: &PeriodProof| self.shown(proof.rows, proof.amount);
        Some(format!(
            "in {} stand {} of {first} to {last}, of delivery {}, and these are {} of {from} to {to}: without a day in common they may be \
             another part of the period, and would take the place of that one",
            self.period,
            of(&self.before),
            self.delivery,
            of(&self.after)
        ))
    }

    /// That it shrinks, with the absolute amounts, by which it is guarded.
    fn less(&self) -> String {
        let absolute = if self.no_pounds { "" } else { " in absolute amounts" };
        let of = |proof: &PeriodProof| format!("{}{absolute}", self.shown(proof.rows, proof.absolute()));
        let what = if self.after.rows == 0 { "nothing is left" } else { "less than half is left" };
        format!("{what} of {}: {} of delivery {} before, {} now", self.period, of(&self.before), self.delivery, of(&self.after))
    }

    fn shown(&self, rows: u64, pence: Pence) -> String {
        rows_and_pounds(rows, (!self.no_pounds).then_some(pence))
    }

    /// `2018/P01: 10 rows, £1,000.00 of delivery 0123456789abcdef before; 4 rows, £400.00 now`.
    #[must_use]
    pub fn in_words(&self) -> String {
        // Where the net says nothing, the absolute amounts do.
        let same_net = self.before.amount == self.after.amount && self.before.absolute() != self.after.absolute();
        let of = |proof: &PeriodProof| {
            let absolute = if same_net { format!(" ({} in absolute amounts)", pounds(proof.absolute())) } else { String::new() };
            format!("{}{absolute}", self.shown(proof.rows, proof.amount))
        };
        format!("{}: {} of delivery {} before; {} now", self.period, of(&self.before), self.delivery, of(&self.after))
    }
}

/// Whether less than half of the rows or of the absolute amounts is left, or nothing.
pub(super) fn shrinks(before: &PeriodProof, after: &PeriodProof) -> bool {
    before.rows > 0 && (after.rows == 0 || after.rows * 2 < before.rows || after.absolute() * 2 < before.absolute())
}

/// What was replaced, in words: a line for each period that changed, and one for all that did not.
#[must_use]
pub fn replaced_in_words(replaced: &[Replaced]) -> Vec<String> {
    let (changed, same): (Vec<&Replaced>, Vec<&Replaced>) = replaced.iter().partition(|r| !r.before.has_figures_of(&r.after));
    let mut lines: Vec<String> = changed.into_iter().map(Replaced::in_words).collect();
    if let Some((first, last)) = same.first().zip(same.last()) {
        let periods =
            if same.len() == 1 { first.period.to_string() } else { format!("{}..{} ({} periods)", first.period, last.period, same.len()) };
        let what = if first.no_pounds { "the same number of rows" } else { "the same rows and pounds" };
        lines.push(format!("{periods}: {what} as before"));
    }
    lines
}

/// Decides what `new`, judged and accepted by its rules, does. `known` is the register with whatever `new` was before; `gone` says of a
/// file that it lies in its folder no more.
///
/// What it replaces is guarded: a period that would be emptied, or keep less than half of its rows or absolute amounts, or have no day in
/// common with what stands, is in question, unless the feed lets its deliveries shrink or a person accepted this one; so is what is another
/// piece of it by its name. Nothing is guarded where nothing stands. Rows outside of what it covers that stand already are in question too,
/// and amounts that are printed, signed or sized otherwise than those of the deliveries before it, the same amounts once more, and rows of
/// which each is there twice.
#[must_use]
pub fn enter(known: &[DeliveryRecord], rules: EntryRules<'_>, new: &DeliveryRecord, moved: &dyn Fn(&DeliveryRecord) -> bool) -> Entry {
    let held_by = |known: &[DeliveryRecord], period: Period| holder(known, &new.council, &new.feed, period).cloned();
    let mut after: Vec<DeliveryRecord> =
        known.iter().filter(|r| r.is_of(&new.council, &new.feed) && !r.is(&new.delivery_id)).cloned().collect();
    let mut entry = Entry::default();
    for record in after.iter_mut().filter(|r| is_former(rules, r, new) || (is_elsewhere(r, new) && moved(r))) {
        record.state = DeliveryState::Withdrawn;
        record.lost = false;
        entry.withdrawn.push(record.clone());
    }
    after.push(new.clone());
    let stands = |period: &Period| held_by(&after, *period).is_some_and(|r| r.is(&new.delivery_id));
    entry.replace = new.periods().into_iter().filter(stands).collect();
    let left: BTreeSet<Period> = entry.withdrawn.iter().flat_map(DeliveryRecord::periods).collect();
    let left = left.into_iter().filter(|p| !entry.replace.contains(p));
    entry.emptied = left.filter(|p| held_by(known, *p).is_some_and(|r| entry.withdrawn.iter().any(|w| w.is(&r.delivery_id)))).collect();
    let below: BTreeSet<String> = entry.emptied.iter().filter_map(|p| held_by(&after, *p)).map(|r| r.delivery_id).collect();
    for record in after.iter().filter(|r| r.is_accepted() && !r.is(&new.delivery_id)) {
        let lost = below.contains(&record.delivery_id) || (record.lost && record.stands(&after.iter()));
        if lost != record.lost {
            entry.others.push(DeliveryRecord { lost, ..record.clone() });
        }
    }
    let stays_a_copy = |r: &&DeliveryRecord| is_copy_of_moved(r, &entry.withdrawn, new);
    entry.others.extend(
        after
            .iter()
            .filter(stays_a_copy)
            .map(|r| DeliveryRecord { copy_of: Some(new.delivery_id.clone()), ..r.clone() })
            .collect::<Vec<_>>(),
    );
    entry.replaced = entry.replace.iter().filter_map(|period| replaced(known, new, *period)).collect();
    if rules.shrunken == Shrunken::Waits && !new.accepted_by(&new.rules()) {
        entry.questions = entry.replaced.iter().filter_map(Replaced::question).collect();
    }
    if !new.accepted_by(&new.rules()) {
        entry.questions.extend(parts::questions(known, rules, new, &entry.replaced));
        entry.questions.extend(again(&after, new));
        entry.questions.extend(unlike(known, new));
        entry.questions.extend(each_twice(known, new));
        if !new.proof.adds_up.is_empty() {
            entry.questions.extend(sums::questions(standing(known, new), new));
        }
    }
    entry
}

/// The other deliveries of the feed that count somewhere: what was withdrawn, or is covered whole by others, is nobody's custom.
fn standing<'k>(known: &'k [DeliveryRecord], new: &DeliveryRecord) -> impl Iterator<Item = &'k DeliveryRecord> {
    let of_feed: Vec<&DeliveryRecord> = known.iter().filter(|r| r.is_of(&new.council, &new.feed)).collect();
    let others: Vec<&DeliveryRecord> = of_feed.iter().copied().filter(|r| r.is_accepted() && !r.is(&new.delivery_id)).collect();
    others.into_iter().filter(move |r| r.stands(&of_feed.iter().copied()))
}

/// Every row is there twice: two copies of one file, put together; nothing where that is the custom of the feed, as of standing charges.
fn each_twice(known: &[DeliveryRecord], new: &DeliveryRecord) -> Option<String> {
    let is_custom = || standing(known, new).any(|r| r.proof.each_twice);
    let is_asked = new.proof.each_twice && !new.proof.no_pounds && !is_custom();
    is_asked.then(|| "each of its rows stands in it twice, or an even number of times: are these two copies of one file?".to_owned())
}

/// Rows outside what the delivery covers that are as many, and as much, as stand in the period in which they lie: brought again without
/// a word, as by a file that goes on from month to month, they would count twice.
fn again(after: &[DeliveryRecord], new: &DeliveryRecord) -> Vec<String> {
    let covered = new.periods();
    let one = |(period, rows): (&String, &PeriodProof)| {
        let period = Period::parse(period).filter(|period| !covered.contains(period) && rows.rows >= TELLING)?;
        let stands = holder(after, &new.council, &new.feed, period).filter(|r| !r.lost)?;
        let same = stands.proof.periods.get(&period.to_string()).is_some_and(|proof| proof.has_figures_of(rows));
        let sum = rows_and_pounds(rows.rows, (!new.proof.no_pounds).then_some(rows.amount));
        same.then(|| {
            format!(
                "{sum} of it lie in {period}, where as many rows and as much stand, of delivery {}: they would count twice",
                stands.delivery_id
            )
        })
    };
    new.proof.outside.iter().filter_map(one).collect()
}

/// What the delivery finds in a period that it replaces.
fn replaced(known: &[DeliveryRecord], new: &DeliveryRecord, period: Period) -> Option<Replaced> {
    let before = holder(known, &new.council, &new.feed, period).filter(|r| !r.lost)?;
    let of = |r: &DeliveryRecord| r.proof.periods.get(&period.to_string()).copied().unwrap_or_default();
    let found =
        Replaced { period, delivery: before.delivery_id.clone(), before: of(before), after: of(new), no_pounds: new.proof.no_pounds };
    (found.before != found.after || !before.is(&new.delivery_id)).then_some(found)
}

/// Whether a refused copy of bytes that were withdrawn is a copy of `new`, which holds the same bytes now: it is not judged again for it.
fn is_copy_of_moved(record: &DeliveryRecord, withdrawn: &[DeliveryRecord], new: &DeliveryRecord) -> bool {
    let of_moved = |of: &String| withdrawn.iter().any(|w| w.is(of) && w.holds_the_same(new));
    record.state == DeliveryState::Refused
        && record.copy_of.as_ref().is_some_and(of_moved)
        && !record.is_named(&new.source.location, &new.source.name)
        && !record.coverage.iter().any(|period| new.coverage.contains(period))
}

/// Whether `new` is another reading of the file that brought `record`: what it was accepted or waits for is out of date then.
///
/// Where names say what files cover, every other coverage of the same name is a former reading of it, whatever its bytes were. Where
/// files say it themselves, one name may bring month after month: only the same bytes cannot mean two coverages.
fn is_former(rules: EntryRules<'_>, record: &DeliveryRecord, new: &DeliveryRecord) -> bool {
    is_other(record, new) && record.is_named(&new.source.location, &new.source.name) && (!rules.covers_inside || record.holds_the_same(new))
}

/// Whether `record` holds the bytes of `new` for another coverage. Where the file has moved it does so no more, whichever place `new` has:
/// one that is taken instead of a newer one stands below that.
fn is_elsewhere(record: &DeliveryRecord, new: &DeliveryRecord) -> bool {
    counts_otherwise(record, new) && record.holds_the_same(new)
}

/// The place that a file has had in the order of its feed since it came: that somebody says otherwise what it covers makes it no later than
/// what has come since. `None` where it is new, and of files to date, which go over each other by their ends.
#[must_use]
pub fn turn_of_former(known: &[DeliveryRecord], feed: &Feed, new: &DeliveryRecord) -> Option<Turn> {
    if feed.covers.extent == Extent::ToDate {
        return None;
    }
    // Whatever became of it: one that was refused, or that a person withdrew, came no later either.
    let is_it = |r: &&DeliveryRecord| {
        let is_file = r.is_of(&new.council, &new.feed) && r.is_named(&new.source.location, &new.source.name) && r.holds_the_same(new);
        is_file && !r.is(&new.delivery_id) && r.turn() <= new.turn()
    };
    known.iter().filter(is_it).filter_map(DeliveryRecord::turn).max()
}

fn is_other(record: &DeliveryRecord, new: &DeliveryRecord) -> bool {
    // What came later is no former reading: where an older one is brought in again, the later stays.
    counts_otherwise(record, new) && record.turn() <= new.turn()
}

fn counts_otherwise(record: &DeliveryRecord, new: &DeliveryRecord) -> bool {
    matches!(record.state, DeliveryState::Accepted | DeliveryState::Waiting) && record.coverage != new.coverage
}

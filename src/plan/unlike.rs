//! A delivery whose amounts are printed, signed or sized otherwise than those before it: pence or thousands for pounds, the sign or the
//! sides turned, nothing but nought. Its rows are read as exactly as ever, so nothing refuses it; whether the figures are what they seem
//! only a person can know.

mod exchanged;
mod labelled;
mod lost;
mod whole;

use crate::{
    decode::AmountsSeen,
    domain::{Pence, counted, pounds},
    lake::{DeliveryRecord, Measure},
};

/// Deliveries before, at most, that another is held against: a year of months.
const BEFORE: usize = 12;
/// Binary digits that amounts on the average must have more: eight times as large. Pence taken for pounds have six or seven.
const LARGER: u64 = 3;
/// Binary digits that amounts on the average must have more or fewer to be in another unit, whatever their print: 32 times as large.
const OTHER_UNIT: u64 = 5;
/// Binary digits that amounts of one column must have more than those of another to be told apart by it: 4 times as large.
const LARGER_APART: u64 = 2;
/// From so many amounts on, their size tells something.
const SIZED: u64 = 8;
/// Of so many deliveries that are as all others, less than one shows by chance what one is asked for.
const ODDS: u128 = 100;
/// The same where so few deliveries came before: what one month lacks comes in batches, as accruals and their reversals do.
const ODDS_OF_FEW: u128 = 10_000;
const FEW: usize = 3;
/// From so many amounts on, signs tell something.
const TELLING: u64 = 3;

/// What is in question about `new`, by the deliveries of its feed that came before it and stand; nothing where none does.
pub(super) fn unlike(known: &[DeliveryRecord], new: &DeliveryRecord) -> Vec<String> {
    let of_feed: Vec<&DeliveryRecord> = known.iter().filter(|r| r.is_of(&new.council, &new.feed) && !r.is(&new.delivery_id)).collect();
    let mut before: Vec<&DeliveryRecord> = of_feed.iter().copied().filter(|r| r.is_accepted() && r.turn() < new.turn()).collect();
    before.sort_by_key(|r| std::cmp::Reverse(r.turn()));
    let stands: Vec<&DeliveryRecord> = before.into_iter().filter(|r| r.stands(&of_feed.iter().copied())).take(BEFORE).collect();
    let Some(sender) = &new.proof.sender else { return Vec::new() };
    let mut columns: Vec<&str> = sender.form.iter().flatten().map(|(column, _)| column.as_str()).collect();
    columns.sort_unstable();
    columns.dedup();
    let is_sided = sender.form.iter().any(|terms| terms.iter().any(|(_, minus)| *minus) && terms.iter().any(|(_, minus)| !minus));
    let of = |column: &str| {
        let now = new.proof.columns.get(column)?;
        let told = |measure: &&Measure| !measure.seen.is_nothing();
        let before: Vec<&Measure> = stands.iter().filter_map(|r| r.proof.columns.get(column)).filter(told).collect();
        let size = pence_for_pounds(column, &before, now).or_else(|| other_unit(column, &before, now));
        let turned = sign_turned(column, &before, now);
        let below = if is_sided && turned.is_none() { lost::below_on_a_side(column, &before, now) } else { None };
        let pence = if size.is_none() { lost::pence(column, &before, now) } else { None };
        let exchanged = exchanged::exchanged(column, &columns, &stands, new);
        Some([size, turned, lost::marks(column, &before, now), pence, below, exchanged])
    };
    let whole = whole::questions(&of_feed, &stands, new, sender);
    let labelled = labelled::questions(&stands, new);
    columns.iter().copied().filter_map(of).flatten().flatten().chain(whole).chain(labelled).collect()
}

fn together(before: &[&Measure]) -> AmountsSeen {
    before.iter().fold(AmountsSeen::default(), |sum, measure| sum.plus(measure.seen))
}

/// Of one side no amount is printed with a decimal point, of the other some are, and the first are many times as large.
fn pence_for_pounds(column: &str, before: &[&Measure], now: &Measure) -> Option<String> {
    let (then, now) = (together(before), now.seen);
    let (whole, other) = match (then.points, now.points) {
        (0, 1..) => (then, now),
        (1.., 0) => (now, then),
        _ => return None,
    };
    if is_by_chance(other.texts - other.points, other.texts, whole.texts) || !is_larger(&whole, &other, LARGER) {
        return None;
    }
    Some(if now.points == 0 {
        format!(
            "none of {} of `{column}` is printed with a decimal point, as {} of {} were before, and they are on the whole over 8 times as \
             large: are they pence?",
            counted(now.texts, "amount"),
            then.points,
            then.texts
        )
    } else {
        format!(
            "{} of {} of `{column}` are printed with a decimal point, and none of {} before, which were on the whole over 8 times as large: \
             were those pence?",
            now.points,
            counted(now.texts, "amount"),
            then.texts
        )
    })
}

/// However they are printed, they are many times as large, or as small: pence, or thousands.
fn other_unit(column: &str, before: &[&Measure], now: &Measure) -> Option<String> {
    let (then, now) = (together(before), now.seen);
    if then.amounts() < SIZED || now.amounts() < SIZED {
        return None;
    }
    let amounts = format!("{} of `{column}`", counted(now.amounts(), "amount"));
    if is_larger(&now, &then, OTHER_UNIT) {
        return Some(format!("{amounts} are on the whole over 32 times as large as {} before: are they pence?", then.amounts()));
    }
    is_larger(&then, &now, OTHER_UNIT).then(|| {
        format!("{amounts} are on the whole less than a 32nd as large as {} before: are they thousands of pounds?", then.amounts())
    })
}

/// Whether amounts are on the average two to the power of so many times as large as others.
fn is_larger(whole: &AmountsSeen, other: &AmountsSeen, digits_more: u64) -> bool {
    let wide = |a: u64, b: u64| u128::from(a) * u128::from(b);
    let (digits, more) = (wide(other.digits, whole.amounts()), u128::from(digits_more) * wide(whole.amounts(), other.amounts()));
    whole.amounts() > 0 && other.amounts() > 0 && wide(whole.digits, other.amounts()) >= digits + more
}

/// Whether it may be chance that all of `number` values are as `such` of `all` others were: rather than one in [`ODDS`].
pub(super) fn is_by_chance(such: u64, all: u64, number: u64) -> bool {
    is_likely(such, all, number, ODDS)
}

/// The same, where the others are of so many deliveries.
fn is_by_chance_after(before: usize, such: u64, all: u64, number: u64) -> bool {
    is_likely(such, all, number, if before < FEW { ODDS_OF_FEW } else { ODDS })
}

fn is_likely(such: u64, all: u64, number: u64, one_in: u128) -> bool {
    const ONE: u128 = 1 << 64;
    let mut odds = ONE;
    for _ in 0..number {
        odds = odds * u128::from(such + 1) / u128::from(all + 2);
        if odds * one_in <= ONE {
            return false;
        }
    }
    true
}

/// Most amounts of a column were on one side of nought, and most are on the other now.
fn sign_turned(column: &str, before: &[&Measure], now: &Measure) -> Option<String> {
    let turned = turned(before, now)?;
    Some(format!("{}: is the sign turned?", turned.in_words(&format!("`{column}`"))))
}

/// That most amounts are on the other side of nought now.
struct Turned {
    /// Amounts on the side on which they are now: of how many, now and before.
    now: (u64, u64),
    before: (u64, u64),
    sums: (Pence, Pence),
    is: &'static str,
}

impl Turned {
    fn in_words(&self, of: &str) -> String {
        format!(
            "{} of {} of {of} are {} nought ({}), and {} of {} were before ({})",
            self.now.0,
            counted(self.now.1, "amount"),
            self.is,
            pounds(self.sums.0),
            self.before.0,
            self.before.1,
            pounds(self.sums.1),
        )
    }
}

/// Most amounts were on one side of nought, and most are on the other now, and so are their sums, of a file that is no smaller than others.
/// Of a ledger that balances the sums are nought, and which side has more lines says nothing.
fn turned(before: &[&Measure], now: &Measure) -> Option<Turned> {
    let then = together(before);
    let mostly = |seen: &AmountsSeen| {
        let is = |side: u64| seen.amounts() >= TELLING && u128::from(side) * 4 >= u128::from(seen.amounts()) * 3;
        match (is(seen.above), is(seen.below)) {
            (true, _) => Some("above"),
            (_, true) => Some("below"),
            _ => None,
        }
    };
    let (was, is) = (mostly(&then)?, mostly(&now.seen)?);
    if was == is {
        return None;
    }
    let side = |seen: &AmountsSeen| if is == "above" { seen.above } else { seen.below };
    let deliveries = before.len() as u64;
    let sum: Pence = before.iter().map(|measure| measure.accepted).sum();
    let is_usual = now.seen.amounts() * deliveries * 2 >= then.amounts() && now.accepted.abs() * Pence::from(deliveries) * 4 >= sum.abs();
    let is_turned = sum.signum() * now.accepted.signum() < 0;
    if !is_usual || !is_turned || is_by_chance(side(&then), then.amounts(), side(&now.seen)) {
        return None;
    }
    Some(Turned { now: (side(&now.seen), now.seen.amounts()), before: (side(&then), then.amounts()), sums: (now.accepted, sum), is })
}

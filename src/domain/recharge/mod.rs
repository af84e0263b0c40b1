//! Charges that partners have already made to each other: matched, and taken out on both sides.

use std::collections::{BTreeMap, BTreeSet};

use super::{Pence, Period, fold_code};

/// Where lines of a recharge stand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RechargePlace {
    /// In a council's own: no cost of such a service is shared.
    Retained,
    Service(String),
}

/// Lines of one council with one counterparty, reference and period, summed; credit notes with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RechargeSum {
    pub council: String,
    /// The partner on the other side; `None` where the lines name nobody, or nobody of ours.
    pub other: Option<String>,
    /// As [`reference_key`] makes it; empty where the lines have none.
    pub reference: String,
    pub period: Period,
    /// Positive: the council paid. Negative: it was paid.
    pub pence: Pence,
    pub places: BTreeSet<RechargePlace>,
}

/// How far two sides may differ, and lie apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RechargeTerms {
    /// Pence, itself still inside.
    pub tolerance: Pence,
    /// Periods. The closing period counts as the last month.
    pub window: u32,
}

/// Two sides of one recharge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RechargePair {
    /// Of the payee's lines.
    pub service: String,
    pub payer: String,
    pub payee: String,
    pub reference: String,
    /// Pence, positive.
    pub paid: Pence,
    /// Pence, negative.
    pub received: Pence,
}

impl RechargePair {
    /// What is taken out on both sides: the payer's amount.
    #[must_use]
    pub const fn eliminated(&self) -> Pence {
        self.paid
    }

    /// What stays on the payee's side.
    #[must_use]
    pub const fn difference(&self) -> Pence {
        self.paid + self.received
    }
}

/// Why a sum without a pair has none, where more is known than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unmatched {
    /// Several would do equally well.
    Ambiguous,
    /// The other side was found, and its lines are its own: never matched.
    NotShared,
    /// The other side was found, and its lines stand in several services: never matched.
    SeveralServices,
    /// The lines name nobody, or nobody of ours: never matched.
    UnknownParty,
}

impl Unmatched {
    /// The word in `unmatched_recharge`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ambiguous => "ambiguous",
            Self::NotShared => "not_shared",
            Self::SeveralServices => "several_services",
            Self::UnknownParty => "unknown_party",
        }
    }
}

/// A sum that is open at the end of a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRecharge {
    pub sum: RechargeSum,
    /// Periods since its own; 0 in its own.
    pub age_periods: u32,
    pub reason: Option<Unmatched>,
}

/// What a council's recharge lines of a period are, for the bridge from its ledger to its cells: together they sum to those lines. A sum
/// that is matched later leaves `unmatched` then, so that closed periods do not change and the year foots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RechargeBridge {
    pub eliminated: Pence,
    pub difference: Pence,
    pub unmatched: Pence,
}

/// A period's recharges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RechargePeriod {
    /// Matched in this period: the later one of each pair.
    pub pairs: Vec<RechargePair>,
    /// All that is open at its end, however old; oldest first, then by council, counterparty and reference.
    pub open: Vec<OpenRecharge>,
    /// By council.
    pub bridge: BTreeMap<String, RechargeBridge>,
}

/// A reference as both sides are compared by: folded, without blanks at its ends, in lower case.
#[must_use]
pub fn reference_key(text: &str) -> String {
    fold_code(text).to_lowercase()
}

/// Matches the sums of all periods. A period looks at itself and at earlier ones, never at later ones, so what comes later changes
/// nothing in it. In each: the same reference in the same period, then the oldest open sum inside the window, then, without a reference
/// on one side, the same amount to the penny in the same period, where each is the other's only candidate. Sums of nought are settled.
///
/// Sums with the same council, counterparty, reference and period are taken together. Only periods that have sums, and `periods`, are in
/// the answer.
#[must_use]
pub fn match_recharges(sums: &[RechargeSum], periods: &[Period], terms: RechargeTerms) -> BTreeMap<Period, RechargePeriod> {
    let mut by_key: BTreeMap<(Period, &str, Option<&str>, &str), RechargeSum> = BTreeMap::new();
    for sum in sums {
        let key = (sum.period, sum.council.as_str(), sum.other.as_deref(), sum.reference.as_str());
        let empty = || RechargeSum { pence: 0, places: BTreeSet::new(), ..sum.clone() };
        let together = by_key.entry(key).or_insert_with(empty);
        together.pence += sum.pence;
        together.places.extend(sum.places.iter().cloned());
    }
    let mut fresh: BTreeMap<Period, Vec<RechargeSum>> = periods.iter().map(|period| (*period, Vec::new())).collect();
    for sum in by_key.into_values() {
        fresh.entry(sum.period).or_default().push(sum);
    }
    let mut matching = Matching { terms, open: Vec::new(), result: RechargePeriod::default() };
    fresh.into_iter().map(|(period, sums)| (period, matching.close(period, sums))).collect()
}

/// How many months a period is after the beginning of time.
fn month(period: Period) -> i32 {
    i32::from(period.year) * 12 + i32::from(period.period.min(12))
}

/// A sum that may still be matched, or never will.
#[derive(Clone, Debug)]
struct Side {
    sum: RechargeSum,
    reason: Option<Unmatched>,
}

impl Side {
    fn is_free(&self) -> bool {
        matches!(self.reason, None | Some(Unmatched::Ambiguous))
    }

    /// Whether the two are sides of one recharge by everything but reference and time.
    fn faces(&self, other: &Self, tolerance: Pence) -> bool {
        let (one, two) = (&self.sum, &other.sum);
        let partners = one.other.as_ref() == Some(&two.council) && two.other.as_ref() == Some(&one.council) && one.council != two.council;
        partners && (one.pence < 0) != (two.pence < 0) && (one.pence + two.pence).abs() <= tolerance && self.is_free() && other.is_free()
    }
}

struct Matching {
    terms: RechargeTerms,
    /// In the order of periods and keys.
    open: Vec<Side>,
    result: RechargePeriod,
}

impl Matching {
    /// Matches a period's sums with each other and with those that are open from earlier ones.
    fn close(&mut self, period: Period, sums: Vec<RechargeSum>) -> RechargePeriod {
        let first_new = self.open.len();
        for sum in sums.into_iter().filter(|sum| sum.pence != 0) {
            self.bridge(&sum.council).unmatched += sum.pence;
            let reason = sum.other.is_none().then_some(Unmatched::UnknownParty);
            self.open.push(Side { sum, reason });
        }
        let mut fresh = self.open.split_off(first_new);
        self.by_reference(&mut fresh);
        self.by_window(&mut fresh, period);
        self.by_amount(&mut fresh);
        self.open.append(&mut fresh);
        let open = |side: &Side| OpenRecharge {
            age_periods: month(period).abs_diff(month(side.sum.period)),
            sum: side.sum.clone(),
            reason: side.reason,
        };
        self.result.open = self.open.iter().map(open).collect();
        std::mem::take(&mut self.result)
    }

    /// The same reference in the same period: there is at most one sum of it on either side.
    fn by_reference(&mut self, fresh: &mut Vec<Side>) {
        let mut rest = std::mem::take(fresh);
        while let Some(mut side) = (!rest.is_empty()).then(|| rest.remove(0)) {
            let is_other = |other: &Side| is_same_reference(&side, other) && side.faces(other, self.terms.tolerance);
            match rest.iter().position(is_other) {
                Some(place) => {
                    let mut other = rest.remove(place);
                    if !self.pair(&mut side, &mut other) {
                        fresh.extend([side, other]);
                    }
                }
                None => fresh.push(side),
            }
        }
        // Two sides that were found and not paired stand beside each other: back to the order of keys.
        fresh.sort_by(|a, b| by_key(&a.sum).cmp(&by_key(&b.sum)));
    }

    /// The oldest open sum of an earlier period inside the window.
    fn by_window(&mut self, fresh: &mut Vec<Side>, period: Period) {
        for mut side in std::mem::take(fresh) {
            let in_window = |other: &Side| month(period).abs_diff(month(other.sum.period)) <= self.terms.window;
            let is_other = |other: &Side| is_same_reference(&side, other) && in_window(other) && side.faces(other, self.terms.tolerance);
            let found: Vec<(i32, usize)> = self
                .open
                .iter()
                .enumerate()
                .filter(|(_, other)| is_other(other))
                .map(|(at, other)| (month(other.sum.period), at))
                .collect();
            match found.as_slice() {
                [(age, place), rest @ ..] if rest.first().is_none_or(|(next, _)| next != age) => {
                    let mut other = self.open.remove(*place);
                    if !self.pair(&mut side, &mut other) {
                        self.open.insert(*place, other);
                        fresh.push(side);
                    }
                }
                [] => fresh.push(side),
                _ => {
                    side.reason = Some(Unmatched::Ambiguous);
                    fresh.push(side);
                }
            }
        }
    }

    /// The same amount in the same period, where one side has no reference.
    fn by_amount(&mut self, fresh: &mut Vec<Side>) {
        let is_other = |one: &Side, two: &Side| {
            (one.sum.reference.is_empty() || two.sum.reference.is_empty())
                && one.reason.is_none()
                && two.reason.is_none()
                && one.faces(two, 0)
        };
        let candidates: Vec<Vec<usize>> = fresh
            .iter()
            .map(|one| fresh.iter().enumerate().filter(|(_, two)| is_other(one, two)).map(|(place, _)| place).collect())
            .collect();
        let only = |place: usize| candidates.get(place).and_then(|found| if let [only] = found.as_slice() { Some(*only) } else { None });
        let mut others: BTreeMap<usize, Side> = BTreeMap::new();
        for (place, mut side) in std::mem::take(fresh).into_iter().enumerate() {
            if let Some(other) = only(place).filter(|other| only(*other) == Some(place)) {
                // The first of the two waits for the second.
                if let Some(mut first) = others.remove(&other) {
                    if !self.pair(&mut side, &mut first) {
                        fresh.extend([first, side]);
                    }
                } else {
                    others.insert(place, side);
                }
                continue;
            }
            if candidates.get(place).is_some_and(|found| !found.is_empty()) {
                side.reason = Some(Unmatched::Ambiguous);
            }
            fresh.push(side);
        }
        fresh.sort_by(|a, b| by_key(&a.sum).cmp(&by_key(&b.sum)));
    }

    /// A pair, if the payee's lines stand in one shared service; else neither side is ever matched.
    fn pair(&mut self, one: &mut Side, two: &mut Side) -> bool {
        let (payer, payee) = if one.sum.pence > 0 { (&one.sum, &two.sum) } else { (&two.sum, &one.sum) };
        let mut places = payee.places.iter();
        let reason = match (places.next(), places.next()) {
            (Some(RechargePlace::Service(service)), None) => {
                let reference = if payer.reference.is_empty() { &payee.reference } else { &payer.reference };
                let pair = RechargePair {
                    service: service.clone(),
                    payer: payer.council.clone(),
                    payee: payee.council.clone(),
                    reference: reference.clone(),
                    paid: payer.pence,
                    received: payee.pence,
                };
                self.eliminate(pair);
                return true;
            }
            (None | Some(RechargePlace::Retained), None) => Unmatched::NotShared,
            _ => Unmatched::SeveralServices,
        };
        one.reason = Some(reason);
        two.reason = Some(reason);
        false
    }

    fn eliminate(&mut self, pair: RechargePair) {
        let payer = self.bridge(&pair.payer);
        payer.unmatched -= pair.paid;
        payer.eliminated += pair.eliminated();
        let payee = self.bridge(&pair.payee);
        payee.unmatched -= pair.received;
        payee.eliminated -= pair.eliminated();
        payee.difference += pair.difference();
        self.result.pairs.push(pair);
    }

    fn bridge(&mut self, council: &str) -> &mut RechargeBridge {
        self.result.bridge.entry(council.to_owned()).or_default()
    }
}

fn is_same_reference(one: &Side, two: &Side) -> bool {
    !one.sum.reference.is_empty() && one.sum.reference == two.sum.reference
}

fn by_key(sum: &RechargeSum) -> (&str, &Option<String>, &str) {
    (&sum.council, &sum.other, &sum.reference)
}

#[cfg(test)]
mod tests;

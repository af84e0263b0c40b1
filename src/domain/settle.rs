//! Who owes whom: what organisations spent, what they have to bear, and what they have already paid each other.
//!
//! By *origin* service, the one in which a cost arose: by the service that is used it cannot sum to nought.

use std::{cmp::Reverse, collections::BTreeMap, fmt};

use super::{NoWeight, Ownership, Pence, Weights};

/// What a balance is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SettlementKind {
    /// The cost of an origin service.
    Cost,
    /// The result of a service with its customers.
    Trading,
}

impl SettlementKind {
    /// The word in `settlement`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cost => "cost",
            Self::Trading => "trading",
        }
    }
}

/// A part of a cell, in pence: spent by a council, borne by somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BornePart {
    /// Origin service.
    pub service: String,
    pub council: String,
    /// A council, company or customer.
    pub bearer: String,
    pub pence: Pence,
}

/// An eliminated recharge, in pence, positive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidRecharge {
    pub service: String,
    pub payer: String,
    pub payee: String,
    pub pence: Pence,
}

/// What a service made with a customer at a price, in pence; costs positive and income negative, as everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade {
    pub service: String,
    pub customer: String,
    pub income: Pence,
    /// Lines of the customer alone.
    pub direct: Pence,
    /// Its part of the service's shared cost.
    pub own_service: Pence,
    /// Its part of all other services' shared cost.
    pub overhead: Pence,
    /// Who carries the result, and by which weight: the share in force.
    pub back: Vec<(String, u128)>,
}

impl Trade {
    /// Full cost less income: positive is a loss.
    #[must_use]
    pub const fn loss(&self) -> Pence {
        self.income + self.direct + self.own_service + self.overhead
    }

    /// The loss between those who carry it, split once, in the order of `back`.
    ///
    /// # Errors
    /// [`NoWeight`] where nobody does.
    pub fn shares(&self) -> Result<Vec<Pence>, NoWeight> {
        Weights::new(self.back.iter().map(|(partner, weight)| (partner, *weight)))?.apportion(self.loss()).ok_or(NoWeight)
    }

    /// Adds a part that the customer bears in the service that it uses.
    pub fn add(&mut self, origin: &str, ownership: Ownership, is_income: bool, pence: Pence) {
        let sum = match (ownership, is_income) {
            (Ownership::Shared, _) if origin == self.service => &mut self.own_service,
            (Ownership::Shared, _) => &mut self.overhead,
            (_, true) => &mut self.income,
            (_, false) => &mut self.direct,
        };
        *sum += pence;
    }
}

/// Who carries a trading result: the partners by the share in force; without one, the councils in whose ledgers the customer's direct
/// lines stand, by the size of their sums; without any, the service's partners evenly.
#[must_use]
pub fn carriers(share: &[(String, u128)], direct: &BTreeMap<String, Pence>, partners: &[String]) -> Vec<(String, u128)> {
    if share.iter().any(|(_, weight)| *weight > 0) {
        return share.to_vec();
    }
    let by_lines: Vec<(String, u128)> =
        direct.iter().filter(|(_, pence)| **pence != 0).map(|(council, pence)| (council.clone(), pence.unsigned_abs())).collect();
    if by_lines.is_empty() { partners.iter().map(|partner| (partner.clone(), 1)).collect() } else { by_lines }
}

/// One organisation's standing in one service, in pence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// A: spent, by its own ledger.
    pub incurred: Pence,
    /// B: to bear.
    pub to_bear: Pence,
    /// C: recharges paid less received.
    pub recharged: Pence,
}

impl Balance {
    /// B − A − C: positive owes, negative is owed.
    #[must_use]
    pub const fn owes(self) -> Pence {
        self.to_bear - self.incurred - self.recharged
    }
}

/// Kind, service, organisation.
pub type SettlementKey = (SettlementKind, String, String);

/// A period's settlement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// Of a cost only of organisations that spent, bear, or were recharged something; of a result the customer and all who carry it.
    pub balances: BTreeMap<SettlementKey, Balance>,
    /// What the first owes the second: kind, service, debtor, creditor. Both directions stand, and none of nought.
    pub pairs: BTreeMap<(SettlementKind, String, String, String), Pence>,
}

/// How a settlement fails (check 30).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsettled {
    /// The balances of a kind and service sum to so many pence, and not to nought.
    Sum(SettlementKind, String, Pence),
    /// What this owes the other is not minus what the other owes it.
    OneSided(SettlementKind, String, String, String),
    /// What this organisation owes the others is not its balance.
    Balance(SettlementKind, String, String),
}

impl fmt::Display for Unsettled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sum(kind, service, pence) => write!(f, "{} of {service}: balances sum to {pence}p", kind.as_str()),
            Self::OneSided(kind, service, one, two) => {
                write!(f, "{} of {service}: {one} and {two} do not owe each other the same", kind.as_str())
            }
            Self::Balance(kind, service, one) => write!(f, "{} of {service}: what {one} owes is not its balance", kind.as_str()),
        }
    }
}

/// Nobody carries the result of this service with this customer: there is no share, no direct line and no partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncarried {
    pub service: String,
    pub customer: String,
}

/// Balances and pairs of a period. Nothing is rounded here but each trading result, once.
///
/// # Errors
/// [`Uncarried`] where a result that is not nought has nobody to carry it.
pub fn settle(parts: &[BornePart], paid: &[PaidRecharge], trades: &[Trade]) -> Result<Settlement, Uncarried> {
    let mut settlement = Settlement::default();
    for part in parts {
        settlement.balance(SettlementKind::Cost, &part.service, &part.council).incurred += part.pence;
        settlement.balance(SettlementKind::Cost, &part.service, &part.bearer).to_bear += part.pence;
        settlement.owes(SettlementKind::Cost, &part.service, &part.bearer, &part.council, part.pence);
    }
    for recharge in paid {
        settlement.balance(SettlementKind::Cost, &recharge.service, &recharge.payer).recharged += recharge.pence;
        settlement.balance(SettlementKind::Cost, &recharge.service, &recharge.payee).recharged -= recharge.pence;
        settlement.owes(SettlementKind::Cost, &recharge.service, &recharge.payer, &recharge.payee, -recharge.pence);
    }
    for trade in trades {
        let back = if trade.loss() == 0 { vec![0; trade.back.len()] } else { trade.shares().map_err(|NoWeight| uncarried(trade))? };
        settlement.balance(SettlementKind::Trading, &trade.service, &trade.customer).to_bear -= trade.loss();
        for ((partner, _), pence) in trade.back.iter().zip(back) {
            settlement.balance(SettlementKind::Trading, &trade.service, partner).to_bear += pence;
            settlement.owes(SettlementKind::Trading, &trade.service, partner, &trade.customer, pence);
        }
    }
    settlement.balances.retain(|(kind, ..), balance| *kind == SettlementKind::Trading || *balance != Balance::default());
    settlement.pairs.retain(|_, pence| *pence != 0);
    Ok(settlement)
}

fn uncarried(trade: &Trade) -> Uncarried {
    Uncarried { service: trade.service.clone(), customer: trade.customer.clone() }
}

impl Settlement {
    /// What every organisation owes in all, positive, or is owed, negative. Those of several periods are added, not their payments.
    #[must_use]
    pub fn net(&self) -> BTreeMap<String, Pence> {
        let mut net = BTreeMap::new();
        for ((_, _, organisation), balance) in &self.balances {
            *net.entry(organisation.clone()).or_default() += balance.owes();
        }
        net
    }

    /// Check 30: balances sum to nought per kind and service, pairs are antisymmetric and sum to the balances.
    ///
    /// # Errors
    /// [`Unsettled`] says what does not hold.
    pub fn prove(&self) -> Result<(), Unsettled> {
        let mut sums: BTreeMap<(SettlementKind, &str), Pence> = BTreeMap::new();
        let mut owed: BTreeMap<(SettlementKind, &str, &str), Pence> = BTreeMap::new();
        for ((kind, service, organisation), balance) in &self.balances {
            *sums.entry((*kind, service)).or_default() += balance.owes();
            owed.insert((*kind, service, organisation), balance.owes());
        }
        if let Some(((kind, service), pence)) = sums.into_iter().find(|(_, pence)| *pence != 0) {
            return Err(Unsettled::Sum(kind, service.to_owned(), pence));
        }
        for ((kind, service, debtor, creditor), pence) in &self.pairs {
            let other = self.pairs.get(&(*kind, service.clone(), creditor.clone(), debtor.clone()));
            if other != Some(&-pence) {
                return Err(Unsettled::OneSided(*kind, service.clone(), debtor.clone(), creditor.clone()));
            }
            *owed.entry((*kind, service, debtor)).or_default() -= pence;
        }
        match owed.into_iter().find(|(_, pence)| *pence != 0) {
            Some(((kind, service, organisation), _)) => Err(Unsettled::Balance(kind, service.to_owned(), organisation.to_owned())),
            None => Ok(()),
        }
    }

    fn balance(&mut self, kind: SettlementKind, service: &str, organisation: &str) -> &mut Balance {
        self.balances.entry((kind, service.to_owned(), organisation.to_owned())).or_default()
    }

    fn owes(&mut self, kind: SettlementKind, service: &str, debtor: &str, creditor: &str, pence: Pence) {
        if debtor != creditor {
            let key = |one: &str, two: &str| (kind, service.to_owned(), one.to_owned(), two.to_owned());
            *self.pairs.entry(key(debtor, creditor)).or_default() += pence;
            *self.pairs.entry(key(creditor, debtor)).or_default() -= pence;
        }
    }
}

/// A payment to make, in pence, positive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub payer: String,
    pub payee: String,
    pub pence: Pence,
}

/// Fewest plain payments that clear all balances (positive owes): the largest debtor pays the largest creditor, of equal ones the lowest
/// key, until nothing is owed; so one payment fewer than organisations at most. `None` where the balances do not sum to nought.
#[must_use]
pub fn payments(net: &BTreeMap<String, Pence>) -> Option<Vec<Payment>> {
    let sum = net.values().try_fold(0, |sum: Pence, pence| sum.checked_add(*pence))?;
    let mut owed: BTreeMap<&String, Pence> = net.iter().filter(|(_, pence)| **pence != 0).map(|(key, pence)| (key, *pence)).collect();
    let mut payments = Vec::new();
    while sum == 0 && !owed.is_empty() {
        // The map is in the order of keys, and the first of equal ones is found.
        let (payer, debt) = owed.iter().min_by_key(|(_, pence)| Reverse(**pence)).map(|(key, pence)| (*key, *pence))?;
        let (payee, credit) = owed.iter().min_by_key(|(_, pence)| **pence).map(|(key, pence)| (*key, -*pence))?;
        let pence = debt.min(credit);
        payments.push(Payment { payer: payer.clone(), payee: payee.clone(), pence });
        owed.entry(payer).and_modify(|owes| *owes -= pence);
        owed.entry(payee).and_modify(|owes| *owes += pence);
        owed.retain(|_, owes| *owes != 0);
    }
    (sum == 0).then_some(payments)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part(service: &str, council: &str, bearer: &str, pence: Pence) -> BornePart {
        BornePart { service: service.into(), council: council.into(), bearer: bearer.into(), pence }
    }

    /// Parts of the golden partnership, per origin, council and bearer.
    fn golden() -> (Vec<BornePart>, Vec<PaidRecharge>, Vec<Trade>) {
        let parts = vec![
            part("legal", "northam", "northam", 368_754),
            part("legal", "northam", "southam", 236_148),
            part("legal", "northam", "oak_academy", 1_876),
            part("ict", "northam", "northam", 740_533),
            part("ict", "northam", "southam", 460_007),
            part("ict", "northam", "oak_academy", 3_431),
            part("ict", "southam", "northam", 152_728),
            part("ict", "southam", "southam", 95_589),
            part("ict", "southam", "oak_academy", 684),
            part("hr", "southam", "northam", 194_207),
            part("hr", "southam", "southam", 187_396),
            part("hr", "southam", "oak_academy", 709),
        ];
        let (service, payer, payee) = ("ict".into(), "southam".into(), "northam".into());
        let paid = vec![PaidRecharge { service, payer, payee, pence: 400_003 }];
        let (service, customer) = ("legal".into(), "oak_academy".into());
        let back = vec![("northam".into(), 600), ("southam".into(), 330)];
        let mut trade = Trade { service, customer, income: 0, direct: 0, own_service: 0, overhead: 0, back };
        trade.add("legal", Ownership::External, true, -40_000);
        trade.add("legal", Ownership::External, false, 5_000);
        trade.add("legal", Ownership::Shared, false, 36_876);
        trade.add("ict", Ownership::Shared, false, 4_115);
        trade.add("hr", Ownership::Shared, false, 709);
        (parts, paid, vec![trade])
    }

    #[test]
    fn the_golden_partnership() {
        let (parts, paid, trades) = golden();
        assert_eq!((trades[0].loss(), trades[0].shares().unwrap()), (6_700, vec![4_323, 2_377]));
        let settlement = settle(&parts, &paid, &trades).unwrap();
        assert_eq!(settlement.prove(), Ok(()));
        let owes = |kind, service: &str, who: &str| settlement.balances[&(kind, service.to_owned(), who.to_owned())].owes();
        let cost = |service, who| owes(SettlementKind::Cost, service, who);
        assert_eq!([cost("legal", "northam"), cost("legal", "southam"), cost("legal", "oak_academy")], [-238_024, 236_148, 1_876]);
        assert_eq!([cost("ict", "northam"), cost("ict", "southam"), cost("ict", "oak_academy")], [89_293, -93_408, 4_115]);
        assert_eq!([cost("hr", "northam"), cost("hr", "southam"), cost("hr", "oak_academy")], [194_207, -194_916, 709]);
        let trading = |who| owes(SettlementKind::Trading, "legal", who);
        assert_eq!([trading("northam"), trading("southam"), trading("oak_academy")], [4_323, 2_377, -6_700]);
        let pair = |service: &str, one: &str, two: &str| settlement.pairs[&(SettlementKind::Cost, service.into(), one.into(), two.into())];
        assert_eq!((pair("ict", "northam", "southam"), pair("ict", "oak_academy", "southam")), (92_724, 684));
        let net = settlement.net();
        assert_eq!((net["northam"], net["southam"], net["oak_academy"]), (49_799, -49_799, 0));
        let (payer, payee) = ("northam".into(), "southam".into());
        assert_eq!(payments(&net).unwrap(), [Payment { payer, payee, pence: 49_799 }]);
    }

    #[test]
    fn a_settlement_that_does_not_hold_is_told() {
        let (parts, paid, trades) = golden();
        let right = settle(&parts, &paid, &trades).unwrap();
        let hr = (SettlementKind::Cost, "hr".to_owned(), "northam".to_owned());
        let mut wrong = right.clone();
        wrong.balances.get_mut(&hr).unwrap().to_bear += 1;
        assert_eq!(wrong.prove(), Err(Unsettled::Sum(SettlementKind::Cost, "hr".into(), 1)));
        wrong.balances.get_mut(&(SettlementKind::Cost, "hr".into(), "southam".into())).unwrap().to_bear -= 1;
        assert_eq!(wrong.prove(), Err(Unsettled::Balance(SettlementKind::Cost, "hr".into(), "northam".into())));
        let mut wrong = right.clone();
        *wrong.pairs.get_mut(&(hr.0, hr.1, hr.2, "southam".into())).unwrap() += 1;
        assert!(matches!(wrong.prove(), Err(Unsettled::OneSided(..))));
    }

    #[test]
    fn who_carries_a_result() {
        let share = [("northam".to_owned(), 600), ("southam".to_owned(), 330)];
        let partners = ["northam".to_owned(), "southam".to_owned()];
        let lines = BTreeMap::from([("northam".to_owned(), 0), ("southam".to_owned(), -5)]);
        assert_eq!(carriers(&share, &lines, &partners), share);
        assert_eq!(carriers(&[], &lines, &partners), [("southam".to_owned(), 5)]);
        assert_eq!(
            carriers(&[("northam".to_owned(), 0)], &BTreeMap::new(), &partners),
            [("northam".to_owned(), 1), ("southam".to_owned(), 1)]
        );
        let mut trade = golden().2.remove(0);
        trade.back.clear();
        assert_eq!(settle(&[], &[], &[trade]), Err(Uncarried { service: "legal".into(), customer: "oak_academy".into() }));
    }

    #[test]
    fn the_largest_pays_the_largest() {
        let net = |all: &[(&str, Pence)]| all.iter().map(|(key, pence)| ((*key).to_owned(), *pence)).collect::<BTreeMap<_, _>>();
        let shown = |all: &[(&str, Pence)]| -> Vec<String> {
            payments(&net(all))
                .unwrap()
                .into_iter()
                .map(|payment| format!("{} {} {}", payment.payer, payment.payee, payment.pence))
                .collect()
        };
        assert_eq!(shown(&[("a", 5), ("b", 5), ("c", -7), ("d", -3)]), ["a c 5", "b d 3", "b c 2"]);
        assert_eq!(shown(&[("a", -5), ("b", -5), ("c", 10), ("d", 0)]), ["c a 5", "c b 5"]);
        assert_eq!(shown(&[]), Vec::<String>::new());
        assert_eq!(payments(&net(&[("a", 1)])), None);
    }

    fn organisation() -> impl Strategy<Value = String> {
        prop::sample::select(&["a", "b", "c", "d", "e"][..]).prop_map(str::to_owned)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn nothing_is_made_or_lost(
            parts in prop::collection::vec((prop::sample::select(&["s", "t"][..]), organisation(), organisation(), -999i128..999), 0..12),
            paid in prop::collection::vec((organisation(), organisation(), 1i128..999), 0..4),
            trade in (-999i128..999, prop::collection::vec((organisation(), 1u128..9), 1..3)),
        ) {
            let parts: Vec<BornePart> = parts.iter().map(|(service, council, bearer, pence)| part(service, council, bearer, *pence)).collect();
            let paid: Vec<PaidRecharge> =
                paid.into_iter().map(|(payer, payee, pence)| PaidRecharge { service: "s".into(), payer, payee, pence }).collect();
            let (income, back) = trade;
            let trade = Trade { service: "s".into(), customer: "e".into(), income, direct: 0, own_service: 0, overhead: 0, back };
            let settlement = settle(&parts, &paid, &[trade]).unwrap();
            prop_assert_eq!(settlement.prove(), Ok(()));
            let mut net = settlement.net();
            let organisations = net.len();
            let payments = payments(&net).unwrap();
            prop_assert!(payments.len() < organisations.max(1));
            for payment in &payments {
                prop_assert!(payment.pence > 0);
                *net.get_mut(&payment.payer).unwrap() -= payment.pence;
                *net.get_mut(&payment.payee).unwrap() += payment.pence;
            }
            prop_assert!(net.values().all(|pence| *pence == 0));
        }
    }
}

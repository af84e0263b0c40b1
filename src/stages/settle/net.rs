//! `net`: parts of cells, matched recharges and trading results of a period → who owes whom, and who pays.

use std::collections::BTreeMap;

use arrow::record_batch::RecordBatch;

use super::{
    batches,
    columns::{pence, texts, whole},
};
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{BornePart, PaidRecharge, Payment, Pence, Period, Settlement, Trade, carriers, payments, settle},
    plan::KernelInput,
    schema::Cell,
};

/// `settlement`, `settlement_pair`, `payment_to_make` and `trading_share` of a period, from
/// - `settlement_cost`: parts of cells by origin service, incurring council and bearer;
/// - `settlement_recharge`: recharges matched in the period;
/// - `trading_result`, and `trading_ledger`: in whose ledgers the customer's own lines stand, and all that it uses;
/// - `driver_register`: the share in force; `service_partner`: members that day.
///
/// # Errors
/// TC1250 where a settlement does not prove itself (check 30), or rows do not fit their contract.
pub fn settled(input: &KernelInput<'_>) -> Answer<Vec<RecordBatch>> {
    let Some(period) = input.period else { return Err(broken(None, "it was not asked for a period")) };
    let trades = trades(input)?;
    let parts = (borne(input.table("settlement_cost")?)?, paid(input.table("settlement_recharge")?)?);
    let settlement = settle(&parts.0, &parts.1, &trades).map_err(|uncarried| {
        broken(Some(period), &format!("nobody carries the result of `{}` with `{}`", uncarried.service, uncarried.customer))
    })?;
    settlement.prove().map_err(|unsettled| broken(Some(period), &unsettled.to_string()))?;
    let balances = balance_rows(&settlement, period);
    let pairs = pair_rows(&settlement, period);
    let payments = payment_rows(&settlement, period)?;
    let shares = share_rows(&trades, period)?;
    batches(input, &[("settlement", balances), ("settlement_pair", pairs), ("payment_to_make", payments), ("trading_share", shares)])
}

/// A settlement that is made of whole cells holds: where it does not, the program is wrong, and no such figure may be published.
fn broken(period: Option<Period>, what: &str) -> Refusal {
    let of = period.map_or_else(String::new, |period| format!(" of {period}"));
    Diagnostic::new(codes::checks::UNEXPLAINED, format!("the settlement{of} does not hold: {what}"))
        .expected("balances that sum to 0.00 for each service, and pairs that sum to them")
        .outcome("nothing was published; the last release is unchanged")
        .hint("this is a fault of truecost: report it with the output of `truecost validate`")
        .into()
}

fn borne(rows: &RecordBatch) -> Answer<Vec<BornePart>> {
    let (services, councils, bearers) = (texts(rows, "service")?, texts(rows, "council")?, texts(rows, "bearer")?);
    let keys = services.iter().zip(&councils).zip(&bearers);
    let part = |(((service, council), bearer), pence): (((&&str, &&str), &&str), Pence)| BornePart {
        service: (*service).to_owned(),
        council: (*council).to_owned(),
        bearer: (*bearer).to_owned(),
        pence,
    };
    Ok(keys.zip(pence(rows, "amount")?).map(part).collect())
}

fn paid(rows: &RecordBatch) -> Answer<Vec<PaidRecharge>> {
    let (services, payers, payees) = (texts(rows, "service")?, texts(rows, "payer")?, texts(rows, "payee")?);
    let keys = services.iter().zip(&payers).zip(&payees);
    let recharge = |(((service, payer), payee), pence): (((&&str, &&str), &&str), Pence)| PaidRecharge {
        service: (*service).to_owned(),
        payer: (*payer).to_owned(),
        payee: (*payee).to_owned(),
        pence,
    };
    Ok(keys.zip(pence(rows, "eliminated")?).map(recharge).collect())
}

/// Income and direct cost, own service and overhead, in pence.
type Amounts = ((Pence, Pence), (Pence, Pence));

/// Results with those who carry them. In `results` income is positive, in a trade negative as everywhere.
fn trades(input: &KernelInput<'_>) -> Answer<Vec<Trade>> {
    let rows = input.table("trading_result")?;
    let (services, customers) = (texts(rows, "service")?, texts(rows, "customer")?);
    let (income, direct) = (pence(rows, "income")?, pence(rows, "direct")?);
    let (own_service, overhead) = (pence(rows, "own_service")?, pence(rows, "overhead")?);
    let carried = Carried::read(input)?;
    let sums = income.into_iter().zip(direct).zip(own_service.into_iter().zip(overhead));
    let trade = |((service, customer), ((income, direct), (own_service, overhead))): ((&&str, &&str), Amounts)| Trade {
        service: (*service).to_owned(),
        customer: (*customer).to_owned(),
        income: -income,
        direct,
        own_service,
        overhead,
        back: carried.by(service, customer),
    };
    Ok(services.iter().zip(&customers).zip(sums).map(trade).collect())
}

/// What decides who carries a result.
struct Carried<'a> {
    /// Shares in force by service.
    shares: BTreeMap<&'a str, Vec<(String, u128)>>,
    /// The service's partners.
    partners: BTreeMap<&'a str, Vec<String>>,
    /// By service and customer: what stands in each council's ledger of the customer's own, and of all that it uses.
    ledgers: BTreeMap<(&'a str, &'a str), [BTreeMap<String, Pence>; 2]>,
}

impl<'a> Carried<'a> {
    fn read(input: &'a KernelInput<'_>) -> Answer<Self> {
        let mut carried = Self { shares: BTreeMap::new(), partners: BTreeMap::new(), ledgers: BTreeMap::new() };
        let rows = input.table("driver_register")?;
        let keys = texts(rows, "service")?.into_iter().zip(texts(rows, "partner")?);
        for ((service, partner), weight) in keys.zip(whole(rows, "weight_in_force")?) {
            carried.shares.entry(service).or_default().push((partner.to_owned(), u128::try_from(weight).unwrap_or(0)));
        }
        let rows = input.table("service_partner")?;
        for (service, partner) in texts(rows, "service")?.into_iter().zip(texts(rows, "partner")?) {
            carried.partners.entry(service).or_default().push(partner.to_owned());
        }
        let rows = input.table("trading_ledger")?;
        let keys = texts(rows, "service")?.into_iter().zip(texts(rows, "customer")?).zip(texts(rows, "council")?);
        for (((service, customer), council), amounts) in keys.zip(pence(rows, "direct")?.into_iter().zip(pence(rows, "amount")?)) {
            let [direct, all] = carried.ledgers.entry((service, customer)).or_default();
            *direct.entry(council.to_owned()).or_default() += amounts.0;
            *all.entry(council.to_owned()).or_default() += amounts.1;
        }
        Ok(carried)
    }

    /// Who carries the result, as [`carriers`] says; where that is nobody, the councils in whose ledgers stands what the customer uses.
    fn by(&self, service: &str, customer: &str) -> Vec<(String, u128)> {
        let nothing = Default::default();
        let [direct, all] = self.ledgers.get(&(service, customer)).unwrap_or(&nothing);
        let (shares, partners) = (self.shares.get(service), self.partners.get(service));
        let back = carriers(shares.map_or(&[][..], Vec::as_slice), direct, partners.map_or(&[][..], Vec::as_slice));
        if back.is_empty() { carriers(&[], all, &[]) } else { back }
    }
}

/// A row of its key, the period, and amounts.
fn row<const N: usize>(key: [&str; N], period: Period, amounts: impl IntoIterator<Item = Pence>) -> Vec<Cell> {
    let period: [Cell; 2] = [i64::from(period.year).into(), i64::from(period.period).into()];
    key.map(Cell::from).into_iter().chain(period).chain(amounts.into_iter().map(Cell::Pence)).collect()
}

fn balance_rows(settlement: &Settlement, period: Period) -> Vec<Vec<Cell>> {
    let rows = settlement.balances.iter().map(|((kind, service, organisation), balance)| {
        row([kind.as_str(), service, organisation], period, [balance.incurred, balance.to_bear, balance.recharged, balance.owes()])
    });
    rows.collect()
}

fn pair_rows(settlement: &Settlement, period: Period) -> Vec<Vec<Cell>> {
    let pairs = settlement.pairs.iter();
    pairs.map(|((kind, service, debtor, creditor), pence)| row([kind.as_str(), service, debtor, creditor], period, [*pence])).collect()
}

fn payment_rows(settlement: &Settlement, period: Period) -> Answer<Vec<Vec<Cell>>> {
    let mut payments = payments(&settlement.net()).ok_or_else(|| broken(Some(period), "what is owed does not sum to nought"))?;
    payments.sort_by(|a, b| (&a.payer, &a.payee).cmp(&(&b.payer, &b.payee)));
    Ok(payments.iter().map(|Payment { payer, payee, pence }| row([payer, payee], period, [*pence])).collect())
}

fn share_rows(trades: &[Trade], period: Period) -> Answer<Vec<Vec<Cell>>> {
    let mut rows: BTreeMap<[&str; 3], Pence> = BTreeMap::new();
    for trade in trades.iter().filter(|trade| !trade.back.is_empty()) {
        let shares = trade.shares().map_err(|_| broken(Some(period), "a result has nobody who carries it"))?;
        for ((partner, _), pence) in trade.back.iter().zip(shares) {
            *rows.entry([trade.service.as_str(), &trade.customer, partner]).or_default() += pence;
        }
    }
    Ok(rows.into_iter().map(|(key, pence)| row(key, period, [pence])).collect())
}

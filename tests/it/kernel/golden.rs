//! The kernels one after the other over the golden partnership of the project's shared folder, from its ledgers to who pays whom, and
//! with one thing changed at a time.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use truecost::domain::{
    BornePart, Day, Final, Giver, Method, Ownership, PaidRecharge, PartnerShare, Payment, PayrollLine, Pence, Period, Quantity,
    RechargePair, RechargePlace, RechargeSum, RechargeTerms, Recipient, Refusal, Scheme, Settlement, SettlementKind, Split, Trade,
    ZeroVolume, decimal, match_recharges, parse_pounds, payments, reference_key, resolve, settle, share_in_force, split_pay,
};

use crate::places::shared;

const COUNCILS: [&str; 2] = ["northam", "southam"];
const SERVICES: [&str; 3] = ["hr", "ict", "legal"];

type Row = BTreeMap<String, String>;

/// A file whose values hold no commas.
fn rows(path: &PathBuf) -> Vec<Row> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines.map(|line| names.iter().zip(line.split(',')).map(|(name, value)| ((*name).to_owned(), value.to_owned())).collect()).collect()
}

/// The one thing that is other than in the example.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    Nothing,
    LegalException,
    IctToleranceOfNought,
    WithoutSplit,
    RechargeTolerance(Pence),
    PrintRefuses,
    /// Devices only in hr, heads only in ict.
    LoopOfTwo,
}

struct Golden {
    folder: PathBuf,
    change: Change,
}

/// A cost, and where it stands.
struct Part {
    council: String,
    class: String,
    account: Row,
    pence: Pence,
    line: Row,
}

/// Everything up to the settlement.
struct Outcome {
    /// Of each cell's part: service, ownership, group, on-cost, council, final; pence.
    allocated: BTreeMap<[String; 6], Pence>,
    pairs: Vec<RechargePair>,
    unmatched: usize,
    settlement: Settlement,
    payments: Vec<Payment>,
}

/// Its classification by cost centre, as the example's rules have it.
fn class_of(council: &str, centre: &str) -> &'static str {
    match (council, centre) {
        ("northam", "N100") => "shared/legal/",
        ("northam", "N110") => "bespoke/legal/southam",
        ("northam", "N120") => "external/legal/oak_academy",
        ("northam", "N200" | "N210") | ("southam", "S200" | "S210") => "shared/ict/",
        ("southam", "S100" | "S110") => "shared/hr/",
        _ => "retained/none/",
    }
}

impl Golden {
    fn with(change: Change) -> Option<Self> {
        let folder = shared().map(|shared| shared.join("golden_true_cost")).filter(|folder| folder.is_dir());
        if folder.is_none() {
            println!("skipped: the golden partnership is not on this machine");
        }
        folder.map(|folder| Self { folder, change })
    }

    fn rows(&self, path: &str) -> Vec<Row> {
        rows(&self.folder.join(path))
    }

    fn expected(&self, table: &str) -> Vec<Row> {
        self.rows(&format!("expected/{table}.csv"))
    }

    fn split(&self, row: &Row) -> Split {
        let class = (!row["weight"].is_empty()).then(|| format!("{}/{}/{}", row["ownership"], row["service"], row["bearer"]));
        let class = class.filter(|_| self.change != Change::WithoutSplit);
        Split { class, weight: row["weight"].parse().ok(), valid_from: Day::parse_iso(&row["valid_from"]).unwrap(), valid_to: None }
    }

    /// Pay by council, cost centre, account and class.
    fn pay(&self) -> BTreeMap<[String; 3], BTreeMap<String, Pence>> {
        let register = self.expected("assignment");
        let mut sums: BTreeMap<[String; 5], Pence> = BTreeMap::new();
        for row in self.expected("pay_line") {
            let key = ["council", "cost_centre", "account", "assignment", "pay_date"].map(|name| row[name].clone());
            *sums.entry(key).or_default() += parse_pounds(&row["amount"]).unwrap();
        }
        let mut pay: BTreeMap<[String; 3], BTreeMap<String, Pence>> = BTreeMap::new();
        for ([council, centre, account, assignment, day], pence) in sums {
            let mine = register.iter().filter(|row| row["council"] == council && row["assignment"] == assignment);
            let splits: Vec<Split> = mine.map(|row| self.split(row)).collect();
            let whole = || vec![(class_of(&council, &centre), pence)];
            let parts = split_pay(pence, &splits, Day::parse_iso(&day).unwrap()).unwrap_or_else(|_| whole());
            let group = pay.entry([council, centre, account]).or_default();
            parts.into_iter().for_each(|(class, part)| *group.entry(class.to_owned()).or_default() += part);
        }
        pay
    }

    /// Cost lines, in parts.
    fn parts(&self) -> Vec<Part> {
        let accounts: BTreeMap<[String; 2], Row> =
            self.rows("reference/account.csv").into_iter().map(|row| (["council", "account"].map(|name| row[name].clone()), row)).collect();
        let pay = self.pay();
        let (mut parts, mut groups): (Vec<Part>, BTreeMap<[String; 3], Vec<Part>>) = (Vec::new(), BTreeMap::new());
        for council in COUNCILS {
            for line in self.rows(&format!("drop/{council}/general_ledger/GL_2018_04.csv")) {
                let Some(account) = accounts.get(&[council.to_owned(), line["Account"].clone()]) else { continue };
                if account["is_cost"] != "true" {
                    continue;
                }
                let class = class_of(council, &line["Centre"]).to_owned();
                let pence = parse_pounds(&line["Amount"]).unwrap();
                let part = Part { council: council.to_owned(), class, account: account.clone(), pence, line };
                if part.line["Document"].starts_with("PAY-") {
                    let key = [council.to_owned(), part.line["Centre"].clone(), part.line["Account"].clone()];
                    groups.entry(key).or_default().push(part);
                } else {
                    parts.push(part);
                }
            }
        }
        for (key, lines) in groups {
            let group: Vec<PayrollLine> = lines.iter().map(|line| PayrollLine { pence: line.pence, class: line.class.clone() }).collect();
            let resolved = resolve(&group, &pay[&key]);
            for part in resolved.parts {
                let line = &lines[part.line];
                let (account, line) = (line.account.clone(), line.line.clone());
                parts.push(Part { council: key[0].clone(), class: part.class, account, pence: part.pence, line });
            }
        }
        parts
    }

    /// A driver's volumes: recipient and volume, those without a service being of the giving one.
    fn volumes(&self, driver: &str, giver: &str) -> Vec<(Recipient, i128)> {
        let all = self.expected("volume").into_iter().filter(|row| row["driver"] == driver);
        all.filter(|row| match (self.change == Change::LoopOfTwo, driver) {
            (true, "devices") => row["to_service"] == "hr",
            (true, "headcount") => row["to_service"] == "ict",
            _ => true,
        })
        .map(|row| {
            let service = if row["to_service"].is_empty() { giver.to_owned() } else { row["to_service"].clone() };
            let end = || Final {
                service: service.clone(),
                ownership: Ownership::parse(&row["to_ownership"]).unwrap(),
                bearer: row["to_bearer"].clone(),
            };
            let to = if row["to_bearer"].is_empty() { Recipient::Service(service.clone()) } else { Recipient::Final(end()) };
            (to, row["volume"].parse().unwrap())
        })
        .collect()
    }

    /// The share in force of a service.
    fn share(&self, service: &str) -> Vec<(String, u128)> {
        let rows: Vec<Row> = self.rows("reference/share.csv").into_iter().filter(|row| row["service"] == service).collect();
        let shares: Vec<PartnerShare> = rows
            .iter()
            .map(|row| {
                let own = |to: &Recipient| matches!(to, Recipient::Final(to) if to.service == service && to.bearer == row["partner"]);
                let volumes = self.volumes(&row["driver"], service).into_iter().filter(|(to, _)| own(to));
                let tolerance = if self.change == Change::IctToleranceOfNought && service == "ict" { 0 } else { 3_000_000 };
                PartnerShare {
                    partner: row["partner"].clone(),
                    weight: row["weight"].parse().ok(),
                    volume: Some(volumes.map(|(_, volume)| volume.unsigned_abs()).sum()),
                    tolerance: Quantity::from_millionths(tolerance),
                    exception: row["exception"] == "true" || (self.change == Change::LegalException && service == "legal"),
                }
            })
            .collect();
        let in_force = share_in_force(&shares).unwrap();
        shares.into_iter().map(|share| share.partner).zip(in_force.weights).collect()
    }

    fn scheme(&self, group: &str) -> Scheme {
        let pools = self.rows("reference/pool.csv");
        let givers = SERVICES.map(|service| {
            let pool = |group: &str| pools.iter().find(|pool| pool["service"] == service && pool["account_group"] == group);
            let pool = pool(group).or_else(|| pool("")).unwrap();
            let refuses = pool["zero_volume"] == "refuse" || self.change == Change::PrintRefuses;
            Giver {
                service: service.to_owned(),
                is_final: service == "legal",
                step: pool["step"].parse().ok(),
                has_cost: group.is_empty() || service == "ict",
                zero_volume: if refuses { ZeroVolume::Refuse } else { ZeroVolume::SpreadEvenly },
                members: COUNCILS.map(str::to_owned).to_vec(),
                share: self.share(service),
                volumes: self.volumes(&pool["driver"], service),
            }
        });
        Scheme::new(givers).unwrap()
    }

    fn run(&self) -> Result<Outcome, Refusal> {
        let parts = self.parts();
        let mut cells: BTreeMap<[String; 5], Pence> = BTreeMap::new();
        for part in parts.iter().filter(|part| part.account["recharge"] != "true" && !part.class.starts_with("retained")) {
            let [group, on_cost] = ["account_group", "on_cost"].map(|name| part.account[name].clone());
            *cells.entry([part.class.clone(), group, on_cost, part.council.clone(), String::new()]).or_default() += part.pence;
        }
        let (all, print) =
            (self.scheme("").allocate(Method::Reciprocal, 1)?, self.scheme("third_party_payments").allocate(Method::Reciprocal, 2)?);
        let mut allocated = BTreeMap::new();
        for ([class, group, on_cost, council, _], pence) in cells {
            let [ownership, service, bearer]: [&str; 3] = class.split('/').collect::<Vec<_>>().try_into().unwrap();
            let key = |end: String| [service.to_owned(), ownership.to_owned(), group.clone(), on_cost.clone(), council.clone(), end];
            if ownership != "shared" {
                let bearer = if bearer.is_empty() { &council } else { bearer };
                allocated.insert(key(format!("{service}/{ownership}/{bearer}")), pence);
                continue;
            }
            let shares = if group == "third_party_payments" { print.shares(service) } else { all.shares(service) }.unwrap();
            let split = shares.weights.apportion(pence).unwrap();
            assert_eq!(shares.weights.prove(pence, &split), Ok(()), "check 16");
            allocated.extend(shares.finals.iter().zip(split).map(|(end, part)| (key(end.key()), part)));
        }
        let (pairs, unmatched) = self.recharges(&parts);
        let settlement = self.settlement(&allocated, &pairs);
        assert_eq!(settlement.prove(), Ok(()), "check 30");
        let payments = payments(&settlement.net()).unwrap();
        Ok(Outcome { allocated, pairs, unmatched, settlement, payments })
    }

    fn recharges(&self, parts: &[Part]) -> (Vec<RechargePair>, usize) {
        let period = Period { year: 2018, period: 1 };
        let sums = parts.iter().filter(|part| part.account["recharge"] == "true").map(|part| RechargeSum {
            council: part.council.clone(),
            other: COUNCILS.into_iter().find(|council| part.line["Party"].to_lowercase().starts_with(council)).map(str::to_owned),
            reference: reference_key(&part.line["Reference"]),
            period,
            pence: part.pence,
            places: BTreeSet::from([RechargePlace::Service(part.class.split('/').nth(1).unwrap().to_owned())]),
        });
        let tolerance = if let Change::RechargeTolerance(pence) = self.change { pence } else { 5 };
        let terms = RechargeTerms { tolerance, window: 1 };
        let result = match_recharges(&sums.collect::<Vec<_>>(), &[], terms).remove(&period).unwrap();
        (result.pairs, result.open.len())
    }

    fn settlement(&self, allocated: &BTreeMap<[String; 6], Pence>, pairs: &[RechargePair]) -> Settlement {
        let bearer = |end: &str| end.rsplit('/').next().unwrap().to_owned();
        let (mut parts, customer) = (Vec::new(), "oak_academy".to_owned());
        let (income, direct, own_service, overhead) = (0, 0, 0, 0);
        let mut trade = Trade { service: "legal".into(), customer, income, direct, own_service, overhead, back: self.share("legal") };
        for ([service, ownership, group, _, council, end], pence) in allocated {
            parts.push(BornePart { service: service.clone(), council: council.clone(), bearer: bearer(end), pence: *pence });
            if bearer(end) == trade.customer {
                trade.add(service, Ownership::parse(ownership).unwrap(), group == "income", *pence);
            }
        }
        let paid = pairs.iter().map(|pair| PaidRecharge {
            service: pair.service.clone(),
            payer: pair.payer.clone(),
            payee: pair.payee.clone(),
            pence: pair.eliminated(),
        });
        settle(&parts, &paid.collect::<Vec<_>>(), &[trade]).unwrap()
    }
}

fn columns<const N: usize>(row: &Row, names: [&str; N]) -> [String; N] {
    names.map(|name| row[name].clone())
}

#[test]
fn from_ledgers_to_payments() {
    let Some(golden) = Golden::with(Change::Nothing) else { return };
    let result = golden.run().unwrap();
    let allocated = golden.expected("allocated_cost").into_iter().map(|row| {
        let [service, ownership, group, on_cost, council] = columns(&row, ["service", "ownership", "account_group", "on_cost", "council"]);
        let end = columns(&row, ["final_service", "final_ownership", "bearer"]).join("/");
        ([service, ownership, group, on_cost, council, end], parse_pounds(&row["amount"]).unwrap())
    });
    assert_eq!(result.allocated, allocated.collect(), "allocated_cost");
    let pair = &golden.expected("recharge_pair")[0];
    let found = &result.pairs[0];
    let names = [&found.service, &found.payer, &found.payee, &found.reference].map(String::as_str);
    assert_eq!(names, columns(pair, ["service", "payer", "payee", "reference"]).each_ref().map(String::as_str));
    let money = [found.paid, found.received, found.eliminated(), found.difference()].map(decimal);
    assert_eq!(money, columns(pair, ["paid", "received", "eliminated", "difference"]));
    assert_eq!((result.pairs.len(), result.unmatched), (1, golden.expected("unmatched_recharge").len()));
    let balances = result.settlement.balances.iter().map(|((kind, service, organisation), balance)| {
        let money = [balance.incurred, balance.to_bear, balance.recharged, balance.owes()].map(decimal);
        [vec![kind.as_str().to_owned(), service.clone(), organisation.clone()], money.to_vec()].concat()
    });
    let names = ["kind", "service", "organisation", "incurred", "to_bear", "recharged", "balance"];
    let expected: Vec<Vec<String>> = golden.expected("settlement").iter().map(|row| columns(row, names).to_vec()).collect();
    assert_eq!(balances.collect::<Vec<_>>(), expected, "settlement");
    let owed = result.settlement.pairs.iter().map(|((kind, service, one, two), pence)| {
        vec![kind.as_str().to_owned(), service.clone(), one.clone(), two.clone(), decimal(*pence)]
    });
    let names = ["kind", "service", "debtor", "creditor", "amount"];
    let expected: Vec<Vec<String>> = golden.expected("settlement_pair").iter().map(|row| columns(row, names).to_vec()).collect();
    assert_eq!(owed.collect::<Vec<_>>(), expected, "settlement_pair");
    assert!(result.settlement.balances.keys().any(|(kind, ..)| *kind == SettlementKind::Trading));
}

/// The one payment, as `payer payee pounds`.
fn payment(change: Change) -> Option<String> {
    let result = Golden::with(change)?.run().unwrap();
    let [payment] = result.payments.as_slice() else { panic!("{:?}", result.payments) };
    Some(format!("{} {} {}", payment.payer, payment.payee, decimal(payment.pence)))
}

#[test]
fn one_change_at_a_time() {
    let is_that = |change: Change, expected: &str| {
        let Some(payment) = payment(change) else { return };
        assert_eq!(payment, expected, "{change:?}");
    };
    is_that(Change::Nothing, "northam southam 497.99");
    is_that(Change::LegalException, "northam southam 856.12");
    is_that(Change::IctToleranceOfNought, "northam southam 565.23");
    is_that(Change::WithoutSplit, "northam southam 521.35");
    is_that(Change::RechargeTolerance(2), "southam northam 3502.04");
    let refusal = |change: Change| Some(Golden::with(change)?.run().err().unwrap().to_string());
    assert!(refusal(Change::LoopOfTwo).is_none_or(|refusal| refusal == "closed loop: hr → ict → hr"));
    assert!(refusal(Change::PrintRefuses).is_none_or(|refusal| refusal == "ict: no volume"));
}

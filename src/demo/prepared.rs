//! Journals that are not drawn: what payroll sends to the ledger, what partners charge each other, what customers are charged.

use crate::domain::Day;

use super::{
    chance::Chance,
    codes::Codes,
    journal::Origin,
    pay::{Element, Payroll},
};

/// A journal as it will stand in the ledger, but for its number and the line on the control account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prepared<'a> {
    pub day: Day,
    pub origin: Origin,
    pub given: Given,
    /// Cost centre, account and pence of each line, debit positive.
    pub lines: Vec<(&'a str, &'a str, i64)>,
}

/// What a prepared journal says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    /// Number of the document, where that is not the next one.
    pub document: Option<String>,
    pub words: String,
    pub party: String,
    pub reference: String,
}

/// The journals of a council's year, in order of their day.
pub(super) fn journals<'a>(payroll: &Payroll<'a>, seed: u64) -> Vec<Prepared<'a>> {
    let council = payroll.staff.employer.council;
    let mut journals: Vec<Prepared<'a>> =
        (0..12).map(|month| of_payroll(payroll, month)).filter(|journal| !journal.lines.is_empty()).collect();
    if journals.is_empty() {
        return journals;
    }
    for month in 0..12 {
        journals.extend(CHARGES.iter().filter_map(|charge| of_charge(charge, council, payroll.codes, month, seed)));
        journals.extend(payroll.codes.customers.iter().map(|customer| Prepared {
            day: super::first_of(month).plus_days(9),
            origin: Origin::Receivables,
            given: Given {
                words: format!("{} {}", customer.agreement, month_text(month)),
                party: customer.name.clone(),
                reference: format!("AR{}", month_text(month)),
                ..Given::default()
            },
            lines: vec![(customer.cost_centre.as_str(), payroll.codes.income.first().map_or("", String::as_str), -customer.price)],
        }));
    }
    journals.sort_by_key(|journal| journal.day);
    journals
}

/// `1804` is April 2018.
fn month_text(month: u64) -> String {
    format!("{}{:02}", 18 + (month + 3) / 12, (month + 3) % 12 + 1)
}

/// A difference that nobody explains: £12.34 in Newham's October.
const DIFFERENCE: (&str, u64, i64) = ("newham", 6, 1_234);
/// A line of Havering's August that stands on another cost centre than it was paid on.
const MISCODED: (&str, u64) = ("havering", 4);

fn of_payroll<'a>(payroll: &Payroll<'a>, month: u64) -> Prepared<'a> {
    let employer = &payroll.staff.employer;
    let mut sums = payroll.journal(month);
    if (employer.council, month) == MISCODED {
        miscode(payroll, month, &mut sums);
    }
    let (council, in_month, pence) = DIFFERENCE;
    if let Some(sum) = sums.values_mut().next().filter(|_| (employer.council, month) == (council, in_month)) {
        *sum += pence;
    }
    let text = month_text(month);
    Prepared {
        day: super::first_of(month).plus_days(i32::from(employer.pay_day) - 1),
        origin: Origin::Payroll,
        given: Given {
            document: Some(format!("PAY20{text}")),
            words: format!("Payroll {text}"),
            reference: format!("PAY20{text}"),
            ..Given::default()
        },
        lines: sums.into_iter().map(|((cost_centre, account), pence)| (cost_centre, account, pence)).collect(),
    }
}

/// Moves the first person's basic pay to the cost centre of another.
fn miscode<'a>(payroll: &Payroll<'a>, month: u64, sums: &mut std::collections::BTreeMap<(&'a str, &'a str), i64>) {
    let mut items = Vec::new();
    let Some(person) = payroll.staff.people().next() else { return };
    payroll.slips(&person, month, &mut items);
    let Some(paid) = items.iter().find(|item| item.element == Element::Basic) else { return };
    let other = sums.keys().find(|(centre, account)| *account == paid.account && *centre != paid.cost_centre).copied();
    if let Some(other) = other {
        *sums.entry(other).or_default() += paid.pence;
        *sums.entry((paid.cost_centre, paid.account)).or_default() -= paid.pence;
    }
}

/// What one partner charges another for a shared service, month by month.
struct Charge {
    payee: &'static str,
    payer: &'static str,
    service: &'static str,
    /// Ends the reference on both sides.
    word: &'static str,
}

const CHARGES: [Charge; 3] = [
    Charge { payee: "havering", payer: "newham", service: "ict_support", word: "ICT" },
    Charge { payee: "newham", payer: "bexley", service: "payroll", word: "PAYROLL" },
    Charge { payee: "newham", payer: "havering", service: "finance", word: "FINANCE" },
];

/// The charge that is paid 3p too high, in September, and the one that its payer knows nothing of, in November.
const THREE_PENCE_APART: (&str, u64) = ("ICT", 5);
const UNMATCHED: (&str, u64) = ("ICT", 7);

/// The side of a charge that stands in a council's ledger; `None` where it is in no side of it.
fn of_charge<'a>(charge: &Charge, council: &str, codes: &'a Codes, month: u64, seed: u64) -> Option<Prepared<'a>> {
    let salt: u64 = charge.word.bytes().map(u64::from).sum();
    let pence = 1_500_000 + Chance::new(seed ^ (salt << 8 | month)).below(2_000_000).cast_signed();
    let place = codes.places.shared.iter().find(|place| place.service == charge.service)?;
    let reference = format!("RC{}-{}", month_text(month), charge.word);
    let words = format!("Charge for {} {}", charge.service, month_text(month));
    let extra = i64::from((charge.word, month) == THREE_PENCE_APART) * 3;
    let (party, reference, account, origin, pence, day) = match council {
        _ if council == charge.payee => (charge.payer, reference, &codes.charged_to, Origin::Receivables, -pence, 19),
        // Typed from the invoice, in small letters.
        _ if council == charge.payer => (charge.payee, reference.to_lowercase(), &codes.charged_by, Origin::Payables, pence + extra, 24),
        _ => return None,
    };
    if (charge.word, month) == UNMATCHED && council == charge.payer {
        return None;
    }
    let lines = vec![(place.cost_centre.as_str(), account.as_str(), pence)];
    let given = Given { document: None, words, party: name_of(party).to_owned(), reference };
    Some(Prepared { day: super::first_of(month).plus_days(day), origin, given, lines })
}

/// As `organisation_name` has it.
fn name_of(council: &str) -> &'static str {
    match council {
        "newham" => "London Borough of Newham",
        "havering" => "London Borough of Havering",
        _ => "London Borough of Bexley",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::staff::{BEXLEY, HAVERING, NEWHAM, Staff};

    fn of(council: &str, codes: &[Codes; 3], test: impl Fn(&Prepared<'_>) -> bool) -> Vec<(Day, i64, String)> {
        let employers = [NEWHAM, HAVERING, BEXLEY];
        let at = employers.iter().position(|employer| employer.council == council).unwrap();
        let payroll = Payroll { staff: Staff::new(employers[at], &codes[at], 1, 20_000), codes: &codes[at] };
        let all = journals(&payroll, 1);
        let told = |journal: &Prepared<'_>| (journal.day, journal.lines.iter().map(|line| line.2).sum(), journal.given.reference.clone());
        all.iter().filter(|journal| test(journal)).map(told).collect()
    }

    #[test]
    fn charges_stand_in_both_ledgers_but_for_what_is_planted() {
        let codes = ["newham", "havering", "bexley"].map(Codes::of);
        let charges = |council: &str, word: &'static str| of(council, &codes, move |j| j.given.reference.to_uppercase().ends_with(word));
        for charge in &CHARGES {
            let (paid, received) = (charges(charge.payer, charge.word), charges(charge.payee, charge.word));
            assert_eq!((paid.len(), received.len()), (if charge.word == "ICT" { 11 } else { 12 }, 12));
            for (_, pence, reference) in &paid {
                let (_, other, _) = received.iter().find(|(_, _, other)| other.to_lowercase() == *reference).unwrap();
                assert_eq!(pence + other, if reference == "rc1809-ict" { 3 } else { 0 }, "{reference}");
            }
        }
    }

    #[test]
    fn payroll_is_journalled_every_month_and_customers_are_charged() {
        let codes = ["newham", "havering", "bexley"].map(Codes::of);
        for council in ["newham", "havering", "bexley"] {
            assert_eq!(of(council, &codes, |j| j.origin == Origin::Payroll).len(), 12);
            assert_eq!(of(council, &codes, |j| j.given.reference.starts_with("AR")).len(), 12);
        }
    }
}

//! Kernel `recompute`: what employers paid on top of pay, by class, and what the rate card would have had them pay.
//!
//! The recomputed figures enter no cost. One that cannot be worked out is null in every row that it reaches, and its assignments are
//! counted there.

use std::collections::{BTreeMap, BTreeSet};

use arrow::record_batch::RecordBatch;
use hashbrown::HashMap;

use super::{
    kept::services,
    pay::{PayColumns, Sum, classed, grouped, sums},
    places::Places,
    posts::Posts,
    rates::RateCard,
    small::{SMALL_CLASS, merged},
};
use crate::{
    diagnostic::Answer,
    domain::{EarnedAt, Niable, Pence, Unsplit, employer_ni, employer_pension, pass_on, side_by_side},
    plan::KernelInput,
    schema::{Cell, batch::Rows, table_of},
};

/// Categories that are gross pay; the first is basic pay.
const GROSS: [&str; 5] = ["basic", "allowance", "overtime", "absence", "statutory"];

/// Pay of one class of a council.
#[derive(Clone)]
struct ClassCost {
    /// By number.
    persons: BTreeSet<u32>,
    gross: Pence,
    basic: Pence,
    ni: Pence,
    pension: Pence,
    levy: Pence,
    /// `None` where a part of it is not known.
    recomputed_ni: Option<Pence>,
    recomputed_pension: Option<Pence>,
    /// Assignments with a part that is not known, by number; pay without an assignment counts as one.
    not_recomputed: BTreeSet<Option<u32>>,
}

impl Default for ClassCost {
    fn default() -> Self {
        let (gross, basic, ni, pension, levy) = (0, 0, 0, 0, 0);
        let (recomputed_ni, recomputed_pension) = (Some(0), Some(0));
        let (persons, not_recomputed) = (BTreeSet::new(), BTreeSet::new());
        Self { persons, gross, basic, ni, pension, levy, recomputed_ni, recomputed_pension, not_recomputed }
    }
}

impl ClassCost {
    fn add_paid(&mut self, category: &str, pence: Pence) {
        match category {
            "employer_ni" => self.ni += pence,
            "employer_pension" => self.pension += pence,
            "levy" => self.levy += pence,
            _ if GROSS.contains(&category) => self.gross += pence,
            _ => {}
        }
        if category == GROSS[0] {
            self.basic += pence;
        }
    }

    fn add_recomputed(&mut self, what: Contribution, pence: Option<Pence>, assignment: Option<u32>) {
        let sum = match what {
            Contribution::Ni => &mut self.recomputed_ni,
            Contribution::Pension => &mut self.recomputed_pension,
        };
        *sum = sum.zip(pence).map(|(sum, pence)| sum + pence);
        if pence.is_none() {
            self.not_recomputed.insert(assignment);
        }
    }

    fn join(&mut self, other: &Self) {
        self.persons.extend(&other.persons);
        self.not_recomputed.extend(&other.not_recomputed);
        self.gross += other.gross;
        self.basic += other.basic;
        self.ni += other.ni;
        self.pension += other.pension;
        self.levy += other.levy;
        self.recomputed_ni = self.recomputed_ni.zip(other.recomputed_ni).map(|(mine, theirs)| mine + theirs);
        self.recomputed_pension = self.recomputed_pension.zip(other.recomputed_pension).map(|(mine, theirs)| mine + theirs);
    }
}

#[derive(Clone, Copy)]
enum Contribution {
    Ni,
    Pension,
}

/// By council and class.
type Costs<'a> = HashMap<(&'a str, &'a str), ClassCost>;

/// Why pay is listed: the word, and the assignments that it is so of, by number.
type Listed<'a> = BTreeMap<(&'a str, &'static str), BTreeSet<u32>>;

/// `pay_sum`, `post`, `pay_place`, `rate_card` and `unknown_element` → `pay_on_cost` and, beside it, `pay_exception`: what is listed.
///
/// # Errors
/// TC1250 where a table lacks a column.
pub fn recompute(input: &KernelInput<'_>) -> Answer<Vec<RecordBatch>> {
    let places = Places::of(Rows(input.table("pay_place")?))?;
    let posts = Posts::of(Rows(input.table("post")?), &services(input.partnership))?;
    let rates = RateCard::of(Rows(input.table("rate_card")?))?;
    let pay = PayColumns::of(Rows(input.table("pay_sum")?))?;
    let of_councils = side_by_side(&pay.by_council(), input.threads, |rows| {
        let sums = sums(&pay, rows, &places, &posts);
        let (mut costs, mut listed) = (Costs::new(), Listed::new());
        add_paid(&sums, &mut costs, &mut listed);
        add_ni(&sums, &rates, &mut costs);
        add_pension(&sums, &rates, &mut costs);
        (costs, listed)
    });
    let (mut costs, mut listed) = (Costs::new(), Listed::new());
    for (of_council, listed_of_council) in of_councils {
        costs.extend(of_council);
        listed.extend(listed_of_council);
    }
    let costs = without_small_groups(costs, input.partnership.small_group);
    let when = input.period.map_or((0, 0), |period| (i64::from(period.year), i64::from(period.period)));
    let rows = [
        costs.iter().map(|((council, class), cost)| cost_row(council, class, when, cost)).collect::<Vec<_>>(),
        listed_rows(&listed, Rows(input.table("unknown_element")?), when)?,
    ];
    let named = ["pay_on_cost", "pay_exception"].iter().zip(input.gives).zip(&rows);
    named.map(|((name, schema), rows)| table_of(name, schema, rows)).collect()
}

/// As paid: per assignment, cost centre, account, day and category the sum is split once.
fn add_paid<'a>(sums: &[Sum<'a>], costs: &mut Costs<'a>, listed: &mut Listed<'a>) {
    for sum in sums {
        let unknown = sum.place.is_cost && !sum.place.account_known;
        let whys = [(!sum.has_ledger(), "no_ledger"), (unknown, "unknown_account")];
        for (_, why) in whys.into_iter().filter(|(is_so, _)| *is_so) {
            listed.entry((sum.council(), why)).or_default().extend(sum.assignment_number());
        }
    }
    let of_cost = sums.iter().filter(|sum| sum.is_cost());
    grouped(
        of_cost,
        |sum| (sum.place.spot, sum.post, sum.category()),
        |sum, sums| {
            let classed = classed(sum, sums.iter().map(|sum| sum.pence()).sum(), sum.may_split());
            let why = match classed.unsplit {
                Some(Unsplit::NotInRegister) => Some("not_in_register"),
                Some(Unsplit::FaultyWeights | Unsplit::DifferentSpans) => Some("faulty_split"),
                Some(Unsplit::NoSplit) | None => None,
            };
            if let Some(why) = why {
                listed.entry((sum.council(), why)).or_default().extend(sum.assignment_number());
            }
            for (class, part) in classed.parts {
                let cost = costs.entry((sum.council(), class)).or_default();
                cost.add_paid(sum.category(), part);
                cost.persons.extend(sums.iter().filter_map(|sum| sum.person()));
            }
        },
    );
}

/// What an assignment earned at a cost centre and account, with a sum that stands for it.
type Earned<'s, 'a> = BTreeMap<(&'a str, &'a str, &'a str), (Pence, &'s Sum<'a>)>;

/// Adds up earnings; `of` says which pence of a sum count.
fn earned<'s, 'a>(sums: &[&'s Sum<'a>], of: fn(&Sum<'a>) -> Pence) -> Earned<'s, 'a> {
    let mut earned = Earned::new();
    for sum in sums {
        let at = (sum.assignment().unwrap_or_default(), sum.cost_centre(), sum.account());
        earned.entry(at).or_insert((0, sum)).0 += of(sum);
    }
    earned.retain(|_, (pence, _)| *pence != 0);
    earned
}

/// Passes a contribution on to what was earned where, and on by the split; `None` where it could not be worked out.
fn pass<'a>(what: Contribution, due: Option<Pence>, earned: &Earned<'_, 'a>, costs: &mut Costs<'a>) {
    let places: Vec<EarnedAt<'_>> = earned
        .iter()
        .map(|((assignment, cost_centre, account), (pence, _))| EarnedAt { assignment, cost_centre, account, pence: *pence })
        .collect();
    let parts = due.and_then(|due| pass_on(due, &places).ok());
    for (place, (pence, sum)) in earned.values().enumerate() {
        if !sum.is_cost() {
            continue;
        }
        let part = parts.as_ref().and_then(|parts| parts.get(place).copied());
        for (class, part_of_class) in classed(sum, part.unwrap_or(*pence), true).parts {
            costs.entry((sum.council(), class)).or_default().add_recomputed(what, part.map(|_| part_of_class), sum.assignment_number());
        }
    }
}

/// National insurance per person and employer: posts are taken together, as the law has it. Pay without a person is taken assignment by
/// assignment: nobody can say whose it is.
fn add_ni<'a>(sums: &[Sum<'a>], rates: &RateCard<'_>, costs: &mut Costs<'a>) {
    let niable_pay = sums.iter().filter(|sum| sum.niable() != 0);
    grouped(
        niable_pay,
        |sum| (sum.payee, sum.pay_date()),
        |sum, sums| {
            let (earned, day) = (earned(sums, Sum::niable), sum.pay_date());
            let due = employer_ni(&niable(sums), |letter, basis| rates.employer_ni(letter, basis, day));
            pass(Contribution::Ni, due.ok(), &earned, costs);
        },
    );
}

/// What each assignment earned, once for every letter and pay basis that it has: several are as good as none.
fn niable<'s>(sums: &[&Sum<'s>]) -> Vec<Niable<'s>> {
    let mut assignments: BTreeMap<&str, (Pence, BTreeSet<Option<&str>>, &Sum<'s>)> = BTreeMap::new();
    for sum in sums {
        let of = assignments.entry(sum.assignment().unwrap_or_default());
        let (pence, bases, _) = of.or_insert_with(|| (0, BTreeSet::new(), sum));
        *pence += sum.niable();
        bases.insert(sum.pay_basis());
    }
    let mut niable = Vec::new();
    for (pence, bases, sum) in assignments.into_values() {
        let terms = sum.terms();
        let letters: Vec<Option<&str>> = if terms.letters.is_empty() { vec![None] } else { terms.letters.into_iter().map(Some).collect() };
        let each = letters.iter().flat_map(|letter| bases.iter().map(move |basis| (letter, basis)));
        niable.extend(each.enumerate().map(|(place, (letter, basis))| Niable {
            letter: *letter,
            pay_basis: *basis,
            is_annual: terms.is_annual,
            pence: if place == 0 { pence } else { 0 },
        }));
    }
    niable
}

/// Pension per assignment and pay date, at the rate of its fund; pay without an assignment is taken council by council.
fn add_pension<'a>(sums: &[Sum<'a>], rates: &RateCard<'_>, costs: &mut Costs<'a>) {
    let pensionable = sums.iter().filter(|sum| sum.pensionable() != 0);
    grouped(
        pensionable,
        |sum| (sum.council(), sum.assignment_number(), sum.pay_date()),
        |sum, sums| {
            let earned = earned(sums, Sum::pensionable);
            let funds = sum.terms().funds;
            let fund = if funds.len() == 1 { funds.first().copied() } else { None };
            let rate = fund.and_then(|fund| rates.employer_pension(fund, sum.pay_date()));
            let due = rate.and_then(|rate| employer_pension(sums.iter().map(|sum| sum.pensionable()).sum(), rate));
            pass(Contribution::Pension, due, &earned, costs);
        },
    );
}

/// Rows of few persons become one, council by council.
fn without_small_groups(costs: Costs<'_>, small_group: u64) -> BTreeMap<(&str, &str), ClassCost> {
    let mut councils: BTreeMap<&str, Vec<(&str, ClassCost)>> = BTreeMap::new();
    for ((council, class), cost) in costs {
        councils.entry(council).or_default().push((class, cost));
    }
    let mut kept = BTreeMap::new();
    for (council, mut rows) in councils {
        rows.sort_by_key(|(class, _)| *class);
        let together = merged(&rows.iter().map(|(_, cost)| &cost.persons).collect::<Vec<_>>(), small_group);
        for (place, (class, cost)) in rows.into_iter().enumerate() {
            let class = if together.contains(&place) { SMALL_CLASS } else { class };
            kept.entry((council, class)).or_insert_with(ClassCost::default).join(&cost);
        }
    }
    kept
}

fn cost_row(council: &str, class: &str, (year, period): (i64, i64), cost: &ClassCost) -> Vec<Cell> {
    let mut class = class.splitn(3, '/').map(Cell::from);
    let mut word = || class.next().unwrap_or(Cell::Null);
    let known = |pence: Option<Pence>| pence.map_or(Cell::Null, Cell::Pence);
    let counted = |number: usize| i64::try_from(number).map_or(Cell::Null, Cell::Whole);
    vec![
        council.into(),
        word(),
        word(),
        word(),
        year.into(),
        period.into(),
        counted(cost.persons.len()),
        Cell::Pence(cost.gross),
        Cell::Pence(cost.basic),
        Cell::Pence(cost.ni + cost.pension + cost.levy),
        Cell::Pence(cost.ni),
        Cell::Pence(cost.pension),
        Cell::Pence(cost.levy),
        known(cost.recomputed_ni),
        known(cost.recomputed_pension),
        counted(cost.not_recomputed.len()),
    ]
}

/// Rows of `pay_exception`: what is listed while the run goes on, with no person in sight.
fn listed_rows(listed: &Listed<'_>, elements: Rows<'_>, (year, period): (i64, i64)) -> Answer<Vec<Vec<Cell>>> {
    let row = |council: &str, reason: &str, element: &str, count: i64| -> Vec<Cell> {
        vec![council.into(), reason.into(), element.into(), year.into(), period.into(), count.into()]
    };
    let counted = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let mut rows: Vec<Vec<Cell>> =
        listed.iter().map(|((council, reason), assignments)| row(council, reason, "", counted(assignments.len()))).collect();
    for at in 0..elements.count() {
        let count = elements.whole("assignments", at)?.unwrap_or_default();
        rows.push(row(elements.text("council", at)?, "unknown_element", elements.text("element", at)?, count));
    }
    Ok(rows)
}

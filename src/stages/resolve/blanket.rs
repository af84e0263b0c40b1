//! Kernel `blanket`: what a blanket rate charges beside what is true. It enters no cost.

use std::collections::BTreeMap;

use arrow::record_batch::RecordBatch;

use crate::{
    diagnostic::Answer,
    domain::{Blanket, BlanketRow, BlanketUnit, Pence, Quantity, compare_blanket},
    plan::KernelInput,
    schema::{Cell, batch::Rows, table_of},
};

/// A blanket's row: a rate for a council or for all, or an organisation's weight.
struct Rate<'a> {
    scope: &'a str,
    percent: Option<Quantity>,
    weight: Option<i64>,
}

/// By name and kind, with the word of what it is a rate of.
type Blankets<'a> = BTreeMap<(&'a str, &'a str), (&'a str, Vec<Rate<'a>>)>;

/// What blankets are held against.
struct Units {
    /// Council, unit, base by its word, pence as paid.
    on_cost: Vec<(String, String, BTreeMap<&'static str, Pence>, Pence)>,
    /// Bearer → allocated cost of other services than support, and of support.
    overhead: BTreeMap<String, (Pence, Pence)>,
}

/// `blanket_in_force`, `blanket_unit` and `bearer_total` → `blanket_comparison`.
///
/// # Errors
/// TC1250 where a table lacks a column.
pub fn blanket(input: &KernelInput<'_>) -> Answer<Vec<RecordBatch>> {
    let table = Rows(input.table("blanket_in_force")?);
    let units = Units::of(Rows(input.table("blanket_unit")?), Rows(input.table("bearer_total")?))?;
    let (year, period) = input.period.map_or((0, 0), |period| (i64::from(period.year), i64::from(period.period)));
    let mut rows = Vec::new();
    for ((name, kind), (base, rates)) in blankets(table)? {
        for (by, units) in units.of_blanket(kind, base, &rates) {
            // A base that sums to nought splits nothing: then there is no row, as for a unit without a base.
            let Ok(compared) = compare_blanket(by, &units) else { continue };
            let money = if by == Blanket::Weights { 100 } else { 1 };
            rows.extend(compared.rows.iter().map(|row| row_of(name, kind, (year, period), row, money)));
        }
    }
    input.gives.iter().map(|schema| table_of("blanket_comparison", schema, &rows)).collect()
}

fn blankets(table: Rows<'_>) -> Answer<Blankets<'_>> {
    let mut blankets = Blankets::new();
    for row in 0..table.count() {
        let key = (table.text("blanket", row)?, table.text("kind", row)?);
        let (_, rates) = blankets.entry(key).or_insert((table.text("base", row)?, Vec::new()));
        rates.push(Rate {
            scope: table.text("scope", row)?,
            percent: table.millionths("percent", row)?.map(Quantity::from_millionths),
            weight: table.whole("weight", row)?,
        });
    }
    Ok(blankets)
}

impl Units {
    fn of(on_costs: Rows<'_>, bearers: Rows<'_>) -> Answer<Self> {
        let mut on_cost = Vec::with_capacity(on_costs.count());
        for row in 0..on_costs.count() {
            let council = on_costs.text("council", row)?;
            let class = [on_costs.text("ownership", row)?, on_costs.text("service", row)?, on_costs.text("bearer", row)?].join("/");
            let bases = ["gross_pay", "basic_pay"].map(|name| on_costs.pence(name, row).map(|pence| (name, pence)));
            let bases = bases.into_iter().collect::<Answer<_>>()?;
            on_cost.push((council.to_owned(), format!("{council}/{class}"), bases, on_costs.pence("on_cost", row)?));
        }
        let mut overhead = BTreeMap::new();
        for row in 0..bearers.count() {
            let sums = (bearers.pence("direct_cost", row)?, bearers.pence("overhead", row)?);
            overhead.insert(bearers.text("bearer", row)?.to_owned(), sums);
        }
        Ok(Self { on_cost, overhead })
    }

    /// The comparisons that a blanket is: one for each of its rates, or one by its weights.
    fn of_blanket(&self, kind: &str, base: &str, rates: &[Rate<'_>]) -> Vec<(Blanket, Vec<BlanketUnit>)> {
        if base == "weight" {
            return vec![(Blanket::Weights, self.by_weight(kind, rates))];
        }
        let percents =
            rates.iter().filter_map(|rate| Some((Blanket::Percent(rate.percent?), self.in_scope(kind, base, rates, rate.scope))));
        percents.collect()
    }

    /// Units that are charged by the rate of a scope: those of its council, or those of no council with a rate of its own.
    fn in_scope(&self, kind: &str, base: &str, rates: &[Rate<'_>], scope: &str) -> Vec<BlanketUnit> {
        let is_charged = |council: &str| {
            let own = rates.iter().any(|rate| rate.scope == council);
            if scope == "all" { !own } else { scope == council }
        };
        let on_cost = self.on_cost.iter().filter(|(council, ..)| kind == "on_cost" && is_charged(council));
        let on_cost = on_cost.filter_map(|(_, unit, bases, pence)| Some(self::unit(unit, *bases.get(base)?, *pence)));
        let overhead = self.overhead.iter().filter(|(bearer, _)| kind == "overhead" && base == "direct_cost" && is_charged(bearer));
        on_cost.chain(overhead.map(|(bearer, (direct, pence))| unit(bearer, *direct, *pence))).collect()
    }

    /// Every organisation with a weight, and every bearer, also one without a penny of overhead.
    fn by_weight(&self, kind: &str, rates: &[Rate<'_>]) -> Vec<BlanketUnit> {
        let weight = |key: &str| rates.iter().find(|rate| rate.scope == key).and_then(|rate| rate.weight).unwrap_or_default();
        let mut all: BTreeMap<&str, (i128, Pence)> = rates.iter().map(|rate| (rate.scope, (weight(rate.scope).into(), 0))).collect();
        if kind == "overhead" {
            for (bearer, (_, pence)) in &self.overhead {
                all.insert(bearer, (weight(bearer).into(), *pence));
            }
        } else {
            for (council, _, _, pence) in &self.on_cost {
                all.entry(council).or_insert((0, 0)).1 += pence;
            }
        }
        all.into_iter().map(|(key, (weight, pence))| unit(key, weight, pence)).collect()
    }
}

fn unit(unit: &str, base: i128, true_pence: Pence) -> BlanketUnit {
    BlanketUnit { unit: unit.to_owned(), base, true_pence }
}

/// `money`: pence that one of the base is.
fn row_of(name: &str, kind: &str, (year, period): (i64, i64), row: &BlanketRow, money: i128) -> Vec<Cell> {
    vec![
        name.into(),
        kind.into(),
        row.unit.as_str().into(),
        year.into(),
        period.into(),
        Cell::Pence(row.base * money),
        Cell::Pence(row.blanket),
        Cell::Pence(row.level),
        Cell::Pence(row.true_pence),
        Cell::Pence(row.rate_effect()),
        Cell::Pence(row.distribution_effect()),
    ]
}

//! Kernel `apportion`: every cell of cost cut once, to the penny, among those who bear it; and the same by every method, to compare.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use arrow::{
    array::{ArrayRef, BooleanBuilder, Decimal128Builder, Int8Array, Int16Array, StringBuilder},
    record_batch::RecordBatch,
};

use super::{
    method::method_in_force,
    model::{CostCell, Model},
    refused::{unproved_by, unsound},
};
use crate::{
    diagnostic::{Answer, codes::checks},
    domain::{Allocation, Final, Method, Ownership, Pence, Shares, UNALLOCATED},
    plan::KernelInput,
    schema::{Cell, Type, table_of},
};

/// The tables that `solve` reads → `allocated_cost`, `method_comparison`. No method in force: shared cost stays where it was incurred,
/// and there is nothing to compare.
///
/// # Errors
/// TC1203 where the period cannot be allocated; TC1204 where a proof fails.
pub fn apportion(input: &KernelInput<'_>) -> Answer<Vec<RecordBatch>> {
    apportion_by(input, method_in_force(input))
}

pub(super) fn apportion_by(input: &KernelInput<'_>, method: Option<Method>) -> Answer<Vec<RecordBatch>> {
    let model = Model::read(input)?;
    let mut parts = Parts::default();
    let mut comparison = Comparison::default();
    for by in if method.is_some() { &Method::ALL[..] } else { &[] } {
        let (by, in_force) = (*by, method == Some(*by));
        let allocations = match model.allocate(by, input) {
            Ok(allocations) => allocations,
            // A method that cannot be used has no figure beside the others.
            Err(refusal) if !in_force && refusal.0.iter().all(|d| d.code.id == checks::NOT_ALLOCATED.id) => continue,
            Err(refusal) => return Err(refusal),
        };
        let splits = Splits::of(&model, &allocations)?;
        for cell in &model.cells {
            splits.split(&model, cell, |part| {
                comparison.add(by, &part);
                if in_force {
                    parts.add(cell, &part);
                }
            })?;
        }
    }
    if method.is_none() {
        model.cells.iter().for_each(|cell| parts.add(cell, &whole(cell)));
    }
    let [parts_schema, comparison_schema] = input.gives else { return Err(unsound("`apportion` fills two tables")) };
    let compared = table_of("method_comparison", comparison_schema, &comparison.rows(input, method))?;
    Ok(vec![parts.table(input, parts_schema)?, compared])
}

/// A part of a cell: who bears it, and how it came there.
struct Part<'a> {
    service: &'a str,
    ownership: Ownership,
    bearer: &'a str,
    placement: &'static str,
    amount: Pence,
}

/// A cell that is not split: what has a bearer goes to it, and shared cost stays where it was incurred.
fn whole(cell: &CostCell) -> Part<'_> {
    let is_shared = cell.ownership == Ownership::Shared;
    let bearer = if is_shared || cell.bearer.is_empty() { &cell.council } else { &cell.bearer };
    let placement = if is_shared { "unallocated" } else { "direct" };
    Part { service: &cell.service, ownership: cell.ownership, bearer, placement, amount: cell.amount }
}

/// The rows of the matrices by which cells are split, made ready once for each service of each set.
struct Splits<'a>(BTreeMap<(&'a str, &'a str), Shares<'a>>);

impl<'a> Splits<'a> {
    fn of(model: &'a Model, allocations: &'a BTreeMap<String, Arc<Allocation>>) -> Answer<Self> {
        let mut splits = BTreeMap::new();
        for cell in model.shared() {
            let (set, service) = (model.set_of(cell), cell.service.as_str());
            if let Entry::Vacant(place) = splits.entry((set, service)) {
                let shares = allocations.get(set).and_then(|allocation| allocation.shares(service));
                place.insert(shares.ok_or_else(|| unsound(&format!("{service} has shared cost and is none of the services")))?);
            }
        }
        Ok(Self(splits))
    }

    /// Cuts a cell.
    fn split(&self, model: &Model, cell: &CostCell, mut take: impl FnMut(Part<'_>)) -> Answer<()> {
        if cell.ownership != Ownership::Shared {
            take(whole(cell));
            return Ok(());
        }
        let lacking = || unproved_by("16", &format!("a cell of {} has no parts", cell.service));
        let shares = self.0.get(&(model.set_of(cell), cell.service.as_str())).ok_or_else(lacking)?;
        let amounts = shares.weights.apportion(cell.amount).ok_or_else(lacking)?;
        prove_parts(shares, cell, &amounts)?;
        for (to, amount) in shares.finals.iter().zip(amounts) {
            take(part(cell, to, amount));
        }
        Ok(())
    }
}

/// Check 16: the parts of a cell sum to it, and each is less than a penny from exact.
pub(super) fn prove_parts(shares: &Shares<'_>, cell: &CostCell, amounts: &[Pence]) -> Answer<()> {
    shares.weights.prove(cell.amount, amounts).map_err(|why| unproved_by("16", &format!("a cell of {}: {why}", cell.service)))
}

/// What a policy left stays with the council in whose ledger the cell stands.
fn part<'a>(cell: &'a CostCell, to: &'a Final, amount: Pence) -> Part<'a> {
    let is_left = to.bearer == UNALLOCATED;
    let (bearer, placement) = if is_left { (cell.council.as_str(), "unallocated") } else { (to.bearer.as_str(), "allocated") };
    Part { service: &to.service, ownership: to.ownership, bearer, placement, amount }
}

/// By who bears it: what every method says, in the order of [`Method::ALL`]; `None` where it cannot be used.
#[derive(Default)]
struct Comparison(BTreeMap<(String, &'static str, String), [Option<Pence>; 4]>, [bool; 4]);

impl Comparison {
    fn add(&mut self, by: Method, part: &Part<'_>) {
        let key = (part.service.to_owned(), part.ownership.as_str(), part.bearer.to_owned());
        let place = Method::ALL.iter().position(|method| *method == by).unwrap_or_default();
        if let Some(used) = self.1.get_mut(place) {
            *used = true;
        }
        if let Some(sum) = self.0.entry(key).or_default().get_mut(place) {
            *sum = Some(sum.unwrap_or(0) + part.amount);
        }
    }

    fn rows(&self, input: &KernelInput<'_>, method: Option<Method>) -> Vec<Vec<Cell>> {
        let (year, period) = input.period.map_or((0, 0), |period| (i64::from(period.year), i64::from(period.period)));
        let row = |((service, ownership, bearer), sums): (&(String, &'static str, String), &[Option<Pence>; 4])| {
            let mut row = vec![service.clone().into(), (*ownership).into(), bearer.clone().into(), year.into(), period.into()];
            let sum = |(sum, used): (&Option<Pence>, &bool)| if *used { Cell::Pence(sum.unwrap_or(0)) } else { Cell::Null };
            row.extend(sums.iter().zip(&self.1).map(sum));
            row.push(method.map_or("", Method::as_str).into());
            row
        };
        self.0.iter().map(row).collect()
    }
}

/// Rows of `allocated_cost`, column by column: there are millions where cells and bearers are many.
#[derive(Default)]
struct Parts {
    texts: [StringBuilder; 9],
    on_cost: BooleanBuilder,
    amount: Decimal128Builder,
    rows: usize,
}

impl Parts {
    fn add(&mut self, cell: &CostCell, part: &Part<'_>) {
        let texts = [
            cell.service.as_str(),
            cell.ownership.as_str(),
            &cell.account_group,
            &cell.council,
            &cell.fund,
            part.service,
            part.ownership.as_str(),
            part.bearer,
            part.placement,
        ];
        self.texts.iter_mut().zip(texts).for_each(|(column, text)| column.append_value(text));
        self.on_cost.append_value(cell.on_cost);
        self.amount.append_value(part.amount);
        self.rows += 1;
    }

    fn table(mut self, input: &KernelInput<'_>, schema: &arrow::datatypes::SchemaRef) -> Answer<RecordBatch> {
        let year = input.period.map_or(0, |period| period.year);
        let period = input.period.and_then(|period| i8::try_from(period.period).ok()).unwrap_or_default();
        let [service, ownership, group, council, fund, to_service, to_ownership, bearer, placement] =
            self.texts.each_mut().map(|column| -> ArrayRef { Arc::new(column.finish()) });
        let columns: Vec<ArrayRef> = vec![
            service,
            ownership,
            group,
            Arc::new(self.on_cost.finish()),
            council,
            fund,
            to_service,
            to_ownership,
            bearer,
            Arc::new(Int16Array::from(vec![year; self.rows])),
            Arc::new(Int8Array::from(vec![period; self.rows])),
            placement,
            Arc::new(self.amount.finish().with_data_type(Type::Money.arrow())),
        ];
        RecordBatch::try_new(schema.clone(), columns).map_err(|e| unsound(&format!("allocated_cost: {e}")))
    }
}

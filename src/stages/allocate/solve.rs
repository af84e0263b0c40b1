//! Kernel `solve`: who bears what part of every service, as exact fractions, and what services cost before they pass it on.

use std::collections::{BTreeMap, BTreeSet};

use arrow::record_batch::RecordBatch;
use num_bigint::{BigInt, BigUint};

use super::{
    method::method_in_force,
    model::Model,
    refused::{unproved_by, unsound},
};
use crate::{
    diagnostic::Answer,
    domain::{ALL_GROUPS, Allocation, Final, Fraction, Gross, Method, Pence},
    plan::KernelInput,
    schema::{Cell, table_of},
};

/// `pool_giver`, `pool_flow`, `service_member`, `driver_register`, `cost_cell` → `allocation_share`, `service_gross`. No method in force:
/// no rows.
///
/// # Errors
/// TC1203 where the period cannot be allocated; TC1204 where a proof fails.
pub fn solve(input: &KernelInput<'_>) -> Answer<Vec<RecordBatch>> {
    solve_by(input, method_in_force(input))
}

pub(super) fn solve_by(input: &KernelInput<'_>, method: Option<Method>) -> Answer<Vec<RecordBatch>> {
    let (mut shares, mut gross) = (Vec::new(), Vec::new());
    if let Some(method) = method {
        let model = Model::read(input)?;
        for (set, allocation) in model.allocate(method, input)? {
            let direct = model.direct(&set);
            let all = allocation.gross(&direct, input.threads).map_err(|unproved| unproved_by("14", &unproved.to_string()))?;
            prove_balance(&allocation, &direct, &all)?;
            let shown = shown(&model, &set, &allocation, &direct);
            for service in &shown {
                shares.extend(share_rows(input, &set, service, &allocation)?);
            }
            let of_set = all.iter().filter(|gross| shown.contains(gross.service.as_str()));
            gross.extend(of_set.map(|gross| gross_row(input, &set, gross)).collect::<Answer<Vec<_>>>()?);
        }
    }
    let [share_schema, gross_schema] = input.gives else { return Err(unsound("`solve` fills two tables")) };
    Ok(vec![table_of("allocation_share", share_schema, &shares)?, table_of("service_gross", gross_schema, &gross)?])
}

/// Check 14: what arises in a service and what it receives is what it passes on, exactly.
pub(super) fn prove_balance(allocation: &Allocation, direct: &BTreeMap<String, Pence>, gross: &[Gross]) -> Answer<()> {
    allocation.prove_flows(direct, gross).map_err(|unbalanced| unproved_by("14", &format!("{} does not balance", unbalanced.0)))
}

/// Check 17: the parts of a service sum to exactly 1.
pub(super) fn prove_whole<'f>(service: &str, parts: impl Iterator<Item = &'f Fraction>) -> Answer<()> {
    let sum = parts.fold(Fraction::whole(0), |sum, part| &sum + part);
    if sum == Fraction::whole(1) { Ok(()) } else { Err(unproved_by("17", &format!("the parts of {service} sum to {sum}, not to 1"))) }
}

/// Services of a set that a reader asks for: with a pool in `all`; in a named set those with shared cost in it, own or received.
fn shown<'a>(model: &'a Model, set: &str, allocation: &'a Allocation, direct: &BTreeMap<String, Pence>) -> BTreeSet<&'a str> {
    let services = allocation.services();
    if set == ALL_GROUPS {
        let has_pool = |service: &&String| model.sets.get(set).is_some_and(|set| set.pools.contains_key(*service));
        return services.iter().filter(has_pool).map(String::as_str).collect();
    }
    let mut shown = BTreeSet::new();
    let mut next: Vec<usize> = services.iter().enumerate().filter(|(_, service)| direct.contains_key(*service)).map(|(at, _)| at).collect();
    while let Some(at) = next.pop() {
        let Some(service) = services.get(at) else { continue };
        if shown.insert(service.as_str()) {
            let gives = allocation.system().gives(at).map_or(&[][..], |(to_services, _)| to_services);
            next.extend(gives.iter().enumerate().filter(|(_, volume)| **volume != BigUint::ZERO).map(|(to, _)| to));
        }
    }
    shown
}

fn period_cells(input: &KernelInput<'_>) -> [Cell; 2] {
    let (year, period) = input.period.map_or((0, 0), |period| (i64::from(period.year), i64::from(period.period)));
    [year.into(), period.into()]
}

/// The row of a service.
fn share_rows(input: &KernelInput<'_>, set: &str, service: &str, allocation: &Allocation) -> Answer<Vec<Vec<Cell>>> {
    let mut fractions = allocation.fractions(service);
    prove_whole(service, fractions.iter().map(|(_, part)| part))?;
    fractions.sort_by_key(|(to, _)| (to.service.clone(), to.ownership.as_str(), to.bearer.clone()));
    let row = |(to, part): (&Final, Fraction)| {
        let [year, period] = period_cells(input);
        vec![
            set.into(),
            service.into(),
            to.service.clone().into(),
            to.ownership.as_str().into(),
            to.bearer.clone().into(),
            year,
            period,
            part.numerator().to_string().into(),
            part.denominator().to_string().into(),
            millionths(&part).map_or(Cell::Null, Cell::Millionths),
        ]
    };
    Ok(fractions.into_iter().map(row).collect())
}

/// To the nearest millionth: for reading alone.
fn millionths(part: &Fraction) -> Option<i128> {
    (part * &Fraction::whole(1_000_000)).half_up()
}

fn gross_row(input: &KernelInput<'_>, set: &str, gross: &Gross) -> Answer<Vec<Cell>> {
    let pence = gross.gross.half_up().ok_or_else(|| unproved_by("14", &format!("the gross cost of {} has no size", gross.service)))?;
    let pounds = Fraction::new(gross.gross.numerator().clone(), BigInt::from(gross.gross.denominator().clone()) * 100);
    let [year, period] = period_cells(input);
    Ok(vec![
        set.into(),
        gross.service.clone().into(),
        year,
        period,
        Cell::Pence(gross.direct),
        Cell::Pence(pence - gross.direct),
        Cell::Pence(pence),
        pounds.map_or(Cell::Null, |pounds| pounds.to_string().into()),
    ])
}

//! A figure of true cost for a program: every fraction whole, in pounds.

use serde_json::{Value, json};

use super::{
    Explained,
    book::{CellKey, CellLine, Registered},
    driven,
    figure::{DIRECT, Figure, InFigure},
    shown::in_pounds,
};
use crate::domain::{Fraction, Pence, decimal};

pub(super) fn page(explained: &Explained<'_, '_>, lines: &[CellLine]) -> Value {
    let wanted = explained.wanted;
    let sum: Pence = explained.figures.iter().map(|figure| figure.full.amount).sum();
    json!({
        "release": explained.book.release, "period": wanted.period.to_string(), "service": wanted.service, "bearer": wanted.bearer,
        "method": explained.method, "amount": decimal(sum),
        "uses": explained.figures.iter().map(one_use).collect::<Vec<_>>(),
        "services": services(explained),
        "cells": explained.cells().map(cell).collect::<Vec<_>>(),
        "lines": lines.iter().map(|line| of_line(explained, line)).collect::<Vec<_>>(),
        "lines_in_all": explained.lines(),
    })
}

fn one_use(figure: &Figure) -> Value {
    let full = &figure.full;
    json!({
        "ownership": full.ownership, "pay": decimal(full.pay), "on_cost": decimal(full.on_cost), "other": decimal(full.other),
        "income": decimal(full.income), "overhead": decimal(full.overhead), "amount": decimal(full.amount), "missing": full.missing,
        "by_origin": figure.by_origin().iter().map(|((service, set), cells)| origin(service, set, cells)).collect::<Vec<_>>(),
        "exact": pounds(&figure.traced.exact), "rounding": pounds(&figure.traced.rounding),
    })
}

fn origin(service: &str, set: &str, cells: &[&InFigure]) -> Value {
    let sum = |of: fn(&InFigure) -> &Fraction| cells.iter().fold(Fraction::whole(0), |sum, cell| &sum + of(cell));
    let pence = |of: fn(&InFigure) -> Pence| decimal(cells.iter().map(|cell| of(cell)).sum());
    json!({
        "service": service, "pool_set": if set == DIRECT { Value::Null } else { set.into() },
        "placement": cells.first().map_or("", |cell| cell.placement.as_str()), "cost": pence(|cell| cell.amount),
        "share": cells.first().map(|cell| cell.share.to_string()), "exact": pounds(&sum(|cell| &cell.exact)),
        "rounding": pounds(&sum(|cell| &cell.rounding)), "amount": pence(|cell| cell.part),
    })
}

fn services(explained: &Explained<'_, '_>) -> Vec<Value> {
    let mut told: Vec<(&str, &str)> = Vec::new();
    for figure in &explained.figures {
        told.extend(figure.by_origin().into_iter().map(|(of, _)| of).filter(|(_, set)| *set != DIRECT));
    }
    told.sort_unstable();
    told.dedup();
    let driven = &explained.driven;
    let one = |(service, set): (&str, &str)| {
        let pool = driven.pool(set, service);
        let driver = pool.map_or("", |pool| pool.driver.as_str());
        let volume = |used: driven::Used<'_>| {
            json!({
                "by": used.by, "to_service": used.volume.to_service, "to_ownership": used.volume.to_ownership,
                "to_bearer": used.volume.to_bearer, "volume": used.volume.units, "counts": used.not_counted.is_empty(), "counted": used.counted,
                "not_counted": used.not_counted, "carried": used.volume.carried, "delivery_id": used.volume.delivery,
                "feed": used.volume.feed, "file": used.volume.file,
            })
        };
        json!({
            "service": service, "pool_set": set, "pool": pool.map(|pool| pool.name.clone()), "driver": driver,
            "zero_volume": pool.map(|pool| pool.zero_volume.clone()),
            "volumes": driven.used(service, driver).into_iter().map(volume).collect::<Vec<_>>(),
            "volume_counted": driven.counted(service, driver),
            "shares": driven.registered(service).into_iter().map(share).collect::<Vec<_>>(),
        })
    };
    told.into_iter().map(one).collect()
}

fn share(row: &Registered) -> Value {
    let part = |pair: Option<(i64, i64)>| pair.map(|(one, all)| json!({"weight": one, "of": all}));
    json!({
        "partner": row.partner, "agreed": part(row.agreed), "driver": row.driver, "by_driver": part(row.volume),
        "driver_minus_agreed": row.driver_minus_agreed.as_ref().map(ToString::to_string),
        "tolerance": row.tolerance.map(super::shown::quantity), "inside": driven::is_within(row), "used": row.used,
        "why": driven::why(&row.used), "in_force": part(Some(row.in_force)), "valid_from": row.valid_from, "reason": row.reason,
        "approver": row.approver,
    })
}

fn cell(cell: &InFigure) -> Value {
    let mut value = of_key(&cell.cell);
    let more = json!({
        "placement": cell.placement, "lines": cell.lines, "cost": decimal(cell.amount), "share": cell.share.to_string(),
        "exact": pounds(&cell.exact), "rounding": pounds(&cell.rounding), "amount": decimal(cell.part),
    });
    if let (Some(fields), Some(more)) = (value.as_object_mut(), more.as_object()) {
        fields.extend(more.clone());
    }
    value
}

/// What tells a cell apart.
pub(super) fn of_key(key: &CellKey) -> Value {
    json!({
        "service": key.service, "ownership": key.ownership, "account_group": key.account_group, "on_cost": key.on_cost,
        "council": key.council, "fund": key.fund, "bearer": key.bearer,
    })
}

fn of_line(explained: &Explained<'_, '_>, line: &CellLine) -> Value {
    let exact = explained.cells().nth(line.place).map(|cell| &Fraction::whole(line.amount) * &cell.share);
    json!({
        "cell": line.place + 1, "feed": line.feed, "delivery_id": line.delivery, "source_row": line.row, "line_part": line.part,
        "part_kind": line.part_kind, "document": line.document, "cost_centre": line.cost_centre, "account": line.account,
        "amount": decimal(line.amount), "exact": exact.as_ref().map(pounds),
    })
}

/// Exact pence in pounds, `40563/11`.
fn pounds(pence: &Fraction) -> String {
    in_pounds(pence).to_string()
}

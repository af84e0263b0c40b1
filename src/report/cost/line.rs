//! Where a line's pounds went after it was classified: the cell that it is in, and who bears what part of it.

use serde_json::{Value, json};

use super::{
    book::{Book, CellKey, CellPart},
    figure::{Cells, named, untraced},
    json::of_key,
    recharge::{RechargeLine, became},
    shown::{amount, exact_pounds, fraction, in_pounds, words},
};
use crate::{
    diagnostic::{Answer, codes},
    domain::{Fraction, Ownership, Pence, Period, counted, decimal, pounds},
    engine::Tables,
    pipeline::Partnership,
    report::{
        page::{Align, Table},
        row::{Row, each},
    },
};

/// One part of a line, as it stands in the release.
struct LinePart {
    part: i64,
    period: Period,
    amount: Pence,
    /// Why it is in no cell; empty where it is in one.
    apart: &'static str,
    cell: CellKey,
    /// Of its effect, `2018-04-12`.
    day: String,
    /// As the line has it; empty where it has none.
    reference: String,
}

/// Why a recharge is in no cell.
const RECHARGE: &str = "a charge between the partners, which is set off against its other side: see recharge_pair and unmatched_recharge";

/// For the page of a line: text, and the same for programs. Both empty where the release allocates nothing of its period.
///
/// # Errors
/// TC11…; TC1236 where the published shares of a service are not whole.
pub(in crate::report) fn went(partnership: &Partnership, tables: &Tables, delivery: &str, row: u64) -> Answer<(String, Vec<Value>)> {
    if !partnership.contracts.contains_key("published/allocated_cost") {
        return Ok((String::new(), Vec::new()));
    }
    let sql = include_str!("sql/line_part.sql").replace("$delivery", delivery).replace("$row", &row.to_string());
    let parts = each(tables, &sql, line_part)?;
    let (mut text, mut list) = (String::new(), Vec::new());
    let mut at: Option<(Book<'_>, Cells)> = None;
    for part in parts {
        if at.as_ref().is_none_or(|(book, _)| book.period != part.period) {
            at = match Book::open(partnership, Some(part.period)) {
                Ok(book) => {
                    let cells = Cells::of(&book)?;
                    Some((book, cells))
                }
                Err(refusal) if refusal.0.iter().all(|d| d.code == codes::command::NO_FIGURE) => None,
                Err(refusal) => return Err(refusal),
            };
        }
        if let Some((book, cells)) = &at {
            let (said, mut value) = one_part(book, cells, &part)?;
            text.push_str(&said);
            if part.apart == RECHARGE {
                let of = (delivery, row, part.cell.council.as_str());
                let line = RechargeLine { of, reference: &part.reference, day: &part.day, period: part.period };
                let (became, told) = became(partnership, tables, &line)?;
                text.push_str(&became);
                if let Some(fields) = value.as_object_mut().filter(|_| !told.is_empty()) {
                    fields.insert("recharge".to_owned(), told.into());
                }
            }
            list.push(value);
        }
    }
    Ok((text, list))
}

fn line_part(row: &Row<'_>) -> Answer<LinePart> {
    let ownership = row.text("ownership")?;
    let (council, bearer) = (row.text("council")?, row.text("bearer")?);
    let is = |class: Ownership| ownership == class.as_str();
    let apart = if !row.truth("is_cost")? {
        "it is no cost"
    } else if is(Ownership::Suspense) {
        "no rule covers it: `truecost suspense` lists what to fill in"
    } else if row.truth("recharge")? {
        RECHARGE
    } else if is(Ownership::Retained) {
        "the council's own"
    } else {
        ""
    };
    let bearer = match (is(Ownership::Shared), bearer.is_empty()) {
        (true, _) => String::new(),
        (false, true) => council.clone(),
        (false, false) => bearer,
    };
    let number = |name: &str| Ok::<_, crate::diagnostic::Refusal>(row.whole(name)?.unwrap_or_default());
    let (year, period) = (number("delivery_year")?, number("delivery_period")?);
    Ok(LinePart {
        part: number("line_part")?,
        period: Period { year: i16::try_from(year).unwrap_or_default(), period: u8::try_from(period).unwrap_or_default() },
        amount: row.pence("amount")?,
        apart,
        cell: CellKey {
            service: row.text("service")?,
            ownership,
            account_group: row.text("account_group")?,
            on_cost: row.truth("on_cost")?,
            council,
            fund: row.text("fund")?,
            bearer,
        },
        day: row.shown("effective_date")?,
        reference: row.text("reference")?,
    })
}

fn one_part(book: &Book<'_>, cells: &Cells, part: &LinePart) -> Answer<(String, Value)> {
    let cell = &part.cell;
    let mut value = json!({"line_part": part.part, "period": part.period.to_string(), "amount": decimal(part.amount)});
    let mut put = |key: &str, more: Value| {
        if let Some(fields) = value.as_object_mut() {
            fields.insert(key.to_owned(), more);
        }
    };
    if !part.apart.is_empty() {
        put("apart", part.apart.into());
        return Ok((format!("\npart {} is in no cell: {}\n", part.part, part.apart), value));
    }
    let parts = cells.parts_of(cell);
    let whole: Pence = parts.iter().map(|part| part.amount).sum();
    let (sum, count) = book.lines_of(std::slice::from_ref(cell))?.get(&0).copied().unwrap_or_default();
    if sum != whole || parts.is_empty() {
        return Err(untraced(book, &named(cell), &format!("its lines sum to {}, its parts to {}", pounds(sum), pounds(whole))));
    }
    let mut cell_value = of_key(cell);
    if let Some(fields) = cell_value.as_object_mut() {
        fields.insert("cost".to_owned(), decimal(whole).into());
        fields.insert("lines".to_owned(), count.into());
    }
    put("cell", cell_value);
    put("went", parts.iter().map(|to| to_value(cells, part, to)).collect());
    let lines = counted(count.unsigned_abs(), "line");
    let heading =
        format!("part {}, {}, is in the cell {}, {}: {lines}, {}", part.part, pounds(part.amount), named(cell), part.period, pounds(whole));
    let largest = parts.iter().max_by_key(|to| to.amount.unsigned_abs());
    let example = largest.map_or_else(String::new, |to| {
        format!("\nits largest figure: truecost explain cost --service {} --bearer {} --period {}\n", to.service, to.bearer, part.period)
    });
    Ok((format!("\n{heading}\n\n{}{example}", table(cells, part, parts)), value))
}

/// Who bears what part of the cell, and of this line: the line has no pence of its own there, only its exact part.
fn table(cells: &Cells, line: &LinePart, parts: &[CellPart]) -> String {
    let mut table = Table::new(&[
        ("use of", Align::Left),
        ("class", Align::Left),
        ("borne by", Align::Left),
        ("how", Align::Left),
        ("share", Align::Right),
        ("part of the cell", Align::Right),
        ("exact part of the line", Align::Right),
    ]);
    for to in parts {
        let share = cells.share(to);
        table.row([
            to.service.clone(),
            words(&to.ownership),
            to.bearer.clone(),
            to.placement.clone(),
            fraction(&share),
            amount(to.amount),
            exact_pounds(&(&Fraction::whole(line.amount) * &share)),
        ]);
    }
    table.text()
}

fn to_value(cells: &Cells, line: &LinePart, to: &CellPart) -> Value {
    let share = cells.share(to);
    json!({
        "final_service": to.service, "final_ownership": to.ownership, "bearer": to.bearer, "placement": to.placement,
        "share": share.to_string(), "cell_amount": decimal(to.amount),
        "exact": in_pounds(&(&Fraction::whole(line.amount) * &share)).to_string(),
    })
}

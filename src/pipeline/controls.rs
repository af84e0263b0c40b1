//! Controls of a feed: what is counted, over what, and what it must equal.

use std::sync::Arc;

use crate::{
    diagnostic::{
        Diagnostic,
        codes::{config, contract},
    },
    domain::{Identifier, Span},
    schema::{
        Contract, RecordType, Type,
        fields::{Fields, Item, did_you_mean},
        suggest::nearest,
    },
};

use super::{Control, Measure, Sign, Truth, partnership::pence};

type Contracts = [(Span, Arc<Contract>)];

/// `controls: [...]`, or `none`: then `proved_by_sender` of `delivery` is false.
///
/// A total that a contract declares in a control record, in a footer or by a sidecar must be used by a control: one that is read and
/// not compared proves nothing. A total of the footer that stands in a money column is compared without one.
pub fn read_controls(fields: &Fields<'_>, contracts: &Contracts, sidecar: bool) -> Vec<Control> {
    let before = fields.reader().fault_count();
    let controls = match fields.get("controls") {
        Some(item) if item.raw_text() == Some("none") => Vec::new(),
        Some(item) if item.is_list() => {
            item.list().unwrap_or_default().iter().filter_map(|item| control(item, contracts, sidecar)).collect()
        }
        Some(item) => {
            item.wrong("a list of controls, or `none`");
            Vec::new()
        }
        None => Vec::new(),
    };
    if fields.reader().fault_count() == before {
        check_used(fields, contracts, sidecar, &controls);
    }
    controls
}

/// Reports declared totals that no control uses.
fn check_used(fields: &Fields<'_>, contracts: &Contracts, sidecar: bool, controls: &[Control]) {
    let reads = |truth: &Truth| controls.iter().any(|control| control.equals == *truth);
    let covers = covers_reads(fields);
    let mut unused = std::collections::BTreeMap::new();
    for (_, contract) in contracts {
        if let Some(layout) = &contract.layout {
            // What says which period the file covers is read by `covers`.
            let for_covers = |tag: &str, position: usize| covers.as_ref().is_some_and(|(known, at)| known == tag && *at == position as u64);
            let of_record = |record: &RecordType| {
                let counted = record.fields.iter().filter(|(_, position)| !for_covers(&record.tag, *position));
                counted.map(|(name, _)| Truth::Trailer(name.clone())).collect::<Vec<_>>()
            };
            let named = layout.rows.records.iter().flat_map(of_record);
            let is_money = |column: &Identifier| contract.column(column).is_some_and(|column| column.kind == Type::Money);
            let printed = layout.rows.footer.iter().flat_map(|footer| &footer.totals).filter(|(_, column)| !is_money(column));
            let printed = printed.map(|(name, _)| Truth::Footer(name.clone()));
            for truth in named.chain(printed).filter(|truth| !reads(truth)) {
                if let Truth::Trailer(name) | Truth::Footer(name) = &truth {
                    let word = if matches!(truth, Truth::Footer(_)) { "footer" } else { "trailer" };
                    unused.insert(format!("{word}.{name}"), format!("that {} declares", contract.file));
                }
            }
        }
    }
    if sidecar && !controls.iter().any(|control| matches!(control.equals, Truth::Sidecar(_))) {
        unused.insert("sidecar.<path>".to_owned(), "of the feed's sidecar".to_owned());
    }
    for (truth, whose) in unused {
        let fault = Diagnostic::new(contract::UNUSED_TOTAL, format!("the total `{truth}` {whose} is used by no control"));
        let fault = fault.expected(format!("a control with `equals: {truth}`")).hint(
            "a total that is read and not compared proves nothing: compare it, or take its name out of the declaration (`skip` leaves a record out)",
        );
        fields.reader().fault(fields.key_at("controls"), fault);
    }
}

/// The record, and its field from 1, in which `covers` finds the period.
fn covers_reads(fields: &Fields<'_>) -> Option<(String, u64)> {
    let from = fields.get("covers")?.entries()?.into_iter().find(|(key, ..)| *key == "from")?.2;
    let entries = from.is_map().then(|| from.entries()).flatten()?;
    let of = |wanted: &str| entries.iter().find(|(key, ..)| *key == wanted).and_then(|(_, _, item)| item.raw_text().map(str::to_owned));
    Some((of("record")?, of("field")?.parse().ok()?))
}

fn control(item: &Item<'_>, contracts: &Contracts, sidecar: bool) -> Option<Control> {
    let fields = item.fields(&["count", "sum", "by", "equals"])?;
    let measure = match (fields.get("count"), fields.get("sum")) {
        (Some(count), None) => count.choice(&[("rows", ())]).map(|()| Measure::CountRows),
        (None, Some(sum)) => sum_of(&sum, contracts).map(Measure::Sum),
        _ => {
            item.wrong("one of `count: rows` and `sum: <columns>`");
            None
        }
    };
    let by = fields.get("by").map(|item| column(&item, item.text()?, contracts, None));
    let equals = fields.need("equals").and_then(|item| truth(&item, contracts, sidecar));
    let control = Control { measure: measure?, by: by.map_or(Some(None), |by| by.map(Some))?, equals: equals? };
    check(item, &control);
    Some(control)
}

fn check(item: &Item<'_>, control: &Control) {
    let written = matches!(control.equals, Truth::Pence(_));
    if control.by.is_some() && !written {
        item.refuse(config::CONTROL, "each group would be compared with one total", "an amount after `equals` where there is a `by`", "");
    }
    if control.measure == Measure::CountRows && written {
        item.refuse(
            config::CONTROL,
            "a number of rows is written out",
            "what the sender says: `trailer.rows`, `sidecar.rows`, `listed`",
            "",
        );
    }
}

/// `debit - credit`: money columns of every contract, each with its sign.
pub fn sum_of(item: &Item<'_>, contracts: &Contracts) -> Option<Vec<(Sign, Identifier)>> {
    let mut terms = Vec::new();
    let mut sign = Some(Sign::Plus);
    for word in item.text()?.replace('-', " - ").replace('+', " + ").split_whitespace() {
        match (word, sign) {
            ("-", None) => sign = Some(Sign::Minus),
            ("+", None) => sign = Some(Sign::Plus),
            ("-", Some(Sign::Plus)) if terms.is_empty() => sign = Some(Sign::Minus),
            (name, Some(s)) if name != "-" && name != "+" => {
                terms.push((s, column(item, name, contracts, Some(Type::Money))?));
                sign = None;
            }
            _ => {
                terms.clear();
                break;
            }
        }
    }
    if terms.is_empty() || sign.is_some() {
        item.wrong("amount columns with `+` and `-` between them, as in `debit - credit`");
        return None;
    }
    Some(terms)
}

/// A column that every contract of the feed has.
fn column(item: &Item<'_>, name: &str, contracts: &Contracts, wanted: Option<Type>) -> Option<Identifier> {
    let mut found = None;
    for (_, contract) in contracts {
        let Some(column) = contract.column(name) else {
            let hint = did_you_mean(nearest(name, contract.columns.iter().map(|c| &*c.name)));
            item.refuse(
                config::CONTROL,
                &format!("`{}` is no column", name.escape_debug()),
                format!("a column of {}", contract.file),
                hint,
            );
            return None;
        };
        if column.is_dropped() {
            let seen = format!("the control uses `{name}`, which the contract drops");
            item.refuse(crate::diagnostic::codes::contract::DROPPED, &seen, format!("a column that {} keeps", contract.file), "");
            return None;
        }
        if wanted.is_some_and(|wanted| column.kind != wanted) {
            let why = format!("the column `{name}` is `{}`", column.kind.as_str());
            item.refuse(config::CONTROL, &why, "a column of amounts, `DECIMAL(18,2)`", "");
            return None;
        }
        found = Some(column.name.clone());
    }
    found
}

const TRUTHS: &str = "`trailer.<name>`, `footer.<name>`, `sidecar.<path>`, `listed`, or an amount as in `0.00`";

fn truth(item: &Item<'_>, contracts: &Contracts, sidecar: bool) -> Option<Truth> {
    let text = item.text()?;
    if text == "listed" {
        return Some(Truth::Listed);
    }
    if let Some(pence) = pence(text) {
        return Some(Truth::Pence(pence));
    }
    match text.split_once('.') {
        Some(("trailer", name)) => {
            let names = |contract: &Contract| -> Vec<String> {
                let records = contract.layout.iter().flat_map(|layout| &layout.rows.records);
                records.flat_map(|record| &record.fields).map(|(name, _)| name.clone()).collect()
            };
            printed(item, name, contracts, "records", names).then(|| Truth::Trailer(name.to_owned()))
        }
        Some(("footer", name)) => {
            let names = |contract: &Contract| -> Vec<String> {
                let footer = contract.layout.iter().filter_map(|layout| layout.rows.footer.as_ref());
                footer.flat_map(|footer| &footer.totals).map(|(name, _)| name.clone()).collect()
            };
            printed(item, name, contracts, "footer", names).then(|| Truth::Footer(name.to_owned()))
        }
        Some(("sidecar", path)) if !path.is_empty() => {
            if !sidecar {
                item.refuse(config::CONTROL, "the feed has no sidecar", "`sidecar: \"{stem}.ctl.json\"` in the feed", "");
            }
            Some(Truth::Sidecar(path.split('.').map(str::to_owned).collect()))
        }
        _ => {
            item.wrong(TRUTHS);
            None
        }
    }
}

/// Whether every contract of the feed declares the total.
fn printed(item: &Item<'_>, name: &str, contracts: &Contracts, where_: &str, names: impl Fn(&Contract) -> Vec<String>) -> bool {
    for (_, contract) in contracts {
        let known = names(contract);
        if !known.iter().any(|known| known == name) {
            let hint = did_you_mean(nearest(name, known.iter().map(String::as_str)));
            let why = format!("`{where_}` of {} gives no `{}`", contract.file, name.escape_debug());
            item.refuse(config::CONTROL, &why, "a total that the contract declares", hint);
            return false;
        }
    }
    true
}

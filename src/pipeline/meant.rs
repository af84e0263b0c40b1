//! What reference rows mean that they do not say: the one company that there is, and rows of services that this partnership does not have.

use std::{collections::BTreeSet, sync::Arc};

use arrow::{
    array::{Array as _, ArrayRef, BooleanArray, StringArray},
    compute::filter_record_batch,
    record_batch::RecordBatch,
};

use super::{
    ReferenceTable,
    csv::at,
    partnership::Head,
    rules,
    typed::{Tables, named, rows},
};
use crate::{
    diagnostic::{Diagnostic, codes::reference},
    domain::Ownership,
    schema::suggest::nearest,
};

/// Tables whose rows say something of one service, and nothing of anything else: without the service they have no subject.
const OF_A_SERVICE: [&str; 3] = ["agreement", "pool", "share"];

/// Takes rows of services out that the partnership does not have, as a table that was taken over from another partnership has them. No
/// cost can stand in such a service: rules may not name it. What looks like a name that there is stays, and is refused ([`super::known`]).
pub fn without_strangers(tables: &mut Tables, head: &Head, faults: &mut Vec<Diagnostic>) {
    let services: Vec<&str> = head.services.iter().map(|service| &*service.id).collect();
    if services.is_empty() {
        return;
    }
    for name in OF_A_SERVICE {
        let strange = |service: &str| !services.contains(&service) && nearest(service, services.iter().copied()).is_none();
        let found: Vec<bool> = rows(tables, name).map(|row| strange(row.word("service"))).collect();
        let Some(table) = tables.get_mut(name).filter(|_| found.contains(&true)) else { continue };
        faults.push(of_strangers(table, &found));
        let kept: BooleanArray = found.iter().map(|strange| Some(!strange)).collect();
        if let Ok(rows) = filter_record_batch(&table.rows, &kept) {
            table.meant.push_str("without rows of services that there are not: ");
            table.meant.push_str(&services.join(" "));
            table.rows = rows;
            let mut kept = kept.values().iter();
            table.lines.retain(|_| kept.next().unwrap_or(true));
        }
    }
}

fn of_strangers(table: &ReferenceTable, found: &[bool]) -> Diagnostic {
    let services = table.rows.column_by_name("service").and_then(|column| column.as_any().downcast_ref::<StringArray>());
    let strangers: BTreeSet<&str> =
        services.into_iter().flat_map(|all| all.iter().zip(found)).filter_map(|(service, found)| service.filter(|_| *found)).collect();
    let seen = format!("rows of services that the partnership does not have: {}, of {}", count(found), named(strangers.into_iter()));
    Diagnostic::warning(reference::STRANGER, seen)
        .place(at(&table.file, first_line(table, found)))
        .expected("services of pipelines/partnership.yaml")
        .outcome("they are not used: no cost can stand in a service that there is not")
        .hint("remove them, or declare the service under `services` in pipelines/partnership.yaml")
}

fn count(found: &[bool]) -> usize {
    found.iter().filter(|found| **found).count()
}

fn first_line(table: &ReferenceTable, found: &[bool]) -> u64 {
    table.lines.iter().zip(found).find(|(_, found)| **found).map_or(1, |(line, _)| *line)
}

/// A rule of a company that names none means the only one that the partnership has. With several, or none, it is refused.
pub fn the_only_company(tables: &mut Tables, head: &Head, faults: &mut Vec<Diagnostic>) {
    let [company] = head.companies.as_slice() else { return };
    let nameless: Vec<bool> = rows(tables, rules::TABLE)
        .map(|row| Ownership::parse(row.word("ownership")) == Some(Ownership::Company) && row.text("bearer").is_none())
        .collect();
    let Some(table) = tables.get_mut(rules::TABLE).filter(|_| nameless.contains(&true)) else { return };
    let Some(rows) = with_bearer(&table.rows, &nameless, &company.id) else { return };
    let count = count(&nameless);
    let seen = format!("rules that make cost `company` and name no bearer: {count}; `{}` is meant, the only company", company.id);
    faults.push(
        Diagnostic::note(reference::ONLY_COMPANY, seen)
            .place(at(&table.file, first_line(table, &nameless)))
            .outcome(format!("`{}` bears their lines", company.id))
            .hint("nothing has to be done; before a second company is declared, name the first under `bearer`"),
    );
    table.meant.push_str("bearer of companies: ");
    table.meant.push_str(&company.id);
    table.rows = rows;
}

/// The rules with the company as bearer where they name none.
fn with_bearer(rules: &RecordBatch, nameless: &[bool], company: &str) -> Option<RecordBatch> {
    let at = rules.schema().index_of("bearer").ok()?;
    let bearers = rules.column(at).as_any().downcast_ref::<StringArray>()?;
    let named: StringArray =
        bearers.iter().zip(nameless).map(|(bearer, nameless)| if *nameless { Some(company) } else { bearer }).collect();
    let columns = rules
        .columns()
        .iter()
        .enumerate()
        .map(|(n, column)| if n == at { Arc::new(named.clone()) as ArrayRef } else { Arc::clone(column) });
    RecordBatch::try_new(rules.schema(), columns.collect()).ok()
}

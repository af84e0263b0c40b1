//! `contract`, `into` and `sql`: what the extract is, which table it fills, and the query between them.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use crate::{
    diagnostic::{Diagnostic, Place, codes::config},
    domain::{Day, Identifier, Span},
    schema::{
        Contract,
        fields::{Fields, Item, UNTOUCHED, did_you_mean},
        read_text,
    },
};

use super::{Basis, Surroundings, in_order, until_the_next};

/// By the path of a contract, path and text of its own SQL.
pub(super) type OwnSql = BTreeMap<String, (String, String)>;

/// One contract, or a list of them with the day from which each holds; and the SQL of those that have their own.
pub(super) fn contracts(
    fields: &Fields<'_>,
    council: &Identifier,
    id: &Identifier,
    around: &Surroundings<'_>,
) -> Option<(Vec<(Span, Arc<Contract>)>, OwnSql)> {
    let item = fields.need("contract")?;
    if !item.is_list() {
        return Some((vec![(Span::default(), contract(&item, around)?)], OwnSql::new()));
    }
    let mut starts: Vec<(Option<Day>, Arc<Contract>)> = Vec::new();
    let mut own_sql = OwnSql::new();
    let rows = item.list()?;
    for row in &rows {
        let Some(fields) = row.fields(&["contract", "from", "sql"]) else { continue };
        let from = if starts.is_empty() { fields.get("from") } else { fields.need("from") }.and_then(|item| item.day());
        let Some(contract) = fields.need("contract").and_then(|item| contract(&item, around)) else { continue };
        let sql = fields.get("sql");
        let twice = starts.iter().any(|(_, other)| other.file == contract.file);
        if twice && (sql.is_some() || own_sql.contains_key(&contract.file)) {
            row.wrong("another contract: one contract has one SQL");
        }
        if let Some((file, text)) = sql.and_then(|item| sql_beside(&item, council, id, around.root)) {
            own_sql.insert(contract.file.clone(), (file, text));
        }
        if let Some(from) = from {
            in_order(row, starts.last().and_then(|(day, _)| *day), from);
        }
        starts.push((from, contract));
    }
    if rows.is_empty() {
        item.wrong("at least one contract");
    }
    (starts.len() == rows.len() && !rows.is_empty()).then(|| (until_the_next(starts), own_sql))
}

/// `sql: general_ledger.2024.sql`: the SQL of one contract beside the feed's own.
fn sql_beside(item: &Item<'_>, council: &Identifier, id: &Identifier, root: &Path) -> Option<(String, String)> {
    let name = item.text()?;
    let between = name.strip_prefix(&**id).and_then(|rest| rest.strip_prefix('.')).and_then(|rest| rest.strip_suffix(".sql"));
    if between
        .is_none_or(|between| between.is_empty() || !between.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))
    {
        item.wrong(format!("a file beside the feed's own SQL whose name begins with the feed's: `{id}.2024.sql`"));
        return None;
    }
    let file = format!("pipelines/{council}/{name}");
    let text = sql(item, root, &file)?;
    Some((file, text))
}

fn contract(item: &Item<'_>, around: &Surroundings<'_>) -> Option<Arc<Contract>> {
    let name = item.text()?;
    let Some((council, feed)) = name.split_once('/').filter(|(_, feed)| !feed.contains('/')) else {
        item.wrong("a contract of schemas/sources, as in `newham/general_ledger`");
        return None;
    };
    match around.contracts.find(&format!("sources/{council}"), feed) {
        Ok(contract) => contract,
        Err(near) => {
            let near = near.map(|near| format!("{council}/{near}"));
            let why = format!("there is no contract `{}`", name.escape_debug());
            item.refuse(config::UNKNOWN_NAME, &why, format!("the file schemas/sources/{name}.odcs.yaml"), did_you_mean(near.as_deref()));
            None
        }
    }
}

/// The common table, and its contract.
pub(super) fn into(fields: &Fields<'_>, around: &Surroundings<'_>) -> Option<(Identifier, Arc<Contract>)> {
    let item = fields.need("into")?;
    let name = item.identifier()?;
    match around.contracts.find("common", &name) {
        Ok(contract) => {
            let contract = contract?;
            if Basis::of_table(&name).is_some() && contract.special.amount.is_none() {
                let why = format!("costs are read from `{name}`, and its contract names no column of pounds");
                item.refuse(config::AMOUNT, &why, format!("`amount: amount` in the `truecost` property of {}", contract.file), "");
            }
            Some((name, contract))
        }
        Err(near) => {
            let why = format!("there is no common table `{name}`");
            item.refuse(config::UNKNOWN_NAME, &why, format!("the file schemas/common/{name}.odcs.yaml"), did_you_mean(near.as_deref()));
            None
        }
    }
}

pub(super) fn sql(file: &Item<'_>, root: &Path, sql_file: &str) -> Option<String> {
    if !root.join(sql_file).exists() {
        let fault = Diagnostic::new(config::UNREADABLE_FILE, format!("the feed's query `{sql_file}` does not exist"));
        let fault = fault.expected("`SELECT … FROM extract`, which fills the table that `into` names");
        file.reader().report(fault.place(Place::file(file.reader().source.file.clone())).outcome(UNTOUCHED));
        return None;
    }
    read_text(root, sql_file).map_err(|fault| file.reader().report(*fault)).ok()
}

//! One ODCS v3.2 file in the strict profile → [`Contract`].

use std::collections::BTreeMap;

use crate::diagnostic::{Answer, Diagnostic, Refusal, codes::contract};

use super::{
    Column, Contract, Kind, Type,
    column::read_column,
    fields::{Fields, Item, Reader, did_you_mean},
    folder::digest_of,
    layout::read_layout,
    special::read_special,
    suggest::nearest,
    yaml::SourceText,
};

pub(super) const TOP_KEYS: &[&str] = &[
    "apiVersion",
    "kind",
    "id",
    "name",
    "version",
    "status",
    "domain",
    "dataProduct",
    "tenant",
    "tags",
    "description",
    "servers",
    "schema",
];
pub(super) const DESCRIPTION_KEYS: &[&str] = &["purpose", "usage", "limitations"];
pub(super) const SCHEMA_KEYS: &[&str] = &[
    "id",
    "name",
    "physicalName",
    "physicalType",
    "logicalType",
    "businessName",
    "description",
    "dataGranularityDescription",
    "tags",
    "properties",
    "customProperties",
];
pub(super) const SERVER_KEYS: &[&str] = &["id", "server", "type", "path", "format", "description", "environment", "delimiter"];

/// Reads one contract. `name` is what its path says: `newham/general_ledger`, `ledger_line`.
///
/// # Errors
/// Codes of the range TC06 where the file is not what YAML or the profile asks for, of TC07 where it contradicts itself; all faults at once.
pub fn read_contract(source: &SourceText, kind: Kind, name: &str) -> Answer<Contract> {
    let (reader, root) = Reader::new(source);
    let contract = reader.item(&root).fields(TOP_KEYS).and_then(|top| read_top(&top, kind, name));
    match contract {
        Some(contract) if reader.fault_count() == 0 => Ok(contract),
        _ => Err(Refusal(reader.into_faults())),
    }
}

fn read_top(top: &Fields<'_>, kind: Kind, name: &str) -> Option<Contract> {
    check_head(top);
    let version = top.need("version").and_then(|item| item.text()).map(str::to_owned);
    let objects = top.need("schema")?.list()?;
    let [object] = objects.as_slice() else {
        let hint = "Give every table a contract of its own.";
        top.need("schema")?.refuse(contract::NAME, &format!("{} schema objects", objects.len()), "exactly one schema object", hint);
        return None;
    };
    let fields = object.fields(SCHEMA_KEYS)?;
    check_object(&fields, kind, name);
    let columns = read_columns(&fields, kind)?;
    let layout = read_layout(&fields, kind, &columns);
    unique_headers(&fields, &columns);
    required_are_there(&columns);
    signs_are_there(&columns);
    let special = read_special(&fields, kind, name, &columns);
    primary_key_in_order(&fields, &columns);
    let source = top.reader().source;
    Some(Contract {
        name: name.to_owned(),
        kind,
        file: source.file.clone(),
        digest: digest_of(source.text.as_bytes()),
        version: version?,
        columns: columns.into_iter().map(|(column, _)| column).collect(),
        special,
        layout: if kind == Kind::Source { Some(layout?) } else { None },
    })
}

/// The keys of ODCS that carry no rule for us: their presence and sort.
fn check_head(top: &Fields<'_>) {
    if let Some(version) = top.need("apiVersion") {
        version.choice(&[("v3.2.0", ())]);
    }
    if let Some(kind) = top.need("kind") {
        kind.choice(&[("DataContract", ())]);
    }
    let _ = top.need("id").and_then(|item| item.text());
    let statuses = [("proposed", ()), ("draft", ()), ("active", ()), ("deprecated", ()), ("retired", ())];
    let _ = top.need("status").and_then(|item| item.choice(&statuses));
    for key in ["name", "domain", "dataProduct", "tenant"] {
        let _ = top.get(key).and_then(|item| item.text());
    }
    let _ = top.get("tags").and_then(|item| item.texts());
    if let Some(description) = top.get("description").and_then(|item| item.fields(DESCRIPTION_KEYS)) {
        for key in DESCRIPTION_KEYS {
            let _ = description.get(key).and_then(|item| item.text());
        }
    }
    for server in top.get("servers").and_then(|item| item.list()).unwrap_or_default() {
        let _ = server.fields(SERVER_KEYS);
    }
}

fn check_object(object: &Fields<'_>, kind: Kind, name: &str) {
    let expected = if kind == Kind::Source { "extract" } else { name };
    if let Some(item) = object.need("name")
        && let Some(found) = item.identifier()
        && &*found != expected
    {
        let why = format!("the schema object is called `{found}`");
        let rule = if kind == Kind::Source {
            "`extract`, the name under which feed SQL reads it".to_owned()
        } else {
            format!("`{expected}`, as the file is called")
        };
        item.refuse(contract::NAME, &why, rule, "");
    }
    for key in ["id", "physicalName", "physicalType", "businessName", "description", "dataGranularityDescription"] {
        let _ = object.get(key).and_then(|item| item.text());
    }
    let _ = object.get("logicalType").and_then(|item| item.choice(&[("object", ())]));
    let _ = object.get("tags").and_then(|item| item.texts());
}

/// The columns, each with where it stands.
fn read_columns<'r>(object: &Fields<'r>, kind: Kind) -> Option<Vec<(Column, Item<'r>)>> {
    let properties = object.need("properties")?;
    let mut columns: Vec<(Column, Item<'_>)> = Vec::new();
    for item in properties.list()? {
        let Some(column) = read_column(&item, kind) else { continue };
        if columns.iter().any(|(other, _)| other.name == column.name) {
            item.refuse(contract::NAME, &format!("the column `{}` stands twice", column.name), "each column once", "");
        } else {
            columns.push((column, item));
        }
    }
    if columns.is_empty() {
        properties.wrong("at least one column");
        return None;
    }
    Some(columns)
}

/// A header by which two columns would be found.
fn unique_headers(object: &Fields<'_>, columns: &[(Column, Item<'_>)]) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (column, item) in columns {
        // Columns of one heading are told apart by which of them, or which field, they are.
        let which = match (column.rules.occurrence, column.rules.position) {
            (Some(occurrence), _) => format!(" ({occurrence})"),
            (None, Some(position)) => {
                let field = format!("field {position}");
                if let Some(other) = seen.insert(field.clone(), &column.name) {
                    let fault = Diagnostic::new(contract::NAME, format!("{field} belongs to `{other}` and to `{}`", column.name));
                    object.reader().fault(item.at(), fault.expected("a `position` for each column"));
                }
                continue;
            }
            (None, None) => String::new(),
        };
        let own = std::iter::once(&column.physical_name).chain(&column.rules.aliases);
        let mut folded: Vec<String> = own.map(|header| fold_header(header) + &which).collect();
        folded.sort_unstable();
        folded.dedup();
        for header in folded {
            if let Some(other) = seen.insert(header.clone(), &column.name) {
                let fault = Diagnostic::new(contract::NAME, format!("the header `{header}` belongs to `{other}` and to `{}`", column.name));
                let hint = "Letter case and spaces do not tell headers apart.";
                object.reader().fault(item.at(), fault.expected("a header for each column").hint(hint));
            }
        }
    }
}

/// No column is one that each row must have and that a file may lack.
fn required_are_there(columns: &[(Column, Item<'_>)]) {
    for (column, item) in columns.iter().filter(|(column, _)| column.required && column.rules.may_be_absent) {
        let why = format!("`{}` is required, and may be absent", column.name);
        item.refuse(contract::RULE, &why, "one of `required: true` and `absent: allowed`", "");
    }
}

/// The column that says which side an amount is stands in the contract too.
fn signs_are_there(columns: &[(Column, Item<'_>)]) {
    for (column, item) in columns {
        let Some(from) = &column.rules.sign_from else { continue };
        if columns.iter().any(|(other, _)| other.name == from.column && other.is_dropped()) {
            let seen = format!("`sign_from` of `{}` names `{}`, which the contract drops", column.name, from.column);
            item.refuse(contract::DROPPED, &seen, "a column that the contract keeps", "");
            continue;
        }
        let found = columns.iter().find(|(other, _)| other.name == from.column).map(|(other, _)| other);
        let may_be_absent = found.is_some_and(|other| other.rules.may_be_absent);
        let why = match found.map(|other| other.kind) {
            _ if may_be_absent => format!("`sign_from` of `{}` names `{}`, which may be absent", column.name, from.column),
            Some(Type::Text | Type::TinyInt | Type::SmallInt | Type::Integer | Type::BigInt) => continue,
            Some(kind) => format!("`sign_from` of `{}` names `{}`, which is `{}`", column.name, from.column, kind.as_str()),
            None => format!("`sign_from` of `{}` names `{}`, which is no column", column.name, from.column),
        };
        let near = nearest(&from.column, columns.iter().map(|(other, _)| &*other.name)).filter(|_| found.is_none());
        let hint = did_you_mean(near);
        item.refuse(contract::RULE, &why, "a text or whole-number column of this contract", hint);
    }
}

/// A header as it is compared: small letters, single spaces, nothing around it.
#[must_use]
pub fn fold_header(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn primary_key_in_order(object: &Fields<'_>, columns: &[(Column, Item<'_>)]) {
    let mut positions: Vec<u32> = columns.iter().filter_map(|(column, _)| column.primary_key).collect();
    positions.sort_unstable();
    if !positions.iter().zip(1..).all(|(position, expected)| *position == expected) {
        let fault = Diagnostic::new(contract::KEY, format!("the primary key has the positions {positions:?}"));
        object.reader().fault(object.key_at("properties"), fault.expected("`primaryKeyPosition` 1, 2, 3 … each once"));
    }
}

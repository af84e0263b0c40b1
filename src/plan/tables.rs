//! The tables that queries can name: common tables of the lake, contracts, and what is missing among them.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    engine::{Part, Table},
    lake::{CommonTables, LakeFile, LakeState, Manifest},
    pipeline::{Basis, Partnership},
    schema::Contract,
};

/// The contract of a published table.
///
/// # Errors
/// TC0805 where there is none.
pub fn published<'p>(partnership: &'p Partnership, table: &str) -> Answer<&'p Arc<Contract>> {
    partnership.contracts.get(&format!("published/{table}")).ok_or_else(|| no_contract("published", table))
}

/// The contract of a common table.
///
/// # Errors
/// TC0805 where there is none.
pub fn common<'p>(partnership: &'p Partnership, table: &str) -> Answer<&'p Arc<Contract>> {
    partnership.contracts.get(&format!("common/{table}")).ok_or_else(|| no_contract("common", table))
}

/// Files of a common table with their partition columns, which stand in the path.
#[must_use]
pub fn lake_table<'f>(contract: &Contract, files: impl Iterator<Item = &'f LakeFile>) -> Table {
    let part = |file: &LakeFile| {
        let constants = [
            ("council", file.council.clone()),
            ("feed", file.feed.clone()),
            ("delivery_year", file.period.year.to_string()),
            ("delivery_period", file.period.period.to_string()),
        ];
        let constants = constants.map(|(name, value)| (name.to_owned(), value)).to_vec();
        Part::local(&file.path, file.bytes, file.rows).map(|part| part.constants(constants))
    };
    Table::local(contract.arrow_schema(), files.filter_map(part).collect())
}

/// No query fills a table that the program reads.
#[must_use]
pub fn no_query(table: &str) -> Refusal {
    Diagnostic::new(codes::sql::NAME, format!("no query of pipelines/cost/classify fills `{table}`"))
        .expected(format!("a file {table}.sql in pipelines/cost/classify"))
        .outcome("nothing was published; the last release is unchanged")
        .hint("take it from the reference partnership: `truecost init` in an empty folder")
        .into()
}

fn no_contract(kind: &str, table: &str) -> Refusal {
    Diagnostic::new(codes::sql::NAME, format!("there is no contract schemas/{kind}/{table}.odcs.yaml"))
        .expected("a contract for every table that the program fills")
        .outcome("nothing was published; the last release is unchanged")
        .hint("take it from the reference partnership: `truecost init` in an empty folder")
        .into()
}

/// A reference table and its published twin have other columns.
#[must_use]
pub fn does_not_fit(table: &str, error: &arrow::error::ArrowError) -> Refusal {
    Diagnostic::new(
        codes::sql::COLUMNS,
        format!("schemas/published/{table}.odcs.yaml and schemas/reference/{table}.odcs.yaml differ: {error}"),
    )
    .expected("the same types, and no required column that the reference table lacks")
    .outcome("nothing was published; the last release is unchanged")
    .hint("correct one of the two contracts")
    .into()
}

/// The common tables that costs are read from, as they are now.
#[derive(Debug, Default)]
pub struct LakeNow {
    /// By table, as a manifest lists them.
    pub states: BTreeMap<String, LakeState>,
    pub files: Vec<(Basis, LakeFile)>,
}

/// Looks at the common tables. Where one has not moved since the latest release, its manifest says what is in it.
///
/// # Errors
/// TC1002, TC1007.
pub fn lake_now(tables: &CommonTables, latest: Option<&Manifest>) -> Answer<LakeNow> {
    let mut now = LakeNow::default();
    for basis in [Basis::Ledger, Basis::Payments] {
        let table = basis.common_table();
        let Some(version) = tables.newest_version(table)? else { continue };
        // A table that was made anew counts its versions from the start.
        let is_there = |state: &&LakeState| tables.files_of(table, state).iter().all(|file| file.path.is_file());
        let before = latest.and_then(|m| m.content.lake.get(table)).filter(|state| state.version == version).filter(is_there);
        let (state, files) = match before {
            Some(state) => (state.clone(), tables.files_of(table, state)),
            None => match tables.snapshot(table, None)? {
                Some(snapshot) => (LakeState::from(&snapshot), snapshot.files),
                None => continue,
            },
        };
        now.states.insert(table.to_owned(), state);
        now.files.extend(files.into_iter().map(|file| (basis, file)));
    }
    Ok(now)
}

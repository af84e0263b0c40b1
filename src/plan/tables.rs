//! The tables that queries can name and that no query fills: their columns, and where their rows come from. What is missing among them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow::{
    array::{ArrayRef, Date32Array, StringArray},
    datatypes::{DataType, Field, Schema, SchemaRef},
    record_batch::RecordBatch,
    row::{RowConverter, SortField},
};

use super::{BesideSource, digest_of, kernel::kernel_schema};
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{Calendar, Day, Period},
    engine::{Part, Table},
    lake::{CommonTables, LakeFile, LakeState, Manifest},
    pipeline::{Basis, Kernel, Partnership, RechargeLimit},
    schema::{
        Cell, Contract, Kind, Type,
        batch::{Default, with_defaults},
        digest_of as digest_of_bytes, proof_table, read_contract,
        yaml::SourceText,
    },
};

/// A table of the cost model that no step fills.
#[derive(Clone, Debug)]
pub struct Given {
    pub schema: SchemaRef,
    pub rows: GivenRows,
    /// Over its rows and contract; of a common table, whose rows are told by the names of their files, over its contract.
    pub digest: String,
    /// Over what its rows mean whatever they are, where other columns than those that are read may change without being told of.
    meaning: Option<String>,
}

impl Given {
    fn here(rows: RecordBatch, digest: String) -> Self {
        Self { schema: rows.schema(), rows: GivenRows::Here(rows), digest, meaning: None }
    }

    /// The published table of whose standing parts it is made.
    #[must_use]
    pub const fn is_standing_of(&self) -> Option<&'static str> {
        if let GivenRows::Standing(table) | GivenRows::StandingPeriods(table) = self.rows { Some(table) } else { None }
    }

    /// Digest over what is read of it; `None`: all columns. A reference table says who wrote a row, and why, and a share its weight, to those
    /// queries alone that read it.
    ///
    /// # Errors
    /// TC0804 where its rows cannot be compared, which no contract allows.
    pub fn digest_over(&self, columns: Option<&BTreeSet<String>>) -> Answer<String> {
        let (GivenRows::Here(rows), Some(meaning), Some(columns)) = (&self.rows, &self.meaning, columns) else {
            return Ok(self.digest.clone());
        };
        let fields = self.schema.fields().iter().zip(rows.columns()).filter(|(field, _)| columns.contains(field.name()));
        let (fields, values): (Vec<_>, Vec<ArrayRef>) = fields.map(|(field, values)| (field, Arc::clone(values))).unzip();
        let sorted = fields.iter().map(|field| SortField::new(field.data_type().clone())).collect();
        let mut bytes = Vec::new();
        if !values.is_empty() {
            let told = RowConverter::new(sorted).and_then(|told| told.convert_columns(&values)).map_err(|e| not_compared(&e))?;
            for row in &told {
                bytes.extend(row.data().len().to_le_bytes());
                bytes.extend(row.data());
            }
        }
        let names: Vec<String> = fields.iter().map(|field| format!("{} {}", field.name(), field.data_type())).collect();
        Ok(digest_of(&[meaning, &rows.num_rows().to_string(), &names.join(" "), &digest_of_bytes(&bytes).hex()]))
    }
}

/// The rows of a reference table have a type that nothing can compare: no contract allows one.
fn not_compared(error: &arrow::error::ArrowError) -> Refusal {
    Diagnostic::new(codes::sql::TYPES, format!("rows of a reference table cannot be compared: {error}"))
        .outcome("nothing was published; the last release is unchanged")
        .into()
}

/// Where the rows of a given table are.
#[derive(Clone, Debug)]
pub enum GivenRows {
    /// In the files of a common table.
    Lake,
    /// Here: a reference table, or what the partnership file says.
    Here(RecordBatch),
    /// In the register: deliveries without rows.
    NilReturns,
    /// In the parts of this published table of periods that stand as they were published: closed ones, and blocked ones of which the
    /// latest release holds what there is.
    Standing(&'static str),
    /// The periods of those parts, also of one without rows.
    StandingPeriods(&'static str),
}

/// The one list of what cost SQL and kernels may read and no step fills: common tables, reference tables, of the partnership file
/// `membership`, `declared_service`, `declared_organisation` and `recharge_limit`, `allocation` of `cost.yaml`, `nil_return` and
/// `standing_volume`, with `standing_volume_period`. Tables that a partnership may do without have no rows where it has no such file.
///
/// # Errors
/// None in practice: columns are fixed.
pub fn given_tables(partnership: &Partnership) -> Answer<BTreeMap<String, Given>> {
    let mut given = BTreeMap::new();
    for (name, contract) in &partnership.contracts {
        let digest = contract.digest.hex();
        match name.split_once('/') {
            Some(("common", table)) => {
                given.insert(table.to_owned(), Given { schema: contract.arrow_schema(), rows: GivenRows::Lake, digest, meaning: None });
            }
            Some(("reference", table)) => {
                let reference = partnership.references.get(table);
                let mut rows =
                    reference.map_or_else(|| RecordBatch::new_empty(contract.arrow_schema()), |reference| reference.rows.clone());
                if table == "account" {
                    rows = with_defaults(&rows, &TAGS)?;
                }
                let (of_rows, meant) =
                    reference.map_or_else(<(String, String)>::default, |reference| (reference.digest.hex(), reference.meant.clone()));
                let meaning = Some(digest_of(&[&digest, &meant]));
                given.insert(table.to_owned(), Given { meaning, ..Given::here(rows, digest_of(&[&digest, &format!("{of_rows}{meant}")])) });
            }
            _ => {}
        }
    }
    let members = membership(partnership);
    let digest = digest_of(&[&format!("{members:?}")]);
    let rows = membership_table(&members)?;
    given.insert("membership".to_owned(), Given::here(rows, digest));
    let methods = allocation_table(partnership)?;
    let digest = digest_of(&[&format!("{:?}", partnership.cost.allocation)]);
    given.insert("allocation".to_owned(), Given::here(methods, digest));
    given.insert("recharge_limit".to_owned(), recharge_limit(&partnership.recharge)?);
    let schema = nil_returns(&[])?.schema();
    if let Some(contract) = partnership.contracts.get("published/volume") {
        let (schema, digest) = (contract.arrow_schema(), contract.digest.hex());
        given.insert("standing_volume".to_owned(), Given { schema, rows: GivenRows::Standing("volume"), digest, meaning: None });
        let (schema, rows) = (standing_periods(&[], partnership.calendar)?.schema(), GivenRows::StandingPeriods("volume"));
        given.insert("standing_volume_period".to_owned(), Given { schema, rows, digest: String::new(), meaning: None });
    }
    given.insert("nil_return".to_owned(), Given { schema, rows: GivenRows::NilReturns, digest: String::new(), meaning: None });
    for (table, text) in OPTIONAL {
        if !given.contains_key(table)
            && let Some(schema) = columns_of(table, text)
        {
            let rows = RecordBatch::new_empty(schema);
            given.insert(table.to_owned(), Given::here(rows, String::new()));
        }
    }
    for (name, columns, rows) in declared(partnership) {
        let digest = digest_of(&[&format!("{rows:?}")]);
        let texts = |place: usize| -> ArrayRef { Arc::new(rows.iter().map(|row| row.get(place).copied()).collect::<StringArray>()) };
        let schema = Arc::new(Schema::new(columns.map(text).to_vec()));
        let rows = RecordBatch::try_new(schema, vec![texts(0), texts(1)]).map_err(|e| does_not_fit(name, &e))?;
        given.insert(name.to_owned(), Given::here(rows, digest));
    }
    Ok(given)
}

/// What an account is where `account.csv` of the version before does not say it.
pub const TAGS: [(&str, Default); 2] = [("on_cost", Default::False), ("recharge", Default::False)];

macro_rules! optional {
    ($($table:literal),*) => { [$(($table, include_str!(concat!("../../schemas/reference/", $table, ".odcs.yaml")))),*] };
}

/// Reference tables that a partnership may do without, contract and all, each with the program's contract of it.
const OPTIONAL: [(&str, &str); 10] =
    optional!["agreement", "blanket", "customer", "department", "driver", "pay_element", "payroll_journal", "pool", "rate_card", "share"];

/// The columns of a table where a partnership has no contract of it: then it has no rows.
fn columns_of(table: &str, text: &str) -> Option<SchemaRef> {
    let source = SourceText::new(format!("{table} of the program"), text);
    read_contract(&source, Kind::Reference, table).ok().map(|contract| contract.arrow_schema())
}

/// `recharge` of the partnership file: pounds that two sides may differ by, periods that they may lie apart, pounds that may be unmatched.
fn recharge_limit(said: &RechargeLimit) -> Answer<Given> {
    let columns = [("tolerance", Type::Money), ("window", Type::BigInt), ("pounds", Type::Money)];
    let row = vec![Cell::Pence(said.terms.tolerance), i64::from(said.terms.window).into(), Cell::Pence(said.limit_pence)];
    let rows = proof_table(&columns, &[row])?;
    Ok(Given::here(rows, digest_of(&[&format!("{said:?}")])))
}

/// `nil_return`: the periods for which a feed of a common table beside the lines has brought that there is nothing.
///
/// # Errors
/// None in practice: columns are fixed.
pub fn nil_returns(of: &[&BesideSource]) -> Answer<RecordBatch> {
    let texts = ["common_table", "council", "feed"].map(|name| (name, Type::Text));
    let columns = [&texts[..], &[("delivery_year", Type::SmallInt), ("delivery_period", Type::TinyInt)]].concat();
    let row = |source: &&BesideSource| -> Vec<Cell> {
        let Period { year, period } = source.file.period;
        let texts = [&source.table, &source.file.council, &source.file.feed].map(|text| Cell::from(text.as_str()));
        texts.into_iter().chain([i64::from(year).into(), i64::from(period).into()]).collect()
    };
    proof_table(&columns, &of.iter().map(row).collect::<Vec<_>>())
}

/// `standing_volume_period`: the periods that stand as they were published, with volumes or without, each with its last day.
///
/// # Errors
/// None in practice: columns are fixed.
pub fn standing_periods(of: &[Period], calendar: Calendar) -> Answer<RecordBatch> {
    let columns = [("delivery_year", Type::SmallInt), ("delivery_period", Type::TinyInt), ("as_at", Type::Date)];
    let row = |of: &Period| vec![i64::from(of.year).into(), i64::from(of.period).into(), Cell::Day(calendar.days_of(*of).1.0)];
    proof_table(&columns, &of.iter().map(row).collect::<Vec<_>>())
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, false)
}

/// The columns of `code`, the distinct codes on lines: council, feed, kind of code, code.
#[must_use]
pub fn code_schema() -> SchemaRef {
    kernel_schema(Kernel::Codes, 0).unwrap_or_else(|| Arc::new(Schema::empty()))
}

/// What the partnership file declares, as tables of two columns: services with their kinds; councils and companies.
fn declared(partnership: &Partnership) -> [(&'static str, [&'static str; 2], Vec<[&str; 2]>); 2] {
    let services = partnership.services.iter().map(|service| [&*service.id, service.kind.as_str()]).collect();
    let councils = partnership.councils.iter().map(|council| [&*council.id, "council"]);
    let companies = partnership.companies.iter().map(|company| [&*company.id, "company"]);
    let organisations = councils.chain(companies).collect();
    [("declared_service", ["service", "kind"], services), ("declared_organisation", ["organisation", "kind"], organisations)]
}

/// Organisation, service, role, and the days from which and until which.
type Member<'p> = (&'p str, &'p str, &'p str, Day, Option<Day>);

/// The members of the partnership file, one row a service.
fn membership(partnership: &Partnership) -> Vec<Member<'_>> {
    let mut rows: Vec<Member<'_>> = Vec::new();
    for member in &partnership.members {
        let all = partnership.services.iter().map(|s| &s.id);
        let named = all.filter(|id| member.service.as_ref().is_none_or(|one| one == *id));
        let from = member.span.from.unwrap_or(Day(i32::MIN / 2));
        rows.extend(named.map(|service| (&*member.organisation, &**service, member.role.as_str(), from, member.span.to)));
    }
    rows.sort_unstable();
    rows
}

/// The same as the table `membership`.
fn membership_table(rows: &[Member<'_>]) -> Answer<RecordBatch> {
    let texts = |of: fn(&Member<'_>) -> String| -> ArrayRef { Arc::new(rows.iter().map(|r| Some(of(r))).collect::<StringArray>()) };
    let columns: Vec<ArrayRef> = vec![
        texts(|r| r.0.to_owned()),
        texts(|r| r.1.to_owned()),
        texts(|r| r.2.to_owned()),
        Arc::new(rows.iter().map(|r| Some(r.3.0)).collect::<Date32Array>()),
        Arc::new(rows.iter().map(|r| r.4.map(|d| d.0)).collect::<Date32Array>()),
    ];
    let mut fields = ["organisation", "service", "role"].map(text).to_vec();
    fields.push(Field::new("valid_from", DataType::Date32, false));
    fields.push(Field::new("valid_to", DataType::Date32, true));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|e| does_not_fit("membership", &e))
}

/// The methods of allocation of `cost.yaml`, each until the next begins.
fn allocation_table(partnership: &Partnership) -> Answer<RecordBatch> {
    let methods = &partnership.cost.allocation;
    let ends = methods.iter().skip(1).map(|(from, _)| Some(from.0)).chain([None]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(methods.iter().map(|(from, _)| Some(from.0)).collect::<Date32Array>()),
        Arc::new(ends.take(methods.len()).collect::<Date32Array>()),
        Arc::new(methods.iter().map(|(_, method)| Some(method.as_str())).collect::<StringArray>()),
    ];
    let days = [("valid_from", false), ("valid_to", true)].map(|(name, may_be_null)| Field::new(name, DataType::Date32, may_be_null));
    let fields: Vec<Field> = days.into_iter().chain([text("method")]).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|e| does_not_fit("allocation", &e))
}

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

/// There is no contract of this kind for a table.
#[must_use]
pub fn no_contract(kind: &str, table: &str) -> Refusal {
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

/// The common tables as they are now.
#[derive(Debug, Default)]
pub struct LakeNow {
    /// Those that costs are read from, as a manifest lists them.
    pub states: BTreeMap<String, LakeState>,
    /// The files of every common table that the partnership declares, by table.
    pub files: Vec<(String, LakeFile)>,
}

/// Looks at the common tables. Where one has not moved since the latest release, its manifest says what is in it.
///
/// # Errors
/// TC1002, TC1007.
pub fn lake_now(partnership: &Partnership, tables: &CommonTables, latest: Option<&Manifest>) -> Answer<LakeNow> {
    let mut now = LakeNow::default();
    let declared = partnership.contracts.keys().filter_map(|name| name.strip_prefix("common/"));
    let of_costs = [Basis::Ledger, Basis::Payments].map(Basis::common_table);
    for table in declared.chain(of_costs).collect::<BTreeSet<_>>() {
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
        if of_costs.contains(&table) {
            now.states.insert(table.to_owned(), state);
        }
        now.files.extend(files.into_iter().map(|file| (table.to_owned(), file)));
    }
    Ok(now)
}

//! One part of a common table → one part of `cost_line`: same rows, same order, same row groups.
//!
//! Columns that both have are taken over as compressed pages; only what classification adds is encoded.

use std::{collections::BTreeMap, sync::Arc};

use hashbrown::HashSet;

use arrow::{
    array::{Array, ArrayRef, AsArray, DictionaryArray, Int8Array, Int16Array, Int32Array, StringArray, new_null_array},
    datatypes::{DataType, Int32Type, Schema},
    record_batch::RecordBatch,
};

use serde_json::{Value, json};

use super::{
    ClassTotals, Classifier, Cube, LineColumns,
    cube::Sums,
    distinct_codes,
    folded::FoldedCodes,
    meaning::{Account, CostCentre},
    pay::{KINDS, Laid, PayParts},
};
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{Ownership, Pence, Period, decimal},
    lake::{Derivation, EncodedRowGroup, PartFile, PartSchema, PartWriter, Plan, StagedPart, Staging},
    plan::CARRIED_FROM,
    schema::{Cell, batch},
};

/// What is the same in every line of a part.
#[derive(Clone, Debug)]
pub struct PartOf {
    pub council: String,
    pub feed: String,
    pub period: Period,
    /// The month whose lines these are, where they stand in for one that was not brought: lines on recharge accounts are left out.
    pub carried_from: Option<Period>,
}

/// Columns that classification gives; the others are copied, constant, or empty.
const CLASS_COLUMNS: [&str; 13] = [
    "effective_date",
    "ownership",
    "service",
    "bearer",
    "rule_id",
    "account_group",
    "statement",
    "is_cost",
    "reserve_movement",
    "on_cost",
    "recharge",
    "fund",
    "capital",
];

/// Columns of the table `class_total`; its contract may lack some of the last three classes and name the others in another order.
pub const CLASS_TOTAL: [&str; 21] = [
    "council",
    "feed",
    "delivery_year",
    "delivery_period",
    "ownership",
    "service",
    "bearer",
    "account_group",
    "statement",
    "is_cost",
    "reserve_movement",
    "fund",
    "capital",
    "part_kind",
    "on_cost",
    "recharge",
    "lines",
    "amount",
    "debits",
    "credits",
    "carried_from",
];

/// The kind of a line that is not resolved into parts.
pub const LINE: &str = KINDS[0];

/// What a part remembers: rows that are the second or a later part of their line; absent where there are none.
pub const FURTHER_PARTS: &str = "further_parts";

/// Income accounts of a part: rows and pounds, for check 42.
pub type IncomeAccounts = BTreeMap<String, (u64, Pence)>;

/// A part of `cost_line` that nobody sees yet, with its proof.
#[derive(Debug)]
pub struct ClassifiedPart {
    pub staged: StagedPart,
    pub totals: ClassTotals,
    pub income: IncomeAccounts,
    /// Rows with the columns of [`CLASS_TOTAL`].
    pub classes: Vec<Vec<Cell>>,
    /// Codes that were not compared as they were sent.
    pub folded: FoldedCodes,
    /// Lines on recharge accounts, and their pounds, that stand in for nothing.
    pub left_out: (u64, Pence),
}

/// Rows and pounds as a part remembers them.
#[must_use]
pub fn rows_and_amount((rows, pence): (u64, Pence)) -> Value {
    json!({"rows": rows, "amount": decimal(pence)})
}

impl ClassifiedPart {
    /// What is remembered of it, so that a part that is taken over brings its proof along.
    #[must_use]
    pub fn facts(&self) -> Value {
        let income: BTreeMap<&String, Value> = self.income.iter().map(|(account, sums)| (account, rows_and_amount(*sums))).collect();
        let mut facts = json!({
            "cost": rows_and_amount(self.totals.cost),
            "not_cost": rows_and_amount(self.totals.not_cost),
            "suspense": rows_and_amount(self.totals.suspense),
            "income": income,
        });
        let further = self.staged.rows.saturating_sub(self.totals.rows());
        if let (Some(facts), 1..) = (facts.as_object_mut(), further) {
            facts.insert(FURTHER_PARTS.to_owned(), further.into());
        }
        facts
    }
}

/// Distinct codes of a part of a common table, by place in the rule columns.
pub fn codes_of(part: &PartFile, columns: LineColumns<'_>) -> Answer<HashSet<(usize, String)>> {
    let columns = columns.in_part(part);
    let names: Vec<&str> = columns.rule_names().collect();
    let mut found = HashSet::new();
    for row_group in 0..if names.is_empty() { 0 } else { part.row_groups() } {
        distinct_codes(&columns.whole(part.read(row_group, &names, &names)?)?, columns, |place, code| {
            if !code.is_empty() {
                found.insert((place, code.to_owned()));
            }
        })?;
    }
    Ok(found)
}

/// Classifies a whole part. `pay` says which of its lines are resolved into parts, and what these are.
///
/// # Errors
/// TC10… where parts cannot be read or written; TC1250 where the parts of a line do not sum to it.
pub fn classify_part(
    part: PartFile,
    of: &PartOf,
    classifier: &Classifier<'_>,
    pay: &PayParts,
    schema: &Arc<PartSchema>,
    staging: &Staging,
) -> Answer<ClassifiedPart> {
    let columns = classifier.columns();
    let plan: Vec<Plan> = schema
        .arrow()
        .fields()
        .iter()
        .map(|field| {
            let is_class = CLASS_COLUMNS.contains(&field.name().as_str());
            let name = if field.name() == "amount" { columns.amount } else { field.name() };
            let has = part.schema().column_with_name(name).is_some();
            if has && !is_class { Plan::Copy(name.to_owned()) } else { Plan::Fresh }
        })
        .collect();
    let derivation = Derivation::new(part, schema, &plan)?;
    let mut writer = PartWriter::create(staging, schema)?;
    let mut totals = ClassTotals::default();
    let mut income = IncomeAccounts::new();
    let mut folded = FoldedCodes::default();
    let mut left_out = (0, 0);
    let mut cube = classifier.cube(!pay.is_empty() && schema.arrow().column_with_name(PART_KIND).is_some());
    let mut names = columns.names();
    names.extend((!pay.is_empty()).then_some(SOURCE_ROW));
    for row_group in 0..derivation.source().row_groups() {
        let lines = derivation.source().read(row_group, &names, &columns.code_names())?;
        folded.add(&lines, columns, row_group)?;
        let lines = columns.whole(lines)?;
        let laid = match of.carried_from {
            Some(_) => classifier.without_recharges(&lines, &mut left_out)?,
            None if pay.is_empty() => None,
            None => pay.laid(&lines, columns.amount)?,
        };
        if laid.as_ref().is_some_and(|laid| laid.rows() == 0) {
            continue;
        }
        let lines = laid.as_ref().map_or_else(|| Ok(lines.clone()), |laid| laid.spread(&lines, columns.amount))?;
        let (classes, sums) = classifier.classify(&lines, laid.as_ref(), &mut cube)?;
        totals.add(&sums);
        add_income(&lines, columns, &classes, &mut income)?;
        let fresh = fresh(schema, &plan, &classes, of, laid.as_ref(), lines.num_rows())?;
        let spread = laid.filter(|laid| laid.rows() != derivation.source().rows_in(row_group));
        writer.append(match spread {
            None => derivation.encode(row_group, &fresh)?,
            Some(laid) => encode_spread(&derivation, row_group, &plan, &laid, &fresh, schema)?,
        })?;
    }
    folded.find_examples(derivation.source())?;
    Ok(ClassifiedPart { staged: writer.finish()?, totals, income, classes: class_rows(&cube, classifier, of), folded, left_out })
}

/// A row group in which some line has several rows: what is copied of the source is spread over them.
fn encode_spread(
    derivation: &Derivation,
    row_group: usize,
    plan: &[Plan],
    laid: &Laid,
    fresh: &RecordBatch,
    schema: &Arc<PartSchema>,
) -> Answer<EncodedRowGroup> {
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(plan.len());
    let mut fields = Vec::with_capacity(plan.len());
    for (field, plan) in schema.arrow().fields().iter().zip(plan) {
        let array = match plan {
            Plan::Copy(name) => {
                let lines = derivation.source().read(row_group, &[name], &[])?;
                let amount = if field.name() == "amount" { name.as_str() } else { "" };
                laid.spread(&lines, amount)?.columns().first().cloned()
            }
            Plan::Fresh => fresh.column_by_name(field.name()).cloned(),
        };
        let array = array.ok_or_else(|| broken(&format!("it has no `{}`", field.name())))?;
        fields.push(field.as_ref().clone().with_data_type(array.data_type().clone()));
        arrays.push(array);
    }
    let rows = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|e| broken(&e.to_string()))?;
    EncodedRowGroup::of(schema, &[rows])
}

/// The column that says what a part of a line is, and the one by which its line is found.
const PART_KIND: &str = "part_kind";
const SOURCE_ROW: &str = "source_row";

/// The cube as rows of `class_total`, in the order of that table's key.
fn class_rows(cube: &Cube, classifier: &Classifier<'_>, of: &PartOf) -> Vec<Vec<Cell>> {
    let meanings = classifier.meanings();
    let mut keyed: BTreeMap<_, Sums> = BTreeMap::new();
    for (cell, sums) in cube.cells() {
        let Some((ownership, service, bearer)) = classifier.owners().get(cell.owner) else { continue };
        let Some((account, centre)) = meanings.accounts.values.get(cell.account).zip(meanings.cost_centres.values.get(cell.cost_centre))
        else {
            continue;
        };
        // A commitment on an account of cost is no cost, as a line on one that is none: they are one row.
        let account = Account { is_cost: *ownership != Ownership::NotCost, ..account.clone() };
        let kind = KINDS.get(cell.kind).copied().unwrap_or(LINE);
        keyed.entry((ownership.as_str(), service.as_str(), bearer.as_deref(), account, centre, kind)).or_default().add(sums);
    }
    let row =
        |((ownership, service, bearer, account, centre, kind), sums): ((&str, &str, Option<&str>, Account, &CostCentre, &str), Sums)| {
            vec![
                of.council.as_str().into(),
                of.feed.as_str().into(),
                i64::from(of.period.year).into(),
                i64::from(of.period.period).into(),
                ownership.into(),
                service.into(),
                bearer.map_or(Cell::Null, Cell::from),
                account.group.as_str().into(),
                account.statement.as_str().into(),
                account.is_cost.into(),
                account.reserve_movement.into(),
                centre.fund.as_str().into(),
                centre.capital.into(),
                kind.into(),
                account.on_cost.into(),
                account.recharge.into(),
                sums.lines.into(),
                Cell::Pence(sums.debits + sums.credits),
                Cell::Pence(sums.debits),
                Cell::Pence(sums.credits),
                of.carried_from.map_or(Cell::Null, |from| from.to_string().into()),
            ]
        };
    keyed.into_iter().map(row).collect()
}

/// The columns that are encoded anew, in the order of the schema.
fn fresh(
    schema: &PartSchema,
    plan: &[Plan],
    classes: &[(&'static str, ArrayRef)],
    of: &PartOf,
    laid: Option<&Laid>,
    rows: usize,
) -> Answer<RecordBatch> {
    let mut fields = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for (field, plan) in schema.arrow().fields().iter().zip(plan) {
        if *plan != Plan::Fresh {
            continue;
        }
        let array: ArrayRef = match field.name().as_str() {
            "council" => constant(&of.council, rows),
            "feed" => constant(&of.feed, rows),
            "delivery_year" => Arc::new(Int16Array::from_value(of.period.year, rows)),
            "delivery_period" => Arc::new(Int8Array::from_value(i8::try_from(of.period.period).unwrap_or(0), rows)),
            // A payment is money that has left: actual, and in pounds, which are all that a council publishes.
            "balance_type" => constant("actual", rows),
            "currency" => constant("GBP", rows),
            CARRIED_FROM if of.carried_from.is_some() => constant(&of.carried_from.map(|from| from.to_string()).unwrap_or_default(), rows),
            PART_KIND => laid.map_or_else(|| Ok(constant(LINE, rows)), Laid::kind_column)?,
            "line_part" => laid.map_or_else(|| Arc::new(Int8Array::from_value(1, rows)) as ArrayRef, Laid::number_column),
            name => match classes.iter().find(|(class, _)| *class == name) {
                Some((_, array)) => array.clone(),
                None => new_null_array(field.data_type(), rows),
            },
        };
        fields.push(field.as_ref().clone().with_data_type(array.data_type().clone()));
        arrays.push(array);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|e| broken(&e.to_string()))
}

fn constant(text: &str, rows: usize) -> ArrayRef {
    let values: ArrayRef = Arc::new(StringArray::from_iter_values([text]));
    match DictionaryArray::<Int32Type>::try_new(Int32Array::from_value(0, rows), values) {
        Ok(array) => Arc::new(array),
        Err(_) => new_null_array(&DataType::Utf8, rows), // cannot be: key 0 is in range
    }
}

/// Sums of lines on income accounts, by account code. Accounts are few: the sums are kept by dictionary key.
fn add_income(
    lines: &RecordBatch,
    columns: LineColumns<'_>,
    classes: &[(&'static str, ArrayRef)],
    income: &mut IncomeAccounts,
) -> Answer<()> {
    let Some((account, statement)) = columns.rules[3].zip(classes.iter().find(|(name, _)| *name == "statement")) else { return Ok(()) };
    let statements = statement.1.as_dictionary::<Int32Type>();
    let is_income: Vec<bool> = statements.values().as_string::<i32>().iter().map(|s| s == Some("income")).collect();
    let accounts = batch::column(lines, account)?.as_dictionary::<Int32Type>();
    let names = accounts.values().as_string::<i32>();
    let amounts = batch::money(lines, columns.amount)?;
    let mut sums = vec![(0u64, 0 as Pence); names.len()];
    for ((statement, account), amount) in statements.keys().iter().zip(accounts.keys().iter()).zip(amounts.iter()) {
        let wanted = statement.and_then(|s| is_income.get(s as usize)).copied().unwrap_or(false);
        if let (true, Some(sum)) = (wanted, account.and_then(|a| sums.get_mut(a as usize))) {
            sum.0 += 1;
            sum.1 += amount.unwrap_or(0);
        }
    }
    for (name, (rows, pence)) in names.iter().zip(sums).filter(|(_, (rows, _))| *rows > 0) {
        let entry = income.entry(name.unwrap_or_default().to_owned()).or_default();
        entry.0 += rows;
        entry.1 += pence;
    }
    Ok(())
}

pub(super) fn broken(why: &str) -> Refusal {
    Diagnostic::new(codes::checks::UNEXPLAINED, format!("class columns do not fit cost_line: {why}"))
        .outcome("nothing was published; the last release is unchanged")
        .hint("compare schemas/published/cost_line.odcs.yaml with the reference partnership's")
        .into()
}

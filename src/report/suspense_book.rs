//! Codes in suspense as a workbook that a person fills in: a sheet for each reference table that lacks rows.
//!
//! The grey columns say which code a row is about, what it holds and for how long; the open ones become a row of the reference table.

use std::collections::{BTreeMap, BTreeSet};

use rust_xlsxwriter::{Color, DataValidation, DataValidationErrorStyle, Format, FormatBorder, Formula, Workbook, Worksheet, XlsxError};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    book::{Returned, Texts, not_taken},
    page::Page,
    sheet,
    suspense::{TABLES, cell, found, rule_ids, said, stands_in},
};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes},
    domain::{Digest, Ownership, counted, decimal, parse_decimal},
    pipeline::{Partnership, ReferenceTable, reference_words},
    schema::{Type, batch},
};

/// The grey columns. Their texts are sealed by the last one.
pub const IDENTITY: [&str; 10] =
    ["council of the code", "column", "code", "rows", "pounds", "first", "last", "example", "looks like", "sha256"];
const AMOUNT: usize = 4;
const SEAL: usize = 9;
/// The sheet of what may be chosen.
const LISTS: &str = "lists";
/// Columns of a reference table that a person does not fill in here: the code stands in the grey ones, author and approver are said.
const KNOWN: [&str; 9] = ["rule_id", "council", "feed", "project", "cost_centre", "department", "account", "author", "approver"];
/// Columns that are filled in before a person has said anything.
const PREFILLED: [&str; 2] = ["valid_from", "reason"];

/// Columns of a reference table that a person fills in, in the order of its file.
fn open_columns(reference: &ReferenceTable) -> impl Iterator<Item = &str> {
    reference.header.iter().map(String::as_str).filter(|name| !KNOWN.contains(name))
}

/// The workbook of all codes in suspense, and what to say of it. A line without any code is not in it: a row for it would cover every line.
///
/// # Errors
/// TC0116 where no code is in suspense; TC0106, TC10….
pub fn suspense_xlsx(partnership: &Partnership) -> Answer<(Vec<u8>, Page)> {
    let found = found(partnership)?;
    let (list, without): (Vec<Value>, Vec<Value>) = found.list.into_iter().partition(|row| !said(row, "code").is_empty());
    let lines: u64 = without.iter().filter_map(|row| row["rows"].as_u64()).sum();
    let without = match lines {
        0 => String::new(),
        n => format!("{} without any code stay in suspense: only a rule for all lines of the council covers them\n", counted(n, "line")),
    };
    if list.is_empty() {
        return Err(Diagnostic::new(codes::command::NOT_APPLIED, "no code is in suspense")
            .expected("lines with a code that no row of a reference table covers")
            .outcome("nothing was written")
            .hint("truecost suspense")
            .into());
    }
    let bytes = written(partnership, &list)?;
    let text = format!("{} in suspense, {}\n{without}", counted(list.len() as u64, "code"), found.from);
    Ok((bytes, Page::new("suspense_xlsx", text, json!({"codes": list, "lines_without_code": lines}))))
}

fn written(partnership: &Partnership, list: &[Value]) -> Answer<Vec<u8>> {
    let no_workbook = |error: XlsxError| -> Refusal {
        Diagnostic::new(codes::lake::FILE_SYSTEM, format!("the workbook cannot be written: {error}"))
            .expected("room and memory for it")
            .outcome("nothing was written")
            .hint("truecost suspense --csv")
            .into()
    };
    let mut workbook = sheet::new_workbook().map_err(no_workbook)?;
    let lists = Lists::of(partnership)?;
    let look = Look::new();
    for name in TABLES {
        let of: Vec<&Value> = list.iter().filter(|row| row["table"] == name).collect();
        let Some(reference) = partnership.references.get(name).filter(|_| !of.is_empty()) else { continue };
        let mut ids = rule_ids(reference)?;
        look.sheet(workbook.add_worksheet(), (name, reference), &of, &lists, &mut ids).map_err(no_workbook)?;
    }
    lists.write(workbook.add_worksheet()).map_err(no_workbook)?;
    how_to(&mut workbook).map_err(no_workbook)?;
    workbook.save_to_buffer().map_err(no_workbook)
}

/// The texts of the grey columns but the seal.
fn identity(row: &Value) -> [String; SEAL] {
    let rows = row["rows"].as_u64().unwrap_or(0).to_string();
    let text = |key: &str| said(row, key).to_owned();
    [
        text("council"),
        stands_in(row).to_owned(),
        text("code"),
        rows,
        text("amount"),
        text("first"),
        text("last"),
        text("example"),
        text("looks_like"),
    ]
}

/// SHA-256 of the table's name and the grey texts.
fn seal(table: &str, identity: &[String]) -> String {
    let text = std::iter::once(table).chain(identity.iter().map(String::as_str)).collect::<Vec<_>>().join("\u{1f}");
    Digest(Sha256::digest(text.as_bytes()).into()).hex()
}

/// What may be chosen in some columns.
struct Lists {
    /// By table and column; `true` where nothing else may stand there.
    of: BTreeMap<(&'static str, &'static str), (Vec<String>, bool)>,
}

impl Lists {
    fn of(partnership: &Partnership) -> Answer<Self> {
        let mut of = BTreeMap::new();
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
        let flags = owned(&["true", "false"]);
        let ownerships = Ownership::ALL.iter().filter(|one| **one != Ownership::Suspense).map(|one| one.as_str().to_owned());
        of.insert(("ownership_rule", "ownership"), (ownerships.collect(), true));
        let services = partnership.services.iter().map(|service| service.id.to_string()).chain(owned(&["none", "unknown"]));
        of.insert(("ownership_rule", "service"), (services.collect(), true));
        of.insert(("ownership_rule", "bearer"), (bearers(partnership)?, true));
        of.insert(("account", "statement"), (reference_words("account", "statement").map(owned).unwrap_or_default(), true));
        of.insert(("account", "account_group"), (there(partnership, "account", "account_group")?, false));
        of.insert(("cost_centre", "fund"), (there(partnership, "cost_centre", "fund")?, false));
        of.insert(("cost_centre", "directorate"), (there(partnership, "cost_centre", "directorate")?, false));
        for flag in ["is_cost", "reserve_movement", "on_cost", "recharge"] {
            of.insert(("account", flag), (flags.clone(), true));
        }
        of.insert(("cost_centre", "capital"), (flags, true));
        of.retain(|_, (words, _)| !words.is_empty());
        Ok(Self { of })
    }

    /// One list a column.
    fn write(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        sheet.set_name(LISTS)?.protect();
        for (at, ((table, column), (words, _))) in (0..).zip(&self.of) {
            sheet.set_column_width(at, 24)?.write_string(0, at, format!("{table}.{column}"))?;
            for (row, word) in (1..).zip(words) {
                sheet.write_string(row, at, word)?;
            }
        }
        Ok(())
    }

    /// The drop-down of a column.
    fn choice(&self, table: &str, column: &str) -> Result<Option<DataValidation>, XlsxError> {
        let Some((at, (words, only))) =
            (0_u16..).zip(&self.of).find(|(_, ((t, c), _))| (*t, *c) == (table, column)).map(|(at, (_, of))| (at, of))
        else {
            return Ok(None);
        };
        let letter = rust_xlsxwriter::column_number_to_name(at);
        let range = Formula::new(format!("={LISTS}!${letter}$2:${letter}${}", words.len() + 1));
        let style = if *only { DataValidationErrorStyle::Stop } else { DataValidationErrorStyle::Information };
        let choice = DataValidation::new().allow_list_formula(range).set_error_style(style);
        Ok(Some(choice.set_error_title(column)?.set_error_message(format!("one of the sheet `{LISTS}`"))?))
    }
}

/// Everybody who may bear cost: companies, customers, councils.
fn bearers(partnership: &Partnership) -> Answer<Vec<String>> {
    let companies = partnership.companies.iter().map(|company| company.id.to_string());
    let served = partnership
        .members
        .iter()
        .filter(|member| member.role == crate::pipeline::Role::Customer)
        .map(|member| member.organisation.to_string());
    let councils = partnership.councils.iter().map(|council| council.id.to_string());
    let mut all: Vec<String> = Vec::new();
    for id in companies.chain(served).chain(there(partnership, "customer", "customer")?).chain(councils) {
        if !all.contains(&id) {
            all.push(id);
        }
    }
    Ok(all)
}

/// The texts that a column of a reference table holds, each once.
fn there(partnership: &Partnership, table: &str, column: &str) -> Answer<Vec<String>> {
    let Some(reference) = partnership.references.get(table).filter(|reference| reference.contract.column(column).is_some()) else {
        return Ok(Vec::new());
    };
    let all: BTreeSet<&str> = batch::text(&reference.rows, column)?.iter().flatten().collect();
    Ok(all.into_iter().map(str::to_owned).collect())
}

/// How the sheets look.
struct Look {
    heading: Format,
    grey: Format,
    pounds: Format,
    open: Format,
    wanted: Format,
}

impl Look {
    fn new() -> Self {
        let text = Format::new().set_num_format("@").set_border(FormatBorder::Thin);
        let grey = text.clone().set_background_color(Color::RGB(0x00EE_EEEE));
        Self {
            heading: text.clone().set_bold().set_text_wrap(),
            pounds: grey.clone().set_num_format("#,##0.00"),
            grey,
            open: text.clone().set_unlocked(),
            wanted: text.set_unlocked().set_background_color(Color::RGB(0x00FF_E699)),
        }
    }

    fn sheet(
        &self,
        sheet: &mut Worksheet,
        (name, reference): (&str, &ReferenceTable),
        rows: &[&Value],
        lists: &Lists,
        ids: &mut BTreeSet<String>,
    ) -> Result<(), XlsxError> {
        sheet.set_name(name)?.protect().set_freeze_panes(1, 3)?;
        let columns: Vec<&str> = open_columns(reference).collect();
        for (at, heading) in (0..).zip(IDENTITY.iter().copied().chain(columns.iter().copied())) {
            sheet.write_string_with_format(0, at, heading, &self.heading)?.set_column_width(at, 16)?;
        }
        let last = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        for (at, column) in (IDENTITY.len() as u16..).zip(&columns) {
            if let Some(choice) = lists.choice(name, column)? {
                sheet.add_data_validation(1, at, last, at, &choice)?;
            }
        }
        for (line, row) in (1..).zip(rows) {
            let grey = identity(row);
            let seal = seal(name, &grey);
            for (at, (n, text)) in (0..).zip(grey.iter().chain([&seal]).enumerate()) {
                match sheet::exact(text, 2).filter(|_| n == AMOUNT) {
                    Some(number) => sheet.write_number_with_format(line, at, number, &self.pounds)?,
                    None => sheet.write_string_with_format(line, at, text, &self.grey)?,
                };
            }
            for (at, column) in (IDENTITY.len() as u16..).zip(&columns) {
                let required = reference.contract.column(column).is_some_and(|column| column.required);
                let format = if required && !PREFILLED.contains(column) { &self.wanted } else { &self.open };
                sheet.write_string_with_format(line, at, cell(row, column, ids), format)?;
            }
        }
        Ok(())
    }
}

fn how_to(workbook: &mut Workbook) -> Result<(), XlsxError> {
    let text = [
        "Each sheet but this one and `lists` is a reference table that lacks rows, and each row of it a code whose lines are in suspense.",
        "Fill in the yellow cells of a row, and the white ones where there is something to say. Grey cells say which code it is: they cannot be changed.",
        "`valid_from` is the first day on which the row holds (YYYY-MM-DD), `valid_to` the first on which it no longer does; empty: it holds for good.",
        "Rows whose yellow cells you leave empty stay in suspense.",
        "Save the workbook as .xlsx, then: truecost suspense apply FILE.xlsx --by NAME --approver NAME, which shows what it would write.",
    ];
    let sheet = workbook.add_worksheet();
    sheet.set_name("how to")?.set_column_width(0, 130)?;
    for (line, text) in (0..).zip(text) {
        sheet.write_string(line, 0, text)?;
    }
    Ok(())
}

/// A row that a person filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilledIn {
    /// The reference table, which is the sheet.
    pub table: &'static str,
    /// Row of the sheet, from 1.
    pub line: u64,
    /// Fields of the new row, in the order of the table's file; author and approver are empty.
    pub fields: Vec<String>,
}

/// The rows of a workbook that a person filled in, and how many were left as they were.
///
/// # Errors
/// TC0472 where it is no such workbook; TC0116 for each row whose grey cells were changed, that is there twice, whose code is no longer in
/// suspense, or where none is filled in; TC0106, TC10….
pub fn suspense_filled(partnership: &Partnership, file: &str, bytes: &[u8]) -> Answer<(Vec<FilledIn>, u64)> {
    let not_ours = |row: Option<u32>, why: &str| not_the_export(file, row, why);
    let mut book = Returned::open(bytes).map_err(|(row, why)| not_ours(row, &why))?;
    book.no_other(&TABLES, &IDENTITY).map_err(|(row, why)| not_ours(row, &why))?;
    let sheets = book.sheets();
    let known = found(partnership)?.list;
    let mut reading = Reading { file, known: &known, seen: BTreeSet::new(), filled: Vec::new(), left: 0, faults: Vec::new() };
    let mut any = false;
    for table in TABLES.into_iter().filter(|table| sheets.iter().any(|sheet| sheet == table)) {
        let Some(reference) = partnership.references.get(table) else { continue };
        any = true;
        let texts = book.texts(table).map_err(|(row, why)| not_ours(row, &why))?;
        reading.sheet((table, reference), &texts)?;
    }
    if !any {
        return Err(not_ours(None, &format!("its sheets are {}", sheets.join(", "))));
    }
    if reading.filled.is_empty() && reading.faults.is_empty() {
        return Err(Diagnostic::new(codes::command::NOT_APPLIED, "no row of the workbook is filled in")
            .place(Place::file(file))
            .expected("the yellow cells of at least one row")
            .outcome("nothing was written")
            .hint("fill in rows, save the workbook, and type this again")
            .into());
    }
    if reading.faults.is_empty() { Ok((reading.filled, reading.left)) } else { Err(Refusal(reading.faults)) }
}

fn not_the_export(file: &str, row: Option<u32>, why: &str) -> Refusal {
    let (seen, hint) = not_taken(row, why, "codes in suspense", "truecost suspense --xlsx FILE.xlsx");
    Diagnostic::new(codes::control::NOT_THE_EXPORT, seen)
        .place(Place { line: row.map(|row| u64::from(row) + 1), ..Place::file(file) })
        .expected("the sheets and headings that `truecost suspense --xlsx` writes, every cell as text")
        .outcome("nothing was written")
        .hint(hint)
        .into()
}

struct Reading<'a> {
    file: &'a str,
    known: &'a [Value],
    seen: BTreeSet<(&'static str, [String; 3])>,
    filled: Vec<FilledIn>,
    left: u64,
    faults: Vec<Diagnostic>,
}

impl Reading<'_> {
    fn sheet(&mut self, (table, reference): (&'static str, &ReferenceTable), texts: &Texts) -> Answer<()> {
        let columns: Vec<&str> = open_columns(reference).collect();
        let headings: Vec<&str> = IDENTITY.iter().chain(&columns).copied().collect();
        let places: Option<Vec<u32>> = headings.iter().map(|name| texts.place(name)).collect();
        let Some(places) = places.filter(|places| places.len() == texts.headings.len()) else {
            let seen: Vec<&str> = texts.headings.values().map(String::as_str).collect();
            return Err(not_the_export(self.file, None, &format!("the headings of sheet `{table}` are {}", seen.join(", "))));
        };
        let mut ids = rule_ids(reference)?;
        for (row, cells) in &texts.rows {
            let text = |at: &u32| cells.get(at).map(|text| text.trim().to_owned()).unwrap_or_default();
            let (grey, open) = places.split_at(IDENTITY.len());
            let open: BTreeMap<&str, String> = columns.iter().copied().zip(open.iter().map(text)).collect();
            if open.iter().all(|(name, text)| text.is_empty() || PREFILLED.contains(name)) {
                self.left += 1;
                continue;
            }
            let grey: Vec<String> =
                grey.iter().enumerate().map(|(n, at)| if n == AMOUNT { plain_pounds(text(at)) } else { text(at) }).collect();
            match self.code(table, &grey) {
                Ok(code) => {
                    let field = |name: &String| {
                        let known = || if KNOWN.contains(&name.as_str()) { cell(code, name, &mut ids) } else { String::new() };
                        open.get(name.as_str()).map_or_else(known, |text| plain(reference, name, text))
                    };
                    let fields = reference.header.iter().map(field).collect();
                    self.filled.push(FilledIn { table, line: u64::from(*row) + 1, fields });
                }
                Err(why) => self.faults.push(self.not_applied(table, u64::from(*row) + 1, &why)),
            }
        }
        Ok(())
    }

    /// The code that a row is about.
    fn code(&mut self, table: &'static str, grey: &[String]) -> Result<&Value, String> {
        let (identity, sealed) = grey.split_at(SEAL);
        if sealed.first() != Some(&seal(table, identity)) {
            return Err("its grey cells are not those that were exported".to_owned());
        }
        let [council, column, code, ..] = identity else { return Err("it has no code".to_owned()) };
        if !self.seen.insert((table, [council.clone(), column.clone(), code.clone()])) {
            return Err(format!("`{code}` of {council} is there twice"));
        }
        let is_it = |row: &&Value| {
            row["table"] == table && said(row, "council") == council && stands_in(row) == column && said(row, "code") == code
        };
        self.known.iter().find(is_it).ok_or_else(|| format!("`{code}` of {council} is no longer in suspense"))
    }

    fn not_applied(&self, table: &str, line: u64, why: &str) -> Diagnostic {
        Diagnostic::new(codes::command::NOT_APPLIED, format!("row {line} of sheet `{table}` cannot be taken: {why}"))
            .place(Place { line: Some(line), ..Place::file(self.file) })
            .expected("codes that are in suspense, each once, with their grey cells as they were exported")
            .outcome("nothing was written, of the other rows either")
            .hint("empty the row's open cells and type this again; or begin with a new workbook: truecost suspense --xlsx FILE.xlsx")
    }
}

/// Pounds as they were sealed, whatever a program made of the number.
fn plain_pounds(text: String) -> String {
    parse_decimal(&text, 2).map_or(text, decimal)
}

/// What a spreadsheet makes of `true` and `2018-04-01` where a person types them, as the reference file has it.
fn plain(reference: &ReferenceTable, column: &str, text: &str) -> String {
    match reference.contract.column(column).map(|column| column.kind) {
        Some(Type::Boolean) => text.to_lowercase(),
        _ => text.to_owned(),
    }
}

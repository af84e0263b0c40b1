//! A workbook as a package: what kind it is, which sheet is read, and what the parts around the cells say. Before any cell is read.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
};

use bytes::Bytes;

use super::{
    super::packed::{Directory, Entry, member},
    faults,
    plain::PlainSheet,
    scan::{self, Facts},
    shown::{Watched, watched},
    tag::{attribute, local_name, tags, unescaped},
};
use crate::{
    diagnostic::{Answer, Refusal},
    domain::{counted, is_like, printable},
    schema::{SheetChoice, WorkbookForm},
};

/// Bytes of a part that is held whole: the list of sheets, relationships.
const SMALL_PART: u64 = 8 << 20;
/// Bytes of the styles of a workbook, unpacked.
const STYLES: u64 = 64 << 20;
/// Bytes of the table of texts, unpacked: it is held in memory.
const TEXTS: u64 = 256 << 20;
/// The fewest bytes that a text takes in its table: `<si/>`.
const TEXT_BYTES: u64 = 5;

/// A workbook whose parts were looked through.
pub(super) struct Package {
    pub(super) bytes: Bytes,
    /// Name of the sheet that is read.
    pub(super) sheet: String,
    pub(super) facts: Facts,
    /// Styles that show a number as something else than it is.
    pub(super) watched: Vec<Watched>,
    /// Sheets that a person sees beside it and that the contract does not set aside, in their order.
    pub(super) others: Vec<String>,
    /// Sentences about what else is in the workbook.
    pub(super) remarks: Vec<String>,
}

/// A sheet as the workbook lists it.
struct Listed {
    name: String,
    hidden: bool,
    path: String,
    /// It has cells: not a chart or dialogue.
    has_cells: bool,
}

impl Package {
    /// # Errors
    /// TC0447 to TC0450 where the archive is refused, TC0451 where it is another kind of workbook, TC0452 where the sheet is not there, TC0455
    /// where a part cannot be read.
    pub(super) fn open(file: &str, form: &WorkbookForm, bytes: Bytes) -> Answer<Self> {
        let directory = Directory::read(file, &bytes)?;
        let macros = kind(file, form, &directory)?;
        let parts = Parts { file, bytes: &bytes, directory: &directory };
        let sheets = parts.looked_through()?;
        let chosen = choose(file, form, &sheets, &|sheet| parts.may_hold(sheet))?;
        let watched = parts.watched()?;
        let facts = parts.look_at_cells(&chosen.path, &watched)?;
        let mut remarks = remarks(chosen, &sheets, &directory, &facts, macros);
        let sheet = chosen.name.clone();
        let others = parts.others(form, chosen, &sheets, &mut remarks);
        Ok(Self { bytes, sheet, facts, watched, others, remarks })
    }
}

impl Package {
    /// All sheets with cells, and what stands around these. Macros are never run, and refuse nothing here.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(super) fn sheets_of(file: &str, bytes: &Bytes) -> Answer<Vec<PlainSheet>> {
        let directory = Directory::read(file, bytes)?;
        kind(file, &WorkbookForm { sheet: SheetChoice::Only, columns: None, ignore_macros: true, other_sheets: Vec::new() }, &directory)?;
        let parts = Parts { file, bytes, directory: &directory };
        let mut sheets = Vec::new();
        for listed in parts.looked_through()?.into_iter().filter(|listed| listed.has_cells) {
            let facts = parts.look(&listed.path, u64::MAX)?.ok_or_else(|| faults::part_missing(file, &listed.path))?;
            let Listed { name, hidden, .. } = listed;
            let (formulas, hidden_rows, merged) = (facts.formulas, facts.hidden_rows, facts.merged.len());
            sheets.push(PlainSheet { name, hidden, formulas, hidden_rows, merged });
        }
        Ok(sheets)
    }
}

/// That it is a workbook of the one kind that is read; gives whether it bears macros, as declared.
fn kind(file: &str, form: &WorkbookForm, directory: &Directory) -> Answer<bool> {
    let has = |test: &dyn Fn(&str) -> bool| directory.entries.iter().any(|entry| test(&entry.name.to_lowercase()));
    if has(&|name| name == "xl/workbook.bin") {
        return Err(faults::other_kind(file, faults::Kind::Binary).into());
    }
    if has(&|name| name == "content.xml") && has(&|name| name == "mimetype" || name == "meta-inf/manifest.xml") {
        return Err(faults::other_kind(file, faults::Kind::OpenDocument).into());
    }
    if !has(&|name| name == "[content_types].xml") || !has(&|name| name == "_rels/.rels") {
        return Err(faults::other_kind(file, faults::Kind::Archive).into());
    }
    let macros = has(&|name| name.ends_with("vbaproject.bin"));
    if macros && !form.ignore_macros {
        return Err(faults::other_kind(file, faults::Kind::Macros).into());
    }
    Ok(macros)
}

struct Parts<'a> {
    file: &'a str,
    bytes: &'a Bytes,
    directory: &'a Directory,
}

impl Parts<'_> {
    /// Looks through what stands around the cells; the sheets, in the order in which a person sees them.
    fn looked_through(&self) -> Answer<Vec<Listed>> {
        let main = self.main_part()?;
        let folder = folder_of(&main);
        let within = |name: &str| within(folder, name);
        self.look(&within("styles.xml"), STYLES)?;
        self.look(&within("theme/theme1.xml"), SMALL_PART)?;
        self.look(&within("_rels/workbook.xml.rels"), SMALL_PART)?;
        self.texts(&within("sharedStrings.xml"))?;
        self.sheets(&main, &within("_rels/workbook.xml.rels"), folder)
    }

    /// The styles that show a number as something else than it is; the part was looked through.
    fn watched(&self) -> Answer<Vec<Watched>> {
        let path = within(folder_of(&self.main_part()?), "styles.xml");
        let Some(entry) = self.entry(&path) else { return Ok(Vec::new()) };
        let mut text = Vec::new();
        member(self.file, self.bytes, entry).read_to_end(&mut text).map_err(|error| self.unread(&path, error))?;
        Ok(watched(&text))
    }

    /// Looks through the sheet that is read.
    fn look_at_cells(&self, path: &str, watched: &[Watched]) -> Answer<Facts> {
        let entry = self.entry(path).ok_or_else(|| faults::part_missing(self.file, path))?;
        let styles: Vec<u32> = watched.iter().map(|watched| watched.style).collect();
        let looked = scan::scan_watching(member(self.file, self.bytes, entry), true, &styles).map_err(|error| self.unread(path, error))?;
        Ok(looked.map_err(|what| faults::unreadable(self.file, &format!("its part `{path}` holds {what}")))?)
    }

    /// Sheets that a person sees beside the one that is read and that the contract does not set aside. What is wrong with them refuses
    /// nothing, for they are not read: it is remarked.
    fn others(&self, form: &WorkbookForm, chosen: &Listed, sheets: &[Listed], remarks: &mut Vec<String>) -> Vec<String> {
        let is_aside = |sheet: &Listed| form.other_sheets.iter().any(|name| is_called(&sheet.name, name));
        // Any number of names may stand for one part: it is looked at once.
        let mut seen = BTreeSet::from([chosen.path.to_lowercase()]);
        let mut others = Vec::new();
        for sheet in sheets.iter().filter(|sheet| sheet.has_cells && !sheet.hidden && sheet.name != chosen.name && !is_aside(sheet)) {
            if !seen.insert(sheet.path.to_lowercase()) {
                continue;
            }
            match self.look(&sheet.path, u64::MAX) {
                Ok(Some(_)) => others.push(sheet.name.clone()),
                Ok(None) | Err(_) => remarks.push(not_looked_at(&sheet.name)),
            }
        }
        others
    }

    /// Whether a cell of the sheet holds a value. What cannot be told may hold one.
    fn may_hold(&self, sheet: &Listed) -> bool {
        self.look(&sheet.path, u64::MAX).ok().flatten().is_none_or(|facts| facts.holds)
    }

    /// The entry of this path: the reader of cells takes another case of its letters for the same.
    fn entry(&self, path: &str) -> Option<&Entry> {
        self.directory.entry(path).or_else(|| self.directory.entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(path)))
    }

    fn unread(&self, path: &str, error: std::io::Error) -> Refusal {
        Refusal::of_read(error, |error| faults::unreadable(self.file, &format!("its part `{path}` cannot be read: {error}")))
    }

    /// Looks through a part as bytes; `None` where there is none.
    fn look(&self, path: &str, most: u64) -> Answer<Option<Facts>> {
        let Some(entry) = self.entry(path) else { return Ok(None) };
        if entry.unpacked > most {
            return Err(faults::part_too_large(self.file, path, entry.unpacked, most).into());
        }
        let looked = scan::scan(member(self.file, self.bytes, entry), most == u64::MAX).map_err(|error| self.unread(path, error))?;
        Ok(Some(looked.map_err(|what| faults::unreadable(self.file, &format!("its part `{path}` holds {what}")))?))
    }

    /// The text of a small part; it was looked through.
    fn text(&self, path: &str) -> Answer<Vec<u8>> {
        self.look(path, SMALL_PART)?;
        let entry = self.entry(path).ok_or_else(|| faults::part_missing(self.file, path))?;
        let mut text = Vec::new();
        member(self.file, self.bytes, entry).read_to_end(&mut text).map_err(|error| self.unread(path, error))?;
        Ok(text)
    }

    /// Where the list of sheets stands.
    fn main_part(&self) -> Answer<String> {
        let text = self.text("_rels/.rels")?;
        let is_main = |tag: &&[u8]| {
            local_name(tag) == b"Relationship"
                && attribute(tag, b"Type").is_some_and(|kind| kind.ends_with(b"/relationships/officeDocument"))
        };
        // The reader of cells takes the last of them: there is to be one.
        let mut found = tags(&text).filter(is_main).filter_map(|tag| attribute(tag, b"Target"));
        match (found.next(), found.next()) {
            (Some(target), None) => Ok(unescaped(target).trim_start_matches('/').to_owned()),
            _ => Err(faults::unreadable(self.file, "it does not say where its list of sheets is").into()),
        }
    }

    fn texts(&self, path: &str) -> Answer<()> {
        let Some(facts) = self.look(path, TEXTS)? else { return Ok(()) };
        let bytes = self.entry(path).map_or(0, |entry| entry.unpacked);
        match facts.texts {
            Some(said) if said > bytes / TEXT_BYTES => {
                Err(faults::unreadable(self.file, &format!("its table of texts says it holds {said} texts, in {bytes} bytes")).into())
            }
            _ => Ok(()),
        }
    }

    /// The sheets, in the order in which a person sees them.
    fn sheets(&self, main: &str, relationships: &str, folder: &str) -> Answer<Vec<Listed>> {
        let (list, relationships) = (self.text(main)?, self.text(relationships)?);
        let mut targets: BTreeMap<&[u8], &[u8]> = BTreeMap::new();
        for tag in tags(&relationships).filter(|tag| local_name(tag) == b"Relationship") {
            if let Some(id) = attribute(tag, b"Id") {
                targets.entry(id).or_insert(tag);
            }
        }
        let target = |id: &[u8]| {
            let tag = targets.get(id)?;
            Some((unescaped(attribute(tag, b"Target")?), attribute(tag, b"Type")?.ends_with(b"/worksheet")))
        };
        let mut sheets = Vec::new();
        for tag in tags(&list).filter(|tag| local_name(tag) == b"sheet") {
            let named = attribute(tag, b"name").map(unescaped);
            let found = attribute(tag, b"id").and_then(target);
            let (Some(name), Some((target, has_cells))) = (named, found) else {
                return Err(faults::unreadable(self.file, "its list names a sheet that is nowhere").into());
            };
            let path = match target.strip_prefix('/') {
                Some(whole) => whole.to_owned(),
                None if folder.is_empty() => target,
                None => format!("{folder}/{target}"),
            };
            let hidden = attribute(tag, b"state").is_some_and(|state| state != b"visible");
            sheets.push(Listed { name, hidden, path, has_cells });
        }
        Ok(sheets)
    }
}

/// The folder of a part; empty where it stands in none.
fn folder_of(part: &str) -> &str {
    part.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn within(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The sheet that the contract means. New workbooks of old programs have three, of which two stay empty.
fn choose<'s>(file: &str, form: &WorkbookForm, sheets: &'s [Listed], may_hold: &dyn Fn(&Listed) -> bool) -> Answer<&'s Listed> {
    let names: Vec<(&str, bool)> = sheets.iter().map(|sheet| (sheet.name.as_str(), sheet.hidden)).collect();
    let chosen = match &form.sheet {
        SheetChoice::Named(name) => match sheets.iter().filter(|sheet| is_called(&sheet.name, name)).collect::<Vec<_>>().as_slice() {
            [one] => Some(*one),
            _ => None,
        },
        SheetChoice::Number(number) => number.checked_sub(1).and_then(|at| sheets.get(at as usize)),
        SheetChoice::Only => match sheets.iter().filter(|sheet| !sheet.hidden && sheet.has_cells).collect::<Vec<_>>().as_slice() {
            [only] => Some(*only),
            several => match several.iter().filter(|sheet| may_hold(sheet)).collect::<Vec<_>>().as_slice() {
                [only] => Some(**only),
                _ => None,
            },
        },
    };
    match chosen {
        Some(sheet) if sheet.has_cells => Ok(sheet),
        Some(sheet) => Err(faults::no_cells(file, &sheet.name).into()),
        None => Err(faults::no_sheet(file, &form.sheet, &names, !sheets.iter().any(may_hold)).into()),
    }
}

/// No two sheets differ in letter case only. `*` stands for any text: no sheet has it in its name.
pub(super) fn is_called(sheet: &str, name: &str) -> bool {
    is_like(&name.trim().to_lowercase(), &sheet.trim().to_lowercase())
}

/// The remark on a sheet beside the one that is read, in which something is wrong.
pub(super) fn not_looked_at(sheet: &str) -> String {
    format!("the sheet `{}`, which is not read, cannot be looked at", printable(sheet))
}

fn remarks(chosen: &Listed, sheets: &[Listed], directory: &Directory, facts: &Facts, macros: bool) -> Vec<String> {
    let mut remarks = Vec::new();
    if sheets.len() > 1 || chosen.hidden {
        let hidden = if chosen.hidden { ", which is hidden," } else { "" };
        remarks.push(format!("the sheet `{}`{hidden} is read, of {}", printable(&chosen.name), sheets.len()));
    }
    let others: Vec<String> = sheets
        .iter()
        .filter(|sheet| sheet.hidden && sheet.name != chosen.name)
        .map(|sheet| format!("`{}`", printable(&sheet.name)))
        .collect();
    if !others.is_empty() {
        remarks.push(format!("hidden sheets that are not read: {}", others.join(", ")));
    }
    if facts.hidden_rows > 0 {
        remarks.push(format!("on the sheet {} hidden by a filter or by hand, and read like the others", are(facts.hidden_rows, "row")));
    }
    if facts.formulas > 0 {
        remarks.push(format!("on the sheet {} calculated by formulas: the values of the last time are read", are(facts.formulas, "cell")));
    }
    let has = |part: &str| directory.entries.iter().any(|entry| entry.name.to_lowercase().contains(part));
    if has("/externallinks/") || has("/connections.xml") {
        remarks.push("the workbook refers to other files or databases: none of them is opened".to_owned());
    }
    if macros {
        remarks.push("the workbook holds macros, which are not run, as declared".to_owned());
    }
    remarks
}

/// `1 row is`, `2 rows are`.
fn are(count: u64, what: &str) -> String {
    format!("{} {}", counted(count, what), if count == 1 { "is" } else { "are" })
}

//! `--layout`: where the fields of a line stand, from a table that somebody has written, or from a layout that is known.

use std::{fs, path::Path};

use crate::{
    decode::{PlainFault, PlainRecord, PlainRecords, Spelling},
    diagnostic::{Answer, Diagnostic, Place as Where, Refusal, codes::command},
    profile::{Place, Places},
    schema::{Contract, Format, Kind, KnownLayout, RecordAt, known_layout, known_layouts, read_contract, yaml::SourceText},
};

/// What a layout says.
#[derive(Clone, Debug)]
pub struct Given {
    pub places: Places,
    /// The layout that is known; `None` for a table.
    pub known: Option<KnownLayout>,
}

/// A layout by its name, or the table in a file.
///
/// # Errors
/// TC0142 where it is neither, or a line of the table says no place.
pub fn given(layout: &str) -> Answer<Given> {
    if let Some(known) = known_layout(layout) {
        let places = of_contract(&contract_of(known)?);
        if places.fields.is_empty() {
            let what = format!("the columns of the layout `{layout}` are known by their names, and have no places");
            return Err(wrong(layout, 1, &what));
        }
        return Ok(Given { places, known: Some(known) });
    }
    let names: Vec<&str> = known_layouts().iter().map(|layout| layout.name).collect();
    let text = fs::read_to_string(Path::new(layout)).map_err(|error| {
        Diagnostic::new(command::LAYOUT_TABLE, format!("the layout `{}` cannot be read: {error}", layout.escape_debug()))
            .expected(format!("a table of places in a file, or one of {}", names.join(", ")))
            .outcome("nothing was written")
            .hint("--layout offsets.csv, with a line `name,from,to` and a line for each field below it: docs/feeds.md, \"Fixed width\"")
    })?;
    Ok(Given { places: table(layout, &text)?, known: None })
}

/// The contract of a known layout.
///
/// # Errors
/// Never for those that are shipped: a test reads each.
pub fn contract_of(known: KnownLayout) -> Answer<Contract> {
    read_contract(&SourceText::new(known.name, known.text), Kind::Source, known.name)
}

fn of_contract(contract: &Contract) -> Places {
    let place = |column: &crate::schema::Column| {
        let at = column.rules.at?;
        Some(Place { name: column.physical_name.clone(), from: at.start as usize + 1, to: at.end() as usize, record: None })
    };
    let mut places = Places { fields: contract.columns.iter().filter_map(place).collect(), ..Places::default() };
    if let Some(layout) = contract.layout.as_ref().filter(|layout| matches!(layout.format, Format::Fixed(_))) {
        if let RecordAt::Stretch(at) = layout.rows.record_at {
            places.tag = Some((at.start as usize + 1, at.end() as usize));
        }
        places.rows = layout.rows.records.iter().find(|kind| kind.data).map(|kind| kind.tag.clone());
    }
    places
}

/// Which column of the table says what.
#[derive(Default)]
struct Head {
    name: Option<usize>,
    from: Option<usize>,
    to: Option<usize>,
    width: Option<usize>,
    record: Option<usize>,
}

impl Head {
    fn of(cells: &[String]) -> Self {
        let mut head = Self::default();
        for (at, cell) in cells.iter().enumerate() {
            let place = match super::guess::words(cell).as_str() {
                "name" | "field" | "column" | "field name" | "column name" => &mut head.name,
                "from" | "start" | "begin" | "position" | "pos" | "offset" | "start position" => &mut head.from,
                "to" | "end" | "end position" => &mut head.to,
                "width" | "length" | "len" | "size" => &mut head.width,
                "record" | "record type" | "type of record" => &mut head.record,
                _ => continue,
            };
            *place = place.or(Some(at));
        }
        head
    }

    const fn is_whole(&self) -> bool {
        self.name.is_some() && (self.width.is_some() || (self.from.is_some() && self.to.is_some()))
    }
}

/// `name,from,to` or `name,start,width`, and `record` where there are several types of records.
fn table(file: &str, text: &str) -> Answer<Places> {
    let mut lines = cells(file, text.trim_start_matches('\u{feff}'))?.into_iter();
    let head = lines.next().map(|(_, cells)| Head::of(&cells)).unwrap_or_default();
    if !head.is_whole() {
        return Err(wrong(file, 1, "the first line does not name the columns of a table of places"));
    }
    let mut places = Places::default();
    let mut next: Vec<(Option<String>, usize)> = Vec::new();
    for (line, cells) in lines.filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty())) {
        let of = |at: Option<usize>| at.and_then(|at| cells.get(at)).map(String::as_str).filter(|cell| !cell.is_empty());
        let number = |at: Option<usize>| of(at).map(|cell| cell.parse::<usize>().ok().filter(|n| *n > 0));
        let (from, to, width) = (number(head.from), number(head.to), number(head.width));
        if [from, to, width].contains(&Some(None)) {
            return Err(wrong(file, line, "a place is no whole number from 1"));
        }
        let record = of(head.record).map(str::to_owned);
        let before = next.iter().find(|(known, _)| *known == record).map_or(1, |(_, next)| *next);
        let from = from.flatten().unwrap_or(before);
        let Some(to) = to.flatten().or_else(|| width.flatten().and_then(|width| from.checked_add(width - 1))).filter(|to| *to >= from)
        else {
            return Err(wrong(file, line, "the field does not say where it ends, or ends before it begins"));
        };
        let Some(name) = of(head.name) else { return Err(wrong(file, line, "the field has no name")) };
        next.retain(|(known, _)| *known != record);
        next.push((record.clone(), to.saturating_add(1)));
        places.fields.push(Place { name: name.to_owned(), from, to, record });
    }
    if places.fields.is_empty() {
        return Err(wrong(file, 1, "the table has no field"));
    }
    types(&mut places);
    Ok(places)
}

/// The cells of each line, without blanks around them, with its number: between them stands what the first line has most of.
fn cells(file: &str, text: &str) -> Answer<Vec<(u64, Vec<String>)>> {
    let first = text.lines().next().unwrap_or_default();
    let delimiter = [b',', b';', b'\t', b'|'].into_iter().max_by_key(|c| first.matches(char::from(*c)).count()).unwrap_or(b',');
    let mut all = Vec::new();
    let mut give = |record: &PlainRecord<'_>| {
        all.push((record.line, record.fields.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect()));
    };
    let spelling = Spelling { delimiter, quote: Some(b'"'), backslash: false, strays: false };
    match PlainRecords::new(text.as_bytes(), spelling, 1).each(&mut give) {
        Ok(_) => Ok(all),
        Err(PlainFault::Quote { line } | PlainFault::Endless { line }) => {
            Err(wrong(file, line, "a quote follows no rule, or is never closed"))
        }
        Err(PlainFault::Unreadable(error)) => Err(wrong(file, 1, &format!("the table cannot be read: {error}"))),
    }
}

/// Where a line says of which type it is: the field that is called so, else the place at which the types' names would stand.
fn types(places: &mut Places) {
    let called =
        |field: &&Place| matches!(super::guess::squeezed(&field.name).as_str(), "recordtype" | "rectype" | "recordtag" | "recordid");
    let longest = places.fields.iter().filter_map(|field| field.record.as_ref()).map(|tag| tag.chars().count()).max();
    places.tag = places.fields.iter().find(called).map(|field| (field.from, field.to)).or_else(|| longest.map(|longest| (1, longest)));
    // What every record has is said once, and is a field of all.
    let tag = places.tag;
    places.fields.iter_mut().filter(|field| Some((field.from, field.to)) == tag && called(&&**field)).for_each(|field| field.record = None);
    let mut seen = false;
    places.fields.retain(|field| {
        let is_tag = field.record.is_none() && Some((field.from, field.to)) == tag;
        let again = is_tag && seen;
        seen |= is_tag;
        !again
    });
}

fn wrong(file: &str, line: u64, what: &str) -> Refusal {
    Diagnostic::new(command::LAYOUT_TABLE, what.to_owned())
        .place(Where { line: Some(line), ..Where::file(file) })
        .expected("a line `name,from,to` or `name,start,width`, counted from 1, with `record` where there are several types of records; below it a line for each field")
        .outcome("nothing was written")
        .hint("docs/feeds.md, \"Fixed width\", shows one")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, usize, usize, Option<String>)> {
        let places = table("t.csv", text).unwrap();
        places.fields.into_iter().map(|field| (field.name, field.from, field.to, field.record)).collect()
    }

    #[test]
    fn places_are_read_from_tables_of_several_kinds() {
        let wanted = vec![("code".to_owned(), 1, 4, None), ("amount".to_owned(), 5, 12, None)];
        assert_eq!(read("name,from,to\ncode,1,4\namount,5,12\n"), wanted);
        assert_eq!(read("Start;Length;Field Name\n1;4;code\n5;8;amount\n"), wanted);
        assert_eq!(read("field,width\ncode,4\namount,8\n"), wanted);
        assert_eq!(read("name,from,to,note\n\"code\",1,4,\"a, b\"\n\namount, 5,\"12\",\"two\nlines\"\n"), wanted);
        for text in ["", "a,b\n1,2\n", "name,from,to\ncode,4,1\n", "name,from,to\ncode,x,1\n", "name,from,to\n", "name,from,to\n,1,2\n"] {
            assert!(table("t.csv", text).is_err(), "{text}");
        }
    }

    #[test]
    fn types_of_records_are_told_by_their_place() {
        let text = "record,name,from,to\nD,record_type,1,1\nD,code,2,5\nT,record_type,1,1\nT,count,2,8\n";
        let places = table("t.csv", text).unwrap();
        assert_eq!((places.tag, places.fields.len()), (Some((1, 1)), 3));
        assert_eq!(places.of_rows(Some("D")).map(|field| field.name.as_str()).collect::<Vec<_>>(), ["record_type", "code"]);
        assert_eq!(places.of_type("T").map(|field| field.name.as_str()).collect::<Vec<_>>(), ["count"]);
        let bare = table("t.csv", "record,name,from,to\nDET,code,4,5\nTRL,count,4,8\n").unwrap();
        assert_eq!(bare.tag, Some((1, 3)));
    }

    #[test]
    fn every_known_layout_gives_its_places() {
        for known in known_layouts() {
            let found = given(known.name);
            assert_eq!(found.is_ok(), known.text.contains("format: fixed"), "{}", known.name);
        }
    }
}

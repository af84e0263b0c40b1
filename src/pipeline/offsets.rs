//! A table of offsets, as senders document a file of fixed width → the contract of such a file.

use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes::contract},
    domain::Identifier,
    schema::{Kind, Stretch, fold_header, read_contract, yaml::SourceText},
};

use super::csv::{Row, at, read_csv};

/// What a file is called by whose table it is, and how long its lines are.
#[derive(Clone, Copy, Debug)]
pub struct Offsets<'t> {
    /// Name of the table, for messages.
    pub file: &'t str,
    /// The table: CSV with headings.
    pub text: &'t str,
    pub council: &'t Identifier,
    pub feed: &'t Identifier,
    /// Characters of a line; `None`: the last field ends it.
    pub length: Option<u32>,
}

/// One row of the table.
struct Place {
    line: u64,
    at: Stretch,
    /// `None`: nobody reads it.
    field: Option<Field>,
}

struct Field {
    name: Identifier,
    printed: String,
    kind: &'static str,
    /// Words of truecost beside its place.
    words: String,
    description: String,
}

/// Which column of the table says what.
struct Headings {
    name: usize,
    start: usize,
    width: Option<usize>,
    end: Option<usize>,
    kind: Option<usize>,
    decimals: Option<usize>,
    sign: Option<usize>,
    format: Option<usize>,
    description: Option<usize>,
}

/// Types that a table may name, and the type of the profile.
const TYPES: [(&str, &str); 11] = [
    ("", "VARCHAR"),
    ("text", "VARCHAR"),
    ("varchar", "VARCHAR"),
    ("char", "VARCHAR"),
    ("money", "DECIMAL(18,2)"),
    ("amount", "DECIMAL(18,2)"),
    ("quantity", "DECIMAL(18,6)"),
    ("date", "DATE"),
    ("integer", "BIGINT"),
    ("whole", "BIGINT"),
    ("filler", ""),
];

/// The contract of a file of fixed width, as YAML, from a table of offsets: `name`, `start` and `width` (or `from` and `to`), and where they
/// are known `type` (`text`, `money`, `quantity`, `date`, `integer`, `filler`), `decimals` (implied), `sign` (`leading`, `trailing`,
/// `overpunch`, `overpunch(p-y)`), `format` (of dates) and `description`. Positions count characters from 1. What the table leaves out, and
/// what has no name or is called filler, stands under `fill`.
///
/// # Errors
/// TC0901 where the text is no table; TC0703 where a heading is missing, or a row does not say where its field stands; what
/// [`read_contract`] refuses.
pub fn contract_from_offsets(offsets: &Offsets<'_>) -> Answer<String> {
    let table = read_csv(offsets.file, offsets.text).map_err(Refusal)?;
    let headings = Headings::of(offsets.file, &table.header)?;
    let (mut places, mut faults) = (Vec::new(), Vec::new());
    for row in &table.rows {
        match headings.place(offsets.file, row) {
            Ok(place) => places.push(place),
            Err(fault) => faults.push(*fault),
        }
    }
    places.sort_by_key(|place| place.at.start);
    faults.extend(overlaps(offsets.file, &places));
    if !faults.is_empty() {
        return Err(Refusal(faults));
    }
    let text = written(offsets, &places);
    let name = format!("{}/{}", offsets.council, offsets.feed);
    read_contract(&SourceText::new(offsets.file, text.clone()), Kind::Source, &name)?;
    Ok(text)
}

fn refused(file: &str, line: u64, seen: impl Into<String>, expected: impl Into<String>) -> Diagnostic {
    Diagnostic::new(contract::LAYOUT, seen).place(at(file, line)).expected(expected).outcome("nothing was written")
}

impl Headings {
    fn of<S: AsRef<str>>(file: &str, header: &[S]) -> Answer<Self> {
        let names: Vec<String> = header.iter().map(|name| fold_header(name.as_ref())).collect();
        let find = |words: &[&str]| names.iter().position(|name| words.contains(&name.as_str()));
        let name = find(&["name", "field", "column", "field name"]);
        let start = find(&["start", "from", "position", "offset", "begin"]);
        let (width, end) = (find(&["width", "length", "size"]), find(&["to", "end"]));
        let (Some(name), Some(start), true) = (name, start, width.is_some() || end.is_some()) else {
            let expected = "the headings `name`, `start` and `width`, or `name`, `from` and `to`";
            return Err(refused(file, 1, format!("the table has the headings {}", names.join(", ")), expected).into());
        };
        Ok(Self {
            name,
            start,
            width,
            end,
            kind: find(&["type", "format type"]),
            decimals: find(&["decimals", "implied decimals", "scale"]),
            sign: find(&["sign"]),
            format: find(&["format"]),
            description: find(&["description", "notes", "comment"]),
        })
    }

    fn place(&self, file: &str, row: &Row<'_>) -> Result<Place, Box<Diagnostic>> {
        let text = |at: Option<usize>| at.map_or("", |at| row.field(at).trim());
        let fault = |seen: String, expected: &str| Box::new(refused(file, row.line, seen, expected));
        let number = |at: usize| {
            let said = row.field(at).trim();
            said.parse::<u32>().ok().filter(|n| *n > 0).ok_or_else(|| fault(format!("`{said}` is no position"), "a whole number from 1"))
        };
        let start = number(self.start)? - 1;
        let width = match (self.width, self.end) {
            (Some(width), _) => number(width)?,
            (None, Some(end)) => match number(end)?.checked_sub(start) {
                Some(width) if width > 0 => width,
                _ => return Err(fault("the field ends before it begins".to_owned(), "an end that is not before the start")),
            },
            (None, None) => 1,
        };
        let at = Stretch { start, width };
        let printed = row.field(self.name).trim().to_owned();
        let said = fold_header(text(self.kind));
        let kind = TYPES.iter().find(|(word, _)| *word == said).map(|(_, kind)| *kind);
        let kind =
            kind.ok_or_else(|| fault(format!("`{said}` is no type"), "`text`, `money`, `quantity`, `date`, `integer` or `filler`"))?;
        if kind.is_empty() || printed.is_empty() || fold_header(&printed).starts_with("filler") {
            return Ok(Place { line: row.line, at, field: None });
        }
        let name = identifier(&printed).ok_or_else(|| fault(format!("`{printed}` makes no name of a column"), "a name with letters"))?;
        let words = match kind {
            "DECIMAL(18,2)" => format!("money: [{}]", styles(text(self.sign), text(self.decimals))),
            "DECIMAL(18,6)" => format!("number: [{}]", styles(text(self.sign), text(self.decimals))),
            "DATE" => format!("formats: [{}]", if text(self.format).is_empty() { "yyyymmdd" } else { text(self.format) }),
            _ => String::new(),
        };
        Ok(Place { line: row.line, at, field: Some(Field { name, printed, kind, words, description: text(self.description).to_owned() }) })
    }
}

/// The name of a column of a printed one: small letters, digits and underscores.
fn identifier(printed: &str) -> Option<Identifier> {
    let plain: String = printed.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    Identifier::new(&plain.split_whitespace().collect::<Vec<_>>().join("_")).ok()
}

fn styles(sign: &str, decimals: &str) -> String {
    let sign = match sign {
        "trailing" | "minus_after" => "minus_after",
        "overpunch" => "overpunch",
        "overpunch(p-y)" => "\"overpunch(p-y)\"",
        _ => "plain",
    };
    match decimals {
        "" | "0" => sign.to_owned(),
        decimals => format!("{sign}, \"implied({decimals})\""),
    }
}

/// Places of the table that lie over each other.
fn overlaps(file: &str, places: &[Place]) -> Vec<Diagnostic> {
    let pairs = places.iter().zip(places.iter().skip(1)).filter(|(one, next)| next.at.start < one.at.end());
    pairs
        .map(|(one, next)| {
            let seen = format!("positions {} of line {} lie over {} of line {}", next.at, next.line, one.at, one.line);
            refused(file, next.line, seen, "each position in one field")
        })
        .collect()
}

/// The contract, with what nobody reads under `fill`.
fn written(offsets: &Offsets<'_>, places: &[Place]) -> String {
    let end = places.iter().map(|place| place.at.end()).max().unwrap_or(0);
    let length = offsets.length.unwrap_or(end);
    let mut fill = Vec::new();
    let mut next = 0;
    for place in places {
        if place.at.start > next {
            fill.push(Stretch { start: next, width: place.at.start - next });
        }
        if place.field.is_none() {
            fill.push(place.at);
        }
        next = place.at.end();
    }
    if length > next {
        fill.push(Stretch { start: next, width: length - next });
    }
    let range = |at: Stretch| format!("from: {}, to: {}", at.start + 1, at.end());
    let fill: String = fill.iter().map(|at| format!("      - {{{}}}\n", range(*at))).collect();
    let fill = if fill.is_empty() { fill } else { format!("      fill:\n{fill}") };
    let column = |place: &Place| {
        let field = place.field.as_ref()?;
        let words = if field.words.is_empty() { String::new() } else { format!(", {}", field.words) };
        let description =
            if field.description.is_empty() { String::new() } else { format!("    description: {}\n", quoted(&field.description)) };
        Some(format!(
            "  - name: {}\n    physicalName: {}\n    physicalType: {}\n{description}    customProperties: [{{property: truecost, vendor: \
             truecost, value: {{{}{words}}}}}]\n",
            field.name,
            quoted(&field.printed),
            field.kind,
            range(place.at)
        ))
    };
    let columns: String = places.iter().filter_map(column).collect();
    let (council, feed) = (offsets.council, offsets.feed);
    format!(
        "apiVersion: v3.2.0\nkind: DataContract\nid: {council}.{feed}\nversion: 1.0.0\nstatus: active\nschema:\n- name: extract\n  \
         customProperties:\n  - property: truecost\n    vendor: truecost\n    value:\n      format: fixed\n      encodings: [utf-8, \
         windows-1252]\n      unit: characters\n      length: {length}\n{fill}  properties:\n{columns}"
    )
}

/// A text as YAML quotes it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract(text: &str, length: Option<u32>) -> Answer<String> {
        let (council, feed) = (Identifier::new("ashvale").unwrap(), Identifier::new("pay").unwrap());
        contract_from_offsets(&Offsets { file: "offsets.csv", text, council: &council, feed: &feed, length })
    }

    #[test]
    fn a_table_becomes_a_contract() {
        let table = "Field,Start,Width,Type,Decimals,Sign,Format,Description\nRecord type,1,1,,,,,\nPay date,2,8,date,,,yyyymmdd,\n\
                     Name,12,20,text,,,,\"The \"\"payee\"\"\"\nFiller 1,32,4,,,,,\nAmount,36,10,money,2,overpunch,,Pence\n";
        let text = contract(table, Some(50)).unwrap();
        for part in [
            "length: 50\n      fill:\n      - {from: 10, to: 11}\n      - {from: 32, to: 35}\n      - {from: 46, to: 50}\n",
            "- name: pay_date\n    physicalName: \"Pay date\"\n    physicalType: DATE\n",
            "value: {from: 36, to: 45, money: [overpunch, \"implied(2)\"]}",
            "description: \"The \\\"payee\\\"\"",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn from_and_to_say_the_same_as_start_and_width() {
        let one = contract("name,from,to\na,1,3\nb,4,9\n", None).unwrap();
        assert_eq!(one, contract("name,start,width\na,1,3\nb,4,6\n", None).unwrap());
        assert!(!one.contains("fill"), "{one}");
    }

    #[test]
    fn what_is_no_table_of_offsets_is_refused_by_line() {
        for (table, line, seen) in [
            ("name,width\na,3\n", 1, "the table has the headings name, width"),
            ("name,start,width\na,0,3\n", 2, "`0` is no position"),
            ("name,start,width\na,1,3\nb,3,3\n", 3, "positions 3-5 of line 3 lie over 1-3 of line 2"),
            ("name,from,to\na,5,3\n", 2, "the field ends before it begins"),
            ("name,start,width,type\na,1,3,colour\n", 2, "`colour` is no type"),
            ("name,start,width\n£,1,3\n", 2, "`£` makes no name of a column"),
        ] {
            let fault = contract(table, None).unwrap_err().0.remove(0);
            assert_eq!((fault.place.and_then(|place| place.line), fault.seen.as_str()), (Some(line), seen));
        }
        assert_eq!(contract("name,start,width\na,1,3\na,4,3\n", None).unwrap_err().0[0].code.id, "TC0704");
    }
}

//! The three layouts of general-ledger extracts, each with the quirks of the system that it imitates.

use super::{
    Totals,
    journal::{Line, Origin},
    text::{
        MONTHS, narrative, number_after, put, put_day, put_iso_day, put_name_day, put_number, put_party, put_pounds,
        put_pounds_with_commas, put_windows_1252,
    },
};

/// How one council's ledger system writes its extract.
pub(super) trait Layout: Sync {
    fn council(&self) -> &'static str;
    fn file_name(&self) -> &'static str;
    /// The file of control totals beside it.
    fn sidecar_name(&self) -> Option<&'static str>;
    /// What stands before the lines.
    fn open(&self, out: &mut Vec<u8>);
    fn line(&self, out: &mut Vec<u8>, line: &Line<'_>);
    /// What stands after them.
    fn close(&self, out: &mut Vec<u8>, totals: &Totals);
}

/// In order of the councils' identifiers.
pub(super) const ALL: [&dyn Layout; 3] = [&Bexley, &Havering, &Newham];

/// A printed report: preamble, CRLF, thousands commas, credits in brackets, cost centre and account in one code.
struct Bexley;

impl Layout for Bexley {
    fn council(&self) -> &'static str {
        "bexley"
    }

    fn file_name(&self) -> &'static str {
        "ledger 2018-19.csv"
    }

    fn sidecar_name(&self) -> Option<&'static str> {
        Some("ledger 2018-19.ctl.json")
    }

    fn open(&self, out: &mut Vec<u8>) {
        put(out, "London Borough of Bexley\r\nLedger transactions report\r\nRun: 02/04/2019 06:12,,,\r\n");
        put(out, "Trans No,Seq,Fin Year,Period,Date,Account Code,Net Amount,Text,Name,Ref\r\n");
    }

    fn line(&self, out: &mut Vec<u8>, line: &Line<'_>) {
        match document(line) {
            Some(document) => put(out, document),
            None => put_number(out, line.journal + 500, 1),
        }
        out.push(b',');
        put_number(out, line.sequence, 1);
        put(out, ",2018/19,");
        put_number(out, line.period.period.into(), 1);
        out.push(b',');
        put_day(out, line.day);
        out.push(b',');
        put(out, line.cost_centre);
        out.push(b'/');
        put(out, line.account);
        out.push(b',');
        put_bracketed(out, line.pence);
        put(out, ",\"");
        if let Some(given) = line.given {
            put(out, &given.words);
        } else {
            put(out, narrative(line).trim_end());
            put(out, ", item ");
            put_number(out, line.number, 1);
        }
        put(out, "\",");
        put_party(out, line, "", "");
        out.push(b',');
        put_reference(out, line, "R");
        put(out, "\r\n");
    }

    fn close(&self, _: &mut Vec<u8>, _: &Totals) {}
}

/// The number of a journal that has one of its own.
fn document<'a>(line: &Line<'a>) -> Option<&'a str> {
    line.given?.document.as_deref()
}

/// What the journal says, or the number of the journal behind a word.
fn put_reference(out: &mut Vec<u8>, line: &Line<'_>, word: &str) {
    if let Some(given) = line.given {
        return put(out, &given.reference);
    }
    put(out, word);
    put_number(out, line.journal, 1);
}

/// `"1,234.56"` and `"(1,234.56)"`, quoted where there is a comma.
fn put_bracketed(out: &mut Vec<u8>, pence: i64) {
    let quoted = pence.unsigned_abs() >= 100_000;
    if quoted {
        out.push(b'"');
    }
    if pence < 0 {
        out.push(b'(');
    }
    put_pounds_with_commas(out, pence.unsigned_abs());
    if pence < 0 {
        out.push(b')');
    }
    if quoted {
        out.push(b'"');
    }
}

/// An Oracle-like unload: pipes, Windows-1252, no quoting, debit and credit columns, a joined code, header and trailer records.
struct Havering;

impl Layout for Havering {
    fn council(&self) -> &'static str {
        "havering"
    }

    fn file_name(&self) -> &'static str {
        "HAV_GL_201819.txt"
    }

    fn sidecar_name(&self) -> Option<&'static str> {
        None
    }

    fn open(&self, out: &mut Vec<u8>) {
        put(out, "HDR|HAVERING|GENERAL LEDGER|2018-19|01-APR-2019 02:00:01\n");
        put(out, "JE_HEADER_ID|JE_LINE_NUM|PERIOD_NAME|EFFECTIVE_DATE|CODE_COMBINATION|ACCOUNTED_DR|ACCOUNTED_CR");
        put(out, "|DESCRIPTION|JE_SOURCE|JE_CATEGORY|VENDOR_NAME|INVOICE_NUM\n");
    }

    fn line(&self, out: &mut Vec<u8>, line: &Line<'_>) {
        put_number(out, line.journal + 7_000_000, 1);
        out.push(b'|');
        put_number(out, line.sequence, 1);
        out.push(b'|');
        put_oracle_dates(out, line);
        put(out, "|01.");
        put(out, line.cost_centre);
        out.push(b'.');
        put(out, line.account);
        put(out, ".0000.");
        put_number(out, line.party % 900 + 100, 3);
        put_debit_or_credit(out, line.pence);
        if let Some(given) = line.given {
            put(out, &given.words);
        } else {
            put_windows_1252(out, narrative(line));
            put_number(out, number_after(narrative(line), line), 1);
        }
        put(out, origin_and_category(line.origin));
        put_party(out, line, "", " LIMITED");
        out.push(b'|');
        put_reference(out, line, "INV");
        out.push(b'\n');
    }

    fn close(&self, out: &mut Vec<u8>, totals: &Totals) {
        put(out, "TRL|");
        put_number(out, totals.lines, 1);
        for total in [totals.debits, totals.credits] {
            out.push(b'|');
            put_pounds(out, u64::try_from(total).unwrap_or(u64::MAX));
        }
        out.push(b'\n');
    }
}

/// `Apr-18|05-APR-2018`
fn put_oracle_dates(out: &mut Vec<u8>, line: &Line<'_>) {
    let (year, month, _) = line.day.ymd();
    let year = u64::from(year.unsigned_abs());
    let name = MONTHS.get(usize::from(month) - 1).copied().unwrap_or("JAN");
    let (first, rest) = name.split_at(1);
    put(out, first);
    put(out, &rest.to_ascii_lowercase());
    out.push(b'-');
    put_number(out, year % 100, 2);
    out.push(b'|');
    put_name_day(out, line.day);
}

/// `|12.34||` or `||12.34|`
fn put_debit_or_credit(out: &mut Vec<u8>, pence: i64) {
    put(out, if pence < 0 { "||" } else { "|" });
    put_pounds(out, pence.unsigned_abs());
    put(out, if pence < 0 { "|" } else { "||" });
}

const fn origin_and_category(origin: Origin) -> &'static str {
    match origin {
        Origin::Payables => "|Payables|Purchase Invoices|",
        Origin::Payroll => "|Payroll|Payroll Costing|",
        Origin::Receivables => "|Receivables|Sales Invoices|",
        Origin::Manual => "|Manual|Adjustment|",
    }
}

/// A reporting tool's export: BOM, all text quoted, signed amounts, ISO dates, narratives with quotes, commas and line breaks in them.
struct Newham;

impl Layout for Newham {
    fn council(&self) -> &'static str {
        "newham"
    }

    fn file_name(&self) -> &'static str {
        "GL_extract_2018-19.csv"
    }

    fn sidecar_name(&self) -> Option<&'static str> {
        Some("GL_extract_2018-19.ctl.json")
    }

    fn open(&self, out: &mut Vec<u8>) {
        put(out, "\u{FEFF}\"Entity\",\"Cost Centre\",\"Subjective\",\"Project\",\"Journal\",\"Line\",\"Period\",\"Accounting Date\"");
        put(out, ",\"Amount\",\"Narrative\",\"Supplier\",\"Document Ref\"\n");
    }

    fn line(&self, out: &mut Vec<u8>, line: &Line<'_>) {
        put(out, "\"NEWHAM\",\"");
        put(out, line.cost_centre);
        put(out, "\",\"");
        put(out, line.account);
        put(out, "\",\"");
        if line.permille >= 900 {
            out.push(b'P');
            put_number(out, line.party, 1);
        }
        put(out, "\",\"");
        if let Some(document) = document(line) {
            put(out, document);
        } else {
            put(out, "NJ");
            put_number(out, line.journal, 1);
        }
        put(out, "\",");
        put_number(out, line.sequence, 1);
        put_iso_dates(out, line);
        put(out, if line.pence < 0 { "\",\"-" } else { "\",\"" });
        put_pounds(out, line.pence.unsigned_abs());
        put(out, "\",\"");
        put_quoted_narrative(out, line);
        put(out, "\",\"");
        put_party(out, line, "& CO ", "");
        put(out, "\",\"");
        put_reference(out, line, "D");
        put(out, "\"\n");
    }

    fn close(&self, _: &mut Vec<u8>, _: &Totals) {}
}

/// `,"2018-01","2018-04-05`
fn put_iso_dates(out: &mut Vec<u8>, line: &Line<'_>) {
    put(out, ",\"");
    put_number(out, line.period.year.unsigned_abs().into(), 4);
    out.push(b'-');
    put_number(out, line.period.period.into(), 2);
    put(out, "\",\"");
    put_iso_day(out, line.day);
}

/// One in a hundred holds quotes, a comma and a line break; two in ten a comma.
fn put_quoted_narrative(out: &mut Vec<u8>, line: &Line<'_>) {
    if let Some(given) = line.given {
        return put(out, &given.words);
    }
    let before = match line.permille {
        0..=9 => "Adj \"\"late\"\" claim, see\nnote ",
        10..=199 => "Agency, wk ",
        _ => narrative(line),
    };
    put(out, before);
    put_number(out, number_after(before, line), 1);
}

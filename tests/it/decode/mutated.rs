//! Files that were damaged at random: lines of fixed width and workbooks are accepted or refused, never panic, end soon, and give the same
//! answer however they are cut. `TRUECOST_MUTATE=600` goes on for as many seconds and says how many were tried.

use std::{
    io::Read as _,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use flate2::read::DeflateDecoder;
use truecost::schema::{Container, Contract, Format, Layout, MoneyStyle, RowRules, SheetChoice, Type, WorkbookForm};

use super::{
    driver::{column, contract, date, judge_in, money, told},
    fixed,
};
use crate::made::{Book, Packed, archive, entry, gzip};

/// Numbers that look like chance, the same ones every time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() >> 11).expect("64 bits") % n.max(1)
    }

    /// A few of: a byte changed, a stretch taken out, doubled, moved, or a word put in.
    fn damage(&mut self, bytes: &mut Vec<u8>, words: &[&[u8]]) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let to = (at + self.below(24)).min(bytes.len());
            match self.below(6) {
                0 => bytes.get_mut(at).into_iter().for_each(|byte| *byte = u8::try_from(self.0 & 0xFF).expect("a byte")),
                1 => drop(bytes.drain(at..to)),
                2 => {
                    let stretch = bytes[at..to].to_vec();
                    bytes.splice(at..at, stretch);
                }
                3 => {
                    let stretch: Vec<u8> = bytes.drain(at..to).collect();
                    let there = self.below(bytes.len() + 1);
                    bytes.splice(there..there, stretch);
                }
                4 => bytes.truncate(at.max(1)),
                _ => {
                    let word = words[self.below(words.len())].to_vec();
                    bytes.splice(at..at, word);
                }
            }
        }
    }
}

/// Tries files until the time is over, or 150 where nobody asks for more; each is judged whole and in pieces.
fn tried(name: &str, seed: u64, mut make: impl FnMut(&mut Chance) -> (Contract, Vec<u8>)) {
    let seconds: u64 = std::env::var("TRUECOST_MUTATE").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let (mut chance, begun) = (Chance(seed), Instant::now());
    let (mut files, mut accepted) = (0_u64, 0_u64);
    while files < 150 || begun.elapsed() < Duration::from_secs(seconds) {
        let (contract, bytes) = make(&mut chance);
        let piece = chance.below(200) + 1;
        let start = Instant::now();
        let judged = catch_unwind(AssertUnwindSafe(|| {
            let whole = judge_in(&contract, &bytes, 1 << 20, vec![]);
            (told(&whole), told(&judge_in(&contract, &bytes, piece, vec![])), whole.is_ok())
        }));
        let shown = || format!("{name} {files}: {}", String::from_utf8_lossy(&bytes).escape_debug());
        let (whole, cut, is_accepted) = judged.unwrap_or_else(|_| panic!("a panic: {}", shown()));
        assert_eq!(whole, cut, "in pieces of {piece}: {}", shown());
        assert!(start.elapsed() < Duration::from_secs(20), "it took {:?}: {}", start.elapsed(), shown());
        files += 1;
        accepted += u64::from(is_accepted);
    }
    println!("{name}: {files} files in {:?}, {accepted} of them accepted", begun.elapsed());
    assert!(accepted > 0, "nothing was accepted: {name} tries too little");
}

#[test]
fn lines_of_fixed_width_that_were_damaged() {
    const WORDS: [&[u8]; 16] = [
        b"\r\n",
        b"\n",
        b"\r",
        b"T000003",
        b"T",
        b"D",
        b"-",
        b"}",
        b"p",
        b"\t",
        b"\x1a",
        b"\xef\xbb\xbf",
        b"\xc3\xa9",
        b"\xff",
        b"00000000",
        b"        ",
    ];
    const LAYOUTS: [&str; 4] = [
        "format: fixed\nencodings: [utf-8, windows-1252]\nunit: characters\nlength: 30",
        "format: fixed\nencodings: [utf-8, windows-1252]\nunit: bytes\nlength: 30\nshort_lines: allowed",
        "format: fixed\nencodings: [utf-8, windows-1252]\nunit: characters\nlength: 32\nfill: [{from: 31, to: 32}]",
        "format: fixed\nencodings: [windows-1252]\nunit: characters\nlength: 30\nshort_lines: allowed\nrecord_type: {start: 9, width: 1}\nrecords: {A: data, \" \": data, T: {rows: {start: 10, width: 3}}}",
    ];
    let columns = [
        ("day", "DATE", "formats: [yyyymmdd], start: 1, width: 8"),
        ("centre", "VARCHAR", "start: 9, width: 5"),
        ("payee", "VARCHAR", "from: 14, to: 22"),
        ("amount", "DECIMAL(18,2)", "money: [plain, minus_after, overpunch, 'implied(2)'], from: 23, to: 30"),
    ];
    let contracts: Vec<Contract> = LAYOUTS.iter().map(|layout| fixed::contract(layout, &columns)).collect();
    let rows = "20240201A1   Alder Ltd00001000\r\n20240202A2   Birch        -250\r\n20240203     Cedar Ltd0000005-\r\n20240204A    Elm      0000012}\r\n20240205A\r\n";
    tried("fixed", 0x1234_5678_9ABC_DEF1, |chance| {
        let contract = contracts[chance.below(contracts.len())].clone();
        let mut bytes: Vec<u8> = rows.bytes().collect();
        chance.damage(&mut bytes, &WORDS);
        (contract, bytes)
    });
}

#[test]
fn workbooks_that_were_damaged() {
    const WORDS: [&[u8]; 22] = [
        b"<row r=\"2\">",
        b"</row>",
        b"<c r=\"A9\">",
        b"<c r=\"XFD1048576\"><v>1</v></c>",
        b"</c>",
        b" t=\"s\"",
        b" t=\"inlineStr\"",
        b" t=\"e\"",
        b"<is><t>x</t></is>",
        b"<v>",
        b"</v>",
        b"<f>A1</f>",
        b"1e308",
        b"-0",
        b"NaN",
        b"99999999999999999999",
        b"&amp;",
        b"&#x0;",
        b"<![CDATA[",
        b"<!--",
        b"<mergeCell ref=\"A1:C2\"/>",
        b" r=\"A0\"",
    ];
    let book = Book::of(&[
        "sheet S / visible",
        "a;b;c",
        "'00A1;1000.1;2024-04-03",
        "'x;-3.5;2024-04-04",
        "hidden 'y;'1,234.50;'05/04/2024",
        "'z;=-F6->-1234.5;s1:45000.25",
        "-",
        "'TOTAL;=SUM(B2:B5)->0;",
        "merge A1:C1",
        "part xl/sharedStrings.xml <sst uniqueCount=\"2\"><si><t>a</t></si><si><t>b</t></si></sst>",
    ]);
    let parts = book.parts();
    let of = |container: Option<Container>| {
        let form = WorkbookForm { sheet: SheetChoice::Only, columns: None, ignore_macros: true, other_sheets: Vec::new() };
        let layout = Layout { rows: RowRules::default(), format: Format::Workbook(form), container };
        contract(
            layout,
            vec![column("a", "a", Type::Text), money("b", "b", &[MoneyStyle::Plain, MoneyStyle::Commas]), date("c", "c", &["dd/mm/yyyy"])],
        )
    };
    let (plain, zip, packed) = (of(None), of(Some(Container::Zip { member: None })), of(Some(Container::Gzip)));
    tried("workbook", 0x0FED_CBA9_8765_4321, |chance| {
        let mut parts: Vec<Packed> = parts.clone();
        // Mostly the sheet, now and then another part.
        let at = if chance.below(3) == 0 {
            chance.below(parts.len())
        } else {
            parts.iter().position(|part| part.name.contains("sheet1")).expect("a sheet")
        };
        let mut inner = Vec::new();
        DeflateDecoder::new(parts[at].data.as_slice()).read_to_end(&mut inner).expect("a sound part");
        chance.damage(&mut inner, &WORDS);
        parts[at] = entry(&parts[at].name.clone(), &inner);
        let mut bytes = archive(&parts);
        if chance.below(4) == 0 {
            chance.damage(&mut bytes, &[b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"\xff\xff\xff\xff", b"\0\0\0\0"]);
        }
        match chance.below(8) {
            0 => (zip.clone(), archive(&[entry("book.xlsx", &bytes)])),
            1 => (packed.clone(), gzip(&bytes)),
            _ => (plain.clone(), bytes),
        }
    });
}

//! What no file that a contract allows can bring about from outside, shown on the decoder itself.

use std::io::{self, Read};

use truecost::{
    decode::{FileScan, Judge, Reader},
    schema::{Footer, Holds, Type},
};

use super::driver::{column, contract, day, id, judge, judge_in, layout, money, told};

fn facts(bytes: &[u8]) -> truecost::decode::FileFacts {
    let mut scan = FileScan::new();
    scan.update(bytes);
    scan.finish()
}

#[test]
fn a_record_without_end_is_refused_and_not_kept_in_memory() {
    let contract = contract(layout(), vec![column("text", "text", Type::Text)]);
    let mut file = b"text\n".to_vec();
    file.resize(20 << 20, b'x');
    let refusal = judge(&contract, &file).err().expect("refused");
    assert!(refusal.0.iter().any(|d| d.code.id == "TC0214"), "{refusal}");
}

/// A disk that fails after the header.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() { Err(io::Error::other("the disk failed")) } else { self.0.read(into) }
    }
}

#[test]
fn bytes_that_cannot_be_read_are_said_to_be_so() {
    let contract = contract(layout(), vec![column("text", "text", Type::Text)]);
    let bytes = b"text\na\n";
    let judge = Judge::new(contract.into(), "f.csv".into(), &facts(bytes), (day("2018-04-01"), day("2018-04-30")), vec![]).unwrap();
    let reader = Reader::open(&judge, Failing(bytes));
    let refusal = reader.and_then(|mut reader| reader.next().map(|_| ())).expect_err("refused");
    assert_eq!(refusal.0[0].code.id, "TC0220", "{refusal}");
}

#[test]
fn a_contract_without_a_layout_reads_no_file() {
    let mut contract = contract(layout(), vec![column("text", "text", Type::Text)]);
    contract.layout = None;
    let refusal = judge(&contract, b"text\na\n").err().expect("refused");
    assert_eq!(refusal.0[0].code.id, "TC0221", "{refusal}");
}

#[test]
fn what_is_no_instant_is_a_faulty_row() {
    let contract = contract(layout(), vec![column("at", "at", Type::Instant)]);
    let judged = judge(&contract, b"at\n2018-04-01T06:30:00Z\nyesterday\n").unwrap();
    let codes: Vec<&str> = judged.rejected.iter().flat_map(|row| &row.faults).map(|fault| fault.code.id).collect();
    assert_eq!(codes, ["TC0310"]);
}

/// Found by fuzzing: a file cut into one chunk named more of its rows of totals than one cut into many.
#[test]
fn a_repeated_row_of_totals_is_told_alike_however_the_file_is_cut() {
    let mut layout = layout();
    layout.rows.footer =
        Some(Footer { when: vec![(id("text"), "TOTAL".into())], totals: vec![("sum".into(), id("amount"))], holds: Some(Holds::Total) });
    let contract = contract(layout, vec![column("text", "text", Type::Text), money("amount", "amount", &[])]);
    let file = b"text,amount\na,1\nTOTAL,1\nTOTAL,1\nTOTAL,1\nTOTAL,1\nTOTAL,1\n";
    let cut = |bytes| told(&judge_in(&contract, file, bytes, vec![]));
    assert!(cut(1 << 20).contains("(lines 3, 4, 5)"), "{}", cut(1 << 20));
    assert_eq!(cut(1 << 20), cut(1));
}

//! What published texts look like: a pseudonym is 32 hexadecimal digits, and none may be seen.

use std::collections::BTreeMap;

use arrow::{
    array::{Array, AsArray},
    datatypes::{DataType, Int32Type},
    record_batch::RecordBatch,
};
use serde_json::{Value, json};

use crate::{
    diagnostic::Answer,
    lake::PublishedPart,
    schema::{Cell, Type, proof_table},
};

/// Digits of a pseudonym.
const DIGITS: usize = 32;

/// The name among the facts of a part under which columns stand that hold what looks like a pseudonym.
const PSEUDONYMS: &str = "pseudonyms";

/// Whether a text holds a run of exactly as many hexadecimal digits as a pseudonym has, a letter among them: more of them are a digest, and
/// decimal digits alone the numerator of a fraction (of three million pseudonyms one has no letter).
fn looks_like_a_pseudonym(text: &str) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    let is_one = |run: &[u8]| run.len() == DIGITS && !run.iter().all(u8::is_ascii_digit);
    text.len() >= DIGITS && text.as_bytes().split(|byte| !is_digit(byte)).any(is_one)
}

/// What is remembered of the rows of a part: columns with how many of their values look like a pseudonym; null where none does.
#[must_use]
pub fn facts_of_texts(rows: &RecordBatch) -> Value {
    let mut found = serde_json::Map::new();
    for (field, column) in rows.schema().fields().iter().zip(rows.columns()) {
        let number = match column.data_type() {
            DataType::Utf8 => column.as_string::<i32>().iter().flatten().filter(|text| looks_like_a_pseudonym(text)).count(),
            DataType::Dictionary(_, of) if **of == DataType::Utf8 => match column.as_dictionary_opt::<Int32Type>() {
                Some(keyed) => keyed.values().as_string::<i32>().iter().flatten().filter(|text| looks_like_a_pseudonym(text)).count(),
                None => 0,
            },
            _ => 0,
        };
        if number > 0 {
            found.insert(field.name().clone(), number.into());
        }
    }
    if found.is_empty() { Value::Null } else { json!({ PSEUDONYMS: found }) }
}

/// For each published table its rows and, of each column that holds what looks like a pseudonym, how many of its texts do. Lines of ledgers
/// are not read for it: their columns are followed from the extract (TC0715).
///
/// # Errors
/// TC1250 where a value does not fit.
pub fn published_text(tables: &BTreeMap<String, Vec<PublishedPart>>) -> Answer<RecordBatch> {
    let columns = [("table_name", Type::Text), ("column_name", Type::Text), ("texts", Type::BigInt), ("suspicious", Type::BigInt)];
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for (table, parts) in tables.iter().filter(|(table, _)| *table != "cost_line") {
        rows.push(vec![table.as_str().into(), "".into(), parts.iter().map(|part| part.rows).sum::<u64>().into(), 0_u64.into()]);
        let mut found: BTreeMap<&str, u64> = BTreeMap::new();
        for (column, number) in parts.iter().filter_map(|part| part.facts.get(PSEUDONYMS)?.as_object()).flatten() {
            *found.entry(column).or_default() += number.as_u64().unwrap_or(0);
        }
        rows.extend(found.into_iter().map(|(column, number)| vec![table.as_str().into(), column.into(), 0_u64.into(), number.into()]));
    }
    proof_table(&columns, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_thirty_two_digits_are_a_pseudonym() {
        let digits = "00112233445566778899aabbccddeeff";
        for text in [digits.to_owned(), format!("N100 {digits}"), format!("<{digits}>")] {
            assert!(looks_like_a_pseudonym(&text), "{text}");
        }
        let others = [
            "",
            "N100",
            &digits[1..],
            &format!("{digits}0"),
            &digits.repeat(2),
            &digits.to_uppercase(),
            "northam",
            &"1234567890".repeat(4)[..DIGITS],
        ];
        for text in others {
            assert!(!looks_like_a_pseudonym(text), "{text}");
        }
    }

    #[test]
    fn every_text_column_of_a_published_table_is_looked_at() {
        let pseudonym = "00112233445566778899aabbccddeeff";
        let rows = proof_table(
            &[("council", Type::Text), ("amount", Type::Money), ("note", Type::Text)],
            &[vec!["a".into(), Cell::Pence(1), pseudonym.into()], vec!["b".into(), Cell::Pence(2), Cell::Null]],
        )
        .unwrap();
        assert_eq!(facts_of_texts(&rows), json!({"pseudonyms": {"note": 1}}));
        assert_eq!(facts_of_texts(&rows.project(&[0, 1]).unwrap()), Value::Null);
        let part = |facts: Value| PublishedPart { rows: 2, facts, ..PublishedPart::default() };
        let of = |facts: Value| BTreeMap::from([("full_cost".to_owned(), vec![part(Value::Null), part(facts)])]);
        assert_eq!(published_text(&of(facts_of_texts(&rows))).unwrap().num_rows(), 2);
        assert_eq!(published_text(&of(Value::Null)).unwrap().num_rows(), 1);
    }
}

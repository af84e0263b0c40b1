//! The words by which a column tells what is a cost from what takes off, where amounts stand without a sign.

/// Words of a cost and of what takes off, which stand in one column; an empty field is one too.
pub const SIDES: [(&str, &str); 30] = [
    ("S", "H"),
    ("D", "C"),
    ("DR", "CR"),
    ("DEBIT", "CREDIT"),
    ("40", "50"),
    ("+", "-"),
    ("INV", "CRN"),
    ("INV", "CN"),
    ("INV", "CM"),
    ("INV", "CR"),
    ("I", "C"),
    ("PI", "PC"),
    ("KR", "KG"),
    ("RE", "KG"),
    ("INVOICE", "CREDIT NOTE"),
    ("INVOICE", "CREDIT"),
    ("INVOICE", "CR"),
    ("INVOICE", "CREDIT MEMO"),
    ("STANDARD", "CREDIT"),
    ("STANDARD", "CREDIT MEMO"),
    ("PAYMENT", "CREDIT NOTE"),
    ("PAYMENT", "REFUND"),
    ("PURCHASE", "REFUND"),
    ("", "CR"),
    ("", "-"),
    ("", "CRN"),
    ("", "CN"),
    ("", "CREDIT"),
    ("", "CREDIT NOTE"),
    ("", "CREDIT MEMO"),
];

/// Words that some column of signs has for yes and for no.
pub const YES_OR_NO: [(&str, &str); 5] = [("N", "Y"), ("NO", "YES"), ("0", "1"), ("FALSE", "TRUE"), ("", "Y")];

/// Words for what takes off that elsewhere are a cost: a refund of council tax, a purchase card.
const EITHER: [&str; 2] = ["REFUND", "PC"];

/// Whether a word says that its row takes off, in a column of which these words for kinds of rows are `known`: a note of credit always, `CR`
/// beside `DR` or `INV`. What is known says nothing new.
#[must_use]
pub fn takes_off<T: AsRef<str>>(word: &str, known: &[T]) -> bool {
    let is = |known: &T, wanted: &str| known.as_ref().eq_ignore_ascii_case(wanted);
    let is_beside = |(debit, credit): &(&str, &str)| {
        credit.eq_ignore_ascii_case(word) && !EITHER.contains(credit) && known.iter().any(|known| is(known, debit))
    };
    let is_new = !word.is_empty() && !known.iter().any(|known| is(known, word));
    is_new && (says_note(word) || SIDES.iter().chain(&YES_OR_NO).any(is_beside))
}

/// `CRN`, `Credit Note`, `Purchase credit note`, `CR NOTE 4711`.
fn says_note(word: &str) -> bool {
    let lower = word.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let note = |word: &str| ["note", "notes", "memo", "memos", "memorandum"].contains(&word);
    let is_note = |pair: &[&str]| matches!(pair, ["credit" | "cr", of] if note(of));
    matches!(words.as_slice(), ["crn" | "crns" | "creditnote" | "creditnotes"]) || words.windows(2).any(is_note)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_takes_off_beside_words_for_a_cost() {
        for (word, known) in [
            ("CRN", &["INV"][..]),
            ("cr", &["DR"]),
            ("CR", &["Invoice", "Journal"]),
            ("Credit Note", &["PAY"]),
            ("CREDIT MEMO", &["STANDARD"]),
            ("CR-NOTE", &["X"]),
            ("Purchase Credit Note", &["Purchase Invoice"]),
            ("Creditnote", &["INV"]),
            ("C", &["D"]),
            ("H", &["S"]),
            ("-", &[""]),
            ("Y", &["N"]),
        ] {
            assert!(takes_off(word, known), "{word} beside {known:?}");
        }
        for (word, known) in [
            ("CR", &["Grant"][..]),
            ("CREDITOR", &["INV"]),
            ("CRN", &["INV", "crn"]),
            ("", &["CR"]),
            ("REFUND", &["PAYMENT"]),
            ("PC", &["PI"]),
            ("Credit union", &["INV"]),
            ("Y", &["D"]),
        ] {
            assert!(!takes_off(word, known), "{word} beside {known:?}");
        }
    }
}

//! The words by which a column tells what is a cost from what takes off, where amounts stand without a sign.

/// Words of a cost and of what takes off, which stand in one column; an empty field is one too.
pub const SIDES: [(&str, &str); 50] = [
    ("S", "H"),
    ("D", "C"),
    ("DR", "CR"),
    ("DEBIT", "CREDIT"),
    ("DB", "CR"),
    ("40", "50"),
    ("+", "-"),
    ("1", "-1"),
    ("+1", "-1"),
    ("INV", "CRN"),
    ("INV", "CN"),
    ("INV", "CM"),
    ("INV", "CR"),
    ("INV", "CRD"),
    ("I", "C"),
    ("PI", "PC"),
    ("PI", "PCN"),
    ("PI", "PCRN"),
    ("PIN", "PCN"),
    ("PIN", "PCR"),
    ("PINV", "PCN"),
    ("PINV", "PCRN"),
    ("API", "APC"),
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
    ("PURCHASE", "RETURN"),
    ("SALE", "REFUND"),
    ("SALE", "RETURN"),
    ("SALE", "CREDIT"),
    ("CHARGE", "REFUND"),
    ("CHARGE", "CREDIT"),
    ("ITEM", "CREDIT"),
    ("BILL", "BILL CREDIT"),
    ("ACCPAY", "ACCPAYCREDIT"),
    ("", "CR"),
    ("", "-"),
    ("", "CRN"),
    ("", "CN"),
    ("", "CREDIT"),
    ("", "CREDIT NOTE"),
    ("", "CREDIT MEMO"),
];

/// Words that some column of signs has for yes and for no, for expenditure and for income.
pub const YES_OR_NO: [(&str, &str); 9] =
    [("N", "Y"), ("NO", "YES"), ("0", "1"), ("FALSE", "TRUE"), ("", "Y"), ("", "YES"), ("", "X"), ("E", "I"), ("EXP", "INC")];

/// Codes that some system has for the two sides, and another for anything else: where a column of kinds says these two alone, a person knows.
pub const MAYBE: [(&str, &str); 6] = [("E", "I"), ("EXP", "INC"), ("AP", "AR"), ("SI", "SC"), ("VI", "VC"), ("31", "21")];

/// Words for what takes off that elsewhere are a cost.
const EITHER: [&str; 3] = ["REFUND", "RETURN", "PC"];

/// Words of a card's transactions, beside which a refund is given back.
const OF_CARDS: [&str; 3] = ["PURCHASE", "SALE", "CHARGE"];

/// Whether a word for what takes off is elsewhere one for a cost: a refund of council tax, a purchase card.
#[must_use]
pub fn is_either(word: &str) -> bool {
    EITHER.iter().any(|either| word.eq_ignore_ascii_case(either))
}

/// Words of what takes off, by themselves or beside [`OF_DOCUMENTS`].
const TAKE_OFF: [&str; 30] = [
    "income",
    "inc",
    "receipt",
    "receipts",
    "reversal",
    "reversals",
    "reversed",
    "reversing",
    "cancelled",
    "cancellation",
    "void",
    "voided",
    "contra",
    "recovery",
    "recoveries",
    "recovered",
    "recover",
    "recoup",
    "recouped",
    "recoupment",
    "deduction",
    "deductions",
    "credit",
    "credits",
    "cr",
    "crn",
    "cn",
    "pcn",
    "pcrn",
    "apc",
];

/// Words for what may be reversed or cancelled.
const OF_DOCUMENTS: [&str; 12] =
    ["invoice", "invoices", "inv", "payment", "payments", "purchase", "purch", "supplier", "creditor", "ap", "journal", "transaction"];

/// Whether a word is one for a cost beside others for what takes off: `Expenditure`, `Purchase Invoice`, `AP`.
#[must_use]
pub fn says_cost(word: &str) -> bool {
    const COSTS: [&str; 11] =
        ["expenditure", "expense", "expenses", "exp", "normal", "pay", "earning", "earnings", "charge", "charges", "bill"];
    let is = |word: &str| OF_DOCUMENTS.contains(&word) || COSTS.contains(&word);
    let lower = word.to_lowercase();
    let mut words = tokens(&lower).peekable();
    words.peek().is_some() && words.all(is)
}

/// Whether a word may be one for what takes off, in a column that tells kinds of rows apart: `Income`, `Receipt`, `Cancelled Invoice`,
/// `AP Credit`. A direct credit is paid, and a credit card pays.
#[must_use]
pub fn may_take_off(word: &str) -> bool {
    let lower = word.to_lowercase();
    let is_known = |word: &str| TAKE_OFF.contains(&word) || OF_DOCUMENTS.contains(&word);
    tokens(&lower).any(|word| TAKE_OFF.contains(&word)) && tokens(&lower).all(is_known)
}

fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Whether the words are the two sides of one pair: also `AP Invoice` and `AP Credit`, which share what stands before. Of other words than
/// those for an invoice nothing follows: a direct debit and a direct credit are both paid.
#[must_use]
pub fn is_pair(debit: &str, credit: &str, pair: &(&str, &str)) -> bool {
    let (debit, credit) = if pair.0.starts_with("INV") { without_shared(debit, credit) } else { (debit, credit) };
    let is = |word: &str, known: &str| word.trim_end_matches('.').eq_ignore_ascii_case(known);
    is(debit, pair.0) && is(credit, pair.1)
}

/// Two texts without the words of documents that both begin with: `BACS Invoice` and `BACS Credit` are two ways of paying.
fn without_shared<'t>(mut one: &'t str, mut other: &'t str) -> (&'t str, &'t str) {
    while let (Some((word, rest)), Some((same, left))) = (one.split_once(' '), other.split_once(' ')) {
        if !word.eq_ignore_ascii_case(same) || !OF_DOCUMENTS.contains(&word.to_lowercase().as_str()) {
            break;
        }
        (one, other) = (rest, left);
    }
    (one, other)
}

/// Whether a word is one for an invoice, of whatever kind: `Purchase Invoice`, `INV`.
#[must_use]
pub fn says_invoice(word: &str) -> bool {
    tokens(word).any(|word| ["invoice", "invoices", "inv"].iter().any(|known| word.eq_ignore_ascii_case(known)))
}

/// Whether a word says that its row takes off, in a column of which these words for kinds of rows are `known`: a note of credit always, `CR`
/// beside `DR` or `INV`. What is known says nothing new.
#[must_use]
pub fn takes_off<T: AsRef<str>>(word: &str, known: &[T]) -> bool {
    let is_clear = |pair: &(&str, &str)| !EITHER.contains(&pair.1) || OF_CARDS.contains(&pair.0);
    let is_beside = |pair: &(&str, &str)| is_clear(pair) && known.iter().any(|known| is_pair(known.as_ref(), word, pair));
    says_credit(word, known) || (is_new(word, known) && SIDES.iter().chain(&YES_OR_NO).any(is_beside))
}

/// The same of words that say so whatever column they stand in: a note of credit, and `Income` or `Cancelled Invoice` beside words for a cost.
#[must_use]
pub fn says_credit<T: AsRef<str>>(word: &str, known: &[T]) -> bool {
    let is_other = || may_take_off(word) && known.iter().any(|known| says_cost(known.as_ref()));
    is_new(word, known) && (says_note(word) || is_other())
}

fn is_new<T: AsRef<str>>(word: &str, known: &[T]) -> bool {
    !word.is_empty() && !known.iter().any(|known| known.as_ref().eq_ignore_ascii_case(word))
}

/// `CRN`, `Credit Note`, `Purchase credit note`, `CR NOTE 4711`; the `Credit Voucher` of a card.
fn says_note(word: &str) -> bool {
    let lower = word.to_lowercase();
    let words: Vec<&str> = tokens(&lower).collect();
    let note = |word: &str| ["note", "notes", "memo", "memos", "memorandum", "voucher", "vouchers"].contains(&word);
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
            ("AP Credit", &["AP Invoice"]),
            ("ap credit memo", &["AP Invoice"]),
            ("Creditnote", &["INV"]),
            ("C", &["D"]),
            ("H", &["S"]),
            ("-", &[""]),
            ("Y", &["N"]),
            ("PCRN", &["PINV"]),
            ("Purch Cr", &["Purch Inv"]),
            ("Income", &["Expenditure"]),
            ("Receipt", &["Payment"]),
            ("Cancelled Invoice", &["Invoice"]),
            ("AP Credit", &["AP"]),
            ("INC", &["INV", "EXP"]),
            ("-1", &["1"]),
            ("Cr.", &["Dr."]),
            ("Credit Voucher", &["Purchase"]),
            ("REFUND", &["PURCHASE"]),
            ("Recovery", &["Payment"]),
            ("Deduction", &["Earnings"]),
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
            ("Direct Credit", &["Direct Debit"]),
            ("Team C", &["Team D"]),
            ("Direct Credit", &["Payment"]),
            ("Credit Card", &["Invoice"]),
            ("Income", &["Housing", "Legal"]),
            ("Income support", &["Payment"]),
            ("Cancelled", &["Paid"]),
            ("BACS Credit", &["BACS Invoice"]),
        ] {
            assert!(!takes_off(word, known), "{word} beside {known:?}");
        }
    }
}

//! Words by which records and columns are known: totals, nothing to report, amounts, dates, people.

use crate::domain::{balance, in_english};

/// A row that calls itself a total.
pub(super) fn is_total(label: &str) -> bool {
    let label = label.trim().trim_matches(['*', ':', '-', ' ']).to_lowercase();
    if label.is_empty() {
        return false;
    }
    let words: Vec<&str> = label.split(|c: char| !c.is_alphanumeric() && c != '-').filter(|word| !word.is_empty()).collect();
    let total = |word: Option<&&str>| word.is_some_and(|word| is_total_word(word));
    words.len() <= 5 && (total(words.first()) || total(words.last())) || label == "inserted footer"
}

/// The level of a sum that a list marks with asterisks, as SAP's do: 1 of `*`, 2 of `**` and of `** 4100`. Behind words asterisks are a
/// mark of something else, as in `*** Redacted`, unless these say that it is a sum.
pub(super) fn level(text: &str) -> Option<usize> {
    let text = text.trim();
    let rest = text.trim_start_matches('*');
    let level = text.len() - rest.len();
    let is_sum = !rest.contains(char::is_alphabetic) || rest.split_whitespace().any(|word| is_total_word(&word.to_lowercase()));
    let ends = rest.is_empty() || (rest.starts_with(char::is_whitespace) && !rest.ends_with('*') && is_sum);
    ((1..=9).contains(&level) && ends).then_some(level)
}

/// What stands behind the mark of a level; all of a text without one.
pub(super) fn behind_level(text: &str) -> &str {
    if level(text).is_some() { text.trim().trim_start_matches('*') } else { text }
}

/// A word, in small letters, that makes the label of a sum.
#[must_use]
pub fn is_total_word(word: &str) -> bool {
    matches!(
        word,
        "total" | "totals" | "subtotal" | "subtotals" | "sub-total" | "sub-totals" | "sum" | "cyfanswm" | "cyfansymiau" | "is-gyfanswm"
    )
}

/// A row that carries a sum from one page to the next, or from one period.
pub(super) fn is_carried(label: &str) -> bool {
    let label = label.trim().trim_matches(['*', ':', '-', ' ']).to_lowercase();
    let words: Vec<&str> = label.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let said = words.join(" ");
    let is = |said: &str| {
        matches!(
            said,
            "carried forward" | "brought forward" | "carried down" | "brought down" | "c f" | "b f" | "cf" | "bf" | "c fwd" | "b fwd"
        )
    };
    is(&said)
        || said.split_once(' ').is_some_and(|(first, rest)| matches!(first, "balance" | "total" | "totals" | "bal") && is(rest))
        || balance(&label).is_some()
}

/// The label of a sum of some of the rows.
pub(super) fn is_subtotal(label: &str) -> bool {
    let label = label.to_lowercase();
    label.contains("subtotal") || label.contains("sub-total") || label.contains("sub total")
}

/// A label of how many rows there are: `Number of payments`, `Record count:`, `Total rows`. A total of payments may be pounds.
pub(super) fn says_count(label: &str) -> bool {
    let words = words_of_text(label);
    let is = |of: &[&str]| words.iter().any(|word| of.contains(&word.as_str()));
    let rows = ["row", "rows", "record", "records", "line", "lines", "transaction", "transactions"];
    let payments = ["payment", "payments", "invoice", "invoices", "item", "items", "entry", "entries", "voucher", "vouchers"];
    let pounds = is(&["amount", "amounts", "value", "values", "sum", "net", "gross", "vat", "gbp"]) || label.contains('£');
    let counts = is(&["count"]) || words.first().is_some_and(|word| matches!(word.as_str(), "number" | "no" | "nr"));
    words.len() <= 6 && !pounds && ((counts && (is(&rows) || is(&payments))) || (is(&rows) && (words.len() == 1 || is(&["total"]))))
}

/// Words that say that there is nothing to say.
pub(super) fn is_nil(label: &str) -> bool {
    let label = label.trim().trim_matches(['*', '.', '-', ' ']).to_lowercase();
    matches!(label.as_str(), "nil" | "nil return" | "nil returns" | "none" | "no data" | "no records" | "no rows selected")
        || ["no transactions", "no payments", "no records", "no data", "no spend", "no invoices", "no expenditure", "nothing to report"]
            .iter()
            .any(|words| label.starts_with(words))
}

/// The end of a report.
pub(super) fn is_end(label: &str) -> bool {
    let label = label.to_lowercase();
    label.contains("end of report") || label.contains("end of file") || label.contains("end of list")
}

/// A line of dashes, bars and crosses, as printed lists have them.
pub(super) fn is_rule(raw: &[u8]) -> bool {
    let dashes = raw.iter().filter(|byte| matches!(byte, b'-' | b'=' | b'_')).count();
    dashes >= 5 && raw.iter().all(|byte| matches!(byte, b'-' | b'=' | b'_' | b'+' | b'|' | b' ' | b',' | b'\t'))
}

/// How likely a heading names the amount that counts: net before gross before what is only some number; negative for VAT and the like.
pub(super) fn amount_score(heading: &str) -> i32 {
    let words = words(heading);
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let mut score = 0;
    score += if has(&["amount", "amt"]) { 6 } else { 0 };
    score += if has(&["net", "excl", "ex"]) { 5 } else { 0 };
    score += if has(&["value", "invoiced", "paid", "payment", "spend", "total", "gross", "cost", "debit", "credit"]) { 3 } else { 0 };
    score += i32::from(has(&["movement", "movements"]));
    score += i32::from(has(&["salary", "pay", "wage", "wages"])) + i32::from(has(&["actual"]));
    score += if heading.contains('£') || has(&["gbp", "pounds"]) { 3 } else { 0 };
    let net_of = has(&["excl", "ex", "excluding", "net"]);
    score -= if has(&["vat", "tax", "irrecoverable", "irrecoverablevat"]) && !net_of { 12 } else { 0 };
    score -= if has(&["recoverable"]) { 12 } else { 0 };
    // What stands there, or was planned, is not what has moved.
    let stands = has(&["balance", "opening", "closing", "forward", "fwd"]) || balance(heading).is_some();
    score -= if stands || has(&["budget", "variance", "commitment", "forecast"]) { 10 } else { 0 };
    // Nor is what moved before.
    score -= if says_before(heading) { 10 } else { 0 };
    // What has moved since the year began is no month's.
    let to_date = words.windows(2).any(|pair| matches!(pair, [a, b] if a == "to" && b == "date"));
    score -= if to_date || has(&["ytd", "cumulative", "cum"]) { 10 } else { 0 };
    score -= if has(&["rate", "hours", "units", "qty", "quantity", "fte", "percent", "no", "number", "id", "code", "year", "period"]) {
        8
    } else {
        0
    };
    score
}

/// Words for a span before the one that a file is of: `Prior Year`, `Last Month`.
fn is_before(word: &str) -> bool {
    matches!(word, "prior" | "previous" | "last")
}

fn is_span(word: &str) -> bool {
    matches!(word, "year" | "years" | "yr" | "month" | "period")
}

/// Whether a heading says that an amount is of a span before.
#[must_use]
pub fn says_before(heading: &str) -> bool {
    words(heading).windows(2).any(|pair| matches!(pair, [a, b] if is_before(a) && is_span(b)))
}

/// A heading that names a number which is no pounds.
pub(super) fn is_quantity(heading: &str) -> bool {
    let words = words(heading);
    words.iter().any(|word| {
        matches!(word.as_str(), "fte" | "hours" | "hrs" | "rate" | "percent" | "qty" | "quantity" | "weeks" | "days" | "headcount")
    }) || heading.contains('%')
}

/// How likely a heading names the date that counts: the payment before the posting before any other.
pub(super) fn date_score(heading: &str) -> i32 {
    let words = words(heading);
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let mut score = 0;
    score += if has(&["paid", "payment", "pay", "clearing", "clearance"]) { 6 } else { 0 };
    score += if has(&["posting", "pstng", "gl", "posted", "trans", "transaction", "effective", "accounting"]) { 5 } else { 0 };
    score += if has(&["date", "dated"]) { 2 } else { 0 };
    score -= if has(&["due", "birth", "dob", "start", "end", "incurred", "entered", "created"]) { 4 } else { 0 };
    score
}

/// A heading that names the period of a row.
#[must_use]
pub fn says_period(heading: &str) -> bool {
    const SAYS: [&str; 8] = ["period", "fiscal period", "month", "per", "prd", "accounting period", "posting period", "fin period"];
    let said = words(heading).join(" ");
    SAYS.contains(&said.as_str()) || (said.ends_with(" period") && !said.contains("pay"))
}

/// A heading that names the year of a row.
#[must_use]
pub fn says_year(heading: &str) -> bool {
    const SAYS: [&str; 4] = ["year", "yr", "fyear", "fy"];
    let said = words(heading).join(" ");
    SAYS.contains(&said.as_str()) || ((said.ends_with(" year") || said.ends_with(" yr")) && !said.contains("birth"))
}

/// A heading that speaks of a date.
pub(super) fn is_date(heading: &str) -> bool {
    words(heading).iter().any(|word| matches!(word.as_str(), "date" | "dated" | "day" | "dob"))
}

/// The words of a heading, in small letters and in English; `SupplierName` and `supplier_name` are two.
pub(super) fn words(heading: &str) -> Vec<String> {
    let all = words_of_text(heading);
    let said = all.join(" ").replace('\'', " ");
    let english = in_english(&said);
    if english == said { all } else { english.split(' ').map(str::to_owned).collect() }
}

/// The words of a text, in small letters.
pub(super) fn words_of_text(heading: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut before = ' ';
    for letter in heading.chars() {
        let begins = !before.is_alphanumeric() || (before.is_lowercase() && letter.is_uppercase());
        if letter.is_alphanumeric() || letter == '\'' {
            if begins {
                all.push(String::new());
            }
            if let Some(last) = all.last_mut() {
                last.extend(letter.to_lowercase());
            }
        }
        before = letter;
    }
    all
}

/// A text as its kinds of characters: `A` a capital, `a` a small letter, `9` a digit, everything else as it is; runs are kept to eight.
pub(super) fn shape(text: &str) -> String {
    let mut shape = String::new();
    let (mut last, mut run) = ('\0', 0);
    for letter in text.trim().chars().take(200) {
        let kind = match letter {
            c if c.is_ascii_digit() => '9',
            c if c.is_uppercase() => 'A',
            c if c.is_alphabetic() => 'a',
            c if c.is_control() => ' ',
            c => c,
        };
        run = if kind == last { run + 1 } else { 1 };
        last = kind;
        if run <= 8 {
            shape.push(kind);
        } else if run == 9 {
            shape.push('…');
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_headings() {
        for label in ["Total", "Grand Total", "TOTAL:", "* Sub-total", "Report Total:", "Total for May", "INSERTED FOOTER"] {
            assert!(is_total(label), "{label}");
        }
        for label in ["Totally Local CIC", "Adult Social Care", "", "*"] {
            assert!(!is_total(label), "{label}");
        }
        assert!(["Number of payments", "Record count:", "No. of invoices", "Total rows", "ROWS"].iter().all(|label| says_count(label)));
        assert!(
            ["Total payments", "Number", "Invoice No", "Line value total", "Payments", "Rowson Ltd"].iter().all(|label| !says_count(label))
        );
        assert!(is_nil("NIL RETURN") && is_nil("No transactions this month") && !is_nil("Nile Cruises"));
        assert!(is_rule(b"-----") && is_rule(b"|----+----|") && !is_rule(b"-, -, -") && !is_rule(b"a-----"));
        assert!(amount_score("Net Amount") > amount_score("Gross") && amount_score("Gross") > amount_score("VAT"));
        assert!(amount_score("Period Actual") > amount_score("YTD Actual") && amount_score("Actual") > amount_score("Actual to Date"));
        for stands in ["Brought Forward", "B/F", "Carried Fwd", "Bal b/f", "Last Year", "Prior Year Amount"] {
            assert!(amount_score("Movement") > amount_score(stands) && amount_score("Pounds") > amount_score(stands), "{stands}");
        }
        assert!(amount_score("Amount £ (Excl VAT)") > amount_score("Non Recoverable VAT"));
        assert!(date_score("4. DATE PAID") > date_score("3. DATE INCURRED"));
        assert_eq!(words("IrrecoverableVAT"), ["irrecoverable", "vat"].map(str::to_owned).to_vec().as_slice().to_vec());
        assert_eq!(shape("Café 12/A"), "Aaaa 99/A");
    }
}

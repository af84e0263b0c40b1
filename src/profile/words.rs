//! Words by which records and columns are known: totals, nothing to report, amounts, dates, people.

use crate::domain::in_english;

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

/// The words of a text that say that its row is what stands at the beginning or the end of a span, and no movement: `Opening balance at` of
/// `Opening balance at 1 April 2025`, as they are printed. `None` where it says something else.
pub(super) fn balance(text: &str) -> Option<&str> {
    const PHRASES: [&str; 38] = [
        "opening balance",
        "opening balances",
        "opening bal",
        "closing balance",
        "closing balances",
        "closing bal",
        "balance brought forward",
        "balance carried forward",
        "balance brought down",
        "balance carried down",
        "balances brought forward",
        "balances carried forward",
        "balance forward",
        "balance b fwd",
        "balance c fwd",
        "balance bfwd",
        "balance cfwd",
        "balance b f",
        "balance c f",
        "balance b d",
        "balance c d",
        "balance bf",
        "balance cf",
        "bal b fwd",
        "bal c fwd",
        "bal b f",
        "bal c f",
        "bal bf",
        "bal cf",
        "brought forward",
        "carried forward",
        "brought down",
        "carried down",
        "b fwd",
        "c fwd",
        "bfwd",
        "b f",
        "c f",
    ];
    const SAYS_WHEN: [&str; 22] = [
        "at", "as", "on", "of", "from", "to", "for", "in", "the", "year", "period", "month", "prior", "previous", "last", "balance", "bal",
        "fy", "start", "end", "day", "mth",
    ];
    const LASTING: [&str; 9] = ["at", "as", "on", "of", "from", "to", "for", "in", "the"];
    let words = with_ends(text);
    let says_when = |word: &str| {
        SAYS_WHEN.contains(&word) || word.bytes().any(|byte| byte.is_ascii_digit()) || super::date::month_number(word.as_bytes()).is_some()
    };
    let first = words.iter().position(|(word, _)| !matches!(word.as_str(), "prior" | "previous" | "last" | "year" | "period"))?;
    let joined = |to: usize| words.get(first..to).unwrap_or_default().iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(" ");
    let end = (first + 1..=words.len().min(first + 3)).rev().find(|to| PHRASES.contains(&joined(*to).as_str()))?;
    let rest = words.get(end..).unwrap_or_default();
    // `C F May` may be a supplier, `C/F May 2025` is none.
    let is_dated = rest.is_empty() || rest.iter().any(|(word, _)| word.bytes().any(|byte| byte.is_ascii_digit()));
    let is_bare = matches!(joined(end).as_str(), "b f" | "c f");
    // Words that are the same in every month belong to it: `Opening balance adjustment` begins with `Opening balance` too.
    let lasting = rest.iter().take_while(|(word, _)| LASTING.contains(&word.as_str())).count();
    let said = words.get((end + lasting).checked_sub(1)?)?.1;
    let is_balance = words.len() < WORDS && rest.iter().all(|(word, _)| says_when(word)) && (is_dated || !is_bare);
    is_balance.then(|| text.get(..said)).flatten()
}

/// The words of a text in small letters, each with where it ends.
fn with_ends(text: &str) -> Vec<(String, usize)> {
    let mut words: Vec<(String, usize)> = Vec::new();
    let mut inside = false;
    for (at, letter) in text.char_indices() {
        if letter.is_alphanumeric() {
            if !inside {
                words.push((String::new(), at));
            }
            if let Some((word, end)) = words.last_mut() {
                word.extend(letter.to_lowercase());
                *end = at + letter.len_utf8();
            }
        }
        inside = letter.is_alphanumeric();
    }
    words
}

/// Words of a label that are looked at.
const WORDS: usize = 10;

/// Whether a text may be one that [`balance`] knows: asked of every cell.
pub(super) fn may_be_balance(text: &[u8]) -> bool {
    const FIRST: [&[u8]; 15] = [
        b"opening",
        b"closing",
        b"balance",
        b"balances",
        b"bal",
        b"brought",
        b"carried",
        b"b",
        b"c",
        b"bfwd",
        b"prior",
        b"previous",
        b"last",
        b"year",
        b"period",
    ];
    let text = text.trim_ascii();
    let word = text.get(..text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count()).unwrap_or_default();
    text.len() <= 80 && !word.is_empty() && word.len() <= 8 && FIRST.iter().any(|first| word.eq_ignore_ascii_case(first))
}

/// The label of a sum of some of the rows.
pub(super) fn is_subtotal(label: &str) -> bool {
    let label = label.to_lowercase();
    label.contains("subtotal") || label.contains("sub-total") || label.contains("sub total")
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
    score += i32::from(has(&["salary", "pay", "wage", "wages"])) + i32::from(has(&["actual"]));
    score += if heading.contains('£') || has(&["gbp"]) { 3 } else { 0 };
    let net_of = has(&["excl", "ex", "excluding", "net"]);
    score -= if has(&["vat", "tax", "irrecoverable", "irrecoverablevat"]) && !net_of { 12 } else { 0 };
    score -= if has(&["recoverable"]) { 12 } else { 0 };
    // What stands there, or was planned, is not what has moved.
    score -= if has(&["balance", "opening", "closing", "budget", "variance", "commitment", "forecast"]) { 10 } else { 0 };
    // What has moved since the year began is no month's.
    let to_date = words.windows(2).any(|pair| matches!(pair, [a, b] if a == "to" && b == "date"));
    score -= if to_date || has(&["ytd", "cumulative", "cum"]) { 10 } else { 0 };
    score -=
        if has(&["rate", "hours", "qty", "quantity", "fte", "percent", "no", "number", "id", "code", "year", "period"]) { 8 } else { 0 };
    score
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
        for (text, wanted) in [
            ("Opening balance", Some("Opening balance")),
            (" Balance b/f", Some(" Balance b/f")),
            ("B/fwd", Some("B/fwd")),
            ("BALANCE BROUGHT FORWARD 1 April 2025", Some("BALANCE BROUGHT FORWARD")),
            ("Closing Balance at P01", Some("Closing Balance at")),
            ("Opening balance as at the 1 April 2025", Some("Opening balance as at the")),
            ("C/F May 2025", Some("C/F")),
            ("C F May", None),
            ("Prior year balance c/f", Some("Prior year balance c/f")),
            ("Opening balance adjustment of stores", None),
            ("Balance of fees", None),
            ("B F Smith", None),
            ("C F Electrical", None),
            ("BF", None),
        ] {
            assert_eq!(balance(text), wanted, "{text}");
            assert!(wanted.is_none() || may_be_balance(text.as_bytes()), "{text}");
        }
        assert!(is_nil("NIL RETURN") && is_nil("No transactions this month") && !is_nil("Nile Cruises"));
        assert!(is_rule(b"-----") && is_rule(b"|----+----|") && !is_rule(b"-, -, -") && !is_rule(b"a-----"));
        assert!(amount_score("Net Amount") > amount_score("Gross") && amount_score("Gross") > amount_score("VAT"));
        assert!(amount_score("Period Actual") > amount_score("YTD Actual") && amount_score("Actual") > amount_score("Actual to Date"));
        assert!(amount_score("Amount £ (Excl VAT)") > amount_score("Non Recoverable VAT"));
        assert!(date_score("4. DATE PAID") > date_score("3. DATE INCURRED"));
        assert_eq!(words("IrrecoverableVAT"), ["irrecoverable", "vat"].map(str::to_owned).to_vec().as_slice().to_vec());
        assert_eq!(shape("Café 12/A"), "Aaaa 99/A");
    }
}

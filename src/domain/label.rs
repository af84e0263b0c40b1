//! What the text of a row says of it: that its pounds are what stands at the beginning or the end of a span, or what is planned, and no
//! movement.

/// What a row calls itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// What stands: `Opening balance`, `B/fwd`.
    Balance,
    /// What has not happened: `Budget`, `PO Commitment`.
    Planned,
    /// What takes off, beside words for a cost: `CRN`. [`super::takes_off`] tells it.
    Credit,
    /// Below nought beside a word that takes off, as other amounts beside such words are not: a reversal, or a sign that is said twice.
    Reversed,
    /// The same, where no amount beside such words is above nought.
    Signed,
}

/// What a text says of its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub label: Label,
    /// The words that say it, without what stands behind them.
    pub words: String,
    /// It is no name that happens to say so.
    pub is_sure: bool,
}

impl Label {
    /// What a text says; asked of every text of a file.
    #[must_use]
    #[inline]
    pub fn of(text: &[u8]) -> Option<Said> {
        if may_say(text) { Self::read(text) } else { None }
    }

    fn read(text: &[u8]) -> Option<Said> {
        let text = std::str::from_utf8(text).ok()?.trim();
        // `C.F.` may be somebody's initials, `C/F` is none.
        let is_bare = !text.contains('/') && text.chars().filter(|c| c.is_alphanumeric()).count() < 3;
        let words = with_ends(text);
        if let Some(said) = balance_in(text, &words).filter(|said| !is_bare && !may_be_a_movement(said)) {
            return Some(Said { label: Self::Balance, words: said.to_owned(), is_sure: true });
        }
        let words: Vec<String> = words.into_iter().map(|(word, _)| word).collect();
        let said = || words.iter().filter(|word| !has_digit(word)).map(String::as_str).collect::<Vec<_>>().join(" ");
        let is_letters = matches!(words.as_slice(), [one] if is_letters_of_planned(one, Beside::Nothing));
        (is_letters || is_planned(&words)).then(|| Said { label: Self::Planned, words: said(), is_sure: is_surely_planned(&words) })
    }
}

fn has_digit(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether a text may say so, asked of every cell: of nearly every text its first byte tells that it does not.
#[inline]
#[must_use]
pub fn may_say(text: &[u8]) -> bool {
    let begins = |first: &u8| {
        matches!(first | 0x20, b'a'..=b'c' | b'e' | b'f' | b'l' | b'o' | b'p' | b'r' | b'w' | b'y') || first.is_ascii_whitespace()
    };
    text.first().is_some_and(begins) && text.len() <= LONGEST && may_begin(text.trim_ascii_start())
}

/// Whether a text may say so, by its first four letters.
fn may_begin(text: &[u8]) -> bool {
    let [a, b, c, rest @ ..] = text else { return false };
    let first_four = &[*a, *b, *c, rest.first().copied().unwrap_or(b' ')].map(|byte| byte | 0x20);
    let words = matches!(
        first_four,
        b"open" | b"clos" | b"bala" | b"brou" | b"carr" | b"prio" | b"prev" | b"last" | b"year" | b"peri" | b"bfwd" | b"cfwd" // a balance
            | b"budg" | b"fore" | b"esti" | b"comm" | b"encu" | b"plan" | b"orig" | b"revi" | b"curr" | b"appr" | b"annu" | b"late" // planned
            | b"work" | b"full" | b"amou" | b"outt" | b"purc" | b"outs"
    );
    words
        || matches!(
            first_four,
            [b'b' | b'c', b'/' | b' ' | b'.', b'f' | b'd', _] | b"bal " | b"bal." | b"ytd " | [b'p', b'o', _, b'c'] | b"bud " | b"fcst"
        )
}

/// Bytes of a text that is looked at.
const LONGEST: usize = 80;

/// Words for what has not happened, and those that stand beside them.
const PLANNED: [&str; 14] = [
    "budget",
    "budgets",
    "budgeted",
    "forecast",
    "forecasts",
    "estimate",
    "estimates",
    "commitment",
    "commitments",
    "committed",
    "encumbrance",
    "encumbrances",
    "plan",
    "planned",
];
const BESIDE: [&str; 17] = [
    "original",
    "revised",
    "current",
    "approved",
    "annual",
    "latest",
    "working",
    "full",
    "year",
    "ytd",
    "amount",
    "outturn",
    "po",
    "purchase",
    "order",
    "open",
    "outstanding",
];

/// What has to stand beside letters for them to say that a row is planned: the fewer letters, the more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    Nothing,
    /// All words of the column are such letters, or say what has happened: `COM` alone is a directorate.
    Actual,
    /// Its heading says that it tells what has happened: `Balance Type`.
    Heading,
}

/// Letters for what has not happened, and what is enough beside them.
const LETTERS: [(&str, &[Beside]); 10] = [
    ("bud", &[Beside::Nothing, Beside::Actual, Beside::Heading]),
    ("fcst", &[Beside::Nothing, Beside::Actual, Beside::Heading]),
    ("budg", &[Beside::Actual, Beside::Heading]),
    ("bdgt", &[Beside::Actual, Beside::Heading]),
    ("enc", &[Beside::Actual, Beside::Heading]),
    ("com", &[Beside::Actual]),
    ("b", &[Beside::Heading]),
    ("e", &[Beside::Heading]),
    ("f", &[Beside::Heading]),
    ("fc", &[Beside::Heading]),
];

/// Whether a word, in small letters, is one for what has not happened where so much stands beside it.
#[must_use]
pub fn is_letters_of_planned(word: &str, beside: Beside) -> bool {
    LETTERS.iter().any(|(letters, enough)| *letters == word && enough.contains(&beside))
}

/// Whether words, in small letters, say budget, forecast or commitment, and nothing else but numbers.
#[must_use]
pub fn is_planned<T: AsRef<str>>(words: &[T]) -> bool {
    let says = |word: &T| PLANNED.contains(&word.as_ref());
    let is_beside = |word: &T| BESIDE.contains(&word.as_ref()) || has_digit(word.as_ref());
    words.iter().any(says) && words.iter().all(|word| says(word) || is_beside(word))
}

/// The words of a text that say that its row is planned, as they are printed, without what tells one such row from another: `PO Commitment` of
/// `PO Commitment 4711`.
#[must_use]
pub fn planned(text: &str) -> Option<&str> {
    let words = with_ends(text);
    let names: Vec<&str> = words.iter().map(|(word, _)| word.as_str()).collect();
    if let [one] = names.as_slice()
        && is_letters_of_planned(one, Beside::Nothing)
    {
        return Some(text);
    }
    let firm = names.iter().take_while(|word| !has_digit(word)).count();
    let is_known = firm == names.len() || is_surely_planned(&names);
    // `Budget 2` goes no further: `Budget Car Hire` is a firm.
    let is_budget = matches!(names.get(..firm), Some(["budget" | "budgets" | "budgeted"]));
    let end = words.get(firm.checked_sub(1)?).filter(|_| firm < names.len() && !is_budget);
    (is_known && is_planned(&names)).then(|| end.map_or(Some(text), |(_, end)| text.get(..*end))).flatten()
}

/// Whether words that [`is_planned`] knows can hardly be anybody's name, or what a payment is for: `Budget` and `Forecast` alone may be firms,
/// an `Estimate` a bill.
#[must_use]
pub fn is_surely_planned<T: AsRef<str>>(words: &[T]) -> bool {
    let is = |of: &[&str]| words.iter().any(|word| of.contains(&word.as_ref()));
    is(&["encumbrance", "encumbrances"])
        || (words.len() > 1 && is(&["commitment", "commitments", "forecast", "forecasts", "budget", "budgets", "budgeted"]))
}

/// The words of a text that say that its row is what stands at the beginning or the end of a span, and no movement: `Opening balance at` of
/// `Opening balance at 1 April 2025`, as they are printed. `None` where it says something else.
#[must_use]
pub fn balance(text: &str) -> Option<&str> {
    balance_in(text, &with_ends(text))
}

fn balance_in<'t>(text: &'t str, words: &[(String, usize)]) -> Option<&'t str> {
    const SAYS_WHEN: [&str; 22] = [
        "at", "as", "on", "of", "from", "to", "for", "in", "the", "year", "period", "month", "prior", "previous", "last", "balance", "bal",
        "fy", "start", "end", "day", "mth",
    ];
    const LASTING: [&str; 9] = ["at", "as", "on", "of", "from", "to", "for", "in", "the"];
    let says_when = |word: &str| SAYS_WHEN.contains(&word) || has_digit(word) || month_number(word.as_bytes()).is_some();
    let first = words.iter().position(|(word, _)| !matches!(word.as_str(), "prior" | "previous" | "last" | "year" | "period"))?;
    let of_phrase: Vec<&str> = words.get(first..)?.iter().map(|(word, _)| word.as_str()).collect();
    let end = first + phrase(&of_phrase)?;
    let rest = words.get(end..).unwrap_or_default();
    // `C F May` may be a supplier, `C/F May 2025` is none.
    let is_dated = rest.is_empty() || rest.iter().any(|(word, _)| has_digit(word));
    let is_bare = matches!(words.get(first..end), Some([_, (f, _)]) if f == "f");
    // `C Forward` too, `B/Forward` not.
    let is_name = matches!(of_phrase.as_slice(), ["b" | "c", "forward", ..]) && !text.contains('/');
    // Words that are the same in every month belong to it: `Opening balance adjustment` begins with `Opening balance` too.
    let lasting = rest.iter().take_while(|(word, _)| LASTING.contains(&word.as_str())).count();
    let said = words.get((end + lasting).checked_sub(1)?)?.1;
    let is_balance = words.len() < WORDS && rest.iter().all(|(word, _)| says_when(word)) && (is_dated || !is_bare) && !is_name;
    is_balance.then(|| text.get(..said)).flatten()
}

/// How many words make the phrase that says it, at the beginning of these.
fn phrase(words: &[&str]) -> Option<usize> {
    let is_named = |word: &&str| matches!(*word, "balance" | "balances" | "bal");
    let named = usize::from(words.first().is_some_and(is_named));
    let behind = match words.get(named..)? {
        ["opening" | "closing", balance, ..] if is_named(balance) && named == 0 => 2,
        ["brought" | "carried", "forward" | "fwd" | "down", ..] | ["b" | "c", "f" | "fwd" | "forward", ..] => 2,
        ["b" | "c", "d", ..] | ["carry", "forward", ..] if named > 0 => 2,
        ["bfwd" | "cfwd" | "carryforward", ..] => 1,
        ["bf" | "cf" | "forward" | "fwd", ..] if named > 0 => 1,
        // A balance on a day: of an invoice it is none.
        ["at", rest @ ..] | ["as", "at" | "of", rest @ ..] if named > 0 && says_day(rest) => 0,
        _ => return None,
    };
    Some(named + behind)
}

/// Whether words say a day, a month or a year, and no number of an account: `31/03`, `April`, `2025`.
fn says_day(words: &[&str]) -> bool {
    let is_year = |word: &&str| word.len() == 4 && word.starts_with("20") && word.bytes().all(|byte| byte.is_ascii_digit());
    words.iter().any(|word| month_number(word.as_bytes()).is_some() || is_year(word))
        || words.iter().filter(|word| has_digit(word)).count() > 1
}

/// Whether words that [`balance`] gave may be somebody's own of a movement: `Carried forward from 23/24`, of a grant.
#[must_use]
pub fn may_be_a_movement(said: &str) -> bool {
    let said = said.to_lowercase();
    said.ends_with(" from") && !said.contains("bal")
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
                // Of nearly all letters the small one is found without asking Unicode.
                if letter.is_ascii() {
                    word.push(letter.to_ascii_lowercase());
                } else {
                    word.extend(letter.to_lowercase());
                }
                *end = at + letter.len_utf8();
            }
        }
        inside = letter.is_alphanumeric();
    }
    words
}

/// Words of a label that are looked at.
const WORDS: usize = 10;

const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

/// `jan`, `Sept`, `APRIL` and its number.
#[must_use]
pub fn month_number(name: &[u8]) -> Option<i32> {
    let is = |month: &str| {
        let full = month.as_bytes();
        name.eq_ignore_ascii_case(full)
            || full.get(..3).is_some_and(|short| name.eq_ignore_ascii_case(short))
            || (full.starts_with(b"sept") && name.eq_ignore_ascii_case(b"sept"))
    };
    MONTHS.iter().position(|month| is(month)).and_then(|at| i32::try_from(at + 1).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_say_balance() {
        for (text, wanted) in [
            ("Opening balance", Some("Opening balance")),
            (" Balance b/f", Some(" Balance b/f")),
            ("B/fwd", Some("B/fwd")),
            ("BALANCE BROUGHT FORWARD 1 April 2025", Some("BALANCE BROUGHT FORWARD")),
            ("Closing Balance at P01", Some("Closing Balance at")),
            ("Opening balance as at the 1 April 2025", Some("Opening balance as at the")),
            ("C/F May 2025", Some("C/F")),
            ("Balance at 31/03/2025", Some("Balance at")),
            ("Balance as at 1 April", Some("Balance as at")),
            ("B/Forward", Some("B/Forward")),
            ("Bal B/Fwd", Some("Bal B/Fwd")),
            ("Bal Fwd", Some("Bal Fwd")),
            ("Brought Fwd 2024/25", Some("Brought Fwd")),
            ("Balance Carryforward", Some("Balance Carryforward")),
            ("Carried forward from 23/24", Some("Carried forward from")),
            ("Balance at 31 High Street", None),
            ("Balance on 4711", None),
            ("Balance at 4711", None),
            ("Balance at 2025", Some("Balance at")),
            ("C FORWARD", None),
            ("B. Forward", None),
            ("C/Forward", Some("C/Forward")),
            ("Balance as agreed", None),
            ("Balance 2024/25", None),
            ("Carry forward 24/25", None),
            ("Forward Housing", None),
            ("C F May", None),
            ("Prior year balance c/f", Some("Prior year balance c/f")),
            ("Opening balance adjustment of stores", None),
            ("Balance of fees", None),
            ("B F Smith", None),
            ("C F Electrical", None),
            ("BF", None),
        ] {
            assert_eq!(balance(text), wanted, "{text}");
            assert!(wanted.is_none() || may_say(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_row_calls_itself_what_it_is() {
        let label = |text: &str| Label::of(text.as_bytes()).map(|said| said.label);
        assert_eq!(Label::of(b"Balance b/f AB123456C").unwrap().words, "Balance b/f", "what stands behind may be a person's");
        for (text, sure) in [("PO-Commitment", true), ("Budget: 2025/26", true), ("Forecast", false), ("BUD", false), ("B/fwd", true)] {
            assert_eq!(Label::of(text.as_bytes()).unwrap().is_sure, sure, "{text}");
        }
        assert_eq!(Label::of(b"PO Commitment AB123").unwrap().words, "po commitment");
        for text in [
            "Opening balance",
            "B/F",
            "b/fwd",
            "Balance b/f 2024",
            "Bal. c/fwd",
            "CLOSING BALANCE P12",
            " Opening Balance ",
            "Brought forward",
            "Balance b/f from 23/24",
        ] {
            assert_eq!(label(text), Some(Label::Balance), "{text}");
        }
        for text in [
            "Budget",
            "PO Commitment",
            "Forecast 2",
            "Revised budget 2025/26",
            "COMMITMENTS",
            "Open PO commitment",
            "Encumbrance",
            "Committed",
            "BUD",
        ] {
            assert_eq!(label(text), Some(Label::Planned), "{text}");
        }
        for text in [
            "",
            "B",
            "BF",
            "C.F.",
            "C F",
            "C F Smith",
            "Budget Car Hire Ltd",
            "Plan B Consulting",
            "Planning fees",
            "Bud Ltd",
            "Carried forward from 23/24",
            "Commitment to care",
            "Balance of fees",
            "Open Plan Offices",
            "Work",
            "Current",
            "Year end stores",
            "Full year",
            "4100",
            "Actual",
            "Purchase order",
            "Amount",
            "Opening of the library",
        ] {
            assert_eq!(label(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_planned_is_told_without_its_number() {
        for (text, wanted) in [
            ("PO Commitment 4711", Some("PO Commitment")),
            ("Commitments", Some("Commitments")),
            ("Revised budget 2025/26", Some("Revised budget")),
            ("Budget 25/26", Some("Budget 25/26")),
            ("Budget", Some("Budget")),
            ("BUD", Some("BUD")),
            ("Estimate 4711", None),
            ("Budget Car Hire Ltd", None),
        ] {
            assert_eq!(planned(text), wanted, "{text}");
        }
        assert!(is_surely_planned(&["original", "budget"]) && !is_surely_planned(&["budget"]) && !is_surely_planned(&["annual", "plan"]));
    }
}

//! What the text of a row says of it: that its pounds are what stands at the beginning or the end of a span, or what is planned, and no
//! movement.

/// What a row calls itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// What stands: `Opening balance`, `B/fwd`.
    Balance,
    /// What has not happened: `Budget`, `PO Commitment`.
    Planned,
}

impl Label {
    /// What a text says, and the words that say it, without what stands behind them; asked of every text of a file.
    #[must_use]
    pub fn of(text: &[u8]) -> Option<(Self, String)> {
        if !may_say(text) {
            return None;
        }
        let text = std::str::from_utf8(text).ok()?.trim();
        // `C.F.` may be somebody's initials, `C/F` is none.
        let is_bare = !text.contains('/') && text.chars().filter(|c| c.is_alphanumeric()).count() < 3;
        if let Some(said) = balance(text).filter(|_| !is_bare) {
            return Some((Self::Balance, said.to_owned()));
        }
        let words: Vec<String> = with_ends(text).into_iter().map(|(word, _)| word).collect();
        let said = || words.iter().filter(|word| !has_digit(word)).map(String::as_str).collect::<Vec<_>>().join(" ");
        is_planned(&words).then(|| (Self::Planned, said()))
    }
}

fn has_digit(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether a text may say so, by its first four letters.
fn may_say(text: &[u8]) -> bool {
    let first = text.trim_ascii_start();
    let [a, b, c, rest @ ..] = first else { return false };
    if text.len() > LONGEST || !a.is_ascii_alphabetic() {
        return false;
    }
    let first_four = &[*a, *b, *c, rest.first().copied().unwrap_or(b' ')].map(|byte| byte | 0x20);
    let words = matches!(
        first_four,
        b"open" | b"clos" | b"bala" | b"brou" | b"carr" | b"prio" | b"prev" | b"last" | b"year" | b"peri" | b"bfwd" | b"cfwd" // a balance
            | b"budg" | b"fore" | b"esti" | b"comm" | b"encu" | b"plan" | b"orig" | b"revi" | b"curr" | b"appr" | b"annu" | b"late" // planned
            | b"work" | b"full" | b"amou" | b"outt" | b"purc" | b"outs"
    );
    words || matches!(first_four, [b'b' | b'c', b'/' | b' ' | b'.', b'f' | b'd', _] | b"bal " | b"bal." | b"ytd " | b"po c")
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

/// Whether words, in small letters, say budget, forecast or commitment, and nothing else but numbers.
#[must_use]
pub fn is_planned<T: AsRef<str>>(words: &[T]) -> bool {
    let says = |word: &T| PLANNED.contains(&word.as_ref());
    let is_beside = |word: &T| BESIDE.contains(&word.as_ref()) || has_digit(word.as_ref());
    words.iter().any(says) && words.iter().all(|word| says(word) || is_beside(word))
}

/// The words of a text that say that its row is what stands at the beginning or the end of a span, and no movement: `Opening balance at` of
/// `Opening balance at 1 April 2025`, as they are printed. `None` where it says something else.
#[must_use]
pub fn balance(text: &str) -> Option<&str> {
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
    let says_when = |word: &str| SAYS_WHEN.contains(&word) || has_digit(word) || month_number(word.as_bytes()).is_some();
    let first = words.iter().position(|(word, _)| !matches!(word.as_str(), "prior" | "previous" | "last" | "year" | "period"))?;
    let joined = |to: usize| words.get(first..to).unwrap_or_default().iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(" ");
    let end = (first + 1..=words.len().min(first + 3)).rev().find(|to| PHRASES.contains(&joined(*to).as_str()))?;
    let rest = words.get(end..).unwrap_or_default();
    // `C F May` may be a supplier, `C/F May 2025` is none.
    let is_dated = rest.is_empty() || rest.iter().any(|(word, _)| has_digit(word));
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
#[must_use]
pub fn may_be_balance(text: &[u8]) -> bool {
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
    }

    #[test]
    fn a_row_calls_itself_what_it_is() {
        let label = |text: &str| Label::of(text.as_bytes()).map(|(label, _)| label);
        assert_eq!(Label::of(b"Balance b/f AB123456C").unwrap().1, "Balance b/f", "what stands behind may be a person's");
        assert_eq!(Label::of(b"PO Commitment AB123").unwrap().1, "po commitment");
        for text in [
            "Opening balance",
            "B/F",
            "b/fwd",
            "Balance b/f 2024",
            "Bal. c/fwd",
            "CLOSING BALANCE P12",
            " Opening Balance ",
            "Brought forward",
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
}

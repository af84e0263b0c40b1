//! What the headings of amounts say: two columns that make one, and amounts that are no pounds.

use super::{
    amounts::amount_columns,
    answers::Question,
    evidence::{Evidence, Seen},
    guess::words,
};
use crate::{
    domain::balance,
    profile::{Kind, Millionths, Money, says_before},
};

/// The answers to `unit`.
pub const POUNDS: &str = "pounds";
pub const PENCE: &str = "pence";
pub const THOUSANDS: &str = "thousands";
pub const MILLIONS: &str = "millions";
/// Amounts in another currency than sterling.
pub const OTHER_CURRENCY: &str = "other_currency";

/// Two columns of which one is debits and the other credits.
pub struct Sides {
    /// The answer to `amount`: `Debit - Credit`.
    pub answer: String,
    /// Whether credits are printed as what takes off already: the difference would add them.
    pub credits_below: bool,
}

/// The columns of debits and of credits, where the headings say which is which.
#[must_use]
pub fn sides(evidence: &Evidence) -> Option<Sides> {
    let (debit, credit) = FAMILIES.iter().find_map(|family| pair(evidence, family))?;
    let (negative, positive) = evidence
        .facts(credit)
        .filter_map(|column| column.money.as_ref())
        .fold((0, 0), |(n, p), m: &Money| (n + m.negative, p + m.positive));
    let answer = format!("{} - {}", evidence.label(debit), evidence.label(credit));
    (!std::ptr::eq(debit, credit)).then_some(Sides { answer, credits_below: negative > positive })
}

/// What headings call the two sides, and whether other words may stand beside them.
struct Family {
    debit: &'static [&'static str],
    credit: &'static [&'static str],
    alone: bool,
}

const FAMILIES: [Family; 2] = [
    Family { debit: &["debit", "debits", "dr", "drs"], credit: &["credit", "credits", "cr", "crs"], alone: false },
    Family {
        debit: &["payments", "payment", "paid out", "money out", "withdrawals", "expenditure", "expenses", "out"],
        credit: &["receipts", "receipt", "paid in", "money in", "deposits", "income", "receipts", "in"],
        alone: true,
    },
];

/// Words that say nothing of which amount it is.
const SAYS_NOTHING: [&str; 5] = ["amount", "amt", "value", "gbp", "pounds"];
/// Of amounts in several currencies, those of the books. `Local` may be the supplier's, and `Home` is where people are cared for.
const OF_THE_BOOKS: [&str; 6] = ["accounted", "base", "functional", "local", "home", "reporting"];

/// Whether a heading says, and says nothing else, that its amounts are in pounds, whatever was paid in: `Functional Amount`, `Amount GBP`.
pub(super) fn says_pounds(heading: &str) -> bool {
    let says = |word: &str| ["gbp", "sterling", "accounted", "functional"].contains(&word);
    heading.contains('£') || words(heading).split(' ').any(says)
}

/// The two columns of a family: those whose headings are alike but for the side, of several the pounds of the books.
fn pair<'e>(evidence: &'e Evidence, family: &Family) -> Option<(&'e Seen, &'e Seen)> {
    let side = |names: &[&str]| -> Vec<(&'e Seen, String)> {
        let rest = |seen: &'e Seen| {
            let said = words(&evidence.label(seen));
            let left: Vec<&str> = said.split(' ').filter(|word| !SAYS_NOTHING.contains(word)).collect();
            let found = if family.alone { names.contains(&left.join(" ").as_str()) } else { left.iter().any(|word| names.contains(word)) };
            let rest = left.into_iter().filter(|word| family.alone || !names.contains(word)).collect::<Vec<_>>().join(" ");
            (found && matches!(evidence.kind(seen), Kind::Money | Kind::Empty))
                .then_some((seen, if family.alone { String::new() } else { rest }))
        };
        evidence.columns.iter().filter_map(rest).collect()
    };
    let (debits, credits) = (side(family.debit), side(family.credit));
    let is_pair =
        |one: &Seen, other: &Seen| !std::ptr::eq(one, other) && [one, other].iter().any(|seen| evidence.kind(seen) == Kind::Money);
    if let ([(debit, _)], [(credit, _)]) = (debits.as_slice(), credits.as_slice()) {
        return is_pair(debit, credit).then_some((*debit, *credit));
    }
    let alike = |(debit, rest): &(&'e Seen, String)| {
        let (credit, _) = credits.iter().find(|(credit, other)| other == rest && is_pair(debit, credit))?;
        Some((*debit, *credit, rest.clone()))
    };
    let pairs: Vec<(&Seen, &Seen, String)> = debits.iter().filter_map(alike).collect();
    let of_books = || pairs.iter().find(|(_, _, rest)| rest.split(' ').any(|word| OF_THE_BOOKS.contains(&word)));
    let found = if let [one] = pairs.as_slice() { Some(one) } else { of_books() };
    found.map(|(debit, credit, _)| (*debit, *credit))
}

/// The column that counts, where nobody has said: the likely one, or the total of it and others. `None` where its heading says that it is
/// something else than what was paid or booked: a balance, a budget, one side of two.
#[must_use]
pub fn counts(evidence: &Evidence, likely: String) -> Option<String> {
    let profile = &evidence.samples.first()?.profile;
    let mut at = evidence.named(&likely)?.places.first().copied().flatten();
    let label = |at: usize| Some(evidence.label(evidence.columns.iter().find(|seen| seen.places.first() == Some(&Some(at)))?));
    let says = |at: usize, wanted: &[&str]| label(at).is_some_and(|label| words(&label).split(' ').any(|word| wanted.contains(&word)));
    let mut found = likely;
    // A total of totals is the last of a few.
    for _ in 0..4 {
        let above = profile.identities.iter().chain(&profile.wholes).find(|sum| {
            at.is_some_and(|at| sum.parts.contains(&at) && sum.whole != at)
                && says(sum.whole, &["total", "totals"])
                && !is_other(&label(sum.whole).unwrap_or_default())
                && !sum.parts.iter().any(|part| says(*part, &["vat", "tax"]))
        });
        let Some(above) = above else { break };
        (at, found) = (Some(above.whole), label(above.whole)?);
    }
    (!is_other(&found)).then_some(found)
}

/// Whether a heading says that an amount is no movement by itself.
fn is_other(heading: &str) -> bool {
    const STANDS: [&str; 15] = [
        "balance",
        "balances",
        "opening",
        "closing",
        "budget",
        "budgets",
        "budgeted",
        "variance",
        "forecast",
        "commitment",
        "commitments",
        "remaining",
        "outstanding",
        "forward",
        "fwd",
    ];
    const SIDES: [&str; 8] = ["debit", "debits", "dr", "drs", "credit", "credits", "cr", "crs"];
    let said = words(heading);
    let all: Vec<&str> = said.split(' ').collect();
    if is_to_date(heading) || says_before(heading) || balance(heading).is_some() {
        return true;
    }
    all.iter().any(|word| STANDS.contains(word)) || (all.iter().any(|word| SIDES.contains(word)) && !all.contains(&"card"))
}

/// Whether a heading says that an amount is of the year so far: `YTD Actual`, `Spend to date`.
#[must_use]
pub fn is_to_date(heading: &str) -> bool {
    let said = words(heading);
    said.split(' ').any(|word| ["ytd", "cumulative", "cum"].contains(&word)) || format!(" {said} ").contains(" to date ")
}

/// In what the amounts are: asked where the heading, or a line above the headings, says something else than pounds.
#[must_use]
pub fn unit(evidence: &Evidence, amount: &str) -> Question {
    let above = evidence.samples.iter().flat_map(|sample| &sample.profile.above);
    let (said, seen) = match (said(amount), above.map(|line| (said_above(line), line)).find(|(said, _)| *said != POUNDS)) {
        (POUNDS, None) => (POUNDS, "no heading says otherwise".to_owned()),
        (POUNDS, Some((said, line))) => (said, format!("a line above the headings says so: {}", line.trim())),
        (said, _) => (said, format!("the heading says so: {amount}")),
    };
    Question::new("unit", "In what does it print amounts?")
        .seen(seen)
        .choices([POUNDS, PENCE, THOUSANDS, MILLIONS, OTHER_CURRENCY])
        .default(said)
        .stands_if(said == POUNDS)
}

/// What amounts add up to, told in pounds where that is known: `unit` is the answer, and what was profiled as pence is pounds already.
#[must_use]
pub fn shown(evidence: &Evidence, amount: &str, unit: &str, sum: i128) -> String {
    let is_implied = |seen: &Seen| {
        let mut styles = evidence.facts(seen).filter_map(|column| column.money.as_ref()).flat_map(|money| &money.styles);
        styles.any(|(style, _)| style == "implied(2)")
    };
    match unit {
        PENCE if !amount_columns(evidence, amount).is_some_and(|(seen, _)| is_implied(seen)) => {
            format!("£{}", Millionths(sum / 100).text())
        }
        POUNDS | PENCE => format!("£{}", Millionths(sum).text()),
        other => format!("{} in {other}", Millionths(sum).text()),
    }
}

/// What a heading says of the unit.
fn said(amount: &str) -> &'static str {
    let spaced = format!(" {} ", words(amount));
    let has = |all: &[&str]| all.iter().any(|word| spaced.contains(&format!(" {word} ")));
    if has(&["pence", "pennies", "in p", "amount p"]) {
        PENCE
    } else if has(&["000", "000s", "000 s", "thousand", "thousands", "k", "gbp k", "tgbp"]) {
        THOUSANDS
    } else if has(&["million", "millions", "mn", "amount m", "value m", "spend m", "cost m", "gbp m"]) || in_pounds_m(amount) {
        MILLIONS
    } else if !has(&["gbp", "sterling"]) && !amount.contains('£') && (has(&CURRENCIES) || amount.contains(['€', '$'])) {
        OTHER_CURRENCY
    } else {
        POUNDS
    }
}

/// Whether a text says `£m`, and not `£mile`.
fn in_pounds_m(text: &str) -> bool {
    let said = text.to_lowercase();
    said.split("£m").skip(1).any(|rest| !rest.starts_with(char::is_alphanumeric))
}

/// Currencies by which headings call amounts that are no pounds.
const CURRENCIES: [&str; 8] = ["eur", "euro", "euros", "usd", "dollars", "us dollars", "chf", "jpy"];

/// What a line above the headings says of the unit: of `over £25,000` nothing, of `all figures in £'000` thousands.
fn said_above(line: &str) -> &'static str {
    let spaced = format!(" {} ", words(line));
    let has = |all: &[&str]| all.iter().any(|phrase| spaced.contains(&format!(" {phrase} ")));
    if has(&["in pence", "in pennies", "amounts pence", "values pence"]) {
        PENCE
    } else if has(&[
        "in 000",
        "in 000s",
        "in 000 s",
        "in gbp 000",
        "in thousands",
        "in thousand",
        "in k",
        "000s",
        "figures 000",
        "amounts 000",
    ]) {
        THOUSANDS
    } else if has(&["in millions", "in million", "in m", "in gbp m", "in gbp millions"]) || in_pounds_m(line) {
        MILLIONS
    } else if has(&["in gbp", "in pounds", "in sterling", "to gbp", "to pounds", "to sterling"]) {
        POUNDS // `invoices in EUR are converted to GBP`
    } else if ["in €", "in $"].iter().any(|said| line.contains(said)) || CURRENCIES.iter().any(|word| has(&[&format!("in {word}")])) {
        OTHER_CURRENCY
    } else {
        POUNDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_above_the_headings_say_in_what_amounts_are() {
        for line in ["Creditor interface; values in pence", "(Amounts in Pence)"] {
            assert_eq!(said_above(line), PENCE, "{line}");
        }
        for line in ["All figures in £'000", "All figures in £000s", "Figures in thousands of pounds", "Spend £000s", "Amounts (£'000)"]
        {
            assert_eq!(said_above(line), THOUSANDS, "{line}");
        }
        for line in ["All figures in £m", "Amounts in £ millions", "Values in millions of pounds"] {
            assert_eq!(said_above(line), MILLIONS, "{line}");
        }
        for line in ["All amounts in euro", "Amounts in EUR", "Figures in €"] {
            assert_eq!(said_above(line), OTHER_CURRENCY, "{line}");
        }
        for line in ["Invoices in euro are converted to GBP", "All amounts in pounds sterling; orders in USD at the day's rate"] {
            assert_eq!(said_above(line), POUNDS, "{line}");
        }
        for line in
            ["Payments over £25,000", "Payments over £100k", "Payments in excess of £500 in April 2025", "Spend over £5,000 in 2025"]
        {
            assert_eq!(said_above(line), POUNDS, "{line}");
        }
    }

    #[test]
    fn headings_say_in_what_amounts_are() {
        for heading in ["Amount (pence)", "Net pence", "Amount (p)", "Value in p"] {
            assert_eq!(said(heading), PENCE, "{heading}");
        }
        for heading in ["Amount £000", "Net (£'000)", "Spend £000s", "Amount (£k)", "Thousands of pounds"] {
            assert_eq!(said(heading), THOUSANDS, "{heading}");
        }
        for heading in ["Amount £m", "Value (millions)", "Net (£M)"] {
            assert_eq!(said(heading), MILLIONS, "{heading}");
        }
        for heading in ["Amount EUR", "Amount ($)", "Euros", "Value (€)"] {
            assert_eq!(said(heading), OTHER_CURRENCY, "{heading}");
        }
        for heading in [
            "GBP Equivalent of EUR Amount",
            "Amount £",
            "Entered EUR, £",
            "Amount",
            "Net Amount £",
            "Payments over £500",
            "Paid",
            "Amount Paid",
            "Total 2000",
        ] {
            assert_eq!(said(heading), POUNDS, "{heading}");
        }
    }
}

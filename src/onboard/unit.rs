//! What the headings of amounts say: two columns that make one, and amounts that are no pounds.

use super::{
    answers::Question,
    evidence::{Evidence, Seen},
    guess::words,
};
use crate::profile::{Kind, Money};

/// The answers to `unit`.
pub const POUNDS: &str = "pounds";
pub const PENCE: &str = "pence";
pub const THOUSANDS: &str = "thousands";

/// Two columns of which one is debits and the other credits, each the only one of its kind.
pub struct Sides {
    /// The answer to `amount`: `Debit - Credit`.
    pub answer: String,
    /// Whether credits are printed as what takes off already: the difference would add them.
    pub credits_below: bool,
}

/// The columns of debits and of credits, where the headings say which is which.
#[must_use]
pub fn sides(evidence: &Evidence) -> Option<Sides> {
    let with = |wanted: [&str; 4]| {
        let says = |seen: &&Seen| words(&evidence.label(seen)).split(' ').any(|word| wanted.contains(&word));
        let mut found = evidence.columns.iter().filter(|seen| evidence.kind(seen) == Kind::Money).filter(says);
        found.next().filter(|_| found.next().is_none())
    };
    let (debit, credit) = (with(["debit", "debits", "dr", "drs"])?, with(["credit", "credits", "cr", "crs"])?);
    let (negative, positive) = evidence
        .facts(credit)
        .filter_map(|column| column.money.as_ref())
        .fold((0, 0), |(n, p), m: &Money| (n + m.negative, p + m.positive));
    let answer = format!("{} - {}", evidence.label(debit), evidence.label(credit));
    (!std::ptr::eq(debit, credit)).then_some(Sides { answer, credits_below: negative > positive })
}

/// In what the amounts are: asked where a heading says something else than pounds.
#[must_use]
pub fn unit(amount: &str) -> Question {
    let said = said(amount);
    let seen = if said == POUNDS { "no heading says otherwise".to_owned() } else { format!("the heading says so: {amount}") };
    Question::new("unit", "In what does it print amounts?")
        .seen(seen)
        .choices([POUNDS, PENCE, THOUSANDS])
        .default(said)
        .stands_if(said == POUNDS)
}

/// What a heading says of the unit.
fn said(amount: &str) -> &'static str {
    let spaced = format!(" {} ", words(amount));
    let has = |all: &[&str]| all.iter().any(|word| spaced.contains(&format!(" {word} ")));
    if has(&["pence", "pennies", "in p", "amount p"]) {
        PENCE
    } else if has(&["000", "000s", "000 s", "thousand", "thousands", "k", "gbp k", "tgbp"]) {
        THOUSANDS
    } else {
        POUNDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_say_in_what_amounts_are() {
        for heading in ["Amount (pence)", "Net pence", "Amount (p)", "Value in p"] {
            assert_eq!(said(heading), PENCE, "{heading}");
        }
        for heading in ["Amount £000", "Net (£'000)", "Spend £000s", "Amount (£k)", "Thousands of pounds"] {
            assert_eq!(said(heading), THOUSANDS, "{heading}");
        }
        for heading in ["Amount", "Net Amount £", "Payments over £500", "Paid", "Amount Paid", "Total 2000"] {
            assert_eq!(said(heading), POUNDS, "{heading}");
        }
    }
}

//! Which column is the amount, and whether VAT is in it.

use super::{
    answers::Question,
    ask::{heading_at, headings},
    currency::in_pounds,
    evidence::{Evidence, Seen},
    guess::words,
    looks,
    places::contract_of,
    unit,
};
use crate::{
    profile::{Kind, month},
    schema::Type,
};

/// Which column it is: a total, the difference of two, the sum of two, or columns of months.
pub fn amount_question(evidence: &Evidence) -> Question {
    if let Some(question) = looks::months_as_columns(evidence) {
        return question;
    }
    let money = headings(evidence, |kind, _| kind == Kind::Money);
    let likely = evidence.samples.first().and_then(|sample| sample.profile.amount);
    let sides = unit::sides(evidence);
    let parts = if sides.is_none() { parts(evidence, heading_at(evidence, likely).as_deref()) } else { None };
    let default = match &sides {
        Some(sides) => (!sides.credits_below).then(|| sides.answer.clone()),
        None if parts.is_some() => None,
        None => known_amount(evidence).or_else(|| unit::counts(evidence, heading_at(evidence, likely).or_else(|| money.first().cloned())?)),
    };
    let default = default.map(|default| in_pounds(evidence, &default).unwrap_or(default));
    let repeated = default.as_deref().and_then(|default| repeated(evidence, default));
    let of_months = nameless_years(evidence);
    let thousands = default.as_deref().and_then(|default| thousands(evidence, default));
    let default = default.filter(|_| repeated.is_none() && of_months.is_none() && thousands.is_none());
    let sums: Vec<String> = evidence
        .columns
        .iter()
        .filter(|seen| evidence.kind(seen) == Kind::Money)
        .map(|seen| format!("{} adds up to {}", evidence.label(seen), sum_text(evidence, seen)))
        .collect();
    let seen = match &sides {
        Some(sides) if sides.credits_below => {
            format!("{}; credits stand below nought already, so that `{}` would add them", sums.join("; "), sides.answer)
        }
        _ if sums.is_empty() => no_amount(evidence),
        _ if let Some(both) = &parts => format!("{}; a row may fill one of the two or both, and `{both}` counts both", sums.join("; ")),
        _ => sums.iter().cloned().chain(repeated).chain(of_months).chain(thousands).collect::<Vec<_>>().join("; "),
    };
    let question = Question::new("amount", "Which column is the amount? A difference is written `Gross - VAT`.").seen(seen);
    let question = default.map_or(question.clone(), |default| question.default(default));
    question.stands_if(money.len() == 1)
}

/// That each of the likely amounts may be thousands that a full stop parts: £12,500 would be read as £12.50.
fn thousands(evidence: &Evidence, likely: &str) -> Option<String> {
    let (one, other) = amount_columns(evidence, likely)?;
    let parts_thousands = |seen: &&Seen| evidence.facts(seen).filter_map(|column| column.money.as_ref()).any(|money| money.parts_thousands);
    let seen = [Some(one), other].into_iter().flatten().find(parts_thousands)?;
    Some(format!(
        "each of `{}` is printed as `12.500` is: where the full stop parts thousands the file is not read, have it written without one; where \
         these are pounds with three decimals, say which column it is",
        evidence.label(seen)
    ))
}

/// That amounts stand under months whose headings say no year: each later file has its pounds under another.
fn nameless_years(evidence: &Evidence) -> Option<String> {
    let is_month = |seen: &&Seen| {
        matches!(evidence.kind(seen), Kind::Money | Kind::Empty) && seen.heading.trim().len() <= 9 && month(seen.heading.trim()).is_some()
    };
    let months: Vec<&Seen> = evidence.columns.iter().filter(is_month).collect();
    let all: Vec<String> = months.iter().map(|seen| format!("`{}`", evidence.label(seen))).collect();
    (months.iter().filter(|seen| evidence.kind(seen) == Kind::Money).count() > 1).then(|| {
        format!(
            "{} are months without a year, which are not read as rows of theirs: a column that is right of this file is another's in the next",
            all.join(", ")
        )
    })
}

/// That the likely amount is of a whole document, by its heading or by what its lines add up to, and another column of these: each line may
/// print the whole, which would count as often as there are lines. Where both come to the same, each document has one line.
fn repeated(evidence: &Evidence, likely: &str) -> Option<String> {
    const WHOLE: [&str; 8] = ["payment", "invoice", "document", "voucher", "cheque", "transaction", "batch", "header"];
    const PART: [&str; 7] = ["line", "distribution", "dist", "split", "item", "detail", "allocated"];
    const OTHER: [&str; 5] = ["vat", "tax", "number", "no", "type"];
    let says = |seen: &Seen, wanted: &[&str]| words(&evidence.label(seen)).split(' ').any(|word| wanted.contains(&word));
    let sum = |seen: &Seen| -> i128 { evidence.facts(seen).filter_map(|column| column.money.as_ref()).map(|money| money.sum.0).sum() };
    let whole = evidence.named(likely)?;
    let is_money = |seen: &&Seen| evidence.kind(seen) == Kind::Money && !std::ptr::eq(*seen, whole);
    if let Some(part) = evidence.columns.iter().filter(is_money).find(|part| is_printed_on_each(evidence, whole, part)) {
        return Some(format!(
            "`{}` is on each line of a document what its lines add up to under `{}`: the whole would count again on each",
            evidence.label(whole),
            evidence.label(part)
        ));
    }
    let is_part = |seen: &&Seen| is_money(seen) && says(seen, &PART) && !says(seen, &OTHER);
    let is_whole = says(whole, &WHOLE) && !says(whole, &PART);
    let part = evidence.columns.iter().filter(is_part).find(|part| is_whole && sum(part).abs() < sum(whole).abs())?;
    Some(format!(
        "`{}` is of a whole document by its heading, and `{}` of a line: on each line of a document the whole would count again",
        evidence.label(whole),
        evidence.label(part)
    ))
}

/// Whether in every first row of every sample a column prints, on each of some lines one below the other, what another adds up to over these
/// lines, and more than once over several.
fn is_printed_on_each(evidence: &Evidence, whole: &Seen, part: &Seen) -> bool {
    const ENOUGH: u64 = 3;
    let mut several = 0;
    for (number, sample) in evidence.samples.iter().enumerate() {
        let (Some(whole), Some(part)) = (whole.place(number), part.place(number)) else { return false };
        let (mut open, mut sum, mut lines) = (None, 0, 0_u64);
        for row in &sample.profile.head {
            let amount = |at: usize| row.amounts.get(at).copied().flatten();
            let (Some(printed), Some(line)) = (amount(whole), amount(part)) else { return false };
            if open.is_some_and(|open| open != printed) {
                return false;
            }
            // A line of nought may follow what has come to its whole.
            if open.is_none() && line == 0 {
                continue;
            }
            (open, sum, lines) = (Some(printed), sum + line, lines + 1);
            if sum == printed {
                several += u64::from(lines > 1);
                (open, sum, lines) = (None, 0, 0);
            }
        }
    }
    several >= ENOUGH
}

/// Why no column looks like one of amounts.
fn no_amount(evidence: &Evidence) -> String {
    let speaks = |seen: &&Seen| {
        let heading = format!(" {} ", words(&seen.heading));
        ["amount", "value", "net", "gross", "total", "paid", "payment", "spend", "cost", "pounds"]
            .iter()
            .any(|word| heading.contains(&format!(" {word} ")))
    };
    let written = |seen: &Seen| {
        let mut shapes: Vec<&str> = Vec::new();
        for (shape, _) in evidence.facts(seen).flat_map(|column| &column.shapes) {
            if !shapes.contains(&shape.as_str()) && shapes.len() < 3 {
                shapes.push(shape);
            }
        }
        let what = match evidence.kind(seen) {
            Kind::Code => "whole numbers as codes are",
            Kind::Empty => "nothing",
            Kind::Quantity => "numbers that are no pounds by their heading",
            _ => "no amounts in a style that `truecost explain money` lists",
        };
        if let Some(how) = continental(&shapes) {
            return format!(
                "`{}` has {how} ({}), which is not read: have the file written as 1234.56",
                evidence.label(seen),
                shapes.join(", ")
            );
        }
        let shapes = if shapes.is_empty() { String::new() } else { format!(" (9 a digit, A a letter: {})", shapes.join(", ")) };
        format!("`{}` holds {what}{shapes}", evidence.label(seen))
    };
    let found: Vec<String> = evidence.columns.iter().filter(speaks).map(written).collect();
    if found.is_empty() { "no column looks like amounts".to_owned() } else { format!("no column looks like amounts: {}", found.join("; ")) }
}

/// How a continental machine has printed amounts of these shapes (9 a digit): `1.234,56`, `1.234`, `1234,5`, `1.234,-`.
fn continental(shapes: &[&str]) -> Option<&'static str> {
    let pence = |shape: &str| {
        let (_, pence) = shape.trim_end_matches(['-', ' ']).rsplit_once(',')?;
        (pence.len() < 3 && pence.bytes().all(|byte| byte == b'9')).then_some(())
    };
    let whole = |shape: &str| {
        let parts = shape.trim_matches(['-', '+', ' ']).split('.').enumerate();
        let mut parts = parts.map(|(at, part)| part.bytes().all(|byte| byte == b'9') && (at == 0 || part.len() == 3));
        parts.all(|is_digits| is_digits)
    };
    let is_parted = shapes.iter().any(|shape| shape.contains('.'));
    let of_comma = shapes.iter().filter(|shape| pence(shape).is_some()).count();
    match shapes.iter().all(|shape| pence(shape).is_some() || whole(shape)) {
        true if of_comma > 0 => Some("a comma before the pence"),
        true if is_parted => Some("full stops between thousands"),
        _ => None,
    }
}

/// The column of pounds of a layout that is known: amounts in another currency stand beside it.
fn known_amount(evidence: &Evidence) -> Option<String> {
    let contract = contract_of(evidence.given.as_ref()?.known?).ok()?;
    contract.columns.iter().find(|column| column.kind == Type::Money).map(|column| column.physical_name.clone())
}

/// The pounds of a column over all samples.
fn sum_text(evidence: &Evidence, seen: &Seen) -> String {
    let sum: i128 = evidence.facts(seen).filter_map(|column| column.money.as_ref()).map(|money| money.sum.0).sum();
    crate::profile::Millionths(sum).text()
}

/// The column of an amount, and the one that is taken off it or added to it ([`is_sum`]), if any.
#[must_use]
pub fn amount_columns<'e>(evidence: &'e Evidence, amount: &str) -> Option<(&'e Seen, Option<&'e Seen>)> {
    if let Some(seen) = evidence.named(amount) {
        return Some((seen, None));
    }
    joined(evidence, amount).map(|(one, other, _)| (one, Some(other)))
}

/// Whether of two columns the amount is the sum.
#[must_use]
pub fn is_sum(evidence: &Evidence, amount: &str) -> bool {
    joined(evidence, amount).is_some_and(|(_, _, is_sum)| is_sum)
}

/// The two columns of an amount that is none by itself, and whether it is their sum: the mark between two headings decides, since headings
/// hold such marks too.
fn joined<'e>(evidence: &'e Evidence, amount: &str) -> Option<(&'e Seen, &'e Seen, bool)> {
    let named = |(one, other): (&str, &str)| Some((evidence.named(one)?, evidence.named(other)?));
    let two = |mark: &str| amount.match_indices(mark).find_map(|(at, _)| named((amount.get(..at)?, amount.get(at + mark.len()..)?)));
    let found = |is_sum: bool| move |(one, other)| (one, other, is_sum);
    evidence.named(amount).is_none().then(|| two(" - ").map(found(false)).or_else(|| two(" + ").map(found(true))))?
}

/// Two columns that hold parts of the amounts, `Revenue + Capital`, of which the likely amount is one: their headings say so, or each row
/// fills one of them.
fn parts(evidence: &Evidence, likely: Option<&str>) -> Option<String> {
    let likely = evidence.named(likely?)?;
    let is_amount = |seen: &&Seen| matches!(evidence.kind(seen), Kind::Money) && !std::ptr::eq(*seen, likely);
    let is_part = |seen: &&Seen| says_parts(&likely.heading, &seen.heading) || fill_each_other(evidence, likely, seen);
    let other = evidence.columns.iter().filter(is_amount).find(is_part)?;
    let order = |seen: &Seen| seen.places.iter().flatten().next().copied();
    let (first, second) = if order(likely) < order(other) { (likely, other) } else { (other, likely) };
    Some(format!("{} + {}", evidence.label(first), evidence.label(second))).filter(|_| !is_whole_elsewhere(evidence, [first, second]))
}

/// `Revenue Amount` and `Capital Amount`: alike but for which spending it is.
fn says_parts(one: &str, other: &str) -> bool {
    const REVENUE: [&str; 2] = ["revenue", "rev"];
    const CAPITAL: [&str; 2] = ["capital", "cap"];
    let (one, other) = (words(one), words(other));
    let rest = |heading: &str, of: &[&str]| {
        let left: Vec<&str> = heading.split(' ').filter(|word| !of.contains(word)).collect();
        (left.len() < heading.split(' ').count()).then(|| left.join(" "))
    };
    let pair = |revenue: &str, capital: &str| {
        rest(revenue, &REVENUE).zip(rest(capital, &CAPITAL)).is_some_and(|(revenue, capital)| revenue == capital)
    };
    pair(&one, &other) || pair(&other, &one)
}

/// Whether each row fills one of the two, and neither all of them.
fn fill_each_other(evidence: &Evidence, one: &Seen, other: &Seen) -> bool {
    let filled = |seen: &Seen| evidence.facts(seen).fold((0, 0), |(rows, of), column| (rows + column.filled.rows, of + column.filled.of));
    let ((a, of), (b, _)) = (filled(one), filled(other));
    let is_tax = |seen: &Seen| words(&seen.heading).split(' ').any(|word| ["vat", "tax", "cis", "retention", "discount"].contains(&word));
    a > 0 && b > 0 && a + b == of && of > 4 && !is_tax(one) && !is_tax(other)
}

/// Whether another column is the sum of both.
fn is_whole_elsewhere(evidence: &Evidence, two: [&Seen; 2]) -> bool {
    let mut samples = evidence.samples.iter().enumerate();
    samples.any(|(number, sample)| {
        let at = two.map(|seen| seen.place(number));
        let holds = |parts: &[usize]| at.iter().all(|at| at.is_some_and(|at| parts.contains(&at)));
        sample.profile.identities.iter().chain(&sample.profile.wholes).any(|sum| holds(&sum.parts))
    })
}

/// Whether the VAT that the body recovers is in it.
pub fn vat(evidence: &Evidence, amount: &str) -> Question {
    let question = Question::new("vat", "Is the amount net or gross of VAT that the body recovers?").choices(["net", "gross", "unknown"]);
    let heading = words(amount);
    let says = |all: &[&str]| all.iter().any(|word| format!(" {heading} ").contains(&format!(" {word} ")));
    let is_whole = evidence.samples.iter().flat_map(|sample| &sample.profile.identities).any(|identity| {
        let of = |at: &usize| heading_at(evidence, Some(*at)).is_some_and(|label| label == amount);
        of(&identity.whole)
    });
    let is_less = joined(evidence, amount).is_some_and(|(_, _, is_sum)| !is_sum);
    if is_less || says(&["net", "excl vat", "ex vat", "excluding vat", "exc vat"]) {
        return question.seen(format!("the heading says so: {amount}")).default("net");
    }
    if is_whole || says(&["gross", "inc vat", "incl vat", "including vat"]) {
        return question.seen(format!("`{amount}` is the sum of other amounts, or its heading says so")).default("gross");
    }
    question.seen("nothing in the file says so").default("unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_a_continental_machine_are_told() {
        let how = |shapes: &[&str]| continental(shapes).map(|how| how.split(' ').nth(1).unwrap_or_default());
        for shapes in [&["9.999,99", "-99,99"][..], &["9999,9"], &["9.999", "9,99"], &["9.999,-", "999,99-"], &["9 999,99"]] {
            assert_eq!(how(shapes), Some("comma"), "{shapes:?}");
        }
        assert_eq!(how(&["9.999", "9.999.999", "999"]), Some("stops"));
        for shapes in [&["9.99"][..], &["9,99", "9.99"], &["9999"], &["AA9"], &["9,999"], &[]] {
            assert_eq!(how(shapes), None, "{shapes:?}");
        }
    }

    #[test]
    fn headings_of_parts_are_told() {
        assert!(says_parts("Revenue", "Capital") && says_parts("Capital Amount (£)", "Revenue Amount (£)"));
        assert!(!says_parts("Revenue", "Revenue") && !says_parts("Revenue Amount", "Capital Budget") && !says_parts("Amount", "Capital"));
    }
}

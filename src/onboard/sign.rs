//! Which sign a payment has, and which words of another column say so where amounts are printed without one.

use std::collections::BTreeSet;

use super::{
    amounts::amount_columns,
    answers::{Answers, Question},
    draft::quoted_in_list,
    evidence::{EMPTY, Evidence, Sample, Seen},
    guarded::says_kinds,
    guess::words,
};
use crate::{
    domain::{MAYBE, SIDES, YES_OR_NO, is_either, is_pair, may_take_off, says_cost, says_credit, says_invoice, takes_off},
    profile::{Kind, Money},
};

/// A column of a few words beside an amount that is never below nought.
pub struct Flag {
    pub label: String,
    /// Each of its words, with the rows that hold it; an empty field is [`EMPTY`].
    words: Vec<(String, u64)>,
    debit: Vec<String>,
    credit: Vec<String>,
    /// Whether its words leave no doubt.
    sure: bool,
    /// Where amounts have signs too: those beside the words that take off.
    told: String,
}

impl Flag {
    fn seen(&self) -> String {
        let words: Vec<String> = self.words.iter().map(|(word, rows)| format!("{word} {rows}")).collect();
        let told = if self.told.is_empty() { String::new() } else { format!("; {}", self.told) };
        format!("`{}` says {}{told}", self.label, words.join(", "))
    }
}

/// Which sign a payment has, or which words of another column say so.
#[must_use]
pub fn sign(evidence: &Evidence, amount: &str, answers: &Answers) -> Vec<Question> {
    let Some((seen, _)) = amount_columns(evidence, amount) else { return Vec::new() };
    let (negative, positive) = signs(evidence, seen);
    let flags = flags(evidence, amount);
    let mut questions = Vec::new();
    let mut choices = vec!["cost_positive".to_owned(), "cost_negative".to_owned()];
    choices.extend(flags.iter().map(|flag| format!("from {}", flag.label)));
    let likely = if negative > positive { "cost_negative" } else { "cost_positive" };
    let default = match flags.iter().find(|flag| flag.sure) {
        Some(flag) => Some(format!("from {}", flag.label)),
        None => flags.is_empty().then(|| likely.to_owned()),
    };
    let said = flags.iter().map(Flag::seen);
    let said: Vec<String> = [format!("{positive} amounts above nought, {negative} below")].into_iter().chain(said).collect();
    let question = Question::new("sign", "How does it print what the body pays, as a cost?")
        .seen(said.join("; "))
        .choices(choices)
        .stands_if(flags.is_empty() && negative * 4 < positive);
    let sign = default.map_or(question.clone(), |default| question.default(default));
    let chosen = answers.of(&sign).or(sign.default.as_deref()).unwrap_or_default().to_owned();
    questions.push(sign);
    if let Some(flag) = flags.into_iter().find(|flag| chosen == format!("from {}", flag.label)) {
        let of = |key: &str, ask: String, words: &[String]| {
            let question = Question::new(key, ask).seen(flag.seen());
            if words.is_empty() { question } else { question.default(words.join(", ")) }
        };
        questions.push(of("debit", format!("Which words of `{}` are a cost?", flag.label), &flag.debit));
        questions.push(of("credit", format!("Which words of `{}` take off?", flag.label), &flag.credit));
    }
    questions
}

fn signs(evidence: &Evidence, seen: &Seen) -> (u64, u64) {
    let money = evidence.facts(seen).filter_map(|column| column.money.as_ref());
    money.fold((0, 0), |(n, p), money: &Money| (n + money.negative, p + money.positive))
}

/// Columns whose words may be the sign of the amount: none where amounts have signs of their own that say the same, or are two columns'
/// difference.
#[must_use]
pub fn flags(evidence: &Evidence, amount: &str) -> Vec<Flag> {
    let Some((seen, None)) = amount_columns(evidence, amount) else { return Vec::new() };
    let is_signed = signs(evidence, seen).0 > 0;
    let is_word = |seen: &&Seen| !matches!(evidence.kind(seen), Kind::Money | Kind::Quantity | Kind::Date | Kind::Period);
    let of_column = |column: &Seen| {
        let flag = flag(evidence, column)?;
        if is_signed { beside_signs(evidence, (column, seen), flag) } else { Some(flag) }
    };
    evidence.columns.iter().filter(is_word).filter_map(of_column).collect()
}

/// The flag of a column where some amounts are below nought: these may be reversals beside amounts whose sign is in the words alone. Its
/// words must speak for a sign, and what stands beside those that take off be above nought at least as often as below.
fn beside_signs(evidence: &Evidence, (column, amount): (&Seen, &Seen), flag: Flag) -> Option<Flag> {
    let speaks = flag.sure || says_sign(&column.heading);
    let is_maybe = |word: &str| MAYBE.iter().any(|(_, credit)| word.eq_ignore_ascii_case(credit));
    let is_told = |word: &&String| !is_either(word) && (speaks || (word.len() > 2 && !is_maybe(word)));
    let credit: Vec<String> = flag.credit.iter().filter(is_told).cloned().collect();
    let of_sample = |(number, sample): (usize, &Sample)| {
        let at = (column.place(number), amount.place(number));
        let of_both = sample.profile.beside.iter().filter(|facts| (Some(facts.flag), Some(facts.amount)) == at);
        let words = of_both.flat_map(|facts| &facts.words).filter(|word| credit.iter().any(|known| known == word.word.trim()));
        words.fold((0, 0), |(below, above), word| (below + word.negative, above + word.positive))
    };
    let all: Vec<(u64, u64)> = evidence.samples.iter().enumerate().map(of_sample).collect();
    let (below, above) = all.iter().fold((0, 0), |(b, a), (below, above)| (b + below, a + above));
    let told = format!("beside {} {above} amounts are above nought, {below} below", credit.join(", "));
    let is_unsigned = all.iter().any(|(below, above)| *above > 0 && above >= below);
    is_unsigned.then_some(Flag { credit, told, sure: false, ..flag })
}

/// Words for invoices that elsewhere are codes of teams.
const CODES: [&str; 4] = ["PI", "API", "KR", "RE"];

/// Letters and numbers that are codes of wards and funds as well, or of persons and companies (`I`, `C`), and count pieces.
const LETTERS: [&str; 6] = ["S", "D", "I", "40", "1", "+1"];

fn flag(evidence: &Evidence, seen: &Seen) -> Option<Flag> {
    let words = evidence.words(seen);
    let label = evidence.label(seen);
    let all: Vec<&str> = words.iter().map(|(word, _)| word.as_str()).collect();
    if all.len() < 2 {
        return None;
    }
    let (debit, credit) = paired(&all, &SIDES);
    let told: BTreeSet<&String> = debit.iter().chain(&credit).collect();
    let rest = all.iter().any(|word| !told.contains(&(*word).to_owned()));
    let says = says_sign(&seen.heading);
    let bare = seen.heading.trim().is_empty();
    if !credit.is_empty() {
        // An empty field says nothing by itself, nor do letters that teams have too: the column must be one of signs or kinds, or have no
        // other use; of what is a code of anything, one of signs or of kinds of documents.
        let is = |known: &[&str]| debit.iter().any(|word| known.iter().any(|code| word.eq_ignore_ascii_case(code)));
        let sure = if says || bare {
            true
        } else if debit.iter().any(|word| word == EMPTY) {
            false
        } else if is(&LETTERS) {
            says_documents(&seen.heading)
        } else {
            !is(&CODES) || says_kinds(&seen.heading)
        };
        let debit = if rest { Vec::new() } else { debit };
        return Some(Flag { label, words, debit, credit, sure, told: String::new() });
    }
    let tells_kinds = says || says_kinds(&seen.heading) || are_of_documents(&all);
    let others = |word: &str| all.iter().filter(|other| tells_kinds && **other != word).copied().collect::<Vec<_>>();
    let note = |word: &&str| says_credit(word, &others(word));
    let (debit, yes) = paired(&all, &YES_OR_NO);
    let given_back = says_given_back(&seen.heading) && !yes.is_empty();
    if all.len() <= 3 && (given_back || (says && (!yes.is_empty() || !all.iter().any(note)))) {
        return Some(Flag { label, words, debit, credit: yes, sure: false, told: String::new() });
    }
    let (debit, maybe) = paired(&all, &MAYBE);
    if all.len() == 2 && !maybe.is_empty() && (says_kinds(&seen.heading) || says_documents(&seen.heading)) {
        return Some(Flag { label, words, debit, credit: maybe, sure: false, told: String::new() });
    }
    if all.iter().any(note) {
        let credit = all.iter().copied().filter(note).map(str::to_owned).collect();
        return Some(Flag { label, words, debit: Vec::new(), credit, sure: false, told: String::new() });
    }
    None
}

/// Whether all words are of documents, of a cost or of what takes off: `Income` beside `Payments` and `Housing` is a service.
fn are_of_documents(all: &[&str]) -> bool {
    all.iter().all(|word| *word == EMPTY || says_cost(word) || says_invoice(word) || may_take_off(word))
}

/// Different words up to which a column may tell kinds of rows apart.
const KINDS: usize = 12;

/// `[INV]`: the words for kinds of rows that a column has, none of which takes off, beside amounts without a sign: a later month may have
/// others. `None` for any other column.
#[must_use]
pub fn kinds(evidence: &Evidence, seen: &Seen, (amount, sign): (&str, &str)) -> Option<String> {
    let (of, other) = amount_columns(evidence, amount)?;
    let is_word = !matches!(evidence.kind(seen), Kind::Money | Kind::Quantity | Kind::Date | Kind::Period);
    if !is_word || other.is_some() || sign.starts_with("from ") || signs(evidence, of).0 > 0 {
        return None;
    }
    let all: Vec<String> = evidence.words(seen).into_iter().map(|(word, _)| if word == EMPTY { String::new() } else { word }).collect();
    let (of_signs, of_kinds) = (says_sign(&seen.heading), says_kinds(&seen.heading));
    // A letter or two may be anybody's code.
    let speaks = |word: &str| of_signs || word.len() > 2 || (of_kinds && word.len() == 2);
    let is_document = |word: &str| says_invoice(word) || says_cost(word);
    let of_documents = of_kinds || all.iter().all(|word| word.is_empty() || is_document(word));
    let is_cost = |word: &String| {
        let is = |pairs: &[(&str, &str)]| pairs.iter().any(|(debit, _)| word.eq_ignore_ascii_case(debit));
        speaks(word) && (is(&SIDES) || (of_documents && is_document(word)) || (of_signs && is(&YES_OR_NO)))
    };
    let takes = |word: &String| takes_off(word, &all.iter().filter(|other| *other != word).collect::<Vec<_>>());
    let tells = (1..=KINDS).contains(&all.len()) && all.iter().any(is_cost) && !all.iter().any(takes);
    tells.then(|| format!("[{}]", all.iter().map(|word| quoted_in_list(word)).collect::<Vec<_>>().join(", ")))
}

/// The words of the pairs of which both stand in the column, as the file spells them.
fn paired(all: &[&str], pairs: &'static [(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let text = |word: &str| if word == EMPTY { String::new() } else { word.to_owned() };
    let both = || all.iter().flat_map(move |debit| all.iter().map(move |credit| ((*debit).to_owned(), (*credit).to_owned())));
    let two = |pair: &'static (&str, &str)| both().filter(move |(debit, credit)| is_pair(&text(debit), &text(credit), pair));
    let (mut debits, mut credits): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for (debit, credit) in pairs.iter().flat_map(two) {
        // Of several words for one side each counts; a word has one side, and an empty field is one only where no word is.
        if debit == EMPTY && debits.iter().any(|known| known != EMPTY) {
            continue;
        }
        if !debits.contains(&debit) && !credits.contains(&debit) {
            debits.push(debit);
        }
        if !credits.contains(&credit) && !debits.contains(&credit) {
            credits.push(credit);
        }
    }
    (debits, credits)
}

/// A heading that speaks of signs: `CR/DR`, `Sign`, `D/C`, `Credit?`.
fn says_sign(heading: &str) -> bool {
    let said = words(heading);
    let is = |known: &[&str]| known.contains(&said.as_str());
    if names_both_sides(&said) {
        return true;
    }
    is(&[
        "sign",
        "cr dr",
        "dr cr",
        "crdr",
        "drcr",
        "d c",
        "c d",
        "dc",
        "s h",
        "debit credit",
        "credit debit",
        "cr",
        "credit",
        "credit flag",
        "credit indicator",
        "is credit",
        "credit note",
        "debit credit indicator",
        "dr cr indicator",
        "dr cr flag",
        "credit y n",
        "cr flag",
        "cr ind",
        "d c ind",
        "i e",
        "e i",
        "inc exp",
        "exp inc",
        "income expenditure",
        "expenditure income",
        "debit credit ind",
    ]) || ["+/-", "-/+", "±"].contains(&heading.trim())
}

/// A heading under which a mark says that what was paid came back: `Refund`, `Reversal?`.
fn says_given_back(heading: &str) -> bool {
    const BACK: [&str; 4] = ["refund", "refunded", "reversal", "recovery"];
    let said = words(heading);
    said.split(' ').any(|word| BACK.contains(&word))
        && said.split(' ').all(|word| BACK.contains(&word) || ["flag", "ind", "indicator", "is", "y", "n"].contains(&word))
}

/// A heading of kinds of documents and postings: `Doc. Type`, `Transaction Type`, `PK`. A type by itself may be of payees.
fn says_documents(heading: &str) -> bool {
    const OF: [&str; 15] = [
        "doc",
        "docs",
        "document",
        "trans",
        "transaction",
        "tran",
        "txn",
        "invoice",
        "inv",
        "voucher",
        "posting",
        "pstg",
        "journal",
        "jnl",
        "entry",
    ];
    const WHAT: [&str; 8] = ["type", "kind", "class", "code", "key", "ind", "indicator", "flag"];
    let said = words(heading);
    let all: Vec<&str> = said.split(' ').collect();
    let is_known = |word: &&str| OF.contains(word) || WHAT.contains(word);
    matches!(said.as_str(), "pk" | "tt" | "pstky" | "bschl" | "blart")
        || (all.len() > 1
            && all.iter().all(is_known)
            && all.iter().any(|word| OF.contains(word))
            && all.iter().any(|word| WHAT.contains(word)))
}

/// `dc flag`, `debit credit code`, `drcr`: both sides, and no word that says something else.
fn names_both_sides(said: &str) -> bool {
    const BOTH: [&str; 6] = ["dc", "drcr", "crdr", "dbcr", "debitcredit", "creditdebit"];
    const SIDE: [&str; 7] = ["d", "c", "dr", "cr", "db", "debit", "credit"];
    const BESIDE: [&str; 12] = ["flag", "ind", "indicator", "code", "marker", "mark", "type", "sign", "or", "and", "posting", "entry"];
    let all: Vec<&str> = said.split(' ').collect();
    let sides = all.iter().filter(|word| SIDE.contains(word)).count();
    let is_known = |word: &&str| BOTH.contains(word) || SIDE.contains(word) || BESIDE.contains(word);
    (sides == 2 || all.iter().any(|word| BOTH.contains(word))) && all.iter().all(is_known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_signs_are_told() {
        assert_eq!(paired(&["Inv", "CRN"], &SIDES), (vec!["Inv".to_owned()], vec!["CRN".to_owned()]));
        assert_eq!(paired(&[EMPTY, "CR"], &SIDES), (vec![EMPTY.to_owned()], vec!["CR".to_owned()]));
        assert_eq!(paired(&["PI", "KR"], &SIDES), (vec![], vec![]));
        assert_eq!(paired(&["AP Invoice", "AP Credit Note"], &SIDES), (vec!["AP Invoice".to_owned()], vec!["AP Credit Note".to_owned()]));
        assert_eq!(paired(&["Direct Debit", "Direct Credit"], &SIDES), (vec![], vec![]));
        assert!(are_of_documents(&["Expenditure", "Income", EMPTY]) && !are_of_documents(&["Payments", "Housing", "Income"]));
        assert!(says_sign("dc_flag") && says_sign("Debit/Credit Code") && says_sign("DebitCredit") && !says_sign("Direct Debit Credit"));
        assert!(says_documents("Doc. Type") && says_documents("PK") && !says_documents("Payee Type") && !says_documents("Type"));
        assert!(says_sign("CR/DR") && says_sign(" +/- ") && !says_sign("Credit Card") && !says_sign(""));
    }
}

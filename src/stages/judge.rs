//! The verdict on a delivery: rows in = accepted + quarantined + declared non-data, and the sender's controls hold.

use std::collections::BTreeMap;

use serde_json::Value;

mod adds_up;
mod figures;
mod left_out;

use figures::{as_column, json_number, number};

use crate::{
    decode::{BalanceBy, ColumnSum, FooterTotal, Judge, Labelled, Tally, find_subtotals, printed},
    diagnostic::{Answer, Diagnostic, Place, codes},
    domain::{Identifier, Label, Pence, counted, decimal, decimal_of, grouped, pounds, pounds_of},
    lake::{ControlProof, Counted, DeliveryProof, LabelProof, NoiseProof},
    pipeline::{Control, Feed, Listed, Measure, Sign, Truth},
};

/// What the feed's controls ask the decoder to balance: one for each control `by` a column.
#[must_use]
pub fn balances(feed: &Feed) -> Vec<BalanceBy> {
    let side = |terms: &[(Sign, Identifier)], sign: Sign| terms.iter().filter(|(s, _)| *s == sign).map(|(_, name)| name.clone()).collect();
    let balance = |control: &Control| match (&control.by, &control.measure) {
        (Some(by), Measure::Sum(terms)) => {
            Some(BalanceBy { by: by.clone(), plus: side(terms, Sign::Plus), minus: side(terms, Sign::Minus) })
        }
        _ => None,
    };
    feed.controls.iter().filter_map(balance).collect()
}

/// What is said outside of the extract: by the sender, and by persons of the partnership.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'a> {
    /// Quarantined rows that a person leaves out for good.
    pub set_aside: u64,
    pub sidecar: Option<&'a Value>,
    pub listed: Option<&'a Listed>,
}

/// The sidecar's JSON.
///
/// # Errors
/// TC0410 where it is none.
pub fn read_sidecar(bytes: &[u8], place: &Place) -> Answer<Value> {
    serde_json::from_slice(bytes).map_err(|error| {
        Diagnostic::new(codes::control::SIDECAR_UNREADABLE, format!("the sidecar is not JSON: {error}"))
            .place(place.clone())
            .expected("a JSON object with the keys that `controls:` names")
            .outcome("the delivery was not taken; the last accepted one stays")
            .hint("ask the sender for the sidecar again")
            .into()
    })
}

/// What a delivery is found to be once its whole file has been read.
#[derive(Debug)]
pub struct Verdict {
    pub proof: DeliveryProof,
    /// Why it is refused; none: it is accepted, at once or once a person has settled what it waits for.
    pub faults: Vec<Diagnostic>,
    /// What only a person can know; none where it is refused.
    pub waits: Vec<Diagnostic>,
    /// A row amid the others may be a total that nobody declared: only a person can know, unless it turns out to be a subtotal.
    pub in_middle: Option<Diagnostic>,
    /// Subtotals that nobody declared may stand among the rows: [`subtotals`] looks.
    pub asks_for_subtotals: bool,
}

/// Proof and verdict of a delivery. `judge` is what its file was read by.
#[must_use]
pub fn judge(feed: &Feed, file: &str, judge: &Judge, tally: &Tally, said: Said<'_>) -> Verdict {
    let mut faults = Vec::new();
    let mut controls = Vec::new();
    let mut balance = 0;
    let too_many_rejected = tally.rejected.saturating_sub(said.set_aside) > feed.tolerance_rows;
    // Columns over which a control held, and over which one did that compares with the sender's own word.
    let mut tied = left_out::Tied::default();
    let implied = left_out::implied(feed, judge.contract());
    for control in feed.controls.iter().chain(&implied) {
        let judged = match (&control.by, &control.measure) {
            (Some(by), Measure::Sum(_)) => {
                balance += 1;
                Ok((by_group(control, by, tally, balance - 1), 0))
            }
            _ => truth(feed, control, judge, tally, said).map(|expected| (by_total(control, tally, expected), expected)),
        };
        match judged {
            Ok((proof, expected)) => {
                if proof.held {
                    tied.add(control);
                }
                let at = usize::saturating_sub(balance, 1);
                // Where too many rows are quarantined, what their documents lack says nothing new.
                let follows = proof.by_document && balances_as_sent(tally, at) && too_many_rejected;
                if !proof.held && !follows {
                    faults.push(differs(file, control, &proof, tally, (expected, at)));
                }
                controls.push(proof);
            }
            Err(missing) => faults.push(missing.place(Place::file(file))),
        }
    }
    let printed = left_out::printed_totals(file, judge, tally);
    tied.compared(&printed.controls);
    controls.extend(printed.controls);
    faults.extend(printed.faults);
    faults.extend(left_out::undeclared(file, judge, tally));
    if too_many_rejected {
        faults.push(too_many(feed, file, tally));
    }
    // A figure that stands in our own feed file is no word of the sender's.
    let proved = faults.is_empty() && tied.by_sender;
    let waits = if faults.is_empty() { left_out::waits(file, judge, tally, &tied) } else { Vec::new() };
    let in_middle = if faults.is_empty() { left_out::in_middle(file, judge, tally, &tied) } else { None };
    let asks_for_subtotals = faults.is_empty() && left_out::asks_for_subtotals(judge, tally, &tied);
    Verdict {
        proof: DeliveryProof { left_out: left_out::proof(judge, tally), ..proof(judge, tally, controls, proved) },
        faults,
        waits,
        in_middle,
        asks_for_subtotals,
    }
}

/// Looks for subtotals in the file, read once more: whether there are any only a person can know.
///
/// # Errors
/// Where its bytes cannot be read again.
pub fn subtotals<R: std::io::Read>(file: &str, judge: &Judge, read: R) -> Answer<Option<Diagnostic>> {
    Ok(find_subtotals(judge, read)?.map(|found| left_out::looks_subtotalled(file, judge, &found)))
}

/// Whether the truth that a control names is the sender's word.
fn of_sender(control: &Control) -> bool {
    !matches!(control.equals, Truth::Pence(_))
}

fn proof(judge: &Judge, tally: &Tally, controls: Vec<ControlProof>, proved: bool) -> DeliveryProof {
    let measure = |sum: &ColumnSum| crate::lake::Measure {
        accepted: sum.accepted.net(),
        quarantined: sum.rejected.net(),
        both_signs: sum.accepted.credits != 0,
        seen: sum.seen,
    };
    DeliveryProof {
        records: tally.records(),
        accepted: tally.accepted,
        quarantined: tally.rejected,
        blank: tally.blank,
        preamble: tally.preamble,
        control_records: tally.controls.values().sum::<u64>() + tally.footers,
        not_data: tally.not_data.clone(),
        columns: tally.sums.iter().map(|sum| (sum.column.to_string(), measure(sum))).collect(),
        proved_by_sender: proved,
        controls,
        noise: tally.sums.iter().filter(|sum| sum.noise.values > 0).map(|sum| (sum.column.to_string(), noise(sum))).collect(),
        each_twice: tally.each_twice(),
        labelled: Some(labelled(judge, tally)),
        adds_up: adds_up::proof(judge, tally),
        ..DeliveryProof::default()
    }
}

fn labelled(judge: &Judge, tally: &Tally) -> Vec<LabelProof> {
    let proof = |(at, label, found): (usize, Label, &Labelled)| {
        let column = judge.contract().columns.get(at)?.name.to_string();
        let says = match label {
            Label::Balance => "balance",
            Label::Planned => "planned",
            Label::Credit => "credit",
            Label::Reversed => "reversed",
            Label::Signed => "signed",
        };
        let Labelled { rows, pence, line, text, .. } = found.clone();
        Some(LabelProof { column, says: says.to_owned(), rows, pence, line, text })
    };
    tally.labelled().filter_map(proof).collect()
}

fn noise(sum: &ColumnSum) -> NoiseProof {
    NoiseProof { values: sum.noise.values, sum: sum.noise.sum.to_string() }
}

/// Accepted and rejected rows together: rows, or millionths of a pound as they were printed.
fn measured(measure: &Measure, tally: &Tally) -> Pence {
    match measure {
        Measure::CountRows => Pence::from(tally.accepted + tally.rejected),
        Measure::Sum(terms) => terms
            .iter()
            .map(|(sign, name)| {
                let sum = tally.sums.iter().find(|s| s.column == *name).map_or(0, ColumnSum::printed);
                if *sign == Sign::Plus { sum } else { -sum }
            })
            .sum(),
    }
}

/// `expected` is a number of rows, or millionths of a pound.
fn by_total(control: &Control, tally: &Tally, expected: Pence) -> ControlProof {
    let counted = measured(&control.measure, tally);
    let is_count = control.measure == Measure::CountRows;
    let shown = |number: Pence| if is_count { number.to_string() } else { decimal_of(number) };
    ControlProof {
        control: in_words(control),
        counted: shown(counted),
        expected: shown(expected),
        held: counted == expected,
        difference: if is_count { counted - expected } else { in_pence(counted - expected) },
        by_document: false,
        measure: counted_as(&control.measure),
        terms: terms(&control.measure),
        by: None,
    }
}

fn by_group(control: &Control, by: &Identifier, tally: &Tally, balance: usize) -> ControlProof {
    let unbalanced = tally.out_of_balance(balance);
    let groups = unbalanced.len();
    let absolute: Pence = unbalanced.values().map(|millionths| in_pence(millionths.abs())).sum();
    ControlProof {
        control: in_words(control),
        counted: format!("{groups} of {by} out of balance"),
        expected: "0".into(),
        held: groups == 0,
        difference: absolute,
        by_document: true,
        measure: counted_as(&control.measure),
        terms: terms(&control.measure),
        by: Some(by.to_string()),
    }
}

const fn counted_as(measure: &Measure) -> Counted {
    match measure {
        Measure::CountRows => Counted::Rows,
        Measure::Sum(_) => Counted::Pounds,
    }
}

fn terms(measure: &Measure) -> Vec<(String, bool)> {
    match measure {
        Measure::CountRows => Vec::new(),
        Measure::Sum(terms) => terms.iter().map(|(sign, name)| (name.to_string(), *sign == Sign::Minus)).collect(),
    }
}

/// `sum(debit - credit) by document = 0.00`.
fn in_words(control: &Control) -> String {
    let by = control.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let truth = match &control.equals {
        Truth::Pence(pence) => decimal(*pence),
        Truth::Trailer(name) => format!("trailer.{name}"),
        Truth::Footer(name) => format!("footer.{name}"),
        Truth::Sidecar(path) => format!("sidecar.{}", path.join(".")),
        Truth::Listed => "listed".into(),
    };
    format!("{}{by} = {truth}", measure_in_words(&control.measure))
}

/// `rows`, `debit - credit`: also the name under which a list gives the total.
fn measure_in_words(measure: &Measure) -> String {
    match measure {
        Measure::CountRows => "count(rows)".into(),
        Measure::Sum(terms) => format!("sum({})", terms_in_words(terms)),
    }
}

fn terms_in_words(terms: &[(Sign, Identifier)]) -> String {
    let mut words = String::new();
    for (at, (sign, name)) in terms.iter().enumerate() {
        words.push_str(match (at, sign) {
            (0, Sign::Plus) => "",
            (0, Sign::Minus) => "-",
            (_, Sign::Plus) => " + ",
            (_, Sign::Minus) => " - ",
        });
        words.push_str(name);
    }
    words
}

/// Millionths of a pound as pence; a part of one counts for a whole, so that a difference is never nought.
fn in_pence(millionths: Pence) -> Pence {
    millionths / 10_000 + (millionths % 10_000).signum()
}

/// What the measure must equal: rows, or millionths of a pound.
fn truth(feed: &Feed, control: &Control, judge: &Judge, tally: &Tally, said: Said<'_>) -> Result<Pence, Box<Diagnostic>> {
    let is_count = control.measure == Measure::CountRows;
    let (name, found): (String, Option<Result<Pence, String>>) = match &control.equals {
        Truth::Pence(pence) => return Ok(printed(*pence, 0)),
        Truth::Footer(name) => (format!("footer.{name}"), {
            let read = |total: &FooterTotal| if is_count { number(&total.text, true) } else { total.millionths };
            tally.footer.get(name).map(|total| read(total).ok_or_else(|| total.text.clone()))
        }),
        Truth::Trailer(name) => {
            let text = tally.trailer.get(name);
            let read = |text: &String| as_column(control, judge, text).or_else(|| number(text, is_count));
            (format!("trailer.{name}"), text.map(|text| read(text).ok_or_else(|| text.clone())))
        }
        Truth::Sidecar(path) => {
            let value = path.iter().try_fold(said.sidecar.unwrap_or(&Value::Null), |at, key| at.get(key));
            let read =
                |value: &Value| value.as_str().and_then(|text| as_column(control, judge, text)).or_else(|| json_number(value, is_count));
            let found = value.filter(|v| !v.is_null()).map(|value| read(value).ok_or_else(|| value.to_string()));
            (format!("sidecar.{}", path.join(".")), found)
        }
        Truth::Listed => {
            let key = match &control.measure {
                Measure::CountRows => "rows".to_owned(),
                Measure::Sum(terms) => terms_in_words(terms),
            };
            let listed = said.listed.and_then(|listed| listed.totals.get(&key));
            (format!("listed total `{key}`"), listed.map(|total| Ok(if is_count { *total } else { printed(*total, 0) })))
        }
    };
    match found {
        Some(Ok(number)) => Ok(number),
        Some(Err(_)) if feed.personal.is_some() => {
            Err(missing(feed, format!("{name} is not {}", if is_count { "a count" } else { "an exact amount" })))
        }
        Some(Err(text)) => {
            Err(missing(feed, format!("{name} is `{text}`, which is not {}", if is_count { "a count" } else { "an exact amount" })))
        }
        None => Err(missing(feed, format!("the delivery has no {name}"))),
    }
}

const KEPT: &str = "the delivery was refused; nothing of it is in the common table, and the last accepted delivery stays";

fn missing(feed: &Feed, seen: String) -> Box<Diagnostic> {
    let report = Diagnostic::new(codes::control::CONTROL_MISSING, seen)
        .expected(format!("the total that a control in {} names", feed.file))
        .outcome(KEPT)
        .hint("ask the sender for the whole extract with its totals");
    Box::new(report)
}

/// `expected` is what it had to equal, `balance` the place of the control among those by document, where it is one.
fn differs(file: &str, control: &Control, proof: &ControlProof, tally: &Tally, (expected, balance): (Pence, usize)) -> Diagnostic {
    if proof.by_document {
        return out_of_balance(file, control, proof, tally, balance);
    }
    let is_count = control.measure == Measure::CountRows;
    let shown = |text: &str, number: Pence| match text.strip_prefix('-').unwrap_or(text).parse() {
        Ok(rows) if is_count => format!("{}{}", if text.starts_with('-') { "-" } else { "" }, counted(rows, "row")),
        _ => pounds_of(number),
    };
    let measured = measured(&control.measure, tally);
    let unread: u64 = tally.sums.iter().map(|s| s.unread).sum();
    let seen = format!(
        "{} is {}, and the sender says {}: a difference of {}",
        measure_in_words(&control.measure),
        shown(&proof.counted, measured),
        shown(&proof.expected, expected),
        shown(&(measured - expected).to_string(), measured - expected),
    );
    let hint = if unread > 0 && !is_count {
        format!("{} with an amount that cannot be read: `truecost quarantine list` names the delivery", counted(unread, "quarantined row"))
    } else {
        "ask the sender for the extract again: it may have been cut on its way".to_owned()
    };
    Diagnostic::new(codes::control::CONTROL_DIFFERS, seen).place(Place::file(file)).expected(proof.control.clone()).outcome(KEPT).hint(hint)
}

/// As they came; or, where they balance as they came, without the rows that are quarantined.
fn out_of_balance(file: &str, control: &Control, proof: &ControlProof, tally: &Tally, balance: usize) -> Diagnostic {
    let documents = counted(tally.out_of_balance(balance).len() as u64, control.by.as_deref().unwrap_or("document"));
    let balances_as_sent = balances_as_sent(tally, balance);
    let among = if balances_as_sent { " without the quarantined rows" } else { "" };
    let report = Diagnostic::new(
        codes::control::DOCUMENTS_OUT_OF_BALANCE,
        format!("{documents} out of balance{among}, {} without regard to sign", pounds(proof.difference)),
    );
    let report = report.place(Place::file(file)).outcome(KEPT);
    if balances_as_sent {
        report
            .expected(format!("{}: every one of them, by the rows that are accepted too", proof.control))
            .hint("ask the sender to mend the quarantined rows: a document is taken whole or not at all")
    } else {
        report
            .expected(format!("{}: every one of them", proof.control))
            .hint("ask the sender for the extract again: a document that does not balance was cut or edited")
    }
}

/// Whether the documents of a control balance over all rows, accepted or not.
fn balances_as_sent(tally: &Tally, balance: usize) -> bool {
    tally.unbalanced.get(balance).is_none_or(BTreeMap::is_empty)
}

fn too_many(feed: &Feed, file: &str, tally: &Tally) -> Diagnostic {
    let rows = |n: u64| counted(n, "row");
    let seen = format!("{} of {} cannot be read exactly", grouped(tally.rejected.into()), rows(tally.accepted + tally.rejected));
    Diagnostic::new(codes::control::TOO_MANY_FAULTY_ROWS, seen)
        .place(Place::file(file))
        .expected(format!("at most {} (`tolerance` in {})", rows(feed.tolerance_rows), feed.file))
        .outcome(format!("{KEPT}; the faulty rows are kept in quarantine with their reasons"))
        .hint("truecost quarantine list")
}

//! What is said of a delivery: notes, warnings, and the reasons for which it is refused.

use std::collections::BTreeMap;

use super::pass::{FaultGroup, Streamed};
use crate::{
    decode::{Drift, Judge, Tally, find_values, is_day_of, lacking_styles},
    diagnostic::{Answer, Code, Diagnostic, Place, Refusal, codes},
    domain::{Coverage, DeliveryId, Money, Pence, counted, pounds, pounds_of, printable},
    lake::DeliveryRecord,
    pipeline::Feed,
    schema::{Contract, MoneyStyle, Type, date_format, otherwise_parted, style_word},
};

/// Header drift and what was normalised: nobody has to do anything.
pub fn notes(feed: &Feed, file: &str, judge: &Judge, streamed: &Streamed) -> Vec<Diagnostic> {
    let drift = streamed.header.drift.iter().map(spelt);
    let extra = streamed.tally.extra_columns(&streamed.header);
    let all: Vec<String> = drift.chain(extra).collect();
    let mut notes = Vec::new();
    if !all.is_empty() {
        let seen = format!("the header is spelt otherwise than the contract: {}", all.join("; "));
        notes.push(
            Diagnostic::note(codes::control::DRIFT, seen)
                .place(Place::at(file, streamed.header.line, 1))
                .outcome("the delivery was read: these spellings name no other column")
                .hint(format!("nothing has to be done; the columns stand in the contract that {} names", feed.file)),
        );
    }
    let around = streamed.header.remarks.iter().cloned();
    let normalised: Vec<String> = judge.notes().into_iter().chain(around).chain(streamed.tally.notes(judge)).collect();
    if !normalised.is_empty() {
        notes.push(
            Diagnostic::note(codes::control::DRIFT, normalised.join("; "))
                .place(Place::file(file))
                .outcome("the delivery was read; no value was changed")
                .hint("nothing has to be done"),
        );
    }
    notes.extend(not_added_up(file, judge, &streamed.tally));
    notes
}

/// Rows on which amounts do not add up as the contract promises.
fn not_added_up<'a>(file: &'a str, judge: &'a Judge, tally: &'a Tally) -> impl Iterator<Item = Diagnostic> + 'a {
    let sums = judge.contract().layout.iter().flat_map(|layout| &layout.rows.adds_up).zip(&tally.adds_up);
    sums.filter(|(_, added)| added.broken > 0).map(move |(sum, added)| {
        let seen = format!(
            "`{sum}` does not hold on {} of {}, by {} in all without regard to sign, first on line {}",
            added.broken,
            counted(added.telling, "row"),
            pounds_of(added.difference),
            added.first
        );
        Diagnostic::note(codes::control::ADDS_UP, seen)
            .place(Place { line: Some(added.first), ..Place::file(file) })
            .expected(format!("{sum} on each row: `adds_up` in schemas/sources/{}.odcs.yaml", judge.contract().name))
            .outcome("no amount was changed: the column that the feed takes counts as it is printed")
            .hint("nothing has to be done; the sender knows which of the amounts is right")
    })
}

/// `AMOUNT` for `Amount` (column amount).
fn spelt(drift: &Drift) -> String {
    format!("`{}` for `{}` (column {})", drift.printed, drift.expected, drift.column)
}

/// How the header of a file differs from its contract, apart from letter case and blanks, which say nothing.
pub fn drift(streamed: &Streamed) -> Vec<String> {
    let alias = |drift: &Drift| format!("`{}` has an alias for its heading, and not `{}`", drift.column, drift.expected);
    let aliases = streamed.header.drift.iter().filter(|drift| drift.alias).map(alias);
    aliases
        .chain(
            streamed.header.extra.iter().map(|name| format!("a column `{}` stands in the files, and not in the contract", printable(name))),
        )
        .collect()
}

/// The first figure of a delivery that is more than an amount can be: it could be neither published nor proved.
pub fn too_large(feed: &Feed, file: &str, record: &DeliveryRecord) -> Option<Diagnostic> {
    let fits = |pence: Pence| pence.unsigned_abs() <= u128::from(Money::MAX_PENCE.unsigned_abs());
    let proof = &record.proof;
    // What could be read of it.
    let quarantined = proof.sender.as_ref().map_or(0, |sender| sender.quarantined);
    let periods = proof.periods.iter().flat_map(|(period, p)| {
        [
            (period.clone(), p.amount),
            (format!("the debits of {period}"), p.debits),
            (format!("the credits of {period}"), p.amount - p.debits),
            (format!("{period} with the quarantined rows"), p.amount + quarantined),
        ]
    });
    let whole = [("the whole delivery".to_owned(), proof.pence()), ("the quarantined rows".to_owned(), quarantined)];
    let columns = proof.columns.iter().flat_map(|(name, m)| {
        [(format!("column `{name}`"), m.accepted), (format!("column `{name}` of the quarantined rows"), m.quarantined)]
    });
    let left_out = proof.left_out.iter().filter_map(|(reason, left)| Some((format!("what is left out ({reason})"), left.pence?)));
    let (what, pence) = periods.chain(whole).chain(columns).chain(left_out).find(|(_, pence)| !fits(*pence))?;
    let seen = format!("delivery {} of {}: the sum of {what} is {}", record.delivery_id, feed.name(), pounds(pence));
    let report = Diagnostic::new(codes::control::SUM_TOO_LARGE, seen)
        .place(Place::file(file))
        .expected(format!("at most {}: an amount has 18 digits", pounds(Pence::from(Money::MAX_PENCE))))
        .outcome("the delivery was refused; the last accepted one stays, and other deliveries are not affected")
        .hint("look for amounts that cannot be true (a wrong decimal mark, codes for amounts), and ask the sender for the extract again");
    Some(report)
}

/// "1,204 rows in `amount`: not an amount …, first on line 48: `N/A`"; columns that lack a value on the same lines are one report. A value
/// that may be personal is not shown. `kept` is the delivery whose quarantine holds the rows.
pub fn grouped_faults<'g>(
    file: &'g str,
    contract: &'g Contract,
    groups: &'g BTreeMap<(String, String), FaultGroup>,
    kept: Option<&'g DeliveryId>,
) -> impl Iterator<Item = Diagnostic> + 'g {
    let mut merged: Vec<(&str, Vec<&str>, &FaultGroup)> = Vec::new();
    for ((code, column), group) in groups {
        let same = |other: &FaultGroup| {
            (other.rows, other.first_line, other.lines, &other.reason) == (group.rows, group.first_line, group.lines, &group.reason)
        };
        match merged.last_mut() {
            Some((of, columns, other)) if *of == code && code == codes::value::REQUIRED.id && same(other) => columns.push(column),
            _ => merged.push((code, vec![column], group)),
        }
    }
    merged.into_iter().map(move |(code, columns, group)| {
        let rows = counted(group.rows, "row");
        let named: Vec<String> = columns.iter().filter(|column| !column.is_empty()).map(|column| format!("`{column}`")).collect();
        let of = if named.is_empty() { String::new() } else { format!(" in {}", named.join(", ")) };
        let code = codes::find(code).copied().unwrap_or(codes::control::TOO_MANY_FAULTY_ROWS);
        // Which column of the line is not known: the field's name says it.
        let place = Place { line: Some(group.first_line), ..Place::file(file) };
        let value = shown(contract, &columns, &group.value);
        let report = Diagnostic::new(code, format!("{rows}{of}: {}, first on line {}{value}", group.reason, group.first_line)).place(place);
        match kept {
            Some(id) => report.outcome("these rows are in quarantine, with the reason and the row as it came").hint(
                otherwise_parted_date(contract, code, &columns, group)
                    .or_else(|| otherwise_marked_amount(contract, code, &columns, group))
                    .unwrap_or_else(|| format!("truecost quarantine show {id}")),
            ),
            None => report
                .outcome("these rows were not taken; the quarantine of the accepted delivery is as it was")
                .hint("correct the contract, or ask the sender for the file again"),
        }
    })
}

/// What to say in the contract where one row lacks values and holds the sum of all others: a total that nobody declared.
pub fn lacking_total(contract: &Contract, groups: &BTreeMap<(String, String), FaultGroup>, tally: &Tally) -> Option<String> {
    let (sum, others) = (tally.form.rejected.net(), tally.form.accepted.net());
    let lacking: Vec<String> =
        groups.keys().filter(|(code, _)| *code == codes::value::REQUIRED.id).map(|(_, column)| format!("{column}: \"\"")).collect();
    let is_sum = tally.rejected == 1 && tally.accepted > 1 && tally.form.not_known == 0 && sum == others && sum != 0;
    if !is_sum || lacking.is_empty() || groups.len() > lacking.len() {
        return None;
    }
    let lacks = |name: &str| groups.keys().any(|(_, column)| column == name);
    let printed = contract.columns.iter().filter(|column| column.kind == Type::Money && !lacks(&column.name));
    let money: Vec<String> = printed.map(|column| format!("{0}: {0}", column.name)).collect();
    let totals = if money.is_empty() { String::new() } else { format!(", totals: {{{}}}", money.join(", ")) };
    let when = lacking.iter().take(2).cloned().collect::<Vec<_>>().join(", ");
    Some(format!(
        "it is the sum of all other rows, {}: if the sender prints a total there, say so in schemas/sources/{}.odcs.yaml: `footer: {{when: \
         {{{when}}}{totals}}}`",
        pounds(sum),
        contract.name
    ))
}

/// What to say in the contract where the first of the dates is one of a format that it declares but for its separators.
fn otherwise_parted_date(contract: &Contract, code: Code, columns: &[&str], group: &FaultGroup) -> Option<String> {
    let [column] = columns else { return None };
    let column = contract.column(column).filter(|_| code == codes::value::DATE)?;
    let declared = || column.rules.dates.iter().map(|format| format.text.clone());
    let is_its = |text: &String| date_format(text).is_ok_and(|format| is_day_of(&format, group.value.trim()));
    let found = declared().flat_map(|text| otherwise_parted(&text)).find(is_its)?;
    let formats: Vec<String> = declared().chain([found]).collect();
    Some(format!(
        "if the sender parts days, months and years so now, say so at `{}` in schemas/sources/{}.odcs.yaml: `formats: [{}]`",
        column.name,
        contract.name,
        formats.join(", ")
    ))
}

/// What to say in the contract where the first of the amounts is one with more styles than it declares.
fn otherwise_marked_amount(contract: &Contract, code: Code, columns: &[&str], group: &FaultGroup) -> Option<String> {
    let [column] = columns else { return None };
    let column = contract.column(column).filter(|column| code == codes::value::AMOUNT && column.kind == Type::Money)?;
    let lacking = lacking_styles(&column.rules, group.value.trim())?;
    let declared: &[MoneyStyle] = if column.rules.money.is_empty() { &[MoneyStyle::Plain] } else { &column.rules.money };
    let styles: Vec<String> = declared.iter().chain(&lacking).map(|style| style_word(*style)).collect();
    Some(format!(
        "if the sender prints amounts so now, say so at `{}` in schemas/sources/{}.odcs.yaml: `money: [{}]` (truecost explain money), and run \
         again",
        column.name,
        contract.name,
        styles.join(", ")
    ))
}

/// Characters of a value that a report shows.
const SHOWN: usize = 60;

/// The value behind a colon, where it is of one column that holds nothing personal; else empty.
fn shown(contract: &Contract, columns: &[&str], value: &str) -> String {
    let [column] = columns else { return String::new() };
    let open = contract.column(column).is_some_and(|column| column.rules.personal.is_none());
    let text = value.trim();
    if text.is_empty() || !open {
        return String::new();
    }
    let more = if text.chars().nth(SHOWN).is_some() { "…" } else { "" };
    format!(": `{}{more}`", printable(&text.chars().take(SHOWN).collect::<String>()))
}

/// Documents that are named where some do not balance.
const NAMED: usize = 5;

/// Says which documents are out of balance, by how much, and where the first of them stands. The sums alone were kept while
/// the file was read, so it is read once more, as far as these documents go. A document that is personal is not named.
pub fn name_documents<R: std::io::Read>(
    feed: &Feed,
    contract: &Contract,
    judge: &Judge,
    faults: &mut [Diagnostic],
    tally: &Tally,
    open: impl Fn() -> Answer<R>,
) {
    let by = feed.controls.iter().filter_map(|control| control.by.as_ref()).enumerate().map(|(at, by)| (by, tally.out_of_balance(at)));
    let by = by.filter(|(_, groups)| !groups.is_empty());
    for ((by, groups), fault) in by.zip(faults.iter_mut().filter(|d| d.code == codes::control::DOCUMENTS_OUT_OF_BALANCE)) {
        let found = open()
            .and_then(|read| find_values(judge, read, by, |document| groups.contains_key(document), NAMED.min(groups.len())))
            .unwrap_or_default();
        let personal = feed.personal.is_some() || contract.column(by).is_some_and(|c| c.rules.personal.is_some());
        let named = |(line, document): &(i64, String)| {
            let name = if personal { "one".to_owned() } else { format!("`{document}`") };
            format!("{name} by {} (from line {line})", pounds_of(groups.get(document).copied().unwrap_or_default()))
        };
        let Some((line, _)) = found.first() else { continue };
        let more = if groups.len() > found.len() { format!(", and {} more", groups.len() - found.len()) } else { String::new() };
        fault.seen.push_str(&format!(": {}{more}", found.iter().map(named).collect::<Vec<_>>().join(", ")));
        fault.place = fault.place.take().map(|place| Place { line: u64::try_from(*line).ok(), ..place });
    }
}

/// Every accepted row is in the common table, and no other.
pub fn unexplained(streamed: &Streamed, file: &str) -> Answer<()> {
    let normalised: u64 = streamed.totals.values().map(|t| t.rows).sum();
    let stored: u64 = streamed.parts.iter().map(|p| p.part.rows).sum();
    if stored == normalised && (normalised == streamed.tally.accepted || streamed.many) {
        return Ok(());
    }
    Err(Diagnostic::new(
        codes::checks::UNEXPLAINED,
        format!("{} accepted, {normalised} normalised and {stored} stored", counted(streamed.tally.accepted, "row")),
    )
    .place(Place::file(file))
    .expected("the same number three times")
    .outcome("nothing was committed; the last accepted delivery stays")
    .hint("this is a fault of truecost: report it")
    .into())
}

pub fn no_contract(feed: &Feed, file: &str, coverage: &Coverage) -> Diagnostic {
    Diagnostic::new(codes::control::COVERAGE_UNKNOWN, format!("no contract of the feed holds for {coverage}"))
        .place(Place::file(file))
        .expected(format!("a contract in {} that holds then", feed.file))
        .outcome("the delivery was refused; the last accepted one stays")
        .hint("add a contract with `from:` for that time, or correct the file's name")
}

pub fn no_coverage(feed: &Feed, file: &str) -> Refusal {
    Diagnostic::new(codes::control::COVERAGE_UNKNOWN, "the file does not say which period it covers")
        .place(Place::file(file))
        .expected(format!("what `covers: {{from: …}}` in {} names", feed.file))
        .outcome("the file is landed and nothing else was done with it")
        .hint("ask the sender for a file that says it, or correct `covers:`")
        .into()
}

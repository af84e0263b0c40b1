//! All that was gathered of a file → its profile.

use super::{
    amount::Millionths,
    columns::columns,
    facts::{Balance, Column, Format, Header, Identity, Kind, Layout, OfAll, Profile, Reason, Rows, Sheet, SignFacts, SignWord, TextFacts},
    gather::LINES,
    name, questions,
    relate::{Beside, Carried, Relations, Sum},
    source::Source,
    sums::{self, Before},
    table::{Table, Tagged},
    words,
};

/// What a reader of one format hands over.
pub(super) struct Parts<'a> {
    pub(super) source: &'a Source,
    pub(super) format: Format,
    pub(super) text: Option<TextFacts>,
    pub(super) layout: Layout,
    pub(super) header: Header,
    pub(super) names: Vec<String>,
    pub(super) table: Table,
    pub(super) before: Vec<Before>,
    pub(super) notes: Vec<String>,
    pub(super) sheets: Vec<Sheet>,
    pub(super) sheet: Option<String>,
}

pub(super) fn whole(parts: Parts<'_>) -> Profile {
    let Parts { source, format, text, mut layout, mut header, names, mut table, before, notes, sheets, sheet } = parts;
    let mut columns = columns(&names, &mut table.columns);
    let money: Vec<usize> = columns.iter().filter(|column| column.kind == Kind::Money).map(|column| column.at).collect();
    let guessed = layout.width.is_some() && !layout.given;
    let amount = best(&columns, Kind::Money, words::amount_score).filter(|_| !guessed);
    let date = best(&columns, Kind::Date, words::date_score);
    // What a record prints of a person's pay is told no more than what a row does.
    let told = amount.filter(|at| columns.iter().all(|column| column.at != *at || column.personal.is_none()));
    let judged = sums::judge(&table, &before, &money, told, format);
    let name = name::read(&source.name);
    within(&mut columns, &name);
    layout.fields = fields(&table);
    layout.short_rows = table.short.filter(|_| format == Format::Delimited);
    header.repeats = judged.left_out.iter().filter(|left| left.reason == Reason::RepeatedHeader).map(|left| left.rows).sum();
    let mut profile = Profile {
        file: source.name.clone(),
        bytes: source.bytes,
        container: source.container,
        member: source.member.clone(),
        format,
        sheets,
        sheet,
        text,
        layout,
        header,
        rows: rows(&table, amount, &columns),
        left_out: judged.left_out,
        above: before.iter().map(|record| record.cells.join(" ")).collect(),
        leading: leading(&table),
        month_columns: months(&columns),
        totals: judged.totals,
        record_types: judged.record_types,
        behind: judged.behind,
        signs: signs(&table.relations, &columns),
        beside: beside(&table.relations, &columns),
        balances: table.relations.balances.iter().map(|found| balance(found, &columns)).collect(),
        identities: identities(&table.relations.sums, &columns),
        wholes: identities(&table.relations.wholes, &columns),
        head: table.relations.head.clone(),
        name,
        amount,
        date,
        questions: Vec::new(),
        notes,
        columns,
    };
    profile.questions = questions::questions(&profile);
    profile
}

/// The column that is most likely the one of its kind that counts: by its heading, then by how often it is filled, then the first.
fn best(columns: &[Column], kind: Kind, score: fn(&str) -> i32) -> Option<usize> {
    // A day of birth counts for nothing.
    let of_kind = columns.iter().filter(|column| column.kind == kind && (kind == Kind::Money || column.personal.is_none()));
    let rated = of_kind.map(|column| ((score(&column.heading), column.filled.rows), column.at));
    rated
        .fold(None, |best: Option<((i32, u64), usize)>, next| if best.is_none_or(|best| next.0 > best.0) { Some(next) } else { best })
        .map(|(_, at)| at)
}

/// The first records of each other type.
fn leading(table: &Table) -> Vec<Vec<String>> {
    let of = |tagged: &Tagged| {
        let aside = table.aside.iter().find(|aside| aside.line == tagged.first_line)?;
        let has_tag = aside.cells.first().is_some_and(|first| *first == tagged.tag);
        Some(std::iter::once(tagged.tag.clone()).chain(aside.cells.iter().skip(usize::from(has_tag)).cloned()).collect())
    };
    table.tagged.iter().filter_map(of).collect()
}

/// Columns of amounts whose headings are months, those without any yet too; none where some other thing stands under a month.
fn months(columns: &[Column]) -> Vec<(usize, i32, u8)> {
    let is_month = |column: &&Column| super::date::month_of(column.heading.trim().as_bytes()).is_some();
    if !columns.iter().filter(is_month).all(|column| matches!(column.kind, Kind::Money | Kind::Empty)) {
        return Vec::new();
    }
    let money = columns.iter().filter(|column| matches!(column.kind, Kind::Money | Kind::Empty));
    money
        .filter_map(|column| super::date::month_of(column.heading.trim().as_bytes()).map(|(year, month)| (column.at, year, month)))
        .collect()
}

fn rows(table: &Table, amount: Option<usize>, columns: &[Column]) -> Rows {
    let gather = amount.and_then(|at| table.columns.get(at));
    let data = gather.map_or(table.rows, |column| column.money.rows);
    let without = table.rows - data.min(table.rows);
    let mut lines: Vec<u64> = gather.into_iter().flat_map(|column| column.empty_lines.iter().chain(&column.other_lines)).copied().collect();
    lines.sort_unstable();
    lines.truncate(LINES);
    // A column of texts with about as many amounts as rows lack: from some line on, columns stand elsewhere.
    let is_elsewhere = |column: &&Column| {
        let amounts = table.columns.get(column.at).map_or(0, |gather| gather.money.marked);
        matches!(column.kind, Kind::Text | Kind::Flag) && amounts > 0 && amounts <= without && amounts * 4 >= without
    };
    let elsewhere = columns.iter().filter(is_elsewhere).map(|column| column.at).collect();
    Rows {
        records: table.records,
        data,
        without_amount: without,
        without_amount_lines: lines,
        amounts_elsewhere: elsewhere,
        exact_copies: table.copies,
        odd_widths: table.odd_widths,
    }
}

fn fields(table: &Table) -> Vec<(usize, u64)> {
    let mut widths = table.widths.clone();
    widths.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    widths.truncate(8);
    widths
}

/// Rows whose date lies in the months of the file's name.
fn within(columns: &mut [Column], name: &name::NameFacts) {
    if name.months.is_empty() {
        return;
    }
    for dates in columns.iter_mut().filter_map(|column| column.dates.as_mut()).filter(|dates| !dates.months.is_empty()) {
        let of = dates.months.iter().map(|(_, n)| n).sum();
        let rows = dates.months.iter().filter(|(month, _)| name.months.contains(month)).map(|(_, n)| n).sum();
        dates.in_name = Some(OfAll { rows, of });
    }
}

/// Words that go with the signs of an amount, or that are known to.
fn signs(relations: &Relations, columns: &[Column]) -> Vec<SignFacts> {
    const KNOWN: [&str; 25] = [
        "s",
        "h",
        "d",
        "c",
        "i",
        "dr",
        "cr",
        "debit",
        "credit",
        "+",
        "-",
        "40",
        "50",
        "inv",
        "crn",
        "cn",
        "invoice",
        "credit note",
        "credit memo",
        "standard",
        "payment",
        "purchase",
        "refund",
        "receipt",
        "adjustment",
    ];
    let mut all = beside(relations, columns);
    all.retain(|facts| {
        let words = &facts.words;
        let known = words.iter().all(|word| KNOWN.contains(&word.word.to_lowercase().as_str()));
        let split = words.iter().any(|word| word.negative > 0 && word.positive == 0)
            && words.iter().any(|word| word.positive > 0 && word.negative == 0)
            && words.iter().all(|word| word.negative == 0 || word.positive == 0);
        known || split
    });
    all
}

/// The amounts of each column beside the words of each column of a few.
fn beside(relations: &Relations, columns: &[Column]) -> Vec<SignFacts> {
    let mut all = Vec::new();
    for flag in relations.flags.iter().filter(|flag| !flag.dropped) {
        let open = columns.get(flag.column).is_some_and(|column| column.personal.is_none() && column.kind != Kind::Money);
        for column in columns.iter().filter(|column| open && column.kind == Kind::Money) {
            let mut words = Vec::new();
            for (word, counts) in &flag.words {
                let Beside { negative, positive, nought, sum } = counts.get(column.at).copied().unwrap_or_default();
                let word = String::from_utf8_lossy(word).into_owned();
                words.push(SignWord { word, negative, positive, nought, sum: column.pounds(sum) });
            }
            words.sort();
            all.push(SignFacts { flag: flag.column, amount: column.at, words });
        }
    }
    all
}

fn balance(found: &Carried, columns: &[Column]) -> Balance {
    let Carried { column, label, says, goes_on, rows, sums } = found.clone();
    let sum = |(at, sum): (usize, i128)| columns.get(at).map_or(Millionths(sum), |column| column.pounds(sum));
    Balance { column, label, says, goes_on, rows, sums: sums.into_iter().enumerate().map(sum).collect() }
}

fn identities(sums: &[Sum], columns: &[Column]) -> Vec<Identity> {
    let is_money = |at: &usize| columns.get(*at).is_some_and(|column| column.kind == Kind::Money);
    let holds = sums.iter().filter(|sum| sum.telling > 0 && sum.agree * 20 >= sum.of * 19);
    holds
        .filter(|sum| is_money(&sum.whole) && sum.parts.iter().all(is_money))
        .map(|sum| Identity { parts: sum.parts.clone(), whole: sum.whole, agree: OfAll { rows: sum.agree, of: sum.of } })
        .collect()
}

//! What was gathered of a column → what it is.

use std::collections::BTreeMap;

use super::{
    amount::{Millionths, Styles},
    date::DateKind,
    facts::{Column, Dates, Kind, Money, OfAll},
    gather::{Gather, MoneyGather},
    personal, words,
};
use crate::domain::fold_code;

/// How a cell of a workbook that is shown as a date is told among ways to print dates.
pub const DATE_CELL: &str = "date cell";

/// Values that are shown of a column.
const SHOWN: usize = 12;
/// Shapes that are shown.
const SHAPES: usize = 6;
/// Pairs of texts that look alike.
const ALIKE: usize = 10;

/// Words that files print for nothing.
const NULLS: [&str; 14] = ["NA", "N/A", "#N/A", "NULL", "null", "None", "nan", "NaN", "(blank)", "-", "--", ".", "n/a", "NIL"];

/// Words that stand where something is kept back.
const WITHHELD: [&str; 14] = [
    "redacted",
    "withheld",
    "confidential",
    "restricted",
    "private",
    "sensitive",
    "not disclosed",
    "undisclosed",
    "not published",
    "exempt",
    "suppressed",
    "removed",
    "redacted personal data",
    "personal data",
];

fn is_withheld(text: &str) -> bool {
    let said: Vec<String> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    WITHHELD.contains(&said.join(" ").as_str())
}

/// The columns of a table, in order.
pub(super) fn columns(names: &[String], gathered: &mut [Gather]) -> Vec<Column> {
    let mut all = Vec::new();
    // Of each heading how many columns have it, and how many of them were met.
    let mut same: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    names.iter().for_each(|name| same.entry(name.trim()).or_default().0 += 1);
    for (at, gather) in gathered.iter_mut().enumerate() {
        let heading = names.get(at).cloned().unwrap_or_default();
        let occurrence = same.get_mut(heading.trim()).filter(|(several, _)| *several > 1 && !heading.trim().is_empty()).map(|(_, met)| {
            *met += 1;
            *met
        });
        all.push(column(at, heading, occurrence, gather));
    }
    all
}

fn column(at: usize, heading: String, occurrence: Option<u32>, gather: &mut Gather) -> Column {
    let values = gather.values();
    let nulls: Vec<(String, u64)> = values.iter().filter(|(text, _)| NULLS.contains(&text.trim())).cloned().collect();
    let withheld: Vec<(String, u64)> = values.iter().filter(|(text, _)| is_withheld(text)).cloned().collect();
    let words: u64 = nulls.iter().chain(&withheld).map(|(_, n)| n).sum();
    let kind = kind(&heading, gather, &nulls, &withheld);
    let personal = personal::look(&heading, kind, &values, gather.filled);
    let open = personal.is_none();
    let may = open && may_show(&heading, kind, gather, &values);
    let constant =
        values.first().filter(|(_, n)| *n == gather.rows && gather.rows > 1 && !gather.many && may).map(|(text, _)| text.clone());
    let is_money = matches!(kind, Kind::Money | Kind::Quantity);
    let mut money = is_money.then(|| money(&amounts(gather), gather.filled.saturating_sub(words)));
    let mut dates = (kind == Kind::Date).then(|| dates(gather));
    if !open {
        withhold(&mut money, &mut dates);
    }
    Column {
        at,
        occurrence,
        kind,
        filled: OfAll { rows: gather.filled, of: gather.rows },
        padded: gather.padded,
        line_breaks: gather.line_breaks,
        distinct: gather.distinct(),
        lengths: gather.lengths.unwrap_or((0, 0)),
        constant,
        values: if may { values.iter().take(SHOWN).cloned().collect() } else { Vec::new() },
        shapes: shapes(&values),
        leading_noughts: gather.leading_noughts,
        dates,
        money,
        periods: gather.periods.iter().map(|(word, n)| ((*word).to_owned(), *n)).collect(),
        look_alikes: if open && !heading.trim().is_empty() && (may || kind == Kind::Code) { look_alikes(&values) } else { Vec::new() },
        cells: gather.own.iter().map(|(word, n)| ((*word).to_owned(), *n)).collect(),
        null_words: nulls,
        withheld: if matches!(kind, Kind::Date | Kind::Money) { withheld } else { Vec::new() },
        personal,
        heading,
    }
}

/// Takes out of the facts of a personal column what is somebody's own: the least and the greatest, days and months.
fn withhold(money: &mut Option<Money>, dates: &mut Option<Dates>) {
    if let Some(money) = money {
        (money.smallest, money.largest) = (None, None);
    }
    if let Some(dates) = dates {
        (dates.first, dates.last) = (None, None);
        dates.months.clear();
        for kind in &mut dates.kinds {
            kind.first.clear();
            kind.last.clear();
        }
    }
}

/// Whether values may be shown: a few that come again and again, of a column that has a heading. What stands once may be anybody's; of a
/// column without a heading only marks of few letters are shown.
fn may_show(heading: &str, kind: Kind, gather: &Gather, values: &[(String, u64)]) -> bool {
    let few = gather.distinct().is_some_and(|n| n as usize <= SHOWN);
    let named = !heading.trim().is_empty() || values.iter().all(|(text, _)| text.trim().len() <= 4);
    let again = gather.distinct().is_some_and(|n| n * 4 <= gather.filled);
    // A period is nobody's.
    let period = (words::says_period(heading) || words::says_year(heading)) && values.iter().all(|(text, _)| text.trim().len() <= 9);
    let kept = matches!(kind, Kind::Flag | Kind::Period) || (matches!(kind, Kind::Code | Kind::Text) && (again || period));
    few && named && kept
}

/// What the values are. Nineteen of twenty values decide; words for nothing are no values.
fn kind(heading: &str, gather: &Gather, nulls: &[(String, u64)], withheld: &[(String, u64)]) -> Kind {
    // Of texts what is kept back is a text like the others.
    let kept_back = if gather.dated > 0 || gather.money.rows > 0 { withheld } else { &[] };
    let nothing: u64 = nulls.iter().filter(|(text, _)| text.trim() != "-").chain(kept_back).map(|(_, n)| n).sum();
    let filled = gather.filled.saturating_sub(nothing);
    if filled == 0 {
        return Kind::Empty;
    }
    let most = |n: u64| n * 20 >= filled * 19;
    let serials = gather.serials[0] + gather.serials[1];
    let compact = gather.dates.iter().all(super::date::Gathered::is_compact) && !gather.dates.is_empty();
    let named = words::is_date(heading);
    let near = gather.dates.iter().all(super::date::Gathered::is_near);
    if most(gather.dated) && (!compact || named || near) {
        return Kind::Date;
    }
    if most(gather.dated + serials) && (gather.dated * 10 > filled || named) {
        return Kind::Date;
    }
    if most(gather.periods.iter().map(|(_, n)| n).sum()) {
        return Kind::Period;
    }
    if gather.placed && most(gather.overpunched) {
        return Kind::Money;
    }
    // Under a month stand its pounds, be they nought in every row.
    let under_month = super::date::month_of(heading.trim().as_bytes()).is_some() && gather.leading_noughts == 0;
    if under_month && gather.money.rows == filled {
        return Kind::Money;
    }
    let whole_pounds = gather.placed && words::amount_score(heading) > 0 && gather.money.rows == filled;
    if most(gather.money.rows) && (whole_pounds || is_amount(heading, gather)) {
        return if words::is_quantity(heading) { Kind::Quantity } else { Kind::Money };
    }
    text_kind(gather)
}

/// The amounts of a column: where every one is digits alone at places that somebody has given, the last two are pence.
pub(super) fn amounts(gather: &Gather) -> MoneyGather {
    if gather.placed && gather.overpunched > gather.money.rows {
        gather.punched.clone()
    } else if gather.placed && gather.money.pointless == gather.money.rows {
        gather.money.implied()
    } else {
        gather.money.clone()
    }
}

/// Numbers that are amounts and not codes: printed with a point, groups or signs, or called an amount.
fn is_amount(heading: &str, gather: &Gather) -> bool {
    let money = &gather.money;
    let called = words::amount_score(heading) > 0 || words::is_quantity(heading);
    let codes = gather.leading_noughts > 0 || gather.formulas > 0;
    let number = gather.own.iter().any(|(own, _)| *own == "number");
    // A column of dashes alone says nothing.
    let dashes = money.styles.iter().zip(Styles::NAMES).any(|(n, (style, _))| style == Styles::DASH && *n == money.rows);
    !codes
        && !dashes
        && !counts_periods(heading, gather)
        && !is_of_signs(gather)
        && (money.marked * 3 > money.rows || (called && (money.marked > 0 || number || money.whole.is_some_and(|(a, b)| a != b))))
}

/// Whether a column of years or periods prints each with a nought behind its point, as programs write numbers that they hold as such: `2025.0`.
fn counts_periods(heading: &str, gather: &Gather) -> bool {
    let number = |text: &str| text.trim().strip_suffix(".0").and_then(|digits| digits.parse::<u16>().ok());
    let is_one = |text: &str| match number(text) {
        Some(1..=14) => words::says_period(heading),
        Some(2000..=2099) => words::says_year(heading),
        _ => false,
    };
    gather.distinct().is_some() && gather.values().iter().all(|(text, _)| is_one(text))
}

/// Whether a column says 1 and -1 and nothing else: the side of another column's amount, and no pounds.
fn is_of_signs(gather: &Gather) -> bool {
    let values = gather.values();
    let is = |text: &str| matches!(text.trim(), "1" | "-1" | "+1" | "1.0" | "-1.0");
    gather.distinct().is_some() && values.len() > 1 && values.iter().all(|(text, _)| is(text))
}

fn text_kind(gather: &Gather) -> Kind {
    let few = gather.distinct().is_some_and(|n| n <= 12 && n * 3 <= gather.filled.max(6));
    let short = gather.lengths.is_some_and(|(_, most)| most <= 24);
    let values = gather.values();
    let kept: u64 = values.iter().map(|(_, n)| n).sum();
    let coded: u64 = values.iter().filter(|(text, _)| is_code(text)).map(|(_, n)| n).sum();
    if kept > 0 && coded * 20 >= kept * 19 {
        return Kind::Code;
    }
    if few && short { Kind::Flag } else { Kind::Text }
}

/// Letters and digits without blanks, a digit among them: `A43087`, `0031`, `INV/12`.
fn is_code(text: &str) -> bool {
    let text = text.trim();
    text.bytes().any(|byte| byte.is_ascii_digit())
        && text.len() <= 32
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.'))
}

fn shapes(values: &[(String, u64)]) -> Vec<(String, u64)> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (text, n) in values.iter().take(4_096) {
        *counts.entry(words::shape(text)).or_default() += n;
    }
    let mut all: Vec<(String, u64)> = counts.into_iter().collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    all.truncate(SHAPES);
    all
}

/// Values that differ in what nobody sees, in letter case, or in marks between words.
fn look_alikes(values: &[(String, u64)]) -> Vec<(String, String)> {
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    let mut pairs = Vec::new();
    for (text, _) in values {
        let folded: String = fold_code(text).to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
        if folded.is_empty() {
            continue;
        }
        match first.get(&folded) {
            Some(known) if pairs.len() < ALIKE => pairs.push(((*known).to_owned(), text.clone())),
            Some(_) => {}
            None => {
                first.insert(folded, text);
            }
        }
    }
    pairs
}

fn dates(gather: &mut Gather) -> Dates {
    let mut kinds: Vec<DateKind> = gather.dates.iter_mut().map(super::date::Gathered::kind).collect();
    let mut months: BTreeMap<(i32, u8), u64> = BTreeMap::new();
    let mut span: Option<(crate::domain::Day, crate::domain::Day)> = None;
    gather.serial_days.settle();
    gather.cell_days.settle();
    let serials = gather.serials;
    let days = gather.serial_days.span().map_or_else(Default::default, |(first, last)| (first.to_string(), last.to_string()));
    for (printed, rows) in [("excel_serial", serials[0]), ("excel_serial_with_time", serials[1])] {
        if rows > 0 {
            kinds.push(DateKind::of_workbook(printed, Some("excel"), rows, &days));
        }
    }
    let cells = gather.cell_days.span().map_or_else(Default::default, |(first, last)| (first.to_string(), last.to_string()));
    if gather.day_cells > 0 {
        kinds.push(DateKind::of_workbook(DATE_CELL, None, gather.day_cells, &cells));
    }
    kinds.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.printed.cmp(&b.printed)));
    let readings = gather.dates.iter_mut().map(super::date::Gathered::reading);
    for reading in readings.chain([&gather.serial_days, &gather.cell_days]) {
        reading.months.iter().for_each(|(month, n)| *months.entry(*month).or_default() += n);
        if let Some((first, last)) = reading.span() {
            span = Some(span.map_or((first, last), |(a, b)| (a.min(first), b.max(last))));
        }
    }
    let others = gather.filled.saturating_sub(gather.dated + serials[0] + serials[1]);
    let values: Vec<(String, u64)> = if others > 0 && others * 5 < gather.filled {
        let is_other = |text: &str| {
            let text = text.trim().as_bytes();
            super::date::read(text).is_none() && super::date::serial(text).is_none()
        };
        gather.values().into_iter().filter(|(text, _)| is_other(text)).collect()
    } else {
        Vec::new()
    };
    Dates {
        kinds,
        others,
        other_shapes: shapes(&values),
        first: span.map(|(first, _)| first.to_string()),
        last: span.map(|(_, last)| last.to_string()),
        months: months.into_iter().collect(),
        in_name: None,
    }
}

fn money(gather: &MoneyGather, filled: u64) -> Money {
    let mut styles: Vec<(String, u64)> =
        Styles::NAMES.iter().zip(gather.styles).filter(|(_, n)| *n > 0).map(|((_, word), n)| ((*word).to_owned(), n)).collect();
    if gather.plain > 0 {
        styles.insert(0, ("plain".to_owned(), gather.plain));
    }
    let (smallest, largest) = gather.range.unwrap_or((0, 0));
    Money {
        styles,
        others: filled.saturating_sub(gather.rows),
        decimals: u32::from(gather.decimals),
        noise: gather.noise,
        part_pennies: gather.parts,
        finer: gather.finer,
        negative: gather.counts[0],
        nought: gather.counts[1],
        positive: gather.counts[2],
        sum: Millionths(gather.sum()),
        debits: Millionths(gather.sums[0]),
        credits: Millionths(gather.sums[1]),
        smallest: Some(Millionths(smallest)),
        largest: Some(Millionths(largest)),
        parts_thousands: gather.parted[0] > 0 && gather.parted.iter().sum::<u64>() == gather.counts[0] + gather.counts[2],
    }
}

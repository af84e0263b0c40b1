//! Records that are no rows: which of them are the sum of others, and what the rest is.

use super::{
    Format,
    amount::{self, Millionths},
    columns::amounts,
    facts::{LeftOut, Over, Reason, RecordType, Total},
    gather::LINES,
    table::{Aside, Table, Tagged},
    words,
};
use crate::domain::{balance, may_say, month_number};

/// A record before the header.
#[derive(Clone, Debug)]
pub(super) struct Before {
    pub(super) line: u64,
    pub(super) cells: Vec<String>,
}

/// What the table's records are besides rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Judged {
    pub(super) totals: Vec<Total>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) record_types: Vec<RecordType>,
    /// Records of fewer fields behind the last row, each told by its first field.
    pub(super) behind: Vec<RecordType>,
    /// Columns of the table: a record may have fewer fields.
    width: usize,
}

/// Judges them. `money` are positions of columns of amounts, `likely` is the one that most likely counts.
pub(super) fn judge(table: &Table, before: &[Before], money: &[usize], likely: Option<usize>, format: Format) -> Judged {
    let mut judged = Judged { width: table.width, ..Judged::default() };
    above(table, before, money, likely, &mut judged);
    judged.behind = if format == Format::Delimited { behind(table, money) } else { Vec::new() };
    let mut block = vec![0; table.width];
    let mut levels = Levels::of(table);
    for aside in &table.aside {
        if aside.reason == Reason::RecordType {
            judged.left(aside.line, Reason::RecordType, &aside.cells, None);
            continue;
        }
        // What stands where in it is its own: no column of the rows.
        if judged.behind.iter().any(|kind| kind.first_line == aside.line) {
            judged.left(aside.line, reason(aside, &[]), &aside.cells, None);
            continue;
        }
        // What is carried to the next page is said again there.
        if label(&aside.cells).is_some_and(|(_, text)| words::is_carried(text)) {
            judged.left(aside.line, Reason::Subtotal, &aside.cells, likely);
            continue;
        }
        let level = levels.begin(aside);
        let found: Vec<Total> = money
            .iter()
            .filter_map(|at| match &level {
                Some(level) => level.total(table, aside, *at),
                None => total(table, aside, *at, &block),
            })
            .collect();
        let is_part = level.is_some_and(|level| !level.is_top) && !found.is_empty();
        let reason = if is_part { Reason::Subtotal } else { reason(aside, &found) };
        if !found.is_empty() {
            block.clone_from(&aside.before);
        }
        judged.totals.extend(found);
        judged.left(aside.line, reason, &aside.cells, likely);
    }
    for (reason, rows, lines) in &table.counts {
        let (rows, lines) = (*rows, lines.clone());
        judged.left_out.push(LeftOut {
            reason: *reason,
            rows,
            lines,
            label: None,
            label_at: None,
            shape: false,
            empty: Vec::new(),
            amount: None,
            printed: None,
        });
    }
    among_rows(table, money, &mut judged);
    judged.record_types = record_types(table, money);
    trailers(table, likely, &mut judged);
    judged.left_out.sort_by_key(|left| left.lines.first().copied());
    judged
}

/// Amounts that stand before the header are totals where they are the sums of their columns.
fn above(table: &Table, before: &[Before], money: &[usize], likely: Option<usize>, judged: &mut Judged) {
    for record in before {
        let mut any = false;
        for at in money {
            let Some(printed) = record.cells.get(*at).filter(|text| !text.trim().is_empty()) else { continue };
            let Some(value) = amount::read(printed.as_bytes()) else { continue };
            let sum = table.columns.get(*at).map_or(0, |column| column.money.sum());
            any = true;
            judged.totals.push(Total {
                line: record.line,
                column: *at,
                printed: printed.clone(),
                sum: Millionths(sum),
                difference: Millionths(value.value.0 - sum),
                rows: table.rows,
                over: Over::All,
                labelled: record.cells.iter().any(|cell| words::is_total(cell)),
            });
        }
        judged.left(record.line, if any { Reason::TotalAbove } else { Reason::Preamble }, &record.cells, likely.filter(|_| any));
    }
}

/// Sums that asterisks mark: those of a level add up the rows since the last one of their level or a higher one.
struct Levels {
    /// The highest level, where it stands once; it is the sum of the file.
    top: Option<usize>,
    /// For each level, beginning with the first, the sums where its rows begin.
    starts: Vec<Vec<i128>>,
}

/// A sum of a level.
struct OfLevel {
    start: Vec<i128>,
    is_top: bool,
}

impl Levels {
    fn of(table: &Table) -> Self {
        let levels: Vec<usize> = table.aside.iter().filter_map(level_of).collect();
        let highest = levels.iter().copied().max();
        let top = highest.filter(|top| levels.iter().filter(|level| *level == top).count() == 1 && levels.last() == Some(top));
        Self { top, starts: vec![vec![0; table.width]; highest.unwrap_or(0)] }
    }

    /// The level of a record that is a sum of one, behind which rows begin anew.
    fn begin(&mut self, aside: &Aside) -> Option<OfLevel> {
        let level = level_of(aside)?;
        let start = self.starts.get(level - 1)?.clone();
        self.starts.iter_mut().take(level).for_each(|known| known.clone_from(&aside.before));
        Some(OfLevel { start, is_top: self.top == Some(level) && !aside.followed })
    }
}

impl OfLevel {
    fn total(&self, table: &Table, aside: &Aside, at: usize) -> Option<Total> {
        let value = aside.amounts.get(at).copied().flatten()?;
        let above = aside.before.get(at).copied()?;
        let (all, with_amount) = table.columns.get(at).map(|column| (column.money.sum(), column.money.rows))?;
        let (over, sum) = if self.is_top { (Over::All, all) } else { (Over::Block, above - self.start.get(at).copied().unwrap_or(0)) };
        Some(Total {
            line: aside.line,
            column: at,
            printed: aside.cells.get(at)?.clone(),
            sum: Millionths(sum),
            difference: Millionths(value - sum),
            rows: if over == Over::All { with_amount } else { aside.rows_before },
            over,
            labelled: true,
        })
    }
}

/// The level of a record that asterisks mark as a sum; `None` where it holds no amount.
fn level_of(aside: &Aside) -> Option<usize> {
    let has_amount = aside.amounts.iter().any(Option::is_some);
    words::level(label(&aside.cells)?.1).filter(|_| has_amount)
}

/// The total that a record prints in a column, where it is one.
fn total(table: &Table, aside: &Aside, at: usize, block: &[i128]) -> Option<Total> {
    let printed = aside.cells.get(at)?.clone();
    let value = aside.amounts.get(at).copied().flatten()?;
    let (all, with_amount) = table.columns.get(at).map(|column| (column.money.sum(), column.money.rows))?;
    let above = aside.before.get(at).copied()?;
    let since = above - block.get(at).copied().unwrap_or(0);
    let labelled = label(&aside.cells).is_some_and(|(_, text)| words::is_total(text));
    let marked = label(&aside.cells).is_some_and(|(_, text)| text.trim().trim_matches('*').is_empty());
    let (over, sum) = match value {
        v if v == all && !(aside.followed && v == since) => (Over::All, all),
        // Of the first group it is both: rows come after it, so it is no sum of the file.
        v if v == since && aside.followed => (Over::Block, since),
        v if v == above => (Over::Above, above),
        v if v == since => (Over::Block, since),
        _ if labelled && aside.followed => (Over::Block, since),
        _ if labelled || marked => (Over::All, all),
        _ => return None,
    };
    // A row of noughts is the sum of nothing; only its label makes it a total.
    (value != 0 || labelled).then(|| Total {
        line: aside.line,
        column: at,
        printed,
        sum: Millionths(sum),
        difference: Millionths(value - sum),
        rows: if over == Over::All { with_amount } else { aside.rows_before },
        over,
        labelled,
    })
}

fn reason(aside: &Aside, found: &[Total]) -> Reason {
    let text = label(&aside.cells).map_or("", |(_, text)| text);
    let runs = aside.followed && !found.is_empty() && found.iter().all(|total| total.over == Over::Above && total.difference.0 == 0);
    if runs || words::is_subtotal(text) || found.iter().any(|total| total.over == Over::Block && total.difference.0 == 0) {
        Reason::Subtotal
    } else if !found.is_empty() || words::is_total(text) {
        Reason::Total
    } else if words::is_nil(text) {
        Reason::Nil
    } else if words::is_end(text) {
        Reason::End
    } else {
        aside.reason
    }
}

/// Full rows that are the sum of all others: taken for rows they count every pound twice.
fn among_rows(table: &Table, money: &[usize], judged: &mut Judged) {
    let sum_of = |at: usize| table.columns.get(at).map_or(0, |column| column.money.sum());
    for (line, at, rows) in table.running.iter().filter(|(_, at, rows)| *rows > 1 && money.contains(at)) {
        let last = table.tail.back().is_some_and(|edge| edge.line == *line);
        let value = table.tail.iter().find(|edge| edge.line == *line).and_then(|edge| edge.amounts.get(*at).copied().flatten());
        if let Some(value) = value.filter(|_| last) {
            judged.totals.push(row_total(*line, *at, value, *rows, Over::Above));
        }
    }
    if let Some(first) = table.head.first().filter(|_| table.rows > 2) {
        for at in money {
            let value = first.amounts.get(*at).copied().flatten().unwrap_or(0);
            if value != 0 && value * 2 == sum_of(*at) {
                judged.totals.push(row_total(first.line, *at, value, table.rows - 1, Over::All));
            }
        }
    }
}

fn row_total(line: u64, column: usize, value: i128, rows: u64, over: Over) -> Total {
    let printed = Millionths(value).text();
    Total { line, column, printed, sum: Millionths(value), difference: Millionths(0), rows, over, labelled: false }
}

/// Sums that a record of another type prints are totals.
fn trailers(table: &Table, likely: Option<usize>, judged: &mut Judged) {
    for kind in judged.record_types.iter().chain(&judged.behind) {
        let Some(aside) = table.aside.iter().find(|aside| aside.line == kind.first_line) else { continue };
        for (field, column) in &kind.sums {
            let Some(printed) = aside.cells.get(field - 1) else { continue };
            let sum = Millionths(table.columns.get(*column).map_or(0, |column| amounts(column).sum()));
            judged.totals.push(Total {
                line: aside.line,
                column: *column,
                printed: printed.clone(),
                sum,
                difference: Millionths(0),
                rows: table.rows,
                over: Over::All,
                labelled: true,
            });
            let is_its = |left: &&mut LeftOut| left.reason == Reason::RecordType && left.lines == [aside.line] && Some(*column) == likely;
            if let Some(left) = judged.left_out.iter_mut().find(is_its) {
                (left.amount, left.printed) = (Some(sum), Some(printed.clone()));
            }
        }
    }
}

/// The fields of a record, from 1, that hold the count of the rows, and those that hold the sum of a column.
fn totals_of(table: &Table, money: &[usize], cells: &[String]) -> (Vec<usize>, Vec<(usize, usize)>) {
    let whole = |text: &String| text.trim().parse::<u64>().ok();
    let numbered = || cells.iter().enumerate().skip(1);
    let counts = numbered().filter(|(_, text)| whole(text) == Some(table.rows)).map(|(at, _)| at + 1).collect();
    let sums = numbered().filter_map(|(at, text)| {
        let text = text.trim().as_bytes();
        let value = amount::read(text).map(|amount| amount.value.0).or_else(|| amount::overpunched(text).map(|value| value.0))?;
        let sum = |column: &usize| table.columns.get(*column).map_or(0, |column| amounts(column).sum());
        // Places that somebody has given hold pence: the trailer's do too.
        let is_sum = |column: &&usize| value != 0 && (sum(column) == value || (table.is_placed() && sum(column) * 100 == value));
        Some((at + 1, *money.iter().find(is_sum)?))
    });
    (counts, sums.collect())
}

/// Records of fewer fields behind the last row, `Control total:,1234.50`, that print the count of the rows or the sum of a column, and no other
/// pence: any other may be a row that lost fields, or a total that is off. A label that says a count, `Number of payments`, is believed also
/// in a record of as many fields as a row with nothing else in it; one that is off may count something else. A first field with a digit or a month is another in the next file.
fn behind(table: &Table, money: &[usize]) -> Vec<RecordType> {
    if !table.tagged.is_empty() || table.is_placed() || table.short.is_some() {
        return Vec::new();
    }
    let is_month = |word: &str| month_number(word.as_bytes()).is_some();
    let is_lasting =
        |tag: &String| !tag.trim().is_empty() && !tag.bytes().any(|byte| byte.is_ascii_digit()) && !tag.split_whitespace().any(is_month);
    let of_rows = |tag: &String| table.columns.first().is_some_and(|column| column.values().iter().any(|(text, _)| text == tag));
    // A note is one field, whatever it says.
    let is_full = |aside: &Aside| {
        aside.cells.len() == table.width
            && said_rightly(table, aside).is_some()
            && aside.cells.iter().filter(|cell| !cell.trim().is_empty()).count() == 2
    };
    let is_short = |aside: &Aside| (2..table.width).contains(&aside.cells.len());
    let last = table.aside.iter().filter(|aside| aside.rows_before == table.rows && (is_short(aside) || is_full(aside)));
    let told = last.filter_map(|aside| Some((aside, aside.cells.first().filter(|tag| is_lasting(tag) && !of_rows(tag))?)));
    let one = |(aside, tag): (&Aside, &String)| {
        let (mut counts, mut sums) = totals_of(table, money, &aside.cells);
        let said = said_rightly(table, aside);
        if let Some(at) = said {
            counts = vec![at];
            sums.retain(|(field, _)| *field != at);
        }
        let is_sum = |at: usize| sums.iter().any(|(field, _)| *field == at + 1);
        let is_off = |(at, text): (usize, &String)| text.contains('.') && amount::read(text.trim().as_bytes()).is_some() && !is_sum(at);
        let prints_none = counts.is_empty() && sums.is_empty();
        let agrees = !prints_none && !aside.cells.iter().enumerate().skip(1).any(is_off);
        let (fields, first_line) = (aside.cells.len(), aside.line);
        agrees.then(|| RecordType {
            tag: tag.clone(),
            records: 1,
            fields,
            first_line,
            counts,
            sums,
            amounts: Vec::new(),
            counted: said.map(|_| table.rows),
        })
    };
    told.filter_map(one).collect()
}

/// The field, from 1, that holds the count of the rows, as the label before it says.
fn said_rightly(table: &Table, aside: &Aside) -> Option<usize> {
    let (_, rest) = aside.cells.split_first().filter(|(label, _)| words::says_count(label))?;
    let at = rest.iter().position(|cell| !cell.trim().is_empty())?;
    (rest.get(at)?.trim().replace(',', "").parse() == Ok(table.rows)).then_some(at + 2)
}

fn record_types(table: &Table, money: &[usize]) -> Vec<RecordType> {
    let tag_of_rows =
        table.columns.first().filter(|_| !table.is_placed()).and_then(|column| column.values().first().map(|(text, _)| text.clone()));
    let mut types: Vec<RecordType> = Vec::new();
    for tagged in &table.tagged {
        let first = table.aside.iter().find(|aside| aside.line == tagged.first_line);
        let cells = first.map(|aside| aside.cells.as_slice()).unwrap_or_default();
        let (counts, sums) = totals_of(table, money, cells);
        let sums = if tagged.records == 1 { sums } else { Vec::new() };
        let amounts = money.iter().filter(|at| table.is_placed() && tagged.amounts.contains(at)).copied().collect();
        let Tagged { tag, fields, records, first_line, .. } = tagged.clone();
        types.push(RecordType { tag, records, fields, first_line, counts, sums, amounts, counted: None });
    }
    if let Some(tag) = tag_of_rows.filter(|_| !types.is_empty()) {
        let first_line = table.first_row.unwrap_or(0);
        types.push(RecordType {
            tag,
            records: table.rows,
            fields: table.width,
            first_line,
            counts: Vec::new(),
            sums: Vec::new(),
            amounts: Vec::new(),
            counted: None,
        });
    }
    types.sort_by_key(|kind| kind.first_line);
    types
}

/// The cell that says that it is a balance, else one of asterisks alone, else the first that holds something.
fn label(cells: &[String]) -> Option<(usize, &str)> {
    let is_balance = |cell: &String| may_say(cell.as_bytes()) && balance(cell.trim()).is_some();
    let is_mark = |cell: &String| words::level(cell).is_some() && cell.trim().bytes().all(|byte| byte == b'*');
    let at = cells
        .iter()
        .position(is_balance)
        .or_else(|| cells.iter().position(is_mark))
        .or_else(|| cells.iter().position(|cell| !cell.trim().is_empty()))?;
    Some((at, cells.get(at)?.as_str()))
}

/// What may be shown of a label: words that are known or are a mark of few letters; of any other its shape.
fn shown(text: &str) -> String {
    let text = text.trim();
    let known = words::is_total(text) || words::is_carried(text) || words::is_nil(text) || words::is_end(text);
    let mark = text.len() <= 24 && (text.to_lowercase().starts_with("inserted") || ["detail", "footer", "header"].contains(&text));
    let sign = text.chars().all(|c| !c.is_alphanumeric());
    if known || mark || sign || super::shape::is_tag(text) { text.to_owned() } else { words::shape(text) }
}

impl Judged {
    /// Adds a record that is no row to those of its kind.
    fn left(&mut self, line: u64, reason: Reason, cells: &[String], likely: Option<usize>) {
        let label = label(cells);
        let number = label.is_some_and(|(_, text)| {
            amount::read(words::behind_level(text).as_bytes()).is_some() && text.chars().any(|c| c.is_ascii_digit())
        });
        let (label_at, label, shape) = match label.filter(|_| !number && reason != Reason::Preamble) {
            Some((at, text)) => {
                let shown = shown(text);
                let shape = shown != text.trim();
                (Some(at), Some(shown), shape)
            }
            None => (None, None, false),
        };
        let printed = likely.and_then(|at| cells.get(at)).filter(|text| !text.trim().is_empty()).cloned();
        let amount = printed.as_ref().and_then(|text| amount::read(text.as_bytes())).map(|amount| amount.value);
        let printed = printed.filter(|_| amount.is_some());
        let empty: Vec<usize> = cells.iter().enumerate().filter(|(_, cell)| cell.trim().is_empty()).map(|(at, _)| at).collect();
        let empty: Vec<usize> = empty.into_iter().chain(cells.len()..self.width).collect();
        let alike = |known: &&mut LeftOut| known.reason == reason && known.label == label && known.label_at == label_at;
        if let Some(known) = self.left_out.iter_mut().find(alike) {
            known.rows += 1;
            known.amount = match (known.amount, amount) {
                (Some(a), Some(b)) => Some(Millionths(a.0 + b.0)),
                (a, b) => a.or(b),
            };
            if known.lines.len() < LINES {
                known.lines.push(line);
            }
            known.empty.retain(|at| empty.contains(at));
            return;
        }
        self.left_out.push(LeftOut { reason, rows: 1, lines: vec![line], label, label_at, shape, empty, amount, printed });
    }
}

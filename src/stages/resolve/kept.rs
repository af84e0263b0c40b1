//! Kernel `resolve`: the parts of payroll's ledger lines, and what ledger and pay differ by.

use std::collections::{BTreeMap, BTreeSet};

use arrow::record_batch::RecordBatch;

use super::{
    differences::{Compared, difference_rows},
    pay::{Group, GroupPay, PayColumns, by_group, sums},
    places::{CodeColumns, Place, Places},
    posts::Posts,
};
use crate::{
    diagnostic::{Answer, Diagnostic, codes::config::TOO_MANY_PARTS},
    domain::{LinePart, PartKind, PayrollLine, Pence, Resolved, pounds, resolve as resolve_group, side_by_side},
    pipeline::Partnership,
    plan::KernelInput,
    schema::{
        Cell,
        batch::{Rows, Texts, money, value_at},
        table_of,
    },
};

/// Rule that stands in a part whose class the register of assignments gives.
const BY_SPLIT: &str = "assignment_split";

/// A ledger line that payroll sent.
struct Line<'a> {
    feed: &'a str,
    delivery_id: &'a str,
    source_row: i64,
    pence: Pence,
    place: &'a Place,
}

/// `payroll_line`, `pay_sum`, `post` and `pay_place` → `payroll_difference` and, beside it, `pay_part`: every part of every line that pay
/// resolves, whose lines keep their amounts.
///
/// # Errors
/// TC0638 where a line falls into more than 127 parts; TC1250 where a table lacks a column.
pub fn resolve(input: &KernelInput<'_>) -> Answer<Vec<RecordBatch>> {
    let places = Places::of(Rows(input.table("pay_place")?))?;
    let posts = Posts::of(Rows(input.table("post")?), &services(input.partnership))?;
    let columns = PayColumns::of(Rows(input.table("pay_sum")?))?;
    let mut lines = lines(Rows(input.table("payroll_line")?), &places)?;
    let of_councils = side_by_side(&columns.by_council(), input.threads, |rows| by_group(&sums(&columns, rows, &places, &posts)));
    let mut pay: BTreeMap<_, _> = of_councils.into_iter().flatten().collect();
    let groups: BTreeSet<Group<'_>> = lines.keys().chain(pay.keys()).copied().collect();
    let (mut compared, mut parts) = (Vec::new(), Vec::new());
    for group in groups {
        let (lines, pay) = (lines.remove(&group).unwrap_or_default(), pay.remove(&group).unwrap_or_default());
        let resolved = resolved(&lines, &pay);
        too_many(group, &lines, &resolved)?;
        parts.extend(resolved.parts.iter().filter_map(|part| part_row(group, &lines, &pay, part, input.partnership.small_group)));
        compared.push(Compared::of(group, &pay, &resolved));
    }
    let rows = [difference_rows(input, compared), parts];
    let named = ["payroll_difference", "pay_part"].iter().zip(input.gives).zip(&rows);
    named.map(|((name, schema), rows)| table_of(name, schema, rows)).collect()
}

/// The services of the partnership.
pub(super) fn services(partnership: &Partnership) -> BTreeSet<&str> {
    partnership.services.iter().map(|service| &*service.id).collect()
}

/// By group, in the order of feed, delivery and row: those that are cost.
fn lines<'a>(table: Rows<'a>, places: &'a Places<'a>) -> Answer<BTreeMap<Group<'a>, Vec<Line<'a>>>> {
    let mut lines: BTreeMap<Group<'a>, Vec<Line<'a>>> = BTreeMap::new();
    let (columns, delivery) = (CodeColumns::of(table, "day", true)?, Texts::of(table, "delivery_id")?);
    let amount = money(table.0, "amount")?;
    for row in 0..table.count() {
        let codes = columns.at(row);
        let Some(place) = places.at(&codes).filter(|place| place.is_cost) else { continue };
        let [council, feed, _, cost_centre, account] = codes.0;
        lines.entry([council, cost_centre, account]).or_default().push(Line {
            feed,
            delivery_id: delivery.at(row),
            source_row: table.whole("source_row", row)?.unwrap_or_default(),
            pence: value_at(amount, row).unwrap_or_default(),
            place,
        });
    }
    for group in lines.values_mut() {
        group.sort_by_key(|line| (line.feed, line.delivery_id, line.source_row));
    }
    Ok(lines)
}

fn resolved(lines: &[Line<'_>], pay: &GroupPay<'_>) -> Resolved {
    let lines: Vec<PayrollLine> = lines.iter().map(|line| PayrollLine { pence: line.pence, class: line.place.class.clone() }).collect();
    resolve_group(&lines, &pay.classes.iter().map(|(class, pay)| ((*class).to_owned(), pay.pence)).collect())
}

/// `line_part` counts to 127.
fn too_many([council, cost_centre, account]: Group<'_>, lines: &[Line<'_>], resolved: &Resolved) -> Answer<()> {
    let most = resolved.parts.iter().filter(|part| i8::try_from(part.number).is_err()).max_by_key(|part| part.number);
    let Some((part, line)) = most.and_then(|part| Some((part, lines.get(part.line)?))) else { return Ok(()) };
    Err(Diagnostic::new(
        TOO_MANY_PARTS,
        format!(
            "{council}/{}: line {} of delivery {}, {} on cost centre `{cost_centre}` and account `{account}`, falls into {} parts",
            line.feed,
            line.source_row,
            line.delivery_id,
            pounds(line.pence),
            part.number
        ),
    )
    .expected("at most 127 classes of pay behind one ledger line")
    .outcome("nothing was published; the last release is unchanged")
    .hint("split the posts of that cost centre over fewer classes, or post their pay in several lines")
    .into())
}

fn part_row([council, ..]: Group<'_>, lines: &[Line<'_>], pay: &GroupPay<'_>, part: &LinePart, small_group: u64) -> Option<Vec<Cell>> {
    let line = lines.get(part.line)?;
    let of_class = pay.classes.get(part.class.as_str());
    let (kind, rule_id) = match part.kind {
        PartKind::Line => ("line", &*line.place.rule_id),
        PartKind::PayrollDifference => {
            let has_class = |line: &&Line<'_>| line.place.class == part.class;
            let of = Some(line).filter(has_class).or_else(|| lines.first())?;
            ("payroll_difference", of.place.rule_id.as_str())
        }
        PartKind::Pay => {
            let is_small = of_class.is_none_or(|pay| (pay.persons.len() as u64) < small_group);
            (if is_small { "pay_small" } else { "pay" }, of_class.and_then(|pay| pay.rule_id).unwrap_or(BY_SPLIT))
        }
    };
    let mut class = part.class.splitn(3, '/');
    let mut word = || class.next().filter(|word| !word.is_empty()).map_or(Cell::Null, Cell::from);
    let (ownership, service, bearer) = (word(), word(), word());
    Some(vec![
        council.into(),
        line.feed.into(),
        line.delivery_id.into(),
        line.source_row.into(),
        i64::try_from(part.number).map_or(Cell::Null, Cell::Whole),
        Cell::Pence(part.pence),
        kind.into(),
        ownership,
        service,
        bearer,
        rule_id.into(),
    ])
}

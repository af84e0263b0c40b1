//! A figure of true cost as a person reads it.

use super::{
    Explained,
    book::CellLine,
    driven::{self, share_table},
    figure::{DIRECT, Figure, InFigure},
    shown::{amount, exact_pounds, fraction, number, points, words},
};
use crate::{
    domain::{ALL_GROUPS, Fraction, Pence, pounds},
    report::page::{Align, Table},
};

const L: Align = Align::Left;
const R: Align = Align::Right;

pub(super) fn page(explained: &Explained<'_, '_>, lines: &[CellLine]) -> String {
    let wanted = explained.wanted;
    let sum: Pence = explained.figures.iter().map(|figure| figure.full.amount).sum();
    let method = if explained.method.is_empty() { String::new() } else { format!(", {} method", explained.method) };
    let mut text = format!(
        "what {} bears for the use of {} in {}: {} (release {}{method})\n",
        wanted.bearer,
        wanted.service,
        wanted.period,
        pounds(sum),
        explained.book.release
    );
    text.push_str(&format!("\n{}", components(&explained.figures)));
    for figure in &explained.figures {
        let heading =
            format!("{} use: where its cost arises, and the part of it that {} bears", words(&figure.full.ownership), wanted.bearer);
        text.push_str(&format!("\n{heading} (pounds)\n\n{}", origins(explained, figure)));
    }
    text.push_str(&services(explained));
    text.push_str(&format!("\ncells: sums of lines that are cut once, to the penny\n\n{}", cells(explained)));
    let (shown, all) = (lines.len(), explained.lines());
    let more = all - i64::try_from(shown).unwrap_or(all);
    let heading =
        if more > 0 { format!("lines: the {shown} largest, and {} more", number(more)) } else { "lines, the largest first".to_owned() };
    text.push_str(&format!("\n{heading}\n\n{}", line_table(explained, lines)));
    text.push_str(&format!("\nboth ways\n\n{}", ways(explained)));
    if let Some(line) = lines.first() {
        text.push_str(&format!("\na line's own way: truecost explain line {} {}\n", line.delivery, line.row));
    }
    text
}

/// What the figure is made of, as `full_cost` has it.
fn components(figures: &[Figure]) -> String {
    let mut table = Table::new(&[
        ("use", L),
        ("pay", R),
        ("on-costs", R),
        ("other", R),
        ("income", R),
        ("overhead", R),
        ("in all", R),
        ("missing of a full cost", L),
    ]);
    for full in figures.iter().map(|figure| &figure.full) {
        let missing =
            if full.missing.is_empty() { "nothing".to_owned() } else { full.missing.replace("on_cost", "on-costs").replace(' ', ", ") };
        let pence = [full.pay, full.on_cost, full.other, full.income, full.overhead, full.amount];
        table.row([words(&full.ownership)].into_iter().chain(pence.map(amount)).chain([missing]));
    }
    table.text()
}

/// By origin service and set of pools: pool, driver, share, and what it makes of the cost that arises there.
fn origins(explained: &Explained<'_, '_>, figure: &Figure) -> String {
    let mut table = Table::new(&[
        ("arises in", L),
        ("pool", L),
        ("driver", L),
        ("cost", R),
        ("share", R),
        ("exact part", R),
        ("rounding", R),
        ("part", R),
    ]);
    for ((service, set), cells) in figure.by_origin() {
        let (pool, driver) = how(explained, service, set, &cells);
        let cost: Pence = cells.iter().map(|cell| cell.amount).sum();
        let part: Pence = cells.iter().map(|cell| cell.part).sum();
        let exact = sum(cells.iter().map(|cell| &cell.exact));
        let rounding = sum(cells.iter().map(|cell| &cell.rounding));
        let share = cells.first().map_or_else(String::new, |cell| fraction(&cell.share));
        table.row([service.to_owned(), pool, driver, amount(cost), share, exact_pounds(&exact), exact_pounds(&rounding), amount(part)]);
    }
    table.text()
}

/// Pool and driver of an origin; how it came where it is not split.
fn how(explained: &Explained<'_, '_>, service: &str, set: &str, cells: &[&InFigure]) -> (String, String) {
    let placement = cells.first().map_or("", |cell| cell.placement.as_str());
    match (set, placement) {
        (DIRECT, "unallocated") => ("none: unallocated".to_owned(), "-".to_owned()),
        (DIRECT, _) => ("none: it has its bearer".to_owned(), "-".to_owned()),
        _ => explained.driven.pool(set, service).map_or_else(
            || ("none".to_owned(), "-".to_owned()),
            |pool| (pool.name.clone(), if pool.driver.is_empty() { "the partners' shares".to_owned() } else { pool.driver.clone() }),
        ),
    }
}

/// How each origin service's cost goes on.
fn services(explained: &Explained<'_, '_>) -> String {
    let mut text = String::new();
    let mut told: Vec<(&str, &str)> = Vec::new();
    for figure in &explained.figures {
        for ((service, set), _) in figure.by_origin().into_iter().filter(|((_, set), _)| *set != DIRECT) {
            if !told.contains(&(service, set)) {
                text.push_str(&one_service(explained, service, set));
                told.push((service, set));
            }
        }
    }
    text
}

fn one_service(explained: &Explained<'_, '_>, service: &str, set: &str) -> String {
    let driven = &explained.driven;
    let of_group = if set == ALL_GROUPS { String::new() } else { format!(" for {}", words(set)) };
    let Some(pool) = driven.pool(set, service) else { return format!("\n{service}{of_group}: no pool\n") };
    let mut text = match driven.drivers.get(&pool.driver) {
        Some(driver) => format!(
            "\n{service}{of_group}: pool {} by {} ({}, {} {})\n",
            pool.name, pool.driver, driver.name, driver.quality, driver.measure
        ),
        None => format!("\n{service}{of_group}: pool {}, all to the partners by their shares\n", pool.name),
    };
    if !pool.driver.is_empty() {
        let counted = driven.counted(service, &pool.driver);
        let table = driven.volume_table(service, &pool.driver);
        if !table.is_empty() {
            text.push_str(&format!("\n{}", table.text()));
        }
        if counted == 0 {
            text.push_str(&format!("  no volume: {} (zero_volume {})\n", driven::policy(&pool.zero_volume), pool.zero_volume));
            return text;
        }
        text.push_str(&format!("  {} count\n", number(counted)));
    }
    let registered = driven.registered(service);
    if let Some(row) = registered.first() {
        text.push_str(&format!(
            "\n  the partners' part of it goes by the share in force; {}\n\n{}",
            driven::why(&row.used),
            share_table(&registered, with_points).text()
        ));
        let mut reasons: Vec<String> = registered.iter().map(|row| format!("since {}: {}", row.valid_from, row.reason)).collect();
        reasons.dedup();
        text.push_str(&format!("  share.csv, {}\n", reasons.join("; ")));
    }
    text
}

fn cells(explained: &Explained<'_, '_>) -> String {
    let mut table = Table::new(&[
        ("cell", R),
        ("service", L),
        ("class", L),
        ("ledger", L),
        ("account group", L),
        ("on-cost", L),
        ("fund", L),
        ("lines", R),
        ("cost", R),
        ("share", R),
        ("exact part", R),
        ("rounding", R),
        ("part", R),
    ]);
    for (place, cell) in explained.cells().enumerate() {
        table.row([
            (place + 1).to_string(),
            cell.cell.service.clone(),
            words(&cell.cell.ownership),
            cell.cell.council.clone(),
            words(&cell.cell.account_group),
            if cell.cell.on_cost { "yes" } else { "no" }.to_owned(),
            cell.cell.fund.clone(),
            number(cell.lines),
            amount(cell.amount),
            fraction(&cell.share),
            exact_pounds(&cell.exact),
            exact_pounds(&cell.rounding),
            amount(cell.part),
        ]);
    }
    table.text()
}

fn line_table(explained: &Explained<'_, '_>, lines: &[CellLine]) -> String {
    let mut table = Table::new(&[
        ("cell", R),
        ("ledger", L),
        ("delivery", L),
        ("row", R),
        ("part", R),
        ("kind", L),
        ("document", L),
        ("cost centre", L),
        ("account", L),
        ("amount", R),
        ("exact part", R),
    ]);
    let shares: Vec<&Fraction> = explained.cells().map(|cell| &cell.share).collect();
    for line in lines {
        let exact = shares.get(line.place).map(|share| &Fraction::whole(line.amount) * share);
        table.row([
            (line.place + 1).to_string(),
            line.feed.clone(),
            line.delivery.clone(),
            line.row.to_string(),
            line.part.to_string(),
            words(&line.part_kind),
            line.document.clone(),
            line.cost_centre.clone(),
            line.account.clone(),
            amount(line.amount),
            exact.as_ref().map_or_else(String::new, exact_pounds),
        ]);
    }
    table.text()
}

/// `-17/310 (-5.48 points)`.
fn with_points(difference: &Fraction) -> String {
    format!("{} ({} points)", fraction(difference), points(difference))
}

/// Backward and forward, with the figures that were worked out for both.
fn ways(explained: &Explained<'_, '_>) -> String {
    let mut text = String::new();
    for figure in &explained.figures {
        let lines: i64 = figure.cells.iter().map(|cell| cell.lines).sum();
        let of_lines = if lines == 1 { "its line".to_owned() } else { format!("all {} lines", number(lines)) };
        text.push_str(&format!(
            "  {} use: the figure, {}, less what rounding added to it, {}, is {} pounds;\n  {}'s part of {of_lines}, added up, is {} pounds\n",
            words(&figure.full.ownership),
            pounds(figure.full.amount),
            exact_pounds(&figure.traced.rounding),
            exact_pounds(&(&Fraction::whole(figure.full.amount) - &figure.traced.rounding)),
            figure.full.bearer,
            exact_pounds(&figure.traced.exact),
        ));
    }
    text
}

fn sum<'f>(all: impl Iterator<Item = &'f Fraction>) -> Fraction {
    all.fold(Fraction::whole(0), |sum, one| &sum + one)
}

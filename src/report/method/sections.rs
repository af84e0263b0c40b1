//! The parts of a method page. Each says which published table it is from.

use crate::{
    diagnostic::Answer,
    domain::{ALL_GROUPS, Fraction},
    pipeline::SHARED,
    report::{
        cost::{
            book::{Book, Pool},
            driven::{self, Driven, share_table},
            shown::{amount, fraction, number, quantity, words},
        },
        page::{Align, Table},
    },
};

const L: Align = Align::Left;
const R: Align = Align::Right;

/// A heading, what is said under it, and a table; where the table is empty, what is said of that.
fn section(heading: &str, said: &str, table: &Table, where_empty: &str) -> String {
    let body = if table.is_empty() { format!("{where_empty}\n") } else { table.markdown() };
    let said = if said.is_empty() || table.is_empty() { String::new() } else { format!("{said}\n\n") };
    format!("## {heading}\n\n{said}{body}")
}

/// Services of the partnership, by name.
fn named_services(book: &Book<'_>) -> Answer<Vec<(String, String, String)>> {
    let sql = "SELECT service, name, kind FROM service WHERE kind <> 'none' ORDER BY service";
    book.each(sql, |row| Ok((row.text("service")?, row.text("name")?, row.text("kind")?)))
}

pub(super) fn members(book: &Book<'_>, driven: &Driven) -> Answer<String> {
    let mut table = Table::new(&[("service", L), ("name", L), ("kind", L), ("partners", L)]);
    for (service, name, kind) in named_services(book)? {
        // The shared service itself is host of all services, and shares in no cost.
        let members = driven.members.get(&service).into_iter().flatten().filter(|member| **member != *SHARED);
        let members = members.cloned().collect::<Vec<_>>().join(", ");
        table.row([service, name, kind, if members.is_empty() { "none".to_owned() } else { members }]);
    }
    let councils = book.each("SELECT council, name FROM council ORDER BY council", |row| {
        Ok(format!("{} is {}", row.text("council")?, row.text("name")?))
    })?;
    let said = format!("Who is a member of which service in this period (`member_period`). {}.", councils.join("; "));
    Ok(section("Members", &said, &table, "No service."))
}

/// One section a service with a pool: how its cost goes on, and who bears it in the end.
pub(super) fn services(book: &Book<'_>, driven: &Driven) -> Answer<String> {
    let gross = book.each(include_str!("sql/gross.sql"), |row| {
        let of = (row.text("pool_set")?, row.text("service")?);
        Ok((of, [row.pence("direct")?, row.pence("received")?, row.pence("gross")?]))
    })?;
    let borne = book.each(include_str!("sql/borne.sql"), |row| {
        let of = (row.text("pool_set")?, row.text("service")?);
        // Cut short it would be a number that stands in no table: a long one is left to the table, and `about` says how much it is.
        let part = Fraction::parse(&row.text("part")?).map_or_else(String::new, |part| fraction(&part));
        let part = if part.ends_with('…') { "see `allocation_share`".to_owned() } else { part };
        let share = row.quantity("share")?.map_or_else(String::new, quantity);
        Ok((of, [row.text("final_service")?, words(&row.text("final_ownership")?), row.text("bearer")?, part, share]))
    })?;
    let mut text = "## Services\n".to_owned();
    for (service, name, _) in named_services(book)? {
        let pools: Vec<&Pool> = driven.pools.iter().filter(|pool| pool.service == service).collect();
        text.push_str(&format!("\n### {name} (`{service}`)\n"));
        if pools.is_empty() {
            text.push_str("\nNo pool: shared cost stays with the council that incurred it.\n");
        }
        for pool in pools {
            let set = if pool.account_group.is_empty() { ALL_GROUPS } else { pool.account_group.as_str() };
            let of = (set.to_owned(), service.clone());
            text.push_str(&one_pool(driven, pool));
            if let Some((_, [direct, received, all])) = gross.iter().find(|(key, _)| *key == of) {
                let pounds = [direct, received, all].map(|pence| amount(*pence));
                text.push_str(&format!(
                    "\nIt passes on {}: {} that arises in the service, and {} that it receives of others (`service_gross`).\n",
                    pounds[2], pounds[0], pounds[1]
                ));
            }
            let mut table = Table::new(&[("use of", L), ("class", L), ("borne by", L), ("part of a pound", R), ("about", R)]);
            borne.iter().filter(|(key, _)| *key == of).for_each(|(_, row)| table.row(row.clone()));
            if !table.is_empty() {
                text.push_str(&format!("\nIn the end it is borne by (`allocation_share`):\n\n{}", table.markdown()));
            }
        }
        text.push_str(&shares(driven, &service));
    }
    Ok(text)
}

/// What a pool holds, by what it goes on, and the volumes.
fn one_pool(driven: &Driven, pool: &Pool) -> String {
    let holds = if pool.account_group.is_empty() {
        "every account group without a pool of its own".to_owned()
    } else {
        format!("account group {}", words(&pool.account_group))
    };
    let approved = format!("Since {}: {}; approved by {} (`pool`).", pool.valid_from, pool.reason, pool.approver);
    if pool.driver.is_empty() {
        return format!("\nPool `{}` ({holds}): all goes to the partners by their shares. {approved}\n", pool.name);
    }
    let driver = driven.drivers.get(&pool.driver);
    let what =
        driver.map_or_else(String::new, |driver| format!(" ({}; {} {}, per {})", driver.name, driver.quality, driver.measure, driver.unit));
    let mut text = format!("\nPool `{}` ({holds}) goes on by `{}`{what}. {approved}\n", pool.name, pool.driver);
    let table = driven.volume_table(&pool.service, &pool.driver);
    if driven.counted(&pool.service, &pool.driver) == 0 {
        text.push_str(&format!(
            "\nThe period has no volume of it. Policy `{}`: {}.\n",
            pool.zero_volume,
            driven::policy(&pool.zero_volume)
        ));
    } else {
        text.push_str(&format!("\nVolumes (`volume`):\n\n{}", table.markdown()));
    }
    text
}

/// The share in force of a service, with its tolerance's outcome and who approved it.
fn shares(driven: &Driven, service: &str) -> String {
    let registered = driven.registered(service);
    let Some(first) = registered.first() else { return "\nNo share of the partners is in force.\n".to_owned() };
    let driver = if first.driver.is_empty() { String::new() } else { format!(" Held against `{}`.", first.driver) };
    let mut reasons: Vec<String> = registered.iter().map(|row| format!("Since {}: {}.", row.valid_from, row.reason)).collect();
    reasons.dedup();
    format!(
        "\nThe partners bear their own use of it by the share in force (`driver_register`, `share`). **{}.{driver} {}\n\n{}",
        driven::why(&first.used).replacen(": ", "**: ", 1),
        reasons.join(" "),
        share_table(&registered, fraction).markdown()
    )
}

pub(super) fn blankets(book: &Book<'_>) -> Answer<String> {
    let mut table = Table::new(&[
        ("blanket", L),
        ("unit", L),
        ("base", R),
        ("blanket charges", R),
        ("true total, level", R),
        ("true", R),
        ("rate effect", R),
        ("distribution effect", R),
    ]);
    if book.has("blanket_comparison") {
        let rows = book.each(include_str!("sql/blanket.sql"), |row| {
            let pence = |name: &str| row.pence(name).map(amount);
            Ok([
                format!("{} ({})", row.text("blanket")?, words(&row.text("kind")?)),
                row.text("unit")?,
                pence("base")?,
                pence("blanket_amount")?,
                pence("level_amount")?,
                pence("true_amount")?,
                pence("rate_effect")?,
                pence("distribution_effect")?,
            ])
        })?;
        rows.into_iter().for_each(|row| table.row(row));
    }
    let said = "What a flat rate would charge, beside what is true (`blanket_comparison`). The rate effect is what the rate fails to recover; the \
                distribution effect moves cost between those who bear it, and sums to nought. Blanket figures are in no cost.";
    Ok(section("Blanket rates beside what is true", said, &table, "No blanket rate is in force."))
}

/// Policies that decided something in this period.
pub(super) fn policies(driven: &Driven) -> String {
    let mut table = Table::new(&[("service", L), ("policy", L), ("because", L)]);
    for pool in driven.pools.iter().filter(|pool| !pool.driver.is_empty() && driven.counted(&pool.service, &pool.driver) == 0) {
        let because = format!("pool {} has no volume of {}", pool.name, pool.driver);
        table.row([pool.service.clone(), format!("{}: {}", pool.zero_volume, driven::policy(&pool.zero_volume)), because]);
    }
    let mut told = Vec::new();
    for row in driven.register.iter().filter(|row| row.used != "agreed") {
        if !told.contains(&&row.service) {
            told.push(&row.service);
            let (used, because) =
                driven::why(&row.used).split_once(": ").map_or_else(Default::default, |(a, b)| (a.to_owned(), b.to_owned()));
            table.row([row.service.clone(), format!("share: {}", words(&used)), because]);
        }
    }
    section("Policies that were used", "From `pool` and `driver_register`.", &table, "None was needed.")
}

pub(super) fn unallocated(book: &Book<'_>) -> Answer<String> {
    let mut table =
        Table::new(&[("arises in", L), ("account group", L), ("on-cost", L), ("use of", L), ("stays with", L), ("fund", L), ("pounds", R)]);
    let rows = book.each(include_str!("sql/unallocated.sql"), |row| {
        let on_cost = if row.truth("on_cost")? { "yes" } else { "no" }.to_owned();
        Ok([
            row.text("service")?,
            words(&row.text("account_group")?),
            on_cost,
            row.text("final_service")?,
            row.text("council")?,
            row.text("fund")?,
            amount(row.pence("amount")?),
        ])
    })?;
    rows.into_iter().for_each(|row| table.row(row));
    let said = "Shared cost without a pool, or left by a pool's policy (`allocated_cost`, placement unallocated).";
    Ok(section("What is unallocated", said, &table, "Nothing: all shared cost is allocated (`allocated_cost`)."))
}

/// What a full cost lacks, volumes that count for nobody, and where ledger and payroll differ.
pub(super) fn missing(book: &Book<'_>, driven: &Driven) -> Answer<String> {
    let mut uses = Table::new(&[("use of", L), ("class", L), ("borne by", L), ("missing", L)]);
    for full in book.full_cost()?.into_iter().filter(|full| !full.missing.is_empty()) {
        uses.row([full.service, words(&full.ownership), full.bearer, full.missing.replace("on_cost", "on-costs").replace(' ', ", ")]);
    }
    let mut text = section("What is missing", "Of a full cost (`full_cost`):", &uses, "Of no full cost anything is missing (`full_cost`).");
    let mut volumes = Table::new(&[("driver", L), ("of", L), ("council", L), ("cost centre", L), ("reason", L), ("volume", R)]);
    let rows = book.each(include_str!("sql/unplaced.sql"), |row| {
        let giver = row.text("service")?;
        let giver = if giver.is_empty() { "every service".to_owned() } else { giver };
        let volume = number(row.whole("volume")?.unwrap_or_default());
        Ok([row.text("driver")?, giver, row.text("council")?, row.text("cost_centre")?, words(&row.text("reason")?), volume])
    })?;
    rows.into_iter().for_each(|row| volumes.row(row));
    if !volumes.is_empty() {
        text.push_str(&format!("\nVolumes that are in no denominator (`unplaced_volume`):\n\n{}", volumes.markdown()));
    }
    let has_volume = |driver: &str| driven.volumes.iter().any(|volume| volume.driver == driver);
    let without: Vec<&str> = driven.drivers.keys().map(String::as_str).filter(|driver| !has_volume(driver)).collect();
    if !without.is_empty() {
        text.push_str(&format!("\nDrivers without a volume in this period (`driver`, `volume`): {}.\n", without.join(", ")));
    }
    if book.has("payroll_difference") {
        text.push_str(&payroll(book)?);
    }
    Ok(text)
}

fn payroll(book: &Book<'_>) -> Answer<String> {
    let mut table =
        Table::new(&[("council", L), ("cost centre", L), ("account", L), ("why", L), ("ledger", R), ("payroll", R), ("difference", R)]);
    let rows = book.each(include_str!("sql/payroll.sql"), |row| {
        let pence = |name: &str| row.pence(name).map(amount);
        Ok([
            row.text("council")?,
            row.text("cost_centre")?,
            row.text("account")?,
            words(&row.text("reason")?),
            pence("ledger_amount")?,
            pence("pay_amount")?,
            pence("difference")?,
        ])
    })?;
    rows.into_iter().for_each(|row| table.row(row));
    Ok(if table.is_empty() {
        String::new()
    } else {
        format!("\nWhere ledger and payroll differ (`payroll_difference`):\n\n{}", table.markdown())
    })
}

pub(super) fn carried(driven: &Driven) -> String {
    let mut table = Table::new(&[("driver", L), ("used by", L), ("volume", R), ("periods that it may be carried", R)]);
    for volume in driven.volumes.iter().filter(|volume| volume.carried) {
        let by =
            [&volume.to_service, &volume.to_bearer].into_iter().filter(|word| !word.is_empty()).cloned().collect::<Vec<_>>().join(", ");
        let most = driven.drivers.get(&volume.driver).map_or(0, |driver| driver.max_age);
        table.row([volume.driver.clone(), by, number(volume.units), number(most)]);
    }
    let said = "Volumes of an earlier period, in whole or in part, as this one's did not come (`volume`, `driver`).";
    section("What is carried on", said, &table, "Nothing: every volume is this period's own (`volume`).")
}

pub(super) fn small_groups(book: &Book<'_>) -> Answer<String> {
    let mut table = Table::new(&[("council", L), ("in", L), ("persons, or parts of lines", R)]);
    if book.has("on_cost") {
        let rows = book.each(include_str!("sql/small.sql"), |row| {
            let counted = row.whole("counted")?.map_or_else(|| "one row".to_owned(), number);
            Ok([row.text("council")?, format!("`{}`", row.text("found_in")?), counted])
        })?;
        rows.into_iter().for_each(|row| table.row(row));
    }
    let said = "Figures behind which few persons stand are put together.";
    Ok(section("Small groups", said, &table, "None was put together."))
}

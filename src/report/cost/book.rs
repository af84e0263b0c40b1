//! The release as true cost is read from it: published tables and the reference tables beside them, for one period.

use std::collections::BTreeMap;

use super::driven::Brought;
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{Fraction, Ownership, Pence, Period, Quantity, UNALLOCATED},
    engine::{Table, Tables},
    pipeline::Partnership,
    report::{
        ask::{Release, latest, period, tables},
        row::{Row, each},
    },
    schema::{Cell, Type, proof_table},
};

/// The tables of the latest release, and the period of which is read.
pub(in crate::report) struct Book<'p> {
    pub partnership: &'p Partnership,
    /// `r0007`.
    pub release: String,
    pub period: Period,
    tables: Tables,
}

/// What the use of a service costs one bearer; pence, cost positive, income negative.
#[derive(Clone, Debug)]
pub(in crate::report) struct FullCost {
    pub service: String,
    pub ownership: String,
    pub bearer: String,
    pub pay: Pence,
    pub on_cost: Pence,
    pub other: Pence,
    pub income: Pence,
    pub overhead: Pence,
    pub amount: Pence,
    /// Components without a part from any service, by a blank each.
    pub missing: String,
}

/// What tells cells of a period apart. The bearer of a shared cell is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report) struct CellKey {
    pub service: String,
    pub ownership: String,
    pub account_group: String,
    pub on_cost: bool,
    pub council: String,
    pub fund: String,
    pub bearer: String,
}

/// A part of a cell, by its published row.
#[derive(Clone, Debug)]
pub(in crate::report) struct CellPart {
    pub cell: CellKey,
    /// `service/ownership/bearer`; the bearer is `unallocated` where a policy left it with the council that incurred it.
    pub key: String,
    pub service: String,
    pub ownership: String,
    pub bearer: String,
    pub placement: String,
    pub amount: Pence,
}

/// A line of a cell; `place` counts cells from 0.
#[derive(Clone, Debug)]
pub(in crate::report) struct CellLine {
    pub place: usize,
    pub feed: String,
    pub delivery: String,
    pub row: i64,
    pub part: i64,
    pub part_kind: String,
    pub document: String,
    pub cost_centre: String,
    pub account: String,
    pub amount: Pence,
}

/// A pool in force.
#[derive(Clone, Debug)]
pub(in crate::report) struct Pool {
    pub name: String,
    pub service: String,
    /// Empty: every account group that no pool of the service names.
    pub account_group: String,
    /// Empty: all to the partners by their shares.
    pub driver: String,
    pub zero_volume: String,
    pub valid_from: String,
    pub reason: String,
    pub approver: String,
}

/// A driver in force.
#[derive(Clone, Debug)]
pub(in crate::report) struct Driver {
    pub id: String,
    pub name: String,
    pub unit: String,
    pub measure: String,
    pub quality: String,
    pub fed_by: String,
    pub max_age: i64,
}

/// Use of a driver by one; see `volume`.
#[derive(Clone, Debug)]
pub(in crate::report) struct Volume {
    pub driver: String,
    /// Empty: the giving service itself.
    pub to_service: String,
    pub to_ownership: String,
    pub to_bearer: String,
    /// In the driver's unit.
    pub units: i64,
    pub carried: bool,
    /// Empty where several deliveries brought it, or none.
    pub delivery: String,
    pub feed: String,
    pub file: String,
}

/// A partner's share of a service, and why it is so; see `driver_register`.
#[derive(Clone, Debug)]
pub(in crate::report) struct Registered {
    pub service: String,
    pub partner: String,
    pub agreed: Option<(i64, i64)>,
    pub driver: String,
    pub volume: Option<(i64, i64)>,
    pub driver_minus_agreed: Option<Fraction>,
    /// Points.
    pub tolerance: Option<Quantity>,
    pub used: String,
    pub in_force: (i64, i64),
    pub reason: String,
    pub approver: String,
    pub valid_from: String,
}

/// Who bears what part of a service, by set of pools and service.
pub(in crate::report) type ShareRows = BTreeMap<(String, String), Vec<(String, Fraction)>>;

impl<'p> Book<'p> {
    /// The latest release, for a period of it; without one its last that is allocated.
    ///
    /// # Errors
    /// TC0106 where nothing is published, TC0119 where no cost is allocated in it.
    pub(in crate::report) fn open(partnership: &'p Partnership, wanted: Option<Period>) -> Answer<Self> {
        let release: Release = latest(partnership)?;
        let tables = tables(partnership, &release)?;
        let is_allocated = partnership.contracts.contains_key("published/allocated_cost");
        let sql = "SELECT DISTINCT delivery_year, delivery_period FROM allocated_cost ORDER BY 1, 2";
        let number = |row: &Row<'_>, name: &str| Ok::<_, Refusal>(row.whole(name)?.unwrap_or_default());
        let of_row = |row: &Row<'_>| {
            let (year, month) = (number(row, "delivery_year")?, number(row, "delivery_period")?);
            Ok(period(i16::try_from(year).unwrap_or_default(), i8::try_from(month).unwrap_or_default()))
        };
        let allocated = if is_allocated { each(&tables, sql, of_row)? } else { Vec::new() };
        let found = wanted.or_else(|| allocated.last().copied()).filter(|period| allocated.contains(period));
        let period = found.ok_or_else(|| not_allocated(&release.manifest.release, wanted, &allocated))?;
        Ok(Self { partnership, release: release.manifest.release, period, tables })
    }

    /// A book of these tables, which no release holds.
    #[cfg(test)]
    pub(super) fn of_tables(partnership: &'p Partnership, period: Period, tables: Tables) -> Self {
        Self { partnership, release: "r0001".to_owned(), period, tables }
    }

    /// What `take` makes of every row that answers `sql`, in which `$fiscal_year`, `$period` and `$first_day` stand for the period.
    pub(in crate::report) fn each<T>(&self, sql: &str, take: impl FnMut(&Row<'_>) -> Answer<T>) -> Answer<Vec<T>> {
        each(&self.tables, &self.of_period(sql), take)
    }

    fn of_period(&self, sql: &str) -> String {
        let (first, _) = self.partnership.calendar.days_of(self.period);
        sql.replace("$fiscal_year", &self.period.year.to_string())
            .replace("$period", &self.period.period.to_string())
            .replace("$first_day", &format!("DATE '{first}'"))
    }

    /// Whether the partnership publishes a table.
    pub(in crate::report) fn has(&self, table: &str) -> bool {
        self.partnership.contracts.contains_key(&format!("published/{table}"))
    }

    pub(in crate::report) fn full_cost(&self) -> Answer<Vec<FullCost>> {
        self.each(include_str!("sql/use.sql"), |row| {
            Ok(FullCost {
                service: row.text("final_service")?,
                ownership: row.text("final_ownership")?,
                bearer: row.text("bearer")?,
                pay: row.pence("pay")?,
                on_cost: row.pence("on_cost")?,
                other: row.pence("other")?,
                income: row.pence("income")?,
                overhead: row.pence("overhead")?,
                amount: row.pence("amount")?,
                missing: row.text("missing")?,
            })
        })
    }

    pub(in crate::report) fn parts(&self) -> Answer<Vec<CellPart>> {
        self.each(include_str!("sql/part.sql"), |row| {
            let (ownership, bearer, placement) = (row.text("ownership")?, row.text("bearer")?, row.text("placement")?);
            let (to_service, to_ownership) = (row.text("final_service")?, row.text("final_ownership")?);
            let is_shared = ownership == Ownership::Shared.as_str();
            let named = if is_shared && placement == "unallocated" { UNALLOCATED } else { &bearer };
            Ok(CellPart {
                key: key(&to_service, &to_ownership, named),
                cell: CellKey {
                    service: row.text("service")?,
                    account_group: row.text("account_group")?,
                    on_cost: row.truth("on_cost")?,
                    council: row.text("council")?,
                    fund: row.text("fund")?,
                    bearer: if is_shared { String::new() } else { bearer.clone() },
                    ownership,
                },
                service: to_service,
                ownership: to_ownership,
                bearer,
                placement,
                amount: row.pence("amount")?,
            })
        })
    }

    pub(in crate::report) fn shares(&self) -> Answer<ShareRows> {
        let mut shares = ShareRows::new();
        let rows = self.each(include_str!("sql/share.sql"), |row| {
            let to = key(&row.text("final_service")?, &row.text("final_ownership")?, &row.text("bearer")?);
            let digits = format!("{}/{}", row.text("numerator")?, row.text("denominator")?);
            let part = Fraction::parse(&digits).ok_or_else(|| not_a_fraction(&digits))?;
            Ok(((row.text("pool_set")?, row.text("service")?), (to, part)))
        })?;
        for (of, part) in rows {
            shares.entry(of).or_default().push(part);
        }
        Ok(shares)
    }

    pub(in crate::report) fn pools(&self) -> Answer<Vec<Pool>> {
        self.each(include_str!("sql/pool.sql"), |row| {
            Ok(Pool {
                name: row.text("pool")?,
                service: row.text("service")?,
                account_group: row.text("account_group")?,
                driver: row.text("driver")?,
                zero_volume: row.text("zero_volume")?,
                valid_from: row.shown("valid_from")?,
                reason: row.text("reason")?,
                approver: row.text("approver")?,
            })
        })
    }

    pub(in crate::report) fn drivers(&self) -> Answer<BTreeMap<String, Driver>> {
        let drivers = self.each(include_str!("sql/driver.sql"), |row| {
            let driver = Driver {
                id: row.text("driver")?,
                name: row.text("name")?,
                unit: row.text("unit")?,
                measure: row.text("measure")?,
                quality: row.text("quality")?,
                fed_by: row.text("fed_by")?,
                max_age: row.whole("max_age")?.unwrap_or_default(),
            };
            Ok((driver.id.clone(), driver))
        })?;
        Ok(drivers.into_iter().collect())
    }

    pub(in crate::report) fn volumes(&self) -> Answer<Vec<Volume>> {
        self.each(include_str!("sql/volume.sql"), |row| {
            Ok(Volume {
                driver: row.text("driver")?,
                to_service: row.text("to_service")?,
                to_ownership: row.text("to_ownership")?,
                to_bearer: row.text("to_bearer")?,
                units: row.whole("volume")?.unwrap_or_default(),
                carried: row.truth("carried")?,
                delivery: row.text("delivery_id")?,
                feed: row.text("feed")?,
                file: row.text("file_name")?,
            })
        })
    }

    pub(in crate::report) fn register(&self) -> Answer<Vec<Registered>> {
        self.each(include_str!("sql/register.sql"), |row| {
            let both = |one: &str, all: &str| Ok::<_, Refusal>(row.whole(one)?.zip(row.whole(all)?));
            Ok(Registered {
                service: row.text("service")?,
                partner: row.text("partner")?,
                agreed: both("agreed_weight", "agreed_total")?,
                driver: row.text("driver")?,
                volume: both("volume", "volume_total")?,
                driver_minus_agreed: Fraction::parse(&row.text("driver_minus_agreed")?),
                tolerance: row.quantity("tolerance")?,
                used: row.text("used")?,
                in_force: both("weight_in_force", "total_in_force")?.unwrap_or_default(),
                reason: row.text("reason")?,
                approver: row.text("approver")?,
                valid_from: row.shown("valid_from")?,
            })
        })
    }

    /// Deliveries of the release that the period counts, registers of a later day among them.
    pub(in crate::report) fn deliveries(&self) -> Answer<Vec<Brought>> {
        let brought = |row: &Row<'_>| {
            let feed = format!("{}/{}", row.text("council")?, row.text("feed")?);
            Ok(Brought { feed, id: row.text("delivery_id")?, age: row.whole("age")?.unwrap_or_default() })
        };
        let mut all = self.each(include_str!("sql/delivery.sql"), brought)?;
        if self.has("later_register") {
            all.extend(self.each(include_str!("sql/later_register.sql"), brought)?);
            all.sort_by(|a, b| (&a.feed, &a.id).cmp(&(&b.feed, &b.id)));
        }
        Ok(all)
    }

    /// What each service counts of the use of councils.
    pub(in crate::report) fn of_councils(&self) -> Answer<BTreeMap<[String; 4], i64>> {
        let rows = self.each(include_str!("sql/council_use.sql"), |row| {
            let key = [row.text("service")?, row.text("driver")?, row.text("to_bearer")?, row.text("to_ownership")?];
            Ok((key, row.whole("volume")?.unwrap_or_default()))
        })?;
        Ok(rows.into_iter().collect())
    }

    /// Councils that are members, by service.
    pub(in crate::report) fn members(&self) -> Answer<BTreeMap<String, Vec<String>>> {
        let sql = "SELECT service, organisation FROM member_period \
                   WHERE delivery_year = $fiscal_year AND delivery_period = $period ORDER BY service, organisation";
        let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (service, council) in self.each(sql, |row| Ok((row.text("service")?, row.text("organisation")?)))? {
            members.entry(service).or_default().push(council);
        }
        Ok(members)
    }

    /// What the lines of each of these cells sum to, in pence, and how many they are; by place.
    pub(in crate::report) fn lines_of(&self, cells: &[CellKey]) -> Answer<BTreeMap<usize, (Pence, i64)>> {
        let sums = each(&self.with_cells(cells)?, &self.of_period(include_str!("sql/cell_lines.sql")), |row| {
            Ok((place(row)?, (row.pence("amount")?, row.whole("lines")?.unwrap_or_default())))
        })?;
        Ok(sums.into_iter().collect())
    }

    /// The largest lines of these cells; at most so many.
    pub(in crate::report) fn largest_lines(&self, cells: &[CellKey], most: usize) -> Answer<Vec<CellLine>> {
        let sql = self.of_period(include_str!("sql/line.sql")).replace("$most", &most.to_string());
        each(&self.with_cells(cells)?, &sql, |row| {
            Ok(CellLine {
                place: place(row)?,
                feed: format!("{}/{}", row.text("council")?, row.text("feed")?),
                delivery: row.text("delivery_id")?,
                row: row.whole("source_row")?.unwrap_or_default(),
                part: row.whole("line_part")?.unwrap_or_default(),
                part_kind: row.text("part_kind")?,
                document: row.text("document")?,
                cost_centre: row.text("cost_centre")?,
                account: row.text("account")?,
                amount: row.pence("amount")?,
            })
        })
    }

    /// The tables, and beside them `explained.cell`: these cells with their places.
    fn with_cells(&self, cells: &[CellKey]) -> Answer<Tables> {
        const T: Type = Type::Text;
        let columns = [
            ("service", T),
            ("ownership", T),
            ("account_group", T),
            ("on_cost", Type::Boolean),
            ("council", T),
            ("fund", T),
            ("bearer", T),
            ("place", Type::BigInt),
        ];
        let row = |(place, cell): (usize, &CellKey)| {
            let text = |text: &str| -> Cell { text.into() };
            vec![
                text(&cell.service),
                text(&cell.ownership),
                text(&cell.account_group),
                Cell::Truth(cell.on_cost),
                text(&cell.council),
                text(&cell.fund),
                text(&cell.bearer),
                Cell::Whole(i64::try_from(place).unwrap_or(i64::MAX)),
            ]
        };
        let rows = proof_table(&columns, &cells.iter().enumerate().map(row).collect::<Vec<_>>())?;
        let mut tables = self.tables.clone();
        tables.insert("explained.cell", Table::rows(rows.schema(), vec![rows]));
        Ok(tables)
    }
}

/// `service/ownership/bearer`: by its bytes odd pennies are given.
pub(in crate::report) fn key(service: &str, ownership: &str, bearer: &str) -> String {
    format!("{service}/{ownership}/{bearer}")
}

fn place(row: &Row<'_>) -> Answer<usize> {
    Ok(row.whole("place")?.and_then(|place| usize::try_from(place).ok()).unwrap_or(usize::MAX))
}

fn not_allocated(release: &str, wanted: Option<Period>, allocated: &[Period]) -> Refusal {
    let seen = match wanted {
        Some(period) => format!("release {release} allocates no cost of {period}"),
        None => format!("release {release} allocates no cost"),
    };
    let list: Vec<String> = allocated.iter().map(ToString::to_string).collect();
    let (expected, hint) = if list.is_empty() {
        (
            "cost that is allocated to those who bear it".to_owned(),
            "`allocation` in pipelines/cost/cost.yaml says from when and how; then: truecost run",
        )
    } else {
        (format!("one of {}", list.join(", ")), "truecost query \"SELECT DISTINCT delivery_year, delivery_period FROM full_cost\"")
    };
    Diagnostic::new(codes::command::NO_FIGURE, seen).expected(expected).outcome("nothing was changed").hint(hint).into()
}

fn not_a_fraction(digits: &str) -> Refusal {
    Diagnostic::new(codes::checks::UNTRACED, format!("allocation_share holds `{digits}`, which is no fraction"))
        .expected("decimal digits, and a denominator that is not nought")
        .outcome("nothing was changed; the figure is not shown")
        .hint("truecost release verify")
        .into()
}

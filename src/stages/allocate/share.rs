//! Kernel `share`: of every service the share in force of its partners, with what was agreed and what its driver says.

use std::collections::BTreeMap;

use arrow::record_batch::RecordBatch;

use crate::{
    diagnostic::Answer,
    domain::{PartnerShare, Quantity, ShareInForce, share_in_force},
    pipeline,
    plan::KernelInput,
    schema::{
        Cell,
        batch::{big, boolean, quantity, text, text_at, truth_at, value_at},
        table_of,
    },
};

/// What a row of `share_case` says of one partner of one service.
struct Case {
    share: PartnerShare,
    driver: Option<String>,
}

/// `share_case(service, partner, weight, driver, volume, tolerance, exception)` → `driver_register`: one row for each row of every service
/// that has a share. Neither weights nor volumes, or a partner left out: no rows.
///
/// # Errors
/// TC1250 where the table lacks a column.
pub fn share(input: &KernelInput<'_>) -> Answer<Vec<RecordBatch>> {
    let mut rows = Vec::new();
    for (service, cases) in cases(input.table("share_case")?)? {
        if !left_out(input, &service).is_empty() {
            continue;
        }
        let shares: Vec<PartnerShare> = cases.iter().map(|case| case.share.clone()).collect();
        if let Some(in_force) = share_in_force(&shares) {
            rows.extend(register(input, &service, &cases, &in_force));
        }
    }
    let given = input.gives.iter().map(|schema| table_of("driver_register", schema, &rows));
    given.collect()
}

/// Partners that share.csv leaves out of a service in which others have a share: nobody agreed what they bear, so nothing is in force.
pub(super) fn left_out<'p>(input: &KernelInput<'p>, service: &str) -> Vec<&'p str> {
    let Some((first, _)) = input.period.map(|period| input.partnership.calendar.days_of(period)) else { return Vec::new() };
    pipeline::left_out(&input.partnership.references, &input.partnership.members, service, first)
}

/// By service, each partner once, by key.
fn cases(table: &RecordBatch) -> Answer<BTreeMap<String, Vec<Case>>> {
    let (service, partner, driver) = (text(table, "service")?, text(table, "partner")?, text(table, "driver")?);
    let (weight, volume) = (big(table, "weight")?, big(table, "volume")?);
    let (tolerance, exception) = (quantity(table, "tolerance")?, boolean(table, "exception")?);
    let mut cases: BTreeMap<String, Vec<Case>> = BTreeMap::new();
    for row in 0..table.num_rows() {
        let whole = |number: Option<i64>| number.and_then(|number| u128::try_from(number).ok());
        let share = PartnerShare {
            partner: text_at(partner, row).unwrap_or_default().to_owned(),
            weight: whole(value_at(weight, row)),
            volume: whole(value_at(volume, row)),
            tolerance: Quantity::from_millionths(value_at(tolerance, row).unwrap_or_default()),
            exception: truth_at(exception, row),
        };
        let case = Case { share, driver: text_at(driver, row).map(str::to_owned) };
        cases.entry(text_at(service, row).unwrap_or_default().to_owned()).or_default().push(case);
    }
    cases.values_mut().for_each(|cases| cases.sort_by(|a, b| a.share.partner.cmp(&b.share.partner)));
    Ok(cases)
}

fn register<'c>(
    input: &'c KernelInput<'_>,
    service: &'c str,
    cases: &'c [Case],
    in_force: &'c ShareInForce,
) -> impl Iterator<Item = Vec<Cell>> + 'c {
    let whole = |number: u128| i64::try_from(number).map_or(Cell::Null, Cell::Whole);
    let known = move |number: Option<u128>| number.map_or(Cell::Null, whole);
    let sum = |of: fn(&PartnerShare) -> Option<u128>| {
        let numbers = cases.iter().filter_map(move |case| of(&case.share));
        numbers.fold(None, |sum: Option<u128>, number| Some(sum.unwrap_or(0) + number))
    };
    let (agreed, driven) = (sum(|share| share.weight), sum(|share| share.volume));
    let total: u128 = in_force.weights.iter().sum();
    let (year, period) = input.period.map_or((0, 0), |period| (i64::from(period.year), i64::from(period.period)));
    cases.iter().zip(&in_force.weights).zip(&in_force.driver_minus_agreed).map(move |((case, weight), gap)| {
        let driver = case.driver.clone();
        vec![
            service.into(),
            case.share.partner.clone().into(),
            year.into(),
            period.into(),
            known(case.share.weight),
            known(agreed),
            driver.clone().map_or(Cell::Null, Cell::Text),
            known(case.share.volume),
            known(driven),
            gap.as_ref().map_or(Cell::Null, |gap| gap.to_string().into()),
            driver.map_or(Cell::Null, |_| Cell::Millionths(case.share.tolerance.millionths())),
            in_force.used.as_str().into(),
            whole(*weight),
            whole(total),
        ]
    })
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path};

    use super::*;
    use crate::{
        domain::Period,
        pipeline,
        plan::published,
        schema::{Type, proof_table},
    };

    const CASE: [(&str, Type); 7] = [
        ("service", Type::Text),
        ("partner", Type::Text),
        ("weight", Type::BigInt),
        ("driver", Type::Text),
        ("volume", Type::BigInt),
        ("tolerance", Type::Quantity),
        ("exception", Type::Boolean),
    ];

    fn case(service: &str, partner: &str, numbers: [Option<i64>; 2], exception: bool) -> Vec<Cell> {
        let number = |number: Option<i64>| number.map_or(Cell::Null, Cell::Whole);
        let driver = numbers[1].map_or(Cell::Null, |_| "devices".into());
        vec![service.into(), partner.into(), number(numbers[0]), driver, number(numbers[1]), Cell::Millionths(3_000_000), exception.into()]
    }

    #[test]
    fn agreed_outside_by_exception_alone_and_not_at_all() {
        let (partnership, _) = pipeline::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let rows = [
            case("hr", "southam", [Some(50), Some(25)], true),
            case("hr", "northam", [Some(50), Some(40)], true),
            case("ict", "northam", [Some(62), None], false),
            case("ict", "southam", [Some(38), None], false),
            case("law", "northam", [None, None], false),
        ];
        let tables: BTreeMap<String, RecordBatch> = [("share_case".to_owned(), proof_table(&CASE, &rows).unwrap())].into();
        let gives = [published(&partnership, "driver_register").unwrap().arrow_schema()];
        let period = Some(Period { year: 2018, period: 1 });
        let given =
            share(&KernelInput { partnership: &partnership, period, tables: &tables, gives: &gives, threads: 1, solved: None }).unwrap();
        assert_eq!(given.len(), 1);
        let column = |name: &str| text(&given[0], name).unwrap().iter().map(|t| t.unwrap_or("-").to_owned()).collect::<Vec<_>>().join(" ");
        assert_eq!(column("service"), "hr hr ict ict");
        assert_eq!(column("partner"), "northam southam northam southam");
        assert_eq!(column("used"), "agreed_by_exception agreed_by_exception agreed_only agreed_only");
        assert_eq!(column("driver_minus_agreed"), "3/26 -3/26 - -");
        assert_eq!(big(&given[0], "weight_in_force").unwrap().values().to_vec(), [50, 50, 62, 38]);
        assert_eq!(big(&given[0], "total_in_force").unwrap().values().to_vec(), [100; 4]);
        let none = KernelInput { partnership: &partnership, period, tables: &BTreeMap::new(), gives: &gives, threads: 1, solved: None };
        assert!(share(&none).unwrap_err().to_string().contains("share_case"));
    }
}

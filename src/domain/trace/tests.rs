//! Check 36: random schemes allocated by the real kernel trace both ways; a kernel with a fault in it does not.

use proptest::prelude::*;

use super::super::{Final, Giver, Method, Ownership, Recipient, Scheme, Shares, ZeroVolume};
use super::*;

/// A cell and the amounts of its lines, in pence.
type Lines = Vec<Pence>;

/// What a kernel makes of cells: their parts, by final.
type Parts = Vec<BTreeMap<String, Pence>>;

const SERVICES: [&str; 3] = ["hr", "ict", "legal"];

/// Three services, each of which gives to all others and to two partners; volumes in rows of five.
fn scheme(volumes: &[i128]) -> Scheme {
    let giver = |(place, service): (usize, &&str)| {
        let end =
            |bearer: &str| Recipient::Final(Final { service: (*service).into(), ownership: Ownership::Shared, bearer: bearer.into() });
        let to = SERVICES.map(|to| Recipient::Service(to.into())).into_iter().chain([end("northam"), end("southam")]);
        Giver {
            service: (*service).into(),
            is_final: *service == "legal",
            step: Some(1),
            has_cost: true,
            zero_volume: ZeroVolume::LeaveUnallocated,
            members: vec!["northam".into(), "southam".into()],
            share: vec![("northam".into(), 2), ("southam".into(), 1)],
            volumes: to.zip(volumes.iter().skip(place * 5).copied()).collect(),
        }
    };
    Scheme::new(SERVICES.iter().enumerate().map(giver)).unwrap()
}

/// The real kernel.
fn cut(shares: &[Shares<'_>], cells: &[(usize, Lines)]) -> Parts {
    let parts = |(service, lines): &(usize, Lines)| {
        let shares = &shares[*service];
        let amounts = shares.weights.apportion(lines.iter().sum()).unwrap();
        shares.finals.iter().map(|to| to.key()).zip(amounts).collect()
    };
    cells.iter().map(parts).collect()
}

/// Traces every figure; what the first that fails says.
fn trace_all(rows: &[ShareRow], cells: &[(usize, Lines)], parts: &Parts, figures: &BTreeMap<String, Pence>) -> Result<(), Untraced> {
    for (key, figure) in figures {
        let of_key = |((service, lines), parts): (&(usize, Lines), &BTreeMap<String, Pence>)| {
            let cell = TracedCell { row: &rows[*service], key: key.clone(), parts: parts.clone(), lines: lines.iter().sum() };
            parts.contains_key(key).then_some(cell)
        };
        let traced_cells: Vec<TracedCell<'_>> = cells.iter().zip(parts).filter_map(of_key).collect();
        let traced = trace(*figure, &traced_cells)?;
        // Line by line, and the rounding printed beside.
        let line_by_line = cells.iter().zip(parts).filter(|(_, parts)| parts.contains_key(key)).flat_map(|((service, lines), _)| {
            lines.iter().map(|line| &Fraction::whole(*line) * &rows[*service].part(key)).collect::<Vec<_>>()
        });
        let forward = line_by_line.fold(Fraction::whole(0), |sum, part| &sum + &part);
        assert_eq!(forward, traced.exact);
        assert_eq!(&forward + &traced.rounding, Fraction::whole(*figure));
    }
    Ok(())
}

fn figures(parts: &Parts) -> BTreeMap<String, Pence> {
    let mut figures = BTreeMap::new();
    for (key, part) in parts.iter().flatten() {
        *figures.entry(key.clone()).or_default() += part;
    }
    figures
}

/// Published shares of every service of an allocation.
fn rows(shares: impl Iterator<Item = Vec<(String, Fraction)>>) -> Vec<ShareRow> {
    shares.map(|row| ShareRow::new(row).unwrap()).collect()
}

fn some_cells() -> impl Strategy<Value = Vec<(usize, Lines)>> {
    let line = prop_oneof![-500i128..500, -9_999_999i128..9_999_999];
    proptest::collection::vec((0usize..3, proptest::collection::vec(line, 1..4)), 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn check_36_a_figure_leads_to_its_lines_and_a_mutated_kernel_is_found(
        volumes in proptest::collection::vec(prop_oneof![Just(0i128), 1i128..20, 1i128..1_000_000], 15),
        cells in some_cells(),
        at in any::<prop::sample::Index>(),
    ) {
        let Ok(allocation) = scheme(&volumes).allocate(Method::Reciprocal, 1) else { return Ok(()) };
        let published = |service: &&str| allocation.fractions(service).into_iter().map(|(to, part)| (to.key(), part)).collect();
        let rows = rows(SERVICES.iter().map(published));
        let shares: Vec<Shares<'_>> = SERVICES.iter().map(|service| allocation.shares(service).unwrap()).collect();
        let parts = cut(&shares, &cells);
        prop_assert_eq!(trace_all(&rows, &cells, &parts, &figures(&parts)), Ok(()));

        // A kernel that gives the odd penny of a cell to another bearer: every sum is as it was, and it is found.
        let cell = at.index(cells.len());
        if parts[cell].len() > 1 {
            let mut wrong = parts.clone();
            let keys: Vec<String> = wrong[cell].keys().cloned().collect();
            *wrong[cell].get_mut(&keys[0]).unwrap() += 1;
            *wrong[cell].get_mut(&keys[1]).unwrap() -= 1;
            let found = trace_all(&rows, &cells, &wrong, &figures(&wrong));
            prop_assert!(matches!(found, Err(Untraced::Parts { .. })), "{:?}", found);
        }

        // A kernel that makes a penny.
        let mut wrong = parts.clone();
        *wrong[cell].values_mut().next().unwrap() += 1;
        let found = trace_all(&rows, &cells, &wrong, &figures(&wrong));
        prop_assert!(matches!(found, Err(Untraced::Lines { over: 1, .. })), "{:?}", found);

        // A line that is in no cell any more, or in two.
        let mut lines = cells.clone();
        let lost = lines[cell].1[0];
        lines[cell].1[0] = 0;
        let found = trace_all(&rows, &lines, &parts, &figures(&parts));
        prop_assert_eq!(found.is_err(), lost != 0, "{:?}", found);

        // A figure that leaves a part out.
        let mut short = figures(&parts);
        *short.values_mut().next().unwrap() -= 1;
        let found = trace_all(&rows, &cells, &parts, &short);
        prop_assert!(matches!(found, Err(Untraced::Figure { over: -1 })), "{:?}", found);

        // Shares of another method than the one that cut the cells.
        let Ok(other) = scheme(&volumes).allocate(Method::Direct, 1) else { return Ok(()) };
        let of_other = |service: &&str| other.fractions(service).into_iter().map(|(to, part)| (to.key(), part)).collect();
        let other_rows = super::tests::rows(SERVICES.iter().map(of_other));
        let other_parts = cut(&SERVICES.map(|service| other.shares(service).unwrap()), &cells);
        let found = trace_all(&other_rows, &cells, &parts, &figures(&parts));
        prop_assert_eq!(found.is_ok(), other_parts == parts, "{:?}", found);
    }
}

#[test]
fn what_rounding_adds_is_exact() {
    // 20/33 of £6,084.45 is £3,687.5454…: a trace that takes the penny for exact would leave no rounding to print.
    let row = ShareRow::new([("a".to_owned(), Fraction::new(20, 33).unwrap()), ("b".to_owned(), Fraction::new(13, 33).unwrap())]).unwrap();
    let cell =
        TracedCell { row: &row, key: "a".to_owned(), parts: [("a".to_owned(), 368_755), ("b".to_owned(), 239_690)].into(), lines: 608_445 };
    let traced = trace(368_755, &[cell]).unwrap();
    assert_eq!(traced.exact.to_string(), "4056300/11");
    assert_eq!(traced.rounding.to_string(), "5/11");
}

#[test]
fn shares_that_are_not_whole_are_no_row() {
    let part = |n: i64| Fraction::new(n, 33).unwrap();
    assert!(ShareRow::new([("a".to_owned(), part(20)), ("b".to_owned(), part(12))]).is_none());
    assert!(ShareRow::new([]).is_none());
    assert_eq!(ShareRow::sole("a").unwrap().part("a"), Fraction::whole(1));
    assert_eq!(ShareRow::sole("a").unwrap().part("b"), Fraction::whole(0));
}

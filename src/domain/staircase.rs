//! Pay in the ledger, resolved: payroll's lines divided into parts by the classes of the pay that makes them up.
//!
//! Lines keep their amounts and classes theirs, so nothing is added and nothing rounded, and no part is a person's pay.

use std::collections::BTreeMap;

use super::{Day, Pence, Weights};

/// One row of the register of assignments that gives a part of a post's pay to a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// `ownership/service/bearer`; `None` where the row has no split.
    pub class: Option<String>,
    /// `None` counts as nought.
    pub weight: Option<i64>,
    pub valid_from: Day,
    /// The first day on which it no longer holds; `None` where it has no end.
    pub valid_to: Option<Day>,
}

/// Why pay stays in the class of its cost centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unsplit {
    /// No row of the register holds on that day.
    NotInRegister,
    /// The rows name no class: the cost centre is meant.
    NoSplit,
    /// The weights sum to nought, or one is below it.
    FaultyWeights,
    /// Rows that hold on that day began or end on different days: one of them is of another split.
    DifferentSpans,
}

/// The pay of one assignment, cost centre, account and day, in pence, split once by the weights that hold on that day: largest remainder,
/// ties to the lowest class by bytes. Rows of one class are taken together; classes come in order.
///
/// # Errors
/// [`Unsplit`]: all of it has the class of its cost centre and account.
pub fn split_pay<'r>(pence: Pence, register: impl IntoIterator<Item = &'r Split>, day: Day) -> Result<Vec<(&'r str, Pence)>, Unsplit> {
    let holds = |row: &&Split| row.valid_from <= day && row.valid_to.is_none_or(|end| day < end);
    let rows: Vec<&Split> = register.into_iter().filter(holds).collect();
    let first = rows.first().ok_or(Unsplit::NotInRegister)?;
    if rows.iter().any(|row| (row.valid_from, row.valid_to) != (first.valid_from, first.valid_to)) {
        return Err(Unsplit::DifferentSpans);
    }
    if rows.iter().all(|row| row.class.is_none()) {
        return Err(Unsplit::NoSplit);
    }
    let mut weights: BTreeMap<&str, i128> = BTreeMap::new();
    for row in rows {
        match (row.class.as_deref(), row.weight.unwrap_or(0)) {
            (Some(class), weight @ 0..) => *weights.entry(class).or_default() += i128::from(weight),
            _ => return Err(Unsplit::FaultyWeights),
        }
    }
    weights.retain(|_, weight| *weight > 0);
    if let (1, Some((class, _))) = (weights.len(), weights.first_key_value()) {
        return Ok(vec![(class, pence)]);
    }
    let parts = Weights::new(weights.iter().map(|(class, weight)| (class, *weight))).ok().and_then(|ready| ready.apportion(pence));
    Ok(weights.into_keys().zip(parts.ok_or(Unsplit::FaultyWeights)?).collect())
}

/// A ledger line that payroll sent. Lines of a group come in the order of feed, delivery and row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayrollLine {
    pub pence: Pence,
    /// As the rules say, without pay: `ownership/service/bearer`.
    pub class: String,
}

/// What a part of a ledger line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// The line as it is.
    Line,
    Pay,
    /// What the ledger has and the pay does not, or less.
    PayrollDifference,
}

/// A part of a ledger line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinePart {
    /// Place of the line in its group, from 0.
    pub line: usize,
    /// From 1 in each line.
    pub number: usize,
    pub pence: Pence,
    pub class: String,
    pub kind: PartKind,
}

/// Why ledger and pay differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DifferenceReason {
    AmountsDiffer,
    /// Pay that no ledger line holds: it adds no cost.
    NoLedgerLine,
    /// Lines that no pay explains: they keep their class.
    NoPayLine,
}

/// The lines of one council, period, cost centre and account, in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    pub parts: Vec<LinePart>,
    /// Sum of the lines.
    pub ledger: Pence,
    /// Sum of the pay.
    pub pay: Pence,
    /// `None` where the two are the same.
    pub difference: Option<DifferenceReason>,
}

/// Divides the lines of a group by its pay in classes, in pence. The difference between the two is one more class: that of the first
/// line. Where there is no pay, or all its classes are nought and so is the difference, every line keeps its own.
#[must_use]
pub fn resolve(lines: &[PayrollLine], pay: &BTreeMap<String, Pence>) -> Resolved {
    let ledger: Pence = lines.iter().map(|line| line.pence).sum();
    let paid: Pence = pay.values().sum();
    let difference = match (lines.is_empty(), pay.is_empty()) {
        _ if ledger == paid => None,
        (true, _) => Some(DifferenceReason::NoLedgerLine),
        (_, true) => Some(DifferenceReason::NoPayLine),
        _ => Some(DifferenceReason::AmountsDiffer),
    };
    let mut classes: Vec<(&str, Pence, PartKind)> =
        pay.iter().filter(|(_, pence)| **pence != 0).map(|(class, pence)| (class.as_str(), *pence, PartKind::Pay)).collect();
    classes.sort_by_key(|(_, pence, _)| pence.unsigned_abs());
    if let Some(first) = lines.first().filter(|_| difference == Some(DifferenceReason::AmountsDiffer)) {
        classes.insert(0, (&first.class, ledger - paid, PartKind::PayrollDifference));
    }
    let kept = if difference == Some(DifferenceReason::NoPayLine) { PartKind::PayrollDifference } else { PartKind::Line };
    let mut parts: Vec<LinePart> = Vec::new();
    for piece in staircase(lines.iter().map(|line| line.pence), classes.iter().map(|(_, pence, _)| *pence)) {
        let Some(line) = lines.get(piece.line) else { continue };
        let (class, kind) =
            piece.class.and_then(|class| classes.get(class)).map_or((line.class.as_str(), kept), |class| (class.0, class.2));
        let number = parts.last().filter(|last| last.line == piece.line).map_or(1, |last| last.number + 1);
        parts.push(LinePart { line: piece.line, number, pence: piece.pence, class: class.to_owned(), kind });
    }
    Resolved { parts, ledger, pay: paid, difference }
}

/// Pence of a line that are of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Place of the line, from 0.
    pub line: usize,
    /// Place of the class, from 0; `None` where the line keeps its own: it is nought, or there are no classes.
    pub class: Option<usize>,
    pub pence: Pence,
}

/// Lays classes along lines, both in their order, in pence; together they sum to the same. The last class takes what is left of each
/// line, and the last line what is left of each class; before that equal signs give the smaller of the two, and unequal signs the whole
/// line. Every line keeps its amount, every class its own, and there are fewer pieces than lines and classes together. A line of nought
/// to which nothing comes has one piece of nought.
pub fn staircase(lines: impl IntoIterator<Item = Pence>, classes: impl IntoIterator<Item = Pence>) -> Vec<Piece> {
    let mut lines = lines.into_iter().enumerate().peekable();
    let mut classes = classes.into_iter().enumerate().peekable();
    let mut class = classes.next();
    let mut pieces: Vec<Piece> = Vec::new();
    while let Some((line, mut left)) = lines.next() {
        let is_last_line = lines.peek().is_none();
        while let Some((place, of_class)) = class.as_mut() {
            let is_last_class = classes.peek().is_none();
            let takes_line = is_last_class || (!is_last_line && takes_whole_line(left, *of_class));
            let pence = if takes_line { left } else { *of_class };
            if pence != 0 {
                pieces.push(Piece { line, class: Some(*place), pence });
            }
            left -= pence;
            *of_class -= pence;
            if takes_line {
                break;
            }
            class = classes.next();
        }
        if pieces.last().is_none_or(|last| last.line != line) {
            pieces.push(Piece { line, class: None, pence: left });
        }
    }
    pieces
}

fn takes_whole_line(line: Pence, class: Pence) -> bool {
    line == 0 || (class != 0 && ((line < 0) != (class < 0) || line.unsigned_abs() <= class.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(pence: Pence) -> PayrollLine {
        PayrollLine { pence, class: "shared/legal/".into() }
    }

    fn pay(classes: &[(&str, Pence)]) -> BTreeMap<String, Pence> {
        classes.iter().map(|(class, pence)| ((*class).to_owned(), *pence)).collect()
    }

    fn shown(resolved: &Resolved) -> Vec<(usize, usize, Pence, &str, PartKind)> {
        resolved.parts.iter().map(|part| (part.line, part.number, part.pence, part.class.as_str(), part.kind)).collect()
    }

    #[test]
    fn the_golden_group() {
        // Ledger 5,101.37 and 100.00 back; pay 5,000.00, a third of one post of ict.
        let resolved = resolve(&[line(510_137), line(-10_000)], &pay(&[("shared/ict/", 66_667), ("shared/legal/", 433_333)]));
        let expected = [
            (0, 1, 137, "shared/legal/", PartKind::PayrollDifference),
            (0, 2, 66_667, "shared/ict/", PartKind::Pay),
            (0, 3, 443_333, "shared/legal/", PartKind::Pay),
            (1, 1, -10_000, "shared/legal/", PartKind::Pay),
        ];
        assert_eq!(shown(&resolved), expected);
        assert_eq!((resolved.ledger, resolved.pay, resolved.difference), (500_137, 500_000, Some(DifferenceReason::AmountsDiffer)));
    }

    #[test]
    fn lines_or_pay_alone() {
        let alone = resolve(&[line(5), line(7)], &pay(&[]));
        assert_eq!(alone.difference, Some(DifferenceReason::NoPayLine));
        assert_eq!(shown(&alone)[1], (1, 1, 7, "shared/legal/", PartKind::PayrollDifference));
        let unledgered = resolve(&[], &pay(&[("shared/ict/", 7)]));
        assert_eq!((unledgered.parts.len(), unledgered.pay, unledgered.difference), (0, 7, Some(DifferenceReason::NoLedgerLine)));
        let nought = resolve(&[line(5), line(-5)], &pay(&[("shared/ict/", 0)]));
        assert_eq!((nought.parts.len(), nought.parts[1].kind, nought.difference), (2, PartKind::Line, None));
        assert_eq!(resolve(&[], &pay(&[])).difference, None);
    }

    #[test]
    fn a_line_of_nought_keeps_one_part_of_nought() {
        let resolved = resolve(&[line(0), line(9), line(0)], &pay(&[("a", 4), ("b", 5)]));
        let expected = [
            (0, 1, 0, "shared/legal/", PartKind::Line),
            (1, 1, 4, "a", PartKind::Pay),
            (1, 2, 5, "b", PartKind::Pay),
            (2, 1, 0, "shared/legal/", PartKind::Line),
        ];
        assert_eq!(shown(&resolved), expected);
    }

    #[test]
    fn the_last_line_takes_what_is_left_though_it_is_nought() {
        let resolved = resolve(&[line(9), line(0)], &pay(&[("a", 20), ("b", -11)]));
        let expected = [(0, 1, 9, "b", PartKind::Pay), (1, 1, -20, "b", PartKind::Pay), (1, 2, 20, "a", PartKind::Pay)];
        assert_eq!(shown(&resolved), expected, "b is the smaller, and comes first");
        assert_eq!(resolve(&[line(0)], &pay(&[("a", 5), ("b", -5)])).parts.len(), 2);
    }

    fn row(class: &str, weight: i64) -> Split {
        let class = Some(class.to_owned()).filter(|class| !class.is_empty());
        Split { class, weight: Some(weight), valid_from: Day(100), valid_to: Some(Day(200)) }
    }

    fn owned(parts: Vec<(&str, Pence)>) -> BTreeMap<String, Pence> {
        parts.into_iter().map(|(class, pence)| (class.to_owned(), pence)).collect()
    }

    #[test]
    fn a_post_in_two_services() {
        let register = [row("shared/legal/", 2), row("shared/ict/", 1)];
        let parts = |pence| owned(split_pay(pence, &register, Day(150)).unwrap());
        assert_eq!(parts(200_000), pay(&[("shared/ict/", 66_667), ("shared/legal/", 133_333)]));
        assert_eq!(parts(17_912), pay(&[("shared/ict/", 5_971), ("shared/legal/", 11_941)]));
        assert_eq!(parts(34_000), pay(&[("shared/ict/", 11_333), ("shared/legal/", 22_667)]));
        assert_eq!(parts(-1), pay(&[("shared/ict/", 0), ("shared/legal/", -1)]));
    }

    #[test]
    fn what_is_not_split() {
        let answer = |register: &[Split], day| split_pay(5, register, Day(day)).unwrap_err();
        let register = [row("a", 2), row("b", 1)];
        assert_eq!(answer(&register, 99), Unsplit::NotInRegister);
        assert_eq!(answer(&register, 200), Unsplit::NotInRegister, "the end is outside");
        assert_eq!(answer(&[row("", 1)], 150), Unsplit::NoSplit);
        assert_eq!(answer(&[row("a", 0), row("b", 0)], 150), Unsplit::FaultyWeights);
        assert_eq!(answer(&[row("a", 3), row("b", -1)], 150), Unsplit::FaultyWeights);
        let mut moved = register.clone();
        moved[1].valid_to = None;
        assert_eq!(answer(&moved, 150), Unsplit::DifferentSpans);
        assert_eq!(owned(split_pay(5, &[row("a", 1), row("a", 1)], Day(150)).unwrap()), pay(&[("a", 5)]));
    }

    fn amounts() -> impl Strategy<Value = Vec<Pence>> {
        proptest::collection::vec(prop_oneof![1 => Just(0i128), 6 => -30i128..30, 1 => -99_999_999i128..99_999_999], 1..9)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn lines_and_classes_keep_their_amounts(lines in amounts(), paid in amounts()) {
            let pay: BTreeMap<String, Pence> = paid.iter().enumerate().map(|(place, pence)| (format!("c{place}"), *pence)).collect();
            let group: Vec<PayrollLine> = lines.iter().map(|pence| PayrollLine { pence: *pence, class: "own".into() }).collect();
            let resolved = resolve(&group, &pay);
            for (place, pence) in lines.iter().enumerate() {
                let parts: Vec<&LinePart> = resolved.parts.iter().filter(|part| part.line == place).collect();
                prop_assert_eq!(parts.iter().map(|part| part.pence).sum::<Pence>(), *pence);
                prop_assert!(!parts.is_empty() && (*pence == 0 || parts.iter().all(|part| part.pence != 0)));
                prop_assert!(parts.iter().map(|part| part.number).eq(1..=parts.len()));
            }
            let of = |kind, class: &str| resolved.parts.iter().filter(|part| part.kind == kind && part.class == class).map(|part| part.pence).sum::<Pence>();
            for (class, pence) in &pay {
                prop_assert_eq!(of(PartKind::Pay, class), *pence);
            }
            let classes = pay.values().filter(|pence| **pence != 0).count() + usize::from(resolved.difference.is_some());
            prop_assert!(resolved.parts.len() < lines.len() + classes.max(1));
        }
    }
}

//! Where the amounts of a common table come from: the sender's money columns, each with its sign.
//!
//! A feed's SQL is read for it ([`crate::engine`]), its contract says how each column is signed, and the decoder adds the columns up by it:
//! so the sender's pounds are known apart from the SQL, and are compared with what the SQL made of them.

use std::fmt;

use super::{Column, Contract, Side, Type};
use crate::domain::Identifier;

/// Rows of a form that are told apart; a feed that makes more of one record is not one that a person could check.
pub const MOST_ROWS: usize = 4_096;

/// A money column and whether it is taken off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    pub column: Identifier,
    /// The column is taken off: `- credit`.
    pub minus: bool,
}

/// The amounts that one record of an extract becomes, as sums over its money columns. Debit positive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// For each row that a record becomes, the columns that its amount adds up: `[[debit, -credit]]`; with `rows: many` `[[april], [may]]`.
    pub rows: Vec<Vec<Term>>,
    /// A record always becomes exactly these rows. `false` where the feed declares the amount because the SQL chooses among rows.
    pub counted: bool,
}

impl Form {
    /// All terms, in the order in which they stand.
    pub fn terms(&self) -> impl Iterator<Item = &Term> {
        self.rows.iter().flatten()
    }

    /// Whether the column feeds an amount.
    #[must_use]
    pub fn has(&self, column: &str) -> bool {
        self.terms().any(|term| &*term.column == column)
    }
}

/// `debit - credit`; rows of their own are parted by commas.
impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, row) in self.rows.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { ", " })?;
            for (at, term) in row.iter().enumerate() {
                f.write_str(match (at, term.minus) {
                    (0, false) => "",
                    (0, true) => "-",
                    (_, false) => " + ",
                    (_, true) => " - ",
                })?;
                f.write_str(&term.column)?;
            }
            if row.is_empty() {
                f.write_str("0.00")?;
            }
        }
        Ok(())
    }
}

/// Columns with the whole number by which each is multiplied, for each row that a record becomes.
pub type Found = Vec<Vec<(Identifier, i128)>>;

/// Why amounts cannot be what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormFault {
    /// Where one is to blame.
    pub column: Option<Identifier>,
    pub seen: String,
    pub expected: String,
    pub hint: String,
}

/// How a column is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signed {
    /// Debit positive, credit negative: as it is.
    Net,
    Side(Side),
}

/// Holds what was found against what the contract says of its columns: signed ones and debits are added, credits taken off, each once;
/// all turned where the feed says that the sender's credits are positive.
///
/// # Errors
/// The first column that is otherwise, or the lack of any.
pub fn form(contract: &Contract, found: Found, credits_positive: bool) -> Result<Form, FormFault> {
    let all: Vec<(Identifier, i128)> = found.iter().flatten().filter(|(_, times)| *times != 0).cloned().collect();
    if all.is_empty() {
        return Err(nothing(contract));
    }
    for (at, (name, times)) in all.iter().enumerate() {
        if all.iter().take(at).any(|(before, _)| before == name) || times.unsigned_abs() != 1 {
            return Err(not_once(name, *times));
        }
        let signed = signed(contract, name);
        let minus = (signed == Signed::Side(Side::Credit)) != credits_positive;
        if (*times < 0) != minus {
            return Err(turned(name, *times < 0, signed, credits_positive));
        }
    }
    both_sides(contract, &all)?;
    let term = |(column, times): (Identifier, i128)| (times != 0).then_some(Term { column, minus: times < 0 });
    let rows = found.into_iter().map(|row| row.into_iter().filter_map(term).collect()).collect();
    Ok(Form { rows, counted: true })
}

fn signed(contract: &Contract, name: &Identifier) -> Signed {
    match contract.column(name).and_then(|column| side(contract, column)) {
        Some(side) => Signed::Side(side),
        None => Signed::Net,
    }
}

/// The side that a column holds: as declared. A contract of the version before declares none; in it `debit` beside `credit` were a pair
/// by their names, and are one still, so that such a feed opens. A pair of other names must say so.
fn side(contract: &Contract, column: &Column) -> Option<Side> {
    let declared = |c: &Column| c.rules.side.is_some() || c.rules.sign_from.is_some();
    let is_money = |name: &str| contract.column(name).is_some_and(|c| c.kind == Type::Money);
    let by_name = !contract.columns.iter().any(declared) && is_money("debit") && is_money("credit");
    column.rules.side.or(match &*column.name {
        "debit" if by_name => Some(Side::Debit),
        "credit" if by_name => Some(Side::Credit),
        _ => None,
    })
}

/// Debits without credits are half of the pounds.
fn both_sides(contract: &Contract, all: &[(Identifier, i128)]) -> Result<(), FormFault> {
    let feeds = |column: &&Column| all.iter().any(|(name, _)| *name == column.name);
    let sided: Vec<&Column> = contract.columns.iter().filter(|column| side(contract, column).is_some()).collect();
    let (Some(one), Some(left_out)) = (sided.iter().find(|c| feeds(c)), sided.iter().find(|c| !feeds(c))) else { return Ok(()) };
    let name = &left_out.name;
    Err(FormFault {
        column: Some(name.clone()),
        seen: format!("`{}` feeds `amount` and `{name}`, which holds the other side or a part of it, does not", one.name),
        expected: "all columns of debits and credits in `amount`, or none of them".into(),
        hint: format!("Let `{name}` feed `amount`, or take `side:` off it in {}.", contract.file),
    })
}

fn nothing(contract: &Contract) -> FormFault {
    FormFault {
        column: None,
        seen: "no money column of the extract feeds `amount`".into(),
        expected: format!("a sum of columns of {}, as in `debit - credit`", contract.file),
        hint: "Amounts come from the sender; what is worked out belongs into pipelines/cost.".into(),
    }
}

fn not_once(name: &Identifier, times: i128) -> FormFault {
    FormFault {
        column: Some(name.clone()),
        seen: match times {
            1 | -1 => format!("`{name}` feeds `amount` more than once"),
            n => format!("`{name}` feeds `amount` {n} times over"),
        },
        expected: format!("`{name}` in `amount` once: the pounds of the sender are neither doubled nor shared out"),
        hint: "Sums and shares belong into pipelines/cost.".into(),
    }
}

fn turned(name: &Identifier, minus: bool, signed: Signed, credits_positive: bool) -> FormFault {
    let does = if minus { "takes off" } else { "adds" };
    let (is, hint) = match signed {
        Signed::Net => (
            "signed, debit positive, as its contract says nothing else",
            format!(
                "If `{name}` holds credits, say `side: credit` in its contract, and `side: debit` on the other column; if another column \
                 says which, `sign_from: {{column: …, debit: [D], credit: [C]}}`; if all the sender's credits are positive, \
                 `sign: credit_positive` in the feed."
            ),
        ),
        Signed::Side(Side::Debit) => ("the column of debits", format!("Add `{name}` and take the credits off.")),
        Signed::Side(Side::Credit) => ("the column of credits", format!("Take `{name}` off: `debit - {name}`.")),
    };
    let all = if credits_positive { ", and the feed says `sign: credit_positive`" } else { "" };
    FormFault {
        column: Some(name.clone()),
        seen: format!("`amount` {does} `{name}`, which is {is}{all}"),
        expected: format!("`{name}` {}: debits are positive here", if minus { "added" } else { "taken off" }),
        hint,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        domain::Digest,
        schema::{ColumnRules, Kind, SpecialColumns},
    };

    fn contract(columns: &[(&str, Option<Side>)]) -> Contract {
        let column = |(name, side): &(&str, Option<Side>)| Column {
            name: Identifier::new(name).unwrap(),
            physical_name: (*name).into(),
            kind: Type::Money,
            required: false,
            primary_key: None,
            description: String::new(),
            rules: ColumnRules { side: *side, ..ColumnRules::default() },
        };
        Contract {
            name: "a/b".into(),
            kind: Kind::Source,
            file: "schemas/sources/a/b.odcs.yaml".into(),
            digest: Digest([0; 32]),
            version: "1".into(),
            columns: columns.iter().map(column).collect(),
            special: SpecialColumns::default(),
            layout: None,
        }
    }

    fn found(rows: &[&[(&str, i128)]]) -> Found {
        let row = |row: &&[(&str, i128)]| row.iter().map(|(name, times)| (Identifier::new(name).unwrap(), *times)).collect();
        rows.iter().map(row).collect()
    }

    fn said(contract: &Contract, rows: &[&[(&str, i128)]], credits_positive: bool) -> String {
        form(contract, found(rows), credits_positive).map_or_else(|fault| format!("CE {}", fault.seen), |form| form.to_string())
    }

    #[test]
    fn columns_are_signed_as_their_contract_says() {
        let one = contract(&[("value", None), ("vat", None)]);
        assert_eq!(said(&one, &[&[("value", 1)]], false), "value");
        assert_eq!(said(&one, &[&[("value", 1), ("vat", 1)]], false), "value + vat");
        assert!(said(&one, &[&[("value", -1)]], false).starts_with("CE `amount` takes off `value`"));
        assert!(said(&one, &[&[("value", 1), ("vat", -1)]], false).contains("`vat`"));
        assert_eq!(said(&one, &[&[("value", -1)]], true), "-value");
        assert!(said(&one, &[&[("value", 1)]], true).starts_with("CE `amount` adds `value`"));
        assert!(said(&one, &[&[("value", 2)]], false).contains("2 times"));
        assert!(said(&one, &[&[("value", 1)], &[("value", 1)]], false).contains("more than once"));
        assert!(said(&one, &[&[("value", 0)]], false).contains("no money column"));
        assert!(said(&one, &[&[]], false).contains("no money column"));
        let two = contract(&[("dr", Some(Side::Debit)), ("cr", Some(Side::Credit)), ("total", None)]);
        assert_eq!(said(&two, &[&[("dr", 1), ("cr", -1)]], false), "dr - cr");
        assert_eq!(said(&two, &[&[("dr", 1)], &[("cr", -1)]], false), "dr, -cr");
        assert_eq!(said(&two, &[&[("total", 1)]], false), "total");
        assert!(said(&two, &[&[("cr", 1), ("dr", -1)]], false).contains("column of credits"));
        assert!(said(&two, &[&[("dr", 1)]], false).contains("`cr`, which holds the other side"));
        assert_eq!(said(&two, &[&[("cr", 1), ("dr", -1)]], true), "cr - dr");
    }

    #[test]
    fn a_pair_by_name_is_that_of_the_version_before_alone() {
        let before = contract(&[("debit", None), ("credit", None)]);
        assert_eq!(said(&before, &[&[("debit", 1), ("credit", -1)]], false), "debit - credit");
        assert!(said(&before, &[&[("credit", 1), ("debit", -1)]], false).starts_with("CE"));
        assert!(said(&before, &[&[("debit", 1)]], false).starts_with("CE"));
        let other = contract(&[("dr", None), ("cr", None)]);
        assert!(said(&other, &[&[("dr", 1), ("cr", -1)]], false).contains("`amount` takes off `cr`"));
        let marked = contract(&[("debit", None), ("credit", None), ("cr", Some(Side::Credit))]);
        assert!(said(&marked, &[&[("debit", 1), ("credit", -1)]], false).contains("`amount` takes off `credit`"));
    }

    proptest! {
        /// Whatever is found, a form says no more and no less than that, each column once.
        #[test]
        fn a_form_is_what_was_found(rows in prop::collection::vec(prop::collection::vec((0..4_usize, -2..3_i128), 0..4), 1..4), turned: bool) {
            let names = ["a", "b", "dr", "cr"];
            let of = contract(&[("a", None), ("b", None), ("dr", Some(Side::Debit)), ("cr", Some(Side::Credit))]);
            let found: Found = rows.iter().map(|row| row.iter().map(|(at, n)| (Identifier::new(names[*at]).unwrap(), *n)).collect()).collect();
            if let Ok(form) = form(&of, found.clone(), turned) {
                prop_assert_eq!(form.rows.len(), found.len());
                for name in names {
                    let times: Vec<i128> = found.iter().flatten().filter(|(n, t)| n.as_str() == name && *t != 0).map(|(_, t)| *t).collect();
                    let terms: Vec<i128> = form.terms().filter(|t| t.column.as_str() == name).map(|t| if t.minus { -1 } else { 1 }).collect();
                    prop_assert_eq!(&times, &terms);
                    let right = if (name == "cr") == turned { 1 } else { -1 };
                    prop_assert!(terms.is_empty() || terms == [right]);
                }
            }
        }
    }
}

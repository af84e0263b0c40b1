//! What the columns of a common table mean: which is the date, which the pounds, which hold codes.
//!
//! A common contract says so in its `truecost` property, on the level of the table:
//! `value: {date: posting_date, amount: amount, codes: {account: account}, actual: {balance_type: actual}, unknown_code: suspense}`.
//! What it does not name, its rows do not have. Without the property it means what it meant before there was one.

use std::fmt;

use crate::{
    diagnostic::codes::contract,
    domain::{Identifier, RULE_COLUMNS},
};

use super::{
    Column, Kind, Type,
    column::value_of_ours,
    fields::{Fields, Item, did_you_mean},
    suggest::nearest,
};

const KEYS: &[&str] = &["date", "amount", "codes", "actual", "unknown_code", "not_negative"];
const AMOUNT: &str = "amount";

/// The columns of a common table that the program itself looks at. Of any other table: none.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SpecialColumns {
    /// The row's own date, by which it is placed and classified; `None` = rows have no date and lie in what their delivery covers.
    pub date: Option<Identifier>,
    /// The row's pounds, debit positive; `None` = rows have no pounds: they are counted and never added up.
    pub amount: Option<Identifier>,
    /// For each of [`RULE_COLUMNS`] the column that holds such codes, or such texts.
    pub codes: [Option<Identifier>; RULE_COLUMNS.len()],
    /// The column that stands for it in a row in which that one is empty: the text of an account that has no code.
    pub codes_else: [Option<Identifier>; RULE_COLUMNS.len()],
    /// A text column, and its word for what has happened; every other word (budget, commitment) is no cost. `None` = all rows have.
    pub actual: Option<(Identifier, String)>,
    pub unknown_code: UnknownCode,
    /// A whole number that counts something: a row in which it is below nought is quarantined.
    pub not_negative: Option<Identifier>,
}

/// What becomes of a cost line with a code that no reference row names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownCode {
    /// It is in suspense until somebody says what the code means.
    #[default]
    Suspense,
    /// It is cost, and only its kind is not known: texts that councils print differently every month.
    Unclassified,
}

impl SpecialColumns {
    /// What a common table means whose contract does not say: its first date, `amount` where that is pounds, and the codes of the two tables
    /// of costs by their columns as they were built in.
    #[must_use]
    pub fn undeclared(kind: Kind, table: &str, columns: &[Column]) -> Self {
        if kind != Kind::Common {
            return Self::default();
        }
        let is = |name: &str, kind: Type| columns.iter().find(|c| &*c.name == name && c.kind == kind).map(|c| c.name.clone());
        let text = |name: &str| is(name, Type::Text);
        let date = columns.iter().find(|c| c.kind == Type::Date).map(|c| c.name.clone());
        let plain = Self { date, amount: is(AMOUNT, Type::Money), ..Self::default() };
        match table {
            "ledger_line" => Self {
                codes: [text("project"), text("cost_centre"), None, text("account")],
                actual: text("balance_type").map(|column| (column, "actual".to_owned())),
                ..plain
            },
            "payment_line" => {
                // A table of the version before has no column for codes: its account is the text.
                let (account, account_text) = (text("account"), text("account_text"));
                let account_else = account_text.clone().filter(|_| account.is_some());
                Self {
                    codes: [None, text("cost_centre"), text("department"), account.or(account_text)],
                    codes_else: [None, None, None, account_else],
                    unknown_code: UnknownCode::Unclassified,
                    ..plain
                }
            }
            _ => plain,
        }
    }
}

impl fmt::Debug for SpecialColumns {
    /// It stands in digests: what came later is named only where there is some of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = f.debug_struct("SpecialColumns");
        all.field("date", &self.date).field("amount", &self.amount).field("codes", &self.codes);
        if self.codes_else.iter().any(Option::is_some) {
            all.field("codes_else", &self.codes_else);
        }
        all.field("actual", &self.actual).field("unknown_code", &self.unknown_code).field("not_negative", &self.not_negative).finish()
    }
}

/// Reads the property of a common table; faults are reported.
pub(super) fn read_special(object: &Fields<'_>, kind: Kind, table: &str, columns: &[(Column, Item<'_>)]) -> SpecialColumns {
    if kind != Kind::Common {
        return SpecialColumns::default();
    }
    let plain: Vec<Column> = columns.iter().map(|(column, _)| column.clone()).collect();
    let fields = value_of_ours(object).and_then(|value| value.fields(KEYS));
    let Some(fields) = fields else { return SpecialColumns::undeclared(kind, table, &plain) };
    let unknown = [("suspense", UnknownCode::Suspense), ("unclassified", UnknownCode::Unclassified)];
    let (codes, codes_else) = fields.get("codes").map(|item| codes(&item, &plain)).unwrap_or_default();
    SpecialColumns {
        date: fields.get("date").and_then(|item| column_of(&item, &plain, Type::Date)),
        amount: fields.get("amount").and_then(|item| column_of(&item, &plain, Type::Money)),
        codes,
        codes_else,
        actual: fields.get("actual").and_then(|item| actual(&item, &plain)),
        unknown_code: fields.get("unknown_code").and_then(|item| item.choice(&unknown)).unwrap_or_default(),
        not_negative: fields.get("not_negative").and_then(|item| column_of(&item, &plain, Type::BigInt)),
    }
}

/// A column of the contract, of this type.
fn column_of(item: &Item<'_>, columns: &[Column], kind: Type) -> Option<Identifier> {
    let name = item.identifier()?;
    let why = match columns.iter().find(|column| column.name == name) {
        Some(column) if column.kind == kind => return Some(name),
        Some(column) => format!("`{name}` is `{}`", column.kind.as_str()),
        None => format!("`{name}` is no column of the table"),
    };
    let of_kind = columns.iter().filter(|column| column.kind == kind).map(|column| &*column.name);
    item.refuse(contract::RULE, &why, format!("a `{}` column of this contract", kind.as_str()), did_you_mean(nearest(&name, of_kind)));
    None
}

type OfKinds = [Option<Identifier>; RULE_COLUMNS.len()];

/// `{account: account}`: kind of code, and the column that holds it; `{account: [account, account_text]}`, where a second one stands for
/// it while it is empty.
fn codes(item: &Item<'_>, columns: &[Column]) -> (OfKinds, OfKinds) {
    let (mut codes, mut codes_else) = (OfKinds::default(), OfKinds::default());
    for (kind, _, column) in item.entries().unwrap_or_default() {
        let place = RULE_COLUMNS.iter().position(|known| *known == kind);
        let slots = place.and_then(|at| codes.get_mut(at).zip(codes_else.get_mut(at)));
        match slots {
            Some((code, code_else)) if column.is_list() => {
                let items = column.list().unwrap_or_default();
                if let [first, second] = items.as_slice() {
                    *code = column_of(first, columns, Type::Text);
                    *code_else = column_of(second, columns, Type::Text);
                } else {
                    column.wrong("a column, or two of which the second stands for the first while that is empty");
                }
            }
            Some((code, _)) => *code = column_of(&column, columns, Type::Text),
            None => column.refuse(
                contract::RULE,
                &format!("`{}` is no kind of code that rules turn on", kind.escape_debug()),
                format!("one of {}", RULE_COLUMNS.map(|known| format!("`{known}`")).join(", ")),
                did_you_mean(nearest(kind, RULE_COLUMNS)),
            ),
        }
    }
    (codes, codes_else)
}

/// `{balance_type: actual}`.
fn actual(item: &Item<'_>, columns: &[Column]) -> Option<(Identifier, String)> {
    let entries = item.entries()?;
    let [(name, _, word)] = entries.as_slice() else {
        item.wrong("one text column and its word for what has happened, as in `{balance_type: actual}`");
        return None;
    };
    let found = columns.iter().find(|column| &*column.name == *name && column.kind == Type::Text);
    if found.is_none() {
        let near = nearest(name, columns.iter().map(|column| &*column.name));
        let why = format!("`{}` is no text column of the table", name.escape_debug());
        item.refuse(contract::RULE, &why, "a `VARCHAR` column of this contract", did_you_mean(near));
    }
    Some((found?.name.clone(), word.text()?.to_owned()))
}

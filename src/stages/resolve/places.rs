//! What codes mean on a day, as `place` has looked it up: by the rules and the policy that class ledger lines.

use arrow::array::Date32Array;
use hashbrown::HashMap;

use super::numbers::Numbers;
use crate::{
    diagnostic::Answer,
    domain::Day,
    schema::batch::{Rows, Texts, boolean, date, truth_at, value_at},
};

/// What a line on these codes would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Its place among all.
    pub number: usize,
    /// Number of its council, cost centre and account: the same, the same number.
    pub group: u32,
    /// The same on its day.
    pub spot: u32,
    /// `ownership/service/bearer`.
    pub class: String,
    /// The rule that says so, or why none does.
    pub rule_id: String,
    /// The day, brought to the nearest one of the delivery period.
    pub day: Day,
    /// Whether it would be cost. What stands on an account that nobody knows is.
    pub is_cost: bool,
    /// Whether account.csv has the account.
    pub account_known: bool,
}

impl Place {
    /// Whether the council is in no service of the partnership on that day.
    pub fn is_no_member(&self) -> bool {
        self.rule_id == "not_a_member"
    }
}

/// Council, feed, project, cost centre and account; the day, `None` where the line has none.
type Codes<'a> = ([&'a str; 5], Option<Day>);

/// By codes and day.
pub(super) struct Places<'a>(HashMap<Codes<'a>, Place>);

impl<'a> Places<'a> {
    pub fn of(table: Rows<'a>) -> Answer<Self> {
        let mut places = HashMap::with_capacity(table.count());
        let (mut groups, mut spots) = (Numbers::default(), Numbers::default());
        let codes = CodeColumns::of(table, "day", true)?;
        let text = |name| Texts::of(table, name);
        let (ownership, service, bearer, rule_id) = (text("ownership")?, text("service")?, text("bearer")?, text("rule_id")?);
        let (day, is_cost, known) = (date(table.0, "effective_date")?, boolean(table.0, "is_cost")?, boolean(table.0, "account_known")?);
        for row in 0..table.count() {
            let (codes, day) = (codes.at(row), value_at(day, row).map_or(Day(0), Day));
            let [council, _, _, cost_centre, account] = codes.0;
            let place = Place {
                number: row,
                group: groups.of([council, cost_centre, account]),
                spot: spots.of(([council, cost_centre, account], day)),
                class: [ownership.at(row), service.at(row), bearer.at(row)].join("/"),
                rule_id: rule_id.at(row).to_owned(),
                day,
                is_cost: truth_at(is_cost, row),
                account_known: truth_at(known, row),
            };
            places.insert(codes, place);
        }
        Ok(Self(places))
    }

    /// `None` where the codes were not among those placed: no query leaves any out.
    pub fn at<'s>(&'s self, codes: &Codes<'s>) -> Option<&'s Place> {
        self.0.get(codes)
    }
}

/// The columns of the codes of a table, and of its day.
pub(super) struct CodeColumns<'a> {
    texts: [Option<Texts<'a>>; 5],
    day: &'a Date32Array,
}

impl<'a> CodeColumns<'a> {
    /// The day is in the column of that name.
    pub fn of(table: Rows<'a>, day: &str, has_project: bool) -> Answer<Self> {
        let text = |name| Texts::of(table, name).map(Some);
        let project = if has_project { text("project")? } else { None };
        let texts = [text("council")?, text("feed")?, project, text("cost_centre")?, text("account")?];
        Ok(Self { texts, day: date(table.0, day)? })
    }

    /// The codes of a row, with its day.
    pub fn at(&self, row: usize) -> Codes<'a> {
        (self.texts.map(|column| column.map_or("", |column| column.at(row))), value_at(self.day, row).map(Day))
    }
}

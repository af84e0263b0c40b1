//! What codes mean on a day, as `place` has looked it up: by the rules and the policy that class ledger lines.

use hashbrown::HashMap;

use crate::{diagnostic::Answer, domain::Day, schema::batch::Rows};

/// What a line on these codes would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
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
        for row in 0..table.count() {
            let class = [table.text("ownership", row)?, table.text("service", row)?, table.text("bearer", row)?].join("/");
            let place = Place {
                class,
                rule_id: table.text("rule_id", row)?.to_owned(),
                day: table.day("effective_date", row)?.unwrap_or(Day(0)),
                is_cost: table.truth("is_cost", row)?,
                account_known: table.truth("account_known", row)?,
            };
            places.insert(codes(table, row, "day", true)?, place);
        }
        Ok(Self(places))
    }

    /// `None` where the codes were not among those placed: no query leaves any out.
    pub fn at<'s>(&'s self, codes: &Codes<'s>) -> Option<&'s Place> {
        self.0.get(codes)
    }
}

/// The codes of a row, with its day in the column of that name.
pub(super) fn codes<'a>(table: Rows<'a>, row: usize, day: &str, has_project: bool) -> Answer<Codes<'a>> {
    let project = if has_project { table.text("project", row)? } else { "" };
    let codes =
        [table.text("council", row)?, table.text("feed", row)?, project, table.text("cost_centre", row)?, table.text("account", row)?];
    Ok((codes, table.day(day, row)?))
}

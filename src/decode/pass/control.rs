//! Records that are no rows: control records and printed totals.

use super::{
    super::{
        faults,
        left_out::Left,
        reading::Reading,
        records::{ControlRecord, Row},
        tally::FooterTotal,
        value::{
            money::MoneyRules,
            part_pennies::{ReadAmount, printed},
        },
    },
    Pass,
};
use crate::schema::MoneyStyle;

impl Pass<'_> {
    pub(super) fn count_control(&mut self, row: Row<'_>) {
        let Some(kind) = self.kinds.kind(row) else { return };
        let (tag, fields) = (kind.tag.clone(), self.kinds.control_fields(row, kind));
        *self.tally.controls.entry(tag.clone()).or_default() += 1;
        self.price(row, Left::Record(tag.clone()));
        self.tally.remember(ControlRecord { tag, line: row.line, fields });
    }

    pub(super) fn count_footer(&mut self, row: Row<'_>) {
        self.tally.footers += 1;
        self.price(row, Left::Footer);
        self.tally.remember_footer(row.line);
        let judge = self.judge;
        let totals = judge.layout.rows.footer.as_ref().map(|footer| footer.totals.as_slice()).unwrap_or_default();
        for (total, column) in totals {
            let at = judge.plans.iter().position(|plan| plan.name == *column);
            let Some(declared) = judge.contract.column(column) else { continue };
            let place = at.and_then(|at| self.header.place(at));
            let text = place
                .and_then(|place| self.kinds.field(row, place))
                .map_or_else(String::new, |f| String::from_utf8_lossy(&f.text).trim().to_owned());
            let (rules, is_money) = match at.and_then(|at| judge.plans.get(at)).map(|plan| &plan.reading) {
                Some(Reading::Money(rules)) => (*rules, true),
                _ => (MoneyRules::new(&[MoneyStyle::Plain, MoneyStyle::Commas]), false),
            };
            let amount = if text.is_empty() { Some(ReadAmount::default()) } else { rules.amount(text.as_bytes()).ok() };
            let millionths = amount.map(|amount| printed(amount.pence.into(), amount.residue.into()));
            if millionths.is_none() && is_money {
                self.report(row.line, faults::footer_unread(&judge.subject, (row.line, self.kinds.raw(row)), total, (declared, &text)));
            }
            self.tally.footer.insert(total.clone(), FooterTotal { text, millionths });
        }
    }
}

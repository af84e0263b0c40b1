//! The columns of the common table, each with the column or the constant of the extract that it is made of.

use super::{
    amounts::is_sum,
    draft::{Draft, Drawn, name_of},
    own_period,
    said::or_nought,
};
use crate::domain::Calendar;

impl Drawn<'_> {
    pub(super) fn select(&mut self, draft: &mut Draft, calendar: Calendar) {
        let negative = self.said.of("sign") == "cost_negative";
        draft.credit_positive = negative;
        let amounts = self.amounts();
        let names: Vec<String> = amounts.iter().filter_map(|seen| name_of(draft, seen)).collect();
        let mut select = Vec::new();
        let balance = format!("'{}'", if self.said.of("balance").is_empty() { "actual".to_owned() } else { self.said.of("balance") });
        for column in &self.table.columns {
            let name = column.name.to_string();
            if self.table.special.date.as_deref() == Some(&*name) {
                select.extend(self.date_seen().and_then(|seen| name_of(draft, seen)).map(|from| (from, name)));
            } else if self.table.special.amount.as_deref() == Some(&*name) {
                let sign = if negative { "-" } else { "" };
                match names.as_slice() {
                    [one] => select.push((format!("{sign}{one}"), name)),
                    _ if !draft.months.is_empty() => {}
                    [one, other] if is_sum(self.evidence, &self.said.of("amount")) => {
                        let between = if negative { "-" } else { "+" };
                        select.push((format!("{sign}{} {between} {}", or_nought(draft, one), or_nought(draft, other)), name));
                    }
                    [whole, off] => select.push((format!("{} - {}", or_nought(draft, whole), or_nought(draft, off)), name)),
                    _ => {}
                }
            } else if let Some(from) = draft.columns.iter().find(|from| from.target.as_deref() == Some(&*name) && !from.is_dropped()) {
                select.push((from.name.clone(), name));
            } else if let Some((_, constant)) =
                [("balance_type", balance.as_str()), ("currency", "'GBP'")].iter().find(|(known, _)| *known == name)
            {
                select.push(((*constant).to_owned(), name));
            }
        }
        if self.date_seen().is_none() && draft.months.is_empty() {
            let covered = own_period::Covered { files: &draft.files, covers: &draft.covers, calendar };
            select.splice(0..0, own_period::select(self.evidence, draft, self.table, &covered, &self.said.of(own_period::KEY)));
        }
        draft.select = select;
        let name = |special: &Option<crate::domain::Identifier>| special.as_deref().map(str::to_owned).unwrap_or_default();
        draft.month_targets = (name(&self.table.special.date), name(&self.table.special.amount));
    }
}

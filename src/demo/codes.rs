//! The codes that a council's synthetic ledger uses: those of the embedded reference tables, so that data and tables agree.

use std::collections::BTreeMap;

use super::partnership::embedded;

/// What a ledger draws its codes from. Each list is in the order of its table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Codes {
    pub cost_centres: Vec<String>,
    /// Of the account group `employees`.
    pub pay: Vec<String>,
    /// Of the account group `income`.
    pub income: Vec<String>,
    /// Of every other group that is cost.
    pub purchases: Vec<String>,
    /// Balance-sheet accounts: the last line of every journal stands on one.
    pub controls: Vec<String>,
    /// In no table: an account and a cost centre.
    pub unknown_account: String,
    pub unknown_cost_centre: String,
}

impl Codes {
    /// The codes that hold for the whole of 2018/19.
    pub(super) fn of(council: &str) -> Self {
        let mut codes = Self { unknown_account: "49998".into(), ..Self::default() };
        for row in rows("pipelines/reference/cost_centre.csv", council) {
            codes.cost_centres.extend(row.field("cost_centre").map(str::to_owned));
        }
        for row in rows("pipelines/reference/account.csv", council) {
            // The table also knows the account texts of payments, which no ledger uses.
            let Some(code) = row.field("account").filter(|code| code.bytes().all(|b| b.is_ascii_digit())) else { continue };
            // What payroll and recharges stand on is theirs alone.
            if row.field("on_cost") == Some("true")
                || row.field("recharge") == Some("true")
                || row.field("account_group") == Some("non_distributed")
            {
                continue;
            }
            let list = match (row.field("statement"), row.field("account_group")) {
                (Some("balance_sheet"), _) => &mut codes.controls,
                (Some("income"), _) => &mut codes.income,
                (Some("expenditure"), Some("employees")) => &mut codes.pay,
                (Some("expenditure"), _) => &mut codes.purchases,
                _ => continue,
            };
            list.push(code.to_owned());
        }
        let prefix: String =
            codes.cost_centres.first().map(|code| code.chars().take_while(char::is_ascii_alphabetic).collect()).unwrap_or_default();
        codes.unknown_cost_centre = format!("{prefix}19998");
        codes
    }
}

/// A row's values by the names of their columns.
struct Row(BTreeMap<String, String>);

impl Row {
    fn field(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn holds_in_2018_19(&self) -> bool {
        let (from, to) = (self.field("valid_from").unwrap_or_default(), self.field("valid_to").unwrap_or_default());
        // ISO dates compare as text.
        from <= "2018-04-01" && (to.is_empty() || to >= "2019-04-01")
    }
}

fn rows(path: &str, council: &str) -> Vec<Row> {
    let Some((_, bytes)) = embedded().into_iter().find(|(name, _)| name == path) else { return Vec::new() };
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let mut lines = text.lines().map(split);
    let header = lines.next().unwrap_or_default();
    lines
        .map(|fields| Row(header.iter().cloned().zip(fields).collect()))
        .filter(|row| row.field("council") == Some(council) && row.holds_in_2018_19())
        .collect()
}

/// The fields of a line. Our own tables have no line breaks within quotes.
fn split(line: &str) -> Vec<String> {
    let (mut fields, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => fields.last_mut().map_or((), |field| field.push(c)),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_council_has_codes_of_every_kind() {
        for council in ["newham", "havering", "bexley"] {
            let codes = Codes::of(council);
            for list in [&codes.cost_centres, &codes.pay, &codes.income, &codes.purchases, &codes.controls] {
                assert!(list.len() >= 3, "{council}: {codes:?}");
            }
            assert!(!codes.cost_centres.contains(&codes.unknown_cost_centre));
            let known = [&codes.pay, &codes.income, &codes.purchases, &codes.controls];
            assert!(known.iter().all(|list| !list.contains(&codes.unknown_account)));
        }
    }

    #[test]
    fn quoted_fields_keep_their_commas() {
        assert_eq!(split("a,\"b, c\",,d"), ["a", "b, c", "", "d"]);
    }
}

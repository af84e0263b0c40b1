//! The codes that a council's synthetic ledger uses: those of the embedded reference tables, so that data and tables agree.

use std::collections::BTreeMap;

use super::partnership::embedded;
use crate::domain::NOT_DISTRIBUTED;

/// A cost centre and the service that its rule names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub cost_centre: String,
    /// `none` where the rule retains.
    pub service: String,
}

/// The cost centres of a council by the ownership that rules give them for the whole of 2018/19.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    pub retained: Vec<Place>,
    pub shared: Vec<Place>,
    /// Managed, bespoke, of a company, passed through.
    pub other: Vec<Place>,
}

/// A customer that the council charges for a service, every month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Customer {
    pub name: String,
    pub agreement: String,
    /// On which it is served.
    pub cost_centre: String,
    /// A month's, pence.
    pub price: i64,
}

/// What a ledger draws its codes from. Each list is in the order of its table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Codes {
    pub cost_centres: Vec<String>,
    /// Cost centres by what they are for. Each list is in the order of its table.
    pub places: Places,
    pub customers: Vec<Customer>,
    /// Of the account group `employees`, without employers' contributions.
    pub pay: Vec<String>,
    /// Employers' contributions: national insurance, pension, levy.
    pub on_cost: Vec<String>,
    /// Of the account group `income`, without what partners are charged.
    pub income: Vec<String>,
    /// Of every other group that is cost, without what partners charge.
    pub purchases: Vec<String>,
    /// What a partner charges, and what a partner is charged; empty where the chart has none.
    pub charged_by: String,
    pub charged_to: String,
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
            // What no service bears is in no drawn journal.
            if row.field("account_group") == Some(NOT_DISTRIBUTED) {
                continue;
            }
            let says = |name| row.field(name) == Some("true");
            let list = match (row.field("statement"), row.field("account_group")) {
                (Some("balance_sheet"), _) => &mut codes.controls,
                (Some("income"), _) if says("recharge") => {
                    code.clone_into(&mut codes.charged_to);
                    continue;
                }
                (Some("expenditure"), _) if says("recharge") => {
                    code.clone_into(&mut codes.charged_by);
                    continue;
                }
                (Some("expenditure"), _) if says("on_cost") => &mut codes.on_cost,
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
        let rules = rows("pipelines/reference/ownership_rule.csv", council);
        codes.places = Places::of(&codes.cost_centres, &rules);
        codes.customers = customers(&rules);
        codes
    }

    /// The account on which the last line of a journal stands.
    pub(super) fn control(&self) -> &str {
        self.controls.first().map_or("", String::as_str)
    }
}

impl Places {
    /// The most exact pattern of a cost centre wins: its own code, a range, a prefix.
    fn of(cost_centres: &[String], rules: &[Row]) -> Self {
        let mut places = Self::default();
        for cost_centre in cost_centres {
            let ranked = rules.iter().filter_map(|rule| Some((rank(rule.field("cost_centre")?, cost_centre)?, rule)));
            let rule = ranked.max_by_key(|(rank, _)| *rank).map(|(_, rule)| rule);
            let said = |name| rule.and_then(|rule| rule.field(name)).unwrap_or("none");
            let list = match said("ownership") {
                "shared" => &mut places.shared,
                "none" => &mut places.retained,
                // Whoever serves customers is paid elsewhere: a price is to cover what serving them costs.
                "external" => continue,
                _ => &mut places.other,
            };
            list.push(Place { cost_centre: cost_centre.clone(), service: said("service").to_owned() });
        }
        places
    }
}

/// Customers that rules name as bearers, with what they agreed to pay.
fn customers(rules: &[Row]) -> Vec<Customer> {
    let (agreements, names) = (table("pipelines/reference/agreement.csv"), table("pipelines/reference/customer.csv"));
    let of = |rule: &Row| {
        let bearer = rule.field("bearer").filter(|_| rule.field("ownership") == Some("external"))?;
        let is_its = |row: &&Row| row.field("customer") == Some(bearer);
        let agreement = agreements.iter().find(is_its)?;
        let (pounds, pence) = agreement.field("price")?.split_once('.')?;
        Some(Customer {
            name: names.iter().find(is_its)?.field("name")?.to_owned(),
            agreement: agreement.field("agreement")?.to_owned(),
            cost_centre: rule.field("cost_centre")?.to_owned(),
            price: pounds.parse::<i64>().ok()? * 100 + pence.parse::<i64>().ok()?,
        })
    };
    rules.iter().filter_map(of).collect()
}

/// How exactly a pattern names a code; `None` where it does not.
fn rank(pattern: &str, code: &str) -> Option<u8> {
    if pattern == code {
        return Some(3);
    }
    if let Some((from, to)) = pattern.split_once("..") {
        return (from.len() == code.len() && (from..=to).contains(&code)).then_some(2);
    }
    pattern.strip_suffix('*').filter(|prefix| code.starts_with(prefix)).map(|_| 1)
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

/// A council's rows that hold for the whole of 2018/19.
fn rows(path: &str, council: &str) -> Vec<Row> {
    table(path).into_iter().filter(|row| row.field("council") == Some(council) && row.holds_in_2018_19()).collect()
}

fn table(path: &str) -> Vec<Row> {
    let Some((_, bytes)) = embedded().into_iter().find(|(name, _)| name == path) else { return Vec::new() };
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let mut lines = text.lines().map(split);
    let header = lines.next().unwrap_or_default();
    lines.map(|fields| Row(header.iter().cloned().zip(fields).collect())).collect()
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
            for list in [&codes.cost_centres, &codes.pay, &codes.on_cost, &codes.income, &codes.purchases, &codes.controls] {
                assert!(list.len() >= 3, "{council}: {codes:?}");
            }
            assert!(!codes.charged_by.is_empty() && !codes.charged_to.is_empty());
            let Places { retained, shared, other } = &codes.places;
            assert!(retained.len() + shared.len() + other.len() + 2 > codes.cost_centres.len(), "all but those of customers");
            assert!(retained.len() > 20 && shared.len() > 20 && other.len() >= 3, "{:?}", codes.places);
            assert!(!codes.cost_centres.contains(&codes.unknown_cost_centre));
            let known = [&codes.pay, &codes.income, &codes.purchases, &codes.controls];
            assert!(known.iter().all(|list| !list.contains(&codes.unknown_account)));
        }
    }

    #[test]
    fn the_most_exact_pattern_wins() {
        assert_eq!(rank("N10088", "N10088"), Some(3));
        assert_eq!(rank("N10080..N10089", "N10088"), Some(2));
        assert_eq!(rank("N1008*", "N10088"), Some(1));
        assert_eq!(rank("N1009*", "N10088"), None);
        assert_eq!(rank("", "N10088"), None);
    }

    #[test]
    fn quoted_fields_keep_their_commas() {
        assert_eq!(split("a,\"b, c\",,d"), ["a", "b, c", "", "d"]);
    }
}

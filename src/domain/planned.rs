//! Words for what has not happened: a budget, a forecast, a commitment is no cost.

/// Words that say it, and those that may stand beside them. Any other beside them makes something else of it: a personal budget is paid
/// to a person, the budget support team costs as others do.
const PLANNED: [&str; 15] = [
    "budget",
    "budgets",
    "budgeted",
    "forecast",
    "forecasts",
    "estimate",
    "estimates",
    "commitment",
    "commitments",
    "committed",
    "encumbrance",
    "encumbrances",
    "encumbered",
    "plan",
    "planned",
];
const BESIDE: [&str; 23] = [
    "original",
    "revised",
    "current",
    "approved",
    "annual",
    "latest",
    "working",
    "full",
    "year",
    "ytd",
    "amount",
    "outturn",
    "po",
    "purchase",
    "order",
    "orders",
    "requisition",
    "gl",
    "open",
    "outstanding",
    "entry",
    "journal",
    "line",
];

/// Whether a text says that its row has not happened: `Budget`, `PO Commitment`, `REVISED FORECAST`.
#[must_use]
pub fn says_planned(text: &str) -> bool {
    let mut says = false;
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let is = |known: &[&str]| known.iter().any(|known| known.eq_ignore_ascii_case(word));
        if is(&PLANNED) {
            says = true;
        } else if !is(&BESIDE) {
            return false;
        }
    }
    says
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_not_happened_is_told() {
        for text in ["Budget", "PO Commitment", "ENCUMBRANCE", "Revised-Budget", "Open purchase order commitments", "Forecast outturn"] {
            assert!(says_planned(text), "{text}");
        }
        for text in ["", "Actual", "Purchase order", "Personal Budget", "Budget Support Team", "Planning", "GL", "Accrual reversal"] {
            assert!(!says_planned(text), "{text}");
        }
    }
}

//! What a column most likely is to a common table, by its heading. A person is asked; nothing of this happens while data are read.

use crate::{
    domain::in_english,
    schema::{Contract, Type},
};

/// Words in headings that speak for a column of a common table, the strongest first; each must stand whole in the heading.
const HINTS: &[(&str, &[&str])] = &[
    ("irrecoverable_vat", &["irrecoverable vat", "non recoverable vat", "irrecoverablevat", "unrecoverable vat"]),
    (
        "supplier_ref",
        &[
            "supplier no",
            "supplier number",
            "supplier id",
            "supplier ref",
            "vendor no",
            "vendor number",
            "vendor id",
            "creditor no",
            "apar id",
            "supplier code",
            "account ref",
        ],
    ),
    (
        "supplier",
        &[
            "supplier name",
            "vendor name",
            "creditor name",
            "beneficiary",
            "payee name",
            "payee",
            "landlord name",
            "merchant",
            "supplier id t",
            "supplier or",
            "creditor",
            "vendor",
            "supplier",
            "name",
            "suppliername",
        ],
    ),
    (
        "cost_centre",
        &["cost centre", "cost center", "cost ctr", "cost code", "cost centre code", "cc", "cost", "costc", "cost c", "cctr", "kostl"],
    ),
    (
        "account",
        &[
            "g l account",
            "gl account",
            "cost element",
            "nominal code",
            "expense code",
            "expenditure code",
            "subjective code",
            "subjective",
            "subj",
            "account code",
            "account",
            "nominal",
            "natural account",
            "g l",
            "gl",
            "g l code",
            "gl code",
        ],
    ),
    (
        "department",
        &[
            "directorate",
            "department",
            "local authority department",
            "dept",
            "service area",
            "organisational unit",
            "division",
            "service label",
        ],
    ),
    (
        "service_text",
        &[
            "service division label",
            "service",
            "service area",
            "cost centre description",
            "cost centre name",
            "team",
            "division",
            "cost code",
        ],
    ),
    (
        "account_text",
        &[
            "account description",
            "nominal description",
            "expense description",
            "expenditure type",
            "expense type",
            "subjective name",
            "purpose of expenditure",
            "expenditure category",
            "spend category",
            "purpose",
            "category",
            "account name",
            "description",
            "narrative",
            "text",
        ],
    ),
    ("category_text", &["merchant category", "supplier category", "payee type", "supplier type", "category"]),
    (
        "reference",
        &[
            "transaction no",
            "transaction number",
            "trans no",
            "document no",
            "document number",
            "documentno",
            "doc no",
            "doc ref",
            "payment ref",
            "voucher no",
            "invoice number",
            "invoice no",
            "invoice",
            "reference",
            "transaction",
            "batch",
        ],
    ),
    (
        "document",
        &[
            "journal",
            "journal no",
            "document no",
            "document number",
            "document",
            "transaction no",
            "voucher no",
            "ref",
            "doc",
            "doc no",
            "trans no",
            "voucher",
            "tran no",
        ],
    ),
    ("line", &["line", "line no", "seq", "sequence"]),
    ("project", &["project", "project code"]),
    ("currency", &["currency", "curr"]),
    ("description", &["narrative", "description", "line description", "text", "details"]),
    ("journal_source", &["source", "journal source", "je source"]),
];

/// Columns of the common table that feed SQL fills with what an extract prints, but for its date and amount.
#[must_use]
pub fn targets(table: &Contract) -> Vec<(String, Type)> {
    let special = &table.special;
    let is_own = |name: &str| special.date.as_deref() == Some(name) || special.amount.as_deref() == Some(name);
    let given = |name: &str| crate::schema::PROVENANCE.contains(&name) || matches!(name, "fiscal_year" | "period");
    table.columns.iter().filter(|column| !given(&column.name) && !is_own(&column.name)).map(|c| (c.name.to_string(), c.kind)).collect()
}

/// For each target the column that its heading speaks for, no column twice: pairs of target and place in `headings`.
#[must_use]
pub fn guess(targets: &[(String, Type)], headings: &[(String, Type)]) -> Vec<(String, usize)> {
    let mut scored: Vec<(usize, usize, usize)> = Vec::new();
    for (target_at, (target, kind)) in targets.iter().enumerate() {
        let hints = HINTS.iter().find(|(name, _)| name == target).map_or(&[][..], |(_, hints)| hints);
        for (at, (heading, column)) in headings.iter().enumerate() {
            if column != kind {
                continue;
            }
            let (words, parted) = (words(heading), words(&parted(heading)));
            let is = |hint: &&str| words == **hint || parted == **hint;
            let score = hints.iter().position(is).map(|place| place * 2).or_else(|| {
                let inside = |hint: &&str| [&words, &parted].iter().any(|said| format!(" {said} ").contains(&format!(" {hint} ")));
                hints.iter().position(inside).map(|place| place * 2 + 40)
            });
            scored.extend(score.map(|score| (score, target_at, at)));
        }
    }
    scored.sort_unstable();
    let mut taken: Vec<(usize, usize)> = Vec::new();
    for (_, target, at) in scored {
        if !taken.iter().any(|(t, a)| *t == target || *a == at) {
            taken.push((target, at));
        }
    }
    taken.sort_unstable();
    taken.into_iter().filter_map(|(target, at)| Some((targets.get(target)?.0.clone(), at))).collect()
}

/// The columns of common tables for which a heading speaks by itself.
#[must_use]
pub fn speaks_for(heading: &str) -> Vec<&'static str> {
    let words = words(heading);
    HINTS.iter().filter(|(_, hints)| hints.contains(&words.as_str())).map(|(target, _)| *target).collect()
}

/// A heading as words, in English: small letters and digits, one blank between; a pound sign is none, also where it was read in another
/// encoding.
#[must_use]
pub fn words(heading: &str) -> String {
    let spaced: String = heading.chars().flat_map(|c| if c.is_alphanumeric() { c } else { ' ' }.to_lowercase()).collect();
    in_english(&spaced.split_whitespace().filter(|word| !matches!(*word, "œ" | "Â" | "â")).collect::<Vec<_>>().join(" "))
}

/// A heading whose words are told by capitals alone: `VoucherNo` → `Voucher No`.
fn parted(heading: &str) -> String {
    let mut text = String::new();
    let mut before = ' ';
    for letter in heading.chars() {
        if before.is_lowercase() && letter.is_uppercase() {
            text.push(' ');
        }
        text.push(letter);
        before = letter;
    }
    text
}

/// Letters and digits alone: what a heading is, however it is punctuated.
#[must_use]
pub fn squeezed(heading: &str) -> String {
    words(heading).replace(' ', "")
}

/// A name for SQL: `4. DATE PAID` → `date_paid`; numbered where `taken` has it.
#[must_use]
pub fn sql_name(heading: &str, at: usize, taken: &[String]) -> String {
    let words = words(heading);
    let joined = words.split(' ').collect::<Vec<_>>().join("_");
    let name: String = joined.trim_start_matches(|c: char| !c.is_ascii_lowercase()).chars().filter(char::is_ascii).take(50).collect();
    let name = name.trim_end_matches('_').to_owned();
    let name = if name.is_empty() { format!("column_{}", at + 1) } else { name };
    let name = if RESERVED.contains(&name.as_str()) { format!("{name}_text") } else { name };
    if !taken.contains(&name) {
        return name;
    }
    (2..1_000).map(|n| format!("{name}_{n}")).find(|name| !taken.contains(name)).unwrap_or(name)
}

/// Words of SQL that would have to be quoted as names.
const RESERVED: [&str; 22] = [
    "from", "to", "date", "group", "order", "by", "select", "where", "table", "user", "values", "column", "end", "case", "left", "right",
    "check", "desc", "asc", "limit", "union", "all",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(headings: &[&str]) -> Vec<(String, String)> {
        let targets: Vec<(String, Type)> =
            ["department", "service_text", "account_text", "category_text", "supplier", "supplier_ref", "reference"]
                .map(|name| (name.to_owned(), Type::Text))
                .to_vec();
        let columns: Vec<(String, Type)> = headings.iter().map(|heading| ((*heading).to_owned(), Type::Text)).collect();
        guess(&targets, &columns).into_iter().map(|(target, at)| (target, headings[at].to_owned())).collect()
    }

    #[test]
    fn headings_speak_for_columns() {
        let found = guessed(&[
            "Directorate",
            "Service Area",
            "Expenditure Code",
            "Expenditure Type",
            "Transaction No",
            "Supplier Name",
            "Supplier No",
        ]);
        let of = |target: &str| found.iter().find(|(t, _)| t == target).map(|(_, heading)| heading.as_str());
        assert_eq!(of("department"), Some("Directorate"));
        assert_eq!(of("service_text"), Some("Service Area"));
        assert_eq!(of("account_text"), Some("Expenditure Type"));
        assert_eq!(of("supplier"), Some("Supplier Name"));
        assert_eq!(of("supplier_ref"), Some("Supplier No"));
        assert_eq!(of("reference"), Some("Transaction No"));
        let found = guessed(&["5. BENEFICIARY", "7. DEPARTMENT", "8. PURPOSE OF EXPENDITURE"]);
        assert_eq!(found.iter().map(|(t, _)| t.as_str()).collect::<Vec<_>>(), ["department", "account_text", "supplier"]);
    }

    #[test]
    fn names_for_sql_are_names() {
        let mut taken = Vec::new();
        for (heading, wanted) in [
            ("4. DATE PAID", "date_paid"),
            ("Amount £ \n(Ex VAT)", "amount_ex_vat"),
            ("", "column_3"),
            ("Date", "date_text"),
            ("Date", "date_text_2"),
        ] {
            let name = sql_name(heading, 2, &taken);
            assert_eq!(name, wanted);
            taken.push(name);
        }
        assert_eq!(squeezed("Non-recoverable VAT"), squeezed("Non Recoverable VAT"));
    }
}

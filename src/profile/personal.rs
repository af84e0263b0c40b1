//! What looks personal in a column. Shapes and counts alone leave this file: no value does.

use super::{
    facts::{Kind, OfAll, Personal},
    words,
};

/// What the values of a column look like to somebody who must not publish people's data.
pub(super) fn look(heading: &str, kind: Kind, values: &[(String, u64)], filled: u64) -> Option<Personal> {
    let count = |is: fn(&str) -> bool| values.iter().filter(|(text, _)| is(text.trim())).map(|(_, n)| n).sum::<u64>();
    let kept: u64 = values.iter().map(|(_, n)| n).sum();
    let found = |kind: &str, rows: u64, why: String| Some(Personal { kind: kind.to_owned(), rows: OfAll { rows, of: filled }, why });
    for (word, is, what) in SHAPES {
        let rows = count(is);
        if rows > 0 && rows * 10 >= kept {
            return found(word, rows, format!("values of the shape of {what}"));
        }
    }
    by_heading(heading, kind, values, filled)
}

const SHAPES: [(&str, fn(&str) -> bool, &str); 5] = [
    ("ni_number", is_ni, "an NI number"),
    ("email", is_email, "an e-mail address"),
    ("bank", is_sort_code, "a sort code"),
    ("phone", is_phone, "a telephone number"),
    ("address", is_postcode, "a postcode"),
];

fn by_heading(heading: &str, kind: Kind, values: &[(String, u64)], filled: u64) -> Option<Personal> {
    let words = words::words(heading);
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let found = |kind: &str, rows: u64, why: String| Some(Personal { kind: kind.to_owned(), rows: OfAll { rows, of: filled }, why });
    let person = has(&["employee", "emp", "person", "payroll", "staff", "tenant", "claimant", "client", "customer"]);
    let number = has(&["no", "number", "ref", "reference", "id"]);
    // `D.O.B.` is three words.
    if has(&["dob", "birth"]) || words.concat().ends_with("dob") {
        return found("birth", filled, format!("the heading `{heading}`"));
    }
    if has(&["salary", "pay", "wage"]) && kind == Kind::Money && !has(&["date", "amount", "period"]) {
        return found("salary", filled, format!("the heading `{heading}`"));
    }
    if (person && number) || (has(&["account"]) && has(&["ref"])) {
        return found("reference", filled, format!("the heading `{heading}`: a number that stands for a person"));
    }
    if has(&["ni", "nino"]) || (has(&["sort"]) && has(&["code"])) {
        return found(if has(&["sort"]) { "bank" } else { "ni_number" }, filled, format!("the heading `{heading}`"));
    }
    if !matches!(kind, Kind::Text | Kind::Flag | Kind::Empty) {
        return None;
    }
    let payee =
        has(&["supplier", "suppliers", "payee", "vendor", "beneficiary", "creditor", "landlord", "merchant", "payable", "recipient"]);
    let of_things = has(&[
        "organisation",
        "organization",
        "body",
        "authority",
        "council",
        "company",
        "centre",
        "account",
        "service",
        "category",
        "department",
        "directorate",
        "code",
        "type",
        "number",
        "no",
        "ref",
        "class",
    ]) || (has(&["expense", "cost", "subjective", "nominal", "purpose", "area", "description", "id"]) && !has(&["t"]));
    let named = has(&["batch", "journal", "ledger", "period", "project", "fund", "file", "report", "element", "body", "organisation"]);
    let name = has(&["surname", "forename", "employee", "person"]) || (has(&["name"]) && !named) || payee;
    let persons: u64 = values.iter().filter(|(text, _)| is_person(text.trim())).map(|(_, n)| n).sum();
    let kept: u64 = values.iter().map(|(_, n)| n).sum();
    if name && !of_things {
        let why = if payee { format!("the heading `{heading}`: payees may be persons") } else { format!("the heading `{heading}`") };
        return found("name", persons, why);
    }
    let firms: u64 = values.iter().filter(|(text, _)| is_firm(text.trim())).map(|(_, n)| n).sum();
    if words.is_empty() && firms * 4 >= kept && firms > 0 {
        return found("name", persons, "names of firms, among which persons may be".to_owned());
    }
    (persons * 5 >= kept && persons > 0).then(|| found("name", persons, "values of the shape of a person's name".to_owned())).flatten()
}

/// `Alder Software Ltd`.
fn is_firm(text: &str) -> bool {
    const ENDS: [&str; 9] = ["ltd", "limited", "llp", "plc", "cic", "inc", "cio", "co", "lp"];
    words::words_of_text(text).last().is_some_and(|word| ENDS.contains(&word.as_str()))
}

fn is_ni(text: &str) -> bool {
    let plain: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
    let [a, b, digits @ .., last] = plain.as_slice() else { return false };
    a.is_ascii_uppercase()
        && b.is_ascii_uppercase()
        && digits.len() == 6
        && digits.iter().all(u8::is_ascii_digit)
        && matches!(last, b'A'..=b'D')
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && !name.contains(' ') && host.contains('.') && !host.starts_with('.') && !host.contains(' ')
    })
}

fn is_sort_code(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let pairs = parts.len() == 3 && parts.iter().all(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()));
    // `01-04-25` is a day.
    pairs && super::date::read(text.as_bytes()).is_none()
}

fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'+' | b'(' | b')'));
    let begins = text.starts_with("07") || text.starts_with("+44") || text.starts_with("01") || text.starts_with("02");
    plain && begins && text.contains(' ') && (10..=13).contains(&digits)
}

fn is_postcode(text: &str) -> bool {
    let Some((out, inward)) = text.split_once(' ') else { return false };
    let bytes = inward.as_bytes();
    let inward = matches!(bytes, [d, a, b] if d.is_ascii_digit() && a.is_ascii_uppercase() && b.is_ascii_uppercase());
    let out = out.as_bytes();
    inward
        && (2..=4).contains(&out.len())
        && out.first().is_some_and(u8::is_ascii_uppercase)
        && out.iter().any(u8::is_ascii_digit)
        && out.iter().all(u8::is_ascii_alphanumeric)
}

/// `Mr J Smith`, `SMITH, Jane`, `Person 12`: not a firm, and not a thing.
fn is_person(text: &str) -> bool {
    const TITLES: [&str; 7] = ["mr", "mrs", "ms", "miss", "dr", "rev", "prof"];
    let words = words::words_of_text(text);
    let titled = words.len() > 1 && words.first().is_some_and(|word| TITLES.contains(&word.as_str()));
    titled || (words.len() == 2 && words.first().is_some_and(|word| word == "person"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_personal_data() {
        assert!(is_ni("QQ123456C") && is_ni("QQ 12 34 56 C") && !is_ni("A12345"));
        assert!(is_email("a.b@example.org") && !is_email("5 @ 3.00"));
        assert!(is_sort_code("12-34-56") && !is_sort_code("01-04-25"));
        assert!(is_postcode("ZZ99 3WZ") && !is_postcode("A20 110"));
        assert!(is_phone("020 7946 0000") && !is_phone("0031432938"));
        assert!(is_person("Mrs A Example") && is_person("PERSON 59") && !is_person("Drake Ltd"));
    }

    #[test]
    fn headings_of_payees_but_not_of_their_numbers() {
        let values = [("Oak Ltd".to_owned(), 3), ("Person 3".to_owned(), 1)];
        let none = [("Parks".to_owned(), 4)];
        assert!(look("Cost Centre Name", Kind::Text, &none, 4).is_none());
        let kind = |heading: &str, kind| look(heading, kind, &values, 4).map(|found| (found.kind, found.rows.rows));
        assert_eq!(kind("Supplier Name", Kind::Text), Some(("name".to_owned(), 1)));
        assert_eq!(kind("Supplier No", Kind::Code), None);
        for heading in ["Batch Name", "Journal Name", "Period Name", "Body Name"] {
            assert!(look(heading, Kind::Text, &none, 4).is_none(), "{heading}");
        }
        assert_eq!(kind("Journal Employee Name", Kind::Text), Some(("name".to_owned(), 1)));
        assert_eq!(kind("Cost Centre Name", Kind::Text), Some(("name".to_owned(), 1)), "by its values");
        assert_eq!(kind("Payroll No", Kind::Code), Some(("reference".to_owned(), 4)));
    }

    #[test]
    fn days_of_birth_and_salaries_but_not_days_of_pay_or_amounts() {
        let values = [("25411".to_owned(), 4)];
        let kind = |heading: &str, kind| look(heading, kind, &values, 4).map(|found| (found.kind, found.rows.rows));
        for heading in ["Date of Birth", "DOB", "D.O.B.", "DateOfBirth", "Employee DOB", "date_of_birth"] {
            assert_eq!(kind(heading, Kind::Date), Some(("birth".to_owned(), 4)), "{heading}");
        }
        for heading in ["Annual Salary", "Full Time Salary", "Basic Pay", "Gross pay", "SALARY £"] {
            assert_eq!(kind(heading, Kind::Money), Some(("salary".to_owned(), 4)), "{heading}");
        }
        for (heading, of) in [("Pay Date", Kind::Date), ("Amount", Kind::Money), ("Payment", Kind::Money), ("Pay Period", Kind::Period)] {
            assert_eq!(kind(heading, of), None, "{heading}");
        }
    }
}

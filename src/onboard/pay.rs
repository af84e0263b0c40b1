//! Files of pay: what tells them. No feed of persons is written here, and none of the tables that are offered may hold them.

use super::{evidence::Evidence, guess::words};

/// That a file looks like a payroll, by which columns, and what there is to do; `None` where it does not.
#[must_use]
pub fn looks_like_pay(evidence: &Evidence) -> Option<String> {
    let of = |is: &dyn Fn(&str) -> bool| {
        evidence.columns.iter().find(|seen| is(&format!(" {} ", words(&seen.heading)))).map(|seen| evidence.label(seen))
    };
    let person = of(&is_person)?;
    let what = of(&is_element).or_else(|| of(&is_insurance))?;
    Some(format!(
        "it looks like a payroll (`{person}`, `{what}`): pay goes into `pay_line`, by a contract that puts pseudonyms in the place of persons, \
         and that contract is written by hand: docs/personal.md, \"Personal data\". Nothing of a person may go into the tables below"
    ))
}

/// A heading, with a blank at either end, of numbers of persons.
fn is_person(heading: &str) -> bool {
    const PERSONS: [&str; 10] = ["employee", "emp", "payroll", "assignment", "staff", "personnel", "pers", "worker", "person", "pernr"];
    const NUMBERS: [&str; 8] = ["no", "number", "num", "id", "ref", "reference", "nr", "code"];
    let has = |all: &[&str]| heading.split_whitespace().any(|word| all.contains(&word));
    (has(&PERSONS) && has(&NUMBERS)) || heading == " pernr " || heading == " employee "
}

/// Of elements of pay.
fn is_element(heading: &str) -> bool {
    let phrases =
        [" element ", " pay element ", " element code ", " element name ", " wage type ", " pay code ", " payment type ", " pay type "];
    !heading.contains(" cost ") && phrases.iter().any(|phrase| heading.contains(phrase))
}

/// Of numbers of national insurance.
fn is_insurance(heading: &str) -> bool {
    [" ni number ", " ni no ", " nino ", " national insurance "].iter().any(|phrase| heading.contains(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_of_pay_are_told() {
        for heading in [" employee number ", " emp no ", " payroll ref ", " pernr "] {
            assert!(is_person(heading), "{heading}");
        }
        for heading in [" supplier number ", " person responsible ", " payroll ", " account number "] {
            assert!(!is_person(heading), "{heading}");
        }
        assert!(is_element(" pay element ") && is_element(" wage type ") && !is_element(" cost element ") && !is_element(" description "));
        assert!(is_insurance(" ni number ") && !is_insurance(" unique number "));
    }
}

//! Files of pay, posts and volumes: what tells them. Their feeds are written by hand, and none of the tables that are offered may hold them.

use super::{evidence::Evidence, guess::words};
use crate::profile::Kind;

/// What a file looks like that belongs into none of the tables that are offered, by which columns, and what there is to do; `None` where it
/// looks like none of these.
#[must_use]
pub fn belongs_elsewhere(evidence: &Evidence) -> Option<String> {
    let of = |is: &dyn Fn(&str) -> bool| {
        evidence.columns.iter().find(|seen| is(&format!(" {} ", words(&seen.heading)))).map(|seen| evidence.label(seen))
    };
    // Amounts that cannot be read are amounts all the same.
    let has_amounts = evidence.columns.iter().any(|seen| evidence.kind(seen) == Kind::Money) || of(&is_amount).is_some();
    if let Some(person) = of(&is_person) {
        const NOT_BELOW: &str = "Nothing of a person may go into the tables below";
        if let Some(what) = of(&is_element).or_else(|| of(&is_insurance)) {
            return Some(format!(
                "it looks like a payroll (`{person}`, `{what}`): pay goes into `pay_line`, by a contract that puts pseudonyms in the place of \
                 persons, and that contract is written by hand: docs/pay_and_volumes.md, \"Pay\". {NOT_BELOW}"
            ));
        }
        let what = of(&is_post).filter(|_| !has_amounts)?;
        return Some(format!(
            "it looks like a register of posts (`{person}`, `{what}`, and no amounts): posts go into `assignment`, by a contract that is \
             written by hand: docs/pay_and_volumes.md, \"Posts\". {NOT_BELOW}"
        ));
    }
    let what = of(&is_count).filter(|_| !has_amounts)?;
    Some(format!(
        "it looks like volumes (`{what}`, and no amounts): what drives costs goes into `driver_volume`, by a contract that is written by \
         hand: docs/pay_and_volumes.md, \"Volumes\""
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

/// Of what a post is.
fn is_post(heading: &str) -> bool {
    let phrases =
        [" fte ", " whole time ", " full time ", " post ", " position ", " job ", " grade ", " pension ", " ni letter ", " ni category "];
    phrases.iter().any(|phrase| heading.contains(phrase))
}

/// Of pounds.
fn is_amount(heading: &str) -> bool {
    let phrases = [" amount ", " net ", " gross ", " paid ", " spend ", " value ", " gbp ", " pounds ", " debit ", " credit "];
    phrases.iter().any(|phrase| heading.contains(phrase))
}

/// Of counts of what is used.
fn is_count(heading: &str) -> bool {
    let phrases = [
        " count ",
        " quantity ",
        " qty ",
        " volume ",
        " volumes ",
        " units ",
        " number of ",
        " no of ",
        " minutes ",
        " mins ",
        " hours ",
        " devices ",
        " pages ",
        " tickets ",
        " calls ",
        " users ",
        " licences ",
        " seats ",
        " headcount ",
    ];
    phrases.iter().any(|phrase| heading.contains(phrase))
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
        assert!(is_post(" job title ") && is_post(" fte ") && !is_post(" posted ") && !is_post(" postcode "));
        assert!(is_count(" no of devices ") && is_count(" mins ") && !is_count(" account ") && !is_count(" discount "));
        assert!(is_amount(" net amount ") && !is_amount(" network ") && !is_amount(" quantity "));
        assert!(is_insurance(" ni number ") && !is_insurance(" unique number "));
    }
}

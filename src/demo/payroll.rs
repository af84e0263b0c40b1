//! The payroll files of three systems, each with its quirks.

use crate::domain::Day;

use super::{
    pay::{Element, Item},
    staff::{Employer, Person},
    text::{put, put_day, put_name_day, put_number, put_plain_day, put_pounds, put_pounds_with_commas},
};

/// How one payroll system writes what it paid in a month.
pub(super) trait Slips: Sync {
    /// `month` 0 is April 2018.
    fn file_name(&self, month: u64) -> String;
    fn open(&self, out: &mut Vec<u8>, month: u64);
    fn item(&mut self, out: &mut Vec<u8>, person: &Person<'_>, item: &Item<'_>);
    fn close(&self, out: &mut Vec<u8>);
}

/// The system of a council.
pub(super) fn of(employer: &Employer) -> Box<dyn Slips> {
    match employer.council {
        "newham" => Box::new(Oracle::default()),
        "havering" => Box::new(ITrent),
        _ => Box::new(Bureau::default()),
    }
}

fn month_in_name(month: u64) -> (u64, u64) {
    (2018 + (month + 3) / 12, (month + 3) % 12 + 1)
}

fn put_ni_number(out: &mut Vec<u8>, digits: u64) {
    put(out, "QQ");
    put_number(out, digits, 6);
    out.push(b'A' + (digits % 4) as u8);
}

/// Costing of Oracle HRMS: unsigned values with a flag, hours among the money, cost and balance lines, joined segments.
#[derive(Default)]
struct Oracle {
    cost_id: u64,
}

impl Oracle {
    fn start(&mut self, out: &mut Vec<u8>, person: &Person<'_>, item: &Item<'_>, value: &str, uom: &str) {
        self.cost_id += 1;
        put_number(out, person.number, 1);
        if item.post > 1 {
            put(out, "-");
            put_number(out, item.post, 1);
        }
        out.push(b',');
        put_number(out, person.number, 1);
        for text in [",\"", person.surname, ", ", person.forename, "\","] {
            put(out, text);
        }
        put_ni_number(out, person.digits);
        out.push(b',');
        put_name_day(out, item.day);
        for text in [",", oracle_element(item.element, person), ",", value, ",", uom, ","] {
            put(out, text);
        }
        put_number(out, self.cost_id, 1);
        put(out, if item.is_balance { ",B," } else { ",C," });
    }

    fn end(out: &mut Vec<u8>, item: &Item<'_>) {
        put(out, if item.pence < 0 { ",C,01." } else { ",D,01." });
        for text in [item.cost_centre, ".", item.account, ".0000\n"] {
            put(out, text);
        }
    }
}

fn oracle_element(element: Element, person: &Person<'_>) -> &'static str {
    match element {
        Element::Basic | Element::Arrears => "Basic Salary",
        Element::Overtime => "Overtime",
        Element::Absence => "Sick Pay",
        Element::EmployerNi => "NI Employer",
        Element::EmployerPension => "LGPS Employer",
        Element::Tax => "PAYE",
        Element::EmployeeNi => "NI Employee",
        Element::EmployeePension => "LGPS Employee",
        Element::Union if person.number.is_multiple_of(2) => "GMB Subscription",
        Element::Union => "Unison Subscription",
        Element::Net => "Net Pay",
    }
}

impl Slips for Oracle {
    fn file_name(&self, month: u64) -> String {
        let (year, month) = month_in_name(month);
        format!("PAYCOST_{year}_{month:02}.csv")
    }

    fn open(&self, out: &mut Vec<u8>, _: u64) {
        put(out, "ASSIGNMENT_NUMBER,EMPLOYEE_NUMBER,FULL_NAME,NATIONAL_IDENTIFIER,EFFECTIVE_DATE,ELEMENT_NAME,INPUT_VALUE_NAME,UOM");
        put(out, ",COST_ID,BALANCE_OR_COST,COSTED_VALUE,DEBIT_OR_CREDIT,CONCATENATED_SEGMENTS\n");
    }

    fn item(&mut self, out: &mut Vec<u8>, person: &Person<'_>, item: &Item<'_>) {
        let value = if item.element == Element::Arrears { "Arrears" } else { "Pay Value" };
        self.start(out, person, item, value, "M");
        put_pounds(out, item.pence.unsigned_abs());
        Self::end(out, item);
        if item.element == Element::Basic {
            // Hours stand in the column of the money.
            self.start(out, person, item, "Hours", "H");
            put(out, "156.00");
            Self::end(out, item);
        }
    }

    fn close(&self, _: &mut Vec<u8>) {}
}

/// Element extract of iTrent: codes with leading noughts, commas and trailing minus signs, bank details on every row, a footer.
struct ITrent;

impl Slips for ITrent {
    fn file_name(&self, month: u64) -> String {
        let (year, month) = month_in_name(month);
        format!("itrent_elements_{year}_{month:02}.csv")
    }

    fn open(&self, out: &mut Vec<u8>, _: u64) {
        put(out, "EMPLOYEE_REF,POST_REF,SURNAME,FORENAME,NI_NUMBER,SORT_CODE,BANK_ACCOUNT,PAY_DATE,ELEMENT_CODE,ELEMENT_DESC,AMOUNT");
        put(out, ",COST_CODE,SUBJECTIVE\n");
    }

    fn item(&mut self, out: &mut Vec<u8>, person: &Person<'_>, item: &Item<'_>) {
        out.push(b'E');
        put_number(out, person.number, 6);
        put(out, ",P");
        put_number(out, item.post, 2);
        for text in [",", person.surname, ",", person.forename, ","] {
            put(out, text);
        }
        put_ni_number(out, person.digits);
        put(out, ",00-00-");
        put_number(out, person.digits % 100, 2);
        put(out, ",00");
        put_number(out, person.digits, 6);
        out.push(b',');
        put_day(out, item.day);
        let (code, words) = itrent_element(item.element);
        for text in [",", code, ",", words, ","] {
            put(out, text);
        }
        let quoted = item.pence.unsigned_abs() >= 100_000;
        out.extend(quoted.then_some(b'"'));
        put_pounds_with_commas(out, item.pence.unsigned_abs());
        out.extend((item.pence < 0).then_some(b'-'));
        out.extend(quoted.then_some(b'"'));
        for text in [",", item.cost_centre, ",", item.account, "\n"] {
            put(out, text);
        }
    }

    fn close(&self, out: &mut Vec<u8>) {
        // Whoever is paid pays as much away: costs, deductions and net pay come to nought.
        put(out, "TOTAL,,,,,,,,,,0.00,,\n");
    }
}

const fn itrent_element(element: Element) -> (&'static str, &'static str) {
    match element {
        Element::Basic => ("0100", "Salary"),
        Element::Arrears => ("0100", "Salary arrears"),
        Element::Overtime => ("0200", "Overtime"),
        Element::Absence => ("0400", "Sickness"),
        Element::EmployerNi => ("0900", "Employers NI"),
        Element::EmployerPension => ("0910", "Employers Superann"),
        Element::Tax => ("0800", "Income tax"),
        Element::EmployeeNi => ("0810", "Employees NI"),
        Element::EmployeePension => ("0820", "Employees Superann"),
        Element::Union => ("0955", "UNISON"),
        Element::Net => ("0990", "Net pay"),
    }
}

/// A bureau's file: record types, pipes, pence without a point and with a trailing sign, monthly and four-weekly pay, a trailer of totals.
#[derive(Default)]
struct Bureau {
    rows: u64,
    costs: i64,
    balances: i64,
}

impl Slips for Bureau {
    fn file_name(&self, month: u64) -> String {
        let (year, month) = month_in_name(month);
        format!("PAY{year}{month:02}.DAT")
    }

    fn open(&self, out: &mut Vec<u8>, month: u64) {
        let (year, month) = month_in_name(month);
        put(out, "HDR|BEXLEY|PAYROLL COSTING|");
        put_number(out, year, 4);
        put_number(out, month, 2);
        put(
            out,
            "\r\nREC|PAYROLL_NO|NAME|NI_NO|DOB|SORT_CODE|ACCOUNT_NO|POST|BASIS|PAY_DATE|FROM|TO|RUN|CODE|COST|BALANCE|CENTRE|ACCOUNT\r\n",
        );
    }

    fn item(&mut self, out: &mut Vec<u8>, person: &Person<'_>, item: &Item<'_>) {
        put(out, "DTL|");
        put_number(out, person.number, 8);
        for text in ["|", person.surname, " ", person.forename, "|"] {
            put(out, text);
        }
        put_ni_number(out, person.digits);
        put(out, "|19");
        put_number(out, 60 + person.digits % 38, 2);
        put(out, "0401|0000");
        put_number(out, person.digits % 100, 2);
        put(out, "|00");
        put_number(out, person.digits, 6);
        put(out, "|B");
        put_number(out, item.post, 2);
        put(out, if person.is_four_weekly { "|4|" } else { "|M|" });
        put_plain_day(out, item.day);
        put_span(out, item.earned);
        put(out, if item.is_supplementary { "S|" } else { "N|" });
        put(out, bureau_element(item.element));
        out.push(b'|');
        put_trailing(out, item);
        for text in ["|", item.cost_centre, "|", item.account, "\r\n"] {
            put(out, text);
        }
        self.rows += 1;
        *(if item.is_balance { &mut self.balances } else { &mut self.costs }) += item.pence;
    }

    fn close(&self, out: &mut Vec<u8>) {
        put(out, "TRL|");
        put_number(out, self.rows, 1);
        for total in [self.costs, self.balances] {
            put(out, if total < 0 { "|-" } else { "|" });
            put_pounds(out, total.unsigned_abs());
        }
        put(out, "\r\n");
    }
}

/// `|20180801|20180831|`, and `|||` where it was earned in the month of the pay.
fn put_span(out: &mut Vec<u8>, earned: Option<(Day, Day)>) {
    out.push(b'|');
    if let Some((from, to)) = earned {
        put_plain_day(out, from);
        out.push(b'|');
        put_plain_day(out, to);
    } else {
        out.push(b'|');
    }
    out.push(b'|');
}

/// `250000|` or `|15000-`: pence, in the column of costs or in that of balances.
fn put_trailing(out: &mut Vec<u8>, item: &Item<'_>) {
    out.extend(item.is_balance.then_some(b'|'));
    put_number(out, item.pence.unsigned_abs(), 1);
    out.extend((item.pence < 0).then_some(b'-'));
    out.extend((!item.is_balance).then_some(b'|'));
}

const fn bureau_element(element: Element) -> &'static str {
    match element {
        Element::Basic | Element::Arrears => "BAS",
        Element::Overtime => "OVT",
        Element::Absence => "SCK",
        Element::EmployerNi => "ERN",
        Element::EmployerPension => "ERP",
        Element::Tax => "TAX",
        Element::EmployeeNi => "NIE",
        Element::EmployeePension => "PEN",
        Element::Union => "UNI",
        Element::Net => "NET",
    }
}

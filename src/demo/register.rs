//! Registers of assignments as at a date, one row for each part of a post, and of devices by cost centre.

use crate::domain::Day;

use super::{
    codes::Codes,
    staff::{Employer, Person, Post, Split, Staff},
    text::{put, put_day, put_name_day, put_number, put_plain_day},
};

/// The register of a council as at a day. Those who have left stand in it with the day from which they no longer work there; those who are
/// still to come do not.
pub(super) fn put_register(out: &mut Vec<u8>, staff: &Staff<'_>, as_at: Day) {
    let style = Style::of(&staff.employer);
    put(out, style.header());
    for person in staff.people().filter(|person| person.from <= as_at) {
        for post in &person.posts {
            let rows = post.splits.len().max(1);
            (0..rows).for_each(|at| style.row(out, &person, post, at, post.splits.get(at)));
        }
    }
}

#[derive(Clone, Copy)]
enum Style {
    Oracle,
    ITrent,
    Bureau,
}

impl Style {
    fn of(employer: &Employer) -> Self {
        match employer.council {
            "newham" => Self::Oracle,
            "havering" => Self::ITrent,
            _ => Self::Bureau,
        }
    }

    const fn header(self) -> &'static str {
        match self {
            Self::Oracle => {
                "ASSIGNMENT_NUMBER,EMPLOYEE_NUMBER,FULL_NAME,POST,START_DATE,END_DATE,FTE,NI_LETTER,PENSION_FUND,COST_CENTRE,SPLIT_NO,SPLIT_CLASS,SPLIT_SERVICE,SPLIT_WEIGHT\n"
            }
            Self::ITrent => "EMPLOYEE_REF,POST_REF,SURNAME,FORENAME,FROM,TO,FTE,NI_LETTER,FUND,COST_CODE,PART,CLASS,SERVICE,WEIGHT\n",
            Self::Bureau => "PAYROLL_NO|POST|NAME|FROM|TO|FTE|NI|FUND|CENTRE|PART|CLASS|SERVICE|WEIGHT\n",
        }
    }

    fn row(self, out: &mut Vec<u8>, person: &Person<'_>, post: &Post<'_>, at: usize, split: Option<&Split<'_>>) {
        self.put_who(out, person, post);
        let between = if matches!(self, Self::Bureau) { '|' } else { ',' };
        self.put_date(out, person.from);
        put(out, between.encode_utf8(&mut [0; 4]));
        if person.last_month < 11 {
            self.put_date(out, super::first_of(person.last_month + 1));
        }
        let fte = if person.posts.len() > 1 { if post.number == 1 { "0.5000" } else { "0.2500" } } else { "1.0000" };
        let letter = person.ni_letter;
        let fund = person.fund;
        let centre = post.cost_centre;
        put(out, &format!("{between}{fte}{between}{letter}{between}{fund}{between}{centre}{between}{}", at + 1));
        match split {
            Some(Split { service, weight }) => put(out, &format!("{between}shared{between}{service}{between}{weight}\n")),
            None => put(out, &format!("{between}{between}{between}\n")),
        }
    }

    fn put_who(self, out: &mut Vec<u8>, person: &Person<'_>, post: &Post<'_>) {
        let Person { number, surname, forename, .. } = person;
        let nth = post.number;
        match self {
            Self::Oracle => {
                let second = if nth > 1 { format!("-{nth}") } else { String::new() };
                put(out, &format!("{number}{second},{number},\"{surname}, {forename}\",N{:05},", number * 7 % 100_000));
            }
            Self::ITrent => put(out, &format!("E{number:06},P{nth:02},{surname},{forename},")),
            Self::Bureau => put(out, &format!("{number:08}|B{nth:02}|{surname} {forename}|")),
        }
    }

    fn put_date(self, out: &mut Vec<u8>, day: Day) {
        match self {
            Self::Oracle => put_name_day(out, day),
            Self::ITrent => put_day(out, day),
            Self::Bureau => put_plain_day(out, day),
        }
    }
}

/// Devices in use at each cost centre of a council, as at the last day of a month, 0 for April.
pub(super) fn put_devices(out: &mut Vec<u8>, codes: &Codes, month: u64) {
    put(out, "Cost Centre,Devices\n");
    for (at, cost_centre) in (0_u64..).zip(&codes.cost_centres) {
        put(out, cost_centre);
        out.push(b',');
        put_number(out, 6 + (at * 5 + month) % 9, 1);
        out.push(b'\n');
    }
}

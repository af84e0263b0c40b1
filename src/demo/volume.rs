//! What the shared service records of its own work: lawyers' time, minutes at the service desk, pages printed.

use super::{
    chance::Chance,
    codes::Codes,
    text::{put, put_day, put_number},
};

/// The councils that use a service, with the turns out of a hundred that each has.
type Users<'a> = [(&'a str, &'a Codes, u64)];

/// The user whose turn it is, and one of its own cost centres.
fn user<'a>(users: &Users<'a>, turn: u64) -> (&'a str, &'a str) {
    let mut from = 0;
    for (council, codes, turns) in users {
        from += turns;
        if turn % 100 < from {
            let retained = &codes.places.retained;
            let at = (turn / 100 * 7 + turn) % (retained.len() as u64).max(1);
            let place = usize::try_from(at).ok().and_then(|at| retained.get(at));
            return (council, place.map_or("", |place| place.cost_centre.as_str()));
        }
    }
    ("", "")
}

/// Time recording of a month, 0 for April: each council's hours come in its turns, so that its part of them is known.
pub(super) fn put_time(out: &mut Vec<u8>, users: &Users<'_>, month: u64, seed: u64) {
    put(out, "Entry,Date,Fee earner,Matter,Matter title,Client,Cost centre,Minutes,Chargeable,Narrative\n");
    let mut chance = Chance::new(seed ^ 0x71 << 8 ^ month);
    for block in 0..3 {
        let minutes = 6 * (4 + chance.below(12));
        for turn in 0..100 {
            let entry = block * 100 + turn;
            let (council, cost_centre) = user(users, turn * 37);
            // The company and the academies have matters of their own; one entry in fifty cannot be charged to anybody.
            let client = if turn == 99 { "onesource_trading" } else { council };
            put_number(out, month * 1_000 + entry + 1, 5);
            out.push(b',');
            put_day(out, super::first_of(month).plus_days((entry % 28) as i32));
            put(out, ",\"Samplewood, ");
            put(out, ["Ada", "Bo", "Cy"].get((entry % 3) as usize).copied().unwrap_or("Ada"));
            put(out, "\",M");
            put_number(out, entry * 31 % 997, 4);
            put(out, ",\"Exampleby v ");
            put(out, council);
            put(out, "\",");
            put(out, client);
            out.push(b',');
            put(out, if client == council { cost_centre } else { "" });
            out.push(b',');
            put_number(out, minutes, 1);
            put(out, if turn % 50 == 49 { ",N,\"Team meeting, all\"\n" } else { ",Y,Advice given\n" });
        }
    }
}

/// Calls at the service desk in a month.
pub(super) fn put_tickets(out: &mut Vec<u8>, users: &Users<'_>, month: u64, seed: u64) {
    put(out, "Ticket|Closed|Desk officer|Caller|Council|Cost centre|Minutes\n");
    let mut chance = Chance::new(seed ^ 0x7B << 8 ^ month);
    for block in 0..2 {
        let minutes = 5 + chance.below(50);
        for turn in 0..100 {
            let ticket = block * 100 + turn;
            let (council, cost_centre) = user(users, turn * 37);
            put(out, "T");
            put_number(out, month * 1_000 + ticket + 1, 6);
            out.push(b'|');
            put_day(out, super::first_of(month).plus_days((ticket % 28) as i32));
            put(out, if ticket % 2 == 0 { "|Inventon, Dee|" } else { "|Trialby, Gus|" });
            put(out, if ticket % 3 == 0 { "Nobodsworth, Eve|" } else { "Dummyton, Hal|" });
            for text in [council, "|", cost_centre, "|"] {
                put(out, text);
            }
            put_number(out, minutes, 1);
            out.push(b'\n');
        }
    }
}

/// Pages printed in a month at Newham's machines, which Havering uses too.
pub(super) fn put_pages(out: &mut Vec<u8>, users: &Users<'_>, month: u64, seed: u64) {
    put(out, "Council,Cost Centre,Pages\n");
    let mut chance = Chance::new(seed ^ 0x79 << 8 ^ month);
    for turn in 0..100 {
        let (council, cost_centre) = user(users, turn * 37);
        for text in [council, ",", cost_centre, ","] {
            put(out, text);
        }
        put_number(out, 200 + chance.below(3_000), 1);
        out.push(b'\n');
    }
}

//! `pipelines/<council>/<feed>.yaml` and its SQL: one extract of one council.

mod arriving;
mod contracts;
mod covers;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use crate::{
    diagnostic::codes::config,
    domain::{Day, Identifier, Location, Span},
    schema::{
        Contract, Contracts,
        fields::{Fields, Item},
        form, read_text,
    },
};

use super::{
    Basis, Covers, Delivers, Extent, Feed, FeedPlaces, FilePatterns, Landing, Missing, NamePart, NewestBy, Positive, Ready, Repeats,
    Required, RowsOutside, Shrunken, Sign, Taken,
    controls::{read_controls, sum_of},
    due,
    feed_digest::{Beside, digests},
    keys::AllKeys,
    listed::read_listed,
    location::{Allowed, Secrets, apart_from_kept, read_location},
    partnership::{first_of_period, in_order, span, until_the_next},
    personal,
    timing::timing,
};

use arriving::{beside, ignore, newest_by, pieces, ready};
use contracts::{contracts, into, sql};
use covers::{covers, files};

/// The keys of the file.
pub const KEYS: &[&str] = &[
    "contract",
    "into",
    "url",
    "files",
    "ignore",
    "ready",
    "landing",
    "taken",
    "sidecar",
    "covers",
    "delivers",
    "pieces",
    "newest_by",
    "rows_outside",
    "may_shrink",
    "repeats",
    "rows",
    "sign",
    "amount",
    "controls",
    "tolerance",
    "required",
    "missing",
    "closing",
    "beside",
    "active",
    "schedule",
    "catch_up",
    "jitter",
    "at_most",
    "retry",
    "due",
];

/// What a feed's file is read against.
pub struct Surroundings<'p> {
    pub root: &'p Path,
    pub contracts: &'p Contracts,
    /// `None` where the partnership's own file is at fault.
    pub drop: Option<&'p Location>,
    /// `None` where the partnership's own file is at fault: then nothing is refused for where it leads.
    pub allowed: Option<&'p Allowed>,
    /// Where truecost keeps its own: landing, lake and published, as far as they could be read.
    pub kept: &'p [(&'static str, &'p Location)],
    pub secrets: &'p Secrets<'p>,
    /// Keys of the councils; `None` where the partnership's own file is at fault.
    pub keys: Option<&'p AllKeys>,
}

const MISSING: [(&str, Missing); 3] = [("block", Missing::Block), ("without", Missing::Without), ("carry", Missing::Carry)];

/// Reads one feed; `council` and `id` are what its path says.
pub fn read_feed(file: &Item<'_>, council: &Identifier, id: &Identifier, around: &Surroundings<'_>) -> Option<Feed> {
    let fields = file.fields(KEYS)?;
    let (contracts, own_sql) = contracts(&fields, council, id, around).unzip();
    let own_sql = own_sql.unwrap_or_default();
    let (into, table) = into(&fields, around).unzip();
    let from = from(&fields, council, id, around);
    let sidecar = fields.get("sidecar").and_then(|item| beside(&item)).map(str::to_owned);
    let controls = read_controls(&fields, contracts.as_deref().unwrap_or_default(), sidecar.is_some());
    let signs = [("debit_positive", Positive::Debits), ("credit_positive", Positive::Credits)];
    let positive = choice(&fields, "sign", Positive::Debits, &signs);
    let amount = fields.get("amount").and_then(|item| amount(&item, contracts.as_deref().unwrap_or_default(), table.as_deref(), positive));
    let faults_before = file.reader().fault_count();
    let (covers, calendar) = covers(&fields);
    let files = files(&fields, &covers, calendar, file.reader().fault_count() == faults_before);
    let delivers = delivers(&fields, &covers, files.as_ref());
    let listed = listed(file, council, id, around, &covers, &controls);
    let sql_file = format!("pipelines/{council}/{id}.sql");
    let sql = sql(file, around.root, &sql_file).unwrap_or_default();
    let landing = choice(&fields, "landing", Landing::Copy, &[("copy", Landing::Copy), ("link", Landing::Link)]);
    let personal =
        contracts.as_ref().zip(table.as_ref()).and_then(|(c, into)| personal::read(&fields, council, c, into, landing, around.keys));
    let declares = table.as_deref().and_then(Contract::declares_of_rows);
    // What must be there comes last: everything else has then been read, and its faults told.
    Some(Feed {
        council: council.clone(),
        id: id.clone(),
        file: file.reader().source.file.clone(),
        places: places(file, &fields),
        digests: digests(
            file.reader().source,
            file.node,
            &Beside { sql: &sql, own_sql: own_sql.values().map(|(_, text)| text.as_str()).collect(), listed: &listed, declares },
        ),
        ignore: ignore(&fields),
        ready: ready(&fields),
        landing,
        taken: taken(&fields, from.as_ref()),
        personal,
        sidecar,
        covers,
        delivers,
        pieces: pieces(&fields, files.as_ref()),
        newest_by: newest_by(&fields),
        rows_outside: choice(&fields, "rows_outside", RowsOutside::Warn, &[("warn", RowsOutside::Warn), ("refuse", RowsOutside::Refuse)]),
        shrunken: choice(&fields, "may_shrink", Shrunken::Waits, &[("false", Shrunken::Waits), ("true", Shrunken::Counts)]),
        repeats: choice(&fields, "repeats", Repeats::Refused, &[("refused", Repeats::Refused), ("allowed", Repeats::Allowed)]),
        rows_many: choice(&fields, "rows", false, &[("one", false), ("many", true)]),
        positive,
        amount,
        controls,
        listed,
        tolerance_rows: tolerance(&fields),
        required: required(&fields),
        beside: beside_feeds(&fields),
        missing: choice(&fields, "missing", Missing::Block, &MISSING),
        closing_required: choice(&fields, "closing", false, &[("required", true), ("optional", false)]),
        active: fields.get("active").and_then(|item| active(&item)).unwrap_or_default(),
        timing: timing(&fields),
        due: fields.get("due").and_then(|item| due::read(&item)),
        into: into?,
        from: from?,
        contracts: contracts?,
        files: files?,
        sql,
        sql_file,
        own_sql,
    })
}

/// Where reports of a feed point to.
fn places(file: &Item<'_>, fields: &Fields<'_>) -> FeedPlaces {
    let place = |key: &str| file.reader().source.place(fields.key_at(key));
    FeedPlaces {
        files: place("files"),
        active: place(if fields.get("active").is_some() { "active" } else { "into" }),
        beside: place("beside"),
    }
}

/// `debit - credit`, held to what every contract of the feed says of its columns.
fn amount(
    item: &Item<'_>,
    contracts: &[(Span, Arc<Contract>)],
    into: Option<&Contract>,
    positive: Positive,
) -> Option<Vec<(Sign, Identifier)>> {
    if let Some(table) = into.filter(|table| table.special.amount.is_none()) {
        let why = format!("the rows of `{}` have no pounds", table.name);
        item.refuse(config::AMOUNT, &why, "no `amount`", format!("If they have some, let {} say which column: `amount:`.", table.file));
        return None;
    }
    let terms = sum_of(item, contracts)?;
    let row: Vec<(Identifier, i128)> = terms.iter().map(|(sign, name)| (name.clone(), sign.times())).collect();
    for (_, contract) in contracts {
        if let Err(fault) = form(contract, vec![row.clone()], positive == Positive::Credits) {
            item.refuse(config::AMOUNT, &fault.seen, fault.expected, fault.hint);
            return None;
        }
    }
    Some(terms)
}

/// Only what lies in a folder of ours can be taken away.
fn taken(fields: &Fields<'_>, from: Option<&Location>) -> Taken {
    let taken = choice(fields, "taken", Taken::Left, &[("leave", Taken::Left), ("remove", Taken::Removed)]);
    if let (Some(item), Taken::Removed, Some(Location::Url(_))) = (fields.get("taken"), taken, from) {
        item.wrong("`leave`: files of a store are its owner's to remove");
    }
    taken
}

fn choice<T: Copy>(fields: &Fields<'_>, key: &str, default: T, words: &[(&str, T)]) -> T {
    fields.get(key).and_then(|item| item.choice(words)).unwrap_or(default)
}

/// `drop` (the default) is the feed's own folder under the partnership's.
fn from(fields: &Fields<'_>, council: &Identifier, id: &Identifier, around: &Surroundings<'_>) -> Option<Location> {
    match fields.get("url") {
        Some(item) if item.raw_text() != Some("drop") => {
            let from = read_location(&item, around.secrets, around.allowed)?;
            apart_from_kept(&item, &from, around.kept);
            Some(from)
        }
        _ => Some(match around.drop? {
            Location::Folder(path) => Location::Folder(path.join(&**council).join(&**id)),
            Location::Url(url) => {
                let mut url = url.clone();
                let path = format!("{}/{council}/{id}/", url.path().trim_end_matches('/'));
                url.set_path(&path);
                Location::Url(url)
            }
        }),
    }
}

/// `snapshot`: the day of which a file tells stands in its name, and the file covers the period in which it lies.
fn delivers(fields: &Fields<'_>, covers: &Covers, files: Option<&FilePatterns>) -> Delivers {
    let delivers = choice(fields, "delivers", Delivers::Replace, &[("replace", Delivers::Replace), ("snapshot", Delivers::Snapshot)]);
    let Some(item) = fields.get("delivers").filter(|_| delivers == Delivers::Snapshot) else { return delivers };
    if files.is_some_and(|files| !files.always_has(&NamePart::Date)) {
        let hint = "A snapshot tells of one day: what was delivered before it is told apart by that day alone.";
        item.refuse(config::FILE_PATTERN, "a name does not tell of which day the snapshot is", "`{date}` in `files`", hint);
    }
    if covers.from.is_some() || covers.extent != Extent::One || !covers.in_name.is_empty() {
        item.refuse(config::WRONG_VALUE, "`covers` stands beside it", "no `covers`: a snapshot covers the period of its day", "");
    }
    delivers
}

fn tolerance(fields: &Fields<'_>) -> u64 {
    let tolerance = fields.get("tolerance").and_then(|item| item.fields(&["rows"]));
    tolerance.and_then(|fields| fields.need("rows")).and_then(|item| item.count(0, 1_000_000_000)).unwrap_or(0)
}

/// The days on which the feed delivers; they begin and end with a period.
fn active(item: &Item<'_>) -> Option<Span> {
    let fields = item.fields(&["from", "to"])?;
    for key in ["from", "to"] {
        if let Some(day) = fields.get(key).filter(|day| day.raw_text().is_some_and(|text| Day::parse_iso(text).is_some())) {
            first_of_period(&day, "a feed begins and ends with a period");
        }
    }
    span(item, &fields)
}

/// `true`, `false`, or `{from: 2023-07-01}`.
fn required(fields: &Fields<'_>) -> Required {
    let Some(item) = fields.get("required") else { return Required::Always };
    if item.is_map() {
        let from = item.fields(&["from"]).and_then(|fields| fields.need("from"));
        return from.and_then(|from| first_of_period(&from, "a period needs a feed, or does not")).map_or(Required::Always, Required::From);
    }
    item.choice(&[("true", Required::Always), ("false", Required::Never)]).unwrap_or(Required::Always)
}

/// Feeds of the same council whose rows are others, although they fill the same table at the same time.
fn beside_feeds(fields: &Fields<'_>) -> Vec<Identifier> {
    let items = fields.get("beside").and_then(|item| item.list()).unwrap_or_default();
    items.iter().filter_map(Item::identifier).collect()
}

/// What to do where the list is not there.
fn hint_of_list(covers: bool) -> &'static str {
    if covers {
        "write it: `covers` of the feed says `extent: listed`. Its first line is `file,year,period`, and each further one a file and a period that \
         it covers, `spend.csv,2025,1`, with the columns of the controls that are `listed`"
    } else {
        "write it: a control of the feed is `listed`. Its first line is `file` and what the controls measure, and each further one a file with \
         its totals"
    }
}

/// The feed's list of totals, where something asks for it.
fn listed(
    file: &Item<'_>,
    council: &Identifier,
    id: &Identifier,
    around: &Surroundings<'_>,
    covers: &Covers,
    controls: &[super::Control],
) -> BTreeMap<String, super::Listed> {
    let asked = controls.iter().any(|control| control.equals == super::Truth::Listed) || covers.extent == Extent::Listed;
    if !asked {
        return BTreeMap::new();
    }
    let name = format!("controls/{council}/{id}.csv");
    match read_text(around.root, &name) {
        Ok(text) => read_listed(&name, &text, controls, covers.extent == Extent::Listed).unwrap_or_else(|faults| {
            for fault in faults {
                file.reader().report(fault);
            }
            BTreeMap::new()
        }),
        Err(fault) => {
            file.reader().report(fault.hint(hint_of_list(covers.extent == Extent::Listed)));
            BTreeMap::new()
        }
    }
}

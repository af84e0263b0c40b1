//! `pipelines/partnership.yaml`: who takes part in what, since when.

use crate::{
    diagnostic::{Diagnostic, codes::config},
    domain::{Calendar, Day, Identifier, Location, Pence, RechargeTerms, Span, parse_decimal},
    schema::{
        fields::{Fields, Item, did_you_mean, name},
        suggest::nearest,
    },
};

use super::{
    AllKeys, Basis, Company, Council, Member, RechargeLimit, Retention, Role, SHARED, Service, ServiceKind, SuspenseLimit,
    keys::{Around, read_keys},
    location::{Allowed, Secrets, apart, read_location},
    serving::{Serving, serving},
};

pub const FILE: &str = "pipelines/partnership.yaml";

/// The keys of the file.
pub const KEYS: &[&str] = &[
    "partnership",
    "timezone",
    "year",
    "drop",
    "landing",
    "lake",
    "published",
    "councils",
    "companies",
    "services",
    "members",
    "recharge",
    "suspense_limit",
    "payroll_limit",
    "small_group",
    "allow_hosts",
    "allow_paths",
    "retention",
    "keys",
    "query_personal",
    "serve",
];

/// Folders of `pipelines/` that are no council's.
pub const NOT_COUNCILS: [&str; 3] = [SHARED, "reference", "cost"];

/// What the file says; `None` where that has been reported, so that everything else can be read all the same.
pub struct Head {
    pub name: Option<Identifier>,
    pub timezone: Option<String>,
    pub calendar: Option<Calendar>,
    pub drop: Option<Location>,
    pub landing: Option<Location>,
    pub lake: Option<Location>,
    pub published: Option<Location>,
    pub councils: Vec<Council>,
    pub companies: Vec<Company>,
    pub services: Vec<Service>,
    pub members: Vec<Member>,
    pub recharge: RechargeLimit,
    pub suspense_limit: SuspenseLimit,
    pub payroll_limit: SuspenseLimit,
    pub small_group: u64,
    pub allowed: Allowed,
    pub retention: Retention,
    pub keys: AllKeys,
    pub query_personal: bool,
    pub serving: Serving,
}

pub fn read_head(file: &Item<'_>, secrets: &Secrets<'_>) -> Option<Head> {
    let fields = file.fields(KEYS)?;
    let allowed =
        Allowed { hosts: texts(&fields, "allow_hosts"), paths: texts(&fields, "allow_paths").into_iter().map(Into::into).collect() };
    let place = |key: &str| fields.need(key).and_then(|item| read_location(&item, secrets, Some(&allowed)));
    let (drop, landing, lake, published) = (place("drop"), place("landing"), place("lake"), place("published"));
    let items = ["drop", "landing", "lake", "published"].map(|key| fields.get(key));
    let [at_drop, at_landing, at_lake, at_published] = &items;
    apart(
        secrets.root,
        &[
            ("drop", at_drop.as_ref(), drop.as_ref()),
            ("landing", at_landing.as_ref(), landing.as_ref()),
            ("lake", at_lake.as_ref(), lake.as_ref()),
            ("published", at_published.as_ref(), published.as_ref()),
        ],
    );
    let councils = fields.need("councils").map(|item| councils(&item)).unwrap_or_default();
    let kept = [("landing", landing.as_ref()), ("lake", lake.as_ref()), ("published", published.as_ref())];
    let kept = kept.into_iter().filter_map(|(name, location)| Some((name, location?))).collect();
    let around = Around { secrets, allowed: &allowed, kept };
    let keys = fields.get("keys").map(|item| read_keys(&item, &councils, &around)).unwrap_or_default();
    let companies = fields.get("companies").map(|item| companies(&item, &councils)).unwrap_or_default();
    let services = fields.get("services").map(|item| services(&item)).unwrap_or_default();
    Some(Head {
        name: fields.need("partnership").and_then(|item| item.identifier()),
        timezone: timezone(&fields),
        calendar: calendar(&fields),
        drop,
        landing,
        lake,
        published,
        members: with_shared(
            fields.get("members").map(|item| members(&item, &councils, &companies, &services)).unwrap_or_default(),
            &councils,
        ),
        councils,
        companies,
        services,
        recharge: recharge(&fields),
        suspense_limit: limit(&fields, "suspense_limit"),
        payroll_limit: limit(&fields, "payroll_limit"),
        small_group: small_group(&fields),
        retention: retention(&fields),
        keys,
        query_personal: fields.get("query_personal").and_then(|item| item.flag()).unwrap_or(false),
        serving: serving(&fields),
        allowed,
    })
}

fn texts(fields: &Fields<'_>, key: &str) -> Vec<String> {
    fields.get(key).and_then(|item| item.texts()).unwrap_or_default()
}

/// Civil time is that of Europe/London: the rules for the hours that move are made for it.
fn timezone(fields: &Fields<'_>) -> Option<String> {
    let london = [("Europe/London", "Europe/London")];
    fields.get("timezone").map_or(Some("Europe/London"), |item| item.choice(&london)).map(str::to_owned)
}

/// `year: {starts: 04-01, closing_period: 13}`.
fn calendar(fields: &Fields<'_>) -> Option<Calendar> {
    let Some(item) = fields.get("year") else { return Some(Calendar { starts_month: 4, closing_period: 13 }) };
    let year = item.fields(&["starts", "closing_period"])?;
    let month = |text: &str| text.strip_suffix("-01").filter(|m| m.len() == 2)?.parse().ok().filter(|m| (1..=12).contains(m));
    let starts_month = year.need("starts")?.read("the first day of a month, written MM-01 as in `04-01`", month);
    let closing_period = year.get("closing_period").map_or(Some(13), |item| item.choice(&[("13", 13)]));
    Some(Calendar { starts_month: starts_month?, closing_period: closing_period? })
}

fn councils(item: &Item<'_>) -> Vec<Council> {
    let mut councils: Vec<Council> = Vec::new();
    for (key, at, item) in item.entries().unwrap_or_default() {
        let id = name(item.reader(), at, "a council", key);
        if NOT_COUNCILS.contains(&key) && key != SHARED {
            let fault = Diagnostic::new(config::NOT_A_NAME, format!("no council can be called `{key}`: it is a folder of its own"));
            item.reader().fault(at, fault.expected("another name"));
        }
        let Some(fields) = item.fields(&["name", "cost_basis"]) else { continue };
        let name = fields.need("name").and_then(|item| item.text()).map(str::to_owned);
        let cost_basis = fields.need("cost_basis").map(|item| cost_basis(&item)).unwrap_or_default();
        if let (Some(id), Some(name)) = (id, name) {
            councils.push(Council { id, name, cost_basis });
        }
    }
    councils.sort_by(|a, b| a.id.cmp(&b.id));
    councils
}

/// `[{from: 2014-04-01, basis: ledger}, {from: 2023-04-01, basis: payments}]`: each holds until the next begins.
fn cost_basis(item: &Item<'_>) -> Vec<(Span, Basis)> {
    let words = [("ledger", Basis::Ledger), ("payments", Basis::Payments)];
    let mut starts: Vec<(Option<Day>, Basis)> = Vec::new();
    for row in item.list().unwrap_or_default() {
        let Some(fields) = row.fields(&["from", "basis"]) else { continue };
        let from = fields.need("from").and_then(|item| first_of_period(&item, "the basis of costs changes with a period"));
        let basis = fields.need("basis").and_then(|item| item.choice(&words));
        let (Some(from), Some(basis)) = (from, basis) else { continue };
        in_order(&row, starts.last().and_then(|(day, _)| *day), from);
        starts.push((Some(from), basis));
    }
    until_the_next(starts)
}

/// A day on which a period begins; any other is reported with the reason why it must be one.
pub fn first_of_period(item: &Item<'_>, why: &str) -> Option<Day> {
    let day = item.day()?;
    if day.ymd().2 != 1 {
        item.refuse(
            config::NOT_A_PERIOD_START,
            &format!("{day} is in the middle of a period"),
            format!("the first day of a month: {why}"),
            "",
        );
    }
    Some(day)
}

/// Reports a start that is not after the one before it.
pub fn in_order(item: &Item<'_>, before: Option<Day>, from: Day) {
    if before.is_some_and(|before| before >= from) {
        item.refuse(config::OVERLAPPING_DATES, &format!("it starts on {from}, not after the one before it"), "starts that rise", "");
    }
}

/// Spans that each end where the next begins.
pub fn until_the_next<T>(starts: Vec<(Option<Day>, T)>) -> Vec<(Span, T)> {
    let ends: Vec<Option<Day>> = starts.iter().skip(1).map(|(from, _)| *from).chain([None]).collect();
    starts.into_iter().zip(ends).map(|((from, what), to)| (Span { from, to }, what)).collect()
}

fn companies(item: &Item<'_>, councils: &[Council]) -> Vec<Company> {
    let mut companies = Vec::new();
    for (key, at, item) in item.entries().unwrap_or_default() {
        let id = name(item.reader(), at, "a company", key);
        if councils.iter().any(|council| &*council.id == key) {
            let fault = Diagnostic::new(config::DUPLICATE_FEED, format!("`{key}` is a council and a company"));
            item.reader().fault(at, fault.expected("a name for each organisation"));
        }
        let Some(fields) = item.fields(&["name", "owners", "dormant"]) else { continue };
        let name = fields.need("name").and_then(|item| item.text()).map(str::to_owned);
        let owners = fields.get("owners").and_then(|item| item.list()).unwrap_or_default();
        let known = || councils.iter().map(|council| &council.id);
        let owners = owners.iter().filter_map(|item| one_of_ours(item, "council", known)).collect();
        if let (Some(id), Some(name)) = (id, name) {
            let dormant = fields.get("dormant").and_then(|item| item.flag()).unwrap_or(false);
            companies.push(Company { id, name, owners, dormant });
        }
    }
    companies.sort_by(|a, b| a.id.cmp(&b.id));
    companies
}

/// A name that must be one of those declared elsewhere.
fn one_of_ours<'k, I: Iterator<Item = &'k Identifier>>(item: &Item<'_>, what: &str, known: impl Fn() -> I) -> Option<Identifier> {
    let text = item.text()?;
    let found = known().find(|id| &***id == text).cloned();
    if found.is_none() {
        let names: Vec<String> = known().map(|id| format!("`{id}`")).collect();
        let hint = did_you_mean(nearest(text, known().map(Identifier::as_str)));
        let expected =
            if names.is_empty() { format!("a {what} of this file, which names none yet") } else { format!("one of {}", names.join(", ")) };
        item.refuse(config::UNKNOWN_NAME, &format!("there is no {what} `{}`", text.escape_debug()), expected, hint);
    }
    found
}

/// directorate → service → {name, kind}, in the order of the file.
fn services(item: &Item<'_>) -> Vec<Service> {
    let kinds = [("final", ServiceKind::Final), ("support", ServiceKind::Support), ("both", ServiceKind::Both)];
    let mut services: Vec<Service> = Vec::new();
    for (key, at, item) in item.entries().unwrap_or_default() {
        let directorate = name(item.reader(), at, "a directorate", key);
        let Some(fields) = item.fields(&["name", "services"]) else { continue };
        let directorate_name = fields.need("name").and_then(|item| item.text());
        for (key, at, item) in fields.need("services").and_then(|item| item.entries()).unwrap_or_default() {
            let id = name(item.reader(), at, "a service", key);
            let Some(fields) = item.fields(&["name", "kind"]) else { continue };
            let service_name = fields.need("name").and_then(|item| item.text());
            let kind = fields.need("kind").and_then(|item| item.choice(&kinds));
            if services.iter().any(|service| &*service.id == key) || ["none", "unknown", "all"].contains(&key) {
                let fault = Diagnostic::new(
                    config::DUPLICATE_FEED,
                    format!("the service `{key}` stands twice, or has a name with a meaning of its own"),
                );
                item.reader().fault(at, fault.expected("each service once, and none called `none`, `unknown` or `all`"));
            }
            if let (Some(id), Some(directorate), Some(directorate_name), Some(name), Some(kind)) =
                (id, directorate.clone(), directorate_name, service_name, kind)
            {
                let directorate_name = directorate_name.to_owned();
                services.push(Service { id, directorate, directorate_name, name: name.to_owned(), kind });
            }
        }
    }
    services
}

fn members(item: &Item<'_>, councils: &[Council], companies: &[Company], services: &[Service]) -> Vec<Member> {
    let roles = [("partner", Role::Partner), ("host", Role::Host), ("company", Role::Company), ("customer", Role::Customer)];
    let mut members = Vec::new();
    for row in item.list().unwrap_or_default() {
        let Some(fields) = row.fields(&["organisation", "service", "role", "from", "to"]) else { continue };
        let known = || councils.iter().map(|council| &council.id).chain(companies.iter().map(|company| &company.id));
        let role = fields.need("role").and_then(|item| item.choice(&roles));
        // A customer is known by its name alone until customers have a table of their own.
        let organisation = fields.need("organisation").and_then(|item| match role {
            Some(Role::Customer) => item.identifier(),
            _ => one_of_ours(&item, "council or company", known),
        });
        let span = span(&row, &fields);
        let taken = fields.need("service").map(|item| taken_part_in(&item, services)).unwrap_or_default();
        let (Some(organisation), Some(role), Some(span)) = (organisation, role, span) else { continue };
        for service in taken {
            for day in [span.from, span.to].into_iter().flatten().filter(|day| day.ymd().2 != 1) {
                let why = format!("`{organisation}` begins or ends on {day}");
                row.refuse(config::WRONG_VALUE, &why, "the first day of a month: membership changes with a period", "");
            }
            let member = Member { organisation: organisation.clone(), service, role, span };
            twice(&row, &members, &member);
            members.push(member);
        }
    }
    members
}

/// The shared service hosts every service, from ever and for ever, unless the file says otherwise: so its rules hold for its costs.
fn with_shared(mut members: Vec<Member>, councils: &[Council]) -> Vec<Member> {
    let declared = councils.iter().find(|council| &*council.id == SHARED);
    if let Some(shared) = declared.filter(|shared| !members.iter().any(|member| member.organisation == shared.id)) {
        members.push(Member { organisation: shared.id.clone(), service: None, role: Role::Host, span: Span::default() });
    }
    members
}

/// `from` and `to` of a mapping, half-open; both may be left out.
pub fn span(item: &Item<'_>, fields: &Fields<'_>) -> Option<Span> {
    let day = |key: &str| fields.get(key).map(|item| item.day());
    let (from, to) = (day("from"), day("to"));
    if from == Some(None) || to == Some(None) {
        return None;
    }
    let span = Span { from: from.flatten(), to: to.flatten() };
    if let (Some(from), Some(to)) = (span.from, span.to)
        && to <= from
    {
        item.refuse(
            config::OVERLAPPING_DATES,
            &format!("it ends on {to}, before it begins on {from}"),
            "`to` is the first day on which it no longer holds",
            "",
        );
        return None;
    }
    Some(span)
}

/// A service, several, or `all` (`None`).
fn taken_part_in(item: &Item<'_>, services: &[Service]) -> Vec<Option<Identifier>> {
    let known = || services.iter().map(|service| &service.id);
    if item.raw_text() == Some("all") {
        return vec![None];
    }
    let named = if item.is_list() { item.list().unwrap_or_default() } else { vec![item.clone()] };
    named.iter().filter_map(|item| one_of_ours(item, "service", known).map(Some)).collect()
}

/// Reports a membership that says again what another says.
fn twice(row: &Item<'_>, members: &[Member], member: &Member) {
    let same = |other: &&Member| other.organisation == member.organisation && other.role == member.role && other.span.overlaps(member.span);
    let both = |other: &&Member| other.service.is_none() || member.service.is_none() || other.service == member.service;
    if members.iter().any(|other| same(&other) && both(&other)) {
        let service = member.service.as_ref().map_or_else(|| "every service".to_owned(), |service| format!("`{service}`"));
        let why = format!("`{}` takes part in {service} twice on the same days", member.organisation);
        row.refuse(config::OVERLAPPING_DATES, &why, "each service, role and day once for each organisation", "");
    }
}

/// `{tolerance: 0.05, window: 1, limit: 100.00}`; what is not said is as [`RechargeLimit::default`].
fn recharge(fields: &Fields<'_>) -> RechargeLimit {
    let default = RechargeLimit::default();
    let Some(said) = fields.get("recharge").and_then(|item| item.fields(&["tolerance", "window", "limit"])) else { return default };
    let pounds = |key: &str| {
        let expected = "pounds that are not negative, as in `0.05`";
        said.get(key).and_then(|item| item.read(expected, |text| pence(text).filter(|p| *p >= 0)))
    };
    let window =
        said.get("window").and_then(|item| item.read("a number of periods from 0 to 12", |text| text.parse().ok().filter(|n| *n <= 12)));
    let terms =
        RechargeTerms { tolerance: pounds("tolerance").unwrap_or(default.terms.tolerance), window: window.unwrap_or(default.terms.window) };
    RechargeLimit { terms, limit_pence: pounds("limit").unwrap_or(default.limit_pence) }
}

/// `{pounds: 0.00, action: warn}`.
fn limit(fields: &Fields<'_>, key: &str) -> SuspenseLimit {
    let default = SuspenseLimit { pence: 0, stop: false };
    let Some(limit) = fields.get(key).and_then(|item| item.fields(&["pounds", "action"])) else { return default };
    let pence = limit
        .need("pounds")
        .and_then(|item| item.read("pounds that are not negative, as in `1000.00`", |text| pence(text).filter(|p| *p >= 0)));
    let stop = limit.get("action").and_then(|item| item.choice(&[("warn", false), ("stop", true)]));
    SuspenseLimit { pence: pence.unwrap_or(0), stop: stop.unwrap_or(false) }
}

/// Persons; 5 unless said.
fn small_group(fields: &Fields<'_>) -> u64 {
    let persons = |text: &str| text.parse().ok().filter(|persons| (1..=1_000).contains(persons));
    fields.get("small_group").and_then(|item| item.read("a number of persons from 1 to 1000, as in `5`", persons)).unwrap_or(5)
}

/// Pounds with at most two decimals, as pence.
pub fn pence(text: &str) -> Option<Pence> {
    parse_decimal(text, 2)
}

fn retention(fields: &Fields<'_>) -> Retention {
    let retention = fields.get("retention").and_then(|item| item.fields(&["landing", "releases", "quarantine", "runs", "personal"]));
    let months = |key: &str| {
        let item = retention.as_ref()?.get(key)?;
        item.read("years or months, as in `7y` or `18m`", |text| {
            let years = text.strip_suffix('y').and_then(|n| n.parse::<u32>().ok()).and_then(|n| n.checked_mul(12));
            years.or_else(|| text.strip_suffix('m').and_then(|n| n.parse().ok())).filter(|n| (1..=1_200).contains(n))
        })
    };
    let landing_months = months("landing").unwrap_or(84);
    Retention {
        landing_months,
        releases_months: months("releases").unwrap_or(84),
        quarantine_months: months("quarantine").unwrap_or(18),
        runs_months: months("runs").unwrap_or(84),
        personal_months: months("personal").unwrap_or(landing_months),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pounds_are_read_exactly() {
        assert_eq!(pence("0.00"), Some(0));
        assert_eq!(pence("-12.5"), Some(-1250));
        assert_eq!(pence("1000"), Some(100_000));
        for text in ["", ".5", "1.", "1.234", "1,000", "1e3", "--1", "£1"] {
            assert_eq!(pence(text), None, "{text}");
        }
    }
}

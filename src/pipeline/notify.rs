//! `pipelines/notify.yaml`: who is told of what, and where. Addresses and keys stand in it as references alone.

use std::{collections::BTreeSet, fmt, path::Path};

use url::Url;

use crate::{
    diagnostic::{Diagnostic, codes::config},
    domain::{Identifier, Listed, listed, near_host},
    schema::{
        fields::{Item, Reader, UNTOUCHED, did_you_mean, name},
        read_text,
        secret::{pieces, refers},
        suggest::nearest,
        yaml::SourceText,
    },
};

use super::{
    Feed,
    location::{Allowed, Resolved, Secrets},
};

/// The keys of the file.
pub const KEYS: &[&str] = &["channels", "tell"];
pub(super) const CHANNEL_KEYS: &[&str] = &["webhook"];
pub(super) const WEBHOOK_KEYS: &[&str] = &["url", "shape", "sign"];
pub(super) const TELL_KEYS: &[&str] = &["events", "feeds", "channels"];
pub(super) const NAME: &str = "notify.yaml";
pub(super) const FILE: &str = "pipelines/notify.yaml";

/// Of what somebody can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeKind {
    /// A delivery was refused.
    Refused,
    /// A delivery waits for a person's word.
    Waiting,
    /// A delivery is due and has not come.
    Late,
    /// It has not come for long.
    Missing,
    /// What was late or missing has come.
    Arrived,
    /// A check stopped publication.
    CheckFailed,
    /// A run ended before it was done.
    RunFailed,
    /// Slots are held, for the configuration is not valid.
    Held,
    /// Readers see a new release.
    Released,
    /// Figures of a closed period were restated.
    Restated,
    /// Something came for a closed period.
    AfterClose,
    /// The disk of the lake is nearly full.
    DiskLow,
    /// Slots had been taken far ahead of the clock, and are taken from now on.
    Clock,
}

impl NoticeKind {
    /// All of them, as `tell` names them.
    pub const ALL: [(&'static str, Self); 13] = [
        ("refused", Self::Refused),
        ("waiting", Self::Waiting),
        ("late", Self::Late),
        ("missing", Self::Missing),
        ("arrived", Self::Arrived),
        ("check_failed", Self::CheckFailed),
        ("run_failed", Self::RunFailed),
        ("held", Self::Held),
        ("released", Self::Released),
        ("restated", Self::Restated),
        ("after_close", Self::AfterClose),
        ("disk_low", Self::DiskLow),
        ("clock", Self::Clock),
    ];

    /// As `tell` and messages name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }
}

/// What a message looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A card of Microsoft Teams.
    Teams,
    Slack,
    /// All that is known, for a program.
    Json,
}

/// Where messages go.
#[derive(Clone, PartialEq, Eq)]
pub struct Channel {
    pub name: Identifier,
    /// It holds a secret, and is shown nowhere.
    pub url: Url,
    pub shape: Shape,
    /// The key by which messages are signed; `None`: they are not.
    pub sign: Option<String>,
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("name", &self.name).field("shape", &self.shape).finish_non_exhaustive()
    }
}

/// Who is told of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tell {
    pub events: BTreeSet<NoticeKind>,
    /// Councils, or `council/feed`; empty: all, and what is of no feed.
    pub feeds: Vec<String>,
    /// Names of channels.
    pub channels: Vec<String>,
}

/// The file; empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notify {
    pub channels: Vec<Channel>,
    pub tell: Vec<Tell>,
}

impl Notify {
    /// The channels that are told of an event; `feed` is `council/feed`, or `None` for what is of no feed.
    #[must_use]
    pub fn told(&self, kind: NoticeKind, feed: Option<&str>) -> BTreeSet<&str> {
        let is_of = |tell: &&Tell| {
            let named = |feed: &str| tell.feeds.iter().any(|of| of == feed || feed.split('/').next() == Some(of.as_str()));
            tell.events.contains(&kind) && (tell.feeds.is_empty() || feed.is_some_and(named))
        };
        self.tell.iter().filter(is_of).flat_map(|tell| tell.channels.iter().map(String::as_str)).collect()
    }
}

/// What the file needs to be judged by.
pub struct Around<'a> {
    pub root: &'a Path,
    pub secrets: &'a Secrets<'a>,
    pub allowed: &'a Allowed,
    pub feeds: &'a [Feed],
}

/// Reads the file, where there is one.
pub fn read_notify(around: &Around<'_>, faults: &mut Vec<Diagnostic>) -> Notify {
    if !around.root.join(FILE).exists() {
        return Notify::default();
    }
    let text = match read_text(around.root, FILE) {
        Ok(text) => text,
        Err(fault) => {
            faults.push(*fault);
            return Notify::default();
        }
    };
    let source = SourceText::new(FILE, text);
    let (reader, node) = Reader::new(&source);
    let notify = read_file(&reader.item(&node), around);
    faults.extend(reader.into_faults());
    notify.unwrap_or_default()
}

fn read_file(file: &Item<'_>, around: &Around<'_>) -> Option<Notify> {
    let fields = file.fields(KEYS)?;
    let mut channels = Vec::new();
    for (key, at, item) in fields.need("channels").and_then(|item| item.entries()).unwrap_or_default() {
        if let (Some(name), Some(channel)) = (name(item.reader(), at, "a channel", key), read_channel(&item, around)) {
            channels.push(Channel { name, ..channel });
        }
    }
    let tell = fields.need("tell").and_then(|item| item.list()).unwrap_or_default();
    let tell = tell.iter().filter_map(|item| read_tell(item, around, &fields.get("channels")?)).collect();
    Some(Notify { channels, tell })
}

/// The caller gives it its name.
fn read_channel(item: &Item<'_>, around: &Around<'_>) -> Option<Channel> {
    let fields = item.fields(CHANNEL_KEYS)?.need("webhook")?.fields(WEBHOOK_KEYS)?;
    let shape = fields
        .get("shape")
        .map_or(Some(Shape::Json), |item| item.choice(&[("teams", Shape::Teams), ("slack", Shape::Slack), ("json", Shape::Json)]));
    let url = fields.need("url").and_then(|item| read_url(&item, around));
    let sign = fields.get("sign").map(|item| behind(&item, around));
    let name = Identifier::new("channel").ok()?;
    Some(Channel { name, url: url?, shape: shape?, sign: sign.map_or(Some(None), |key| key.map(Some))? })
}

/// What stands behind a reference; a value that is written out is a secret in a file.
fn behind(item: &Item<'_>, around: &Around<'_>) -> Option<String> {
    let text = item.raw_text().unwrap_or_default();
    let pieces = pieces(text);
    let [Ok(""), Err(reference), Ok("")] = pieces.as_slice() else {
        let seen = if refers(text) { "it is more, or less, than one reference" } else { "a secret stands in this file" };
        refuse(item, config::LITERAL_SECRET, seen, REFERENCE, "Set it in the environment in which truecost runs, and write the reference.");
        return None;
    };
    match around.secrets.look_up(*reference, around.allowed) {
        Resolved::Text(text) => Some(text),
        Resolved::Missing(why) => {
            let seen = format!("a secret is missing: {why}");
            refuse(
                item,
                config::MISSING_SECRET,
                &seen,
                "every reference answered",
                "Set it where truecost runs, or correct the reference.",
            );
            None
        }
        Resolved::Outside(fault) => {
            item.fault(*fault);
            None
        }
    }
}

const REFERENCE: &str = "a reference: `${env:NAME}` or `${file:PATH}`";

/// The line is not shown: it may hold a secret.
fn refuse(item: &Item<'_>, code: crate::diagnostic::Code, seen: &str, expected: &str, hint: &str) {
    let mut place = item.reader().source.place(item.at());
    place.excerpt = None;
    let fault = Diagnostic::new(code, format!("{}: {seen}", item.name())).place(place);
    item.reader().report(fault.expected(expected).outcome(UNTOUCHED).hint(hint));
}

/// An address that sources may reach too. Without encryption only where the partnership lists the host.
fn read_url(item: &Item<'_>, around: &Around<'_>) -> Option<Url> {
    let text = behind(item, around)?;
    let url = Url::parse(&text).ok().filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host());
    let Some(url) = url else {
        refuse(item, config::WRONG_VALUE, "what it refers to is no address", "`https://host/…`", "");
        return None;
    };
    let near = near_host(&url).map(|why| format!("the host `{}` is {why}", url.host_str().unwrap_or_default()));
    let plain = (url.scheme() == "http").then(|| "messages would go over the network as they are, for the address is `http://`".to_owned());
    match near.or(plain).filter(|_| listed(&url, &around.allowed.hosts) != Listed::Yes) {
        Some(why) => {
            let expected = "`https` to a host of the outside world, or a host listed in `allow_hosts`";
            refuse(item, config::FORBIDDEN_HOST, &why, expected, "If it is meant, name it in `allow_hosts` of pipelines/partnership.yaml.");
            None
        }
        None => Some(url),
    }
}

fn read_tell(item: &Item<'_>, around: &Around<'_>, channels: &Item<'_>) -> Option<Tell> {
    let fields = item.fields(TELL_KEYS)?;
    let events = fields.need("events").and_then(|item| item.list()).unwrap_or_default();
    let events = events.iter().filter_map(|event| event.choice(&NoticeKind::ALL)).collect();
    let councils = around.feeds.iter().flat_map(|feed| [feed.council.to_string(), feed.name()]).collect::<BTreeSet<_>>();
    let feeds = fields.get("feeds").map(|item| names(&item, &councils.iter().map(String::as_str), "a council or a feed"));
    let declared: Vec<&str> = channels.entries().unwrap_or_default().into_iter().map(|(key, _, _)| key).collect();
    let channels = names(&fields.need("channels")?, &declared.iter().copied(), "a channel of this file");
    Some(Tell { events, feeds: feeds.unwrap_or_default(), channels })
}

fn names<'n>(item: &Item<'_>, known: &(impl Iterator<Item = &'n str> + Clone), what: &str) -> Vec<String> {
    let names = item.texts().unwrap_or_default();
    for unknown in names.iter().filter(|name| !known.clone().any(|known| known == name.as_str())) {
        let seen = format!("there is none of the name `{}`", unknown.escape_debug());
        item.refuse(config::UNKNOWN_NAME, &seen, what, did_you_mean(nearest(unknown, known.clone())));
    }
    names
}

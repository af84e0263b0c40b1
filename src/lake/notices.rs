//! The outbox of notices: what somebody is to be told, each with where it went. A notice is written before it is sent and marked after
//! that, so a run that dies in between sends it once more, under the same id.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{
    Lake, durable,
    durable::{Seen, sha256},
    runs::is_unreadable,
    sealed,
};
use crate::{crash, diagnostic::Answer};

/// What somebody is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// SHA-256 of kind, subject and state.
    pub id: String,
    /// `refused`, `late`, …
    pub kind: String,
    /// What it is about: a delivery, a period of a feed, a release.
    pub subject: String,
    /// What became of the subject; a second occurrence is another state.
    pub state: String,
    /// `council/feed`; `None` for what is of no feed.
    pub feed: Option<String>,
    /// What is said: pounds and codes, no row and no value of a person.
    pub text: String,
    /// It tells that something is over.
    #[serde(default)]
    pub over: bool,
    /// The condition that it tells of still holds.
    #[serde(default)]
    pub open: bool,
    /// Number of the run that noted it.
    pub run: u64,
    /// An instant as text, and as microseconds since 1970.
    pub at: String,
    pub at_us: i64,
    /// By channel.
    pub told: BTreeMap<String, Telling>,
}

/// How far a notice is on its way to a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    pub state: TellingState,
    pub tries: u32,
    /// What was answered last, in words.
    #[serde(default)]
    pub answer: String,
    /// Until when it asked for patience, in microseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before_us: Option<i64>,
}

/// Whether it has arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TellingState {
    /// It is still to be sent, or sent again.
    #[default]
    Waits,
    Sent,
    /// Nobody tries any more.
    Failed,
}

impl TellingState {
    /// As tables say it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waits => "waits",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

impl Notice {
    /// The id of an event.
    #[must_use]
    pub fn id_of(kind: &str, subject: &str, state: &str) -> String {
        sha256(format!("{kind}\0{subject}\0{state}").as_bytes())
    }

    /// Whether some channel has still to be told.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.told.values().any(|telling| telling.state == TellingState::Waits)
    }
}

impl Lake {
    fn notices_folder(&self) -> PathBuf {
        self.folder().join("notices")
    }

    /// All notices, oldest first. Those that cannot be read are left out, and told by [`Lake::strays`]: no figure depends on them, and who
    /// was told by one is told once more, under the same id.
    ///
    /// # Errors
    /// TC1002.
    pub fn notices(&self) -> Answer<Vec<Notice>> {
        let mut all = Vec::new();
        for path in self.notice_files()? {
            match sealed::read::<Notice>(&path) {
                Err(refusal) if is_unreadable(&refusal) => {}
                read => all.extend(read?),
            }
        }
        all.sort_by(|a, b| (a.run, &a.id).cmp(&(b.run, &b.id)));
        Ok(all)
    }

    pub(super) fn notice_files(&self) -> Answer<Vec<PathBuf>> {
        let is_json = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "json");
        Ok(durable::names(&self.notices_folder())?.into_iter().map(|name| self.notices_folder().join(name)).filter(is_json).collect())
    }

    /// Writes a notice down, or what has become of it.
    ///
    /// # Errors
    /// TC1002.
    pub fn keep_notice(&self, notice: &Notice) -> Answer<()> {
        durable::folder(&self.notices_folder(), Seen::ByUs)?;
        sealed::write(&self.notices_folder().join(format!("{}.json", notice.id)), notice)?;
        Ok(crash::point("notice.kept")?)
    }
}

//! What a person's command is about to do to the register, written down first: a command that dies between two entries is finished by
//! whoever writes next, and not done twice by whoever types it again.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{
    Decided, DeliveryRecord, Lake,
    durable::{self, Seen},
};
use crate::{crash, diagnostic::Answer};

/// A command, with every entry that it changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub what: Decided,
    /// As it was typed.
    pub selector: String,
    pub by: String,
    pub reason: String,
    /// An instant as text.
    pub at: String,
    /// Number of the command among runs and commands that wrote.
    pub number: u64,
    /// The entries as they were.
    pub before: Vec<DeliveryRecord>,
    /// The same entries as they are to be, in the order in which they are entered.
    pub after: Vec<DeliveryRecord>,
}

impl Pending {
    /// The register as it was before the command.
    #[must_use]
    pub fn undone(&self, known: &[DeliveryRecord]) -> Vec<DeliveryRecord> {
        let before = |r: &DeliveryRecord| self.before.iter().find(|before| before.is(&r.delivery_id)).unwrap_or(r).clone();
        known.iter().map(before).collect()
    }
}

impl Lake {
    fn pending_file(&self) -> PathBuf {
        self.folder().join("decision.json")
    }

    /// Writes down what is about to be done.
    ///
    /// # Errors
    /// TC1002.
    pub fn begin(&self, pending: &Pending) -> Answer<()> {
        let path = self.pending_file();
        self.witness.deciding()?;
        durable::replace(&path, &durable::json(&path, pending)?, Seen::ByUs)?;
        Ok(crash::point("decide.begun")?)
    }

    /// Enters all of it; entering an entry again changes nothing.
    ///
    /// # Errors
    /// TC1002.
    pub fn enter_pending(&self, pending: &Pending) -> Answer<()> {
        for record in &pending.after {
            self.register().enter(record)?;
            crash::point("decide.entered")?;
        }
        Ok(())
    }

    /// What a command that died had begun; `None` where none did.
    ///
    /// # Errors
    /// TC1010 where it cannot be read; TC1002.
    pub fn pending(&self) -> Answer<Option<Pending>> {
        durable::read_json(&self.pending_file())
    }

    /// It is done.
    ///
    /// # Errors
    /// TC1002.
    pub fn end_pending(&self) -> Answer<()> {
        // While it is still to be done: who types it again after this has died finds it, and does not do it twice.
        self.witness.level()?;
        durable::remove(&self.pending_file())?;
        durable::sync_folder(self.folder())
    }
}

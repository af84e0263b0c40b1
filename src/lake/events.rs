//! What persons said, in its order: `lake/<kind>/<number>.json`, one file an event. Events are added and never changed, but for what of
//! personal data retention takes out of a correction. `lake/<kind>/last`
//! says how many there are, so that the loss of the last is noticed too; a version before wrote none.

use std::path::PathBuf;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Lock, durable, fault, sealed, witness::Witness};
use crate::{
    crash,
    diagnostic::{Answer, Diagnostic, Refusal},
};

/// The events of one kind.
#[derive(Debug)]
pub struct Events {
    folder: PathBuf,
    witness: Witness,
}

/// `last`.
#[derive(Debug, Serialize, Deserialize)]
struct Last {
    number: u64,
}

impl Events {
    pub(super) fn at(folder: PathBuf, witness: &Witness) -> Self {
        Self { folder, witness: witness.clone() }
    }

    pub(super) fn entry(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:08}.json"))
    }

    fn last(&self) -> PathBuf {
        self.folder.join("last")
    }

    /// Numbers of the events, in order.
    fn numbers(&self) -> Answer<Vec<u64>> {
        let number = |name: String| name.strip_suffix(".json")?.parse().ok();
        let mut numbers: Vec<u64> = durable::entries(&self.folder)?.into_iter().filter_map(number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Every event, oldest first.
    ///
    /// # Errors
    /// TC1010 where one cannot be read, is not as it was written, or is gone.
    pub fn all<T: DeserializeOwned>(&self) -> Answer<Vec<T>> {
        Ok(self.numbered()?.into_iter().map(|(_, event)| event).collect())
    }

    /// The same, each with its number.
    ///
    /// # Errors
    /// As [`Self::all`].
    pub(super) fn numbered<T: DeserializeOwned>(&self) -> Answer<Vec<(u64, T)>> {
        let mut events = Vec::new();
        for (number, expected) in self.numbers()?.into_iter().zip(1..) {
            if number != expected {
                return Err(fault::record(&self.entry(expected), "it is gone, and a later one is there"));
            }
            events.extend(sealed::read(&self.entry(number))?.map(|event| (number, event)));
        }
        match sealed::read::<Last>(&self.last())? {
            Some(last) if last.number > events.len() as u64 => Err(fault::record(&self.entry(last.number), "it is gone, and was the last")),
            _ => Ok(events),
        }
    }

    /// Brings up to date how many there are, where a kill came between an event and that. Never lower: that is how a loss is told.
    pub(super) fn recover(&self) -> Answer<()> {
        let (known, there) = (sealed::read::<Last>(&self.last())?, self.numbers()?.last().copied().unwrap_or(0));
        if known.map_or(0, |last| last.number) < there { sealed::write(&self.last(), &Last { number: there }) } else { Ok(()) }
    }

    /// Adds an event after all others. Only the holder of the lock may.
    ///
    /// # Errors
    /// TC1002; it says so where the event is entered, and only what is told beside it could not be.
    pub fn add<T: Serialize>(&self, _held: &Lock, event: &T) -> Answer<()> {
        let next = self.numbers()?.last().copied().unwrap_or(0) + 1;
        self.witness.deciding()?;
        sealed::write(&self.entry(next), event)?;
        self.tell(next).map_err(holds)
    }

    /// How many there are, here and beside the releases. Should this end in between, it says too little, until whoever takes the lock next
    /// brings it up to date.
    fn tell(&self, number: u64) -> Answer<()> {
        sealed::write(&self.last(), &Last { number })?;
        crash::point("event.added")?;
        self.witness.level()
    }
}

/// What was said is entered, whatever came after.
fn holds(refusal: Refusal) -> Refusal {
    let one = |report: Diagnostic| {
        report.outcome("what was said is written down, and holds; only how much was said in all could not be noted beside it").hint(
            "free space on that disk, or see why it cannot be written; the next command that writes notes it. Nothing has to be said again",
        )
    };
    Refusal(refusal.0.into_iter().map(one).collect())
}

#[cfg(test)]
mod tests {
    use crate::{domain::Location, lake::Lake};

    #[test]
    fn events_come_back_in_order_and_one_that_is_changed_or_gone_is_told() {
        let root = tempfile::tempdir().unwrap();
        let folder = |name: &str| Location::Folder(root.path().join(name));
        let lake = Lake::at(&folder("landing"), &folder("lake"), &folder("published")).unwrap();
        let lock = lake.lock("run-1", "").unwrap();
        let events = lake.events("supply");
        assert_eq!(events.all::<serde_json::Value>().unwrap(), Vec::<serde_json::Value>::new());
        for n in 0..3 {
            events.add(&lock, &serde_json::json!({ "n": n })).unwrap();
        }
        let numbers: Vec<u64> = events.all::<serde_json::Value>().unwrap().iter().filter_map(|event| event["n"].as_u64()).collect();
        assert_eq!(numbers, [0, 1, 2]);
        let second = root.path().join("lake/supply/00000002.json");
        let text = std::fs::read_to_string(&second).unwrap();
        std::fs::write(&second, text.replace("\"n\": 1", "\"n\": 7")).unwrap();
        assert_eq!(events.all::<serde_json::Value>().unwrap_err().0[0].code.id, "TC1010");
        std::fs::remove_file(&second).unwrap();
        assert!(events.all::<serde_json::Value>().unwrap_err().0[0].seen.contains("00000002.json"));
    }

    #[test]
    fn the_loss_of_the_last_event_is_told() {
        let root = tempfile::tempdir().unwrap();
        let folder = |name: &str| Location::Folder(root.path().join(name));
        let lake = Lake::at(&folder("landing"), &folder("lake"), &folder("published")).unwrap();
        let (lock, events) = (lake.lock("run-1", "").unwrap(), lake.events("period"));
        events.add(&lock, &serde_json::json!({ "n": 0 })).unwrap();
        events.add(&lock, &serde_json::json!({ "n": 1 })).unwrap();
        // A kill came before it was written.
        std::fs::remove_file(root.path().join("lake/period/last")).unwrap();
        events.recover().unwrap();
        std::fs::remove_file(root.path().join("lake/period/00000002.json")).unwrap();
        events.recover().unwrap();
        assert!(events.all::<serde_json::Value>().unwrap_err().0[0].seen.contains("00000002.json"));
        std::fs::remove_file(root.path().join("lake/period/00000001.json")).unwrap();
        assert!(events.all::<serde_json::Value>().is_err(), "nothing is left but what says that there was something");
        // Written by a version before.
        std::fs::remove_file(root.path().join("lake/period/last")).unwrap();
        assert!(events.all::<serde_json::Value>().unwrap().is_empty());
    }

    #[test]
    fn what_is_entered_is_not_said_to_be_undone() {
        let root = tempfile::tempdir().unwrap();
        let folder = |name: &str| Location::Folder(root.path().join(name));
        let lake = Lake::at(&folder("landing"), &folder("lake"), &folder("published")).unwrap();
        let (lock, events) = (lake.lock("run-1", "").unwrap(), lake.events("period"));
        std::fs::create_dir_all(root.path().join("lake/period/last")).unwrap();
        let refusal = events.add(&lock, &serde_json::json!({"act": "closed"})).unwrap_err();
        assert!(refusal.0[0].outcome.contains("written down, and holds"), "{}", refusal.0[0].outcome);
        std::fs::remove_dir(root.path().join("lake/period/last")).unwrap();
        events.recover().unwrap();
        let all = events.all::<serde_json::Value>().unwrap();
        assert_eq!(all.iter().map(|event| &event["act"]).collect::<Vec<_>>(), ["closed"]);
    }
}

//! What persons corrected in quarantined rows, and which of them they leave out for good: `lake/corrections/`.
//!
//! The landed bytes are never changed. A correction is laid over the record each time the delivery is judged.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::decode::Overlay;

/// The folder of the lake in which it lies.
pub const CORRECTIONS: &str = "corrections";

/// Who changed, or left out, which rows of a delivery, when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectionEvent {
    pub delivery_id: String,
    /// In the order of the file.
    pub rows: Vec<CorrectedRow>,
    pub by: String,
    pub reason: String,
    /// An instant as text; shown, and never compared.
    pub at: String,
    /// Whether retention took what its rows say of the file: who did what to which lines, when and why is all that is left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub texts_gone: bool,
}

impl CorrectionEvent {
    /// The same, without what stood in the file and what was read instead of it. A row that is left out stays left out; one that was corrected
    /// stands as it came, should its bytes ever be judged again.
    #[must_use]
    pub fn without_texts(self) -> Self {
        let change = |change: CellChange| CellChange { column: change.column, ..CellChange::default() };
        let row = |row: CorrectedRow| CorrectedRow {
            source_row: row.source_row,
            sha256: String::new(),
            changes: row.changes.into_iter().map(change).collect(),
        };
        Self { rows: self.rows.into_iter().map(row).collect(), texts_gone: true, ..self }
    }
}

/// One record of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectedRow {
    /// 1-based physical line on which the record starts; of a workbook the row of its sheet.
    pub source_row: u64,
    /// SHA-256 of the record as it came, as text in UTF-8; empty where retention took it.
    pub sha256: String,
    /// What stands instead; empty where the row is left out: it stays in quarantine, and counts against no tolerance.
    pub changes: Vec<CellChange>,
}

/// One field of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellChange {
    /// The contract's name of the column.
    pub column: String,
    /// The text as it came, and the text that is read instead.
    pub old: String,
    pub new: String,
}

impl CorrectedRow {
    #[must_use]
    pub const fn is_left_out(&self) -> bool {
        self.changes.is_empty()
    }
}

/// All corrections of a lake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Corrections {
    of: BTreeMap<String, Vec<CorrectionEvent>>,
}

impl Corrections {
    /// `events` are in their order.
    #[must_use]
    pub fn of(events: Vec<CorrectionEvent>) -> Self {
        let mut of: BTreeMap<String, Vec<CorrectionEvent>> = BTreeMap::new();
        events.into_iter().for_each(|event| of.entry(event.delivery_id.clone()).or_default().push(event));
        Self { of }
    }

    /// The same, and one event more.
    #[must_use]
    pub fn with(mut self, event: CorrectionEvent) -> Self {
        self.of.entry(event.delivery_id.clone()).or_default().push(event);
        self
    }

    /// What was done with rows of a delivery, oldest first.
    #[must_use]
    pub fn events(&self, delivery: &str) -> &[CorrectionEvent] {
        self.of.get(delivery).map_or(&[], Vec::as_slice)
    }

    /// The rows of a delivery, each with its event. A row has one correction at most.
    pub fn rows(&self, delivery: &str) -> impl Iterator<Item = (&CorrectionEvent, &CorrectedRow)> {
        self.all_rows(delivery).filter(|(event, row)| !event.texts_gone || row.is_left_out())
    }

    /// The same with those of which retention took what they were corrected to.
    fn all_rows(&self, delivery: &str) -> impl Iterator<Item = (&CorrectionEvent, &CorrectedRow)> {
        self.events(delivery).iter().flat_map(|event| event.rows.iter().map(move |row| (event, row)))
    }

    /// What is laid over the landed bytes of a delivery.
    #[must_use]
    pub fn overlay(&self, delivery: &str) -> Overlay {
        let mut overlay = Overlay::default();
        for (_, row) in self.rows(delivery) {
            if row.is_left_out() {
                overlay.leave_out(row.source_row);
            } else {
                let cells = row.changes.iter().map(|change| (change.column.clone(), change.new.clone())).collect();
                overlay.lay(row.source_row, row.sha256.clone(), cells);
            }
        }
        overlay
    }

    /// What was done with one row.
    #[must_use]
    pub fn row(&self, delivery: &str, source_row: u64) -> Option<(&CorrectionEvent, &CorrectedRow)> {
        self.all_rows(delivery).filter(|(_, row)| row.source_row == source_row).last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_its_texts_a_correction_says_who_and_why_and_nothing_of_the_file() {
        let (left_out, change) = (vec![], CellChange { column: "amount".into(), old: "QQ123456A".into(), new: "7.00".into() });
        let row = |source_row, changes| CorrectedRow { source_row, sha256: "ab".repeat(32), changes };
        let rows = vec![row(3, left_out), row(4, vec![change])];
        let (by, reason, at) = ("A. Clerk".to_owned(), "as agreed".to_owned(), "2018-05-01T05:00:00Z".to_owned());
        let event = CorrectionEvent { delivery_id: "d".into(), rows, by, reason, at, texts_gone: false };
        let before = Corrections::of(vec![event.clone()]);
        assert_eq!(before.rows("d").count(), 2);
        let bare = event.without_texts();
        let text = serde_json::to_string(&bare).unwrap();
        assert!(!text.contains("QQ123456A") && !text.contains("7.00") && !text.contains("abab") && text.contains("A. Clerk"), "{text}");
        let after = Corrections::of(vec![serde_json::from_str(&text).unwrap()]);
        // The corrected row can be corrected again, should it be read again; the other stays out.
        assert_eq!(after.rows("d").map(|(_, row)| row.source_row).collect::<Vec<_>>(), [3]);
        assert_eq!(after.row("d", 4).unwrap().0.reason, "as agreed");
    }
}

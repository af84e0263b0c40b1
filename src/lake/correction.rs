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
}

/// One record of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectedRow {
    /// 1-based physical line on which the record starts; of a workbook the row of its sheet.
    pub source_row: u64,
    /// SHA-256 of the record as it came, as text in UTF-8.
    pub sha256: String,
    /// What stands instead; empty where the row is left out: it stays in quarantine, and counts against no tolerance.
    pub changes: Vec<CellChange>,
}

/// One field of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
        self.rows(delivery).find(|(_, row)| row.source_row == source_row)
    }
}

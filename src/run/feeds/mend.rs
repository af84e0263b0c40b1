//! Files of common tables that are gone or damaged, made again from the landed bytes of their deliveries.
//!
//! The same bytes by the same rules make the same file: it is put in place again, and neither the table nor the register moves. Where the
//! rules or the program are others by now, the delivery is brought in again as one whose rows are lost: a new version of the table.

use std::collections::BTreeMap;

use super::{
    FeedRun, InHand,
    read::{AtHand, Stop},
};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes},
    domain::DeliveryId,
    lake::{DeliveryRecord, DeliveryState, Depth, Flaw, LakeFile, SourceFacts, StagedRows, holder},
    pipeline::Feed,
    plan::{Take, Why},
};

/// What became of the flawed files of one delivery.
enum Made {
    /// All are in place again.
    Again,
    /// They cannot be made as they were: why.
    Otherwise(String),
}

impl FeedRun<'_> {
    /// Looks at every file of the common tables, by presence and size, with `--rehash` by its bytes, and makes again what is not sound.
    pub(in crate::run) fn mend_files(&self, known: &mut [DeliveryRecord]) -> Answer<()> {
        let depth = if self.wish.rehash { Depth::Bytes } else { Depth::Sizes };
        for table in self.common_names() {
            if self.tables.newest_version(&table)?.is_none() {
                continue;
            }
            if let Some(mended) = self.tables.mend_log(&table, self.wish.rehash)? {
                self.step(&mended);
            }
            let files = self.table_now(known, &table)?.map(|now| now.files).unwrap_or_default();
            let mut by_delivery: BTreeMap<String, Vec<(LakeFile, Flaw)>> = BTreeMap::new();
            for (file, flaw) in self.tables.file_flaws(&files, depth)? {
                let of_table = known.iter().filter(|r| r.table == table);
                // What nobody holds is told by the check of rows.
                let Some(record) = holder(of_table, &file.council, &file.feed, file.period) else { continue };
                by_delivery.entry(record.delivery_id.clone()).or_default().push((file, flaw));
            }
            for record in known.iter_mut() {
                if let Some(flawed) = by_delivery.remove(&record.delivery_id) {
                    self.mend_delivery(record, &flawed)?;
                }
            }
        }
        Ok(())
    }

    fn mend_delivery(&self, record: &mut DeliveryRecord, flawed: &[(LakeFile, Flaw)]) -> Answer<()> {
        let file = format!("{}/{}: {}", record.council, record.feed, record.source.name);
        match self.make_again(record, flawed)? {
            Made::Again => {
                for (lake_file, flaw) in flawed {
                    self.step(&format!(
                        "made again from the landed bytes of {file}: lake/{}/{} ({})",
                        record.table, lake_file.relative, flaw.why
                    ));
                }
            }
            Made::Otherwise(why) => {
                let paths: Vec<String> =
                    flawed.iter().map(|(file, flaw)| format!("lake/{}/{}: {}", record.table, file.relative, flaw.why)).collect();
                let seen = format!("{}; and it cannot be made again as it was: {why}", paths.join("; "));
                let report = Diagnostic::warning(codes::lake::FILE_MADE_ANEW, seen)
                    .place(Place::file(file))
                    .expected("the files of a common table as they were written")
                    .outcome("the delivery is brought in again by the contract, the feed and the program as they are now: a new version of the table")
                    .hint("see that this run says `accepted` of it, and what damaged the file: a disk that fails damages more");
                self.observer.event(super::Event::Report { diagnostics: &[report] });
                record.lost = true;
                self.lake.register().enter(record)?;
            }
        }
        Ok(())
    }

    /// Judges the landed bytes again and puts the files in place that are wanted, where their bytes are those that their names promise.
    fn make_again(&self, record: &DeliveryRecord, flawed: &[(LakeFile, Flaw)]) -> Answer<Made> {
        let otherwise = |why: &str| Ok(Made::Otherwise(why.to_owned()));
        let Some(feed) = self.partnership.feed(&record.council, &record.feed) else {
            return otherwise("its feed is not declared any more");
        };
        if record.state != DeliveryState::Accepted {
            return otherwise("its delivery is not accepted");
        }
        let (Some(coverage), Some(id)) = (record.covers(), DeliveryId::parse(&record.delivery_id)) else {
            return otherwise("its entry in the register names no period");
        };
        let item = self.again(feed, record);
        let (landed, facts) = match &item.landed {
            Ok(landed) => landed,
            Err(refusal) => return otherwise(&first(&refusal.0)),
        };
        let name = format!("{}: {}", feed.name(), record.source.name);
        let at = AtHand { item: &item, file: &name, coverage: &coverage, id: &id, landed, facts };
        let mut judged = self.record(&at, Some(record));
        let accepted = match self.judge_and_normalise(&at, &mut judged, true) {
            Ok(accepted) => accepted,
            Err(Stop::Refused(faults)) => return otherwise(&first(&faults)),
            Err(Stop::Run(refusal)) => return Err(refusal),
        };
        let parts = &accepted.streamed.parts;
        let wanted = |file: &LakeFile| parts.iter().find(|staged| staged.period == file.period && staged.part.name() == file.name);
        let found: Vec<(&LakeFile, Option<&StagedRows>)> = flawed.iter().map(|(file, _)| (file, wanted(file))).collect();
        if found.iter().any(|(_, staged)| staged.is_none()) {
            return otherwise("the contract, the feed or the program makes other bytes of the delivery now");
        }
        for (file, staged) in found {
            if let Some(staged) = staged {
                self.tables.put_back_one(file, staged)?;
            }
        }
        Ok(Made::Again)
    }

    /// A delivery in hand from its landed bytes, as it was.
    fn again<'a>(&self, feed: &'a Feed, record: &DeliveryRecord) -> InHand<'a> {
        let take = Take {
            entry: record.source.entry(),
            sidecar: record.sidecar.as_ref().map(SourceFacts::entry),
            coverage: record.covers(),
            why: Why::Lost,
            turn: record.turn(),
            landed: Some(Box::new(record.clone())),
            over: Vec::new(),
        };
        self.landed_again(feed, take, record)
    }
}

fn first(reports: &[Diagnostic]) -> String {
    reports.first().map(|report| report.seen.clone()).unwrap_or_default()
}

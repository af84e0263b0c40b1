//! Files are landed side by side, before any of them is read.

use std::sync::{Mutex, PoisonError};

use super::{
    super::{
        Event,
        parallel::{Flow, lock, pump},
        record::Moved,
    },
    FeedRun, Folder, InHand,
};
use crate::{
    crash,
    decode::{FileFacts, look_inside},
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{Digest, counted},
    pipeline::Feed,
    plan::Take,
    schema::Layout,
    stages::land::{land, land_sidecar},
};

impl FeedRun<'_> {
    /// What is known of a landed file, looked into where a contract of its feed says that it is packed as it is. A file that cannot be
    /// unpacked stays as it was: why is told when it is judged.
    pub(super) fn opened(&self, feed: &Feed, digest: &Digest, facts: FileFacts) -> FileFacts {
        if facts.unopened().is_none() {
            return facts;
        }
        // The last contract first: most files are of its days.
        let mut layouts = feed.contracts.iter().rev().filter_map(|(_, contract)| contract.layout.as_ref());
        let look = |layout: &Layout| {
            layout.container.as_ref()?;
            let bytes = self.lake.landing().open(digest, feed.sealing()).ok()?;
            look_inside(layout, bytes, feed.sealing())
        };
        layouts.find_map(look).unwrap_or(facts)
    }

    /// Files are landed side by side.
    pub(super) fn land_all<'a>(&self, sources: &[Folder<'a>], queue: Vec<(usize, &'a Feed, Take)>) -> Answer<Vec<InHand<'a>>> {
        let fetched = || queue.iter().filter(|(_, _, take)| take.landed.is_none());
        let (files, bytes) = (fetched().count(), fetched().map(|(_, _, take)| take.entry.size).sum());
        let step = self.begin("land", counted(files as u64, "file"));
        self.observer.event(Event::Start { what: "landing", bytes });
        let mut queue = queue.into_iter();
        let in_hand = Mutex::new(Vec::with_capacity(queue.len()));
        let landed = pump(
            self.threads,
            Flow {
                take: || Ok(queue.next()),
                work: |(at, feed, take): (usize, &'a Feed, Take)| self.land_one(sources.get(at), feed, take),
                arrange: |item: Option<InHand<'a>>| {
                    lock(&in_hand).extend(item);
                    Ok(Vec::<()>::new())
                },
                job: |()| Ok(()),
            },
        );
        self.observer.event(Event::End);
        landed?;
        let in_hand = in_hand.into_inner().unwrap_or_else(PoisonError::into_inner);
        // One that could not be read is told by itself, and has not landed.
        let landed = || in_hand.iter().filter(|item| item.take.landed.is_none() && item.landed.is_ok());
        let (files, bytes) = (landed().count(), landed().map(|item| item.take.entry.size).sum());
        self.end(step, Moved { bytes, ..Moved::default() });
        if files > 0 {
            self.step(&format!("landed {}, {}", counted(files as u64, "file"), counted(bytes, "byte")));
        }
        Ok(in_hand)
    }

    fn land_one<'a>(&self, folder: Option<&Folder<'a>>, feed: &'a Feed, take: Take) -> InHand<'a> {
        if let Some(record) = take.landed.clone() {
            return InHand { present: folder.map(|folder| folder.present.clone()), ..self.landed_again(feed, take, &record) };
        }
        let source = folder.map(|folder| &*folder.source);
        let begun = crash::point("land.begun").map_err(Refusal::from);
        let mut watch = |bytes| self.observer.event(Event::Advance { bytes });
        let landed = match source {
            Some(source) => begun.and_then(|()| land(self.lake.landing(), source, &take.entry, (feed.landing, feed.sealing()), &mut watch)),
            None => Err(Diagnostic::new(codes::checks::UNEXPLAINED, "a file without a source").into()),
        };
        let landed = landed.map(|(landed, facts)| {
            let facts = self.opened(feed, &landed.digest, facts);
            (landed, facts)
        });
        let sidecar =
            source.zip(take.sidecar.as_ref()).map(|(source, entry)| land_sidecar(self.lake.landing(), source, entry, feed.sealing()));
        let present = folder.map(|folder| folder.present.clone());
        InHand { feed, take, location: feed.from.to_string(), landed, sidecar, landed_at: self.clock.now().iso(), present, many: false }
    }
}

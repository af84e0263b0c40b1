//! Cutting a stream of batches into row groups.

use std::collections::BTreeMap;

use arrow::record_batch::RecordBatch;

use super::ROW_GROUP_ROWS;

/// Collects batches and yields row groups of exactly [`ROW_GROUP_ROWS`] rows; what is left at the end is the last, shorter one.
#[derive(Debug, Default)]
pub struct RowGroupBuffer {
    batches: Vec<RecordBatch>,
    rows: usize,
}

impl RowGroupBuffer {
    /// Takes a batch and gives back every row group that is full now.
    pub fn push(&mut self, batch: RecordBatch) -> Vec<Vec<RecordBatch>> {
        let mut full = Vec::new();
        let mut rest = batch;
        while self.rows + rest.num_rows() >= ROW_GROUP_ROWS {
            let fits = ROW_GROUP_ROWS - self.rows;
            self.batches.push(rest.slice(0, fits));
            rest = rest.slice(fits, rest.num_rows() - fits);
            full.extend(self.finish());
        }
        if rest.num_rows() > 0 {
            self.rows += rest.num_rows();
            self.batches.push(rest);
        }
        full
    }

    /// What is in it, as a row group; `None` where it is empty. It may be filled again after that.
    pub fn finish(&mut self) -> Option<Vec<RecordBatch>> {
        self.rows = 0;
        let batches = std::mem::take(&mut self.batches);
        (!batches.is_empty()).then_some(batches)
    }

    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }
}

/// Row groups for many parts at once, filled from one stream in its order: a file that covers twelve periods fills twelve parts.
///
/// A part to which nothing was added for a whole row group's rows is most likely done, as in a file that is sorted by date: its rows
/// are given back as a shorter row group. At most `limit` rows are held; where more would be, the fullest part's rows are given back.
/// Both depend on the order of rows alone, so the parts are the same on any number of threads.
#[derive(Debug)]
pub struct RowGroups<K> {
    buffers: BTreeMap<K, Open>,
    rows: usize,
    /// Rows that were ever taken.
    taken: usize,
    limit: usize,
}

#[derive(Debug, Default)]
struct Open {
    buffer: RowGroupBuffer,
    /// Rows that had been taken, of all parts, when this one last got some.
    touched: usize,
}

impl<K: Ord + Clone> RowGroups<K> {
    /// `limit` rows are held at most; at least one row group's.
    #[must_use]
    pub fn holding(limit: usize) -> Self {
        Self { buffers: BTreeMap::new(), rows: 0, taken: 0, limit: limit.max(ROW_GROUP_ROWS) }
    }

    /// Takes rows of one part and gives back every row group that is to be written now, in order.
    pub fn push(&mut self, key: &K, batch: RecordBatch) -> Vec<(K, Vec<RecordBatch>)> {
        self.taken += batch.num_rows();
        let open = self.buffers.entry(key.clone()).or_default();
        open.touched = self.taken;
        let before = open.buffer.rows();
        let mut out: Vec<_> = open.buffer.push(batch).into_iter().map(|full| (key.clone(), full)).collect();
        self.rows = self.rows + open.buffer.rows() - before;
        while let Some(key) = self.due() {
            let Some(open) = self.buffers.get_mut(&key) else { break };
            self.rows -= open.buffer.rows();
            out.extend(open.buffer.finish().map(|part| (key.clone(), part)));
        }
        out
    }

    /// The part whose rows are to be given back now.
    fn due(&self) -> Option<K> {
        let filled = || self.buffers.iter().filter(|(_, open)| open.buffer.rows() > 0);
        let done = filled().find(|(_, open)| self.taken - open.touched >= ROW_GROUP_ROWS);
        // The first of the fullest: `max_by_key` would take the last.
        let fullest = || filled().rev().max_by_key(|(_, open)| open.buffer.rows()).filter(|_| self.rows > self.limit);
        done.or_else(fullest).map(|(key, _)| key.clone())
    }

    /// What is left, by key.
    pub fn finish(self) -> impl Iterator<Item = (K, Vec<RecordBatch>)> {
        self.buffers.into_iter().filter_map(|(key, mut open)| open.buffer.finish().map(|part| (key, part)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::{
        array::Int64Array,
        datatypes::{DataType, Field, Schema},
    };

    use super::*;

    fn numbers(from: usize, rows: usize) -> RecordBatch {
        let values = Int64Array::from_iter_values((from..from + rows).map(|n| n as i64));
        RecordBatch::try_new(Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)])), vec![Arc::new(values)]).unwrap()
    }

    fn rows(group: &[RecordBatch]) -> usize {
        group.iter().map(RecordBatch::num_rows).sum()
    }

    #[test]
    fn every_row_group_but_the_last_is_full() {
        let mut buffer = RowGroupBuffer::default();
        let mut sizes = Vec::new();
        for (from, count) in [(0, 100_000), (100_000, 31_072), (131_072, 400_000), (531_072, 5)] {
            sizes.extend(buffer.push(numbers(from, count)).iter().map(|g| rows(g)));
        }
        sizes.extend(buffer.finish().map(|g| rows(&g)));
        assert_eq!(sizes, [131_072, 131_072, 131_072, 131_072, 6_789]);
        assert!(buffer.finish().is_none());
    }

    #[test]
    fn many_parts_hold_no_more_than_the_limit_and_lose_no_row() {
        let mut groups = RowGroups::holding(200_000);
        let mut seen = BTreeMap::<usize, usize>::new();
        for step in 0..300 {
            for (key, group) in groups.push(&(step % 12), numbers(0, 3_000)) {
                *seen.entry(key).or_default() += rows(&group);
            }
            assert!(groups.rows <= 200_000);
        }
        for (key, group) in groups.finish() {
            *seen.entry(key).or_default() += rows(&group);
        }
        assert_eq!(seen.into_values().collect::<Vec<_>>(), vec![75_000; 12]);
    }

    #[test]
    fn a_part_that_gets_no_more_rows_is_not_held_to_the_end() {
        let mut groups = RowGroups::holding(3 * ROW_GROUP_ROWS);
        let mut given = Vec::new();
        for month in 0..12 {
            for _ in 0..15 {
                given.extend(groups.push(&month, numbers(0, 10_000)).into_iter().map(|(key, group)| (key, rows(&group))));
            }
            assert!(groups.rows <= ROW_GROUP_ROWS + 30_000, "{} rows are held in month {month}", groups.rows);
        }
        given.extend(groups.finish().map(|(key, group)| (key, rows(&group))));
        given.sort_unstable_by_key(|(key, rows)| (*key, std::cmp::Reverse(*rows)));
        assert_eq!(given, (0..12).flat_map(|month| [(month, ROW_GROUP_ROWS), (month, 150_000 - ROW_GROUP_ROWS)]).collect::<Vec<_>>());
    }
}

//! Where the fields of many records stand: what splitting hands to reading.

/// Records of the expected number of fields, and aside, the others.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Fields of a record.
    fields: usize,
    /// For each record its first byte, then the end of each field; last, the record that is being split.
    spans: Vec<u32>,
    /// Where in `spans` the record that is being split begins.
    open: usize,
    /// Physical line on which each record starts.
    pub(super) lines: Vec<u64>,
    /// Whether some quoted field of the record holds an escaped quote.
    pub(super) escaped: Vec<bool>,
    /// Records with another number of fields.
    pub(super) odd: Vec<OddRow>,
}

/// A record that has not the expected number of fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OddRow {
    pub(super) start: usize,
    pub(super) ends: Vec<u32>,
    pub(super) line: u64,
    pub(super) escaped: bool,
}

impl Rows {
    pub(super) fn new(fields: usize) -> Self {
        Self { fields, ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Begins a record.
    #[inline]
    pub(super) fn begin(&mut self, start: usize) {
        self.spans.truncate(self.open);
        self.spans.push(start as u32);
    }

    /// Ends a field of the record that is being split.
    #[inline]
    pub(super) fn end_field(&mut self, end: usize) {
        self.spans.push(end as u32);
    }

    /// Ends the record that is being split, after its last field.
    #[inline]
    pub(super) fn end_record(&mut self, line: u64, escaped: bool) {
        if self.spans.len() - self.open == self.fields + 1 {
            self.open = self.spans.len();
            self.lines.push(line);
            self.escaped.push(escaped);
        } else {
            let mut span = self.spans.drain(self.open..);
            let start = span.next().unwrap_or(0) as usize;
            self.odd.push(OddRow { start, ends: span.collect(), line, escaped });
        }
    }

    /// First byte and ends of the fields of each record.
    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u32]> {
        self.spans.get(..self.open).unwrap_or_default().chunks_exact(self.fields + 1)
    }

    /// First byte and ends of the fields of record `row`.
    pub(super) fn spans(&self, row: usize) -> &[u32] {
        let width = self.fields + 1;
        self.spans.get(row * width..(row + 1) * width).unwrap_or_default()
    }

    /// Records that hold something in a field that no column reads.
    pub(super) fn values_in(&self, text: &[u8], place: usize) -> u64 {
        let holds = |spans: &[u32]| {
            let start = spans.get(place).map_or(0, |start| *start as usize + usize::from(place > 0));
            let end = spans.get(place + 1).map_or(start, |end| *end as usize);
            text.get(start..end).is_some_and(|raw| !matches!(raw.trim_ascii(), b"" | b"\"\"" | b"''"))
        };
        self.iter().filter(|spans| holds(spans)).count() as u64
    }

    /// Takes what stands before `start` off the first field of record `row`.
    #[cold]
    pub(super) fn start_at(&mut self, row: usize, start: usize) {
        if let Some(place) = self.spans.get_mut(row * (self.fields + 1)) {
            *place = start as u32;
        }
    }

    /// Keeps only the records for which `keep` holds, one entry a record.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        let width = self.fields + 1;
        let mut to = 0;
        for (row, _) in keep.iter().enumerate().filter(|(_, keep)| **keep) {
            self.spans.copy_within(row * width..(row + 1) * width, to * width);
            to += 1;
        }
        self.spans.drain(to * width..self.open);
        self.open = to * width;
        let mut kept = keep.iter();
        self.lines.retain(|_| kept.next() == Some(&true));
        let mut kept = keep.iter();
        self.escaped.retain(|_| kept.next() == Some(&true));
    }

    /// Lets go of every record but the one that is being split.
    pub(super) fn clear(&mut self) {
        self.spans.drain(..self.open);
        self.open = 0;
        self.lines.clear();
        self.escaped.clear();
        self.odd.clear();
    }
}

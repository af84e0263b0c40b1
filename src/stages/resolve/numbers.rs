//! Numbers in place of texts.

use std::hash::Hash;

use hashbrown::HashMap;

/// Numbers things, from nought, in the order in which they are met: numbers are told apart and put in order sooner than texts.
pub(super) struct Numbers<K> {
    known: HashMap<K, u32>,
    /// The last one: rows of a table often repeat it.
    last: Option<(K, u32)>,
}

impl<K> Default for Numbers<K> {
    fn default() -> Self {
        Self { known: HashMap::new(), last: None }
    }
}

impl<K: Copy + Eq + Hash> Numbers<K> {
    pub fn of(&mut self, thing: K) -> u32 {
        if let Some((_, number)) = self.last.filter(|(last, _)| *last == thing) {
            return number;
        }
        let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        let number = *self.known.entry(thing).or_insert(next);
        self.last = Some((thing, number));
        number
    }
}

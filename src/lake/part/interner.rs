//! Distinct values in the order in which they first come.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::OnceLock,
};

use arrow::array::StringArray;

/// A value that can stand in a dictionary page.
pub(super) trait Term: Copy {
    /// A number that no other value has, and that is not 0; 0 where the value is too long for one.
    fn word(self) -> u128;
    /// Appends it as the PLAIN encoding has it.
    fn write(self, plain: &mut Vec<u8>);
    /// Of a value without a word.
    fn hash(self, _seed: u64) -> u64 {
        0
    }
    /// Whether `plain` begins with it, written; asked of values without a word.
    fn begins(self, _plain: &[u8]) -> bool {
        false
    }
}

/// A text as a part of a longer one: most are short, and a short one is read as one number where bytes stand behind it.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    whole: &'a [u8],
    from: usize,
    to: usize,
}

impl<'a> Text<'a> {
    /// Every text of an array, those of empty entries too.
    pub(super) fn all(array: &'a StringArray) -> impl Iterator<Item = Self> {
        let (offsets, whole) = (array.value_offsets(), array.value_data());
        offsets.iter().zip(offsets.iter().skip(1)).map(|(from, to)| Self { whole, from: *from as usize, to: *to as usize })
    }

    /// One text of an array.
    pub(super) fn of(array: &'a StringArray, at: usize) -> Self {
        let end = |at: usize| array.value_offsets().get(at).map_or(0, |offset| *offset as usize);
        Self { whole: array.value_data(), from: end(at), to: end(at + 1).max(end(at)) }
    }

    fn bytes(self) -> &'a [u8] {
        self.whole.get(self.from..self.to).unwrap_or_default()
    }
}

impl Term for Text<'_> {
    #[inline]
    fn word(self) -> u128 {
        let length = self.to - self.from;
        if length > 15 {
            return 0;
        }
        let bytes = self.whole.get(self.from..).and_then(<[u8]>::first_chunk).copied().unwrap_or_else(|| {
            let mut bytes = [0; 16];
            bytes.iter_mut().zip(self.bytes()).for_each(|(to, from)| *to = *from);
            bytes
        });
        let kept = (1 << (8 * length)) - 1;
        (u128::from_le_bytes(bytes) & kept) | ((length as u128 + 1) << 120)
    }

    fn hash(self, seed: u64) -> u64 {
        let text = self.bytes();
        let (words, _) = text.as_chunks::<8>();
        let start = mix(seed ^ text.len() as u64, MULTIPLIER);
        let hash = words.iter().fold(start, |hash, word| mix(hash ^ u64::from_le_bytes(*word), MULTIPLIER));
        // The last eight bytes, some of them once more.
        let last = text.last_chunk::<8>().map_or(0, |word| u64::from_le_bytes(*word));
        mix(hash ^ last, seed | 1)
    }

    fn write(self, plain: &mut Vec<u8>) {
        plain.extend_from_slice(&((self.to - self.from) as u32).to_le_bytes());
        plain.extend_from_slice(self.bytes());
    }

    fn begins(self, plain: &[u8]) -> bool {
        let text = self.bytes();
        plain.split_at_checked(4).is_some_and(|(length, rest)| length == (text.len() as u32).to_le_bytes() && rest.starts_with(text))
    }
}

impl Term for i32 {
    #[inline]
    fn word(self) -> u128 {
        u128::from(self.cast_unsigned()) | (1 << 120)
    }

    fn write(self, plain: &mut Vec<u8>) {
        plain.extend_from_slice(&self.to_le_bytes());
    }
}

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Both halves of the product, folded: every bit of the input reaches every bit of the result.
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// Gives out ids 0, 1, 2, … and keeps the values as a dictionary page has them.
pub(super) struct Interner {
    seed: u64,
    /// As many as a power of two.
    slots: Vec<Slot>,
    /// By id: where the value starts in `plain`, and its word.
    starts: Vec<u32>,
    words: Vec<u128>,
    plain: Vec<u8>,
    /// The word that was asked for last, and its id: neighbours are often alike.
    last: (u128, u32),
}

/// Small, so that the slots of a large dictionary stay in the cache.
#[derive(Clone, Copy, Default)]
struct Slot {
    /// id + 1; 0 = free.
    taken: u32,
    hash: u32,
}

/// A dictionary that grows beyond this does not pay.
const MOST_BYTES: usize = 1 << 20;

/// The dictionary does not pay: the column is to be stored without one.
#[derive(Debug)]
pub(super) struct TooMany;

impl Interner {
    pub(super) fn new() -> Self {
        // Another seed in every process, so that no extract can be made whose values all collide. Ids follow the order of the values, not
        // the hash: the seed cannot be seen in a part.
        static SEED: OnceLock<u64> = OnceLock::new();
        let seed = *SEED.get_or_init(|| RandomState::new().hash_one(0));
        Self { seed, slots: vec![Slot::default(); 256], starts: Vec::new(), words: Vec::new(), plain: Vec::new(), last: (0, 0) }
    }

    #[inline]
    pub(super) fn id<T: Term>(&mut self, term: T) -> Result<u32, TooMany> {
        let word = term.word();
        if word != 0 && word == self.last.0 {
            return Ok(self.last.1);
        }
        let id = self.find(term, word)?;
        self.last = (word, id);
        Ok(id)
    }

    fn find<T: Term>(&mut self, term: T, word: u128) -> Result<u32, TooMany> {
        let hash = if word == 0 { term.hash(self.seed) } else { mix(self.seed ^ word as u64, MULTIPLIER ^ (word >> 64) as u64) } as u32;
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while let Some(slot) = self.slots.get(at).filter(|slot| slot.taken > 0) {
            if slot.hash == hash && self.is(slot.taken - 1, term, word) {
                return Ok(slot.taken - 1);
            }
            at = (at + 1) & mask;
        }
        self.insert(term, word, hash, at)
    }

    #[inline]
    fn is<T: Term>(&self, id: u32, term: T, word: u128) -> bool {
        if word != 0 || self.words.get(id as usize) != Some(&0) {
            return self.words.get(id as usize) == Some(&word);
        }
        let start = self.starts.get(id as usize).copied().unwrap_or(u32::MAX);
        self.plain.get(start as usize..).is_some_and(|plain| term.begins(plain))
    }

    #[cold]
    fn insert<T: Term>(&mut self, term: T, word: u128, hash: u32, at: usize) -> Result<u32, TooMany> {
        let id = self.starts.len() as u32;
        self.starts.push(self.plain.len() as u32);
        self.words.push(word);
        term.write(&mut self.plain);
        if self.plain.len() > MOST_BYTES {
            return Err(TooMany);
        }
        if let Some(free) = self.slots.get_mut(at) {
            *free = Slot { taken: id + 1, hash };
        }
        if self.starts.len() * 2 > self.slots.len() {
            self.grow();
        }
        Ok(id)
    }

    fn grow(&mut self) {
        let mut slots = vec![Slot::default(); self.slots.len() * 4];
        let mask = slots.len() - 1;
        for slot in self.slots.iter().filter(|slot| slot.taken > 0) {
            let mut at = slot.hash as usize & mask;
            while slots.get(at).is_some_and(|other| other.taken > 0) {
                at = (at + 1) & mask;
            }
            if let Some(free) = slots.get_mut(at) {
                *free = *slot;
            }
        }
        self.slots = slots;
    }

    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }

    /// The body of the dictionary page.
    pub(super) fn plain(&self) -> &[u8] {
        &self.plain
    }

    /// Each value as it stands there.
    pub(super) fn values(&self) -> impl Iterator<Item = &[u8]> {
        let ends = self.starts.iter().skip(1).map(|start| *start as usize).chain([self.plain.len()]);
        self.starts.iter().zip(ends).map(|(start, end)| self.plain.get(*start as usize..end).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_the_order_in_which_values_first_come() {
        let mut interner = Interner::new();
        let words: Vec<String> = (0..20_000).map(|n| format!("code {}", n % 7_000)).collect();
        let ids: Vec<u32> = Text::all(&StringArray::from(words)).map(|text| interner.id(text).unwrap()).collect();
        assert!(ids.iter().enumerate().all(|(n, id)| *id as usize == n % 7_000));
        assert_eq!(interner.len(), 7_000);
        assert_eq!(interner.values().nth(6_999), Some([b"\x09\0\0\0".as_slice(), b"code 6999"].concat().as_slice()));
    }

    #[test]
    fn the_empty_text_and_texts_that_differ_in_zeros_are_values_of_their_own() {
        let mut interner = Interner::new();
        let sixteen = "\0".repeat(16);
        let texts =
            StringArray::from(vec!["", "\0", "\0\0", "\0\0\0\0\0\0\0\0", "\0\0\0\0\0\0\0\0\0", "", &sixteen, &sixteen, "", &sixteen[..15]]);
        let ids: Vec<u32> = Text::all(&texts).map(|text| interner.id(text).unwrap()).collect();
        assert_eq!(ids, [0, 1, 2, 3, 4, 0, 5, 5, 0, 6]);
    }

    #[test]
    fn a_dictionary_that_does_not_pay_is_given_up() {
        let mut interner = Interner::new();
        let journals: StringArray = (0..100_000).map(|n| Some(format!("journal {n}"))).collect();
        assert!(Text::all(&journals).any(|text| interner.id(text).is_err()));
    }
}

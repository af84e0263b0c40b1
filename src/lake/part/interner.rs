//! Distinct values in the order in which they first come.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::OnceLock,
};

/// A value that can stand in a dictionary page.
pub(super) trait Term: Copy {
    fn hash(self, seed: u64) -> u64;
    /// Appends it as the PLAIN encoding has it.
    fn write(self, plain: &mut Vec<u8>);
    /// Whether `plain` begins with it, written.
    fn begins(self, plain: &[u8]) -> bool;
}

impl Term for &[u8] {
    fn hash(self, seed: u64) -> u64 {
        let (words, rest) = self.as_chunks::<8>();
        let start = mix(seed ^ self.len() as u64, MULTIPLIER);
        let hash = words.iter().fold(start, |hash, word| mix(hash ^ u64::from_le_bytes(*word), MULTIPLIER));
        let last = rest.iter().fold(0u64, |word, byte| word << 8 | u64::from(*byte));
        mix(hash ^ last, seed | 1)
    }

    fn write(self, plain: &mut Vec<u8>) {
        plain.extend_from_slice(&(self.len() as u32).to_le_bytes());
        plain.extend_from_slice(self);
    }

    fn begins(self, plain: &[u8]) -> bool {
        plain.split_at_checked(4).is_some_and(|(length, text)| length == (self.len() as u32).to_le_bytes() && text.starts_with(self))
    }
}

impl Term for i32 {
    fn hash(self, seed: u64) -> u64 {
        mix(seed ^ self as u64, MULTIPLIER)
    }

    fn write(self, plain: &mut Vec<u8>) {
        plain.extend_from_slice(&self.to_le_bytes());
    }

    fn begins(self, plain: &[u8]) -> bool {
        plain.starts_with(&self.to_le_bytes())
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
    /// By id: where the value starts in `plain`.
    starts: Vec<u32>,
    plain: Vec<u8>,
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
        Self { seed, slots: vec![Slot::default(); 256], starts: Vec::new(), plain: Vec::new() }
    }

    pub(super) fn id<T: Term>(&mut self, term: T) -> Result<u32, TooMany> {
        let hash = term.hash(self.seed) as u32;
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while let Some(slot) = self.slots.get(at).filter(|slot| slot.taken > 0) {
            if slot.hash == hash && self.is(slot.taken - 1, term) {
                return Ok(slot.taken - 1);
            }
            at = (at + 1) & mask;
        }
        self.insert(term, hash, at)
    }

    fn is<T: Term>(&self, id: u32, term: T) -> bool {
        let start = self.starts.get(id as usize).copied().unwrap_or(u32::MAX);
        self.plain.get(start as usize..).is_some_and(|plain| term.begins(plain))
    }

    #[cold]
    fn insert<T: Term>(&mut self, term: T, hash: u32, at: usize) -> Result<u32, TooMany> {
        let id = self.starts.len() as u32;
        self.starts.push(self.plain.len() as u32);
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
        let ids: Vec<u32> = words.iter().map(|word| interner.id(word.as_bytes()).unwrap()).collect();
        assert!(ids.iter().enumerate().all(|(n, id)| *id as usize == n % 7_000));
        assert_eq!(interner.len(), 7_000);
        assert_eq!(interner.values().nth(6_999), Some([b"\x09\0\0\0".as_slice(), b"code 6999"].concat().as_slice()));
    }

    #[test]
    fn the_empty_text_and_texts_that_differ_in_zeros_are_values_of_their_own() {
        let mut interner = Interner::new();
        let ids = ["", "\0", "\0\0", "\0\0\0\0\0\0\0\0", "\0\0\0\0\0\0\0\0\0", ""].map(|text| interner.id(text.as_bytes()).unwrap());
        assert_eq!(ids, [0, 1, 2, 3, 4, 0]);
    }

    #[test]
    fn a_dictionary_that_does_not_pay_is_given_up() {
        let mut interner = Interner::new();
        assert!((0..100_000).any(|n| interner.id(format!("journal {n}").as_bytes()).is_err()));
    }
}

//! Personal data on its way out of the file: a pseudonym, or a word that says less, in the place of the value.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hashbrown::HashMap;

use crate::{
    domain::{Key, Pseudonyms, fold_code},
    schema::{Column, Folding, PseudonymOf, Treatment, UNLISTED},
};

/// What the columns of a personal feed are treated with. A judge without it leaves such columns out.
#[derive(Clone, Debug)]
pub struct Treating {
    /// Makes pseudonyms.
    pub pseudonym: Key,
    /// What `else: keep` keeps, folded as codes are.
    pub elements: Arc<BTreeSet<String>>,
    /// Pseudonyms made before.
    pub made: MadePseudonyms,
}

/// The pseudonyms that were made under each key and label: one file after another names the same people.
#[derive(Clone, Debug, Default)]
pub struct MadePseudonyms(Arc<Mutex<Vec<(Key, PseudonymOf, Arc<Known>)>>>);

impl MadePseudonyms {
    fn under(&self, key: &Key, of: PseudonymOf) -> Arc<Known> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((.., known)) = made.iter().find(|(under, label, _)| under == key && *label == of) {
            return known.clone();
        }
        let known = Arc::<Known>::default();
        made.push((key.clone(), of, known.clone()));
        known
    }
}

/// Values, and what stands in their place.
type Known = Mutex<HashMap<Vec<u8>, Box<[u8]>>>;

/// Distinct values of a column that are remembered with what stands in their place.
const REMEMBERED: usize = 1 << 16;

/// How one column's values are replaced. Shared by all threads that read the file: each distinct value is worked out once.
#[derive(Debug)]
pub(super) struct Treated {
    by: By,
    known: Arc<Known>,
}

#[derive(Debug)]
enum By {
    Pseudonym(Box<Pseudonyms>),
    Fold { folding: Arc<Folding>, elements: Arc<BTreeSet<String>> },
}

impl Treated {
    /// `None` for a column that is kept or dropped.
    pub(super) fn of(column: &Column, with: &Treating) -> Option<Self> {
        match &column.rules.personal.as_ref()?.treat {
            Treatment::Pseudonym(of) => {
                let by = By::Pseudonym(Box::new(Pseudonyms::new(&with.pseudonym, of.as_str())));
                Some(Self { by, known: with.made.under(&with.pseudonym, *of) })
            }
            Treatment::Fold(Some(folding)) => {
                let by = By::Fold { folding: folding.clone(), elements: with.elements.clone() };
                Some(Self { by, known: Arc::default() })
            }
            Treatment::Keep | Treatment::Drop | Treatment::Fold(None) => None,
        }
    }

    /// For a run of values: what was worked out before is looked up.
    pub(super) fn begin(&self) -> Replacing<'_> {
        Replacing { by: &self.by, known: self.known.lock().unwrap_or_else(PoisonError::into_inner) }
    }
}

/// Values being replaced.
pub(super) struct Replacing<'a> {
    by: &'a By,
    known: MutexGuard<'a, HashMap<Vec<u8>, Box<[u8]>>>,
}

impl Replacing<'_> {
    /// Appends what stands in the place of a trimmed value.
    pub(super) fn append(&mut self, value: &[u8], out: &mut Vec<u8>) {
        if let Some(known) = self.known.get(value) {
            return out.extend_from_slice(known);
        }
        let made = self.by.replace(value);
        out.extend_from_slice(made.as_bytes());
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(value.to_vec(), made.into_bytes().into());
    }
}

impl By {
    fn replace(&self, value: &[u8]) -> String {
        match self {
            Self::Pseudonym(pseudonyms) => pseudonyms.of(value),
            Self::Fold { folding, elements } => {
                let text = String::from_utf8_lossy(value);
                let code = fold_code(text.trim());
                match (folding.words.get(&*code), &folding.rest) {
                    (Some(word), _) | (None, Some(word)) => word.clone(),
                    (None, None) if elements.contains(&*code) => code.into_owned(),
                    (None, None) => UNLISTED.to_owned(),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(by: By, values: &[&str]) -> Vec<String> {
        let treated = Treated { by, known: Arc::default() };
        let mut replacing = treated.begin();
        let one = |value: &&str| {
            let mut out = Vec::new();
            replacing.append(value.as_bytes(), &mut out);
            String::from_utf8(out).unwrap()
        };
        values.iter().map(one).collect()
    }

    #[test]
    fn a_value_has_one_pseudonym_however_often_it_stands() {
        let key = Key::parse("8a5780b622e9f4446db9ef9556df22a59efe969c1f1999ce328127c8ab462d56").unwrap();
        let by = By::Pseudonym(Box::new(Pseudonyms::new(&key, PseudonymOf::Person.as_str())));
        let made = replaced(by, &["10001", "10002", "10001"]);
        assert_eq!(made[0], "57ad86f8b4c3ae656efa5e79f2e6a30d");
        assert_eq!(made[0], made[2]);
        assert_ne!(made[0], made[1]);
    }

    #[test]
    fn what_is_neither_folded_nor_listed_is_unlisted() {
        let words = [("Unison Subscription".to_owned(), "deduction".to_owned())].into();
        let elements = Arc::new(BTreeSet::from(["Basic Salary".to_owned()]));
        let fold = |rest: Option<&str>| By::Fold {
            folding: Arc::new(Folding { words: Clone::clone(&words), rest: rest.map(str::to_owned) }),
            elements: elements.clone(),
        };
        // With a no-break space, it is the same element to whoever reads it.
        let values = ["Unison Subscription", "Unison\u{a0}Subscription", "Basic Salary", "Sickness", "unison subscription"];
        assert_eq!(replaced(fold(None), &values), ["deduction", "deduction", "Basic Salary", "unlisted", "unlisted"]);
        assert_eq!(replaced(fold(Some("other")), &values), ["deduction", "deduction", "other", "other", "other"]);
    }
}

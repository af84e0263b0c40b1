//! Groups of so few persons that a figure would tell of one of them.

use std::collections::BTreeSet;

/// Stands where a service or cost centre would: groups of fewer persons than `small_group`, together.
pub(super) const SMALL_GROUPS: &str = "small_groups";

/// [`SMALL_GROUPS`] as a class, of no ownership and no bearer.
pub(super) const SMALL_CLASS: &str = "/small_groups/";

/// Which of a council's rows become one: those of fewer than `least` persons and, where that is still too few, the next smallest (of
/// equal ones the first), each person counted once. Places of the rows, which stand in the order of their keys.
pub(super) fn merged(persons: &[&BTreeSet<u32>], least: u64) -> BTreeSet<usize> {
    let is_few = |set: &BTreeSet<u32>| (set.len() as u64) < least;
    let mut order: Vec<usize> = (0..persons.len()).collect();
    order.sort_by_key(|place| persons.get(*place).map_or(0, |set| set.len()));
    let mut places = BTreeSet::new();
    let mut together: BTreeSet<u32> = BTreeSet::new();
    for place in order {
        let Some(set) = persons.get(place) else { continue };
        if !is_few(set) && (places.is_empty() || !is_few(&together)) {
            break;
        }
        places.insert(place);
        together.extend(set.iter());
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(rows: &[&[u32]], least: u64) -> Vec<usize> {
        let sets: Vec<BTreeSet<u32>> = rows.iter().map(|row| row.iter().copied().collect()).collect();
        merged(&sets.iter().collect::<Vec<_>>(), least).into_iter().collect()
    }

    #[test]
    fn few_are_put_together_until_they_are_enough() {
        assert_eq!(places(&[&[1, 2], &[3, 4, 5]], 2), [0usize; 0]);
        assert_eq!(places(&[&[1], &[2], &[3, 4, 5]], 2), [0, 1]);
        assert_eq!(places(&[&[1], &[3, 4, 5], &[6, 7]], 2), [0, 2], "the next smallest comes to it");
        assert_eq!(places(&[&[3, 4], &[1], &[6, 7]], 2), [0, 1], "of equal ones the first");
        assert_eq!(places(&[&[1], &[1], &[2, 3]], 2), [0, 1, 2], "a person in two rows is one person");
        assert_eq!(places(&[&[1]], 5), [0], "there may be no more");
        assert_eq!(places(&[], 5), [0usize; 0]);
    }
}

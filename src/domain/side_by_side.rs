//! Work on many things at once, its results in order.

use std::thread::{Builder, scope};

/// The same act on every item, in the order of the items, with so many threads at a time; where the system gives no more of them, fewer do
/// it all.
pub fn side_by_side<T: Sync, R: Send>(items: &[T], threads: usize, act: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let each = items.len().div_ceil(threads.max(1)).max(1);
    let all = |chunk: &[T]| chunk.iter().map(&act).collect::<Vec<R>>();
    let all = &all;
    scope(|within| {
        let mut chunks = items.chunks(each);
        let own = chunks.next().unwrap_or_default();
        let start = |chunk| Builder::new().spawn_scoped(within, move || all(chunk)).map_err(|_| chunk);
        let others: Vec<_> = chunks.map(start).collect();
        let mut results = all(own);
        for other in others {
            results.extend(match other {
                Ok(other) => other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                Err(chunk) => all(chunk),
            });
        }
        results
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items_whatever_the_threads() {
        for count in [0, 1, 2, 7, 100] {
            let items: Vec<usize> = (0..count).collect();
            for threads in [0, 1, 2, 3, 200] {
                assert_eq!(side_by_side(&items, threads, |item| item * 2), items.iter().map(|item| item * 2).collect::<Vec<_>>());
            }
        }
    }
}

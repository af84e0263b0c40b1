//! Work on many things at once, its results in order.

use std::thread::scope;

/// The same act on every item, in the order of the items, with so many threads at a time.
pub fn side_by_side<T: Sync, R: Send>(items: &[T], threads: usize, act: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let each = items.len().div_ceil(threads.max(1)).max(1);
    let act = &act;
    scope(|within| {
        let mut chunks = items.chunks(each);
        let own = chunks.next().unwrap_or_default();
        let others: Vec<_> = chunks.map(|chunk| within.spawn(move || chunk.iter().map(act).collect::<Vec<R>>())).collect();
        let mut results: Vec<R> = own.iter().map(act).collect();
        for other in others {
            results.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        results
    })
}

//! Notices that a channel did not take, between runs: a name may be due once a month, and a notice is tried for a day.

/// What waits is sent again after so many seconds, then doubling up to the most.
const FIRST: i64 = 60;
const MOST: i64 = 1_800;

/// When the outbox is sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outbox {
    next: Option<i64>,
    tries: u32,
}

impl Outbox {
    /// Something waits in it, or nothing does, as whoever just sent or looked says.
    pub fn seen(&mut self, waits: bool, now: i64) {
        *self = match (waits, self.next) {
            (false, _) => Self::default(),
            (true, Some(next)) if next > now => *self,
            (true, _) => Self { next: Some(now.saturating_add(self.wait())), tries: self.tries.saturating_add(1) },
        };
    }

    /// Somebody else holds the lake: the same a little later.
    pub fn put_off(&mut self, now: i64, seconds: i64) {
        self.next = Some(now.saturating_add(seconds));
    }

    /// It was sent just now, and whoever looks says what is left of it: where all was taken, that goes soon.
    pub fn sent(&mut self, all: bool) {
        *self = Self { next: None, tries: if all { 0 } else { self.tries } };
    }

    fn wait(&self) -> i64 {
        FIRST.checked_shl(self.tries).filter(|wait| (FIRST..MOST).contains(wait)).unwrap_or(MOST)
    }

    /// When it is next to be sent; `None` while nothing waits.
    pub const fn next(&self) -> Option<i64> {
        self.next
    }

    /// A clock that was set back far finds it due.
    pub fn is_due(&self, now: i64) -> bool {
        self.next.is_some_and(|next| next <= now || next > now.saturating_add(MOST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_sent_again_less_and_less_often_and_from_the_beginning_once_it_was_taken() {
        let (mut outbox, mut now, mut waits) = (Outbox::default(), 1_000, Vec::new());
        outbox.seen(false, now);
        assert_eq!((outbox.next(), outbox.is_due(now)), (None, false));
        for _ in 0..8 {
            outbox.seen(true, now);
            outbox.seen(true, now);
            let next = outbox.next().unwrap();
            assert!(!outbox.is_due(next - 1) && outbox.is_due(next), "{next}");
            waits.push(next - now);
            now = next;
        }
        assert_eq!(waits, [60, 120, 240, 480, 960, 1_800, 1_800, 1_800]);
        assert!(outbox.is_due(now - 90_000), "the clock was set back");
        outbox.seen(false, now);
        outbox.seen(true, now);
        assert_eq!(outbox.next(), Some(now + 60));
    }
}

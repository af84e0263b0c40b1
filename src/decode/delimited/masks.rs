//! Where the bytes that structure a text stand, 64 bytes at a time.

/// Bit `i` of each mask speaks of byte `i` of the block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Masks {
    pub(super) delimiter: u64,
    /// LF and CR.
    pub(super) line: u64,
    pub(super) quote: u64,
}

/// Bytes of a block.
pub(super) const BLOCK: usize = 64;

/// Finds delimiters, line ends and, where quoting is part of the layout, quotes.
#[inline]
pub(super) fn masks(block: &[u8; BLOCK], delimiter: u8, quote: Option<u8>) -> Masks {
    let block = Block::of(block);
    Masks {
        delimiter: block.bits(delimiter),
        line: block.bits(b'\n') | block.bits(b'\r'),
        quote: quote.map_or(0, |quote| block.bits(quote)),
    }
}

#[cfg(target_arch = "x86_64")]
use x86_64::Block;

/// SSE2, which every x86-64 processor has: sixteen bytes are compared at a time, and one instruction gathers a bit of each.
#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use safe_arch::{cmp_eq_mask_i8_m128i, m128i, move_mask_i8_m128i, set_splat_i8_m128i};

    pub(super) struct Block([m128i; 4]);

    impl Block {
        #[inline]
        pub(super) fn of(block: &[u8; super::BLOCK]) -> Self {
            let (parts, _) = block.as_chunks::<16>();
            let part = |at: usize| m128i::from(parts.get(at).copied().unwrap_or_default());
            Self([part(0), part(1), part(2), part(3)])
        }

        #[inline]
        pub(super) fn bits(&self, wanted: u8) -> u64 {
            let wanted = set_splat_i8_m128i(wanted.cast_signed());
            let of = |part: m128i| u64::from(move_mask_i8_m128i(cmp_eq_mask_i8_m128i(part, wanted)).cast_unsigned());
            let [a, b, c, d] = self.0.map(of);
            a | b << 16 | c << 32 | d << 48
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
use plain::Block;

/// Any processor.
#[cfg(any(test, not(target_arch = "x86_64")))]
mod plain {
    pub(super) struct Block<'a>(&'a [u8; super::BLOCK]);

    impl<'a> Block<'a> {
        #[inline]
        pub(super) fn of(block: &'a [u8; super::BLOCK]) -> Self {
            Self(block)
        }

        /// The first loop becomes vector comparisons; the second gathers a bit of each byte.
        #[inline]
        pub(super) fn bits(&self, wanted: u8) -> u64 {
            let mut ones = [0; super::BLOCK];
            for (one, byte) in ones.iter_mut().zip(self.0) {
                *one = u8::from(*byte == wanted);
            }
            let (words, _) = ones.as_chunks::<8>();
            let gathered = words
                .iter()
                .enumerate()
                .map(|(index, word)| (u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * index));
            gathered.fold(0, |mask, byte| mask | byte)
        }
    }
}

/// Bit `i` = whether an odd number of bits up to and with `i` is set.
#[inline]
pub(super) const fn parity_up_to(mut bits: u64) -> u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^ (bits << 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn masks_are_those_of_the_bytes(bytes in prop::collection::vec(prop::sample::select(&b",\"\n\rab\xAC\x2D"[..]), 64)) {
            let block: &[u8; BLOCK] = bytes.as_slice().try_into().unwrap();
            let by_hand = |byte: u8| bytes.iter().enumerate().fold(0u64, |mask, (i, b)| mask | (u64::from(*b == byte) << i));
            for byte in [b',', b'"', b'\n', 0xAC] {
                prop_assert_eq!(Block::of(block).bits(byte), by_hand(byte));
                prop_assert_eq!(plain::Block::of(block).bits(byte), by_hand(byte));
            }
            let seen = masks(block, b',', Some(b'"'));
            prop_assert_eq!(seen.line, by_hand(b'\n') | by_hand(b'\r'));
        }

        #[test]
        fn parity_counts_bits(bits: u64) {
            for i in 0..64 {
                prop_assert_eq!(parity_up_to(bits) >> i & 1, u64::from((bits << (63 - i)).count_ones() & 1));
            }
        }
    }
}

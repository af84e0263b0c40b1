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
    let line = equal(block, b'\n') | equal(block, b'\r');
    Masks { delimiter: equal(block, delimiter), line, quote: quote.map_or(0, |quote| equal(block, quote)) }
}

/// Which bytes of the block equal `byte`, eight at a time.
#[inline]
fn equal(block: &[u8; BLOCK], byte: u8) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let wanted = u64::from(byte) * 0x0101_0101_0101_0101;
    let (words, _) = block.as_chunks::<8>();
    words.iter().enumerate().fold(0, |mask, (index, word)| {
        let differs = u64::from_le_bytes(*word) ^ wanted;
        let equal = !(((differs & LOW) + LOW) | differs | LOW);
        mask | (((equal >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * index))
    })
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
                prop_assert_eq!(equal(block, byte), by_hand(byte));
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

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
    Masks {
        delimiter: bits(block, |byte| byte == delimiter),
        line: bits(block, |byte| matches!(byte, b'\n' | b'\r')),
        quote: quote.map_or(0, |quote| bits(block, |byte| byte == quote)),
    }
}

/// Which bytes of the block are `wanted`. The first loop becomes vector comparisons; the second gathers a bit of each byte.
#[inline]
fn bits(block: &[u8; BLOCK], wanted: impl Fn(u8) -> bool) -> u64 {
    let mut ones = [0; BLOCK];
    for (one, byte) in ones.iter_mut().zip(block) {
        *one = u8::from(wanted(*byte));
    }
    let (words, _) = ones.as_chunks::<8>();
    let gathered =
        words.iter().enumerate().map(|(index, word)| (u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * index));
    gathered.fold(0, |mask, byte| mask | byte)
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
                prop_assert_eq!(bits(block, |b| b == byte), by_hand(byte));
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

//! Integers as differences, bit-packed: Parquet's `DELTA_BINARY_PACKED`, and what `DELTA_BYTE_ARRAY` makes of texts with it.

use super::runs::varint;

/// Values of a block, and of each of its four bit-packed quarters.
const BLOCK: usize = 128;
const MINI: usize = 32;

/// Appends the values. `narrow`: they are 32 bits wide, and differences wrap there.
pub(super) fn encode(values: &[i64], narrow: bool, out: &mut Vec<u8>) {
    varint(BLOCK as u64, out);
    varint((BLOCK / MINI) as u64, out);
    varint(values.len() as u64, out);
    let Some((first, rest)) = values.split_first() else { return varint(0, out) };
    varint(zigzag(*first), out);
    let mut before = *first;
    let mut deltas = [0i64; BLOCK];
    for block in rest.chunks(BLOCK) {
        for (delta, value) in deltas.iter_mut().zip(block) {
            *delta = difference(*value, before, narrow);
            before = *value;
        }
        write_block(deltas.get(..block.len()).unwrap_or_default(), narrow, out);
    }
}

fn difference(value: i64, before: i64, narrow: bool) -> i64 {
    let wide = value.wrapping_sub(before);
    if narrow { i64::from(wide as i32) } else { wide }
}

/// Differences less the smallest of them, each quarter as wide as its largest; a quarter without values has width 0 and no bytes.
fn write_block(deltas: &[i64], narrow: bool, out: &mut Vec<u8>) {
    let least = deltas.iter().copied().min().unwrap_or(0);
    varint(zigzag(least), out);
    let over = |delta: &i64| difference(*delta, least, narrow) as u64 & if narrow { u64::from(u32::MAX) } else { u64::MAX };
    let mut quarters = [[0u64; MINI]; BLOCK / MINI];
    let mut widths = [0u8; BLOCK / MINI];
    for ((quarter, width), deltas) in quarters.iter_mut().zip(&mut widths).zip(deltas.chunks(MINI)) {
        quarter.iter_mut().zip(deltas).for_each(|(over_least, delta)| *over_least = over(delta));
        let all = quarter.iter().fold(0, |all, value| all | value);
        *width = (u64::BITS - all.leading_zeros()) as u8;
    }
    out.extend_from_slice(&widths);
    quarters.iter().zip(widths).for_each(|(quarter, width)| pack(quarter, width, out));
}

fn pack(values: &[u64; MINI], width: u8, out: &mut Vec<u8>) {
    let end = out.len() + usize::from(width) * MINI / 8;
    let (mut held, mut bits) = (0u128, 0u32);
    for value in values {
        held |= u128::from(*value) << bits;
        bits += u32::from(width);
        if bits >= 64 {
            out.extend_from_slice(&(held as u64).to_le_bytes());
            held >>= 64;
            bits -= 64;
        }
    }
    // 32 values of any width are whole bytes; what is held over is less than eight of them.
    out.extend_from_slice(&(held as u64).to_le_bytes());
    out.truncate(end);
}

fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

/// Texts one after another, each as what it shares with the one before and what follows.
#[derive(Default)]
pub(super) struct Prefixes {
    shared: Vec<i64>,
    lengths: Vec<i64>,
    suffixes: Vec<u8>,
    before: Vec<u8>,
    /// Smallest and largest text.
    range: Option<(Vec<u8>, Vec<u8>)>,
}

impl Prefixes {
    pub(super) fn push(&mut self, text: &[u8]) {
        let shared = common(&self.before, text);
        if shared == text.len() && shared == self.before.len() && self.range.is_some() {
            self.shared.push(shared as i64);
            self.lengths.push(0);
            return;
        }
        let suffix = text.get(shared..).unwrap_or_default();
        self.shared.push(shared as i64);
        self.lengths.push(suffix.len() as i64);
        self.suffixes.extend_from_slice(suffix);
        self.before.truncate(shared);
        self.before.extend_from_slice(suffix);
        match &mut self.range {
            Some((least, _)) if text < least.as_slice() => *least = text.to_vec(),
            Some((_, most)) if text > most.as_slice() => *most = text.to_vec(),
            Some(_) => {}
            none => *none = Some((text.to_vec(), text.to_vec())),
        }
    }

    /// More than belongs into one page.
    pub(super) fn is_large(&self) -> bool {
        self.suffixes.len() > 1 << 26
    }

    pub(super) fn range(&self) -> impl Iterator<Item = &[u8]> {
        self.range.iter().flat_map(|(least, most)| [least.as_slice(), most.as_slice()])
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        encode(&self.shared, true, out);
        encode(&self.lengths, true, out);
        out.extend_from_slice(&self.suffixes);
    }
}

/// How many bytes both begin with.
fn common(a: &[u8], b: &[u8]) -> usize {
    let (a_words, b_words) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    let words = a_words.iter().zip(b_words).take_while(|(a, b)| a == b).count() * 8;
    words + a.iter().zip(b).skip(words).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The format read as its specification says, the slow way; returns what is left over.
    fn decode(mut bytes: &[u8], narrow: bool) -> (Vec<i64>, &[u8]) {
        fn varint(bytes: &mut &[u8]) -> u64 {
            let (mut value, mut shift) = (0, 0);
            loop {
                let byte = bytes[0];
                *bytes = &bytes[1..];
                value |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte < 0x80 {
                    return value;
                }
            }
        }
        let unzigzag = |value: u64| (value >> 1) as i64 ^ -((value & 1) as i64);
        let (block, minis, count) = (varint(&mut bytes) as usize, varint(&mut bytes) as usize, varint(&mut bytes) as usize);
        let mut out = vec![unzigzag(varint(&mut bytes))];
        out.truncate(count);
        while out.len() < count {
            let least = unzigzag(varint(&mut bytes));
            let (widths, rest) = bytes.split_at(minis);
            bytes = rest;
            for width in widths.iter().map(|width| usize::from(*width)) {
                let packed = &bytes[..width * block / minis / 8];
                bytes = &bytes[packed.len()..];
                for at in 0..block / minis {
                    let bit = |b: usize| u64::from(packed[(at * width + b) / 8] >> ((at * width + b) % 8) & 1) << b;
                    let delta = (0..width).map(bit).sum::<u64>() as i64;
                    if out.len() < count {
                        let next = out[out.len() - 1].wrapping_add(least).wrapping_add(delta);
                        out.push(if narrow { i64::from(next as i32) } else { next });
                    }
                }
            }
        }
        (out, bytes)
    }

    proptest! {
        #[test]
        fn wide_values_come_back(values in proptest::collection::vec(any::<i64>(), 0..400)) {
            let mut out = Vec::new();
            encode(&values, false, &mut out);
            prop_assert_eq!(decode(&out, false), (values, &[][..]));
        }

        #[test]
        fn narrow_values_come_back(values in proptest::collection::vec(any::<i32>(), 0..400)) {
            let (values, mut out) = (values.into_iter().map(i64::from).collect::<Vec<_>>(), Vec::new());
            encode(&values, true, &mut out);
            prop_assert_eq!(decode(&out, true), (values, &[][..]));
        }

        #[test]
        fn texts_come_back(texts in proptest::collection::vec("[ab]{0,5}", 0..300)) {
            let (mut prefixes, mut out) = (Prefixes::default(), Vec::new());
            for text in &texts {
                prefixes.push(text.as_bytes());
            }
            prefixes.write(&mut out);
            let (shared, rest) = decode(&out, true);
            let (lengths, mut suffixes) = decode(rest, true);
            let (mut before, mut back) = (String::new(), Vec::new());
            for (shared, length) in shared.iter().zip(lengths) {
                let (suffix, rest) = suffixes.split_at(length as usize);
                before = format!("{}{}", &before[..*shared as usize], std::str::from_utf8(suffix).unwrap());
                back.push(before.clone());
                suffixes = rest;
            }
            prop_assert_eq!((back, suffixes), (texts, &[][..]));
        }
    }
}

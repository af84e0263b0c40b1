//! Parquet's hybrid of run lengths and bit packing, for dictionary ids and for definition levels.

/// Appends the values, each of `width` bits (0–32), to `out`: runs of eight and more as runs, the rest packed in groups of eight.
pub(super) fn encode(values: &[u32], width: u8, out: &mut Vec<u8>) {
    let mut packed_from = 0;
    let mut at = 0;
    // Where the seventh value after it is another, no run of eight begins: one question a value, and mostly the same answer.
    let may_begin = |at: usize| {
        let (rest, later) = (values.get(at..).unwrap_or_default(), values.get(at + 7..).unwrap_or_default());
        rest.iter().zip(later).position(|(value, later)| value == later)
    };
    while let Some(skip) = may_begin(at) {
        at += skip;
        let Some(value) = values.get(at) else { break };
        let run = values.get(at..).unwrap_or_default().iter().take_while(|next| *next == value).count();
        // Groups are whole, so a run first lends what the open group lacks.
        let lent = (at - packed_from).next_multiple_of(8) - (at - packed_from);
        if run >= lent + 8 {
            pack(values.get(packed_from..at + lent).unwrap_or_default(), width, out);
            repeat(*value, run - lent, width, out);
            packed_from = at + run;
        }
        at += run;
    }
    pack(values.get(packed_from..).unwrap_or_default(), width, out);
}

/// One value `count` times.
pub(super) fn repeat(value: u32, count: usize, width: u8, out: &mut Vec<u8>) {
    if count > 0 {
        varint((count as u64) << 1, out);
        out.extend(value.to_le_bytes().iter().take(usize::from(width).div_ceil(8)));
    }
}

/// The last group is filled up with zeros.
fn pack(values: &[u32], width: u8, out: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    let groups = values.len().div_ceil(8);
    varint((groups as u64) << 1 | 1, out);
    let end = out.len() + groups * usize::from(width);
    let (mut held, mut bits) = (0u64, 0u32);
    for value in values {
        held |= u64::from(*value) << bits;
        bits += u32::from(width);
        if bits >= 32 {
            out.extend_from_slice(&(held as u32).to_le_bytes());
            held >>= 32;
            bits -= 32;
        }
    }
    out.extend_from_slice(&held.to_le_bytes());
    out.resize(end, 0);
}

pub(super) fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Bits that every id below `count` fits in; 0 where there is one id or none.
pub(super) fn width(count: usize) -> u8 {
    (usize::BITS - count.saturating_sub(1).leading_zeros()) as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The format read as its specification says, the slow way.
    fn decode(bytes: &[u8], width: u8, count: usize) -> Vec<u32> {
        let (mut out, mut at) = (Vec::new(), 0);
        while out.len() < count {
            let (mut header, mut shift) = (0u64, 0);
            loop {
                header |= u64::from(bytes[at] & 0x7f) << shift;
                shift += 7;
                at += 1;
                if bytes[at - 1] < 0x80 {
                    break;
                }
            }
            if header & 1 == 0 {
                let value: u32 = (0..usize::from(width).div_ceil(8)).map(|i| u32::from(bytes[at + i]) << (8 * i)).sum();
                at += usize::from(width).div_ceil(8);
                out.extend(std::iter::repeat_n(value, (header >> 1) as usize));
            } else {
                let values = (header >> 1) as usize * 8;
                for value in 0..values {
                    let bit = |b: usize| {
                        u32::from(bytes[at + (value * usize::from(width) + b) / 8] >> ((value * usize::from(width) + b) % 8) & 1)
                    };
                    out.push((0..usize::from(width)).map(|b| bit(b) << b).sum::<u32>());
                }
                at += values / 8 * usize::from(width);
            }
        }
        assert_eq!(at, bytes.len());
        out.truncate(count);
        out
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(width in 0u8..=20, runs in proptest::collection::vec((any::<u32>(), 1usize..30), 0..60)) {
            let mask = (1u64 << width) - 1;
            let values: Vec<u32> = runs.iter().flat_map(|(v, n)| std::iter::repeat_n((u64::from(*v) & mask) as u32, *n)).collect();
            let mut out = Vec::new();
            encode(&values, width, &mut out);
            prop_assert_eq!(decode(&out, width, values.len()), values);
        }
    }

    #[test]
    fn widths() {
        assert_eq!([0, 1, 2, 3, 4, 5, 256, 257].map(width), [0, 0, 1, 2, 2, 3, 8, 9]);
    }
}

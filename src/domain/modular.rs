//! Whole numbers modulo a prime of 62 bits, and the way back from such remainders to the number itself.
//!
//! What [`super::matrix`] computes with: numbers that fit a machine word in the inner loop, and big ones only at the end.

use num_bigint::BigUint;

/// Remainders of one prime.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    /// Below 2⁶², so that four of its size fit a word.
    prime: u64,
}

/// A number made ready to multiply many others (after Shoup: the quotient is known beforehand to within one).
#[derive(Clone, Copy, Debug)]
pub(super) struct Factor {
    value: u64,
    /// `value` · 2⁶⁴ ÷ prime, rounded down.
    quotient: u64,
}

impl Field {
    pub const fn new(prime: u64) -> Self {
        Self { prime }
    }

    /// The remainder of a number of any size.
    pub fn remainder(self, number: &BigUint) -> u64 {
        let prime = u128::from(self.prime);
        number.iter_u64_digits().rev().fold(0, |rest, digit| match (rest, digit) {
            (0, digit) if digit < self.prime => digit,
            (rest, digit) => (((u128::from(rest) << 64) | u128::from(digit)) % prime) as u64,
        })
    }

    /// Of a remainder below the prime.
    pub fn negative(self, number: u64) -> u64 {
        if number == 0 { 0 } else { self.prime - number }
    }

    /// Of two remainders below the prime.
    pub fn multiply(self, a: u64, b: u64) -> u64 {
        (u128::from(a) * u128::from(b) % u128::from(self.prime)) as u64
    }

    /// Of a remainder below the prime.
    fn power(self, mut base: u64, mut exponent: u64) -> u64 {
        let mut result = 1;
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = self.multiply(result, base);
            }
            base = self.multiply(base, base);
            exponent >>= 1;
        }
        result
    }

    /// The number whose product with this one is 1 (by Euclid). Nought has none, and gives nought.
    pub fn inverse(self, number: u64) -> u64 {
        let (mut larger, mut smaller) = (i128::from(self.prime), i128::from(number));
        let (mut of_larger, mut of_smaller) = (0i128, 1i128);
        while smaller > 1 {
            // Both fit a word, whose division is much quicker.
            let times = i128::from(larger as u64 / smaller as u64);
            (larger, smaller) = (smaller, larger - times * smaller);
            (of_larger, of_smaller) = (of_smaller, of_larger - times * of_smaller);
        }
        if smaller == 0 { 0 } else { of_smaller.rem_euclid(i128::from(self.prime)) as u64 }
    }

    /// Of a remainder below the prime.
    pub fn factor(self, value: u64) -> Factor {
        Factor { value, quotient: ((u128::from(value) << 64) / u128::from(self.prime)) as u64 }
    }

    /// The product with any word, below twice the prime.
    fn times(self, factor: Factor, number: u64) -> u64 {
        let quotient = ((u128::from(factor.quotient) * u128::from(number)) >> 64) as u64;
        factor.value.wrapping_mul(number).wrapping_sub(quotient.wrapping_mul(self.prime))
    }

    /// The product with any word, below the prime.
    pub fn product(self, factor: Factor, number: u64) -> u64 {
        self.reduce(self.times(factor, number))
    }

    /// What is below twice the prime, below the prime.
    pub fn reduce(self, number: u64) -> u64 {
        if number >= self.prime { number - self.prime } else { number }
    }

    /// `numbers` less `factor` times `others`, place by place. Both may be anything below twice the prime, and stay so.
    pub fn subtract(self, numbers: &mut [u64], factor: Factor, others: &[u64]) {
        let twice = self.prime * 2;
        for (number, other) in numbers.iter_mut().zip(others) {
            let less = *number + twice - self.times(factor, *other);
            *number = if less >= twice { less - twice } else { less };
        }
    }
}

/// How far the first primes lie below 2⁶². A scheme of 26 services needs ten of them.
const BELOW: [u64; 96] = [
    57, 87, 117, 143, 153, 167, 171, 195, 203, 273, 287, 317, 443, 483, 495, 575, 581, 603, 633, 663, 765, 773, 777, 791, 813, 831, 923,
    981, 993, 1001, 1007, 1017, 1197, 1241, 1293, 1353, 1433, 1515, 1553, 1575, 1581, 1595, 1617, 1673, 1697, 1701, 1703, 1823, 1881, 1911,
    1923, 2043, 2073, 2103, 2141, 2187, 2217, 2247, 2285, 2351, 2367, 2375, 2397, 2421, 2511, 2541, 2583, 2661, 2675, 2753, 2777, 2793,
    2861, 2891, 2927, 3023, 3041, 3221, 3251, 3255, 3257, 3263, 3317, 3377, 3521, 3537, 3545, 3551, 3563, 3671, 3705, 3767, 3797, 3803,
    3873, 3933,
];

/// All primes below 2⁶², the largest first: the same list every time.
pub(super) fn primes() -> impl Iterator<Item = u64> {
    let listed = BELOW.last().copied().unwrap_or(0);
    let others = (listed + 2..1 << 61).step_by(2).filter(|below| is_prime((1 << 62) - below));
    BELOW.into_iter().chain(others).map(|below| (1 << 62) - below)
}

/// After Miller and Rabin; with these bases no odd number below 2⁶⁴ is taken for a prime that is none (Sorenson and Webster 2015).
fn is_prime(odd: u64) -> bool {
    const BASES: [u64; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];
    if odd <= 37 || BASES.iter().any(|base| odd.is_multiple_of(*base)) {
        return BASES.contains(&odd);
    }
    let (field, halvings) = (Field::new(odd), (odd - 1).trailing_zeros());
    BASES.iter().all(|base| {
        let mut root = field.power(*base, (odd - 1) >> halvings);
        let mut all_ones = root == 1;
        for _ in 0..halvings {
            all_ones |= root == odd - 1;
            root = field.multiply(root, root);
        }
        all_ones
    })
}

/// A whole number from its remainders (the Chinese remainder theorem).
#[derive(Debug)]
pub(super) struct Lift {
    product: BigUint,
    /// Of each prime: what makes its part 1 modulo itself, and the product of all the others as digits.
    parts: Vec<(Field, Factor, Vec<u64>)>,
}

impl Lift {
    pub fn new(primes: &[u64]) -> Self {
        let product: BigUint = primes.iter().product();
        let part = |prime: &u64| {
            let field = Field::new(*prime);
            let others = &product / *prime;
            (field, field.factor(field.inverse(field.remainder(&others))), others.to_u64_digits())
        };
        Self { parts: primes.iter().map(part).collect(), product }
    }

    /// The number below the product of the primes that has these remainders, in the order of the primes.
    pub fn number(&self, remainders: impl Iterator<Item = u64>) -> BigUint {
        let mut sum = vec![0; self.parts.len() + 1];
        for ((field, unit, others), remainder) in self.parts.iter().zip(remainders) {
            add_product(&mut sum, others, field.product(*unit, remainder));
        }
        from_digits(&sum) % &self.product
    }
}

/// `sum` and `digits` times `factor`, the lowest digit of 64 bits first. The sum must have room for it.
pub(super) fn add_product(sum: &mut [u64], digits: &[u64], factor: u64) {
    let mut carry = 0;
    let mut rest = digits.iter();
    for place in sum {
        let digit = match rest.next() {
            Some(digit) => *digit,
            None if carry == 0 => return,
            None => 0,
        };
        let whole = u128::from(digit) * u128::from(factor) + u128::from(*place) + carry;
        *place = whole as u64;
        carry = whole >> 64;
    }
}

fn from_digits(digits: &[u64]) -> BigUint {
    BigUint::new(digits.iter().flat_map(|digit| [*digit as u32, (*digit >> 32) as u32]).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_list_of_primes_is_the_same_every_time() {
        let found = (1..1 << 61).step_by(2).filter(|below| is_prime((1 << 62) - below));
        assert!(found.take(BELOW.len() + 3).eq(primes().take(BELOW.len() + 3).map(|prime| (1 << 62) - prime)));
        assert_eq!(BELOW[0], 57, "2^62 - 57 is the largest prime below 2^62");
        let small: Vec<u64> = (1..200).filter(|n| n % 2 == 1 && is_prime(*n)).collect();
        let by_trial: Vec<u64> = (3..200).filter(|n| n % 2 == 1 && (2..*n).all(|d| n % d != 0)).collect();
        assert_eq!(small, by_trial);
        assert!(!is_prime(3_215_031_751), "a pseudoprime to the bases 2, 3, 5 and 7");
    }

    proptest! {
        #[test]
        fn arithmetic_agrees_with_that_of_words(a in any::<u64>(), b in any::<u64>(), place in 0usize..4) {
            let field = Field::new(primes().nth(place).unwrap());
            let prime = u128::from(field.prime);
            let (a, b) = (a % field.prime, b % field.prime);
            prop_assert_eq!(u128::from(field.multiply(a, b)), u128::from(a) * u128::from(b) % prime);
            prop_assert_eq!(field.product(field.factor(a), b), field.multiply(a, b));
            prop_assert!(a == 0 || field.multiply(a, field.inverse(a)) == 1);
            let mut numbers = [b, b + field.prime];
            field.subtract(&mut numbers, field.factor(a), &[b, b + field.prime]);
            let less = (u128::from(b) + prime - u128::from(field.multiply(a, b))) % prime;
            for number in numbers {
                prop_assert!(number < 2 * field.prime);
                prop_assert_eq!(u128::from(field.reduce(number)), less);
            }
        }

        #[test]
        fn a_number_comes_back_from_its_remainders(digits in proptest::collection::vec(any::<u32>(), 0..11)) {
            let number = BigUint::new(digits);
            let six: Vec<u64> = primes().take(6).collect();
            prop_assert_eq!(Lift::new(&six).number(six.iter().map(|prime| Field::new(*prime).remainder(&number))), number);
        }
    }
}

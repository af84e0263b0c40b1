//! The allocation as a system of linear equations, solved exactly: (T − V) X = W.
//!
//! Every giving service has a row: T, all that it gives, on the diagonal; V, what it gives to other services; W, what it gives to final
//! bearers. X says which part of a pound that is spent in a service every final bears, whatever way it takes through other services.
//!
//! T − V is an M-matrix whose rows are not below nought, and X lies in [0, 1]: so the determinant and all numerators lie in [0, ∏ T].
//! They are found by elimination modulo primes of 62 bits, one after the other until their product exceeds ∏ T, and put together by the
//! Chinese remainder theorem. Every solution is then put into the equation, with all its digits: none that does not fit is given out.

use std::fmt;

use num_bigint::{BigInt, BigUint};

use super::fraction::greatest_common_divisor;
use super::modular::{Factor, Field, Lift, add_product, primes};
use super::side_by_side;

/// What each giving service gives to services and to finals, in whole numbers of any size: only their proportions matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct System {
    rows: Vec<Row>,
    finals: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    /// The sum of the others.
    total: BigUint,
    /// To the service of each place; nought to itself.
    services: Vec<BigUint>,
    finals: Vec<BigUint>,
}

/// Why volumes are no system that has one solution. Places are those of the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoSystem {
    /// The row has not one volume for each service and each final.
    Shape(usize),
    /// The service gives nothing to another: what becomes of its cost is for a policy to say, not for arithmetic.
    Nothing(usize),
    /// These services reach no final, for all that they give goes round among them.
    Closed(Vec<usize>),
}

/// X: numerators over one denominator, which every row sums to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    /// Of each service, in the order of the rows, the part of each final.
    pub numerators: Vec<Vec<BigUint>>,
    /// The determinant of T − V, without a factor that all numerators have too.
    pub denominator: BigUint,
}

/// How a solution fails (checks 17 and 18). The place is that of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproved {
    /// Not one numerator for each service and each final, or a denominator of nought.
    Shape,
    /// The numerators of this row do not sum to the denominator.
    RowSum(usize),
    /// This row of (T − V) X is not that of W.
    Equation(usize),
    /// More primes than can divide it divide the determinant: the matrix is singular, which [`System::new`] refuses.
    Singular,
}

impl fmt::Display for Unproved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape => write!(f, "the solution has not the shape of the system"),
            Self::RowSum(row) => write!(f, "row {} of the solution does not sum to 1", row + 1),
            Self::Equation(row) => write!(f, "(T - V)X is not W in row {}", row + 1),
            Self::Singular => write!(f, "the determinant is nought"),
        }
    }
}

impl System {
    /// Of each giving service: what it gives to each service, in the order of the rows, and to each final. What it gives to itself is
    /// dropped: that changes no part of X.
    ///
    /// # Errors
    /// [`NoSystem`] says which row, or which services.
    pub fn new(rows: Vec<(Vec<BigUint>, Vec<BigUint>)>) -> Result<Self, NoSystem> {
        let (services, finals) = (rows.len(), rows.first().map_or(0, |(_, finals)| finals.len()));
        let mut system = Self { rows: Vec::with_capacity(services), finals };
        for (place, (mut to_services, to_finals)) in rows.into_iter().enumerate() {
            if to_services.len() != services || to_finals.len() != finals {
                return Err(NoSystem::Shape(place));
            }
            to_services.iter_mut().skip(place).take(1).for_each(|own| *own = BigUint::ZERO);
            let total: BigUint = to_services.iter().chain(&to_finals).sum();
            if total == BigUint::ZERO {
                return Err(NoSystem::Nothing(place));
            }
            system.rows.push(Row::reduced(total, to_services, to_finals));
        }
        match system.closed() {
            closed if closed.is_empty() => Ok(system),
            closed => Err(NoSystem::Closed(closed)),
        }
    }

    /// All that the service of a place gives, by the scale of its row.
    #[must_use]
    pub fn total(&self, place: usize) -> Option<&BigUint> {
        self.rows.get(place).map(|row| &row.total)
    }

    /// What the service of a place gives to each service and to each final, by the scale of its row.
    #[must_use]
    pub fn gives(&self, place: usize) -> Option<(&[BigUint], &[BigUint])> {
        self.rows.get(place).map(|row| (row.services.as_slice(), row.finals.as_slice()))
    }

    /// X by origin and final, proved. The number of threads changes nothing but the time that it takes.
    ///
    /// # Errors
    /// [`Unproved`], which no system can give unless this code is wrong.
    pub fn solve(&self, threads: usize) -> Result<Solution, Unproved> {
        let wanted: Vec<&[BigUint]> = self.rows.iter().map(|row| row.finals.as_slice()).collect();
        let mut solution = self.columns(&wanted, threads)?;
        self.prove(&solution, threads)?;
        solution.reduce();
        Ok(solution)
    }

    /// (T − V)⁻¹ T: how often a pound that is spent in the service of a row comes by the service of a column, the own one included.
    /// Proved as [`Self::solve`] is.
    ///
    /// # Errors
    /// As [`Self::solve`].
    pub fn visits(&self, threads: usize) -> Result<Solution, Unproved> {
        let totals: Vec<Vec<BigUint>> = (0..self.rows.len())
            .map(|place| {
                self.rows.iter().enumerate().map(|(at, row)| if at == place { row.total.clone() } else { BigUint::ZERO }).collect()
            })
            .collect();
        let wanted: Vec<&[BigUint]> = totals.iter().map(Vec::as_slice).collect();
        let mut solution = self.columns(&wanted, threads)?;
        self.prove_equation(&solution, &wanted, threads)?;
        solution.reduce();
        Ok(solution)
    }

    /// Proves a solution by putting it into the equation, with all digits; and that its rows sum to 1.
    ///
    /// # Errors
    /// [`Unproved`] says what does not hold.
    pub fn prove(&self, solution: &Solution, threads: usize) -> Result<(), Unproved> {
        let wanted: Vec<&[BigUint]> = self.rows.iter().map(|row| row.finals.as_slice()).collect();
        let sums = |row: &Vec<BigUint>| row.iter().sum::<BigUint>() == solution.denominator;
        if let Some(row) = solution.numerators.iter().position(|row| !sums(row)) {
            return Err(Unproved::RowSum(row));
        }
        self.prove_equation(solution, &wanted, threads)
    }

    /// Services from which no final is reached, lowest place first.
    fn closed(&self) -> Vec<usize> {
        let gives_to_final = |row: &Row| row.finals.iter().any(|volume| *volume != BigUint::ZERO);
        let mut reaches: Vec<bool> = self.rows.iter().map(gives_to_final).collect();
        loop {
            let further = |row: &Row| row.services.iter().zip(&reaches).any(|(volume, reaches)| *reaches && *volume != BigUint::ZERO);
            let now: Vec<bool> = self.rows.iter().zip(&reaches).map(|(row, already)| *already || further(row)).collect();
            if now == reaches {
                return reaches.iter().enumerate().filter(|(_, reaches)| !**reaches).map(|(place, _)| place).collect();
            }
            reaches = now;
        }
    }

    /// Determinant and numerators of (T − V)⁻¹ times these columns, all of them known to lie in [0, ∏ T].
    fn columns(&self, wanted: &[&[BigUint]], threads: usize) -> Result<Solution, Unproved> {
        let bound: BigUint = self.rows.iter().map(|row| &row.total).product();
        // A prime is skipped if it divides the determinant or a leading minor. Each of these has fewer bits than the bound.
        let mut may_fail = (bound.bits() / 61 + 1).saturating_mul(self.rows.len() as u64 + 1);
        let (mut product, mut found, mut list) = (BigUint::from(1u8), Vec::new(), primes());
        while product <= bound {
            let lacking = (bound.bits() - product.bits()) / 62 + 1;
            let tried: Vec<u64> = list.by_ref().take(lacking as usize).collect();
            for (prime, residues) in tried.iter().zip(side_by_side(&tried, threads, |prime| self.residues(wanted, Field::new(*prime)))) {
                match residues {
                    Some(residues) => {
                        product *= *prime;
                        found.push((*prime, residues));
                    }
                    None => may_fail = may_fail.checked_sub(1).ok_or(Unproved::Singular)?,
                }
            }
        }
        let primes: Vec<u64> = found.iter().map(|(prime, _)| *prime).collect();
        let lift = Lift::new(&primes);
        let rows: Vec<usize> = (0..self.rows.len()).collect();
        let numerators = side_by_side(&rows, threads, |row| {
            let of_primes: Vec<&[u64]> =
                found.iter().map(|(_, residues)| residues.numerators.get(*row).map_or(&[][..], Vec::as_slice)).collect();
            let columns = of_primes.first().map_or(0, |first| first.len());
            (0..columns).map(|at| lift.number(of_primes.iter().map(|of_prime| of_prime.get(at).copied().unwrap_or(0)))).collect()
        });
        Ok(Solution { numerators, denominator: lift.number(found.iter().map(|(_, residues)| residues.determinant)) })
    }

    /// By elimination modulo one prime; `None` where it divides the determinant, or a leading minor (then it is no use either).
    fn residues(&self, wanted: &[&[BigUint]], field: Field) -> Option<Residues> {
        let mut rows: Vec<Eliminated> = self.rows.iter().zip(wanted).enumerate().map(|(at, (row, w))| row.modulo(at, w, field)).collect();
        let (determinant, inverses) = eliminate(&mut rows, field)?;
        let mut numerators = substitute(rows, &inverses, field)?;
        let scale = field.factor(determinant);
        numerators.iter_mut().flatten().for_each(|number| *number = field.product(scale, *number));
        Some(Residues { determinant, numerators })
    }

    /// V X + W = T X, row by row, in digits.
    fn prove_equation(&self, solution: &Solution, wanted: &[&[BigUint]], threads: usize) -> Result<(), Unproved> {
        let columns = wanted.first().map_or(0, |first| first.len());
        let shape = solution.numerators.len() == self.rows.len() && solution.numerators.iter().all(|row| row.len() == columns);
        if !shape || solution.denominator == BigUint::ZERO {
            return Err(Unproved::Shape);
        }
        let numerators: Vec<Vec<Vec<u64>>> =
            solution.numerators.iter().map(|row| row.iter().map(BigUint::to_u64_digits).collect()).collect();
        let denominator = solution.denominator.to_u64_digits();
        let longest = numerators.iter().flatten().chain([&denominator]).map(Vec::len).max().unwrap_or(0);
        let places: Vec<usize> = (0..self.rows.len()).collect();
        let holds = side_by_side(&places, threads, |place| {
            let (Some(row), Some(own), Some(wanted)) = (self.rows.get(*place), numerators.get(*place), wanted.get(*place)) else {
                return false;
            };
            // No volume is larger than the total, and the sum of all is at most as large as the total times the longest.
            let digits = longest + row.total.to_u64_digits().len() + 1;
            let mut left = vec![vec![0; digits]; columns];
            for (volume, through) in row.services.iter().zip(&numerators).filter(|(volume, _)| **volume != BigUint::ZERO) {
                left.iter_mut().zip(through).for_each(|(sum, number)| add_big_product(sum, number, volume));
            }
            left.iter_mut().zip(*wanted).for_each(|(sum, volume)| add_big_product(sum, &denominator, volume));
            left.iter().zip(own).all(|(left, number)| {
                let mut right = vec![0; digits];
                add_big_product(&mut right, number, &row.total);
                *left == right
            })
        });
        holds.iter().position(|holds| !holds).map_or(Ok(()), |row| Err(Unproved::Equation(row)))
    }
}

impl Row {
    /// By the smallest whole numbers that have the same proportions.
    fn reduced(total: BigUint, services: Vec<BigUint>, finals: Vec<BigUint>) -> Self {
        let common = services.iter().chain(&finals).fold(BigUint::ZERO, |common, volume| greatest_common_divisor(volume.clone(), common));
        let reduce = |volumes: Vec<BigUint>| volumes.into_iter().map(|volume| volume / &common).collect();
        Self { total: total / &common, services: reduce(services), finals: reduce(finals) }
    }

    /// The row at this place modulo a prime.
    fn modulo(&self, place: usize, wanted: &[BigUint], field: Field) -> Eliminated {
        let mut matrix: Vec<u64> = self.services.iter().map(|volume| field.negative(field.remainder(volume))).collect();
        matrix.iter_mut().skip(place).take(1).for_each(|own| *own = field.remainder(&self.total));
        Eliminated { matrix, wanted: wanted.iter().map(|volume| field.remainder(volume)).collect() }
    }
}

/// A row of T − V and of W, modulo a prime, under elimination. Numbers are below twice the prime.
struct Eliminated {
    matrix: Vec<u64>,
    wanted: Vec<u64>,
}

/// The determinant and the numerators of X modulo a prime.
struct Residues {
    determinant: u64,
    numerators: Vec<Vec<u64>>,
}

/// Makes the matrix upper triangular; gives the determinant, and the inverse of each number on the diagonal. `None` where one of these
/// is nought. Rows are never exchanged: no diagonal of an M-matrix becomes nought but modulo an unlucky prime.
fn eliminate(rows: &mut [Eliminated], field: Field) -> Option<(u64, Vec<Factor>)> {
    let (mut determinant, mut inverses) = (1, Vec::with_capacity(rows.len()));
    let mut rest = rows;
    while let Some((upper, below)) = rest.split_first_mut() {
        let at = inverses.len();
        let (first, others) = upper.matrix.get(at..)?.split_first()?;
        let diagonal = field.reduce(*first);
        if diagonal == 0 {
            return None;
        }
        let inverse = field.factor(field.inverse(diagonal));
        determinant = field.multiply(determinant, diagonal);
        for row in below.iter_mut() {
            let (head, tail) = row.matrix.get_mut(at..)?.split_first_mut()?;
            let times = field.product(inverse, *head);
            if times != 0 {
                let times = field.factor(times);
                field.subtract(tail, times, others);
                field.subtract(&mut row.wanted, times, &upper.wanted);
            }
        }
        inverses.push(inverse);
        rest = below;
    }
    Some((determinant, inverses))
}

/// From the last row of an upper triangular matrix to the first: the solution, below the prime.
fn substitute(rows: Vec<Eliminated>, inverses: &[Factor], field: Field) -> Option<Vec<Vec<u64>>> {
    let (matrix, mut solved): (Vec<Vec<u64>>, Vec<Vec<u64>>) = rows.into_iter().map(|row| (row.matrix, row.wanted)).unzip();
    let mut rest = solved.as_mut_slice();
    for inverse in inverses.iter().rev() {
        let (last, above) = rest.split_last_mut()?;
        last.iter_mut().for_each(|number| *number = field.product(*inverse, *number));
        let at = above.len();
        for (row, coefficients) in above.iter_mut().zip(&matrix) {
            let times = field.reduce(*coefficients.get(at)?);
            if times != 0 {
                field.subtract(row, field.factor(times), last);
            }
        }
        rest = above;
    }
    Some(solved)
}

/// `sum` and `digits` times a number of any size.
fn add_big_product(sum: &mut [u64], digits: &[u64], factor: &BigUint) {
    for (place, factor) in factor.iter_u64_digits().enumerate() {
        if let Some(sum) = sum.get_mut(place..) {
            add_product(sum, digits, factor);
        }
    }
}

impl Solution {
    /// Takes out what the denominator and all numerators have in common.
    fn reduce(&mut self) {
        let mut common = self.denominator.clone();
        for number in self.numerators.iter().flatten() {
            if common == BigUint::from(1u8) {
                return;
            }
            common = greatest_common_divisor(common, number.clone());
        }
        self.denominator /= &common;
        self.numerators.iter_mut().flatten().for_each(|number| *number /= &common);
    }

    /// The row of a service as weights of the finals for [`super::Weights`]; `None` where there is no such row.
    #[must_use]
    pub fn weights(&self, place: usize) -> Option<Vec<BigInt>> {
        Some(self.numerators.get(place)?.iter().cloned().map(BigInt::from).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Fraction;
    use super::*;

    fn big(numbers: &[u64]) -> Vec<BigUint> {
        numbers.iter().copied().map(BigUint::from).collect()
    }

    fn system(rows: &[(&[u64], &[u64])]) -> Result<System, NoSystem> {
        System::new(rows.iter().map(|(services, finals)| (big(services), big(finals))).collect())
    }

    fn shares(solution: &Solution) -> Vec<Vec<String>> {
        let share = |number: &BigUint| Fraction::new(number.clone(), solution.denominator.clone()).unwrap().to_string();
        solution.numerators.iter().map(|row| row.iter().map(share).collect()).collect()
    }

    #[test]
    fn two_services_that_serve_each_other() {
        // Kaplan and Atkinson, problem 3-32.
        let two = system(&[(&[0, 40], &[30, 30]), (&[25, 0], &[25, 50])]).unwrap();
        let solution = two.solve(1).unwrap();
        assert_eq!(shares(&solution), [["4/9", "5/9"], ["13/36", "23/36"]]);
        assert_eq!(shares(&two.visits(1).unwrap()), [["10/9", "4/9"], ["5/18", "10/9"]]);
    }

    #[test]
    fn one_service_and_one_final() {
        assert_eq!(shares(&system(&[(&[7], &[3])]).unwrap().solve(2).unwrap()), [["1/1"]]);
    }

    #[test]
    fn what_is_no_system() {
        assert_eq!(system(&[(&[5], &[0])]).unwrap_err(), NoSystem::Nothing(0));
        assert_eq!(system(&[(&[0, 1], &[0]), (&[1, 0], &[0])]).unwrap_err(), NoSystem::Closed(vec![0, 1]));
        assert_eq!(system(&[(&[0, 1, 0], &[0]), (&[0, 0, 2], &[0]), (&[0, 3, 0], &[0])]).unwrap_err(), NoSystem::Closed(vec![0, 1, 2]));
        assert_eq!(system(&[(&[0, 1], &[1]), (&[1], &[0])]).unwrap_err(), NoSystem::Shape(1));
        assert_eq!(System::new(Vec::new()).unwrap().solve(2).unwrap().numerators.len(), 0);
    }

    #[test]
    fn a_prime_that_divides_the_determinant_is_skipped() {
        let prime = primes().next().unwrap();
        let alone = system(&[(&[0], &[1, prime - 1])]).unwrap();
        let expected = [[format!("1/{prime}"), format!("{}/{prime}", prime - 1)]];
        assert_eq!(shares(&alone.solve(2).unwrap()), expected);
        assert!(alone.residues(&[&big(&[1, 1])], Field::new(prime)).is_none());
    }

    #[test]
    fn volumes_far_beyond_a_word() {
        let far = BigUint::from(u64::MAX).pow(3);
        let rows = vec![
            (vec![BigUint::ZERO, far.clone()], vec![far.clone(), BigUint::ZERO]),
            (vec![far.clone() + 1u8, BigUint::ZERO], vec![BigUint::ZERO, far.clone() * 3u8 + 2u8]),
        ];
        let system = System::new(rows).unwrap();
        assert_eq!(system.solve(1).unwrap(), system.solve(2).unwrap());
    }

    #[test]
    fn a_solution_that_is_not_one_is_told() {
        let two = system(&[(&[0, 40], &[30, 30]), (&[25, 0], &[25, 50])]).unwrap();
        let right = two.solve(1).unwrap();
        let mut wrong = right.clone();
        wrong.numerators[1][0] += 1u8;
        assert_eq!(two.prove(&wrong, 1), Err(Unproved::RowSum(1)));
        wrong.numerators[1][1] -= 1u8;
        assert_eq!(two.prove(&wrong, 2), Err(Unproved::Equation(0)), "the first row reaches the finals through the second");
        wrong.numerators.pop();
        assert_eq!(two.prove(&wrong, 1), Err(Unproved::Shape));
        let nothing = Solution { numerators: vec![big(&[0, 0]), big(&[0, 0])], denominator: BigUint::ZERO };
        assert_eq!(two.prove(&nothing, 1), Err(Unproved::Shape));
    }
}

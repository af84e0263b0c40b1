//! The matrix origin → final, and the gross cost that services pass on.

use std::collections::BTreeMap;

use num_bigint::{BigInt, BigUint};

use super::super::{Fraction, NoWeight, Pence, Solution, System, Unproved, Weights};
use super::{Final, Refusal};

/// The matrix origin → final of one set of pools, proved.
#[derive(Clone, Debug)]
pub struct Allocation {
    /// Origins, by key.
    pub(super) services: Vec<String>,
    /// By key.
    pub(super) finals: Vec<Final>,
    pub(super) by_policy: Vec<String>,
    pub(super) system: System,
    pub(super) solution: Solution,
}

/// What arises in a service, what it receives from others, and both together; in pence, exact. Costs positive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gross {
    pub service: String,
    pub direct: Pence,
    pub received: Fraction,
    pub gross: Fraction,
}

/// Check 14 does not hold: what this service or final gets is not what it gives on, or bears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unbalanced(pub String);

/// A service's row of the matrix, ready to split cells: finals with a part, and their weights.
#[derive(Clone, Debug)]
pub struct Shares<'a> {
    pub finals: Vec<&'a Final>,
    pub weights: Weights,
}

impl Allocation {
    /// Origins, by key.
    #[must_use]
    pub fn services(&self) -> &[String] {
        &self.services
    }

    /// All finals that bear a part of any origin, by key.
    #[must_use]
    pub fn finals(&self) -> &[Final] {
        &self.finals
    }

    /// Services whose cost, or whose partners' part, follows the policy for a missing volume.
    #[must_use]
    pub fn by_policy(&self) -> &[String] {
        &self.by_policy
    }

    #[must_use]
    pub const fn system(&self) -> &System {
        &self.system
    }

    #[must_use]
    pub const fn solution(&self) -> &Solution {
        &self.solution
    }

    /// The part of a pound of this service that every final bears, in lowest terms; those that bear none are left out.
    #[must_use]
    pub fn fractions(&self, service: &str) -> Vec<(&Final, Fraction)> {
        let denominator = &self.solution.denominator;
        self.row(service).filter_map(|(to, part)| Some((to, Fraction::new(part.clone(), denominator.clone())?))).collect()
    }

    /// The row of a service, to split its cells by. `None` where the service is no origin.
    #[must_use]
    pub fn shares(&self, service: &str) -> Option<Shares<'_>> {
        let (finals, parts): (Vec<&Final>, Vec<&BigUint>) = self.row(service).unzip();
        let weights: Result<Weights, NoWeight> =
            Weights::new(finals.iter().zip(parts).map(|(to, part)| (to.key(), BigInt::from(part.clone()))));
        Some(Shares { finals, weights: weights.ok()? })
    }

    /// The finals that bear a part of this service, and their numerators over the denominator of the solution.
    pub fn row(&self, service: &str) -> impl Iterator<Item = (&Final, &BigUint)> {
        let place = self.services.iter().position(|own| own == service);
        let row = place.and_then(|place| self.solution.numerators.get(place)).into_iter().flatten();
        self.finals.iter().zip(row).filter(|(_, part)| **part != BigUint::ZERO)
    }

    /// What every service has to pass on, from the cost that arises in each, in pence. Services that are not named have none.
    ///
    /// # Errors
    /// [`Refusal::Unproved`].
    pub fn gross(&self, direct: &BTreeMap<String, Pence>, threads: usize) -> Result<Vec<Gross>, Refusal> {
        let visits = self.system.visits(threads).map_err(Refusal::Unproved)?;
        let direct_of = |service: &String| direct.get(service).copied().unwrap_or(0);
        let mut all = Vec::with_capacity(self.services.len());
        for (place, service) in self.services.iter().enumerate() {
            let from = self.services.iter().zip(&visits.numerators);
            let sum: BigInt = from.filter_map(|(origin, row)| Some(BigInt::from(row.get(place)?.clone()) * direct_of(origin))).sum();
            let gross = Fraction::new(sum, visits.denominator.clone()).ok_or(Refusal::Unproved(Unproved::Shape))?;
            let own = direct_of(service);
            all.push(Gross { service: service.clone(), direct: own, received: &gross - &Fraction::whole(own), gross });
        }
        Ok(all)
    }

    /// Check 14, exactly: every service's cost of its own and what it receives, flow by flow, are what it passes on; and all that is
    /// passed to a final is its part of the cost of all origins.
    ///
    /// # Errors
    /// [`Unbalanced`] names the first that does not hold.
    pub fn prove_flows(&self, direct: &BTreeMap<String, Pence>, gross: &[Gross]) -> Result<(), Unbalanced> {
        let nought = Fraction::whole(0);
        let mut received = vec![nought.clone(); self.services.len()];
        let mut borne = vec![nought; self.finals.len()];
        for (place, (service, gross)) in self.services.iter().zip(gross).enumerate() {
            let unbalanced = || Unbalanced(service.clone());
            let ((to_services, to_finals), total) = self.system.gives(place).zip(self.system.total(place)).ok_or_else(unbalanced)?;
            let part = |volume: &BigUint| {
                let share = Fraction::new(volume.clone(), total.clone()).ok_or_else(unbalanced)?;
                Ok(&gross.gross * &share)
            };
            for (sum, volume) in received.iter_mut().zip(to_services).chain(borne.iter_mut().zip(to_finals)) {
                if *volume != BigUint::ZERO {
                    *sum = &*sum + &part(volume)?;
                }
            }
        }
        for ((service, received), gross) in self.services.iter().zip(&received).zip(gross) {
            let direct = Fraction::whole(direct.get(service).copied().unwrap_or(0));
            if gross.service != *service || gross.received != *received || gross.gross != &direct + received {
                return Err(Unbalanced(service.clone()));
            }
        }
        for (to, (place, borne)) in self.finals.iter().zip(borne.iter().enumerate()) {
            let part = |(origin, row): (&String, &Vec<BigUint>)| {
                Some(BigInt::from(row.get(place)?.clone()) * direct.get(origin).copied().unwrap_or(0))
            };
            let sum: BigInt = self.services.iter().zip(&self.solution.numerators).filter_map(part).sum();
            if Fraction::new(sum, self.solution.denominator.clone()).as_ref() != Some(borne) {
                return Err(Unbalanced(to.key()));
            }
        }
        Ok(())
    }
}

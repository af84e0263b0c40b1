//! What the services give to each other and to their users, and what becomes of it by each method of allocation.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
};

use num_bigint::BigUint;

use super::{NoSystem, Ownership, System, Unproved};

mod allocation;

pub use allocation::{Allocation, Gross, Shares, Unbalanced};

/// Who bears a part in the end. Ordered by the bytes of `service/ownership/bearer`, as ties are decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Final {
    /// The service that is used, which need not be the one in which the cost arose.
    pub service: String,
    pub ownership: Ownership,
    /// A council, company or customer.
    pub bearer: String,
}

/// The bearer of what a policy leaves: the council in whose ledger a cell stands takes its place when the cell is split.
pub const UNALLOCATED: &str = "unallocated";
/// The set of pools of every account group that no pool names.
pub const ALL_GROUPS: &str = "all";

/// Redundancy and pension strain: an account group that no pool covers without naming it.
pub const NOT_DISTRIBUTED: &str = "non_distributed";

/// Who uses a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// Another giving service, by its key. A service's use of itself is dropped.
    Service(String),
    /// Somebody at the end. The shared use of the giving service itself is the *partners' part*, whoever used it: all of it is split
    /// again by the share in force.
    Final(Final),
}

/// What is done with the cost of a service whose driver has no volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZeroVolume {
    /// The period is not published.
    Refuse,
    /// Its partners bear it in equal parts.
    SpreadEvenly,
    /// It stays with the council in whose ledger it stands.
    LeaveUnallocated,
}

/// A service in one set of pools: what it gives, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Giver {
    pub service: String,
    /// Whether its kind is `final`: no method drops what such a service uses.
    pub is_final: bool,
    /// Its place in the order of the step method; services without one come last. Equal ones are ordered by key.
    pub step: Option<i64>,
    /// Whether it has shared cost of its own in this set of pools. Only then, or if it receives some, is a missing volume refused.
    pub has_cost: bool,
    pub zero_volume: ZeroVolume,
    /// Councils that are members of it on the first day of the period.
    pub members: Vec<String>,
    /// The share in force: partners and their weights. Empty where there is none; then the partners' part follows `zero_volume`.
    pub share: Vec<(String, u128)>,
    /// Volumes of the pool's driver. A service without a pool has none, and leaves its cost unallocated.
    pub volumes: Vec<(Recipient, i128)>,
}

/// How services that serve each other are dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// What a service gives to services that are not final is dropped.
    Direct,
    /// What a service gives to those on lower steps is dropped.
    Step,
    /// What a service gives to those on higher steps is dropped, but for final ones.
    StepReversed,
    /// Nothing is dropped.
    Reciprocal,
}

impl Method {
    /// In the order of the columns of `method_comparison`.
    pub const ALL: [Self; 4] = [Self::Direct, Self::Step, Self::StepReversed, Self::Reciprocal];

    /// The word in configuration and tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Step => "step",
            Self::StepReversed => "step_reversed",
            Self::Reciprocal => "reciprocal",
        }
    }
}

/// Why a period's cost cannot be allocated by a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Two givers of one service.
    Twice {
        service: String,
    },
    /// A volume names a service that is none of the givers.
    UnknownService {
        service: String,
        to: String,
    },
    NegativeVolume {
        service: String,
        volume: i128,
    },
    /// The service has cost, no volume, and the policy `refuse`.
    NoVolume {
        service: String,
    },
    /// Partners used the service, no share says what each bears, and the policy is `refuse`.
    NoShare {
        service: String,
    },
    /// To be borne in equal parts by its partners, and it has none.
    NoPartner {
        service: String,
    },
    /// These serve only each other, each the next and the last the first. Lowest key first.
    ClosedLoop {
        services: Vec<String>,
    },
    /// A check of the kernel failed: the code is wrong.
    Unproved(Unproved),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Twice { service } => write!(f, "{service}: given twice"),
            Self::UnknownService { service, to } => write!(f, "{service}: gives to {to}, which is no service of this scheme"),
            Self::NegativeVolume { service, volume } => write!(f, "{service}: a volume of {volume}"),
            Self::NoVolume { service } => write!(f, "{service}: no volume"),
            Self::NoShare { service } => write!(f, "{service}: no share of its partners"),
            Self::NoPartner { service } => write!(f, "{service}: no partner"),
            Self::ClosedLoop { services } => {
                let first = services.first().map_or("", String::as_str);
                write!(f, "closed loop: {} → {first}", services.join(" → "))
            }
            Self::Unproved(unproved) => write!(f, "{unproved}"),
        }
    }
}

impl Final {
    /// What a policy leaves of a service's cost.
    #[must_use]
    pub fn unallocated(service: &str) -> Self {
        Self::shared(service, UNALLOCATED)
    }

    fn shared(service: &str, bearer: &str) -> Self {
        Self { service: service.to_owned(), ownership: Ownership::Shared, bearer: bearer.to_owned() }
    }

    /// `service/ownership/bearer`: by its bytes ties are decided.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.service, self.ownership, self.bearer)
    }

    fn bytes(&self) -> impl Iterator<Item = u8> {
        let parts = [&self.service, "/", self.ownership.as_str(), "/", &self.bearer];
        parts.into_iter().flat_map(str::bytes)
    }
}

impl PartialOrd for Final {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Final {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes().cmp(other.bytes())
    }
}

/// The services of one set of pools, by key.
#[derive(Clone, Debug)]
pub struct Scheme {
    givers: BTreeMap<String, Giver>,
}

impl Giver {
    /// Whether it gives to any other service.
    fn gives_on(&self) -> bool {
        let is_other = |(to, volume): &(Recipient, i128)| *volume > 0 && matches!(to, Recipient::Service(to) if *to != self.service);
        self.volumes.iter().any(is_other)
    }
}

/// What one service gives under one method.
#[derive(Debug, Default)]
struct Flows {
    services: BTreeMap<String, BigUint>,
    finals: BTreeMap<Final, BigUint>,
    by_policy: bool,
}

impl Scheme {
    /// The order in which givers come changes nothing.
    ///
    /// # Errors
    /// [`Refusal::Twice`], [`Refusal::NegativeVolume`] or [`Refusal::UnknownService`].
    pub fn new(givers: impl IntoIterator<Item = Giver>) -> Result<Self, Refusal> {
        let mut by_key = BTreeMap::new();
        for giver in givers {
            if let Some(twice) = by_key.insert(giver.service.clone(), giver) {
                return Err(Refusal::Twice { service: twice.service });
            }
        }
        let scheme = Self { givers: by_key };
        for giver in scheme.givers.values() {
            for (recipient, volume) in &giver.volumes {
                let service = giver.service.clone();
                if *volume < 0 {
                    return Err(Refusal::NegativeVolume { service, volume: *volume });
                }
                if let Recipient::Service(to) = recipient
                    && !scheme.givers.contains_key(to)
                {
                    return Err(Refusal::UnknownService { service, to: to.clone() });
                }
            }
        }
        Ok(scheme)
    }

    /// X by a method, proved.
    ///
    /// # Errors
    /// [`Refusal`] names the service.
    pub fn allocate(&self, method: Method, threads: usize) -> Result<Allocation, Refusal> {
        let asked = self.asked(method);
        let flows = self.givers.values().map(|giver| self.flows(giver, method, asked.contains(giver.service.as_str())));
        let flows: Vec<Flows> = flows.collect::<Result<_, _>>()?;
        let services: Vec<String> = self.givers.keys().cloned().collect();
        let finals: BTreeSet<&Final> = flows.iter().flat_map(|flows| flows.finals.keys()).collect();
        let finals: Vec<Final> = finals.into_iter().cloned().collect();
        let rows = flows.iter().map(|flows| flows.row(&services, &finals)).collect();
        let system = System::new(rows).map_err(|no_system| refuse(no_system, &services, &flows))?;
        self.prove_order(method, &services, &system)?;
        let solution = system.solve(threads).map_err(Refusal::Unproved)?;
        let by_policy = services.iter().zip(&flows).filter(|(_, flows)| flows.by_policy).map(|(service, _)| service.clone()).collect();
        Ok(Allocation { services, finals, by_policy, system, solution })
    }

    /// Whether a method drops what this service gives to that one.
    fn drops(&self, method: Method, giver: &Giver, to: &str) -> bool {
        let Some(to) = self.givers.get(to) else { return false };
        if to.is_final {
            // Nothing comes back from it and it needs no step; one that has a step is closed to those on higher ones.
            return method == Method::Step && to.step.zip(giver.step).is_some_and(|(to, giver)| to < giver);
        }
        let order = |giver: &Giver| (giver.step.is_none(), giver.step, giver.service.clone());
        // One that has no step and gives to no other needs no place in either order: nothing can go back to it.
        let has_place = to.step.is_some() || to.gives_on();
        match method {
            Method::Direct => true,
            Method::Step => has_place && order(to) < order(giver),
            Method::StepReversed => has_place && order(to) > order(giver),
            Method::Reciprocal => false,
        }
    }

    /// Services that have cost of their own, or receive some.
    fn asked(&self, method: Method) -> BTreeSet<&str> {
        let mut asked: BTreeSet<&str> = BTreeSet::new();
        let mut next: Vec<&Giver> = self.givers.values().filter(|giver| giver.has_cost).collect();
        while let Some(giver) = next.pop() {
            if asked.insert(&giver.service) {
                let used = giver.volumes.iter().filter(|(_, volume)| *volume > 0).filter_map(|(recipient, _)| match recipient {
                    Recipient::Service(to) if !self.drops(method, giver, to) => self.givers.get(to),
                    _ => None,
                });
                next.extend(used);
            }
        }
        asked
    }

    fn flows(&self, giver: &Giver, method: Method, asked: bool) -> Result<Flows, Refusal> {
        let (mut flows, mut partners) = (Flows::default(), BigUint::ZERO);
        for (recipient, volume) in giver.volumes.iter().filter(|(_, volume)| *volume > 0) {
            let volume = BigUint::from(volume.unsigned_abs());
            match recipient {
                Recipient::Service(to) if *to == giver.service || self.drops(method, giver, to) => {}
                Recipient::Service(to) => *flows.services.entry(to.clone()).or_default() += volume,
                Recipient::Final(to) if to.service == giver.service && to.ownership == Ownership::Shared => partners += volume,
                Recipient::Final(to) => *flows.finals.entry(to.clone()).or_default() += volume,
            }
        }
        let nothing = flows.services.is_empty() && flows.finals.is_empty() && partners == BigUint::ZERO;
        let no_share = giver.share.iter().all(|(_, weight)| *weight == 0);
        if nothing {
            let missing = Refusal::NoVolume { service: giver.service.clone() };
            flows.by_policy(giver, &BigUint::from(1u8), asked.then_some(missing))?;
        } else if partners != BigUint::ZERO && no_share {
            let missing = Refusal::NoShare { service: giver.service.clone() };
            flows.by_policy(giver, &partners, asked.then_some(missing))?;
        } else if partners != BigUint::ZERO {
            flows.split(&giver.service, &giver.share, &partners);
        }
        Ok(flows)
    }

    /// Check 19: by the step methods nothing goes back to a service that is closed.
    fn prove_order(&self, method: Method, services: &[String], system: &System) -> Result<(), Refusal> {
        for (place, service) in services.iter().enumerate() {
            let (Some(giver), Some((gives, _))) = (self.givers.get(service), system.gives(place)) else { continue };
            let mut goes_back =
                services.iter().zip(gives).filter(|(to, volume)| **volume != BigUint::ZERO && self.drops(method, giver, to));
            if goes_back.next().is_some() {
                return Err(Refusal::Unproved(Unproved::Equation(place)));
            }
        }
        Ok(())
    }
}

impl Flows {
    /// `volume` by the policy of a service; `missing` is what is refused where that is the policy.
    fn by_policy(&mut self, giver: &Giver, volume: &BigUint, missing: Option<Refusal>) -> Result<(), Refusal> {
        self.by_policy = true;
        match (giver.zero_volume, missing) {
            (ZeroVolume::Refuse, Some(missing)) => return Err(missing),
            (ZeroVolume::SpreadEvenly, Some(_)) if giver.members.is_empty() => {
                return Err(Refusal::NoPartner { service: giver.service.clone() });
            }
            (ZeroVolume::SpreadEvenly, _) if !giver.members.is_empty() => {
                let share: Vec<(String, u128)> = giver.members.iter().map(|member| (member.clone(), 1)).collect();
                self.split(&giver.service, &share, volume);
            }
            _ => *self.finals.entry(Final::unallocated(&giver.service)).or_default() += volume,
        }
        Ok(())
    }

    /// The partners' part by this share, everything else to the scale of that.
    fn split(&mut self, service: &str, share: &[(String, u128)], partners: &BigUint) {
        let total: BigUint = share.iter().map(|(_, weight)| BigUint::from(*weight)).sum();
        self.services.values_mut().chain(self.finals.values_mut()).for_each(|volume| *volume *= &total);
        for (partner, weight) in share.iter().filter(|(_, weight)| *weight > 0) {
            *self.finals.entry(Final::shared(service, partner)).or_default() += partners * *weight;
        }
    }

    fn row(&self, services: &[String], finals: &[Final]) -> (Vec<BigUint>, Vec<BigUint>) {
        let to_services = services.iter().map(|service| self.services.get(service).cloned().unwrap_or_default()).collect();
        (to_services, finals.iter().map(|to| self.finals.get(to).cloned().unwrap_or_default()).collect())
    }
}

fn refuse(no_system: NoSystem, services: &[String], flows: &[Flows]) -> Refusal {
    let named = |place: usize| services.get(place).cloned().unwrap_or_default();
    match no_system {
        // Every row has one volume for each, and no row is without any: made so above.
        NoSystem::Shape(_) => Refusal::Unproved(Unproved::Shape),
        NoSystem::Nothing(place) => Refusal::NoVolume { service: named(place) },
        NoSystem::Closed(closed) => {
            let closed: BTreeSet<String> = closed.into_iter().map(named).collect();
            let gives = |service: &str| -> Vec<&String> {
                let flows = services.iter().zip(flows).find(|(own, _)| *own == service);
                flows.into_iter().flat_map(|(_, flows)| flows.services.keys()).filter(|to| closed.contains(*to)).collect()
            };
            let found = closed.iter().find_map(|first| loop_from(first, gives));
            Refusal::ClosedLoop { services: found.unwrap_or_else(|| closed.iter().cloned().collect()) }
        }
    }
}

/// The shortest way from a service back to itself, by lower keys first; without the service at its end.
fn loop_from<'a>(first: &'a String, gives: impl Fn(&str) -> Vec<&'a String>) -> Option<Vec<String>> {
    let mut before: BTreeMap<&String, &String> = BTreeMap::new();
    let mut next = VecDeque::from([first]);
    while let Some(service) = next.pop_front() {
        for to in gives(service) {
            if to == first {
                let mut way = vec![service.clone()];
                let mut at = service;
                while let Some(earlier) = before.get(at).filter(|_| at != first) {
                    way.push((*earlier).clone());
                    at = earlier;
                }
                way.reverse();
                return Some(way);
            }
            if !before.contains_key(to) {
                before.insert(to, service);
                next.push_back(to);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests;

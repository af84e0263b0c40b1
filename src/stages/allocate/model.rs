//! What the kernels `solve` and `apportion` are given, as the domain has it: cells, and of every set of pools who gives what to whom.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow::record_batch::RecordBatch;

use super::{
    method::method_in_force,
    refused::{refused, unsound},
};
use crate::{
    diagnostic::Answer,
    domain::{ALL_GROUPS, Allocation, Final, Giver, Method, NOT_DISTRIBUTED, Ownership, Pence, Recipient, Scheme, ZeroVolume},
    plan::KernelInput,
    schema::batch::{Rows, big, boolean, integer, money, truth_at, value_at},
};

/// A sum of cost that is split once.
#[derive(Clone, Debug)]
pub(super) struct CostCell {
    pub service: String,
    pub ownership: Ownership,
    /// Who bears it; empty where it is shared.
    pub bearer: String,
    pub account_group: String,
    pub on_cost: bool,
    pub council: String,
    pub fund: String,
    pub amount: Pence,
}

/// One set of pools: the services in it, each with its pool.
#[derive(Clone, Debug, Default)]
pub(super) struct PoolSet {
    givers: Vec<Giver>,
    /// Of every service that has one.
    pub pools: BTreeMap<String, Pool>,
}

/// A pool as a message names it.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    pub name: String,
    /// Empty: all goes to the partners by their shares.
    pub driver: String,
    /// Feeds that lack, so that the driver counts as without volume.
    pub lacks: String,
}

/// All that is allocated in a period, and how.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub cells: Vec<CostCell>,
    pub sets: BTreeMap<String, PoolSet>,
}

impl Model {
    /// # Errors
    /// TC1250 where a table lacks a column or holds a word that is none.
    pub fn read(input: &KernelInput<'_>) -> Answer<Self> {
        let cells = cells(input.table("cost_cell")?)?;
        let mut sets = givers(input.table("pool_giver")?)?;
        let members = pairs(input.table("service_member")?, "service", "council")?;
        let shares = shares(input.table("driver_register")?)?;
        let mut flows = flows(input.table("pool_flow")?)?;
        let named: BTreeSet<String> = sets.keys().cloned().collect();
        let with_cost: BTreeSet<(&str, &str)> = shared(&cells).map(|cell| (set_of(&named, cell), cell.service.as_str())).collect();
        sets.retain(|name, _| name != NOT_DISTRIBUTED || with_cost.iter().any(|(set, _)| set == name));
        for (name, set) in &mut sets {
            for giver in &mut set.givers {
                giver.has_cost = with_cost.contains(&(name.as_str(), giver.service.as_str()));
                giver.members = members.get(&giver.service).cloned().unwrap_or_default();
                giver.share = shares.get(&giver.service).cloned().unwrap_or_default();
                giver.volumes = flows.remove(&(name.clone(), giver.service.clone())).unwrap_or_default();
                if set.pools.get(&giver.service).is_some_and(|pool| pool.driver.is_empty()) {
                    // All of it is the partners' part.
                    let partners = Final { service: giver.service.clone(), ownership: Ownership::Shared, bearer: String::new() };
                    giver.volumes = vec![(Recipient::Final(partners), 1)];
                }
            }
        }
        Ok(Self { cells, sets })
    }

    /// Cells that are split.
    pub fn shared(&self) -> impl Iterator<Item = &CostCell> {
        shared(&self.cells)
    }

    /// The set of pools by which a cell is split.
    pub fn set_of<'c>(&self, cell: &'c CostCell) -> &'c str {
        if self.sets.contains_key(&cell.account_group) { &cell.account_group } else { ALL_GROUPS }
    }

    /// What arises in every service of a set, in pence.
    pub fn direct(&self, set: &str) -> BTreeMap<String, Pence> {
        let mut direct: BTreeMap<String, Pence> = BTreeMap::new();
        for cell in self.shared().filter(|cell| self.set_of(cell) == set) {
            *direct.entry(cell.service.clone()).or_default() += cell.amount;
        }
        direct
    }

    /// The matrix of every set by a method, proved. The method in force is asked for by two kernels, and solved for the first.
    ///
    /// # Errors
    /// TC1203 where a period's cost cannot be allocated so; TC1204 where a proof fails.
    pub fn allocate(&self, method: Method, input: &KernelInput<'_>) -> Answer<BTreeMap<String, Arc<Allocation>>> {
        let others = input.solved.filter(|_| method_in_force(input) == Some(method));
        let allocate = |(name, set): (&String, &PoolSet)| {
            if let Some(solved) = others.and_then(|others| others.take(method, &set.givers)) {
                return Ok((name.clone(), solved));
            }
            let scheme = Scheme::new(set.givers.iter().cloned());
            let allocation = scheme.and_then(|scheme| scheme.allocate(method, input.threads));
            let allocation = Arc::new(allocation.map_err(|refusal| refused(&refusal, set, input))?);
            if let Some(others) = others {
                others.keep(method, &set.givers, &allocation);
            }
            Ok((name.clone(), allocation))
        };
        self.sets.iter().map(allocate).collect()
    }
}

fn shared(cells: &[CostCell]) -> impl Iterator<Item = &CostCell> {
    cells.iter().filter(|cell| cell.ownership == Ownership::Shared)
}

fn set_of<'c>(named: &BTreeSet<String>, cell: &'c CostCell) -> &'c str {
    if named.contains(&cell.account_group) { &cell.account_group } else { ALL_GROUPS }
}

fn word(table: &RecordBatch, column: &str, row: usize) -> Answer<String> {
    Rows(table).text(column, row).map(str::to_owned)
}

fn ownership(table: &RecordBatch, column: &str, row: usize) -> Answer<Ownership> {
    let word = word(table, column, row)?;
    Ownership::parse(&word).ok_or_else(|| unsound(&format!("`{word}` is no ownership")))
}

fn cells(table: &RecordBatch) -> Answer<Vec<CostCell>> {
    let (amount, on_cost) = (money(table, "amount")?, boolean(table, "on_cost")?);
    let cell = |row: usize| {
        Ok(CostCell {
            service: word(table, "service", row)?,
            ownership: ownership(table, "ownership", row)?,
            bearer: word(table, "bearer", row)?,
            account_group: word(table, "account_group", row)?,
            on_cost: truth_at(on_cost, row),
            council: word(table, "council", row)?,
            fund: word(table, "fund", row)?,
            amount: value_at(amount, row).unwrap_or_default(),
        })
    };
    let mut cells = (0..table.num_rows()).map(cell).collect::<Answer<Vec<CostCell>>>()?;
    let key = |cell: &CostCell| {
        (
            cell.service.clone(),
            cell.ownership.as_str(),
            cell.account_group.clone(),
            cell.on_cost,
            cell.council.clone(),
            cell.fund.clone(),
            cell.bearer.clone(),
        )
    };
    cells.sort_by_key(key);
    Ok(cells)
}

fn givers(table: &RecordBatch) -> Answer<BTreeMap<String, PoolSet>> {
    let (is_final, step) = (boolean(table, "is_final")?, integer(table, "step")?);
    let mut sets: BTreeMap<String, PoolSet> = BTreeMap::new();
    for row in 0..table.num_rows() {
        let (service, pool) = (word(table, "service", row)?, word(table, "pool", row)?);
        let policy = word(table, "zero_volume", row)?;
        let zero_volume = match policy.as_str() {
            "refuse" => ZeroVolume::Refuse,
            "spread_evenly" => ZeroVolume::SpreadEvenly,
            "leave_unallocated" => ZeroVolume::LeaveUnallocated,
            _ => return Err(unsound(&format!("`{policy}` is no policy for a missing volume"))),
        };
        let set = sets.entry(word(table, "pool_set", row)?).or_default();
        if !pool.is_empty() {
            let pool = Pool { name: pool, driver: word(table, "driver", row)?, lacks: word(table, "lacks", row)? };
            set.pools.insert(service.clone(), pool);
        }
        set.givers.push(Giver {
            service,
            is_final: truth_at(is_final, row),
            step: value_at(step, row).map(i64::from),
            has_cost: false,
            zero_volume,
            members: Vec::new(),
            share: Vec::new(),
            volumes: Vec::new(),
        });
    }
    Ok(sets)
}

/// By set of pools and giving service.
fn flows(table: &RecordBatch) -> Answer<BTreeMap<(String, String), Vec<(Recipient, i128)>>> {
    let volume = big(table, "volume")?;
    let mut flows: BTreeMap<(String, String), Vec<(Recipient, i128)>> = BTreeMap::new();
    for row in 0..table.num_rows() {
        let (giver, service, bearer) = (word(table, "service", row)?, word(table, "to_service", row)?, word(table, "to_bearer", row)?);
        let service = if service.is_empty() { giver.clone() } else { service };
        let to = if bearer.is_empty() {
            Recipient::Service(service)
        } else {
            Recipient::Final(Final { service, ownership: ownership(table, "to_ownership", row)?, bearer })
        };
        flows.entry((word(table, "pool_set", row)?, giver)).or_default().push((to, i128::from(value_at(volume, row).unwrap_or_default())));
    }
    Ok(flows)
}

fn shares(table: &RecordBatch) -> Answer<BTreeMap<String, Vec<(String, u128)>>> {
    let weight = big(table, "weight_in_force")?;
    let mut shares: BTreeMap<String, Vec<(String, u128)>> = BTreeMap::new();
    for row in 0..table.num_rows() {
        let weight = value_at(weight, row).and_then(|weight| u128::try_from(weight).ok()).unwrap_or_default();
        shares.entry(word(table, "service", row)?).or_default().push((word(table, "partner", row)?, weight));
    }
    Ok(shares)
}

fn pairs(table: &RecordBatch, key: &str, value: &str) -> Answer<BTreeMap<String, Vec<String>>> {
    let mut pairs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in 0..table.num_rows() {
        pairs.entry(word(table, key, row)?).or_default().push(word(table, value, row)?);
    }
    Ok(pairs)
}

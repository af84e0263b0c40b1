//! Whether a feed's pounds are gross or net, as its contracts say.

use crate::{
    lake::DeliveryRecord,
    pipeline::{Feed, Partnership},
    schema::{Contract, Vat},
};

/// What a contract says of its amounts: `yes` where some of them include VAT, `no` where those that say something do not, else
/// `unknown`.
#[must_use]
pub fn contract_vat(contract: &Contract) -> Vat {
    let said: Vec<Vat> = contract.columns.iter().filter_map(|column| column.rules.includes_vat).collect();
    [Vat::Yes, Vat::Unknown, Vat::No].into_iter().find(|word| said.contains(word)).unwrap_or(Vat::Unknown)
}

/// What the contracts of a feed say: `unknown` where they do not agree.
#[must_use]
pub fn feed_vat(feed: &Feed) -> Vat {
    let mut said = feed.contracts.iter().map(|(_, contract)| contract_vat(contract));
    let first = said.next().unwrap_or(Vat::Unknown);
    if said.all(|other| other == first) { first } else { Vat::Unknown }
}

/// What the contract says by which a delivery was read.
#[must_use]
pub fn delivery_vat(partnership: &Partnership, record: &DeliveryRecord) -> Vat {
    let Some(feed) = partnership.feed(&record.council, &record.feed) else { return Vat::Unknown };
    let read_by = feed.contracts.iter().find(|(_, contract)| contract.name == record.contract);
    read_by.map_or_else(|| feed_vat(feed), |(_, contract)| contract_vat(contract))
}

//! Feeds of personal data: which they are, what they may not do, and what they are read with.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow::array::{Array as _, AsArray as _};
use sha2::{Digest as _, Sha256};

use crate::{
    diagnostic::{Diagnostic, Place, codes::contract as codes},
    domain::{Digest, Identifier, Key, Span, fold_code},
    schema::{
        Column, Contract, Contracts, ExtraColumns, PersonalKind, Treatment,
        fields::{Fields, UNTOUCHED},
    },
};

use super::{AllKeys, Feed, Keys, Landing, Partnership, ReferenceTable};

/// Tables of people and of what they use: whatever personal data an extract of theirs holds makes its feed a personal one.
const OF_PEOPLE: [&str; 3] = ["pay_line", "assignment", "driver_volume"];

/// Tables whose rows are persons, under pseudonyms.
const OF_PERSONS: [&str; 2] = ["pay_line", "assignment"];

/// The reference table of pay elements.
const ELEMENTS: &str = "pay_element";

/// What a feed of personal data is read with.
#[derive(Clone, Debug)]
pub struct Personal {
    /// Of its council; or, in words, why there are none.
    pub keys: Result<Keys, String>,
    /// Elements that `pay_element` lists for its council, folded as codes are: what `else: keep` keeps.
    pub elements: Arc<BTreeSet<String>>,
}

/// Whether a feed with this contract into this common table is one of personal data: some column is a name, an id, bank details or of a
/// special category, and is no such thing as the common table itself keeps (the name of a supplier in a ledger).
#[must_use]
pub fn is_personal(contract: &Contract, into: &Contract) -> bool {
    let of_people = OF_PEOPLE.contains(&into.name.as_str());
    let of = |column: &Column| column.rules.personal.clone();
    let keeps = |kind: PersonalKind| {
        !of_people && into.columns.iter().filter_map(of).any(|personal| personal.kind == kind && personal.treat == Treatment::Keep)
    };
    contract.columns.iter().filter_map(of).any(|personal| match (personal.kind, personal.treat) {
        (_, Treatment::Pseudonym(_) | Treatment::Fold(_)) => true,
        (PersonalKind::FreeText, _) => of_people,
        (kind, _) => !keeps(kind),
    })
}

/// Reads what a personal feed needs, and reports what it may not do; `None` where the feed is none.
pub fn read(
    fields: &Fields<'_>,
    council: &Identifier,
    contracts: &[(Span, Arc<Contract>)],
    into: &Contract,
    landing: Landing,
    keys: Option<&AllKeys>,
) -> Option<Personal> {
    if !contracts.iter().any(|(_, contract)| is_personal(contract, into)) {
        return None;
    }
    contracts.iter().for_each(|(_, contract)| check(fields, contract));
    if let Some(item) = fields.get("landing").filter(|_| landing == Landing::Link) {
        item.refuse(codes::PERSONAL_KEPT, "the feed holds personal data", "`landing: copy`: landed bytes are sealed", "");
    }
    let none = || format!("pipelines/partnership.yaml names no keys for {council}");
    let keys = keys.and_then(|keys| keys.get(council).cloned()).unwrap_or_else(|| Err(none()));
    Some(Personal { keys, elements: Arc::default() })
}

/// Reports columns that would rest in the lake as they are.
fn check(fields: &Fields<'_>, contract: &Contract) {
    let Some(item) = fields.get("contract") else { return };
    for column in &contract.columns {
        let Some(personal) = &column.rules.personal else { continue };
        let (may, expected) = match personal.kind {
            PersonalKind::Id => {
                (matches!(personal.treat, Treatment::Drop | Treatment::Pseudonym(_)), "`treat: drop` or `treat: pseudonym`")
            }
            PersonalKind::Special => (matches!(personal.treat, Treatment::Drop | Treatment::Fold(_)), "`treat: fold` or `treat: drop`"),
            PersonalKind::Name | PersonalKind::Bank | PersonalKind::FreeText => (personal.treat == Treatment::Drop, "`treat: drop`"),
        };
        if !may {
            let why =
                format!("{} keeps `{}`, of kind `{}`, in a feed of personal data", contract.file, column.name, personal.kind.as_str());
            item.refuse(codes::PERSONAL_KEPT, &why, format!("{expected} for this column"), "truecost explain code TC0713");
        }
    }
    if contract.layout.as_ref().is_some_and(|layout| layout.rows.extra_columns == ExtraColumns::Note) {
        let why = format!("{} says `extra_columns: note`: whatever the sender adds would be told", contract.file);
        item.refuse(codes::PERSONAL_KEPT, &why, "`extra_columns: refuse` in a feed of personal data", "");
    }
}

/// Gives each personal feed the pay elements that its council lists, where it keeps what is listed. What is listed decides what its
/// deliveries become, so it is part of the feed's digest.
pub fn list_elements(
    feeds: &mut [Feed],
    references: &BTreeMap<String, ReferenceTable>,
    contracts: &Contracts,
    faults: &mut Vec<Diagnostic>,
) {
    for feed in feeds {
        let Some(contract) = feed.contracts.iter().map(|(_, contract)| contract).find(|contract| keeps_listed(contract)) else { continue };
        let Some(personal) = &mut feed.personal else { continue };
        let Some(table) = references.get(ELEMENTS) else {
            // What is wrong with a table that is there has been told.
            if contracts.find("reference", ELEMENTS).is_ok() {
                continue;
            }
            let seen = "`else: keep` keeps what `pay_element` lists, and the partnership has no such reference table";
            let fault = Diagnostic::new(codes::TREATMENT, seen).place(Place::file(contract.file.clone()));
            let expected = "pipelines/reference/pay_element.csv with its contract, or a word: `else: other`";
            faults.push(
                fault.expected(expected).outcome(UNTOUCHED).hint("A word stands in the place of every value that `fold` does not name."),
            );
            continue;
        };
        let elements = listed(table, &feed.council);
        for digest in std::iter::once(&mut feed.digests.now).chain(&mut feed.digests.before) {
            *digest = with(*digest, &elements);
        }
        personal.elements = Arc::new(elements);
    }
}

fn keeps_listed(contract: &Contract) -> bool {
    let folding = |column: &Column| match &column.rules.personal.as_ref()?.treat {
        Treatment::Fold(folding) => folding.clone(),
        _ => None,
    };
    contract.columns.iter().filter_map(folding).any(|folding| folding.rest.is_none())
}

/// The elements of a council's rows.
fn listed(table: &ReferenceTable, council: &str) -> BTreeSet<String> {
    let column = |name: &str| table.rows.column_by_name(name)?.as_string_opt::<i32>();
    let (Some(councils), Some(elements)) = (column("council"), column("element")) else { return BTreeSet::new() };
    let rows = (0..table.rows.num_rows()).filter(|row| councils.is_valid(*row) && councils.value(*row) == council);
    rows.filter(|row| elements.is_valid(*row)).map(|row| fold_code(elements.value(row).trim()).into_owned()).collect()
}

fn with(digest: Digest, elements: &BTreeSet<String>) -> Digest {
    let mut hash = Sha256::new();
    hash.update(digest.0);
    for element in elements {
        hash.update((element.len() as u64).to_be_bytes());
        hash.update(element.as_bytes());
    }
    Digest(hash.finalize().into())
}

impl Feed {
    /// The key under which its files are sealed; `None` where it is no personal feed, or its council has no keys.
    #[must_use]
    pub fn sealing(&self) -> Option<&Key> {
        self.personal.as_ref()?.keys.as_ref().ok().map(|keys| &keys.sealing)
    }
}

impl Partnership {
    /// Whether a common table holds rows of persons, under pseudonyms: by its name, by what its contract says of its columns, or because
    /// a personal feed fills it with more than is dropped.
    #[must_use]
    pub fn is_of_persons(&self, table: &str) -> bool {
        let says = |contract: &Contract| contract.columns.iter().any(Column::is_treated);
        OF_PERSONS.contains(&table)
            || self.contracts.get(&format!("common/{table}")).is_some_and(|contract| says(contract))
            || self.feeds.iter().any(|feed| *feed.into == *table && feed.contracts.iter().any(|(_, contract)| says(contract)))
    }
}

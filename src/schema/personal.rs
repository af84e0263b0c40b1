//! `personal: {kind: …, treat: …}` of a column: what is done with personal data where the file is read.

use std::{collections::BTreeMap, sync::Arc};

use crate::{diagnostic::codes::contract, domain::fold_code};

use super::{
    Folding, Kind, Personal, PersonalKind, PseudonymOf, Treatment, Type,
    fields::{Fields, Item},
};

const KINDS: [(&str, PersonalKind); 5] = [
    ("name", PersonalKind::Name),
    ("id", PersonalKind::Id),
    ("bank", PersonalKind::Bank),
    ("free_text", PersonalKind::FreeText),
    ("special", PersonalKind::Special),
];

/// The word of `treat`, before what it needs beside it has been read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Keep,
    Drop,
    Pseudonym,
    Fold,
}

/// Reads the value of `personal`; a treatment that does not fit its column is reported.
pub fn read(item: &Item<'_>, column: Type, of: Kind) -> Option<Personal> {
    let fields = item.fields(&["kind", "treat", "as", "fold", "else"])?;
    let kind = fields.need("kind").and_then(|item| item.choice(&KINDS));
    let words = [("keep", Word::Keep), ("drop", Word::Drop), ("pseudonym", Word::Pseudonym), ("fold", Word::Fold)];
    let word = fields.get("treat").map_or(Some(Word::Keep), |item| item.choice(&words));
    let (kind, word) = (kind?, word?);
    let fits = match word {
        Word::Pseudonym => Some((PersonalKind::Id, "pseudonym")),
        Word::Fold => Some((PersonalKind::Special, "fold")),
        Word::Keep | Word::Drop => None,
    };
    if let Some((_, word)) = fits.filter(|(fit, _)| *fit != kind || column != Type::Text) {
        let seen = format!("`treat: {word}` on a column of kind `{}` and type `{}`", kind.as_str(), column.as_str());
        let expected = "`pseudonym` on an `id`, `fold` on a `special`, both `VARCHAR`";
        item.refuse(contract::TREATMENT, &seen, expected, "Anything else that is personal is dropped: `treat: drop`.");
        return None;
    }
    beside(&fields, word);
    let treat = match word {
        Word::Keep => Treatment::Keep,
        Word::Drop => Treatment::Drop,
        Word::Pseudonym => Treatment::Pseudonym(pseudonym_of(&fields)?),
        Word::Fold if of == Kind::Source => Treatment::Fold(Some(Arc::new(folding(&fields)?))),
        Word::Fold => Treatment::Fold(None),
    };
    Some(Personal { kind, treat })
}

/// Reports what goes with another treatment.
fn beside(fields: &Fields<'_>, word: Word) {
    for (key, goes_with, name) in [("as", Word::Pseudonym, "pseudonym"), ("fold", Word::Fold, "fold"), ("else", Word::Fold, "fold")] {
        if let Some(item) = fields.get(key).filter(|_| word != goes_with) {
            item.refuse(contract::TREATMENT, "it says nothing here", format!("`{key}` beside `treat: {name}`"), "");
        }
    }
}

fn pseudonym_of(fields: &Fields<'_>) -> Option<PseudonymOf> {
    fields.need("as")?.choice(&[("person", PseudonymOf::Person), ("assignment", PseudonymOf::Assignment)])
}

/// `fold: {Unison Subscription: deduction}, else: keep`; also both below one `fold`.
fn folding(fields: &Fields<'_>) -> Option<Folding> {
    let item = fields.need("fold")?;
    let below = item.entries()?.into_iter().find(|(key, _, item)| *key == "fold" && item.is_map());
    let (item, rest) = match below {
        Some((_, _, inner)) => {
            let fields = item.fields(&["fold", "else"])?;
            (inner, fields.need("else"))
        }
        None => (item, fields.need("else")),
    };
    let mut words = BTreeMap::new();
    for (value, _, word) in item.entries()? {
        let Some(word) = word.text() else { continue };
        words.insert(fold_code(value.trim()).into_owned(), word.to_owned());
    }
    let rest = rest?.text()?;
    Some(Folding { words, rest: (rest != "keep").then(|| rest.to_owned()) })
}

//! Rows that call themselves a balance or planned where none did before; or a credit, by a word that the contract does not know.

use crate::{
    domain::{counted, pounds},
    lake::{DeliveryRecord, LabelProof},
};

/// What in the contract, and not in the deliveries before, says that it is new.
const CREDIT: &str = "credit";

/// What is in question about such rows of `new`; nothing where a delivery before had them too, or where nobody looked.
pub(super) fn questions(stands: &[&DeliveryRecord], new: &DeliveryRecord) -> Vec<String> {
    let labelled = || stands.iter().filter_map(|r| r.proof.labelled.as_deref());
    let all_looked = !stands.is_empty() && labelled().count() == stands.len();
    let is_known = |label: &LabelProof| labelled().flatten().any(|known| known.column == label.column && known.says == label.says);
    let is_new = |label: &&LabelProof| (all_looked || label.says == CREDIT) && !is_known(label);
    new.proof.labelled.iter().flatten().filter(is_new).map(|label| question(label, stands.len())).collect()
}

fn question(label: &LabelProof, before: usize) -> String {
    let rows = counted(label.rows, "row");
    let (says, are) = match label.says.as_str() {
        "balance" => ("a balance", "what stands is no movement"),
        CREDIT => ("a credit, above nought,", "`sign_from` takes them off, and the word under `kinds` counts them as they are printed"),
        _ => ("planned", "what is planned is no cost"),
    };
    let known = match label.says.as_str() {
        CREDIT => "`kinds` of the contract knows no such word".to_owned(),
        _ => format!("no row of {} before did", counted(before as u64, "delivery")),
    };
    format!(
        "{rows} ({}) {} {says} under `{}` (`{}`, first on line {}), and {known}: {are}",
        pounds(label.pence),
        if label.rows == 1 { "calls itself" } else { "call themselves" },
        label.column,
        label.text,
        label.line,
    )
}

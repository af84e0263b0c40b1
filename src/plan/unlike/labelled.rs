//! Rows that call themselves a balance or planned, where none did before.

use crate::{
    domain::{counted, pounds},
    lake::{DeliveryRecord, LabelProof},
};

/// What is in question about such rows of `new`; nothing where a delivery before had them too, or where nobody looked.
pub(super) fn questions(stands: &[&DeliveryRecord], new: &DeliveryRecord) -> Vec<String> {
    let before: Option<Vec<&LabelProof>> =
        stands.iter().map(|r| r.proof.labelled.as_deref()).collect::<Option<Vec<_>>>().map(|all| all.into_iter().flatten().collect());
    let Some(before) = before.filter(|_| !stands.is_empty()) else { return Vec::new() };
    let is_new = |label: &&LabelProof| !before.iter().any(|known| known.column == label.column && known.says == label.says);
    new.proof.labelled.iter().flatten().filter(is_new).map(|label| question(label, stands.len())).collect()
}

fn question(label: &LabelProof, before: usize) -> String {
    let rows = counted(label.rows, "row");
    let (says, are) =
        if label.says == "balance" { ("a balance", "what stands is no movement") } else { ("planned", "what is planned is no cost") };
    format!(
        "{rows} ({}) {} {says} under `{}` (`{}`, first on line {}), and no row of {} before did: {are}",
        pounds(label.pence),
        if label.rows == 1 { "calls itself" } else { "call themselves" },
        label.column,
        label.text,
        label.line,
        counted(before as u64, "delivery"),
    )
}

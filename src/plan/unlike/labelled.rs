//! Rows that call themselves a balance or planned where none did before; or a credit, by a word that the contract does not know; or that
//! are below nought beside a word by which the contract takes off.

use crate::{
    domain::{counted, pounds},
    lake::{DeliveryRecord, LabelProof},
};

/// What in the contract, and not in the deliveries before, says that it is new.
const CREDIT: &str = "credit";
/// Below nought beside a word that takes off: some of such rows, and all of them.
const REVERSED: &str = "reversed";
const SIGNED: &str = "signed";

/// What is in question about such rows of `new`; nothing where a delivery before had them too, or where nobody looked.
pub(super) fn questions(stands: &[&DeliveryRecord], new: &DeliveryRecord) -> Vec<String> {
    let labelled = || stands.iter().filter_map(|r| r.proof.labelled.as_deref());
    let all_looked = !stands.is_empty() && labelled().count() == stands.len();
    let is_known = |label: &LabelProof| labelled().flatten().any(|known| known.column == label.column && known.says == label.says);
    let is_told = |label: &LabelProof| all_looked || label.says == CREDIT || label.says == SIGNED;
    let is_new = |label: &&LabelProof| is_told(label) && !is_known(label);
    new.proof.labelled.iter().flatten().filter(is_new).map(|label| question(label, stands.len())).collect()
}

fn question(label: &LabelProof, before: usize) -> String {
    if label.says == REVERSED || label.says == SIGNED {
        return below_nought(label);
    }
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

/// What is in question about amounts below nought that a word has turned.
fn below_nought(label: &LabelProof) -> String {
    let (rows, sum) = (counted(label.rows, "row"), pounds(label.pence));
    let (is, they, say) = if label.rows == 1 { ("is", "it counts", "it says") } else { ("are", "they count", "they say") };
    let place = format!("`{}` under `{}`, first on line {}", label.text, label.column, label.line);
    if label.says == SIGNED {
        return format!(
            "{rows} {is} printed below nought beside a word that takes off ({place}), none beside such a word is above it, and so {they} as \
             a cost ({sum}): where amounts bear their signs by themselves, the contract of such files has no `sign_from`"
        );
    }
    format!(
        "{rows} {is} printed below nought beside a word that takes off ({place}), which none was in the deliveries before, and so {they} as a \
         cost ({sum}): right where what was taken off is given back, wrong where {say} the sign twice"
    )
}

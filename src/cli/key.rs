//! `truecost key new COUNCIL`.

use serde_json::json;

use crate::{diagnostic::Answer, pipeline::Partnership, report::Page, run::new_keys};

/// Makes the keys and says what to write where. The keys themselves are not printed.
///
/// # Errors
/// As [`new_keys`].
pub fn new(partnership: &Partnership, council: &str) -> Answer<Page> {
    let made = new_keys(partnership, council)?;
    let [pseudonym, sealing] = &made.files;
    let text = format!(
        "made {pseudonym} and {sealing}, for you alone to read; keys/ is in .gitignore\n\
         keep a copy where only those come to it who may see the pay of {council}: without them, what is sealed stays sealed\n\n\
         write into pipelines/partnership.yaml:\n\nkeys:\n  {}\n",
        made.entry()
    );
    let [pseudonym_id, sealing_id] = &made.ids;
    let json = json!({"council": council, "pseudonym": {"file": pseudonym, "key_id": pseudonym_id}, "sealing": {"file": sealing, "key_id": sealing_id}, "entry": made.entry()});
    Ok(Page::new("key", text, json))
}

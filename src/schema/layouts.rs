//! Layouts that many bodies send alike: each is a contract to begin with, shipped in the program.

use include_dir::{Dir, include_dir};

static LAYOUTS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/schemas/layouts");

/// A layout that is known.
#[derive(Clone, Copy, Debug)]
pub struct KnownLayout {
    /// `unit4_gl07`.
    pub name: &'static str,
    /// The whole contract, as `schemas/layouts/<name>.odcs.yaml` holds it.
    pub text: &'static str,
}

/// All of them, in order of their names.
#[must_use]
pub fn known_layouts() -> Vec<KnownLayout> {
    let known = |file: &'static include_dir::File<'static>| {
        let name = file.path().file_name()?.to_str()?.strip_suffix(".odcs.yaml")?;
        Some(KnownLayout { name, text: file.contents_utf8()? })
    };
    let mut layouts: Vec<KnownLayout> = LAYOUTS.files().filter_map(known).collect();
    layouts.sort_unstable_by_key(|layout| layout.name);
    layouts
}

/// The one of this name; `None` where there is none.
#[must_use]
pub fn known_layout(name: &str) -> Option<KnownLayout> {
    known_layouts().into_iter().find(|layout| layout.name == name)
}

impl KnownLayout {
    /// What it is, in a few words.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.text.lines().find_map(|line| line.strip_prefix("name: ")).unwrap_or(self.name)
    }

    /// The contract with which a feed of a council begins: the layout under its own name, in force.
    #[must_use]
    pub fn contract(&self, council: &str, feed: &str) -> String {
        let line = |line: &str| match line.split_once(": ") {
            Some(("id", _)) => format!("id: {council}.{feed}\n"),
            Some(("status", _)) => "status: active\n".to_owned(),
            _ => format!("{line}\n"),
        };
        self.text.lines().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Kind, read_contract, yaml::SourceText};

    #[test]
    fn each_is_a_contract_to_begin_with() {
        let layouts = known_layouts();
        assert!(layouts.len() > 2);
        for layout in layouts {
            let text = layout.contract("ashvale", "ledger");
            assert!(text.contains("\nid: ashvale.ledger\n") && text.contains("\nstatus: active\n"), "{text}");
            let contract = read_contract(&SourceText::new("ledger.odcs.yaml", text), Kind::Source, "ashvale/ledger");
            let contract = contract.unwrap_or_else(|refusal| panic!("{}: {refusal}", layout.name));
            assert!(contract.columns.iter().all(|column| !column.description.is_empty()), "{}", layout.name);
            assert_ne!(layout.title(), layout.name);
        }
    }
}

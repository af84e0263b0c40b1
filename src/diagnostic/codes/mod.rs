//! Every code, declared once: number, who must act, exit code, whether a retry can help, title, page.
//!
//! | range | what |
//! |---|---|
//! | TC01 | the command line, the partnership's folder |
//! | TC02 | structure of a delivery: the file is refused |
//! | TC03 | values of a row: the row is quarantined |
//! | TC04 | controls, coverage, tolerance: the delivery is refused; from TC0447 workbooks and archives |
//! | TC05 | sources and transport |
//! | TC06 | YAML, schedules, secrets, locations |
//! | TC07 | contracts |
//! | TC08 | SQL of a partnership |
//! | TC09 | reference tables |
//! | TC10 | lake, landing, releases |
//! | TC11 | `query` |
//! | TC12 | proofs and checks |
//! | TC13 | the supply calendar, the schedule, `serve` |
//! | TC14 | periods and releases |
//! | TC15 | notices |

use super::{Actor, Severity};

/// A kind of report. Compare by identity of `id`.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// `TC0203`.
    pub id: &'static str,
    pub actor: Actor,
    /// Exit code that it calls for: 1 delivery or check, 2 configuration, 3 infrastructure, 4 something is missing, 5 lease.
    pub exit: u8,
    /// Whether the same command can succeed later without anybody acting.
    pub retry: bool,
    /// What its reports can be, the gravest first.
    pub severities: &'static [Severity],
    /// A few words: the headline.
    pub title: &'static str,
    /// The page that `truecost explain code` prints (Markdown).
    pub page: &'static str,
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}
impl Eq for Code {}

/// `NAME = "TC0203", Supplier, 1, "title";` declares `pub const NAME: Code`, reads `pages/TC0203.md`, and lists it in `ALL`. Its reports are
/// errors, or what follows the title: `"title", Error or Warning;`.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $actor:ident, $exit:literal $(, retry $retry:literal)?, $title:literal $(, $severity:ident $(or $other:ident)*)?;)*) => {
        $($(#[$doc])* pub const $name: $crate::diagnostic::Code = $crate::diagnostic::Code {
            id: $id,
            actor: $crate::diagnostic::Actor::$actor,
            exit: $exit,
            retry: false $(|| $retry)?,
            severities: $crate::diagnostic::codes::or_error(&[$($crate::diagnostic::Severity::$severity $(, $crate::diagnostic::Severity::$other)*)?]),
            title: $title,
            page: include_str!(concat!("../pages/", $id, ".md")),
        };)*
        /// All codes of this module.
        pub const ALL: &[$crate::diagnostic::Code] = &[$($name),*];
    };
}

/// Where nothing else is said, reports are errors.
const fn or_error(said: &'static [Severity]) -> &'static [Severity] {
    if said.is_empty() { &[Severity::Error] } else { said }
}

pub mod checks;
pub mod command;
pub mod config;
pub mod contract;
pub mod control;
pub mod lake;
pub mod notices;
pub mod packed;
pub mod periods;
pub mod query;
pub mod reference;
pub mod source;
pub mod sql;
pub mod structure;
pub mod supply;
pub mod value;

/// Every code there is, in order of its number.
pub fn all() -> impl Iterator<Item = &'static Code> {
    [
        command::ALL,
        structure::ALL,
        value::ALL,
        control::ALL,
        packed::ALL,
        source::ALL,
        config::ALL,
        contract::ALL,
        sql::ALL,
        reference::ALL,
        lake::ALL,
        query::ALL,
        checks::ALL,
        supply::ALL,
        periods::ALL,
        notices::ALL,
    ]
    .into_iter()
    .flatten()
}

/// The code with this number, in any case: `tc0203`.
#[must_use]
pub fn find(id: &str) -> Option<&'static Code> {
    all().find(|code| code.id.eq_ignore_ascii_case(id))
}

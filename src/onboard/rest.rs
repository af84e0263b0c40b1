//! Who bears what no ownership rule names: the question, and the rule that an answer writes.

use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::{
    answers::{Answers, Question},
    ask::Around,
    draft::Draft,
    rows::columns,
};
use crate::{
    diagnostic::{Diagnostic, Place, codes::command},
    domain::RULE_COLUMNS,
    engine::csv_text,
    pipeline::{Member, Role},
};

const RULES: &str = "ownership_rule";
const RETAINED: &str = "retained";
const SUSPENSE: &str = "suspense";

/// Who owns what no rule names, and who says so. Asked where no rule says it, and answerable everywhere: answers of one feed serve the next.
#[must_use]
pub fn questions(around: &Around<'_>, answers: &Answers) -> Vec<Question> {
    let known = has_default_rule(around);
    let seen = match (known, takes_part(around)) {
        (true, _) => "the council has such a rule",
        (false, true) => "the council has no such rule yet",
        (false, false) => {
            "the council has no such rule yet; it takes part in no service, so all it pays is its own until `members` of \
             pipelines/partnership.yaml names it"
        }
    };
    let ask = "Who bears what no ownership rule names? retained: the council itself; suspense: it waits in sight until a rule is written.";
    let rest = Question::new("rest", ask)
        .seen(seen)
        .choices([RETAINED, SUSPENSE])
        .default(if known { RETAINED } else { SUSPENSE })
        .stands_if(known);
    // Only a rule that is written now has an author; else the answer is nobody, and an answer that is given all the same does no harm.
    let is_written = !known && answers.of(&rest) == Some(RETAINED);
    let who = |key: &str, ask: &str| {
        let question = Question::new(key, ask);
        if is_written { question } else { question.default("").stands_if(true) }
    };
    let author = who("author", "Who writes that rule down?");
    vec![rest, author, who("approver", "Who approves it? Another person.")]
}

/// Whether the council is a partner or a host of some service, at some time.
fn takes_part(around: &Around<'_>) -> bool {
    let shares = |member: &Member| *member.organisation == *around.council && matches!(member.role, Role::Partner | Role::Host);
    around.partnership.members.iter().any(shares)
}

/// Whether a rule of the council covers everything that no other does.
fn has_default_rule(around: &Around<'_>) -> bool {
    let Some(rules) = around.partnership.references.get(RULES) else { return false };
    let options = FormatOptions::default();
    let texts = |name: &str| ArrayFormatter::try_new(rules.rows.column_by_name(name)?.as_ref(), &options).ok();
    let Some(councils) = texts("council") else { return false };
    let narrower: Vec<_> = std::iter::once("feed").chain(RULE_COLUMNS).filter_map(texts).collect();
    let is_default = |row: &usize| {
        councils.value(*row).to_string() == around.council && narrower.iter().all(|codes| codes.value(*row).to_string().is_empty())
    };
    (0..rules.rows.num_rows()).any(|row| is_default(&row))
}

/// The row of `ownership_rule.csv` by which what no other rule covers is the council's own; `None` where there is one, or it is not to be.
/// `said` gives answers by their keys.
///
/// # Errors
/// TC0137 where a rule says otherwise than the answer, or it is not said who wrote the new one and who approved it.
pub fn rule(around: &Around<'_>, draft: &Draft, said: &dyn Fn(&str) -> String) -> Result<Option<String>, Box<Diagnostic>> {
    let retained = said("rest") == RETAINED;
    if has_default_rule(around) {
        return if retained { Ok(None) } else { Err(says_otherwise(around.council).into()) };
    }
    if !retained {
        return Ok(None);
    }
    let (author, approver) = (said("author"), said("approver"));
    if author.is_empty() || approver.is_empty() || author == approver {
        return Err(Diagnostic::new(command::ANSWER, "a rule needs who wrote it and who approved it, and these are two persons")
            .expected("`author` and `approver`")
            .outcome("nothing was written")
            .hint("--answer author=NAME --answer approver=NAME, or --answer rest=suspense")
            .into());
    }
    let from = draft.active_from.clone().unwrap_or_else(|| "2014-04-01".to_owned());
    let name = format!("{}_default", around.council);
    let field = |column: &String| {
        csv_text(match column.as_str() {
            "rule_id" => &name,
            "council" => around.council,
            "valid_from" => &from,
            "ownership" => RETAINED,
            "service" => "none",
            "reason" => "what no other rule covers is the council's own",
            "author" => &author,
            "approver" => &approver,
            _ => "",
        })
    };
    Ok(Some(columns(around.partnership, RULES).iter().map(field).collect::<Vec<_>>().join(",")))
}

fn says_otherwise(council: &str) -> Diagnostic {
    let file = "pipelines/reference/ownership_rule.csv";
    Diagnostic::new(command::ANSWER, format!("`{SUSPENSE}` cannot be the answer to `rest`: a rule of {council} says otherwise"))
        .place(Place::file(file))
        .expected(format!("`{RETAINED}`, or no answer"))
        .outcome("nothing was written")
        .hint("give its rule without project, cost centre, department and account an end (`valid_to`) first")
}

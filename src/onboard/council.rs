//! `truecost add council`: its entry in `partnership.yaml`.

use super::{
    answers::{Answers, NO, Question},
    copy::Copied,
    files::Change,
};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes::command},
    domain::{Day, Identifier},
    pipeline::{NOT_COUNCILS, Partnership},
};

const FILE: &str = "pipelines/partnership.yaml";

/// Every service that the partnership names.
const ALL: &str = "all";

/// The questions about a new council that nothing answers but a person.
#[must_use]
pub fn questions(partnership: &Partnership, council: &Identifier) -> Vec<Question> {
    let services: Vec<String> = partnership.services.iter().map(|service| service.id.to_string()).collect();
    let first = partnership.councils.iter().filter_map(|known| known.cost_basis.first()).filter_map(|(span, _)| span.from).min();
    let from = Question::new("from", "From which day on are its figures wanted? The first day of a period.");
    let from = match first {
        Some(first) => from.seen(format!("the other councils begin on {first}")).default(first.to_string()),
        None => from,
    };
    let of_services = if services.is_empty() { "the partnership names no service yet".to_owned() } else { services.join(", ") };
    vec![
        Question::new("name", "What is its full name?").default(council.to_string()),
        Question::new("basis", "From which extract do its costs come?").choices(["ledger", "payments"]),
        from,
        Question::new("member_since", "Since when does it take part in shared services? A day, or no.")
            .seen("a council that takes part in none has its lines as its own")
            .default(NO),
        Question::new("services", "In which services does it take part? Their names, with commas between, or all.")
            .seen(of_services)
            .default(NO),
    ]
}

/// `partnership.yaml` with the council in it.
///
/// # Errors
/// TC0139 where it is there already; TC0137 where an answer is no day; what is wrong with the file as it would be.
pub fn council(partnership: &Partnership, name: &Identifier, answers: &Answers) -> Answer<Change> {
    if partnership.councils.iter().any(|known| known.id == *name) {
        return Err(Diagnostic::new(command::ADD_THERE, format!("the council `{name}` is already there"))
            .place(Place::file(FILE))
            .expected("a name that the partnership does not know yet")
            .outcome("nothing was written")
            .hint(format!("truecost add feed {name}/FEED --from FILE"))
            .into());
    }
    let all = questions(partnership, name);
    let of = |key: &str| all.iter().find(|question| question.key == key).and_then(|question| answers.of(question)).unwrap_or_default();
    let from = day("from", of("from"))?;
    let entry = format!(
        "  {name}:\n    name: {}\n    cost_basis: [{{from: {from}, basis: {}}}]\n",
        super::answers::quoted(of("name")),
        of("basis")
    );
    let member = match of("member_since") {
        NO => None,
        since => {
            let since = day("member_since", since)?;
            let services = services_of(partnership, of("services"))?;
            Some(format!("- {{organisation: {name}, service: {services}, role: partner, from: {since}}}\n"))
        }
    };
    let change = Change::edited(&partnership.root, FILE, |text| {
        let text = with_council(text, &entry).ok_or_else(|| by_hand("councils", &entry))?;
        match &member {
            None => Ok(text),
            Some(member) => with_member(&text, member).ok_or_else(|| by_hand("members", member).into()),
        }
    })?;
    // Read as it would be: a service that there is not, a day that is no first of a period.
    Copied::of(&partnership.root, std::slice::from_ref(&change))?.read()?;
    Ok(change)
}

/// A name that a council can have.
///
/// # Errors
/// TC0604.
pub fn council_name(name: &str) -> Answer<Identifier> {
    let taken = NOT_COUNCILS.contains(&name);
    Identifier::new(name).ok().filter(|_| !taken).ok_or_else(|| {
        let why = if taken { "it is a folder of its own" } else { "it becomes the name of a folder, and stands in SQL" };
        Diagnostic::new(crate::diagnostic::codes::config::NOT_A_NAME, format!("no council can be called `{}`: {why}", name.escape_debug()))
            .expected("a small letter, then small letters, digits and `_`: `ashvale`; its full name is asked for")
            .outcome("nothing was written")
            .hint("truecost add council ashvale")
            .into()
    })
}

/// The services of a member, as the file names them: `all`, or a list.
fn services_of(partnership: &Partnership, said: &str) -> Answer<String> {
    if said == ALL && !partnership.services.is_empty() {
        return Ok(ALL.to_owned());
    }
    let said: Vec<&str> = said.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let unknown = |name: &&&str| !partnership.services.iter().any(|service| service.id.as_str() == **name);
    let Some(wrong) = said.iter().find(unknown).copied().or_else(|| said.is_empty().then_some("")) else {
        return Ok(format!("[{}]", said.join(", ")));
    };
    let known: Vec<&str> = partnership.services.iter().map(|service| service.id.as_str()).collect();
    let fault = Diagnostic::new(command::ANSWER, format!("`{}` cannot be the answer to `services`", wrong.escape_debug()));
    let fault = if known.is_empty() {
        fault.expected(format!("services that {FILE} names: it names none yet; until it does, `member_since: no`"))
    } else {
        fault.expected(format!("{ALL}, or one or more of {}, with commas between; or `member_since: no`", known.join(", ")))
    };
    Err(fault.outcome("nothing was written").hint("truecost add council NAME --answer member_since=no").into())
}

fn day(key: &str, text: &str) -> Answer<Day> {
    Day::parse_iso(text).ok_or_else(|| {
        Diagnostic::new(command::ANSWER, format!("`{}` cannot be the answer to `{key}`", text.escape_debug()))
            .expected("a day written YYYY-MM-DD, as 2025-04-01")
            .outcome("nothing was written")
            .hint(format!("truecost add council NAME --answer {key}=2025-04-01"))
            .into()
    })
}

/// The entry as the first below `councils:`; `None` where that is written in another way than the reference partnership's.
fn with_council(text: &str, entry: &str) -> Option<String> {
    let at = line_of(text, "councils:")?;
    let (line, rest) = at;
    let value = line.trim_end().strip_prefix("councils:")?.trim_start();
    let value = value.split('#').next().unwrap_or_default().trim();
    let next_indent = rest.lines().find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))?;
    let block = value.is_empty() && next_indent.starts_with("  ") && !next_indent.starts_with("   ");
    (value == "{}" || block).then(|| replaced(text, line, &format!("councils:\n{entry}")))
}

/// The line as the first of `members:`, or with that key at the end of the file.
fn with_member(text: &str, member: &str) -> Option<String> {
    let Some((line, rest)) = line_of(text, "members:") else {
        return Some(format!("{}\nmembers:\n{member}", text.trim_end_matches('\n')));
    };
    let first = rest.lines().find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))?;
    let indent = first.len() - first.trim_start().len();
    let is_list = first.trim_start().starts_with("- ") && line.trim_end() == "members:";
    is_list.then(|| replaced(text, line, &format!("members:\n{}{member}", " ".repeat(indent))))
}

/// The line that begins with this key, and what follows it.
fn line_of<'t>(text: &'t str, key: &str) -> Option<(&'t str, &'t str)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        if line.starts_with(key) {
            return Some((line, text.get(at..).unwrap_or_default()));
        }
    }
    None
}

fn replaced(text: &str, line: &str, with: &str) -> String {
    let at = text.split_inclusive('\n').take_while(|known| !std::ptr::eq(*known, line)).map(str::len).sum::<usize>();
    format!("{}{with}{}", text.get(..at).unwrap_or_default(), text.get(at + line.len()..).unwrap_or_default())
}

fn by_hand(key: &str, entry: &str) -> Diagnostic {
    Diagnostic::new(command::ADD_THERE, format!("`{key}` of {FILE} is written in a way that lines cannot be added to"))
        .place(Place::file(FILE))
        .expected(format!("`{key}:` with an entry a line below it"))
        .outcome("nothing was written")
        .hint(format!("write it by hand:\n{}", entry.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "  ashvale:\n    name: Ashvale\n";

    #[test]
    fn an_entry_goes_below_its_key() {
        let empty = "partnership: p\ncouncils: {}\nlake: ./lake\n";
        assert_eq!(with_council(empty, ENTRY).unwrap(), "partnership: p\ncouncils:\n  ashvale:\n    name: Ashvale\nlake: ./lake\n");
        let some = "councils:\n  # the first\n  newham: {name: Newham}\nlake: ./lake\n";
        assert_eq!(
            with_council(some, ENTRY).unwrap(),
            "councils:\n  ashvale:\n    name: Ashvale\n  # the first\n  newham: {name: Newham}\nlake: ./lake\n"
        );
        assert_eq!(with_council("councils: {newham: {name: Newham}}\n", ENTRY), None);
        assert_eq!(with_council("lake: ./lake\n", ENTRY), None);
    }

    #[test]
    fn a_member_goes_into_the_list_or_makes_it() {
        let line = "- {organisation: ashvale}\n";
        assert_eq!(with_member("a: 1\n", line).unwrap(), "a: 1\nmembers:\n- {organisation: ashvale}\n");
        assert_eq!(
            with_member("members:\n- {organisation: b}\n", line).unwrap(),
            "members:\n- {organisation: ashvale}\n- {organisation: b}\n"
        );
        assert_eq!(
            with_member("members:\n  - {organisation: b}\n", line).unwrap(),
            "members:\n  - {organisation: ashvale}\n  - {organisation: b}\n"
        );
        assert_eq!(with_member("members: []\n", line), None);
    }
}

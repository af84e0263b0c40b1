//! How shared cost is borne, as a committee reads it: Markdown from the rules in force and the published tables alone.
//!
//! Nothing in it depends on when it is made or by which run: the same rules and figures give the same bytes.

mod sections;

use serde_json::json;

use super::{
    Page,
    ask::{latest, tables},
    cost::{book::Book, driven::Driven, method_in_force},
    row::each,
};
use crate::{
    diagnostic::Answer,
    domain::{Period, counted},
    pipeline::Partnership,
};

/// The method of a period; of the last that is allocated where none is named.
///
/// # Errors
/// TC0106, TC0119 where nothing is allocated.
pub fn method(partnership: &Partnership, period: Option<Period>) -> Answer<Page> {
    let book = Book::open(partnership, period)?;
    let driven = Driven::of(&book)?;
    let mut text = format!("# How shared cost is borne: {}\n\n", book.period);
    text.push_str(
        "Made from the rules in force and from published tables alone; the table is named beside each figure. Pounds: cost is positive, income negative. \
         Parts of a pound are exact fractions.\n\n",
    );
    text.push_str(&format!("{}\n", method_in_words(&method_in_force(&book)?)));
    for section in [
        sections::members(&book, &driven)?,
        sections::services(&book, &driven)?,
        sections::blankets(&book)?,
        sections::policies(&driven),
        sections::unallocated(&book)?,
        sections::missing(&book, &driven)?,
        sections::carried(&driven),
        sections::small_groups(&book)?,
    ] {
        text.push_str(&format!("\n{section}"));
    }
    let json = json!({"period": book.period.to_string(), "markdown": text});
    Ok(Page::new("method", text, json))
}

/// What was put together in the latest release since few persons stand behind it, over all periods: `3 rows in on_cost (at most 11 persons in a period)`, for
/// each table that has such rows.
///
/// # Errors
/// TC0106 where nothing is published; TC11….
pub(super) fn small_groups(partnership: &Partnership) -> Answer<Vec<String>> {
    if !partnership.contracts.contains_key("published/on_cost") {
        return Ok(Vec::new());
    }
    let tables = tables(partnership, &latest(partnership)?)?;
    let all = each(&tables, include_str!("sql/small_of_all.sql"), |row| {
        let rows = row.whole("rows")?.unwrap_or_default().unsigned_abs();
        let persons = row.whole("persons")?.map(|persons| format!(" (at most {} in a period)", counted(persons.unsigned_abs(), "person")));
        Ok((rows > 0).then_some(format!("{} in {}{}", counted(rows, "row"), row.text("found_in")?, persons.unwrap_or_default())))
    })?;
    Ok(all.into_iter().flatten().collect())
}

/// What a method does, in a sentence.
fn method_in_words(method: &str) -> String {
    let said = match method {
        "direct" => "what services give to services that are not final is dropped; each service's cost goes to its users at once",
        "step" => "services are taken in the order of their steps, and nothing goes back to a lower step",
        "reciprocal" => "services that serve each other are solved together, exactly; nothing that one gives another is dropped",
        _ => return "No method is in force: shared cost stays with the council that incurred it.".to_owned(),
    };
    format!("The **{method}** method is in force (`method_comparison`): {said}. Every cell of cost is then cut once, to the penny.")
}

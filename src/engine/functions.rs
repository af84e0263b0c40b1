//! Every function that a partnership's SQL may call, for people: what [`session`](super::session) offers, each with how it is written.

use super::{day_number, fold, session};

/// What a function works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FunctionKind {
    /// The values of one row.
    Scalar,
    /// The rows of a group.
    Aggregate,
    /// The rows around one, with `OVER (…)`.
    Window,
}

/// One function, as help shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    pub name: &'static str,
    pub kind: FunctionKind,
    /// How it is written, and what it gives.
    pub usage: &'static str,
}

/// The functions of feed SQL and of the queries of the cost run, by kind, then name.
#[must_use]
pub fn functions() -> Vec<Function> {
    let of = |kind: FunctionKind, names: &'static [&'static str]| {
        let usage = move |name: &str| USAGE.iter().find(|(of, known, _)| *of == kind && *known == name).map_or("", |(.., usage)| usage);
        names.iter().map(move |name| Function { name, kind, usage: usage(name) })
    };
    let ours: &'static [&'static str] = &[day_number::NAME, fold::NAME];
    let mut all: Vec<Function> = of(FunctionKind::Scalar, session::SCALARS)
        .chain(of(FunctionKind::Scalar, ours))
        .chain(of(FunctionKind::Aggregate, session::AGGREGATES))
        .chain(of(FunctionKind::Window, session::WINDOWS))
        .collect();
    all.sort_by_key(|function| (function.kind, function.name));
    all
}

use FunctionKind::{Aggregate, Scalar, Window};

const USAGE: &[(FunctionKind, &str, &str)] = &[
    (Scalar, "abs", "abs(number): without its sign"),
    (Scalar, "array_element", "array_element(list, n): the n-th of a list, from 1"),
    (Scalar, "ascii", "ascii(text): the number of its first character"),
    (Scalar, "btrim", "btrim(text[, characters]): without blanks, or these, at both ends; also trim"),
    (Scalar, "character_length", "character_length(text): how many characters; also length"),
    (Scalar, "chr", "chr(number): the character of that number"),
    (Scalar, "coalesce", "coalesce(a, b, …): the first that has a value"),
    (Scalar, "concat", "concat(a, b, …): put together; also a || b"),
    (Scalar, "concat_ws", "concat_ws(between, a, b, …): put together with a text between"),
    (Scalar, "contains", "contains(text, part): whether the part is in it"),
    (Scalar, "date_part", "date_part('year', date): year, month, day, … of it; also extract"),
    (Scalar, "date_trunc", "date_trunc('month', date): the first day of its month, quarter or year"),
    (Scalar, "ends_with", "ends_with(text, end): whether it ends so"),
    (Scalar, "excel_date", "excel_date(number): the day of a spreadsheet's day number (1900 system): excel_date(45777) is 2025-04-30"),
    (Scalar, "fold_code", "fold_code(text): as rules and reference tables compare it"),
    (Scalar, "gcd", "gcd(a, b): the greatest common divisor"),
    (Scalar, "greatest", "greatest(a, b, …)"),
    (Scalar, "initcap", "initcap(text): words with a capital"),
    (Scalar, "lcm", "lcm(a, b): the least common multiple"),
    (Scalar, "least", "least(a, b, …)"),
    (Scalar, "left", "left(text, n): its first n characters"),
    (Scalar, "levenshtein", "levenshtein(a, b): by how many letters they differ"),
    (Scalar, "lower", "lower(text): in small letters"),
    (Scalar, "lpad", "lpad(text, n, '0'): filled up at the left to n characters"),
    (Scalar, "ltrim", "ltrim(text): without blanks at the left"),
    (Scalar, "make_array", "make_array(a, b, …): a list"),
    (Scalar, "make_date", "make_date(year, month, day)"),
    (Scalar, "nullif", "nullif(a, b): nothing where both are equal, else a"),
    (Scalar, "nvl", "nvl(a, b): b where a has no value"),
    (Scalar, "nvl2", "nvl2(a, b, c): b where a has a value, else c"),
    (Scalar, "octet_length", "octet_length(text): how many bytes"),
    (Scalar, "overlay", "overlay(text PLACING other FROM n): with a part replaced"),
    (Scalar, "regexp_count", "regexp_count(text, pattern): how often the pattern is found"),
    (Scalar, "regexp_instr", "regexp_instr(text, pattern): where it is found, from 1"),
    (Scalar, "regexp_like", "regexp_like(text, pattern): whether it is found; also text ~ pattern"),
    (Scalar, "regexp_match", "regexp_match(text, pattern): what its brackets found, as a list"),
    (Scalar, "regexp_replace", "regexp_replace(text, pattern, other): with what is found replaced"),
    (Scalar, "replace", "replace(text, part, other): with every part replaced"),
    (Scalar, "reverse", "reverse(text): backwards"),
    (Scalar, "right", "right(text, n): its last n characters"),
    (Scalar, "rpad", "rpad(text, n, ' '): filled up at the right to n characters"),
    (Scalar, "rtrim", "rtrim(text): without blanks at the right"),
    (Scalar, "split_part", "split_part(text, between, n): its n-th part, from 1"),
    (Scalar, "starts_with", "starts_with(text, begin): whether it begins so"),
    (Scalar, "strpos", "strpos(text, part): where the part stands, from 1; 0 where it does not"),
    (Scalar, "substr", "substr(text, from[, n]): n characters from there, counted from 1"),
    (Scalar, "substr_index", "substr_index(text, between, n): what stands before the n-th"),
    (Scalar, "translate", "translate(text, from, to): each character by the one in its place"),
    (Scalar, "upper", "upper(text): in capitals"),
    (Aggregate, "bool_and", "bool_and(condition): whether it holds in all rows"),
    (Aggregate, "bool_or", "bool_or(condition): whether it holds in any"),
    (Aggregate, "count", "count(*), count(a), count(DISTINCT a)"),
    (Aggregate, "first_value", "first_value(a ORDER BY b)"),
    (Aggregate, "grouping", "grouping(a): 1 in the rows of ROLLUP in which a is left out"),
    (Aggregate, "last_value", "last_value(a ORDER BY b)"),
    (Aggregate, "max", "max(a)"),
    (Aggregate, "min", "min(a)"),
    (Aggregate, "string_agg", "string_agg(text, between ORDER BY a)"),
    (Aggregate, "sum", "sum(a): exact, of amounts too"),
    (Window, "dense_rank", "dense_rank() OVER (ORDER BY a)"),
    (Window, "first_value", "first_value(a) OVER (PARTITION BY b ORDER BY c)"),
    (Window, "lag", "lag(a) OVER (ORDER BY b): of the row before"),
    (Window, "last_value", "last_value(a) OVER (PARTITION BY b ORDER BY c)"),
    (Window, "lead", "lead(a) OVER (ORDER BY b): of the row after"),
    (Window, "nth_value", "nth_value(a, n) OVER (ORDER BY b)"),
    (Window, "ntile", "ntile(n) OVER (ORDER BY a): in n parts of about one size"),
    (Window, "rank", "rank() OVER (ORDER BY a)"),
    (Window, "row_number", "row_number() OVER (ORDER BY a)"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_says_how_it_is_written_and_none_is_told_that_is_not_there() {
        let all = functions();
        assert!(all.iter().all(|function| function.usage.starts_with(function.name)), "{all:?}");
        assert_eq!(all.len(), USAGE.len());
    }
}

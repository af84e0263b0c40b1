//! An example of every function over one row, which a test runs: `truecost explain functions` shows it beside how it is written.

/// An example of a function that feed SQL may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionExample {
    pub name: &'static str,
    /// An expression.
    pub example: &'static str,
    /// What it gives, as text.
    pub gives: &'static str,
}

const fn word(name: &'static str, example: &'static str, gives: &'static str) -> FunctionExample {
    FunctionExample { name, example, gives }
}

/// One for each function over one row.
pub const EXAMPLES: &[FunctionExample] = &[
    word("abs", "abs(-12)", "12"),
    word("array_element", "array_element(make_array('a', 'b'), 2)", "b"),
    word("ascii", "ascii('A')", "65"),
    word("btrim", "btrim('**A100**', '*')", "A100"),
    word("character_length", "character_length('A100')", "4"),
    word("chr", "chr(65)", "A"),
    word("coalesce", "coalesce(NULL, 'A100')", "A100"),
    word("concat", "concat('A', '100')", "A100"),
    word("concat_ws", "concat_ws('-', 'A', '100')", "A-100"),
    word("contains", "contains('A100', '10')", "true"),
    word("date_part", "date_part('month', DATE '2025-04-03')", "4"),
    word("date_trunc", "cast(date_trunc('month', DATE '2025-04-03') AS DATE)", "2025-04-01"),
    word("ends_with", "ends_with('A100', '00')", "true"),
    word("excel_date", "excel_date(45777)", "2025-04-30"),
    word("fold_code", "fold_code('  Adult  Social Care ')", "Adult Social Care"),
    word("gcd", "gcd(12, 8)", "4"),
    word("greatest", "greatest(1, 3, 2)", "3"),
    word("initcap", "initcap('adult social care')", "Adult Social Care"),
    word("lcm", "lcm(4, 6)", "12"),
    word("least", "least(1, 3, 2)", "1"),
    word("left", "left('A100', 1)", "A"),
    word("levenshtein", "levenshtein('A100', 'A101')", "1"),
    word("lower", "lower('A100')", "a100"),
    word("lpad", "lpad('42', 5, '0')", "00042"),
    word("ltrim", "ltrim('00042', '0')", "42"),
    word("make_array", "array_element(make_array('a', 'b'), 1)", "a"),
    word("make_date", "make_date(2025, 4, 3)", "2025-04-03"),
    word("nullif", "coalesce(nullif('-', '-'), 'none')", "none"),
    word("nvl", "nvl(NULL, 'A100')", "A100"),
    word("nvl2", "nvl2(NULL, 'there', 'not there')", "not there"),
    word("octet_length", "octet_length('A100')", "4"),
    word("overlay", "overlay('A100' PLACING 'B' FROM 1 FOR 1)", "B100"),
    word("regexp_count", "regexp_count('A100 B200', '[A-Z][0-9]+')", "2"),
    word("regexp_instr", "regexp_instr('A100', '[0-9]')", "2"),
    word("regexp_like", "regexp_like('A100', '^[A-Z][0-9]+$')", "true"),
    word("regexp_match", "array_element(regexp_match('A100 Libraries', '^[A-Z0-9]+'), 1)", "A100"),
    word("regexp_replace", "regexp_replace('A100 Libraries', '^[A-Z0-9]+ ', '')", "Libraries"),
    word("replace", "replace('A-100', '-', '')", "A100"),
    word("reverse", "reverse('A100')", "001A"),
    word("right", "right('A100', 3)", "100"),
    word("rpad", "rpad('A1', 4, '0')", "A100"),
    word("rtrim", "rtrim('A100  ')", "A100"),
    word("split_part", "split_part('A100 Libraries', ' ', 2)", "Libraries"),
    word("starts_with", "starts_with('A100', 'A')", "true"),
    word("strpos", "strpos('A100', '1')", "2"),
    word("substr", "substr('A100', 2, 3)", "100"),
    word("substr_index", "substr_index('A100-01-02', '-', 1)", "A100"),
    word("translate", "translate('A/100', '/', '-')", "A-100"),
    word("upper", "upper('a100')", "A100"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use datafusion::prelude::SessionContext;

    use super::*;
    use crate::engine::session::{Use, state};

    #[test]
    fn every_function_that_a_feed_may_call_is_told() {
        let told: BTreeSet<&str> = EXAMPLES.iter().map(|word| word.name).collect();
        let known = state(Use::Feed).scalar_functions();
        let named: BTreeSet<&str> = known.values().map(|function| function.name()).collect();
        assert_eq!(named.difference(&told).collect::<Vec<_>>(), Vec::<&&str>::new(), "not told");
        assert_eq!(told.difference(&named).collect::<Vec<_>>(), Vec::<&&str>::new(), "not there");
    }

    #[test]
    fn every_example_gives_what_it_says() {
        let session = SessionContext::new_with_state(state(Use::Feed).clone());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for word in EXAMPLES {
            let rows = runtime.block_on(async { session.sql(&format!("SELECT {}", word.example)).await?.collect().await });
            let rows = rows.unwrap_or_else(|error| panic!("{}: {error}", word.example));
            let text = datafusion::arrow::util::display::array_value_to_string(rows[0].column(0), 0).unwrap();
            assert_eq!(text, word.gives, "{}", word.example);
        }
    }
}

use super::*;

fn pattern(text: &str) -> FilePattern {
    FilePattern::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"))
}

#[test]
fn facts_come_from_the_name() {
    let gl = pattern("GL_{year}_{month}[_v{version}].csv");
    let facts = gl.matches("GL_2023_04.csv").unwrap();
    assert_eq!((facts.year, facts.month, facts.version), (Some(2023), Some(4), None));
    assert_eq!(gl.matches("GL_2023_04_v12.csv").unwrap().version, Some(12));
    assert_eq!(gl.matches("gl_2023_04_V3.CSV").unwrap().version, Some(3), "letters may be great or small");
    for other in ["GL_2023_04.csv.bak", "GI_2023_04.csv", "GL_2023_13.csv", "GL_2023_04_v.csv", "GL_23_04.csv"] {
        assert_eq!(gl.matches(other), None, "{other}");
    }
}

#[test]
fn fiscal_years_in_all_spellings() {
    let yearly = pattern("L {fiscal_year}.csv");
    for (name, year) in [
        ("L 2018-19.csv", 2018),
        ("L 2018/19.csv", 2018),
        ("L 201819.csv", 2018),
        ("L 2018.csv", 2018),
        ("L 1999-00.csv", 1999),
        ("L 2018_19.csv", 2018),
        ("L 2018-2019.csv", 2018),
    ] {
        assert_eq!(yearly.matches(name).and_then(|f| f.fiscal_year), Some(year), "{name}");
    }
    for name in ["L 2018-20.csv", "L 201812.csv", "L 2018-.csv", "L 18-19.csv"] {
        assert_eq!(yearly.matches(name), None, "{name}");
    }
}

#[test]
fn a_year_and_a_month_are_no_financial_year() {
    let facts = |text: &str, name: &str| pattern(text).matches(name).map(|f| (f.fiscal_year, f.month, f.version));
    assert_eq!(facts("{fiscal_year}_{month}.csv", "2011_12.csv"), Some((Some(2011), Some(12), None)));
    assert_eq!(facts("{fiscal_year}[_{version}].csv", "2011_12.csv"), Some((Some(2011), None, Some(12))));
    assert_eq!(facts("{fiscal_year}[_{month}].csv", "2024_25.csv"), Some((Some(2024), None, None)));
    assert_eq!(facts("{fiscal_year}_{month}.csv", "2024_25_12.csv"), Some((Some(2024), Some(12), None)));
}

#[test]
fn years_of_two_digits() {
    let year = |text: &str, name: &str| pattern(text).matches(name).and_then(|f| f.year.or(f.fiscal_year));
    for (text, name, found) in [
        ("spend {month} {yy}.csv", "spend May 25.csv", Some(2025)),
        ("spend_{month}{yy}.csv", "spend_Sept25.csv", Some(2025)),
        ("FY{fiscal_yy}.csv", "FY23-24.csv", Some(2023)),
        ("FY{fiscal_yy}.csv", "FY2324.csv", Some(2023)),
        ("FY{fiscal_yy}_{month}.csv", "FY23_24_Apr.csv", Some(2023)),
        ("FY{fiscal_yy}_{month}.csv", "FY23_04.csv", Some(2023)),
        ("FY{fiscal_yy}.csv", "FY99-00.csv", Some(2099)),
        ("FY{fiscal_yy}.csv", "FY23-25.csv", None),
        ("{yy}{month}.csv", "2304.csv", Some(2023)),
        ("{yy}.csv", "2023.csv", None),
    ] {
        assert_eq!(year(text, name), found, "{text} {name}");
    }
}

#[test]
fn quarters_and_halves_have_numbers_or_months() {
    use Which::{From, Number};
    let found = |text: &str, name: &str| pattern(text).matches(name).and_then(|f| f.stretch).map(|s| (s.months, s.which));
    for (text, name, is) in [
        ("q{quarter}_{fiscal_year}.csv", "q2_2025_26.csv", Some((3, Number(2)))),
        ("q{quarter}_{fiscal_year}.csv", "q5_2025_26.csv", None),
        ("{quarter}_{year}.csv", "apr_jun_2025.csv", Some((3, From(4)))),
        ("{quarter} {year}.csv", "July to Sept 2025.csv", Some((3, From(7)))),
        ("{quarter} {year}.csv", "Jan–Mar 2025.csv", Some((3, From(1)))),
        ("{quarter}{year}.csv", "NOVJAN2025.csv", Some((3, From(11)))),
        ("{quarter} {year}.csv", "April - July 2025.csv", None),
        ("{quarter} {year}.csv", "Apr-Sep 2025.csv", None),
        ("{half} {year}.csv", "Apr-Sep 2025.csv", Some((6, From(4)))),
        ("H{half}_{fiscal_year}.csv", "H2_2025-26.csv", Some((6, Number(2)))),
        ("H{half}_{fiscal_year}.csv", "H3_2025-26.csv", None),
    ] {
        assert_eq!(found(text, name), is, "{text} {name}");
    }
    let inside = pattern("q{quarter}_{fiscal_year}");
    assert_eq!(
        inside.find("consolidated_q2_2025_26_final.csv").map(|f| (f.fiscal_year, f.stretch.map(|s| s.which))),
        Some((Some(2025), Some(Number(2))))
    );
    assert_eq!(inside.find("consolidated_2025_26.csv"), None);
}

#[test]
fn months_have_names_and_dates_two_orders() {
    let by_name = pattern("{any}{month} {year}.csv");
    assert_eq!(by_name.matches("Spend April 2023.csv").unwrap().month, Some(4));
    assert_eq!(by_name.matches("Spend Sep 2023.csv").unwrap().month, Some(9));
    assert_eq!(by_name.matches("Spend Sept 2023.csv").unwrap().month, Some(9));
    assert_eq!(by_name.matches("Spend Septe 2023.csv"), None);
    let dated = pattern("x{date}.csv");
    let day = Day::from_ymd(2023, 4, 30);
    for name in ["x2023-04-30.csv", "x20230430.csv", "x30-04-2023.csv"] {
        assert_eq!(dated.matches(name).unwrap().date, day, "{name}");
    }
    assert_eq!(dated.matches("x2023-02-30.csv"), None);
}

#[test]
fn the_longest_reading_that_fits_is_taken_and_failures_leave_nothing_behind() {
    let facts = pattern("P{period}{any}.csv").matches("P13final.csv").unwrap();
    assert_eq!(facts.period, Some(13));
    let either = pattern("a[{version}x][_{piece}].csv");
    assert_eq!(either.matches("a12x_3.csv").map(|f| (f.version, f.piece)), Some((Some(12), Some(3))));
    assert_eq!(either.matches("a_3.csv").map(|f| (f.version, f.piece)), Some((None, Some(3))));
}

#[test]
fn patterns_that_are_none() {
    for text in [
        "",
        "a{yaer}.csv",
        "a{year",
        "a[b",
        "a]b",
        "a}b",
        "a[b[c]].csv",
        "{year}{year}",
        "{any}{any}{any}{any}",
        "{year}{yy}",
        "{quarter}{half}",
        "{quarter}{month}",
    ] {
        assert!(FilePattern::parse(text).is_err(), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn no_pattern_and_no_name_stop_the_reader(text in "(\\{(year|yy|month|period|quarter|half|fiscal_year|fiscal_yy|version|piece|date|any)\\}|[a-c0-9_\\[\\]é]){0,8}", name in "[a-c0-9_é-]{0,30}") {
        if let Ok(pattern) = FilePattern::parse(&text) {
            let _ = pattern.matches(&name);
        }
    }
}

#[test]
fn a_long_name_with_wildcards_is_judged_at_once() {
    let pattern = pattern("{any}a{any}b{any}c{year}[_v{version}].csv");
    assert_eq!(pattern.matches(&"ab".repeat(120)), None);
}

#[test]
fn a_number_that_cannot_be_is_named() {
    let miss = |pattern: &str, name: &str| FilePattern::parse(pattern).unwrap().near_miss(name);
    assert!(miss("GL_{year}_{month}[_v{version}].csv", "GL_2023_13.csv").unwrap().starts_with("`13` in its name is no month"));
    assert!(miss("GL_{fiscal_year}_{period}.csv", "GL_2023-24_14.csv").unwrap().starts_with("`14` in its name is no period"));
    assert!(miss("GL_{fiscal_year}.csv", "GL_2023-25.csv").unwrap().contains("no financial year"));
    assert!(miss("GL_{date}.csv", "GL_2023-02-30.csv").unwrap().contains("no day"));
    assert_eq!(miss("GL_{year}_{month}.csv", "ledger.csv"), None);
    assert_eq!(miss("GL_{year}_{month}.csv", "GL_0000_13.csv"), None, "two are more than a slip");
}

use super::*;

fn answered(status: u16) -> Posted {
    Posted { status, says: String::new(), patience: None }
}

#[test]
fn too_many_and_the_servers_own_faults_are_tried_again_for_a_day_and_nothing_else_is() {
    for (answer, at_first, after_a_day) in [
        (Ok(answered(200)), TellingState::Sent, TellingState::Sent),
        (Ok(answered(204)), TellingState::Sent, TellingState::Sent),
        (Ok(answered(429)), TellingState::Waits, TellingState::Failed),
        (Ok(answered(503)), TellingState::Waits, TellingState::Failed),
        (Ok(answered(404)), TellingState::Failed, TellingState::Failed),
        (Ok(answered(302)), TellingState::Failed, TellingState::Failed),
        (Err("no connection".to_owned()), TellingState::Waits, TellingState::Failed),
    ] {
        assert_eq!((judge(&answer, 0).0, judge(&answer, A_DAY + 1).0), (at_first, after_a_day), "{answer:?}");
    }
}

#[test]
fn a_channel_that_names_a_time_is_not_asked_before_it() {
    let asks = |status, patience| Posted { patience, ..answered(status) };
    assert_eq!(not_before(&asks(429, Some(90)), 1_000, 0), Some(90_001_000));
    assert_eq!(not_before(&asks(503, Some(u64::MAX)), 0, 0), Some(A_DAY / 24 * 23), "there is an hour left in which to try it");
    assert_eq!(not_before(&asks(503, Some(90)), A_DAY, 0), None);
    for none in [asks(429, None), asks(429, Some(0)), asks(404, Some(90)), asks(200, Some(90))] {
        assert_eq!(not_before(&none, 0, 0), None, "{none:?}");
    }
    let telling = Telling { answer: "it answered 429".into(), not_before_us: Some(5_000), ..Telling::default() };
    let notice = Notice { told: [("ops".to_owned(), telling)].into(), ..Notice::default() };
    let waiting = [notice, Notice::default()];
    let asking = |now_us| asking_for_patience(&waiting, now_us).len();
    assert_eq!([asking(4_999), asking(5_001), asking(5_000 - A_DAY - 1)], [1, 0, 0], "a clock that was set back a day finds it over");
}

#[test]
fn months_and_the_quarter_that_holds_them_are_the_same_subject() {
    let quarter = "aa/spend 2018/P04..2018/P06";
    for (one, other, same) in [
        (quarter, quarter, true),
        (quarter, "aa/spend 2018/P05", true),
        ("aa/spend 2018/P06 2018/P09", quarter, true),
        (quarter, "aa/spend 2018/P07..2018/P09", false),
        (quarter, "bb/spend 2018/P05", false),
        ("2018/P01 statement 1, 00aa11bb", "2018/P01 statement 1, 22cc33dd", false),
        ("newham/ledger 2018-05-01T05:00:00Z", "newham/ledger 2018-06-01T05:00:00Z", false),
        ("TC1214", "TC1215", false),
    ] {
        assert_eq!((is_same(one, other), is_same(other, one)), (same, same), "{one} {other}");
    }
}

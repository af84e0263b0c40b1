use super::*;

fn answered(status: u16) -> Posted {
    Posted { status, says: String::new() }
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

//! `truecost notify test`.

use serde_json::json;

use super::out::Voice;
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal},
    notice,
    pipeline::Partnership,
    report::Page,
};

/// Sends the test and says what each channel answered; refuses where one did not take it.
pub(super) fn test(partnership: &Partnership, channel: Option<&str>, voice: Voice) -> Answer<u8> {
    let answers = notice::test(partnership, channel)?;
    let line = |(name, answer): &(String, Result<crate::source::Posted, String>)| match answer {
        Ok(posted) => format!("{name}: {} {}\n", posted.status, posted.says).replace(" \n", "\n"),
        Err(why) => format!("{name}: {why}\n"),
    };
    let told = answers.iter().map(|(name, answer)| match answer {
        Ok(posted) => json!({"channel": name, "status": posted.status, "answer": posted.says}),
        Err(why) => json!({"channel": name, "status": null, "answer": why}),
    });
    voice.answer(&Page::new("notify", answers.iter().map(line).collect(), json!({"channels": told.collect::<Vec<_>>()})));
    let failed: Vec<Diagnostic> = answers.iter().filter_map(|(name, answer)| notice::test_failed(name, answer)).collect();
    if failed.is_empty() { Ok(0) } else { Err(Refusal(failed)) }
}

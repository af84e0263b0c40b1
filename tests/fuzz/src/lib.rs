//! The layers up to the decoder, without the rest of truecost.

#[path = "../../../src/crash.rs"]
pub mod crash;
#[path = "../../../src/decode/mod.rs"]
pub mod decode;
#[path = "../../../src/diagnostic/mod.rs"]
pub mod diagnostic;
#[path = "../../../src/domain/mod.rs"]
pub mod domain;
#[path = "../../../src/schema/mod.rs"]
pub mod schema;

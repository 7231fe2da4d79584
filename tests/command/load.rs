//! Servers under load: connections that come and go at random for a while.

use crate::process::{Kettle, fed, stdout};

const SOAK: &str = "benches/programs/soak.ket";

/// Ten seconds of connects, resets, cancels and timeouts leave no task and no descriptor.
#[test]
fn nothing_is_left_of_a_short_soak() {
    let output = fed(&[SOAK, "10", "1"], "");
    assert!(output.status.success(), "{}", stdout(&output));
}

/// The same for ten minutes, after which memory must be what it was:
/// `cargo test --release --test command soak -- --ignored --nocapture`.
#[test]
#[ignore = "it takes ten minutes"]
fn nothing_is_left_of_a_long_soak() {
    let (status, printed) = Kettle::start(&[SOAK, "600", "1"]).finish();
    println!("{printed}");
    assert_eq!(status, Some(0), "{printed}");
}

//! A thread that ticks, for a profile.

use std::io;
use std::sync::Arc;
#[cfg(feature = "driver")]
use std::thread;
use std::time::Duration;

use crate::vm::profile::Pulse;

/// Makes a pulse tick until nobody else holds it, about every so often.
///
/// The pauses are between half and one and a half times that: what a program does every millisecond
/// must not fall between the ticks, nor always on one.
#[cfg(feature = "driver")]
pub fn start(pulse: &Arc<Pulse>, every: Duration) -> io::Result<()> {
    let watched = Arc::downgrade(pulse);
    let builder = thread::Builder::new().name("kettle-profile".to_owned());
    builder.stack_size(64 * 1024).spawn(move || {
        let mut state = 0x9e37_79b9_u32;
        loop {
            // Marsaglia's xorshift; nobody has to be surprised by it.
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let part = f64::from(state) / f64::from(u32::MAX);
            thread::sleep(every.mul_f64(0.5 + part));
            let Some(pulse) = watched.upgrade() else { return };
            pulse.tick();
        }
    })?;
    Ok(())
}

/// Without threads nothing ticks.
#[cfg(not(feature = "driver"))]
pub fn start(_: &Arc<Pulse>, _: Duration) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

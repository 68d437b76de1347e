// SPDX-License-Identifier: MIT OR Apache-2.0
//! Waiting for a condition, never longer than a deadline.

use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};

/// How long anything that should happen "at once" may take.
///
/// The machine is emulated and its processors are shared, so this is generous;
/// it is only ever waited out by what is broken.
pub const SOON: Duration = Duration::from_secs(30);

/// Shortest and longest pause between two looks.
const PAUSE: (Duration, Duration) = (Duration::from_micros(100), Duration::from_millis(20));

/// Calls `probe` until it returns a value and returns that.
///
/// Looks often at first and less often later. Fails when `limit` has passed,
/// saying that it waited for `what`, or at once with an error of `probe`.
pub fn until<T>(
    limit: Duration,
    what: &str,
    mut probe: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = Instant::now();
    let mut pause = PAUSE.0;
    loop {
        if let Some(value) = probe()? {
            return Ok(value);
        }
        if start.elapsed() >= limit {
            bail!("waited {limit:?} in vain for {what}");
        }
        thread::sleep(pause);
        pause = (pause * 2).min(PAUSE.1);
    }
}

/// Waits until `probe` is true; see [`until`].
pub fn until_true(
    limit: Duration,
    what: &str,
    mut probe: impl FnMut() -> Result<bool>,
) -> Result<()> {
    until(limit, what, || Ok(probe()?.then_some(())))
}

/// Waits until a thread ends that does `what`, and returns what it came to.
pub fn join<T>(limit: Duration, what: &str, thread: JoinHandle<T>) -> Result<T> {
    until_true(
        limit,
        &format!("{what} to end"),
        || Ok(thread.is_finished()),
    )?;
    thread.join().map_err(|_| anyhow!("{what} panicked"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_what_the_probe_found() {
        let mut looks = 0;
        let found = until(SOON, "three looks", || {
            looks += 1;
            Ok((looks == 3).then_some(looks))
        });
        assert_eq!(found.expect("found within the limit"), 3);
    }

    #[test]
    fn tells_what_it_waited_for() {
        let error = until_true(Duration::ZERO, "the moon", || Ok(false)).expect_err("never true");
        assert!(error.to_string().contains("the moon"), "{error}");
    }

    #[test]
    fn an_error_ends_the_wait() {
        let error = until_true(SOON, "anything", || bail!("broken")).expect_err("probe failed");
        assert_eq!(error.to_string(), "broken");
    }
}

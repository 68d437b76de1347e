// SPDX-License-Identifier: GPL-2.0

//! The last refusal of what has no other way to say why: what is written to sysfs.

use core::fmt;
use kernel::{
    prelude::*,
    str::CString,
    sync::global_lock, //
};

use super::refusal::Refusal;

global_lock! {
    // SAFETY: Initialised by `init`, which the module's initialisation calls before all else.
    unsafe(uninit) static LAST: Mutex<Option<CString>> = None;
}

/// Makes the lock ready.
///
/// # Safety
///
/// Must be called exactly once, before anything else here.
pub(super) unsafe fn init() {
    // SAFETY: By the safety requirement.
    unsafe { LAST.init() };
}

/// Notes why `what` was refused, in the log as well, and gives the errno.
pub(crate) fn note_refusal(what: fmt::Arguments<'_>, refusal: &Refusal) -> Error {
    let text = CString::try_from_fmt(format_args!("{what}: {refusal}")).ok();
    if let Some(Ok(text)) = text.as_ref().map(|text| text.to_str()) {
        pr_info!("{text}\n");
    }
    let old = core::mem::replace(&mut *LAST.lock(), text);
    drop(old);
    refusal.error()
}

/// Passes what was noted last to `show`, if there is something.
pub(crate) fn last_refusal(show: impl FnOnce(&CStr) -> Result) -> Result {
    match &*LAST.lock() {
        Some(text) => show(text),
        None => Ok(()),
    }
}

/// Frees what was noted.
pub(super) fn clear() {
    let old = LAST.lock().take();
    drop(old);
}

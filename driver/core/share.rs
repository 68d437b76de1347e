// SPDX-License-Identifier: GPL-2.0

//! The entries of one WQ, divided among the subdevs that use it.

use core::fmt;

#[cfg(test)]
mod tests;

/// How a subdev uses its WQ and address spaces; numbers as `pasid-mode` of the family.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum PasidMode {
    /// The subdev owns its WQ; its DMA carries no PASID.
    None = 0,
    /// The subdev owns its WQ, into which a PASID of its own is programmed.
    Dedicated = 1,
    /// Many subdevs use the WQ, each with an address space of its own.
    Shared = 2,
}

impl PasidMode {
    /// The name in the family.
    pub const fn name(self) -> &'static str {
        match self {
            PasidMode::None => "none",
            PasidMode::Dedicated => "dedicated",
            PasidMode::Shared => "shared",
        }
    }

    /// Whether a subdev of this mode has its WQ for itself.
    pub const fn is_exclusive(self) -> bool {
        !matches!(self, PasidMode::Shared)
    }
}

impl From<PasidMode> for u32 {
    fn from(mode: PasidMode) -> u32 {
        // CAST: The representation is that of the enum.
        mode as u32
    }
}

impl TryFrom<u32> for PasidMode {
    type Error = u32;

    /// Returns a number that is not in the family as the error.
    fn try_from(number: u32) -> Result<Self, u32> {
        match number {
            0 => Ok(PasidMode::None),
            1 => Ok(PasidMode::Dedicated),
            2 => Ok(PasidMode::Shared),
            _ => Err(number),
        }
    }
}

/// The entries of one WQ, and how many of them are granted to users.
///
/// # Invariants
///
/// `used <= size`; `mode` is `Some` if and only if there are users; users of an exclusive mode are
/// at most one.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Share {
    size: u32,
    mode: Option<PasidMode>,
    used: u32,
    users: u32,
}

impl Share {
    /// A WQ of `size` entries without a user.
    pub const fn new(size: u32) -> Self {
        Self {
            size,
            mode: None,
            used: 0,
            users: 0,
        }
    }

    /// Entries that the WQ has.
    pub const fn size(&self) -> u32 {
        self.size
    }

    /// Entries that are granted to users.
    pub const fn used(&self) -> u32 {
        self.used
    }

    /// Changes the number of entries that the WQ has. Says whether it did: it does not where users
    /// have more.
    pub fn set_size(&mut self, size: u32) -> bool {
        if size < self.used {
            return false;
        }
        self.size = size;
        true
    }

    /// PASID mode of the users; `None` while there is no user.
    pub const fn mode(&self) -> Option<PasidMode> {
        self.mode
    }

    /// Number of users.
    pub const fn users(&self) -> u32 {
        self.users
    }

    /// Returns how many entries a further user of `mode` would get, or why none.
    ///
    /// `want` is the number that it asks for. The default is the whole WQ for an exclusive user and
    /// an eighth of it for a shared one.
    pub fn admit(&self, mode: PasidMode, want: Option<u32>) -> Result<u32, Refusal> {
        match self.mode {
            Some(user) if user.is_exclusive() => return Err(Refusal::Owned),
            Some(_) if mode.is_exclusive() => return Err(Refusal::InUseShared),
            _ => (),
        }
        let max = self.available();
        let want = want.unwrap_or_else(|| self.default_entries(mode));
        if max == 0 {
            return Err(Refusal::Full);
        }
        grant(want, max)
    }

    /// Adds a user of `mode` with the `entries` that [`Share::admit`] granted.
    pub fn take(&mut self, mode: PasidMode, entries: u32) {
        // INVARIANT: More than granted cannot be taken.
        self.used = self.used.saturating_add(entries).min(self.size);
        self.mode = Some(mode);
        self.users = self.users.saturating_add(1);
    }

    /// Returns how many entries a user that has `entries` gets when it asks for `want` instead, or
    /// why not.
    pub fn readmit(&self, entries: u32, want: u32) -> Result<u32, Refusal> {
        let others = self.used.saturating_sub(entries);
        grant(want, self.size.saturating_sub(others))
    }

    /// Changes what a user has to the entries that [`Share::readmit`] granted.
    pub fn resize(&mut self, from: u32, to: u32) {
        // INVARIANT: More than granted cannot be taken.
        let others = self.used.saturating_sub(from);
        self.used = others.saturating_add(to).min(self.size);
    }

    /// Releases the `entries` of a user that leaves.
    pub fn give_back(&mut self, entries: u32) {
        self.users = self.users.saturating_sub(1);
        self.used = self.used.saturating_sub(entries);
        if self.users == 0 {
            *self = Self::new(self.size);
        }
    }

    /// Entries that further users could have.
    pub fn available(&self) -> u32 {
        match self.mode {
            Some(mode) if mode.is_exclusive() => 0,
            _ => self.size.saturating_sub(self.used),
        }
    }

    /// How many more users of `mode` fit, each with the default number of entries.
    pub fn instances(&self, mode: PasidMode) -> u32 {
        match self.admit(mode, None) {
            Ok(_) if mode.is_exclusive() => 1,
            Ok(entries) => self.available().checked_div(entries).unwrap_or(0),
            Err(_) => 0,
        }
    }

    /// How many users of `mode` fit when there are no others.
    pub fn max_instances(&self, mode: PasidMode) -> u32 {
        Self::new(self.size).instances(mode)
    }

    /// Entries of a user of `mode` that asks for no number.
    fn default_entries(&self, mode: PasidMode) -> u32 {
        if mode.is_exclusive() {
            self.size
        } else {
            (self.size / 8).max(1)
        }
    }
}

/// Grants `want` entries of at most `max`.
fn grant(want: u32, max: u32) -> Result<u32, Refusal> {
    if want == 0 {
        Err(Refusal::Zero { max })
    } else if want > max {
        Err(Refusal::TooLarge { want, max })
    } else {
        Ok(want)
    }
}

/// Why a WQ accepts no further user; displays as the reason and what would be accepted.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// A user has the WQ for itself.
    Owned,
    /// Shared users are there and the new one wants the WQ for itself.
    InUseShared,
    /// There are fewer entries left than asked for.
    TooLarge {
        /// Entries asked for, or the default.
        want: u32,
        /// Most entries that would be granted.
        max: u32,
    },
    /// No entry was asked for.
    Zero {
        /// Most entries that would be granted.
        max: u32,
    },
    /// No entry is left.
    Full,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Owned => f.write_str("a subdev owns the work queue"),
            Refusal::InUseShared => {
                f.write_str("the work queue is in use; only \"shared\" is accepted")
            }
            Refusal::TooLarge { want, max } => {
                write!(f, "{want} entries are wanted, at most {max} are left")
            }
            Refusal::Zero { max } => write!(f, "a size of 1 to {max} entries is accepted"),
            Refusal::Full => f.write_str("no entry of the work queue is left"),
        }
    }
}

// SPDX-License-Identifier: GPL-2.0

//! State of a subdev: what the admin wants and what is.

use core::fmt;

#[cfg(test)]
mod tests;

/// What the admin wants of a subdev; numbers as `admin-state` of the family.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum AdminState {
    /// Created and configured, not handed to VFIO.
    Inactive = 0,
    /// Handed to VFIO.
    Active = 1,
}

impl From<AdminState> for u32 {
    fn from(state: AdminState) -> u32 {
        // CAST: The representation is that of the enum.
        state as u32
    }
}

impl TryFrom<u32> for AdminState {
    type Error = u32;

    /// Gives back a number that is not in the family.
    fn try_from(number: u32) -> Result<Self, u32> {
        match number {
            0 => Ok(AdminState::Inactive),
            1 => Ok(AdminState::Active),
            _ => Err(number),
        }
    }
}

/// What a subdev is; numbers as `opstate` of the family.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum OpState {
    /// There is no VFIO device, or it is being taken away.
    Detached = 0,
    /// There is a VFIO device and nobody has it open.
    Attached = 1,
    /// A VFIO user has the device open.
    Open = 2,
    /// The VFIO user has enabled the virtual device.
    Enabled = 3,
    /// The virtual device stopped after a fault; a reset revives it.
    Halted = 4,
}

impl From<OpState> for u32 {
    fn from(state: OpState) -> u32 {
        // CAST: The representation is that of the enum.
        state as u32
    }
}

/// The life of a subdev, moved by what happens to it.
///
/// Each transition says whether it changed [`Life::opstate`], which is when an event is due. One
/// that makes no sense in the present state changes nothing.
///
/// # Invariants
///
/// `enabled` or `halted` imply `open`, `open` or `dead` imply `attached`.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Life {
    admin: AdminState,
    attached: bool,
    open: bool,
    enabled: bool,
    halted: bool,
    dead: bool,
}

impl Life {
    /// The life of a subdev that has no VFIO device yet.
    pub const fn new(admin: AdminState) -> Self {
        Self {
            admin,
            attached: false,
            open: false,
            enabled: false,
            halted: false,
            dead: false,
        }
    }

    /// What the admin wants.
    pub const fn admin(&self) -> AdminState {
        self.admin
    }

    /// Notes what the admin wants. The operational state follows by what happens then.
    pub fn set_admin(&mut self, admin: AdminState) {
        self.admin = admin;
    }

    /// Whether a VFIO user has the device open, even a dead one.
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// Whether the device is being taken away.
    pub const fn is_dead(&self) -> bool {
        self.dead
    }

    /// What the subdev is.
    pub const fn opstate(&self) -> OpState {
        if !self.attached || self.dead {
            OpState::Detached
        } else if self.halted {
            OpState::Halted
        } else if self.enabled {
            OpState::Enabled
        } else if self.open {
            OpState::Open
        } else {
            OpState::Attached
        }
    }

    /// A VFIO device is there.
    pub fn attach(&mut self) -> bool {
        self.change(|life| life.attached = true)
    }

    /// The VFIO device is gone, and its user with it.
    pub fn detach(&mut self) -> bool {
        self.change(|life| *life = Self::new(life.admin))
    }

    /// A VFIO user opens the device.
    pub fn open(&mut self) -> Result<bool, NotOpened> {
        if !self.attached {
            Err(NotOpened::Detached)
        } else if self.dead {
            Err(NotOpened::Dead)
        } else if self.open {
            Err(NotOpened::Busy)
        } else {
            Ok(self.change(|life| life.open = true))
        }
    }

    /// The VFIO user closes the device, which resets it.
    pub fn close(&mut self) -> bool {
        self.change(|life| {
            life.open = false;
            life.enabled = false;
            life.halted = false;
        })
    }

    /// The VFIO user has enabled the virtual device.
    pub fn enable(&mut self) -> bool {
        self.change(|life| life.enabled = life.open)
    }

    /// The VFIO user has disabled the virtual device.
    pub fn disable(&mut self) -> bool {
        self.change(|life| life.enabled = false)
    }

    /// The virtual device stopped after a fault; only a reset or a close revives it.
    pub fn halt(&mut self) -> bool {
        self.change(|life| life.halted = life.open)
    }

    /// The virtual device was reset.
    pub fn reset(&mut self) -> bool {
        self.change(|life| {
            life.enabled = false;
            life.halted = false;
        })
    }

    /// The VFIO device is about to be taken away: from here on nobody can open it.
    ///
    /// An open user forbids it unless `force`; then the device is dead to that user.
    pub fn begin_removal(&mut self, force: bool) -> Result<bool, Busy> {
        if self.open && !force {
            return Err(Busy);
        }
        Ok(self.change(|life| life.dead = life.attached))
    }

    /// Applies a transition and says whether it changed the operational state.
    fn change(&mut self, transition: impl FnOnce(&mut Self)) -> bool {
        let before = self.opstate();
        transition(self);
        self.opstate() != before
    }
}

/// A VFIO user has the device open.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Busy;

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a VFIO user has the subdev open")
    }
}

/// Why the device was not opened.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum NotOpened {
    /// There is no VFIO device.
    Detached,
    /// The device is being taken away.
    Dead,
    /// Another user has it open.
    Busy,
}

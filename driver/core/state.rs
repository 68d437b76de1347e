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

    /// Returns a number that is not in the family as the error.
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
    /// There is no VFIO device, or it is on its way to or from its user.
    Detached = 0,
    /// There is a VFIO device and nobody has it open.
    Attached = 1,
    /// A VFIO user has the device open.
    Open = 2,
    /// The VFIO user has enabled the virtual device.
    Enabled = 3,
    /// The hardware of the virtual device is lost, or was for a while and the VFIO user has not reset
    /// the virtual device since.
    Halted = 4,
}

impl From<OpState> for u32 {
    fn from(state: OpState) -> u32 {
        // CAST: The representation is that of the enum.
        state as u32
    }
}

/// How far a subdev is between its creation and its deletion.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Phase {
    /// It is being created, and may not be removed yet.
    Creating,
    /// It is there.
    Present,
    /// It is being activated or deactivated, by one request at a time.
    Changing,
    /// It is being removed, for good.
    Removing,
}

/// Whether the hardware of a virtual device does its work.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Hardware {
    Works,
    /// It does nothing, and may do so for good.
    Lost,
    /// It works again, for whoever resets the virtual device, or opens it.
    Recovered,
}

/// The life of a subdev: its phase, and what its VFIO device is in.
///
/// Each transition says whether it changed [`Life::opstate`], which is when an event is due. One
/// that is invalid in the present state changes nothing.
///
/// # Invariants
///
/// `enabled` implies `open`, `open` implies `attached`.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Life {
    admin: AdminState,
    phase: Phase,
    attached: bool,
    open: bool,
    enabled: bool,
    hardware: Hardware,
}

impl Life {
    /// The life of a subdev that is being created and has no VFIO device yet.
    pub const fn new(admin: AdminState) -> Self {
        Self {
            admin,
            phase: Phase::Creating,
            attached: false,
            open: false,
            enabled: false,
            hardware: Hardware::Works,
        }
    }

    /// What the admin wants. A subdev that is being changed is shown as inactive until all of it
    /// is done.
    pub const fn admin(&self) -> AdminState {
        match self.phase {
            Phase::Changing => AdminState::Inactive,
            _ => self.admin,
        }
    }

    /// How far the subdev is between its creation and its deletion.
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether a VFIO user has the device open, even a dead one.
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// Whether the subdev is being removed, with or without a VFIO device.
    pub const fn is_removing(&self) -> bool {
        matches!(self.phase, Phase::Removing)
    }

    /// Whether a VFIO device answers nobody, if there is one: that of a subdev that is being
    /// removed, or what is left of the one that an inactive subdev had.
    pub const fn is_dead(&self) -> bool {
        self.is_removing() || matches!(self.admin, AdminState::Inactive)
    }

    /// What the subdev is.
    pub const fn opstate(&self) -> OpState {
        if !self.attached || self.is_dead() || matches!(self.phase, Phase::Changing) {
            OpState::Detached
        } else if !matches!(self.hardware, Hardware::Works) {
            OpState::Halted
        } else if self.enabled {
            OpState::Enabled
        } else if self.open {
            OpState::Open
        } else {
            OpState::Attached
        }
    }

    /// The creation is complete; from here on the subdev may be removed.
    ///
    /// The operational state stays what it is.
    pub fn publish(&mut self) {
        if self.phase == Phase::Creating {
            self.phase = Phase::Present;
        }
    }

    /// A VFIO device is there. A subdev that is inactive or being removed must not get one.
    pub fn attach(&mut self) -> Result<bool, NotAttached> {
        if self.is_dead() {
            return Err(NotAttached);
        }
        Ok(self.change(|life| life.attached = true))
    }

    /// The VFIO device is gone, and its user with it.
    pub fn detach(&mut self) -> bool {
        self.change(|life| {
            life.attached = false;
            life.end_use();
        })
    }

    /// A VFIO user opens the device.
    ///
    /// It may do so before the creation is complete: it can learn of the device from the kernel,
    /// which makes the device known before the creation ends.
    pub fn open(&mut self) -> Result<bool, NotOpened> {
        if self.is_dead() {
            Err(NotOpened::Dead)
        } else if !self.attached {
            Err(NotOpened::Detached)
        } else if self.open {
            Err(NotOpened::Busy)
        } else {
            Ok(self.change(|life| life.open = true))
        }
    }

    /// The VFIO user closes the device, which resets it.
    pub fn close(&mut self) -> bool {
        self.change(Self::end_use)
    }

    /// The VFIO user has enabled the virtual device.
    pub fn enable(&mut self) -> bool {
        self.change(|life| life.enabled = life.open)
    }

    /// The VFIO user has disabled the virtual device.
    pub fn disable(&mut self) -> bool {
        self.change(|life| life.enabled = false)
    }

    /// The hardware of the parent is lost: whatever happens to the VFIO device, it stays halted.
    pub fn lose(&mut self) -> bool {
        self.change(|life| life.hardware = Hardware::Lost)
    }

    /// The hardware that was lost works again: a VFIO device that nobody has open does so, too;
    /// another one is halted until [`Life::works`].
    pub fn recover(&mut self) -> bool {
        self.change(|life| match life.hardware {
            Hardware::Lost if life.open => life.hardware = Hardware::Recovered,
            Hardware::Lost => life.hardware = Hardware::Works,
            Hardware::Works | Hardware::Recovered => (),
        })
    }

    /// The virtual device works, after a reset or from being opened on: on hardware that does.
    pub fn works(&mut self) -> bool {
        self.change(|life| life.hardware = Hardware::Works)
    }

    /// Says which passing phase the subdev is in, if it is in one.
    pub const fn check_present(&self) -> Result<(), Conflict> {
        match self.phase {
            Phase::Creating => Err(Conflict::Creating),
            Phase::Present => Ok(()),
            Phase::Changing => Err(Conflict::Changing),
            Phase::Removing => Err(Conflict::Removing),
        }
    }

    /// As [`Life::check_present`], and an open user is in the way as well unless `force`; not so
    /// one to whom the device is dead already.
    const fn check_free(&self, force: bool) -> Result<(), Conflict> {
        match self.check_present() {
            Ok(()) if self.open && !self.is_dead() && !force => Err(Conflict::Open),
            checked => checked,
        }
    }

    /// The subdev is about to become inactive: from here on nobody can open its device, and it is
    /// dead to an open user, who forbids it unless `force`. Until [`Life::settle`] nobody else
    /// changes the subdev.
    pub fn begin_deactivation(&mut self, force: bool) -> Result<(), Conflict> {
        self.check_free(force)?;
        self.phase = Phase::Changing;
        self.admin = AdminState::Inactive;
        Ok(())
    }

    /// The subdev is about to become active. The VFIO device that it had before may still be there,
    /// and stays dead. Until [`Life::settle`] nobody else changes the subdev.
    pub fn begin_activation(&mut self) -> Result<(), Conflict> {
        self.check_present()?;
        self.phase = Phase::Changing;
        Ok(())
    }

    /// Nothing is left of the VFIO device of before, and there may be another.
    pub fn revive(&mut self) {
        if self.phase == Phase::Changing {
            self.attached = false;
            self.end_use();
            self.admin = AdminState::Active;
        }
    }

    /// The activation failed: the subdev is inactive again, and what there is of a VFIO device is
    /// dead.
    pub fn give_up(&mut self) {
        if self.phase == Phase::Changing {
            self.admin = AdminState::Inactive;
        }
    }

    /// The change is complete, or undone.
    pub fn settle(&mut self) {
        if self.phase == Phase::Changing {
            self.phase = Phase::Present;
        }
    }

    /// The subdev is about to be removed: from here on nobody can open its device.
    ///
    /// An open user forbids it unless `force`; then the device is dead to that user.
    pub fn begin_removal(&mut self, force: bool) -> Result<Removal, Conflict> {
        self.check_free(force)?;
        Ok(Removal {
            changed: self.change(|life| life.phase = Phase::Removing),
            open: self.open,
        })
    }

    /// Whoever creates or changes the subdev removes it instead.
    pub fn abandon(&mut self) {
        self.phase = Phase::Removing;
    }

    /// Nobody has the device open any more.
    fn end_use(&mut self) {
        self.open = false;
        self.enabled = false;
        if self.hardware == Hardware::Recovered {
            self.hardware = Hardware::Works;
        }
    }

    /// Applies a transition and says whether it changed the operational state.
    fn change(&mut self, transition: impl FnOnce(&mut Self)) -> bool {
        let before = self.opstate();
        transition(self);
        self.opstate() != before
    }
}

/// A removal that has begun.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Removal {
    /// Whether the operational state changed.
    pub changed: bool,
    /// Whether a VFIO user has the device open, to whom it is dead now.
    pub open: bool,
}

/// What is in the way of a change or a removal; displays as a sentence that says what helps.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Conflict {
    /// A VFIO user has the device open.
    Open,
    /// Its creation is not complete.
    Creating,
    /// It is being activated or deactivated.
    Changing,
    /// It is being removed.
    Removing,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Conflict::Open => "a VFIO user has the subdev open; close it, or use force",
            Conflict::Creating => "the subdev is being created; try again",
            Conflict::Changing => "the subdev is being activated or deactivated; try again",
            Conflict::Removing => "the subdev is being deleted",
        })
    }
}

/// The subdev is inactive or being removed, so it gets no VFIO device.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct NotAttached;

/// Why the device was not opened.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum NotOpened {
    /// There is no VFIO device.
    Detached,
    /// The subdev is inactive or being removed.
    Dead,
    /// Another user has it open.
    Busy,
}

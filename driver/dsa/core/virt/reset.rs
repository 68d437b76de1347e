// SPDX-License-Identifier: GPL-2.0

//! Resets of the virtual function, and the loss of the hardware, which none of them undoes while it
//! lasts.

use super::{
    super::regs::{
        genctrl,
        intcause, //
    },
    bar0,
    config,
    Effect,
    Function,
    State,
    WqState,
    VECTORS,
    WQS, //
};

/// The mask of all WQs.
const ALL_WQS: u8 = u8::MAX;

impl Function {
    /// The first half of an FLR or of a reset that the VFIO user asks for.
    ///
    /// From here on no WQ accepts work, until [`Function::reset`] is complete and the user has
    /// enabled it again. A command that was active is forgotten, and none is accepted. In between
    /// the owner brings the queues to rest, discarding all work.
    ///
    /// To begin a reset that has begun makes no difference. Of resets that overlap, the first one that
    /// is complete ends them all, so the owner lets one wait for the other and begins each of them
    /// when it is its turn.
    pub fn begin_reset(&mut self) {
        self.resetting = true;
        self.pending = None;
        self.cmdsts = 0;
        if self.state == State::Enabled {
            self.state = State::Draining;
        }
        self.end_acceptance(ALL_WQS);
    }

    /// Completes a reset, for which the queues are at rest: the state after power-on.
    pub fn reset(&mut self) {
        self.begin_reset();
        self.restore();
        self.config = config::Config::new(&self.params);
        self.msix_table = [bar0::MSIX_ENTRY_RESET; VECTORS];
        self.resetting = false;
    }

    /// The hardware is gone: stops the device and its WQs.
    ///
    /// GENSTS asks for a cold reset. The function stays halted over every reset that its user can
    /// do, until [`Function::recover`]; each leaves it as after power-on but for that.
    pub fn lose(&mut self) -> Effect {
        let halted = self.is_halted();
        self.lost = true;
        if halted {
            return Effect::None;
        }
        self.state = State::Halted;
        self.wqs = [WqState::Disabled; WQS];
        self.end_acceptance(ALL_WQS);
        self.raise(intcause::HALT, genctrl::HALT_INT_EN)
    }

    /// The hardware is back: a function that has halted can be reset now, which its user is told as
    /// it was of the halt.
    ///
    /// GENSTS asks for an FLR, which is what idxd revives a device with that has halted (`idxd_halt`
    /// in `srctree/drivers/dma/idxd/irq.c`). Every other reset is as good.
    pub fn recover(&mut self) -> Effect {
        self.lost = false;
        if !self.is_halted() {
            return Effect::None;
        }
        self.raise(intcause::HALT, genctrl::HALT_INT_EN)
    }

    /// The device as after power-on, but for config space, the MSI-X table and the command.
    pub(super) fn restore(&mut self) {
        self.state = State::Disabled;
        self.wqs = [WqState::Disabled; WQS];
        self.portals.clear();
        self.handles = 0;
        self.gencfg = 0;
        self.genctrl = 0;
        self.intcause = 0;
        self.swerr = [0; 4];
        self.msix_perm = [0; VECTORS];
        if self.lost {
            self.state = State::Halted;
            self.intcause = intcause::HALT;
        }
    }

    /// Makes known that the WQs of a mask no longer accept work.
    pub(super) fn end_acceptance(&mut self, wqs: u8) {
        for (n, epoch) in (0..u8::BITS).zip(&mut self.epochs) {
            if wqs & 1 << n != 0 {
                *epoch = epoch.wrapping_add(1);
            }
        }
    }
}

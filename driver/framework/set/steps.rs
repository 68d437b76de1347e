// SPDX-License-Identifier: GPL-2.0

//! The steps of a change that wait: for the hardware, and for VFIO.

use kernel::prelude::*;

use super::{
    super::{
        create::{
            check_noticed,
            check_usable, //
        },
        engage::engage,
        handover::{
            attach,
            wait_until_detached,
            Maker, //
        },
        refusal::{
            Field,
            Refusal, //
        },
        subdev::Lingers, //
    },
    Change, //
};

impl Change {
    /// Puts the subdev on the hardware, and hands it over to VFIO.
    pub(super) fn activate(&self, maker: Option<&dyn Maker>) -> Result<(), Refusal> {
        let (node, subdev) = (&self.node, &self.subdev);
        check_noticed(node)?;
        self.revive()?;
        let engaged = {
            let mut config = node.config.lock();
            check_usable(node).and_then(|()| engage(node, &mut config, subdev, &self.new))
        };
        engaged
            .and_then(|()| attach(core::slice::from_ref(subdev), maker))
            // A loss that is noticed from here on finds the virtual device, and halts it.
            .and_then(|()| check_noticed(node))
            .inspect_err(|_| {
                subdev.give_up();
                match maker {
                    None => self.deactivate(),
                    // Who is making the device takes it back from VFIO, after this.
                    Some(_) => self.disengage(),
                }
            })
    }

    /// Takes a subdev that nobody has open back from VFIO and off the hardware, and puts it on the
    /// hardware and hands it over anew, on the same device of its maker's. A failure leaves it
    /// inactive, and its maker's device is going.
    pub(super) fn restart(&self, maker: &dyn Maker) -> Result<(), Refusal> {
        let (node, subdev) = (&self.node, &self.subdev);
        subdev.doom();
        subdev.disengage(&mut node.config.lock());
        maker.detach(subdev);
        subdev.begin_anew();
        let engaged = {
            let mut config = node.config.lock();
            check_usable(node).and_then(|()| engage(node, &mut config, subdev, &self.new))
        };
        engaged
            .and_then(|()| Ok(maker.attach(subdev)?))
            // A loss that is noticed from here on finds the virtual device, and halts it.
            .and_then(|()| check_noticed(node))
            .inspect_err(|_| {
                subdev.give_up();
                subdev.doom();
                subdev.disengage_from(&mut node.config.lock(), &self.new.wqs);
                // Not waited for: the device may go only after who has asked for this.
                subdev.let_go();
            })
    }

    /// Waits a moment until nothing is left of a VFIO device that the subdev had before.
    fn revive(&self) -> Result<(), Refusal> {
        wait_until_detached(core::slice::from_ref(&self.subdev));
        self.subdev.revive().map_err(refuse_lingering)
    }

    /// As [`Self::revive`], and leaves the subdev as it is.
    pub(super) fn check_gone(&self) -> Result<(), Refusal> {
        wait_until_detached(core::slice::from_ref(&self.subdev));
        self.subdev.check_gone().map_err(refuse_lingering)
    }

    /// Takes the subdev, which is dead, off the hardware and back from VFIO, for which it waits a
    /// moment if nobody has it open.
    pub(super) fn deactivate(&self) {
        let subdev = &self.subdev;
        self.disengage();
        subdev.let_go();
        // What the user did until now is in the event of this change.
        subdev.flush_report();
        wait_until_detached(core::slice::from_ref(subdev));
    }

    /// Takes the subdev, which is dead, off the hardware.
    fn disengage(&self) {
        self.subdev.doom();
        self.subdev.disengage(&mut self.node.config.lock());
    }
}

/// Explains what is left of a VFIO device.
fn refuse_lingering(lingers: Lingers) -> Refusal {
    let refuse = |text| Refusal::new(EBUSY, Field::State, text);
    match lingers {
        Lingers::Open => refuse(format_args!(
            "its former VFIO device is still open; it must be closed first"
        )),
        // Not provoked: VFIO lets go within a second unless a bug or a debugger holds it.
        Lingers::Busy => refuse(format_args!(
            "VFIO still holds the former device of the subdev; try again"
        )),
    }
}

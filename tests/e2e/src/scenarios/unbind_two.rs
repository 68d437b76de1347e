// SPDX-License-Identifier: MIT OR Apache-2.0
//! A device is taken from its driver while two tenants have a part of it, and one does not let go.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::check::{self, step};
use crate::dsa::Dsa;
use crate::scenario::Scenario;
use crate::system::{Function, MODULE};
use crate::tenant::Tenant;
use crate::vfio::{Interrupt, Location};
use crate::wait::{self, SOON};
use crate::{system, tool};

pub const UNBIND_TWO: Scenario = Scenario {
    name: "unbind-two",
    vm: "",
    about: "a tenant that keeps its device delays the unbinding, and not the release of another",
    run,
};

/// How long after the unbinding began a tenant may wait for the request to release its device,
/// whatever others do.
const RELEASED: Duration = Duration::from_secs(2);

/// A tenant that listens to the request to release its device.
struct Tenancy {
    dsa: Dsa,
    request: Interrupt,
    location: Location,
}

impl Tenancy {
    fn add(line: &str) -> Result<Self> {
        let location = tool::add(line)?.location()?;
        let dsa = Dsa::open_enabled(&location)?;
        let request = Interrupt::new("device request")?;
        dsa.device().arm_request(&request)?;
        Ok(Self {
            dsa,
            request,
            location,
        })
    }

    /// Closes the device, and waits until it is gone.
    fn release(self) -> Result<()> {
        drop(self.dsa);
        system::await_removal(&self.location)
    }
}

fn run() -> Result<()> {
    let function = Function::of_parent()?;
    let stubborn = Tenancy::add("wq 3 name stubborn")?;
    let willing = Tenancy::add("wq 4 name willing")?;

    step("unbound: both tenants are asked to release their devices");
    let unbinding = {
        let function = function.clone();
        thread::spawn(move || function.unbind())
    };
    willing
        .request
        .wait(RELEASED)
        .context("the second tenant waits for the first")?;
    stubborn.request.wait(SOON)?;

    step("the second does, and its device is gone; the family answers");
    willing.release()?;
    tool::parents()?;
    tool::subdevs()?;

    step("the unbinding waits for the first, and for nobody else");
    let node = &stubborn.location.group;
    ensure!(node.exists(), "{} went while it was open", node.display());
    ensure!(!unbinding.is_finished(), "the unbinding did not wait");
    stubborn.release()?;
    wait::join(SOON, "the unbinding", unbinding)??;
    check::equal("parents", tool::parents()?.len(), 0)?;
    check::equal("subdevs", tool::subdevs()?, vec![])?;

    step("bound again, it works as before");
    function.bind(MODULE)?;
    system::await_parents(1)?;
    Tenant::add("wq 3 name again", 1 << 12)?.works()?;
    tool::del("again")
}

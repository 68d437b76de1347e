// SPDX-License-Identifier: MIT OR Apache-2.0

//! Modules of the kernel's to measure beside, which Debian's kernel is configured without.

use anyhow::Result;

use super::kernel::Kernel;
use crate::lab::{Lab, short_hash};
use crate::root::Root;
use crate::{run, stamp};

/// One of them.
#[derive(Debug)]
pub struct Peer {
    name: &'static str,
    /// Its folder in the source.
    source: &'static str,
    /// The option that builds it.
    option: &'static str,
    /// The modules that it depends on.
    needs: &'static str,
}

/// A simulated network device, which has an instance of devlink.
pub const NETDEVSIM: Peer = Peer {
    name: "netdevsim",
    source: "drivers/net/netdevsim",
    option: "CONFIG_NETDEVSIM",
    needs: "psample",
};

/// The sample of a driver of mediated devices: serial ports.
pub const MTTY: Peer = Peer {
    name: "mtty",
    source: "samples/vfio-mdev",
    option: "CONFIG_SAMPLE_VFIO_MDEV_MTTY",
    needs: "mdev",
};

const BUILD: &str = include_str!("peer.sh");

impl Peer {
    /// Where it is built, as a path inside the root, which the machine sees as well.
    fn dir(&self) -> String {
        format!("/usr/src/{}", self.name)
    }

    fn file(&self) -> String {
        format!("{}/{}.ko", self.dir(), self.name)
    }

    /// Builds it for the stock kernel, unless it is there.
    ///
    /// # Errors
    ///
    /// When it does not compile; the error carries what the compiler said.
    pub fn ensure(&self, lab: &Lab, root: &Root, kernel: &Kernel) -> Result<()> {
        let key = short_hash([BUILD, self.source, self.option, &kernel.release].map(str::as_bytes));
        let file = root.path.join(self.file().trim_start_matches('/'));
        let name = format!("{}.{}", root.name, self.name);
        stamp::once(lab, &name, &key, &file, || {
            let mut command = root.enter().command("sh");
            command
                .args(["-euc", BUILD, "sh", &kernel.tree])
                .args([self.source, &self.dir(), self.option, "make"])
                .args(kernel.make_arguments());
            run::step(lab, &format!("build {}", self.name), &mut command, "")
        })
    }

    /// A shell command that loads it in the machine.
    pub fn load(&self) -> String {
        format!("modprobe {} && insmod {}", self.needs, self.file())
    }
}

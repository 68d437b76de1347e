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
    /// A file of the source that becomes another module, which this one needs.
    with: Option<&'static str>,
    /// The options that build it.
    options: &'static [&'static str],
    /// The kernel's modules that it depends on.
    needs: &'static [&'static str],
    /// What is built, in the order in which it is loaded.
    files: &'static [&'static str],
}

/// A simulated network device, which has an instance of devlink.
pub const NETDEVSIM: Peer = Peer {
    name: "netdevsim",
    source: "drivers/net/netdevsim",
    with: None,
    options: &["CONFIG_NETDEVSIM"],
    needs: &["psample"],
    files: &["netdevsim"],
};

/// The sample of a driver of mediated devices: serial ports.
pub const MTTY: Peer = Peer {
    name: "mtty",
    source: "samples/vfio-mdev",
    with: None,
    options: &["CONFIG_SAMPLE_VFIO_MDEV_MTTY"],
    needs: &["mdev"],
    files: &["mtty"],
};

/// A simulated vDPA network device, and what vhost needs for virtual machines to have it.
pub const VDPA_SIM: Peer = Peer {
    name: "vdpa_sim",
    source: "drivers/vdpa/vdpa_sim",
    with: Some("drivers/vhost/vringh.c"),
    options: &["CONFIG_VDPA_SIM", "CONFIG_VDPA_SIM_NET"],
    needs: &["vhost_iotlb", "vhost_vdpa"],
    files: &["vringh", "vdpa_sim", "vdpa_sim_net"],
};

const BUILD: &str = include_str!("peer.sh");

impl Peer {
    /// Where it is built, as a path inside the root, which the machine sees as well.
    fn dir(&self) -> String {
        format!("/usr/src/{}", self.name)
    }

    /// Builds it for the stock kernel, unless it is there.
    ///
    /// # Errors
    ///
    /// When it does not compile; the error carries what the compiler said.
    pub fn ensure(&self, lab: &Lab, root: &Root, kernel: &Kernel) -> Result<()> {
        let options = self.options.iter().map(|option| format!("{option}=m"));
        let options = options.collect::<Vec<_>>().join(" ");
        let with = self.with.unwrap_or_default();
        let words = [BUILD, self.source, with, &options, &kernel.release];
        let key = short_hash(words.map(str::as_bytes));
        let dir = root.path.join(self.dir().trim_start_matches('/'));
        // The last one is made when the others are.
        let last = self.files.last().copied().unwrap_or_default();
        let file = dir.join(format!("{last}.ko"));
        let name = format!("{}.{}", root.name, self.name);
        stamp::once(lab, &name, &key, &file, || {
            let mut command = root.enter().command("sh");
            command
                .args(["-euc", BUILD, "sh", &kernel.tree])
                .args([self.source, &self.dir(), with, &options, "make"])
                .args(kernel.make_arguments());
            run::step(lab, &format!("build {}", self.name), &mut command, "")
        })
    }

    /// A shell command that loads it in the machine.
    pub fn load(&self) -> String {
        let needs = self.needs.iter().map(|name| format!("modprobe {name}"));
        let files = self.files.iter();
        let files = files.map(|name| format!("insmod {}/{name}.ko", self.dir()));
        needs.chain(files).collect::<Vec<_>>().join(" && ")
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0
//! The vfio-user front: serves a device to one client, such as QEMU's `vfio-user-pci`.

use std::fs::File;
use std::io;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use vfio_bindings::bindings::vfio::{
    VFIO_IRQ_INFO_EVENTFD, VFIO_IRQ_INFO_NORESIZE, VFIO_IRQ_SET_ACTION_TRIGGER,
    VFIO_IRQ_SET_DATA_EVENTFD, VFIO_PCI_BAR0_REGION_INDEX, VFIO_PCI_BAR2_REGION_INDEX,
    VFIO_PCI_CONFIG_REGION_INDEX, VFIO_PCI_MSIX_IRQ_INDEX, VFIO_PCI_NUM_IRQS, VFIO_PCI_NUM_REGIONS,
    VFIO_REGION_INFO_FLAG_READ, VFIO_REGION_INFO_FLAG_WRITE, vfio_region_info,
};
use vfio_user::{DmaMapFlags, DmaUnmapFlags, IrqInfo, ServerBackend, ServerRegion};

use crate::control;
use crate::device::Device;
use crate::memory::Permissions;
use crate::pci;
use crate::profile::Profile;
use crate::registers;
use crate::socket::Socket;
use crate::trace::Trace;

/// Why the model cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The socket cannot be made.
    #[error(
        "cannot listen on {}: {source}; a path that does not exist, in a folder that can be written, is accepted",
        path.display()
    )]
    Listen {
        /// Where it was to be.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The engines, or what serves the control socket, cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
    /// The connection broke.
    #[error("the vfio-user connection broke: {0}")]
    Connection(#[source] vfio_user::Error),
}

/// A device that waits for its client. Dropping it removes the socket.
pub struct Server {
    server: vfio_user::Server,
    backend: Backend,
    /// Kept for their end, which removes the files.
    _sockets: (Socket, Option<Socket>),
}

impl Server {
    /// Makes the device and binds its socket, and one for control if that is wanted: from here on
    /// clients can connect.
    ///
    /// # Errors
    ///
    /// When the socket cannot be bound (also because it exists) or threads cannot be started.
    pub fn bind(
        socket: &Path,
        control: Option<&Path>,
        profile: Profile,
        trace: Trace,
    ) -> Result<Self, Error> {
        let irqs = irqs(&profile);
        let regions = regions(&profile);
        let backend = Backend {
            device: Device::new(profile, trace).map_err(Error::Thread)?,
        };
        // Whoever finds the first socket finds the second as well.
        let control = match control {
            Some(path) => {
                let (socket, listener) = listen(path)?;
                control::serve(listener, backend.device.shared()).map_err(Error::Thread)?;
                Some(socket)
            }
            None => None,
        };
        let (socket, listener) = listen(socket)?;
        let resettable = true;
        Ok(Self {
            server: vfio_user::Server::from_owned_fd(listener.into(), resettable, irqs, regions),
            backend,
            _sockets: (socket, control),
        })
    }

    /// Serves one client until it disconnects.
    ///
    /// # Errors
    ///
    /// When the connection ends other than by the client closing it.
    pub fn run(mut self) -> Result<(), Error> {
        match self.server.run(&mut self.backend) {
            Err(error) if !is_disconnect(&error) => Err(Error::Connection(error)),
            _ => Ok(()),
        }
    }
}

fn listen(path: &Path) -> Result<(Socket, UnixListener), Error> {
    Socket::listen(path).map_err(|source| Error::Listen {
        path: path.to_owned(),
        source,
    })
}

/// Whether the client went away, orderly or not.
fn is_disconnect(error: &vfio_user::Error) -> bool {
    const GONE: [io::ErrorKind; 3] = [
        io::ErrorKind::BrokenPipe,
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::UnexpectedEof,
    ];
    match error {
        vfio_user::Error::StreamRead(error) | vfio_user::Error::StreamWrite(error) => {
            GONE.contains(&error.kind())
        }
        vfio_user::Error::ReceiveWithFd(error) => {
            GONE.contains(&io::Error::from_raw_os_error(error.errno()).kind())
        }
        _ => false,
    }
}

/// All regions of a PCI device in VFIO's order; those that the device does not have are empty.
/// None can be mapped: the device has to see each access.
fn regions(profile: &Profile) -> Vec<ServerRegion> {
    (0..VFIO_PCI_NUM_REGIONS)
        .map(|index| {
            let size = region_size(profile, index);
            ServerRegion {
                region_info: vfio_region_info {
                    argsz: size_of::<vfio_region_info>() as u32,
                    flags: if size == 0 {
                        0
                    } else {
                        VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE
                    },
                    index,
                    size,
                    ..Default::default()
                },
                sparse_areas: Vec::new(),
                mmap_fd: None,
            }
        })
        .collect()
}

fn region_size(profile: &Profile, region: u32) -> u64 {
    match region {
        VFIO_PCI_BAR0_REGION_INDEX => registers::BAR_SIZE,
        VFIO_PCI_BAR2_REGION_INDEX => profile.portal_bar_size(),
        VFIO_PCI_CONFIG_REGION_INDEX => pci::SIZE as u64,
        _ => 0,
    }
}

/// All interrupts of a PCI device in VFIO's order; only MSI-X has vectors.
fn irqs(profile: &Profile) -> Vec<IrqInfo> {
    (0..VFIO_PCI_NUM_IRQS)
        .map(|index| match index {
            VFIO_PCI_MSIX_IRQ_INDEX => IrqInfo {
                index,
                flags: VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE,
                count: profile.vectors().into(),
            },
            _ => IrqInfo {
                index,
                flags: 0,
                count: 0,
            },
        })
        .collect()
}

/// Turns vfio-user requests into what they mean for the device.
struct Backend {
    device: Device,
}

impl Backend {
    /// Refuses an access that leaves its region.
    fn check(&self, region: u32, offset: u64, length: usize) -> io::Result<()> {
        let size = region_size(self.device.profile(), region);
        let end = offset.checked_add(length as u64);
        if end.is_some_and(|end| end <= size) {
            return Ok(());
        }
        Err(invalid(format!(
            "{length} bytes at {offset:#x} are not within the {size:#x} bytes of region {region}"
        )))
    }
}

impl ServerBackend for Backend {
    fn region_read(&mut self, region: u32, offset: u64, data: &mut [u8]) -> io::Result<()> {
        self.check(region, offset, data.len())?;
        match region {
            VFIO_PCI_BAR0_REGION_INDEX => self.device.register_read(offset, data),
            VFIO_PCI_BAR2_REGION_INDEX => self.device.portal_read(offset, data),
            // Empty regions have been refused, which leaves one.
            _ => self.device.config_read(offset, data),
        }
        log::trace!("read region {region} +{offset:#x}: {data:02x?}");
        Ok(())
    }

    fn region_write(&mut self, region: u32, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check(region, offset, data.len())?;
        log::trace!("write region {region} +{offset:#x}: {data:02x?}");
        match region {
            VFIO_PCI_BAR0_REGION_INDEX => self.device.register_write(offset, data),
            VFIO_PCI_BAR2_REGION_INDEX => self.device.portal_write(offset, data),
            _ => self.device.config_write(offset, data),
        }
        Ok(())
    }

    fn dma_map(
        &mut self,
        flags: DmaMapFlags,
        offset: u64,
        address: u64,
        size: u64,
        fd: Option<File>,
    ) -> io::Result<()> {
        log::debug!("dma map {address:#x}, {size:#x} bytes, {flags:?}");
        let Some(file) = fd else {
            // QEMU has memory without a file, such as a ROM; to the device it does not exist.
            log::debug!("not mapped: it comes without a file descriptor");
            return Ok(());
        };
        let permissions = Permissions {
            read: flags.contains(DmaMapFlags::READ),
            write: flags.contains(DmaMapFlags::WRITE),
        };
        self.device
            .memory()
            .map(address, size, file, offset, permissions)
    }

    fn dma_unmap(&mut self, flags: DmaUnmapFlags, address: u64, size: u64) -> io::Result<()> {
        log::debug!("dma unmap {address:#x}, {size:#x} bytes, {flags:?}");
        if flags.contains(DmaUnmapFlags::UNMAP_ALL) {
            self.device.memory().unmap_all();
            Ok(())
        } else {
            self.device.memory().unmap(address, size)
        }
    }

    fn reset(&mut self) -> io::Result<()> {
        self.device.reset();
        Ok(())
    }

    fn set_irqs(
        &mut self,
        index: u32,
        flags: u32,
        start: u32,
        count: u32,
        fds: Vec<File>,
    ) -> io::Result<()> {
        log::debug!(
            "set irqs {index}: flags {flags:#x}, {count} from {start}, {} eventfds",
            fds.len()
        );
        let interrupts = self.device.interrupts();
        if index != VFIO_PCI_MSIX_IRQ_INDEX {
            return if count == 0 {
                // Switching off what does not exist is what QEMU does on its way to MSI-X.
                Ok(())
            } else {
                Err(invalid(format!(
                    "interrupt index {index} has no vectors; only MSI-X ({VFIO_PCI_MSIX_IRQ_INDEX}) has"
                )))
            };
        }
        if flags & VFIO_IRQ_SET_ACTION_TRIGGER == 0 {
            // Masking: whoever keeps the vector table keeps the masks.
            Ok(())
        } else if flags & VFIO_IRQ_SET_DATA_EVENTFD != 0 {
            interrupts.connect(start, count, fds)
        } else if count == 0 {
            interrupts.disconnect();
            Ok(())
        } else {
            interrupts.trigger(start, count)
        }
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

#[cfg(test)]
mod tests;

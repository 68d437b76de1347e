// SPDX-License-Identifier: MIT OR Apache-2.0
//! The VFIO ioctls (srctree include/uapi/linux/vfio.h), userfaultfd, and descriptors of other
//! processes, as functions.
//!
//! Every function is one request to the kernel and returns what that returned.

#![allow(unsafe_code)]

use std::ffi::CStr;
use std::fs::File;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

use netlink_sys::Socket;
use nix::errno::Errno;
use nix::libc::{self, c_char, c_int};
use nix::{
    Result, ioctl_none_bad, ioctl_readwrite, ioctl_readwrite_bad, ioctl_write_int_bad,
    ioctl_write_ptr_bad, request_code_none,
};
use vfio_bindings::bindings::vfio::{
    VFIO_BASE, VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_IRQ_SET_DATA_EVENTFD, VFIO_IRQ_SET_DATA_NONE,
    VFIO_TYPE, vfio_device_info, vfio_group_status, vfio_iommu_type1_dma_map,
    vfio_iommu_type1_dma_unmap, vfio_irq_info, vfio_irq_set, vfio_region_info,
};

/// Version of userfaultfd, and the number of its ioctls (srctree include/uapi/linux/userfaultfd.h).
const UFFD_API: u64 = 0xaa;
/// Pages that are missing are reported.
const UFFDIO_REGISTER_MODE_MISSING: u64 = 1;

#[repr(C)]
#[derive(Default)]
struct UffdioApi {
    api: u64,
    features: u64,
    ioctls: u64,
}

#[repr(C)]
#[derive(Default)]
struct UffdioRegister {
    start: u64,
    len: u64,
    mode: u64,
    ioctls: u64,
}

mod raw {
    use super::*;

    ioctl_readwrite!(uffdio_api, UFFD_API, 0x3f, UffdioApi);
    ioctl_readwrite!(uffdio_register, UFFD_API, 0x00, UffdioRegister);

    ioctl_none_bad!(get_api_version, request_code_none!(VFIO_TYPE, VFIO_BASE));
    ioctl_write_int_bad!(
        check_extension,
        request_code_none!(VFIO_TYPE, VFIO_BASE + 1)
    );
    ioctl_write_int_bad!(set_iommu, request_code_none!(VFIO_TYPE, VFIO_BASE + 2));
    ioctl_readwrite_bad!(
        group_get_status,
        request_code_none!(VFIO_TYPE, VFIO_BASE + 3),
        vfio_group_status
    );
    ioctl_write_ptr_bad!(
        group_set_container,
        request_code_none!(VFIO_TYPE, VFIO_BASE + 4),
        c_int
    );
    ioctl_write_ptr_bad!(
        group_get_device_fd,
        request_code_none!(VFIO_TYPE, VFIO_BASE + 6),
        c_char
    );
    ioctl_readwrite_bad!(
        device_get_info,
        request_code_none!(VFIO_TYPE, VFIO_BASE + 7),
        vfio_device_info
    );
    ioctl_readwrite_bad!(
        device_get_region_info,
        request_code_none!(VFIO_TYPE, VFIO_BASE + 8),
        vfio_region_info
    );
    ioctl_readwrite_bad!(
        device_get_irq_info,
        request_code_none!(VFIO_TYPE, VFIO_BASE + 9),
        vfio_irq_info
    );
    ioctl_write_ptr_bad!(
        device_set_irqs,
        request_code_none!(VFIO_TYPE, VFIO_BASE + 10),
        vfio_irq_set
    );
    ioctl_none_bad!(device_reset, request_code_none!(VFIO_TYPE, VFIO_BASE + 11));
    ioctl_write_ptr_bad!(
        map_dma,
        request_code_none!(VFIO_TYPE, VFIO_BASE + 13),
        vfio_iommu_type1_dma_map
    );
    ioctl_readwrite_bad!(
        unmap_dma,
        request_code_none!(VFIO_TYPE, VFIO_BASE + 14),
        vfio_iommu_type1_dma_unmap
    );
}

/// Version of the VFIO interface.
pub fn api_version(container: &File) -> Result<c_int> {
    // SAFETY: The ioctl takes no argument.
    unsafe { raw::get_api_version(container.as_raw_fd()) }
}

/// Whether the container knows an IOMMU type.
pub fn has_extension(container: &File, iommu: u32) -> Result<bool> {
    // SAFETY: The argument is a number, not a pointer.
    let answer = unsafe { raw::check_extension(container.as_raw_fd(), iommu as c_int) }?;
    Ok(answer != 0)
}

/// Sets the IOMMU type of a container, which must have a group.
pub fn set_iommu(container: &File, iommu: u32) -> Result<()> {
    // SAFETY: The argument is a number, not a pointer.
    unsafe { raw::set_iommu(container.as_raw_fd(), iommu as c_int) }?;
    Ok(())
}

/// `VFIO_GROUP_FLAGS_*` of a group.
pub fn group_flags(group: &File) -> Result<u32> {
    let mut status = vfio_group_status {
        argsz: size_of::<vfio_group_status>() as u32,
        ..Default::default()
    };
    // SAFETY: `status` is a live structure of the size that it states.
    unsafe { raw::group_get_status(group.as_raw_fd(), &mut status) }?;
    Ok(status.flags)
}

/// Puts a group into a container.
pub fn set_container(group: &File, container: &File) -> Result<()> {
    let container = container.as_raw_fd();
    // SAFETY: The kernel reads one int, which lives until the call returns.
    unsafe { raw::group_set_container(group.as_raw_fd(), &container) }?;
    Ok(())
}

/// Opens a device of a group by its name.
pub fn device_fd(group: &File, name: &CStr) -> Result<OwnedFd> {
    // SAFETY: The kernel reads a string that ends with NUL.
    let fd = unsafe { raw::group_get_device_fd(group.as_raw_fd(), name.as_ptr()) }?;
    // SAFETY: The kernel made this descriptor for us; nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// What a device is and has.
pub fn device_info(device: &File) -> Result<vfio_device_info> {
    let mut info = vfio_device_info {
        argsz: size_of::<vfio_device_info>() as u32,
        ..Default::default()
    };
    // SAFETY: `info` is a live structure of the size that it states.
    unsafe { raw::device_get_info(device.as_raw_fd(), &mut info) }?;
    Ok(info)
}

/// Where a region of a device is and how long.
pub fn region_info(device: &File, index: u32) -> Result<vfio_region_info> {
    let mut info = vfio_region_info {
        argsz: size_of::<vfio_region_info>() as u32,
        index,
        ..Default::default()
    };
    // SAFETY: `info` is a live structure of the size that it states.
    unsafe { raw::device_get_region_info(device.as_raw_fd(), &mut info) }?;
    Ok(info)
}

/// How many interrupts of a kind a device has.
pub fn irq_info(device: &File, index: u32) -> Result<vfio_irq_info> {
    let mut info = vfio_irq_info {
        argsz: size_of::<vfio_irq_info>() as u32,
        index,
        ..Default::default()
    };
    // SAFETY: `info` is a live structure of the size that it states.
    unsafe { raw::device_get_irq_info(device.as_raw_fd(), &mut info) }?;
    Ok(info)
}

/// Has the interrupts of a kind, from the first one on, signalled by eventfds;
/// with none, turns that kind off.
pub fn set_irqs(device: &File, index: u32, eventfds: &[BorrowedFd<'_>]) -> Result<()> {
    let data = if eventfds.is_empty() {
        VFIO_IRQ_SET_DATA_NONE
    } else {
        VFIO_IRQ_SET_DATA_EVENTFD
    };
    // The structure is five words, then one word per eventfd.
    let words = 5 + eventfds.len();
    let mut set = Vec::with_capacity(words);
    set.push((words * size_of::<u32>()) as u32);
    set.push(data | VFIO_IRQ_SET_ACTION_TRIGGER);
    set.push(index);
    set.push(0);
    set.push(eventfds.len() as u32);
    set.extend(eventfds.iter().map(|fd| fd.as_raw_fd() as u32));
    // SAFETY: `set` is laid out as the structure, whose alignment is that of a
    // word, and is as long as its first word states.
    unsafe { raw::device_set_irqs(device.as_raw_fd(), set.as_ptr().cast()) }?;
    Ok(())
}

/// The fixed part of VFIO_DEVICE_SET_IRQS, with nothing made up for its sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of struct vfio_irq_set")]
pub struct IrqSet {
    pub argsz: u32,
    pub flags: u32,
    pub index: u32,
    pub start: u32,
    pub count: u32,
}

/// Bytes of the fixed part.
pub const IRQ_SET_LEN: usize = size_of::<u32>() * 5;

/// VFIO_DEVICE_SET_IRQS with any header, right or wrong, and any data after it.
pub fn set_irqs_raw(device: &File, header: IrqSet, data: &[u8]) -> Result<()> {
    // As much as a header can make the kernel read: what is not given is zero.
    let mut words = vec![0_u32; 0x1000];
    let fields = [
        header.argsz,
        header.flags,
        header.index,
        header.start,
        header.count,
    ];
    words[..fields.len()].copy_from_slice(&fields);
    for (word, bytes) in words[fields.len()..].iter_mut().zip(data.chunks(4)) {
        let mut four = [0; 4];
        four[..bytes.len()].copy_from_slice(bytes);
        *word = u32::from_le_bytes(four);
    }
    // SAFETY: The kernel only reads, and `words` is longer than any request that it takes; were it
    // not, what follows would be misread, and nothing written.
    unsafe { raw::device_set_irqs(device.as_raw_fd(), words.as_ptr().cast()) }?;
    Ok(())
}

/// A userfaultfd that also hears of the kernel's own accesses, and does not block.
pub fn userfaultfd() -> Result<File> {
    let flags = libc::O_CLOEXEC | libc::O_NONBLOCK;
    // SAFETY: The system call takes a number and makes a descriptor.
    let fd = unsafe { libc::syscall(libc::SYS_userfaultfd, flags) };
    let fd = c_int::try_from(Errno::result(fd)?).map_err(|_| Errno::EBADF)?;
    // SAFETY: The kernel made this descriptor for us; nobody else owns it.
    let file = File::from(unsafe { OwnedFd::from_raw_fd(fd) });
    let mut api = UffdioApi {
        api: UFFD_API,
        ..Default::default()
    };
    // SAFETY: `api` is a live structure of the type that the ioctl takes.
    unsafe { raw::uffdio_api(file.as_raw_fd(), &mut api) }?;
    Ok(file)
}

/// Has a userfaultfd withhold the pages of a range that nobody touched yet, until it is closed.
///
/// Closing it makes ordinary memory of them. An access meanwhile waits, and does nothing else.
pub fn withhold(userfaultfd: &File, start: u64, len: u64) -> Result<()> {
    let mut register = UffdioRegister {
        start,
        len,
        mode: UFFDIO_REGISTER_MODE_MISSING,
        ..Default::default()
    };
    // SAFETY: `register` is a live structure of the type that the ioctl takes. What it does to the
    // range is to delay accesses.
    unsafe { raw::uffdio_register(userfaultfd.as_raw_fd(), &mut register) }?;
    Ok(())
}

/// Resets a device.
pub fn reset(device: &File) -> Result<()> {
    // SAFETY: The ioctl takes no argument.
    unsafe { raw::device_reset(device.as_raw_fd()) }?;
    Ok(())
}

/// Lets the devices of a container reach `size` bytes at `vaddr` by `iova`.
///
/// # Safety
///
/// From here to the unmapping, or to the end of the container, devices may
/// write to these bytes: they have to stay mapped and may be accessed in no
/// other way than memory that changes under one's hands.
pub unsafe fn map_dma(
    container: &File,
    iova: u64,
    vaddr: u64,
    size: u64,
    flags: u32,
) -> Result<()> {
    let map = vfio_iommu_type1_dma_map {
        argsz: size_of::<vfio_iommu_type1_dma_map>() as u32,
        flags,
        vaddr,
        iova,
        size,
    };
    // SAFETY: `map` is a live structure of the size that it states; what it
    // gives away is the caller's to answer for.
    unsafe { raw::map_dma(container.as_raw_fd(), &map) }?;
    Ok(())
}

/// Takes a range of IOVAs away again and returns how many bytes it held.
pub fn unmap_dma(container: &File, iova: u64, size: u64) -> Result<u64> {
    let mut unmap = vfio_iommu_type1_dma_unmap {
        argsz: size_of::<vfio_iommu_type1_dma_unmap>() as u32,
        iova,
        size,
        ..Default::default()
    };
    // SAFETY: `unmap` is a live structure of the size that it states; without
    // flags the kernel touches nothing behind it.
    unsafe { raw::unmap_dma(container.as_raw_fd(), &mut unmap) }?;
    Ok(unmap.size)
}

/// The file that has the number `fd` in a process, which may be this one.
pub fn file_of(process: u32, fd: RawFd) -> Result<OwnedFd> {
    // SAFETY: The system call takes numbers only.
    let number = unsafe { libc::syscall(libc::SYS_pidfd_open, process, 0) };
    // SAFETY: The kernel has just made the descriptor, and nobody else knows of it.
    let process = unsafe { OwnedFd::from_raw_fd(Errno::result(number)? as RawFd) };
    // SAFETY: The system call takes numbers only.
    let number = unsafe { libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), fd, 0) };
    // SAFETY: The kernel has just made the descriptor, and nobody else knows of it.
    Ok(unsafe { OwnedFd::from_raw_fd(Errno::result(number)? as RawFd) })
}

/// The netlink socket that has the number `fd` in a process, which may be this one.
pub fn netlink_socket(process: u32, fd: RawFd) -> Result<Socket> {
    let socket = file_of(process, fd)?;
    // SAFETY: The descriptor is given away.
    Ok(unsafe { Socket::from_raw_fd(socket.into_raw_fd()) })
}

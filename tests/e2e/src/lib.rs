// SPDX-License-Identifier: MIT OR Apache-2.0
//! Scenarios that run inside the virtual machine, and what they are made of.
//!
//! They see the project as its users do: through the `dsa-nl` tool, through
//! VFIO, and through the kernel log. Downward only:
//!
//! | room | is |
//! |---|---|
//! | [`scenarios`], [`demo`] | what is shown and asserted |
//! | [`scenario`] | how one scenario runs: clean state before, nothing left after |
//! | [`fuzz`], [`genl`] | a fuzzer of the family, and generic netlink in the raw |
//! | [`bench`] | measurements of the module |
//! | [`inject`] | faults inside the kernel, one after another |
//! | [`actor`] | a VFIO user in a process of its own |
//! | [`tenant`] | a VFIO user of this process |
//! | [`dsa`] | a tiny userspace driver of the virtual DSA |
//! | [`vfio`] | a VFIO client: group, container, device, memory |
//! | [`ffi`] | the VFIO ioctls, userfaultfd, descriptors of others; the only room of unsafe code but for one block |
//! | [`tool`], [`monitor`], [`model`] | `dsa-nl`: commands, events, and what they print |
//! | [`idxd`] | upstream's driver in place of our module, and `dmatest` |
//! | [`client`], [`crowd`] | the library `nlctl`, one request after another; many subdevs |
//! | [`dra`] | the Kubernetes driver, with an API server and a kubelet that are stand-ins |
//! | [`lossy`] | sockets whose answers the kernel drops |
//! | [`system`], [`module`], [`kmsg`], [`kmemleak`] | the machine: modules, sysfs, the kernel log, lost memory |
//! | [`upstream`] | what the kernel is known to report of itself |
//! | [`cgroup`] | limits of processes |
//! | [`counts`] | system calls and allocations of operations, against a file |
//! | [`terminal`] | a program on a terminal of its own |
//! | [`process`], [`wait`], [`check`] | children, deadlines, assertions |
//! | [`pattern`], [`seed`], [`amount`] | bytes, where chance starts, how much is done |

pub mod actor;
pub mod amount;
pub mod bench;
mod cgroup;
pub mod check;
pub mod client;
pub mod counts;
pub mod crowd;
pub mod demo;
mod dra;
pub mod dsa;
pub mod ffi;
mod figures;
pub mod fuzz;
pub mod genl;
mod guest;
pub mod idxd;
pub mod inject;
pub mod kmemleak;
pub mod kmsg;
mod libvirt;
pub mod lossy;
pub mod mdev;
pub mod model;
pub mod module;
pub mod monitor;
pub mod pattern;
pub mod podman;
pub mod process;
mod qmp;
pub mod refused;
pub mod scenario;
pub mod scenarios;
mod schema;
pub mod seed;
pub mod system;
pub mod tenant;
mod terminal;
pub mod tool;
mod udev;
pub mod upstream;
pub mod vfio;
pub mod wait;

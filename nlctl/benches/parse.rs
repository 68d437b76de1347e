// SPDX-License-Identifier: MIT OR Apache-2.0

//! How long the library takes to read a dump of 4096 subdevs, beside netlink-bindings, which is generated
//! from the kernel's specs as well, and a dump of as many ports of devlink.
//!
//! Both dumps have as many attributes in an object, texts and numbers. netlink-bindings lends the texts
//! from the buffer; the library gives objects that can be kept.

use std::error::Error;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bench_report::{Report, Row, Unit};
use netlink_bindings::devlink::{OpPortGetDump, PushDevlink};
use netlink_bindings::traits::NetlinkRequest;
use nlctl::{AdminState, Face, Isolation, Object, Opstate, PasidMode, Subdev, SubdevAttr, wire};

/// Objects of a dump.
const COUNT: usize = 4096;

/// Attributes of an object.
const ATTRIBUTES: usize = 15;

/// How often each dump is read.
const ROUNDS: usize = 51;

fn main() -> ExitCode {
    let report = Report::new(std::env::args().any(|word| word == "--json"));
    match measure(report) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(mut report: Report) -> Result<bool, Box<dyn Error>> {
    let subdevs: Vec<_> = (0..COUNT as u32).map(subdev).collect();
    let ports: Vec<_> = (0..COUNT as u32).map(port).collect();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(timed(|| {
            let objects = subdevs
                .iter()
                .map(|bytes| Subdev::read(wire::parse(bytes)?));
            let objects: Vec<Subdev> = objects.collect::<Result<_, _>>()?;
            Ok(black_box(objects).len())
        })?);
        theirs.push(timed(|| {
            let mut objects = 0;
            for bytes in &ports {
                let mut attributes = 0;
                for attribute in OpPortGetDump::decode_reply(bytes) {
                    black_box(attribute.map_err(|error| error.to_string())?);
                    attributes += 1;
                }
                objects += usize::from(attributes == ATTRIBUTES);
            }
            Ok(objects)
        })?);
    }
    let name = format!("a dump of {COUNT}, each object");
    let row = Row::new(&name, "read", "nlctl", Unit::Seconds, &ours);
    let row = row.and_then(|row| row.beside("netlink-bindings", &theirs));
    report.row(row)?;
    report.note(format!(
        "Objects of {ATTRIBUTES} attributes: netlink-bindings goes through those of a devlink port, and lends \
         texts; nlctl makes a Subdev that owns them."
    ));
    Ok(report.end())
}

/// The time of reading a dump, for each object of it.
fn timed(work: impl FnOnce() -> Result<usize, Box<dyn Error>>) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    let count = work()?;
    let time = start.elapsed();
    if count != COUNT {
        return Err(format!("{count} objects are whole").into());
    }
    Ok(time / COUNT as u32)
}

/// The attributes of an active subdev, without nests.
fn subdev(number: u32) -> Vec<u8> {
    let attributes: [SubdevAttr; ATTRIBUTES] = [
        SubdevAttr::Generation(number.into()),
        SubdevAttr::Index(number),
        SubdevAttr::Name(format!("crowd{number:05}")),
        SubdevAttr::Uuid("83b8f4f2-509f-382f-3c1e-e6bfe0fa6001".to_owned()),
        SubdevAttr::ParentIndex(0),
        SubdevAttr::Parent("pci/0000:00:05.0".to_owned()),
        SubdevAttr::Type("1swq".to_owned()),
        SubdevAttr::PasidMode(PasidMode::Shared),
        SubdevAttr::Isolation(Isolation::Mediated),
        SubdevAttr::State(AdminState::Active),
        SubdevAttr::Opstate(Opstate::Attached),
        SubdevAttr::AuxiliaryDevice(format!("subdev.vdev.{number}")),
        SubdevAttr::IommuGroup(number),
        SubdevAttr::VfioDevice(format!("vfio{number}")),
        SubdevAttr::Face(Face::Auxiliary),
    ];
    wire::emit(&attributes)
}

/// A message about a port, from its header of generic netlink on.
fn port(number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    PushDevlink::new(&mut bytes)
        .push_bus_name(c"netdevsim")
        .push_dev_name(c"pci/0000:00:05.0")
        .push_port_index(number)
        .push_port_type(2)
        .push_port_netdev_ifindex(number)
        .push_port_netdev_name(c"enp0s5f0npf0vf12")
        .push_port_ibdev_name(c"83b8f4f2-509f-382f-3c1e-e6bfe0fa6001")
        .push_port_split_count(1)
        .push_port_split_group(number)
        .push_port_flavour(7)
        .push_port_number(number)
        .push_info_driver_name(c"netdevsim.driver")
        .push_port_lanes(1)
        .push_port_controller_number(0)
        .push_port_external(0);
    [&[5, 1, 0, 0], &*bytes].concat()
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! Creates a subdev on a work queue and hands it over: what a virtual machine
//! monitor needs of it is printed.
//!
//! ```text
//! cargo run --example hand-over -- dsa0/wq3 net0
//! ```

use std::error::Error;

use nlctl::{AdminState, PasidMode, WqRef};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let (Some(wq), Some(name)) = (words.next(), words.next()) else {
        return Err("usage: hand-over WQ NAME".into());
    };
    let wq: WqRef = wq.parse()?;

    let (connection, handle) = nlctl::new_connection()?;
    tokio::spawn(connection);

    let mut request = handle
        .subdev()
        .add()
        .name(name)
        .wq(wq.id)
        .pasid_mode(PasidMode::Shared)
        .state(AdminState::Active);
    if let Some(parent) = wq.parent {
        request = request.parent(parent);
    }
    let subdev = request.execute().await?;
    if let Some(warning) = &subdev.warning {
        eprintln!("warning: {warning}");
    }
    println!("name    {}", subdev.name);
    println!("uuid    {}", subdev.uuid);
    if let (Some(group), Some(device)) = (subdev.vfio_group_path(), &subdev.auxiliary_device) {
        println!("group   {}", group.display());
        println!("device  {device}");
    }
    Ok(())
}

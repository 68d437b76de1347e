// SPDX-License-Identifier: MIT OR Apache-2.0

//! The library without async: lists the work queues that have entries to spare.

use nlctl::blocking::Client;

fn main() -> Result<(), nlctl::Error> {
    let client = Client::new()?;
    let wqs = client.wait(client.handle().wq().dump().all())?;
    for wq in wqs.iter().filter(|wq| wq.available > 0) {
        println!("{}/wq{}: {} of {}", wq.parent, wq.id, wq.available, wq.size);
    }
    Ok(())
}

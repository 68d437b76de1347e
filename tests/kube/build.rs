// SPDX-License-Identifier: MIT OR Apache-2.0

//! Makes Rust of kubelet's interfaces, for who calls them.

use std::error::Error;

const FOLDER: &str = "../../nlctl/dsa-dra/proto";
const FILES: [&str; 3] = ["dra.proto", "health.proto", "pluginregistration.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    let parsed = protox::compile(FILES, [FOLDER])?;
    tonic_prost_build::configure()
        .build_server(false)
        .compile_fds(parsed)?;
    for file in FILES {
        println!("cargo::rerun-if-changed={FOLDER}/{file}");
    }
    Ok(())
}

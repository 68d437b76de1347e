// SPDX-License-Identifier: MIT OR Apache-2.0

//! Makes Rust of kubelet's interfaces.

use std::error::Error;

const FILES: [&str; 2] = ["proto/dra.proto", "proto/pluginregistration.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    let parsed = protox::compile(FILES, ["proto"])?;
    tonic_prost_build::configure()
        .build_client(false)
        .build_transport(false)
        .compile_fds(parsed)?;
    for file in FILES {
        println!("cargo::rerun-if-changed={file}");
    }
    Ok(())
}

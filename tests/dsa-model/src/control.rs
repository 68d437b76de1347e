// SPDX-License-Identifier: MIT OR Apache-2.0
//! The control socket: what may be asked of the model itself, next to what the device does.
//!
//! Requests and answers are lines of JSON. A request is `{"id": 1, "request": "hold"}` or
//! `{"id": 2, "request": {"halt": {"reset": "flr"}}}`; the answer has the same id and either `ok`,
//! which only [`Request::Status`] fills with more than `null`, or `error`, a sentence. Any number of
//! clients may connect; `dsa-model ctl` is one.

pub mod client;
mod request;
mod server;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::request::Request;
pub(crate) use self::server::serve;

/// A request and the number that its answer will have.
#[derive(Debug, Serialize, Deserialize)]
struct Envelope {
    id: u64,
    request: Request,
}

/// The answer to a request.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    /// That of the request; 0 if it could not be read.
    id: u64,
    #[serde(flatten)]
    outcome: Outcome,
}

/// What came of a request.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    /// It is done; what there is to tell.
    Ok(Value),
    /// It is not, and why.
    Error(String),
}

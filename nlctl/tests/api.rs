// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a program can do with the types of the library, checked by compiling it.

use futures::{Stream, StreamExt};
use nlctl::{Error, Handle, Monitor, Objects, Subdev, Watch};

/// What an agent keeps.
#[expect(dead_code, reason = "it only has to compile")]
struct Agent {
    handle: Handle,
    events: Monitor,
}

#[expect(dead_code, reason = "it only has to compile")]
async fn an_agent_keeps_its_events(handle: Handle) -> Result<Agent, Error> {
    let events = handle.monitor().await?;
    Ok(Agent { handle, events })
}

#[expect(dead_code, reason = "it only has to compile")]
async fn a_task_takes_the_events_along(handle: Handle) -> Result<(), Error> {
    let mut events = handle.monitor().await?;
    tokio::spawn(async move { while events.next().await.is_some() {} });
    Ok(())
}

fn is_a_stream_to_keep<T: Stream + Unpin + Send + 'static>() {}

#[test]
fn streams_can_be_stored_and_spawned() {
    is_a_stream_to_keep::<Monitor>();
    is_a_stream_to_keep::<Watch>();
    is_a_stream_to_keep::<Objects<Subdev>>();
}

#[test]
fn outside_a_runtime_there_is_an_error_and_no_panic() {
    let error = nlctl::new_connection().expect_err("there is no runtime");
    assert!(error.to_string().contains("runtime"), "{error}");
}

#[tokio::test(flavor = "current_thread")]
async fn sockets_for_events_can_be_had_by_anybody() {
    let (connection, handle) = nlctl::new_connection().expect("there is a socket");
    let connection = tokio::spawn(connection);
    for result in [
        handle.monitor().await.map(drop),
        handle.watch().await.map(drop),
    ] {
        assert!(
            matches!(result, Ok(()) | Err(Error::FamilyAbsent)),
            "{result:?}"
        );
    }
    drop(handle);
    connection.await.expect("ends with its last handle");
}

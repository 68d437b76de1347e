// SPDX-License-Identifier: MIT OR Apache-2.0

//! Follows all subdevs and says what became of each; stays right when events are
//! lost and when the module is loaded anew.

use futures::TryStreamExt;
use nlctl::{Error, NotificationKind, State, Update};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let (connection, handle) = nlctl::new_connection()?;
    tokio::spawn(connection);

    let mut state = State::default();
    let mut updates = handle.watch().await?;
    while let Some(update) = updates.try_next().await? {
        match &update {
            Update::Changed(notification) => {
                if let Some(subdev) = notification.subdev() {
                    let what = match notification.kind() {
                        NotificationKind::Create => "is new",
                        NotificationKind::Delete => "is gone",
                        _ => "changed",
                    };
                    println!("{} {what}: {}", subdev.name, subdev.opstate);
                }
            }
            Update::Gone => println!("the module is gone"),
            _ => println!("this is what there is:"),
        }
        state.update(update);
        println!("{} subdevs", state.subdevs.len());
    }
    Ok(())
}

// SPDX-License-Identifier: MIT OR Apache-2.0

//! Shows statistics.

use nlctl::{Handle, Id, ParentRef, WqRef};

use crate::failure::Failure;
use crate::output::{Page, Printer};

/// Of one parent, or of all.
pub async fn parent(
    handle: &Handle,
    printer: &mut Printer,
    id: Option<ParentRef>,
) -> Result<(), Failure> {
    let parents = handle.parent();
    let page = match id {
        Some(id) => Page::one(&printer.warn(parents.stats(id).execute().await?))?,
        None => Page::list(&printer.warn(parents.dump_stats().all().await?))?,
    };
    printer.print(&page)
}

/// Of one work queue, or of those of a parent or of all.
pub async fn wq(
    handle: &Handle,
    printer: &mut Printer,
    what: Option<String>,
) -> Result<(), Failure> {
    let mut dump = handle.wq().dump_stats();
    if let Some(word) = what {
        match word.parse::<WqRef>() {
            Ok(queue) => {
                let stats = printer.warn(handle.wq().stats(queue).execute().await?);
                return printer.print(&Page::one(&stats)?);
            }
            Err(error) if word.contains('/') => return Err(Failure::Usage(error.to_string())),
            Err(_) => dump = dump.parent(word),
        }
    }
    let all = printer.warn(dump.all().await?);
    printer.print(&Page::list(&all)?)
}

/// Of one subdev, or of all.
pub async fn subdev(handle: &Handle, printer: &mut Printer, id: Option<Id>) -> Result<(), Failure> {
    let subdevs = handle.subdev();
    let page = match id {
        Some(id) => Page::one(&printer.warn(subdevs.stats(id).execute().await?))?,
        None => Page::list(&printer.warn(subdevs.dump_stats().all().await?))?,
    };
    printer.print(&page)
}

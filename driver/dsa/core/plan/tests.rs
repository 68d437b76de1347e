// SPDX-License-Identifier: GPL-2.0

mod batch;
mod cuts;
mod outcome;
mod whole;

use super::super::desc;

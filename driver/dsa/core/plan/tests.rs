// SPDX-License-Identifier: GPL-2.0

mod cuts;
mod hardware;
mod outcome;
mod split;

use super::super::desc;

/* SPDX-License-Identifier: GPL-2.0 */
/* What bindgen reads to make bindings_generated.rs of this folder (see Kbuild). */
#include <linux/mdev.h>
#include "../face.h"
#include "shim.h"

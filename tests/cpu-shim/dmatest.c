// SPDX-License-Identifier: GPL-2.0-only
#include <drivers/dma/dmatest.c>

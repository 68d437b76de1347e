/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accesses that have to be single instructions and must not sleep.
 */
#ifndef CPU_SHIM_ACCESS_H
#define CPU_SHIM_ACCESS_H

#include <linux/types.h>

struct pt_regs;

bool cpu_shim_user_mode(struct pt_regs *regs);
bool cpu_shim_64bit_mode(struct pt_regs *regs);
int cpu_shim_get_user_8(u64 address, u8 *value);
int cpu_shim_get_user_64(u64 address, u64 *value);
int cpu_shim_put_user_64(u64 address, u64 value);

#endif /* CPU_SHIM_ACCESS_H */

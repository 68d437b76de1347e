/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory as the trapped code sees it. Accesses are single instructions and do not
 * sleep; what is not there is fetched when the program may sleep.
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
int cpu_shim_retry_when_present(u64 source, u64 target);
void cpu_shim_fault(void);
void cpu_shim_settle(void);

#endif /* CPU_SHIM_ACCESS_H */

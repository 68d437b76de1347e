// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/subdev.yaml */
/* YNL-GEN kernel source */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "subdev_nl.h"

#include <uapi/linux/subdev.h>

/* Common nested types */
const struct nla_policy subdev_subdev_wq_nl_policy[SUBDEV_A_SUBDEV_WQ_MAX_RATE + 1] = {
	[SUBDEV_A_SUBDEV_WQ_ID] = { .type = NLA_U32, },
	[SUBDEV_A_SUBDEV_WQ_SIZE] = NLA_POLICY_MIN(NLA_U32, 1),
	[SUBDEV_A_SUBDEV_WQ_WEIGHT] = NLA_POLICY_RANGE(NLA_U32, 1, 10000),
	[SUBDEV_A_SUBDEV_WQ_MAX_RATE] = { .type = NLA_UINT, },
};

/* SUBDEV_CMD_PARENT_GET - do */
static const struct nla_policy subdev_parent_get_nl_policy[SUBDEV_A_PARENT_DEVICE + 1] = {
	[SUBDEV_A_PARENT_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_PARENT_NAME] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_PARENT_BUS] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_PARENT_DEVICE] = { .type = NLA_NUL_STRING, .len = 63, },
};

/* SUBDEV_CMD_WQ_GET - do */
static const struct nla_policy subdev_wq_get_do_nl_policy[SUBDEV_A_WQ_ID + 1] = {
	[SUBDEV_A_WQ_PARENT_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_WQ_PARENT] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_WQ_ID] = { .type = NLA_U32, },
};

/* SUBDEV_CMD_WQ_GET - dump */
static const struct nla_policy subdev_wq_get_dump_nl_policy[SUBDEV_A_WQ_PARENT + 1] = {
	[SUBDEV_A_WQ_PARENT_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_WQ_PARENT] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
};

/* SUBDEV_CMD_TYPE_GET - do */
static const struct nla_policy subdev_type_get_do_nl_policy[SUBDEV_A_TYPE_NAME + 1] = {
	[SUBDEV_A_TYPE_PARENT_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_TYPE_PARENT] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_TYPE_NAME] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
};

/* SUBDEV_CMD_TYPE_GET - dump */
static const struct nla_policy subdev_type_get_dump_nl_policy[SUBDEV_A_TYPE_PARENT + 1] = {
	[SUBDEV_A_TYPE_PARENT_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_TYPE_PARENT] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
};

/* SUBDEV_CMD_SUBDEV_GET - do */
static const struct nla_policy subdev_subdev_get_do_nl_policy[SUBDEV_A_SUBDEV_UUID + 1] = {
	[SUBDEV_A_SUBDEV_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_SUBDEV_NAME] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_SUBDEV_UUID] = { .type = NLA_NUL_STRING, .len = SUBDEV_UUID_LEN, },
};

/* SUBDEV_CMD_SUBDEV_GET - dump */
static const struct nla_policy subdev_subdev_get_dump_nl_policy[SUBDEV_A_SUBDEV_OPSTATE + 1] = {
	[SUBDEV_A_SUBDEV_PARENT_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_SUBDEV_PARENT] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_SUBDEV_WQ] = NLA_POLICY_NESTED(subdev_subdev_wq_nl_policy),
	[SUBDEV_A_SUBDEV_TYPE] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_SUBDEV_STATE] = NLA_POLICY_MAX(NLA_U32, 1),
	[SUBDEV_A_SUBDEV_OPSTATE] = NLA_POLICY_MAX(NLA_U32, 4),
};

/* SUBDEV_CMD_SUBDEV_NEW - do */
static const struct nla_policy subdev_subdev_new_nl_policy[SUBDEV_A_SUBDEV_STATE + 1] = {
	[SUBDEV_A_SUBDEV_NAME] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_SUBDEV_UUID] = { .type = NLA_NUL_STRING, .len = SUBDEV_UUID_LEN, },
	[SUBDEV_A_SUBDEV_PARENT_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_SUBDEV_PARENT] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_SUBDEV_WQ] = NLA_POLICY_NESTED(subdev_subdev_wq_nl_policy),
	[SUBDEV_A_SUBDEV_TYPE] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_SUBDEV_PASID_MODE] = NLA_POLICY_MAX(NLA_U32, 2),
	[SUBDEV_A_SUBDEV_STATE] = NLA_POLICY_MAX(NLA_U32, 1),
};

/* SUBDEV_CMD_SUBDEV_DEL - do */
static const struct nla_policy subdev_subdev_del_nl_policy[SUBDEV_A_SUBDEV_FORCE + 1] = {
	[SUBDEV_A_SUBDEV_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_SUBDEV_NAME] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_SUBDEV_UUID] = { .type = NLA_NUL_STRING, .len = SUBDEV_UUID_LEN, },
	[SUBDEV_A_SUBDEV_FORCE] = { .type = NLA_FLAG, },
};

/* Ops table for subdev */
static const struct genl_split_ops subdev_nl_ops[] = {
	{
		.cmd	= SUBDEV_CMD_FAMILY_GET,
		.doit	= subdev_nl_family_get_doit,
		.flags	= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= SUBDEV_CMD_PARENT_GET,
		.doit		= subdev_nl_parent_get_doit,
		.policy		= subdev_parent_get_nl_policy,
		.maxattr	= SUBDEV_A_PARENT_DEVICE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= SUBDEV_CMD_PARENT_GET,
		.dumpit	= subdev_nl_parent_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= SUBDEV_CMD_WQ_GET,
		.doit		= subdev_nl_wq_get_doit,
		.policy		= subdev_wq_get_do_nl_policy,
		.maxattr	= SUBDEV_A_WQ_ID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= SUBDEV_CMD_WQ_GET,
		.dumpit		= subdev_nl_wq_get_dumpit,
		.policy		= subdev_wq_get_dump_nl_policy,
		.maxattr	= SUBDEV_A_WQ_PARENT,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= SUBDEV_CMD_TYPE_GET,
		.doit		= subdev_nl_type_get_doit,
		.policy		= subdev_type_get_do_nl_policy,
		.maxattr	= SUBDEV_A_TYPE_NAME,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= SUBDEV_CMD_TYPE_GET,
		.dumpit		= subdev_nl_type_get_dumpit,
		.policy		= subdev_type_get_dump_nl_policy,
		.maxattr	= SUBDEV_A_TYPE_PARENT,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= SUBDEV_CMD_SUBDEV_GET,
		.doit		= subdev_nl_subdev_get_doit,
		.policy		= subdev_subdev_get_do_nl_policy,
		.maxattr	= SUBDEV_A_SUBDEV_UUID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= SUBDEV_CMD_SUBDEV_GET,
		.dumpit		= subdev_nl_subdev_get_dumpit,
		.policy		= subdev_subdev_get_dump_nl_policy,
		.maxattr	= SUBDEV_A_SUBDEV_OPSTATE,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= SUBDEV_CMD_SUBDEV_NEW,
		.doit		= subdev_nl_subdev_new_doit,
		.policy		= subdev_subdev_new_nl_policy,
		.maxattr	= SUBDEV_A_SUBDEV_STATE,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= SUBDEV_CMD_SUBDEV_DEL,
		.doit		= subdev_nl_subdev_del_doit,
		.policy		= subdev_subdev_del_nl_policy,
		.maxattr	= SUBDEV_A_SUBDEV_FORCE,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
};

static const struct genl_multicast_group subdev_nl_mcgrps[] = {
	[SUBDEV_NLGRP_MONITOR] = { "monitor", },
};

struct genl_family subdev_nl_family __ro_after_init = {
	.name		= SUBDEV_FAMILY_NAME,
	.version	= SUBDEV_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= subdev_nl_ops,
	.n_split_ops	= ARRAY_SIZE(subdev_nl_ops),
	.mcgrps		= subdev_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(subdev_nl_mcgrps),
};

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
const struct nla_policy subdev_dsa_group_nl_policy[SUBDEV_A_DSA_GROUP_USE_READ_BUFFER_LIMIT + 1] = {
	[SUBDEV_A_DSA_GROUP_ID] = { .type = NLA_U32, },
	[SUBDEV_A_DSA_GROUP_ENGINES] = { .type = NLA_UINT, },
	[SUBDEV_A_DSA_GROUP_READ_BUFFERS_RESERVED] = { .type = NLA_U32, },
	[SUBDEV_A_DSA_GROUP_READ_BUFFERS_ALLOWED] = { .type = NLA_U32, },
	[SUBDEV_A_DSA_GROUP_USE_READ_BUFFER_LIMIT] = NLA_POLICY_MAX(NLA_U32, 1),
};

const struct nla_policy subdev_dsa_parent_nl_policy[SUBDEV_A_DSA_PARENT_GROUP + 1] = {
	[SUBDEV_A_DSA_PARENT_VERSION] = { .type = NLA_U32, },
	[SUBDEV_A_DSA_PARENT_MAX_TRANSFER_SIZE] = { .type = NLA_UINT, },
	[SUBDEV_A_DSA_PARENT_MAX_BATCH_SIZE] = { .type = NLA_U32, },
	[SUBDEV_A_DSA_PARENT_OPCAP] = NLA_POLICY_EXACT_LEN(32),
	[SUBDEV_A_DSA_PARENT_GROUP_COUNT] = { .type = NLA_U32, },
	[SUBDEV_A_DSA_PARENT_ENGINE_COUNT] = { .type = NLA_U32, },
	[SUBDEV_A_DSA_PARENT_WQ_CAPACITY] = { .type = NLA_U32, },
	[SUBDEV_A_DSA_PARENT_READ_BUFFER_COUNT] = { .type = NLA_U32, },
	[SUBDEV_A_DSA_PARENT_READ_BUFFER_LIMIT] = { .type = NLA_U32, },
	[SUBDEV_A_DSA_PARENT_GROUP] = NLA_POLICY_NESTED(subdev_dsa_group_nl_policy),
};

const struct nla_policy subdev_dsa_subdev_nl_policy[SUBDEV_A_DSA_SUBDEV_PORTAL + 1] = {
	[SUBDEV_A_DSA_SUBDEV_MAX_TRANSFER_SIZE] = { .type = NLA_UINT, },
	[SUBDEV_A_DSA_SUBDEV_MAX_BATCH_SIZE] = { .type = NLA_U32, },
	[SUBDEV_A_DSA_SUBDEV_OP_CONFIG] = NLA_POLICY_EXACT_LEN(32),
	[SUBDEV_A_DSA_SUBDEV_PORTAL] = NLA_POLICY_MAX(NLA_U32, 2),
};

const struct nla_policy subdev_dsa_wq_nl_policy[SUBDEV_A_DSA_WQ_OP_CONFIG + 1] = {
	[SUBDEV_A_DSA_WQ_THRESHOLD] = { .type = NLA_U32, },
	[SUBDEV_A_DSA_WQ_PRIORITY] = NLA_POLICY_RANGE(NLA_U32, 1, 15),
	[SUBDEV_A_DSA_WQ_GROUP] = { .type = NLA_U32, },
	[SUBDEV_A_DSA_WQ_BLOCK_ON_FAULT] = NLA_POLICY_MAX(NLA_U32, 1),
	[SUBDEV_A_DSA_WQ_MAX_TRANSFER_SIZE] = { .type = NLA_UINT, },
	[SUBDEV_A_DSA_WQ_MAX_BATCH_SIZE] = { .type = NLA_U32, },
	[SUBDEV_A_DSA_WQ_OP_CONFIG] = NLA_POLICY_EXACT_LEN(32),
};

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

/* SUBDEV_CMD_PARENT_SET - do */
static const struct nla_policy subdev_parent_set_nl_policy[SUBDEV_A_PARENT_DRY_RUN + 1] = {
	[SUBDEV_A_PARENT_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_PARENT_NAME] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_PARENT_BUS] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_PARENT_DEVICE] = { .type = NLA_NUL_STRING, .len = 63, },
	[SUBDEV_A_PARENT_DSA_PARENT] = NLA_POLICY_NESTED(subdev_dsa_parent_nl_policy),
	[SUBDEV_A_PARENT_DRY_RUN] = { .type = NLA_FLAG, },
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

/* SUBDEV_CMD_WQ_SET - do */
static const struct nla_policy subdev_wq_set_nl_policy[SUBDEV_A_WQ_DRY_RUN + 1] = {
	[SUBDEV_A_WQ_PARENT_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_WQ_PARENT] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_WQ_ID] = { .type = NLA_U32, },
	[SUBDEV_A_WQ_SIZE] = { .type = NLA_U32, },
	[SUBDEV_A_WQ_MODE] = NLA_POLICY_MAX(NLA_U32, 1),
	[SUBDEV_A_WQ_DSA_WQ] = NLA_POLICY_NESTED(subdev_dsa_wq_nl_policy),
	[SUBDEV_A_WQ_DRY_RUN] = { .type = NLA_FLAG, },
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
static const struct nla_policy subdev_subdev_new_nl_policy[SUBDEV_A_SUBDEV_FACE + 1] = {
	[SUBDEV_A_SUBDEV_NAME] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_SUBDEV_UUID] = { .type = NLA_NUL_STRING, .len = SUBDEV_UUID_LEN, },
	[SUBDEV_A_SUBDEV_PARENT_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_SUBDEV_PARENT] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_SUBDEV_WQ] = NLA_POLICY_NESTED(subdev_subdev_wq_nl_policy),
	[SUBDEV_A_SUBDEV_TYPE] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_SUBDEV_PASID_MODE] = NLA_POLICY_MAX(NLA_U32, 2),
	[SUBDEV_A_SUBDEV_STATE] = NLA_POLICY_MAX(NLA_U32, 1),
	[SUBDEV_A_SUBDEV_DRY_RUN] = { .type = NLA_FLAG, },
	[SUBDEV_A_SUBDEV_COUNT] = NLA_POLICY_RANGE(NLA_U32, 1, SUBDEV_MAX_COUNT),
	[SUBDEV_A_SUBDEV_LEASE] = { .type = NLA_FLAG, },
	[SUBDEV_A_SUBDEV_DSA_SUBDEV] = NLA_POLICY_NESTED(subdev_dsa_subdev_nl_policy),
	[SUBDEV_A_SUBDEV_FACE] = NLA_POLICY_MAX(NLA_U32, 1),
};

/* SUBDEV_CMD_SUBDEV_SET - do */
static const struct nla_policy subdev_subdev_set_nl_policy[SUBDEV_A_SUBDEV_FACE + 1] = {
	[SUBDEV_A_SUBDEV_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_SUBDEV_NAME] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_SUBDEV_UUID] = { .type = NLA_NUL_STRING, .len = SUBDEV_UUID_LEN, },
	[SUBDEV_A_SUBDEV_NEW_NAME] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_SUBDEV_WQ] = NLA_POLICY_NESTED(subdev_subdev_wq_nl_policy),
	[SUBDEV_A_SUBDEV_STATE] = NLA_POLICY_MAX(NLA_U32, 1),
	[SUBDEV_A_SUBDEV_FORCE] = { .type = NLA_FLAG, },
	[SUBDEV_A_SUBDEV_DRY_RUN] = { .type = NLA_FLAG, },
	[SUBDEV_A_SUBDEV_DSA_SUBDEV] = NLA_POLICY_NESTED(subdev_dsa_subdev_nl_policy),
	[SUBDEV_A_SUBDEV_FACE] = NLA_POLICY_MAX(NLA_U32, 1),
};

/* SUBDEV_CMD_SUBDEV_DEL - do */
static const struct nla_policy subdev_subdev_del_nl_policy[SUBDEV_A_SUBDEV_FORCE + 1] = {
	[SUBDEV_A_SUBDEV_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_SUBDEV_NAME] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_SUBDEV_UUID] = { .type = NLA_NUL_STRING, .len = SUBDEV_UUID_LEN, },
	[SUBDEV_A_SUBDEV_FORCE] = { .type = NLA_FLAG, },
};

/* SUBDEV_CMD_SUBDEV_RESET - do */
static const struct nla_policy subdev_subdev_reset_nl_policy[SUBDEV_A_SUBDEV_UUID + 1] = {
	[SUBDEV_A_SUBDEV_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_SUBDEV_NAME] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_SUBDEV_UUID] = { .type = NLA_NUL_STRING, .len = SUBDEV_UUID_LEN, },
};

/* SUBDEV_CMD_SUBDEV_DRAIN - do */
static const struct nla_policy subdev_subdev_drain_nl_policy[SUBDEV_A_SUBDEV_UUID + 1] = {
	[SUBDEV_A_SUBDEV_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_SUBDEV_NAME] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_SUBDEV_UUID] = { .type = NLA_NUL_STRING, .len = SUBDEV_UUID_LEN, },
};

/* SUBDEV_CMD_PARENT_STATS_GET - do */
static const struct nla_policy subdev_parent_stats_get_nl_policy[SUBDEV_A_PARENT_STATS_DEVICE + 1] = {
	[SUBDEV_A_PARENT_STATS_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_PARENT_STATS_NAME] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_PARENT_STATS_BUS] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_PARENT_STATS_DEVICE] = { .type = NLA_NUL_STRING, .len = 63, },
};

/* SUBDEV_CMD_WQ_STATS_GET - do */
static const struct nla_policy subdev_wq_stats_get_do_nl_policy[SUBDEV_A_WQ_STATS_ID + 1] = {
	[SUBDEV_A_WQ_STATS_PARENT_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_WQ_STATS_PARENT] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_WQ_STATS_ID] = { .type = NLA_U32, },
};

/* SUBDEV_CMD_WQ_STATS_GET - dump */
static const struct nla_policy subdev_wq_stats_get_dump_nl_policy[SUBDEV_A_WQ_STATS_PARENT + 1] = {
	[SUBDEV_A_WQ_STATS_PARENT_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_WQ_STATS_PARENT] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
};

/* SUBDEV_CMD_SUBDEV_STATS_GET - do */
static const struct nla_policy subdev_subdev_stats_get_do_nl_policy[SUBDEV_A_SUBDEV_STATS_UUID + 1] = {
	[SUBDEV_A_SUBDEV_STATS_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_SUBDEV_STATS_NAME] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_SUBDEV_STATS_UUID] = { .type = NLA_NUL_STRING, .len = SUBDEV_UUID_LEN, },
};

/* SUBDEV_CMD_SUBDEV_STATS_GET - dump */
static const struct nla_policy subdev_subdev_stats_get_dump_nl_policy[SUBDEV_A_SUBDEV_STATS_WQ + 1] = {
	[SUBDEV_A_SUBDEV_STATS_PARENT_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_SUBDEV_STATS_PARENT] = { .type = NLA_NUL_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_SUBDEV_STATS_WQ] = NLA_POLICY_NESTED(subdev_subdev_wq_nl_policy),
};

/* SUBDEV_CMD_NOTIFY_FILTER_SET - do */
static const struct nla_policy subdev_notify_filter_set_nl_policy[SUBDEV_A_NOTIFY_FILTER_KINDS + 1] = {
	[SUBDEV_A_NOTIFY_FILTER_PARENT_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_NOTIFY_FILTER_PARENT] = { .type = NLA_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_NOTIFY_FILTER_SUBDEV_INDEX] = { .type = NLA_U32, },
	[SUBDEV_A_NOTIFY_FILTER_SUBDEV] = { .type = NLA_STRING, .len = SUBDEV_NAME_MAX_LEN, },
	[SUBDEV_A_NOTIFY_FILTER_SUBDEV_UUID] = { .type = NLA_STRING, .len = SUBDEV_UUID_LEN, },
	[SUBDEV_A_NOTIFY_FILTER_KINDS] = NLA_POLICY_MASK(NLA_U32, 0x7ff),
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
		.cmd		= SUBDEV_CMD_PARENT_SET,
		.doit		= subdev_nl_parent_set_doit,
		.policy		= subdev_parent_set_nl_policy,
		.maxattr	= SUBDEV_A_PARENT_DRY_RUN,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
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
		.cmd		= SUBDEV_CMD_WQ_SET,
		.doit		= subdev_nl_wq_set_doit,
		.policy		= subdev_wq_set_nl_policy,
		.maxattr	= SUBDEV_A_WQ_DRY_RUN,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
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
		.maxattr	= SUBDEV_A_SUBDEV_FACE,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= SUBDEV_CMD_SUBDEV_SET,
		.doit		= subdev_nl_subdev_set_doit,
		.policy		= subdev_subdev_set_nl_policy,
		.maxattr	= SUBDEV_A_SUBDEV_FACE,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= SUBDEV_CMD_SUBDEV_DEL,
		.doit		= subdev_nl_subdev_del_doit,
		.policy		= subdev_subdev_del_nl_policy,
		.maxattr	= SUBDEV_A_SUBDEV_FORCE,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= SUBDEV_CMD_SUBDEV_RESET,
		.doit		= subdev_nl_subdev_reset_doit,
		.policy		= subdev_subdev_reset_nl_policy,
		.maxattr	= SUBDEV_A_SUBDEV_UUID,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= SUBDEV_CMD_SUBDEV_DRAIN,
		.doit		= subdev_nl_subdev_drain_doit,
		.policy		= subdev_subdev_drain_nl_policy,
		.maxattr	= SUBDEV_A_SUBDEV_UUID,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= SUBDEV_CMD_PARENT_STATS_GET,
		.doit		= subdev_nl_parent_stats_get_doit,
		.policy		= subdev_parent_stats_get_nl_policy,
		.maxattr	= SUBDEV_A_PARENT_STATS_DEVICE,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= SUBDEV_CMD_PARENT_STATS_GET,
		.dumpit	= subdev_nl_parent_stats_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= SUBDEV_CMD_WQ_STATS_GET,
		.doit		= subdev_nl_wq_stats_get_doit,
		.policy		= subdev_wq_stats_get_do_nl_policy,
		.maxattr	= SUBDEV_A_WQ_STATS_ID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= SUBDEV_CMD_WQ_STATS_GET,
		.dumpit		= subdev_nl_wq_stats_get_dumpit,
		.policy		= subdev_wq_stats_get_dump_nl_policy,
		.maxattr	= SUBDEV_A_WQ_STATS_PARENT,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= SUBDEV_CMD_SUBDEV_STATS_GET,
		.doit		= subdev_nl_subdev_stats_get_doit,
		.policy		= subdev_subdev_stats_get_do_nl_policy,
		.maxattr	= SUBDEV_A_SUBDEV_STATS_UUID,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= SUBDEV_CMD_SUBDEV_STATS_GET,
		.dumpit		= subdev_nl_subdev_stats_get_dumpit,
		.policy		= subdev_subdev_stats_get_dump_nl_policy,
		.maxattr	= SUBDEV_A_SUBDEV_STATS_WQ,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= SUBDEV_CMD_NOTIFY_FILTER_SET,
		.doit		= subdev_nl_notify_filter_set_doit,
		.policy		= subdev_notify_filter_set_nl_policy,
		.maxattr	= SUBDEV_A_NOTIFY_FILTER_KINDS,
		.flags		= GENL_CMD_CAP_DO,
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

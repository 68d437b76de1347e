/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/subdev.yaml */
/* YNL-GEN kernel header */
/* To regenerate run: tools/net/ynl/ynl-regen.sh */

#ifndef _LINUX_SUBDEV_GEN_H
#define _LINUX_SUBDEV_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/subdev.h>

/* Common nested types */
extern const struct nla_policy subdev_dsa_group_nl_policy[SUBDEV_A_DSA_GROUP_USE_READ_BUFFER_LIMIT + 1];
extern const struct nla_policy subdev_dsa_parent_nl_policy[SUBDEV_A_DSA_PARENT_GROUP + 1];
extern const struct nla_policy subdev_dsa_subdev_nl_policy[SUBDEV_A_DSA_SUBDEV_PORTAL + 1];
extern const struct nla_policy subdev_dsa_wq_nl_policy[SUBDEV_A_DSA_WQ_OP_CONFIG + 1];
extern const struct nla_policy subdev_subdev_wq_nl_policy[SUBDEV_A_SUBDEV_WQ_MAX_RATE + 1];

int subdev_nl_family_get_doit(struct sk_buff *skb, struct genl_info *info);
int subdev_nl_parent_get_doit(struct sk_buff *skb, struct genl_info *info);
int subdev_nl_parent_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int subdev_nl_parent_set_doit(struct sk_buff *skb, struct genl_info *info);
int subdev_nl_wq_get_doit(struct sk_buff *skb, struct genl_info *info);
int subdev_nl_wq_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int subdev_nl_wq_set_doit(struct sk_buff *skb, struct genl_info *info);
int subdev_nl_type_get_doit(struct sk_buff *skb, struct genl_info *info);
int subdev_nl_type_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int subdev_nl_subdev_get_doit(struct sk_buff *skb, struct genl_info *info);
int subdev_nl_subdev_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int subdev_nl_subdev_new_doit(struct sk_buff *skb, struct genl_info *info);
int subdev_nl_subdev_set_doit(struct sk_buff *skb, struct genl_info *info);
int subdev_nl_subdev_del_doit(struct sk_buff *skb, struct genl_info *info);
int subdev_nl_subdev_reset_doit(struct sk_buff *skb, struct genl_info *info);
int subdev_nl_subdev_drain_doit(struct sk_buff *skb, struct genl_info *info);
int subdev_nl_parent_stats_get_doit(struct sk_buff *skb,
				    struct genl_info *info);
int subdev_nl_parent_stats_get_dumpit(struct sk_buff *skb,
				      struct netlink_callback *cb);
int subdev_nl_wq_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int subdev_nl_wq_stats_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);
int subdev_nl_subdev_stats_get_doit(struct sk_buff *skb,
				    struct genl_info *info);
int subdev_nl_subdev_stats_get_dumpit(struct sk_buff *skb,
				      struct netlink_callback *cb);
int subdev_nl_notify_filter_set_doit(struct sk_buff *skb,
				     struct genl_info *info);

enum {
	SUBDEV_NLGRP_MONITOR,
};

extern struct genl_family subdev_nl_family;

#endif /* _LINUX_SUBDEV_GEN_H */

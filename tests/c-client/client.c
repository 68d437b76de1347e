// SPDX-License-Identifier: MIT OR Apache-2.0

/*
 * A client in C of what the kernel's generator makes from the spec
 * (tools/net/ynl/pyynl/ynl_gen_c.py --mode user), and of nothing else.
 *
 * usage: c-client new PARENT WQ NAME | get NAME | dump |
 *                 set NAME NEW-NAME STATE | del NAME | events
 *
 * Each subdev is printed as a line of words NAME=VALUE. A refusal is printed to
 * the standard error and ends the program with status 2.
 */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ynl.h>

#include "subdev-user.h"

/* The replies have the same fields, in structs of different names. */
#define show(what, subdev)                                                    \
	do {                                                                  \
		const typeof(*(subdev)) *it = (subdev);                       \
                                                                              \
		printf("%s index=%u name=%s uuid=%s parent=%s state=%s "      \
		       "opstate=%s",                                          \
		       what, it->index, it->name, it->uuid, it->parent,       \
		       subdev_admin_state_str(it->state),                     \
		       subdev_opstate_str(it->opstate));                      \
		for (unsigned int i = 0; i < it->_count.wq; i++)              \
			printf(" wq=%u:%u", it->wq[i].id, it->wq[i].size);    \
		if (it->_len.vfio_device)                                     \
			printf(" vfio-device=%s", it->vfio_device);           \
		printf("\n");                                                 \
	} while (0)

static int refused(struct ynl_sock *ys)
{
	fprintf(stderr, "%s\n", ys->err.msg);
	return 2;
}

static int create(struct ynl_sock *ys, char **args)
{
	struct subdev_subdev_new_req *req = subdev_subdev_new_req_alloc();
	struct subdev_subdev_wq *wq = subdev_subdev_wq_alloc(1);
	struct subdev_subdev_new_rsp *rsp;

	subdev_subdev_wq_set_id(wq, strtoul(args[1], NULL, 10));
	subdev_subdev_new_req_set_parent(req, args[0]);
	__subdev_subdev_new_req_set_wq(req, wq, 1);
	subdev_subdev_new_req_set_pasid_mode(req, SUBDEV_PASID_MODE_SHARED);
	subdev_subdev_new_req_set_name(req, args[2]);
	rsp = subdev_subdev_new(ys, req);
	subdev_subdev_new_req_free(req);
	if (!rsp)
		return refused(ys);
	show("new", rsp);
	subdev_subdev_new_rsp_free(rsp);
	return 0;
}

static int get(struct ynl_sock *ys, char **args)
{
	struct subdev_subdev_get_req *req = subdev_subdev_get_req_alloc();
	struct subdev_subdev_get_rsp *rsp;

	subdev_subdev_get_req_set_name(req, args[0]);
	rsp = subdev_subdev_get(ys, req);
	subdev_subdev_get_req_free(req);
	if (!rsp)
		return refused(ys);
	show("get", rsp);
	subdev_subdev_get_rsp_free(rsp);
	return 0;
}

static int dump(struct ynl_sock *ys, char **args)
{
	struct subdev_subdev_get_req_dump *req = subdev_subdev_get_req_dump_alloc();
	struct subdev_subdev_get_list *list = subdev_subdev_get_dump(ys, req);

	(void)args;
	subdev_subdev_get_req_dump_free(req);
	if (!list)
		return refused(ys);
	ynl_dump_foreach(list, subdev)
		show("dump", subdev);
	subdev_subdev_get_list_free(list);
	return 0;
}

static int set(struct ynl_sock *ys, char **args)
{
	struct subdev_subdev_set_req *req = subdev_subdev_set_req_alloc();
	struct subdev_subdev_set_rsp *rsp;

	subdev_subdev_set_req_set_name(req, args[0]);
	subdev_subdev_set_req_set_new_name(req, args[1]);
	subdev_subdev_set_req_set_state(req, strcmp(args[2], "active") ?
					     SUBDEV_ADMIN_STATE_INACTIVE :
					     SUBDEV_ADMIN_STATE_ACTIVE);
	rsp = subdev_subdev_set(ys, req);
	subdev_subdev_set_req_free(req);
	if (!rsp)
		return refused(ys);
	show("set", rsp);
	subdev_subdev_set_rsp_free(rsp);
	return 0;
}

static int del(struct ynl_sock *ys, char **args)
{
	struct subdev_subdev_del_req *req = subdev_subdev_del_req_alloc();
	struct subdev_subdev_del_rsp *rsp;

	subdev_subdev_del_req_set_name(req, args[0]);
	rsp = subdev_subdev_del(ys, req);
	subdev_subdev_del_req_free(req);
	if (!rsp)
		return refused(ys);
	show("del", rsp);
	subdev_subdev_del_rsp_free(rsp);
	return 0;
}

static void show_event(struct ynl_ntf_base_type *ntf)
{
	switch (ntf->cmd) {
	case SUBDEV_CMD_SUBDEV_CREATE_NTF:
		show("create-ntf", &((struct subdev_subdev_create_ntf *)ntf)->obj);
		break;
	case SUBDEV_CMD_SUBDEV_DELETE_NTF:
		show("delete-ntf", &((struct subdev_subdev_delete_ntf *)ntf)->obj);
		break;
	case SUBDEV_CMD_SUBDEV_CHANGE_NTF:
		show("change-ntf", &((struct subdev_subdev_change_ntf *)ntf)->obj);
		break;
	default:
		printf("other-ntf %u\n", ntf->cmd);
	}
}

/* Prints events until the standard input ends; "ready" when it listens. */
static int events(struct ynl_sock *ys, char **args)
{
	struct pollfd fds[] = {
		{ .fd = ynl_socket_get_fd(ys), .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};

	(void)args;
	if (ynl_subscribe(ys, "monitor"))
		return refused(ys);
	printf("ready\n");
	fflush(stdout);
	while (poll(fds, 2, -1) > 0) {
		struct ynl_ntf_base_type *ntf;

		if (fds[0].revents && ynl_ntf_check(ys))
			return refused(ys);
		while ((ntf = ynl_ntf_dequeue(ys))) {
			show_event(ntf);
			ynl_ntf_free(ntf);
		}
		fflush(stdout);
		if (fds[1].revents && !fds[0].revents)
			return 0;
	}
	return 1;
}

static const struct {
	const char *name;
	int args;
	int (*run)(struct ynl_sock *ys, char **args);
} commands[] = {
	{ "new", 3, create },
	{ "get", 1, get },
	{ "dump", 0, dump },
	{ "set", 3, set },
	{ "del", 1, del },
	{ "events", 0, events },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(*commands); i++) {
		struct ynl_error error;
		struct ynl_sock *ys;
		int status;

		if (strcmp(argv[1], commands[i].name) || argc - 2 != commands[i].args)
			continue;
		ys = ynl_sock_create(&ynl_subdev_family, &error);
		if (!ys) {
			fprintf(stderr, "%s\n", error.msg);
			return 1;
		}
		status = commands[i].run(ys, argv + 2);
		ynl_sock_destroy(ys);
		return status;
	}
	fprintf(stderr, "usage: c-client new PARENT WQ NAME | get NAME | dump |\n"
			"                set NAME NEW-NAME STATE | del NAME | events\n");
	return 64;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the attributes of a request to a record.
 */
#ifndef _AGENTSYS_GENL_SPEC_H
#define _AGENTSYS_GENL_SPEC_H

struct agentsys_agent;
struct agentsys_policy_change;
struct genl_info;

/*
 * A record as CMD_SPAWN or CMD_ATTACH describe it, outside the registry; or an
 * ERR_PTR, explained in the extended acknowledgement.
 */
struct agentsys_agent *agentsys_genl_spawn_spec(struct genl_info *info);
struct agentsys_agent *agentsys_genl_attach_spec(struct genl_info *info);

/* Is what the request has for a stop timeout one? -ERANGE, explained likewise. */
int agentsys_genl_check_stop_timeout(struct genl_info *info);

/* What CMD_SPAWN and CMD_SET say of the restart policy. */
void agentsys_genl_policy(struct genl_info *info, struct agentsys_policy_change *change);

#endif /* _AGENTSYS_GENL_SPEC_H */

// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "asmctl.h"
#include "format.h"

static const struct option_def options[] = {
	OPTION_JSON,
	OPTION_END,
};

/* What was measured and what it may be, in the unit of the type. */
static void format_amount(uint32_t type, uint64_t n, char buf[FORMAT_MAX])
{
	switch (type) {
	case AGENTSYS_FAULT_MEMORY_LIMIT:
		format_bytes(n, buf);
		break;
	case AGENTSYS_FAULT_CPU_QUOTA:
		format_cpu(n, buf);
		break;
	default:
		snprintf(buf, FORMAT_MAX, "%" PRIu64, n);
	}
}

static void add_entry(struct table *table, const struct agentsys_fault_entry *entry)
{
	char when[64], instance[FORMAT_MAX], measured[FORMAT_MAX], limit[FORMAT_MAX] = "-";

	format_time(entry->time_ns, when, sizeof(when));
	snprintf(instance, sizeof(instance), "%" PRIu32, entry->instance);
	format_amount(entry->type, entry->measured, measured);
	if (entry->limit)
		format_amount(entry->type, entry->limit, limit);
	table_add(table, (const struct cell[]){
				 { when, DIM },
				 { instance, PLAIN },
				 { agentsys_fault_name(entry->type), RED },
				 { measured, PLAIN },
				 { limit, PLAIN },
				 { agentsys_recover_name(entry->action), PLAIN },
			 });
}

static void print_entries(const struct agentsys_faults *faults)
{
	static const char *const titles[] = { "WHEN",	   "-INSTANCE", "FAULT",
					      "-MEASURED", "-LIMIT",	"ACTION" };
	struct table *table = table_new(titles, ARRAY_SIZE(titles));

	for (size_t i = 0; i < faults->n; i++)
		add_entry(table, &faults->entry[i]);
	table_print(table);
}

static void print_counts(const struct agentsys_faults *faults)
{
	static const char *const titles[] = { "FAULT", "-COUNT" };
	struct table *table = table_new(titles, ARRAY_SIZE(titles));

	for (uint32_t type = 1; type < faults->types; type++) {
		char count[FORMAT_MAX];

		snprintf(count, sizeof(count), "%" PRIu64, faults->count[type]);
		table_add(table, (const struct cell[]){
					 { agentsys_fault_name(type), PLAIN },
					 { count, faults->count[type] ? RED : PLAIN },
				 });
	}
	table_print(table);
}

static struct json_object *json_of_counts(const struct agentsys_faults *faults)
{
	struct json_object *object = json_object_new_object();

	for (uint32_t type = 1; type < faults->types; type++)
		json_object_object_add(object, agentsys_fault_name(type),
				       json_object_new_uint64(faults->count[type]));
	return object;
}

static struct json_object *json_of_entry(const struct agentsys_fault_entry *entry)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "time_us", json_object_new_uint64(entry->time_ns / 1000));
	json_object_object_add(object, "instance", json_object_new_uint64(entry->instance));
	json_object_object_add(object, "type",
			       json_object_new_string(agentsys_fault_name(entry->type)));
	json_object_object_add(object, "measured", json_object_new_uint64(entry->measured));
	json_object_object_add(object, "limit", json_object_new_uint64(entry->limit));
	json_object_object_add(object, "action",
			       json_object_new_string(agentsys_recover_name(entry->action)));
	return object;
}

static void print_as_json(const struct agentsys_faults *faults, bool of_agent)
{
	struct json_object *object = json_object_new_object();
	struct json_object *array = json_object_new_array();

	json_object_object_add(object, "counts", json_of_counts(faults));
	for (size_t i = 0; i < faults->n; i++)
		json_object_array_add(array, json_of_entry(&faults->entry[i]));
	if (of_agent)
		json_object_object_add(object, "last", array);
	else
		json_object_put(array);
	print_json(object);
}

static int show(struct agentsys *h, const char *agent, bool json)
{
	struct agentsys_faults *faults;
	uint32_t id = 0;
	int ret = agent ? resolve_agent(h, agent, &id) : EXIT_OK;

	if (ret)
		return ret;
	ret = agentsys_faults(h, id, &faults);
	if (ret) {
		complain("cannot read the faults: %s", agentsys_error(h));
		return exit_status_of(ret);
	}
	if (json)
		print_as_json(faults, agent);
	else if (agent)
		print_entries(faults);
	else
		print_counts(faults);
	agentsys_faults_free(faults);
	return EXIT_OK;
}

static int run(int argc, char **argv)
{
	struct agentsys *h;
	bool json = false;
	int ret;

	while (next_option(argc, argv) != -1)
		json = true;
	need_operands(argc, 0, 1, "the id or name of an agent, or nothing");

	h = connect_module();
	ret = show(h, optind < argc ? argv[optind] : NULL, json);
	agentsys_close(h);
	return ret;
}

const struct command cmd_faults = {
	.name = "faults",
	.usage = "[OPTION]... [AGENT]",
	.summary = "Show the last faults of an agent, or how many of each type all have had",
	.description =
		"When, in which instance, of what type, what was measured and what it may be, and\n"
		"what was done about it. The last 10 are kept. Of a crash the exit code or the\n"
		"signal is told; what is done about it is up to the restart policy.",
	.examples = "  asmctl faults\n"
		    "  asmctl faults planner\n"
		    "  asmctl faults planner --json | jq '.counts.MemoryLimit'\n",
	.options = options,
	.operands = OPERANDS_AGENTS,
	.run = run,
};

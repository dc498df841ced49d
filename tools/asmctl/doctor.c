// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/capability.h>
#include <mntent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "asmctl.h"
#include "helper.h"
#include "format.h"

#define LINE_MAX_BYTES 512
#define FINDINGS_MAX   32

enum verdict {
	GOOD,
	NOTE, /* worth knowing, and not wrong */
	BAD,
};

static const struct {
	const char *word;
	const char *json;
	enum colour colour;
} verdicts[] = {
	[GOOD] = { "ok  ", "ok", GREEN },
	[NOTE] = { "note", "note", YELLOW },
	[BAD] = { "FAIL", "fail", RED },
};

/**
 * struct finding - the result of one check
 * @check: its name
 * @verdict: how it came out
 * @text: what was found
 * @advice: what to do, or empty
 */
struct finding {
	const char *check;
	enum verdict verdict;
	char text[LINE_MAX_BYTES];
	char advice[LINE_MAX_BYTES];
};

static struct finding findings[FINDINGS_MAX];
static size_t nfindings;

PRINTF(3, 4)
static struct finding *find(const char *check, enum verdict verdict, const char *format, ...)
{
	struct finding *finding = &findings[nfindings];
	va_list ap;

	if (nfindings + 1 < FINDINGS_MAX)
		nfindings++;
	finding->check = check;
	finding->verdict = verdict;
	finding->advice[0] = '\0';
	va_start(ap, format);
	vsnprintf(finding->text, sizeof(finding->text), format, ap);
	va_end(ap);
	return finding;
}

PRINTF(2, 3) static void advise(struct finding *finding, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(finding->advice, sizeof(finding->advice), format, ap);
	va_end(ap);
}

/* ---- reading files ---- */

/* The first line of a file; whether there is one. */
static bool read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool good = file && fgets(line, size, file);

	if (file)
		fclose(file);
	if (good)
		line[strcspn(line, "\n")] = '\0';
	return good;
}

static bool file_mentions(const char *path, const char *what)
{
	FILE *file = fopen(path, "re");
	char line[4096];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = strstr(line, what);
	if (file)
		fclose(file);
	return found;
}

static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);
	const char *at = words;

	while ((at = strstr(at, word))) {
		if ((at == words || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return true;
		at += length;
	}
	return false;
}

/* ---- checks ---- */

static void explain_missing_module(struct finding *finding)
{
	struct utsname kernel;
	char path[256];

	uname(&kernel);
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", kernel.release);
	if (file_mentions(path, "/agentsys.ko"))
		advise(finding,
		       "load it with \"modprobe agentsys\", and see \"dmesg | grep -i agentsys\" if that fails");
	else
		advise(finding,
		       "it is not installed for kernel %s: build and install it, then \"modprobe agentsys\"",
		       kernel.release);
}

static struct agentsys *check_module(void)
{
	struct agentsys *h;
	int ret = agentsys_open(&h);

	if (!ret) {
		find("module", GOOD, "the agentsys module is loaded");
		return h;
	}
	if (ret != -ENODEV) {
		find("module", BAD, "cannot connect to the module: %s", strerror(-ret));
		return NULL;
	}
	if (access("/sys/module/agentsys", F_OK))
		explain_missing_module(find("module", BAD, "the agentsys module is not loaded"));
	else
		advise(find("module", BAD, "the agentsys module is loaded but does not answer"),
		       "see \"dmesg | grep -i agentsys\"; a network namespace other than the first one has no access");
	return NULL;
}

static void check_versions(const struct agentsys_system *system)
{
	if (system->abi == AGENTSYS_ABI_VERSION)
		find("version", GOOD, "module %s and tools %s have the same ABI, %u",
		     system->release, ASMCTL_RELEASE, system->abi);
	else if (system->abi > AGENTSYS_ABI_VERSION)
		advise(find("version", NOTE, "the module's ABI (%u) is newer than the tools' (%u)",
			    system->abi, AGENTSYS_ABI_VERSION),
		       "everything here works; newer tools can do more");
	else
		advise(find("version", BAD, "the module's ABI (%u) is older than the tools' (%u)",
			    system->abi, AGENTSYS_ABI_VERSION),
		       "load the module that belongs to these tools");
}

static void check_device(void)
{
	struct agentsys_version version = { .size = sizeof(version) };
	struct stat st;
	int ret;

	if (stat(AGENTSYS_DEVICE, &st)) {
		advise(find("device", BAD, "there is no %s", AGENTSYS_DEVICE),
		       "mount devtmpfs on /dev, or see what udev did with it");
		return;
	}
	if (!S_ISCHR(st.st_mode)) {
		advise(find("device", BAD, "%s is not a device", AGENTSYS_DEVICE),
		       "remove it and load the module again");
		return;
	}
	ret = agentsys_module_version(-1, &version);
	if (ret) {
		advise(find("device", BAD, "%s does not answer: %s", AGENTSYS_DEVICE,
			    strerror(-ret)),
		       "it should have mode 0666: install 60-agentsys.rules, or \"chmod 0666 %s\"",
		       AGENTSYS_DEVICE);
		return;
	}
	if ((st.st_mode & 0666) != 0666)
		advise(find("device", BAD, "%s has mode %04o, so not every agent can use it",
			    AGENTSYS_DEVICE, st.st_mode & 07777),
		       "install 60-agentsys.rules, or \"chmod 0666 %s\"", AGENTSYS_DEVICE);
	else
		find("device", GOOD, "%s is there and answers, mode %04o", AGENTSYS_DEVICE,
		     st.st_mode & 07777);
}

/* Where cgroup v2 is mounted; whether it is. */
static bool find_cgroup2(char *dir, size_t size)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *entry;
	bool found = false;

	while (mounts && !found && (entry = getmntent(mounts))) {
		found = !strcmp(entry->mnt_type, "cgroup2");
		if (found)
			snprintf(dir, size, "%s", entry->mnt_dir);
	}
	if (mounts)
		endmntent(mounts);
	return found;
}

static void check_cgroup(const struct agentsys_system *system, const char *mount)
{
	char path[LINE_MAX_BYTES];

	if (!system) {
		find("cgroup", GOOD, "cgroup v2 is mounted on %s", mount);
		return;
	}
	snprintf(path, sizeof(path), "%s%s", mount, system->cgroup_root);
	if (!access(path, F_OK))
		find("cgroup", GOOD, "agents live below %s", path);
	else
		advise(find("cgroup", BAD, "the agents' cgroup %s is not there", path),
		       "something removed it: load the module again");
}

static void explain_missing_controller(struct finding *finding, const char *mount,
				       const char *controller)
{
	char path[LINE_MAX_BYTES], line[LINE_MAX_BYTES];

	snprintf(path, sizeof(path), "%s/cgroup.controllers", mount);
	if (!read_line(path, line, sizeof(line)))
		line[0] = '\0';
	if (has_word(line, controller))
		advise(finding,
		       "allow it: echo +%s > %s/cgroup.subtree_control, and so on down to the agents' cgroup; then load the module again",
		       controller, mount);
	else if (file_mentions("/proc/mounts", " cgroup "))
		advise(finding,
		       "a cgroup v1 hierarchy has it: boot with systemd.unified_cgroup_hierarchy=1 or cgroup_no_v1=all");
	else
		advise(finding,
		       "this kernel has it off: see the cgroup_disable= and cgroup_enable= boot options");
}

static void check_controllers(const struct agentsys_system *system, const char *mount)
{
	static const struct {
		const char *name;
		const char *loss;
	} wanted[] = {
		{ "cpu", "no CPU limits" },
		{ "memory", "no memory limits, and no memory shown" },
		{ "pids", "no limit of processes" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		const char *name = wanted[i].name;
		struct finding *finding;

		if (has_word(system->controllers, name)) {
			find("controllers", GOOD, "the %s controller works on agents", name);
			continue;
		}
		finding = find("controllers", BAD, "the %s controller does not work on agents: %s",
			       name, wanted[i].loss);
		explain_missing_controller(finding, mount, name);
	}
}

static void check_launcher(const struct agentsys_system *system)
{
	char path[LINE_MAX_BYTES];
	struct stat st;

	if (!read_line("/sys/module/agentsys/parameters/launcher", path, sizeof(path)))
		snprintf(path, sizeof(path), "%s", system->launcher_path);
	if (stat(path, &st)) {
		advise(find("launcher", BAD, "the launcher %s: %s", path, strerror(errno)),
		       "install the tools, or load the module with launcher=/path/of/asm-launch");
		return;
	}
	if (!S_ISREG(st.st_mode) || !(st.st_mode & 0100)) {
		advise(find("launcher", BAD, "the launcher %s is not executable", path),
		       "\"chmod 0755 %s\"", path);
		return;
	}
	if (st.st_uid != 0 || st.st_mode & 022) {
		advise(find("launcher", BAD, "others than root can change the launcher %s", path),
		       "it runs as root: \"chown root %s; chmod 0755 %s\"", path, path);
		return;
	}
	if (system->launcher_pid)
		find("launcher", GOOD, "%s runs as pid %u", path, system->launcher_pid);
	else
		find("launcher", GOOD, "%s is there, and is started when it is needed", path);
}

static void check_permissions(void)
{
	unsigned long long caps = 0;
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "CapEff: %llx", &caps) == 1)
			break;
	if (file)
		fclose(file);
	if (caps & (1ULL << CAP_SYS_ADMIN))
		find("permissions", GOOD, "you may control agents");
	else
		advise(find("permissions", NOTE, "you may look at agents, not control them"),
		       "controlling needs CAP_SYS_ADMIN, as root has it");
}

/* Nobody has to have them: what is missing is no fault. */
static void check_backends(void)
{
	static const enum agentsys_backend backends[] = { AGENTSYS_BACKEND_CONTAINER,
							  AGENTSYS_BACKEND_WASM };
	char why[LINE_MAX_BYTES];

	for (size_t i = 0; i < ARRAY_SIZE(backends); i++) {
		if (!agentsys_backend_check(backends[i], why, sizeof(why)))
			find("backends", GOOD, "agents can have the backend %s",
			     agentsys_backend_name(backends[i]));
		else
			find("backends", NOTE, "%s", why);
	}
}

/* Nobody has to have it either. */
static void check_helper(void)
{
	struct json_object *answer = NULL;

	if (!geteuid())
		answer = helper_ask(helper_request("ping", 0));
	if (answer)
		find("helper", GOOD, "the helper daemon runs: health checks and sd_notify() work");
	else if (access(HELPER_PATH, X_OK))
		find("helper", NOTE, "there is no %s: no health checks and no sd_notify()",
		     HELPER_PATH);
	else
		find("helper", NOTE, "the helper daemon does not run; it is started when needed");
	json_object_put(answer);
}

/* The one that costs less is not there on every kernel. */
static void check_hooks(const struct agentsys_system *system)
{
	if (!system->hooks_error)
		find("hooks", GOOD, "system calls of agents with a limit are counted by %s",
		     system->hooks);
	else if (!strcmp(system->hooks, "tracepoint"))
		advise(find("hooks", NOTE,
			    "system calls of agents with a limit are counted by tracepoint, ftrace gave: %s",
			    strerror(system->hooks_error)),
		       "a BPF program on a system call's entry keeps ftrace busy, or sysctl kernel.ftrace_enabled is 0; while agents are counted everybody pays a little more");
	else
		advise(find("hooks", BAD, "system calls are not counted, %s gave: %s",
			    system->hooks, strerror(system->hooks_error)),
		       "load the module with hooks=auto");
}

static void check_all(void)
{
	struct agentsys_system *system = NULL;
	struct agentsys *h = check_module();
	char mount[256];
	bool mounted;

	if (h && agentsys_system(h, &system))
		find("module", BAD, "the module does not tell its counters: %s", agentsys_error(h));
	if (system)
		check_versions(system);
	if (h)
		check_device();
	mounted = find_cgroup2(mount, sizeof(mount));
	if (mounted)
		check_cgroup(system, mount);
	else
		advise(find("cgroup", BAD, "cgroup v2 is not mounted"),
		       "mount -t cgroup2 cgroup2 /sys/fs/cgroup, and load the module again");
	if (system && mounted)
		check_controllers(system, mount);
	if (system)
		check_launcher(system);
	if (system)
		check_hooks(system);
	check_backends();
	check_helper();
	check_permissions();
	agentsys_system_free(system);
	agentsys_close(h);
}

/* ---- telling ---- */

static bool all_good(void)
{
	for (size_t i = 0; i < nfindings; i++)
		if (findings[i].verdict == BAD)
			return false;
	return true;
}

static void print_findings(void)
{
	for (size_t i = 0; i < nfindings; i++) {
		const struct finding *finding = &findings[i];

		printf("%s%s%s  %-12s %s\n", colour(verdicts[finding->verdict].colour),
		       verdicts[finding->verdict].word, colour_end(), finding->check,
		       finding->text);
		if (*finding->advice)
			printf("      %-12s -> %s\n", "", finding->advice);
	}
}

static void print_findings_json(void)
{
	struct json_object *object = json_object_new_object();
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < nfindings; i++) {
		const struct finding *finding = &findings[i];
		struct json_object *entry = json_object_new_object();

		json_object_object_add(entry, "check", json_object_new_string(finding->check));
		json_object_object_add(entry, "status",
				       json_object_new_string(verdicts[finding->verdict].json));
		json_object_object_add(entry, "text", json_object_new_string(finding->text));
		json_object_object_add(entry, "advice", json_object_new_string(finding->advice));
		json_object_array_add(array, entry);
	}
	json_object_object_add(object, "ok", json_object_new_boolean(all_good()));
	json_object_object_add(object, "checks", array);
	print_json(object);
}

static const struct option_def options[] = { OPTION_JSON, OPTION_END };

static int run(int argc, char **argv)
{
	bool json = false;

	while (next_option(argc, argv) != -1)
		json = true;
	need_operands(argc, 0, 0, "");
	check_all();
	if (json)
		print_findings_json();
	else
		print_findings();
	return all_good() ? EXIT_OK : EXIT_FAILED;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.usage = "[OPTION]...",
	.summary = "Check that everything is there for agents to run, and say what to do",
	.description = "Exit status 1 if something is wrong.",
	.examples = "  asmctl doctor\n"
		    "  asmctl doctor --json | jq .ok\n",
	.options = options,
	.operands = OPERANDS_NONE,
	.run = run,
};

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Agents that do as they are told, see pulse.c, and are watched.
 *
 * Include it behind agents.h.
 */
#ifndef TESTS_LIB_PATIENT_H
#define TESTS_LIB_PATIENT_H

/* An agent that does as it is told, and where it is told, and answers. */
struct patient {
	uint32_t id;
	int in;
	int out;
};

static inline struct agentsys_spec *watched(struct agentsys_spec *spec, uint64_t ms)
{
	MUST(!agentsys_spec_set_limit(spec, AGENTSYS_LIMIT_WATCHDOG, ms));
	return spec;
}

/* What is done about its fault is ... */
static inline void rule(struct agents *a, uint32_t id, uint32_t action)
{
	const struct agentsys_recovery_rule own = { AGENTSYS_FAULT_UNRESPONSIVE, action };

	MUST(!agentsys_recovery_set(a->h, id, AGENTSYS_PRESET_CUSTOM, &own, 1));
}

#define PATIENT(a, words, ms) ({						\
	struct agentsys_spec *__spec = SPEC(program("pulse"), words);		\
	struct patient __p;							\
										\
	__p.in = piped(__spec, 0);						\
	__p.out = piped(__spec, 1);						\
	__p.id = SPAWN(a, watched(__spec, ms));					\
	__p;									\
})

#define TELL(p, letters) do {							\
	for (const char *__c = (letters); *__c; __c++) {			\
		ASSERT_EQ(1, write((p).in, __c, 1));				\
		ASSERT_LINE("ok", (p).out);					\
	}									\
} while (0)

#define NEXT_FAULT(id, least) ({						\
	struct agentsys_event __fault = LATER(a, id, FAULT);			\
										\
	EXPECT_EQ(AGENTSYS_FAULT_UNRESPONSIVE, __fault.code);			\
	EXPECT_GE(__fault.value, (uint64_t)(least));				\
	__fault;								\
})

/* How often it was found unresponsive. */
static inline uint64_t silences(struct agents *a, uint32_t id)
{
	struct agentsys_faults *faults;
	uint64_t n;

	MUST(!agentsys_faults(a->h, id, &faults));
	n = faults->count[AGENTSYS_FAULT_UNRESPONSIVE];
	agentsys_faults_free(faults);
	return n;
}

/* That it falls silent is told, and nothing else done; it is slowed down for @type. */
static inline void slow_down_for(struct agents *a, uint32_t id, uint32_t type)
{
	const struct agentsys_recovery_rule own[] = {
		{ AGENTSYS_FAULT_UNRESPONSIVE, AGENTSYS_RECOVER_ALERT },
		{ type, AGENTSYS_RECOVER_THROTTLE },
	};

	MUST(!agentsys_recovery_set(a->h, id, AGENTSYS_PRESET_CUSTOM, own, 2));
}

/* Told of @type, whatever else it is told of meanwhile. */
#define LATER_FAULT(a, id, type) ({						\
	struct agentsys_event __slow;						\
										\
	do {									\
		__slow = LATER(a, id, FAULT);					\
	} while (__slow.code != AGENTSYS_FAULT_##type);				\
	__slow;									\
})

#endif

/*
 * Closed connections that wait in blocks, of which most are in a file, against the same flows
 * without a file; and those that come in runs, against those that come one by one.
 */
#include "analyzer/flow/closed.h"
#include "analyzer/flow/test_crowd.h"
#include "analyzer/test_random.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static struct crowd w, plain; /* large */
static FILE *backing;

#define SECOND INT64_C(1000)

static void begin_with(struct crowd *crowd, bool spills)
{
    crowd_init(crowd);
    if (!spills)
        return;
    backing = tmpfile();
    assert_non_null(backing);
    flows_spill_into(&crowd->flows, fileno(backing), 0, 0);
}

/* Connections that are there, in the file or not. */
static uint32_t count_closed(const struct crowd *crowd, bool in_file)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < crowd->flows.closed.count; i++)
        count += !crowd->flows.closed.about[i].octets == in_file
                     ? crowd->flows.closed.about[i].items
                     : 0;
    return count;
}

static void end_with(struct crowd *crowd)
{
    drained_and_finished(crowd);
    if (backing)
        fclose(backing);
    backing = NULL;
}

static void same_finals(void)
{
    assert_int_equal(w.count, plain.count);
    for (uint32_t i = 0; i < w.count; i++)
        assert_memory_equal(&w.records[i], &plain.records[i], sizeof w.records[i]);
}

static uint32_t longest_run;

static bool take_run(void *context, struct connection *const *connections, uint32_t count)
{
    longest_run = count > longest_run ? count : longest_run;
    for (uint32_t i = 0; i < count; i++) {
        if (!crowd_final(context, connections[i], false))
            return false;
    }
    return true;
}

static void as_plain(void (*talk)(struct crowd *crowd), bool spills, bool in_runs)
{
    begin_with(&w, spills);
    longest_run = 0;
    w.flows.final_run = in_runs ? take_run : NULL;
    talk(&w);
    end_with(&w);
    same_finals();
}

/* All ways, and all that is told is the same. */
static void both_ways(void (*talk)(struct crowd *crowd))
{
    begin_with(&plain, false);
    talk(&plain);
    end_with(&plain);
    as_plain(talk, true, false);
    as_plain(talk, true, true);
}

/* ---- when they are final -------------------------------------------------------------------- */

/* Every 10 ms one, from this port on, of which each fifth has something sent again in its close. */
static void many(struct crowd *crowd, uint16_t port, uint32_t count, int64_t ms)
{
    for (uint32_t i = 0; i < count; i++, ms += 10) {
        open_and_close(crowd, (uint16_t)(port + i), ms, ms);
        if (i % 5 == 0)
            pass(crowd, A, "F.", 1, 1, 0, ms, "");
    }
}

static void by_time(struct crowd *crowd)
{
    many(crowd, 1000, 1000, 0);
    if (crowd == &w)
        assert_in_range(count_closed(&w, true), 400, 800);
    assert_int_equal(crowd->count, 0);
    for (int64_t ms = 10000; ms < 71000; ms += 100)
        clock_reaches(crowd, ms, 0);
    assert_int_equal(crowd->count, 1000);
    assert_int_equal(crowd->flows.closed.items, 0);
}

static void by_the_clock(void **state)
{
    (void)state;
    both_ways(by_time);
    assert_in_range(longest_run, 2, FLOW_RUN_MOST);
}

static void by_a_leap(struct crowd *crowd)
{
    many(crowd, 1000, 600, 0);
    clock_reaches(crowd, 3600 * SECOND, 0);
    assert_int_equal(crowd->count, 600);
    many(crowd, 1000, 400, 3601 * SECOND);
    clock_reaches(crowd, 7200 * SECOND, 0);
    assert_int_equal(crowd->count, 1000);
}

static void by_leaps(void **state)
{
    (void)state;
    both_ways(by_a_leap);
    assert_int_equal(longest_run, FLOW_RUN_MOST);
}

/* Some are final, some linger in either place, and some are open. */
static void at_the_end(struct crowd *crowd)
{
    many(crowd, 1000, 500, 0);
    many(crowd, 2000, 300, 61500);
    for (uint16_t i = 0; i < 20; i++) {
        talk_port(&crowd->t, (uint16_t)(3000 + i));
        handshake(crowd, 500 + 100 * i, "");
    }
    many(crowd, 4000, 100, 63500);
    assert_in_range(crowd->count, 400, 600);
}

static void at_the_end_of_all(void **state)
{
    (void)state;
    both_ways(at_the_end);
}

/* Of one time: by first frames, which are not in the order of streams. */
static bool by_clock;

static void at_one_time(struct crowd *crowd)
{
    for (uint16_t i = 0; i < 700; i++) {
        crowd->t.frame = 100000u - 10u * i;
        open_and_close(crowd, (uint16_t)(1000 + i), 0, 0);
    }
    for (int64_t ms = 0; by_clock && ms < 70000; ms += 500)
        clock_reaches(crowd, ms, 0);
    assert_int_equal(crowd->count, by_clock ? 700 : 0);
}

static void of_one_time(void **state)
{
    (void)state;
    by_clock = true;
    both_ways(at_one_time);
    by_clock = false;
    both_ways(at_one_time);
}

/* Waits that go beyond the wheel. */
static void long_lingers(void **state)
{
    (void)state;
    for (int turn = 0; turn < 2; turn++) {
        struct crowd *crowd = turn ? &w : &plain;
        begin_with(crowd, turn);
        crowd->config.two_msl_ns = 700 * NS_PER_S;
        many(crowd, 1000, 700, 0);
        for (int64_t ms = 7000; ms < 708000; ms += 1000)
            clock_reaches(crowd, ms, 0);
        assert_int_equal(crowd->count, 700);
        end_with(crowd);
    }
    same_finals();
}

/* Somebody wants no more: what was due is still there. */
static void stopped(void **state)
{
    (void)state;
    for (int with_file = 0; with_file < 2; with_file++) {
        begin_with(&w, with_file);
        many(&w, 1000, 900, 0);
        w.stop_after = 100;
        assert_int_equal(flows_pass_time(&w.flows, w.flows.clock_ns + 1000 * NS_PER_S),
                         FLOW_STOPPED);
        assert_int_equal(w.count, 100);
        assert_int_equal(flows_held(&w.flows), 800);
        w.stop_after = 0;
        end_with(&w);
        assert_int_equal(w.count, 900);
    }
}

/* ---- while they wait ------------------------------------------------------------------------ */

/* A last word, which changes the verdict and how long it stays. */
static void stragglers(struct crowd *crowd)
{
    many(crowd, 1000, 900, 0);
    for (uint32_t i = 1; i < 900; i += 9) {
        talk_port(&crowd->t, (uint16_t)(1000 + i));
        pass(crowd, B, "F.", 1, 2, 0, 10000 + 10 * i, "");
    }
    clock_reaches(crowd, 69500, 0);
    assert_int_equal(crowd->count, 900 - 100);
    clock_reaches(crowd, 80000, 0);
    assert_int_equal(crowd->count, 900);
}

static void stragglers_find_them(void **state)
{
    (void)state;
    both_ways(stragglers);
}

/* The next use of a five-tuple knows of the one that waits. */
static void used_again(struct crowd *crowd)
{
    many(crowd, 1000, 450, 0);
    crowd->t.isn[A] += 100000;
    crowd->t.isn[B] += 100000;
    many(crowd, 1000, 450, 10000);
    clock_reaches(crowd, 90000, 0);
    assert_int_equal(crowd->count, 900);
    for (uint32_t i = 0; i < 900; i++)
        assert_int_equal(crowd->records[i].incarnation, 1 + i / 450);
}

static void the_next_use_knows_them(void **state)
{
    (void)state;
    both_ways(used_again);
}

/* What has a tag in common with one is not taken for it. */
static void names_only_its_own(void **state)
{
    (void)state;
    begin_with(&w, true);
    many(&w, 1000, 600, 0);
    uint32_t found = 0;
    for (uint32_t slot = 0; slot <= w.flows.table.mask; slot++) {
        uint32_t value = w.flows.table.slots[slot].value;
        if (value == TABLE_NONE || !is_closed(value))
            continue;
        uint16_t port = brief_syn(closed_brief(&w.flows, value))->source_port;
        for (int other = 0; other < 2; other++) {
            talk_port(&w.t, (uint16_t)(port + other));
            for (int side = 0; side < 2; side++) {
                struct segment g = segment(&w.t, side, ".", 1, 1, 0, 1000, "");
                struct flow_key key;
                int sender = flow_key_of(&g, false, &key);
                assert_int_equal(flows_names(&w.flows, value, sender, &g), !other);
            }
        }
        found++;
    }
    assert_int_equal(found, w.flows.closed.items);
    assert_in_range(count_closed(&w, true), 250, 599);
    end_with(&w);
}

/* ---- memory --------------------------------------------------------------------------------- */

static void little_stays_in_memory(void **state)
{
    (void)state;
    begin_with(&w, true);
    many(&w, 1000, 1000, 0);
    assert_in_range(w.flows.closed.items, 750, 1000);
    assert_in_range(count_closed(&w, false), 1, BLOCK_BYTES / 200);
    assert_in_range(blocks_bytes(&w.flows.closed), BLOCK_BYTES / 8, 2 * BLOCK_BYTES + 8192);
    assert_in_range(w.flows.briefs[0].in_use, 0, 1);
    end_with(&w);
    assert_int_equal(w.count, 1000);
}

/* Of many() 80 close in order in a second, which take 15 KiB; each stays for a minute. */
#define FORESEEN_BYTES (UINT64_C(60) * 15 * 1024)

/* While all that linger are foreseen to have room none is written. */
static void all_stay_that_have_room(void **state)
{
    (void)state;
    begin_with(&w, true);
    flows_spill_into(&w.flows, fileno(backing), 0, FORESEEN_BYTES * 5 / 4);
    many(&w, 1000, 1000, 0);
    assert_in_range(w.flows.closed.bytes, FORESEEN_BYTES / 7, FORESEEN_BYTES / 6);
    assert_int_equal(count_closed(&w, true), 0);
    assert_int_equal(count_closed(&w, false), 800);
    end_with(&w);
    assert_int_equal(w.count, 1000);
}

static void unless_more_are_foreseen(void **state)
{
    (void)state;
    begin_with(&w, true);
    flows_spill_into(&w.flows, fileno(backing), 0, FORESEEN_BYTES * 3 / 4);
    many(&w, 1000, 1000, 0);
    assert_in_range(count_closed(&w, false), 1, BLOCK_BYTES / 100);
    end_with(&w);
}

/* One a second, and then many: what had been in memory goes to the file as well. */
static void until_more_are_foreseen(void **state)
{
    (void)state;
    begin_with(&w, true);
    flows_spill_into(&w.flows, fileno(backing), 0, FORESEEN_BYTES / 9);
    for (uint16_t i = 0; i < 50; i++)
        open_and_close(&w, 500 + i, i * SECOND, i * SECOND);
    many(&w, 1000, 450, 50 * SECOND);
    assert_int_equal(count_closed(&w, true), 0);
    many(&w, 2000, 450, 55 * SECOND);
    assert_in_range(count_closed(&w, true), 500, 770);
    assert_in_range(w.flows.closed.in_memory, 1, 2);
    end_with(&w);
}

/* Half of the memory is for others. */
static void unless_memory_is_short(void **state)
{
    (void)state;
    begin_with(&w, true);
    flows_spill_into(&w.flows, fileno(backing), 0, FORESEEN_BYTES * 5 / 4);
    many(&w, 1000, 100, 0);
    w.config.max_memory_bytes = flows_memory(&w.flows) * 2;
    many(&w, 1100, 900, 1 * SECOND);
    assert_in_range(count_closed(&w, true), 300, 799);
    end_with(&w);
}

/* While some become final, less stays than before. */
static void less_when_others_are_final(void **state)
{
    (void)state;
    begin_with(&plain, false);
    many(&plain, 1000, 900, 0);
    many(&plain, 2000, 100, 63 * SECOND);
    end_with(&plain);
    begin_with(&w, true);
    flows_spill_into(&w.flows, fileno(backing), UINT64_C(1) << 30, 0);
    many(&w, 1000, 900, 0);
    uint32_t most = w.flows.closed.most;
    assert_int_equal(w.count, 0);
    assert_int_equal(count_closed(&w, true), 0);
    many(&w, 2000, 100, 63 * SECOND);
    assert_in_range(w.count, 100, 400);
    assert_in_range(w.flows.closed.most, 2, most / 2);
    assert_in_range(w.flows.closed.in_memory, 1, w.flows.closed.most);
    end_with(&w);
    same_finals();
}

/* What is in the file takes no memory: others give way. */
static void not_for_what_is_there(void **state)
{
    (void)state;
    begin_with(&w, true);
    many(&w, 1000, 700, 0);
    uint32_t there = count_closed(&w, true);
    assert_in_range(there, 200, 699);
    w.config.max_memory_bytes = (uint64_t)w.flows.closed.items * 4 * 24;
    assert_true(flows_memory(&w.flows) > w.config.max_memory_bytes);
    w.flows.steps_with_room = 0;
    talk_port(&w.t, 3000);
    pass(&w, A, "S", 0, 0, 0, 7000, "");
    assert_int_equal(count_closed(&w, true), there);
    assert_in_range(w.count, 20, 701 - there);
    for (uint32_t i = 0; i < w.count; i++)
        assert_true(w.records[i].evicted);
    w.config.max_memory_bytes = UINT64_C(1) << 30;
    end_with(&w);
    assert_int_equal(w.count, 701);
}

/* Unless there are so many that their slots take too much: then those go first that are due first.
 */
static void unless_they_are_too_many(void **state)
{
    (void)state;
    begin_with(&w, true);
    many(&w, 1000, 900, 0);
    assert_in_range(count_closed(&w, true), 400, 899);
    w.config.max_memory_bytes = 300 * 4 * 24;
    w.flows.steps_with_room = 0;
    talk_port(&w.t, 3000);
    pass(&w, A, "S", 0, 0, 0, 9000, "");
    assert_in_range(w.flows.closed.items, 100, 300);
    assert_int_equal(count_closed(&w, false), 0);
    uint32_t early = 0;
    for (uint32_t i = 0; i < w.count; i++)
        early += w.records[i].port >= 1000 && w.records[i].port < 1400;
    assert_true(early > 390);
    w.config.max_memory_bytes = UINT64_C(1) << 30;
    end_with(&w);
    assert_int_equal(w.count, 901);
}

/* ---- a file that fails ---------------------------------------------------------------------- */

static void written_nowhere(struct crowd *crowd)
{
    if (crowd == &w)
        w.flows.closed.file = 1 << 20;
    many(crowd, 1000, 900, 0);
    assert_int_equal(count_closed(crowd, true), 0);
    clock_reaches(crowd, 64500, 0);
    assert_in_range(crowd->count, 400, 500);
}

/* Memory takes them instead. */
static void that_takes_nothing(void **state)
{
    (void)state;
    both_ways(written_nowhere);
}

static void lose(void)
{
    assert_int_equal(ftruncate(fileno(backing), 0), 0);
}

static void release_lost(void)
{
    assert_int_equal(flows_spill_error(&w.flows), EIO);
    crowd_finish(&w);
    fclose(backing);
    backing = NULL;
}

/* Whoever asks for something that was there is told. */
static void that_has_lost_all(void **state)
{
    (void)state;
    begin_with(&w, true);
    many(&w, 1000, 900, 0);
    lose();
    assert_int_equal(flows_drain(&w.flows), FLOW_LOST);
    release_lost();

    begin_with(&w, true);
    many(&w, 1000, 900, 0);
    lose();
    assert_int_equal(flows_pass_time(&w.flows, w.flows.clock_ns + 100 * NS_PER_S), FLOW_LOST);
    release_lost();

    begin_with(&w, true);
    many(&w, 1000, 900, 0);
    lose();
    assert_int_equal(flows_pass_time(&w.flows, w.flows.clock_ns + 10000 * NS_PER_S), FLOW_LOST);
    release_lost();

    /* A segment of one of them begins another one, but not for long. */
    begin_with(&w, true);
    many(&w, 1000, 900, 0);
    lose();
    talk_port(&w.t, 1001);
    struct segment g = segment(&w.t, B, "F.", 1, 2, 0, 8990, "");
    enum flow_status status = take(&w, &g);
    if (status == FLOW_OK)
        status = flows_pass_time(&w.flows, w.flows.clock_ns + NS_PER_S);
    assert_int_equal(status, FLOW_LOST);
    release_lost();
}

/* ---- any traffic ---------------------------------------------------------------------------- */

/* Open, close, are used again and heard of once more, at random. */
static void at_random(struct crowd *crowd)
{
    int64_t ms = 0;
    uint32_t opened = 0;
    while (opened < 700) {
        uint16_t port = (uint16_t)(1000 + random_below(2000));
        ms += random_below(one_in(300) ? 30000 : 60);
        talk_port(&crowd->t, port);
        crowd->t.isn[A] = 1000 + 5000 * opened;
        switch (random_below(8)) {
        case 0:
            handshake(crowd, ms, "");
            opened++;
            break;
        case 1:
            pass(crowd, one_in(2) ? A : B, "F.", 1, 2, 0, ms, "");
            break;
        case 2:
            pass(crowd, one_in(2) ? A : B, "R", 1, 0, 0, ms, "");
            break;
        default:
            open_and_close(crowd, port, ms, ms);
            opened++;
        }
    }
}

static void of_any_kind(void **state)
{
    (void)state;
    uint32_t in_file = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        begin_with(&plain, false);
        random_state = seed;
        at_random(&plain);
        end_with(&plain);
        begin_with(&w, true);
        random_state = seed;
        at_random(&w);
        in_file += count_closed(&w, true);
        end_with(&w);
        same_finals();
    }
    assert_true(in_file > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_the_clock),
        cmocka_unit_test(by_leaps),
        cmocka_unit_test(at_the_end_of_all),
        cmocka_unit_test(of_one_time),
        cmocka_unit_test(long_lingers),
        cmocka_unit_test(stopped),
        cmocka_unit_test(stragglers_find_them),
        cmocka_unit_test(the_next_use_knows_them),
        cmocka_unit_test(names_only_its_own),
        cmocka_unit_test(little_stays_in_memory),
        cmocka_unit_test(all_stay_that_have_room),
        cmocka_unit_test(unless_more_are_foreseen),
        cmocka_unit_test(until_more_are_foreseen),
        cmocka_unit_test(unless_memory_is_short),
        cmocka_unit_test(less_when_others_are_final),
        cmocka_unit_test(not_for_what_is_there),
        cmocka_unit_test(unless_they_are_too_many),
        cmocka_unit_test(that_takes_nothing),
        cmocka_unit_test(that_has_lost_all),
        cmocka_unit_test(of_any_kind),
    };
    return cmocka_run_group_tests_name("closed", tests, NULL, NULL);
}

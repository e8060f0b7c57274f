#include "reports/html_curves.h"

#include <string.h>

#define BIN_NS    INT64_C(100000000)
#define LEVEL_MAX 36u /* beyond it an interval would not fit into 63 bits */

static uint64_t sum(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* ---- samples -------------------------------------------------------------------------------- */

static void fold_sums(uint64_t *values)
{
    for (uint32_t i = 0; i < CURVE_POINTS / 2; i++)
        values[i] = sum(values[2 * i], values[2 * i + 1]);
    memset(values + CURVE_POINTS / 2, 0, CURVE_POINTS / 2 * sizeof *values);
}

static void fold_peaks(uint64_t *values)
{
    for (uint32_t i = 0; i < CURVE_POINTS / 2; i++)
        values[i] = values[2 * i] > values[2 * i + 1] ? values[2 * i] : values[2 * i + 1];
    memset(values + CURVE_POINTS / 2, 0, CURVE_POINTS / 2 * sizeof *values);
}

static void fold(struct html_curves *curves)
{
    for (uint32_t i = 0; i < CURVE_POINTS / 2; i++)
        curves->at_ns[i] = curves->at_ns[2 * i + 1];
    fold_sums(curves->opens);
    fold_sums(curves->closes);
    fold_sums(curves->resets);
    for (uint32_t i = 0; i < curves->host_count; i++) {
        fold_peaks(curves->hosts[i].time_wait);
        fold_peaks(curves->hosts[i].close_wait);
    }
    curves->points = CURVE_POINTS / 2;
    curves->stride *= 2;
}

static void begin_instant(struct html_curves *curves, int64_t at_ns)
{
    if (!curves->stride)
        curves->stride = 1;
    if (!curves->points || curves->filled == curves->stride) {
        if (curves->points == CURVE_POINTS)
            fold(curves);
        curves->points++;
        curves->filled = 0;
    }
    curves->filled++;
    curves->at_ns[curves->points - 1] = at_ns;
}

static struct host_curve *find_host(struct html_curves *curves, const struct sample_verdict *sample)
{
    for (uint32_t i = 0; i < curves->host_count; i++) {
        struct host_curve *host = &curves->hosts[i];
        if (host->others == sample->others &&
            memcmp(host->address, sample->address, sizeof host->address) == 0)
            return host;
    }
    if (curves->host_count == CURVE_HOSTS)
        return NULL;
    struct host_curve *host = &curves->hosts[curves->host_count++];
    memcpy(host->address, sample->address, sizeof host->address);
    host->others = sample->others;
    return host;
}

static void raise_to(uint64_t *value, uint64_t count)
{
    if (count > *value)
        *value = count;
}

void curves_take(struct html_curves *curves, const struct sample_verdict *sample)
{
    if (!sample->of_host) {
        begin_instant(curves, sample->at_ns);
        uint32_t last = curves->points - 1;
        curves->opens[last] = sum(curves->opens[last], sample->opens);
        curves->closes[last] = sum(curves->closes[last], sample->closes);
        curves->resets[last] = sum(curves->resets[last], sample->resets);
        return;
    }
    struct host_curve *host = curves->points ? find_host(curves, sample) : NULL;
    if (!host)
        return;
    uint64_t time_wait = sample->states[STATE_TIME_WAIT];
    uint64_t close_wait = sample->states[STATE_CLOSE_WAIT];
    raise_to(&host->time_wait[curves->points - 1], time_wait);
    raise_to(&host->close_wait[curves->points - 1], close_wait);
    raise_to(&host->time_wait_peak, time_wait);
    raise_to(&host->close_wait_peak, close_wait);
}

/* ---- bins ----------------------------------------------------------------------------------- */

static int64_t bin_of(int64_t at_ns, unsigned level)
{
    int64_t interval = BIN_NS << level;
    return at_ns / interval - (at_ns % interval < 0);
}

/* Twice the interval: bins 2k and 2k + 1 become k. */
static void widen(struct html_bins *bins)
{
    int64_t first = bins->first >= 0 ? bins->first / 2 : -((1 - bins->first) / 2);
    for (unsigned severity = 0; severity < SEVERITIES; severity++) {
        uint64_t wide[BINS] = {0};
        for (uint32_t i = 0; i < bins->count; i++) {
            int64_t number = bins->first + i;
            int64_t half = number >= 0 ? number / 2 : -((1 - number) / 2);
            wide[half - first] = sum(wide[half - first], bins->of[severity][i]);
        }
        memcpy(bins->of[severity], wide, sizeof wide);
    }
    int64_t last = bins->first + bins->count - 1;
    last = last >= 0 ? last / 2 : -((1 - last) / 2);
    bins->first = first;
    bins->count = (uint32_t)(last - first + 1);
    bins->level++;
}

/* Room before the first. */
static void extend_down(struct html_bins *bins, uint32_t more)
{
    for (unsigned severity = 0; severity < SEVERITIES; severity++) {
        memmove(bins->of[severity] + more, bins->of[severity],
                bins->count * sizeof *bins->of[severity]);
        memset(bins->of[severity], 0, more * sizeof *bins->of[severity]);
    }
    bins->first -= more;
    bins->count += more;
}

void bins_take(struct html_bins *bins, int64_t at_ns, enum severity severity)
{
    if (at_ns == TIME_UNKNOWN)
        return;
    if (!bins->begun) {
        bins->begun = true;
        bins->first = bin_of(at_ns, 0);
        bins->count = 1;
    }
    for (;;) {
        int64_t bin = bin_of(at_ns, bins->level);
        int64_t low = bin < bins->first ? bin : bins->first;
        int64_t last = bins->first + bins->count - 1;
        int64_t high = bin > last ? bin : last;
        if (high - low < (int64_t)BINS || bins->level == LEVEL_MAX) {
            if (bin < bins->first)
                extend_down(bins, (uint32_t)(bins->first - bin));
            if (bin >= bins->first + bins->count)
                bins->count = (uint32_t)(bin - bins->first + 1);
            uint64_t *count = &bins->of[severity][bin - bins->first];
            *count = sum(*count, 1);
            return;
        }
        widen(bins);
    }
}

static int64_t edge_ns(const struct html_bins *bins, int64_t number)
{
    int64_t interval = BIN_NS << bins->level;
    if (number > INT64_MAX / interval)
        return INT64_MAX;
    return number < INT64_MIN / interval ? INT64_MIN : number * interval;
}

int64_t bin_start_ns(const struct html_bins *bins, uint32_t bin)
{
    return edge_ns(bins, bins->first + bin);
}

int64_t bin_end_ns(const struct html_bins *bins, uint32_t bin)
{
    return edge_ns(bins, bins->first + bin + 1);
}

/*
 * Opens, closes, resets and anomalies over time: four lanes on one axis.
 */
#include "reports/html_report.h"
#include "reports/html_scale.h"
#include "reports/text_words.h"

/* In tenths of a unit. */
enum {
    LEFT = 1180,
    WIDTH = 9700,
    LANE = 480,
    LANE_GAP = 150,
    MARKS = 200,
    TOP = 60,
    LANES_END = TOP + 4 * (LANE + LANE_GAP),
    BOTTOM = LANES_END + MARKS,
};

static uint64_t step_of(const struct html_curves *curves)
{
    int64_t first = curves->at_ns[0], second = curves->at_ns[1];
    return curves->points > 1 && second > first ? (uint64_t)second - (uint64_t)first : 0;
}

/* The first instant tells of one step before it. */
static struct html_axis axis_of(const struct html_curves *curves,
                                const struct summary_verdict *summary)
{
    struct html_axis axis = {summary->start_ns, summary->end_ns, LEFT, WIDTH};
    uint64_t step = step_of(curves);
    if (!curves->points)
        return axis;
    int64_t first = curves->at_ns[0], last = curves->at_ns[curves->points - 1];
    first = step < (uint64_t)first - (uint64_t)INT64_MIN ? first - (int64_t)step : first;
    if (axis.start_ns == TIME_UNKNOWN || first < axis.start_ns)
        axis.start_ns = first;
    if (last > axis.end_ns)
        axis.end_ns = last;
    return axis;
}

static void put_title(struct html *html, int64_t bottom, const char *title, uint64_t highest)
{
    html_put(html, "<text class=\"ink\" x=\"0\" y=\"");
    html_tenths(html, bottom - LANE / 2);
    html_put(html, "\">");
    html_text(html, title);
    html_put(html, "</text><text x=\"0\" y=\"");
    html_tenths(html, bottom - LANE / 2 + 145);
    html_put(html, "\">at most ");
    html_number(html, highest);
    html_put(html, "</text><path class=\"axis\" d=\"M");
    html_tenths(html, LEFT);
    html_put(html, " ");
    html_tenths(html, bottom);
    html_put(html, "h");
    html_tenths(html, WIDTH);
    html_put(html, "\"/>\n");
}

/* What happened until each instant since the one before, as steps. */
static void put_steps(struct html *html, const struct html_axis *axis,
                      const struct html_curves *curves, const uint64_t *values, const char *class,
                      const char *title, int64_t bottom)
{
    uint64_t highest = 0;
    for (uint32_t i = 0; i < curves->points; i++)
        highest = values[i] > highest ? values[i] : highest;
    put_title(html, bottom, title, highest);
    if (!highest)
        return;
    html_put(html, "<path class=\"area ");
    html_text(html, class);
    html_put(html, "\" d=\"M");
    html_tenths(html, LEFT);
    html_put(html, " ");
    html_tenths(html, bottom);
    for (uint32_t i = 0; i < curves->points; i++) {
        html_put(html, "V");
        html_tenths(html, bottom - scale_height(values[i], highest, LANE));
        html_put(html, "H");
        html_tenths(html, axis_place(axis, curves->at_ns[i]));
    }
    html_put(html, "V");
    html_tenths(html, bottom);
    html_put(html, "Z\"/>\n");
}

static uint64_t bin_sum(const struct html_bins *bins, uint32_t bin)
{
    uint64_t sum = 0;
    for (unsigned severity = 0; severity < SEVERITIES; severity++)
        sum += bins->of[severity][bin];
    return sum;
}

/* The gravest stand below, where the eye begins. */
static void put_bin(struct html *html, const struct html_axis *axis, const struct html_bins *bins,
                    uint32_t bin, uint64_t highest, int64_t bottom)
{
    int64_t left = axis_place(axis, bin_start_ns(bins, bin));
    int64_t right = axis_place(axis, bin_end_ns(bins, bin));
    int64_t width = right - left > 30 ? right - left - 5 : 25;
    uint64_t below = 0;
    for (unsigned severity = SEVERITIES - 1; severity > SEVERITY_NONE; severity--) {
        if (!bins->of[severity][bin])
            continue;
        int64_t from = scale_height(below, highest, LANE);
        below += bins->of[severity][bin];
        int64_t to = scale_height(below, highest, LANE);
        html_put(html, "<rect class=\"b-");
        html_text(html, severity_name(severity));
        html_put(html, "\" x=\"");
        html_tenths(html, left);
        html_put(html, "\" y=\"");
        html_tenths(html, bottom - to);
        html_put(html, "\" width=\"");
        html_tenths(html, width);
        html_put(html, "\" height=\"");
        html_tenths(html, to - from);
        html_put(html, "\"/>");
    }
}

static void put_bins(struct html *html, const struct html_axis *axis, const struct html_bins *bins,
                     int64_t bottom)
{
    uint64_t highest = 0;
    for (uint32_t i = 0; i < bins->count; i++)
        highest = bin_sum(bins, i) > highest ? bin_sum(bins, i) : highest;
    put_title(html, bottom, "Anomalies", highest);
    for (uint32_t i = 0; i < bins->count; i++)
        put_bin(html, axis, bins, i, highest, bottom);
    html_put(html, "\n");
}

/* Shapes differ as well as colours. */
static const char *const shapes[SEVERITIES] = {
    [SEVERITY_INFO] = "m-3 0h6",
    [SEVERITY_NOTICE] = "m0 -3a3 3 0 1 0 .01 0Z",
    [SEVERITY_WARNING] = "m0 -4.5l4.8 8.5h-9.6Z",
    [SEVERITY_CRITICAL] = "m0 -5.5l5.5 5.5l-5.5 5.5l-5.5 -5.5Z",
};

static void put_mark(struct html_report *report, const struct html_axis *axis, uint32_t i)
{
    struct html *html = &report->html;
    const struct worst_item *item = report->worst.items[i];
    if (item->anomaly.at_ns == TIME_UNKNOWN)
        return;
    html_put(html, "<a href=\"#");
    html_case_id(html, i);
    html_put(html, "\"><path class=\"m-");
    html_text(html, severity_name(item->anomaly.severity));
    html_put(html, "\" d=\"M");
    html_tenths(html, axis_place(axis, item->anomaly.at_ns));
    html_put(html, " ");
    html_tenths(html, LANES_END + MARKS / 2 - 30);
    html_put(html, shapes[item->anomaly.severity]);
    html_put(html, "\"><title>");
    html_text(html, severity_name(item->anomaly.severity));
    html_put(html, ": ");
    html_text(html, rule_table[item->anomaly.rule].name);
    html_put(html, "</title></path></a>");
}

/* The gravest are drawn last and lie on top. */
static void put_marks(struct html_report *report, const struct html_axis *axis)
{
    struct html *html = &report->html;
    html_put(html, "<text class=\"ink\" x=\"0\" y=\"");
    html_tenths(html, LANES_END + MARKS / 2);
    html_put(html, "\">Listed below</text>\n");
    for (uint32_t i = report->worst.count; i-- > 0;)
        put_mark(report, axis, i);
    html_put(html, "\n");
}

static void put_caption(struct html *html, const struct html_curves *curves)
{
    html_put(html, "<figcaption class=\"note\">Opened: a SYN or SYN-ACK began them. Closed: the "
                   "first FIN or RST passed; those with an RST are reset. ");
    if (step_of(curves)) {
        struct sentence step = {0};
        sentence_add_duration(&step, step_of(curves));
        html_put(html, "Each step is ");
        html_text(html, step.text);
        html_put(html, ". ");
    }
    html_put(html,
             "Marks: <svg class=\"swatch\" viewBox=\"-6 -6 12 12\" aria-hidden=\"true\"><path "
             "class=\"m-critical\" d=\"M0 -5.5l5.5 5.5l-5.5 5.5l-5.5 -5.5Z\"/></svg>critical, "
             "<svg class=\"swatch\" viewBox=\"-6 -6 12 12\" aria-hidden=\"true\"><path "
             "class=\"m-warning\" d=\"M0 -4.5l4.8 8.5h-9.6Z\"/></svg>warning, "
             "<svg class=\"swatch\" viewBox=\"-6 -6 12 12\" aria-hidden=\"true\"><path "
             "class=\"m-notice\" d=\"M0 -3a3 3 0 1 0 .01 0Z\"/></svg>notice. Times are "
             "UTC.</figcaption>\n");
}

void html_timeline(struct html_report *report, const struct summary_verdict *summary)
{
    struct html *html = &report->html;
    const struct html_curves *curves = &report->curves;
    struct html_axis axis = axis_of(curves, summary);
    html_put(html, "<section id=\"timeline\">\n<h2>Timeline</h2>\n");
    if (curves->points < 2 || axis.end_ns <= axis.start_ns) {
        html_put(html, "<p class=\"note\">The capture is too short, or has no times, for a "
                       "timeline.</p>\n</section>\n");
        return;
    }
    html_put(html, "<figure class=\"timeline\"><div class=\"scroll\"><svg viewBox=\"0 0 1100 ");
    html_tenths(html, BOTTOM + 180);
    html_put(html, "\" role=\"img\" aria-label=\"Connections opened, closed and reset, and "
                   "anomalies, over time\">\n");
    html_axis_ticks(html, &axis, 11, TOP, BOTTOM);
    html_put(html, "\n");
    int64_t bottom = TOP + LANE;
    put_steps(html, &axis, curves, curves->opens, "opens", "Opened", bottom);
    put_steps(html, &axis, curves, curves->closes, "closes", "Closed", bottom + (LANE + LANE_GAP));
    put_steps(html, &axis, curves, curves->resets, "resets", "Reset",
              bottom + 2 * (LANE + LANE_GAP));
    put_bins(html, &axis, &report->bins, bottom + 3 * (LANE + LANE_GAP));
    put_marks(report, &axis);
    html_put(html, "</svg></div>\n");
    put_caption(html, curves);
    html_put(html, "</figure>\n</section>\n");
}

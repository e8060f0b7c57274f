/*
 * Sockets in TIME_WAIT and CLOSE_WAIT over time, of the hosts that held most of them.
 */
#include "reports/html_report.h"
#include "reports/html_scale.h"
#include "reports/text_words.h"

#include <string.h>

enum { SHOWN = 12 };

/* In tenths of a unit. */
enum { LEFT = 0, WIDTH = 3600, LANE = 430, HEADROOM = 240, TICKS = 170 };

/* Sockets that leak weigh more than those that time out. */
static uint64_t weight_of(const struct host_curve *host)
{
    uint64_t most = UINT64_C(1) << 40;
    return (host->close_wait_peak < most ? host->close_wait_peak : most) * 50 +
           (host->time_wait_peak < most ? host->time_wait_peak : most);
}

static void put_name(struct html *html, const struct host_curve *host)
{
    struct sentence name = {0};
    if (host->others)
        sentence_add(&name, "all other hosts together");
    else
        sentence_add_host(&name, host->address);
    html_text(html, name.text);
}

static void put_lane(struct html *html, const struct html_axis *axis,
                     const struct html_curves *curves, const uint64_t *values, uint64_t peak,
                     const char *class, const char *state, int64_t bottom)
{
    uint32_t at = 0;
    while (values[at] != peak)
        at++;
    html_put(html, "<text class=\"ink\" x=\"0\" y=\"");
    html_tenths(html, bottom - LANE - 50);
    html_put(html, "\">");
    html_text(html, state);
    html_put(html, "</text><text text-anchor=\"end\" x=\"");
    html_tenths(html, LEFT + WIDTH);
    html_put(html, "\" y=\"");
    html_tenths(html, bottom - LANE - 50);
    html_put(html, "\">at most ");
    html_number(html, peak);
    html_put(html, ", ");
    struct sentence when;
    tick_label(&when, curves->at_ns[at], INT64_C(1000000000));
    html_text(html, when.text);
    html_put(html, "</text><path class=\"axis\" d=\"M");
    html_tenths(html, LEFT);
    html_put(html, " ");
    html_tenths(html, bottom);
    html_put(html, "h");
    html_tenths(html, WIDTH);
    html_put(html, "\"/><path class=\"area ");
    html_text(html, class);
    html_put(html, "\" d=\"M");
    html_tenths(html, axis_place(axis, curves->at_ns[0]));
    html_put(html, " ");
    html_tenths(html, bottom);
    for (uint32_t i = 0; i < curves->points; i++) {
        html_put(html, "L");
        html_tenths(html, axis_place(axis, curves->at_ns[i]));
        html_put(html, " ");
        html_tenths(html, bottom - scale_height(values[i], peak, LANE));
    }
    html_put(html, "V");
    html_tenths(html, bottom);
    html_put(html, "Z\"/>\n");
}

static void put_host(struct html_report *report, const struct host_curve *host)
{
    struct html *html = &report->html;
    const struct html_curves *curves = &report->curves;
    struct html_axis axis = {curves->at_ns[0], curves->at_ns[curves->points - 1], LEFT, WIDTH};
    int lanes = (host->time_wait_peak > 0) + (host->close_wait_peak > 0);
    int64_t bottom = HEADROOM + LANE;
    int64_t last = lanes * (HEADROOM + LANE);
    html_put(html, "<figure><h3>");
    put_name(html, host);
    html_put(html, "</h3><svg viewBox=\"0 0 360 ");
    html_tenths(html, last + TICKS);
    html_put(html, "\" role=\"img\" aria-label=\"Sockets of ");
    put_name(html, host);
    html_put(html, " in TIME_WAIT and CLOSE_WAIT over time\">\n");
    html_axis_ticks(html, &axis, 5, HEADROOM, last);
    if (host->close_wait_peak) {
        put_lane(html, &axis, curves, host->close_wait, host->close_wait_peak, "cw", "CLOSE_WAIT",
                 bottom);
        bottom += HEADROOM + LANE;
    }
    if (host->time_wait_peak)
        put_lane(html, &axis, curves, host->time_wait, host->time_wait_peak, "tw", "TIME_WAIT",
                 bottom);
    html_put(html, "</svg></figure>\n");
}

static void put_note(void *context, const char *text)
{
    struct html *html = context;
    html_put(html, "<li>");
    html_text(html, text);
    html_put(html, "</li>\n");
}

static const struct host_curve *next_worst(const struct html_curves *curves, bool done[CURVE_HOSTS])
{
    uint32_t most = curves->host_count;
    for (uint32_t i = 0; i < curves->host_count; i++) {
        if (!done[i] && weight_of(&curves->hosts[i]) &&
            (most == curves->host_count ||
             weight_of(&curves->hosts[i]) > weight_of(&curves->hosts[most])))
            most = i;
    }
    if (most == curves->host_count)
        return NULL;
    done[most] = true;
    return &curves->hosts[most];
}

void html_hosts(struct html_report *report)
{
    struct html *html = &report->html;
    const struct html_curves *curves = &report->curves;
    bool done[CURVE_HOSTS] = {false};
    uint32_t shown = 0;
    html_put(html, "<section id=\"hosts\">\n<h2>Hosts under pressure <small>sockets in TIME_WAIT "
                   "and CLOSE_WAIT</small></h2>\n");
    if (report->told.pressed_count) {
        html_put(html, "<ul class=\"list\">\n");
        told_hosts(&report->told, put_note, html);
        html_put(html, "</ul>\n");
    }
    const struct host_curve *host = curves->points > 1 ? next_worst(curves, done) : NULL;
    if (!host) {
        html_put(html, "<p class=\"note\">No host held several sockets in TIME_WAIT or CLOSE_WAIT "
                       "at once, as far as the capture shows.</p>\n</section>\n");
        return;
    }
    if (!report->told.pressed_count)
        html_put(html, "<p class=\"note\">None is under pressure. These held the most.</p>\n");
    html_put(html, "<div class=\"hosts\">\n");
    for (; host && shown < SHOWN; shown++) {
        put_host(report, host);
        host = next_worst(curves, done);
    }
    html_put(html, "</div>\n");
    if (host)
        html_put(html, "<p class=\"note\">More hosts held several at once; those that held the "
                       "most are shown.</p>\n");
    html_put(html, "</section>\n");
}

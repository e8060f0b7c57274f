/*
 * Services by how their connections ended.
 */
#include "reports/html_report.h"
#include "reports/html_scale.h"
#include "reports/text_words.h"

enum { BUSIEST = 20, WORST = 10, SHARE_WIDTH = 1000 };

_Static_assert(BUSIEST + WORST <= TOLD_SERVICES_MOST, "all have room");

static void put_number(struct html *html, uint64_t count)
{
    html_put(html, count ? "<td class=\"n\">" : "<td class=\"n zero\">");
    html_number(html, count);
    html_put(html, "</td>");
}

static void put_share(struct html *html, const struct service_closes *service)
{
    uint64_t before = 0;
    html_put(html, "<td><svg class=\"share\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" "
                   "aria-hidden=\"true\">");
    for (unsigned i = 0; i < CLOSE_KINDS; i++) {
        enum close_kind kind = told_close_order[i];
        if (!service->closes[kind])
            continue;
        int64_t from = scale_height(before, service->connections, SHARE_WIDTH);
        before += service->closes[kind];
        int64_t to = scale_height(before, service->connections, SHARE_WIDTH);
        html_put(html, "<rect class=\"k-");
        html_text(html, close_kind_name(kind));
        html_put(html, "\" height=\"10\" x=\"");
        html_count(html, (uint64_t)from);
        html_put(html, "\" width=\"");
        html_count(html, (uint64_t)(to - from));
        html_put(html, "\"/>");
    }
    html_put(html, "</svg></td>");
}

static void put_row(struct html *html, const char *name, const struct service_closes *service)
{
    struct sentence share = {0};
    html_put(html, "<tr><td class=\"mono\">");
    html_text(html, name);
    html_put(html, "</td>");
    for (unsigned i = 0; i < TOLD_GROUPS; i++)
        put_number(html, told_group_count(&told_groups[i], service));
    html_put(html, service_trouble(service) ? "<td class=\"n\">" : "<td class=\"n zero\">");
    words_share(&share, service_trouble(service), service->connections);
    html_text(html, share.text);
    html_put(html, "</td>");
    put_share(html, service);
    html_put(html, "</tr>\n");
}

void html_services(struct html_report *report, const struct summary_verdict *summary)
{
    struct html *html = &report->html;
    struct told_services services;
    html_put(html,
             "<section id=\"services\">\n<h2>Services, by how their connections ended</h2>\n");
    if (!summary->service_count) {
        html_put(html, "<p class=\"note\">There was none.</p>\n</section>\n");
        return;
    }
    told_services(&services, summary, BUSIEST, WORST);
    html_put(html, "<div class=\"scroll\"><table class=\"services\">\n<thead><tr><th "
                   "scope=\"col\">server</th>");
    for (unsigned i = 0; i < TOLD_GROUPS; i++) {
        html_put(html, "<th scope=\"col\" class=\"n\">");
        html_text(html, i ? told_groups[i].title : "connections");
        html_put(html, "</th>");
    }
    html_put(html, "<th scope=\"col\" class=\"n\">trouble</th><th scope=\"col\">how they "
                   "ended</th></tr></thead>\n<tbody>\n");
    for (uint32_t i = 0; i < services.count; i++) {
        struct sentence name = {0};
        sentence_add_service(&name, services.service[i]->address, services.service[i]->port);
        put_row(html, name.text, services.service[i]);
    }
    if (services.rest.connections)
        put_row(html, "all others", &services.rest);
    html_put(html,
             "</tbody></table></div>\n<p class=\"note\">gone: an end no longer answers. open: "
             "open, half-closed or closing when the capture ends. failed: never opened. "
             "trouble: reset, gone or failed. Colours as above.</p>\n</section>\n");
}

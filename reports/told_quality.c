/*
 * What weakens the evidence, in words: damage with its place, drops, and what the capture did not
 * see of connections.
 */
#include "reports/text_clean.h"
#include "reports/text_words.h"
#include "reports/told.h"

#include <stdio.h>
#include <string.h>

enum { FILES_TOLD = 8, PLACES_TOLD = 3 };

struct notes {
    const struct told *told;
    told_note put;
    void *context;
};

static void put_note(const struct notes *notes, const char *text)
{
    notes->put(notes->context, text);
}

/* ---- files ---------------------------------------------------------------------------------- */

static const char *const damage_words[DAMAGE_KINDS] = {
    [DAMAGE_FILE_TRUNCATED] = "ends in the middle of a record",
    [DAMAGE_ZERO_TAIL] = "only zeros up to the end",
    [DAMAGE_FILE_DAMAGED] = "damaged, and skipped",
    [DAMAGE_CONCATENATED] = "another capture begins here (it was read, too)",
    [DAMAGE_TEXT_MODE_TRANSFER] = "line ends were converted on the way: copy it again, as binary",
};

static void add_place(struct sentence *line, const struct damage *damage)
{
    sentence_add(line, damage_words[damage->kind]);
    if (damage->reason != REASON_NONE) {
        sentence_add(line, " (");
        sentence_add(line, damage_reason_name(damage->reason));
        sentence_add(line, ")");
    }
    sentence_add(line, ", octet ");
    sentence_add_count(line, damage->offset);
    if (damage->frame) {
        sentence_add(line, ", after frame ");
        sentence_add_count(line, damage->frame);
    }
    if (damage->bytes) {
        sentence_add(line, ", ");
        words_amount(line, damage->bytes, "octets");
        sentence_add(line, " lost");
    }
}

static void add_damage(struct sentence *line, const struct file_findings *file)
{
    for (uint64_t i = 0; i < file->damage_count && i < PLACES_TOLD; i++) {
        sentence_add(line, i ? "; " : ": ");
        add_place(line, &file->damage[i]);
    }
    if (file->damage_count > PLACES_TOLD) {
        sentence_add(line, "; and ");
        words_amount(line, file->damage_count - PLACES_TOLD, "more places");
    }
    sentence_add(line, ".");
}

static void put_file(const struct notes *notes, const struct file_findings *file)
{
    char text[TEXT_CLEAN_BYTES + SENTENCE_BYTES];
    const char *raw = file->error ? file->error : file->name;
    size_t length = text_clean(text, TEXT_CLEAN_BYTES, raw, strlen(raw));
    struct sentence line = {0};
    if (file->error)
        sentence_add(&line, ".");
    else
        add_damage(&line, file);
    snprintf(text + length, sizeof text - length, "%s", line.text);
    put_note(notes, text);
}

static void put_files(const struct notes *notes)
{
    const struct capture_findings *findings = notes->told->findings;
    uint32_t told = 0, more = 0;
    for (uint32_t i = 0; i < findings->file_count; i++) {
        const struct file_findings *file = &findings->files[i];
        if (!file->error && !file->damage_count)
            continue;
        if (told++ < FILES_TOLD)
            put_file(notes, file);
        else
            more++;
    }
    if (more) {
        struct sentence line = {0};
        words_amount(&line, more, "more files");
        sentence_add(&line, " damaged or unreadable.");
        put_note(notes, line.text);
    }
}

/* ---- packets -------------------------------------------------------------------------------- */

static void put_count(const struct notes *notes, const char *before, uint64_t count,
                      const char *plural, const char *rest)
{
    struct sentence line = {0};
    if (!count)
        return;
    sentence_add(&line, before);
    words_amount(&line, count, plural);
    sentence_add(&line, rest);
    put_note(notes, line.text);
}

static void put_undecodable(const struct notes *notes)
{
    const struct capture_findings *findings = notes->told->findings;
    const char *names[UNDECODABLES];
    uint64_t sum = 0;
    for (unsigned i = 0; i < UNDECODABLES; i++) {
        names[i] = undecodable_name(i);
        sum += findings->undecodable[i];
    }
    struct sentence line = {0};
    if (!sum)
        return;
    words_amount(&line, sum, "packets");
    sentence_add(&line, " could not be decoded: ");
    words_counts(&line, findings->undecodable, UNDECODABLES, names);
    sentence_add(&line, ".");
    put_note(notes, line.text);
}

/* The clock has a note of its own. */
static void put_oddities(const struct notes *notes)
{
    const struct capture_findings *findings = notes->told->findings;
    const char *names[ODDITIES];
    uint64_t counts[ODDITIES] = {0};
    struct sentence line = {0};
    sentence_add(&line, "Accepted as it is, though the format forbids it: ");
    size_t nothing = line.length;
    for (unsigned i = 0; i < ODDITIES; i++) {
        names[i] = oddity_name(i);
        for (uint32_t file = 0; file < findings->file_count; file++)
            counts[i] += findings->files[file].oddities[i];
    }
    counts[ODDITY_CLOCK_BACKWARDS] = 0;
    words_counts(&line, counts, ODDITIES, names);
    if (line.length == nothing)
        return;
    sentence_add(&line, ".");
    put_note(notes, line.text);
}

static void put_packets(const struct notes *notes)
{
    const struct capture_findings *findings = notes->told->findings;
    uint64_t drops = 0, untimed = 0, backwards = 0;
    for (uint32_t i = 0; i < findings->file_count; i++) {
        const struct file_findings *file = &findings->files[i];
        drops += file->interface_drops + file->system_drops + file->packet_drops;
        untimed += file->untimed;
        backwards += file->oddities[ODDITY_CLOCK_BACKWARDS];
    }
    put_count(notes, "", drops, "packets",
              " lost while capturing, as the capturing system says: what seems missing on the wire "
              "may have been there.");
    put_undecodable(notes);
    put_oddities(notes);
    put_count(notes, "", untimed, "packets", " without a time.");
    put_count(notes, "The clock of the capture ran backwards ", backwards, "times", ".");
}

/* ---- connections ---------------------------------------------------------------------------- */

static const struct {
    const char *what, *so;
} caveat_words[CAVEATS] = {
    [CAVEAT_ONE_DIRECTION] = {"Only one direction was captured",
                              "Most rules say nothing about these."},
    [CAVEAT_STARTS_MID_STREAM] = {"Began before the capture",
                                  "Who opened is a guess, by port or first packet."},
    [CAVEAT_CAPTURE_LOST] = {"The capture misses segments that arrived",
                             "What rests on their absence is only possible."},
    [CAVEAT_CAPTURED_TWICE] = {"Packets were captured twice",
                               "Copies are not taken for retransmissions."},
    [CAVEAT_SECOND_TAP] = {"Seen at more than one capture point", ""},
    [CAVEAT_SNAPLEN_CUT] = {"The snap length cut headers or options",
                            "Capture with a larger one (tcpdump -s)."},
    [CAVEAT_CLOCK_BACKWARDS] = {"The clock ran backwards", "Durations are not certain."},
    [CAVEAT_NO_TIMESTAMPS] = {"Packets without a time", "Rules about durations say nothing."},
    [CAVEAT_EVICTED] = {"Reported early because memory was full",
                        "What they did afterwards counts as connections that began before the "
                        "capture. A higher --max-memory avoids that."},
};

const char *told_caveat(enum caveat caveat)
{
    return caveat_words[caveat].what;
}

static void put_connections(const struct notes *notes, uint64_t connections)
{
    for (unsigned caveat = 0; caveat < CAVEATS; caveat++) {
        uint64_t count = notes->told->caveats[caveat];
        if (!count || !caveat_words[caveat].what)
            continue;
        struct sentence line = {0};
        sentence_add(&line, caveat_words[caveat].what);
        sentence_add(&line, ": ");
        words_number(&line, count);
        sentence_add(&line, " of ");
        words_amount(&line, connections, "connections");
        sentence_add(&line, " (");
        words_share(&line, count, connections);
        sentence_add(&line, "). ");
        sentence_add(&line, caveat_words[caveat].so);
        put_note(notes, line.text);
    }
}

void told_quality(const struct told *told, const struct summary_verdict *summary, told_note put,
                  void *context)
{
    struct notes notes = {told, put, context};
    put_files(&notes);
    put_packets(&notes);
    put_connections(&notes, summary->connections);
}

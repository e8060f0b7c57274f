#include "dissect/capture/survey.h"

#include "dissect/capture/recognise.h"

#include <dirent.h>
#include <errno.h>
#include <nettle/sha1.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Files fit into a frame's reference. */
#define INPUTS_MAX  ((uint32_t)1 << (64 - FRAME_BITS))
#define ERROR_BYTES 256

static struct input *add_input(struct survey *survey, struct capture_findings *findings,
                               const char *path)
{
    if (survey->count >= INPUTS_MAX)
        return NULL;
    if (!(survey->count & (survey->count - 1))) {
        size_t capacity = survey->count ? (size_t)survey->count * 2 : 1;
        struct input *inputs = realloc(survey->inputs, capacity * sizeof *inputs);
        if (!inputs)
            return NULL;
        survey->inputs = inputs;
    }
    char *copy = strdup(path);
    if (!copy)
        return NULL;
    if (!findings_add_file(findings, path)) {
        free(copy);
        return NULL;
    }
    struct input *input = &survey->inputs[survey->count++];
    *input = (struct input){.path = copy, .first_ns = TIME_UNKNOWN};
    return input;
}

static bool add_unreadable(struct survey *survey, struct capture_findings *findings,
                           const char *path, const char *error)
{
    struct input *input = add_input(survey, findings, path);
    if (!input)
        return false;
    input->unreadable = true;
    return findings_error(&findings->files[findings->file_count - 1], error);
}

/* The first packet time that the bytes show. False when memory ran out. */
static bool first_time(const uint8_t *bytes, size_t length, int64_t *first_ns)
{
    struct capture_findings findings = {0};
    struct source *source = source_from_memory(bytes, length);
    bool fine = source && findings_add_file(&findings, "");
    struct capture *capture = fine ? capture_create(source, &findings, 0) : NULL;
    if (!capture) {
        source_destroy(source);
        findings_finish(&findings);
        return false;
    }
    struct packet packet;
    enum capture_status status;
    do
        status = capture_next(capture, &packet);
    while (status == CAPTURE_PACKET && packet.time_ns == TIME_UNKNOWN);
    if (status == CAPTURE_PACKET)
        *first_ns = packet.time_ns;
    capture_destroy(capture);
    findings_finish(&findings);
    return status != CAPTURE_NO_MEMORY;
}

static void digest_number(struct sha1_ctx *digest, uint64_t number)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> (8 * i));
    sha1_update(digest, sizeof bytes, bytes);
}

/* Every field is preceded by its length, so that no two lists of files look the same. */
static void digest_input(struct sha1_ctx *digest, const struct input *input, const uint8_t *bytes,
                         size_t length)
{
    digest_number(digest, strlen(input->path));
    sha1_update(digest, strlen(input->path), (const uint8_t *)input->path);
    digest_number(digest, input->size);
    digest_number(digest, length);
    sha1_update(digest, length, bytes);
}

static bool read_once(const char *path)
{
    struct stat status;
    return strcmp(path, "-") == 0 || stat(path, &status) != 0 || !S_ISREG(status.st_mode);
}

static bool look_at(struct input *input, struct file_findings *file, struct sha1_ctx *digest)
{
    static const uint8_t nothing[1];
    const uint8_t *bytes = nothing;
    size_t length = 0;
    bool fine = true;
    char error[ERROR_BYTES];
    struct source *source =
        input->unreadable ? NULL : source_open(input->path, error, sizeof error);
    if (source) {
        length = source_peek(source, &bytes);
        input->size = source_size(source);
        file->bytes = input->size;
        input->inflates = source_can_read_ahead(source);
        fine = first_time(bytes, length, &input->first_ns);
    } else if (!input->unreadable) {
        input->unreadable = true;
        fine = findings_error(file, error);
    }
    digest_input(digest, input, bytes, length);
    if (source && read_once(input->path)) {
        input->pipe = input->size == 0;
        input->source = source;
    } else {
        source_destroy(source);
    }
    return fine;
}

/* A file of a directory is an input when it begins as a capture does, compressed or not, or when
 * that cannot be found out. */
static bool holds_capture(const char *path)
{
    char error[ERROR_BYTES];
    uint8_t bytes[RECOGNISE_BYTES];
    size_t have = 0;
    struct source *source = source_open(path, error, sizeof error);
    if (!source)
        return true;
    while (have < sizeof bytes) {
        size_t got = source_read(source, bytes + have, sizeof bytes - have);
        if (!got)
            break;
        have += got;
    }
    source_destroy(source);
    return capture_begins(bytes, have) || text_mode_magic(bytes, have);
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* By bytes, so that the order is the same in every locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool add_entry(struct survey *survey, struct capture_findings *findings,
                      const char *directory, const char *name)
{
    char *path = NULL;
    size_t length = strlen(directory);
    const char *slash = length && directory[length - 1] == '/' ? "" : "/";
    if (asprintf(&path, "%s%s%s", directory, slash, name) < 0)
        return false;
    struct stat status;
    bool fine = true;
    if (stat(path, &status) == 0 && S_ISREG(status.st_mode) && holds_capture(path))
        fine = add_input(survey, findings, path) != NULL;
    free(path);
    return fine;
}

static bool add_directory(struct survey *survey, struct capture_findings *findings,
                          const char *directory)
{
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, visible, by_name);
    if (count < 0) {
        char error[ERROR_BYTES];
        snprintf(error, sizeof error, "the directory cannot be read: %s", strerror(errno));
        return add_unreadable(survey, findings, directory, error);
    }
    uint32_t before = survey->count;
    bool fine = true;
    for (int i = 0; i < count; i++) {
        fine = fine && add_entry(survey, findings, directory, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (fine && survey->count == before)
        return add_unreadable(survey, findings, directory, "the directory holds no capture");
    return fine;
}

static bool add_path(struct survey *survey, struct capture_findings *findings, const char *path,
                     bool *stdin_given)
{
    struct stat status;
    if (strcmp(path, "-") == 0) {
        if (*stdin_given)
            return add_unreadable(survey, findings, path, "standard input was given before");
        *stdin_given = true;
    } else if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        return add_directory(survey, findings, path);
    }
    return add_input(survey, findings, path) != NULL;
}

bool survey_take(struct survey *survey, const char *const *paths, size_t path_count,
                 struct capture_findings *findings)
{
    struct sha1_ctx digest;
    bool stdin_given = false;
    *survey = (struct survey){0};
    for (size_t i = 0; i < path_count; i++) {
        if (!add_path(survey, findings, paths[i], &stdin_given))
            return false;
    }
    sha1_init(&digest);
    uint32_t first = findings->file_count - survey->count;
    for (uint32_t i = 0; i < survey->count; i++) {
        if (!look_at(&survey->inputs[i], &findings->files[first + i], &digest))
            return false;
    }
    sha1_digest(&digest, sizeof findings->digest, findings->digest);
    return true;
}

void survey_finish(struct survey *survey)
{
    for (uint32_t i = 0; i < survey->count; i++) {
        free(survey->inputs[i].path);
        source_destroy(survey->inputs[i].source);
    }
    free(survey->inputs);
    *survey = (struct survey){0};
}

#include "cli/frame_set.h"

#include <stdlib.h>
#include <string.h>

#define WORD_BITS 64u

static bool make_file(struct frame_set *set, size_t file)
{
    if (file < set->file_count)
        return true;
    size_t count = file + 1 + set->file_count / 2;
    struct frame_bits *files = reallocarray(set->files, count, sizeof *files);
    if (!files)
        return false;
    memset(files + set->file_count, 0, (count - set->file_count) * sizeof *files);
    set->files = files;
    set->file_count = count;
    return true;
}

static bool make_word(struct frame_bits *bits, size_t word)
{
    if (word < bits->word_count)
        return true;
    size_t count = word + 1 + bits->word_count / 2;
    uint64_t *words = reallocarray(bits->words, count, sizeof *words);
    if (!words)
        return false;
    memset(words + bits->word_count, 0, (count - bits->word_count) * sizeof *words);
    bits->words = words;
    bits->word_count = count;
    return true;
}

bool frame_set_add(struct frame_set *set, frame_ref frame)
{
    uint32_t file = frame_file(frame);
    size_t word = (size_t)(frame_number(frame) / WORD_BITS);
    uint64_t bit = UINT64_C(1) << frame_number(frame) % WORD_BITS;
    if (!make_file(set, file) || !make_word(&set->files[file], word))
        return false;
    uint64_t *at = &set->files[file].words[word];
    set->members += !(*at & bit);
    *at |= bit;
    return true;
}

bool frame_set_has(const struct frame_set *set, frame_ref frame)
{
    uint32_t file = frame_file(frame);
    size_t word = (size_t)(frame_number(frame) / WORD_BITS);
    if (file >= set->file_count || word >= set->files[file].word_count)
        return false;
    return set->files[file].words[word] >> frame_number(frame) % WORD_BITS & 1;
}

void frame_set_finish(struct frame_set *set)
{
    for (size_t i = 0; i < set->file_count; i++)
        free(set->files[i].words);
    free(set->files);
    *set = (struct frame_set){0};
}

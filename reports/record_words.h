/*
 * The names of verdict.h's and the catalogue's enumerations as they are written into records that
 * are many: with their quotes and a comma, ready to be copied.
 */
#ifndef FINWAIT_REPORTS_RECORD_WORDS_H
#define FINWAIT_REPORTS_RECORD_WORDS_H

#include "analyzer/verdict.h"
#include "reports/json_writer.h"

#include <assert.h>

extern const struct json_word state_words[STATES];
extern const struct json_word state_cause_words[CAUSES];
extern const struct json_word certainty_words[CERTAINTIES];
extern const struct json_word role_words[ROLES];
extern const struct json_word client_known_by_words[CLIENT_KNOWN_BYS];
extern const struct json_word visibility_words[VISIBILITIES];
extern const struct json_word handshake_words[HANDSHAKES];
extern const struct json_word close_kind_words[CLOSE_KINDS];
extern const struct json_word reset_form_words[RESET_FORMS];
extern const struct json_word reset_stage_words[RESET_STAGES];
extern const struct json_word caveat_words[CAVEATS];
extern const struct json_word zeek_state_words[ZEEK_STATES];
extern const struct json_word severity_words[SEVERITIES];
extern const struct json_word confidence_words[CONFIDENCES];
extern const struct json_word scope_words[SCOPES];
extern const struct json_word category_words[CATEGORIES];
extern const struct json_word rule_words[RULES];
extern const struct json_word rule_titles[RULES];   /* none needs an escape */
extern const struct json_word figure_keys[FIGURES]; /* with json_key_word() */

/* The value as the table's name of it. */
#define record_word_at(words, value)                                                               \
    record_word_of((words), sizeof(words) / sizeof *(words), (value))
#define record_word(writer, words, value) json_word((writer), record_word_at(words, value))

static inline const struct json_word *record_word_of(const struct json_word *words, size_t count,
                                                     size_t value)
{
    assert(value < count);
    return &words[value < count ? value : 0];
}

#endif

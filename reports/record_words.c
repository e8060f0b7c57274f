#include "reports/record_words.h"

#define WORD_OF(id, name) [id] = JSON_WORD(name),

const struct json_word state_words[STATES] = {TCP_STATE_TABLE(WORD_OF)};
const struct json_word state_cause_words[CAUSES] = {STATE_CAUSE_TABLE(WORD_OF)};
const struct json_word certainty_words[CERTAINTIES] = {CERTAINTY_TABLE(WORD_OF)};
const struct json_word role_words[ROLES] = {ROLE_TABLE(WORD_OF)};
const struct json_word client_known_by_words[CLIENT_KNOWN_BYS] = {CLIENT_KNOWN_BY_TABLE(WORD_OF)};
const struct json_word visibility_words[VISIBILITIES] = {VISIBILITY_TABLE(WORD_OF)};
const struct json_word handshake_words[HANDSHAKES] = {HANDSHAKE_TABLE(WORD_OF)};
const struct json_word close_kind_words[CLOSE_KINDS] = {CLOSE_KIND_TABLE(WORD_OF)};
const struct json_word reset_form_words[RESET_FORMS] = {RESET_FORM_TABLE(WORD_OF)};
const struct json_word reset_stage_words[RESET_STAGES] = {RESET_STAGE_TABLE(WORD_OF)};
const struct json_word caveat_words[CAVEATS] = {CAVEAT_TABLE(WORD_OF)};
const struct json_word zeek_state_words[ZEEK_STATES] = {ZEEK_STATE_TABLE(WORD_OF)};

const struct json_word severity_words[SEVERITIES] = {[SEVERITY_NONE] = JSON_WORD("none"),
                                                     SEVERITY_TABLE(WORD_OF)};
const struct json_word confidence_words[CONFIDENCES] = {CONFIDENCE_TABLE(WORD_OF)};
const struct json_word scope_words[SCOPES] = {SCOPE_TABLE(WORD_OF)};

#define CATEGORY_WORD_OF(id, name, title) [id] = JSON_WORD(name),
const struct json_word category_words[CATEGORIES] = {CATEGORY_TABLE(CATEGORY_WORD_OF)};

/* clang-format off */
#define RULE(id, name, ...) [RULE_##id] = JSON_WORD(name),
const struct json_word rule_words[RULES] = {
#include "analyzer/catalogue.def"
};
#undef RULE

#define RULE(id, name, category, scope, title, ...) [RULE_##id] = JSON_WORD(title),
const struct json_word rule_titles[RULES] = {
#include "analyzer/catalogue.def"
};
#undef RULE

#define FIGURE(id, name, ...) [FIGURE_##id] = JSON_KEY_WORD(name),
const struct json_word figure_keys[FIGURES] = {
#include "analyzer/figures.def"
};
#undef FIGURE
/* clang-format on */

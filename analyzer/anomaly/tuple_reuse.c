#include "analyzer/anomaly/scene.h"

void judge_tuple_reuse(struct scene *s)
{
    (void)s;
}

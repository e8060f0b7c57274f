#include "analyzer/anomaly/scene.h"

void judge_open_failure(struct scene *s)
{
    (void)s;
}

#include "analyzer/anomaly/scene.h"

void judge_retransmitted_fin(struct scene *s)
{
    (void)s;
}

#include "analyzer/anomaly/scene.h"

void judge_dead_peer(struct scene *s)
{
    (void)s;
}

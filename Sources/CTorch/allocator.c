// jemalloc reads this symbol when it starts.
__attribute__((visibility("default"))) const char *malloc_conf =
    "thp:always,dirty_decay_ms:-1,muzzy_decay_ms:-1";

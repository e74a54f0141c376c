/// The memory allocator of an executable: jemalloc, with the settings that training on the CPU is fast with.
///
/// A program that links this target takes all its memory from jemalloc; one that does not keeps the system's allocator.
/// Nothing needs to be called.
#ifndef CALLOCATOR_H
#define CALLOCATOR_H

/// jemalloc's settings, which it reads when the process starts.
extern const char *malloc_conf;

#endif

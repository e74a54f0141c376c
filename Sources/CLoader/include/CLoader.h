/// What the system's dynamic loader would do.
#ifndef CLOADER_H
#define CLOADER_H

#include <stdbool.h>
#include <stddef.h>

/// Finds the first folder with a file of this name among those in which the loader looks for this program's libraries:
/// LD_LIBRARY_PATH, the program's run path, the system's. Returns false where none has it, or its name is longer than `size`.
bool cl_library_folder(const char *name, char *folder, size_t size);

#endif

#include "CTorchCore.h"

#include <cstddef>
#include <cstdio>

// jemalloc's own call, which is there only where the executable links it.
extern "C" int mallctl(const char *name, void *old_value, size_t *old_size, void *new_value, size_t new_size)
    __attribute__((weak));

const char *ct_allocator(void) {
    static char description[96];
    if (mallctl == nullptr) return "system";
    const char *version = "";
    size_t size = sizeof version;
    const char *huge_pages = "";
    size_t huge_pages_size = sizeof huge_pages;
    mallctl("version", &version, &size, nullptr, 0);
    mallctl("opt.thp", &huge_pages, &huge_pages_size, nullptr, 0);
    std::snprintf(description, sizeof description, "jemalloc %.30s, thp:%.20s", version, huge_pages);
    return description;
}

#define _GNU_SOURCE
#include "CLoader.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool find(const Dl_serinfo *places, const char *name, char *folder, size_t size) {
    for (unsigned i = 0; i < places->dls_cnt; i++) {
        char file[4096];
        const char *place = places->dls_serpath[i].dls_name;
        int length = snprintf(file, sizeof file, "%s/%s", place, name);
        if (length < 0 || (size_t)length >= sizeof file || access(file, F_OK) != 0) continue;
        length = snprintf(folder, size, "%s", place);
        return length >= 0 && (size_t)length < size;
    }
    return false;
}

bool cl_library_folder(const char *name, char *folder, size_t size) {
    void *program = dlopen(NULL, RTLD_LAZY);
    Dl_serinfo head;
    if (!program || dlinfo(program, RTLD_DI_SERINFOSIZE, &head) != 0) return false;
    Dl_serinfo *places = malloc(head.dls_size);
    if (!places) return false;
    places->dls_size = head.dls_size;
    places->dls_cnt = head.dls_cnt;
    bool found = dlinfo(program, RTLD_DI_SERINFO, places) == 0 && find(places, name, folder, size);
    free(places);
    return found;
}

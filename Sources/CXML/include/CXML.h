#ifndef CXML_H
#define CXML_H

#include <stdint.h>

#pragma GCC visibility push(hidden)

#ifdef __cplusplus
extern "C" {
#endif

/// Small XML files as a list of elements with their text, read with libxml2. The reading is strict: a file that is not
/// well-formed from its first byte to its last gives a fault and no elements. Nothing outside the given bytes is opened, and
/// a document type, in which entities are declared, is a fault. Nothing here throws; no C++ type is seen.

/// What is wrong with a file.
typedef enum {
    CX_OK = 0,
    CX_NOT_WELL_FORMED,   ///< the text breaks XML's rules; detail: libxml2's words
    CX_NOT_IN_ENCODING,   ///< bytes that the declared encoding does not have, UTF-8 where none is declared
    CX_UNKNOWN_ENCODING,  ///< the declared encoding has no decoder; detail: its name in libxml2's words
    CX_UNKNOWN_ENTITY,    ///< an entity besides the five of XML; detail: libxml2's words
    CX_DOCUMENT_TYPE,     ///< it declares a document type; detail: the type's name
    CX_TOO_DEEP,          ///< more than CX_DEEPEST elements lie in each other
    CX_NO_MEMORY,
} cx_code;

enum { CX_DEEPEST = 200 };

typedef struct {
    cx_code code;
    int64_t line;        ///< from 1
    const char *detail;  ///< UTF-8 on one line, at most a few hundred bytes; lives as long as the file
} cx_fault;

/// An element. `name` is as it stands in the file, with its prefix; `text` is all text right in the element, in one piece,
/// whatever comments, instructions, CDATA sections or elements stand between. Both are UTF-8 and live as long as the file.
typedef struct {
    const char *name;
    int64_t name_length;
    const char *text;
    int64_t text_length;
    int64_t parent;    ///< the position of the element around it; -1 for the root
    int64_t children;  ///< how many elements are right in it
    int64_t line;      ///< on which its opening tag ends, from 1
} cx_element;

typedef struct cx_file_s *cx_file;

/// Reads a file's bytes. NULL only if memory ran out; look at the fault. Safe on several threads at a time.
cx_file cx_read(const void *bytes, int64_t count);

/// The first thing that is wrong; CX_OK if nothing is.
cx_fault cx_fault_of(cx_file file);

/// How many elements there are, 0 if there is a fault. They are in the order of their opening tags: the root is the first.
int64_t cx_element_count(cx_file file);
/// `index` below `cx_element_count`.
cx_element cx_element_at(cx_file file, int64_t index);

void cx_close(cx_file file);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
